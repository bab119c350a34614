"""Signing in and out: e-mail and password, then the second factor where there is one."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import Field, SecretStr, StringConstraints

from stratplan.accounts import cookies, passwords, sessions, throttle, totp
from stratplan.accounts.answering import account_page, go, key_of, let_in, note, retry_after
from stratplan.accounts.models import HalfSession, Profile, folded, is_open
from stratplan.accounts.tokens import digest
from stratplan.documents import OptionalLine, now
from stratplan.errors import RuleBroken, TooManyAttempts
from stratplan.forms import Form, FormModel
from stratplan.i18n import _
from stratplan.permissions import Permission
from stratplan.web import local_path, read_form, reader_of

HALF_SESSION_LASTS = timedelta(minutes=10)

# What is typed as a password is never part of a page, a log or an error: SecretStr hides it. Longer ones are compared
# with nothing (see passwords.LONGEST).
TypedPassword = Annotated[SecretStr, Field(min_length=1, max_length=1000)]


class SignIn(FormModel):
    """Who somebody says to be."""

    email: OptionalLine
    password: TypedPassword
    next: Annotated[str, StringConstraints(max_length=2000)] = "/"


class Code(FormModel):
    """The second factor: a code of the app, or a recovery code."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    next: Annotated[str, StringConstraints(max_length=2000)] = "/"


def asked_for(request: HTMXRequest) -> str:
    """The page to come back to, of an address with `?next=`; only of this site."""
    return local_path(request.query_params.get("next", "/"))


def with_next(path: str, to: str) -> str:
    """An address that comes back to `to` afterwards."""
    return path if to == "/" else f"{path}?next={quote(to, safe='')}"


@get("/sign-in", permission=Permission.OPEN)
async def show_sign_in(request: HTMXRequest) -> Response[Any]:
    """The form; who is signed in already goes on."""
    if reader_of(request).account is not None:
        return go(request, asked_for(request))
    return await _sign_in_page(request, Form.filled(SignIn, {"next": asked_for(request)}))


async def _sign_in_page(request: HTMXRequest, form: Form[SignIn], *, status: int = 200) -> Response[Any]:
    context = {"form": form, "next": local_path(form.value("next") or "/")}
    return await account_page(request, "accounts/sign_in.html", context, status=status)


@post("/sign-in", permission=Permission.OPEN)
async def sign_in(request: HTMXRequest) -> Response[Any]:
    """Let in who knows the password; the same answer, after the same work, for accounts that do not exist."""
    form = await read_form(request, SignIn)
    if form.data is None:
        return await _sign_in_page(request, form, status=422)
    email = folded(form.data.email)
    found = await Profile.get_motor_collection().find_one({"email_folded": email}, {"ended": 1})
    account = None if found is None else PydanticObjectId(found["_id"])
    device = cookies.sent(request, cookies.DEVICE)
    try:
        attempt = await throttle.attempt(email, account, address=cookies.origin_of(request).address, device=device)
    except TooManyAttempts as too_many:
        form.refuse(RuleBroken(str(too_many)))
        return retry_after(await _sign_in_page(request, form, status=429), too_many.seconds)
    is_right = await passwords.verify(account, form.data.password.get_secret_value())
    if not is_right or account is None or not await is_open(account):
        note("sign-in refused", account, request)
        form.refuse(RuleBroken(_("The e-mail address or the password is not right.")))
        return await _sign_in_page(request, form, status=422)
    await attempt.succeeded()
    return await after_first_factor(request, account, to=form.data.next, ended=found.get("ended", 0) if found else None)


async def after_first_factor(
    request: HTMXRequest,
    account: PydanticObjectId,
    *,
    to: str = "/",
    done: str = "",
    ended: int | None = None,
    elsewhere: bool = False,
) -> Response[Any]:
    """Let in who has proved to be the account's owner, here or `elsewhere`, or ask for the second factor first where
    there is one.

    Not whoever proved it before all sessions were `ended` (see sessions.begin).
    """
    to = local_path(to)
    if not await totp.is_on(account):
        return await let_in(request, account, elsewhere=elsewhere, to=to, done=done, ended=ended)
    token = secrets.token_urlsafe(32)
    await HalfSession.get_motor_collection().insert_one(
        {"_id": digest(token), "account": account, "ended": ended, "ends_at": now() + HALF_SESSION_LASTS}
    )
    response = go(request, with_next("/sign-in/code", to))
    response.cookies.append(
        cookies.kept(request, cookies.HALF_SESSION, token, seconds=int(HALF_SESSION_LASTS.total_seconds()))
    )
    return response


# ---- The second factor


async def _half_session(request: HTMXRequest) -> tuple[PydanticObjectId, int | None] | None:
    """Whose second factor is asked for: of who has given a password (with how often all sessions had been ended then),
    or is signed in without a second factor."""
    token = cookies.sent(request, cookies.HALF_SESSION)
    if token:
        found = await HalfSession.get_motor_collection().find_one(
            {"_id": digest(token), "ends_at": {"$gt": datetime.now(UTC)}}
        )
        if found is not None:
            return PydanticObjectId(found["account"]), found.get("ended")
    session = reader_of(request).session
    return (session.account, None) if session is not None and not session.strong else None


@get("/sign-in/code", permission=Permission.OPEN)
async def show_code(request: HTMXRequest) -> Response[Any]:
    """The form for the code; `?recovery=1` asks for a recovery code."""
    if await _half_session(request) is None:
        return go(request, with_next("/sign-in", asked_for(request)))
    return await _code_page(request, Form.filled(Code, {"next": asked_for(request)}))


async def _code_page(request: HTMXRequest, form: Form[Code], *, status: int = 200) -> Response[Any]:
    to = local_path(form.value("next") or "/")
    typed, form.texts = form.value("code"), {**form.texts, "code": [""]}
    is_recovery = "recovery" in request.query_params or totp.is_recovery(typed)
    context = {"form": form, "next": to, "recovery": is_recovery, "here": with_next("/sign-in/code", to)}
    return await account_page(request, "accounts/code.html", context, status=status)


@post("/sign-in/code", permission=Permission.OPEN)
async def give_code(request: HTMXRequest) -> Response[Any]:
    """Let in who has the second factor too."""
    half = await _half_session(request)
    form = await read_form(request, Code)
    to = local_path(form.value("next") or "/")
    if half is None:
        return go(request, with_next("/sign-in", to))
    account, ended = half
    if form.data is None:
        return await _code_page(request, form, status=422)
    try:
        attempt = await throttle.second_attempt(account, address=cookies.origin_of(request).address)
    except TooManyAttempts as too_many:
        form.refuse(RuleBroken(str(too_many)))
        return retry_after(await _code_page(request, form, status=429), too_many.seconds)
    code = form.data.code
    is_right = await totp.accept(account, code, key=key_of(request)) or await totp.accept_recovery(account, code)
    if not is_right or not await is_open(account):
        note("second factor refused", account, request)
        form.refuse(totp.refusal(code))
        return await _code_page(request, form, status=422)
    await attempt.succeeded()
    await HalfSession.get_motor_collection().delete_many({"account": account})
    return await let_in(request, account, strong=True, to=to, ended=ended)


# ---- Out


@post("/sign-out", permission=Permission.OPEN)
async def sign_out(request: HTMXRequest) -> Response[Any]:
    """End the session on the server, and have the browser forget what it has seen."""
    session = reader_of(request).session
    if session is not None:
        await sessions.end(session)
        note("signed out", session.account, request)
    response = go(request, "/sign-in", "signed-out")
    response.cookies.append(cookies.gone(request, "session"))
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


handlers = [show_sign_in, sign_in, show_code, give_code, sign_out]
