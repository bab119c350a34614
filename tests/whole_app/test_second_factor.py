"""A plan, or an installation, that asks for a second factor tells nothing before it, at any address."""

from __future__ import annotations

import pytest
from beanie import PydanticObjectId

from stratplan.accounts.models import Account
from stratplan.actors import COMMAND_LINE
from stratplan.app import create_app
from stratplan.goals.models import Goal, Task
from stratplan.notices.calendars import CalendarFeed
from stratplan.notices.models import Notice
from stratplan.plans.models import Plan, PublicPart
from stratplan.settings import Settings
from tests.conftest import reading
from tests.factories import make_task
from tests.whole_app.conftest import DAY, SLUG, Seeded

MARKER = "Zelmeņkāpurs"


async def telling(seeded: Seeded) -> list[str]:
    """The addresses whose answers to a member who gave a password only have the marker in them."""
    found = []
    for route in seeded.routes:
        if route.method != "GET" or route.path == "/static":
            continue
        for headers in ({}, {"hx-request": "true"}):
            answer = await seeded.client.get(seeded.address(route), headers=headers)
            if MARKER in answer.text or MARKER.encode() in answer.content:
                found.append(route.path)
    return found


async def plan_now() -> Plan:
    plan = await Plan.find_one({"slug": SLUG})
    assert plan is not None
    return plan


@pytest.mark.parametrize("published", [False, True], ids=["unpublished", "published"])
async def test_no_address_tells_a_member_without_a_second_factor_of_a_task(seeded: Seeded, published: bool) -> None:
    first = seeded.documents["task"][0]
    goal = await Goal.get(seeded.documents["goal"][0].key)
    assert goal is not None
    # What is done is in no calendar, so one more task has the marker.
    open_one = await Task.find_one({"number": "9.9"}) or await make_task(first.scope, goal, "9.9")
    for key in (first.key, open_one.key):
        task = await Task.get(key)
        assert task is not None
        # What is internal no resident is told of; before the plan is published, its preview tells of what is not.
        values = {"title": f"{MARKER} {published}", "internal": published}
        await task.edit(values, by=COMMAND_LINE, based_on=task.version)
    plan = await plan_now()
    if plan.asks_second_factor:
        await plan.edit({"asks_second_factor": False}, by=COMMAND_LINE, based_on=plan.version)
    plan = await plan_now()
    if published:
        await plan.publish(list(PublicPart), by=COMMAND_LINE, based_on=plan.version)
    elif plan.published:
        await plan.withdraw(by=COMMAND_LINE, based_on=plan.version)
    notice = await Notice.find_one({"task": first.key})
    assert notice is not None
    await notice.set({"caption": f"1.1 {MARKER}"})
    feed = await CalendarFeed.find_one()
    assert feed is not None
    await feed.include_whole([plan.key])
    before = await telling(seeded)
    assert {"/plans/{slug:str}/tasks", "/me/notices", "/calendar/{name:str}"} <= set(before)
    assert ("/p/{slug:str}/tasks" in before) != published

    plan = await plan_now()
    await plan.edit({"asks_second_factor": True}, by=COMMAND_LINE, based_on=plan.version)

    assert await telling(seeded) == []


async def test_where_everybody_is_asked_no_address_but_the_way_there_opens_before_it(
    seeded: Seeded, mongo_uri: str, settings: Settings
) -> None:
    plan = await plan_now()
    if plan.published:
        await plan.withdraw(by=COMMAND_LINE, based_on=plan.version)
    asking = create_app(
        settings.model_copy(update={"second_factor": "everybody"}), mongo_uri, today=lambda: DAY, in_background=False
    )
    routes = [route for route in seeded.routes if route.method in ("GET", "POST") and route.path != "/static"]
    opened = set()
    account = await Account.get(PydanticObjectId(seeded.account))
    assert account is not None
    async with reading(asking, account) as weak:
        for route in routes:
            answer = await weak.request(route.method, seeded.address(route))
            if not answer.headers.get("location", "").startswith("/me/second-factor/needed"):
                opened.add(route.path)
    closed = {route.path for route in routes} - opened
    assert {"/people", "/plans", "/work", "/me", "/plans/{slug:str}/tasks", "/p/{slug:str}", "/plans/new"} <= closed
    way_in = ("/me/second-factor", "/sign-", "/links", "/forgotten")
    assert {path for path in opened if not path.startswith(way_in)} == {
        "/",  # leads to one's work, and so there
        "/calendar/{name:str}",  # by its secret address
        "/r/{token:str}",  # by the secret address too: a unit's part of a review and nothing else
        "/r/{token:str}/drafts",
        "/r/{token:str}/send",
        "/health",
        "/language",
        "/theme",
        "/robots.txt",
        "/sitemap.xml",
    }
