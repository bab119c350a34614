"""Reviews and what units sent in for them. What a closed review says is kept apart (see frozen)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints, field_validator
from pymongo import ASCENDING, IndexModel

from stratplan import audit
from stratplan.actors import Actor
from stratplan.choice import Choice
from stratplan.database import Session
from stratplan.documents import (
    Line,
    Link,
    LivingDocument,
    OnDelete,
    OptionalLine,
    OptionalProse,
    Part,
    Reference,
    References,
    now,
)
from stratplan.errors import RuleBroken
from stratplan.i18n import N_, _
from stratplan.period import Period
from stratplan.permissions import Permission
from stratplan.reviews.frozen import digest_kept
from stratplan.reviews.terms import canonical, code_of, name_of, period_of_code, sentence_case, term_of

BY_SCOPE = IndexModel([("scope", ASCENDING), ("deleted", ASCENDING)])


class ReviewState(Choice):
    """Whether units still report, or the review is frozen."""

    OPEN = "open", N_("Open"), "info", "clipboard-list"
    CLOSED = "closed", N_("Closed"), "success", "lock"


class SubmissionState(Choice):
    """How far a unit is with its part of a review. Sent in part is never stored: it follows from the tasks that are
    asked (see queries.Asked)."""

    NOT_SENT = "not_sent", N_("Not sent"), "warning", "circle-dashed"
    PARTLY_SENT = "partly_sent", N_("Sent in part"), "warning", "circle-alert"
    SENT = "sent", N_("Sent"), "success", "circle-check"
    RETURNED = "returned", N_("Returned"), "danger", "undo-2"


class Edition(Part):
    """A review as it was closed once: when, by whom, with which decision, as of which day, and the digest (SHA-256, see
    frozen) of all that was stored for it. `missing` are the units that had not sent their parts; `reopened_*` say why
    and when it was opened again."""

    number: Annotated[int, Field(ge=1)]
    day: date
    closed_at: datetime
    by: str
    decision_number: OptionalLine = ""
    decision_date: date | None = None
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    tasks: int
    lines: int
    missing: References = []
    reopened_at: datetime | None = None
    reopened_by: str = ""
    reason: OptionalProse = ""

    labels: ClassVar = {
        "day": N_("As of"),
        "decision_number": N_("Number of the decision"),
        "decision_date": N_("Date of the decision"),
        "missing": N_("Units that have not sent"),
        "reason": N_("Opened again"),
    }
    always_apart: ClassVar = True

    @property
    def known_by(self) -> int:
        return self.number

    @property
    def heading(self) -> str:
        return str(self.number)


class Reminder(Part):
    """That units were asked again for their parts: on which day, when, by whom."""

    day: date
    at: datetime
    by: str
    units: References


class Review(LivingDocument):
    """A review of a plan for a quarter, a half-year or a year: `open` while units report, then `closed` (domain.md,
    Review). Closed again after it was reopened, it has another edition; the earlier ones stay."""

    period: Period
    due: date
    note: OptionalProse = ""
    state: ReviewState = ReviewState.OPEN
    opened_at: datetime
    opened_by: str = ""
    editions: list[Edition] = []
    reminders: list[Reminder] = []
    escalated_on: date | None = None  # the last day on which planners were told which units are late

    kind: ClassVar = "review"
    noun: ClassVar = N_("review")
    written_with: ClassVar = (Permission.REVIEWS_WRITE,)
    final: ClassVar = frozenset({"review.closed", "review.reopened", "review.reminded", "review.escalated"})
    apart: ClassVar = {
        "state": Permission.REVIEWS_WRITE,
        "editions": Permission.REVIEWS_WRITE,
        "reminders": Permission.REVIEWS_WRITE,
        "escalated_on": Permission.REVIEWS_WRITE,
    }
    labels: ClassVar = {
        "period": N_("Period"),
        "due": N_("Due"),
        "note": N_("Note to the units"),
        "state": N_("State"),
        "editions": N_("Editions"),
    }

    class Settings:
        name = "reviews"
        indexes: ClassVar = [BY_SCOPE]

    @field_validator("period")
    @classmethod
    def _period_is_canonical(cls, period: Period) -> Period:
        return canonical(period)

    @property
    def code(self) -> str:
        """What it is called in addresses: 2016Q3."""
        return code_of(self.period)

    @property
    def name(self) -> str:
        """Its period in the language in force."""
        return name_of(self.period)

    @property
    def title(self) -> str:
        """Its name as a heading."""
        return sentence_case(self.name)

    @property
    def caption(self) -> str:
        return self.code

    @classmethod
    def said(cls, caption: str) -> str:
        """The name of the period that a code is of."""
        period = period_of_code(caption)
        return caption if period is None else name_of(period)

    @property
    def is_open(self) -> bool:
        """Whether units report in it."""
        return self.state is ReviewState.OPEN

    @property
    def edition(self) -> Edition | None:
        """The newest edition, while the review is closed."""
        return None if self.is_open or not self.editions else self.editions[-1]

    @property
    def last_edition(self) -> Edition | None:
        """The newest edition, also while the review is open again: it stays until there is another."""
        return self.editions[-1] if self.editions else None

    def find_edition(self, number: int) -> Edition | None:
        """The edition of that number."""
        return next((edition for edition in self.editions if edition.number == number), None)

    def code_of(self, edition: Edition) -> str:
        """What an edition is called in addresses: the newest as its review (2016Q3), an earlier one by its number too
        (2016Q3.1)."""
        return self.code if edition is self.last_edition else f"{self.code}.{edition.number}"

    def title_of(self, edition: Edition) -> str:
        """An edition's name as a heading; the newest is called as its review."""
        if edition is self.last_edition:
            return self.title
        return _("%(review)s, edition %(number)s", review=self.title, number=edition.number)

    def day_on(self, today: date) -> date:
        """The day as of which its figures are: the period's last, or today before that."""
        return min(self.period.end, today)

    def public(self, parts: frozenset[str]) -> Review | None:
        """Residents see a review once it was closed, as closed also while it is open again: its editions stay. They see
        nothing of how it came about."""
        if not self.editions:
            return None
        unsaid = {"missing": [], "by": "", "reopened_by": "", "reason": ""}
        editions = [edition.model_copy(update=unsaid) for edition in self.editions]
        inside: dict[str, Any] = {"note": "", "opened_by": "", "reminders": [], "escalated_on": None}
        inside["state"] = ReviewState.CLOSED
        shown: Review = self.model_copy(update={**inside, "editions": editions})
        return shown

    @classmethod
    async def differences_beside(cls, raw: Mapping[str, Any], session: Session) -> list[str]:
        """Whether an edition is not any more what was frozen: its digest tells."""
        for edition in raw.get("editions", ()):
            if await digest_kept(raw["_id"], edition["number"], session) != edition["digest"]:
                return ["editions"]
        return []

    def reminded_on(self, unit: Reference) -> date | None:
        """The day on which a unit was last asked again for its part."""
        return next((one.day for one in reversed(self.reminders) if unit in one.units), None)

    async def remind(self, units: Collection[Reference], *, by: Actor, today: date) -> audit.AuditEntry:
        """Ask units again for their parts; who was asked today already is left out, RuleBroken where all were."""
        if not self.is_open:
            raise RuleBroken(_("The review is closed: nothing more can be sent in for it."))
        asked = {unit for one in self.reminders if one.day == today for unit in one.units}
        left = [unit for unit in units if unit not in asked]
        if not left:
            raise RuleBroken(_("They have been reminded today. A unit is reminded at most once a day."))
        reminder = Reminder(day=today, at=now(), by=by.id, units=left)
        change = audit.changed(self, reminders=[*self.reminders, reminder])
        return await audit.record("review.reminded", [change], by=by)

    async def escalate(self, *, by: Actor, today: date) -> audit.AuditEntry:
        """Tell the planners that units are late."""
        return await audit.record("review.escalated", [audit.changed(self, escalated_on=today)], by=by)

    async def edit(
        self, values: Mapping[str, Any], *, by: Actor, based_on: int, tag: str = "edited"
    ) -> audit.AuditEntry | None:
        """Change the due date or the note while the review is open."""
        if not self.is_open:
            raise RuleBroken(_("A closed review stays. An administrator can open it again, with a reason."))
        return await super().edit(values, by=by, based_on=based_on, tag=tag)

    def refuse_putting_back(self, values: Mapping[str, Any], by: Actor) -> None:
        """What was closed is not undone: it is opened again, with a reason. Nor is what people were told."""
        if values.keys() & {"reminders", "escalated_on"}:
            raise RuleBroken(_("A reminder that was sent cannot be taken back."))
        if values.keys() & {"state", "editions"} or (values.get("deleted") and self.editions):
            raise RuleBroken(_("A closed review stays. An administrator can open it again, with a reason."))

    async def remove(self, *, by: Actor, based_on: int) -> audit.AuditEntry:
        """Delete a review that was opened by mistake; one that was ever closed stays."""
        if self.editions:
            raise RuleBroken(_("A review that was closed once is not deleted: its editions stay."))
        return await super().remove(by=by, based_on=based_on)

    async def check_rules(self, session: Session) -> None:
        """It is of a quarter, a half-year or a year, and the only one of it."""
        if term_of(self.period) is None:
            raise RuleBroken(_("A review is of a quarter, a half-year or a year."), field="period")
        if self.due < self.period.start:
            raise RuleBroken(_("The due date is before the period begins."), field="due")
        count = await Review.get_motor_collection().count_documents(
            {"scope": self.scope, "period": str(self.period), "deleted": False}, session=session
        )
        if count > 1:
            raise RuleBroken(_("There is a review of %(period)s already.", period=self.name), field="period")


class Submission(LivingDocument):
    """What one unit sent in for a review: when, by whom, and what the planner returned it with. The reports themselves
    are reports on tasks; `name` is what the unit was called. `sent_at` is when it was last sent."""

    review: Reference
    unit: Reference
    name: Line
    state: SubmissionState = SubmissionState.NOT_SENT
    sent_at: datetime | None = None
    first_sent_at: datetime | None = None  # not of parts that were sent before this was kept
    sent_by: str = ""
    on_behalf: bool = False
    by_link: bool = False
    remark: OptionalProse = ""

    kind: ClassVar = "submission"
    noun: ClassVar = N_("unit's part of a review")
    written_with: ClassVar = (Permission.REVIEWS_REPORT,)
    labels: ClassVar = {
        "state": N_("State"),
        "sent_at": N_("Sent"),
        "on_behalf": N_("Reported for the unit"),
        "by_link": N_("Reported through a link"),
        "remark": N_("Remark"),
    }
    links: ClassVar = (Link("review", "review", OnDelete.DELETE), Link("unit", "unit"))

    class Settings:
        name = "submissions"
        indexes: ClassVar = [BY_SCOPE, IndexModel([("review", ASCENDING)])]

    @property
    def caption(self) -> str:
        return self.name

    @property
    def responsible(self) -> frozenset[Reference]:
        return frozenset([self.unit])

    @property
    def came_in_at(self) -> datetime | None:
        """When it was sent for the first time, which is what makes it late or not; as far as that is known."""
        return self.first_sent_at or self.sent_at

    async def check_rules(self, session: Session) -> None:
        """A unit has one part in a review, and sends it while the review is open."""
        count = await Submission.get_motor_collection().count_documents(
            {"review": self.review, "unit": self.unit, "deleted": False}, session=session
        )
        if count > 1:
            raise RuleBroken(_("Somebody has just begun the same. Look again."))
        if not await self._is_open(session):
            raise RuleBroken(_("The review is closed: nothing more can be sent in for it."))

    async def check_deletion(self, session: Session) -> None:
        """What was sent in for a review stays once it is closed."""
        if not await self._is_open(session):
            raise RuleBroken(_("The review is closed: what was sent in for it stays."))

    async def _is_open(self, session: Session) -> bool:
        raw = await Review.get_motor_collection().find_one({"_id": self.review}, {"state": 1}, session=session)
        return raw is not None and raw["state"] == ReviewState.OPEN.value


class Decision(Part):
    """The council's decision that a review is closed with, as far as there is one."""

    number: OptionalLine = ""
    day: date | None = None
