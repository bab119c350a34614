"""How the plan went over its closed reviews: progress reported against what the time that had passed would ask for, and
money by source. Pure, over the few fields of statements that it needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from stratplan.goals.progress import Weighted, combine
from stratplan.goals.states import Execution
from stratplan.plans.models import PublicPart
from stratplan.reviews.published import Public, weighted
from stratplan.reviews.statement import Amounts, CellStated, GoalStated, Share, SourceStated, Stated, UnitNamed


class TrendTask(Stated):
    """What is read of a task."""

    key: str
    goal: str
    lead: UnitNamed | None = None
    weight: Decimal
    execution: Execution
    progress: Share
    has_reported: bool
    elapsed: Share


class TrendLine(Stated):
    """What is read of an investment line."""

    key: str
    goal: str
    heading: bool = False
    cells: tuple[CellStated, ...] = ()


class TrendPlan(Stated):
    """What is read of a plan."""

    day: date
    goals: tuple[GoalStated, ...] = ()
    sources: tuple[SourceStated, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How the plan stood at one closed review; `code` is the review's."""

    code: str
    plan: TrendPlan
    tasks: tuple[TrendTask, ...]
    lines: tuple[TrendLine, ...]

    def published(self, public: Public) -> Standing:
        """The same without what is not public any more."""
        goals = tuple(goal for goal in self.plan.goals if goal.key not in public.internal)
        tasks = (task for task in self.tasks if public.internal.isdisjoint((task.key, task.goal)))
        lines = self.lines if PublicPart.FUNDING in public.parts else ()
        kept = (line for line in lines if public.internal.isdisjoint((line.key, line.goal)))
        plan = self.plan.model_copy(update={"goals": goals})
        return Standing(self.code, plan, tuple(tasks), tuple(kept))


@dataclass(frozen=True, slots=True)
class Point:
    """Two shares of one at one review: reported, and planned (how much of the periods had passed); None: no task."""

    reported: Fraction | None
    planned: Fraction | None


@dataclass(frozen=True, slots=True)
class Series:
    """Progress over the reviews of the plan, of a goal or of a unit, a point for each review."""

    key: str
    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class MoneySeries:
    """Money from one source over the reviews, as far as each had it, for all years together; `code` None: of none."""

    code: str | None
    sums: tuple[Amounts, ...]


def of_plan(standings: Sequence[Standing]) -> Series:
    """The whole plan: over its goals by their weights, as its progress is."""
    return Series("", "", tuple(_plan_point(standing) for standing in standings))


def _plan_point(standing: Standing) -> Point:
    goals, tasks = standing.plan.goals, _grouped(standing.tasks, "goal")
    points = [_point(tasks.get(goal.key, ())) for goal in goals]
    return Point(
        reported=combine([_goal(goal, point.reported) for goal, point in zip(goals, points, strict=True)]).value,
        planned=combine([_goal(goal, point.planned) for goal, point in zip(goals, points, strict=True)]).value,
    )


def _goal(goal: GoalStated, value: Fraction | None) -> Weighted:
    return Weighted(goal.key, goal.weight, value, 0, 0)


def _point(tasks: Iterable[TrendTask]) -> Point:
    own = list(tasks)
    return Point(
        reported=combine([weighted(task, task.progress) for task in own]).value,
        planned=combine([weighted(task, task.elapsed) for task in own]).value,
    )


def of_goals(standings: Sequence[Standing]) -> list[Series]:
    """Each goal that some review has, under its last name, in the order of the last review that has it."""
    names = {goal.key: f"{goal.code} {goal.title}" for one in standings for goal in one.plan.goals}
    grouped = [_grouped(standing.tasks, "goal") for standing in standings]
    order = [goal.key for one in reversed(standings) for goal in one.plan.goals]
    return [_series(key, names[key], grouped) for key in dict.fromkeys(order)]


def of_units(standings: Sequence[Standing]) -> list[Series]:
    """Each unit that led tasks, under its last name: over those tasks by their weights."""
    names = {task.lead.key: task.lead.name for one in standings for task in one.tasks if task.lead is not None}
    grouped = [_grouped(standing.tasks, "lead") for standing in standings]
    return sorted((_series(key, name, grouped) for key, name in names.items()), key=lambda series: series.name)


def _grouped(tasks: Iterable[TrendTask], by: str) -> Mapping[str, list[TrendTask]]:
    found: defaultdict[str, list[TrendTask]] = defaultdict(list)
    for task in tasks:
        key = task.goal if by == "goal" else task.lead.key if task.lead is not None else ""
        found[key].append(task)
    return found


def _series(key: str, name: str, grouped: Iterable[Mapping[str, list[TrendTask]]]) -> Series:
    return Series(key, name, tuple(_point(tasks.get(key, ())) for tasks in grouped))


def of_money(standings: Sequence[Standing]) -> list[MoneySeries]:
    """Each source that money was ever stated of, under its last code, in the last review's order; what no source is
    named for comes last."""
    found = [_by_source(standing) for standing in standings]
    codes = {source.key: source.code for one in standings for source in one.plan.sources}
    order = [source.key for one in reversed(standings) for source in one.plan.sources]
    used = {key for sums in found for key in sums}
    keys: list[str | None] = [key for key in dict.fromkeys(order) if key in used]
    keys += sorted(key for key in used - set(keys) if key is not None)
    if None in used:
        keys.append(None)
    return [
        MoneySeries(None if key is None else codes.get(key, key), tuple(sums.get(key, Amounts()) for sums in found))
        for key in keys
    ]


def _by_source(standing: Standing) -> Mapping[str | None, Amounts]:
    """The money of each source, by its key; of a code that no source has, by that."""
    keys: dict[str | None, str] = {source.code: source.key for source in standing.plan.sources}
    found: defaultdict[str | None, Amounts] = defaultdict(Amounts)
    for line in standing.lines:
        if not line.heading:
            for cell in line.cells:
                key = keys.get(cell.source, cell.source)
                found[key] = Amounts.together((found[key], cell.sums))
    return found
