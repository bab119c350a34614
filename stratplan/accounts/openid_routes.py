"""Signing in through the OpenID Connect provider that the administrator set: the way there, and the way back."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any, Final

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.accounts import cookies, openid_flows
from stratplan.accounts.answering import account_page, go
from stratplan.accounts.identities import account_of
from stratplan.accounts.openid import FLOW_LASTS, Provider
from stratplan.accounts.openid_failed import OpenIdFailed
from stratplan.accounts.openid_settings import openid_client
from stratplan.accounts.sign_in import after_first_factor, asked_for, with_next
from stratplan.permissions import GIVEN_ROLES, Permission, Role
from stratplan.settings import Settings
from stratplan.web import reader_of

BEGIN: Final = "/sign-in/openid"
CALLBACK: Final = "/sign-in/openid/callback"
FLOW: Final = "openid"  # the cookie; Lax, because the provider sends the browser back from another site

log = logging.getLogger("stratplan.accounts")


@dataclass(frozen=True, slots=True)
class OpenId:
    """The provider as this process knows it, and the role of people it has not seen before (None: not let in)."""

    provider: Provider
    name: str
    role: Role | None


def openid_of(settings: Settings) -> OpenId | None:
    """The provider that is set; None where there is none, and then there are no routes to it either."""
    client = openid_client(settings)
    if client is None:
        return None
    role = next((role for role in GIVEN_ROLES if role.value == settings.openid_role), None)
    return OpenId(Provider(client), settings.openid_name, role)


def _openid(request: HTMXRequest) -> OpenId:
    found: OpenId = request.app.state.openid
    return found


# A link and not a form: the security policy lets no form lead to another site. Nothing of a plan is written, and what
# is kept of a flow goes by itself.
@get(BEGIN, permission=Permission.OPEN)
async def begin_openid(request: HTMXRequest) -> Response[Any]:
    """Send the browser to the provider, with something to recognise it by when it comes back."""
    to = asked_for(request)
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        # Another site's page leads here: nobody is signed in without having pressed the button.
        return go(request, with_next("/sign-in", to))
    try:
        # Not the site's address for people: the flow's cookie is of the host that was asked.
        address, flow = await _openid(request).provider.begin(
            cookies.origin_of(request).base + CALLBACK, language=reader_of(request).language
        )
    except OpenIdFailed as failure:
        return await _failed(request, failure, to)
    response = go(request, address)
    response.headers["cache-control"] = "no-store"
    token = await openid_flows.keep(flow, to=to)
    response.cookies.append(cookies.kept(request, FLOW, token, seconds=FLOW_LASTS))
    return response


# This GET writes: it begins a session, and may make or link an account. OpenID Connect has the browser come back by a
# GET, and what guards a form's POST here is the flow: its state, bound to this browser, heard once.
@get(CALLBACK, permission=Permission.OPEN)
async def finish_openid(request: HTMXRequest) -> Response[Any]:
    """Let in who comes back from the provider, and lead them where they were going; where there is a second factor, it
    is asked for as after a password."""
    openid = _openid(request)
    kept = await openid_flows.take(cookies.sent(request, FLOW))
    to = kept.to if kept else "/"
    try:
        claims = await openid.provider.finish(
            kept.flow if kept else None, request.scope["query_string"].decode("latin-1")
        )
        account = await account_of(claims, role=openid.role)
    except OpenIdFailed as failure:
        response = await _failed(request, failure, to)
    else:
        response = await after_first_factor(request, account, to=to, elsewhere=True)
        response.headers["cache-control"] = "no-store"
    response.cookies.append(cookies.gone(request, FLOW))
    return response


async def _failed(request: HTMXRequest, failure: OpenIdFailed, to: str) -> Response[Any]:
    request_id = request.scope["state"]["request_id"]
    log.warning(json.dumps({"event": "openid", "id": request_id, "reason": failure.reason}))
    context = {
        "sentence": str(failure),
        "provider": _openid(request).name,
        "again": with_next(BEGIN, to),
        "another": with_next("/sign-in", to),
        "request_id": request_id,
        "path": "/sign-in",  # a switch of language comes back there: this address, with the code in it, is good once
    }
    return await account_page(request, "accounts/openid_failed.html", context, status=failure.status)


handlers = [begin_openid, finish_openid]
