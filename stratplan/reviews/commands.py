"""What the command line does to reviews: the same verbs that the pages call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import click
import yaml
from beanie import PydanticObjectId
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from stratplan import i18n
from stratplan.actors import COMMAND_LINE
from stratplan.documents import Money, OptionalProse
from stratplan.errors import RuleBroken, StratplanError
from stratplan.forms import sentence
from stratplan.goals.models import Task
from stratplan.goals.queries import task_figures
from stratplan.goals.states import Execution, Outcome
from stratplan.i18n import N_, _, ngettext
from stratplan.investments.models import InvestmentLine
from stratplan.period import Period
from stratplan.plans.models import FundingSource, Plan
from stratplan.reviews.closing import close_review, open_review, reopen_review, usual_due
from stratplan.reviews.models import Decision, Review
from stratplan.reviews.queries import Asked, find_review, reviews_in_order, units_asked, without_unit
from stratplan.reviews.sending import NEVER_WRITTEN, MoneyWords, TaskWords, send, unchanged
from stratplan.reviews.terms import period_of_code
from stratplan.snapshot import Snapshot, Snapshots

LARGEST_FILE = 2 * 2**20  # bytes


async def open_plan(slug: str) -> Snapshot:
    """The plan as it is, or a sentence with the plans that there are."""
    snapshot = await Snapshots().of(slug)
    if snapshot is None:
        slugs = sorted(found.slug for found in await Plan.find({"deleted": False}).to_list())
        raise StratplanError(
            _("There is no plan “%(plan)s”. The plans are: %(plans)s.", plan=slug, plans=", ".join(slugs) or i18n.DASH)
        )
    return snapshot


def _period(code: str) -> Period:
    period = period_of_code(code)
    if period is None:
        raise StratplanError(_("“%(code)s” is no review. Write 2016Q3, 2016H1 or 2016.", code=code))
    return period


def review_of_code(snapshot: Snapshot, code: str) -> Review:
    """The review of that code, or a sentence with the reviews that there are."""
    period = _period(code)
    for review in reviews_in_order(snapshot):
        if review.period == period:
            return find_review(snapshot, code)
    codes = ", ".join(review.code for review in reviews_in_order(snapshot))
    raise StratplanError(
        _("The plan has no review %(code)s. Its reviews are: %(codes)s.", code=code, codes=codes or i18n.DASH)
    )


def day_of_text(text: str | None) -> date | None:
    """A day as it is written in a command, or a sentence about it."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise StratplanError(_("“%(day)s” is not a day. Write it YYYY-MM-DD, such as 2016-09-30.", day=text)) from None


async def opened(plan: str, code: str, *, due: str | None, note: str) -> str:
    """Open a review; what was done, as a sentence."""
    snapshot, period, today = await open_plan(plan), _period(code), i18n.today()
    last = day_of_text(due) or usual_due(period, today)
    review, _entry = await open_review(snapshot, period, due=last, note=note, by=COMMAND_LINE, today=today)
    units = units_asked(await open_plan(plan), review)
    return (
        _("Opened: %(review)s, due on %(day)s.", review=review.name, day=i18n.short_date(review.due))
        + " "
        + ngettext("%(num)s unit reports in it.", "%(num)s units report in it.", len(units))
    )


async def status(plan: str, code: str | None) -> list[str]:
    """The reviews of a plan, or who has sent in for one of them: lines with tabs between."""
    snapshot = await open_plan(plan)
    if code is not None:
        return list(_status_lines(snapshot, review_of_code(snapshot, code)))
    lines = []
    for review in reviews_in_order(snapshot):
        asked = units_asked(snapshot, review)
        edition = review.edition
        tail = (
            _("%(sent)s of %(all)s sent", sent=sum(one.is_sent for one in asked), all=len(asked))
            if edition is None
            else _("edition %(number)s, as of %(day)s", number=edition.number, day=i18n.short_date(edition.day))
        )
        lines.append("\t".join([review.code, _(review.state.label), i18n.short_date(review.due), tail]))
    return lines or [_("The plan has no reviews yet. Open one with: stratplan review open %(plan)s 2016Q3", plan=plan)]


def _status_lines(snapshot: Snapshot, review: Review) -> Iterator[str]:
    yield "\t".join([review.code, _(review.state.label), i18n.short_date(review.due)])
    for asked in units_asked(snapshot, review):
        at = None if asked.submission is None else asked.submission.sent_at
        numbers = ", ".join(task.number for task in asked.tasks)
        yield "\t".join([asked.unit.caption, _(asked.state.label), i18n.date_and_time(at), numbers])
    for task in without_unit(snapshot, review):
        yield "\t".join([i18n.DASH, _("No unit"), i18n.DASH, task.number])


async def closed(plan: str, code: str, *, number: str, day: str | None, without_missing: bool = False) -> str:
    """Close a review, where that is said also without units that have not sent; what was done, as a sentence."""
    snapshot = await open_plan(plan)
    review = review_of_code(snapshot, code)
    try:
        await close_review(
            Snapshots(),
            plan,
            review,
            decision=Decision(number=number, day=day_of_text(day)),
            by=COMMAND_LINE,
            based_on=review.version,
            today=i18n.today(),
            despite_missing=without_missing,
        )
    except RuleBroken as broken:
        if broken.field != "confirmed":
            raise
        raise StratplanError(_("%(reason)s Confirm it with --without-missing.", reason=broken)) from None
    edition = review_of_code(await open_plan(plan), code).editions[-1]
    return _(
        "Closed: %(review)s, edition %(number)s, %(tasks)s tasks and %(lines)s investment lines as of %(day)s.",
        review=review.name,
        number=edition.number,
        tasks=edition.tasks,
        lines=edition.lines,
        day=i18n.short_date(edition.day),
    )


async def reopened(plan: str, code: str, *, reason: str) -> str:
    """Open a closed review again; what was done, as a sentence."""
    review = review_of_code(await open_plan(plan), code)
    await reopen_review(review, reason=reason, by=COMMAND_LINE, based_on=review.version)
    return _("Opened again: %(review)s. Its editions stay.", review=review.name)


# --- reporting for a unit -----------------------------------------------------------------------------------------


class TaskReport(BaseModel):
    """What a file says of one task, by its number; without a state it is as it was last reported. What is unchanged
    says nothing else."""

    model_config = ConfigDict(extra="forbid")

    task: Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int | float) else value)]
    execution: Execution | None = None
    outcome: Outcome | None = None
    percent: Annotated[int, Field(ge=0, le=100)] | None = None
    done: Mapping[str, date] | None = None
    text: OptionalProse = ""
    next: OptionalProse = ""
    obstacles: OptionalProse = ""
    unchanged: bool = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> TaskReport:
        if self.unchanged and self.model_fields_set - {"task", "unchanged"}:
            raise ValueError(N_("A task that is unchanged says nothing else."))
        return self


class MoneyOfLine(BaseModel):
    """What a file says of the money of one line, by its number, from one source (its code) for one year."""

    model_config = ConfigDict(extra="forbid")

    line: Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int | float) else value)]
    source: str
    year: int
    contracted: Money | None = None
    spent: Money | None = None


class UnitReport(BaseModel):
    """A unit's part of a review as a file has it (docs/reviews-commands.md)."""

    model_config = ConfigDict(extra="forbid")

    tasks: list[TaskReport] = []
    money: list[MoneyOfLine] = []


class _WithoutDays(yaml.SafeLoader):
    """Leaves days as they are written: what is none is told with its place, as every other value is."""

    yaml_implicit_resolvers = {  # as its base class has it
        first: [(tag, looks) for tag, looks in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_report(path: Path) -> UnitReport:
    """The part that a YAML or JSON file has, or a sentence that says where it is wrong."""
    try:
        with click.open_file(str(path), "rb") as file:
            text = file.read(LARGEST_FILE + 1)
        if len(text) > LARGEST_FILE:
            raise StratplanError(_("%(file)s is too large for a report.", file=path))
        found = yaml.load(text.decode("utf-8"), _WithoutDays)  # noqa: S506  # a safe loader
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        raise StratplanError(
            _(
                "%(file)s, line %(line)s: this is not valid YAML (%(reason)s).",
                file=path,
                line=line,
                reason=error.problem,
            )
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise StratplanError(_("%(file)s cannot be read: %(reason)s", file=path, reason=reason)) from None
    try:
        return UnitReport.model_validate(found if found is not None else {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        raise StratplanError(
            _("%(file)s, %(where)s: %(reason)s", file=path, where=where or i18n.DASH, reason=sentence(first))
        ) from None


async def reported(plan: str, code: str, unit: str, report: UnitReport, *, no_change: bool) -> str:
    """Send in a unit's part, for it; what was done, as a sentence. With `no_change` the tasks that the file does not
    name are as they were; those that were sent before stay as they were sent in any case."""
    snapshot = await open_plan(plan)
    review = review_of_code(snapshot, code)
    asked = _asked(snapshot, review, unit)
    words = list(_words(snapshot, report.tasks, asked, review))
    if no_change:
        named = {one.task for one in words}
        words += [unchanged(snapshot, review, task) for task in asked.to_say if task.key not in named]
    await send(
        snapshot,
        review,
        asked.unit.key,
        words,
        [_money(snapshot, one) for one in report.money],
        today=i18n.today(),
        by=COMMAND_LINE,
        based_on=NEVER_WRITTEN if asked.submission is None else asked.submission.version,
        on_behalf=True,
    )
    return _(
        "Sent in for %(unit)s: %(review)s, tasks %(numbers)s.",
        unit=asked.unit.name,
        review=review.name,
        numbers=", ".join(task.number for task in asked.tasks),
    )


def _asked(snapshot: Snapshot, review: Review, name: str) -> Asked:
    units = units_asked(snapshot, review)
    for asked in units:
        if name in (asked.unit.short, asked.unit.name):
            return asked
    raise StratplanError(
        _(
            "The review asks nothing of a unit “%(unit)s”. It asks: %(units)s.",
            unit=name,
            units="; ".join(one.unit.caption for one in units) or i18n.DASH,
        )
    )


def _words(snapshot: Snapshot, reports: Sequence[TaskReport], asked: Asked, review: Review) -> Iterator[TaskWords]:
    tasks = {task.number: task for task in asked.tasks}
    for one in reports:
        task = tasks.get(one.task)
        if task is None:
            raise StratplanError(
                _(
                    "Task %(number)s is not asked of this unit. Its tasks are: %(numbers)s.",
                    number=one.task,
                    numbers=", ".join(tasks),
                )
            )
        yield unchanged(snapshot, review, task) if one.unchanged else _meant(snapshot, review, task, one)


def _meant(snapshot: Snapshot, review: Review, task: Task, said: TaskReport) -> TaskWords:
    """What the file says of a task; what it does not say of its state is as it was last reported."""
    figures = task_figures(snapshot, review.day_on(i18n.today()))[task.key]
    return TaskWords(
        task=task.key,
        execution=said.execution or figures.execution,
        outcome=said.outcome or figures.outcome,
        percent=figures.progress.report_percent if said.percent is None else said.percent,
        done=said.done,
        text=said.text,
        next_steps=said.next,
        obstacles=said.obstacles,
    )


def _money(snapshot: Snapshot, said: MoneyOfLine) -> MoneyWords:
    line = _numbered(snapshot, said.line)
    source = next((one for one in snapshot.all(FundingSource).values() if one.code == said.source), None)
    if source is None:
        codes = ", ".join(sorted(one.code for one in snapshot.all(FundingSource).values()))
        raise StratplanError(
            _("There is no funding source “%(code)s”. There are: %(codes)s.", code=said.source, codes=codes)
        )
    return MoneyWords(line, source.key, said.year, said.contracted, said.spent)


def _numbered(snapshot: Snapshot, number: str) -> PydanticObjectId:
    for line in snapshot.all(InvestmentLine).values():
        if line.number == number:
            return line.key
    raise StratplanError(_("There is no investment line %(number)s.", number=number))
