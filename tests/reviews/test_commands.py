"""Reviews from the command line: the same verbs, sentences instead of tracebacks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from stratplan import i18n
from stratplan.cli import main
from stratplan.errors import RuleBroken, StratplanError
from stratplan.goals.models import Milestone, Report
from stratplan.goals.states import Execution
from stratplan.i18n import use_language
from stratplan.investments.models import InvestmentLine
from stratplan.reviews import commands, exporting
from stratplan.reviews.command_line import FORMATS
from stratplan.reviews.formats import Format
from stratplan.reviews.models import Review, Submission, SubmissionState
from tests.factories import SOMEBODY, Made, make_line, make_report, make_task


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(i18n, "today", lambda: date(2016, 10, 3))
    with use_language("en"):
        yield


def written(folder: Path, text: str) -> commands.UnitReport:
    path = folder / "report.yaml"
    path.write_text(text, "utf-8")
    return commands.read_report(path)


async def test_a_quarter_is_opened_reported_closed_and_opened_again(made: Made, tmp_path: Path) -> None:
    await make_task(made.scope, made.goal, "1.2", lead=made.unit.key)
    line = await make_line(made.scope, made.goal, "1.1", amount=Decimal(1000), tasks=[made.task.key])
    said = await commands.opened("plans", "2016Q3", due=None, note="Īsi.")
    assert "14 Oct 2016" in said
    assert "1 unit" in said
    assert any("Not sent" in row for row in await commands.status("plans", "2016Q3"))
    report = written(
        tmp_path,
        """
tasks:
  - {task: 1.1, execution: in_progress, percent: 60, text: Divi līgumi., next: Trešais., obstacles: Nav.}
money:
  - {line: 1.1, source: PB, year: 2016, contracted: 500, spent: 120.50}
""",
    )
    with pytest.raises(RuleBroken, match=r"1\.2"):
        await commands.reported("plans", "2016Q3", "ĶN", report, no_change=False)
    assert await Report.find_all().count() == 0
    assert "1.1, 1.2" in await commands.reported("plans", "2016Q3", "ĶN", report, no_change=True)
    part = await Submission.find_one({"state": SubmissionState.SENT.value})
    assert part is not None
    assert part.on_behalf
    found = await Report.find_one({"task": made.task.key})
    assert found is not None
    assert (found.percent, found.text, found.next_steps, found.obstacles) == (60, "Divi līgumi.", "Trešais.", "Nav.")
    kept = await InvestmentLine.get(line.key)
    assert kept is not None
    assert [(one.contracted, one.spent) for one in kept.money_reports] == [(Decimal(500), Decimal("120.50"))]
    assert "edition 1" in await commands.closed("plans", "2016Q3", number="388", day="2016-10-27")
    review = await Review.find_one({"scope": made.scope})
    assert review is not None
    assert review.editions[0].decision_date == date(2016, 10, 27)
    assert "2016Q3" in (await commands.status("plans", None))[0]
    await commands.reopened("plans", "2016Q3", reason="Kļūda.")
    assert (await commands.status("plans", None))[0].endswith("\t1 of 1 sent")  # what was sent stays


async def test_what_a_file_leaves_out_stays_as_it_was_reported(made: Made, tmp_path: Path) -> None:
    await make_report(made.task, date(2016, 6, 30), 35, execution=Execution.SUSPENDED)
    await commands.opened("plans", "2016Q3", due="2016-10-20", note="")
    report = written(tmp_path, "tasks: [{task: '1.1', text: Joprojām.}]")
    await commands.reported("plans", "2016Q3", "Ķekavas nodaļa", report, no_change=False)
    found = await Report.find_one({"text": "Joprojām."})
    assert found is not None
    assert (found.execution, found.percent) == (Execution.SUSPENDED, 35)


@pytest.mark.parametrize("is_in_file", [True, False])
async def test_no_change_repeats_what_was_last_reported_as_the_page_does(
    made: Made, tmp_path: Path, *, is_in_file: bool
) -> None:
    await make_report(
        made.task, date(2016, 6, 30), 35, execution=Execution.SUSPENDED,
        text="Noslēgts līgums.", next_steps="Otrais.", obstacles="Trūkst līdzekļu.",
    )  # fmt: skip
    await commands.opened("plans", "2016Q3", due=None, note="")
    report = written(tmp_path, "tasks: [{task: '1.1', unchanged: true}]" if is_in_file else "")
    await commands.reported("plans", "2016Q3", "ĶN", report, no_change=not is_in_file)
    found = await Report.find_one({"review": {"$ne": None}})
    assert found is not None
    assert (found.unchanged, found.execution, found.percent) == (True, Execution.SUSPENDED, 35)
    assert (found.text, found.next_steps, found.obstacles) == ("Noslēgts līgums.", "Otrais.", "Trūkst līdzekļu.")


async def test_of_a_part_that_was_sent_only_what_was_added_since_must_be_told(made: Made, tmp_path: Path) -> None:
    await commands.opened("plans", "2016Q3", due=None, note="")
    report = written(tmp_path, "tasks: [{task: '1.1', percent: 40, text: Iesākts.}]")
    await commands.reported("plans", "2016Q3", "ĶN", report, no_change=False)
    await make_task(made.scope, made.goal, "1.2", lead=made.unit.key)
    assert any("Sent in part" in row for row in await commands.status("plans", "2016Q3"))
    assert (await commands.status("plans", None))[0].endswith("0 of 1 sent")
    with pytest.raises(RuleBroken, match=r"1\.2"):
        await commands.reported("plans", "2016Q3", "ĶN", written(tmp_path, ""), no_change=False)
    await commands.reported("plans", "2016Q3", "ĶN", written(tmp_path, ""), no_change=True)
    assert (await commands.status("plans", None))[0].endswith("1 of 1 sent")
    found = await Report.find({"review": {"$ne": None}}).sort("_id").to_list()
    assert [(one.text, one.unchanged) for one in found] == [("Iesākts.", False), ("", True)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("tasks: [{task: '1.1', unchanged: true, percent: 60}]", "tasks.1"),
        ("tasks: [{task: '1.1', percent: 140}]", "tasks.1.percent"),
        ("tasks: [{task: '1.1', text: x, done: {a: 2016-02-30}}]", "tasks.1.done.a"),
        ("tasks:\n  - task: '1.1", "line 2: this is not valid YAML"),
        ("tasks: [{task: '1.1', execution: done}]", "tasks.1.execution"),
        ("tasks: [{task: '1.1', txt: x}]", "tasks.1.txt"),
        ("tasks: {", "report.yaml"),
        ("- 1", "report.yaml"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(StratplanError) as refused:
        written(tmp_path, text)
    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ("tasks: [{task: '9.9', unchanged: true}]", "9.9"),
        ("tasks: [{task: '1.1', unchanged: true}]\nmoney: [{line: '9', source: PB, year: 2016}]", "line 9"),
        ("tasks: [{task: '1.1', unchanged: true}]\nmoney: [{line: '1.1', source: XX, year: 2016}]", "XX"),
    ],
)
async def test_what_the_plan_does_not_have_is_named_and_nothing_is_sent(
    made: Made, tmp_path: Path, report: str, said: str
) -> None:
    await make_line(made.scope, made.goal, "1.1", amount=Decimal(1000), tasks=[made.task.key])
    await commands.opened("plans", "2016Q3", due=None, note="")
    with pytest.raises(StratplanError, match=said):
        await commands.reported("plans", "2016Q3", "ĶN", written(tmp_path, report), no_change=False)
    assert await Submission.find_all().count() == 0


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ("tasks: [{task: '1.1', text: x, done: {tender: 2030-01-01}}]", "yet to come"),
        (
            "tasks: [{task: '1.1', text: x}]\nmoney: [{line: '1.1', source: PB, year: 2099, spent: 5}]",
            "2099 is no year",
        ),
    ],
)
async def test_what_cannot_be_is_refused_as_on_the_page(made: Made, tmp_path: Path, report: str, said: str) -> None:
    milestones = [Milestone(key="tender", title="Iepirkums")]
    await made.task.edit({"milestones": milestones}, by=SOMEBODY, based_on=made.task.version)
    await make_line(made.scope, made.goal, "1.1", amount=Decimal(1000), tasks=[made.task.key])
    await commands.opened("plans", "2016Q3", due=None, note="")
    with pytest.raises(RuleBroken, match=said):
        await commands.reported("plans", "2016Q3", "ĶN", written(tmp_path, report), no_change=False)
    assert await Submission.find_all().count() == 0


@pytest.mark.parametrize(("plan", "code"), [("nowhere", "2016Q3"), ("plans", "2016Q9"), ("plans", "2015Q1")])
async def test_a_plan_or_review_that_is_not_there_is_answered_with_what_is(made: Made, plan: str, code: str) -> None:
    for attempt in (commands.status(plan, code), commands.closed(plan, code, number="", day=None)):
        with pytest.raises(StratplanError):
            await attempt


def test_the_commands_say_what_they_do() -> None:
    answer = CliRunner().invoke(main, ["review", "--help"])
    assert answer.exit_code == 0
    for word in ("open", "status", "report", "close", "reopen"):
        assert word in answer.output


async def test_a_document_is_written_as_the_page_gives_it_and_what_is_wrong_is_said(
    made: Made, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    await commands.opened("plans", "2016Q3", due=None, note="")
    ask = partial(exporting.exported, "plans", language="lv", edition=None)
    with pytest.raises(StratplanError, match="open"):
        await ask("2016Q3", kind="pdf", output=tmp_path / "a.pdf")
    with pytest.raises(StratplanError, match="--review"):
        await exporting.exported("plans", None, edition=1, kind="pdf", language="lv", output=tmp_path / "a.pdf")
    with pytest.raises(StratplanError, match=r"Ķekavas nodaļa.*--without-missing"):
        await commands.closed("plans", "2016Q3", number="", day=None)
    await commands.closed("plans", "2016Q3", number="", day=None, without_missing=True)
    for kind in FORMATS:
        path = await ask("2016Q3", kind=kind, output=tmp_path / kind)
        page = await client.get(f"/plans/plans/reviews/2016Q3/editions/1/documents/{kind}?lang=lv")
        assert await asyncio.to_thread(Path(path).read_bytes) == page.content
    with pytest.raises(StratplanError, match="nowhere"):
        await ask("2016Q3", kind="csv", output=tmp_path / "nowhere" / "a.zip")
    today = await ask(None, kind="json", output=tmp_path / "today")
    assert json.loads(await asyncio.to_thread(Path(today).read_text, "utf-8"))["review"] is None


def test_the_commands_offer_every_format() -> None:
    assert set(FORMATS) == {kind.value for kind in Format}
