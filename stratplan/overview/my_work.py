"""Where a signed-in person begins: the tasks they report on, what waits in plans that they keep, plans at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from beanie import PydanticObjectId
from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n, wording
from stratplan.accounts import cookies
from stratplan.accounts.models import Account, Membership, Profile, administrators
from stratplan.accounts.people import waiting
from stratplan.accounts.roles import plans_of, rights_of_site, roles_of, units_of
from stratplan.actors import BY_THEMSELVES
from stratplan.alphabet import sort_key
from stratplan.audit import AuditEntry
from stratplan.documents import SITE
from stratplan.goals.models import Task
from stratplan.goals.progress import percent
from stratplan.goals.queries import TaskFigures, plan_progress
from stratplan.goals.states import Schedule
from stratplan.guard import lacks_second_factor, plan_of
from stratplan.history.activity import BY_PEOPLE
from stratplan.i18n import since
from stratplan.investments.money import PlanMoney
from stratplan.investments.queries import money_of
from stratplan.investments.sums import Axis
from stratplan.overview.explanation_parts import Table
from stratplan.overview.money_explanations import breakdown_table
from stratplan.overview.my_reviews import reviews_to_report_in
from stratplan.overview.my_tasks import quarter_tasks, units_with_tasks
from stratplan.overview.open_matters import MONTH, Changes, Matter, changes_of, open_matters, said_standing
from stratplan.overview.overview import Tally, TaskLine, said_lateness, tally, task_lines
from stratplan.overview.reviews_at_work import ReviewAtWork, last_closed, reviews_to_see_to
from stratplan.period import Period
from stratplan.permissions import Permission, Role
from stratplan.plans.models import Plan, PlanState
from stratplan.reviews.moves import deadline_moves
from stratplan.reviews.problems import problem_tasks
from stratplan.typed import page_number
from stratplan.units.models import Unit
from stratplan.view import View
from stratplan.web import Notice, notice_told, page, reader_of, site_of

ROWS_ON_A_PAGE = 50
OVER_SHOWN = 30
LATE_SHOWN = 5
CHANGES_SHOWN = 6


# --- the head of a unit --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MyTask:
    """A task as its list shows it: how far it is, when it was last reported on, whether that was in this quarter."""

    view: View
    figures: TaskFigures
    units: str
    last: str
    is_reported: bool
    percent: int

    @property
    def address(self) -> str:
        """The task's own page."""
        return self.view.url(f"/tasks/{self.figures.task.number}")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; what does not occur among the tasks is not in it."""

    plan: str = ""
    unit: str = ""
    open: bool = False
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Whether some tasks may be left out."""
        return bool(self.plan or self.unit or self.open)

    def address(self, page: int) -> str:
        """Where a page of what is asked for is."""
        asked = {
            "plan": self.plan,
            "unit": self.unit,
            "open": "1" if self.open else "",
            "page": page if page > 1 else "",
        }
        kept = {name: value for name, value in asked.items() if value}
        return "/work" + (f"?{urlencode(kept)}" if kept else "")


@dataclass(frozen=True, slots=True)
class MyTasks:
    """The tasks of this quarter, over all plans: one page of them, and how many there are of which kind."""

    filters: Filters
    plans: list[tuple[str, str]]
    units: list[tuple[str, str]]
    rows: list[MyTask]
    over: list[MyTask]
    to_report: int
    reported: int
    overdue: int
    over_count: int
    everything: int
    pages: int

    @property
    def count(self) -> int:
        """How many tasks are asked for."""
        return self.to_report + (0 if self.filters.open else self.reported)


def my_tasks(views: Sequence[View], asked: dict[str, str]) -> MyTasks | None:
    """The tasks that the reader reports on this quarter; None for one who reports on nothing."""
    own = {view: units_of(view.snapshot, _account(view)) for view in views}
    own = {view: units for view, units in own.items() if units}
    if not own:
        return None
    found = {view: quarter_tasks(view.snapshot, units, view.day) for view, units in own.items()}
    plans = [(view.plan.slug, view.plan.title) for view in own]
    units = _unit_options(
        {view: [entry.task for entry in (*of.to_report, *of.reported, *of.over)] for view, of in found.items()}, own
    )
    filters = Filters(
        plan=asked.get("plan", "") if asked.get("plan") in dict(plans) else "",
        unit=asked.get("unit", "") if asked.get("unit") in dict(units) else "",
        open=asked.get("open") == "1",
        page=page_number(asked),
    )

    def wanted(view: View, entries: list[TaskFigures]) -> list[tuple[View, TaskFigures]]:
        if filters.plan and view.plan.slug != filters.plan:
            return []
        return [
            (view, entry)
            for entry in entries
            if not filters.unit or PydanticObjectId(filters.unit) in entry.task.responsible
        ]

    to_report = [one for view, of in found.items() for one in wanted(view, of.to_report)]
    reported = [one for view, of in found.items() for one in wanted(view, of.reported)]
    over = [one for view, of in found.items() for one in wanted(view, of.over)]
    listed = [(one, False) for one in to_report] + ([] if filters.open else [(one, True) for one in reported])
    pages = max(1, -(-len(listed) // ROWS_ON_A_PAGE))
    at = (min(filters.page, pages) - 1) * ROWS_ON_A_PAGE
    return MyTasks(
        filters=filters,
        plans=plans,
        units=units,
        rows=[_my_task(*one, is_reported) for one, is_reported in listed[at : at + ROWS_ON_A_PAGE]],
        over=[_my_task(*one, True) for one in over[:OVER_SHOWN]],
        to_report=len(to_report),
        reported=len(reported),
        overdue=sum(entry.schedule is Schedule.OVERDUE for _view, entry in (*to_report, *reported)),
        over_count=len(over),
        everything=sum(len(of.to_report) + len(of.reported) for of in found.values()),
        pages=pages,
    )


def _my_task(view: View, entry: TaskFigures, is_reported: bool) -> MyTask:
    task, snapshot = entry.task, view.snapshot
    keys = [key for key in (task.lead, *task.partners) if key is not None]
    units = [unit.caption for key in keys if (unit := snapshot.find(Unit, key)) is not None]
    last = "" if entry.last is None else since(entry.last.on, view.day)
    return MyTask(
        view,
        entry,
        ", ".join(units[:3]) + (" …" if len(units) > 3 else ""),
        last,
        is_reported,
        percent(entry.progress.value),
    )


def _unit_options(tasks: dict[View, list[Task]], own: dict[View, frozenset[PydanticObjectId]]) -> list[tuple[str, str]]:
    options: dict[str, str] = {}
    for view, found in tasks.items():
        for key in units_with_tasks(found, own[view]):
            unit = view.snapshot.find(Unit, key)
            if unit is not None:
                options[str(key)] = unit.name
    return sorted(options.items(), key=lambda option: sort_key(option[1]))


# --- the planner and the council member ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A plan that the reader keeps, with what waits in it."""

    view: View
    percent: int | None
    reviews: list[ReviewAtWork]
    matters: list[Matter]
    standing: list[str]


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did to a plan."""

    deed: str
    at: str
    by: str


@dataclass(frozen=True, slots=True)
class Glance:
    """A plan in ten seconds: how far it is, what is late and why, where the money is, what changed."""

    view: View
    percent: int | None
    review: ReviewAtWork | None
    tally: Tally
    late: list[TaskLine]
    money: PlanMoney
    by_source: Table
    changes: list[Change]
    changed: int
    history: str


async def _kept(view: View, changes: Changes) -> Kept:
    progress = plan_progress(view.snapshot, view.day).value
    problems = problem_tasks(view.snapshot, view.day, await deadline_moves(view.plan.key))
    return Kept(
        view,
        None if progress is None else percent(progress),
        reviews_to_see_to(view),
        open_matters(view, changes, len(problems)),
        said_standing(view.plan),
    )


async def _glance(view: View, changes: Changes) -> Glance:
    snapshot, day = view.snapshot, view.day
    progress, counted, money = plan_progress(snapshot, day).value, tally(snapshot, day), money_of(snapshot, day)
    return Glance(
        view=view,
        percent=None if progress is None else percent(progress),
        review=last_closed(view),
        tally=counted,
        late=task_lines(snapshot, counted.late[:LATE_SHOWN], said_lateness),
        money=money,
        by_source=breakdown_table(snapshot, money, Axis.SOURCE),
        changes=await _latest(view),
        changed=changes.month_of_plan,
        history=view.url("/history", by=BY_PEOPLE, **{"from": (day - MONTH).isoformat()}),
    )


async def _latest(view: View) -> list[Change]:
    """The newest changes of the month by people, but for who got which role: that is for those who may see the
    members."""
    of_plan = {
        "scope": {"$in": [view.plan.key, view.plan.organisation]},
        "at": {"$gte": i18n.begin_of(view.day - MONTH)},
        "by": {"$nin": list(BY_THEMSELVES)},
        "changes.kind": {"$nin": [Membership.kind, Account.kind]},
    }
    entries = await AuditEntry.find(of_plan).sort("-at", "-_id").limit(CHANGES_SHOWN).to_list()
    return [Change(wording.deed(entry), i18n.date_and_time(entry.at), view.name_of(entry.by)) for entry in entries]


# --- the page ----------------------------------------------------------------------------------------------------


async def _views(request: HTMXRequest, plans: Sequence[Plan]) -> tuple[list[View], list[Plan]]:
    """The plans as the reader sees them; beside them those that ask first for a second step at sign-in."""
    site, reader = site_of(request), reader_of(request)
    views, closed = [], []
    for plan in plans:
        found = await plan_of(plan.slug, reader.account, site.snapshots)
        if found is not None and lacks_second_factor(*found, reader):
            closed.append(plan)
        elif found is not None:
            views.append(View(site, found[0], reader, found[1], site.today()))
    return views, closed


def _account(view: View) -> PydanticObjectId:
    account = view.reader.account
    assert account is not None  # me:read lets in only those who have signed in
    return account


async def _plans(held: set[PydanticObjectId]) -> list[Plan]:
    """Of the plans that the reader has a role in those that are worked on; those that end last first."""
    wanted = {} if SITE in held else {"_id": {"$in": list(held)}}
    plans = await Plan.find({"deleted": False, "state": {"$ne": PlanState.ARCHIVED.value}, **wanted}).to_list()
    return sorted(plans, key=lambda plan: (-plan.last_year, -plan.first_year, sort_key(plan.title)))


async def _whom_to_ask() -> list[str]:
    """The names of those who administer the installation."""
    profiles = await Profile.find({"_id": {"$in": await administrators()}}).to_list()
    return sorted((profile.name for profile in profiles), key=sort_key)


async def _notice(request: HTMXRequest, views: Sequence[View]) -> Notice | None:
    """What was just done in one of the plans: a report from here comes back to here."""
    entry = cookies.sent(request, "notice")
    for view in views if entry else ():
        notice = await notice_told(entry, view)
        if notice is not None:
            return notice
    return None


@get("/work", permission=Permission.ME_READ)
async def show_work(request: HTMXRequest) -> Response[str]:
    """What waits for the reader, by the roles they hold."""
    reader, today = reader_of(request), site_of(request).today()
    account = reader.account
    assert account is not None
    held, site_rights = await plans_of(account), await rights_of_site(account)
    views, closed = await _views(request, await _plans(held))
    roles = {view: roles_of(view.snapshot, account) for view in views}
    keeping = [view for view in views if roles[view] & {Role.ADMIN, Role.PLANNER}]
    looking = [view for view in views if Role.COUNCIL in roles[view]]
    changes = (
        await changes_of([view.plan for view in {*keeping, *looking}], today, account) if keeping or looking else {}
    )
    context = {
        "quarter": i18n.period(Period.quarter_of(today)),
        "quarter_end": Period.quarter_of(today).end,
        "days_left": (Period.quarter_of(today).end - today).days,
        "reviews": await reviews_to_report_in(views),
        "tasks": my_tasks(views, dict(request.query_params.multi_items())),
        "kept": [await _kept(view, changes[view.plan.key]) for view in keeping],
        "glances": [await _glance(view, changes[view.plan.key]) for view in looking],
        "invited": await waiting() if site_rights.allow(Permission.ACCOUNTS_READ) else 0,
        "closed": closed,
        "has_role": bool(held),
        "whom_to_ask": [] if held else await _whom_to_ask(),
        "notice": await _notice(request, views),
        "can_add": not views and not closed and site_rights.allow(Permission.PLANS_CREATE),
    }
    return await page(request, "overview/my_work.html", context, section="work")


handlers = [show_work]
