"""Which SWOT entries a task answers: linked and let go from the task's own page."""

from typing import Any

from litestar import post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.forms import ChosenField, FormModel
from stratplan.goals.queries import find_task
from stratplan.in_place import read_action
from stratplan.permissions import Permission
from stratplan.swot.models import SwotEntry
from stratplan.view import View
from stratplan.web import done


class Answer(FormModel):
    """The entry that is linked or let go."""

    entry: ChosenField


@post("/plans/{slug:str}/tasks/{number:str}/swot", permission=Permission.SWOT_WRITE)
async def link_entry(request: HTMXRequest, view: View, number: str) -> Response[Any]:
    """Say that the task answers an entry."""
    return await _set_link(request, view, number, linked=True)


@post("/plans/{slug:str}/tasks/{number:str}/swot/unlink", permission=Permission.SWOT_WRITE)
async def unlink_entry(request: HTMXRequest, view: View, number: str) -> Response[Any]:
    """Say that the task does not answer an entry any more."""
    return await _set_link(request, view, number, linked=False)


async def _set_link(request: HTMXRequest, view: View, number: str, *, linked: bool) -> Response[Any]:
    answer = await read_action(request, Answer)
    task = find_task(view.snapshot, number)
    entry = view.get(SwotEntry, str(answer.entry))
    tasks = [key for key in entry.tasks if key != task.key] + ([task.key] if linked else [])
    change = await entry.edit({"tasks": tasks}, by=view.reader.actor, based_on=entry.version)
    fresh = await view.fresh()
    return await done(
        request, change, view=fresh, to=fresh.url(f"/tasks/{task.number}"), fragment="swot/_task_links_saved.html"
    )


handlers = [link_entry, unlink_entry]
