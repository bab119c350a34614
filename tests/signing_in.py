"""`python -m tests.signing_in DATA_FOLDER ROLE` prints the token of a new session of a new person with that role in all
plans, made in the private database of a running server; a reporter heads every unit of its plan, and `nobody` has no
role."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from stratplan import database
from stratplan.accounts import sessions
from stratplan.app import DOCUMENTS
from stratplan.embedded.server import private_mongod
from stratplan.permissions import Role
from stratplan.plans.models import Plan
from stratplan.settings import Settings
from stratplan.units.models import Unit
from tests.factories import make_account


async def token_of(uri: str, role: Role | None) -> str:
    """The token of a session of a new person."""
    async with database.connect(uri, Settings(_env_file=None).mongodb_database, DOCUMENTS):
        if role is None:
            account = await make_account(None, name="Nora Neviena")
        elif role is Role.REPORTER and (plan := await Plan.find_one({"deleted": False})) is not None:
            units = [unit.key for unit in await Unit.find({"scope": plan.organisation, "deleted": False}).to_list()]
            account = await make_account(role, scope=plan.key, units=units, name="Vita Liepa")
        else:
            account = await make_account(role, name="Zane Kalniņa")
        return await sessions.begin(account.key, device="Chromium")


if __name__ == "__main__":
    wanted = next((role for role in Role if role.value == sys.argv[2]), None)
    with private_mongod(Path(sys.argv[1]), binary=None, say=lambda _: None, serving=False) as address:
        print(asyncio.run(token_of(address, wanted)))
