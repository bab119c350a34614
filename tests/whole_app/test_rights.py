"""Who may do what, held against the application's own route table: every route, for every role, about one's own unit's
task and another's, in a published plan and an unpublished one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from beanie import PydanticObjectId

from stratplan import database
from stratplan.accounts.models import Account
from stratplan.actors import COMMAND_LINE
from stratplan.app import DOCUMENTS, create_app
from stratplan.documents import LivingDocument
from stratplan.frame import SAFE_METHODS, Frame
from stratplan.goals.models import Report, Task
from stratplan.permissions import Permission, Role
from stratplan.plans.models import Plan, PublicPart
from stratplan.settings import Settings
from tests.conftest import reading
from tests.factories import make_account
from tests.route_table import Route
from tests.whole_app.conftest import DAY, SLUG, Seeded, seeded_in

# The second time that this table is written down, by hand: a right that changes has to be meant in both places.
# A: administrator of all plans, a: of this plan, p: planner, r: reporter (R: only on tasks of their units), c: council,
# m: signed in without a role here, o: nobody signed in and the plan is published.
ALLOWED = {
    Permission.OPEN: "AaprcmO",
    Permission.ME_READ: "Aaprcm",
    Permission.ME_WRITE: "Aaprcm",
    Permission.PLANS_READ: "Aaprcmo",
    Permission.PLANS_UNPUBLISHED: "Aaprc",
    Permission.PLANS_WRITE: "Aap",
    Permission.PLANS_PUBLISH: "Aap",
    Permission.PLANS_CREATE: "A",
    Permission.GOALS_READ: "Aaprcmo",
    Permission.GOALS_WRITE: "Aap",
    Permission.GOALS_REPORT: "AapR",
    Permission.UNITS_READ: "Aaprcmo",
    Permission.UNITS_WRITE: "Aap",
    Permission.INVESTMENTS_READ: "Aaprcmo",
    Permission.INVESTMENTS_WRITE: "Aap",
    Permission.SWOT_READ: "Aaprcmo",
    Permission.SWOT_WRITE: "Aap",
    Permission.REVIEWS_READ: "Aaprcmo",
    Permission.REVIEWS_WRITE: "Aap",
    Permission.REVIEWS_REPORT: "AapR",
    Permission.REVIEWS_REOPEN: "Aa",
    Permission.REVIEWS_DOCUMENTS: "Aaprc",
    Permission.DISCUSSION_READ: "Aaprc",
    Permission.DISCUSSION_WRITE: "AapR",
    Permission.DISCUSSION_ASK: "Aapc",
    Permission.DISCUSSION_MODERATE: "Aap",
    Permission.EVIDENCE_READ: "Aaprc",
    Permission.EVIDENCE_WRITE: "AapR",
    Permission.HISTORY_READ: "Aaprc",
    Permission.HISTORY_UNDO: "Aap",
    Permission.HISTORY_UNDO_OWN: "Aaprc",
    Permission.MEMBERS_READ: "Aap",
    Permission.MEMBERS_WRITE: "Aa",
    Permission.ACCOUNTS_READ: "A",
    Permission.ACCOUNTS_WRITE: "A",
}
PEOPLE = {
    "A": "an administrator",
    "a": "the plan's administrator",
    "p": "a planner",
    "r": "a head of a unit",
    "c": "a council member",
    "m": "a person without a role",
    "o": "a resident",
}


@dataclass
class Stage:
    """The Daugavpils plan with one person in each role; the reporter's unit is above the one that leads `own`."""

    app: Frame
    seeded: Seeded
    people: dict[str, Account | None]
    own: Task
    other: Task
    reports: dict[PydanticObjectId, Report]

    def address(self, route: Route, task: Task) -> str:
        """The route's address, about this task where it is about one."""
        address = re.sub(r"(?<=/reports/)\w+", str(self.reports[task.key].key), self.seeded.address(route))
        return re.sub(r"/tasks/[0-9]+(?:\.[0-9]+)+", f"/tasks/{task.number}", address)

    async def publish(self, *, published: bool) -> None:
        """Publish the plan whole, or withdraw it."""
        plan = await Plan.find_one({"slug": SLUG})
        assert plan is not None
        if published:
            await plan.publish(list(PublicPart), by=COMMAND_LINE, based_on=plan.version)
        else:
            await plan.withdraw(by=COMMAND_LINE, based_on=plan.version)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(mongo_uri: str, settings: Settings, opened: database.Database) -> AsyncIterator[Stage]:
    """Loaded once: what is asked here is answered before anything is written."""
    for document in DOCUMENTS:
        await document.get_motor_collection().delete_many({})
    async with seeded_in(create_app(settings, mongo_uri, today=lambda: DAY)) as seeded:
        plan = await Plan.find_one({"slug": SLUG})
        assert plan is not None
        tasks = [document for document in seeded.documents["task"] if isinstance(document, Task)]
        reported = seeded.reported_task()
        own = next(task for task in tasks if task.number == reported)
        reports = {one.task: one for one in seeded.documents["report"] if isinstance(one, Report)}
        part = vars(seeded.documents["submission"][-1])["unit"]  # whose part of the review is asked about
        units = own.responsible | {part}
        other = next(task for task in tasks if task.key in reports and not task.responsible & units)
        scope = plan.key
        people = {
            "A": await make_account(Role.ADMIN),
            "a": await make_account(Role.ADMIN, scope=scope),
            "p": await make_account(Role.PLANNER, scope=scope),
            "r": await make_account(Role.REPORTER, scope=scope, units=[*[*own.responsible][:1], part]),
            "c": await make_account(Role.COUNCIL, scope=scope),
            "m": await make_account(None),
            "o": None,
        }
        yield Stage(seeded.app, seeded, people, own, other, reports)


def expected(route: Route, person: str, *, published: bool, own: bool) -> set[int] | None:
    """The statuses that say no, or None where the answer must not be a no."""
    permission = route.permission
    assert permission is not None
    allowed = ALLOWED[permission]
    in_plan = "{slug:str}" in route.path
    if permission is Permission.OPEN:
        return None
    if permission in (Permission.ME_READ, Permission.ME_WRITE):
        return None if person in allowed else {303, 401, 403}
    if in_plan and not published and person in "mo":
        return {404}
    if route.as_resident and not published and person not in ALLOWED[Permission.PLANS_PUBLISH]:
        return {404}  # a look ahead is for those who may publish
    if person in allowed or (person == "r" and "R" in allowed and own and route.responsible):
        return None
    return {404} if permission.endswith(":read") else {403}


@pytest.mark.parametrize("published", [True, False], ids=["published", "unpublished"])
@pytest.mark.parametrize("person", PEOPLE, ids=[name.replace(" ", "-") for name in PEOPLE.values()])
async def test_every_route_lets_in_whom_it_should_and_nobody_else(stage: Stage, person: str, published: bool) -> None:
    await stage.publish(published=published)
    before = await stage.seeded.revision()
    wrong = []
    async with reading(stage.app, stage.people[person]) as client:
        for route in stage.seeded.routes:
            if route.path == "/static" or route.method not in {"GET", "POST"} or route.streams:
                continue
            for task in (stage.own, stage.other) if "/tasks/{" in route.path else (stage.own,):
                refusals = expected(route, person, published=published, own=task is stage.own)
                if refusals is None and route.method not in SAFE_METHODS:
                    continue  # what is allowed would be done; the tests of each slice do it
                answer = await client.request(route.method, stage.address(route, task))
                refused = answer.status_code in {401, 403, 404}
                if refused if refusals is None else answer.status_code not in refusals:
                    wrong.append(f"{route} about {task.number}: {answer.status_code}, not {refusals or 'an answer'}")
    assert wrong == [], f"{PEOPLE[person]}:\n" + "\n".join(wrong)
    assert await stage.seeded.revision() == before


async def test_writing_lets_in_whom_it_should(stage: Stage) -> None:
    """What a form without a field is answered by those who may: that it is wrong, not that they may not."""
    await stage.publish(published=True)
    wrong = []
    for person, account in stage.people.items():
        async with reading(stage.app, account) as client:
            for route in stage.seeded.routes:
                if route.method != "POST" or route.permission in (Permission.OPEN, None):
                    continue
                if re.search(r"/undo$|^/plans/restore|/withdraw$|sign-out|/me/", route.path):
                    continue  # takes no form: it would be done
                if expected(route, person, published=True, own=True) is None:
                    # A field that no form has: refused whatever the form is, before anything is written.
                    answer = await client.post(stage.address(route, stage.own), data={"no-such-field": "1"})
                    if answer.status_code in {401, 403, 404} or answer.status_code >= 500:
                        wrong.append(f"{PEOPLE[person]}: {route}: {answer.status_code}")
    assert wrong == []


def test_every_permission_is_in_the_table_and_the_roles_carry_what_it_says() -> None:
    assert set(ALLOWED) == set(Permission)
    letters = {"a": Role.ADMIN, "p": Role.PLANNER, "r": Role.REPORTER, "c": Role.COUNCIL, "o": Role.PUBLIC}
    for permission, allowed in ALLOWED.items():
        if permission in (Permission.OPEN, Permission.ME_READ, Permission.ME_WRITE):
            continue
        for letter, role in letters.items():
            if letter == "a" and allowed == "A":
                continue  # of all plans only
            assert (permission in role.grants) == (letter in allowed), f"{role.value} {permission.value}"
        assert (permission in Role.REPORTER.own) == ("R" in allowed), permission.value


async def test_what_is_internal_is_nowhere_in_what_a_resident_reads(stage: Stage) -> None:
    """Lists, counts, searches, sums, exports and pages by address alike."""
    await stage.publish(published=True)
    kinds = LivingDocument.kinds
    told = "Noslēpums"
    hidden = []
    for kind, field, place in (
        ("goal", "title", 0),
        ("task", "title", 3),
        ("line", "title", 1),
        ("swot", "text", 0),
        ("section", "title", 0),
    ):
        document = (await kinds[kind].find({"deleted": False}).sort("_id").to_list())[place]
        before = {"internal": False, field: getattr(document, field)}
        await document.edit({"internal": True, field: told}, by=COMMAND_LINE, based_on=document.version)
        hidden.append((document, before))
    shown = {}
    async with reading(stage.app, None) as client:
        for route in stage.seeded.routes:
            if route.method != "GET" or route.path == "/static" or route.streams:
                continue
            if route.path.startswith("/r/"):
                continue  # a signed link is the head's of a unit, who reports on internal tasks too
            answer: httpx.Response = await client.get(stage.seeded.address(route))
            if answer.status_code == 200:
                shown[str(route)] = answer.text
    assert len(shown) >= 15
    assert [route for route, text in shown.items() if told in text] == []
    for document, before in hidden:
        current = await type(document).get(document.key)
        assert current is not None
        await current.edit(before, by=COMMAND_LINE, based_on=current.version)
