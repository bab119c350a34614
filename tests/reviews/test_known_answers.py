"""Every sheet of a report says what can be worked out by hand from the plan (tests/reviews/known.py), in each format
that has tables; the charts show the same numbers."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import httpx
import pytest
from lxml import etree
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from stratplan import i18n
from tests.factories import SOMEBODY, Made, make_goal, make_line, make_report, make_swot, make_task
from tests.reviews.closed import closed_review
from tests.reviews.known import two_reviews

EDITION = "/plans/plans/reviews/2016Q3/editions/1/documents"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"

Rows = list[list[Any]]
Tables = dict[str, Rows]

DAY_ONE, LAST_REPORT, BEFORE = date(2015, 1, 1), date(2016, 9, 20), date(2016, 6, 20)
ABOUT_TASKS = ["No.", "Task", "Expected result", "Period", "First day", "Deadline", "Responsible unit", "Partner units"]
STANDING_OF_TASKS = ["Funding sources", "Execution", "Schedule", "Result", "Progress", "Last report", "Goal"]
SAID_OF_TASKS = ["What was done", "What comes next", "Obstacles", "Deadline moved, times"]
ABOUT_LINES = ["No.", "Task", "Tasks of the action plan", "Indicative amount, EUR", "Each year"]
FUNDING_OF_LINES = [
    "Municipal budget, %",
    "Municipal budget, EUR",
    "State budget, %",
    "State budget, EUR",
    "Foreign funding, %",
    "Foreign funding, EUR",
    "Foreign funding: source",
]
EUR = ("Indicative amount, EUR", "Contracted, EUR", "Spent, EUR")

SUMMARY: Tables = {
    "figures": [
        ["Figure", "Value"],
        ["Progress of the plan", 0.65],  # the mean of 30 % and 100 %
        ["Goals", 2],
        ["Tasks", 5],
        ["Tasks completed", 1],
        ["Tasks overdue", 1],
        ["Tasks reported on", 4],
        ["of them in the review's period", 2],
        ["Last report", LAST_REPORT],
        ["Planned over the plan's years, EUR", 1550],
        ["Contracted, EUR", 630],
        ["Spent, EUR", 220.25],
    ],
    "progress": [
        ["Name", "Goal", "Progress", "Tasks", "Reported on"],
        ["Mērķis SM1", "SM1", 0.3, 4, 3],  # the mean of 70, 10, 40 and 0 %
        ["Mērķis SM2", "SM2", 1, 1, 1],
        ["Total", None, 0.65, 5, 4],
    ],
    "execution": [
        ["State", "Tasks"],
        ["Not started", 1],
        ["In progress", 3],
        ["Completed", 1],
        ["Suspended", 0],
        ["Cancelled", 0],
        ["Total", 5],
    ],
    "schedule": [
        ["State", "Tasks"],
        ["Done", 1],
        ["Overdue", 1],
        ["Behind schedule", 2],
        ["On track", 1],
        ["Not due yet", 0],
        ["Total", 5],
    ],
    "outcome": [
        ["State", "Tasks"],
        ["Not assessed", 4],
        ["Reached", 1],
        ["Partly reached", 0],
        ["Not reached", 0],
        ["Total", 5],
    ],
    "money-by-source": [
        ["Name", "Source", *EUR],
        ["Pašvaldības budžets", "PB", 1150, 380, 170.25],
        ["Eiropas Reģionālās attīstības fonds", "ERAF", 400, 250, 50],
        ["Total", None, 1550, 630, 220.25],
    ],
    "money-by-year": [
        ["Year", *EUR],
        ["2015", 600, 300, 100.25],
        ["2016", 950, 330, 120],
        ["Total", 1550, 630, 220.25],
    ],
}


def task(number: str, period: str, deadline: date, states: Sequence[str | None], share: float, **said: Any) -> Rows:
    """The row of a task in the action plan."""
    by = (said.get("lead"), None, said.get("sources"))
    words = (said.get("text"), said.get("next_steps"), said.get("obstacles"), said.get("moved"))
    goal = "SM2" if number == "2.1" else "SM1"
    about = [number, f"Uzdevums {number}", None, period, DAY_ONE, deadline]
    return [[*about, *by, *states, share, said.get("on"), goal, *words]]


def known_tables() -> Tables:
    """The tables of the whole sheets, by their keys."""
    moved_by, moved_on = "+90 days, moved 2 times", i18n.short_date(i18n.today())
    return {
        "action-plan": [
            [*ABOUT_TASKS, *STANDING_OF_TASKS, *SAID_OF_TASKS],
            ["SM1 Mērķis SM1 (4 tasks)", *[None] * 11, 0.3, None, "SM1"],
            *task(
                "1.1",
                "1 Jan 2015\xa0– 31 Mar 2017",
                date(2017, 3, 31),
                ["In progress", "On track", None],
                0.7,
                lead="Ķekavas nodaļa",
                sources="PB",
                on=LAST_REPORT,
                text="Noslēgts līgums.",
                next_steps="Būvdarbi",
                obstacles="Laiks",
                moved=2,
            ),
            *task(
                "1.2",
                "2015",
                date(2015, 12, 31),
                ["In progress", "Overdue", None],
                0.1,
                on=BEFORE,
                text="Iesprūdis.",
            ),
            *task(
                "1.3",
                "2015–2017",
                date(2017, 12, 31),
                ["In progress", "Behind schedule", None],  # 58 % of the time has passed
                0.4,
                on=BEFORE,
                text="Lēni.",
            ),
            *task("1.4", "2015–2017", date(2017, 12, 31), ["Not started", "Behind schedule", None], 0),
            ["SM2 Mērķis SM2 (1 task)", *[None] * 11, 1, None, "SM2"],
            *task(
                "2.1",
                "2015–2016",
                date(2016, 12, 31),
                ["Completed", "Done", "Reached"],
                1,
                on=LAST_REPORT,
                text="Gatavs.",
            ),
        ],
        "investments": [
            [*ABOUT_LINES, *FUNDING_OF_LINES, "Over the plan's years, EUR", "Contracted, EUR", "Spent, EUR", "Notes"],
            ["SM1 Mērķis SM1"],
            ["1.1", "Rinda 1.1", "1.1", 1000, None, 0.6, 600, None, None, 0.4, 400, "ERAF", 1000, 550, 150.25],
            [None, "Total of SM1", *[None] * 4, 600, None, None, None, 400, "ERAF", 1000, 550, 150.25],
            ["SM2 Mērķis SM2"],
            ["2.1", "Rinda 2.1", "2.1", 550, None, None, 550, *[None] * 5, 550, 80, 70],
            [None, "Total of SM2", *[None] * 4, 550, *[None] * 5, 550, 80, 70],
            [None, "Total", *[None] * 4, 1150, None, None, None, 400, "ERAF", 1550, 630, 220.25],
        ],
        "breakdown": [
            ["Goal", "Source", "Year", *EUR],
            ["SM1", "PB", "2015", 600, 300, 100.25],
            ["SM1", "ERAF", "2016", 400, 250, 50],
            ["SM1", "Total", None, 1000, 550, 150.25],
            ["SM2", "PB", "2016", 550, 80, 70],
            ["SM2", "Total", None, 550, 80, 70],
            ["The whole plan", "PB", None, 1150, 380, 170.25],
            ["The whole plan", "ERAF", None, 400, 250, 50],
            ["The whole plan", "Total", None, 1550, 630, 220.25],
        ],
        "changes": [
            ["No.", "Name", "What changed", "Before", "After", "Difference", "When"],
            ["Figures"],
            [None, "The whole plan", "Progress", 0.45, 0.65, 20],
            [None, "In progress", "Number of tasks", 4, 3, -1],
            [None, "Completed", "Number of tasks", 0, 1, 1],
            [None, "Done", "Number of tasks", 0, 1, 1],
            [None, "On track", "Number of tasks", 2, 1, -1],
            [None, "Not assessed", "Number of tasks", 5, 4, -1],
            [None, "Reached", "Number of tasks", 0, 1, 1],
            [None, "The whole plan", "Indicative amount, EUR", 1500, 1550, 50],
            [None, "The whole plan", "Contracted, EUR", 380, 630, 250],
            [None, "The whole plan", "Spent, EUR", 170.25, 220.25, 50],
            [None, "PB", "Indicative amount, EUR", 1100, 1150, 50],
            [None, "ERAF", "Contracted, EUR", None, 250, 250],
            [None, "ERAF", "Spent, EUR", None, 50, 50],
            ["Goals"],
            ["SM1", "Mērķis SM1", "Progress", 0.25, 0.3, 5],
            ["SM2", "Mērķis SM2", "Progress", 0.65, 1, 35],
            ["Tasks"],
            ["1.1", "Uzdevums 1.1", "Schedule", "Behind schedule", "On track"],
            ["1.1", "Uzdevums 1.1", "Progress", 0.5, 0.7, 20],
            ["1.1", "Uzdevums 1.1", "Deadline", date(2016, 12, 31), date(2017, 3, 31), moved_by, moved_on],
            ["1.1", "Uzdevums 1.1", "What was done", "Sākts.", "Noslēgts līgums."],
            ["1.1", "Uzdevums 1.1", "What comes next", None, "Būvdarbi"],
            ["1.1", "Uzdevums 1.1", "Obstacles", None, "Laiks"],
            ["1.3", "Uzdevums 1.3", "Schedule", "On track", "Behind schedule"],
            ["2.1", "Uzdevums 2.1", "The task was completed", "In progress", "Completed"],
            ["2.1", "Uzdevums 2.1", "Schedule", "On track", "Done"],
            ["2.1", "Uzdevums 2.1", "Result", "Not assessed", "Reached"],
            ["2.1", "Uzdevums 2.1", "Progress", 0.65, 1, 35],
            ["2.1", "Uzdevums 2.1", "What was done", "Gandrīz.", "Gatavs."],
            ["Investment plan"],
            ["1.1", "Rinda 1.1", "Contracted, EUR", 300, 550, 250],
            ["1.1", "Rinda 1.1", "Spent, EUR", 100.25, 150.25, 50],
            ["2.1", "Rinda 2.1", "Indicative amount, EUR", 500, 550, 50],
            ["2.1", "Rinda 2.1", "Indicative amount", 500, 550],
            ["2.1", "Rinda 2.1", "Shares by source", "PB 500.00\xa0EUR", "PB 550.00\xa0EUR"],
        ],
        "swot": [
            ["Field", "Text", "Answered by goals", "Answered by tasks"],
            ["Weaknesses", "Maz darbinieku"],
        ],
        "terms": [["Word", "Meaning", "Sort"], ["SM", "Stratēģiskais mērķis", "Abbreviation"]],
    }


SHEETS = {
    "action-plan": "Action plan",
    "investments": "Investment plan",
    "breakdown": "Breakdown",
    "changes": "Changes",
    "swot": "SWOT",
    "terms": "Terms",
}
TITLES = {
    "figures": "The plan in figures",
    "progress": "Progress by goal",
    "execution": "Tasks by execution",
    "schedule": "Tasks by schedule",
    "outcome": "Tasks by result",
    "money-by-source": "Money by source",
    "money-by-year": "Money by year",
}
# The columns of names and of numbers that each chart draws.
DRAWN = {
    "Progress by goal": ("progress", 1, [2]),
    "Tasks by execution": ("execution", 0, [1]),
    "Tasks by schedule": ("schedule", 0, [1]),
    "Tasks by result": ("outcome", 0, [1]),
    "Money by source, EUR": ("money-by-source", 1, [2, 3, 4]),
    "Money by year, EUR": ("money-by-year", 0, [1, 2, 3]),
}


@pytest.fixture
async def known(made: Made) -> AsyncIterator[Tables]:
    """What the report of the second review must say, in English."""
    await two_reviews(made)
    with i18n.use_language("en"):
        yield known_tables()


async def document(client: httpx.AsyncClient, kind: str, query: str = "") -> httpx.Response:
    answer = await client.get(f"{EDITION}/{kind}?lang=en{query}")
    assert answer.status_code == 200
    return answer


def trimmed(rows: Rows) -> Rows:
    """The rows without the empty cells at their ends, and without empty rows."""
    found = []
    for row in rows:
        while row and row[-1] is None:
            row = row[:-1]
        if row:
            found.append(row)
    return found


def same(found: Rows, wanted: Rows) -> None:
    """Each row and each cell, so that what differs is told by itself."""
    found, wanted = trimmed(found), trimmed(wanted)
    for place, (one, other) in enumerate(zip(found, wanted, strict=False)):
        close = [pytest.approx(cell, abs=1e-9) if isinstance(cell, float) else cell for cell in other]
        assert one == close, f"row {place}"
    assert len(found) == len(wanted), found[len(wanted) :] or wanted[len(found) :]


def from_xlsx(body: bytes) -> dict[str, Rows]:
    """The cells of each sheet."""
    book = load_workbook(io.BytesIO(body))
    return {
        sheet.title: [
            [cell.date() if isinstance(cell, datetime) else cell for cell in row]
            for row in sheet.iter_rows(values_only=True)
        ]
        for sheet in book
    }


def from_ods(body: bytes) -> dict[str, Rows]:
    """The cells of each sheet."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(body))
    return {
        name: [
            [None if cell == "" else cell.date() if isinstance(cell, datetime) else cell for cell in row]
            for row in book.get_sheet_by_name(name).to_python()
        ]
        for name in book.sheet_names
    }


def below(rows: Rows, heading: list[Any]) -> Rows:
    """The rows from a heading on."""
    return rows[next(place for place, row in enumerate(trimmed([row]) for row in rows) if row == [heading]) :]


@pytest.mark.parametrize(("kind", "read"), [("xlsx", from_xlsx), ("ods", from_ods)])
async def test_every_sheet_says_what_the_plan_does(
    client: httpx.AsyncClient, known: Tables, kind: str, read: Callable[[bytes], dict[str, Rows]]
) -> None:
    sheets = read((await document(client, kind)).content)
    assert list(sheets) == ["Summary", *SHEETS.values()]
    for key, name in SHEETS.items():
        same(below(sheets[name], known[key][0]), known[key])
    summary = trimmed(sheets["Summary"])
    top = summary.index(["The plan in figures"])
    same(summary[top:], [row for key, rows in SUMMARY.items() for row in ([TITLES[key]], *rows)])
    assert [row[0] for row in summary[top - 5 : top]] == [
        "As of 30 Sep 2016 the plan is carried out by 65%.",
        "Of 5 tasks 1 are completed and 1 overdue.",
        "Nothing was ever reported on 1 task.",
        "1,550.00\xa0EUR is planned for investments.",
        "Contracted: 630.00\xa0EUR; spent: 220.25\xa0EUR.",
    ]


async def test_every_file_of_the_archive_says_what_the_plan_does(client: httpx.AsyncClient, known: Tables) -> None:
    archive = zipfile.ZipFile(io.BytesIO((await document(client, "csv")).content))
    wanted = SUMMARY | known
    about, *names = archive.namelist()
    assert about == "00-about.txt"
    assert names == [f"{number:02}-{key}.csv" for number, key in enumerate(wanted, start=1)]
    for name, rows in zip(names, wanted.values(), strict=True):
        found = list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
        assert len(found) == len(rows), name
        for cells, row in zip(found, rows, strict=True):
            for text, value in zip(cells, [*row, *[None] * (len(cells) - len(row))], strict=True):
                assert csv_value(text, value) == value, f"{name}: {cells}"


def csv_value(text: str, like: Any) -> Any:
    """What a text of a CSV file means, taken for a value of the same kind; whole percents."""
    match like:
        case None:
            return text or None
        case date():
            return date.fromisoformat(text)
        case str() if like.startswith("+"):
            return text.removeprefix("'")  # which keeps it a text in a spreadsheet
        case int() | float() if text.endswith("%"):
            return float(text.removesuffix("%")) / 100
        case int() | float():
            return float(text)
    return text


async def test_every_table_of_the_json_says_what_the_plan_does(client: httpx.AsyncClient, known: Tables) -> None:
    tables = (await document(client, "json")).json()["tables"]
    wanted = SUMMARY | known
    assert [table["key"] for table in tables] == list(wanted)
    for table in tables:
        columns, rows = table["columns"], wanted[table["key"]]
        assert [column["title"] for column in columns] == rows[0]
        assert len(table["rows"]) == len(rows) - 1, table["key"]
        for found, row in zip(table["rows"], rows[1:], strict=True):
            cells = zip(found["cells"], columns, [*row, *[None] * (len(columns) - len(row))], strict=True)
            for value, column, like in cells:
                assert json_value(value, column["kind"], like) == like, f"{table['key']}: {row}"


def json_value(value: str | None, kind: str, like: Any) -> Any:
    """What a text of the JSON means: numbers are exact there, shares in percent."""
    if value is None or like is None or isinstance(like, str):
        return value
    if isinstance(like, date):
        return date.fromisoformat(value)
    return float(Fraction(value)) / (100 if kind == "share" else 1)


def series_of(chart: etree._Element) -> Iterator[tuple[list[str], list[float], str]]:
    """The names and numbers of each series as a reader without the sheet has them, and where its heading stands."""
    for series in chart.iter(f"{CHART}ser"):
        names = [value.text or "" for value in series.findall(f"{CHART}cat//{CHART}v")]
        numbers = [float(value.text or "") for value in series.findall(f"{CHART}val//{CHART}v")]
        yield names, numbers, series.findtext(f"{CHART}tx//{CHART}f") or ""


async def test_the_workbook_draws_each_table_of_the_summary(client: httpx.AsyncClient, known: Tables) -> None:
    body = (await document(client, "xlsx")).content
    archive = zipfile.ZipFile(io.BytesIO(body))
    names = [name for name in archive.namelist() if name.startswith("xl/charts/chart")]
    charts = [etree.fromstring(archive.read(name)) for name in names]
    titles = ["".join(text.text or "" for text in chart.iter(f"{DRAWING}t")) for chart in charts]
    assert titles == list(DRAWN)
    summary = load_workbook(io.BytesIO(body))["Summary"]
    for title, chart in zip(titles, charts, strict=True):
        key, names_at, numbers_at = DRAWN[title]
        heading, *rows = [row for row in SUMMARY[key] if row[0] != "Total"]
        found = list(series_of(chart))
        assert len(found) == len(numbers_at)
        for (names, numbers, at), place in zip(found, numbers_at, strict=True):
            assert names == [row[names_at] for row in rows]
            assert numbers == pytest.approx([row[place] for row in rows])
            assert summary[at.rpartition("!")[2].replace("$", "")].value == heading[place]
    assert archive.read("xl/drawings/drawing1.xml").decode().count("descr=") == len(DRAWN)


async def test_filters_narrow_both_plans_alike_and_leave_the_sums(client: httpx.AsyncClient, known: Tables) -> None:
    answer = await client.get("/plans/plans/documents/xlsx?lang=en&goal=SM2")
    sheets = from_xlsx(answer.content)
    assert [row[0] for row in below(sheets["Action plan"], known["action-plan"][0])[1:]] == [
        "SM2 Mērķis SM2 (1 task)",
        "2.1",
    ]
    lines = below(sheets["Investment plan"], known["investments"][0])[1:]
    assert [row[0] or row[1] for row in lines] == ["SM2 Mērķis SM2", "2.1", "Total of SM2", "Total"]
    assert lines[-1][12:15] == [1550, 630, 220.25]
    same(below(sheets["Breakdown"], known["breakdown"][0]), known["breakdown"])


def changed(rows: Rows, heading: str) -> list[tuple[Any, Any]]:
    """Number and what changed, of the rows under a heading of the changes; nothing where it is not there."""
    names = [row[0] if row[1:] == [None] * 6 else None for row in rows]
    if heading not in names:
        return []
    under = rows[names.index(heading) + 1 :]
    last = next((place for place, row in enumerate(under) if row[1:] == [None] * 6), len(under))
    return [(row[0], row[2]) for row in under[:last]]


@pytest.mark.parametrize(
    ("query", "tasks", "goals", "lines"),
    [
        ("goal=SM2", {"2.1", "2.2"}, {"SM2"}, {"2.1", "2.2"}),
        ("unit=none", {"1.5", "2.1", "2.2"}, set(), {"2.1", "2.2"}),
        ("schedule=behind", {"1.5"}, set(), set()),
        ("q=Uzdevums+1.1", {"1.1"}, set(), {"1.1"}),
        ("visibility=internal", {"1.5"}, set(), set()),
    ],
)
async def test_changes_are_narrowed_by_the_filters_as_both_plans_are(
    client: httpx.AsyncClient, made: Made, query: str, tasks: set[str], goals: set[str], lines: set[str]
) -> None:
    second = await make_goal(made.scope, "SM2", order=2)
    await make_task(made.scope, made.goal, "1.3")
    entry = await make_swot(made.scope, "Maz darbinieku")
    of_second = [await make_task(made.scope, second, number) for number in ("2.1", "2.2")]
    paying = [
        await make_line(made.scope, goal, task.number, amount=1000, tasks=[task.key])
        for goal, task in ((made.goal, made.task), *((second, task) for task in of_second))
    ]
    await make_report(made.task, date(2016, 6, 20), 50)
    await closed_review(made, "2016Q2")
    await make_report(made.task, date(2016, 9, 20), 70)
    await make_report(of_second[0], date(2016, 9, 20), 60)
    await make_task(made.scope, made.goal, "1.5", internal=True)
    for line in paying[:2]:
        await line.edit({"amount": Decimal(1500)}, by=SOMEBODY, based_on=line.version)
    await paying[2].remove(by=SOMEBODY, based_on=paying[2].version)
    await of_second[1].remove(by=SOMEBODY, based_on=of_second[1].version)
    await entry.edit({"text": "Maz cilvēku"}, by=SOMEBODY, based_on=entry.version)
    whole, narrow = [
        from_xlsx((await client.get(f"/plans/plans/documents/xlsx?lang=en&{one}")).content)["Changes"]
        for one in ("", query)
    ]
    assert {number for number, _what in changed(narrow, "Tasks")} == tasks
    assert {number for number, _what in changed(narrow, "Goals")} == goals
    assert {number for number, _what in changed(narrow, "Investment plan")} == lines
    assert changed(narrow, "Figures") == changed(whole, "Figures") != []
    assert {number for number, _what in changed(whole, "Tasks")} == {"1.1", "1.5", "2.1", "2.2"}
    assert changed(whole, "SWOT") != []
    assert changed(narrow, "SWOT") == []
