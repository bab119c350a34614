"""The timeline: tasks over the plan's years, by goal or by responsible unit, with their milestones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from beanie import PydanticObjectId
from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.choice import Choice
from stratplan.goals.models import Milestone, Task
from stratplan.goals.progress import percent
from stratplan.goals.queries import TaskFigures, goals_in_order, task_figures, tasks_by_goal, tasks_in_order
from stratplan.i18n import _
from stratplan.period import Period
from stratplan.permissions import Permission
from stratplan.snapshot import Snapshot
from stratplan.typed import page_number
from stratplan.units.queries import unit_tree
from stratplan.view import View
from stratplan.web import page

ROWS_A_PAGE = 100


class Grouping(StrEnum):
    """What the rows are grouped by."""

    GOAL = "goal"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Mark:
    """A milestone: its share of the whole stretch of time, what it is, and whether it was done by the day."""

    x: float
    title: str
    done: bool


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A task's bar: shares of the whole stretch of time, its state in words and colour, its milestones."""

    number: str
    label: str
    href: str
    start: float
    end: float
    text: str
    bar_title: str
    done: float
    tone: str
    status: Choice
    marks: list[Mark]


@dataclass(frozen=True, slots=True)
class TimelineGroup:
    """The rows under one heading; a heading on a later page says that it goes on."""

    label: str
    href: str | None
    rows: list[TimelineRow]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The years that the drawing spans."""

    first: date
    last: date

    def share(self, day: date) -> float:
        """Where the beginning of a day lies, 0 to 1."""
        return (day - self.first).days / ((self.last - self.first).days + 1)

    def share_after(self, day: date) -> float:
        """Where the end of a day lies."""
        return ((day - self.first).days + 1) / ((self.last - self.first).days + 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """The beginning of each year; of a long stretch, every few years."""
        years = range(self.first.year, self.last.year + 1)
        return [(self.share(date(year, 1, 1)), str(year)) for year in years[:: 1 + len(years) // 13]]


def stretch_of(snapshot: Snapshot) -> Stretch:
    """The plan's years, and those of tasks that begin before or end after them."""

    def spanned() -> Stretch:
        periods = [task.period for task in snapshot.all(Task).values()]
        first = min([snapshot.plan.first_year, *(period.start.year for period in periods)])
        last = max([snapshot.plan.last_year, *(period.end.year for period in periods)])
        return Stretch(date(first, 1, 1), date(last, 12, 31))

    return snapshot.derive("stretch of time", spanned)


@get("/plans/{slug:str}/timeline", permission=Permission.GOALS_READ, kept=True)
async def show_timeline(request: HTMXRequest, view: View) -> Response[str]:
    """The plan's tasks over its years; `group=unit` for by unit, `page` of a long plan."""
    asked = dict(view.asked)
    grouping = Grouping.UNIT if asked.get("group") == Grouping.UNIT else Grouping.GOAL
    headed = _by_unit(view) if grouping is Grouping.UNIT else _by_goal(view)
    count = sum(len(tasks) for _label, _href, tasks in headed)
    pages = max(1, -(-count // ROWS_A_PAGE))
    current = min(pages, page_number(asked))
    stretch = stretch_of(view.snapshot)
    context = {
        "groups": _groups(view, headed, stretch, first=(current - 1) * ROWS_A_PAGE),
        "grouping": grouping,
        "ticks": stretch.ticks,
        "today": stretch.share_after(view.day) if stretch.first <= view.day <= stretch.last else None,
        "count": count,
        "has_milestones": view.snapshot.derive(
            "has milestones", lambda: any(task.milestones for task in tasks_in_order(view.snapshot))
        ),
        "page": current,
        "pages": pages,
    }
    return await page(request, "overview/timeline.html", context, view=view, section="timeline")


Headed = list[tuple[str, str | None, list[Task]]]


def _by_goal(view: View) -> Headed:
    tasks = tasks_by_goal(view.snapshot)
    return [
        (f"{goal.code} {goal.title}", view.url(f"/goals/{goal.code}"), tasks[goal.key])
        for goal in goals_in_order(view.snapshot)
        if tasks[goal.key]
    ]


def _by_unit(view: View) -> Headed:
    led: dict[object, list[Task]] = {}
    for task in tasks_in_order(view.snapshot):
        led.setdefault(task.lead, []).append(task)
    headed: Headed = [
        (branch.unit.name, view.url(f"/units/{branch.unit.key}"), led[branch.unit.key])
        for branch in unit_tree(view.snapshot)
        if branch.unit.key in led
    ]
    if None in led:
        headed.append((_("No responsible unit"), None, led[None]))
    return headed


def _groups(view: View, headed: Headed, stretch: Stretch, first: int) -> list[TimelineGroup]:
    figures = task_figures(view.snapshot, view.day)
    groups, passed, room = [], 0, ROWS_A_PAGE
    for label, href, tasks in headed:
        shown = tasks[max(0, first - passed) :][:room]
        if shown and passed + len(tasks) > first:
            goes_on = passed < first
            title = _("%(name)s (continued)") % {"name": label} if goes_on else label
            groups.append(TimelineGroup(title, href, [_row(view, task, figures, stretch) for task in shown]))
            room -= len(shown)
        passed += len(tasks)
        if not room:
            break
    return groups


def _row(view: View, task: Task, figures: Mapping[PydanticObjectId, TaskFigures], stretch: Stretch) -> TimelineRow:
    found = figures[task.key]
    status: Choice = found.schedule or found.execution
    whole = percent(found.progress.value)
    return TimelineRow(
        number=task.number,
        label=task.title,
        href=view.url(f"/tasks/{task.number}"),
        start=stretch.share(task.period.start),
        end=stretch.share_after(task.period.end),
        text=i18n.period(task.period),
        bar_title=_("%(state)s, progress %(percent)s") % {"state": _(status.label), "percent": i18n.percent(whole)},
        done=float(found.progress.value),
        tone=f"t-{status.tone}",
        status=status,
        marks=[
            _mark(milestone, task.period, view.day, stretch)
            for milestone in task.milestones
            if milestone.due or milestone.done_on
        ],
    )


def _mark(milestone: Milestone, period: Period, day: date, stretch: Stretch) -> Mark:
    done = milestone.done_on is not None and milestone.done_on <= day
    when = milestone.due or milestone.done_on or period.end
    if done:
        said = _("Milestone: %(name)s, done %(day)s") % {
            "name": milestone.title,
            "day": i18n.short_date(milestone.done_on),
        }
    else:
        said = _("Milestone: %(name)s, due %(day)s") % {"name": milestone.title, "day": i18n.short_date(when)}
    return Mark(min(1.0, max(0.0, stretch.share_after(when))), said, done)


handlers = [show_timeline]
