"""Reporting on a task: in a minute, with its milestones, corrected and taken back."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from stratplan.audit import AuditEntry
from stratplan.goals.models import Milestone, Report, Task
from stratplan.goals.progress import percent
from stratplan.goals.queries import task_figures
from stratplan.goals.states import Execution, Outcome
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_report

HTMX = {"HX-Request": "true"}


async def version_of(made: Made) -> str:
    task = await Task.get(made.task.key)
    assert task is not None
    return str(task.version)


async def last_entry(made: Made) -> AuditEntry:
    entry = await AuditEntry.find({"scope": made.scope}).sort("-number").first_or_none()
    assert entry is not None
    return entry


async def shown_percent(made: Made) -> int:
    snapshot = await made.snapshot()
    return percent(task_figures(snapshot, TODAY_IN_PLAN)[made.task.key].progress.value)


def sent(**changed: str) -> dict[str, str]:
    """What the report form sends."""
    return {
        "version": "1",
        "on": "2016-09-30",
        "execution": "in_progress",
        "percent": "40",
        "outcome": "not_assessed",
        "text": "Strādājam.",
        **changed,
    }


async def test_the_form_begins_with_what_was_last_reported(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(made.task, date(2016, 6, 30), 55, execution=Execution.SUSPENDED)
    form = (await client.get("/plans/plans/tasks/1.1/report")).text
    assert 'value="55"' in form
    assert 'value="2016-09-30"' in form
    assert 'value="suspended" checked' in form


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_report_is_saved_and_shown(client: httpx.AsyncClient, made: Made, headers: dict[str, str]) -> None:
    answer = await client.post("/plans/plans/tasks/1.1/reports", data=sent(percent="40 %"), headers=headers)
    if headers:
        assert answer.status_code == 200
        assert '<div id="task-work"></div>' in answer.text
        assert answer.headers["hx-trigger"] == "report-changed, task-changed"
    else:
        assert (answer.status_code, answer.headers["location"]) == (303, "/plans/plans/tasks/1.1")
    report = await Report.find_one({"task": made.task.key})
    assert report is not None
    assert (report.percent, report.execution, report.text) == (40, Execution.IN_PROGRESS, "Strādājam.")
    entry = await last_entry(made)
    assert entry.tag == "task.reported"
    page = (await client.get("/plans/plans/tasks/1.1")).text
    assert "40\u00a0%" in page
    assert "Strādājam." in page


async def test_next_steps_and_obstacles_are_reported_and_shown(client: httpx.AsyncClient, made: Made) -> None:
    data = sent(next_steps="Trešais līgums.", obstacles="Trūkst līdzekļu.")
    assert (await client.post("/plans/plans/tasks/1.1/reports", data=data)).status_code == 303
    page = (await client.get("/plans/plans/tasks/1.1")).text
    assert "Trešais līgums." in page
    assert "Trūkst līdzekļu." in page


async def test_a_report_of_no_change_says_so_until_somebody_corrects_what_it_says(
    client: httpx.AsyncClient, made: Made
) -> None:
    report = await make_report(made.task, date(2016, 6, 30), 55)
    await report.edit({"unchanged": True}, by=SOMEBODY, based_on=1)
    assert "<span>Bez izmaiņām</span>" in (await client.get("/plans/plans/tasks/1.1")).text
    path = f"/plans/plans/tasks/1.1/reports/{report.key}"
    same = sent(version="2", on="2016-06-29", percent="55")
    assert (await client.post(path, data=same)).status_code == 303
    assert "<span>Bez izmaiņām</span>" in (await client.get("/plans/plans/tasks/1.1")).text
    assert (await client.post(path, data={**same, "version": "3", "text": "Tomēr ir."})).status_code == 303
    assert "<span>Bez izmaiņām</span>" not in (await client.get("/plans/plans/tasks/1.1")).text


async def test_completed_is_a_hundred_percent_whatever_stands_in_the_field(
    client: httpx.AsyncClient, made: Made
) -> None:
    await client.post(
        "/plans/plans/tasks/1.1/reports", data=sent(execution="completed", percent="80", outcome="reached")
    )
    report = await Report.find_one({"task": made.task.key})
    assert report is not None
    assert (report.percent, report.outcome) == (100, Outcome.REACHED)
    assert await shown_percent(made) == 100


@pytest.mark.parametrize(
    ("field", "typed"), [("on", "2016-10-01"), ("on", ""), ("percent", "101"), ("percent", "4,5"), ("execution", "x")]
)
async def test_what_is_wrong_stands_at_its_field(client: httpx.AsyncClient, made: Made, field: str, typed: str) -> None:
    answer = await client.post("/plans/plans/tasks/1.1/reports", data=sent(**{field: typed}), headers=HTMX)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert "Strādājam." in answer.text
    assert await Report.find({"task": made.task.key}).count() == 0


async def test_a_report_of_an_earlier_day_fills_the_past(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(made.task, date(2016, 6, 30), 60)
    data = sent(version=await version_of(made), on="2015-12-31", percent="20")
    assert (await client.post("/plans/plans/tasks/1.1/reports", data=data)).status_code == 303
    assert await shown_percent(made) == 60
    snapshot = await made.snapshot()
    assert percent(task_figures(snapshot, date(2016, 1, 1))[made.task.key].progress.value) == 20


async def test_milestones_are_ticked_with_a_day_or_on_the_day_of_the_report(
    client: httpx.AsyncClient, made: Made
) -> None:
    steps = [Milestone(key=key, title=key.upper()) for key in ("a", "b", "c", "d")]
    steps[3] = steps[3].model_copy(update={"done_on": date(2016, 1, 1)})
    await made.task.edit({"milestones": steps}, by=SOMEBODY, based_on=1)
    form = (await client.get("/plans/plans/tasks/1.1/report")).text
    assert 'name="percent"' not in form
    assert 'name="done-3-ticked" value="on" checked' in form
    data = {name: value for name, value in sent(version="2", on="2016-09-15").items() if name != "percent"}
    data |= {f"done-{place}-key": step.key for place, step in enumerate(steps)}
    data |= {"done-0-ticked": "on", "done-0-day": "2016-08-01", "done-1-ticked": "on", "done-3-day": "2016-01-01"}

    alone = await client.post("/plans/plans/tasks/1.1/reports", data={**data, "done-2-day": "2016-09-01"})
    assert alone.status_code == 422
    assert 'id="field-done-2-day-error"' in alone.text

    assert (await client.post("/plans/plans/tasks/1.1/reports", data=data)).status_code == 303
    task = await Task.get(made.task.key)
    assert task is not None
    assert [one.done_on for one in task.milestones] == [date(2016, 8, 1), date(2016, 9, 15), None, None]
    assert await shown_percent(made) == 50


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_of_two_who_report_at_once_the_second_sees_what_the_first_said(
    client: httpx.AsyncClient, made: Made, headers: dict[str, str]
) -> None:
    await make_report(made.task, TODAY_IN_PLAN, 70, text="Pirmais ziņojums.")
    answer = await client.post("/plans/plans/tasks/1.1/reports", data=sent(text="Otrais ziņojums."), headers=headers)
    assert answer.status_code == 409
    assert "Pirmais ziņojums." in answer.text
    assert "Otrais ziņojums." in answer.text
    assert '<input type="hidden" name="version" value="2">' in answer.text
    assert await Report.find({"task": made.task.key}).count() == 1
    again = await client.post("/plans/plans/tasks/1.1/reports", data=sent(version="2", text="Otrais ziņojums."))
    assert again.status_code == 303
    assert await Report.find({"task": made.task.key}).count() == 2


async def test_a_report_is_corrected_and_its_task_tells_of_it(client: httpx.AsyncClient, made: Made) -> None:
    report = await make_report(made.task, date(2016, 6, 30), 55)
    address = f"/plans/plans/tasks/1.1/reports/{report.key}"
    assert 'value="55"' in (await client.get(f"{address}/edit")).text
    answer = await client.post(address, data=sent(percent="35", text="Kļūda labota."), headers=HTMX)
    assert answer.status_code == 200
    assert "task-changed" in answer.headers["hx-trigger"]
    found = await Report.get(report.key)
    assert found is not None
    assert (found.percent, found.text, found.version) == (35, "Kļūda labota.", 2)
    entry = await last_entry(made)
    assert entry.tag == "report.edited"
    assert [change.kind for change in entry.changes] == ["report", "task"]

    stale = await client.post(address, data=sent(percent="90"))
    assert stale.status_code == 409
    assert 'name="choose.percent"' in stale.text
    assert "35" in stale.text


async def test_a_report_is_deleted_and_brought_back(client: httpx.AsyncClient, made: Made) -> None:
    report = await make_report(made.task, date(2016, 6, 30), 55)
    answer = await client.post(f"/plans/plans/tasks/1.1/reports/{report.key}/delete", data={"version": "1"})
    assert answer.status_code == 303
    assert await shown_percent(made) == 0
    deletion = await last_entry(made)
    assert deletion.tag == "report.deleted"
    await client.post(f"/plans/plans/changes/{deletion.id}/undo")
    assert await shown_percent(made) == 55
    assert made.task.key in [change.document for change in (await last_entry(made)).changes]


async def test_a_report_is_found_only_under_its_own_task(client: httpx.AsyncClient, made: Made) -> None:
    report = await make_report(made.task, date(2016, 6, 30), 55)
    assert (await client.get(f"/plans/plans/tasks/9.9/reports/{report.key}/edit")).status_code == 404
    assert (await client.get("/plans/plans/tasks/1.1/reports/zzz/edit")).status_code == 404
