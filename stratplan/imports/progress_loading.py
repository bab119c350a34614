"""Loads a progress file: what was reported on a plan that is there, through the verbs that people report with."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import partial
from typing import Any, TypeVar

from beanie import PydanticObjectId
from pydantic import ValidationError

from stratplan.actors import COMMAND_LINE
from stratplan.audit import AuditEntry, changed
from stratplan.database import Session
from stratplan.documents import LivingDocument
from stratplan.goals.models import Milestone, Report, Task
from stratplan.i18n import _
from stratplan.imports.loading import Loading, Outcome, milestones_of
from stratplan.imports.marked_yaml import MarkedFile, Place
from stratplan.imports.mistakes import mistakes_in
from stratplan.imports.seed_format import ProgressFile, ReportShape
from stratplan.imports.shelves import Shelf
from stratplan.investments.models import InvestmentLine, MoneyReport, YearAmount
from stratplan.plans.models import FundingSource, Plan

D = TypeVar("D", bound=LivingDocument)


class ProgressLoading(Loading):
    """Reports, in the order of their days, what a file says of a plan that is there."""

    def __init__(self, file: MarkedFile, content: ProgressFile, session: Session) -> None:
        super().__init__(file, content.plan, session)
        self.content = content

    async def run(self) -> Outcome:
        plan = await Plan.find_one({"slug": self.content.plan, "deleted": False}, session=self.session)
        if plan is None:
            self.wrong(("plan",), _("There is no plan “%(slug)s”. Load the plan first.") % {"slug": self.content.plan})
        self.stop_if_wrong()
        assert plan is not None
        fetch = partial(Shelf.fetch, scope=plan.key, session=self.session)
        self.tasks = await fetch(Task, name=lambda task: task.number)
        self.lines = await fetch(InvestmentLine, name=lambda line: line.number)
        self.sources = await fetch(FundingSource, name=lambda source: source.code)
        steps = self._missing_milestones()
        reports = self._missing_reports(steps, await self._reported(plan))
        planned = self._missing_planned()
        money = self._missing_money()
        self.stop_if_wrong()
        for task in self.tasks.living():
            await self._report(task, steps.get(task.key), reports.get(task.key, []))
        for line in self.lines.living():
            if line.key in planned:
                line = await self._edited(line, {"planned": planned[line.key]})
            for entry in money.get(line.key, []):
                line = _after(line, await line.report_money(**dict(entry), by=COMMAND_LINE, based_on=line.version))
        return self.outcome

    async def _reported(self, plan: Plan) -> set[tuple[PydanticObjectId, date]]:
        found = Report.find({"scope": plan.key, "deleted": False}, session=self.session)
        return {(report.task, report.on) async for report in found}

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

    def _missing_reports(
        self, steps: dict[PydanticObjectId, list[Milestone]], reported: set[tuple[PydanticObjectId, date]]
    ) -> dict[PydanticObjectId, list[ReportShape]]:
        """The reports by task, in the order of their days."""
        missing: defaultdict[PydanticObjectId, list[ReportShape]] = defaultdict(list)
        seen: set[tuple[str, date]] = set()
        for number, report in enumerate(self.content.reports):
            place = ("reports", number)
            self.seen_once((*place, "on"), seen, (report.task, report.on))
            self.known(self.tasks, report.task, (*place, "task"))
            task = self.tasks.find(report.task)
            if task is None:
                continue
            if (task.key, report.on) in reported:
                self.outcome.there["report"] += 1
                continue
            if report.percent is not None and (task.milestones or steps.get(task.key)):
                self.wrong(
                    (*place, "percent"), _("This task's progress is counted from its milestones: mark those done.")
                )
            self.outcome.added["report"] += 1
            missing[task.key].append(report)
        return {task: sorted(reports, key=lambda report: report.on) for task, reports in missing.items()}

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

    def _missing_money(self) -> dict[PydanticObjectId, list[MoneyReport]]:
        """By line, in the order of their days: the sums that no report of the same day, source and year has."""
        missing: defaultdict[PydanticObjectId, list[MoneyReport]] = defaultdict(list)
        seen: set[tuple[str, date, str, int]] = set()
        for number, item in enumerate(self.content.money):
            place = ("money", number)
            self.seen_once(place, seen, (item.line, item.on, item.source, item.year))
            self.known(self.lines, item.line, (*place, "line"))
            source = self.known(self.sources, item.source, (*place, "source"))
            line = self.lines.find(item.line)
            if line is None or source is None:
                continue
            if any(
                (entry.on, entry.source, entry.year) == (item.on, source, item.year) for entry in line.money_reports
            ):
                self.outcome.there["money"] += 1
                continue
            self.outcome.added["money"] += 1
            values = item.model_dump(exclude={"line"}) | {"source": source, "illustrative": self.content.illustrative}
            entry = MoneyReport(**values)
            self._check(line, place, money_reports=[entry])
            missing[line.key].append(entry)
        return {line: sorted(entries, key=lambda entry: entry.on) for line, entries in missing.items()}

    def _check(self, document: LivingDocument, place: Place, **values: Any) -> None:
        """Note a mistake where the document's own rules forbid the values."""
        try:
            changed(document, **values)
        except ValidationError as error:
            self.mistakes += mistakes_in(self.file, error, place)

    async def _edited(self, document: D, values: dict[str, Any]) -> D:
        entry = await document.edit(values, by=COMMAND_LINE, based_on=document.version)
        return _after(document, entry) if entry else document

    async def _report(self, task: Task, steps: list[Milestone] | None, reports: list[ReportShape]) -> None:
        """Set up a task's milestones and make its reports, each with the milestones reached by its day."""
        if steps:
            task = await self._edited(
                task, {"milestones": [step.model_copy(update={"done_on": None}) for step in steps]}
            )
        for report in reports:
            done = {step.key: step.done_on for step in steps or [] if step.done_on and step.done_on <= report.on}
            entry = await task.report(
                **report.model_dump(exclude={"task"}),
                done=done if steps else None,
                illustrative=self.content.illustrative,
                by=COMMAND_LINE,
                based_on=task.version,
            )
            task = _after(task, entry)
        if steps:
            await self._edited(task, {"milestones": steps})


def _after(document: D, entry: AuditEntry | None) -> D:
    """The document as the change has left it; as it was where nothing differed."""
    if entry is None:
        return document
    change = next(change for change in entry.changes if change.document == document.key)
    after: D = type(document).model_validate({**dict(document), **change.after, "version": change.version})
    return after
