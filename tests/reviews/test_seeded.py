"""The twelve quarters of the demonstration: closed through the verbs, and each still what is computed for its day."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import pytest_asyncio
from beanie import PydanticObjectId

from stratplan import audit_check
from stratplan.audit import AuditEntry
from stratplan.database import Database
from stratplan.goals.models import Report
from stratplan.goals.queries import plan_progress
from stratplan.i18n import day_of
from stratplan.imports import seeds
from stratplan.overview.figures import figures
from stratplan.reviews.frozen import Audience, digest_kept, statement_of_edition
from stratplan.reviews.models import Submission, SubmissionState
from stratplan.reviews.moves import deadline_moves
from stratplan.reviews.problems import days_late
from stratplan.reviews.queries import closed_reviews, units_asked
from stratplan.reviews.statement import Amounts, Statement
from stratplan.reviews.stating import statement_of
from stratplan.snapshot import Snapshot, Snapshots
from tests.imports.test_seeds import PLAN, PROGRESS

SLUG = "daugavpils-2015-2017"
QUARTERS = [f"{year}Q{quarter}" for year in (2015, 2016, 2017) for quarter in (1, 2, 3, 4)]


@pytest_asyncio.fixture
async def snapshot(db: Database) -> AsyncIterator[Snapshot]:
    """The demonstration as it is loaded."""
    await seeds.load_all([PLAN, PROGRESS])
    found = await Snapshots().of(SLUG)
    assert found is not None
    yield found


async def test_all_twelve_quarters_are_closed_and_whole(snapshot: Snapshot) -> None:
    closed = closed_reviews(snapshot)[::-1]
    assert [review.code for review, _edition in closed] == QUARTERS
    for review, edition in closed:
        assert (edition.number, edition.day, edition.tasks, edition.lines) == (1, review.period.end, 18, 12)
        assert edition.digest == await digest_kept(review.key, 1)
        assert not edition.decision_number or edition.decision_number.startswith("paraugs"), "an invented one says so"
        assert review.period.end > day_of(review.opened_at) > review.period.start
        assert day_of(edition.closed_at) > review.due
    assert (await audit_check.check(SLUG)).fits


@pytest.mark.parametrize("audience", [Audience.MEMBERS, Audience.RESIDENTS])
async def test_every_quarters_frozen_figures_are_those_computed_for_that_day(
    snapshot: Snapshot, audience: Audience
) -> None:
    seen = snapshot if audience is Audience.MEMBERS else snapshot.public
    moves = await deadline_moves(snapshot.plan.key)
    for review, edition in closed_reviews(snapshot):
        kept = await statement_of_edition(review.key, 1, audience)
        assert kept == statement_of(seen, edition.day, moves, review), review.code
        assert told(kept) == computed(figures(seen, edition.day)), review.code


async def test_progress_grows_from_quarter_to_quarter_and_ends_where_the_reports_do(snapshot: Snapshot) -> None:
    shares = []
    for review, _edition in closed_reviews(snapshot)[::-1]:
        kept = await statement_of_edition(review.key, 1, Audience.MEMBERS)
        assert kept.plan.illustrative
        assert kept.plan.progress is not None
        shares.append(kept.plan.progress)
    assert shares == sorted(set(shares))
    assert shares[-1] == plan_progress(snapshot, date(2018, 1, 1)).value


async def test_some_units_send_late_or_never_one_has_its_part_returned_and_one_is_reported_for(
    snapshot: Snapshot,
) -> None:
    late: Counter[str] = Counter()
    never: Counter[str] = Counter()
    for review, _edition in closed_reviews(snapshot):
        for asked in units_asked(snapshot, review):
            if asked.submission is None:
                never[asked.unit.name] += 1
                continue
            assert asked.is_sent
            late[asked.unit.name] += days_late(review, asked.submission, date.max) > 0
    assert late["Informācijas, supervīzijas, apmācības, attīstības un projektu nodaļa"] == 2
    assert late["Projekta koordinators"] == 2
    assert late["Sociālās palīdzības nodaļa"] == never["Sociālās palīdzības nodaļa"] == 0
    assert never["SLP vadītāja"] > 2
    parts = snapshot.all(Submission).values()
    assert {part.state for part in parts} == {SubmissionState.SENT}
    assert sum(part.on_behalf for part in parts) == 2
    assert sum(bool(part.remark) for part in parts) == 4


async def test_a_part_that_was_returned_was_first_sent_in_the_words_of_the_report_before(snapshot: Snapshot) -> None:
    part = next(one for one in snapshot.all(Submission).values() if one.remark and one.name == "Projekta īstenotājs")
    entries = await AuditEntry.find({"changes.document": part.key}).sort("number").to_list()
    assert [entry.tag for entry in entries] == ["submission.sent", "submission.returned", "submission.sent"]
    said = [change.after for change in entries[0].changes if change.kind == "report"]
    (task,) = {PydanticObjectId(one["task"]) for one in said}
    reports = [one for one in snapshot.all(Report).values() if one.task == task and one.on < date(2017, 4, 1)]
    before = max(reports, key=lambda one: one.on)
    assert before.text
    assert [(one["unchanged"], one["text"], one["on"]) for one in said] == [(True, before.text, "2017-06-30")]
    (again,) = [change.after for change in entries[2].changes if change.kind == "report"]
    assert (again["unchanged"], again["text"]) == (False, "Līgums noslēgts maijā, būvnieks sācis darbu.")


def told(kept: Statement) -> dict[str, Any]:
    """The figures that an edition keeps, as `computed` has them."""
    return {
        "plan": exact(kept.plan.progress),
        "goals": [(goal.code, exact(goal.progress), goal.reported, goal.tasks) for goal in kept.plan.goals],
        "tasks": [
            (task.number, exact(task.progress), task.execution, task.outcome, task.schedule, task.days_left)
            for task in kept.tasks
        ],
        "counts": {
            **kept.plan.counts.model_dump(exclude={"last_report"}),
            "last_report": str(kept.plan.counts.last_report),
        },
        "money": sums(kept.plan.total.sums),
        "lines": [(line.number, text(line.total), *sums(line.sums)) for line in kept.lines if not line.heading],
        "checks": [(check.code, check.subject, check.source, check.year) for check in kept.plan.checks],
    }


def computed(found: dict[str, Any]) -> dict[str, Any]:
    """The same of what `stratplan figures` prints."""
    progress, money = found["progress"], found["money"]
    stated = ("contracted", "spent")
    return {
        "plan": progress["plan"]["exact"],
        "goals": [(one["code"], one["exact"], one["reported"], one["tasks"]) for one in progress["goals"]],
        "tasks": [
            (
                task["number"],
                task["exact"],
                task["execution"],
                task["outcome"],
                task["schedule"]["state"],
                task["schedule"]["days_left"],
            )
            for task in progress["tasks"]
        ],
        "counts": {name: value for name, value in found["counts"].items() if name != "tasks"},
        "money": tuple(money["total"][name] for name in ("amount", *stated)),
        "lines": [
            (line["number"], line["total"], line["total"], *(line[name] for name in stated))
            for line in money["lines"]
            if line["formula"] != "heading"
        ],
        "checks": [(one["code"], one["subject"], one["source"], one["year"]) for one in found["checks"]],
    }


def exact(share: Fraction | None) -> str | None:
    return None if share is None else f"{share.numerator}/{share.denominator}"


def sums(amounts: Amounts) -> tuple[str | None, ...]:
    return text(amounts.amount), text(amounts.contracted), text(amounts.spent)


def text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
