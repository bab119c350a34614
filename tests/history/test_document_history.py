"""The whole history of one document: every version can be seen and restored, what was deleted too."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import httpx
import pytest
from beanie import PydanticObjectId

from stratplan import wording
from stratplan.audit import AuditEntry
from stratplan.documents import LivingDocument, undo
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.goals.models import Goal, Report, Task
from stratplan.history import document_pages
from stratplan.investments.models import Share
from stratplan.period import Period
from stratplan.plans.models import FundingSource
from stratplan.versions import values_at
from tests.factories import (
    SOMEBODY,
    TODAY_IN_PLAN,
    Made,
    make_goal,
    make_line,
    make_plan,
    make_report,
    make_swot,
    make_task,
)
from tests.html_forms import PageReader

LONG = "Pilnveidot sociālo pakalpojumu pieejamību ģimenēm ar bērniem un personām ar invaliditāti pilsētā. " * 2


async def now(document: LivingDocument) -> LivingDocument:
    found = await type(document).get(document.key)
    assert found is not None
    return found


async def newest(scope: PydanticObjectId) -> AuditEntry:
    found = await AuditEntry.find({"scope": scope}).sort("-number").first_or_none()
    assert found is not None
    return found


def address(document: LivingDocument, *more: object) -> str:
    return "/".join(["/plans/plans/history", document.kind, str(document.key), *map(str, more)])


async def edited(document: LivingDocument, *titles: str) -> LivingDocument:
    """The document after so many changes of its title."""
    for title in titles:
        current = await now(document)
        await current.edit({"title": title}, by=SOMEBODY, based_on=current.version)
    return await now(document)


# --- the verb ------------------------------------------------------------------------------------------------------


async def test_an_earlier_version_comes_back_as_a_new_change_that_can_be_undone(made: Made) -> None:
    current = await edited(made.goal, "Otrais", "Trešais")
    entry = await current.restore(2, by=SOMEBODY, based_on=3)
    assert entry is not None
    assert vars(await now(current)) | {"revision_id": None} == vars(current) | {
        "title": "Otrais",
        "version": 4,
        "worded_at": (await now(current)).worded_at,
        "revision_id": None,
    }
    assert (entry.tag, entry.number) == ("goal.restored", (await newest(made.scope)).number)
    assert [(change.before, change.after) for change in entry.changes] == [({"title": "Trešais"}, {"title": "Otrais"})]
    assert entry.id is not None
    await undo(entry.id, scope=made.scope, by=SOMEBODY)
    assert vars(await now(current))["title"] == "Trešais"


async def test_every_kind_of_value_comes_back_as_it_was(made: Made) -> None:
    task = await make_task(made.scope, made.goal, "2.1", lead=made.unit.key, sources=[made.source.key])
    line = await make_line(
        made.scope, made.goal, amount="100.50", shares=[Share(source=made.source.key, percent="100")], tasks=[task.key]
    )
    was = dict(task), dict(line)
    await task.edit(
        {"lead": None, "sources": [], "period": Period.parse("2016"), "weight": "2"}, by=SOMEBODY, based_on=1
    )
    await line.edit({"amount": None, "shares": [], "tasks": [], "yearly": True}, by=SOMEBODY, based_on=1)
    for document, values in zip((task, line), was, strict=True):
        await (await now(document)).restore(1, by=SOMEBODY, based_on=2)
        changed = {"version": 3, "worded_at": (await now(document)).worded_at}
        assert dict(await now(document)) == values | changed


async def test_a_deleted_document_comes_back(made: Made) -> None:
    goal = await make_goal(made.scope, "SM2", title="Pirmais")
    current = await edited(goal, "Otrais")
    await current.remove(by=SOMEBODY, based_on=2)
    entry = await (await now(goal)).restore(1, by=SOMEBODY, based_on=3)
    assert entry is not None
    restored = await now(goal)
    assert (restored.deleted, vars(restored)["title"]) == (False, "Pirmais")
    assert (await made.snapshot()).find(Goal, goal.key) is not None


async def test_nothing_is_written_where_nothing_differs(made: Made) -> None:
    before = (await newest(made.scope)).number
    assert await made.goal.restore(1, by=SOMEBODY, based_on=1) is None
    assert (await newest(made.scope)).number == before


async def test_a_version_that_names_what_is_deleted_is_refused_and_says_what(made: Made) -> None:
    source = FundingSource.new(scope=made.scope, code="VB", name="Valsts budžets", funding="state", order=2)
    await source.add(by=SOMEBODY)
    task = await make_task(made.scope, made.goal, "2.1", sources=[source.key])
    await task.edit({"sources": []}, by=SOMEBODY, based_on=1)
    await source.remove(by=SOMEBODY, based_on=1)
    before = (await newest(made.scope)).number
    with pytest.raises(RuleBroken, match="VB"):
        await (await now(task)).restore(1, by=SOMEBODY, based_on=2)
    assert (await newest(made.scope)).number == before
    await (await now(source)).restore(1, by=SOMEBODY, based_on=2)
    await (await now(task)).restore(1, by=SOMEBODY, based_on=2)
    assert vars(await now(task))["sources"] == [source.key]


async def test_a_number_that_was_given_to_another_is_refused(made: Made) -> None:
    await make_task(made.scope, made.goal, "5.5")
    first = await make_task(made.scope, made.goal, "6.6")
    await first.edit({"number": "7.7"}, by=SOMEBODY, based_on=1)
    await make_task(made.scope, made.goal, "6.6")
    with pytest.raises(RuleBroken, match=r"6\.6"):
        await (await now(first)).restore(1, by=SOMEBODY, based_on=2)


async def test_what_was_changed_meanwhile_is_not_overwritten(made: Made) -> None:
    current = await edited(made.goal, "Otrais", "Trešais")
    with pytest.raises(StaleEdit):
        await current.restore(1, by=SOMEBODY, based_on=2)
    assert vars(await now(current))["title"] == "Trešais"


async def test_restoring_a_report_is_told_in_the_history_of_its_task(made: Made) -> None:
    report = await make_report(made.task, TODAY_IN_PLAN, 30)
    await report.edit({"percent": 90}, by=SOMEBODY, based_on=1)
    entry = await (await now(report)).restore(1, by=SOMEBODY, based_on=2)
    assert entry is not None
    assert {change.kind for change in entry.changes} == {Report.kind, Task.kind}
    assert vars(await now(report))["percent"] == 30


async def test_a_version_has_the_values_of_its_time(made: Made) -> None:
    current = await edited(made.goal, "Otrais", "Trešais")
    assert [(await values_at(current, version)).get("title") for version in (1, 2, 3)] == [
        made.goal.title,
        "Otrais",
        None,
    ]


# --- the pages -----------------------------------------------------------------------------------------------------


async def test_the_history_of_a_document_shows_its_changes_and_not_those_of_others(
    client: httpx.AsyncClient, made: Made
) -> None:
    await edited(made.goal, "Otrais")
    await edited(made.task, "Uzdevuma nosaukums")
    text = (await client.get(address(made.goal))).text
    assert "Otrais" in text
    assert made.goal.title in text
    assert "Uzdevuma nosaukums" not in text
    assert address(made.goal, "versions", 1) in text


async def test_long_texts_are_shown_as_what_was_inserted_and_deleted(client: httpx.AsyncClient, made: Made) -> None:
    await made.goal.edit({"description": LONG}, by=SOMEBODY, based_on=1)
    await (await now(made.goal)).edit(
        {"description": LONG.replace("bērniem", "<b>jauniešiem</b>", 1)}, by=SOMEBODY, based_on=2
    )
    text = (await client.get(address(made.goal))).text
    deleted, inserted = text.split("<del>")[1].split("</del>")[0], text.split("<ins>")[1].split("</ins>")[0]
    assert "bērniem" in deleted
    assert "dzēsts:" in deleted
    assert "&lt;b&gt;jauniešiem&lt;/b&gt;" in inserted
    assert "pievienots:" in inserted


async def test_a_version_is_shown_as_it_was_with_what_differs_today(client: httpx.AsyncClient, made: Made) -> None:
    was = made.goal.title
    await edited(made.goal, "Otrais", "Trešais")
    page = (await client.get(address(made.goal, "versions", 1))).text
    assert f"<h1>{was and made.goal.code} {was}</h1>" in page
    assert "Trešais" in page
    assert "Otrais" not in page.partition("<main")[2].replace("Otrais</a>", "")
    assert address(made.goal, "versions", 1, "restore") in page
    latest = (await client.get(address(made.goal, "versions", 3))).text
    assert "/restore" not in latest


async def test_restoring_asks_first_and_then_shows_the_history_with_the_way_back(
    client: httpx.AsyncClient, made: Made
) -> None:
    await edited(made.goal, "Otrais")
    question = await client.get(address(made.goal, "versions", 1, "restore"))
    assert "Otrais" in question.text
    form = next(
        form for form in PageReader(question.text).forms if form.method == "post" and form.action.endswith("/restore")
    )
    before = (await newest(made.scope)).number
    answer = await client.post(form.action, data=dict(form.sent()))
    assert (answer.status_code, answer.headers["location"]) == (303, address(made.goal))
    assert vars(await now(made.goal))["title"] == made.goal.title
    assert (await newest(made.scope)).number == before + 1
    shown = await client.get(address(made.goal))
    assert f"Atjaunots: {made.goal.caption}" in shown.text
    again = await client.post(form.action, data=dict(form.sent()))
    assert again.status_code == 409, "it was decided looking at another version"


async def test_a_refusal_is_answered_with_its_reason(client: httpx.AsyncClient, made: Made) -> None:
    goal = await make_goal(made.scope, "SM2")
    task = await make_task(made.scope, goal, "2.1")
    await task.move(made.goal.key, "1.2", by=SOMEBODY, based_on=1)
    await goal.remove(by=SOMEBODY, based_on=1)
    answer = await client.post(address(task, "versions", 1, "restore"), data={"version": "2"})
    assert answer.status_code == 409
    assert goal.title in answer.text


async def test_a_deleted_document_has_a_history_and_comes_back_from_it(client: httpx.AsyncClient, made: Made) -> None:
    entry = await make_swot(made.scope, "Maz darbinieku")
    await entry.remove(by=SOMEBODY, based_on=1)
    text = (await client.get(address(entry))).text
    assert "Maz darbinieku" in text
    answer = await client.post(address(entry, "versions", 1, "restore"), data={"version": "2"})
    assert answer.status_code == 303
    assert "Maz darbinieku" in (await client.get("/plans/plans/swot")).text


async def test_restoring_the_plans_former_address_leads_there(client: httpx.AsyncClient, made: Made) -> None:
    await made.plan.edit({"slug": "jauns"}, by=SOMEBODY, based_on=1)
    answer = await client.post(f"/plans/jauns/history/plan/{made.plan.key}/versions/1/restore", data={"version": "2"})
    assert (answer.status_code, answer.headers["location"]) == (303, address(made.plan))
    assert vars(await now(made.plan))["slug"] == "plans"
    assert (await client.get(answer.headers["location"])).status_code == 200


async def test_every_kind_has_a_history_and_every_version_a_page(client: httpx.AsyncClient, made: Made) -> None:
    line = await make_line(made.scope, made.goal)
    report = await make_report(made.task, TODAY_IN_PLAN, 30)
    for document in (made.organisation, made.plan, made.unit, made.source, made.goal, made.task, line, report):
        for path in (address(document), address(document, "versions", 1), address(document, "versions", 1, "restore")):
            assert (await client.get(path)).status_code == 200, path


async def test_what_is_not_of_this_plan_is_not_found(client: httpx.AsyncClient, made: Made) -> None:
    other = await make_plan("otrs")
    nowhere = PydanticObjectId()
    for path in (
        address(other.goal),
        address(other.unit),
        address(other.goal, "versions", 1),
        f"/plans/plans/history/task/{made.goal.key}",
        f"/plans/plans/history/nav/{made.goal.key}",
        f"/plans/plans/history/goal/{nowhere}",
        address(made.goal, "versions", 0),
        address(made.goal, "versions", 2),
        address(made.goal, "versions", "9" * 30),
        address(made.goal) + "?before=vakar",
    ):
        assert (await client.get(path)).status_code == 404, path
    refused = await client.post(address(other.goal, "versions", 1, "restore"), data={"version": "1"})
    assert refused.status_code == 404


async def test_a_long_history_is_read_page_by_page(client: httpx.AsyncClient, made: Made) -> None:
    titles = [f"Nosaukums {number:03}" for number in range(document_pages.CHANGES_A_PAGE + 3)]
    await edited(made.goal, *titles)
    first = (await client.get(address(made.goal))).text
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = (await client.get(older)).text
    assert all(f"{title}</td>" in first + second for title in titles)
    assert titles[-1] not in second.partition('<ol class="history">')[2]
    assert 'rel="next"' not in second


# --- what is told with a document -------------------------------------------------------------------------------------


async def test_a_report_is_told_field_by_field_in_the_history_of_its_task(
    client: httpx.AsyncClient, made: Made
) -> None:
    report = await make_report(made.task, TODAY_IN_PLAN, 40, text="Izsludināts iepirkums.")
    whole, short = (await client.get(address(made.task))).text, (await client.get("/plans/plans/tasks/1.1")).text
    assert "· Ziņojums: 30.09.2016.</summary>" in whole
    for text in (whole, short):
        told = text.split('class="history-row"')[1]
        assert '<td data-label="Pēc">40</td>' in told
        for value in ("30.09.2016.", "Tiek īstenots", "Nav vērtēts", "Izsludināts iepirkums."):
            assert value in told, value
        assert "vēl 1 dokuments" not in told
    await (await now(report)).edit({"percent": 55}, by=SOMEBODY, based_on=1)
    told = (await client.get(address(made.task))).text.split('class="history-row"')[1]
    assert '<td data-label="Pirms">40</td><td data-label="Pēc">55</td>' in told


async def test_deleting_a_task_counts_what_went_with_it(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(made.task, TODAY_IN_PLAN, 40)
    task = await now(made.task)
    await task.remove(by=SOMEBODY, based_on=task.version)
    assert "un vēl 1 dokuments" in (await client.get(address(made.task))).text.split('class="history-row"')[1]


async def test_milestones_are_compared_one_by_one(client: httpx.AsyncClient, made: Made) -> None:
    first, second = [
        {"key": key, "title": title, "due": due, "weight": Decimal(1)}
        for key, title, due in (("a", "Projekts", date(2016, 3, 1)), ("b", "Iepirkums", date(2016, 6, 1)))
    ]
    await made.task.edit({"milestones": [first, second]}, by=SOMEBODY, based_on=1)
    third = {"key": "c", "title": "Būvdarbi", "due": None, "weight": Decimal(2)}
    moved = {**second, "due": date(2016, 9, 1), "done_on": date(2016, 8, 30)}
    await (await now(made.task)).edit({"milestones": [moved, third]}, by=SOMEBODY, based_on=2)
    [change] = (await newest(made.scope)).changes
    assert [(one.label, one.before, one.after) for one in wording.differences(change, None)] == [
        ("Starpposmi: Iepirkums", "Termiņš: 01.06.2016.; Pabeigts: —", "Termiņš: 01.09.2016.; Pabeigts: 30.08.2016."),
        ("Starpposmi: Būvdarbi", "—", "Nosaukums: Būvdarbi; Svars: 2"),
        ("Starpposmi: Projekts", "Nosaukums: Projekts; Termiņš: 01.03.2016.; Svars: 1", "—"),
    ]
    told = (await client.get(address(made.task))).text.split('class="history-row"')[1]
    assert "Starpposmi: Iepirkums" in told
    assert "Starpposmi: Projekts" in told


async def test_milestones_in_another_order_are_told_as_that(made: Made) -> None:
    steps = [{"key": key, "title": title} for key, title in (("a", "Projekts"), ("b", "Iepirkums"))]
    await made.task.edit({"milestones": steps}, by=SOMEBODY, based_on=1)
    await (await now(made.task)).edit({"milestones": steps[::-1]}, by=SOMEBODY, based_on=2)
    [change] = (await newest(made.scope)).changes
    assert [(one.label, one.before, one.after) for one in wording.differences(change, None)] == [
        ("Starpposmi: secība", "Projekts; Iepirkums", "Iepirkums; Projekts")
    ]
