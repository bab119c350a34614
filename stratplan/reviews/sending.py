"""A unit's part of a review: sent in whole as one change, returned by the planner with a remark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from beanie import PydanticObjectId

from stratplan import audit, i18n
from stratplan.actors import Actor
from stratplan.documents import now
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.goals.models import Milestone, Report, Task
from stratplan.goals.states import Execution, Outcome
from stratplan.i18n import _, ngettext
from stratplan.investments.models import InvestmentLine, MoneyReport
from stratplan.reviews.models import Review, Submission, SubmissionState
from stratplan.reviews.queries import Asked, asked_of, reported_before, reports_in
from stratplan.snapshot import Snapshot

NEVER_WRITTEN = 0  # the version of a part that nobody has begun


@dataclass(frozen=True, slots=True)
class TaskWords:
    """What a unit says of one task: `percent` from 0 to 100, or, of a task with milestones, the day on which each of
    `done` (by key) was reached. `unchanged`: as it was last reported (see `unchanged`)."""

    task: PydanticObjectId
    execution: Execution
    outcome: Outcome = Outcome.NOT_ASSESSED
    percent: int | None = None
    done: Mapping[str, date] | None = None
    text: str = ""
    next_steps: str = ""
    obstacles: str = ""
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class MoneyWords:
    """EUR contracted and spent so far of one line, from one source for one year; None where nothing is stated."""

    line: PydanticObjectId
    source: PydanticObjectId
    year: int
    contracted: Decimal | None
    spent: Decimal | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be in a unit's part, in a sentence; `name` is its field on the card of the task (see cards)."""

    task: PydanticObjectId
    name: str
    message: str


def faults(
    snapshot: Snapshot,
    asked: Asked,
    said: Sequence[TaskWords],
    money: Sequence[MoneyWords],
    *,
    today: date,
    on: date,
) -> Iterator[Fault]:
    """What of a unit's words cannot be sent today for a review that says how things were `on` its day: milestones that
    were done on a day to come or after that day, sums of a year that the plan does not have."""
    words = {one.task: one for one in said}
    for task in asked.tasks:
        done = words[task.key].done if task.key in words else None
        for milestone in task.milestones:
            day = (done or {}).get(milestone.key)
            if day is not None and day > on and day != milestone.done_on:
                message = _said_day(task, milestone, day, today=today, on=on)
                yield Fault(task.key, f"day-{milestone.key}", message)
    for sums in money:
        line = snapshot.find(InvestmentLine, sums.line)
        paid = next((task for task in asked.tasks if line is not None and task.key in line.tasks), None)
        if line is None or paid is None or sums.year in snapshot.plan.years:
            continue
        stated = "contracted" if sums.spent is None else "spent"
        yield Fault(
            paid.key,
            f"{stated}-{line.key}-{sums.source}",
            _("Investment line %(line)s: %(year)s is no year of the plan.", line=line.number, year=sums.year),
        )


def _said_day(task: Task, milestone: Milestone, day: date, *, today: date, on: date) -> str:
    """Why a milestone was not done on that day as far as the review goes."""
    if day > today:
        return _(
            "Task %(number)s, “%(milestone)s”: %(day)s is yet to come.",
            number=task.number,
            milestone=milestone.title,
            day=i18n.short_date(day),
        )
    return _(
        "Task %(number)s, “%(milestone)s”: this review says how things were on %(day)s. What was done later belongs in "
        "the next one.",
        number=task.number,
        milestone=milestone.title,
        day=i18n.short_date(on),
    )


def unchanged(snapshot: Snapshot, review: Review, task: Task) -> TaskWords:
    """“No change”: the task as it was last reported before the review, in the same words. A task that nobody reported
    on has not been started; milestones stay as they are."""
    before = reported_before(snapshot, review, task)
    if before is None:
        return TaskWords(task=task.key, execution=Execution.NOT_STARTED, unchanged=True)
    return TaskWords(
        task=task.key,
        execution=before.execution,
        outcome=before.outcome,
        percent=before.percent,
        text=before.text,
        next_steps=before.next_steps,
        obstacles=before.obstacles,
        unchanged=True,
    )


async def send(
    snapshot: Snapshot,
    review: Review,
    unit: PydanticObjectId,
    said: Sequence[TaskWords],
    money: Sequence[MoneyWords] = (),
    *,
    today: date,
    by: Actor,
    based_on: int,
    on_behalf: bool = False,
    by_link: bool = False,
    illustrative: bool = False,
    at: datetime | None = None,
) -> audit.AuditEntry:
    """Send in a unit's part of a review: a report on each task that is asked of it, and money, as one change.

    Reports are as of the review's last day, or of today before that. What was sent before is corrected, not doubled,
    and stands where nothing (else) is said of it: a unit sends the rest when tasks were added since.
    `at` is when that was, where a file tells of it afterwards; the history has when it was written.
    Raises StaleEdit when the part was sent or returned since version `based_on` (0: nobody had begun), RuleBroken when
    a task is left out, or something cannot be (see `faults`).
    """
    asked = asked_of(snapshot, review, unit)
    _check_version(asked.submission, based_on)
    words = {one.task: one for one in said}
    _refuse_gaps(asked, words)
    on = review.day_on(today)
    for fault in faults(snapshot, asked, said, money, today=today, on=on):
        raise RuleBroken(fault.message, field=fault.name)
    earlier = reports_in(snapshot, review, asked.tasks)
    edits = [_part(review, asked, by, at or now(), on_behalf=on_behalf, by_link=by_link)]
    for task in asked.tasks:
        if task.key in words:
            edits += _report(review, task, words[task.key], earlier.get(task.key), on, by, illustrative=illustrative)
    edits += _money(snapshot, asked, money, on, illustrative=illustrative)
    return await audit.record("submission.sent", edits, by=by)


async def give_back(submission: Submission, *, remark: str, by: Actor, based_on: int) -> audit.AuditEntry:
    """Return a unit's part with a remark: it is theirs again to correct and send."""
    _check_version(submission, based_on)
    if submission.state is not SubmissionState.SENT:
        raise RuleBroken(_("Only what was sent can be returned."))
    if not remark.strip():
        raise RuleBroken(_("Say what is to be corrected."), field="remark")
    change = audit.changed(submission, state=SubmissionState.RETURNED, remark=remark)
    return await audit.record("submission.returned", [change], by=by)


def _check_version(submission: Submission | None, based_on: int) -> None:
    if submission is not None and submission.version != based_on:
        raise StaleEdit(submission, {})


def _refuse_gaps(asked: Asked, words: Mapping[PydanticObjectId, TaskWords]) -> None:
    missing = [
        task.number
        for task in asked.tasks
        if (_says_nothing(words[task.key]) if task.key in words else task in asked.to_say)
    ]
    if missing:
        raise RuleBroken(
            ngettext(
                "Say what was done for task %(numbers)s, or that nothing changed.",
                "Say what was done for tasks %(numbers)s, or that nothing changed.",
                len(missing),
                numbers=", ".join(missing),
            )
        )


def _says_nothing(words: TaskWords) -> bool:
    return not (words.unchanged or words.text.strip())


def _part(review: Review, asked: Asked, by: Actor, at: datetime, *, on_behalf: bool, by_link: bool) -> audit.Edit:
    values = {
        "state": SubmissionState.SENT,
        "sent_at": at,
        "first_sent_at": at if asked.submission is None else asked.submission.came_in_at or at,
        "sent_by": by.id,
        "on_behalf": on_behalf,
        "by_link": by_link,
        "name": asked.unit.name,
    }
    if asked.submission is not None:
        return audit.changed(asked.submission, **values)
    return audit.created(Submission.new(scope=review.scope, review=review.key, unit=asked.unit.key, **values))


def _report(
    review: Review, task: Task, words: TaskWords, earlier: Report | None, on: date, by: Actor, *, illustrative: bool
) -> list[audit.Edit]:
    percent = None if task.milestones else 100 if words.execution is Execution.COMPLETED else words.percent
    said = {
        "on": on,
        "execution": words.execution,
        "outcome": words.outcome,
        "percent": percent,
        "text": words.text,
        "next_steps": words.next_steps,
        "obstacles": words.obstacles,
        "unchanged": words.unchanged,
    }
    who = {"by": by.id, "illustrative": illustrative}
    touched = _milestones(task, words, on)
    if earlier is None:
        fresh = Report.new(scope=review.scope, task=task.key, review=review.key, **said, **who)
        return [touched, audit.created(fresh)]
    # Who sends the part once more has not said anew what stands there already: it stays whose it was.
    is_new = touched.values or audit.changed(earlier, **said).values
    return [touched, audit.changed(earlier, **said, **who)] if is_new else []


def _milestones(task: Task, words: TaskWords, on: date) -> audit.Edit:
    """The task, with its milestones as they were reported; touched also where none is: its history tells of both.

    One that was done after `on` and is not said to be done earlier keeps its day: of that time nothing is reported.
    """
    if not task.milestones or words.done is None:
        return audit.changed(task)
    unknown = words.done.keys() - {milestone.key for milestone in task.milestones}
    if unknown:
        raise RuleBroken(_("A milestone that is reported as done does not exist any more."), field="done")
    done = {one.key: one.done_on for one in task.milestones if one.done_on is not None and one.done_on > on}
    done |= words.done
    return audit.changed(
        task, milestones=[one.model_copy(update={"done_on": done.get(one.key)}) for one in task.milestones]
    )


def _money(
    snapshot: Snapshot, asked: Asked, money: Sequence[MoneyWords], on: date, *, illustrative: bool
) -> list[audit.Edit]:
    of_lines: dict[PydanticObjectId, list[MoneyReport]] = {}
    own = {task.key for task in asked.tasks}
    for words in money:
        line = snapshot.find(InvestmentLine, words.line)
        if line is None or own.isdisjoint(line.tasks) or line.heading:
            raise RuleBroken(_("This investment line does not pay for a task of the unit."), field="money")
        of_lines.setdefault(line.key, []).append(
            MoneyReport(
                on=on,
                source=words.source,
                year=words.year,
                contracted=words.contracted,
                spent=words.spent,
                illustrative=illustrative,
            )
        )
    edits = []
    for key, fresh in of_lines.items():
        line = snapshot.find(InvestmentLine, key)
        assert line is not None
        change = audit.changed(line, money_reports=line.with_money_reports(fresh))
        if change.values:
            edits.append(change)
    return edits
