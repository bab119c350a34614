"""The page of a task: what it says of the day, of its reports over time, and of what it is linked with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import httpx
import pytest

from stratplan.audit import AuditEntry
from stratplan.goals.models import Milestone
from stratplan.goals.queries import reports_of, task_figures
from stratplan.goals.states import Execution
from stratplan.i18n import use_language
from stratplan.overview.task_page import chart_of, milestone_rows, schedule_note
from stratplan.swot.models import SwotEntry
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_line, make_report, make_swot, make_task

HTMX = {"HX-Request": "true"}


async def note_on(made: Made, day: date) -> str:
    snapshot = await made.snapshot()
    task = task_figures(snapshot, day)[made.task.key]
    with use_language("en"):
        return schedule_note(task, reports_of(snapshot, task.task), day)


async def test_the_page_says_how_many_days_are_left_or_gone(made: Made) -> None:
    assert await note_on(made, date(2017, 12, 30)) == "1 day left"
    assert await note_on(made, date(2017, 12, 31)) == "today is the last day"
    assert await note_on(made, date(2018, 1, 12)) == "12 days late"
    assert await note_on(made, date(2014, 12, 30)) == "begins in 2 days"


async def test_a_completed_task_says_since_when_and_whether_in_time(made: Made) -> None:
    await make_report(made.task, date(2017, 6, 1), 100, execution=Execution.COMPLETED)
    await make_report(made.task, date(2017, 7, 1), 90)
    await make_report(made.task, date(2018, 1, 3), 100, execution=Execution.COMPLETED)
    await make_report(made.task, date(2018, 2, 1), 100, execution=Execution.COMPLETED)
    assert await note_on(made, date(2017, 6, 10)) == "completed on 1 Jun 2017, in time"
    assert await note_on(made, date(2018, 3, 1)) == "completed on 3 Jan 2018, 3 days after the deadline"


async def test_the_chart_steps_at_each_report_and_knows_nothing_of_later_ones(made: Made) -> None:
    for day, percent in ((date(2015, 7, 2), 20), (date(2016, 9, 1), 50), (date(2017, 6, 30), 90)):
        await make_report(made.task, day, percent)
    snapshot = await made.snapshot()
    chart = chart_of(made.task, reports_of(snapshot, made.task), TODAY_IN_PLAN)
    assert chart is not None
    assert [(point.on, point.y) for point in chart.points] == [
        (date(2015, 7, 2), Fraction(20, 100)),
        (date(2016, 9, 1), Fraction(50, 100)),
    ]
    assert chart.points[0].x == Fraction(182, 1096)
    assert chart.expected == [(Fraction(0), Fraction(0)), (Fraction(1), Fraction(1))]
    assert [text for _, text in chart.ticks] == ["2015.", "2016.", "2017."]
    assert chart_of(made.task, reports_of(snapshot, made.task), date(2015, 1, 1)) is None


async def test_a_milestone_is_late_when_it_is_not_done_in_time_or_was_done_after(made: Made) -> None:
    steps = [
        Milestone(key="a", title="A", due=date(2016, 1, 1), done_on=date(2016, 1, 1)),
        Milestone(key="b", title="B", due=date(2016, 1, 1), done_on=date(2016, 2, 1)),
        Milestone(key="c", title="C", due=date(2016, 9, 29)),
        Milestone(key="d", title="D", due=date(2016, 9, 30)),
    ]
    task = made.task.model_copy(update={"milestones": steps})
    rows = milestone_rows(task, TODAY_IN_PLAN)
    assert [(row.done, row.late) for row in rows] == [(True, False), (True, True), (False, True), (False, False)]
    assert [(row.done, row.late) for row in milestone_rows(task, date(2016, 1, 15))][1] == (False, True)


async def test_the_page_shows_the_task_with_all_it_is_linked_with(client: httpx.AsyncClient, made: Made) -> None:
    await make_report(made.task, date(2016, 6, 30), 55, text="Noslēgts līgums.")
    await make_swot(made.scope, text="Trūkst datu", tasks=[made.task.key])
    await make_line(made.scope, made.goal, "3.1", amount=Decimal("1234.5"), tasks=[made.task.key])
    await make_task(made.scope, made.goal, "1.2")
    page = (await client.get("/plans/plans/tasks/1.1")).text
    for text in (
        "Uzdevums 1.1",
        "Ķekavas nodaļa",
        "Noslēgts līgums.",
        "Trūkst datu",
        "1\u00a0234,50\u00a0EUR",
        'href="/plans/plans/figures/progress/tasks/1.1"',
        'href="/plans/plans/figures/schedule/tasks/1.1"',
        'href="/plans/plans/figures/money/lines/3.1"',
        'rel="next" href="/plans/plans/tasks/1.2"',
        "Ziņots: 1.1",
    ):
        assert text in page, text
    fragment = (await client.get(f"/plans/plans/tasks/{made.task.key}", headers=HTMX)).text
    assert fragment.lstrip().startswith('<div id="task"')
    assert "<html" not in fragment


async def test_a_page_of_the_past_shows_what_was_reported_then_and_changes_nothing(
    client: httpx.AsyncClient, made: Made
) -> None:
    await make_report(made.task, date(2016, 6, 30), 55, text="Vēlāk teikts.")
    page = (await client.get("/plans/plans/tasks/1.1?as_of=2016-01-01")).text
    past, _history = page.split('id="history"')
    assert "Vēlāk teikts." not in past
    assert "55\u00a0%" not in past
    assert "/tasks/1.1/report" not in past
    assert "/tasks/1.1/edit" not in past
    assert 'href="/plans/plans/tasks?as_of=2016-01-01"' in past, "links keep the day"


async def test_a_text_changed_after_the_day_is_said_to_be_newer(client: httpx.AsyncClient, made: Made) -> None:
    note = "Teksti ir šodienas"
    assert note not in (await client.get("/plans/plans/tasks/1.1?as_of=2016-01-01")).text
    await made.task.edit({"title": "Cits"}, by=SOMEBODY, based_on=1)
    assert note in (await client.get("/plans/plans/tasks/1.1?as_of=2016-01-01")).text


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_swot_entry_is_linked_and_let_go_on_the_page(
    client: httpx.AsyncClient, made: Made, headers: dict[str, str]
) -> None:
    entry = await make_swot(made.scope)
    answer = await client.post("/plans/plans/tasks/1.1/swot", data={"entry": str(entry.key)}, headers=headers)
    if headers:
        assert answer.headers["hx-trigger"] == "swot-changed"
        assert 'id="swot-links"' in answer.text
    else:
        assert (answer.status_code, answer.headers["location"]) == (303, "/plans/plans/tasks/1.1")
    linked = await SwotEntry.get(entry.key)
    assert linked is not None
    assert linked.tasks == [made.task.key]
    written = await AuditEntry.find({"scope": made.scope}).sort("-number").first_or_none()
    assert written is not None
    assert written.tag == "swot.edited"
    await client.post("/plans/plans/tasks/1.1/swot/unlink", data={"entry": str(entry.key)}, headers=headers)
    linked = await SwotEntry.get(entry.key)
    assert linked is not None
    assert linked.tasks == []
    assert (await client.post("/plans/plans/tasks/1.1/swot", data={"entry": ""})).status_code == 400


async def test_a_task_that_is_not_there_is_not_found(client: httpx.AsyncClient, made: Made) -> None:
    assert (await client.get("/plans/plans/tasks/7.7")).status_code == 404
