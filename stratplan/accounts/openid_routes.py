"""Signing in through the OpenID Connect provider that the administrator set: the way there, and the way back."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from litestar import Response, get
from litestar.datastructures import Cookie
from litestar_htmx import HTMXRequest

from stratplan.accounts import openid_flows
from stratplan.accounts.identities import account_of
from stratplan.accounts.openid import FLOW_LASTS, Provider
from stratplan.accounts.openid_failed import OpenIdFailed
from stratplan.accounts.openid_settings import openid_client
from stratplan.accounts.sign_in import after_first_factor
from stratplan.origin import Origin
from stratplan.permissions import GIVEN_ROLES, Permission, Role
from stratplan.settings import Settings
from stratplan.web import local_path, page, reader_of

BEGIN: Final = "/sign-in/openid"
CALLBACK: Final = "/sign-in/openid/callback"
# Codes and states are in these answers' addresses: none is kept, here or on the way.
NOT_KEPT: Final = {"cache-control": "no-store"}

log = logging.getLogger("stratplan.sign_in")


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


def _origin(request: HTMXRequest) -> Origin:
    found: Origin = request.scope["state"]["origin"]
    return found


def _flow_cookie(origin: Origin, token: str) -> Cookie:
    # Lax, because the provider sends the browser back from another site, by a link and not by a form.
    return Cookie(
        key="__Host-openid" if origin.is_secure else "openid",
        value=token,
        max_age=FLOW_LASTS if token else 0,
        path="/",
        secure=origin.is_secure,
        httponly=True,
        samesite="lax",
    )


def _elsewhere(to: str) -> Response[str]:
    return Response("", status_code=303, media_type="text/plain", headers={"location": to, **NOT_KEPT})


# A link and not a form: the security policy lets no form lead to another site. Nothing of a plan is written, and what
# is kept of a flow goes by itself.
@get(BEGIN, permission=Permission.OPEN)
async def begin_openid(request: HTMXRequest) -> Response[Any]:
    """Send the browser to the provider, with something to recognise it by when it comes back."""
    origin = _origin(request)
    to = local_path(request.query_params.get("next", "/"))
    try:
        address, flow = await _openid(request).provider.begin(
            origin.base + CALLBACK, language=reader_of(request).language
        )
    except OpenIdFailed as failure:
        return await _failed(request, failure, to)
    response = _elsewhere(address)
    response.cookies.append(_flow_cookie(origin, await openid_flows.keep(flow, to=to)))
    return response


# This GET writes: it begins a session, and may make or link an account. OpenID Connect has the browser come back by a
# GET, and what guards a form's POST here is the flow: its state, bound to this browser, heard once.
@get(CALLBACK, permission=Permission.OPEN)
async def finish_openid(request: HTMXRequest) -> Response[Any]:
    """Sign in who comes back from the provider, and lead them where they were going."""
    openid, origin = _openid(request), _origin(request)
    cookie = _flow_cookie(origin, "")
    kept = await openid_flows.take(request.cookies.get(cookie.key, ""))
    to = kept.to if kept else "/"
    try:
        claims = await openid.provider.finish(
            kept.flow if kept else None, request.scope["query_string"].decode("latin-1")
        )
        account = await account_of(claims, role=openid.role)
    except OpenIdFailed as failure:
        response = await _failed(request, failure, to)
    else:
        _note(request, logging.INFO, outcome="signed in", account=str(account))
        # Who set up a second factor here gives it here, whatever the provider asked for.
        response = await after_first_factor(request, account, to=to)
    response.cookies.append(cookie)
    return response


async def _failed(request: HTMXRequest, failure: OpenIdFailed, to: str) -> Response[Any]:
    _note(request, logging.WARNING, outcome="refused", reason=failure.reason)
    response = await page(
        request,
        "accounts/openid_failed.html",
        {
            "sentence": str(failure),
            "provider": _openid(request).name,
            "again": f"{BEGIN}?next={quote(to, safe='')}",
            "request_id": request.scope["state"]["request_id"],
            "path": "/sign-in",  # a switch of language comes back there: this address is good once
        },
        status=failure.status,
    )
    response.headers |= NOT_KEPT
    return response


def _note(request: HTMXRequest, level: int, **said: str) -> None:
    line = {"event": "openid", "id": request.scope["state"]["request_id"], **said}
    log.log(level, json.dumps(line, ensure_ascii=False))


handlers = [begin_openid, finish_openid]
