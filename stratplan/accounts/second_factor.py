"""One's own second factor: set up by QR code, recovery codes shown once, renewed, switched off."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import StringConstraints

from stratplan.accounts import cookies, passwords, proofs, throttle, totp
from stratplan.accounts.answering import account_page, go, key_of, let_in, retry_after, show_once
from stratplan.accounts.me import NOTHING, CurrentPassword, profile_of, proves_again, session_of
from stratplan.accounts.sign_in import asked_for, with_next
from stratplan.accounts.totp import SecondFactor
from stratplan.errors import RuleBroken, TooManyAttempts
from stratplan.forms import Form, FormModel
from stratplan.i18n import _
from stratplan.permissions import Permission
from stratplan.web import account_of, local_path, read_form, reader_of

HERE = "/me/second-factor"
# Open to who is signed in and still lacks the second factor that the installation asks for.
FIRST: dict[str, Any] = {"before_second_factor": True}


class Wish(FormModel):
    """What is to be done about the second factor, and the password."""

    do: Literal["begin", "renew", "off"]
    current: CurrentPassword = NOTHING
    code: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    next: Annotated[str, StringConstraints(max_length=2000)] = "/"


class FirstCode(FormModel):
    """The code that shows that the app has the secret."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]
    next: Annotated[str, StringConstraints(max_length=2000)] = "/"


@get(HERE, permission=Permission.ME_READ, **FIRST)
async def show_second_factor(request: HTMXRequest) -> Response[Any]:
    """Whether there is one, and what can be done about it; recovery codes that have just been made."""
    return await _second_factor_page(request, Form.filled(Wish, {"next": asked_for(request)}))


async def _second_factor_page(request: HTMXRequest, form: Form[Wish], *, status: int = 200) -> Response[Any]:
    account = account_of(request)
    form.texts = {**form.texts, "code": [""]}
    factor = await SecondFactor.get(account)
    on = factor is not None and factor.sealed is not None
    to = local_path(form.value("next") or "/")
    context = {
        "form": form,
        "on": on,
        "since": factor.since if factor is not None else None,
        "codes_left": len(factor.codes) if factor is not None else 0,
        "has_password": await passwords.has_one(account),
        "next": to,
        "asks": "" if on else _who_asks(request, to),
        "may_be_off": not reader_of(request).must_have_second_factor,
        "email": (await profile_of(account)).email,
    }
    return await account_page(request, "accounts/second_factor.html", context, status=status)


def _who_asks(request: HTMXRequest, to: str) -> str:
    """The sentence that says why somebody has been led here; empty where they came by themselves."""
    if reader_of(request).lacks_second_factor:
        return _("Everybody who signs in here with a password has a second step too. Set yours up to go on.")
    return "" if to == "/" else _("The plan that you were about to open asks for this of everybody who works on it.")


def _may_be_off(request: HTMXRequest) -> None:
    """Raise RuleBroken where the installation asks everybody for a second factor."""
    if reader_of(request).must_have_second_factor:
        raise RuleBroken(_("Everybody who signs in here with a password has a second step too."))


async def _gives_a_code(request: HTMXRequest, code: str) -> None:
    """Raise RuleBroken unless this is a code of the second factor that is on, of an account that has no password to be
    asked for again."""
    account = account_of(request)
    if await passwords.has_one(account) or not await totp.is_on(account):
        return
    attempt = await throttle.second_attempt(account, address=cookies.origin_of(request).address)
    if not (await totp.accept(account, code, key=key_of(request)) or await totp.accept_recovery(account, code)):
        raise totp.refusal(code)
    await attempt.succeeded()


@post(HERE, permission=Permission.ME_WRITE, **FIRST)
async def change_second_factor(request: HTMXRequest) -> Response[Any]:
    """Begin to set it up, renew the recovery codes, or switch it off: each after the password has been given again, or,
    where there is none, a code."""
    form = await read_form(request, Wish)
    if form.data is None:
        return await _second_factor_page(request, form, status=422)
    account = account_of(request)
    try:
        if form.data.do == "off":
            _may_be_off(request)
        await proves_again(request, form.data.current)
        await _gives_a_code(request, form.data.code)
    except TooManyAttempts as too_many:
        form.refuse(RuleBroken(str(too_many)))
        return retry_after(await _second_factor_page(request, form, status=429), too_many.seconds)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _second_factor_page(request, form, status=422)
    to = local_path(form.data.next)
    if form.data.do == "begin":
        await totp.begin(account, key=key_of(request))
        return go(request, with_next(f"{HERE}/new", to))
    if form.data.do == "off":
        await proofs.switch_off(account)
        return await let_in(
            request, account, elsewhere=session_of(request).elsewhere, to=HERE, done="second-factor-off"
        )
    response = go(request, with_next(HERE, to), "codes-renewed")
    show_once(request, response, {"codes": await proofs.renew_codes(account)})
    return response


@get(f"{HERE}/needed", permission=Permission.ME_READ, **FIRST)
async def show_needed(request: HTMXRequest) -> Response[Any]:
    """Where a plan, or an installation, that asks for a second factor sends somebody: to give it, or to set one up."""
    to = asked_for(request)
    return go(request, with_next("/sign-in/code" if await totp.is_on(account_of(request)) else HERE, to))


@get(f"{HERE}/new", permission=Permission.ME_READ, **FIRST)
async def show_new(request: HTMXRequest) -> Response[Any]:
    """The QR code and the secret of the app that is being set up."""
    return await _new_page(request, Form.filled(FirstCode, {"next": asked_for(request)}))


async def _new_page(request: HTMXRequest, form: Form[FirstCode], *, status: int = 200) -> Response[Any]:
    account = account_of(request)
    to = local_path(form.value("next") or "/")
    secret = await totp.pending(account, key=key_of(request))
    if secret is None:
        return go(request, with_next(HERE, to))
    uri = totp.provisioning_uri(secret, (await profile_of(account)).email)
    form.texts["code"] = [""]
    context = {
        "form": form,
        "picture": totp.picture(uri),
        "uri": uri,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "next": to,
    }
    return await account_page(request, "accounts/second_factor_new.html", context, status=status)


@post(f"{HERE}/new", permission=Permission.ME_WRITE, **FIRST)
async def confirm_new(request: HTMXRequest) -> Response[Any]:
    """Switch it on by its first code; this session counts as signed in with it, and the others end."""
    form = await read_form(request, FirstCode)
    if form.data is None:
        return await _new_page(request, form, status=422)
    session = session_of(request)
    try:
        attempt = await throttle.second_attempt(session.account, address=cookies.origin_of(request).address)
        codes = await proofs.switch_on(session.account, form.data.code, key=key_of(request), keep_session=session.id)
    except TooManyAttempts as too_many:
        form.refuse(RuleBroken(str(too_many)))
        return retry_after(await _new_page(request, form, status=429), too_many.seconds)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _new_page(request, form, status=422)
    await attempt.succeeded()
    to = with_next(HERE, local_path(form.data.next))
    response = await let_in(request, session.account, strong=True, to=to, done="second-factor-on")
    show_once(request, response, {"codes": codes})
    return response


handlers = [show_second_factor, change_second_factor, show_needed, show_new, confirm_new]
