"""What residents read at the short address: the published part, the same for all, gone at once when it is withdrawn."""

from __future__ import annotations

import re

import httpx
import pytest

from stratplan.accounts.models import Account
from stratplan.audit import Head
from stratplan.frame import Frame
from stratplan.goals.states import Execution
from stratplan.permissions import Role
from stratplan.plans.models import Plan, PublicPart
from tests.conftest import reading
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_account, make_goal, make_line, make_report, make_task
from tests.listening import listening

PAGES = ("", "/tasks", "/tasks/1.1", "/goals/SM1", "/figures/progress", "/widget")


async def published(made: Made, *parts: PublicPart) -> None:
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.publish(list(parts), by=SOMEBODY, based_on=plan.version)


async def withdrawn(made: Made) -> None:
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.withdraw(by=SOMEBODY, based_on=plan.version)


@pytest.mark.parametrize("page", PAGES)
async def test_a_withdrawn_plan_is_gone_with_the_next_request_kept_page_or_not(
    made: Made, stranger: httpx.AsyncClient, page: str
) -> None:
    await published(made)
    address = f"/p/plans{page}"
    first = await stranger.get(address)
    assert first.status_code == 200
    again = await stranger.get(address, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    await withdrawn(made)
    for headers in ({}, {"if-none-match": first.headers["etag"]}):
        assert (await stranger.get(address, headers=headers)).status_code == 404
    await published(made)
    assert (await stranger.get(address)).status_code == 200


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_for_residents_may_be_kept_by_any_cache_sets_no_cookie_and_has_no_script(
    made: Made, stranger: httpx.AsyncClient, page: str
) -> None:
    await published(made)
    answer = await stranger.get(f"/p/plans{page}", headers={"cookie": "language=en; theme=dark; notice=0123456789ab"})
    assert answer.headers["cache-control"] == "public, no-cache"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "set-cookie" not in answer.headers
    assert '<html lang="lv"' in answer.text
    assert "<script" not in answer.text


async def test_what_a_member_sees_there_is_what_a_resident_sees(
    app: Frame, made: Made, client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await make_task(made.scope, made.goal, "1.2", title="Slepens darbs", internal=True)
    await published(made)
    for page in PAGES:
        own, other = await client.get(f"/p/plans{page}"), await stranger.get(f"/p/plans{page}")
        assert own.text == other.text
        assert "Slepens" not in own.text
    assert (await client.get("/p/plans/tasks/1.2")).status_code == 404
    assert "Slepens" in (await client.get("/plans/plans/tasks")).text


@pytest.mark.parametrize(
    ("role", "status"), [(Role.ADMIN, 200), (Role.PLANNER, 200), (Role.REPORTER, 404), (Role.COUNCIL, 404), (None, 404)]
)
async def test_before_it_is_published_only_those_who_may_publish_look_ahead(
    app: Frame, made: Made, role: Role | None, status: int
) -> None:
    units = [made.unit.key] if role is Role.REPORTER else None
    account: Account = await make_account(role, scope=made.scope, units=units)
    async with reading(app, account) as reader:
        answer = await reader.get("/p/plans")
        assert answer.status_code == status
        if status == 200:
            assert answer.headers["cache-control"] == "private, no-store"
            assert answer.headers["x-robots-tag"] == "noindex"
            assert "/plans/plans/publish" in answer.text


async def test_a_kept_page_costs_a_resident_one_read_of_the_heads(made: Made, stranger: httpx.AsyncClient) -> None:
    await published(made)
    await stranger.get("/p/plans")
    with listening() as commands:
        assert (await stranger.get("/p/plans")).status_code == 200
    assert commands == [f"find {Head.get_collection_name()}"]


async def test_words_figures_and_reports_follow_what_is_published(made: Made, stranger: httpx.AsyncClient) -> None:
    await make_task(made.scope, made.goal, "1.2")
    await make_report(made.task, TODAY_IN_PLAN, 100, execution=Execution.COMPLETED, text="Paveikts ar uzviju.")
    await make_line(made.scope, made.goal, "7.1", title="Dārga rinda")
    await published(made)
    shown = (await stranger.get("/p/plans")).text
    assert re.search(r"resident-figure\">50\s%<", shown)
    assert "1 uzdevums ir pabeigts" in shown
    assert "Paveikts ar uzviju." not in (await stranger.get("/p/plans/tasks/1.1")).text
    assert "/funding" not in shown
    for hidden in ("/funding", "/funding.xlsx", "/funding.csv", "/figures/money", "/figures/money/lines/7.1"):
        assert (await stranger.get(f"/p/plans{hidden}")).status_code == 404
    await published(made, PublicPart.REPORTS, PublicPart.FUNDING)
    assert "Paveikts ar uzviju." in (await stranger.get("/p/plans/tasks/1.1")).text
    assert "Dārga rinda" in (await stranger.get("/p/plans/funding")).text


async def test_the_day_is_looked_back_at_and_kept_in_links(made: Made, stranger: httpx.AsyncClient) -> None:
    await make_report(made.task, TODAY_IN_PLAN, 80)
    await published(made)
    before = (await stranger.get("/p/plans/tasks?as_of=2016-06-30&lang=en")).text
    assert "80%" not in before
    assert "/p/plans/tasks/1.1?as_of=2016-06-30&amp;lang=en" in before
    assert (await stranger.get("/p/plans?as_of=soon")).status_code == 400


async def test_tasks_are_found_by_their_words_and_narrowed_by_goal_and_state(
    made: Made, stranger: httpx.AsyncClient
) -> None:
    other = await make_goal(made.scope, "SM2", order=2)
    await make_task(made.scope, other, "2.1", title="Atvērt krīzes centru")
    await published(made)
    found = (await stranger.get("/p/plans/tasks", params={"q": "krizes"})).text
    assert "Atvērt krīzes centru" in found
    assert "Uzdevums 1.1" not in found
    narrowed = (await stranger.get("/p/plans/tasks", params={"goal": "SM1", "execution": "not_started"})).text
    assert "Uzdevums 1.1" in narrowed
    assert "Atvērt krīzes centru" not in narrowed
    assert "Atvērt" not in (await stranger.get("/p/plans/tasks.csv", params={"goal": "SM1"})).text


async def test_search_engines_are_told_of_published_plans_and_of_nothing_else(
    made: Made, stranger: httpx.AsyncClient
) -> None:
    assert "/p/plans" not in (await stranger.get("/sitemap.xml")).text
    assert (await stranger.get("/plans")).headers["x-robots-tag"] == "noindex"
    await published(made)
    assert "<loc>http://127.0.0.1:8000/p/plans</loc>" in (await stranger.get("/sitemap.xml")).text
    robots = (await stranger.get("/robots.txt")).text
    assert "Allow: /p/\n" in robots
    assert "Disallow: /\n" in robots
    page = await stranger.get("/p/plans?lang=en")
    assert page.headers["x-robots-tag"] == "all"
    assert '<link rel="canonical" href="http://127.0.0.1:8000/p/plans?lang=en">' in page.text
    assert '<link rel="alternate" hreflang="lv" href="http://127.0.0.1:8000/p/plans">' in page.text
    assert '<meta name="description"' in page.text
    assert (await stranger.get("/p/plans?as_of=2016-01-01")).headers["x-robots-tag"] == "noindex"
    assert (await stranger.get("/plans/plans")).headers["x-robots-tag"] == "noindex"


async def test_the_front_page_of_a_site_with_one_published_plan_is_that_plan(
    made: Made, stranger: httpx.AsyncClient
) -> None:
    assert (await stranger.get("/")).headers["location"] == "/plans"
    await published(made)
    assert (await stranger.get("/")).headers["location"] == "/p/plans"
    assert 'href="/p/plans"' in (await stranger.get("/plans")).text


async def test_a_plan_without_anything_in_it_can_be_read_too(made: Made, stranger: httpx.AsyncClient) -> None:
    await made.task.remove(by=SOMEBODY, based_on=1)
    await published(made, *PublicPart)
    for page in ("", "/tasks", "/goals/SM1", "/funding", "/widget"):
        assert (await stranger.get(f"/p/plans{page}")).status_code == 200, page


async def test_no_page_for_residents_has_the_name_of_a_person(
    app: Frame, made: Made, client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    account = await make_account(Role.PLANNER, scope=made.scope, name="Ilze Noslēpumaina")
    async with reading(app, account) as planner:
        values = {"percent": "40", "execution": "in_progress", "on": "2016-09-30", "text": "Iesākts.", "version": "1"}
        answer = await planner.post("/plans/plans/tasks/1.1/reports", data={**values, "outcome": "not_assessed"})
        assert answer.status_code == 303, answer.text
    await published(made, *PublicPart)
    assert "Ilze Noslēpumaina" in (await client.get("/plans/plans/tasks/1.1")).text
    for page in (*PAGES, "/funding", "/tasks.csv"):
        assert "Noslēpumaina" not in (await stranger.get(f"/p/plans{page}")).text, page
        assert str(account.key) not in (await stranger.get(f"/p/plans{page}")).text, page
    assert "Noslēpumaina" not in (await stranger.get("/plans/plans/tasks/1.1")).text
