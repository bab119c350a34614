"""Goals in their list: added, edited, ordered, deleted, with and without HTMX."""

from __future__ import annotations

import httpx
import pytest

from stratplan.audit import AuditEntry
from stratplan.goals.goal_forms import suggested_code
from stratplan.goals.models import Goal
from stratplan.goals.queries import goals_in_order
from tests.factories import SOMEBODY, Made, make_goal, make_line, make_swot

LIST = "/plans/plans/goals"
HTMX = {"HX-Request": "true"}
NEW = {"code": "SM2", "title": "Uzlabot vidi", "description": "Vairāk\r\nrampu", "weight": "1,5"}


async def last_entry() -> AuditEntry:
    entry = await AuditEntry.find().sort([("at", -1), ("number", -1)]).first_or_none()
    assert entry is not None
    return entry


async def order(made: Made) -> list[str]:
    return [goal.code for goal in goals_in_order(await made.snapshot())]


async def test_a_goal_is_added_after_the_others_by_a_plain_form(client: httpx.AsyncClient, made: Made) -> None:
    form = (await client.get(f"{LIST}/new")).text
    assert 'value="SM2"' in form
    answer = await client.post(LIST, data=NEW)
    goal = await Goal.find_one({"code": "SM2"})
    assert goal is not None
    assert (answer.status_code, answer.headers["location"]) == (303, f"{LIST}#goal-{goal.key}")
    assert (goal.order, str(goal.weight), goal.description) == (2, "1.5", "Vairāk\nrampu")
    entry = await last_entry()
    assert (entry.tag, entry.changes[0].before, entry.changes[0].after["title"]) == (
        "goal.created",
        None,
        "Uzlabot vidi",
    )


async def test_a_goal_is_added_in_place_with_htmx(client: httpx.AsyncClient, made: Made) -> None:
    answer = await client.post(LIST, data=NEW, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="goals" ')
    assert "Uzlabot vidi" in answer.text
    assert f"/changes/{(await last_entry()).id}/undo" in answer.text
    assert answer.headers["HX-Trigger"] == "goal-changed"


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_errors_stand_at_their_fields_and_keep_what_was_typed(
    client: httpx.AsyncClient, made: Made, headers: dict[str, str]
) -> None:
    answer = await client.post(
        LIST, data={"code": "SM 2!", "title": " ", "description": "Paliek", "weight": "daudz"}, headers=headers
    )
    assert answer.status_code == 422
    for name in ("code", "title", "weight"):
        assert f'id="field-{name}-error"' in answer.text
    assert "Paliek" in answer.text
    assert 'value="daudz"' in answer.text
    assert await Goal.find({}).count() == 1


async def test_a_code_that_is_taken_is_refused_at_its_field(client: httpx.AsyncClient, made: Made) -> None:
    answer = await client.post(LIST, data={**NEW, "code": "SM1"})
    assert answer.status_code == 409
    assert 'id="field-code-error"' in answer.text
    assert await order(made) == ["SM1"]


async def test_a_goal_is_edited_and_its_old_text_kept_in_the_history(client: httpx.AsyncClient, made: Made) -> None:
    assert 'value="Mērķis SM1"' in (await client.get(f"{LIST}/SM1/edit")).text
    data = {"code": "SM1", "title": "Skaidrāk", "description": "", "weight": "2", "version": "1"}
    answer = await client.post(f"{LIST}/{made.goal.key}", data=data, headers=HTMX)
    assert "Skaidrāk" in answer.text
    goal = await Goal.get(made.goal.key)
    assert goal is not None
    assert (goal.title, goal.version) == ("Skaidrāk", 2)
    assert goal.worded_at is not None
    entry = await last_entry()
    assert entry.changes[0].before == {"title": "Mērķis SM1", "weight": entry.changes[0].before["weight"]}


async def test_an_edit_based_on_an_older_version_shows_both(client: httpx.AsyncClient, made: Made) -> None:
    await made.goal.edit({"title": "Pirmā"}, by=SOMEBODY, based_on=1)
    data = {"code": "SM1", "title": "Otrā", "description": "", "weight": "1", "version": "1"}
    answer = await client.post(f"{LIST}/{made.goal.key}", data=data)
    assert answer.status_code == 409
    assert "Pirmā" in answer.text
    assert "Otrā" in answer.text


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_goals_are_put_in_order_by_steps_and_by_drops(
    client: httpx.AsyncClient, made: Made, headers: dict[str, str]
) -> None:
    await make_goal(made.scope, "SM2", order=2)
    third = await make_goal(made.scope, "SM3", order=3)
    await client.post(f"{LIST}/{third.key}/move", data={"version": "1", "step": "up"}, headers=headers)
    assert await order(made) == ["SM1", "SM3", "SM2"]
    assert (await last_entry()).tag == "goal.reordered"
    version = str((await Goal.get(made.goal.key) or made.goal).version)
    answer = await client.post(
        f"{LIST}/{made.goal.key}/move", data={"version": version, "position": "3"}, headers=headers
    )
    assert await order(made) == ["SM3", "SM2", "SM1"]
    assert answer.status_code == (200 if headers else 303)


async def test_an_empty_goal_is_deleted_and_can_be_brought_back(client: httpx.AsyncClient, made: Made) -> None:
    empty = await make_goal(made.scope, "SM2", order=2)
    answer = await client.post(f"{LIST}/{empty.key}/delete", data={"version": "1"}, headers=HTMX)
    assert "Mērķis SM2" not in answer.text.split('id="notice"')[0]
    assert await order(made) == ["SM1"]
    entry = await last_entry()
    assert entry.tag == "goal.deleted"
    await client.post(f"/plans/plans/changes/{entry.id}/undo")
    assert await order(made) == ["SM1", "SM2"]


async def test_a_goal_with_tasks_is_not_deleted_and_the_reason_is_said(client: httpx.AsyncClient, made: Made) -> None:
    assert "/delete" not in (await client.get(f"{LIST}/SM1/edit")).text
    answer = await client.post(f"{LIST}/{made.goal.key}/delete", data={"version": "1"})
    assert answer.status_code == 409
    assert "1.1 Uzdevums 1.1" in answer.text
    assert await order(made) == ["SM1"]


async def test_the_goal_page_gathers_its_tasks_money_and_swot(client: httpx.AsyncClient, made: Made) -> None:
    await make_goal(made.scope, "SM2", order=2)
    await make_line(made.scope, made.goal, "1.1", amount="26952.00", tasks=[made.task.key])
    await make_line(made.scope, made.goal, "1.2")
    entry = await make_swot(made.scope, "Maz rampu", tasks=[made.task.key])
    await make_swot(made.scope, "Cits", order=2)
    page = (await client.get(f"{LIST}/SM1")).text
    assert "Uzdevums 1.1" in page
    assert "26\u00a0952,00\u00a0EUR" in page
    assert "/figures/money/goal/SM1" in page
    assert "/figures/progress/goals/SM1" in page
    assert f"/swot#swot-{entry.key}" in page
    assert ">Cits<" not in page
    assert "/tasks/new?goal=SM1" in page
    assert (await client.get(f"{LIST}/{made.goal.key}")).status_code == 200, "an address by id"
    assert (await client.get(f"{LIST}/SM9")).status_code == 404
    empty = (await client.get(f"{LIST}/SM2")).text
    assert "/tasks/new?goal=SM2" in empty


async def test_the_past_is_shown_without_ways_to_change_it(client: httpx.AsyncClient, made: Made) -> None:
    for address in (LIST, f"{LIST}/SM1", "/plans/plans/tasks"):
        page = (await client.get(f"{address}?as_of=2015-06-30")).text
        for way in ("/edit", "/move", "/new", "/report"):
            assert f"{way}?" not in page, (address, way)


@pytest.mark.parametrize(
    ("codes", "code"), [([], "SM1"), (["SM1", "SM2"], "SM3"), (["A", "B9"], "B10"), (["1", "2"], "3")]
)
def test_the_next_code_is_suggested(codes: list[str], code: str) -> None:
    assert suggested_code(codes) == code
