"""Loads a progress file: what was reported on a plan that is there, checked as a whole and then written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from beanie import PydanticObjectId
from pydantic import ValidationError

from stratplan.audit import changed
from stratplan.database import Session
from stratplan.documents import LivingDocument
from stratplan.goals.models import Milestone, Report, Task
from stratplan.i18n import _
from stratplan.imports.loading import Loading, Outcome, milestones_of
from stratplan.imports.marked_yaml import MarkedFile, Place
from stratplan.imports.mistakes import mistakes_in
from stratplan.imports.progress_writing import Missing, ProgressWriting, Quarter
from stratplan.imports.seed_format import MoneyShape, ProgressFile, ReportShape, ReviewShape
from stratplan.imports.shelves import Shelf
from stratplan.investments.models import InvestmentLine, MoneyReport, YearAmount
from stratplan.plans.models import FundingSource, Plan
from stratplan.reviews.models import Review
from stratplan.reviews.terms import canonical, code_of, term_of
from stratplan.units.models import Unit


class ProgressLoading(Loading):
    """What a file says of a plan that is there and is missing from it: found, checked, and then written."""

    def __init__(self, file: MarkedFile, content: ProgressFile, session: Session) -> None:
        super().__init__(file, content.plan, session)
        self.content = content

    async def run(self) -> Outcome:
        plan = await Plan.find_one({"slug": self.content.plan, "deleted": False}, session=self.session)
        if plan is None:
            self.wrong(("plan",), _("There is no plan “%(slug)s”. Load the plan first.") % {"slug": self.content.plan})
        self.stop_if_wrong()
        assert plan is not None
        await self._look_at(plan)
        missing = Missing(plan.slug, illustrative=self.content.illustrative)
        missing.steps = self._missing_milestones()
        missing.quarters = self._missing_reviews(plan)
        self._missing_reports(missing)
        missing.planned = self._missing_planned()
        self._missing_money(missing)
        self.stop_if_wrong()
        await ProgressWriting(missing).run()
        return self.outcome

    async def _look_at(self, plan: Plan) -> None:
        fetch = partial(Shelf.fetch, scope=plan.key, session=self.session)
        self.tasks = await fetch(Task, name=lambda task: task.number)
        self.lines = await fetch(InvestmentLine, name=lambda line: line.number)
        self.sources = await fetch(FundingSource, name=lambda source: source.code)
        self.units = await Shelf.fetch(Unit, plan.organisation, lambda unit: unit.name, self.session)
        self.reviews = {review.code: review for review in (await fetch(Review, name=_code)).living()}
        reports = await Report.find({"scope": plan.key, "deleted": False}, session=self.session).to_list()
        self.reported = {(report.task, report.on) for report in reports}
        self.sent_in = {(report.task, report.review) for report in reports}

    def _review_of(self, day: date) -> ReviewShape | None:
        """The review of the file that was open on the day, the first of several."""
        return next((one for one in self.content.reviews if one.opened <= day <= (one.closed or date.max)), None)

    # --- reviews ---

    def _missing_reviews(self, plan: Plan) -> list[Quarter]:
        """The reviews that the plan does not have, in the order of time."""
        missing = []
        seen: set[str] = set()
        for number, shape in enumerate(self.content.reviews):
            place = ("reviews", number)
            if term_of(shape.period) is None:
                self.wrong((*place, "period"), _("A review is of a quarter, a half-year or a year."))
                continue
            code = _code(shape)
            self.seen_once((*place, "period"), seen, code)
            if code in self.reviews:
                self.outcome.there["review"] += 1
                continue
            self._check_days(plan, shape, place)
            self.outcome.added["review"] += 1
            missing.append(Quarter(shape, self._parts(shape, place)))
        return sorted(missing, key=lambda quarter: (quarter.shape.period.end, quarter.shape.opened))

    def _check_days(self, plan: Plan, shape: ReviewShape, place: Place) -> None:
        if not {*shape.period.years()} & {*plan.years}:
            self.wrong((*place, "period"), _("The plan has no day in this period."))
        if shape.opened < shape.period.start:
            self.wrong((*place, "opened"), _("This period has not begun yet."))
        if shape.due < shape.period.start:
            self.wrong((*place, "due"), _("The due date is before the period begins."))
        if shape.closed is not None and shape.closed < shape.opened:
            self.wrong((*place, "closed"), _("The review is closed before it is opened."))
        if shape.closed is None and (shape.decision_number or shape.decision_date):
            self.wrong(place, _("Only a closed review has a decision."))

    def _parts(self, shape: ReviewShape, place: Place) -> Mapping[PydanticObjectId, Any]:
        """What the file says apart of units' parts, by unit."""
        parts = {}
        seen: set[str] = set()
        for number, part in enumerate(shape.parts):
            here = (*place, "parts", number)
            self.seen_once((*here, "unit"), seen, part.unit)
            unit = self.known(self.units, part.unit, (*here, "unit"))
            if unit is None:
                continue
            parts[unit] = part
            days = [
                report.on
                for report in self.content.reports
                if (task := self.tasks.find(report.task)) and task.lead == unit and self._review_of(report.on) is shape
            ]
            if not days:
                self.wrong((*here, "unit"), _("Nothing is reported by this unit in this review."))
            elif part.returned is not None and not shape.opened <= part.returned <= max(days):
                self.wrong((*here, "returned"), _("A part is returned before it is sent for the last time."))
            if (part.returned is None) != (not part.remark):
                self.wrong(here, _("What is returned has a day and a remark."))
        return parts

    # --- reports ---

    def _missing_milestones(self) -> dict[PydanticObjectId, list[Milestone]]:
        """The milestones of tasks that have none; a task that has some keeps its own."""
        missing = {}
        seen: set[str] = set()
        for number, item in enumerate(self.content.milestones):
            place = ("milestones", number)
            self.seen_once((*place, "task"), seen, item.task)
            self.known(self.tasks, item.task, (*place, "task"))
            task = self.tasks.find(item.task)
            if task is None:
                continue
            if task.milestones:
                self.outcome.there["milestone"] += len(item.milestones)
            else:
                self.outcome.added["milestone"] += len(item.milestones)
                missing[task.key] = milestones_of(item.milestones)
        return missing

    def _missing_reports(self, missing: Missing) -> None:
        """The reports that are not there: those sent in for a missing review, and all others."""
        quarters = {id(quarter.shape): quarter for quarter in missing.quarters}
        seen: set[tuple[str, date]] = set()
        for number, report in enumerate(self.content.reports):
            place = ("reports", number)
            self.seen_once((*place, "on"), seen, (report.task, report.on))
            self.known(self.tasks, report.task, (*place, "task"))
            task = self.tasks.find(report.task)
            if task is None:
                continue
            review = self._review_of(report.on)
            if self._is_reported(task, report, review):
                self.outcome.there["report"] += 1
                continue
            if report.percent is not None and (task.milestones or missing.steps.get(task.key)):
                self.wrong(
                    (*place, "percent"), _("This task's progress is counted from its milestones: mark those done.")
                )
            self.outcome.added["report"] += 1
            quarter = quarters.get(id(review))
            (missing if quarter is None else quarter).reports.append((task.key, report))

    def _is_reported(self, task: Task, report: ReportShape, review: ReviewShape | None) -> bool:
        """Whether the task has this report, perhaps sent in for a review and so as of another day."""
        there = None if review is None else self.reviews.get(_code(review))
        return (task.key, report.on) in self.reported or (there is not None and (task.key, there.key) in self.sent_in)

    # --- money ---

    def _missing_planned(self) -> dict[PydanticObjectId, list[YearAmount]]:
        """The planned money of lines that have none; a line that has some keeps its own."""
        missing = {}
        seen: set[str] = set()
        for number, item in enumerate(self.content.planned):
            place = ("planned", number)
            self.seen_once((*place, "line"), seen, item.line)
            self.known(self.lines, item.line, (*place, "line"))
            line = self.lines.find(item.line)
            amounts = []
            for year, by_source in item.years.items():
                for code, amount in by_source.items():
                    source = self.known(self.sources, code, (*place, "years", str(year), code))
                    if source is not None:
                        amounts.append(YearAmount(source=source, year=year, amount=amount))
            if line is None:
                continue
            if line.planned:
                self.outcome.there["planned"] += len(amounts)
            elif amounts:
                self._check(line, place, planned=amounts)
                self.outcome.added["planned"] += len(amounts)
                missing[line.key] = amounts
        return missing

    def _missing_money(self, missing: Missing) -> None:
        """The sums that no report of the same day, source and year has: of a missing review, and all others."""
        quarters = {id(quarter.shape): quarter for quarter in missing.quarters}
        seen: set[tuple[str, date, str, int]] = set()
        for number, item in enumerate(self.content.money):
            place = ("money", number)
            self.seen_once(place, seen, (item.line, item.on, item.source, item.year))
            self.known(self.lines, item.line, (*place, "line"))
            source = self.known(self.sources, item.source, (*place, "source"))
            line = self.lines.find(item.line)
            if line is None or source is None:
                continue
            review = self._review_of(item.on)
            if self._is_stated(line, item, source, review):
                self.outcome.there["money"] += 1
                continue
            self.outcome.added["money"] += 1
            values = item.model_dump(exclude={"line"}) | {"source": source, "illustrative": self.content.illustrative}
            entry = MoneyReport(**values)
            self._check(line, place, money_reports=[entry])
            quarter = quarters.get(id(review))
            (missing if quarter is None else quarter).money.append((line.key, entry))

    def _is_stated(
        self, line: InvestmentLine, item: MoneyShape, source: PydanticObjectId, review: ReviewShape | None
    ) -> bool:
        """Whether the line has these sums, perhaps sent in for a review and so as of another day of its period."""
        there = None if review is None else self.reviews.get(_code(review))
        return any(
            (entry.source, entry.year) == (source, item.year)
            and (entry.on == item.on or (there is not None and there.period.start <= entry.on <= there.period.end))
            for entry in line.money_reports
        )

    def _check(self, document: LivingDocument, place: Place, **values: Any) -> None:
        """Note a mistake where the document's own rules forbid the values."""
        try:
            changed(document, **values)
        except ValidationError as error:
            self.mistakes += mistakes_in(self.file, error, place)


def _code(review: Review | ReviewShape) -> str:
    return code_of(canonical(review.period))
