"""The pages that residents read: the plan, its goals and tasks. The same figures as everywhere, in plain words."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.goals.action_plan import Selection, action_plan, read_selection
from stratplan.goals.models import Goal
from stratplan.goals.progress import percent
from stratplan.goals.queries import (
    find_goal,
    find_task,
    goal_progress,
    goals_in_order,
    plan_progress,
    reports_of,
    task_figures,
    tasks_of_goal,
)
from stratplan.goals.states import Execution, Schedule
from stratplan.goals.task_sets import Facet
from stratplan.i18n import _, ngettext
from stratplan.investments.queries import lines_of_task, money_of
from stratplan.overview.explanation_parts import goal_figure, schedule_figure, task_figure
from stratplan.overview.goal_page import counts_by_state, money_of_goal
from stratplan.overview.overview import (
    Tally,
    said_deadline,
    said_decision,
    said_lateness,
    said_years,
    tally,
    task_lines,
)
from stratplan.overview.task_page import chart_of, milestone_rows, previous_and_next, progress_note, schedule_note
from stratplan.permissions import Permission
from stratplan.plans.models import FundingSource
from stratplan.public.money_pages import money_by_source
from stratplan.public.resident_view import AS_RESIDENT, ResidentView, resident_page
from stratplan.units.models import Unit

FILTERS = (Facet.GOAL, Facet.EXECUTION, Facet.SCHEDULE)


def said_states(counted: Tally) -> list[tuple[Execution, str, str]]:
    """How many tasks are how far, as sentences, each with the query that lists them; what no task is, is left out."""
    numbers = counted.execution
    said = {
        Execution.COMPLETED: ngettext(
            "%(num)s task is completed", "%(num)s tasks are completed", numbers[Execution.COMPLETED]
        ),
        Execution.IN_PROGRESS: ngettext(
            "%(num)s task is being worked on", "%(num)s tasks are being worked on", numbers[Execution.IN_PROGRESS]
        ),
        Execution.NOT_STARTED: ngettext(
            "%(num)s task has not begun", "%(num)s tasks have not begun", numbers[Execution.NOT_STARTED]
        ),
        Execution.SUSPENDED: ngettext(
            "%(num)s task is suspended", "%(num)s tasks are suspended", numbers[Execution.SUSPENDED]
        ),
        Execution.CANCELLED: ngettext(
            "%(num)s task is cancelled", "%(num)s tasks are cancelled", numbers[Execution.CANCELLED]
        ),
    }
    order = (
        Execution.COMPLETED,
        Execution.IN_PROGRESS,
        Execution.NOT_STARTED,
        Execution.SUSPENDED,
        Execution.CANCELLED,
    )
    return [(state, said[state], f"/tasks?execution={state.value}") for state in order if numbers[state]]


def said_progress(value: int | None) -> str:
    """How far the plan is, in words."""
    if value is None:
        return _("Nothing can be said of its progress yet.")
    return _("%(percent)s of the plan is done.", percent=i18n.percent(value))


def goal_rows(view: ResidentView) -> list[dict[str, Any]]:
    """The goals with their progress and how many of their tasks are late."""
    progress, figures = goal_progress(view.snapshot, view.day), task_figures(view.snapshot, view.day)
    rows = []
    for goal in goals_in_order(view.snapshot):
        value, tasks = progress[goal.key].value, tasks_of_goal(view.snapshot, goal)
        rows.append(
            {
                "goal": goal,
                "percent": None if value is None else percent(value),
                "tasks": len(tasks),
                "late": sum(figures[task.key].schedule is Schedule.OVERDUE for task in tasks),
            }
        )
    return rows


@get("/p/{slug:str}", permission=Permission.PLANS_READ, kept=True, **AS_RESIDENT)
async def show_plan_to_residents(request: HTMXRequest, view: ResidentView) -> Response[str]:
    """The plan: what it is for, how far it is, what is late, whose money it is."""
    snapshot, day = view.snapshot, view.day
    counted, progress = tally(snapshot, day), plan_progress(snapshot, day).value
    shown = None if progress is None else percent(progress)
    money = money_of(snapshot, day)
    return resident_page(
        request,
        "public/plan.html",
        view,
        context={
            "tally": counted,
            "percent": shown,
            "said_progress": said_progress(shown),
            "states": said_states(counted),
            "overdue": counted.schedule[Schedule.OVERDUE],
            "late": task_lines(
                snapshot, [one for one in counted.late if one.schedule is Schedule.OVERDUE], said_lateness
            ),
            "due_next": task_lines(snapshot, counted.due_next, said_deadline),
            "goals": goal_rows(view),
            "money": money,
            "by_source": money_by_source(snapshot, day),
            "outside_years": said_years(view),
            "decision": said_decision(view),
        },
        description=view.plan.summary or view.plan.mission or view.plan.title,
        section="plan",
    )


@get("/p/{slug:str}/goals/{code:str}", permission=Permission.GOALS_READ, kept=True, **AS_RESIDENT)
async def show_goal_to_residents(request: HTMXRequest, view: ResidentView, code: str) -> Response[str]:
    """One goal with its tasks."""
    snapshot, day = view.snapshot, view.day
    goal: Goal = find_goal(snapshot, code)
    value = goal_progress(snapshot, day)[goal.key].value
    return resident_page(
        request,
        "public/goal.html",
        view,
        context={
            "goal": goal,
            "percent": None if value is None else percent(value),
            "figure": goal_figure(goal),
            "states": counts_by_state(snapshot, goal, day)[0],
            "total": len(tasks_of_goal(snapshot, goal)),
            "tasks": action_plan(snapshot, day, Selection({Facet.GOAL: goal.code}), paged=False),
            "money": money_of_goal(snapshot, goal, day),
            "goals": goals_in_order(snapshot),
        },
        description=goal.summary or goal.description or goal.title,
        section="plan",
    )


@get("/p/{slug:str}/tasks", permission=Permission.GOALS_READ, kept=True, **AS_RESIDENT)
async def list_tasks_for_residents(request: HTMXRequest, view: ResidentView) -> Response[str]:
    """All tasks; `q` has words to look for, `goal`, `execution` and `schedule` narrow them."""
    selection = read_selection(view.snapshot, view.day, dict(view.asked))
    kept = {facet: value for facet, value in selection.chosen.items() if facet in FILTERS}
    plan = action_plan(view.snapshot, view.day, Selection(kept, selection.text, page=selection.page))
    return resident_page(
        request,
        "public/tasks.html",
        view,
        context={"plan": plan, "filters": [one for one in plan.filters if one.facet in FILTERS]},
        description=_("All tasks of the plan: %(plan)s", plan=view.plan.title),
        section="tasks",
    )


@get("/p/{slug:str}/tasks/{number:str}", permission=Permission.GOALS_READ, kept=True, **AS_RESIDENT)
async def show_task_to_residents(request: HTMXRequest, view: ResidentView, number: str) -> Response[str]:
    """One task: what is promised, who is responsible, how far it is."""
    snapshot, day = view.snapshot, view.day
    task = find_task(snapshot, number)
    figures = task_figures(snapshot, day)[task.key]
    reports = [report for report in reports_of(snapshot, task) if report.on <= day]
    money = money_of(snapshot, day).by_number
    before, after = previous_and_next(snapshot, task)
    return resident_page(
        request,
        "public/task.html",
        view,
        context={
            "task": task,
            "figures": figures,
            "percent": percent(figures.progress.value),
            "progress_note": progress_note(figures),
            "schedule_note": schedule_note(figures, reports, day),
            "progress_path": task_figure(task),
            "schedule_path": schedule_figure(task),
            "goal": snapshot.find(Goal, task.goal),
            "lead": snapshot.find(Unit, task.lead),
            "partners": [unit for key in task.partners if (unit := snapshot.find(Unit, key)) is not None],
            "sources": [source for key in task.sources if (source := snapshot.find(FundingSource, key)) is not None],
            "milestones": milestone_rows(task, day),
            "chart": chart_of(task, reports, day),
            "told": [report for report in reversed(reports) if report.text],
            "lines": [(line, money[line.number]) for line in lines_of_task(snapshot, task)],
            "previous": before,
            "next": after,
        },
        description=f"{task.title}. {task.result}",
        section="tasks",
    )


handlers = [show_plan_to_residents, show_goal_to_residents, list_tasks_for_residents, show_task_to_residents]
