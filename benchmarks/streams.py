"""What open event streams cost: memory and processor time of one server process with many idle readers, and how long a
change takes to reach all of them. `python -m benchmarks.streams [READERS]`."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from stratplan import database
from stratplan.accounts import sessions
from stratplan.accounts.models import Account
from stratplan.actors import COMMAND_LINE
from stratplan.app import DOCUMENTS
from stratplan.embedded.server import private_mongod
from stratplan.imports.seeds import load_all
from stratplan.permissions import Role
from stratplan.plans.models import Plan, Term
from stratplan.settings import resource
from tests.factories import make_account
from tests.serving import serving

SLUG = "daugavpils-2015-2017"
NAME = "streams"
IDLE = 30.0  # seconds
OF_ONE = 40  # streams of one account


def used(process: int) -> tuple[float, float]:
    """Resident memory in MB, processor time in seconds."""
    status = Path(f"/proc/{process}/status").read_text()
    memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return memory / 1024, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Reader:
    """One open stream."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[float] = asyncio.Queue()

    async def read(self, port: int, cookie: str) -> None:
        """Listen until cancelled; note when each event comes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"GET /plans/{SLUG}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n"
            f"Cookie: session={cookie}\r\n\r\n".encode()
        )
        while line := await reader.readline():
            if line.startswith(b"data: "):
                self.heard.put_nowait(time.perf_counter())


async def measure(uri: str, port: int, process: int, count: int) -> None:
    """Print what `count` streams cost."""
    async with database.connect(uri, NAME, DOCUMENTS):
        accounts: list[Account] = [await make_account(Role.COUNCIL) for _ in range(-(-count // OF_ONE))]
        tokens = [await sessions.begin(account.key) for account in accounts]
        before = used(process)
        await asyncio.sleep(IDLE)
        alone = used(process)
        print(f"no reader: {alone[0]:.0f} MB, {(alone[1] - before[1]) / IDLE:.2%} of a processor")
        readers = [Reader() for _ in range(count)]
        tasks = [
            asyncio.create_task(reader.read(port, tokens[number // OF_ONE])) for number, reader in enumerate(readers)
        ]
        await asyncio.gather(*(reader.heard.get() for reader in readers))
        opened = used(process)
        print(f"{count} opened: {opened[0]:.0f} MB, {opened[1] - alone[1]:.2f} s of processor time for opening them")
        await asyncio.sleep(IDLE)
        idle = used(process)
        print(f"{count} idle readers: {idle[0]:.0f} MB, {(idle[1] - opened[1]) / IDLE:.2%} of a processor")
        waits: list[float] = []
        for turn in range(10):
            plan = await Plan.find_one({"slug": SLUG})
            assert plan is not None
            await Term.new(scope=plan.key, word=f"Word {turn}", meaning="Meaning.").add(by=COMMAND_LINE)
            acknowledged = time.perf_counter()
            heard = await asyncio.gather(*(reader.heard.get() for reader in readers))
            waits.append(max(heard) - acknowledged)
        told = used(process)
        print(
            f"a change reaches the last of {count} after {statistics.median(waits) * 1000:.0f} ms (median), "
            f"{max(waits) * 1000:.0f} ms (longest), for {(told[1] - idle[1]) / 10 * 1000:.0f} ms of processor time"
        )
        for task in tasks:
            task.cancel()


def main(count: int) -> None:
    """Start a private database and a server on it, and measure."""
    with tempfile.TemporaryDirectory(prefix="sp-") as folder, private_mongod(Path(folder), say=lambda _: None) as uri:

        async def prepare() -> None:
            async with database.connect(uri, NAME, DOCUMENTS):
                await load_all([resource("seeds") / f"{SLUG}.yaml", resource("seeds") / f"{SLUG}.progress.yaml"])

        asyncio.run(prepare())
        with serving(uri, NAME) as (address, process):
            asyncio.run(measure(uri, int(address.rpartition(":")[2]), process.pid, count))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
