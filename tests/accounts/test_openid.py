"""Sign-in through OpenID Connect at a real provider: the whole way, and what must not get through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr

from stratplan.accounts.openid import FAILED_FOR, FLOW_LASTS, KEPT_FOR, Claims, Client, Flow, Provider
from stratplan.accounts.openid_failed import OpenIdFailed
from tests.accounts.misbehaving import Between, answer, serving
from tests.openid_provider.running import (
    ANNA,
    BERTS,
    CLIENT_ID,
    CLIENT_SECRET,
    NO_EMAIL,
    REDIRECT_URI,
    Running,
    running_provider,
    signed_in_at_provider,
    walk_through,
)


class Clock:
    """The time, and as much later as a test says."""

    later = 0.0

    def __call__(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.later


def known(discovery: str, *, secret: str = CLIENT_SECRET, clock: Clock | None = None) -> Provider:
    return Provider(Client(discovery, CLIENT_ID, SecretStr(secret)), clock=clock or Clock())


async def sign_in(provider: Provider, login: str | None) -> Claims:
    to, flow = await provider.begin(REDIRECT_URI, language="lv")
    back = await signed_in_at_provider(to, login)
    return await provider.finish(flow, back.query.decode())


async def returned(provider: Provider, login: str = ANNA) -> tuple[Flow, str]:
    to, flow = await provider.begin(REDIRECT_URI, language="lv")
    return flow, (await signed_in_at_provider(to, login)).query.decode()


def reason_of(failure: pytest.ExceptionInfo[OpenIdFailed], flow: Flow | None = None, query: str = "") -> str:
    """Why it failed; neither the sentence nor the reason may hold a secret of the flow."""
    said = f"{failure.value} {failure.value.reason}"
    secrets = [CLIENT_SECRET, "eyJ", *parse_qs(query).get("code", ())]
    secrets += [flow.state, flow.nonce, flow.verifier] if flow else []
    assert not [secret for secret in secrets if secret in said]
    return failure.value.reason


# --- the whole way


async def test_a_person_signs_in_and_is_known_by_issuer_subject_verified_email_and_name(provider: Running) -> None:
    assert await sign_in(known(provider.address), ANNA) == Claims(
        issuer=provider.address,
        subject=ANNA,
        email="anna@example.lv",
        email_verified=True,
        name="Anna Šķēle-Ģērmane",
    )


async def test_an_email_that_the_provider_has_not_verified_is_told_as_such(provider: Running) -> None:
    claims = await sign_in(known(provider.address), BERTS)
    assert (claims.email, claims.email_verified, claims.name) == ("berts@example.lv", False, "Berts Ūdris")


async def test_a_person_without_email_is_still_known(provider: Running) -> None:
    claims = await sign_in(known(provider.address), NO_EMAIL)
    assert (claims.subject, claims.email, claims.email_verified) == (NO_EMAIL, None, False)


async def test_the_discovery_address_may_be_the_issuer_or_the_whole_document(provider: Running) -> None:
    for address in (f"{provider.address}/", f"{provider.address}/.well-known/openid-configuration"):
        assert (await sign_in(known(address), ANNA)).issuer == provider.address


@pytest.mark.parametrize(
    ("authentication", "algorithm"),
    [("client_secret_post", "ES256"), ("client_secret_basic", "PS256"), ("client_secret_post", "EdDSA")],
)
async def test_providers_that_sign_and_ask_for_the_secret_otherwise_serve_as_well(
    authentication: str, algorithm: str
) -> None:
    with running_provider(
        client_authentication=authentication, algorithm=algorithm, claims_from_userinfo=False
    ) as other:
        assert (await sign_in(known(other.address), ANNA)).email == "anna@example.lv"


async def test_the_request_carries_pkce_and_fresh_values_each_time(provider: Running) -> None:
    party = known(provider.address)
    (first, flow), (second, other) = [await party.begin(REDIRECT_URI, language="en") for _ in range(2)]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(first).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["ui_locales"] == "en"
    assert flow.verifier not in first
    fresh = [flow.state, flow.nonce, flow.verifier, other.state, other.nonce, other.verifier]
    assert len({first, second, *fresh}) == 8
    assert min(map(len, fresh)) >= 43  # 256 bits, and what PKCE asks for


async def test_what_the_provider_says_of_itself_is_asked_for_once_an_hour() -> None:
    async with between() as (meddler, party, clock):
        await party.begin(REDIRECT_URI, language="lv")
        await party.begin(REDIRECT_URI, language="lv")
        assert meddler.heard == ["GET /.well-known/openid-configuration", "GET /jwks"]
        clock.later = KEPT_FOR
        await party.begin(REDIRECT_URI, language="lv")
        assert len(meddler.heard) == 4


async def test_a_provider_that_does_not_answer_is_not_asked_by_everybody_in_turn() -> None:
    heard = []

    async def busy(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        heard.append(target)
        await asyncio.sleep(0.2)
        return answer(b"", status=503)

    clock = Clock()
    async with serving(busy) as address:
        party = known(address, clock=clock)
        failures = await asyncio.gather(
            *(party.begin(REDIRECT_URI, language="lv") for _ in range(20)), return_exceptions=True
        )
        assert all(isinstance(one, OpenIdFailed) for one in failures)
        assert len({str(one) for one in failures}) == 1
        assert len(heard) == 1
        clock.later = FAILED_FOR
        with pytest.raises(OpenIdFailed):
            await party.begin(REDIRECT_URI, language="lv")
        assert len(heard) == 2


async def test_a_provider_that_changed_its_keys_is_asked_for_them_again() -> None:
    with running_provider() as first:
        party = known(first.address)
        await sign_in(party, ANNA)
        port = urlsplit(first.address).port
    with running_provider(port=port):
        assert (await sign_in(party, ANNA)).subject == ANNA


# --- what the browser brings back


async def test_the_answer_to_another_browsers_flow_signs_nobody_in(provider: Running) -> None:
    party = known(provider.address)
    flow, query = await returned(party)
    _, mine = await party.begin(REDIRECT_URI, language="lv")
    for held in (mine, None):
        with pytest.raises(OpenIdFailed, match=r"Begin it again|Sāciet") as failure:
            await party.finish(held, query)
        assert reason_of(failure, flow, query) == "the state is not the one this browser's flow began with"


async def test_a_code_of_another_flow_is_refused_by_its_verifier(provider: Running) -> None:
    party = known(provider.address)
    flow, query = await returned(party)
    _, mine = await party.begin(REDIRECT_URI, language="lv")
    with pytest.raises(OpenIdFailed) as failure:
        await party.finish(mine, query.replace(flow.state, mine.state))
    assert reason_of(failure, mine, query) == "token endpoint: status 400, invalid_grant"


async def test_a_code_serves_once(provider: Running) -> None:
    party = known(provider.address)
    flow, query = await returned(party)
    await party.finish(flow, query)
    with pytest.raises(OpenIdFailed) as failure:
        await party.finish(flow, query)
    assert reason_of(failure, flow, query) == "token endpoint: status 400, invalid_grant"


async def test_a_flow_expires(provider: Running) -> None:
    clock = Clock()
    party = known(provider.address, clock=clock)
    flow, query = await returned(party)
    clock.later = FLOW_LASTS + 1
    with pytest.raises(OpenIdFailed) as failure:
        await party.finish(flow, query)
    assert reason_of(failure, flow, query) == "the flow has expired"


async def test_a_person_who_cancels_is_told_so(provider: Running) -> None:
    with pytest.raises(OpenIdFailed) as failure:
        await sign_in(known(provider.address), None)
    assert reason_of(failure) == "authorization endpoint: access_denied"


async def test_a_wrong_client_secret_is_the_administrators_matter(provider: Running) -> None:
    with pytest.raises(OpenIdFailed) as failure:
        await sign_in(known(provider.address, secret="another"), ANNA)
    assert reason_of(failure) == "token endpoint: status 401, invalid_client"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://other.example"}, "the answer is another provider's (iss)"),
        ({"iss": None}, "the answer does not say whose it is (iss)"),
        ({"code": None}, "the answer has neither a code nor an error"),
        ({"code": ""}, "the answer has neither a code nor an error"),
        ({"code": "eyJ-never-given"}, "token endpoint: status 400, invalid_grant"),
        ({"state": None}, "the state is not the one this browser's flow began with"),
        ({"state": "š\udcff"}, "the state is not the one this browser's flow began with"),
        ({"error": "<script>"}, "authorization endpoint: an error without a code"),
        ({"error": "server_error"}, "authorization endpoint: server_error"),
    ],
)
async def test_an_answer_changed_on_its_way_signs_nobody_in(
    provider: Running, changed: Mapping[str, str | None], reason: str
) -> None:
    party = known(provider.address)
    flow, query = await returned(party)
    parameters = {name: values[0] for name, values in parse_qs(query).items()} | changed
    sent = "&".join(
        f"{name}={httpx.QueryParams({'v': value.encode('utf-8', 'surrogatepass').decode('latin-1')})['v']}"
        for name, value in parameters.items()
        if value is not None
    )
    with pytest.raises(OpenIdFailed) as failure:
        await party.finish(flow, sent)
    assert reason_of(failure, flow, query) == reason


@pytest.mark.parametrize("more", ["&code=a", "&state=a", "&iss=", "&" + "&".join(f"x{i}=1" for i in range(1000))])
async def test_a_parameter_that_comes_twice_or_too_many_of_them_sign_nobody_in(provider: Running, more: str) -> None:
    party = known(provider.address)
    flow, query = await returned(party)
    with pytest.raises(OpenIdFailed):
        await party.finish(flow, query + more)
    assert (await party.finish(flow, query)).subject == ANNA  # the code was not spent on it


# --- what the provider answers, changed by somebody between


@asynccontextmanager
async def between() -> AsyncIterator[tuple[Between, Provider, Clock]]:
    """A real provider behind somebody who may change its answers, and stratplan, which knows only that address."""
    meddler, clock = Between(), Clock()
    async with serving(meddler) as address:
        with running_provider(issuer=address) as real:
            meddler.provider = real.address
            yield meddler, known(address, clock=clock), clock


async def failed_with(meddler: Between, party: Provider, path: str, **changed: Any) -> str:
    def change(asked: str, fields: dict[str, Any]) -> Mapping[str, Any]:
        return fields | changed if asked == path else fields

    meddler.change = change
    flow, query = await returned(party)
    with pytest.raises(OpenIdFailed) as failure:
        await party.finish(flow, query)
    return reason_of(failure, flow, query)


async def test_tokens_that_the_provider_did_not_make_for_this_flow_sign_nobody_in() -> None:
    async with between() as (meddler, party, _):
        seen: dict[str, Any] = {}

        def watch(path: str, fields: dict[str, Any]) -> Mapping[str, Any]:
            return fields if path != "/token" else seen.setdefault("tokens", fields)

        meddler.change = watch
        await sign_in(party, ANNA)
        real = seen["tokens"]["id_token"]
        head, body, _ = real.split(".")
        claims = {
            "iss": party.client.discovery,
            "sub": ANNA,
            "aud": CLIENT_ID,
            "iat": int(time.time()),
            "exp": int(time.time()) + 600,
        }
        other = RSAKey.generate_key(2048)

        assert await failed_with(meddler, party, "/token", id_token=real) == (
            "ID token: claim nonce: another sign-in's token"
        )
        forged = jwt.encode({"alg": "RS256", "jwk": other.as_dict(private=False)}, claims, other)
        assert await failed_with(meddler, party, "/token", id_token=forged) == "ID token: the signature does not fit"
        unknown = jwt.encode({"alg": "RS256", "kid": "other"}, claims, other)
        assert await failed_with(meddler, party, "/token", id_token=unknown) == (
            "ID token: no key of the provider's fits the token"
        )
        assert meddler.heard.count("GET /jwks") == 2  # read again once, for the unknown key
        secret = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))
        assert await failed_with(meddler, party, "/token", id_token=secret) == (
            "ID token: an algorithm that is not allowed"
        )
        assert await failed_with(meddler, party, "/token", id_token=f"{head}.{body}.") == (
            "ID token: the signature does not fit"
        )
        assert await failed_with(meddler, party, "/token", id_token=f"{head}.{body}") == (
            "ID token: not a signed token: DecodeError"
        )
        assert await failed_with(meddler, party, "/token", id_token=None) == "token endpoint: no ID token"
        assert await failed_with(meddler, party, "/token", token_type="mac") == "token endpoint: no ID token"
        assert await failed_with(meddler, party, "/token", access_token="a\r\nb: c") == (
            "token endpoint: no access token that could be sent"
        )


async def test_a_token_kept_too_long_signs_nobody_in() -> None:
    async with between() as (_, party, clock):
        flow, query = await returned(party)
        clock.later = 2 * 3600  # longer than the provider lets an ID token live
        with pytest.raises(OpenIdFailed) as failure:
            await party.finish(replace(flow, began=clock()), query)
        assert reason_of(failure, flow, query) == "ID token: claim exp: expired_token"
        clock.later = -300
        flow, query = await returned(party)
        with pytest.raises(OpenIdFailed) as failure:
            await party.finish(flow, query)
        assert reason_of(failure, flow, query) == "ID token: claim iat: invalid_claim"


async def test_what_userinfo_tells_of_another_person_is_not_believed() -> None:
    async with between() as (meddler, party, _):
        assert await failed_with(meddler, party, "/me", sub=BERTS) == "userinfo: it tells of another subject"
        assert await failed_with(meddler, party, "/me", sub=None) == "userinfo: it tells of another subject"


@pytest.mark.parametrize(
    ("told", "believed"),
    [
        ({"email_verified": "true"}, ("anna@example.lv", True)),
        ({"email_verified": "false"}, ("anna@example.lv", False)),
        ({"email_verified": 1}, ("anna@example.lv", False)),
        ({"email_verified": None}, ("anna@example.lv", False)),
        ({"email": ["anna@example.lv"]}, (None, False)),
        ({"email": "anna@example.lv\r\nBcc: all@example.lv"}, (None, False)),
        ({"email": "a@b@example.lv"}, (None, False)),
        ({"email": {"$gt": ""}}, (None, False)),
        ({"email": "a" * 300 + "@example.lv"}, (None, False)),
        ({"name": "Anna\u202e\u0000 \n " + "ā" * 500}, ("anna@example.lv", True)),
    ],
)
async def test_odd_claims_are_not_taken_for_more_than_they_are(
    told: dict[str, Any], believed: tuple[str | None, bool]
) -> None:
    async with between() as (meddler, party, _):
        meddler.change = lambda path, fields: fields | told if path == "/me" else fields
        claims = await sign_in(party, ANNA)
        assert (claims.email, claims.email_verified) == believed
        assert len(claims.name) <= 200
        assert claims.name.isprintable()


async def test_a_browser_that_is_signed_in_at_the_provider_comes_back_at_once(provider: Running) -> None:
    party = known(provider.address)
    async with httpx.AsyncClient(trust_env=False) as browser:
        for _ in range(2):
            to, flow = await party.begin(REDIRECT_URI, language="lv")
            back = await walk_through(browser, to, ANNA, back=REDIRECT_URI)
            assert (await party.finish(flow, back.query.decode())).subject == ANNA
