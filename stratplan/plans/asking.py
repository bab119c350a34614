"""Whether a plan asks those who work on it for a second factor at sign-in; residents are never asked."""

from __future__ import annotations

from typing import Any, Literal

from litestar import post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.forms import Versioned
from stratplan.in_place import read_action
from stratplan.permissions import Permission
from stratplan.view import View
from stratplan.web import came_from, done


class Asking(Versioned):
    """Whether it is to be asked for."""

    ask: Literal["yes", "no"]


@post("/plans/{slug:str}/second-factor", permission=Permission.MEMBERS_WRITE)
async def ask_second_factor(request: HTMXRequest, view: View) -> Response[Any]:
    """Ask for it from now on, or no more; who has none is led to set it up before they see the plan again."""
    sent = await read_action(request, Asking)
    values = {"asks_second_factor": sent.ask == "yes"}
    entry = await view.plan.edit(values, by=view.reader.actor, based_on=sent.version)
    back = came_from(request)
    return await done(request, entry, view=view, to=view.url("/edit") if back == "/" else back)


handlers = [ask_second_factor]
