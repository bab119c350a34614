"""Goals, the tasks under them, and the reports on the tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator
from pymongo import ASCENDING, IndexModel

from stratplan import audit, i18n
from stratplan.actors import Actor
from stratplan.database import Session
from stratplan.documents import (
    Code,
    Key,
    Line,
    Link,
    LivingDocument,
    OnDelete,
    OptionalProse,
    Part,
    Reference,
    References,
    Weight,
    deletion,
)
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.goals.states import Execution, Outcome
from stratplan.i18n import N_, _
from stratplan.numbering import clean_number
from stratplan.period import Period
from stratplan.permissions import Permission
from stratplan.plans.models import PublicPart

BY_SCOPE = IndexModel([("scope", ASCENDING), ("deleted", ASCENDING)])


class Goal(LivingDocument):
    """A strategic goal of a plan (SM1)."""

    code: Code
    order: int = 0
    title: Line
    description: OptionalProse = ""
    weight: Weight = Decimal(1)
    summary: OptionalProse = ""
    internal: bool = False

    kind: ClassVar = "goal"
    noun: ClassVar = N_("goal")
    written_with: ClassVar = (Permission.GOALS_WRITE,)
    labels: ClassVar = {
        "code": N_("Code"),
        "title": N_("Title"),
        "description": N_("Description"),
        "summary": N_("In easy language"),
        "weight": N_("Weight"),
        "internal": N_("Internal"),
        "order": N_("Place"),
    }
    texts: ClassVar = frozenset({"code", "title", "description", "summary"})
    unique: ClassVar = ("code",)

    class Settings:
        name = "goals"
        indexes: ClassVar = [BY_SCOPE]

    @field_validator("code")
    @classmethod
    def _code_is_clean(cls, code: str) -> str:
        return clean_number(code)

    @property
    def caption(self) -> str:
        return f"{self.code} {self.title}"

    def public(self, parts: frozenset[str]) -> Goal | None:
        return None if self.internal else self


class Milestone(Part):
    """A step of a task; with milestones, progress is the weight of those done."""

    key: Key
    title: Line
    due: date | None = None
    done_on: date | None = None
    weight: Weight = Decimal(1)

    labels: ClassVar = {
        "title": N_("Title"),
        "due": N_("Due on"),
        "done_on": N_("Done on"),
        "weight": N_("Weight"),
    }


class Task(LivingDocument):
    """What is to be done for a goal: its result, period, responsible units and funding sources.

    Its progress and state are not fields: they follow from its reports and milestones for the day that is asked for.
    """

    number: Code
    goal: Reference
    title: Line
    result: OptionalProse = ""
    period: Period
    lead: Reference | None = None
    partners: References = []
    sources: References = []
    weight: Weight = Decimal(1)
    milestones: Annotated[list[Milestone], Field(max_length=100)] = []
    internal: bool = False

    kind: ClassVar = "task"
    noun: ClassVar = N_("task")
    written_with: ClassVar = (Permission.GOALS_WRITE,)
    labels: ClassVar = {
        "number": N_("Number"),
        "goal": N_("Goal"),
        "title": N_("Title"),
        "result": N_("Expected result"),
        "period": N_("Period"),
        "lead": N_("Responsible unit"),
        "partners": N_("Partner units"),
        "sources": N_("Funding sources"),
        "weight": N_("Weight"),
        "milestones": N_("Milestones"),
        "internal": N_("Internal"),
    }
    texts: ClassVar = frozenset({"number", "title", "result", "period", "lead", "partners", "sources"})
    links: ClassVar = (
        Link("goal", "goal"),
        Link("lead", "unit"),
        Link("partners", "unit"),
        Link("sources", "source"),
    )
    unique: ClassVar = ("number",)

    class Settings:
        name = "tasks"
        indexes: ClassVar = [BY_SCOPE]

    @field_validator("number")
    @classmethod
    def _number_is_clean(cls, number: str) -> str:
        return clean_number(number)

    @property
    def caption(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def responsible(self) -> frozenset[Reference]:
        return frozenset(self.partners if self.lead is None else [self.lead, *self.partners])

    def public(self, parts: frozenset[str]) -> Task | None:
        return None if self.internal else self

    async def report(
        self,
        *,
        on: date,
        execution: Execution,
        outcome: Outcome,
        text: str,
        percent: int | None = None,
        done: Mapping[str, date] | None = None,
        next_steps: str = "",
        obstacles: str = "",
        illustrative: bool = False,
        by: Actor,
        based_on: int,
    ) -> audit.AuditEntry:
        """Report the state of this task on the day `on`: `percent` (0–100), or, where it has milestones, the day on
        which each of `done` (by key) was reached; those not named are not done any more.

        Raises StaleEdit when the task was changed or reported on since version `based_on`.
        """
        words = {"text": text, "next_steps": next_steps, "obstacles": obstacles}
        values = {"percent": percent, "execution": execution, "outcome": outcome, "on": on, **words}
        if based_on != self.version:
            raise StaleEdit(self, values, await audit.entries_since(self, based_on), Report)
        if self.milestones and percent is not None:
            raise RuleBroken(
                _("This task's progress is counted from its milestones: mark those done."), field="percent"
            )
        report = Report.new(scope=self.scope, task=self.key, by=by.id, illustrative=illustrative, **values)
        touch = audit.changed(self)
        if self.milestones and done is not None:
            unknown = done.keys() - {milestone.key for milestone in self.milestones}
            if unknown:
                raise RuleBroken(_("A milestone that is reported as done does not exist any more."), field="done")
            touch = audit.changed(
                self,
                milestones=[
                    milestone.model_copy(update={"done_on": done.get(milestone.key)}) for milestone in self.milestones
                ],
            )
        return await audit.record("task.reported", [touch, audit.created(report)], by=by)

    async def move(self, goal: Reference, number: str, *, by: Actor, based_on: int) -> audit.AuditEntry | None:
        """Put the task under another goal, with the number it gets there."""
        return await self.edit({"goal": goal, "number": number}, by=by, based_on=based_on, tag="moved")

    @classmethod
    async def hand_over(
        cls, handed: Sequence[tuple[Task, int]], unit: Reference, *, by: Actor
    ) -> audit.AuditEntry | None:
        """Have `unit` lead tasks, each looked at in the version beside it, in one change; None where it leads them all.

        A unit that took part in a task leads it from now on. Raises StaleEdit when who is responsible for a task was
        changed since.
        """
        edits = []
        for task, based_on in handed:
            partners = [partner for partner in task.partners if partner != unit]
            change = audit.changed(task, lead=unit, partners=partners)
            since = await audit.entries_since(task, based_on)
            if audit.values_before(task, since).keys() & {"lead", "partners"}:
                raise StaleEdit(task, change.values, since)
            edits += [change] if change.values else []
        return await audit.record("task.handed_over", edits, by=by) if edits else None

    @classmethod
    async def renumber(cls, numbered: Sequence[tuple[Task, str]], *, by: Actor) -> audit.AuditEntry | None:
        """Give tasks the numbers beside them, in one change."""
        edits = [audit.changed(task, number=number) for task, number in numbered if task.number != number]
        return await audit.record("task.renumbered", edits, by=by) if edits else None


class Report(LivingDocument):
    """What a unit reported of a task: how far it was on a day, and in words."""

    task: Reference
    on: date
    percent: Annotated[int, Field(ge=0, le=100)] | None = None
    execution: Execution
    outcome: Outcome = Outcome.NOT_ASSESSED
    text: OptionalProse = ""
    next_steps: OptionalProse = ""
    obstacles: OptionalProse = ""
    unchanged: bool = False
    review: Reference | None = None
    by: str = ""
    illustrative: bool = False

    kind: ClassVar = "report"
    noun: ClassVar = N_("report")
    written_with: ClassVar = (Permission.GOALS_REPORT,)
    labels: ClassVar = {
        "on": N_("As of"),
        "percent": N_("Progress, %"),
        "execution": N_("Execution"),
        "outcome": N_("Result"),
        "text": N_("What was done"),
        "next_steps": N_("What comes next"),
        "obstacles": N_("Obstacles"),
        "unchanged": N_("No change"),
    }
    links: ClassVar = (Link("task", "task", OnDelete.DELETE), Link("review", "review", OnDelete.UNLINK))

    class Settings:
        name = "reports"
        indexes: ClassVar = [BY_SCOPE]

    @model_validator(mode="before")
    @classmethod
    def _names_no_one(cls, values: Any) -> Any:
        """A report kept before there were accounts has the name of the built-in one."""
        if isinstance(values, dict) and "by_name" in values:
            return {name: value for name, value in values.items() if name != "by_name"}
        return values

    @property
    def caption(self) -> str:
        return self.on.isoformat()

    @classmethod
    def said(cls, caption: str) -> str:
        """The day as days are written."""
        return i18n.short_date(date.fromisoformat(caption))

    @property
    def belongs_to(self) -> tuple[str, Reference]:
        return "task", self.task

    def public(self, parts: frozenset[str]) -> Report:
        """Progress is always public, what was written only where the plan publishes it, and who reported never."""
        hidden = ("by",) if PublicPart.REPORTS in parts else ("by", "text", "next_steps", "obstacles")
        shown: Report = self.model_copy(update=dict.fromkeys(hidden, ""))
        return shown

    async def edit(
        self, values: Mapping[str, Any], *, by: Actor, based_on: int, tag: str = "edited"
    ) -> audit.AuditEntry | None:
        """Correct what was reported; the task is touched, so that its history tells of it."""
        if based_on != self.version:
            raise StaleEdit(self, values, await audit.entries_since(self, based_on))
        change = audit.changed(self, **values)
        if not change.values:
            return None
        return await audit.record(f"report.{tag}", [change, *await self.touched_with()], by=by)

    async def remove(self, *, by: Actor, based_on: int) -> audit.AuditEntry:
        """Delete the report softly; the task is touched, as by `edit`."""
        if based_on != self.version:
            raise StaleEdit(self, {}, await audit.entries_since(self, based_on))
        return await audit.record("report.deleted", [*await deletion(self), *await self.touched_with()], by=by)

    async def check_deletion(self, session: Session) -> None:
        """What was sent in for a review stays once it is closed, unless its task goes."""
        reviews = LivingDocument.kinds["review"].get_motor_collection()
        closed = {"_id": self.review, "state": "closed"}
        if self.review is None or not await reviews.count_documents(closed, session=session):
            return
        if await Task.get_motor_collection().count_documents({"_id": self.task, "deleted": False}, session=session):
            raise RuleBroken(_("The review is closed: what was sent in for it stays."))

    async def touched_with(self) -> list[audit.Edit]:
        task = await Task.get(self.task)
        if task is None or task.deleted:
            raise RuleBroken(_("The task of this report has been deleted."))
        return [audit.changed(task)]
