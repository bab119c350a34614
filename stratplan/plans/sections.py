"""The plan's text: mission and vision, and its chapters in order."""

from typing import Any

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.documents import Line, Prose
from stratplan.forms import FormModel, Versioned
from stratplan.in_place import InPlace
from stratplan.permissions import Permission
from stratplan.plans.models import Section
from stratplan.snapshot import Snapshot
from stratplan.view import View


class SectionForm(FormModel):
    """A chapter's title and text."""

    title: Line
    text: Prose
    internal: bool = False


class SectionEdit(SectionForm, Versioned):
    """The same, of a chapter that exists."""


def sections_in_order(snapshot: Snapshot) -> list[Section]:
    """The plan's chapters as they are to be read."""
    return snapshot.derive(
        "sections in order",
        lambda: sorted(snapshot.all(Section).values(), key=lambda one: (one.order, one.created_at, str(one.key))),
    )


SECTIONS = InPlace(
    kind=Section,
    form=SectionForm,
    edit_form=SectionEdit,
    path="/sections",
    section="sections",
    template="plans/sections.html",
    fragment="plans/_sections.html",
    context=lambda view: {"sections": sections_in_order(view.snapshot)},
)


@get("/plans/{slug:str}/sections", permission=Permission.PLANS_READ, kept=True)
async def list_sections(request: HTMXRequest, view: View) -> Response[str]:
    """The plan's text."""
    return await SECTIONS.show(request, view)


@get("/plans/{slug:str}/sections/new", permission=Permission.PLANS_WRITE)
async def new_section(request: HTMXRequest, view: View) -> Response[str]:
    """The form for one more chapter."""
    return await SECTIONS.new(request, view)


@post("/plans/{slug:str}/sections", permission=Permission.PLANS_WRITE)
async def create_section(request: HTMXRequest, view: View) -> Response[Any]:
    """Add a chapter after the others."""
    last = max((section.order for section in sections_in_order(view.snapshot)), default=0)
    return await SECTIONS.create(request, view, order=last + 1)


@get("/plans/{slug:str}/sections/{section:str}/edit", permission=Permission.PLANS_WRITE)
async def edit_section(request: HTMXRequest, view: View, section: str) -> Response[str]:
    """The form of one chapter, in its place."""
    return await SECTIONS.edit(request, view, section)


@post("/plans/{slug:str}/sections/{section:str}", permission=Permission.PLANS_WRITE)
async def update_section(request: HTMXRequest, view: View, section: str) -> Response[Any]:
    """Change a chapter."""
    return await SECTIONS.update(request, view, section)


@post("/plans/{slug:str}/sections/{section:str}/move", permission=Permission.PLANS_WRITE)
async def move_section(request: HTMXRequest, view: View, section: str) -> Response[Any]:
    """Put a chapter elsewhere in the order."""
    return await SECTIONS.move(request, view, section, sections_in_order(view.snapshot))


@post("/plans/{slug:str}/sections/{section:str}/delete", permission=Permission.PLANS_WRITE)
async def delete_section(request: HTMXRequest, view: View, section: str) -> Response[Any]:
    """Delete a chapter."""
    return await SECTIONS.delete(request, view, section)


handlers = [
    list_sections,
    new_section,
    create_section,
    edit_section,
    update_section,
    move_section,
    delete_section,
]
