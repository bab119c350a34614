"""Tasks are added, edited, moved, put in order, given milestones and deleted, with HTMX and without JavaScript."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import httpx

from stratplan.audit import AuditEntry
from stratplan.forms import Form
from stratplan.frame import Frame
from stratplan.goals.milestone_forms import Milestones, rearrange
from stratplan.goals.models import Milestone, Report, Task
from stratplan.goals.task_forms import suggested_number
from stratplan.permissions import Role
from tests.conftest import reading
from tests.factories import (
    SOMEBODY,
    TODAY_IN_PLAN,
    Made,
    make_account,
    make_goal,
    make_line,
    make_report,
    make_swot,
    make_task,
)

HTMX = {"HX-Request": "true"}


async def again(task: Task) -> Task:
    found = await Task.get(task.key)
    assert found is not None
    return found


async def last_entry(made: Made) -> AuditEntry:
    entry = await AuditEntry.find({"scope": made.scope}).sort("-number").first_or_none()
    assert entry is not None
    return entry


def sent(task: Task, **changed: object) -> dict[str, object]:
    """What the edit form sends."""
    return {
        "version": str(task.version),
        "number": task.number,
        "title": task.title,
        "result": task.result,
        "period": "2015.–2017.",
        "lead": str(task.lead or ""),
        "sources": [str(source) for source in task.sources],
        "weight": "1",
        **changed,
    }


async def test_a_new_task_takes_the_next_number_of_its_goal(client: httpx.AsyncClient, made: Made) -> None:
    form = (await client.get("/plans/plans/tasks/new?goal=SM1")).text
    assert 'value="1.2"' in form
    answer = await client.post(
        "/plans/plans/tasks",
        data={"goal": str(made.goal.key), "title": "Ieviest", "period": "2016. gada 3. ceturksnis", "weight": "1"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/plans/plans/tasks/1.2")
    task = await Task.find_one({"number": "1.2"})
    assert task is not None
    assert (task.title, str(task.period), task.weight) == ("Ieviest", "2016-Q3", Decimal(1))
    assert (await last_entry(made)).tag == "task.created"


async def test_numbers_follow_the_prefix_that_most_tasks_of_the_goal_have(made: Made) -> None:
    empty = await make_goal(made.scope, "SM7", order=2)
    await make_task(made.scope, made.goal, "1.10")
    snapshot = await made.snapshot()
    assert suggested_number(snapshot, made.goal) == "1.11"
    assert suggested_number(snapshot, empty) == "7.1"


async def test_mistakes_stand_at_their_field_and_what_was_typed_is_kept(client: httpx.AsyncClient, made: Made) -> None:
    answer = await client.post("/plans/plans/tasks", data={"title": "Ieviest", "period": "kaut kad", "weight": "1"})
    assert answer.status_code == 422
    assert 'href="#field-goal"' in answer.text
    assert 'href="#field-period"' in answer.text
    assert 'value="kaut kad"' in answer.text
    assert 'value="Ieviest"' in answer.text
    taken = await client.post(
        "/plans/plans/tasks",
        data={"goal": str(made.goal.key), "number": "1.1", "title": "Otrs", "period": "2016", "weight": "1"},
        headers=HTMX,
    )
    assert taken.status_code == 409
    assert 'id="field-number-error"' in taken.text
    assert "<html" not in taken.text
    assert await Task.find({"scope": made.scope}).count() == 1


async def test_a_task_is_edited_in_its_page_and_on_a_page_of_its_own(client: httpx.AsyncClient, made: Made) -> None:
    address = f"/plans/plans/tasks/{made.task.key}"
    fragment = (await client.get("/plans/plans/tasks/1.1/edit", headers=HTMX)).text
    assert f'hx-post="{address}"' in fragment
    assert "<html" not in fragment
    plain = (await client.get("/plans/plans/tasks/1.1/edit")).text
    assert f'action="{address}"' in plain
    assert "hx-post" not in plain

    answer = await client.post(address, data=sent(made.task, title="Precizēts"), headers=HTMX)
    assert answer.status_code == 200
    assert '<div id="task-work"></div>' in answer.text
    assert "/undo" in answer.text
    assert "task-changed" in answer.headers["hx-trigger"]
    task = await again(made.task)
    assert (task.title, task.version) == ("Precizēts", 2)
    entry = await last_entry(made)
    assert entry.tag == "task.edited"
    assert (entry.changes[0].before, entry.changes[0].after) == ({"title": "Uzdevums 1.1"}, {"title": "Precizēts"})

    answer = await client.post(address, data=sent(task, number="1.9", partners=[str(made.unit.key)]))
    assert (answer.status_code, answer.headers["location"]) == (303, "/plans/plans/tasks/1.9")
    assert (await again(made.task)).partners == [], "the lead unit is not its own partner"


async def test_two_people_choose_field_by_field_and_nothing_typed_is_lost(
    client: httpx.AsyncClient, made: Made
) -> None:
    address = f"/plans/plans/tasks/{made.task.key}"
    await made.task.edit({"title": "Otra nosaukums", "result": "Otra rezultāts"}, by=SOMEBODY, based_on=1)
    mine = sent(made.task, title="Mans nosaukums", weight="2")
    for headers in ({}, HTMX):
        stale = await client.post(address, data=mine, headers=headers)
        assert stale.status_code == 409
        assert all(text in stale.text for text in ("Mans nosaukums", "Otra nosaukums", "Otra rezultāts"))
        assert 'name="choose.title" value="mine" checked' in stale.text, "what both changed is mine until I say else"
        assert 'name="choose.result" value="theirs" checked' in stale.text, "what I left alone stays theirs"
        assert '<input type="hidden" name="theirs.title" value="Otra nosaukums">' in stale.text
        assert '<input type="hidden" name="version" value="2">' in stale.text
    assert stale.headers["hx-retarget"] == "body"
    assert (await again(made.task)).title == "Otra nosaukums"

    chosen = {
        **mine,
        "version": "2",
        "choose.title": "mine",
        "theirs.title": "Otra nosaukums",
        "choose.result": "theirs",
        "theirs.result": "Otra rezultāts",
        "choose.weight": "mine",
        "theirs.weight": "1",
    }
    answer = await client.post(address, data=chosen)
    assert answer.status_code == 303
    task = await again(made.task)
    assert (task.title, task.result, task.weight) == ("Mans nosaukums", "Otra rezultāts", Decimal(2))


async def test_milestones_that_two_people_set_are_compared_as_a_whole(client: httpx.AsyncClient, made: Made) -> None:
    address = f"/plans/plans/tasks/{made.task.key}/milestones"
    theirs = [Milestone(key="m1", title="Otra līgums", due=date(2016, 5, 1))]
    await made.task.edit({"milestones": theirs}, by=SOMEBODY, based_on=1)
    stale = await client.post(address, data={"version": "1", "milestones-0-title": "Mans projekts"})
    assert stale.status_code == 409
    assert '<input type="hidden" name="theirs.milestones-0-title" value="Otra līgums">' in stale.text
    chosen = {
        "version": "2",
        "milestones-0-title": "Mans projekts",
        "choose.milestones": "theirs",
        "theirs.milestones-0-key": "m1",
        "theirs.milestones-0-title": "Otra līgums",
        "theirs.milestones-0-due": "2016-05-01",
        "theirs.milestones-0-weight": "1",
    }
    assert (await client.post(address, data=chosen)).status_code == 303
    assert (await again(made.task)).milestones == theirs


async def test_a_task_moves_to_another_goal_with_a_number_of_that_goal(client: httpx.AsyncClient, made: Made) -> None:
    other = await make_goal(made.scope, "SM2", order=2)
    await make_task(made.scope, other, "2.3")
    assert "2.4" in (await client.get("/plans/plans/tasks/1.1/move")).text
    answer = await client.post(
        "/plans/plans/tasks/1.1/move", data={"version": "1", "goal": str(other.key), "number": ""}, headers=HTMX
    )
    assert answer.headers["hx-redirect"] == "/plans/plans/tasks/2.4"
    task = await again(made.task)
    assert (task.goal, task.number) == (other.key, "2.4")
    assert (await last_entry(made)).tag == "task.moved"


async def test_a_task_goes_one_place_up_by_exchanging_numbers(client: httpx.AsyncClient, made: Made) -> None:
    second = await make_task(made.scope, made.goal, "1.2")
    answer = await client.post("/plans/plans/tasks/1.2/place", data={"direction": "up"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/plans/plans/tasks/1.1")
    assert ((await again(made.task)).number, (await again(second)).number) == ("1.2", "1.1")
    entry = await last_entry(made)
    assert (entry.tag, len(entry.changes)) == ("task.renumbered", 2)
    first_stays = await client.post("/plans/plans/tasks/1.1/place", data={"direction": "up"})
    assert first_stays.status_code == 303
    assert (await last_entry(made)).number == entry.number


def test_a_row_button_rearranges_the_form_and_keeps_what_was_typed() -> None:
    rows = {"milestones-0-key": "a", "milestones-0-title": "Pirmais", "milestones-1-title": "Otrais"}
    form = Form.submitted(Milestones, [("version", "1"), *rows.items(), ("milestones-1-weight", "daudz")])
    up = rearrange(form, "up-1")
    assert [up.value(f"milestones-{n}-title") for n in (0, 1)] == ["Otrais", "Pirmais"]
    assert (up.value("milestones-0-weight"), up.value("milestones-1-key")) == ("daudz", "a")
    assert [rearrange(form, "remove-0").value(f"milestones-{n}-title") for n in (0, 1)] == ["Otrais", ""]
    for nonsense in ("up-9", "up-²", "up-" + "9" * 5000, "down-1", "x", "remove-"):
        assert rearrange(form, nonsense).value("milestones-1-title") == "Otrais"


async def test_milestones_are_set_and_keep_their_keys(client: httpx.AsyncClient, made: Made) -> None:
    address = f"/plans/plans/tasks/{made.task.key}/milestones"
    rows = {"version": "1", "milestones-0-title": "Projekts", "milestones-0-due": "2016-06-30", "milestones-1-key": ""}
    more = await client.post(address, data={**rows, "change": "add"})
    assert more.status_code == 200
    assert 'value="Projekts"' in more.text
    assert (await again(made.task)).milestones == [], "a row's button saves nothing"

    future = await client.post(address, data={**rows, "milestones-0-done_on": "2016-10-01"})
    assert future.status_code == 422
    assert 'id="field-milestones-0-done_on-error"' in future.text

    done = {**rows, "milestones-0-done_on": "2016-09-30", "milestones-2-title": "Būve", "milestones-2-weight": "2,5"}
    answer = await client.post(address, data=done, headers=HTMX)
    assert answer.status_code == 200
    assert "task-changed" in answer.headers["hx-trigger"]
    milestones = (await again(made.task)).milestones
    assert [(one.key, one.title, one.weight) for one in milestones] == [
        ("m1", "Projekts", Decimal(1)),
        ("m2", "Būve", Decimal("2.5")),
    ]
    assert milestones[0].done_on == TODAY_IN_PLAN
    assert (await last_entry(made)).tag == "task.milestones_set"


async def test_deleting_a_task_says_what_goes_along_and_can_be_undone(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(made.task, TODAY_IN_PLAN, 40)
    entry = await make_swot(made.scope, tasks=[made.task.key])
    line = await make_line(made.scope, made.goal, tasks=[made.task.key])
    question = (await client.get("/plans/plans/tasks/1.1/delete")).text
    assert "1 ziņojumu" in question

    version = (await again(made.task)).version
    answer = await client.post(f"/plans/plans/tasks/{made.task.key}/delete", data={"version": str(version)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/plans/plans/tasks")
    deletion = await last_entry(made)
    assert deletion.tag == "task.deleted"
    assert {change.kind for change in deletion.changes} == {"task", "report", "swot", "line"}
    assert (await client.get("/plans/plans/tasks/1.1")).status_code == 404

    assert (await client.post(f"/plans/plans/changes/{deletion.id}/undo")).status_code == 303
    assert not (await again(made.task)).deleted
    assert await Report.find({"task": made.task.key, "deleted": False}).count() == 1
    assert [found.tasks for found in (await type(entry).get(entry.key), await type(line).get(line.key)) if found] == [
        [made.task.key],
        [made.task.key],
    ]


async def test_deleting_what_was_changed_meanwhile_is_asked_again(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(made.task, TODAY_IN_PLAN, 40)
    answer = await client.post(f"/plans/plans/tasks/{made.task.key}/delete", data={"version": "1"})
    assert answer.status_code == 409
    assert "Ziņots: 1.1" in answer.text
    assert not (await again(made.task)).deleted


async def test_what_was_typed_of_a_task_that_is_gone_is_given_back(client: httpx.AsyncClient, made: Made) -> None:
    await made.task.remove(by=SOMEBODY, based_on=1)
    for address in (f"/plans/plans/tasks/{made.task.key}", "/plans/plans/tasks/1.1"):
        answer = await client.post(address, data=sent(made.task, result="Gara, rūpīgi rakstīta doma."))
        assert answer.status_code == 404
        assert "Gara, rūpīgi rakstīta doma." in answer.text


async def test_a_form_left_open_in_ones_own_second_window_is_not_blamed_on_somebody_else(
    app: Frame, made: Made
) -> None:
    planner = await make_account(Role.PLANNER, scope=made.scope)
    address = f"/plans/plans/tasks/{made.task.key}"
    async with reading(app, planner) as client:
        await client.post(address, data=sent(made.task, title="No otra loga"))
        stale = await client.post(address, data=sent(made.task, title="No šī loga"))
        assert stale.status_code == 409
        assert "<h1>To jau mainījāt citā logā</h1>" in stale.text
        assert "mainīts abos logos" in stale.text
        assert "ita persona" not in stale.text
        current = await again(made.task)
        await current.edit({"title": "Pavisam cits"}, by=SOMEBODY, based_on=current.version)
        stale = await client.post(address, data=sent(made.task, title="No šī loga"))
        assert "<h1>Cita persona bija ātrāka</h1>" in stale.text
