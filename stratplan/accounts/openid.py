"""Sign-in through any OpenID Connect provider: the protocol alone (code flow with PKCE); knows no account and no page.

Core 1.0, Discovery 1.0, RFC 7636 (PKCE), RFC 9207 (issuer in the answer), RFC 9700 (best current practice).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, quote_plus, urlencode

from joserfc.jwk import Key
from pydantic import SecretStr

from stratplan.accounts.id_token import BadToken, UnknownKey, read_id_token
from stratplan.accounts.openid_discovery import Metadata, discover, read_keys
from stratplan.accounts.openid_failed import UNREACHABLE, OpenIdFailed, begin_again, refused, unreachable, unreliable
from stratplan.accounts.openid_http import Answer, ask

KEPT_FOR: Final = 3600  # seconds that what a provider says of itself is not asked for again
FAILED_FOR: Final = (
    10  # seconds that a provider which failed is not asked again, so that nobody waits in a queue for it
)
FLOW_LASTS: Final = 15 * 60  # seconds that a person has for signing in at the provider
LONGEST_NAME: Final = 200
MOST_PARAMETERS: Final = 20

_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
LONGEST_EMAIL: Final = 254
_ERROR_CODE: Final = re.compile(r"[a-z_]{1,40}")
_BEARER: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


@dataclass(frozen=True, slots=True)
class Client:
    """What stratplan is to a provider: registered there with an id and a secret."""

    discovery: str  # the issuer's address, with or without `/.well-known/openid-configuration`
    id: str
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in under way: what the browser that began it is known by, and what its answer is held against."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str
    began: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Claims:
    """Who the provider says the person is. Only (issuer, subject) stays the same; an e-mail may pass to another."""

    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    name: str  # empty where the provider tells none


class Provider:
    """A provider as this process knows it; one for the life of the process, so that its keys are asked for rarely."""

    def __init__(self, client: Client, *, clock: Callable[[], float] = time.time) -> None:
        self.client = client
        self.clock = clock
        self._metadata: Metadata | None = None
        self._keys: list[Key] = []
        self._read_at = 0.0
        self._failure: OpenIdFailed | None = None
        self._failed_at = 0.0
        self._reading = asyncio.Lock()

    async def begin(self, redirect_uri: str, *, language: str) -> tuple[str, Flow]:
        """The provider's address to send the browser to, and what to keep for it until it comes back."""
        metadata = await self._current()
        flow = Flow(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
            began=self.clock(),
        )
        challenge = base64.urlsafe_b64encode(hashlib.sha256(flow.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = urlencode(
            {
                "response_type": "code",
                "client_id": self.client.id,
                "redirect_uri": redirect_uri,
                "scope": "openid email profile",
                "state": flow.state,
                "nonce": flow.nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
                "ui_locales": language,
            }
        )
        separator = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{separator}{asked}", flow

    async def finish(self, flow: Flow | None, query: str) -> Claims:
        """Who signed in, from the query that the provider sent the browser back with. A flow is for one call."""
        answer = _parameters(query)
        # Before anything the answer says is believed: is it an answer to what this browser began?
        state = answer.get("state", "")
        if flow is None or not hmac.compare_digest(state.encode("utf-8", "replace"), flow.state.encode()):
            raise begin_again("the state is not the one this browser's flow began with")
        if not 0 <= self.clock() - flow.began <= FLOW_LASTS:
            raise begin_again("the flow has expired")
        metadata = await self._current()
        issuer = answer.get("iss")
        if issuer is None and metadata.names_itself:
            raise unreliable("the answer does not say whose it is (iss)")
        if issuer is not None and issuer != metadata.issuer:
            raise unreliable("the answer is another provider's (iss)")
        if "error" in answer:
            raise _answered_error(answer["error"])
        if not answer.get("code"):
            raise unreliable("the answer has neither a code nor an error")
        tokens = await self._exchange(metadata, flow, answer["code"])
        return await self._claims(metadata, flow, tokens)

    # --- what the provider says of itself

    async def _current(self) -> Metadata:
        async with self._reading:
            if self._metadata is None or not 0 <= self.clock() - self._read_at < KEPT_FOR:
                failed = self._failure
                if failed is not None and 0 <= self.clock() - self._failed_at < FAILED_FOR:
                    # Made anew: the sentence is in the language of who asks now.
                    raise (unreachable if failed.status == UNREACHABLE else unreliable)(failed.reason)
                try:
                    metadata = await discover(self.client.discovery)
                    self._keys = await read_keys(metadata)
                except OpenIdFailed as failure:
                    self._failure, self._failed_at = failure, self.clock()
                    raise
                self._metadata, self._read_at, self._failure = metadata, self.clock(), None
            return self._metadata

    # --- what the code is exchanged for

    async def _exchange(self, metadata: Metadata, flow: Flow, code: str) -> Answer:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": flow.redirect_uri,
            "code_verifier": flow.verifier,
        }
        authorization = None
        secret = self.client.secret.get_secret_value()
        if metadata.authentication == "basic":
            pair = f"{quote_plus(self.client.id)}:{quote_plus(secret)}"  # RFC 6749, 2.3.1
            authorization = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": self.client.id, "client_secret": secret}
        answer = await ask("token endpoint", metadata.token_endpoint, form=form, authorization=authorization)
        if answer.status != 200:
            error = _code_of(answer.fields.get("error"))
            reason = f"token endpoint: status {answer.status}, {error}"
            raise begin_again(reason) if error == "invalid_grant" else unreliable(reason)
        if (answer.text("token_type") or "").lower() != "bearer" or answer.text("id_token") is None:
            raise unreliable("token endpoint: no ID token")
        return answer

    async def _claims(self, metadata: Metadata, flow: Flow, tokens: Answer) -> Claims:
        claims = await self._read_token(metadata, flow, tokens.text("id_token") or "")
        subject: str = claims["sub"]
        told = claims
        if metadata.userinfo_endpoint is not None and not ("email" in claims and "email_verified" in claims):
            more = await _userinfo(metadata.userinfo_endpoint, tokens.text("access_token") or "", subject)
            # An address and whether it is verified belong together: both are taken from one answer.
            told = more if "email" in more or "email" not in claims else claims
        email = _email(told.get("email"))
        verified = told.get("email_verified")
        return Claims(
            issuer=metadata.issuer,
            subject=subject,
            email=email,
            email_verified=email is not None and (verified is True or verified == "true"),  # some send the word
            name=_name(claims) or _name(told),
        )

    async def _read_token(self, metadata: Metadata, flow: Flow, token: str) -> Mapping[str, Any]:
        def read() -> Mapping[str, Any]:
            return read_id_token(
                token,
                self._keys,
                issuer=metadata.issuer,
                client_id=self.client.id,
                nonce=flow.nonce,
                now=self.clock(),
            )

        try:
            try:
                return read()
            except UnknownKey:
                # The provider may have changed its keys since; once more, with those it has now.
                self._keys = await read_keys(metadata)
                return read()
        except BadToken as bad:
            raise unreliable(f"ID token: {bad}") from None


async def _userinfo(address: str, access_token: str, subject: str) -> Mapping[str, Any]:
    if not _BEARER.fullmatch(access_token):
        raise unreliable("token endpoint: no access token that could be sent")
    answer = await ask("userinfo", address, authorization=f"Bearer {access_token}")
    if answer.status != 200:
        raise unreliable(f"userinfo: status {answer.status}")
    # Core 1.0, 5.3.2: else another person's token could be slipped in.
    if answer.fields.get("sub") != subject:
        raise unreliable("userinfo: it tells of another subject")
    return answer.fields


def _parameters(query: str) -> dict[str, str]:
    """The answer's parameters; none may come twice (RFC 6749, 3.1)."""
    try:
        pairs: Sequence[tuple[str, str]] = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise begin_again("the answer has too many parameters") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise begin_again("the answer has a parameter twice")
    return found


def _answered_error(error: str) -> OpenIdFailed:
    code = _code_of(error)
    reason = f"authorization endpoint: {code}"
    match code:
        case "access_denied" | "login_required" | "consent_required" | "interaction_required":
            return refused(reason)
        case "server_error" | "temporarily_unavailable":
            return unreachable(reason)
    return unreliable(reason)


def _code_of(error: Any) -> str:
    """A provider's error code for the log; its description is not, since it may quote what was sent."""
    return error if isinstance(error, str) and _ERROR_CODE.fullmatch(error) else "an error without a code"


def _email(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    address = unicodedata.normalize("NFC", value.strip())
    is_one = len(address) <= LONGEST_EMAIL and _is_plain(address) and _EMAIL.fullmatch(address)
    return address if is_one else None


def _is_plain(text: str) -> bool:
    """Whether a text has no control characters, and none that stands for what was no text."""
    return text.isprintable() and "\ufffd" not in text


def _name(claims: Mapping[str, Any]) -> str:
    def text(name: str) -> str:
        value = claims.get(name)
        if not isinstance(value, str):
            return ""
        spaced = " ".join(unicodedata.normalize("NFC", value).split())
        return "".join(letter for letter in spaced if _is_plain(letter))[:LONGEST_NAME].strip()

    return text("name") or f"{text('given_name')} {text('family_name')}".strip()[:LONGEST_NAME]
