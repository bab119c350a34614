"""A process that sends what is due once, or stands still at one step until it is killed.

`python -m tests.notices.sending MONGODB DATABASE SMTP-PORT STEP`; STEP is "claim" (about to claim), "claimed", "taken"
(the server has said 250, nothing is marked yet) or "-". It prints "at STEP" where it stands still.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from stratplan import database
from stratplan.app import DOCUMENTS
from stratplan.i18n import load_catalogues
from stratplan.notices.models import Delivered, Delivery
from stratplan.notices.outbox import Outbox
from stratplan.settings import Settings
from stratplan.snapshot import Snapshots


class Halting(Outbox):
    """An outbox that stops at a step."""

    halts_at = "-"

    async def _halt(self, step: str) -> None:
        if self.halts_at == step:
            print(f"at {step}", flush=True)
            await asyncio.sleep(600)

    async def _claim(self) -> Delivery | None:
        await self._halt("claim")
        claimed = await super()._claim()
        await self._halt("claimed")
        return claimed

    async def _mark(self, delivery: Delivery, state: Delivered, **values: Any) -> Delivered:
        await self._halt("taken")
        return await super()._mark(delivery, state, **values)


async def main(uri: str, name: str, port: str, step: str) -> None:
    """Send what is due."""
    load_catalogues()
    settings = Settings(
        _env_file=None,
        mongodb_database=name,
        smtp_host="127.0.0.1",
        smtp_port=int(port),
        smtp_security="none",
        smtp_from="plani@example.lv",
        address="https://plani.example.lv",
    )
    async with database.connect(uri, name, DOCUMENTS):
        outbox = Halting(settings, Snapshots())
        outbox.halts_at = step
        print("ready", flush=True)
        print(await outbox.send_due(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
