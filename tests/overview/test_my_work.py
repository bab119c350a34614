"""The page on which a person begins: what each role finds there, how it is counted, and that its links hold."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

import httpx

from benchmarks.plan_generator import generate
from stratplan.accounts.models import Account, Membership
from stratplan.accounts.roles import units_of
from stratplan.actors import COMMAND_LINE
from stratplan.database import Database
from stratplan.documents import SITE
from stratplan.frame import Frame
from stratplan.goals.models import Task
from stratplan.goals.states import Execution
from stratplan.overview.my_tasks import quarter_tasks
from stratplan.period import Period
from stratplan.permissions import Role
from stratplan.plans.models import Plan, PlanState
from stratplan.reviews.closing import close_review, open_review
from stratplan.reviews.models import Decision
from stratplan.snapshot import Snapshots
from stratplan.units.models import Unit, UnitKind
from tests.conftest import reading
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_account, make_line, make_plan, make_report, make_task
from tests.html_forms import PageReader
from tests.listening import listening

Q3 = date(2016, 7, 1)


async def make_unit(made: Made, name: str, parent: Unit | None = None) -> Unit:
    unit = Unit.new(
        scope=made.organisation.key, name=name, sort=UnitKind.STRUCTURAL, parent=parent.key if parent else None
    )
    await unit.add(by=SOMEBODY)
    return unit


async def work_of(app: Frame, account: Account | None, query: str = "") -> str:
    async with reading(app, account) as client:
        answer = await client.get(f"/work{query}", headers={"cookie": "language=en"})
    assert answer.status_code == 200
    assert PageReader(answer.text).problems == []
    return answer.text


async def test_the_front_page_is_the_work_of_who_is_signed_in(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    assert (await client.get("/")).headers["location"] == "/work"
    assert (await stranger.get("/")).headers["location"] == "/plans"
    assert (await stranger.get("/work")).status_code in (303, 401, 403)
    assert 'href="/work"' in (await client.get("/plans")).text
    assert 'href="/work"' not in (await stranger.get("/plans")).text


def test_a_quarter_holds_its_days_and_overlaps_what_has_a_day_in_it() -> None:
    quarter = Period.quarter_of(TODAY_IN_PLAN)
    assert str(quarter) == "2016-Q3"
    assert (quarter.start, quarter.end) == (Q3, date(2016, 9, 30))
    for written, expected in (
        ("2015.–2017.", True),
        ("2016", True),
        ("2016-07-01", True),
        ("2016-09-30", True),
        ("2016-06-30", False),
        ("2016-10-01/2016-12-31", False),
    ):
        assert Period.parse(written).overlaps(quarter) is expected, written


async def test_a_quarters_tasks_are_those_of_own_units_and_of_units_below(made: Made) -> None:
    below = await make_unit(made, "Grupa", made.unit)
    apart = await make_unit(made, "Cita")
    year = Period.parse("2016")
    for number, values in {
        "1.2": {"lead": below.key, "period": year},
        "1.3": {"lead": apart.key, "partners": [below.key], "period": year},
        "1.4": {"lead": apart.key, "period": year},
        "1.5": {"lead": below.key, "period": Period.parse("2015")},  # overdue
        "1.6": {"lead": below.key, "period": Period.parse("2017")},  # to come
        "1.7": {"lead": below.key, "period": year},
        "1.8": {"lead": below.key, "period": year},
        "1.9": {"lead": below.key, "period": Period.parse("2015")},
    }.items():
        task = await make_task(made.scope, made.goal, number, **values)
        if number in ("1.7", "1.9"):
            await make_report(task, date(2016, 6, 1), None, execution=Execution.COMPLETED)
        if number == "1.8":
            await make_report(task, Q3, 40)
        if number == "1.2":
            await make_report(task, Q3 - timedelta(days=1), 90)
    head = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    snapshot = await made.snapshot()
    units = units_of(snapshot, head.key)
    assert units == {made.unit.key, below.key}
    found = quarter_tasks(snapshot, units, TODAY_IN_PLAN)
    assert [one.task.number for one in found.to_report] == ["1.5", "1.3", "1.1", "1.2"]
    assert [one.task.number for one in found.reported] == ["1.8"]
    assert [one.task.number for one in found.over] == ["1.7"]


async def test_a_head_of_a_unit_finds_what_to_report_on_with_the_way_to_do_it(app: Frame, made: Made) -> None:
    await make_task(made.scope, made.goal, "1.2", lead=(await make_unit(made, "Cita")).key)
    reported = await make_task(made.scope, made.goal, "1.3", partners=[made.unit.key])
    await make_report(reported, date(2016, 9, 18), 60)
    head = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    page = await work_of(app, head)
    assert "<b>1 task still to be reported on</b>, 1 reported" in page
    assert page.index("/tasks/1.1/report") < page.index("Reported this quarter") < page.index("/tasks/1.3/report")
    assert "/tasks/1.2" not in page
    assert "12 days ago" in page
    assert "Plans that you keep" not in page
    assert "Q3 2016" in page
    async with reading(app, head) as client:
        for link in PageReader(page).links:
            if link.startswith("/plans/plans/tasks/"):
                assert (await client.get(link)).status_code == 200, link


async def test_a_report_begun_here_comes_back_here_and_is_told(app: Frame, made: Made) -> None:
    head = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    async with reading(app, head) as client:
        client.cookies.set("language", "en")
        page = (await client.get("/work?open=1")).text
        (link,) = [link for link in PageReader(page).links if "/tasks/1.1/report" in link]
        opened = await client.get(link)
        assert 'href="/work?open=1" data-close-dialog>Cancel' in opened.text
        (form,) = [form for form in PageReader(opened.text).forms if form.action.endswith("/reports")]
        answer = await client.post(form.action, data=dict(form.sent(percent="30")))
        assert (answer.status_code, answer.headers["location"]) == (303, "/work?open=1")
        told = (await client.get("/work?open=1")).text
        assert "Reported: 1.1" in told.split('id="notice"')[1].split("<main")[0]
        assert "/undo" in told
        for elsewhere in ("//example.org/", "https://example.org/", "javascript:alert(1)", "/\\example.org"):
            opened = await client.get("/plans/plans/tasks/1.1/report", params={"back": elsewhere})
            assert "example.org" not in opened.text.split("<main")[1].split("</main>")[0]
            sent = dict(form.sent(percent="40", back=elsewhere)) | {"version": str((await task_now(made)).version)}
            answer = await client.post(form.action, data=sent)
            assert (answer.status_code, answer.headers["location"]) == (303, "/plans/plans/tasks/1.1"), elsewhere


async def task_now(made: Made) -> Task:
    task = await Task.get(made.task.key)
    assert task is not None
    return task


async def test_the_filters_leave_what_they_say_and_count_it(app: Frame, made: Made) -> None:
    other = await make_plan("otrs")
    below = await make_unit(made, "Grupa", made.unit)
    for place in range(2, 9):
        await make_task(made.scope, made.goal, f"1.{place}", lead=below.key)
    done = await make_task(made.scope, made.goal, "1.9", lead=below.key)
    await make_report(done, TODAY_IN_PLAN, 50)
    head = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    second = Membership.new(scope=other.scope, account=head.key, role=Role.REPORTER, units=[other.unit.key])
    await second.add(by=SOMEBODY)
    for query, count, shown, hidden in (
        ("", 9, ("/plans/plans/tasks/1.9", "/plans/otrs/tasks/1.1"), ()),
        ("?plan=otrs", 1, ("/plans/otrs/tasks/1.1",), ("/plans/plans/tasks/1.2",)),
        (f"?unit={below.key}", 7, ("/plans/plans/tasks/1.9",), ("/plans/otrs", "/plans/plans/tasks/1.1")),
        ("?open=1", 9, ("/plans/plans/tasks/1.2",), ("/plans/plans/tasks/1.9",)),
        ("?plan=cits&unit=x&page=-4", 9, ("/plans/plans/tasks/1.9",), ()),
    ):
        page = await work_of(app, head, query)
        assert f"<b>{count} task" in page, query
        assert [one for one in shown if f'href="{one}"' not in page] == [], query
        assert [one for one in hidden if f'href="{one}"' in page] == [], query


async def test_a_long_list_goes_on_on_further_pages(app: Frame, made: Made) -> None:
    for place in range(2, 70):
        await make_task(made.scope, made.goal, f"1.{place}", lead=made.unit.key)
    head = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    first, second = await work_of(app, head), await work_of(app, head, "?page=2")
    reports = [set(re.findall(r"/tasks/(1\.\d+)/report", page)) for page in (first, second)]
    assert [len(found) for found in reports] == [50, 19]
    assert reports[0].isdisjoint(reports[1])
    assert 'href="/work?page=2"' in first


async def test_a_plan_ten_times_as_large_takes_the_same_commands(app: Frame, db: Database) -> None:
    sent = {}
    for size in (20, 200):
        plan = await generate(f"plan-{size}", size, 50)
        unit = await Unit.find_one({"scope": plan.organisation, "parent": None})
        assert unit is not None
        person = await make_account(Role.REPORTER, scope=plan.key, units=[unit.key])
        await Membership.new(scope=SITE, account=person.key, role=Role.COUNCIL).add(by=SOMEBODY)
        await work_of(app, person)  # reads the plan whole, once
        with listening() as commands:
            page = await work_of(app, person)
        assert page.count("/report") >= min(size, 50) / 2
        sent[size] = commands
        await plan.remove(by=SOMEBODY, based_on=1)
    assert sent[20] == sent[200]
    assert len(sent[200]) <= 13, sent[200]  # of them five for signing in


async def test_the_planners_matters_are_counted_as_their_lists_are(app: Frame, made: Made) -> None:
    late = await make_task(made.scope, made.goal, "1.2", period=Period.parse("2015"))
    await make_report(late, date(2015, 6, 1), 10)
    await make_task(made.scope, made.goal, "1.3", period=Period.parse("2017"))
    await make_line(made.scope, made.goal, "1.1", tasks=[made.task.key])
    planner = await make_account(Role.PLANNER, scope=made.scope)
    page = await work_of(app, planner)
    found = r'<a href="([^"]+)"><span class="tag[^>]*>.*?<b>(\d+)</b></span> <span class="matter-label">'
    counts = dict(re.findall(found, unescape(page)))
    expected = {
        "/plans/plans/tasks?schedule=overdue": "1",
        "/plans/plans/tasks?schedule=behind": "1",
        "/plans/plans/tasks?reporting=missing": "1",
        "/plans/plans/tasks?unit=none": "2",
        "/plans/plans/reviews/problems": "3",
        "/plans/plans/figures/checks": counts["/plans/plans/figures/checks"],
        "/plans/plans/history?by=people&from=2016-09-23": counts["/plans/plans/history?by=people&from=2016-09-23"],
    }
    assert counts == expected
    async with reading(app, planner) as client:
        for address, count in expected.items():
            answer = await client.get(address, headers={"cookie": "language=en"})
            assert answer.status_code == 200
            if "/tasks?" in address:
                assert answer.text.count('<tr id="task-') == int(count), address
    assert "The plan is a draft. The plan is not published" in page
    assert "My tasks this quarter" not in page


async def test_changes_by_others_are_told_from_ones_own(app: Frame, made: Made) -> None:
    planner = await make_account(Role.PLANNER, scope=made.scope)
    before = await work_of(app, planner)
    told = re.search(r"<b>(\d+)</b></span> <span class=\"matter-label\">Changes.*?(\d+) by", before)
    assert told
    await make_task(made.scope, made.goal, "1.2")
    await made.goal.edit({"title": "Mans"}, by=planner.actor, based_on=1)
    after = re.search(
        r"<b>(\d+)</b></span> <span class=\"matter-label\">Changes.*?(\d+) by", await work_of(app, planner)
    )
    assert after
    assert (int(after[1]), int(after[2])) == (int(told[1]) + 2, int(told[2]) + 1)


async def test_what_was_loaded_from_a_file_is_nobodys_news(app: Frame, made: Made) -> None:
    planner = await make_account(Role.PLANNER, scope=made.scope)
    member = await make_account(Role.COUNCIL, scope=made.scope)
    before, seen = await work_of(app, planner), await work_of(app, member)
    told = re.search(r"<b>(\d+)</b></span> <span class=\"matter-label\">Changes", before)
    assert told
    async with reading(app, planner) as client:
        listed = await client.get("/plans/plans/history?by=people&from=2016-09-23")
    assert listed.text.count('class="history-row"') == int(told[1]), "the list is what was counted"
    await made.goal.edit({"title": "No datnes"}, by=COMMAND_LINE, based_on=1)
    assert f'<b>{told[1]}</b></span> <span class="matter-label">Changes' in await work_of(app, planner)
    after = await work_of(app, member)
    assert "No datnes" not in after
    assert re.findall(r"(\d+) changes?</a>", after) == re.findall(r"(\d+) changes?</a>", seen)


async def test_a_council_member_sees_what_is_late_and_why_and_nothing_of_who_has_which_role(
    app: Frame, made: Made
) -> None:
    late = await make_task(made.scope, made.goal, "1.2", period=Period.parse("2015"))
    await make_report(late, date(2015, 6, 1), 10, text="Trūkst telpu.\nOtrā rinda")
    await make_line(made.scope, made.goal, "1.1", tasks=[made.task.key])
    member = await make_account(Role.COUNCIL, scope=made.scope)
    page = await work_of(app, member)
    assert "What is late, and why" in page
    assert "Trūkst telpu." in page
    assert "Nothing has been reported on it." in page  # of 1.1, which is behind
    assert "Where the money is" in page
    assert "Reported: 1.2" in page
    assert f"Person {str(member.key)[-6:].upper()}" not in page
    assert "/report" not in page


async def test_who_holds_several_roles_finds_each(app: Frame, made: Made) -> None:
    other = await make_plan("otrs")
    person = await make_account(Role.COUNCIL, name="Vita Liepa")
    for scope, role, units in (
        (made.scope, Role.REPORTER, [made.unit.key]),
        (other.scope, Role.PLANNER, []),
    ):
        await Membership.new(scope=scope, account=person.key, role=role, units=units).add(by=SOMEBODY)
    page = await work_of(app, person)
    assert "My tasks this quarter" in page
    assert "Plans that you keep" in page
    assert page.count("What is late, and why") == 2
    assert "Vita Liepa" in page


async def test_a_plan_that_is_archived_or_of_others_is_nobodys_work(app: Frame, made: Made) -> None:
    await make_plan("otrs", title="Cita plāns", published=True)
    planner = await make_account(Role.PLANNER, scope=made.scope)
    assert "Cita plāns" not in await work_of(app, planner)
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.edit({"state": PlanState.ARCHIVED}, by=SOMEBODY, based_on=plan.version)
    assert "Nothing waits for you" in await work_of(app, planner)


async def test_who_has_no_role_is_told_whom_to_ask(app: Frame, made: Made) -> None:
    await make_account(Role.ADMIN, name="Ilze Ozola", email="ilze@example.org")
    page = await work_of(app, await make_account(None))
    assert "You have no role in any plan yet" in page
    assert "ask Ilze Ozola" in page
    assert "ilze@example.org" not in page
    assert made.plan.title not in page


async def test_a_role_taken_away_is_gone_from_the_work_at_once(app: Frame, made: Made) -> None:
    head = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    assert "/tasks/1.1/report" in await work_of(app, head)
    membership = await Membership.find_one({"account": head.key, "scope": {"$ne": SITE}})
    assert membership is not None
    await membership.remove(by=SOMEBODY, based_on=1)
    assert "/tasks/1.1" not in await work_of(app, head)


async def test_an_administrator_of_accounts_is_told_who_has_not_come_in_yet(app: Frame, made: Made) -> None:
    await make_account(None, name="Vita Liepa")
    admin = await make_account()
    page = await work_of(app, admin)
    told = re.search(r'href="/people\?state=invited">(\d+) ', page)
    assert told
    async with reading(app, admin) as client:
        listed = (await client.get("/people?state=invited")).text
    assert len(set(re.findall(r'href="(/people/[0-9a-f]{24})"', listed))) == int(told[1])
    assert "/people?state" not in await work_of(app, await make_account(Role.PLANNER))


async def test_the_planner_sees_open_reviews_first_and_the_council_the_last_closed(app: Frame, made: Made) -> None:
    planner = await make_account(Role.PLANNER, scope=made.scope)
    council = await make_account(Role.COUNCIL, scope=made.scope)
    page = await work_of(app, planner)
    assert 'href="/plans/plans/reviews/new"' in page
    assert "its review is not opened yet" in page
    review, _entry = await open_review(
        await made.snapshot(), Period.parse("2016-Q2"), due=date(2016, 7, 14), by=SOMEBODY, today=TODAY_IN_PLAN
    )
    page = unescape(await work_of(app, planner))
    assert "0 of 1 unit sent" in page.replace("\xa0", " ")
    assert "78 days past the due date" in page.replace("\xa0", " ")
    assert 'href="/plans/plans/reviews/2016Q2"' in page
    assert "/reviews/new" not in page
    assert "reviews/2016Q2" not in await work_of(app, council)
    decision = Decision(number="388", day=date(2016, 7, 28))
    await close_review(
        Snapshots(),
        "plans",
        review,
        decision=decision,
        by=SOMEBODY,
        based_on=1,
        today=TODAY_IN_PLAN,
        despite_missing=True,
    )
    assert "reviews/2016Q2" not in await work_of(app, planner)
    page = await work_of(app, council)
    assert 'href="/plans/plans/reviews/2016Q2"' in page
    assert "388" in page


async def test_a_head_sees_the_open_reviews_of_their_units_with_what_is_done(app: Frame, made: Made) -> None:
    await make_task(made.scope, made.goal, "1.2", lead=made.unit.key)
    other = await make_unit(made, "Cita nodaļa")
    await make_task(made.scope, made.goal, "1.3", lead=other.key)
    head = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    assert "my-reviews" not in await work_of(app, head)
    await open_review(
        await made.snapshot(), Period.parse("2016-Q3"), due=date(2016, 10, 3), by=SOMEBODY, today=TODAY_IN_PLAN
    )
    path = f"/plans/plans/reviews/2016Q3/units/{made.unit.key}"
    page = unescape(await work_of(app, head)).replace("\xa0", " ")
    assert f'href="{path}"' in page
    assert "0 of 2 tasks done, 3 days left" in page
    assert str(other.key) not in page.partition('id="my-reviews"')[2].partition("</section>")[0]
    async with reading(app, head) as client:
        shown = PageReader((await client.get(path)).text).forms
        form = next(form for form in shown if form.action.endswith("/send"))
        fields = dict(form.fields) | {"tasks-0-unchanged": "on"}
        assert (await client.post(f"{path}/drafts", data=fields)).status_code == 303
        page = unescape(await work_of(app, head)).replace("\xa0", " ")
        assert "1 of 2 tasks done, 3 days left" in page
        fields |= {"tasks-1-unchanged": "on"}
        assert (await client.post(f"{path}/send", data=fields)).status_code == 303
    assert "Sent" in (await work_of(app, head)).partition('id="my-reviews"')[2].partition("</section>")[0]


async def test_a_half_year_that_has_no_review_is_not_called_for_when_its_quarters_have_theirs(
    app: Frame, made: Made
) -> None:
    planner = await make_account(Role.PLANNER, scope=made.scope)
    quarters = ("2015-Q1", "2015-Q2", "2015-Q3", "2015-Q4", "2016-Q1", "2016-Q2", "2016-Q3")
    for code in (*quarters, "2016-Q3/2016-Q4", "2016"):
        await open_review(
            await made.snapshot(), Period.parse(code), due=TODAY_IN_PLAN, by=SOMEBODY, today=TODAY_IN_PLAN
        )
    page = await work_of(app, planner)
    assert "/reviews/2016Q3" in page
    assert "/reviews/new" not in page
