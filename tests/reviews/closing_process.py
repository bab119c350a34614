"""A process that closes a review, or stands still at one step until it is killed or told to go on.

`python -m tests.reviews.closing_process MONGODB DATABASE DO [STEP]`; DO is "prepare" (make a plan with an open review),
"close", or "again" (look, close, look again). Looking prints what the review is and what is kept of it, as JSON. STEP
is one of STEPS or "-". It prints "at STEP" where it stands still, and goes on at a line on its standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import date
from typing import Any

from stratplan import audit, database
from stratplan.app import DOCUMENTS
from stratplan.audit import AuditEntry
from stratplan.errors import StratplanError
from stratplan.i18n import load_catalogues
from stratplan.period import Period
from stratplan.plans.models import Plan
from stratplan.reviews import frozen
from stratplan.reviews.closing import close_review, open_review
from stratplan.reviews.frozen import KINDS, digest_kept
from stratplan.reviews.models import Decision, Review
from stratplan.snapshot import Snapshots
from tests.factories import SOMEBODY, make_line, make_plan, make_report, make_task

STEPS = (
    "nothing written",  # stated, and the transaction begun
    "the plan written",
    "the tasks written",
    "the lines written",
    "the history written",  # all but the commit
    "committed",
)
LATER = date(2016, 10, 14)


class Halting:
    """The writing of an edition, standing still once at a step."""

    def __init__(self, step: str) -> None:
        self.step = step
        self._freeze = frozen.write
        self._record = audit._write

    async def halt(self, step: str) -> None:
        if step == self.step:
            self.step = "-"  # what is tried again goes on
            print(f"at {step}", flush=True)
            await asyncio.to_thread(sys.stdin.readline)

    async def freeze(self, bodies: frozen.Bodies, session: database.Session) -> None:
        await self.halt("nothing written")
        for kind, name in zip(KINDS, ("plan", "tasks", "lines"), strict=True):
            await self._freeze({kind: bodies[kind]}, session)
            await self.halt(f"the {name} written")

    async def record(self, *given: Any) -> AuditEntry:
        entry = await self._record(*given)
        await self.halt("the history written")
        return entry


async def prepare() -> None:
    """A plan with tasks, lines and reports and an open review of it, and nothing else."""
    for document in DOCUMENTS:
        await document.get_motor_collection().delete_many({})
    made = await make_plan()
    for number in range(2, 40):
        task = await make_task(made.scope, made.goal, f"1.{number}")
        await make_report(task, date(2016, 9, 20), number)
        await make_line(made.scope, made.goal, str(number), amount=number, tasks=[task.key])
    snapshot = await made.snapshot()
    await open_review(snapshot, Period.parse("2016-Q3"), due=LATER, by=SOMEBODY, today=LATER)


async def close(step: str) -> None:
    """Close the review; prints "closed", or why not."""
    halting = Halting(step)
    frozen.write = halting.freeze  # type: ignore[assignment]
    audit._write = halting.record  # type: ignore[assignment]
    plan, review = await Plan.find_one(), await Review.find_one()
    assert plan is not None
    assert review is not None
    print("ready", flush=True)
    try:
        await close_review(
            Snapshots(),
            plan.slug,
            review,
            decision=Decision(number="388", day=LATER),
            despite_missing=True,
            by=SOMEBODY,
            based_on=review.version,
            today=LATER,
        )
    except StratplanError as refused:
        print(f"refused: {refused}", flush=True)
        return
    await halting.halt("committed")
    print("closed", flush=True)


async def look() -> None:
    """Tell what the review is, and what is kept of it."""
    review = await Review.find_one()
    assert review is not None
    found = {
        "state": review.state.value,
        "editions": [(one.number, one.tasks, one.lines) for one in review.editions],
        "whole": [one.digest == await digest_kept(review.key, one.number) for one in review.editions],
        "kept": [await kind.get_motor_collection().count_documents({}) for kind in KINDS],
        "told": await AuditEntry.find({"tag": "review.closed"}).count(),
    }
    print(json.dumps(found), flush=True)


async def main(uri: str, name: str, do: str, step: str = "-") -> None:
    load_catalogues()
    async with database.connect(uri, name, DOCUMENTS):
        if do == "prepare":
            await prepare()
        elif do == "close":
            await close(step)
        else:
            await look()
            await close(step)
            await look()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
