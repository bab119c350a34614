"""Seed files loaded: whole, once, through the verbs, and never over what people have changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from stratplan.actors import COMMAND_LINE
from stratplan.audit import GENESIS, AuditEntry, Head, chained_hash
from stratplan.database import Database
from stratplan.documents import LivingDocument
from stratplan.errors import RuleBroken
from stratplan.goals.models import Goal, Report, Task
from stratplan.goals.states import Execution, Outcome
from stratplan.i18n import day_of, use_language
from stratplan.imports import progress_writing, seed_format, seeds
from stratplan.imports.marked_yaml import FileRefused
from stratplan.imports.seed_format import Shape
from stratplan.investments.models import InvestmentLine
from stratplan.period import Period
from stratplan.plans.models import FundingSource, Organisation, Plan, Section, Term, TermKind
from stratplan.reviews.closing import close_review, open_review
from stratplan.reviews.frozen import KINDS, FrozenPlan
from stratplan.reviews.models import Review, Submission, SubmissionState
from stratplan.snapshot import Snapshots
from stratplan.swot.models import Quadrant, SwotEntry
from stratplan.units.models import Unit
from tests.factories import SOMEBODY

SEEDS = Path(__file__).parents[2] / "seeds"
PLAN, PROGRESS = SEEDS / "daugavpils-2015-2017.yaml", SEEDS / "daugavpils-2015-2017.progress.yaml"

SMALL: dict[str, Any] = {
    "stratplan": 1,
    "organisation": {"short": "SLP", "name": "Sociālo lietu pārvalde"},
    "plan": {"slug": "small", "title": "Stratēģija", "years": [2015, 2017], "state": "approved"},
    "sources": [{"code": "PB", "name": "Pašvaldības budžets", "kind": "municipal"}],
    "units": [
        {"key": "team", "name": "Grupa", "kind": "department", "parent": "board"},  # before what it is part of
        {"key": "board", "name": "Pārvalde", "kind": "structural"},
    ],
    "goals": [{"code": "SM1", "title": "Mērķis"}],
    "tasks": [
        {"number": "1.1", "goal": "SM1", "title": "Viens", "period": "2015.", "lead": "team", "sources": ["PB"]},
        {"number": "1.2", "goal": "SM1", "title": "Divi", "period": "2016. gada 3. ceturksnis"},
    ],
    "investments": [
        {
            "number": "1",
            "goal": "SM1",
            "title": "Rinda",
            "tasks": ["1.1"],
            "amount": "100.10",
            "shares": [{"source": "PB", "percent": "100", "inferred": True}],
        }
    ],
    "swot": {"weaknesses": [{"text": "Maz laika", "tasks": ["1.1"]}, {"text": "Maz naudas"}]},
}
SMALL_PROGRESS: dict[str, Any] = {
    "stratplan": 1,
    "plan": "small",
    "illustrative": True,
    "milestones": [
        {
            "task": "1.2",
            "milestones": [
                {"title": "Sākums", "done_on": "2016-07-10", "weight": 2},
                {"title": "Vidus", "done_on": "2016-08-20"},
                {"title": "Beigas", "due": "2016-09-30"},
            ],
        }
    ],
    "reports": [
        {"task": "1.2", "on": "2016-08-31", "execution": "in_progress", "text": "Vēlāk."},
        {"task": "1.2", "on": "2016-07-31", "execution": "in_progress", "text": "Agrāk."},
        {"task": "1.1", "on": "2015-06-30", "execution": "in_progress", "percent": 40, "text": "Puse."},
    ],
    "planned": [{"line": "1", "years": {2015: {"PB": "60.10"}, 2016: {"PB": "40.00"}}}],
    "money": [{"line": "1", "on": "2015-12-31", "source": "PB", "year": 2015, "contracted": "60.00", "spent": "59.99"}],
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file that differs from the small plan, or the small progress, by what is given."""

    def written(base: dict[str, Any] = SMALL, **values: Any) -> Path:
        path = tmp_path / ("plan.yaml" if base is SMALL else "progress.yaml")
        path.write_text(yaml.safe_dump({**base, **values}, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return path

    return written


@pytest_asyncio.fixture
async def small(db: Database, write: Write) -> Plan:
    """The small plan, loaded."""
    await seeds.load(write())
    plan = await Plan.find_one({"slug": "small"})
    assert plan is not None
    return plan


async def living(kind: type[LivingDocument]) -> int:
    return await kind.find({"deleted": False}).count()


async def one(kind: type[Any], **wanted: Any) -> Any:
    (found,) = await kind.find({**wanted, "deleted": False}).to_list()
    return found


async def refused(path: Path) -> list[str]:
    """The mistakes of a file, which must have left nothing behind."""
    before = [await kind.find().count() for kind in LivingDocument.kinds.values()]
    with use_language("en"), pytest.raises(FileRefused) as failure:
        await seeds.load(path)
    assert [await kind.find().count() for kind in LivingDocument.kinds.values()] == before
    lines = path.read_text(encoding="utf-8").splitlines()  # noqa: ASYNC240 (a few lines)
    return [f"{lines[mistake.line - 1].strip()} | {mistake}" for mistake in failure.value.mistakes]


def in_the_file(kind: str) -> int:
    return len(yaml.safe_load(PROGRESS.read_text(encoding="utf-8"))[kind])


async def test_the_daugavpils_files_load_whole_and_only_once(db: Database) -> None:
    outcomes = await seeds.load_all([PLAN, PROGRESS])
    assert {kind.__name__: await living(kind) for kind in (Organisation, Plan, Section, Term, FundingSource, Unit)} == {
        "Organisation": 1,
        "Plan": 1,
        "Section": 4,
        "Term": 32,
        "FundingSource": 6,
        "Unit": 27,
    }
    assert {kind.__name__: await living(kind) for kind in (Goal, Task, Report, InvestmentLine, SwotEntry)} == {
        "Goal": 3,
        "Task": 18,
        "Report": 144,
        "InvestmentLine": 12,
        "SwotEntry": 74,
    }
    assert await Report.find({"unchanged": False}).count() == in_the_file("reports") == 132
    assert sum([len(line.money_reports) async for line in InvestmentLine.find({})]) == in_the_file("money")
    assert await Term.find({"sort": TermKind.ABBREVIATION}).count() == 11
    places = Counter(entry.quadrant for entry in await SwotEntry.find().to_list())
    assert [places[quadrant] for quadrant in Quadrant] == [18, 20, 18, 18]
    threats = await SwotEntry.find({"quadrant": "threat"}).to_list()
    assert sorted(entry.order for entry in threats) == list(range(1, 19))

    entries = await AuditEntry.find().count()
    lines = await InvestmentLine.find({}).to_list()
    assert not any(line.worded_at for line in lines), "what was loaded in one go has not been changed since"

    again = await seeds.load_all([PLAN, PROGRESS])
    assert [outcome.there for outcome in again] == [outcome.added for outcome in outcomes]
    assert not any(outcome.added for outcome in again)
    assert await AuditEntry.find().count() == entries


async def test_the_history_of_what_was_loaded_is_an_unbroken_chain(small: Plan) -> None:
    entries = await AuditEntry.get_motor_collection().find({"scope": small.key}).sort("number", 1).to_list(None)
    assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry["previous"] for entry in entries] == [GENESIS, *(entry["hash"] for entry in entries[:-1])]
    assert all(chained_hash(entry) == entry["hash"] for entry in entries)
    assert {entry["by"] for entry in entries} == {COMMAND_LINE.id}
    assert Counter(entry["tag"] for entry in entries)["task.created"] == 2


async def test_a_plan_file_says_what_its_documents_are(small: Plan) -> None:
    team, board = await one(Unit, name="Grupa"), await one(Unit, name="Pārvalde")
    source, goal = await one(FundingSource, code="PB"), await one(Goal, code="SM1")
    task, line = await one(Task, number="1.1"), await one(InvestmentLine, number="1")
    assert (small.first_year, small.last_year, str(small.state)) == (2015, 2017, "approved")
    assert (team.parent, team.scope) == (board.key, small.organisation)
    assert (task.goal, task.lead, task.sources, str(task.period)) == (goal.key, team.key, [source.key], "2015")
    assert str((await one(Task, number="1.2")).period) == "2016-Q3"
    assert (str(line.amount), line.tasks, line.shares[0].inferred) == ("100.10", [task.key], True)
    entries = await SwotEntry.find().sort("order").to_list()
    assert [(entry.text, entry.order, entry.tasks) for entry in entries] == [
        ("Maz laika", 1, [task.key]),
        ("Maz naudas", 2, []),
    ]


async def test_reports_are_made_day_by_day_with_the_milestones_reached_by_then(small: Plan, write: Write) -> None:
    await seeds.load(write(SMALL_PROGRESS))
    task = await one(Task, number="1.2")
    assert [(step.title, step.done_on, step.due) for step in task.milestones] == [
        ("Sākums", date(2016, 7, 10), None),
        ("Vidus", date(2016, 8, 20), None),
        ("Beigas", None, date(2016, 9, 30)),
    ]
    entries = await AuditEntry.find({"changes.document": task.key}).sort("number").to_list()
    assert [entry.tag for entry in entries] == ["task.created", "task.edited", "task.reported", "task.reported"]
    done = [[step["done_on"] for step in entry.changes[0].after["milestones"]] for entry in entries[1:]]
    assert done == [[None] * 3, ["2016-07-10", None, None], ["2016-07-10", "2016-08-20", None]]

    reports = await Report.find().sort("on").to_list()
    assert [(report.percent, report.outcome, report.text) for report in reports] == [
        (40, Outcome.NOT_ASSESSED, "Puse."),
        (None, Outcome.NOT_ASSESSED, "Agrāk."),
        (None, Outcome.NOT_ASSESSED, "Vēlāk."),
    ]
    line = await one(InvestmentLine, number="1")
    assert [(part.year, str(part.amount)) for part in line.planned] == [(2015, "60.10"), (2016, "40.00")]
    assert [(str(part.contracted), str(part.spent)) for part in line.money_reports] == [("60.00", "59.99")]
    assert all(report.illustrative for report in [*reports, *line.money_reports])


async def test_what_people_have_changed_stays_as_they_made_it(small: Plan, write: Write) -> None:
    await seeds.load(write(SMALL_PROGRESS))
    task, entry, unit = await one(Task, number="1.1"), await one(SwotEntry, order=1), await one(Unit, name="Grupa")
    await task.edit({"number": "1.9", "title": "Citādi"}, by=SOMEBODY, based_on=task.version)
    await entry.edit({"text": "Par maz laika"}, by=SOMEBODY, based_on=entry.version)
    await unit.edit({"name": "Komanda"}, by=SOMEBODY, based_on=unit.version)
    await small.edit({"title": "Jaunā stratēģija"}, by=SOMEBODY, based_on=small.version)

    for path in (write(), write(SMALL_PROGRESS)):
        assert not (await seeds.load(path)).added
    assert (await one(Task, number="1.9")).title == "Citādi"
    assert {entry.text for entry in await SwotEntry.find().to_list()} == {"Par maz laika", "Maz naudas"}
    assert {unit.name for unit in await Unit.find().to_list()} == {"Komanda", "Pārvalde"}
    assert (await one(Plan)).title == "Jaunā stratēģija"


async def test_what_is_missing_is_added_once(small: Plan, write: Write) -> None:
    entry = await one(SwotEntry, text="Maz laika")
    await entry.remove(by=SOMEBODY, based_on=entry.version)
    task = {"number": "1.3", "goal": "SM1", "title": "Trīs", "period": "2017", "lead": "team"}
    longer = write(tasks=[*SMALL["tasks"], task])
    outcome = await seeds.load(longer)
    assert outcome.added == Counter(task=1, swot=1)
    assert (outcome.there["task"], outcome.there["swot"]) == (2, 1)
    assert (await one(SwotEntry, text="Maz laika")).order == 3  # after those that stand
    assert (await one(Task, number="1.3")).lead == (await one(Unit, name="Grupa")).key
    assert not (await seeds.load(longer)).added


async def test_a_second_plan_of_an_organisation_shares_its_units(small: Plan, write: Write) -> None:
    outcome = await seeds.load(write(plan={**SMALL["plan"], "slug": "next", "years": [2018, 2020]}))
    assert (outcome.there["organisation"], outcome.there["unit"], outcome.added["plan"]) == (1, 2, 1)
    assert await living(Organisation) == 1
    assert await living(Task) == 4


async def test_every_mistake_is_named_with_its_line_and_field(db: Database, write: Write) -> None:
    path = write(
        plan={**SMALL["plan"], "slug": "Not A Slug", "decision_date": "31.12.2015."},
        goals=[{"code": "SM1", "title": "Mērķis", "wieght": 2}, {"code": "SM2"}],
        tasks=[{**SMALL["tasks"][0], "period": "kaut kad"}],
        investments=[{**SMALL["investments"][0], "amount": "1 000 EUR"}],
        units=[{**SMALL["units"][1], "kind": "crew"}],
    )
    assert await refused(path) == [
        "slug: Not A Slug | plan.slug: Write small letters a–z, digits and hyphens.",
        "decision_date: 31.12.2015. | plan.decision_date: Write a day such as 2016-09-30.",
        "kind: crew | units[1].kind: Write one of: 'department', 'structural', 'position', 'partner'.",
        "wieght: 2 | goals[1].wieght: There is no such key here.",
        "- code: SM2 | goals[2].title: This is missing.",
        "period: kaut kad | tasks[1].period: Write a period such as 2015, 2015–2017, 2016-Q3, 03.2016 or "
        "05.03.2016–01.04.2016.",
        "amount: 1 000 EUR | investments[1].amount: Write a number such as 26952.00.",
    ]


async def test_references_must_lead_somewhere_and_names_stand_once(db: Database, write: Write) -> None:
    task, line = SMALL["tasks"][0], SMALL["investments"][0]
    path = write(
        sources=[*SMALL["sources"], {"code": "PB", "name": "Vēlreiz", "kind": "state"}],
        units=[{**SMALL["units"][0], "parent": "office"}, SMALL["units"][1]],
        tasks=[{**task, "goal": "SM9", "lead": "head", "sources": ["VB"]}, {**task, "number": "1.01"}],
        investments=[{**line, "shares": [{"source": "PB"}, {"source": "PB", "amount": "1"}]}],
        swot={"threats": [{"text": "Draudi", "goals": ["SM1", "SM1"], "tasks": ["1.1", "7.7"]}]},
    )
    assert await refused(path) == [
        "- code: PB | sources[2]: This stands in the file twice.",
        "parent: office | units[1].parent: There is no unit with the key “office” in the file.",
        "goal: SM9 | tasks[1].goal: “SM9” is neither in the file nor in the plan.",
        "lead: head | tasks[1].lead: There is no unit with the key “head” in the file.",
        "- VB | tasks[1].sources[1]: “VB” is neither in the file nor in the plan.",
        "- number: '1.01' | tasks[2]: This stands in the file twice.",
        "- source: PB | investments[1].shares[1]: Give each source either a percentage or an amount.",
        "- source: PB | investments[1].shares[2].source: This stands in the file twice.",
        "- SM1 | swot.threats[1].goals[2]: This stands in the file twice.",
        "- '7.7' | swot.threats[1].tasks[2]: “7.7” is neither in the file nor in the plan.",
    ]


async def test_units_in_a_circle_are_refused(db: Database, write: Write) -> None:
    board = {**SMALL["units"][1], "parent": "team"}
    assert await refused(write(units=[SMALL["units"][0], board])) == [
        "parent: board | units[1].parent: These units are parts of each other in a circle.",
        "parent: team | units[2].parent: These units are parts of each other in a circle.",
    ]


async def test_a_document_that_its_own_rules_forbid_is_refused(db: Database, write: Write) -> None:
    path = write(
        plan={**SMALL["plan"], "years": [2017, 2015]},
        investments=[{**SMALL["investments"][0], "heading": True}],
    )
    assert await refused(path) == [
        "plan: | plan: The last year is before the first.",
        "- number: '1' | investments[1]: A heading may state a total; shares and planned amounts belong to its lines.",
    ]


async def test_progress_of_what_is_not_there_is_refused(small: Plan, write: Write) -> None:
    report, money = SMALL_PROGRESS["reports"][0], SMALL_PROGRESS["money"][0]
    path = write(
        SMALL_PROGRESS,
        reports=[{**report, "percent": 50}, {**report, "task": "9.9"}, report],
        planned=[{"line": "1", "years": {2015: {"VB": "1"}, "soon": {"PB": "1"}}}],
        money=[],
    )
    assert await refused(path) == ["soon: | planned[1].years.soon: Enter a whole number."]
    path = write(
        SMALL_PROGRESS,
        reports=[{**report, "percent": 50}, {**report, "task": "9.9"}, report],
        planned=[{"line": "1", "years": {2015: {"VB": "1"}}}],
        money=[{**money, "line": "2"}, money],
    )
    assert await refused(path) == [
        "percent: 50 | reports[1].percent: This task's progress is counted from its milestones: mark those done.",
        "- task: '9.9' | reports[2].task: “9.9” is neither in the file nor in the plan.",
        "'on': '2016-08-31' | reports[3].on: This stands in the file twice.",
        "VB: '1' | planned[1].years.2015.VB: “VB” is neither in the file nor in the plan.",
        "- line: '2' | money[1].line: “2” is neither in the file nor in the plan.",
    ]
    assert await refused(write(SMALL_PROGRESS, plan="other")) == [
        "plan: other | plan: There is no plan “other”. Load the plan first."
    ]


# --- reviews ---

QUARTER: dict[str, Any] = {
    "period": "2016-Q3",
    "opened": "2016-09-19",
    "due": "2016-10-05",
    "closed": "2016-10-28",
    "note": "Īsi, lūdzu.",
    "decision_number": "paraugs 1",
    "decision_date": "2016-10-27",
}
LATE: dict[str, Any] = {"task": "1.3", "on": "2016-10-07", "execution": "in_progress", "percent": 70, "text": "Vēlu."}
PAID = {"line": "1", "on": "2016-10-06", "source": "PB", "year": 2016, "contracted": "40.00", "spent": "39.99"}


def reviewed(write: Write, **values: Any) -> Path:
    """A progress file with a review in which the unit “Grupa” reports late on one of its two tasks."""
    reports = [*SMALL_PROGRESS["reports"], LATE]
    return write(SMALL_PROGRESS, **{"reports": reports, "money": [PAID], "reviews": [QUARTER], **values})


@pytest_asyncio.fixture
async def larger(db: Database, write: Write) -> Plan:
    """The small plan with a second task of the same unit, which its money goes to."""
    third = {"number": "1.3", "goal": "SM1", "title": "Trīs", "period": "2015.–2017.", "lead": "team"}
    line = {**SMALL["investments"][0], "tasks": ["1.3"]}
    await seeds.load(write(tasks=[*SMALL["tasks"], third], investments=[line]))
    return await one(Plan, slug="small")  # type: ignore[no-any-return]


async def test_a_review_is_opened_sent_in_for_and_closed_as_people_do_it(larger: Plan, write: Write) -> None:
    outcome = await seeds.load(reviewed(write))
    assert outcome.added["review"] == 1
    entries = await AuditEntry.find({"scope": larger.key}).sort("-number").limit(3).to_list()
    assert [entry.tag for entry in entries[::-1]] == ["review.created", "submission.sent", "review.closed"]
    review = await one(Review)
    assert (review.code, review.note, str(review.state)) == ("2016Q3", "Īsi, lūdzu.", "closed")
    assert day_of(review.opened_at) == date(2016, 9, 19)
    edition = review.edition
    assert edition is not None
    assert (edition.decision_number, edition.decision_date, edition.day) == (
        "paraugs 1", date(2016, 10, 27), date(2016, 9, 30),
    )  # fmt: skip
    part = await one(Submission)
    assert (part.name, str(part.state)) == ("Grupa", "sent")
    assert part.sent_at is not None
    assert day_of(part.sent_at) == date(2016, 10, 7), "after it was due"
    reports = await Report.find({"review": review.key}).sort("unchanged").to_list()
    assert [(one.on, one.percent, one.text, one.unchanged) for one in reports] == [
        (date(2016, 9, 30), 70, "Vēlu.", False),
        (date(2016, 9, 30), 40, "Puse.", True),
    ]
    line = await one(InvestmentLine)
    assert [(entry.on, str(entry.spent)) for entry in line.money_reports] == [(date(2016, 9, 30), "39.99")]
    written = await AuditEntry.find().count()
    assert not (await seeds.load(reviewed(write))).added
    assert await AuditEntry.find().count() == written


async def test_a_review_that_people_have_opened_stays_as_it_is_and_reports_stand_beside_it(
    larger: Plan, write: Write
) -> None:
    snapshot = await Snapshots().of("small")
    assert snapshot is not None
    await open_review(snapshot, Period.parse("2016-Q3"), due=date(2016, 12, 1), by=SOMEBODY, today=date(2016, 11, 1))
    outcome = await seeds.load(reviewed(write))
    assert (outcome.there["review"], outcome.added["review"], outcome.added["report"]) == (1, 0, 4)
    review = await one(Review)
    assert review.is_open
    assert await Submission.find().count() == 0
    assert (await one(Report, percent=70)).on == date(2016, 10, 7)
    assert not (await seeds.load(reviewed(write))).added


async def test_a_review_that_is_not_closed_in_the_file_is_open(larger: Plan, write: Write) -> None:
    still = {key: QUARTER[key] for key in ("period", "opened", "due")}
    await seeds.load(reviewed(write, reviews=[still]))
    assert (await one(Review)).is_open
    assert await FrozenPlan.find().count() == 0
    assert (await one(Submission)).state is SubmissionState.SENT


async def test_mistakes_of_reviews_are_named_and_nothing_is_loaded(larger: Plan, write: Write) -> None:
    path = reviewed(
        write,
        reviews=[
            {**QUARTER, "closed": "2016-09-01"},
            {**QUARTER, "parts": [{"unit": "Nav"}, {"unit": "Pārvalde"}, {"unit": "Grupa", "returned": "2016-10-09"}]},
            {"period": "2016-05", "opened": "2016-06-01", "due": "2016-06-10"},
            {"period": "2014", "opened": "2013-06-01", "due": "2013-06-10", "decision_number": "1"},
        ],
    )
    assert await refused(path) == [
        "closed: '2016-09-01' | reviews[1].closed: The review is closed before it is opened.",
        "- period: 2016-Q3 | reviews[2].period: This stands in the file twice.",
        "- unit: Nav | reviews[2].parts[1].unit: “Nav” is neither in the file nor in the plan.",
        "- unit: Pārvalde | reviews[2].parts[2].unit: Nothing is reported by this unit in this review.",
        "- unit: Grupa | reviews[2].parts[3]: What is returned has a day and a remark.",
        "returned: '2016-10-09' | reviews[2].parts[3].returned: A part is returned before it is sent for the last "
        "time.",
        "- period: 2016-05 | reviews[3].period: A review is of a quarter, a half-year or a year.",
        "- period: '2014' | reviews[4].period: The plan has no day in this period.",
        "- period: '2014' | reviews[4]: Only a closed review has a decision.",
        "opened: '2013-06-01' | reviews[4].opened: This period has not begun yet.",
        "due: '2013-06-10' | reviews[4].due: The due date is before the period begins.",
    ]


async def test_a_load_that_breaks_off_in_a_later_quarter_leaves_nothing(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = 0

    async def breaks(*given: Any, **more: Any) -> Any:
        nonlocal closed
        closed += 1
        if closed == 5:
            raise RuleBroken("the power went")
        return await close_review(*given, **more)

    monkeypatch.setattr(progress_writing, "close_review", breaks)
    with pytest.raises(FileRefused):
        await seeds.load_all([PLAN, PROGRESS])
    for kind in (*LivingDocument.kinds.values(), *KINDS, AuditEntry, Head):
        assert await kind.find().count() == 0, kind


async def test_files_loaded_together_are_all_loaded_or_none(db: Database, write: Write) -> None:
    bad = write(SMALL_PROGRESS, reports=[{**SMALL_PROGRESS["reports"][0], "task": "9.9"}])
    with pytest.raises(FileRefused):
        await seeds.load_all([write(), bad])
    assert await Plan.find().count() == 0
    assert await AuditEntry.find().count() == 0


async def test_the_demonstration_is_loaded_only_where_there_is_no_plan(db: Database, write: Write) -> None:
    said: list[str] = []
    await seeds.load_if_empty([write(), write(SMALL_PROGRESS)], say=said.append)
    assert len(said) == 3
    assert await living(Report) == 3
    task = await one(Task, number="1.1")
    await task.remove(by=SOMEBODY, based_on=task.version)
    await seeds.load_if_empty([write(), write(SMALL_PROGRESS)], say=said.append)
    assert len(said) == 3
    assert await living(Task) == 1


async def test_a_number_that_a_person_has_given_away_is_taken_for_the_same_task(small: Plan, write: Write) -> None:
    first, second = await one(Task, number="1.1"), await one(Task, number="1.2")
    await Task.renumber([(first, "1.2"), (second, "1.1")], by=SOMEBODY)
    await seeds.load(write(SMALL_PROGRESS))
    report = await one(Report, percent=40)
    assert report.task == first.key
    assert report.execution is Execution.IN_PROGRESS


def test_every_key_of_the_format_is_documented() -> None:
    text = (SEEDS.parent / "docs" / "seed-format.md").read_text(encoding="utf-8")
    shapes = [kind for kind in vars(seed_format).values() if isinstance(kind, type) and issubclass(kind, Shape)]
    keys = {name for shape in shapes for name in shape.model_fields}
    assert {key for key in keys if f"`{key}`" not in text} == set()
