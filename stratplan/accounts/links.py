"""The pages behind one-time links: the first administrator, an invitation, a new password, a new e-mail address.

Looking at a link does not use it: programs that look at links in letters before people do would.
"""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from stratplan.accounts import cookies, one_time, proofs, throttle
from stratplan.accounts.answering import account_page, go, let_in, note, retry_after
from stratplan.accounts.letters import send_forgotten
from stratplan.accounts.models import Email, Profile, folded
from stratplan.accounts.one_time import OneTimeLink, Purpose
from stratplan.accounts.sign_in import after_first_factor
from stratplan.documents import Line, OptionalLine
from stratplan.errors import NotVisible, RuleBroken, TooManyAttempts
from stratplan.forms import Form, FormModel
from stratplan.i18n import N_, _
from stratplan.permissions import Permission
from stratplan.web import read_form, reader_of

# How long it may be is a rule of its own (passwords.check), told with its own words.
NewPassword = Annotated[SecretStr, Field(min_length=1, max_length=1000)]


class ChosenPassword(FormModel):
    """A new password, typed twice for those who cannot see what they type."""

    password: NewPassword
    again: NewPassword

    @field_validator("again")
    @classmethod
    def _is_the_same(cls, again: SecretStr, others: ValidationInfo) -> SecretStr:
        first = others.data.get("password")
        if first is not None and first.get_secret_value() != again.get_secret_value():
            raise ValueError(N_("The two passwords are not the same."))
        return again


class Accepted(ChosenPassword):
    """An invitation accepted: what the person is called, and the password."""

    name: Line


class FirstAdministrator(Accepted):
    """The first account."""

    email: Email


class Forgotten(FormModel):
    """Whose password is forgotten."""

    email: OptionalLine


async def _gone(request: HTMXRequest) -> Response[Any]:
    return await account_page(request, "accounts/link_gone.html", status=404)


@get("/links/{token:str}", permission=Permission.OPEN)
async def show_link(request: HTMXRequest, token: str) -> Response[Any]:
    """What the link is for."""
    link = await one_time.look(token, *Purpose)
    if link is None:
        return await _gone(request)
    match link.purpose:
        case Purpose.FIRST:
            return await _link_page(request, token, link, Form.filled(FirstAdministrator))
        case Purpose.INVITATION:
            profile = await Profile.get(link.account)
            return await _link_page(
                request, token, link, Form.filled(Accepted, {"name": profile.name if profile else ""})
            )
        case Purpose.RESET | Purpose.FORGOTTEN:
            return await _link_page(request, token, link, Form.filled(ChosenPassword))
        case Purpose.EMAIL:
            return await account_page(request, "accounts/confirm_email.html", {"token": token, "email": link.email})


async def _link_page(
    request: HTMXRequest, token: str, link: OneTimeLink, form: Form[Any], *, status: int = 200
) -> Response[Any]:
    profile = None if link.account is None else await Profile.get(link.account)
    context = {
        "form": form,
        "token": token,
        "purpose": link.purpose.value,
        "email": "" if profile is None else profile.email,
        "other": reader_of(request).account not in (None, link.account),
    }
    return await account_page(request, "accounts/link.html", context, status=status)


@post("/links/{token:str}", permission=Permission.OPEN)
async def use_link(request: HTMXRequest, token: str) -> Response[Any]:
    """Use the link, and let its owner in."""
    link = await one_time.look(token, *Purpose)
    if link is None:
        return await _gone(request)
    try:
        if link.purpose is Purpose.EMAIL:
            await proofs.confirm_email(token)
            return go(request, "/me" if reader_of(request).account == link.account else "/sign-in", "email-changed")
        models: dict[Purpose, type[ChosenPassword]] = {
            Purpose.FIRST: FirstAdministrator,
            Purpose.INVITATION: Accepted,
        }
        form = await read_form(request, models.get(link.purpose, ChosenPassword))
        if form.data is None:
            return await _link_page(request, token, link, form, status=422)
        try:
            return await _let_in_with(request, token, form.data)
        except RuleBroken as broken:
            form.refuse(broken)
            return await _link_page(request, token, link, form, status=422)
    except NotVisible:  # used by another request at the same moment, or the account is gone
        return await _gone(request)


async def _let_in_with(request: HTMXRequest, token: str, chosen: ChosenPassword) -> Response[Any]:
    password = chosen.password.get_secret_value()
    if isinstance(chosen, FirstAdministrator):
        account = await proofs.begin_administering(token, name=chosen.name, email=chosen.email, password=password)
        note("first administrator", account, request)
        return await let_in(request, account, to="/plans")
    name = chosen.name if isinstance(chosen, Accepted) else None
    account = await proofs.use_link(token, password, name=name)
    note("password chosen", account, request)
    return await after_first_factor(request, account)


# ---- Forgotten passwords


@get("/forgotten", permission=Permission.OPEN)
async def show_forgotten(request: HTMXRequest) -> Response[Any]:
    """Where to ask for a link, or, where no letters are sent, whom."""
    return await account_page(request, "accounts/forgotten.html", {"form": Form.filled(Forgotten), "sent": False})


@post("/forgotten", permission=Permission.OPEN)
async def ask_for_link(request: HTMXRequest) -> Response[Any]:
    """Send a link to the owner of the address; the same answer whether there is one."""
    form = await read_form(request, Forgotten)
    if form.data is None or not form.data.email:
        form.errors.setdefault("email", _("Fill this in."))
        return await account_page(request, "accounts/forgotten.html", {"form": form, "sent": False}, status=422)
    email = folded(form.data.email)
    try:
        sender = throttle.network(cookies.origin_of(request).address)
        await throttle.count(f"forgotten-from:{sender}", throttle.OF_AN_ADDRESS)
        await throttle.count(f"forgotten:{email}", throttle.OF_MAIL)
    except TooManyAttempts as too_many:
        form.refuse(RuleBroken(str(too_many)))
        refused = await account_page(request, "accounts/forgotten.html", {"form": form, "sent": False}, status=429)
        return retry_after(refused, too_many.seconds)
    send_forgotten(request, email)
    return go(request, "/forgotten/sent")


@get("/forgotten/sent", permission=Permission.OPEN)
async def show_forgotten_sent(request: HTMXRequest) -> Response[Any]:
    """What happens now."""
    return await account_page(request, "accounts/forgotten.html", {"form": Form.filled(Forgotten), "sent": True})


handlers = [show_link, use_link, show_forgotten, ask_for_link, show_forgotten_sent]
