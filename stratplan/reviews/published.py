"""What of an old statement residents may still see: pure.

A statement that was frozen for residents has what was public then. What was made internal or withdrawn since vanishes
from it at once, and figures that it was part of are computed anew without it, so that nobody works it out of a sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol, TypeVar

from stratplan.goals.progress import Combined, LeftOutReason, Weighted, combine
from stratplan.goals.states import Execution
from stratplan.investments.checks import CheckCode
from stratplan.numbering import is_under
from stratplan.plans.models import PublicPart
from stratplan.reviews.statement import (
    Amounts,
    CheckStated,
    Counts,
    GoalStated,
    LineStated,
    MoneyStated,
    PartStated,
    PlanStated,
    ReportStated,
    Stated,
    Statement,
    SumStated,
    SwotStated,
    TaskStated,
    UnitMoney,
    UnitNamed,
)

P = TypeVar("P", bound=Stated)


@dataclass(frozen=True, slots=True)
class Public:
    """What is public now: the parts that the plan publishes, and the keys of what is internal in it."""

    parts: frozenset[str]
    internal: frozenset[str]


def published_now(statement: Statement, public: Public) -> Statement:
    """The statement without what is not public any more."""
    return _Cut(statement, public).made


class _Cut:
    """A statement and what is left of it."""

    def __init__(self, statement: Statement, public: Public) -> None:
        self.old = statement
        self.public = public
        self.goals = [goal for goal in statement.plan.goals if self._is_public(goal.key)]
        self.codes = {goal.code for goal in self.goals}
        self.shown_tasks = [task for task in statement.tasks if self._is_public(task.key, task.goal)]
        self.numbers = {task.number for task in self.shown_tasks}
        has_funding = self._publishes(PublicPart.FUNDING)
        self.shown_lines = [line for line in statement.lines if has_funding and self._is_public(line.key, line.goal)]
        self.line_numbers = {line.number for line in self.shown_lines}

    def _is_public(self, *keys: str) -> bool:
        return self.public.internal.isdisjoint(keys)

    def _publishes(self, part: PublicPart) -> bool:
        return part in self.public.parts

    @property
    def made(self) -> Statement:
        tasks = tuple(self._task(task) for task in self.shown_tasks)
        lines = tuple(self.lines)
        return Statement(plan=self._plan(tasks, lines), tasks=tasks, lines=lines)

    def _task(self, task: TaskStated) -> TaskStated:
        lines = tuple(number for number in task.lines if number in self.line_numbers)
        return _with(task, lines=lines, report=self._report(task.report))

    def _report(self, report: ReportStated | None) -> ReportStated | None:
        if report is None:
            return None
        nameless = _with(report, by="")  # some were frozen with it
        if self._publishes(PublicPart.REPORTS):
            return nameless
        return _with(nameless, text="", next_steps="", obstacles="")

    # --- money ------------------------------------------------------------------------------------------------

    @cached_property
    def lines(self) -> Sequence[LineStated]:
        leads = {task.number: task.lead for task in self.shown_tasks}
        shown = [self._line(line, leads) for line in self.shown_lines]
        if len(shown) == len(self.old.lines):
            return shown
        return [_with(line, sums=_under(line, shown)) if line.heading else line for line in shown]

    def _line(self, line: LineStated, leads: Mapping[str, UnitNamed | None]) -> LineStated:
        tasks = tuple(number for number in line.tasks if number in self.numbers)
        if tasks == line.tasks:
            return line
        kept = {unit.key for number in tasks if (unit := leads[number]) is not None}
        return _with(line, tasks=tasks, units=tuple(unit for unit in line.units if unit.key in kept))

    def _money(self, plan: PlanStated, lines: Sequence[LineStated]) -> dict[str, Any]:
        if not self._publishes(PublicPart.FUNDING):
            return {"sums": (), "money": (), "unit_money": (), "checks": (), "columns": ()}
        checks = tuple(check for check in plan.checks if self._is_about_what_is_shown(check))
        if len(lines) == len(self.old.lines) and len(self.shown_tasks) == len(self.old.tasks):
            return {"checks": checks}
        codes = [goal.code for goal in self.goals if any(line.goal_code == goal.code for line in lines)]
        return {
            "sums": tuple(_sum(plan, code, lines) for code in (*codes, None)),
            "money": tuple(_cross(lines)),
            "unit_money": tuple(_by_unit(lines)),
            "checks": checks,
        }

    def _is_about_what_is_shown(self, check: CheckStated) -> bool:
        """Whether a check is of what is still shown, and adds up nothing that is not. Lines and tasks have numbers of
        their own, which may be the same."""
        if check.code == CheckCode.SOURCE_WITHOUT_LINE.value:
            return check.subject in self.numbers
        hidden = (line.number for line in self.old.lines if line.number not in self.line_numbers)
        return check.subject in self.line_numbers and not any(is_under(number, check.subject) for number in hidden)

    # --- the plan ---------------------------------------------------------------------------------------------

    def _plan(self, tasks: Sequence[TaskStated], lines: Sequence[LineStated]) -> PlanStated:
        plan = self.old.plan
        swot = plan.swot if self._publishes(PublicPart.SWOT) else ()
        sections = plan.sections if self._publishes(PublicPart.TEXTS) else ()
        return _with(
            plan,
            **self._figures(plan, tasks),
            **self._money(plan, lines),
            swot=tuple(self._entry(entry) for entry in swot if self._is_public(entry.key)),
            sections=tuple(section for section in sections if self._is_public(section.key)),
        )

    def _entry(self, entry: SwotStated) -> SwotStated:
        goals = tuple(code for code in entry.goals if code in self.codes)
        return _with(entry, goals=goals, tasks=tuple(number for number in entry.tasks if number in self.numbers))

    def _figures(self, plan: PlanStated, tasks: Sequence[TaskStated]) -> dict[str, Any]:
        if len(tasks) == len(self.old.tasks) and len(self.goals) == len(plan.goals):
            return {}
        by_goal = progress_by_goal(self.goals, tasks)
        goals = tuple(
            _with(goal, progress=found.value, reported=found.reported, tasks=found.total)
            for goal, found in zip(self.goals, by_goal, strict=True)
        )
        return {"goals": goals, "progress": plan_progress(self.goals, by_goal), "counts": _counts(tasks)}


# --- figures of fewer tasks and lines -------------------------------------------------------------------------


class Counted(Protocol):
    """What is read of a task for the progress of its goal."""

    @property
    def key(self) -> str: ...
    @property
    def goal(self) -> str: ...
    @property
    def weight(self) -> Decimal: ...
    @property
    def execution(self) -> Execution: ...
    @property
    def progress(self) -> Fraction: ...
    @property
    def has_reported(self) -> bool: ...


def weighted(task: Counted, value: Fraction) -> Weighted:
    """A task as a part of its goal, with a value of it; a cancelled one is left out."""
    left_out = None if task.execution.is_counted else LeftOutReason.CANCELLED
    return Weighted(task.key, task.weight, value, int(task.has_reported), 1, left_out)


def progress_by_goal(goals: Iterable[GoalStated], tasks: Iterable[Counted]) -> list[Combined]:
    """The progress of each goal over these tasks (domain.md, Progress)."""
    parts: defaultdict[str, list[Weighted]] = defaultdict(list)
    for task in tasks:
        parts[task.goal].append(weighted(task, task.progress))
    return [combine(parts[goal.key]) for goal in goals]


def plan_progress(goals: Iterable[GoalStated], by_goal: Iterable[Combined]) -> Fraction | None:
    """The progress of the plan over these goals, whose progress is given in the same order."""
    pairs = zip(goals, by_goal, strict=True)
    return combine([Weighted.of_goal(goal.key, goal.weight, found) for goal, found in pairs]).value


def _counts(tasks: Sequence[TaskStated]) -> Counts:
    return Counts.of(
        ((task.execution, task.outcome, task.schedule) for task in tasks),
        reported=sum(task.has_reported for task in tasks),
        last_report=max((task.report.on for task in tasks if task.report is not None), default=None),
    )


def _under(heading: LineStated, lines: Iterable[LineStated]) -> Amounts:
    return Amounts.together(line.sums for line in lines if not line.heading and is_under(line.number, heading.number))


def _cross(lines: Iterable[LineStated]) -> Iterable[MoneyStated]:
    cells: defaultdict[tuple[str | None, str | None, int | None], Amounts] = defaultdict(Amounts)
    for line in lines:
        for cell in line.cells:
            key = (line.goal_code, cell.source, cell.year)
            cells[key] = Amounts.together((cells[key], cell.sums))
    for (goal_code, source, year), sums in cells.items():
        yield MoneyStated(goal_code=goal_code, source=source, year=year, sums=sums)


def _sum(plan: PlanStated, code: str | None, lines: Sequence[LineStated]) -> SumStated:
    own = [line for line in lines if code in (None, line.goal_code) and not line.heading]
    by_source: defaultdict[str | None, list[Amounts]] = defaultdict(list)
    for line in own:
        for cell in line.cells:
            by_source[cell.source].append(cell.sums)
    amounts = {source: Amounts.together(found).amount for source, found in by_source.items()}
    return SumStated(
        goal_code=code,
        parts=tuple(_parts(plan, amounts)),
        sums=Amounts.together(line.sums for line in own),
        left_out=tuple(line.number for line in own if line.total is None),
    )


def _parts(plan: PlanStated, amounts: Mapping[str | None, Decimal | None]) -> Iterable[PartStated]:
    for source in plan.sources:
        if (amount := amounts.get(source.code)) is not None:
            yield PartStated(source=source.code, funding=source.funding, percent=None, amount=amount)
    if outside := amounts.get(None):
        yield PartStated(source=None, funding=None, percent=None, amount=outside)


def _by_unit(lines: Iterable[LineStated]) -> Iterable[UnitMoney]:
    found: defaultdict[tuple[UnitNamed, ...], list[Amounts]] = defaultdict(list)
    for line in lines:
        if not (line.heading or line.sums.is_empty):
            found[line.units].append(line.sums)
    for units, sums in found.items():
        yield UnitMoney(units=units, sums=Amounts.together(sums))


def _with(piece: P, **values: Any) -> P:
    return piece.model_copy(update=values)
