"""The Daugavpils data set against the figures of the document it carries over, read as plain YAML."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

SEEDS = Path(__file__).parent.parent / "seeds"
FILES = ("daugavpils-2015-2017.yaml", "daugavpils-2015-2017.progress.yaml")
PLAN, PROGRESS = (yaml.safe_load((SEEDS / name).read_text(encoding="utf-8")) for name in FILES)
TASKS = {task["number"]: task for task in PLAN["tasks"]}
LINES = {line["number"]: line for line in PLAN["investments"]}
SOURCES = {source["code"] for source in PLAN["sources"]}
YEARS = range(2015, 2018)
CENT = Decimal("0.01")

# Number: goal, period and sources of the action plan's table.
ACTION_PLAN = {
    "1.1": ("SM1", "2015.", "PB VB"),
    "1.2": ("SM1", "2015.", "PB VB"),
    "1.3": ("SM1", "2015.", "PB"),
    "1.4": ("SM1", "2015.–2017.", "PB"),
    "1.5": ("SM1", "2015.–2017.", "PB"),
    "2.1": ("SM2", "2015.–2017.", "PB"),
    "2.2": ("SM2", "2017.", "PB VB Fondi"),
    "2.3": ("SM2", "2015.–2017.", "PB Fondi"),
    "2.4": ("SM2", "2017.", "PB VB Fondi"),
    "2.5": ("SM2", "2015.–2017.", "NVO Fondi"),
    "2.6": ("SM2", "2015.–2017.", "PB VB Fondi"),
    "2.7": ("SM2", "2015.–2017.", "PB"),
    "2.8": ("SM2", "2015.–2017.", "PB"),
    "2.9": ("SM2", "2015.", "PB"),
    "3.1": ("SM3", "2015.–2017.", "PB VB Fondi"),
    "3.2": ("SM3", "2015.–2017.", "PB VB Fondi"),
    "3.3": ("SM3", "2016.–2017.", "PB Fondi"),
    "3.4": ("SM3", "2015.", "PB"),
}

# Number: tasks, amount in EUR (* a year) and shares of the investment plan's table.
INVESTMENT_PLAN = {
    "1.1": ("1.1 1.2", "26952", "PB 26952"),
    "2.1": ("2.2", "341482", "PB 12% VB 3% ERAF 85%"),
    "2.2": ("2.3", "9000*", "PB 9000"),
    "2.3": ("2.4", "350000", "PB 12% VB 3% ERAF 85%"),
    "2.4": ("2.6", "heading", ""),
    "2.4.1": ("2.6", "209601", "PB 209601"),
    "2.4.2": ("2.6", "1638", "PB 1638"),
    "2.4.3": ("2.6", "57156", "PB 57156"),
    "2.4.4": ("2.6", "16259", "PB 16259"),
    "3.1": ("3.1", "5895*", "PB 5895"),
    "3.2": ("3.2", "6075*", "PB 6075"),
    "3.3": ("3.3", "unknown", "PB 20% Justice 80%"),
}


def money_of(line: dict[str, Any]) -> dict[str, Decimal]:
    """EUR by source of the line (of one year, if it is yearly), the largest remainders rounded up."""
    if line.get("amount") is None:
        return {}
    total = Decimal(line["amount"])
    exact = {
        share["source"]: Decimal(share.get("amount") or total * Decimal(share["percent"]) / 100)
        for share in line["shares"]
    }
    parts = {source: value.quantize(CENT, ROUND_DOWN) for source, value in exact.items()}
    missing = int((total - sum(parts.values())) / CENT)
    for source in sorted(exact, key=lambda source: parts[source] - exact[source])[:missing]:
        parts[source] += CENT
    return parts


def times(line: dict[str, Any]) -> int:
    return len(YEARS) if line.get("yearly") else 1


def texts(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a file with the path to it."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from texts(value, f"{path}.{key}")
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from texts(value, f"{path}[{place}]")
    elif isinstance(node, str):
        yield path, node


def test_the_plan_has_as_many_parts_as_the_document() -> None:
    parts = ("goals", "tasks", "investments", "terms", "abbreviations")
    assert {part: len(PLAN[part]) for part in parts} == {
        "goals": 3,
        "tasks": 18,
        "investments": 12,
        "terms": 21,
        "abbreviations": 11,
    }
    assert [line["number"] for line in PLAN["investments"] if line.get("heading")] == ["2.4"]
    assert {quadrant: len(entries) for quadrant, entries in PLAN["swot"].items()} == {
        "strengths": 18,
        "weaknesses": 20,
        "opportunities": 18,
        "threats": 18,
    }


def test_the_plan_says_whose_it_is_and_what_it_is_for() -> None:
    assert PLAN["organisation"]["founded"] == date(2005, 8, 16)
    assert PLAN["plan"]["slug"] == FILES[0].removesuffix(".yaml")
    assert PLAN["plan"]["years"] == [2015, 2017]
    assert PLAN["plan"]["mission"].startswith("Sniegt pilsētas iedzīvotāju vajadzībām atbilstošus")
    assert PLAN["plan"]["vision"].startswith("Ikvienam Daugavpils iedzīvotājam")
    assert "Problēmas un vajadzības" in [section["title"] for section in PLAN["sections"]]
    words = [entry["word"] for entry in PLAN["abbreviations"]]
    assert words == ["DPD", "ERAF", "GMI", "LIETIS", "PB", "NVA", "NVO", "SLP", "SVID", "VB", "VSAC"]


def test_social_services_are_provided_by_three_departments_and_eight_structural_units() -> None:
    under_the_board = [unit for unit in PLAN["units"] if unit.get("parent") == "slp"]
    services = [unit for unit in under_the_board if unit["name"].startswith("Sociālo pakalpojumu nodaļa")]
    assert [unit["kind"] for unit in services] == ["department"] * 3
    assert sum(unit["kind"] == "structural" for unit in under_the_board) == 8


def test_the_tasks_are_those_of_the_action_plan() -> None:
    assert list(TASKS) == list(ACTION_PLAN), "in document order"
    for number, task in TASKS.items():
        assert (task["goal"], task["period"], " ".join(task["sources"])) == ACTION_PLAN[number], number


def test_the_lines_are_those_of_the_investment_plan() -> None:
    def as_printed(line: dict[str, Any]) -> tuple[str, str, str]:
        if line.get("heading"):
            amount = "heading"
        elif line["amount"] is None:
            amount = "unknown"
        else:
            amount = line["amount"].removesuffix(".00") + ("*" if line.get("yearly") else "")
        shares = [
            f"{share['source']} {share['percent']}%"
            if "percent" in share
            else f"{share['source']} {share['amount'].removesuffix('.00')}"
            for share in line.get("shares", [])
        ]
        return " ".join(line["tasks"]), amount, " ".join(shares)

    assert list(LINES) == list(INVESTMENT_PLAN), "in document order"
    assert {number: as_printed(line) for number, line in LINES.items()} == INVESTMENT_PLAN


def test_every_lone_amount_is_marked_as_inferred() -> None:
    for number, line in LINES.items():
        for share in line.get("shares", []):
            if "amount" in share:
                assert share.get("inferred"), number


def test_the_sums_are_those_known_for_the_plan_to_the_cent() -> None:
    by_source: Counter[str] = Counter()
    by_goal: Counter[str] = Counter()
    for line in LINES.values():
        for source, amount in money_of(line).items():
            by_source[source] += amount * times(line)
            by_goal[line["goal"]] += amount * times(line)
    assert by_source == {"PB": Decimal("457493.84"), "VB": Decimal("20744.46"), "ERAF": Decimal("587759.70")}
    assert by_goal == {"SM1": 26952, "SM2": 1003136, "SM3": 35910}
    assert sum(by_source.values()) == 1065998
    yearly = [Decimal(line["amount"]) for line in LINES.values() if line.get("yearly")]
    assert sum(yearly) == 20970
    unknown = [number for number, line in LINES.items() if not line.get("heading") and not money_of(line)]
    assert unknown == ["3.3"]


def test_every_reference_of_the_plan_leads_somewhere() -> None:
    units = Counter(unit["key"] for unit in PLAN["units"])
    assert set(units.values()) == {1}, "keys of units are unique"
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", key) for key in units)
    assert {unit["parent"] for unit in PLAN["units"] if "parent" in unit} <= set(units)
    goals = {goal["code"] for goal in PLAN["goals"]}
    for task in TASKS.values():
        assert {task["lead"], *task.get("partners", [])} <= set(units), task["number"]
        assert set(task["sources"]) <= SOURCES
    for line in LINES.values():
        assert line["goal"] in goals
        assert {TASKS[number]["goal"] for number in line["tasks"]} == {line["goal"]}, line["number"]
        assert {share["source"] for share in line.get("shares", [])} <= SOURCES
    for entry in (entry for entries in PLAN["swot"].values() for entry in entries):
        assert set(entry.get("tasks", [])) <= set(TASKS), entry["text"]
        answering = set(entry.get("goals", []))
        assert answering <= goals
        assert {TASKS[number]["goal"] for number in entry.get("tasks", [])} <= answering, entry["text"]


def test_a_few_weaknesses_and_threats_are_left_unanswered() -> None:
    for quadrant in ("weaknesses", "threats"):
        unanswered = [entry for entry in PLAN["swot"][quadrant] if not entry.get("goals")]
        assert 3 <= len(unanswered) < len(PLAN["swot"][quadrant]) / 2


@pytest.mark.parametrize("name", FILES)
def test_the_texts_are_clean_latvian(name: str) -> None:
    raw = (SEEDS / name).read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", raw)
    odd_kinds = {"Cc", "Cf", "Co", "Cn", "Zs"}
    unseen = [char for char in raw if unicodedata.category(char) in odd_kinds and char not in " \n"]
    assert not unseen, "no control characters, invisible ones or unusual spaces"
    odd = re.compile(r"[€$&£¢@|~^_\\]|[^\W\d_]\d|\d[^\W\d_]|  |\s[,.;:]|,,|[éèêëíîïóôöùúûüñ]", re.IGNORECASE)
    names = re.compile(r"\b(SM\d|\d\.\d)\b")
    wording = re.compile(r"\.(text|title|result|meaning|description|mission|vision|note|name|short|word)$")
    for path, text in texts(PLAN if name == FILES[0] else PROGRESS):
        if wording.search(path):
            assert not odd.search(names.sub("", text)), f"{path}: {text}"
            if len(text) > 60:
                assert re.search("[āčēģīķļņšūž]", text), f"{path} has no diacritics: {text}"


def test_sentences_end_and_titles_do_not() -> None:
    for data in (PLAN, PROGRESS):
        for path, text in texts(data):
            if re.search(r"\.(text|result|description|mission|vision|note)$|terms\[\d+\]\.meaning$", path):
                assert text.endswith("."), f"{path}: {text}"
            elif re.search(r"(goals|tasks|investments|milestones|sections)\[\d+\]\.title$", path):
                assert not text.endswith((".", ",")), f"{path}: {text}"


def test_progress_is_marked_as_illustrative() -> None:
    assert PROGRESS["plan"] == PLAN["plan"]["slug"]
    assert PROGRESS["illustrative"] is True


def test_reports_come_at_quarter_ends_with_what_their_task_asks_for() -> None:
    def is_near_a_quarters_end(day: date) -> bool:
        near = (day + timedelta(days=shift) for shift in range(-14, 3))
        return any((each + timedelta(days=1)).day == 1 and each.month % 3 == 0 for each in near)

    with_milestones = {entry["task"] for entry in PROGRESS["milestones"]}
    assert {report["task"] for report in PROGRESS["reports"]} == set(TASKS)
    days: dict[str, list[date]] = {}
    for report in PROGRESS["reports"]:
        where = f"{report['task']} on {report['on']}"
        assert is_near_a_quarters_end(report["on"]), where
        assert report["on"].year in YEARS, where
        if report["task"] in with_milestones:
            assert "percent" not in report, where
        else:
            assert (report["percent"] == 100) == (report["execution"] == "completed"), where
        ended = report["execution"] in ("completed", "cancelled")
        assert (report["outcome"] != "not_assessed") == ended, where
        days.setdefault(report["task"], []).append(report["on"])
    assert all(each == sorted(set(each)) for each in days.values()), "in order of time, one a day"


def test_a_task_is_reported_complete_only_when_all_its_milestones_are_done() -> None:
    last = {report["task"]: report for report in PROGRESS["reports"]}
    for entry in PROGRESS["milestones"]:
        done = [milestone.get("done_on") for milestone in entry["milestones"]]
        report = last[entry["task"]]
        complete = all(day is not None and day <= report["on"] for day in done)
        assert (report["execution"] == "completed") == complete, entry["task"]


def test_progress_ends_with_most_tasks_done_and_the_rest_told_honestly() -> None:
    last = {report["task"]: report for report in PROGRESS["reports"]}
    assert Counter(report["execution"] for report in last.values()) == {
        "completed": 15,
        "in_progress": 1,
        "cancelled": 1,
        "suspended": 1,
    }
    assert Counter(report["outcome"] for report in last.values() if report["execution"] == "completed") == {
        "reached": 12,
        "partly_reached": 2,
        "not_reached": 1,
    }


def test_on_30_september_2016_tasks_stand_in_every_state() -> None:
    day = date(2016, 9, 30)
    milestones = {entry["task"]: entry["milestones"] for entry in PROGRESS["milestones"]}
    last = {report["task"]: report for report in PROGRESS["reports"] if report["on"] <= day}

    def progress(number: str) -> Decimal:
        if number not in milestones:
            return Decimal(last[number]["percent"]) / 100
        done = sum(each["weight"] for each in milestones[number] if each.get("done_on", date.max) <= day)
        return Decimal(done) / sum(each["weight"] for each in milestones[number])

    def standing(number: str) -> str:
        execution = last[number]["execution"]
        if execution not in ("not_started", "in_progress"):
            return str(execution)
        years = [int(year) for year in re.findall(r"\d{4}", TASKS[number]["period"])]
        first, deadline = date(min(years), 1, 1), date(max(years), 12, 31)
        if day > deadline:
            return "overdue"
        if day < first:
            return "not due"
        elapsed = Decimal((day - first).days + 1) / ((deadline - first).days + 1)
        return "behind" if elapsed - progress(number) >= Decimal("0.15") else "on track"

    standings: dict[str, list[str]] = {}
    for number in TASKS:
        standings.setdefault(standing(number), []).append(number)
    assert standings == {
        "completed": ["1.1", "1.3"],
        "overdue": ["1.2", "2.9"],
        "on track": ["1.4", "1.5", "2.3", "2.6", "2.8", "3.1", "3.3"],
        "behind": ["2.1", "2.7", "3.2"],
        "not due": ["2.2", "2.4"],
        "cancelled": ["2.5"],
        "suspended": ["3.4"],
    }


def test_planned_money_adds_up_to_each_lines_shares() -> None:
    planned = {entry["line"]: entry["years"] for entry in PROGRESS["planned"]}
    assert set(planned) == {number for number, line in LINES.items() if money_of(line)}
    for number, by_year in planned.items():
        assert set(by_year) <= set(YEARS), number
        once = money_of(LINES[number])
        if LINES[number].get("yearly"):
            assert list(by_year) == list(YEARS), number
            for sources in by_year.values():
                assert {source: Decimal(amount) for source, amount in sources.items()} == once, number
        else:
            sums: Counter[str] = Counter()
            for sources in by_year.values():
                sums.update({source: Decimal(amount) for source, amount in sources.items()})
            assert sums == once, number


def test_money_stays_within_bounds_but_for_one_overspending_shown_on_purpose() -> None:
    planned = {
        (entry["line"], year, source): Decimal(amount)
        for entry in PROGRESS["planned"]
        for year, sources in entry["years"].items()
        for source, amount in sources.items()
    }
    overspent = []
    latest: dict[tuple[str, int, str], dict[str, Any]] = {}
    for report in PROGRESS["money"]:
        place = (report["line"], report["year"], report["source"])
        contracted, spent = Decimal(report["contracted"]), Decimal(report["spent"])
        assert contracted <= planned[place], report
        assert report["on"].year == report["year"], report
        if spent > contracted:
            overspent.append((*place, report["on"]))
        if place in latest:
            assert latest[place]["on"] < report["on"], report
            assert Decimal(latest[place]["spent"]) <= spent, report
        latest[place] = report
    assert overspent == [("2.2", 2016, "PB", date(2016, 12, 30))]
