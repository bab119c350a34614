"""The whole application with the Daugavpils plan in it, for checks of every route and page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import cast

import httpx
import pytest_asyncio
from beanie import PydanticObjectId
from litestar import Litestar

from stratplan import database
from stratplan.accounts import one_time
from stratplan.accounts.models import Membership
from stratplan.accounts.one_time import Purpose
from stratplan.accounts.throttle import Failures
from stratplan.actors import Actor
from stratplan.app import DOCUMENTS, create_app
from stratplan.audit import AuditEntry, Head
from stratplan.database import documents as made_documents
from stratplan.discussion.models import CommentSort
from stratplan.documents import LivingDocument
from stratplan.frame import Frame
from stratplan.goals.models import Report, Task
from stratplan.goals.states import Execution
from stratplan.imports import seeds
from stratplan.mentions import token as mention_of
from stratplan.notices.calendars import CalendarFeed
from stratplan.notices.kinds import NoticeKind, When
from stratplan.notices.models import Notice
from stratplan.permissions import Role
from stratplan.plans.models import Plan
from stratplan.reviews.closing import open_review
from stratplan.reviews.formats import Format
from stratplan.reviews.frozen import Audience, Frozen
from stratplan.reviews.links import link_for
from stratplan.reviews.productions import Production, ProductionState
from stratplan.reviews.queries import find_review, units_asked
from stratplan.reviews.sending import TaskWords, send
from stratplan.reviews.terms import period_of_code
from stratplan.settings import Settings, resource
from stratplan.snapshot import Snapshots
from tests.conftest import reading
from tests.factories import make_account, make_comment, make_evidence
from tests.route_table import Route, routes_of

NOT_COMPARED = (LivingDocument, AuditEntry, Head, Failures)
SLUG = "daugavpils-2015-2017"
DAY = date(2016, 9, 30)
OPEN_REVIEW, CLOSED_REVIEW = "2016H1", "2016Q2"
KINDS = {
    "comments": "comment",
    "evidence": "evidence",
    "reports": "report",
    "sections": "section",
    "sources": "source",
    "swot": "swot",
    "terms": "term",
    "units": "unit",
}


@dataclass
class Seeded:
    """The application, a reader of it, and what is in its one plan."""

    app: Frame
    client: httpx.AsyncClient
    documents: dict[str, list[LivingDocument]]
    entry: AuditEntry
    member: Membership
    routes: list[Route]
    account: str  # whose the reader is
    token: str  # of a one-time link that is out
    notice: str  # of the client's own
    feed: str  # the secret of its calendar
    link: str  # the token of a signed link to a unit's part of the open review
    made: str  # the digest of a document that is kept with the closed review

    def address(self, route: Route) -> str:
        """The route's address, about something that is in the plan."""
        path = route.path
        for part in [part for part in path.split("/") if part.startswith("{")]:
            name = part.strip("{}").partition(":")[0]
            path = path.replace(part, self._value(name, route.path), 1)
        return path

    def _value(self, name: str, path: str) -> str:
        folder = path.split(f"/{{{name}:")[0].rsplit("/", 1)[-1]
        match name, folder:
            case "slug", _:
                return SLUG
            case "axis", _:
                return "source"
            case "key", _:
                return "PB"
            case "entry", "changes" | "restore":
                return str(self.entry.id)
            case "kind", "documents":
                return "json"
            case "kind", "history":
                return "task"
            case "digest", _:
                return self.made
            case "document", _:
                return str(self.documents["task"][0].key)
            case "version", "versions":
                return "1"
            case "token", "links":
                return self.token
            case "token", "r":
                return self.link
            case "link", _:
                return str(self.documents["review_link"][0].key)
            case "account", "people":
                return self.account
            case "notice", _:
                return self.notice
            case "name", "calendar":
                return f"{self.feed}.ics"
            case "review", _:
                is_of_closed = "{edition:" in path or path.endswith(("/reopen", "/reviews/{review:str}"))
                return CLOSED_REVIEW if is_of_closed else OPEN_REVIEW
            case "edition", _:
                return "1"
            case "unit", "units" if "/reviews/" in path:
                return str(vars(self.documents["submission"][-1])["unit"])
            case _, "questions":
                return str(next(one.key for one in self.documents["comment"] if vars(one)["sort"] == "question"))
            case _, "goals":
                return "SM1"
            case _, "tasks":
                return self.reported_task()
            case _, "investments" | "lines":
                return self._amount_line()
            case "member", _:
                return str(self.member.key)
        kind = KINDS.get(folder)
        assert kind, f"what stands for {{{name}}} in {path}? Say it here."
        return str(self.documents[kind][0].key)

    def reported_task(self) -> str:
        """The number of a task that has been reported on."""
        reported = vars(self.documents["report"][0])["task"]
        return next(str(vars(task)["number"]) for task in self.documents["task"] if task.key == reported)

    def _amount_line(self) -> str:
        return next(str(vars(line)["number"]) for line in self.documents["line"] if not vars(line)["heading"])

    async def revision(self) -> list[tuple[str, int]]:
        """How far every chain is: equal as long as nothing was written."""
        heads = await Head.find_all().sort("_id").to_list()
        return [(str(head.id), head.revision) for head in heads]

    async def kept(self) -> str:
        """All that a refused request must leave as it is: the chains, and what is known of people beside them. Not when
        a session was last seen, and how often somebody failed of late: those are there to count requests. What closed
        reviews keep is written once, so how much there is tells enough, and thousands of times quicker."""
        beside = [kind for kind in DOCUMENTS if not issubclass(kind, NOT_COMPARED)]
        stages = [
            {
                "$unionWith": {
                    "coll": kind.Settings.name,
                    "pipeline": [
                        *([{"$count": "documents"}] if issubclass(kind, Frozen) else []),
                        {"$set": {"of": kind.Settings.name}},
                    ],
                }
            }
            for kind in beside
        ]
        found = await Head.get_motor_collection().aggregate([*stages, {"$unset": "seen_at"}]).to_list(None)
        return "\n".join(sorted(map(repr, found)))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seeded(mongo_uri: str, settings: Settings, opened: database.Database) -> AsyncIterator[Seeded]:
    """The Daugavpils plan with its illustrative reports, loaded once for the tests of a file."""
    for document in DOCUMENTS:
        await document.get_motor_collection().delete_many({})
    async with seeded_in(create_app(settings, mongo_uri, today=lambda: DAY)) as seeded:
        yield seeded


async def _review(plan: Plan, by: Actor) -> None:
    """An open review of the plan that a unit has sent its part for, beside the closed ones that come with it."""
    period = period_of_code(OPEN_REVIEW)
    snapshot = await Snapshots().of(plan.slug)
    assert period is not None
    assert snapshot is not None
    review, _entry = await open_review(snapshot, period, due=date(2016, 7, 15), by=by, today=DAY)
    snapshot = await Snapshots().of(plan.slug)
    assert snapshot is not None
    asked = units_asked(snapshot, review)[0]
    said = [TaskWords(task.key, Execution.IN_PROGRESS, percent=10, unchanged=True) for task in asked.tasks]
    await send(snapshot, review, asked.unit.key, said, today=DAY, by=by, based_on=0)


async def _link(app: Frame, plan: Plan, by: Actor) -> str:
    """The token of the link of the head of a unit that has not sent its part of the open review."""
    snapshot = await Snapshots().of(plan.slug)
    assert snapshot is not None
    review = find_review(snapshot, OPEN_REVIEW)
    unit = next(asked.unit.key for asked in units_asked(snapshot, review) if not asked.is_sent)
    head = await make_account(Role.REPORTER, scope=plan.key, units=[unit], name="Ilze Kalēja")
    key = cast("Litestar", app.app).state.secret_key()
    return (await link_for(review, unit, head.key, key=key, by=by)).removeprefix("/r/")


async def _kept_document(plan: Plan) -> str:
    """The digest of a document that is kept with the closed review."""
    snapshot = await Snapshots().of(plan.slug)
    assert snapshot is not None
    production = Production(
        id="5eed" * 16,
        scope=plan.key,
        audience=Audience.MEMBERS,
        review=find_review(snapshot, CLOSED_REVIEW).key,
        edition=1,
        kind=Format.CSV,
        language="lv",
        name=f"{SLUG}-{CLOSED_REVIEW}-1.zip",
        path=f"/reviews/{CLOSED_REVIEW}/editions/1/documents/csv",
        state=ProductionState.READY,
        file=PydanticObjectId(),
        size=4,
    )
    await made_documents().upload_from_stream_with_id(production.file, production.id, b"made")
    await production.insert()
    return production.id


@asynccontextmanager
async def seeded_in(app: Frame) -> AsyncIterator[Seeded]:
    """The plan loaded into the open, empty database."""
    await seeds.load_all([resource("seeds") / f"{SLUG}.yaml", resource("seeds") / f"{SLUG}.progress.yaml"])
    account = await make_account()
    plan = await Plan.find_one({"slug": SLUG})
    assert plan is not None
    await make_account(Role.COUNCIL, scope=plan.key, name="Vita Liepa")
    member = await Membership.find_one({"scope": plan.key})
    assert member is not None
    report = await Report.find({"deleted": False}).sort("_id").first_or_none()
    assert report is not None
    task = await Task.get(report.task)
    assert task is not None
    await make_comment(task, f"Skat. pielikumu, {mention_of(account.key)}.", by=account.actor)
    await make_comment(task, "Kad būs gatavs?", sort=CommentSort.QUESTION, by=account.actor)
    await make_evidence(task, report=report.key)
    await _review(plan, account.actor)
    link = await _link(app, plan, account.actor)
    made = await _kept_document(plan)
    documents = {
        name: await kind.find({"deleted": False}).sort("_id").to_list() for name, kind in LivingDocument.kinds.items()
    }
    entry = await AuditEntry.find({"tag": "task.reported"}).sort("-number").first_or_none()
    assert entry is not None
    about = documents["task"][0]
    notice = Notice(
        account=account.key,
        kind=NoticeKind.CHANGED,
        plan=about.scope,
        task=about.key,
        caption=about.caption,
        deed="task.edited",
        by=str(account.key),
        cause="seeded",
        at=entry.at,
        mail=When.HERE,
    )
    assert await notice.write()
    feed = await CalendarFeed.renew(account.key)
    async with reading(app, account) as client:
        token = await one_time.make(Purpose.RESET, account.key)
        yield Seeded(
            app,
            client,
            documents,
            entry,
            member,
            routes_of(app),
            account=str(account.key),
            token=token,
            notice=str(notice.id),
            feed=feed,
            link=link,
            made=made,
        )
