"""Pages of the plan's funding sources."""

from typing import Any

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.documents import Code, Line
from stratplan.forms import FormModel, Versioned
from stratplan.in_place import InPlace
from stratplan.permissions import Permission
from stratplan.plans.models import FundingKind, FundingSource
from stratplan.plans.queries import sources_in_order
from stratplan.view import View


class SourceForm(FormModel):
    """A source as the plan names it, and whose money it is."""

    code: Code
    name: Line
    funding: FundingKind


class SourceEdit(SourceForm, Versioned):
    """The same, of a source that exists."""


SOURCES = InPlace(
    kind=FundingSource,
    form=SourceForm,
    edit_form=SourceEdit,
    path="/sources",
    section="sources",
    template="plans/sources.html",
    fragment="plans/_sources.html",
    context=lambda view: {"sources": sources_in_order(view.snapshot), "kinds": list(FundingKind)},
)


@get("/plans/{slug:str}/sources", permission=Permission.PLANS_READ, kept=True)
async def list_sources(request: HTMXRequest, view: View) -> Response[str]:
    """The plan's funding sources."""
    return await SOURCES.show(request, view)


@get("/plans/{slug:str}/sources/new", permission=Permission.PLANS_WRITE)
async def new_source(request: HTMXRequest, view: View) -> Response[str]:
    """The form for one more source."""
    return await SOURCES.new(request, view, funding=FundingKind.MUNICIPAL)


@post("/plans/{slug:str}/sources", permission=Permission.PLANS_WRITE)
async def create_source(request: HTMXRequest, view: View) -> Response[Any]:
    """Add a source after the others."""
    last = max((source.order for source in sources_in_order(view.snapshot)), default=0)
    return await SOURCES.create(request, view, order=last + 1)


@get("/plans/{slug:str}/sources/{source:str}/edit", permission=Permission.PLANS_WRITE)
async def edit_source(request: HTMXRequest, view: View, source: str) -> Response[str]:
    """The form of one source, in its place."""
    return await SOURCES.edit(request, view, source)


@post("/plans/{slug:str}/sources/{source:str}", permission=Permission.PLANS_WRITE)
async def update_source(request: HTMXRequest, view: View, source: str) -> Response[Any]:
    """Change a source."""
    return await SOURCES.update(request, view, source)


@post("/plans/{slug:str}/sources/{source:str}/move", permission=Permission.PLANS_WRITE)
async def move_source(request: HTMXRequest, view: View, source: str) -> Response[Any]:
    """Put a source elsewhere in the order."""
    return await SOURCES.move(request, view, source, sources_in_order(view.snapshot))


@post("/plans/{slug:str}/sources/{source:str}/delete", permission=Permission.PLANS_WRITE)
async def delete_source(request: HTMXRequest, view: View, source: str) -> Response[Any]:
    """Delete a source that no task and no line uses."""
    return await SOURCES.delete(request, view, source)


handlers = [
    list_sources,
    new_source,
    create_source,
    edit_source,
    update_source,
    move_source,
    delete_source,
]
