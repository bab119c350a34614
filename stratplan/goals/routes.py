"""Pages of goals and tasks: the action plan, and the forms that its modules bring."""

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.goals import goal_forms, milestone_forms, reports, task_forms
from stratplan.goals.action_plan import action_plan, read_selection
from stratplan.goals.task_sets import Grouping
from stratplan.permissions import Permission
from stratplan.view import View
from stratplan.web import page


@get("/plans/{slug:str}/tasks", permission=Permission.GOALS_READ, kept=True)
async def list_tasks(request: HTMXRequest, view: View) -> Response[str]:
    """The action plan: the document's table, filtered and grouped as the address asks."""
    selection = read_selection(view.snapshot, view.day, dict(view.asked))
    return await page(
        request,
        "goals/action_plan.html",
        {"plan": action_plan(view.snapshot, view.day, selection), "groupings": list(Grouping)},
        view=view,
        section="tasks",
        fragment="goals/_action_plan.html",
    )


handlers: list[object] = [
    list_tasks,
    *goal_forms.handlers,
    *task_forms.handlers,
    *milestone_forms.handlers,
    *reports.handlers,
]
