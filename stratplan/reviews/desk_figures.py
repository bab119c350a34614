"""What the planner's desk shows of an open review: how far each unit is, what is overdue, which figures have gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from stratplan import i18n
from stratplan.goals.models import Task
from stratplan.goals.queries import TaskFigures, task_figures, tasks_in_order
from stratplan.goals.states import Reporting, Schedule
from stratplan.i18n import _, ngettext
from stratplan.investments.checks import Check, CheckCode
from stratplan.investments.findings import FindingGroup, findings
from stratplan.investments.models import InvestmentLine
from stratplan.investments.queries import find_line, money_of
from stratplan.permissions import Permission
from stratplan.reviews.heads import headed_units
from stratplan.reviews.models import Review, SubmissionState
from stratplan.reviews.problems import days_late
from stratplan.reviews.queries import Asked, tasks_of_review, units_asked
from stratplan.units.models import Unit
from stratplan.view import View

SHOWN = 5  # of a list that has a page of its own


@dataclass(frozen=True, slots=True)
class UnitRow:
    """How far one unit is with its part; `has_nobody`: it has not sent, and nobody reports for it; `can_…` is what the
    reader is offered about it."""

    asked: Asked
    sent: str
    late: str
    reminded: str
    is_reminded_today: bool
    has_nobody: bool
    path: str
    can_report: bool
    can_remind: bool
    can_return: bool

    @property
    def unit(self) -> Unit:
        """The unit."""
        return self.asked.unit

    @property
    def state(self) -> SubmissionState:
        """How far it is."""
        return self.asked.state

    @property
    def unreported(self) -> str:
        """What is missing of a part that was sent."""
        return said_unreported(self.asked)


@dataclass(frozen=True, slots=True)
class Named:
    """Something listed by name, with its page in the plan and what there is to say of it."""

    name: str
    path: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is missing in the figures: how often, the first few, and the page with all of them."""

    label: str
    count: int
    some: Sequence[Named]
    path: str

    @property
    def more(self) -> int:
        """How many are not among the few."""
        return self.count - len(self.some)


@dataclass(frozen=True, slots=True)
class Desk:
    """An open review on the planner's desk; figures are as of `day`, the review's own."""

    day: date
    units: list[UnitRow]
    own: list[UnitRow]
    overdue: Gap
    gaps: list[Gap]
    findings: list[FindingGroup]
    checks: int
    can_write: bool

    @property
    def sent(self) -> int:
        """How many units have sent."""
        return sum(row.asked.is_sent for row in self.units)

    @property
    def missing(self) -> list[UnitRow]:
        """The units that have not."""
        return [row for row in self.units if not row.asked.is_sent]

    @property
    def to_remind(self) -> int:
        """How many units may be reminded at this moment."""
        return sum(row.can_remind for row in self.units)

    @property
    def reminded_today(self) -> int:
        """How many units of those that have not sent have been reminded on this day."""
        return sum(row.is_reminded_today for row in self.units)

    @property
    def with_nobody(self) -> int:
        """How many units have not sent and have nobody who could."""
        return sum(row.has_nobody for row in self.units)


def desk_of(view: View, review: Review) -> Desk:
    """The desk of an open review, as this reader may see and use it."""
    day = review.day_on(view.today)
    rows = [_unit_row(view, review, asked) for asked in units_asked(view.snapshot, review)]
    checks = money_of(view.snapshot, day).checks
    unknown = [check for check in checks if check.code is CheckCode.AMOUNT_UNKNOWN]
    failed = [check for check in checks if check.code is not CheckCode.AMOUNT_UNKNOWN]
    gaps = [_never_reported(view, review, day), _without_amount(view, unknown, day), _unled(view, day)]
    return Desk(
        day=day,
        units=rows,
        own=[row for row in rows if row.unit.key in view.rights.units],
        overdue=_overdue(view, day),
        gaps=[gap for gap in gaps if gap.count],
        findings=findings(view.snapshot, failed),
        checks=len(failed),
        can_write=view.can("reviews:write"),
    )


def _unit_row(view: View, review: Review, asked: Asked) -> UnitRow:
    reminded = review.reminded_on(asked.unit.key)
    may_write = view.can("reviews:write")
    may_remind = may_write and not asked.is_sent
    has_nobody = not asked.is_sent and asked.unit.key not in headed_units(view.snapshot)
    return UnitRow(
        asked=asked,
        sent=_said_sent(view, asked),
        late=_said_late(days_late(review, asked.submission, view.today), was_sent=_was_sent(asked)),
        reminded="" if reminded is None else i18n.since(reminded, view.today),
        is_reminded_today=reminded == view.today and not asked.is_sent,
        has_nobody=has_nobody,
        path=view.url(f"/reviews/{review.code}/units/{asked.unit.key}"),
        can_report=view.is_today and view.rights.allow(Permission.REVIEWS_REPORT, frozenset([asked.unit.key])),
        can_remind=may_remind and not has_nobody and (reminded is None or reminded < view.today),
        can_return=may_write and asked.state in (SubmissionState.SENT, SubmissionState.PARTLY_SENT),
    )


def _said_sent(view: View, asked: Asked) -> str:
    """When a part was sent and by whom; empty where nothing was."""
    one = asked.submission
    if one is None or one.sent_at is None:
        return ""
    said = [i18n.date_and_time(one.sent_at), view.name_of(one.sent_by)]
    said += [_("reported for the unit")] if one.on_behalf else []
    said += [_("through a link")] if one.by_link else []
    return " · ".join(part for part in said if part)


def said_unreported(asked: Asked) -> str:
    """Of which tasks a part that was sent says nothing; empty where it is whole, or was not sent."""
    if asked.state is not SubmissionState.PARTLY_SENT:
        return ""
    return ngettext(
        "nothing of task %(numbers)s",
        "nothing of tasks %(numbers)s",
        len(asked.unreported),
        numbers=asked.unreported_numbers,
    )


def _was_sent(asked: Asked) -> bool:
    """Whether a part was ever sent: it is not late any more, also where it was returned or tasks were added."""
    return asked.submission is not None and asked.submission.sent_at is not None


def _said_late(days: int, *, was_sent: bool) -> str:
    if not days:
        return ""
    if was_sent:
        return ngettext("%(num)s day after the due date", "%(num)s days after the due date", days)
    return ngettext("late by %(num)s day so far", "late by %(num)s days so far", days)


def _task(view: View, task: Task, note: str = "") -> Named:
    return Named(task.caption, view.url(f"/tasks/{task.number}"), note)


def _overdue(view: View, day: date) -> Gap:
    figures = task_figures(view.snapshot, day)
    tasks = [task for task in tasks_in_order(view.snapshot) if figures[task.key].schedule is Schedule.OVERDUE]
    tasks.sort(key=lambda task: figures[task.key].standing.days_left)
    some = [_task(view, task, _said_overdue(figures[task.key])) for task in tasks[:SHOWN]]
    path = view.url("/tasks", schedule=Schedule.OVERDUE.value, as_of=day.isoformat())
    return Gap(_("Overdue"), len(tasks), some, path)


def _said_overdue(figures: TaskFigures) -> str:
    return i18n.days(-figures.standing.days_left)


def _never_reported(view: View, review: Review, day: date) -> Gap:
    figures = task_figures(view.snapshot, day)
    tasks = [
        task for task in tasks_of_review(view.snapshot, review) if figures[task.key].reporting is Reporting.MISSING
    ]
    path = view.url("/tasks", reporting=Reporting.MISSING.value, as_of=day.isoformat())
    return Gap(_("Never reported"), len(tasks), [_task(view, task) for task in tasks[:SHOWN]], path)


def _without_amount(view: View, unknown: Sequence[Check], day: date) -> Gap:
    lines: list[InvestmentLine] = [find_line(view.snapshot, check.subject) for check in unknown[:SHOWN]]
    some = [Named(line.caption, view.url(f"/investments/{line.number}")) for line in lines]
    return Gap(_("Lines without an amount"), len(unknown), some, view.url("/figures/checks", as_of=day.isoformat()))


def _unled(view: View, day: date) -> Gap:
    tasks = [task for task in tasks_in_order(view.snapshot) if view.snapshot.find(Unit, task.lead) is None]
    path = view.url("/tasks", unit="none", as_of=day.isoformat())
    return Gap(_("Without a responsible unit"), len(tasks), [_task(view, task) for task in tasks[:SHOWN]], path)
