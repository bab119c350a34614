"""The calendar feed: what is in it, read back as calendar programs read it, and who gets it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import httpx
from icalendar import Calendar

from stratplan.accounts.models import Account, Membership
from stratplan.actors import COMMAND_LINE
from stratplan.app import create_app
from stratplan.frame import Frame
from stratplan.goals.models import Milestone
from stratplan.goals.states import Execution
from stratplan.notices.calendars import CalendarFeed
from stratplan.settings import Settings
from tests.conftest import reading
from tests.factories import TODAY_IN_PLAN, Made, cookie_of, make_account, make_report, make_task
from tests.notices.making import due_on, edited, make_head

LONG = (
    "Ļoti gara uzdevuma nosaukuma šķērsgriezums, kurā mīkstinājuma zīmes un garumzīmes krīt uz rindas robežas — āēīōū"
)


async def feed(app: Frame, account: Account) -> str:
    """The path of the person's feed."""
    return f"/calendar/{await CalendarFeed.renew(account.key)}.ics"


async def events(app: Frame, path: str) -> Mapping[str, Any]:
    """The feed's events by summary."""
    async with reading(app, None) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return {str(event["SUMMARY"]): event for event in Calendar.from_ical(answer.content).walk("VEVENT")}


async def test_the_feed_has_the_deadlines_and_milestones_of_ones_own_tasks(app: Frame, made: Made) -> None:
    head = await make_head(made)
    await edited(made.task, title=LONG, result="Rezultāts; ar komatu, un\notru rindu")
    await edited(
        made.task,
        milestones=[
            Milestone(key="a", title="Pirmais", due=date(2016, 11, 1)),
            Milestone(key="b", title="Paveikts", due=date(2016, 1, 1), done_on=date(2016, 1, 2)),
            Milestone(key="c", title="Bez dienas"),
        ],
    )
    await make_task(made.scope, made.goal, "1.2")  # nobody's
    path = await feed(app, head)

    found = await events(app, path)

    assert set(found) == {f"Termiņš: 1.1 {LONG}", "Starpposms: Pirmais (1.1)"}
    event = found[f"Termiņš: 1.1 {LONG}"]
    assert event["DTSTART"].dt == date(2017, 12, 31)
    assert event["DTEND"].dt == date(2018, 1, 1)  # the day after: an end is exclusive
    assert event["DTSTART"].params["VALUE"] == "DATE"
    assert str(event["UID"]) == f"task-{made.task.key}@stratplan"
    assert str(event["URL"]) == "http://127.0.0.1:8000/plans/plans/tasks/1.1"
    assert "otru rindu" in str(event["DESCRIPTION"])
    assert event["CATEGORIES"].to_ical().decode() == "Stratēģija 2015–2017"
    assert isinstance(event["DTSTAMP"].dt, datetime)
    assert isinstance(event["LAST-MODIFIED"].dt, datetime)


async def test_the_feed_is_written_as_the_standard_wants_it(app: Frame, made: Made) -> None:
    await edited(made.task, title=LONG)
    path = await feed(app, await make_head(made))
    async with reading(app, None) as client:
        answer = await client.get(path)
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.content.startswith(b"BEGIN:VCALENDAR\r\n")
        assert b"\n" not in answer.content.replace(b"\r\n", b"")
        lines = answer.content.split(b"\r\n")
        assert max(map(len, lines)) <= 75  # octets, and no letter is cut through
        for line in lines:
            line.decode()
        again = await client.get(path)
        assert again.headers["etag"] == answer.headers["etag"]
        unchanged = await client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        await edited(made.task, title="Īss")
        assert (await client.get(path, headers={"if-none-match": answer.headers["etag"]})).status_code == 200


async def test_an_event_keeps_its_identity_when_its_task_changes(app: Frame, made: Made) -> None:
    path = await feed(app, await make_head(made))
    (before,) = (await events(app, path)).values()
    await due_on(await edited(made.task, title="Cits", number="1.9"), date(2017, 6, 30))
    (after,) = (await events(app, path)).values()
    assert str(before["UID"]) == str(after["UID"])
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])
    assert after["DTSTART"].dt == date(2017, 6, 30)


async def test_what_is_done_or_given_up_is_not_in_the_feed_any_more(app: Frame, made: Made) -> None:
    path = await feed(app, await make_head(made))
    await make_report(made.task, TODAY_IN_PLAN, 100, execution=Execution.COMPLETED)
    assert await events(app, path) == {}


async def test_whole_plans_are_in_it_for_who_wants_them(app: Frame, made: Made) -> None:
    planner = await make_account()
    path = await feed(app, planner)
    assert await events(app, path) == {}
    async with reading(app, planner) as client:
        answer = await client.post("/me/calendar/plans", data={"plans": ["plans", "nav-tada"]})
        assert (answer.status_code, answer.headers["location"]) == (303, "/me/calendar?saved")
        assert re.search(r'value="plans" checked', (await client.get("/me/calendar")).text)
        assert (await client.post("/me/calendar/plans", data={"no-such-field": "1"})).status_code == 422
    assert set(await events(app, path)) == {"Termiņš: 1.1 Uzdevums 1.1"}


async def test_rights_are_looked_at_each_time_the_feed_is_asked_for(app: Frame, made: Made) -> None:
    await make_account()
    head = await make_head(made)
    path = await feed(app, head)
    assert len(await events(app, path)) == 1
    membership = await Membership.find_one({"account": head.key})
    assert membership is not None
    await membership.remove(by=COMMAND_LINE, based_on=membership.version)
    assert await events(app, path) == {}
    current = await Account.get(head.key)
    assert current is not None
    await current.disable(by=COMMAND_LINE, based_on=current.version)
    async with reading(app, None) as client:
        assert (await client.get(path)).status_code == 404


async def test_the_secret_is_shown_once_kept_hashed_and_renewed_or_withdrawn(app: Frame, made: Made) -> None:
    head = await make_head(made)
    async with reading(app, head) as client:
        made_it = await client.post("/me/calendar")
        assert made_it.status_code == 303
        cookie = made_it.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "Path=/;" in f"{cookie};"
        assert "SameSite=lax" in cookie
        shown = await client.get("/me/calendar")
        found = re.search(r"http://127\.0\.0\.1:8000(/calendar/[\w-]{43}\.ics)", shown.text)
        assert found
        assert shown.headers["cache-control"] == "no-store"
        first = found[1]
        assert first[10:-4] not in cookie  # it travels sealed
        again = (await client.get("/me/calendar")).text
        assert first not in again
        kept = await CalendarFeed.get_motor_collection().find_one({"_id": head.key})
        assert first[10:-4] not in str(kept)
        assert (await client.get(first)).status_code == 200

        await client.post("/me/calendar")
        found = re.search(r"(/calendar/[\w-]{43}\.ics)", (await client.get("/me/calendar")).text)
        assert found
        assert found[1] != first
        assert (await client.get(first)).status_code == 404
        assert (await client.get(found[1])).status_code == 200
        assert (await client.post("/me/calendar/withdraw")).status_code == 303
        assert (await client.get(found[1])).status_code == 404
        assert (await client.post("/me/calendar/plans")).status_code == 404


async def test_behind_tls_the_secret_travels_in_a_cookie_bound_to_this_host(
    mongo_uri: str, settings: Settings, made: Made
) -> None:
    safe = settings.model_copy(update={"address": "https://plani.example.lv", "second_factor": "chosen"})
    cookie = await cookie_of(await make_head(made))
    transport = httpx.ASGITransport(app=create_app(safe, mongo_uri))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="https://plani.example.lv") as client:
        answer = await client.post("/me/calendar", headers={"cookie": f"__Host-{cookie}"})
    assert answer.status_code == 303
    assert answer.headers["set-cookie"].startswith("__Host-shown-once=")


async def test_a_plan_that_asks_for_a_second_factor_is_in_a_feed_that_was_made_with_one(app: Frame, made: Made) -> None:
    await made.plan.edit({"asks_second_factor": True}, by=COMMAND_LINE, based_on=1)
    head = await make_head(made)
    strong = {"cookie": await cookie_of(head, strong=True)}
    async with reading(app, head) as weak, reading(app, None) as client:

        async def renew(reader: httpx.AsyncClient, **headers: str) -> str:
            await reader.post("/me/calendar", headers=headers)
            sent = {"cookie": "; ".join([*headers.values(), f"shown-once={reader.cookies['shown-once']}"])}
            shown = (await reader.get("/me/calendar", headers=sent if headers else None)).text
            found = re.search(r"(/calendar/[\w-]{43}\.ics)", shown)
            assert found
            return found[1]

        path = await renew(weak)
        page = (await weak.get("/me/calendar")).text
        assert 'value="plans"' not in page
        assert "Šis plāns prasa otro soli" in page
        await weak.post("/me/calendar/plans", data={"plans": ["plans"]})
        await client.post("/me/calendar/plans", data={"plans": ["plans"]}, headers=strong)  # the address is weak still
        assert await events(app, path) == {}
        feed_of = await CalendarFeed.get(head.key)
        assert feed_of is not None
        assert feed_of.whole == []

        path = await renew(client, **strong)
        assert set(await events(app, path)) == {"Termiņš: 1.1 Uzdevums 1.1"}
        await client.post("/me/calendar/plans", data={"plans": ["plans"]}, headers=strong)
        await weak.post("/me/calendar/plans", data={})  # takes back nothing of what it was not offered
        feed_of = await CalendarFeed.get(head.key)
        assert feed_of is not None
        assert feed_of.whole == [made.plan.key]


async def test_a_wrong_secret_is_not_found(app: Frame, made: Made) -> None:
    path = await feed(app, await make_head(made))
    async with reading(app, None) as client:
        for wrong in (
            "/calendar/.ics",
            "/calendar/x.ics",
            path.removesuffix(".ics"),
            path.replace(".ics", ".html"),
            f"/calendar/{'a' * 5000}.ics",
            "/calendar/%00.ics",
        ):
            assert (await client.get(wrong)).status_code == 404, wrong


async def test_who_is_erased_has_no_feed(app: Frame, made: Made) -> None:
    await make_account()
    head = await make_head(made)
    path = await feed(app, head)
    await head.erase(by=COMMAND_LINE)
    async with reading(app, None) as client:
        assert (await client.get(path)).status_code == 404
    assert await CalendarFeed.count() == 0
