"""Plain functions that make documents for tests; only what a test is about is named there."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from typing import Any

from beanie import PydanticObjectId

from stratplan.accounts import sessions
from stratplan.accounts.models import Account, Membership
from stratplan.actors import COMMAND_LINE, Actor
from stratplan.discussion.models import Comment
from stratplan.documents import SITE
from stratplan.evidence.models import Evidence
from stratplan.evidence.storage import checked, keeping
from stratplan.goals.models import Goal, Report, Task
from stratplan.goals.states import Execution, Outcome
from stratplan.investments.models import InvestmentLine
from stratplan.period import Period
from stratplan.permissions import Role
from stratplan.plans.models import FundingKind, FundingSource, Organisation, Plan
from stratplan.snapshot import Snapshot, Snapshots
from stratplan.swot.models import Quadrant, SwotEntry
from stratplan.units.models import Unit, UnitKind

TODAY_IN_PLAN = date(2016, 9, 30)
SOMEBODY = Actor("somebody")


@dataclass
class Made:
    """A small plan and what is in it."""

    organisation: Organisation
    plan: Plan
    unit: Unit
    source: FundingSource
    goal: Goal
    task: Task

    @property
    def scope(self) -> PydanticObjectId:
        """The plan's id."""
        return self.plan.key

    async def snapshot(self) -> Snapshot:
        """The plan as it is now, read afresh."""
        found = await Snapshots().of(self.plan.slug)
        assert found is not None
        return found


async def make_plan(slug: str = "plans", **values: Any) -> Made:
    """A plan 2015–2017 of one organisation with one unit, source, goal and task."""
    key = PydanticObjectId()
    organisation = Organisation(id=key, scope=key, name="Sociālo lietu pārvalde", short="SLP")
    await organisation.add(by=SOMEBODY)
    plan = Plan.new(
        **{
            "slug": slug,
            "title": "Stratēģija 2015–2017",
            "organisation": key,
            "first_year": 2015,
            "last_year": 2017,
            **values,
        }
    )
    await plan.add(by=SOMEBODY)
    unit = Unit.new(scope=key, name="Ķekavas nodaļa", short="ĶN", sort=UnitKind.DEPARTMENT)
    await unit.add(by=SOMEBODY)
    source = FundingSource.new(
        scope=plan.key, code="PB", name="Pašvaldības budžets", funding=FundingKind.MUNICIPAL, order=1
    )
    await source.add(by=SOMEBODY)
    goal = await make_goal(plan.key)
    task = await make_task(plan.key, goal, lead=unit.key, sources=[source.key])
    return Made(organisation, plan, unit, source, goal, task)


async def make_account(
    role: Role | None = Role.ADMIN,
    *,
    scope: PydanticObjectId = SITE,
    units: list[PydanticObjectId] | None = None,
    name: str = "Zane Kalniņa",
    email: str = "",
) -> Account:
    """A person who may sign in, with a role in all plans (or in the one that `scope` names)."""
    address = email or f"{PydanticObjectId()}@example.org"
    account = await Account.register(name=name, email=address, by=COMMAND_LINE)
    if role is not None:
        membership = Membership.new(scope=scope, account=account.key, role=role, units=units or [])
        await membership.add(by=COMMAND_LINE)
    return account


async def cookie_of(account: Account, *, strong: bool = False) -> str:
    """The cookie of a new session of the account."""
    return f"session={await sessions.begin(account.key, strong=strong)}"


async def make_goal(scope: PydanticObjectId, code: str = "SM1", **values: Any) -> Goal:
    """A goal of the plan."""
    goal = Goal.new(**{"scope": scope, "code": code, "order": 1, "title": f"Mērķis {code}", **values})
    await goal.add(by=SOMEBODY)
    return goal


async def make_task(scope: PydanticObjectId, goal: Goal, number: str = "1.1", **values: Any) -> Task:
    """A task of the goal, 2015–2017."""
    task = Task.new(
        **{
            "scope": scope,
            "goal": goal.key,
            "number": number,
            "title": f"Uzdevums {number}",
            "period": Period.parse("2015.–2017."),
            **values,
        }
    )
    await task.add(by=SOMEBODY)
    return task


async def make_line(scope: PydanticObjectId, goal: Goal, number: str = "1.1", **values: Any) -> InvestmentLine:
    """An investment line of the goal, without an amount."""
    line = InvestmentLine.new(
        **{"scope": scope, "goal": goal.key, "number": number, "title": f"Rinda {number}", **values}
    )
    await line.add(by=SOMEBODY)
    return line


async def make_swot(scope: PydanticObjectId, text: str = "Maz darbinieku", **values: Any) -> SwotEntry:
    """A weakness that nothing answers."""
    entry = SwotEntry.new(**{"scope": scope, "quadrant": Quadrant.WEAKNESS, "text": text, "order": 1, **values})
    await entry.add(by=SOMEBODY)
    return entry


async def make_report(task: Task, on: date, percent: int | None, **values: Any) -> Report:
    """A report on the task: in progress, nothing assessed; returns it as written."""
    current = await Task.get(task.key)
    assert current is not None
    await current.report(
        **{
            "on": on,
            "percent": percent,
            "execution": Execution.IN_PROGRESS,
            "outcome": Outcome.NOT_ASSESSED,
            "text": "Strādājam.",
            "by": SOMEBODY,
            "based_on": current.version,
            **values,
        }
    )
    found = await Report.find({"task": task.key}).sort("-created_at", "-_id").first_or_none()
    assert found is not None
    return found


async def make_comment(task: Task, text: str = "Labi iet.", *, by: Actor = SOMEBODY, **values: Any) -> Comment:
    """A comment on the task, as it is now kept."""
    comment = Comment.new(**{"scope": task.scope, "task": task.key, "text": text, **values})
    await comment.add(by=by)
    found = await Comment.get(comment.key)
    assert found is not None
    return found


async def make_evidence(
    task: Task,
    name: str = "akts.txt",
    content: bytes = b"Pieraksts par paveikto.\n",
    *,
    by: Actor = SOMEBODY,
    **values: Any,
) -> Evidence:
    """A file on the task, its bytes kept."""
    file = await checked(name, io.BytesIO(content), len(content))
    async with keeping([file]) as kept:
        one = kept[0]
        evidence = Evidence.new(
            **{
                "scope": task.scope,
                "task": task.key,
                "name": one.name,
                "file_type": one.file_type,
                "size": one.size,
                "sha256": one.sha256,
                "file": one.file,
                **values,
            }
        )
        await Evidence.attach([evidence], by=by)
    return evidence
