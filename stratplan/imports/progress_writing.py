"""Writes what a progress file brings, in the order of time, through the verbs that people report and close with.

All of it is part of the running transaction: the plan is read as that has left it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar, cast

from beanie import PydanticObjectId

from stratplan import i18n
from stratplan.actors import COMMAND_LINE
from stratplan.audit import AuditEntry
from stratplan.documents import LivingDocument
from stratplan.goals.models import Milestone, Task
from stratplan.imports.seed_format import PartShape, ReportShape, ReviewShape
from stratplan.investments.models import InvestmentLine, MoneyReport, YearAmount
from stratplan.reviews.closing import close_review, open_review
from stratplan.reviews.models import Decision, Review
from stratplan.reviews.queries import Asked, asked_of, find_review, units_asked
from stratplan.reviews.sending import NEVER_WRITTEN, MoneyWords, TaskWords, give_back, send, unchanged
from stratplan.reviews.terms import code_of
from stratplan.snapshot import Snapshot, Snapshots

D = TypeVar("D", bound=LivingDocument)

Reports = list[tuple[PydanticObjectId, ReportShape]]  # by task, as they stand in the file
Money = list[tuple[PydanticObjectId, MoneyReport]]  # by line


@dataclass(slots=True)
class Quarter:
    """A review that is to be opened, sent in for and closed; `parts` is what a file says apart of units' parts."""

    shape: ReviewShape
    parts: Mapping[PydanticObjectId, PartShape]
    reports: Reports = field(default_factory=list)
    money: Money = field(default_factory=list)


@dataclass(slots=True)
class Missing:
    """What of a file the plan does not have yet. `reports` and `money` are of no review in `quarters`."""

    plan: str
    illustrative: bool
    steps: dict[PydanticObjectId, list[Milestone]] = field(default_factory=dict)
    planned: dict[PydanticObjectId, list[YearAmount]] = field(default_factory=dict)
    quarters: list[Quarter] = field(default_factory=list)
    reports: Reports = field(default_factory=list)
    money: Money = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether the plan has all of it."""
        return not (self.steps or self.planned or self.quarters or self.reports or self.money)


class ProgressWriting:
    """Milestones and planned money first, then quarter by quarter what was reported, each review closed in its turn."""

    def __init__(self, missing: Missing) -> None:
        self.missing = missing
        self.snapshots = Snapshots()
        self.written: dict[PydanticObjectId, LivingDocument] = {}  # since the plan was read last

    async def run(self) -> None:
        if self.missing.is_nothing:
            return
        await self._read()
        for key, steps in self.missing.steps.items():
            await self._edit(Task, key, {"milestones": [step.model_copy(update={"done_on": None}) for step in steps]})
        for key, planned in self.missing.planned.items():
            await self._edit(InvestmentLine, key, {"planned": planned})
        alone = sorted(self.missing.reports, key=_day_of)
        money = sorted(self.missing.money, key=_day_of)
        for quarter in self.missing.quarters:
            last = quarter.shape.period.end
            await self._alone([one for one in alone if _day_of(one) <= last], [o for o in money if _day_of(o) <= last])
            alone = [one for one in alone if _day_of(one) > last]
            money = [one for one in money if _day_of(one) > last]
            await self._review(quarter)
        await self._alone(alone, money)
        for key, steps in self.missing.steps.items():
            await self._edit(Task, key, {"milestones": steps})

    # --- one document ---

    async def _read(self) -> Snapshot:
        """The plan as it is now."""
        snapshot = await self.snapshots.of(self.missing.plan)
        assert snapshot is not None
        self.snapshot = snapshot
        self.written.clear()
        return snapshot

    def _now(self, kind: type[D], key: PydanticObjectId) -> D:
        found = self.written.get(key) or self.snapshot.find(kind, key)
        return cast("D", found)

    def _keep(self, document: LivingDocument, entry: AuditEntry | None) -> None:
        if entry is not None:
            self.written[document.key] = _after(document, entry)

    async def _edit(self, kind: type[D], key: PydanticObjectId, values: dict[str, Any]) -> None:
        document = self._now(kind, key)
        self._keep(document, await document.edit(values, by=COMMAND_LINE, based_on=document.version))

    async def _alone(self, reports: Reports, money: Money) -> None:
        """Make reports that no unit sent in for a review, each with the milestones reached by its day."""
        for key, report in reports:
            task = self._now(Task, key)
            entry = await task.report(
                **report.model_dump(exclude={"task"}),
                done=self._done(key, report.on),
                illustrative=self.missing.illustrative,
                by=COMMAND_LINE,
                based_on=task.version,
            )
            self._keep(task, entry)
        for key, stated in money:
            line = self._now(InvestmentLine, key)
            entry_or_none = await line.report_money(**dict(stated), by=COMMAND_LINE, based_on=line.version)
            self._keep(line, entry_or_none)

    def _done(self, task: PydanticObjectId, day: date) -> dict[str, date] | None:
        """When the milestones that were reached by the day were reached; None where the file has none of the task."""
        steps = self.missing.steps.get(task)
        if not steps:
            return None
        return {step.key: step.done_on for step in steps if step.done_on is not None and step.done_on <= day}

    # --- a review ---

    async def _review(self, quarter: Quarter) -> None:
        """Open the review, send in what units reported while it was open, and close it."""
        shape = quarter.shape
        review, _entry = await open_review(
            await self._read(),
            shape.period,
            due=shape.due,
            note=shape.note,
            by=COMMAND_LINE,
            today=shape.opened,
            at=_noon(shape.opened),
        )
        parts, reports, money = self._parts(quarter, units_asked(await self._read(), review))
        await self._alone(reports, money)
        for part in parts:
            await self._send(review, part)
        if shape.closed is not None:
            review = find_review(await self._read(), code_of(review.period))
            await close_review(
                self.snapshots,
                self.missing.plan,
                review,
                decision=Decision(number=shape.decision_number, day=shape.decision_date),
                despite_missing=True,  # it tells what was
                by=COMMAND_LINE,
                based_on=review.version,
                today=shape.closed,
                at=_noon(shape.closed),
            )
        await self._read()

    def _parts(self, quarter: Quarter, asked: Sequence[Asked]) -> tuple[list[Part], Reports, Money]:
        """What each unit sends, by the day of its last report; and what is left: of tasks that nobody was asked about,
        and reports before the last one on a task."""
        parts, left = [], sorted(quarter.reports, key=_day_of)
        money = list(quarter.money)
        for one in asked:
            own = {task.key for task in one.tasks}
            words = {key: report for key, report in left if key in own}
            if not words:
                continue
            left = [(key, report) for key, report in left if words.get(key) is not report]
            sums = [entry for entry in money if not own.isdisjoint(self._now(InvestmentLine, entry[0]).tasks)]
            money = [entry for entry in money if entry not in sums]
            day = max(report.on for report in words.values())
            parts.append(Part(one.unit.key, day, words, sums, quarter.parts.get(one.unit.key)))
        return sorted(parts, key=lambda part: part.day), left, money

    async def _send(self, review: Review, part: Part) -> None:
        apart = part.apart
        if apart is not None and apart.returned is not None:
            await self._send_words(review, part, {}, apart.returned)
            sent = asked_of(await self._read(), review, part.unit).submission
            assert sent is not None
            await give_back(sent, remark=apart.remark, by=COMMAND_LINE, based_on=sent.version)
        await self._send_words(review, part, part.words, part.day)

    async def _send_words(
        self, review: Review, part: Part, words: Mapping[PydanticObjectId, ReportShape], day: date
    ) -> None:
        """Send a unit's part on a day; tasks without words have not changed."""
        snapshot = await self._read()
        asked = asked_of(snapshot, review, part.unit)
        await send(
            snapshot,
            review,
            part.unit,
            [self._said(review, task, words.get(task.key), day) for task in asked.tasks],
            [_money_said(line, entry) for line, entry in part.money] if words else [],
            today=day,
            by=COMMAND_LINE,
            based_on=NEVER_WRITTEN if asked.submission is None else asked.submission.version,
            on_behalf=part.apart is not None and part.apart.on_behalf,
            illustrative=self.missing.illustrative,
            at=_noon(day),
        )

    def _said(self, review: Review, task: Task, report: ReportShape | None, day: date) -> TaskWords:
        if report is None:
            return unchanged(self.snapshot, review, task)
        values = report.model_dump(exclude={"task", "on"})
        return TaskWords(task=task.key, done=self._done(task.key, review.day_on(day)), **values)


@dataclass(frozen=True, slots=True)
class Part:
    """What one unit sends in for a review on a day."""

    unit: PydanticObjectId
    day: date
    words: Mapping[PydanticObjectId, ReportShape]
    money: Money
    apart: PartShape | None


def _money_said(line: PydanticObjectId, entry: MoneyReport) -> MoneyWords:
    return MoneyWords(line, entry.source, entry.year, entry.contracted, entry.spent)


def _day_of(one: tuple[PydanticObjectId, ReportShape] | tuple[PydanticObjectId, MoneyReport]) -> date:
    return one[1].on


def _noon(day: date) -> datetime:
    return i18n.begin_of(day) + timedelta(hours=12)


def _after(document: D, entry: AuditEntry) -> D:
    """The document as the change has left it."""
    change = next(change for change in entry.changes if change.document == document.key)
    after: D = type(document).model_validate({**dict(document), **change.after, "version": change.version})
    return after
