"""The forms of units; the pages that show them, with their tasks, are in overview."""

from datetime import date
from typing import Any

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import ValidationInfo, field_validator

from stratplan.documents import Line, OptionalLine
from stratplan.errors import RuleBroken
from stratplan.forms import DayField, Form, FormModel, HeadcountField, ReferenceField, Versioned
from stratplan.i18n import N_, _
from stratplan.in_place import Deletion, read_action
from stratplan.permissions import Permission
from stratplan.units.models import Unit, UnitKind
from stratplan.units.queries import possible_parents
from stratplan.view import View
from stratplan.web import done, page, read_form


class UnitForm(FormModel):
    """A unit, its place in the organisation and how long it exists."""

    name: Line
    short: OptionalLine = ""
    sort: UnitKind
    parent: ReferenceField = None
    headcount: HeadcountField = None
    valid_from: DayField = None
    valid_to: DayField = None

    @field_validator("valid_to")
    @classmethod
    def _exists_forward(cls, last: date | None, others: ValidationInfo) -> date | None:
        first = others.data.get("valid_from")
        if first and last and last < first:
            raise ValueError(N_("The last day is before the first."))
        return last


class UnitEdit(UnitForm, Versioned):
    """The same, of a unit that exists."""


@get("/plans/{slug:str}/units/new", permission=Permission.UNITS_WRITE)
async def new_unit(request: HTMXRequest, view: View) -> Response[str]:
    """The form for one more unit; `parent` is the one it is to be part of."""
    parent = dict(view.asked).get("parent", "")
    form = Form.filled(UnitForm, {"sort": UnitKind.STRUCTURAL if parent else UnitKind.DEPARTMENT, "parent": parent})
    return await _form_page(request, view, form)


@post("/plans/{slug:str}/units", permission=Permission.UNITS_WRITE)
async def create_unit(request: HTMXRequest, view: View) -> Response[Any]:
    """Add a unit to the plan's organisation."""
    form = await read_form(request, UnitForm)
    if form.data is None:
        return await _form_page(request, view, form, status=422)
    unit = Unit.new(scope=view.plan.organisation, **dict(form.data))
    try:
        entry = await unit.add(by=view.reader.actor)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _form_page(request, view, form, status=409)
    return await done(request, entry, view=view, to=view.url(f"/units/{unit.key}"))


@get("/plans/{slug:str}/units/{unit:str}/edit", permission=Permission.UNITS_WRITE)
async def edit_unit(request: HTMXRequest, view: View, unit: str) -> Response[str]:
    """The form of one unit."""
    document = view.get(Unit, unit)
    values = {name: value for name, value in dict(document).items() if name in UnitEdit.model_fields}
    return await _form_page(request, view, Form.filled(UnitEdit, values), editing=document)


@post("/plans/{slug:str}/units/{unit:str}", permission=Permission.UNITS_WRITE)
async def update_unit(request: HTMXRequest, view: View, unit: str) -> Response[Any]:
    """Change a unit."""
    form = await read_form(request, UnitEdit)
    document = view.get(Unit, unit)
    if form.data is None:
        return await _form_page(request, view, form, editing=document, status=422)
    if form.data.parent == document.key:
        form.refuse(RuleBroken(_("A unit cannot be part of itself."), field="parent"))
        return await _form_page(request, view, form, editing=document, status=409)
    values = {name: value for name, value in form.data if name != "version"}
    try:
        entry = await document.edit(values, by=view.reader.actor, based_on=form.data.version)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _form_page(request, view, form, editing=document, status=409)
    return await done(request, entry, view=view, to=view.url(f"/units/{document.key}"))


@post("/plans/{slug:str}/units/{unit:str}/delete", permission=Permission.UNITS_WRITE)
async def delete_unit(request: HTMXRequest, view: View, unit: str) -> Response[Any]:
    """Delete a unit that nothing names; of one that is in use the form says what to do instead."""
    document = view.get(Unit, unit)
    sent = await read_action(request, Deletion)
    try:
        entry = await document.remove(by=view.reader.actor, based_on=sent.version)
    except RuleBroken as broken:
        values = {name: value for name, value in dict(document).items() if name in UnitEdit.model_fields}
        form = Form.filled(UnitEdit, values)
        form.refuse(broken)
        form.errors["valid_to"] = _("If it does not exist any more, write here the last day on which it did.")
        return await _form_page(request, view, form, editing=document, status=409)
    return await done(request, entry, view=view, to=view.url("/units"))


async def _form_page(
    request: HTMXRequest, view: View, form: Form[Any], *, editing: Unit | None = None, status: int = 200
) -> Response[str]:
    context = {
        "form": form,
        "editing": editing,
        "kinds": list(UnitKind),
        "parents": possible_parents(view.snapshot, editing),
    }
    return await page(
        request,
        "units/edit.html",
        context,
        view=view,
        section="units",
        fragment="units/_form.html",
        status=status,
    )


handlers = [new_unit, create_unit, edit_unit, update_unit, delete_unit]
