"""The application put together: the only file that knows every slice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from functools import cache
from typing import Any, cast

from beanie import Document
from litestar import Litestar, Router, get
from litestar.di import Provide
from litestar.response import Response
from litestar_htmx import HTMXPlugin

from stratplan import background, database, i18n
from stratplan.accounts import letters, openid_routes
from stratplan.accounts import routes as accounts
from stratplan.accounts.identities import Identity
from stratplan.accounts.models import Account, HalfSession, Membership, Profile, Session
from stratplan.accounts.one_time import OneTimeLink
from stratplan.accounts.openid_flows import KeptFlow
from stratplan.accounts.passwords import Password, prepare
from stratplan.accounts.throttle import Device, Failures
from stratplan.accounts.totp import SecondFactor
from stratplan.answers import exception_handlers
from stratplan.assets import Assets, static_files
from stratplan.audit import AuditEntry, Head
from stratplan.discussion import panel as discussion_panel
from stratplan.discussion import routes as discussion
from stratplan.discussion.models import Comment
from stratplan.evidence import panel as evidence_panel
from stratplan.evidence import routes as evidence
from stratplan.evidence.models import Evidence
from stratplan.evidence.storage import SWEEP
from stratplan.frame import Frame
from stratplan.goals import routes as goals
from stratplan.goals.models import Goal, Report, Task
from stratplan.guard import require_permission
from stratplan.history import events
from stratplan.history import routes as history
from stratplan.investments import routes as investments
from stratplan.investments.models import InvestmentLine
from stratplan.kept import KeepPages
from stratplan.live import Live
from stratplan.members import routes as members
from stratplan.notices import jobs as notice_jobs
from stratplan.notices import routes as notices
from stratplan.notices.calendars import CalendarFeed
from stratplan.notices.models import Choices, Delivery, Followed, Notice, Turn
from stratplan.origin import Sites
from stratplan.overview import routes as overview
from stratplan.permissions import Permission
from stratplan.plans import routes as plans
from stratplan.plans.models import FundingSource, Organisation, Plan, Section, Term
from stratplan.public import routes as public
from stratplan.reviews import productions
from stratplan.reviews import routes as reviews
from stratplan.reviews.drafts import Draft
from stratplan.reviews.formats import Format
from stratplan.reviews.frozen import FrozenLine, FrozenPlan, FrozenTask
from stratplan.reviews.links import ReviewLink
from stratplan.reviews.models import Review, Submission
from stratplan.reviews.report_template import ReportTemplate
from stratplan.secret_key import SecretKey, secret_key
from stratplan.security_txt import security_txt
from stratplan.settings import Settings, resource
from stratplan.swot import routes as swot
from stratplan.swot.models import SwotEntry
from stratplan.units import routes as units
from stratplan.units.models import Unit
from stratplan.view import Site
from stratplan.web import open_view

DOCUMENTS: Sequence[type[Document]] = (
    Head,
    AuditEntry,
    Account,
    Profile,
    Session,
    Membership,
    Identity,
    KeptFlow,
    Organisation,
    Plan,
    Section,
    Term,
    FundingSource,
    Unit,
    Goal,
    Task,
    Report,
    InvestmentLine,
    SwotEntry,
    Review,
    Submission,
    ReviewLink,
    Draft,
    ReportTemplate,
    FrozenPlan,
    FrozenTask,
    FrozenLine,
    productions.Production,
    Password,
    SecondFactor,
    HalfSession,
    OneTimeLink,
    Device,
    Failures,
    Notice,
    Choices,
    Delivery,
    Followed,
    Turn,
    CalendarFeed,
    Comment,
    Evidence,
)
LARGEST_REQUEST = 2 * 2**20
LETTERS_WAITED_FOR = 5  # seconds, when the server stops


@get("/health", permission=Permission.OPEN, media_type="text/plain")
async def health() -> Response[str]:
    """Whether this process and its database answer."""
    alive = await database.current().is_alive()
    return Response("ok\n" if alive else "no database\n", status_code=200 if alive else 503, media_type="text/plain")


def create_app(
    settings: Settings, mongodb_uri: str, *, today: Callable[[], date] = i18n.today, in_background: bool = True
) -> Frame:
    """The whole application for one database; `today` replaces the clock where a page is asked for a known day, and
    without `in_background` it does nothing but answer."""

    @asynccontextmanager
    async def connected(app: Litestar) -> AsyncIterator[None]:
        key()
        await asyncio.to_thread(prepare)
        jobs = [*notice_jobs.jobs(settings, site.snapshots, today), SWEEP, productions.SWEEP] if in_background else []
        async with (
            database.connect(mongodb_uri, settings.mongodb_database, DOCUMENTS),
            background.running(jobs),
            live.following(),
        ):
            try:
                yield
            finally:
                await letters.all_sent(within=LETTERS_WAITED_FOR)

    @cache
    def key() -> SecretKey:
        return secret_key(settings)

    i18n.load_catalogues()
    assets = Assets(resource("static") / "dist")
    largest_file = settings.largest_file_mb * 2**20
    live = Live()
    site = Site(
        templates=resource("templates"),
        assets=assets,
        today=today,
        language=settings.language,
        address=settings.address,
        markers=(discussion_panel.mark, evidence_panel.mark),
        largest_file=largest_file,
    )
    openid = openid_routes.openid_of(settings)
    site.environment.globals["document_formats"] = tuple(Format)
    site.environment.globals["openid"] = None if openid is None else openid.name
    handlers: list[Any] = [
        health,
        *security_txt(settings.security_contact),
        static_files(assets, permission=Permission.OPEN),
        *accounts.handlers,
        *(() if openid is None else openid_routes.handlers),
        *plans.handlers,
        *units.handlers,
        *members.handlers,
        *goals.handlers,
        *investments.handlers,
        *swot.handlers,
        *reviews.handlers,
        *overview.handlers,
        *history.handlers,
        *public.handlers,
        *notices.handlers,
        *discussion.handlers,
        *evidence.handlers,
        Router(
            "/",
            route_handlers=evidence.upload_handlers,
            request_max_body_size=evidence_panel.FILES_AT_ONCE * largest_file + evidence.AROUND_THE_FILES,
        ),
        Router("/", route_handlers=reviews.upload_handlers, request_max_body_size=reviews.LARGEST_UPLOAD),
        *events.handlers,
    ]
    litestar = Litestar(
        handlers,
        plugins=[HTMXPlugin()],
        guards=[require_permission],
        dependencies={"view": Provide(open_view)},
        middleware=[KeepPages(site.snapshots, site.today)],
        exception_handlers=exception_handlers,
        lifespan=[connected],
        openapi_config=None,
        request_max_body_size=LARGEST_REQUEST,
        logging_config=None,
        debug=False,
    )
    litestar.state.site = site
    litestar.state.openid = openid
    litestar.state.secret_key = key  # made when it is first needed
    litestar.state.settings = settings
    sites = Sites(public=settings.address, hosts=settings.hosts, proxies=settings.proxies)
    litestar.state.live = live
    return Frame(
        litestar,
        sites=sites,
        default_language=settings.language,
        asks_for_second_factor=settings.asks_for_second_factor,
    )


def end_streams(app: Frame) -> None:
    """End the answers that would go on for ever; a server that stops calls this, and then waits for the others."""
    cast("Litestar", app.app).state.live.stop()
