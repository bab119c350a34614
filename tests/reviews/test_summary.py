"""The summary of a report: counts that agree with one another."""

from __future__ import annotations

from fractions import Fraction

from stratplan import i18n
from stratplan.goals.states import Execution
from stratplan.reviews.council import council_report
from tests.reviews.statements import goal, report, statement, task


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
    figures = {str(row.cells[0]): row.cells[1].value for row in tables["figures"].rows}
    assert figures["Tasks"] == 4
