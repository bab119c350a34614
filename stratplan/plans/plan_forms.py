"""The forms of a plan itself and of its organisation: create, edit, delete, bring back."""

import re
from typing import Any

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Redirect, Response
from litestar_htmx import HTMXRequest
from pydantic import ValidationInfo, field_validator

from stratplan.alphabet import fold, sort_key
from stratplan.audit import AuditEntry
from stratplan.documents import Code, Line, OptionalCode, OptionalLine, OptionalProse, undo
from stratplan.errors import NotVisible, RuleBroken
from stratplan.forms import DayField, Form, FormModel, ReferenceField, Versioned
from stratplan.i18n import N_, _
from stratplan.in_place import Deletion, read_action
from stratplan.permissions import Permission
from stratplan.plans.models import OWN_ADDRESSES, Organisation, Plan, PlanState, Year
from stratplan.view import View
from stratplan.web import done, open_view, page, read_form, reader_of

_ADDRESS = N_("An address has small letters a–z, digits and hyphens, such as strategy-2027.")


class PlanFields(FormModel):
    """What both forms of a plan ask for."""

    title: Line
    first_year: Year
    last_year: Year

    @field_validator("last_year")
    @classmethod
    def _years_run_forward(cls, last: int, others: ValidationInfo) -> int:
        if last < others.data.get("first_year", last):
            raise ValueError(N_("The last year is before the first."))
        return last


class NewPlan(PlanFields):
    """A plan to begin with; an organisation is chosen, or named."""

    slug: str = ""
    organisation: ReferenceField = None
    organisation_name: OptionalLine = ""
    organisation_short: OptionalCode = ""

    @field_validator("slug")
    @classmethod
    def _slug_is_an_address(cls, slug: str) -> str:
        return _address(slug) if slug.strip() else ""


class PlanEdit(PlanFields, Versioned):
    """All that a plan says of itself."""

    slug: str
    state: PlanState
    decision_number: OptionalLine = ""
    decision_date: DayField = None
    mission: OptionalProse = ""
    vision: OptionalProse = ""
    summary: OptionalProse = ""

    @field_validator("slug")
    @classmethod
    def _slug_is_an_address(cls, slug: str) -> str:
        return _address(slug)


class OrganisationEdit(Versioned):
    """An organisation's name and day of founding."""

    name: Line
    short: Code
    founded: DayField = None


def _address(text: str) -> str:
    slug = text.strip()
    if slug in OWN_ADDRESSES:
        raise ValueError(N_("This address is taken by a page of the site. Choose another."))
    if len(slug) > 60 or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise ValueError(_ADDRESS)
    return slug


async def suggested_slug(title: str) -> str:
    """An address that no plan has, from the words of its title: “Stratēģija 2027.” gives strategija-2027."""
    words = "-".join(re.findall(r"[a-z0-9]+", fold(title)))
    stem = words[:50].rstrip("-") or "plan"
    taken = {
        raw["slug"]
        async for raw in Plan.get_motor_collection().find(
            {"slug": {"$regex": f"^{stem}"}, "deleted": False}, {"slug": 1}
        )
    } | OWN_ADDRESSES
    return next(
        slug for place in range(1, len(taken) + 2) if (slug := f"{stem}-{place}" if place > 1 else stem) not in taken
    )


@get("/", permission=Permission.OPEN)
async def front(request: HTMXRequest) -> Redirect:
    """Where a person begins: with their own work, or, not signed in, with the list of plans; where one plan alone is
    published, with that."""
    if reader_of(request).account is not None:
        return Redirect("/work")
    published = await Plan.find({"published": True, "deleted": False}).limit(2).to_list()
    return Redirect(f"/p/{published[0].slug}" if len(published) == 1 else "/plans")


@get("/plans/new", permission=Permission.PLANS_CREATE)
async def new_plan(request: HTMXRequest) -> Response[str]:
    """The form of a new plan."""
    return await _new_plan_page(request, Form.filled(NewPlan))


@post("/plans", permission=Permission.PLANS_CREATE)
async def create_plan(request: HTMXRequest) -> Response[Any]:
    """Add a plan, and its organisation where it is a new one."""
    form = await read_form(request, NewPlan)
    asked = form.data
    if asked is not None and asked.organisation is None:
        for name in ("organisation_name", "organisation_short"):
            if not getattr(asked, name):
                form.errors[name] = _("Fill this in.")
    if asked is None or form.errors:
        return await _new_plan_page(request, form, status=422)
    by = reader_of(request).actor
    made = None
    if asked.organisation is None:
        key = PydanticObjectId()
        made = Organisation(id=key, scope=key, name=asked.organisation_name, short=asked.organisation_short)
    plan = Plan.new(
        slug=asked.slug or await suggested_slug(asked.title),
        title=asked.title,
        organisation=made.key if made else asked.organisation,
        first_year=asked.first_year,
        last_year=asked.last_year,
    )
    try:
        entry = await plan.add(by=by, organisation=made)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _new_plan_page(request, form, status=409)
    view = await open_view(request, plan.slug)
    return await done(request, entry, view=view, to=view.url())


@get("/plans/{slug:str}/edit", permission=Permission.PLANS_WRITE)
async def edit_plan(request: HTMXRequest, view: View) -> Response[str]:
    """The form of the plan."""
    values = {name: value for name, value in dict(view.plan).items() if name in PlanEdit.model_fields}
    return await _plan_page(request, view, Form.filled(PlanEdit, values))


@post("/plans/{slug:str}/edit", permission=Permission.PLANS_WRITE)
async def update_plan(request: HTMXRequest, view: View) -> Response[Any]:
    """Change the plan; with a new address it is found there and no longer at the old one."""
    form = await read_form(request, PlanEdit)
    if form.data is None:
        return await _plan_page(request, view, form, status=422)
    values = {name: value for name, value in form.data if name != "version"}
    try:
        entry = await view.plan.edit(values, by=view.reader.actor, based_on=form.data.version)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _plan_page(request, view, form, status=409)
    fresh = await open_view(request, form.data.slug)
    return await done(request, entry, view=fresh, to=fresh.url())


@get("/plans/{slug:str}/delete", permission=Permission.PLANS_WRITE)
async def confirm_plan_deletion(request: HTMXRequest, view: View) -> Response[str]:
    """Asks before a whole plan goes."""
    return await page(request, "plans/delete.html", view=view, fragment="plans/_delete.html")


@post("/plans/{slug:str}/delete", permission=Permission.PLANS_WRITE)
async def delete_plan(request: HTMXRequest, view: View) -> Response[Any]:
    """Delete the plan; what is in it stays in the database and comes back with it."""
    sent = await read_action(request, Deletion)
    entry = await view.plan.remove(by=view.reader.actor, based_on=sent.version)
    return await done(request, entry, view=view, to="/plans")


@post("/plans/restore/{entry:str}", permission=Permission.PLANS_CREATE)
async def restore_plan(request: HTMXRequest, entry: str) -> Response[Any]:
    """Take the deletion of a plan back: its own pages, where a change is undone, are gone with it."""
    found = await AuditEntry.get(PydanticObjectId(entry)) if PydanticObjectId.is_valid(entry) else None
    if found is None or not deletes_a_plan(found):
        raise NotVisible(_("This change is not in the history."))
    undone = await undo(PydanticObjectId(entry), scope=found.scope, by=reader_of(request).actor)
    plan = await Plan.get(found.scope)
    if plan is None:
        raise NotVisible(_("There is no such plan."))
    view = await open_view(request, plan.slug)
    return await done(request, undone, view=view, to=view.url())


def deletes_a_plan(entry: AuditEntry) -> bool:
    """Whether an entry made a plan disappear: deleted it, or undid its creation."""
    return any(change.kind == Plan.kind and change.after.get("deleted") for change in entry.changes)


@get("/plans/{slug:str}/organisation", permission=Permission.PLANS_WRITE)
async def edit_organisation(request: HTMXRequest, view: View) -> Response[str]:
    """The form of the plan's organisation."""
    values = {name: value for name, value in dict(_organisation(view)).items() if name in OrganisationEdit.model_fields}
    return await _organisation_page(request, view, Form.filled(OrganisationEdit, values))


@post("/plans/{slug:str}/organisation", permission=Permission.PLANS_WRITE)
async def update_organisation(request: HTMXRequest, view: View) -> Response[Any]:
    """Change the organisation; its other plans see it too."""
    form = await read_form(request, OrganisationEdit)
    if form.data is None:
        return await _organisation_page(request, view, form, status=422)
    values = {name: value for name, value in form.data if name != "version"}
    entry = await _organisation(view).edit(values, by=view.reader.actor, based_on=form.data.version)
    return await done(request, entry, view=view, to=view.url("/units"))


def _organisation(view: View) -> Organisation:
    found = view.snapshot.find(Organisation, view.plan.organisation)
    if found is None:
        raise NotVisible(_("There is no such page."))
    return found


async def _new_plan_page(request: HTMXRequest, form: Form[NewPlan], *, status: int = 200) -> Response[str]:
    organisations = await Organisation.find({"deleted": False}).to_list()
    organisations.sort(key=lambda organisation: sort_key(organisation.name))
    context = {"form": form, "organisations": organisations}
    return await page(request, "plans/new.html", context, fragment="plans/_new_form.html", status=status)


async def _plan_page(request: HTMXRequest, view: View, form: Form[PlanEdit], *, status: int = 200) -> Response[str]:
    context = {"form": form, "states": list(PlanState)}
    return await page(request, "plans/edit.html", context, view=view, fragment="plans/_edit_form.html", status=status)


async def _organisation_page(
    request: HTMXRequest, view: View, form: Form[OrganisationEdit], *, status: int = 200
) -> Response[str]:
    return await page(
        request,
        "plans/organisation.html",
        {"form": form, "organisation": _organisation(view)},
        view=view,
        section="units",
        fragment="plans/_organisation_form.html",
        status=status,
    )


handlers = [
    front,
    new_plan,
    create_plan,
    edit_plan,
    update_plan,
    confirm_plan_deletion,
    delete_plan,
    restore_plan,
    edit_organisation,
    update_organisation,
]
