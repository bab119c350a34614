"""Planners decide what residents see, and which sites show the card; everybody else has no such page."""

from __future__ import annotations

import httpx
import pytest

from stratplan.audit import AuditEntry
from stratplan.goals.models import Goal
from stratplan.plans.models import Plan, PublicPart
from stratplan.public.publishing import hosts_of
from tests.factories import SOMEBODY, Made, make_swot
from tests.html_forms import PageReader


async def now(made: Made) -> Plan:
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    return plan


async def newest(made: Made) -> AuditEntry:
    found = await AuditEntry.find({"scope": made.scope}).sort("-number").first_or_none()
    assert found is not None
    return found


async def test_publishing_is_asked_for_confirmed_recorded_and_undone(
    made: Made, client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    asked = await client.get("/plans/plans/publish/confirm?parts=funding&parts=swot")
    assert asked.status_code == 200
    assert "http://127.0.0.1:8000/p/plans" in asked.text
    assert (await now(made)).published is False
    answer = await client.post("/plans/plans/publish", data={"parts": ["swot", "funding"], "version": "1"})
    assert answer.status_code == 303
    plan = await now(made)
    assert plan.published
    assert plan.public_parts == [PublicPart.FUNDING, PublicPart.SWOT]
    entry = await newest(made)
    assert entry.tag == "plan.published"
    assert (await stranger.get("/p/plans")).status_code == 200
    shown = await client.get(answer.headers["location"])
    assert "Publicēts: Stratēģija" in shown.text
    await client.post(f"/plans/plans/changes/{entry.id}/undo")
    assert (await stranger.get("/p/plans")).status_code == 404


async def test_an_address_without_a_choice_asks_about_what_the_plan_has(made: Made, client: httpx.AsyncClient) -> None:
    await made.plan.publish([PublicPart.FUNDING], by=SOMEBODY, based_on=1)
    await (await now(made)).withdraw(by=SOMEBODY, based_on=2)

    async def asked(query: str) -> list[str]:
        page = await client.get(f"/plans/plans/publish/confirm{query}")
        (form,) = [form for form in PageReader(page.text).forms if form.action == "/plans/plans/publish"]
        return [value for name, value in form.fields if name == "parts"]

    assert await asked("") == ["funding"]
    assert await asked("?chosen=1") == [], "nothing was chosen in the form"
    assert await asked("?chosen=1&parts=swot") == ["swot"]
    assert 'name="chosen" value="1"' in (await client.get("/plans/plans/publish")).text


async def test_withdrawing_is_confirmed_recorded_and_remembers_what_was_public(
    made: Made, client: httpx.AsyncClient
) -> None:
    await made.plan.publish([PublicPart.FUNDING], by=SOMEBODY, based_on=1)
    assert (await client.get("/plans/plans/publish/withdraw")).status_code == 200
    assert (await client.post("/plans/plans/publish/withdraw", data={"version": "1"})).status_code == 409
    answer = await client.post("/plans/plans/publish/withdraw", data={"version": "2"})
    assert answer.status_code == 303
    plan = await now(made)
    assert not plan.published
    assert plan.public_parts == [PublicPart.FUNDING]
    assert (await newest(made)).tag == "plan.withdrawn"


async def test_members_are_told_whether_residents_see_the_plan(made: Made, client: httpx.AsyncClient) -> None:
    assert "Tikai dalībniekiem" in (await client.get("/plans/plans")).text
    await made.plan.publish([], by=SOMEBODY, based_on=1)
    assert "Tikai dalībniekiem" not in (await client.get("/plans/plans")).text


async def test_what_is_internal_is_counted_and_found_in_the_action_plan(made: Made, client: httpx.AsyncClient) -> None:
    await make_swot(made.scope, internal=True)
    answer = await client.post(
        "/plans/plans/tasks/1.1",
        data={"number": "1.1", "title": "Slepens", "period": "2016", "internal": "1", "weight": "1", "version": "1"},
    )
    assert answer.status_code == 303
    page = (await client.get("/plans/plans/publish")).text
    assert "/plans/plans/tasks?visibility=internal" in page
    assert "Slepens" in (await client.get("/plans/plans/tasks?visibility=internal")).text
    assert "Slepens" not in (await client.get("/plans/plans/tasks?visibility=public")).text


async def test_the_easy_summary_of_a_goal_is_written_in_its_form_and_read_first(
    made: Made, client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    values = {"code": "SM1", "title": "Mērķis SM1", "summary": "Palīdzēsim ātrāk.", "weight": "1", "version": "1"}
    assert (await client.post(f"/plans/plans/goals/{made.goal.key}", data=values)).status_code == 303
    goal = await Goal.get(made.goal.key)
    assert goal is not None
    assert goal.summary == "Palīdzēsim ātrāk."
    await made.plan.publish([], by=SOMEBODY, based_on=1)
    assert "Palīdzēsim ātrāk." in (await stranger.get("/p/plans")).text
    assert "Palīdzēsim ātrāk." in (await stranger.get("/p/plans/goals/SM1")).text


async def test_the_card_is_framed_by_listed_hosts_only(
    made: Made, client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    await made.plan.publish([], by=SOMEBODY, based_on=1)

    async def ancestors(page: str) -> str:
        return (await stranger.get(page)).headers["content-security-policy"].rpartition("frame-ancestors ")[2]

    assert await ancestors("/p/plans/widget") == "'self'"
    answer = await client.post(
        "/plans/plans/publish/widget", data={"hosts": "https://www.Example.lv/\npašvaldība.lv", "version": "2"}
    )
    assert answer.status_code == 303
    assert (await now(made)).widget_hosts == ["https://www.example.lv", "xn--pavaldba-fjb94c.lv"]
    assert await ancestors("/p/plans/widget") == "'self' https://www.example.lv xn--pavaldba-fjb94c.lv"
    assert await ancestors("/p/plans") == "'none'"
    assert await ancestors("/plans/plans") == "'none'"


@pytest.mark.parametrize(
    "typed",
    [
        "*",
        "https:",
        "javascript://x",
        "a.lv; script-src *",
        "a.lv/path",
        "'self'",
        "-a.lv",
        "a..lv",
        "1.2.3.4",
        "a.lv:x",
        "data:",
        "x" * 64 + ".lv",
    ],
)
async def test_what_is_no_host_is_refused_with_what_was_typed(
    made: Made, client: httpx.AsyncClient, typed: str
) -> None:
    answer = await client.post("/plans/plans/publish/widget", data={"hosts": typed, "version": "1"})
    assert answer.status_code == 422
    assert 'id="field-hosts-error"' in answer.text
    assert (await now(made)).widget_hosts == []


def test_hosts_are_read_as_people_type_them() -> None:
    assert hosts_of(" http://A.lv/, b.lv:8080\nb.lv:8080") == ["a.lv", "b.lv:8080"]
