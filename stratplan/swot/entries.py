"""The matrix: its entries, the answers they have, and moving them between the quadrants."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.documents import Prose
from stratplan.forms import ChosenField, FormModel, Versioned
from stratplan.goals.models import Goal, Task
from stratplan.goals.queries import goals_in_order, tasks_by_goal
from stratplan.i18n import _
from stratplan.in_place import InPlace, read_action
from stratplan.moves import Move
from stratplan.permissions import Permission
from stratplan.snapshot import Snapshot
from stratplan.swot.models import Quadrant, SwotEntry
from stratplan.swot.queries import entries_in_order, goals_that_answer, tasks_that_answer, unanswered
from stratplan.view import View


class EntryForm(FormModel):
    """A statement, where it stands, and what the plan does about it."""

    quadrant: Quadrant
    text: Prose
    goals: list[ChosenField] = []
    tasks: list[ChosenField] = []
    internal: bool = False


class EntryEdit(EntryForm, Versioned):
    """The same, of an entry that exists."""


class EntryMove(Move):
    """A drop into `quadrant` at `position`, a step within it, or a button for another quadrant (`to`)."""

    quadrant: Quadrant
    to: Quadrant | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as the matrix shows it; `needs_answer` when it is a weakness or threat that nothing answers."""

    entry: SwotEntry
    goals: list[Goal]
    tasks: list[Task]
    needs_answer: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One of the four fields: the entries shown, and how many there are and need an answer."""

    quadrant: Quadrant
    rows: list[Row]
    count: int
    unanswered: int


@dataclass(frozen=True, slots=True)
class Answers:
    """A goal and its tasks, to choose from."""

    goal: Goal
    tasks: list[Task]


def _matrix(snapshot: Snapshot, *, only_unanswered: bool) -> list[Field]:
    open_keys = {entry.key for entry in unanswered(snapshot)}

    def field(quadrant: Quadrant, entries: list[SwotEntry]) -> Field:
        rows = [
            Row(entry, goals_that_answer(snapshot, entry), tasks_that_answer(snapshot, entry), entry.key in open_keys)
            for entry in entries
            if entry.key in open_keys or not only_unanswered
        ]
        return Field(quadrant, rows, len(entries), sum(entry.key in open_keys for entry in entries))

    return snapshot.derive(
        ("swot matrix", only_unanswered),
        lambda: [
            field(quadrant, entries)
            for quadrant, entries in entries_in_order(snapshot).items()
            if quadrant.wants_answer or not only_unanswered
        ],
    )


def _context(view: View) -> Mapping[str, Any]:
    only = dict(view.asked).get("show") == "unanswered"
    tasks = tasks_by_goal(view.snapshot)
    return {
        "fields": _matrix(view.snapshot, only_unanswered=only),
        "show": "unanswered" if only else None,
        "count": sum(map(len, entries_in_order(view.snapshot).values())),
        "unanswered": len(unanswered(view.snapshot)),
        "quadrants": list(Quadrant),
        "answers": [Answers(goal, tasks[goal.key]) for goal in goals_in_order(view.snapshot)],
        "moved": None,
    }


SWOT = InPlace(
    kind=SwotEntry,
    form=EntryForm,
    edit_form=EntryEdit,
    path="/swot",
    section="swot",
    template="swot/matrix.html",
    fragment="swot/_matrix.html",
    context=_context,
)


@get("/plans/{slug:str}/swot", permission=Permission.SWOT_READ, kept=True)
async def show_swot(request: HTMXRequest, view: View) -> Response[str]:
    """The matrix; `show=unanswered` leaves the weaknesses and threats that nothing answers yet."""
    return await SWOT.show(request, view)


@get("/plans/{slug:str}/swot/new", permission=Permission.SWOT_WRITE)
async def new_entry(request: HTMXRequest, view: View) -> Response[str]:
    """The form for one more entry, in the quadrant that `quadrant` names."""
    asked = dict(view.asked).get("quadrant")
    return await SWOT.new(request, view, quadrant=next((one for one in Quadrant if one == asked), Quadrant.STRENGTH))


@post("/plans/{slug:str}/swot", permission=Permission.SWOT_WRITE)
async def create_entry(request: HTMXRequest, view: View) -> Response[Any]:
    """Add an entry after all others."""
    last = max((entry.order for entry in view.snapshot.all(SwotEntry).values()), default=0)
    return await SWOT.create(request, view, order=last + 1)


@get("/plans/{slug:str}/swot/{entry:str}/edit", permission=Permission.SWOT_WRITE)
async def edit_entry(request: HTMXRequest, view: View, entry: str) -> Response[str]:
    """The form of one entry, in its place."""
    return await SWOT.edit(request, view, entry)


@post("/plans/{slug:str}/swot/{entry:str}", permission=Permission.SWOT_WRITE)
async def update_entry(request: HTMXRequest, view: View, entry: str) -> Response[Any]:
    """Change an entry and what answers it."""
    return await SWOT.update(request, view, entry)


@post("/plans/{slug:str}/swot/{entry:str}/delete", permission=Permission.SWOT_WRITE)
async def delete_entry(request: HTMXRequest, view: View, entry: str) -> Response[Any]:
    """Delete an entry."""
    return await SWOT.delete(request, view, entry)


@post("/plans/{slug:str}/swot/{entry:str}/move", permission=Permission.SWOT_WRITE)
async def move_entry(request: HTMXRequest, view: View, entry: str) -> Response[Any]:
    """Put an entry elsewhere in its quadrant, or into another."""
    document = view.get(SwotEntry, entry)
    sent = await read_action(request, EntryMove)
    matrix = entries_in_order(view.snapshot)
    quadrant, place = sent.quadrant, sent.position
    if sent.to is not None:
        quadrant, place = sent.to, len(matrix[sent.to]) + 1
    elif sent.step is not None:
        quadrant = document.quadrant
        place = sent.place(matrix[quadrant].index(document) + 1)
    recorded = await document.move(quadrant, place, matrix[quadrant], by=view.reader.actor, based_on=sent.version)
    return await SWOT.again(request, view, recorded, at=document, more={"moved": await _moved(view, document)})


async def _moved(view: View, document: SwotEntry) -> dict[str, Any] | None:
    """Where the entry is now, for those who hear the page."""
    snapshot = (await view.fresh()).snapshot
    now = snapshot.find(SwotEntry, document.key)
    if now is None:
        return None
    row = entries_in_order(snapshot)[now.quadrant]
    return {"field": _(now.quadrant.label), "place": row.index(now) + 1, "count": len(row)}


handlers = [show_swot, new_entry, create_entry, edit_entry, update_entry, delete_entry, move_entry]
