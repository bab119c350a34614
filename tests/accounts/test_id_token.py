"""The rules that an ID token is held to, one by one, on tokens signed with keys made here."""

from __future__ import annotations

import base64
import hmac
import json
import time
import warnings
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from stratplan.accounts.id_token import ALGORITHMS, LEEWAY, BadToken, UnknownKey, read_id_token, signing_keys

NOW = time.time()
ISSUER, CLIENT, NONCE = "https://login.example", "stratplan", "n-0S6_WzA2Mj"
GOOD: Mapping[str, Any] = {
    "iss": ISSUER,
    "sub": "248289761001",
    "aud": CLIENT,
    "exp": int(NOW) + 300,
    "iat": int(NOW),
    "nonce": NONCE,
}
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})


def key_set(*keys: Key) -> list[Key]:
    return signing_keys({"keys": [key.as_dict(private=False) for key in keys]})


KEYS = key_set(RSA, EC, ED)


def read(token: str, keys: list[Key] | None = None) -> Mapping[str, Any]:
    return read_id_token(token, KEYS if keys is None else keys, issuer=ISSUER, client_id=CLIENT, nonce=NONCE, now=NOW)


def signed(header: Mapping[str, Any] | None = None, /, key: Key = RSA, **changed: Any) -> str:
    claims = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    head = {"alg": "RS256", "kid": key.kid, **(header or {})}
    head = {name: value for name, value in head.items() if value is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode(head, claims, key, algorithms=[*ALGORITHMS, "RS512"])


def part(value: Any) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def with_secret(secret: bytes, **header: str) -> str:
    start = f"{part({'alg': 'HS256', **header})}.{part(GOOD)}"
    return f"{start}.{part(hmac.digest(secret, start.encode(), 'sha256'))}"


@pytest.mark.parametrize(
    ("algorithm", "key"), [("RS256", RSA), ("PS256", RSA), ("ES256", EC), ("EdDSA", ED), ("Ed25519", ED)]
)
def test_every_allowed_algorithm_is_verified(algorithm: str, key: Key) -> None:
    token = signed({"alg": algorithm}, key)
    assert read(token) == GOOD
    head, body, signature = token.split(".")
    for changed in (f"{head}.{part({**GOOD, 'sub': 'admin'})}.{signature}", f"{head}.{body}.{signature[:-8]}AAAAAAAA"):
        with pytest.raises(BadToken, match="the signature does not fit"):
            read(changed)


def test_what_needs_no_private_key_of_the_provider_is_never_a_signature() -> None:
    # A verifier that took the header's word would check these with what anybody, or any holder of the secret, has.
    public = RSA.as_pem(private=False)
    tokens = [
        f"{part({'alg': 'none'})}.{part(GOOD)}.",
        f"{part({'alg': 'None', 'kid': 'rsa'})}.{part(GOOD)}.",
        with_secret(public, kid="rsa"),
        with_secret(b"the client secret"),
        signed({"alg": "RS512"}),
    ]
    for token in tokens:
        with pytest.raises(BadToken, match="an algorithm that is not allowed"):
            read(token)


def test_keys_in_the_header_count_for_nothing() -> None:
    own = RSAKey.generate_key(2048, {"kid": "own"})
    mine = own.as_dict(private=False)
    for header in ({"jwk": mine}, {"jku": "https://other.example/keys"}, {"x5u": "https://other.example/"}):
        with pytest.raises(UnknownKey):
            read(signed(header, own))
        with pytest.raises(BadToken, match="the signature does not fit"):
            read(signed({**header, "kid": "rsa"}, own))


def test_the_key_is_the_one_the_header_names_and_of_the_algorithms_kind() -> None:
    with pytest.raises(UnknownKey):
        read(signed({"kid": "ec"}))
    with pytest.raises(UnknownKey):
        read(signed(), key_set(EC, ED))
    unnamed = signed({"kid": None})
    twin = RSAKey.generate_key(2048, {"kid": "twin"})
    assert read(unnamed, key_set(RSA, EC)) == GOOD
    with pytest.raises(BadToken, match="several keys"):
        read(unnamed, key_set(RSA, twin))
    with pytest.raises(UnknownKey):
        read(signed({"alg": "PS256"}), signing_keys({"keys": [{**RSA.as_dict(private=False), "alg": "RS256"}]}))


def test_keys_that_may_not_verify_are_passed_over() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    public = RSA.as_dict(private=False)
    listed = [
        weak.as_dict(private=False),
        OctKey.generate_key(256, {"kid": "shared"}).as_dict(private=True),
        {**public, "use": "enc"},
        {**public, "n": 5},
        {"kty": "RSA"},
        {"kty": "of tomorrow"},
        {"kty": ["RSA"]},
        "key",
        None,
    ]
    assert signing_keys({"keys": listed}) == []
    for wrong in ({}, {"keys": {}}, {"keys": None}):
        with pytest.raises(BadToken):
            signing_keys(wrong)


@pytest.mark.parametrize(
    ("changed", "claim"),
    [
        ({"iss": "https://login.example/"}, "iss"),
        ({"iss": None}, "iss"),
        ({"iss": [ISSUER]}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": ["another"], "azp": CLIENT}, "aud"),
        ({"aud": [CLIENT, "another"]}, "aud"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "azp"),
        ({"aud": {CLIENT: 1}}, "aud"),
        ({"aud": None}, "aud"),
        ({"azp": "another"}, "azp"),
        ({"exp": int(NOW) - LEEWAY - 1}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": float("nan")}, "exp"),
        ({"exp": True}, "exp"),
        ({"iat": int(NOW) + LEEWAY + 2}, "iat"),
        ({"iat": None}, "iat"),
        ({"nbf": int(NOW) + LEEWAY + 2}, "nbf"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": [NONCE]}, "nonce"),
        ({"nonce": "\ud800"}, "nonce"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 5}, "sub"),
        ({"sub": {"$gt": ""}}, "sub"),
        ({"sub": "a\x00b"}, "sub"),
        ({"sub": "a" * 256}, "sub"),
    ],
)
def test_a_claim_that_is_not_as_it_must_be_is_named(changed: dict[str, Any], claim: str) -> None:
    body = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    token = _signed_bytes(json.dumps(body).encode())
    with pytest.raises(BadToken, match=rf"^claim {claim}\b"):
        read(token)


def test_clocks_may_differ_by_a_minute_and_audiences_be_a_list() -> None:
    assert read(signed(exp=int(NOW) - LEEWAY + 2, iat=int(NOW) + LEEWAY - 2))
    assert read(signed(aud=[CLIENT]))
    assert read(signed(aud=[CLIENT, "another"], azp=CLIENT))


def _signed_bytes(payload: bytes, header: Mapping[str, Any] | None = None) -> str:
    from joserfc.jws import serialize_compact

    return serialize_compact({"alg": "RS256", "kid": "rsa", **(header or {})}, payload, RSA)


def test_a_signed_thing_that_is_no_token_is_none() -> None:
    for payload in (b"", b"[]", b"null", b"\xff", b"[" * 50_000, b'{"a":'):
        with pytest.raises(BadToken):
            read(_signed_bytes(payload))
    with pytest.raises(BadToken, match="conditions"):
        read(_signed_bytes(json.dumps(GOOD).encode(), {"crit": ["b64"], "b64": True}))


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40).map(part),
            st.recursive(
                st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
            ).map(part),
            st.dictionaries(
                st.sampled_from(["alg", "kid", "crit", "b64", "typ", "jwk", "x5c"]),
                st.none() | st.integers() | st.sampled_from(["RS256", "ES256", "EdDSA", "rsa", "ec"]) | st.just({}),
            ).map(part),
            st.text(max_size=10),
        ),
        max_size=4,
    ).map(".".join)
)
def test_whatever_is_sent_is_either_a_token_or_refused(text: str) -> None:
    with pytest.raises(BadToken):
        read(text)
