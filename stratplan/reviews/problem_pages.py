"""The list of tasks with problems, and handing them over to another unit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import Field

from stratplan.errors import NotVisible, RuleBroken, StaleEdit
from stratplan.forms import ChosenField, Form, FormModel
from stratplan.goals.models import Task
from stratplan.i18n import _, ngettext
from stratplan.permissions import Permission
from stratplan.reviews.moves import deadline_moves
from stratplan.reviews.problems import Problem, ProblemTask, problem_tasks
from stratplan.typed import page_number
from stratplan.units.models import Unit
from stratplan.units.queries import unit_tree
from stratplan.view import View
from stratplan.web import done, page, read_form

ROWS_ON_A_PAGE = 50
PAGE = "/reviews/problems"


class HandOver(FormModel):
    """The tasks that are handed over, each as its id and the version looked at, and the unit that gets them; where in
    the list that was."""

    tasks: Annotated[
        list[Annotated[str, Field(pattern=r"^[0-9a-f]{24}\.[0-9]{1,9}$")]], Field(max_length=ROWS_ON_A_PAGE)
    ] = []
    unit: ChosenField
    problem: Annotated[str, Field(pattern=r"^[a-z-]{0,20}$")] = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A task with what is wrong with it in words, and the partner that may take it over with one click."""

    task: Task
    value: str
    unit: Unit | None
    said: list[tuple[Problem, str]]
    partners: list[Unit]
    is_chosen: bool


@get(f"/plans/{{slug:str}}{PAGE}", permission=Permission.REVIEWS_WRITE)
async def list_problems(request: HTMXRequest, view: View) -> Response[str]:
    """The tasks with problems, of one kind where `problem` names it."""
    asked = dict(view.asked)
    return await _list(request, view, Form.filled(HandOver), asked.get("problem", ""), page_number(asked))


@post(f"/plans/{{slug:str}}{PAGE}/hand-over", permission=Permission.GOALS_WRITE)
async def hand_over(request: HTMXRequest, view: View) -> Response[Any]:
    """Give tasks to another unit; their heads, the old and the new, are told."""
    form = await read_form(request, HandOver)
    sent = form.data
    if sent is not None and not sent.tasks:
        form.refuse(RuleBroken(_("Choose the tasks to hand over.")))
    if sent is not None and view.snapshot.find(Unit, sent.unit) is None:
        form.refuse(RuleBroken(_("Choose one from the list."), field="unit"))
    if form.data is None or sent is None:
        return await _list(request, view, form, form.value("problem"), status=422)
    handed = [_handed(view, one) for one in sent.tasks]
    try:
        entry = await Task.hand_over(handed, sent.unit, by=view.reader.actor)
    except StaleEdit as stale:
        form.refuse(RuleBroken(_said_stale(stale)))
        return await _list(request, await view.fresh(), form, sent.problem, status=409)
    return await done(request, entry, view=view, to=view.url(PAGE, problem=_known(sent.problem)))


def _handed(view: View, sent: str) -> tuple[Task, int]:
    key, _dot, version = sent.partition(".")
    task = view.snapshot.find(Task, PydanticObjectId(key))
    if task is None:
        raise NotVisible(_("There is no such task."))
    return task, int(version)


def _said_stale(stale: StaleEdit) -> str:
    return _("Somebody has just changed who is responsible for “%(name)s”. Look again.", name=stale.current.caption)


def _known(problem: str) -> str:
    """The problem that is asked for; empty where it is none."""
    return problem if problem in {one.value for one in Problem} else ""


async def _list(
    request: HTMXRequest,
    view: View,
    form: Form[HandOver],
    problem: str,
    wanted_page: int = 1,
    *,
    status: int = 200,
) -> Response[str]:
    found = problem_tasks(view.snapshot, view.day, await deadline_moves(view.plan.key))
    problem = _known(problem)
    wanted = [one for one in found if not problem or problem in one.problems]
    pages = max(1, -(-len(wanted) // ROWS_ON_A_PAGE))
    number = min(pages, wanted_page)
    shown = wanted[(number - 1) * ROWS_ON_A_PAGE : number * ROWS_ON_A_PAGE]
    context = {
        "form": form,
        "problem": problem,
        "tabs": _tabs(view, found, problem),
        "rows": [_row(view, one, form) for one in shown],
        "found": len(wanted),
        "units": _units(view),
        "page": number,
        "pages": pages,
        "address": _addresses(view, problem),
        "can_hand_over": view.can("goals:write"),
    }
    return await page(request, "reviews/problems.html", context, view=view, section="reviews", status=status)


def _tabs(view: View, found: list[ProblemTask], problem: str) -> list[tuple[str, str, bool, int]]:
    counted = [(one, sum(one in task.problems for task in found)) for one in Problem]
    everything = [(_("All"), view.url(PAGE), not problem, len(found))]
    return everything + [
        (_(one.label), view.url(PAGE, problem=one.value), one.value == problem, count) for one, count in counted
    ]


def _row(view: View, one: ProblemTask, form: Form[HandOver]) -> Row:
    notes = {
        Problem.LATE_TWICE: ngettext("late %(num)s time", "late %(num)s times", one.late),
        Problem.POSTPONED: ngettext("postponed %(num)s time", "postponed %(num)s times", one.postponed),
    }
    value = f"{one.task.key}.{one.task.version}"
    partners = [unit for key in one.task.partners if (unit := view.snapshot.find(Unit, key)) is not None]
    return Row(
        one.task,
        value,
        one.unit,
        [(problem, notes.get(problem) or _(problem.label)) for problem in one.problems],
        partners[:1],
        value in form.values("tasks"),
    )


def _units(view: View) -> list[tuple[str, str]]:
    """The units that exist today, as a field offers them."""
    return [
        (str(branch.unit.key), "\u2003" * branch.depth + branch.unit.name)
        for branch in unit_tree(view.snapshot)
        if branch.unit.exists_on(view.today)
    ]


def _addresses(view: View, problem: str) -> Callable[[int], str]:
    return lambda number: view.url(PAGE, problem=problem, page=number if number > 1 else None)


handlers = [list_problems, hand_over]
