"""What an OpenID provider says of itself: its discovery document and its keys (Discovery 1.0, RFC 8414)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from joserfc.jwk import Key

from stratplan.accounts.id_token import BadToken, signing_keys
from stratplan.accounts.openid_failed import unreliable
from stratplan.accounts.openid_http import ask, is_loopback, is_safe

WELL_KNOWN: Final = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    authentication: Literal["basic", "post"]
    names_itself: bool  # its answers carry `iss`


async def discover(address: str) -> Metadata:
    """The provider at an address: its issuer, with or without the well-known path."""
    base = address.removesuffix(WELL_KNOWN)
    if not is_safe(base) or "?" in base:
        raise unreliable("discovery: the address must be HTTPS, without a query")
    answer = await ask("discovery", base.rstrip("/") + WELL_KNOWN)
    if answer.status != 200:
        raise unreliable(f"discovery: status {answer.status}")
    # The issuer must be who was asked, else one provider could speak for another. (Some end in a slash.)
    issuer = answer.text("issuer")
    if issuer is None or issuer.rstrip("/") != base.rstrip("/"):
        raise unreliable("discovery: the document is another issuer's")

    def endpoint(name: str) -> str | None:
        found = answer.text(name)
        # Only a provider on this computer may send the server to addresses on this computer without TLS.
        if found is not None and (not is_safe(found) or (is_loopback(found) and not is_loopback(base))):
            raise unreliable(f"discovery: {name} is not HTTPS")
        return found

    authorization, token, keys = map(endpoint, ("authorization_endpoint", "token_endpoint", "jwks_uri"))
    if authorization is None or token is None or keys is None:
        raise unreliable("discovery: an endpoint is missing")
    return Metadata(
        issuer=issuer,
        authorization_endpoint=authorization,
        token_endpoint=token,
        jwks_uri=keys,
        userinfo_endpoint=endpoint("userinfo_endpoint"),
        authentication=_authentication(answer.fields.get("token_endpoint_auth_methods_supported")),
        names_itself=answer.fields.get("authorization_response_iss_parameter_supported") is True,
    )


def _authentication(methods: Any) -> Literal["basic", "post"]:
    if methods is None or (isinstance(methods, list) and "client_secret_basic" in methods):
        return "basic"  # what holds where the provider says nothing (Discovery 1.0, 3)
    if isinstance(methods, list) and "client_secret_post" in methods:
        return "post"
    raise unreliable("discovery: the provider takes no client secret")


async def read_keys(metadata: Metadata) -> list[Key]:
    """The keys that the provider signs with now."""
    answer = await ask("keys", metadata.jwks_uri)
    if answer.status != 200:
        raise unreliable(f"keys: status {answer.status}")
    try:
        return signing_keys(answer.fields)
    except BadToken as bad:
        raise unreliable(f"keys: {bad}") from None
