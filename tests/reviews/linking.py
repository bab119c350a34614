"""`python -m tests.reviews.linking DATA_FOLDER` opens a review of 2017 in the private database of a running server and
prints the address of the signed link of a new unit's head to its two tasks, then the token of a session of theirs."""

from __future__ import annotations

import asyncio
import sys
from datetime import date, timedelta
from pathlib import Path

from stratplan import database, i18n
from stratplan.accounts import sessions
from stratplan.app import DOCUMENTS
from stratplan.embedded.server import private_mongod
from stratplan.goals.models import Goal
from stratplan.investments.models import Share
from stratplan.period import Period
from stratplan.permissions import Role
from stratplan.plans.models import FundingSource, Plan
from stratplan.reviews.closing import open_review
from stratplan.reviews.links import link_for
from stratplan.secret_key import secret_key
from stratplan.settings import Settings
from stratplan.snapshot import Snapshots
from stratplan.units.models import Unit, UnitKind
from tests.factories import SOMEBODY, make_account, make_line, make_report, make_task


async def linked(uri: str, folder: Path) -> tuple[str, str]:
    """The link's address and a session's token."""
    async with database.connect(uri, Settings(_env_file=None).mongodb_database, DOCUMENTS):
        plan = await Plan.find_one({"deleted": False})
        assert plan is not None
        goal = await Goal.find_one({"scope": plan.key, "deleted": False})
        source = await FundingSource.find_one({"scope": plan.key, "deleted": False})
        assert goal is not None
        assert source is not None
        unit = Unit.new(scope=plan.organisation, name="Ķekavas nodaļa", short="ĶN", sort=UnitKind.DEPARTMENT)
        await unit.add(by=SOMEBODY)
        for number, title in (("1.98", "Iegādāties mikroautobusu"), ("1.99", "Ierīkot uzbrauktuvi")):
            task = await make_task(plan.key, goal, number, title=title, lead=unit.key, period=Period.parse("2017"))
            await make_report(task, date(2016, 12, 30), 20, text="Izsludināts iepirkums.")
        shares = [Share(source=source.key, percent=100)]
        await make_line(plan.key, goal, "9.98", tasks=[task.key], shares=shares)
        head = await make_account(Role.REPORTER, scope=plan.key, units=[unit.key], name="Ilze Kalēja")
        snapshot = await Snapshots().of(plan.slug)
        assert snapshot is not None
        due = i18n.today() + timedelta(days=3)
        review, _entry = await open_review(
            snapshot, Period.parse("2017"), due=due, note="Lūdzu, īsi.", by=SOMEBODY, today=i18n.today()
        )
        key = secret_key(Settings(_env_file=None, data_dir=folder))
        address = await link_for(review, unit.key, head.key, key=key, by=SOMEBODY)
        return address, await sessions.begin(head.key, device="Chromium")


if __name__ == "__main__":
    data = Path(sys.argv[1])
    with private_mongod(data, binary=None, say=lambda _: None, serving=False) as found:
        print("\n".join(asyncio.run(linked(found, data))))
