"""The list of goals, with its forms: add, edit, order, delete."""

from decimal import Decimal
from typing import Annotated, Any

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import AfterValidator

from stratplan.documents import Code, Line, OptionalProse
from stratplan.forms import FormModel, Versioned, WeightField
from stratplan.goals.models import Goal
from stratplan.goals.progress import percent
from stratplan.goals.queries import find_goal, goal_progress, goals_in_order, tasks_by_goal
from stratplan.in_place import InPlace
from stratplan.numbering import clean_number, next_number
from stratplan.permissions import Permission
from stratplan.view import View
from stratplan.web import read_form


class GoalForm(FormModel):
    """A goal as the document has it, and how much it weighs in the plan's progress."""

    code: Annotated[Code, AfterValidator(clean_number)]
    title: Line
    description: OptionalProse = ""
    summary: OptionalProse = ""
    internal: bool = False
    weight: WeightField = Decimal(1)


class GoalEdit(GoalForm, Versioned):
    """The same, of a goal that exists."""


def _context(view: View) -> dict[str, Any]:
    progress = goal_progress(view.snapshot, view.day)
    return {
        "goals": [
            {
                "goal": goal,
                "tasks": len(tasks_by_goal(view.snapshot)[goal.key]),
                "percent": None if (value := progress[goal.key].value) is None else percent(value),
            }
            for goal in goals_in_order(view.snapshot)
        ],
    }


GOALS = InPlace(
    kind=Goal,
    form=GoalForm,
    edit_form=GoalEdit,
    path="/goals",
    section="tasks",
    template="goals/goals.html",
    fragment="goals/_goals.html",
    context=_context,
)


def suggested_code(codes: list[str]) -> str:
    """The code that the next goal may have: the last one's letters with the next number, or SM1."""
    letters = codes[-1].rstrip("0123456789") if codes else "SM"
    return next_number(codes, letters)


@get("/plans/{slug:str}/goals", permission=Permission.GOALS_READ, kept=True)
async def list_goals(request: HTMXRequest, view: View) -> Response[str]:
    """The goals in their order."""
    return await GOALS.show(request, view)


@get("/plans/{slug:str}/goals/new", permission=Permission.GOALS_WRITE)
async def new_goal(request: HTMXRequest, view: View) -> Response[str]:
    """The form for one more goal."""
    code = suggested_code([goal.code for goal in goals_in_order(view.snapshot)])
    return await GOALS.new(request, view, code=code, weight=Decimal(1))


@post("/plans/{slug:str}/goals", permission=Permission.GOALS_WRITE)
async def create_goal(request: HTMXRequest, view: View) -> Response[Any]:
    """Add a goal after the others."""
    last = max((goal.order for goal in goals_in_order(view.snapshot)), default=0)
    return await GOALS.create(request, view, order=last + 1)


@get("/plans/{slug:str}/goals/{code:str}/edit", permission=Permission.GOALS_WRITE)
async def edit_goal(request: HTMXRequest, view: View, code: str) -> Response[str]:
    """The form of one goal, in its place."""
    return await GOALS.edit(request, view, str(find_goal(view.snapshot, code).key))


@post("/plans/{slug:str}/goals/{code:str}", permission=Permission.GOALS_WRITE)
async def update_goal(request: HTMXRequest, view: View, code: str) -> Response[Any]:
    """Change a goal."""
    await read_form(request, GoalEdit)  # a goal that is gone gives back what was typed
    return await GOALS.update(request, view, str(find_goal(view.snapshot, code).key))


@post("/plans/{slug:str}/goals/{code:str}/move", permission=Permission.GOALS_WRITE)
async def move_goal(request: HTMXRequest, view: View, code: str) -> Response[Any]:
    """Put a goal elsewhere in the order."""
    goal = find_goal(view.snapshot, code)
    return await GOALS.move(request, view, str(goal.key), goals_in_order(view.snapshot))


@post("/plans/{slug:str}/goals/{code:str}/delete", permission=Permission.GOALS_WRITE)
async def delete_goal(request: HTMXRequest, view: View, code: str) -> Response[Any]:
    """Delete a goal that no task and no investment line is under."""
    return await GOALS.delete(request, view, str(find_goal(view.snapshot, code).key))


handlers = [list_goals, new_goal, create_goal, edit_goal, update_goal, move_goal, delete_goal]
