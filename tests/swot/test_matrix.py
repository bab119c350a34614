"""The SWOT page: what answers what, editing in place, and moving entries by drop, by button and without JavaScript."""

from __future__ import annotations

import httpx

from stratplan import wording
from stratplan.audit import AuditEntry
from stratplan.documents import undo
from stratplan.swot.models import Quadrant, SwotEntry
from stratplan.swot.queries import entries_answered_by, entries_in_order, tasks_that_answer, unanswered
from tests.factories import SOMEBODY, Made, make_swot, make_task

HTMX = {"HX-Request": "true"}


async def again(entry: SwotEntry) -> SwotEntry:
    found = await SwotEntry.get(entry.key)
    assert found is not None
    return found


async def last_tag(made: Made) -> str:
    entry = await AuditEntry.find({"scope": made.scope}).sort("-number").first_or_none()
    assert entry is not None
    return entry.tag


async def order_of(made: Made, quadrant: Quadrant) -> list[str]:
    return [entry.text for entry in entries_in_order(await made.snapshot())[quadrant]]


async def test_only_weaknesses_and_threats_want_an_answer(made: Made) -> None:
    open_weakness = await make_swot(made.scope)
    await make_swot(made.scope, "Atbildēta", tasks=[made.task.key])
    await make_swot(made.scope, "Stipra", quadrant=Quadrant.STRENGTH)
    snapshot = await made.snapshot()
    assert [entry.key for entry in unanswered(snapshot)] == [open_weakness.key]
    answered = entries_answered_by(snapshot, [made.goal.key, made.task.key])
    assert [(quadrant, [entry.text for entry in entries]) for quadrant, entries in answered] == [
        (Quadrant.WEAKNESS, ["Atbildēta"])
    ]


async def test_answers_are_listed_in_the_plans_order(made: Made) -> None:
    later = await make_task(made.scope, made.goal, "1.10")
    earlier = await make_task(made.scope, made.goal, "1.2")
    entry = await make_swot(made.scope, tasks=[later.key, earlier.key])
    assert [task.number for task in tasks_that_answer(await made.snapshot(), entry)] == ["1.2", "1.10"]


async def test_the_page_links_answers_and_marks_what_has_none(client: httpx.AsyncClient, made: Made) -> None:
    await make_swot(made.scope, "Bez atbildes")
    await make_swot(made.scope, "Ar atbildi", goals=[made.goal.key], tasks=[made.task.key])
    page = (await client.get("/plans/plans/swot")).text
    assert 'href="/plans/plans/goals/SM1"' in page
    assert 'href="/plans/plans/tasks/1.1"' in page
    assert page.count("vēl bez atbildes") == 1
    only = (await client.get("/plans/plans/swot?show=unanswered")).text
    assert "Bez atbildes</p>" in only
    assert "Ar atbildi</p>" not in only


async def test_an_entry_is_added_with_its_answers_and_shown_at_once(client: httpx.AsyncClient, made: Made) -> None:
    form = {"text": "Jauns drauds", "quadrant": "threat", "goals": str(made.goal.key), "tasks": str(made.task.key)}
    answer = await client.post("/plans/plans/swot", data=form, headers=HTMX)
    entry = await SwotEntry.find_one({"text": "Jauns drauds"})
    assert entry is not None
    assert (entry.quadrant, entry.goals, entry.tasks) == (Quadrant.THREAT, [made.goal.key], [made.task.key])
    assert await last_tag(made) == "swot.created"
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="swot" ')
    assert "Jauns drauds" in answer.text
    assert "/undo" in answer.text


async def test_without_javascript_one_is_sent_on_to_the_entry(client: httpx.AsyncClient, made: Made) -> None:
    entry = await make_swot(made.scope)
    form = {"text": "Labots", "quadrant": "weakness", "version": "1"}
    answer = await client.post(f"/plans/plans/swot/{entry.key}", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/plans/plans/swot#swot-{entry.key}"
    assert (await again(entry)).text == "Labots"


async def test_an_empty_text_is_an_error_at_its_field_and_what_was_chosen_is_kept(
    client: httpx.AsyncClient, made: Made
) -> None:
    form = {"text": " ", "quadrant": "threat", "tasks": str(made.task.key)}
    answer = await client.post("/plans/plans/swot", data=form, headers=HTMX)
    assert answer.status_code == 422
    assert 'id="field-text-error"' in answer.text
    assert f'value="{made.task.key}" id="answer-{made.task.key}" checked' in answer.text
    assert await SwotEntry.count() == 0


async def test_a_drop_puts_an_entry_into_another_quadrant_at_its_place(client: httpx.AsyncClient, made: Made) -> None:
    moved = await make_swot(made.scope, "Pārceltais")
    for place, text in enumerate(("Pirmais", "Otrais"), start=1):
        await make_swot(made.scope, text, quadrant=Quadrant.THREAT, order=place)
    form = {"version": "1", "position": "2", "quadrant": "threat"}
    answer = await client.post(f"/plans/plans/swot/{moved.key}/move", data=form, headers=HTMX)
    assert await order_of(made, Quadrant.THREAT) == ["Pirmais", "Pārceltais", "Otrais"]
    assert await last_tag(made) == "swot.moved"
    assert "data-announce" in answer.text
    assert "2. vieta no 3" in answer.text


async def test_buttons_move_an_entry_as_a_drop_does(client: httpx.AsyncClient, made: Made) -> None:
    entries = [await make_swot(made.scope, text, order=place) for place, text in enumerate("ABC", start=1)]
    stays = {"version": "1", "position": "3", "quadrant": "weakness"}
    answer = await client.post(f"/plans/plans/swot/{entries[2].key}/move", data={**stays, "step": "up"})
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(f"#swot-{entries[2].key}")
    assert await order_of(made, Quadrant.WEAKNESS) == ["A", "C", "B"]
    version = (await again(entries[0])).version
    form = {"version": str(version), "position": "1", "quadrant": "weakness", "to": "opportunity"}
    await client.post(f"/plans/plans/swot/{entries[0].key}/move", data=form)
    assert await order_of(made, Quadrant.OPPORTUNITY) == ["A"]


async def test_a_move_can_be_undone(made: Made) -> None:
    entries = [await make_swot(made.scope, text, order=place) for place, text in enumerate("AB", start=1)]
    recorded = await entries[0].move(Quadrant.STRENGTH, 1, [], by=SOMEBODY, based_on=1)
    assert recorded is not None
    assert recorded.id is not None
    await undo(recorded.id, scope=made.scope, by=SOMEBODY)
    assert await order_of(made, Quadrant.WEAKNESS) == ["A", "B"]


async def test_a_move_is_called_by_what_was_moved(made: Made) -> None:
    first, second = [await make_swot(made.scope, text, order=place) for place, text in enumerate("AB", start=1)]
    recorded = await first.move(first.quadrant, 2, [first, second], by=SOMEBODY, based_on=1)
    assert recorded is not None
    assert wording.deed(recorded) == "Pārvietots: A"


async def test_a_move_based_on_an_older_version_is_refused(client: httpx.AsyncClient, made: Made) -> None:
    entry = await make_swot(made.scope)
    await entry.edit({"text": "Citādi"}, by=SOMEBODY, based_on=1)
    form = {"version": "1", "position": "1", "quadrant": "threat"}
    answer = await client.post(f"/plans/plans/swot/{entry.key}/move", data=form)
    assert answer.status_code == 409
    assert (await again(entry)).quadrant is Quadrant.WEAKNESS


async def test_a_move_that_makes_no_sense_changes_nothing(client: httpx.AsyncClient, made: Made) -> None:
    entry = await make_swot(made.scope)
    answer = await client.post(f"/plans/plans/swot/{entry.key}/move", data={"version": "1", "quadrant": "elsewhere"})
    assert answer.status_code == 400
    assert (await again(entry)).version == 1


async def test_a_deleted_entry_is_gone_and_can_be_brought_back(client: httpx.AsyncClient, made: Made) -> None:
    entry = await make_swot(made.scope)
    answer = await client.post(f"/plans/plans/swot/{entry.key}/delete", data={"version": "1"}, headers=HTMX)
    assert answer.status_code == 200
    assert entry.text not in answer.text.split('id="notice"')[0]
    assert (await again(entry)).deleted
    assert await last_tag(made) == "swot.deleted"
    deletion = await AuditEntry.find({"scope": made.scope}).sort("-number").first_or_none()
    assert deletion is not None
    await client.post(f"/plans/plans/changes/{deletion.id}/undo")
    assert not (await again(entry)).deleted
