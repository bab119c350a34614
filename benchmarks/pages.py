"""How quick pages are: kept ones beside a constant page, fresh ones in milliseconds, a large plan beside a small one.

`python -m benchmarks.pages` starts a database and a server of its own, and prints what docs/benchmarks.md explains.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path
from statistics import median
from urllib.parse import quote

from beanie import PydanticObjectId

from benchmarks.load import ask, requests_a_second
from benchmarks.plan_generator import generate
from stratplan import database
from stratplan.accounts import sessions
from stratplan.accounts.models import Account, Membership
from stratplan.actors import COMMAND_LINE
from stratplan.app import DOCUMENTS
from stratplan.documents import SITE
from stratplan.embedded.server import private_mongod
from stratplan.goals.models import Task
from stratplan.goals.states import Execution, Outcome
from stratplan.imports.seeds import load_all
from stratplan.permissions import Role
from stratplan.plans.models import Plan, PublicPart
from stratplan.settings import resource
from stratplan.units.models import Unit

DATABASE = "benchmark"
DAUGAVPILS = "daugavpils-2015-2017"
SMALL, LARGE = 200, 2000
EVERY_PAGE = (
    "",
    "/tasks",
    "/tasks?goal=SM2&year=2016",
    "/tasks/2.4",
    "/goals/SM2",
    "/investments",
    "/swot",
    "/timeline",
    "/units",
    "/terms",
    "/sections",
    "/history",
    "/figures/progress",
    "/figures/money",
)
KEPT = ("", "/tasks", "/tasks/2.4")
LARGE_PAGES = ("", "/tasks?goal=SM2&year=2016", f"/tasks?q={quote('ģimenēm')}", "/tasks")
LEAST_OF_CONSTANT = 0.1
MOST_FRESH = 40.0
MOST_GROWTH = 1.5
UNITS = 50
MOST_FOR_RIGHTS = 1.2
RIGHTS_PAGES = ("", "/tasks")


@contextlib.contextmanager
def server(uri: str) -> Iterator[int]:
    """A server process of its own, and its port."""
    command = [sys.executable, "-m", "benchmarks.server", uri, DATABASE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def row(*cells: object) -> None:
    """Print one row of a table."""
    print(
        "  " + "".join(f"{cell:<34}" if place == 0 else f"{cell:>14}" for place, cell in enumerate(cells)), flush=True
    )


def verdict(good: bool) -> str:
    """Whether a target is met."""
    return "ok" if good else "MISSED"


class Writes:
    """Changes that make every page of a plan old: a report on its tasks, one after another."""

    def __init__(self, plan: Plan, tasks: list[Task]) -> None:
        self.plan = plan
        self.tasks = tasks
        self.made = 0

    @classmethod
    async def of(cls, slug: str) -> Writes:
        """The changes to the plan of that slug."""
        plan = await Plan.find_one({"slug": slug, "deleted": False})
        assert plan is not None
        return cls(plan, await Task.find({"scope": plan.key, "deleted": False}).limit(50).to_list())

    async def one(self) -> None:
        """Write one change."""
        task = await Task.get(self.tasks[self.made % len(self.tasks)].key)
        assert task is not None
        self.made += 1
        await task.report(
            on=date(2016, 9, 1),
            percent=None if task.milestones else self.made % 100,
            execution=Execution.IN_PROGRESS,
            outcome=Outcome.NOT_ASSESSED,
            text="Strādājam.",
            by=COMMAND_LINE,
            based_on=task.version,
        )


async def signed_in(role: Role, scope: PydanticObjectId = SITE, units: list[PydanticObjectId] | None = None) -> str:
    """The token of a session of a new person with that role."""
    account = await Account.register(name="Zane Kalniņa", email=f"{PydanticObjectId()}@example.org", by=COMMAND_LINE)
    membership = Membership.new(scope=scope, account=account.key, role=role, units=units or [])
    await membership.add(by=COMMAND_LINE)
    return await sessions.begin(account.key)


async def fresh(port: int, address: str, write: Callable[[], Awaitable[None]], times: int, token: str) -> list[float]:
    """Milliseconds from request to last byte of a page that must be made anew each time."""
    taken = []
    for _ in range(times):
        await write()
        answer = await ask(port, address, token)
        if answer.status != 200:
            raise RuntimeError(f"{address} answered {answer.status}")
        taken.append(answer.seconds * 1000)
    return taken


async def kept_pages(port: int, rounds: int, seconds: float, token: str) -> bool:
    """Requests a second of kept pages beside those of a constant page of the same size, for both kinds of reader."""
    print(f"\nKept pages beside a constant page of the same size (target: ratio at least {LEAST_OF_CONSTANT})")
    row("page", "bytes sent", "constant/s", "page/s", "ratio", "")
    good = True
    for reader, session in (("signed in", token), ("resident", "")):
        for page in KEPT:
            address = f"/plans/{DAUGAVPILS}{page}"
            size = (await ask(port, address, session)).length
            pairs = []
            for _ in range(rounds):
                constant = await requests_a_second(port, f"/constant/{size}", seconds)
                pairs.append((constant, await requests_a_second(port, address, seconds, session)))
            ratio = median(page / constant for constant, page in pairs)
            good &= ratio >= LEAST_OF_CONSTANT
            constants, pages = (f"{median(values):.0f}" for values in zip(*pairs, strict=True))
            name = f"{page or 'overview'}, {reader}"
            row(name, size, constants, pages, f"{ratio:.2f}", verdict(ratio >= LEAST_OF_CONSTANT))
    return good


async def fresh_pages(port: int, times: int, token: str) -> bool:
    """How long a page takes after a change."""
    print(f"\nPages made anew after each change, ms (target: median at most {MOST_FRESH:.0f})")
    row("page", "median", "slowest", "")
    writes = await Writes.of(DAUGAVPILS)
    good = True
    for page in EVERY_PAGE:
        taken = await fresh(port, f"/plans/{DAUGAVPILS}{page}", writes.one, times, token)
        good &= median(taken) <= MOST_FRESH
        row(page or "overview", f"{median(taken):.1f}", f"{max(taken):.1f}", verdict(median(taken) <= MOST_FRESH))
    return good


async def large_plan(port: int, times: int, token: str) -> bool:
    """A plan of 2,000 tasks beside one of 200."""
    print(f"\n{LARGE} tasks beside {SMALL}, made anew after each change, ms (target: ratio under {MOST_GROWTH})")
    row("page", f"{SMALL} tasks", f"{LARGE} tasks", "ratio", "")
    small, large = [await Writes.of(f"plan-{size}") for size in (SMALL, LARGE)]
    good = True
    for page in LARGE_PAGES:
        few: list[float] = []
        many: list[float] = []
        for _ in range(times):
            few += await fresh(port, f"/plans/plan-{SMALL}{page}", small.one, 1, token)
            many += await fresh(port, f"/plans/plan-{LARGE}{page}", large.one, 1, token)
        ratio = median(many) / median(few)
        good &= ratio < MOST_GROWTH
        row(
            page or "overview",
            f"{median(few):.1f}",
            f"{median(many):.1f}",
            f"{ratio:.2f}",
            verdict(ratio < MOST_GROWTH),
        )
    return good


async def other_days(port: int, times: int, token: str) -> bool:
    """A past day beside today."""
    print("\nA past day beside today, made anew after each change, ms (target: about 1)")
    row("page", "today", "past day", "ratio", "")
    writes = await Writes.of(DAUGAVPILS)
    good = True
    for page in KEPT:
        address = f"/plans/{DAUGAVPILS}{page}"
        now: list[float] = []
        then: list[float] = []
        for _ in range(times):
            now += await fresh(port, address, writes.one, 1, token)
            then += await fresh(port, f"{address}?as_of=2016-03-31", writes.one, 1, token)
        ratio = median(then) / median(now)
        good &= ratio < MOST_GROWTH
        row(
            page or "overview",
            f"{median(now):.1f}",
            f"{median(then):.1f}",
            f"{ratio:.2f}",
            verdict(ratio < MOST_GROWTH),
        )
    return good


async def rights(port: int, times: int, plan: Plan, token: str) -> bool:
    """A reporter, who heads a unit with units below, beside an administrator; both ask for pages of a large plan."""
    print(f"\nA reporter beside an administrator, {LARGE} tasks and {UNITS} units, made anew after each change, ms")
    print(f"(target: ratio at most {MOST_FOR_RIGHTS})")
    row("page", "administrator", "reporter", "ratio", "")
    units = {unit.name: unit.key for unit in await Unit.find({"scope": plan.organisation}).to_list()}
    reporter = await signed_in(Role.REPORTER, plan.key, [units["2. nodaļa"]])
    writes = await Writes.of(plan.slug)
    good = True
    for page in RIGHTS_PAGES:
        address = f"/plans/{plan.slug}{page}"
        everything: list[float] = []
        own: list[float] = []
        for turn in range(2 * times):
            # Who comes first pays for what both share of a new revision: they take turns, each in both places.
            for reader, taken in ((token, everything), (reporter, own))[:: 1 if turn % 2 else -1]:
                taken += await fresh(port, address, writes.one, 1, reader)
        ratio = median(own) / median(everything)
        good &= ratio <= MOST_FOR_RIGHTS
        row(
            page or "overview",
            f"{median(everything):.1f}",
            f"{median(own):.1f}",
            f"{ratio:.2f}",
            verdict(ratio <= MOST_FOR_RIGHTS),
        )
    work = median(await fresh(port, "/work", writes.one, times, reporter))
    row("the reporter's own work", "", f"{work:.1f}", "", "")
    return good


async def run(uri: str, *, quick: bool) -> bool:
    """Fill the database, serve it, measure."""
    async with database.connect(uri, DATABASE, DOCUMENTS):
        print("Making the plans …", flush=True)
        await load_all([resource("seeds") / f"{DAUGAVPILS}.yaml", resource("seeds") / f"{DAUGAVPILS}.progress.yaml"])
        for size in (SMALL, LARGE):
            await generate(f"plan-{size}", size)
        with_units = await generate(f"plan-{LARGE}-{UNITS}", LARGE, UNITS)
        token = await signed_in(Role.ADMIN)
        plan = await Plan.find_one({"slug": DAUGAVPILS})
        assert plan is not None
        await plan.publish(list(PublicPart), by=COMMAND_LINE, based_on=plan.version)
        with server(uri) as port:
            first = await ask(port, f"/plans/plan-{LARGE}", token)
            print(f"The first reader of a plan of {LARGE} tasks waits {first.seconds * 1000:.0f} ms.")
            for page in EVERY_PAGE:
                answer = await ask(port, f"/plans/{DAUGAVPILS}{page}", token)
                if answer.status != 200:
                    print(f"{page or 'overview'} answers {answer.status}")
            times = 7 if quick else 25
            outcomes = [
                await kept_pages(port, 3 if quick else 5, 0.5 if quick else 1.5, token),
                await fresh_pages(port, times, token),
                await large_plan(port, times, token),
                await other_days(port, times, token),
                await rights(port, times, with_units, token),
            ]
    return all(outcomes)


def main() -> None:
    """Measure, print, and say by the exit status whether every target was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: half a minute instead of two")
    quick = parser.parse_args().quick
    with (
        tempfile.TemporaryDirectory(prefix="sp-") as folder,
        private_mongod(Path(folder), binary=None, say=lambda _: None) as uri,
    ):
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            good = runner.run(run(uri, quick=quick))
    print("\nEvery target is met." if good else "\nA target was missed.")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
