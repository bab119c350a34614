"""`python -m tests.notices.heading DATA_FOLDER NUMBER` prints the token of a session of a new person who heads the unit
that leads the task of this number, made in the private database of a running server."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from stratplan import database
from stratplan.accounts import sessions
from stratplan.app import DOCUMENTS
from stratplan.embedded.server import private_mongod
from stratplan.goals.models import Task
from stratplan.permissions import Role
from stratplan.settings import Settings
from tests.factories import make_account


async def token_of(uri: str, number: str) -> str:
    """The token of a session of a new person."""
    async with database.connect(uri, Settings(_env_file=None).mongodb_database, DOCUMENTS):
        task = await Task.find_one({"number": number, "deleted": False})
        assert task is not None
        unit = task.lead or task.partners[0]
        account = await make_account(Role.REPORTER, scope=task.scope, units=[unit], name="Ilze Bērziņa")
        return await sessions.begin(account.key, device="Chromium")


if __name__ == "__main__":
    with private_mongod(Path(sys.argv[1]), binary=None, say=lambda _: None, serving=False) as address:
        print(asyncio.run(token_of(address, sys.argv[2])))
