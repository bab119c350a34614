"""`python -m tests.sending_in DATA_FOLDER` sends in, through the verb, the part of the first unit that a review of
a running server asks, in the name of a head of that unit; prints what the unit is called."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from stratplan import database, i18n
from stratplan.app import DOCUMENTS
from stratplan.embedded.server import private_mongod
from stratplan.goals.states import Execution
from stratplan.permissions import Role
from stratplan.plans.models import Plan
from stratplan.reviews.queries import reviews_in_order, units_asked
from stratplan.reviews.sending import TaskWords, send
from stratplan.settings import Settings
from stratplan.snapshot import Snapshots
from tests.factories import make_account


async def send_first_part(uri: str) -> str:
    """The name of the unit whose part was sent."""
    async with database.connect(uri, Settings(_env_file=None).mongodb_database, DOCUMENTS):
        plan = await Plan.find_one({"deleted": False})
        assert plan is not None
        snapshot = await Snapshots().of(plan.slug)
        assert snapshot is not None
        review = next(one for one in reviews_in_order(snapshot) if one.is_open)
        asked = units_asked(snapshot, review)[0]
        head = await make_account(Role.REPORTER, scope=plan.key, units=[asked.unit.key], name="Ilze Ozola")
        said = [TaskWords(task.key, Execution.IN_PROGRESS, percent=90, text="Gandrīz.") for task in asked.tasks]
        await send(snapshot, review, asked.unit.key, said, today=i18n.today(), by=head.actor, based_on=0)
        return asked.unit.name


if __name__ == "__main__":
    with private_mongod(Path(sys.argv[1]), binary=None, say=lambda _: None, serving=False) as address:
        print(asyncio.run(send_first_part(address)))
