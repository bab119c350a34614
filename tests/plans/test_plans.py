"""Plans themselves: the list, the forms, deleting a whole plan and bringing it back; the organisation."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from stratplan.audit import AuditEntry
from stratplan.permissions import Role
from stratplan.plans.models import Organisation, Plan, PlanState
from stratplan.plans.plan_forms import suggested_slug
from tests.factories import SOMEBODY, Made, make_account, make_plan, make_task

HTMX = {"HX-Request": "true"}


async def plan_now(made: Made) -> Plan:
    found = await Plan.get(made.plan.key)
    assert found is not None
    return found


def fields_of(plan: Plan, **changed: str) -> dict[str, str]:
    return {
        "title": plan.title,
        "slug": plan.slug,
        "first_year": str(plan.first_year),
        "last_year": str(plan.last_year),
        "state": plan.state.value,
        "version": str(plan.version),
        **changed,
    }


async def last_entry(made: Made) -> AuditEntry:
    entry = await AuditEntry.find({"scope": made.scope}).sort("-number").first_or_none()
    assert entry is not None
    return entry


async def test_the_front_page_leads_to_ones_work_and_residents_to_what_is_published(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, made: Made
) -> None:
    assert (await client.get("/")).headers["location"] == "/work"
    assert (await stranger.get("/")).headers["location"] == "/plans"
    await made.plan.publish([], by=SOMEBODY, based_on=1)
    assert (await stranger.get("/")).headers["location"] == "/p/plans"
    page = (await client.get("/plans")).text
    assert f'href="/plans/{made.plan.slug}"' in page
    assert made.organisation.name in page


async def test_who_administers_alone_is_shown_the_next_steps_until_somebody_is_invited(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    empty = (await client.get("/plans")).text.split('id="next-steps"')[1]
    assert 'href="/plans/new"' in empty
    assert 'href="/people/new"' in empty
    made = await make_plan()
    steps = (await client.get("/plans")).text.split('id="next-steps"')[1].split("</section>")[0]
    for address in ("/plans/plans", "/people/new", "/plans/plans/publish"):
        assert f'href="{address}"' in steps, address
    await made.plan.publish([], by=SOMEBODY, based_on=1)
    assert "/publish" not in (await client.get("/plans")).text.split('id="next-steps"')[1].split("</section>")[0]
    assert "next-steps" not in (await stranger.get("/plans")).text
    await make_account(Role.PLANNER)
    assert "next-steps" not in (await client.get("/plans")).text


async def test_an_empty_list_says_how_to_begin(client: httpx.AsyncClient) -> None:
    page = (await client.get("/plans")).text
    assert "Plānu vēl nav" in page
    assert 'href="/plans/new"' in page


async def test_a_card_counts_what_is_overdue_today(client: httpx.AsyncClient, made: Made) -> None:
    await make_task(made.scope, made.goal, "1.2", period="2015")
    page = (await client.get("/plans")).text
    assert "1 uzdevums ir nokavēts" in page
    assert "/plans/plans/tasks?schedule=overdue" in page


async def test_an_address_is_made_from_the_title_and_no_plan_has_it(made: Made) -> None:
    assert await suggested_slug("Stratēģija „Ķekava” 2027.–2030.") == "strategija-kekava-2027-2030"
    assert await suggested_slug("Plans") == "plans-2"
    assert await suggested_slug("New") == "new-2"
    assert await suggested_slug("…") == "plan"


async def test_a_plan_is_created_with_a_new_organisation(client: httpx.AsyncClient, made: Made) -> None:
    form = {
        "title": "Attīstības plāns",
        "first_year": "2027",
        "last_year": "2030",
        "organisation_name": "Ādažu novads",
        "organisation_short": "ĀN",
    }
    answer = await client.post("/plans", data=form)
    plan = await Plan.find_one({"slug": "attistibas-plans"})
    assert plan is not None
    assert answer.status_code == 303
    assert answer.headers["location"] == "/plans/attistibas-plans"
    organisation = await Organisation.get(plan.organisation)
    assert organisation is not None
    assert organisation.name == "Ādažu novads"
    assert (plan.state, plan.years) == (PlanState.DRAFT, range(2027, 2031))


async def test_a_taken_address_is_refused_and_leaves_no_organisation_behind(
    client: httpx.AsyncClient, made: Made
) -> None:
    form = {
        "title": "Cits",
        "slug": made.plan.slug,
        "first_year": "2027",
        "last_year": "2030",
        "organisation_name": "Jauna",
        "organisation_short": "J",
    }
    answer = await client.post("/plans", data=form, headers=HTMX)
    assert answer.status_code == 409
    assert 'id="field-slug-error"' in answer.text
    assert await Organisation.find().count() == 1
    assert await AuditEntry.find({"changes.kind": "organisation"}).count() == 1


async def test_a_short_name_that_is_too_long_is_refused_and_not_cut(client: httpx.AsyncClient, made: Made) -> None:
    form = {
        "title": "Cits",
        "first_year": "2027",
        "last_year": "2030",
        "organisation_name": "Jauna",
        "organisation_short": "J" * 31,
    }
    answer = await client.post("/plans", data=form)
    assert answer.status_code == 422
    assert 'id="field-organisation_short-error"' in answer.text
    assert await Organisation.find().count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"first_year": "2018"}, "last_year"),
        ({"first_year": "soon"}, "first_year"),
        ({"slug": "Ar Atstarpi"}, "slug"),
        ({"slug": "new"}, "slug"),
        ({"decision_date": "rīt"}, "decision_date"),
        ({"state": "lost"}, "state"),
    ],
)
async def test_what_is_wrong_with_a_plan_stands_at_its_field(
    client: httpx.AsyncClient, made: Made, wrong: dict[str, str], field: str
) -> None:
    answer = await client.post("/plans/plans/edit", data=fields_of(made.plan, **wrong), headers=HTMX)
    assert answer.status_code == 422
    assert f'id="field-{field}-error"' in answer.text
    assert (await plan_now(made)).version == 1


async def test_a_plan_is_edited_and_found_at_its_new_address(client: httpx.AsyncClient, made: Made) -> None:
    await client.get("/plans/plans/sections")
    form = fields_of(
        made.plan,
        slug="jauna-adrese",
        state="approved",
        decision_number="Nr. 12",
        decision_date="2015-02-26",
        mission="Palīdzēt.",
    )
    answer = await client.post("/plans/plans/edit", data=form)
    assert answer.headers["location"] == "/plans/jauna-adrese"
    plan = await plan_now(made)
    assert (plan.state, plan.decision_date, plan.mission) == (PlanState.APPROVED, date(2015, 2, 26), "Palīdzēt.")
    assert (await last_entry(made)).tag == "plan.edited"
    assert "Palīdzēt." in (await client.get("/plans/jauna-adrese/sections")).text
    assert (await client.get("/plans/plans/sections")).status_code == 404


async def test_undoing_a_new_address_leads_back_to_the_old_one(client: httpx.AsyncClient, made: Made) -> None:
    await client.post("/plans/plans/edit", data=fields_of(made.plan, slug="jauna-adrese"))
    entry = await last_entry(made)
    answer = await client.post(f"/plans/jauna-adrese/changes/{entry.id}/undo")
    assert answer.headers["location"] == "/plans/plans"
    assert (await client.get("/plans/plans/sections")).status_code == 200


async def test_a_second_edit_of_the_same_version_shows_both(client: httpx.AsyncClient, made: Made) -> None:
    await client.post("/plans/plans/edit", data=fields_of(made.plan, title="Pirmais bija ātrāks"))
    answer = await client.post("/plans/plans/edit", data=fields_of(made.plan, title="Otrais"))
    assert answer.status_code == 409
    assert "Pirmais bija ātrāks" in answer.text
    assert "Otrais" in answer.text
    assert (await plan_now(made)).title == "Pirmais bija ātrāks"


async def test_a_deleted_plan_is_gone_and_comes_back_whole_from_the_list(client: httpx.AsyncClient, made: Made) -> None:
    asks = await client.get("/plans/plans/delete")
    assert made.plan.title in asks.text
    answer = await client.post("/plans/plans/delete", data={"version": "1"})
    assert answer.headers["location"] == "/plans"
    assert (await plan_now(made)).deleted
    deletion = await last_entry(made)
    assert deletion.tag == "plan.deleted"
    page = (await client.get("/plans")).text  # with the notice's cookie
    assert 'href="/plans/plans"' not in page
    assert page.count(f'action="/plans/restore/{deletion.id}"') == 2  # in the notice, and in the list of deleted plans
    assert (await client.get("/plans/plans/units")).status_code == 404

    back = await client.post(f"/plans/restore/{deletion.id}")
    assert back.headers["location"] == "/plans/plans"
    assert not (await plan_now(made)).deleted
    assert (await last_entry(made)).undoes == deletion.id
    assert made.unit.name in (await client.get("/plans/plans/units")).text


async def test_a_plan_does_not_come_back_to_an_address_that_another_took(client: httpx.AsyncClient, made: Made) -> None:
    await client.post("/plans/plans/delete", data={"version": "1"})
    deletion = await last_entry(made)
    await make_plan("plans")
    answer = await client.post(f"/plans/restore/{deletion.id}")
    assert answer.status_code == 409
    assert (await plan_now(made)).deleted


async def test_only_the_deletion_of_a_plan_is_taken_back_from_the_list(client: httpx.AsyncClient, made: Made) -> None:
    await made.task.edit({"title": "Cits"}, by=SOMEBODY, based_on=1)
    entry = await last_entry(made)
    assert (await client.post(f"/plans/restore/{entry.id}")).status_code == 404
    assert (await client.post("/plans/restore/nonsense")).status_code == 404


async def test_undoing_the_creation_of_a_plan_leads_to_the_list(client: httpx.AsyncClient, made: Made) -> None:
    form = {
        "title": "Lieks",
        "first_year": "2027",
        "last_year": "2030",
        "organisation": str(made.organisation.key),
    }
    await client.post("/plans", data=form)
    plan = await Plan.find_one({"slug": "lieks"})
    assert plan is not None
    entry = await AuditEntry.find_one({"scope": plan.key})
    assert entry is not None
    answer = await client.post(f"/plans/lieks/changes/{entry.id}/undo")
    assert answer.headers["location"] == "/plans"
    assert "Lieks" in (await client.get("/plans")).text  # among the deleted ones


async def test_the_organisation_is_renamed_for_all_its_plans(client: httpx.AsyncClient, made: Made) -> None:
    form = {"name": "Jaunais nosaukums", "short": "JN", "founded": "2005-08-16", "version": "1"}
    answer = await client.post("/plans/plans/organisation", data=form)
    assert answer.headers["location"] == "/plans/plans/units"
    organisation = await Organisation.get(made.organisation.key)
    assert organisation is not None
    assert (organisation.name, organisation.founded) == ("Jaunais nosaukums", date(2005, 8, 16))
    assert "Jaunais nosaukums" in (await client.get("/plans/plans/units")).text
