"""The page of one task: how it stands, what was promised, what was reported, and what it is linked with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.discussion.panel import discussion_of
from stratplan.evidence.panel import evidence_of
from stratplan.goals.models import Goal, Milestone, Report, Task
from stratplan.goals.progress import Basis, last_report, last_stated, percent, task_progress
from stratplan.goals.queries import TaskFigures, find_task, reports_of, task_figures, tasks_in_order
from stratplan.goals.schedule import Standing
from stratplan.goals.states import Execution, Schedule
from stratplan.goals.task_forms import neighbours
from stratplan.history.rows import document_history
from stratplan.i18n import _, ngettext
from stratplan.investments.models import InvestmentLine
from stratplan.investments.money import LineMoney
from stratplan.investments.queries import lines_of_task, money_of
from stratplan.period import Period
from stratplan.permissions import Permission
from stratplan.plans.models import FundingSource
from stratplan.snapshot import Snapshot
from stratplan.swot.queries import entries_answered_by, entries_in_order
from stratplan.units.models import Unit
from stratplan.view import View
from stratplan.web import page

MANY_TICKS = 5


@dataclass(frozen=True, slots=True)
class Point:
    """Progress from a day on, as the chart draws it: shares of its width and height, and what is written there."""

    on: date
    x: Fraction
    y: Fraction
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Progress over time: its steps, the line that an even pace would follow, the years below, the day looked at."""

    points: list[Point]
    expected: list[tuple[Fraction, Fraction]]
    ticks: list[tuple[Fraction, str]]
    today: Fraction | None


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """A milestone on the day: done or not, late or not."""

    milestone: Milestone
    done: bool
    late: bool


@dataclass(frozen=True, slots=True)
class LineRow:
    """An investment line that pays for the task, with its money."""

    line: InvestmentLine
    money: LineMoney


# --- pure parts ------------------------------------------------------------------------------------------------


def schedule_sentence(standing: Standing, start: date, day: date) -> str:
    """How many days are left, or gone since the deadline; nothing where there is no schedule."""
    match standing.schedule:
        case Schedule.OVERDUE:
            return ngettext("%(num)s day late", "%(num)s days late", -standing.days_left)
        case Schedule.NOT_DUE:
            return ngettext("begins in %(num)s day", "begins in %(num)s days", (start - day).days)
        case Schedule.BEHIND | Schedule.ON_TRACK if standing.days_left == 0:
            return _("today is the last day")
        case Schedule.BEHIND | Schedule.ON_TRACK:
            return ngettext("%(num)s day left", "%(num)s days left", standing.days_left)
    return ""


def completion_sentence(reports: Sequence[Report], deadline: date, day: date) -> str:
    """Since when a completed task is reported as completed, and whether that was in time."""
    since: date | None = None
    for report in reports:
        if report.on <= day:
            since = (since or report.on) if report.execution is Execution.COMPLETED else None
    if since is None:
        return ""
    late = (since - deadline).days
    if late <= 0:
        return _("completed on %(day)s, in time", day=i18n.short_date(since))
    return ngettext(
        "completed on %(day)s, %(num)s day after the deadline",
        "completed on %(day)s, %(num)s days after the deadline",
        late,
        day=i18n.short_date(since),
    )


def chart_of(task: Task, reports: Sequence[Report], day: date) -> Chart | None:
    """The steps of progress up to the day; None where nothing was reported and no milestone done."""
    days = {report.on for report in reports}
    days |= {milestone.done_on for milestone in task.milestones if milestone.done_on is not None}
    moments = sorted(moment for moment in days if moment <= day)
    if not moments:
        return None
    first = min(task.period.start, moments[0])
    last = max(task.period.end, moments[-1], min(day, task.period.end + timedelta(days=365)))
    whole = (last - first).days + 1

    def place(moment: date) -> Fraction:
        return Fraction((moment - first).days, whole)

    points = []
    for moment in moments:
        progress = task_progress(
            task.milestones, last_report(reports, moment), moment, last_stated(reports, moment)
        ).value
        points.append(Point(moment, place(moment), progress, i18n.percent(percent(progress))))
    end = place(task.period.end + timedelta(days=1))
    return Chart(
        points,
        [(place(task.period.start), Fraction(0)), (end, Fraction(1))],
        _ticks(first, last, whole),
        place(day) if first <= day <= last else None,
    )


def _ticks(first: date, last: date, whole: int) -> list[tuple[Fraction, str]]:
    """The beginnings of years, or of quarters where the years are too few to tell anything."""
    years = [date(year, 1, 1) for year in range(first.year, last.year + 1)]
    step = max(1, -(-len(years) // MANY_TICKS))
    marks = [(year, i18n.period(Period.of_years(year.year))) for year in years[::step]]
    if len(years) == 1:
        names = {1: "I", 4: "II", 7: "III", 10: "IV"}
        marks = [(date(first.year, month, 1), name) for month, name in names.items()]
    return [(Fraction((max(mark, first) - first).days, whole), text) for mark, text in marks if mark <= last]


def unlinked_swot(snapshot: Snapshot, task: Task) -> list[tuple[str, list[tuple[str, str]]]]:
    """The entries that could be linked as well, as choices: (quadrant, [(id, text)])."""
    groups = [
        (_(quadrant.label), [(str(entry.key), entry.text) for entry in entries if task.key not in entry.tasks])
        for quadrant, entries in entries_in_order(snapshot).items()
    ]
    return [(label, options) for label, options in groups if options]


def milestone_rows(task: Task, day: date) -> list[MilestoneRow]:
    """The milestones as they stand on the day."""
    rows = []
    for milestone in task.milestones:
        done = milestone.done_on is not None and milestone.done_on <= day
        due = milestone.due
        late = due is not None and (milestone.done_on > due if done and milestone.done_on else day > due)
        rows.append(MilestoneRow(milestone, done, late))
    return rows


def previous_and_next(snapshot: Snapshot, task: Task) -> tuple[Task | None, Task | None]:
    """The tasks before and after this one in the document."""

    def linked() -> dict[object, tuple[Task | None, Task | None]]:
        row = tasks_in_order(snapshot)
        before: list[Task | None] = [None, *row[:-1]]
        after: list[Task | None] = [*row[1:], None]
        return {one.key: pair for one, pair in zip(row, zip(before, after, strict=True), strict=True)}

    return snapshot.derive("task neighbours", linked)[task.key]


# --- the page --------------------------------------------------------------------------------------------------


def schedule_note(figures: TaskFigures, reports: Sequence[Report], day: date) -> str:
    """The line under the schedule: days left or late, or when it was completed."""
    if figures.schedule is Schedule.DONE:
        return completion_sentence(reports, figures.standing.deadline, day)
    return schedule_sentence(figures.standing, figures.task.period.start, day)


def progress_note(figures: TaskFigures) -> str:
    """The line under the progress: what it was taken from."""
    match figures.progress.basis:
        case Basis.COMPLETED:
            return _("completed counts as 100%%")
        case Basis.MILESTONES:
            milestones = figures.progress.milestones
            done = sum(milestone.done for milestone in milestones)
            return _("milestones done: %(done)s of %(total)s", done=done, total=len(milestones))
        case Basis.REPORT if figures.progress.percent_on is not None:
            return _("reported as of %(day)s", day=i18n.short_date(figures.progress.percent_on))
    return _("not reported, counts as zero")


@get("/plans/{slug:str}/tasks/{number:str}", permission=Permission.GOALS_READ, kept=True)
async def show_task(request: HTMXRequest, view: View, number: str) -> Response[str]:
    """One task, the most important first."""
    snapshot, day = view.snapshot, view.day
    task = find_task(snapshot, number)
    figures = task_figures(snapshot, day)[task.key]
    reports = [report for report in reports_of(snapshot, task) if report.on <= day]
    money = money_of(snapshot, day).by_number
    before, after = previous_and_next(snapshot, task)
    upper, lower = neighbours(snapshot, task)
    context = {
        "task": task,
        "figures": figures,
        "percent": percent(figures.progress.value),
        "progress_note": progress_note(figures),
        "schedule_note": schedule_note(figures, reports, day),
        "goal": snapshot.find(Goal, task.goal),
        "lead": snapshot.find(Unit, task.lead),
        "partners": [unit for key in task.partners if (unit := snapshot.find(Unit, key)) is not None],
        "sources": sorted(
            (source for key in task.sources if (source := snapshot.find(FundingSource, key)) is not None),
            key=lambda source: source.order,
        ),
        "milestones": milestone_rows(task, day),
        "weights_differ": len({milestone.weight for milestone in task.milestones}) > 1,
        "reports": list(reversed(reports)),
        "chart": chart_of(task, reports, day),
        "swot": entries_answered_by(snapshot, [task.key]),
        "swot_choices": unlinked_swot(snapshot, task),
        "lines": [LineRow(line, money[line.number]) for line in lines_of_task(snapshot, task)],
        "rows": await document_history(task, view) if view.can(Permission.HISTORY_READ) else [],
        "previous": before,
        "next": after,
        "can_go_up": upper is not None,
        "can_go_down": lower is not None,
        "can_edit": view.is_today and view.can(Permission.GOALS_WRITE),
        "can_report": view.can(Permission.GOALS_REPORT, task),
        "can_link": view.is_today and view.can(Permission.SWOT_WRITE),
        "is_default_weight": task.weight == Decimal(1),
        "reworded_on": view.reworded_on(task),
        "discussion": discussion_of(view, task),
        "evidence": evidence_of(view, task),
    }
    return await page(
        request, "overview/task.html", context, view=view, section="tasks", fragment="overview/_task.html"
    )


handlers = [show_task]
