"""The history page: every change with its fields before and after, and the way to take it back."""

from __future__ import annotations

import httpx

from stratplan.audit import AuditEntry
from stratplan.goals.models import Task
from stratplan.history import routes
from tests.factories import SOMEBODY, Made, make_account, make_swot

PAGE = "/plans/plans/history"


async def newest(made: Made) -> AuditEntry:
    found = await AuditEntry.find({"scope": made.scope}).sort("-number").first_or_none()
    assert found is not None
    return found


async def test_a_change_shows_who_what_before_and_after(client: httpx.AsyncClient, made: Made) -> None:
    person = await make_account(name="Zane Kalniņa")
    await made.task.edit({"title": "Jauns nosaukums"}, by=person.actor, based_on=1)
    text = (await client.get(PAGE)).text
    assert "Mainīts: 1.1 Jauns nosaukums" in text
    assert "Zane Kalniņa" in text
    assert "Uzdevums 1.1</td>" in text
    assert "Jauns nosaukums</td>" in text


async def test_changes_of_the_organisations_units_are_there_too(client: httpx.AsyncClient, made: Made) -> None:
    await made.unit.edit({"name": "Rīgas nodaļa"}, by=SOMEBODY, based_on=1)
    assert "Rīgas nodaļa" in (await client.get(PAGE)).text


async def test_undoing_from_the_history_puts_back_what_was_and_is_a_change_of_its_own(
    client: httpx.AsyncClient, made: Made
) -> None:
    entry = await made.task.edit({"title": "Jauns nosaukums"}, by=SOMEBODY, based_on=1)
    assert entry is not None
    answer = await client.post(
        f"/plans/plans/changes/{entry.id}/undo", headers={"referer": f"http://127.0.0.1:8000{PAGE}"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    task = await Task.get(made.task.key)
    assert task is not None
    assert task.title == "Uzdevums 1.1"
    last = await newest(made)
    assert (last.tag, last.undoes) == ("change.undone", entry.id)
    page = (await client.get(PAGE)).text
    assert "Atsaukts" in page
    assert f"/changes/{entry.id}/undo" not in page, "what was undone is not offered again"


async def test_undoing_leads_to_where_the_document_then_is(client: httpx.AsyncClient, made: Made) -> None:
    async def undone_from(page: str, entry: AuditEntry | None) -> str:
        assert entry is not None
        headers = {"referer": f"http://127.0.0.1:8000{page}"}
        answer = await client.post(f"/plans/plans/changes/{entry.id}/undo", headers=headers)
        assert answer.status_code == 303
        return answer.headers["location"]

    renumbered = await made.task.edit({"number": "7.7"}, by=SOMEBODY, based_on=1)
    day = "?as_of=2016-01-15"
    assert await undone_from(f"/plans/plans/tasks/7.7{day}", renumbered) == "/plans/plans/tasks/1.1"
    recoded = await made.goal.edit({"code": "SM7"}, by=SOMEBODY, based_on=1)
    assert await undone_from("/plans/plans/goals/SM7", recoded) == "/plans/plans/goals/SM1"
    task = Task.new(scope=made.scope, goal=made.goal.key, number="9.9", title="Lieks", period=made.task.period)
    assert await undone_from("/plans/plans/tasks/9.9", await task.add(by=SOMEBODY)) == "/plans/plans/tasks"


async def test_undoing_what_was_built_on_is_refused_with_the_reason(client: httpx.AsyncClient, made: Made) -> None:
    entry = await made.task.edit({"title": "Pirmais"}, by=SOMEBODY, based_on=1)
    assert entry is not None
    current = await Task.get(made.task.key)
    assert current is not None
    await current.edit({"title": "Otrais"}, by=SOMEBODY, based_on=2)
    answer = await client.post(f"/plans/plans/changes/{entry.id}/undo")
    assert answer.status_code == 409
    assert "kopš tā laika ir mainīts" in answer.text or "vairs nevar atsaukt" in answer.text


async def test_a_change_of_another_plan_is_not_found(client: httpx.AsyncClient, made: Made) -> None:
    for key in ("5f9f1b9b9b9b9b9b9b9b9b9b", "nonsense"):
        assert (await client.post(f"/plans/plans/changes/{key}/undo")).status_code == 404


async def test_a_long_history_is_read_page_by_page_without_losing_a_change(
    client: httpx.AsyncClient, made: Made
) -> None:
    for number in range(routes.ENTRIES_A_PAGE + 5):
        await make_swot(made.scope, text=f"Ieraksts nr. {number:03}.")
    first = (await client.get(PAGE)).text
    older = first.split(f'href="{PAGE}?before=')[1].split('"')[0]
    second = (await client.get(f"{PAGE}?before={older}")).text
    for number in range(routes.ENTRIES_A_PAGE + 5):
        assert f"nr. {number:03}." in first + second
    for nothing in ("vakar", "0001-01-01T00:00:00+14:00", str(made.plan.key)):
        assert (await client.get(PAGE, params={"before": nothing})).status_code == 404
