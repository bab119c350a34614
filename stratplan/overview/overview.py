"""The plan's overview: how far it is, what is late and why, what comes next, whose money it is; all of it bounded."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from beanie import PydanticObjectId
from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.choice import Choice
from stratplan.goals.models import Goal, Task
from stratplan.goals.progress import percent
from stratplan.goals.queries import (
    TaskFigures,
    goal_progress,
    goals_in_order,
    plan_progress,
    task_figures,
    tasks_of_goal,
)
from stratplan.goals.states import Execution, Outcome, Schedule
from stratplan.i18n import _, ngettext
from stratplan.investments.models import InvestmentLine
from stratplan.investments.money import PlanMoney
from stratplan.investments.queries import money_of
from stratplan.investments.sums import Axis, Row
from stratplan.numbering import number_key
from stratplan.overview.explanation_parts import Said, goal_figure, in_address, lead_unit, schedule_figure, task_figure
from stratplan.overview.money_explanations import breakdown_table
from stratplan.overview.money_names import in_document_order, name_of
from stratplan.overview.schedule_explanations import said_schedule
from stratplan.permissions import Permission
from stratplan.plans.models import FundingSource, Organisation
from stratplan.reviews.queries import closed_by
from stratplan.snapshot import Snapshot
from stratplan.swot.models import SwotEntry
from stratplan.units.models import Unit
from stratplan.view import View
from stratplan.web import page

LATE_AT_ONCE = 8
DEADLINES_AT_ONCE = 5
GOALS_AT_ONCE = 12
LONGEST_WHY = 160
LATE = (Schedule.OVERDUE, Schedule.BEHIND)
UNCLOCKED = (Execution.SUSPENDED, Execution.CANCELLED)  # they have no schedule


# --- the tasks of a plan, counted once for each revision and day -------------------------------------------


@dataclass(frozen=True, slots=True)
class Tally:
    """The tasks of a plan on a day: how many stand how, which are the latest, which are due next."""

    tasks: int
    execution: Mapping[Execution, int]
    outcome: Mapping[Outcome, int]
    schedule: Mapping[Schedule | None, int]
    reported: int
    last_report: date | None
    late: Sequence[TaskFigures]
    due_next: Sequence[TaskFigures]


SortKey = tuple[int | str, ...]
Lateness = tuple[bool, int, int, SortKey, PydanticObjectId]  # overdue before behind, then the latest, the task
Nearness = tuple[date, SortKey, PydanticObjectId]  # the deadline, the task


class Stand(NamedTuple):
    """How one task stands, in what is counted and compared: kept for as long as the task is left alone.

    States are plain texts, since those of thousands are counted several times quicker than members of an enum.
    """

    execution: str
    outcome: str
    schedule: str | None
    reported: bool
    report_on: date | None
    lateness: Lateness | None
    nearness: Nearness | None


def tally(snapshot: Snapshot, day: date) -> Tally:
    """The tasks counted by state; the most overdue and then the most behind, and the next deadlines."""

    def counted() -> Tally:
        figures = task_figures(snapshot, day)
        stands = snapshot.each(("stand", day), Task, lambda task: _stand(figures[task.key])).values()
        late = heapq.nsmallest(LATE_AT_ONCE, [stand.lateness for stand in stands if stand.lateness is not None])
        due = heapq.nsmallest(DEADLINES_AT_ONCE, [stand.nearness for stand in stands if stand.nearness is not None])
        execution = Counter(stand.execution for stand in stands)
        outcome = Counter(stand.outcome for stand in stands)
        schedule = Counter(stand.schedule for stand in stands)
        return Tally(
            tasks=len(stands),
            execution={state: execution[state.value] for state in Execution},
            outcome={state: outcome[state.value] for state in Outcome},
            schedule={None: schedule[None], **{state: schedule[state.value] for state in Schedule}},
            reported=sum(stand.reported for stand in stands),
            last_report=max((stand.report_on for stand in stands if stand.report_on is not None), default=None),
            late=[figures[key] for *_order, key in late],
            due_next=[figures[key] for *_order, key in due],
        )

    return snapshot.derive(("tally", day), counted)


def _stand(entry: TaskFigures) -> Stand:
    task, standing, schedule = entry.task, entry.standing, entry.schedule
    number = number_key(task.number)
    is_overdue = schedule is Schedule.OVERDUE
    is_late = schedule in LATE
    behind = -int(standing.gap * 1_000_000)  # whole numbers compare quicker than fractions
    is_coming = standing.days_left >= 0 and schedule not in (None, Schedule.DONE)
    return Stand(
        execution=entry.execution.value,
        outcome=entry.outcome.value,
        schedule=None if schedule is None else schedule.value,
        reported=entry.progress.reported,
        report_on=None if entry.last is None else entry.last.on,
        lateness=(not is_overdue, standing.days_left if is_overdue else 0, behind, number, task.key)
        if is_late
        else None,
        nearness=(standing.deadline, number, task.key) if is_coming else None,
    )


# --- what the page shows -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task in a short list, with what is said of it."""

    task: Task
    path: str
    unit: Said
    schedule: Schedule | None
    standing: str
    percent: int
    progress_path: str
    schedule_path: str
    why: str


@dataclass(frozen=True, slots=True)
class GoalLine:
    """A goal with its progress; `percent` None where there is no figure."""

    goal: Goal
    path: str
    percent: int | None
    progress_path: str
    tasks: int
    late: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a chart's bar, in the words of components/charts.html."""

    label: str
    count: int
    text: str
    share: float
    tone: str
    path: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart; `value` None where nothing is known."""

    value: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars that stand together, of one source or year."""

    label: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What to do to fill a new plan, and whether it is done."""

    title: str
    text: str
    path: str
    permission: str
    is_done: bool


def goal_lines(snapshot: Snapshot, day: date) -> list[GoalLine]:
    """The first goals with their progress."""
    by_goal, figures = goal_progress(snapshot, day), task_figures(snapshot, day)
    lines = []
    for goal in goals_in_order(snapshot)[:GOALS_AT_ONCE]:
        combined, tasks = by_goal[goal.key], tasks_of_goal(snapshot, goal)
        lines.append(
            GoalLine(
                goal=goal,
                path=f"/goals/{in_address(goal)}",
                percent=None if combined.value is None else percent(combined.value),
                progress_path=goal_figure(goal),
                tasks=len(tasks),
                late=sum(figures[task.key].schedule in LATE for task in tasks),
            )
        )
    return lines


def task_lines(
    snapshot: Snapshot, entries: Iterable[TaskFigures], said: Callable[[TaskFigures], str]
) -> list[TaskLine]:
    """Tasks for a short list; `said` tells what stands beside each."""
    return [
        TaskLine(
            task=entry.task,
            path=f"/tasks/{in_address(entry.task)}",
            unit=lead_unit(snapshot, entry.task),
            schedule=entry.schedule,
            standing=said(entry),
            percent=percent(entry.progress.value),
            progress_path=task_figure(entry.task),
            schedule_path=schedule_figure(entry.task),
            why="" if entry.last is None else _shortened(entry.last.text),
        )
        for entry in entries
    ]


def said_lateness(entry: TaskFigures) -> str:
    """How late a task is: days over its deadline, or percentage points under the elapsed share of its period."""
    if entry.schedule is Schedule.OVERDUE:
        return said_schedule(entry)
    points = int(i18n.half_up(entry.standing.gap * 100))
    return ngettext("Behind by %(num)s point", "Behind by %(num)s points", points)


def said_deadline(entry: TaskFigures) -> str:
    """When a task is due."""
    left = entry.standing.days_left
    return _("today") if left == 0 else ngettext("in %(num)s day", "in %(num)s days", left)


def _shortened(text: str) -> str:
    first = text.partition("\n")[0]
    return first if len(first) <= LONGEST_WHY else first[: LONGEST_WHY - 1].rsplit(" ", 1)[0] + "…"


def execution_segments(counted: Tally) -> list[Segment]:
    """The tasks by how far the work is."""
    return [_segment(state, counted.execution[state], counted.tasks, "execution") for state in Execution]


def schedule_segments(counted: Tally) -> list[Segment]:
    """The tasks by how they stand against their period; those without a schedule by why they have none."""
    return [
        *(_segment(state, counted.schedule[state], counted.tasks, "schedule") for state in Schedule),
        *(_segment(state, counted.execution[state], counted.tasks, "execution") for state in UNCLOCKED),
    ]


def _segment(state: Choice, count: int, total: int, name: str) -> Segment:
    return Segment(
        label=_(state.label),
        count=count,
        text=i18n.number(count),
        share=count / total if total else 0.0,
        tone=f"t-{state.tone}",
        path=f"/tasks?{name}={state.value}",
    )


def bars_by(snapshot: Snapshot, money: PlanMoney, axis: Axis) -> list[Bars]:
    """Indicative, contracted and spent thousands of EUR under each key of an axis."""
    return [
        Bars(
            label=_("Not stated") if row.key is None else name_of(snapshot, axis, row.key),
            bars=tuple(_bar(amount) for amount in _three(row)),
        )
        for row in in_document_order(snapshot, axis, money.by(axis).rows)
    ]


def _three(row: Row) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    return row.sums.amount, row.sums.contracted, row.sums.spent


def _bar(amount: Decimal | None) -> Bar:
    if amount is None:
        return Bar(None, "")
    return Bar(float(amount), i18n.number(amount / 1000, 0 if amount >= 10_000 else 1))


def first_steps(snapshot: Snapshot) -> list[Step]:
    """What a plan without tasks needs, in the order in which it is easiest."""
    plan = snapshot.plan
    return [
        Step(
            _("Write down the mission and the vision"),
            _("And the decision by which the plan was approved."),
            "/edit",
            Permission.PLANS_WRITE,
            bool(plan.mission and plan.vision),
        ),
        Step(
            _("Add the goals"),
            _("Each with its code, such as SM1."),
            "/goals/new",
            Permission.GOALS_WRITE,
            bool(snapshot.all(Goal)),
        ),
        Step(
            _("Add the responsible units"),
            _("They are shared by all plans of the organisation."),
            "/units/new",
            Permission.UNITS_WRITE,
            bool(snapshot.all(Unit)),
        ),
        Step(
            _("Name the funding sources"),
            _("Such as the municipal budget and the state budget."),
            "/sources/new",
            Permission.PLANS_WRITE,
            bool(snapshot.all(FundingSource)),
        ),
        Step(
            _("Add the tasks"),
            _("With their results, periods and responsible units."),
            "/tasks/new",
            Permission.GOALS_WRITE,
            bool(snapshot.all(Task)),
        ),
        Step(
            _("Add the investment lines"),
            _("What the tasks cost, and who pays."),
            "/investments/new",
            Permission.INVESTMENTS_WRITE,
            bool(snapshot.all(InvestmentLine)),
        ),
        Step(
            _("Add the SWOT analysis"),
            _("And which goals and tasks answer it."),
            "/swot",
            Permission.SWOT_WRITE,
            bool(snapshot.all(SwotEntry)),
        ),
    ]


def said_years(view: View) -> str:
    """What is to be said of a day outside the plan's years; nothing within them."""
    begins, ends = date(view.plan.first_year, 1, 1), date(view.plan.last_year, 12, 31)
    if view.day < begins:
        return _("The plan's years have not begun: they begin on %(day)s.", day=i18n.short_date(begins))
    if view.day > ends:
        return _("The plan's years are over: they ended on %(day)s.", day=i18n.short_date(ends))
    return ""


def said_decision(view: View) -> str:
    """By what decision the plan was approved; nothing where none is entered."""
    number, on = view.plan.decision_number, view.plan.decision_date
    if number and on:
        return _("Decision No. %(number)s of %(day)s", number=number, day=i18n.short_date(on))
    if number:
        return _("Decision No. %(number)s", number=number)
    return _("Decision of %(day)s", day=i18n.short_date(on)) if on else ""


@get("/plans/{slug:str}", permission=Permission.PLANS_READ, kept=True)
async def show_plan(request: HTMXRequest, view: View) -> Response[str]:
    """The plan at a glance."""
    snapshot, day = view.snapshot, view.day
    counted = tally(snapshot, day)
    progress = plan_progress(snapshot, day)
    money = money_of(snapshot, day)
    organisation = snapshot.find(Organisation, view.plan.organisation)
    return await page(
        request,
        "overview/overview.html",
        {
            "organisation": "" if organisation is None else organisation.name,
            "decision": said_decision(view),
            "outside_years": said_years(view),
            "ends_to_look_at": view.quarters[-4:],
            "steps": first_steps(snapshot) if not counted.tasks and view.rights.sees_unpublished else [],
            "tally": counted,
            "percent": None if progress.value is None else percent(progress.value),
            "goals": goal_lines(snapshot, day),
            "goals_in_all": len(goals_in_order(snapshot)),
            "overdue": counted.schedule[Schedule.OVERDUE],
            "behind": counted.schedule[Schedule.BEHIND],
            "late": task_lines(snapshot, counted.late, said_lateness),
            "due_next": task_lines(snapshot, counted.due_next, said_deadline),
            "execution": execution_segments(counted),
            "schedule": schedule_segments(counted),
            "money": money,
            "source_bars": bars_by(snapshot, money, Axis.SOURCE),
            "year_bars": bars_by(snapshot, money, Axis.YEAR),
            "by_source": breakdown_table(snapshot, money, Axis.SOURCE),
            "by_year": breakdown_table(snapshot, money, Axis.YEAR),
            "has_closed_review": view.can(Permission.REVIEWS_READ) and bool(closed_by(snapshot, day)),
        },
        view=view,
        section="overview",
    )


handlers = [show_plan]
