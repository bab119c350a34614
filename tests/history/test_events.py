"""What open pages are told of changes: by two real server processes, which agree because the database tells both."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import date
from pathlib import Path
from queue import Empty
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from pymongo import MongoClient

from stratplan.accounts import sessions
from stratplan.accounts.models import Membership, Session
from stratplan.actors import COMMAND_LINE, Actor
from stratplan.app import create_app
from stratplan.audit import AuditEntry
from stratplan.database import Database
from stratplan.discussion.models import Comment
from stratplan.documents import LivingDocument
from stratplan.embedded.server import private_mongod
from stratplan.frame import Frame, Reader
from stratplan.goals.models import Task
from stratplan.guard import plan_of
from stratplan.history import events
from stratplan.investments.models import InvestmentLine
from stratplan.live import MOST_WAITING, Entry, Live
from stratplan.permissions import Held, Role, together
from stratplan.plans.models import Plan, PublicPart
from stratplan.settings import Settings
from stratplan.view import View
from tests.factories import (
    TODAY_IN_PLAN,
    Made,
    cookie_of,
    make_account,
    make_comment,
    make_goal,
    make_plan,
    make_report,
    make_swot,
    make_task,
)
from tests.serving import Reading, reading, serving

EVENTS = "/plans/plans/events"


async def edit(made: Made, title: str, by: Actor = COMMAND_LINE) -> None:
    task = await Task.get(made.task.key)
    assert task is not None
    await task.edit({"title": title}, by=by, based_on=task.version)


async def in_thread(work: Any, *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)


@pytest_asyncio.fixture
async def server(mongo_uri: str, settings: Settings, made: Made) -> AsyncIterator[tuple[str, Any]]:
    """A server process on the database of the test."""
    running = serving(mongo_uri, settings.mongodb_database)
    yield await in_thread(running.__enter__)
    await in_thread(running.__exit__, None, None, None)


async def test_a_change_through_one_process_reaches_the_readers_of_another_within_a_second(
    mongo_uri: str, settings: Settings, made: Made
) -> None:
    cookie = await cookie_of(await make_account())

    def work() -> None:
        with (
            serving(mongo_uri, settings.mongodb_database) as (first, _one),
            serving(mongo_uri, settings.mongodb_database) as (second, _other),
            reading(second + EVENTS, cookie=cookie) as reader,
        ):
            opened = reader.next()
            assert opened["entries"] == []
            assert reader.headers["content-type"].startswith("text/event-stream")
            assert reader.headers["cache-control"] == "no-store"
            assert "content-encoding" not in reader.headers
            waits, told = [], opened
            for word in ("Atbalsts", "Budžets", "Centrs"):
                before = told
                form = {"word": word, "meaning": "Palīdzība.", "sort": "term"}
                answer = httpx.post(first + "/plans/plans/terms", data=form, headers={"cookie": cookie}, timeout=30)
                answered = time.monotonic()
                assert answer.status_code == 303
                came, told = reader.events.get(timeout=5)
                waits.append(came - answered)
            assert min(waits) < 1  # a computer that is busy with other things may take longer once
            assert told["since"] == before["revision"]
            assert told["revision"] == [before["revision"][0] + 1, *before["revision"][1:]]
            (entry,) = told["entries"]
            assert (entry["of"], entry["number"], entry["own"]) == (0, told["revision"][0], True)
            assert [kind for kind, _key in entry["changes"]] == ["term"]
            assert set(entry) == {"id", "of", "number", "own", "changes"}  # no names, no texts

    await in_thread(work)


async def test_an_event_says_whether_the_reader_made_the_change_and_of_what(
    server: tuple[str, Any], made: Made
) -> None:
    account = await make_account(Role.COUNCIL, scope=made.scope)
    with reading(server[0] + EVENTS, cookie=await cookie_of(account)) as reader:
        await in_thread(reader.next)
        await edit(made, "Citu mainīts")
        await edit(made, "Paša mainīts", by=Actor(str(account.key)))
        await made.unit.edit({"name": "Jauna nodaļa"}, by=COMMAND_LINE, based_on=1)
        told: list[dict[str, Any]] = []
        while len(told) < 3:
            told += (await in_thread(reader.next))["entries"]
    assert [(one["of"], one["own"], one["changes"]) for one in told] == [
        (0, False, [["task", str(made.task.key)]]),
        (0, True, [["task", str(made.task.key)]]),
        (1, False, [["unit", str(made.unit.key)]]),
    ]


async def test_what_happened_while_a_reader_was_away_is_told_once(server: tuple[str, Any], made: Made) -> None:
    cookie = await cookie_of(await make_account())
    with reading(server[0] + EVENTS, cookie=cookie) as reader:
        await in_thread(reader.next)
        await edit(made, "Pirmais")
        await in_thread(reader.next)
        last = reader.last_id
    await edit(made, "Otrais")
    with reading(server[0] + EVENTS + "?since=1.1.1", cookie=cookie, last_event_id=last) as reader:
        told = await in_thread(reader.next)
        assert len(told["entries"]) == 1
        assert ".".join(map(str, told["since"])) == last
        await edit(made, "Trešais")
        again = await in_thread(reader.next)
        assert [one["number"] for one in again["entries"]] == [told["revision"][0] + 1]
        assert reader.events.empty()


async def test_what_is_new_on_a_page_is_told_there(app: Frame, made: Made) -> None:
    site, admin = cast("Litestar", app.app).state.site, together([Held(Role.ADMIN)])
    view = View(site, await made.snapshot(), Reader(None, "lv", "auto"), admin, site.today())

    async def told_of(document: LivingDocument, entry: AuditEntry | None = None) -> set[tuple[str, str]]:
        entry = entry or await document.add(by=COMMAND_LINE)
        # A stream tells it before the plan is read anew.
        told = events.concerns(Entry.of({"_id": entry.id, **entry.model_dump()}), view, view)
        assert (document.kind, str(document.key)) in told
        return {one for one in told if one[1] != str(document.key)}

    task, goal, unit = made.task.key, made.goal.key, made.unit.key
    comment = Comment.new(scope=made.scope, task=task, text="Ko darīt?", author=COMMAND_LINE.id)
    assert await told_of(comment) == {("task", str(task))}
    period = made.task.period
    other = Task.new(scope=made.scope, goal=goal, number="1.2", title="Jauns", period=period, lead=unit)
    assert await told_of(other) == {("task", f"in:{goal}"), ("task", f"in:{unit}")}
    line = InvestmentLine.new(scope=made.scope, goal=goal, number="9", title="Jauna", tasks=[task])
    assert await told_of(line) == {("line", f"in:{goal}"), ("line", f"in:{task}")}
    assert await told_of(line, await line.edit({"title": "Cita"}, by=COMMAND_LINE, based_on=1)) == set()
    unled = await other.edit({"lead": None}, by=COMMAND_LINE, based_on=1)
    assert await told_of(other, unled) == {("task", f"in:{unit}")}


async def test_a_report_is_told_on_every_page_that_shows_its_task(
    server: tuple[str, Any], client: httpx.AsyncClient, made: Made
) -> None:
    cookie = await cookie_of(await make_account(Role.COUNCIL, scope=made.scope))
    with reading(server[0] + EVENTS, cookie=cookie) as reader:
        await in_thread(reader.next)
        await make_report(made.task, TODAY_IN_PLAN, 40)
        [entry] = (await in_thread(reader.next))["entries"]
        told = {word for change in entry["changes"] for word in change}
        await make_comment(made.task)
        [entry] = (await in_thread(reader.next))["entries"]
        assert ["task", str(made.task.key)] in entry["changes"], "of a new comment too, through the stream"
    for path in ("", "/tasks", "/tasks/1.1", "/goals/SM1", f"/units/{made.unit.key}", "/goals", "/timeline"):
        text = (await client.get(f"/plans/plans{path}")).text
        shown = [word for part in text.split('data-shows="')[1:] for word in part.partition('"')[0].split()]
        assert told & {*shown} or "*" in shown, path


async def test_a_change_of_another_plan_is_not_told(server: tuple[str, Any], made: Made) -> None:
    other = await make_plan("second")
    with reading(server[0] + EVENTS, cookie=await cookie_of(await make_account())) as reader:
        await in_thread(reader.next)
        await make_goal(other.scope, "SM2")
        await edit(made, "Šajā plānā")
        assert [one["changes"] for one in (await in_thread(reader.next))["entries"]] == [[["task", str(made.task.key)]]]


# --- who is told what -------------------------------------------------------------------------------------------


async def publish(made: Made) -> None:
    await made.plan.publish([PublicPart.REPORTS], by=COMMAND_LINE, based_on=1)


async def test_a_resident_is_told_of_what_is_published_and_of_nothing_else(server: tuple[str, Any], made: Made) -> None:
    await publish(made)
    hidden = await make_task(made.scope, made.goal, "1.2", internal=True)
    with reading(server[0] + EVENTS) as reader:
        opened = await in_thread(reader.next)
        assert (opened["since"], opened["revision"], reader.last_id) == (None, None, "")
        await hidden.edit({"title": "Neviens neredz"}, by=COMMAND_LINE, based_on=1)
        await make_swot(made.scope)
        await make_account(Role.PLANNER, scope=made.scope)
        await edit(made, "Visi redz")
        told = (await in_thread(reader.next))["entries"]
        assert [(one["number"], one["own"], one["changes"]) for one in told] == [
            (None, False, [["task", str(made.task.key)]])
        ]
        report = await make_report(made.task, date(2016, 9, 1), 50)
        told = (await in_thread(reader.next))["entries"]
        assert {tuple(change) for change in told[0]["changes"]} == {
            ("report", str(report.key)),
            ("task", str(made.task.key)),
        }
        # What is taken out of the public's sight is the last that is told of it.
        task = await Task.get(made.task.key)
        assert task is not None
        await task.edit({"internal": True}, by=COMMAND_LINE, based_on=task.version)
        told = (await in_thread(reader.next))["entries"]
        assert ["task", str(made.task.key)] in told[0]["changes"]
        await edit(made, "Neviens vairs neredz")
        with pytest.raises(Empty):
            await in_thread(reader.next, 1.5)


async def test_a_plan_that_is_withdrawn_ends_the_streams_of_residents_at_once(
    server: tuple[str, Any], made: Made
) -> None:
    await publish(made)
    cookie = await cookie_of(await make_account(Role.COUNCIL, scope=made.scope))
    with reading(server[0] + EVENTS) as resident, reading(server[0] + EVENTS, cookie=cookie) as member:
        await in_thread(resident.next)
        await in_thread(member.next)
        plan = await Plan.get(made.plan.key)
        assert plan is not None
        await plan.withdraw(by=COMMAND_LINE, based_on=plan.version)
        assert await in_thread(resident.ended.wait, 2)
        assert (await in_thread(member.next))["entries"][0]["changes"] == [["plan", str(plan.key)]]
        assert not member.ended.is_set()


async def test_who_is_not_a_member_any_more_is_told_nothing_more(server: tuple[str, Any], made: Made) -> None:
    account = await make_account(Role.PLANNER, scope=made.scope)
    with reading(server[0] + EVENTS, cookie=await cookie_of(account)) as reader:
        await in_thread(reader.next)
        membership = await Membership.find_one({"account": account.key})
        assert membership is not None
        await membership.remove(by=COMMAND_LINE, based_on=1)
        assert await in_thread(reader.ended.wait, 2)


async def test_of_people_only_those_are_told_who_may_see_the_members(server: tuple[str, Any], made: Made) -> None:
    council = await cookie_of(await make_account(Role.COUNCIL, scope=made.scope))
    planner = await cookie_of(await make_account(Role.PLANNER, scope=made.scope))
    with reading(server[0] + EVENTS, cookie=council) as less, reading(server[0] + EVENTS, cookie=planner) as more:
        await in_thread(less.next)
        await in_thread(more.next)
        await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
        await edit(made, "Mainīts")
        kinds = []
        while "task" not in kinds:
            kinds += [change[0] for one in (await in_thread(more.next))["entries"] for change in one["changes"]]
        assert set(kinds) == {"account", "membership", "task"}
        told = (await in_thread(less.next))["entries"]
        assert [change[0] for one in told for change in one["changes"]] == ["task"]


async def test_a_stream_ends_when_its_reader_signs_out(
    db: Database, mongo_uri: str, settings: Settings, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within half a minute; here the wait is made short. The page that is open does not keep the session alive."""
    monkeypatch.setattr(events, "LOOKED_AFTER", 0.05)
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    app = create_app(settings, mongo_uri)
    live = cast("Litestar", app.app).state.live
    session = await sessions.find((await cookie_of(await make_account())).partition("=")[2])
    assert session is not None
    site = cast("Litestar", app.app).state.site
    found = await plan_of("plans", session.account, site.snapshots)
    assert found is not None
    view = View(site, found[0], Reader(session, "lv", "auto"), found[1], site.today())
    stream = events._events(view, view.snapshot.revision, live, "somebody")
    for _number in range(4):
        assert await anext(stream)
    raw = await Session.get_motor_collection().find_one({"_id": session.id})
    assert raw is not None
    assert raw["seen_at"] == session.seen_at
    await sessions.end(session)
    assert [text async for text in stream] == []
    assert live.has_room("somebody")


async def stream_to(app: Frame, session: Session | None, live: Live) -> AsyncGenerator[str]:
    site = cast("Litestar", app.app).state.site
    found = await plan_of("plans", None if session is None else session.account, site.snapshots)
    assert found is not None
    view = View(site, found[0], Reader(session, "lv", "auto"), found[1], site.today())
    stream = events._events(view, view.snapshot.revision, live, "somebody")
    assert (await anext(stream)).startswith("retry")
    assert "data: " in await anext(stream)
    return stream


async def test_a_stream_ends_when_the_plan_asks_for_a_second_factor_that_was_not_given(
    app: Frame, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.2)
    live = cast("Litestar", app.app).state.live
    account = await make_account(Role.PLANNER, scope=made.scope)
    weak = await sessions.find((await cookie_of(account)).partition("=")[2])
    strong = await sessions.find((await cookie_of(account, strong=True)).partition("=")[2])
    async with live.following():
        to_weak, to_strong = await stream_to(app, weak, live), await stream_to(app, strong, live)
        await made.plan.edit({"asks_second_factor": True}, by=COMMAND_LINE, based_on=1)
        assert [text async for text in to_weak if not text.startswith(":")] == []
        assert await anext(to_strong)
        await to_strong.aclose()


@pytest.mark.parametrize("most", [100, 0], ids=["one by one", "too many"])
async def test_residents_are_not_woken_by_what_is_not_published(
    app: Frame, made: Made, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 2.0)
    monkeypatch.setattr(events, "MOST_LOOKED_UP", most)
    await publish(made)
    hidden = await make_task(made.scope, made.goal, "1.2", internal=True)
    live = cast("Litestar", app.app).state.live
    async with live.following():
        stream = await stream_to(app, None, live)
        began = time.monotonic()
        following = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.5)
        await hidden.edit({"title": "Neviens neredz"}, by=COMMAND_LINE, based_on=1)
        assert await following == ": still here\n\n"
        assert time.monotonic() - began >= 2.0
        for title in ("Visi redz", "Visi redz vēl"):
            await edit(made, title)
        told = json.loads((await anext(stream)).removeprefix("data: "))["entries"]
        assert [["task", str(made.task.key)]] in [one["changes"] for one in told]
        assert str(hidden.key) not in str(told)
        await stream.aclose()


async def test_who_asks_for_the_head_of_a_stream_gets_no_stream(client: httpx.AsyncClient, made: Made) -> None:
    async with asyncio.timeout(5):
        answer = await client.head(EVENTS, headers={"accept": "text/event-stream"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


# --- what breaks ------------------------------------------------------------------------------------------------


async def test_a_stream_that_the_database_ends_is_taken_up_without_losing_a_change(
    server: tuple[str, Any], made: Made, mongo_uri: str, settings: Settings
) -> None:
    with reading(server[0] + EVENTS, cookie=await cookie_of(await make_account())) as reader:
        await in_thread(reader.next)
        wanted = []
        seen: list[int] = []
        for turn in range(6):
            if turn % 2:
                assert await in_thread(end_streams, mongo_uri, settings.mongodb_database)
            await edit(made, f"Mainīts {turn}")
            wanted.append(turn)
        while len(seen) < len(wanted):
            seen += [one["number"] for one in (await in_thread(reader.next, 10))["entries"]]
        assert seen == list(range(seen[0], seen[0] + len(wanted)))


def end_streams(uri: str, database: str) -> int:
    """Kill the cursors of change streams on the audit log, once there are any; how many there were."""
    with MongoClient[dict[str, Any]](uri) as client:
        for _attempt in range(100):
            found = client.admin.aggregate(
                [
                    {"$currentOp": {"allUsers": True, "idleCursors": True}},
                    {"$match": {"ns": f"{database}.audit", "cursor.cursorId": {"$exists": True}}},
                ]
            )
            cursors = [operation["cursor"]["cursorId"] for operation in found]
            if cursors:
                return len(client[database].command("killCursors", "audit", cursors=cursors)["cursorsKilled"])
            time.sleep(0.05)
    return 0


async def test_a_database_that_dies_and_is_started_again_loses_no_change() -> None:
    """The change is made by the other process, before the first has found its stream again."""

    def work(folder: Path) -> list[str]:
        with private_mongod(folder, say=lambda _: None) as uri:
            token = subprocess.run(
                [sys.executable, "-m", "tests.signing_in", str(folder), "admin"],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.strip()
            with (
                serving(uri, "stratplan") as (first, _one),
                serving(uri, "stratplan") as (second, _other),
                httpx.Client(base_url=first, headers={"cookie": f"session={token}"}, timeout=30) as client,
            ):
                plan = {"title": "Plāns", "slug": "plans", "first_year": "2015", "last_year": "2017"}
                organisation = {"organisation_name": "Pārvalde", "organisation_short": "P"}
                assert client.post("/plans", data=plan | organisation).status_code == 303
                with reading(second + EVENTS, cookie=f"session={token}") as reader:
                    reader.next()
                    os.kill(int((folder / "database" / "mongodb" / "mongod.lock").read_text()), signal.SIGKILL)
                    words = ["Atbalsts", "Budžets", "Centrs"]
                    for word in words:
                        form = {"word": word, "meaning": "Skaidrojums.", "sort": "term"}
                        while client.post("/plans/plans/terms", data=form).status_code >= 500:
                            time.sleep(0.1)
                    told: list[str] = []
                    while len(told) < len(words):
                        told += [one["id"] for one in reader.next(20)["entries"]]
                    assert not reader.ended.is_set()
                    return told

    with tempfile.TemporaryDirectory(prefix="sp-") as folder:
        told = await in_thread(work, Path(folder))
    assert len(set(told)) == 3


async def test_a_past_day_has_nothing_to_wait_for(server: tuple[str, Any], made: Made) -> None:
    cookie = await cookie_of(await make_account())
    past = server[0] + EVENTS + "?as_of=2015-06-30"
    answer = await in_thread(lambda: httpx.get(past, headers={"accept": "text/event-stream", "cookie": cookie}))
    assert (answer.status_code, answer.content) == (204, b"")
    address = server[0] + "/plans/plans/tasks?as_of=2015-06-30"
    page = await in_thread(lambda: httpx.get(address, headers={"cookie": cookie}))
    assert page.status_code == 200
    assert 'id="live"' not in page.text


async def test_a_server_that_stops_ends_its_streams_instead_of_waiting_for_them(
    server: tuple[str, Any], made: Made
) -> None:
    address, process = server
    cookie = await cookie_of(await make_account())
    readers = [Reading(address + EVENTS, cookie=cookie) for _ in range(5)]
    for reader in readers:
        await in_thread(reader.next)
    process.send_signal(signal.SIGINT)
    assert await in_thread(process.wait, 20) == 0
    for reader in readers:
        assert await in_thread(reader.ended.wait, 5)
        assert reader.ended_in_order  # not cut off when the server had waited for long enough


async def test_one_who_asks_without_a_stream_gets_what_was_changed_since(client: httpx.AsyncClient, made: Made) -> None:
    before = (await client.get(EVENTS)).json()
    assert before["entries"] == []
    await edit(made, "Mainīts")
    since = ".".join(map(str, before["revision"]))
    after = (await client.get(EVENTS, params={"since": since})).json()
    assert [one["changes"] for one in after["entries"]] == [[["task", str(made.task.key)]]]
    for strange in ("", "x", "1", "-1.0", "1.2", "1.2.3.4", "99999999999999999.1.1", "٣.1.1", '{"$gt":0}'):
        assert (await client.get(EVENTS, params={"since": strange})).json()["entries"] == []
    assert (await client.get(EVENTS, params={"since": "999999.999999.999999"})).json()["entries"] == []


async def test_of_very_many_changes_it_is_told_that_there_were_many(
    client: httpx.AsyncClient, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_LOOKED_UP", 2)
    since = ".".join(map(str, (await client.get(EVENTS)).json()["revision"]))
    for number in range(3):
        await edit(made, f"Mainīts {number}")
    assert (await client.get(EVENTS, params={"since": since})).json()["entries"] is None


async def test_a_page_says_its_revision_and_what_it_shows(client: httpx.AsyncClient, made: Made) -> None:
    revision = ".".join(map(str, (await client.get(EVENTS)).json()["revision"]))
    task = (await client.get("/plans/plans/tasks/1.1")).text
    assert f'id="live" role="status" data-events="{EVENTS}" data-revision="{revision}"' in task
    shown = task.partition('<div id="task" data-shows="')[2].partition('"')[0].split()
    assert {str(made.task.key), str(made.goal.key), str(made.unit.key), str(made.source.key)} <= set(shown)


# --- one process ------------------------------------------------------------------------------------------------


def an_entry(made: Made, number: int) -> Entry:
    return Entry("0" * 24, made.scope, number, "local", "task.edited", (("task", made.task.key),))


async def test_a_slow_listener_holds_a_few_entries_and_then_only_that_there_were_some(made: Made) -> None:
    live = Live()
    with live.listen((made.scope,), "anybody") as listener:
        assert listener.take() == (True, [])  # what came before listening is looked up
        for number in range(MOST_WAITING):
            live._hand_on(an_entry(made, number))
        assert [entry.number for entry in listener.take()[1]] == list(range(MOST_WAITING))
        for number in range(1000):
            live._hand_on(an_entry(made, number))
        missed, waiting = listener.take()
        assert missed
        assert len(waiting) <= MOST_WAITING
    live._hand_on(an_entry(made, 1))
    assert listener.take() == (False, [])


async def test_there_is_a_limit_to_listeners_of_one_reader_and_of_all(made: Made) -> None:
    live = Live(most=3, most_of_one=2)
    first, second, third = (live.listen((made.scope,), who) for who in ("a", "a", "b"))
    with first, second:
        assert not live.has_room("a")
        assert live.has_room("b")
        assert live.has_room("b", is_known=False)
        with third:
            assert not live.has_room("c")
        assert live.has_room("b")
    assert live.has_room("a")
    with live.listen((made.scope,), "anybody", is_known=False):
        assert live.has_room("a")
        assert not live.has_room("anybody else", is_known=False)  # half of the room is for those who signed in
    live.stop()
    assert not live.has_room("a")


async def test_those_for_whom_there_is_no_room_are_told_so(server: tuple[str, Any], made: Made) -> None:
    """Fifty windows of one reader are listened to; the rest go on without notices."""
    cookie = await cookie_of(await make_account())

    def work() -> int:
        readers = [Reading(server[0] + EVENTS, cookie=cookie) for _ in range(50)]
        for reader in readers:
            reader.next()
        answer = httpx.get(server[0] + EVENTS, headers={"accept": "text/event-stream", "cookie": cookie})
        assert httpx.get(server[0] + "/plans/plans/tasks", headers={"cookie": cookie}).status_code == 200
        for reader in readers:
            reader.close()
        return answer.status_code

    assert await in_thread(work) == 503
