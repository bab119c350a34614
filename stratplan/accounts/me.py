"""One's own account: name and language, password, e-mail address, and the devices that are signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import Field, SecretStr, StringConstraints

from stratplan.accounts import cookies, devices, one_time, passwords, proofs, sessions, throttle, totp
from stratplan.accounts.answering import account_page, go, let_in, retry_after
from stratplan.accounts.letters import can_mail, send_link
from stratplan.accounts.links import ChosenPassword
from stratplan.accounts.models import Account, Email, Profile, Session, end_sessions, folded
from stratplan.accounts.one_time import Purpose
from stratplan.documents import Line
from stratplan.errors import NotVisible, RuleBroken, TooManyAttempts
from stratplan.forms import Form, FormModel
from stratplan.i18n import _
from stratplan.permissions import Permission
from stratplan.web import account_of, read_form, reader_of

# Empty for an account that has no password: it signs in elsewhere.
CurrentPassword = Annotated[SecretStr, Field(max_length=1000)]
NOTHING = SecretStr("")
OTHERS = "others"  # all of one's sessions but the one that asks


class AboutMe(FormModel):
    """What a person is called, and the language that they are written to and first shown."""

    name: Line
    language: Literal["", "lv", "en"] = ""


class PasswordChange(ChosenPassword):
    """A new password, and the old one."""

    current: CurrentPassword = NOTHING


class EmailChange(FormModel):
    """A new e-mail address, and the password."""

    email: Email
    current: CurrentPassword = NOTHING


class SessionEnd(FormModel):
    """Which of one's sessions is to end, and the password: somebody who sat down at an open browser must not be the one
    who stays signed in."""

    session: Annotated[str, StringConstraints(pattern=rf"^(?:[0-9a-f]{{64}}|{OTHERS})$")]
    current: CurrentPassword = NOTHING


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A device that is signed in, as its owner knows it."""

    id: str
    device: str
    icon: str
    address: str
    began_at: datetime
    seen_at: datetime
    is_this: bool


def session_of(request: HTMXRequest) -> Session:
    """The session that asks."""
    session = reader_of(request).session
    assert session is not None
    return session


async def profile_of(account: PydanticObjectId) -> Profile:
    """Who the account is."""
    profile = await Profile.get(account)
    if profile is None:
        raise NotVisible(_("This account does not exist any more."))
    return profile


async def proves_again(request: HTMXRequest, current: SecretStr) -> None:
    """Raise RuleBroken, at the field `current`, unless this is the password of who is signed in: asked for again before
    what proves who they are is changed, for somebody may have sat down at an open browser.

    TooManyAttempts when it is guessed. An account without a password, which signs in elsewhere, has none to give: there
    nothing that lets somebody in by itself may be changed without a link (see `refuse_without_password`).
    """
    account = account_of(request)
    if not await passwords.has_one(account):
        return
    attempt = await throttle.second_attempt(account, address=cookies.origin_of(request).address)
    if not await passwords.verify(account, current.get_secret_value()):
        raise RuleBroken(_("This is not your password."), field="current")
    await attempt.succeeded()


async def refuse_without_password(account: PydanticObjectId) -> None:
    """Raise RuleBroken for an account that has no password to ask for."""
    if not await passwords.has_one(account):
        raise RuleBroken(
            _("Your account has no password: you sign in elsewhere. An administrator can make you a link to one.")
        )


@get("/me", permission=Permission.ME_READ)
async def show_me(request: HTMXRequest) -> Response[Any]:
    """One's account on one page."""
    profile = await profile_of(account_of(request))
    return await _me_page(request, _about(profile), profile)


def _about(profile: Profile) -> Form[AboutMe]:
    return Form.filled(AboutMe, {"name": profile.name, "language": profile.language})


async def _me_page(
    request: HTMXRequest,
    form: Form[AboutMe],
    profile: Profile,
    *,
    ending: Form[SessionEnd] | None = None,
    status: int = 200,
) -> Response[Any]:
    account = account_of(request)
    here = session_of(request).id
    context = {
        "form": form,
        "ending": ending or Form.filled(SessionEnd),
        "profile": profile,
        "has_password": await passwords.has_one(account),
        "has_second_factor": await totp.is_on(account),
        "codes_left": await totp.codes_left(account),
        "sessions": [_signed_in(one, here) for one in await sessions.of_account(account)],
    }
    return await account_page(request, "accounts/me.html", context, status=status)


def _signed_in(session: Session, here: str) -> SignedIn:
    return SignedIn(
        session.id,
        devices.in_words(session.device),
        "smartphone" if devices.is_hand_held(session.device) else "monitor",
        session.address,
        session.began_at,
        session.seen_at,
        session.id == here,
    )


@post("/me", permission=Permission.ME_WRITE)
async def update_me(request: HTMXRequest) -> Response[Any]:
    """Change name and language."""
    form = await read_form(request, AboutMe)
    account = account_of(request)
    if form.data is None:
        return await _me_page(request, form, await profile_of(account), status=422)
    person = await Account.get(account)
    if person is None:
        raise NotVisible(_("This account does not exist any more."))
    await person.describe(by=person.actor, name=form.data.name, language=form.data.language)
    response = go(request, "/me", "described")
    if form.data.language:
        response.cookies.append(cookies.kept(request, "language", form.data.language, seconds=cookies.A_YEAR))
    return response


# ---- Password


@get("/me/password", permission=Permission.ME_READ)
async def show_password(request: HTMXRequest) -> Response[Any]:
    """The form for a new password."""
    return await _password_page(request, Form.filled(PasswordChange))


async def _password_page(request: HTMXRequest, form: Form[PasswordChange], *, status: int = 200) -> Response[Any]:
    account = account_of(request)
    context = {
        "form": form,
        "email": (await profile_of(account)).email,
        "has_password": await passwords.has_one(account),
    }
    return await account_page(request, "accounts/password.html", context, status=status)


@post("/me/password", permission=Permission.ME_WRITE)
async def change_password(request: HTMXRequest) -> Response[Any]:
    """Set a new password; other devices are signed out, and this one gets a new session."""
    form = await read_form(request, PasswordChange)
    if form.data is None:
        return await _password_page(request, form, status=422)
    session = session_of(request)
    try:
        await refuse_without_password(session.account)
        await proves_again(request, form.data.current)
        await proofs.set_password(session.account, form.data.password.get_secret_value(), keep_session=session.id)
    except TooManyAttempts as too_many:
        form.refuse(RuleBroken(str(too_many)))
        return retry_after(await _password_page(request, form, status=429), too_many.seconds)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _password_page(request, form, status=422)
    proved = {"strong": session.strong, "elsewhere": session.elsewhere}
    return await let_in(request, session.account, **proved, to="/me", done="password-changed")


# ---- E-mail address


@get("/me/email", permission=Permission.ME_READ)
async def show_email(request: HTMXRequest) -> Response[Any]:
    """The form for a new e-mail address."""
    return await _email_page(request, Form.filled(EmailChange))


async def _email_page(request: HTMXRequest, form: Form[EmailChange], *, status: int = 200) -> Response[Any]:
    account = account_of(request)
    context = {
        "form": form,
        "email": (await profile_of(account)).email,
        "has_password": await passwords.has_one(account),
    }
    return await account_page(request, "accounts/email.html", context, status=status)


@post("/me/email", permission=Permission.ME_WRITE)
async def change_email(request: HTMXRequest) -> Response[Any]:
    """Send a link to the new address: it becomes the account's when the link is used, and no earlier.

    Whether another account has it already is not told here: whoever owns the address learns it from the link.
    """
    form = await read_form(request, EmailChange)
    account = account_of(request)
    if form.data is None:
        return await _email_page(request, form, status=422)
    try:
        if not can_mail(request):
            raise RuleBroken(_("No letters are sent from here. Ask an administrator to change the address."))
        await refuse_without_password(account)
        await proves_again(request, form.data.current)
        await throttle.count(f"email:{account}", throttle.OF_MAIL)
        await throttle.count(f"email-to:{folded(form.data.email)}", throttle.OF_MAIL)
    except TooManyAttempts as too_many:
        form.refuse(RuleBroken(str(too_many)))
        return retry_after(await _email_page(request, form, status=429), too_many.seconds)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _email_page(request, form, status=422)
    token = await one_time.make(Purpose.EMAIL, account, email=form.data.email)
    send_link(request, await profile_of(account), token, Purpose.EMAIL, to=form.data.email)
    return go(request, "/me", "email-asked")


# ---- Sessions


@post("/me/sessions/end", permission=Permission.ME_WRITE)
async def end_session(request: HTMXRequest) -> Response[Any]:
    """Sign one of one's devices out, or all others."""
    form = await read_form(request, SessionEnd)
    if form.data is None:
        return await _ending_again(request, form, 422)
    account, here = account_of(request), session_of(request)
    try:
        await proves_again(request, form.data.current)
    except TooManyAttempts as too_many:
        form.refuse(RuleBroken(str(too_many), field="current"))
        return retry_after(await _ending_again(request, form, 429), too_many.seconds)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _ending_again(request, form, 422)
    if form.data.session == OTHERS:
        await end_sessions(account, but=here.id)
        return go(request, "/me", "sessions-ended")
    mine = {one.id: one for one in await sessions.of_account(account)}
    if form.data.session in mine:  # else it has ended already
        await sessions.end(mine[form.data.session])
    return go(request, "/me", "session-ended")


async def _ending_again(request: HTMXRequest, form: Form[SessionEnd], status: int) -> Response[Any]:
    profile = await profile_of(account_of(request))
    return await _me_page(request, _about(profile), profile, ending=form, status=status)


handlers = [
    show_me,
    update_me,
    show_password,
    change_password,
    show_email,
    change_email,
    end_session,
]
