"""People who sign in as people do: by the forms, with the cookies that a browser would keep."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pyotp
from beanie import PydanticObjectId

from stratplan.accounts import passwords
from stratplan.accounts.models import Account
from stratplan.audit import AuditEntry
from stratplan.documents import SITE
from stratplan.frame import Frame
from stratplan.permissions import Role
from tests.factories import make_account

PASSWORD = "zirgs spied melnu jumtu"
OTHER_PASSWORD = "vilks ēd zaļas vīnogas"
EMAIL = "anna@example.org"


@asynccontextmanager
async def browser(
    app: Frame, *, base: str = "http://127.0.0.1:8000", address: str = "127.0.0.1"
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of its own, in English, which keeps its cookies and follows no redirect by itself."""
    transport = httpx.ASGITransport(app=app, client=(address, 40000))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=base, timeout=60, cookies={"language": "en"}) as one:
        yield one


async def make_anna(role: Role | None = Role.PLANNER, *, email: str = EMAIL, scope: PydanticObjectId = SITE) -> Account:
    """A person with a password."""
    account = await make_account(role, name="Anna Liepa", email=email, scope=scope)
    await passwords.keep(account.key, await passwords.hashed(PASSWORD))
    return account


async def sign_in(
    one: httpx.AsyncClient, password: str = PASSWORD, *, email: str = EMAIL, to: str = "/"
) -> httpx.Response:
    """Send the sign-in form."""
    return await one.post("/sign-in", data={"email": email, "password": password, "next": to})


def code_of(secret: str) -> str:
    """The code that the app shows, with time left to send it: waits for the next one where this one is about to end."""
    left = 30 - time.time() % 30
    if left < 5:
        time.sleep(left + 0.1)
    return pyotp.TOTP(secret).now()


async def tags() -> list[str]:
    """What has been recorded about accounts, oldest first."""
    entries = await AuditEntry.find({"scope": SITE}).sort("number").to_list()
    return [entry.tag for entry in entries]
