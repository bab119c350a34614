"""Work beside the requests: jobs that every server process tries every few seconds for as long as it serves.

Several processes run the same jobs; each job sees to it that what is done is done once.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

log = logging.getLogger("stratplan.background")

STOPPED_WITHIN = 1.0
LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """Something to try every `every` seconds; `work` returns how many things it did."""

    name: str
    every: float
    work: Callable[[], Awaitable[int]]


@asynccontextmanager
async def running(jobs: Sequence[Job]) -> AsyncIterator[None]:
    """The jobs run while the block does; what is in the middle of something then is cancelled."""
    tasks = [asyncio.create_task(_repeat(job), name=job.name) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            with suppress(asyncio.CancelledError):
                await asyncio.wait(tasks, timeout=STOPPED_WITHIN)


async def _repeat(job: Job) -> None:
    pause = job.every
    while True:
        try:
            done = await job.work()
        except Exception as error:  # lets nothing through: nobody would begin the job again before the next start
            pause = min(pause * 2, max(job.every, LONGEST_PAUSE))
            failure = {"event": "job failed", "job": job.name, "error": type(error).__name__, "again_in_s": pause}
            log.error(json.dumps(failure), exc_info=log.isEnabledFor(logging.DEBUG))
        else:
            pause = job.every
            if done:
                log.info(json.dumps({"event": "job", "job": job.name, "done": done}))
        await asyncio.sleep(pause)
