"""How a reader wants to read: language and theme, kept in cookies; and all routes of accounts together."""

from typing import Annotated

from litestar import post
from litestar.exceptions import ClientException
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import StringConstraints

from stratplan.accounts import cookies, links, me, people, second_factor, sign_in
from stratplan.forms import FormModel
from stratplan.frame import THEMES
from stratplan.i18n import LANGUAGES, _
from stratplan.permissions import Permission
from stratplan.web import local_path, read_form

PAGES = [*sign_in.handlers, *links.handlers, *me.handlers, *second_factor.handlers, *people.handlers]


class Switch(FormModel):
    """What is chosen, and the page to come back to."""

    to: Annotated[str, StringConstraints(max_length=20)]
    back: Annotated[str, StringConstraints(max_length=8000)] = "/"


async def _choose(request: HTMXRequest, name: str, allowed: tuple[str, ...]) -> Response[str]:
    chosen = (await read_form(request, Switch)).data
    if chosen is None or chosen.to not in allowed:
        raise ClientException(_("There is no such choice."))
    headers = {"location": local_path(chosen.back)}
    response = Response("", status_code=303, media_type="text/plain", headers=headers)
    response.cookies.append(cookies.kept(request, name, chosen.to, seconds=cookies.A_YEAR))
    return response


@post("/language", permission=Permission.OPEN)
async def choose_language(request: HTMXRequest) -> Response[str]:
    """Keep the chosen language and go back."""
    return await _choose(request, "language", LANGUAGES)


@post("/theme", permission=Permission.OPEN)
async def choose_theme(request: HTMXRequest) -> Response[str]:
    """Keep the chosen theme and go back."""
    return await _choose(request, "theme", THEMES)


handlers = [choose_language, choose_theme, *PAGES]
