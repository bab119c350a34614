"""The list of plans: how far each is, and those that were deleted and can be brought back."""

from dataclasses import dataclass
from datetime import datetime

from beanie import PydanticObjectId
from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import wording
from stratplan.accounts import cookies
from stratplan.accounts.models import Account
from stratplan.accounts.roles import plans_of, rights_of_site
from stratplan.alphabet import sort_key
from stratplan.audit import AuditEntry
from stratplan.documents import SITE
from stratplan.frame import Reader
from stratplan.goals.models import Task
from stratplan.goals.progress import percent
from stratplan.goals.queries import plan_progress, task_figures
from stratplan.goals.states import Schedule
from stratplan.guard import lacks_second_factor, plan_of, refuse_without_second_factor
from stratplan.permissions import Permission
from stratplan.plans.models import Organisation, Plan
from stratplan.plans.plan_forms import deletes_a_plan
from stratplan.view import Site
from stratplan.web import Notice, page, reader_of, site_of

DELETED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan as the list shows it, with today's figures; `percent` is None where nothing counts yet. Of one that asks
    for a second step, which the reader has not taken at this sign-in, only the title."""

    plan: Plan
    address: str
    organisation: str
    percent: int | None
    tasks: int
    overdue: int
    asks_second_step: bool = False


@dataclass(frozen=True, slots=True)
class DeletedPlan:
    """A plan that is gone, and the entry that undoing brings it back by."""

    title: str
    entry: str
    at: datetime


@get("/plans", permission=Permission.OPEN)
async def list_plans(request: HTMXRequest) -> Response[str]:
    """The plans that the reader may see, those that end last first."""
    site, reader = site_of(request), reader_of(request)
    refuse_without_second_factor(reader)
    account = reader.account
    plans = await _visible_to(account)
    plans.sort(key=lambda plan: (-plan.last_year, -plan.first_year, sort_key(plan.title)))
    can_add = (await rights_of_site(account)).allow(Permission.PLANS_CREATE)
    context = {
        "cards": [card for plan in plans if (card := await _card(site, plan, reader)) is not None],
        "deleted": await _deleted() if can_add else [],
        "can_add": can_add,
        "is_alone": can_add and await Account.find({"deleted": False}).count() == 1,
        "notice": await _notice(cookies.sent(request, "notice")) if can_add else None,
    }
    return await page(request, "overview/plans.html", context)


async def _visible_to(account: PydanticObjectId | None) -> list[Plan]:
    """The published plans, and those in which the account has a role."""
    held = set() if account is None else await plans_of(account)
    wanted = {} if SITE in held else {"$or": [{"published": True}, {"_id": {"$in": list(held)}}]}
    return await Plan.find({"deleted": False, **wanted}).to_list()


async def _card(site: Site, plan: Plan, reader: Reader) -> PlanCard | None:
    found = await plan_of(plan.slug, reader.account, site.snapshots)
    if found is None:
        return None
    snapshot, rights = found
    day = site.today()
    organisation = snapshot.find(Organisation, plan.organisation)
    if lacks_second_factor(snapshot, rights, reader):
        name = organisation.name if organisation else ""
        return PlanCard(snapshot.plan, f"/plans/{plan.slug}", name, None, 0, 0, asks_second_step=True)
    progress = plan_progress(snapshot, day).value
    late = sum(figures.schedule is Schedule.OVERDUE for figures in task_figures(snapshot, day).values())
    return PlanCard(
        plan=snapshot.plan,
        address=f"/plans/{plan.slug}" if rights.sees_unpublished else f"/p/{plan.slug}",
        organisation=organisation.name if organisation else "",
        percent=None if progress is None else percent(progress),
        tasks=len(snapshot.all(Task)),
        overdue=late,
    )


async def _deleted() -> list[DeletedPlan]:
    """The plans deleted last, newest first, each with the newest entry that deleted it."""
    gone = {plan.key: plan for plan in await Plan.find({"deleted": True}).to_list()}
    if not gone:
        return []
    entries = AuditEntry.find(
        {"scope": {"$in": list(gone)}, "changes": {"$elemMatch": {"kind": Plan.kind, "after.deleted": True}}}
    )
    newest: dict[PydanticObjectId, AuditEntry] = {}
    for entry in await entries.sort("-at").to_list():
        newest.setdefault(entry.scope, entry)
    return [DeletedPlan(gone[scope].title, str(entry.id), entry.at) for scope, entry in newest.items()][:DELETED_SHOWN]


async def _notice(entry_id: str) -> Notice | None:
    if not PydanticObjectId.is_valid(entry_id):
        return None
    entry = await AuditEntry.get(PydanticObjectId(entry_id))
    if entry is None:
        return None
    undo_url = f"/plans/restore/{entry.id}" if deletes_a_plan(entry) else None
    return Notice(wording.deed(entry), undo_url, entry)


handlers = [list_plans]
