"""What the schedule of a task follows from: the rules in order, and which of them decided."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from stratplan import i18n
from stratplan.goals.models import Task
from stratplan.goals.queries import TaskFigures, task_figures
from stratplan.goals.schedule import BEHIND_BY
from stratplan.goals.states import Schedule
from stratplan.i18n import _, ngettext
from stratplan.overview.explanation_parts import (
    PLACES,
    Column,
    Explanation,
    Said,
    Table,
    of_day,
    schedule_figure,
    task_figure,
    task_page,
)
from stratplan.snapshot import Snapshot


def of_schedule(snapshot: Snapshot, day: date, task: Task) -> Explanation:
    """How a task stands against its period: the rules in order, and which of them decided."""
    figures = task_figures(snapshot, day)[task.key]
    standing, period = figures.standing, task.period
    gone = min(max((day - period.start).days + 1, 0), period.days)
    return Explanation(
        title=_("Schedule of task %(number)s", number=task.number),
        value=said_schedule(figures),
        path=schedule_figure(task),
        formula=(
            _("The first of the rules below that is true decides."),
            _(
                "Behind schedule means that progress is %(points)s or more percentage points under the share of the "
                "period that is over.",
                points=i18n.number(BEHIND_BY * 100),
            ),
        ),
        facts=(
            of_day(day),
            (_("Period"), i18n.period(period)),
            (_("Deadline"), i18n.short_date(standing.deadline)),
            (_("Until the deadline"), _time_left(standing.days_left)),
            (
                _("Elapsed share"),
                _(
                    "%(gone)s of %(all)s days: %(share)s",
                    gone=i18n.number(gone),
                    all=i18n.number(period.days),
                    share=i18n.percent(standing.elapsed, PLACES),
                ),
            ),
            (_("Progress"), i18n.percent(standing.progress, PLACES)),
            (_("Under the elapsed share"), _points(standing.gap)),
        ),
        tables=(_rules(figures),),
        leads=(task_page(task), Said(_("Progress of task %(number)s", number=task.number), task_figure(task))),
    )


def said_schedule(figures: TaskFigures) -> str:
    """A task's schedule in words, with the days late of an overdue one."""
    if figures.schedule is None:
        return _("No schedule")
    if figures.schedule is Schedule.OVERDUE:
        late = -figures.standing.days_left
        return ngettext("Overdue by %(num)s day", "Overdue by %(num)s days", late)
    return _(figures.schedule.label)


def _time_left(days: int) -> str:
    if days == 0:
        return _("it is today")
    return i18n.days(days) if days > 0 else ngettext("it was %(num)s day ago", "it was %(num)s days ago", -days)


def _points(gap: Fraction) -> str:
    if gap <= 0:
        return _("no: progress is not under it")
    return _("%(points)s percentage points", points=i18n.number(gap * 100))


def _rules(figures: TaskFigures) -> Table:
    decided = figures.schedule
    rules: tuple[tuple[str, Schedule | None], ...] = (
        (_("The task is suspended or cancelled"), None),
        (_("The task is completed"), Schedule.DONE),
        (_("The deadline has passed"), Schedule.OVERDUE),
        (_("The period has not begun"), Schedule.NOT_DUE),
        (_("Progress is too far under the elapsed share"), Schedule.BEHIND),
        (_("None of these"), Schedule.ON_TRACK),
    )
    place = [schedule for _rule, schedule in rules].index(decided)
    rows = tuple(
        (
            Said(rule),
            Said(_("No schedule") if schedule is None else _(schedule.label)),
            Said(_("no") if number < place else _("yes, this decides") if number == place else i18n.DASH),
        )
        for number, (rule, schedule) in enumerate(rules)
    )
    return Table(_("Rules, in order"), (Column(_("Rule")), Column(_("Then it is")), Column(_("True?"))), rows)
