"""A provider that is down, slow, endless, or says of itself what is not true: nobody waits long and nothing is sent."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from stratplan.accounts import openid_http
from stratplan.accounts.openid import Client, Provider
from stratplan.accounts.openid_failed import OpenIdFailed
from stratplan.accounts.openid_http import LARGEST_ANSWER, is_safe
from tests.accounts.misbehaving import answer, serving
from tests.openid_provider.running import REDIRECT_URI


async def begin_at(address: str) -> OpenIdFailed:
    provider = Provider(Client(address, "stratplan", SecretStr("secret")))
    with pytest.raises(OpenIdFailed) as failure:
        await provider.begin(REDIRECT_URI, language="lv")
    return failure.value


class Told:
    """A provider whose discovery document differs from a good one as told."""

    def __init__(self, **changed: Any) -> None:
        self.changed = changed
        self.heard: list[str] = []

    async def __call__(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        self.heard.append(target)
        base = f"http://{headers['host']}"
        if target == "/keys":
            return answer({"keys": []})
        good = {
            "issuer": base,
            "authorization_endpoint": f"{base}/auth",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
        }
        return answer({name: value for name, value in (good | self.changed).items() if value is not None})


async def test_a_good_document_of_this_server_is_taken() -> None:
    async with serving(Told(authorization_endpoint="https://login.example/auth?tenant=1")) as address:
        to, _ = await Provider(Client(address, "a b", SecretStr("secret"))).begin(REDIRECT_URI, language="lv")
    assert to.startswith("https://login.example/auth?tenant=1&response_type=code&client_id=a+b&")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"issuer": "https://other.example"}, "discovery: the document is another issuer's"),
        ({"issuer": None}, "discovery: the document is another issuer's"),
        ({"issuer": ["a"]}, "discovery: the document is another issuer's"),
        ({"token_endpoint": None}, "discovery: an endpoint is missing"),
        ({"token_endpoint": {"$gt": ""}}, "discovery: an endpoint is missing"),
        ({"token_endpoint": "http://login.example/token"}, "discovery: token_endpoint is not HTTPS"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "discovery: authorization_endpoint is not HTTPS"),
        ({"jwks_uri": "file:///etc/passwd"}, "discovery: jwks_uri is not HTTPS"),
        ({"userinfo_endpoint": "https://a:b@login.example/"}, "discovery: userinfo_endpoint is not HTTPS"),
        ({"userinfo_endpoint": "https://[::1/"}, "discovery: userinfo_endpoint is not HTTPS"),
        ({"userinfo_endpoint": "https://login.example/\ud800"}, "discovery: userinfo_endpoint is not HTTPS"),
        ({"token_endpoint_auth_methods_supported": ["none"]}, "discovery: the provider takes no client secret"),
        (
            {"token_endpoint_auth_methods_supported": "client_secret_basic"},
            "discovery: the provider takes no client secret",
        ),
    ],
)
async def test_a_document_that_cannot_be_right_is_refused(changed: dict[str, Any], reason: str) -> None:
    told = Told(**changed)
    async with serving(told) as address:
        assert (await begin_at(address)).reason == reason
    assert told.heard == ["/.well-known/openid-configuration"]


async def test_a_provider_that_is_down_is_said_to_be() -> None:
    async with serving(Told()) as address:
        pass
    failure = await begin_at(address)
    assert failure.reason == "discovery: ConnectError"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (answer(b"", status=503), "discovery: status 503"),
        (answer(b"", status=404), "discovery: status 404"),
        (answer(b"", status=302, location="https://other.example/"), "discovery: a redirect, status 302"),
        (answer(b"<html>"), "discovery: not a JSON object, status 200"),
        (answer(b"[1]"), "discovery: not a JSON object, status 200"),
        (answer(b"[" * 100_000), "discovery: not a JSON object, status 200"),
        (answer(b"\xff\xfe"), "discovery: not a JSON object, status 200"),
        (b"", "discovery: RemoteProtocolError"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}", "discovery: RemoteProtocolError"),
        (b"SSH-2.0\r\n\r\n", "discovery: RemoteProtocolError"),
        (
            answer(gzip.compress(json.dumps({"issuer": " " * 10**8}).encode()), content_encoding="gzip"),
            "discovery: an answer in a coding that was not asked for",
        ),
    ],
    ids=range(11),
)
async def test_an_answer_that_is_none_is_refused(sent: bytes, reason: str) -> None:
    async def handle(*_: Any) -> bytes:
        return sent

    async with serving(handle) as address:
        assert (await begin_at(address)).reason == reason


async def test_an_endless_answer_is_left_off() -> None:
    sent = 0

    async def handle(*_: Any) -> AsyncIterator[bytes]:
        nonlocal sent
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while True:
            yield b" " * 65536
            sent += 65536

    async with serving(handle) as address:
        assert (await begin_at(address)).reason == f"discovery: an answer of more than {LARGEST_ANSWER} bytes"
    assert sent < 50 * LARGEST_ANSWER  # what the sockets hold, and no more


async def test_an_answer_that_trickles_in_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openid_http, "LONGEST_WAIT", 1.0)

    async def handle(*_: Any) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while True:
            yield b" "
            await asyncio.sleep(0.1)

    async with serving(handle) as address:
        started = time.monotonic()
        assert (await begin_at(address)).reason == "discovery: no answer within 1 seconds"
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://login.example.lv/realms/a", True),
        ("https://login.example.lv:8443", True),
        ("http://127.0.0.1:3000", True),
        ("http://localhost:3000", True),
        ("http://[::1]:3000", True),
        ("http://login.example.lv", False),
        ("http://127.0.0.1.example.lv", False),
        ("http://localhost.example.lv", False),
        ("http://0.0.0.0:3000", False),
        ("https://", False),
        ("//login.example.lv", False),
        ("https://user@login.example.lv", False),
        ("https://login.example.lv/#a", False),
        ("https://login.example.lv:port", False),
        ("https://login.example.lv/a b", False),
        ("https://login.example.lv/\r\nhost: b", False),
    ],
)
def test_secrets_go_over_tls_or_stay_on_this_computer(address: str, safe: bool) -> None:
    assert is_safe(address) is safe


async def test_an_unsafe_discovery_address_is_never_asked() -> None:
    for address in ("http://login.example.lv", "https://login.example.lv/?a=b"):
        assert (await begin_at(address)).reason == "discovery: the address must be HTTPS, without a query"
