"""How pages about accounts answer: what was done, told on the next page; what is shown only once; who is let in."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Mapping
from typing import Any

from beanie import PydanticObjectId
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.accounts import cookies, sessions, throttle
from stratplan.accounts.letters import can_mail
from stratplan.accounts.models import Profile
from stratplan.i18n import LANGUAGES, N_, _
from stratplan.secret_key import CannotOpen, SecretKey
from stratplan.web import Notice, local_path, page, reader_of, wants_fragment

SHOWN = "shown-once"
SHOWN_FOR = 60  # seconds between a form and the page that follows it

# What the cookie `notice` may name on these pages; nothing else that stands in it is ever shown.
DONE: Mapping[str, str] = {
    "described": N_("Saved."),
    "password-changed": N_("The password has been changed, and all other devices have been signed out."),
    "email-asked": N_("A letter is on its way to the new address. The address changes when the link in it is used."),
    "email-changed": N_("The e-mail address has been changed."),
    "session-ended": N_("That device has been signed out."),
    "sessions-ended": N_("All other devices have been signed out."),
    "second-factor-on": N_("Signing in now takes a code too."),
    "second-factor-off": N_("Signing in takes no code any more."),
    "codes-renewed": N_("There are new recovery codes; the old ones are good no more."),
    "invited": N_("The person has been invited."),
    "link-made": N_("There is a new link; the one before is good no more."),
    "disabled": N_("The account has been closed, and its devices have been signed out."),
    "enabled": N_("The account is open again."),
    "erased": N_("The person has been removed. What they did stays in the history without a name."),
    "role-given": N_("The role has been changed."),
    "signed-out": N_("You are signed out."),
    "plan-asks": N_("Saved."),
}

log = logging.getLogger("stratplan.accounts")


def key_of(request: HTMXRequest) -> SecretKey:
    """The installation's secret key."""
    key: SecretKey = request.app.state.secret_key()
    return key


def note(event: str, account: PydanticObjectId | None, request: HTMXRequest) -> None:
    """Write one line about signing in to the log: what, to which account, in which request; no address, no name."""
    line = {"event": event, "id": request.scope["state"]["request_id"], "account": str(account) if account else None}
    log.info(json.dumps(line))


def go(request: HTMXRequest, to: str, done: str = "") -> Response[Any]:
    """Answer a form with the way to the next page, which tells that it was done."""
    headers = {"HX-Redirect" if wants_fragment(request) else "location": to, "cache-control": "no-store"}
    response = Response[Any](
        "", status_code=200 if wants_fragment(request) else 303, media_type="text/plain", headers=headers
    )
    if done:
        response.cookies.append(cookies.kept(request, "told", done, seconds=SHOWN_FOR))
    return response


def show_once(request: HTMXRequest, response: Response[Any], values: Mapping[str, Any]) -> None:
    """Give the next page something that nobody keeps: a link, recovery codes. It travels sealed."""
    about = f"shown:{reader_of(request).account}"
    sealed = key_of(request).seal(json.dumps(values).encode(), about=about)
    text = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    response.cookies.append(cookies.kept(request, SHOWN, text, seconds=SHOWN_FOR))


def _shown(request: HTMXRequest) -> dict[str, Any]:
    text = cookies.sent(request, SHOWN)
    if not text:
        return {}
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        opened = key_of(request).open(sealed, about=f"shown:{reader_of(request).account}")
    except (binascii.Error, ValueError, CannotOpen):
        return {}
    values: dict[str, Any] = json.loads(opened)
    return values


async def account_page(
    request: HTMXRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> Response[str]:
    """A page about accounts, which no cache keeps and no address is passed on from; tells what has just been done."""
    told = cookies.sent(request, "told")
    notice = Notice(_(DONE[told]), None) if told in DONE else None
    shown = _shown(request)
    values = {"section": "account", "notice": notice, "shown": shown, "can_mail": can_mail(request), **(context or {})}
    response = await page(request, template, values, status=status)
    response.headers["cache-control"] = "no-store"
    response.headers["referrer-policy"] = "no-referrer"
    if told:
        response.cookies.append(cookies.gone(request, "told"))
    if shown:
        response.cookies.append(cookies.gone(request, SHOWN))
    return response


# ---- Letting somebody in


async def let_in(
    request: HTMXRequest,
    account: PydanticObjectId,
    *,
    strong: bool = False,
    elsewhere: bool = False,
    to: str = "/",
    done: str = "",
    ended: int | None = None,
) -> Response[Any]:
    """Begin a session of the account in this browser, in place of the one that it had, and know the device from now on.

    Raises RuleBroken when the account is disabled or gone, or its sessions were `ended` since (see sessions.begin).
    """
    before = reader_of(request).session
    token = await sessions.begin(
        account,
        device=request.headers.get("user-agent", ""),
        address=cookies.origin_of(request).address,
        strong=strong,
        elsewhere=elsewhere,
        instead_of=before.id if before is not None else "",
        ended=ended,
    )
    device = cookies.sent(request, cookies.DEVICE) or throttle.new_device()
    await throttle.remember(account, device)
    note("signed in", account, request)
    response = go(request, local_path(to), done)
    origin = cookies.origin_of(request)
    session = cookies.kept(request, "session", token, seconds=int(sessions.ABSOLUTE.total_seconds()))
    assert session.key == origin.session_cookie
    response.cookies += [
        session,
        cookies.kept(request, cookies.DEVICE, device, seconds=int(throttle.DEVICE_KEPT.total_seconds())),
        cookies.gone(request, cookies.HALF_SESSION),
    ]
    profile = await Profile.get(account)
    if profile is not None and profile.language in LANGUAGES:
        response.cookies.append(cookies.kept(request, "language", profile.language, seconds=cookies.A_YEAR))
    return response


def retry_after(response: Response[Any], seconds: int) -> Response[Any]:
    """Tell a program when to try again; people are told in the page."""
    response.headers["retry-after"] = str(seconds)
    return response
