"""Pages of a plan's members: who has which role, and giving, changing and taking away a role."""

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import Field, ValidationInfo, field_validator

from stratplan.accounts.models import Membership
from stratplan.audit import AuditEntry
from stratplan.documents import Line
from stratplan.errors import RuleBroken
from stratplan.forms import ChosenField, Form, FormModel, Versioned
from stratplan.guard import plan_of
from stratplan.i18n import N_
from stratplan.in_place import Deletion, read_action
from stratplan.members.queries import Member, find_member, find_person, members_of, suggested_names
from stratplan.members.role_table import Mark, role_table
from stratplan.permissions import GIVEN_ROLES, Permission, Role
from stratplan.units.queries import unit_tree
from stratplan.view import View
from stratplan.web import done, page, read_form


class MemberFields(FormModel):
    """A role; that of a head of a unit names the units."""

    role: Role
    units: Annotated[list[ChosenField], Field(max_length=500, validate_default=True)] = []

    @field_validator("role")
    @classmethod
    def _is_given(cls, role: Role) -> Role:
        if role not in GIVEN_ROLES:
            raise ValueError(N_("Choose one from the list."))
        return role

    @field_validator("units")
    @classmethod
    def _are_of_a_head(cls, units: list[Any], others: ValidationInfo) -> list[Any]:
        if others.data.get("role") is not Role.REPORTER:
            return []
        if not units:
            raise ValueError(N_("Choose at least one unit: it decides which tasks this person reports on."))
        return units


class NewMember(MemberFields):
    """The same, with who gets it: an e-mail address or a name."""

    person: Line


class MemberEdit(MemberFields, Versioned):
    """The same, of somebody who has a role."""


@get("/plans/{slug:str}/members", permission=Permission.MEMBERS_READ)
async def list_members(request: HTMXRequest, view: View) -> Response[str]:
    """Who has which role in the plan, and who has one in all plans."""
    here, everywhere = await members_of(view)
    context = {"members": here, "everywhere": everywhere}
    return await page(request, "members/list.html", context, view=view, section="members")


@get("/plans/{slug:str}/members/new", permission=Permission.MEMBERS_WRITE)
async def new_member(request: HTMXRequest, view: View) -> Response[str]:
    """The form that gives somebody a role."""
    return await _form_page(request, view, Form.filled(NewMember, {"role": Role.REPORTER}))


@post("/plans/{slug:str}/members", permission=Permission.MEMBERS_WRITE)
async def create_member(request: HTMXRequest, view: View) -> Response[Any]:
    """Give a person who has an account a role in the plan."""
    form = await read_form(request, NewMember)
    if form.data is None:
        return await _form_page(request, view, form, status=422)
    try:
        account = await find_person(view.snapshot, form.data.person)
        membership = Membership.new(
            scope=view.plan.key, account=account, role=form.data.role, units=list(form.data.units)
        )
        entry = await membership.add(by=view.reader.actor)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _form_page(request, view, form, status=409)
    return await _saved(request, view, entry)


@get("/plans/{slug:str}/members/{member:str}/edit", permission=Permission.MEMBERS_WRITE)
async def edit_member(request: HTMXRequest, view: View, member: str) -> Response[str]:
    """The form of one person's role."""
    found = await find_member(view, member)
    values = {name: getattr(found.membership, name) for name in MemberEdit.model_fields}
    return await _form_page(request, view, Form.filled(MemberEdit, values), editing=found)


@post("/plans/{slug:str}/members/{member:str}", permission=Permission.MEMBERS_WRITE)
async def update_member(request: HTMXRequest, view: View, member: str) -> Response[Any]:
    """Change a person's role, or the units of one who heads them; holds from their next request on."""
    form = await read_form(request, MemberEdit)
    found = await find_member(view, member)
    if form.data is None:
        return await _form_page(request, view, form, editing=found, status=422)
    values = {"role": form.data.role, "units": list(form.data.units)}
    try:
        entry = await found.membership.edit(values, by=view.reader.actor, based_on=form.data.version)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _form_page(request, view, form, editing=found, status=409)
    return await _saved(request, view, entry)


@get("/plans/{slug:str}/members/{member:str}/remove", permission=Permission.MEMBERS_WRITE)
async def confirm_removal(request: HTMXRequest, view: View, member: str) -> Response[str]:
    """Asks before a role is taken away."""
    context = {"member": await find_member(view, member)}
    return await page(
        request, "members/removal.html", context, view=view, section="members", fragment="members/_removal.html"
    )


@post("/plans/{slug:str}/members/{member:str}/remove", permission=Permission.MEMBERS_WRITE)
async def remove_member(request: HTMXRequest, view: View, member: str) -> Response[Any]:
    """Take a role away; the notice has the way back."""
    found = await find_member(view, member)
    sent = await read_action(request, Deletion)
    entry = await found.membership.remove(by=view.reader.actor, based_on=sent.version)
    return await _saved(request, view, entry)


@get("/plans/{slug:str}/roles", permission=Permission.MEMBERS_READ)
async def show_roles(request: HTMXRequest, view: View) -> Response[str]:
    """The table of who may do what, as the guard reads it."""
    context = {"roles": list(Role), "groups": role_table(), "marks": list(Mark)}
    return await page(request, "members/roles.html", context, view=view, section="members")


async def _form_page(
    request: HTMXRequest, view: View, form: Form[Any], *, editing: Member | None = None, status: int = 200
) -> Response[str]:
    person = form.value("person")
    can_invite = "person" in form.errors and "@" in person and view.rights.allow(Permission.ACCOUNTS_WRITE)
    context = {
        "form": form,
        "editing": editing,
        "invitation": f"/people/new?{urlencode({'email': person, 'plan': view.plan.key})}" if can_invite else None,
        "roles": GIVEN_ROLES,
        "tree": unit_tree(view.snapshot),
        "names": [] if editing is not None else suggested_names(view),
    }
    return await page(
        request,
        "members/edit.html",
        context,
        view=view,
        section="members",
        fragment="members/_form.html",
        status=status,
    )


async def _saved(request: HTMXRequest, view: View, entry: AuditEntry | None) -> Response[Any]:
    """Back to the list; who took the right to see it from themselves, to what they still see."""
    to = view.url("/members")
    found = await plan_of(view.plan.slug, view.reader.account, view.site.snapshots)
    if found is None:
        to = "/work"
    elif not found[1].allow(Permission.MEMBERS_READ):
        to = view.url()
    return await done(request, entry, view=view, to=to)


handlers = [
    list_members,
    new_member,
    create_member,
    edit_member,
    update_member,
    confirm_removal,
    remove_member,
    show_roles,
]
