"""The page of one goal: how far it is, its tasks, its money, and what of the SWOT it answers."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.choice import Choice
from stratplan.goals.action_plan import Selection, action_plan
from stratplan.goals.models import Goal
from stratplan.goals.progress import percent
from stratplan.goals.queries import find_goal, goal_progress, goals_in_order, task_figures, tasks_by_goal
from stratplan.goals.states import Execution, Schedule
from stratplan.goals.task_sets import Facet
from stratplan.investments.models import InvestmentLine
from stratplan.investments.money import LineMoney
from stratplan.investments.queries import lines_of_goal, money_of
from stratplan.investments.sums import Axis, Sums
from stratplan.permissions import Permission
from stratplan.snapshot import Snapshot
from stratplan.swot.queries import entries_answered_by
from stratplan.view import View
from stratplan.web import page


@dataclass(frozen=True, slots=True)
class GoalMoney:
    """The money of a goal: its lines with theirs, the sums, and how many lines have no amount and are left out."""

    lines: list[tuple[InvestmentLine, LineMoney]]
    sums: Sums
    left_out: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many of the goal's tasks are in a state; `query` is the filter of the action plan that lists them."""

    state: Choice
    tasks: int
    query: dict[str, str]


def counts_by_state(snapshot: Snapshot, goal: Goal, day: date) -> list[list[Count]]:
    """The goal's tasks by execution and by schedule, in the states' order; states of no task are left out."""
    figures = [task_figures(snapshot, day)[task.key] for task in tasks_by_goal(snapshot)[goal.key]]
    by_execution = Counter(entry.execution for entry in figures)
    by_schedule = Counter(entry.schedule for entry in figures)
    query = {Facet.GOAL.value: goal.code}
    return [
        [
            Count(state, by_execution[state], query | {Facet.EXECUTION.value: state.value})
            for state in Execution
            if by_execution[state]
        ],
        [
            Count(state, by_schedule[state], query | {Facet.SCHEDULE.value: state.value})
            for state in Schedule
            if by_schedule[state]
        ],
    ]


def money_of_goal(snapshot: Snapshot, goal: Goal, day: date) -> GoalMoney:
    """The goal's part of the investment plan on the day."""
    money = money_of(snapshot, day)
    lines = [(line, money.by_number[line.number]) for line in lines_of_goal(snapshot, goal)]
    own = {line.number for line, _money in lines}
    sums = next((row.sums for row in money.by(Axis.GOAL).rows if row.key == goal.key), Sums())
    return GoalMoney(lines, sums, sum(number in own for number in money.left_out))


@get("/plans/{slug:str}/goals/{code:str}", permission=Permission.GOALS_READ, kept=True)
async def show_goal(request: HTMXRequest, view: View, code: str) -> Response[str]:
    """One goal, the most important first."""
    snapshot, day = view.snapshot, view.day
    goal = find_goal(snapshot, code)
    progress = goal_progress(snapshot, day)[goal.key]
    goals = goals_in_order(snapshot)
    place = goals.index(goal)
    context = {
        "goal": goal,
        "progress": progress,
        "percent": None if progress.value is None else percent(progress.value),
        "is_default_weight": goal.weight == Decimal(1),
        "tasks": action_plan(snapshot, day, Selection({Facet.GOAL: goal.code})),
        "total": len(tasks_by_goal(snapshot)[goal.key]),
        "states": counts_by_state(snapshot, goal, day),
        "money": money_of_goal(snapshot, goal, day),
        "swot": entries_answered_by(snapshot, [goal.key, *(task.key for task in tasks_by_goal(snapshot)[goal.key])]),
        "previous": goals[place - 1] if place else None,
        "next": goals[place + 1] if place + 1 < len(goals) else None,
        "can_edit": view.is_today and view.can(Permission.GOALS_WRITE),
    }
    return await page(request, "overview/goal.html", context, view=view, section="tasks")


handlers = [show_goal]
