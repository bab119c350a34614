"""How a reader wants to read: language and theme, kept in cookies; and all routes of accounts together."""

from litestar import post
from litestar.datastructures import Cookie
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.accounts import links, me, people, second_factor, sign_in
from stratplan.frame import THEMES
from stratplan.i18n import LANGUAGES
from stratplan.permissions import Permission
from stratplan.web import local_path

A_YEAR = 365 * 24 * 3600
PAGES = [*sign_in.handlers, *links.handlers, *me.handlers, *second_factor.handlers, *people.handlers]


async def _choose(request: HTMXRequest, name: str, allowed: tuple[str, ...]) -> Response[str]:
    form = await request.form()
    chosen = form.get("to")
    response = Response(
        "", status_code=303, media_type="text/plain", headers={"location": local_path(str(form.get("back", "/")))}
    )
    if chosen in allowed:
        response.cookies.append(Cookie(key=name, value=str(chosen), max_age=A_YEAR, samesite="lax", path="/"))
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
