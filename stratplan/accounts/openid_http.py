"""Asking an OpenID provider over HTTP: only at safe addresses, for a limited time, for a limited answer."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from stratplan.accounts.openid_failed import unreachable, unreliable

LONGEST_WAIT: Final = 10.0  # seconds for a whole answer, however it trickles in
LARGEST_ANSWER: Final = 256 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the JSON object that came with it."""

    status: int
    fields: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """The text of a field; None where there is none or it is not a text."""
        value = self.fields.get(name)
        return value if isinstance(value, str) and value else None


def is_loopback(address: str) -> bool:
    """Whether an address is on this computer, where HTTP without TLS is as good."""
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_safe(address: str) -> bool:
    """Whether secrets may be sent to an address: HTTPS, or this computer; no credentials, no fragment."""
    try:
        parts = urlsplit(address)
        return (
            address.isascii()
            and address.isprintable()
            and " " not in address
            and bool(parts.hostname)
            and (parts.port is None or parts.port > 0)
            and parts.username is None
            and parts.password is None
            and "#" not in address
            and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(address)))
        )
    except ValueError:
        return False


async def ask(
    what: str,
    address: str,
    *,
    form: Mapping[str, str] | None = None,
    authorization: str | None = None,
) -> Answer:
    """GET an address, or POST a form to it; `what` names it in reasons, which never quote what was sent or answered.

    No redirect is followed: a code, a secret or a token goes nowhere but to the address that the provider published.
    """
    if not is_safe(address):
        raise unreliable(f"{what}: the address is not HTTPS")
    # Answers are read as they are: one that unpacks to gigabytes is refused like any other in a coding not asked for.
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    if authorization is not None:
        headers["authorization"] = authorization
    try:
        async with (
            asyncio.timeout(LONGEST_WAIT),
            httpx.AsyncClient(
                verify=_certificates(), timeout=LONGEST_WAIT, follow_redirects=False, trust_env=not is_loopback(address)
            ) as client,
            client.stream("GET" if form is None else "POST", address, data=form, headers=headers) as response,
        ):
            status = response.status_code
            body = await _body(what, response)
    except (TimeoutError, httpx.TimeoutException):
        raise unreachable(f"{what}: no answer within {LONGEST_WAIT:.0f} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
        raise unreachable(f"{what}: {type(error).__name__}") from None
    if status >= 500:
        raise unreachable(f"{what}: status {status}")
    if 300 <= status < 400:
        raise unreliable(f"{what}: a redirect, status {status}")
    return Answer(status, _json_object(what, status, body))


async def _body(what: str, response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise unreliable(f"{what}: an answer in a coding that was not asked for")
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > LARGEST_ANSWER:
            raise unreliable(f"{what}: an answer of more than {LARGEST_ANSWER} bytes")
    return bytes(body)


def _json_object(what: str, status: int, body: bytes) -> Mapping[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if isinstance(fields, dict):
        return fields
    # What refuses need not say so in JSON (RFC 6750); its status is enough.
    if status >= 400:
        return {}
    raise unreliable(f"{what}: not a JSON object, status {status}")


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()
