"""The rules an ID token is held to (OpenID Connect Core 1.0, 3.1.3.7); pure: keys and the time are given."""

from __future__ import annotations

import hmac
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

from joserfc.errors import ClaimError, JoseError, SecurityWarning
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry, extract_compact, validate_compact
from joserfc.jwt import JWTClaimsRegistry

# Signatures that only the provider can make. Never `none`, and never HS…, whose key every holder of the client secret
# has and which would let a public key pass for a secret.
ALGORITHMS: Final[Mapping[str, type[Key]]] = {
    "RS256": RSAKey,
    "PS256": RSAKey,
    "ES256": ECKey,
    "EdDSA": OKPKey,
    "Ed25519": OKPKey,  # the newer name of the same (RFC 9864)
}
LEEWAY: Final = 60  # seconds that the two clocks may differ
SHORTEST_RSA_KEY: Final = 2048  # bits (RFC 7518, 3.3)
MOST_KEYS: Final = 50
LARGEST_HEADER: Final = 8_000


class BadToken(Exception):
    """The token proves nothing; the message says why and holds nothing of the token."""


class UnknownKey(BadToken):
    """No key given fits the token; the provider may have published a new one."""


def signing_keys(key_set: Mapping[str, Any]) -> list[Key]:
    """The keys of a JWK set that may verify an ID token; those of other kinds, uses and weak ones are left out."""
    listed = key_set.get("keys")
    if not isinstance(listed, list):
        raise BadToken("the key set has no list of keys")
    keys: list[Key] = []
    for entry in listed[:MOST_KEYS]:
        # A set may hold keys of kinds that are not known yet (RFC 7517, 5): they are passed over, not an error.
        if not isinstance(entry, dict) or entry.get("kty") not in ("RSA", "EC", "OKP"):
            continue
        if entry.get("use", "sig") != "sig":
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SecurityWarning)
                key = import_key(entry)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, OctKey) or (isinstance(key, RSAKey) and key.raw_value.key_size < SHORTEST_RSA_KEY):
            continue
        keys.append(key)
    return keys


def read_id_token(
    token: str, keys: Sequence[Key], *, issuer: str, client_id: str, nonce: str, now: float
) -> Mapping[str, Any]:
    """The claims of a token that the issuer signed for this client and this sign-in; BadToken for any other."""
    claims = _signed_claims(token, keys)
    try:
        JWTClaimsRegistry(
            now=int(now),
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer},
            sub={"essential": True},
            aud={"essential": True, "value": client_id},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(dict(claims))
    except ClaimError as error:
        raise BadToken(f"claim {error.claim or '?'}: {error.error}") from None
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if "azp" in claims:
        if claims["azp"] != client_id:
            raise BadToken("claim azp: another client's token")
    elif len(audiences) > 1:
        raise BadToken("claim aud: several audiences, and no azp that says whose token it is")
    subject = claims["sub"]
    if not (0 < len(subject) <= 255 and subject.isascii() and subject.isprintable()):
        raise BadToken("claim sub: not an identifier")
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), nonce.encode()):
        raise BadToken("claim nonce: another sign-in's token")
    return claims


def _signed_claims(token: str, keys: Sequence[Key]) -> Mapping[str, Any]:
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    registry.max_header_length = LARGEST_HEADER
    try:
        signed = extract_compact(token.encode(), registry=registry)
        header = signed.headers()
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise BadToken("an algorithm that is not allowed")
        if "crit" in header or "b64" in header:
            raise BadToken("a header with conditions")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            genuine = validate_compact(signed, _key_for(header, algorithm, keys), registry=registry)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadToken(f"not a signed token: {type(error).__name__}") from None
    if not genuine:
        raise BadToken("the signature does not fit")
    try:
        claims = json.loads(signed.payload or b"")
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise BadToken("the payload is not a JSON object")
    return claims


def _key_for(header: Mapping[str, Any], algorithm: str, keys: Sequence[Key]) -> Key:
    """The provider's key that the header names; keys and addresses of keys in the header itself count for nothing."""
    fitting = [key for key in keys if isinstance(key, ALGORITHMS[algorithm]) and key.get("alg") in (None, algorithm)]
    kid = header.get("kid")
    if kid is not None:
        fitting = [key for key in fitting if key.kid == kid]
    if not fitting:
        raise UnknownKey("no key of the provider's fits the token")
    if len(fitting) > 1:
        raise BadToken("several keys fit the token")
    return fitting[0]
