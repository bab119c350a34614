"""What waits for the planner of a plan: each matter a count, and the list that shows exactly what was counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from beanie import PydanticObjectId

from stratplan import i18n
from stratplan.accounts.models import Membership
from stratplan.actors import BY_THEMSELVES
from stratplan.audit import AuditEntry
from stratplan.goals.models import Task
from stratplan.goals.queries import task_figures
from stratplan.goals.states import Reporting, Schedule
from stratplan.history.activity import BY_PEOPLE
from stratplan.i18n import _, ngettext, pgettext
from stratplan.investments.queries import money_of
from stratplan.overview.overview import tally
from stratplan.plans.models import Plan, PlanState
from stratplan.snapshot import Snapshot
from stratplan.view import View

WEEK, MONTH = timedelta(days=7), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Matter:
    """Something open in a plan: how many there are, and the page that lists them."""

    label: str
    count: int
    path: str
    tone: str
    icon: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """How many changes people made lately in a plan and its organisation, without those of loaded files; `others` are
    not the reader's own, and `month_of_plan` leaves out who got which role."""

    week: int = 0
    others: int = 0
    month_of_plan: int = 0


async def changes_of(plans: Sequence[Plan], day: date, account: PydanticObjectId) -> dict[PydanticObjectId, Changes]:
    """The changes of the last days in each plan; one query for all."""
    week, month = i18n.begin_of(day - WEEK), i18n.begin_of(day - MONTH)
    scopes = {scope for plan in plans for scope in (plan.key, plan.organisation)}
    in_week = {"$gte": ["$at", week]}
    of_plan = {"$ne": [{"$arrayElemAt": ["$changes.kind", 0]}, Membership.kind]}

    def counted(*conditions: object) -> dict[str, object]:
        return {"$sum": {"$cond": [{"$and": list(conditions)}, 1, 0]}}

    found = AuditEntry.get_motor_collection().aggregate(
        [
            {"$match": {"scope": {"$in": list(scopes)}, "at": {"$gte": month}, "by": {"$nin": list(BY_THEMSELVES)}}},
            {
                "$group": {
                    "_id": "$scope",
                    "week": counted(in_week),
                    "others": counted(in_week, {"$ne": ["$by", str(account)]}),
                    "month_of_plan": counted(of_plan),
                }
            },
        ]
    )
    by_scope = {raw.pop("_id"): raw async for raw in found}
    names = ("week", "others", "month_of_plan")
    return {
        plan.key: Changes(
            *(sum(by_scope.get(scope, {}).get(name, 0) for scope in {plan.key, plan.organisation}) for name in names)
        )
        for plan in plans
    }


def open_matters(view: View, changes: Changes, problems: int) -> list[Matter]:
    """What there is to see to, the most pressing first; what there is nothing of is left out. `problems` are the tasks
    that reviews keep tripping over."""
    snapshot, day = view.snapshot, view.day
    counted = tally(snapshot, day)
    missing = sum(entry.reporting is Reporting.MISSING for entry in task_figures(snapshot, day).values())
    since = (day - WEEK).isoformat()
    overdue, behind = Schedule.OVERDUE, Schedule.BEHIND
    matters = [
        Matter(
            pgettext("tasks", "Overdue"),
            counted.schedule[overdue],
            view.url("/tasks", schedule="overdue"),
            overdue.tone,
            overdue.icon,
        ),
        Matter(
            _("Behind schedule"),
            counted.schedule[behind],
            view.url("/tasks", schedule="behind"),
            behind.tone,
            behind.icon,
        ),
        Matter(_("Never reported"), missing, view.url("/tasks", reporting="missing"), "warning", "message-square"),
        Matter(_("Without a responsible unit"), _unled(snapshot), view.url("/tasks", unit="none"), "warning", "users"),
        Matter(_("Tasks with problems"), problems, view.url("/reviews/problems"), "warning", "triangle-alert"),
        Matter(
            _("Checks that fail"),
            len(money_of(snapshot, day).checks),
            view.url("/figures/checks"),
            "warning",
            "clipboard-check",
            _("in the investment plan"),
        ),
        Matter(
            _("Changes in the last 7 days"),
            changes.week,
            view.url("/history", by=BY_PEOPLE, **{"from": since}),
            "neutral",
            "history",
            ngettext("%(num)s by someone else", "%(num)s by others", changes.others),
        ),
    ]
    return [matter for matter in matters if matter.count]


def _unled(snapshot: Snapshot) -> int:
    return sum(task.lead is None for task in snapshot.all(Task).values())


def said_standing(plan: Plan) -> list[str]:
    """What of the plan itself is still to be done: it is a draft, or residents do not see it."""
    said = []
    if plan.state is PlanState.DRAFT:
        said.append(_("The plan is a draft."))
    if not plan.published:
        said.append(_("The plan is not published: only its members see it."))
    return said
