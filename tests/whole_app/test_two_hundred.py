"""Two hundred people at three server processes at once: nothing acknowledged is lost, doubled or out of place."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from benchmarks.plan_generator import generate
from stratplan import audit, database
from stratplan.accounts import sessions
from stratplan.accounts.models import Account, Membership, Profile
from stratplan.actors import COMMAND_LINE
from stratplan.audit import AuditEntry, Head
from stratplan.documents import SITE, stored
from stratplan.goals.models import Report, Task
from stratplan.permissions import Role
from stratplan.plans.models import Plan
from stratplan.settings import Settings
from tests.html_forms import PageReader

PEOPLE, PROCESSES, ROUNDS = 200, 3, 2
TASKS = 400
MANY_AT = 4  # tasks that every third person changes
LONGEST = 50.0  # seconds, for all of it


@contextlib.contextmanager
def serving(uri: str, name: str) -> Iterator[list[str]]:
    """The addresses of server processes, each on a free port, all on one database."""
    command = [sys.executable, "-m", "benchmarks.server", uri, name]
    with contextlib.ExitStack() as stack:
        running = [
            stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) for _ in range(PROCESSES)
        ]
        try:
            ports = []
            for process in running:
                assert process.stdout is not None
                ports.append(int(process.stdout.readline()))
            yield [f"http://127.0.0.1:{port}" for port in ports]
        finally:
            for process in running:
                process.terminate()


@dataclass
class Person:
    """Somebody who changes tasks, and what was answered."""

    account: Account
    cookie: str
    address: str
    statuses: Counter[int] = field(default_factory=Counter)
    acknowledged: dict[str, str] = field(default_factory=dict)  # the id of the entry → the text that was sent

    async def change(self, client: httpx.AsyncClient, task: str, text: str, *, reports: bool) -> None:
        """Open a form of a task, and send it with this text in it."""
        page = f"{self.address}/plans/plan/tasks/{task}/{'report' if reports else 'edit'}"
        headers = {"cookie": f"session={self.cookie}"}
        shown = await client.get(page, headers={**headers, "hx-request": "true"})
        self.statuses[shown.status_code] += shown.status_code != 200
        form = next(form for form in PageReader(shown.text, fragment=True).forms if form.method == "post")
        sent = form.sent(**({"text": text} if reports else {"title": text}))
        answer = await client.post(
            f"{self.address}{form.action}",
            content=httpx.QueryParams(sent).__str__(),
            headers={**headers, "content-type": "application/x-www-form-urlencoded"},
        )
        self.statuses[answer.status_code] += 1
        if answer.status_code == 303:
            self.acknowledged[answer.cookies["notice"]] = text


async def make_people(plan: Plan, addresses: list[str]) -> list[Person]:
    """Planners of the plan, each with a session, spread over the processes."""
    accounts = [Account.new(scope=SITE) for _ in range(PEOPLE)]
    await audit.record("account.created", [audit.created(one) for one in accounts], by=COMMAND_LINE)
    await Profile.insert_many(
        [
            Profile(
                id=one.key, name=f"Persona {place}", email=f"{place}@example.org", email_folded=f"{place}@example.org"
            )
            for place, one in enumerate(accounts)
        ]
    )
    roles = [Membership.new(scope=plan.key, account=one.key, role=Role.PLANNER) for one in accounts]
    await audit.record("membership.created", [audit.created(one) for one in roles], by=COMMAND_LINE)
    return [
        Person(one, await sessions.begin(one.key), addresses[place % len(addresses)])
        for place, one in enumerate(accounts)
    ]


async def test_two_hundred_people_lose_nothing_to_each_other(
    mongo_uri: str, settings: Settings, db: database.Database
) -> None:
    plan = await generate("plan", TASKS)
    numbers = [task.number for task in await Task.find({"scope": plan.key}).sort("number").to_list()]
    with serving(mongo_uri, settings.mongodb_database) as addresses:
        people = await make_people(plan, addresses)
        # A connection for each request: a server closes those that idle, perhaps just as they are used again.
        limits = httpx.Limits(max_connections=PEOPLE, max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=LONGEST, limits=limits) as client:

            async def work(place: int, person: Person) -> None:
                random = Random(place)  # the same work each time
                for turn in range(ROUNDS):
                    task = random.choice(numbers[:MANY_AT] if place % 3 == 0 else numbers[MANY_AT:])
                    await person.change(client, task, f"Teksts {place}-{turn}", reports=(place + turn) % 2 == 0)

            async with asyncio.timeout(LONGEST):
                await asyncio.gather(*(work(*one) for one in enumerate(people)))
    statuses = sum((person.statuses for person in people), Counter[int]())
    assert statuses.keys() - {0} <= {303, 409}, statuses
    assert statuses.total() == PEOPLE * ROUNDS
    assert statuses[303] > PEOPLE
    await check_entries(people)
    await check_chain(plan)
    await check_documents(plan)


async def check_entries(people: list[Person]) -> None:
    """As many entries as acknowledged changes, each with what its person sent."""
    by_id = {str(one.account.key): one for one in people}
    acknowledged = {entry: (one, text) for one in people for entry, text in one.acknowledged.items()}
    entries = await AuditEntry.find({"by": {"$in": list(by_id)}}).to_list()
    assert len(acknowledged) == sum(len(one.acknowledged) for one in people)
    assert {str(entry.id) for entry in entries} == acknowledged.keys()
    assert len(entries) == len(acknowledged)
    for entry in entries:
        person, text = acknowledged[str(entry.id)]
        assert by_id[entry.by] is person
        after = entry.changes[0].after | (entry.changes[1].after if len(entry.changes) > 1 else {})
        assert text in (after.get("title"), after.get("text"))
    told = {text for _person, text in acknowledged.values()}
    reports = {report.text for report in await Report.find({"text": {"$regex": "^Teksts"}}).to_list()}
    assert len(reports) == sum(entry.tag == "task.reported" for entry in entries)
    assert reports <= told


async def check_chain(plan: Plan) -> None:
    """Numbers without a gap, each entry carrying the hash of the one before, the head at the last."""
    previous, number = audit.GENESIS, 0
    async for raw in AuditEntry.get_motor_collection().find({"scope": plan.key}).sort("number", 1):
        number += 1
        assert raw["number"] == number
        assert raw["previous"] == previous
        previous = raw["hash"]
        assert audit.chained_hash(raw) == previous
    head = await Head.find_one({"_id": plan.key})
    assert head is not None
    assert (head.revision, head.hash) == (number, previous)


async def check_documents(plan: Plan) -> None:
    """Each change began where the one before it ended, and each document is as its last change left it."""
    state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
    version: dict[Any, int] = {}
    async for raw in AuditEntry.get_motor_collection().find({"scope": plan.key}).sort("number", 1):
        for change in raw["changes"]:
            key = change["document"]
            assert change["version"] == version.get(key, 0) + 1
            version[key] = change["version"]
            for name, before in (change["before"] or {}).items():
                assert before == state[key].get(name), f"{raw['number']}: {name}"
            state[key] |= change["after"]
    for kind in (Task, Report):
        documents = await kind.find({"scope": plan.key}).to_list()
        for document in documents:
            assert document.version == version[document.key]
            for name, value in state[document.key].items():
                assert stored(getattr(document, name)) == value, f"{document.caption}: {name}"
