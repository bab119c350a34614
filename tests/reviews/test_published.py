"""What residents may still see of an old review: what was public then and is public now, and no sum that tells more."""

from __future__ import annotations

from datetime import date

import pytest

from stratplan.documents import LivingDocument
from stratplan.goals.models import Goal, Task
from stratplan.investments.models import InvestmentLine
from stratplan.plans.models import Plan, PublicPart
from stratplan.reviews.frozen import Audience, statement_of_edition
from stratplan.reviews.published import Public, published_now
from stratplan.reviews.statement import Statement
from stratplan.reviews.stating import statement_of
from stratplan.units.models import Unit, UnitKind
from tests.factories import SOMEBODY, Made, make_goal, make_line, make_report, make_swot, make_task
from tests.reviews.test_closing import LAST, close, opened

ALL = frozenset(PublicPart)


async def frozen_of(made: Made, *, parts: list[PublicPart]) -> Statement:
    """What residents were kept of a plan with two goals, four tasks, five lines and an analysis."""
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.publish(parts, by=SOMEBODY, based_on=plan.version)
    other = await make_goal(made.scope, "SM2", order=2)
    centre = Unit.new(scope=made.unit.scope, name="Krīzes centrs", sort=UnitKind.DEPARTMENT)
    await centre.add(by=SOMEBODY)
    second = await make_task(made.scope, made.goal, "1.2", lead=centre.key)
    await make_task(made.scope, made.goal, "1.3")
    await make_task(made.scope, other, "2.1")
    await make_report(made.task, date(2016, 9, 20), 40, text="Noslēgts līgums.")
    await make_report(second, date(2016, 9, 21), 90)
    await make_line(made.scope, made.goal, "1", heading=True)
    await make_line(made.scope, made.goal, "1.1", amount=1000, tasks=[made.task.key])
    await make_line(made.scope, made.goal, "1.2", amount=500, tasks=[second.key, made.task.key])
    await make_line(made.scope, made.goal, "1.3")  # its amount is not known: a check says so
    await make_line(made.scope, other, "2.1", amount=70)
    await make_swot(made.scope, goals=[made.goal.key, other.key], tasks=[second.key])
    review = await opened(made)
    await close(made, review)
    return await statement_of_edition(review.key, 1, Audience.RESIDENTS)


async def hide(made: Made, kind: type[LivingDocument], **wanted: str) -> Public:
    """Make one document internal; what is public then."""
    found = await kind.find_one({"scope": made.scope, **wanted})
    assert found is not None
    await found.edit({"internal": True}, by=SOMEBODY, based_on=found.version)
    return Public(ALL, frozenset([str(found.key)]))


def told(statement: Statement) -> dict[str, object]:
    """All that it says, whatever order sums are in."""
    found = statement.model_dump(mode="json")
    for name in ("money", "unit_money"):
        found["plan"][name] = sorted(map(str, found["plan"][name]))
    found["plan"]["period"] = None
    return found


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (Task, {"number": "1.2"}),
        (Task, {"number": "2.1"}),
        (Task, {"number": "1.3"}),
        (InvestmentLine, {"number": "1.2"}),
        (InvestmentLine, {"number": "1.3"}),
        (InvestmentLine, {"number": "2.1"}),
        (Goal, {"code": "SM2"}),
        (Goal, {"code": "SM1"}),
    ],
)
async def test_what_is_internal_now_is_gone_as_if_it_had_been_internal_then(
    made: Made, kind: type[LivingDocument], wanted: dict[str, str]
) -> None:
    then = await frozen_of(made, parts=list(PublicPart))
    public = await hide(made, kind, **wanted)
    now = statement_of((await made.snapshot()).public, LAST, {})
    cut = published_now(then, public)
    cut = cut.model_copy(
        update={
            "tasks": tuple(
                task.model_copy(
                    update={"report": task.report and task.report.model_copy(update={"is_of_period": False})}
                )
                for task in cut.tasks
            )
        }
    )
    assert told(cut) == told(now)


@pytest.mark.parametrize("parts", [[part for part in PublicPart if part is not left_out] for left_out in PublicPart])
async def test_a_part_that_is_withdrawn_is_gone(made: Made, parts: list[PublicPart]) -> None:
    then = await frozen_of(made, parts=list(PublicPart))
    cut = published_now(then, Public(frozenset(parts), frozenset()))
    assert bool(cut.lines) == bool(cut.plan.money) == bool(cut.plan.sums) == (PublicPart.FUNDING in parts)
    assert bool(cut.plan.swot) == (PublicPart.SWOT in parts)
    assert any(task.report and task.report.text for task in cut.tasks) == (PublicPart.REPORTS in parts)
    assert [task.number for task in cut.tasks] == ["1.1", "1.2", "1.3", "2.1"]


async def test_what_was_not_public_then_does_not_become_it_by_being_published_now(made: Made) -> None:
    then = await frozen_of(made, parts=[PublicPart.REVIEWS])
    cut = published_now(then, Public(ALL, frozenset()))
    assert (cut.lines, cut.plan.swot) == ((), ())
    assert {task.report.text for task in cut.tasks if task.report} == {""}


async def test_nobody_who_reported_is_in_what_residents_are_told_also_of_what_was_frozen_with_them(made: Made) -> None:
    then = await frozen_of(made, parts=list(PublicPart))
    assert {task.report.by for task in then.tasks if task.report} == {""}
    older = then.model_copy(
        update={
            "tasks": tuple(
                task.model_copy(update={"report": task.report and task.report.model_copy(update={"by": "somebody"})})
                for task in then.tasks
            )
        }
    )
    assert "somebody" not in published_now(older, Public(ALL, frozenset())).model_dump_json()
