"""The summary of a report: counts that agree with one another."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from beanie import PydanticObjectId

from stratplan import i18n
from stratplan.database import Database
from stratplan.exports.tables import Cell, Kind
from stratplan.goals.states import Execution
from stratplan.period import Period
from stratplan.reviews.council import council_report
from stratplan.reviews.models import Edition, Review
from stratplan.reviews.statement import UnitNamed
from tests.reviews.statements import OTHER, UNIT, goal, report, statement, task


def test_the_tasks_of_the_goals_add_up_to_those_of_the_plan_cancelled_ones_too() -> None:
    tasks = (
        task("t1", report=report(), has_reported=True, progress=Fraction(1, 2)),
        task("t2", execution=Execution.CANCELLED, schedule=None, report=report("r2"), has_reported=True),
        task("t3", has_reported=False),
        task("t4", goal="g2", goal_code="SM2", has_reported=False),
    )
    goals = (goal(tasks=2, reported=1), goal("g2", code="SM2", tasks=1, reported=0))
    with i18n.use_language("en"):
        made = council_report(statement(tasks, goals=goals))
    tables = {table.key: table for table in made.summary}
    rows = [(row.cells[1], *row.cells[3:]) for row in tables["progress"].rows]
    assert rows == [("SM1", 3, 2), ("SM2", 1, 0), (None, 4, 2)]
    figures = {
        str(row.cells[0]): row.cells[1].value for row in tables["figures"].rows if isinstance(row.cells[1], Cell)
    }
    assert figures["Tasks"] == 4


async def test_a_report_names_the_units_that_had_not_sent_and_counts_what_was_reported_in_the_review(
    db: Database,
) -> None:
    tasks = (task("t1", lead=UNIT, report=report(is_of_period=True)), task("t2", lead=OTHER, report=report("r2")))
    frozen = statement(tasks, period=Period.parse("2016-Q3"))
    now = datetime(2016, 10, 14, 9, tzinfo=UTC)
    scope = PydanticObjectId()
    review = Review.new(scope=scope, period=Period.parse("2016-Q3"), due=now.date(), opened_at=now)
    missing = PydanticObjectId()
    named = frozen.model_copy(
        update={"tasks": (tasks[0], tasks[1].model_copy(update={"lead": UnitNamed(key=str(missing), name="Centrs")}))}
    )
    edition = Edition(
        number=1, day=now.date(), closed_at=now, by="", digest="0" * 64, tasks=2, lines=0, missing=[missing]
    )
    with i18n.use_language("en"):
        made = council_report(named, review=review, edition=edition)
    assert "Had not sent their parts: Centrs" in made.notes
    figures = {str(row.cells[0]): row.cells[1] for row in made.summary[0].rows}
    assert figures["of them in the review's period"] == Cell(1, Kind.WHOLE)
