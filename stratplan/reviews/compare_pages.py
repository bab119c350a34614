"""Two reviews side by side, or a review and today, as one page to read: "since the last sitting"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.alphabet import sort_key
from stratplan.choice import Choice
from stratplan.errors import NotVisible
from stratplan.goals.states import Execution, Schedule
from stratplan.i18n import N_, _
from stratplan.permissions import Permission
from stratplan.reviews.comparing import compare
from stratplan.reviews.comparison import Change, Compared, Comparison, Ended, GoalChange, TaskChange
from stratplan.reviews.difference_words import (
    count_said,
    deadline_said,
    money_rows,
    of_fields,
    of_goal,
    of_line,
    of_task,
    share_said,
    summary,
)
from stratplan.reviews.edition_pages import TaskRow, page_asked, said_check, task_row
from stratplan.reviews.editions import edition_as_seen, today_as_seen
from stratplan.reviews.narrowing import narrowed
from stratplan.reviews.queries import Closed, closed_by, closed_reviews, find_review
from stratplan.reviews.statement import CheckStated, GoalStated, LineStated, Move, Statement, TaskStated, UnitNamed
from stratplan.view import View
from stratplan.web import page
from stratplan.wording import Difference

TODAY = "today"
TASKS_A_PAGE = 50
LISTED = 40  # tasks of each list before the details, which have them all


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared: its edition's code in the address, its name as a heading, the statement."""

    code: str
    title: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class MoveSaid:
    """A move of a deadline: from when to when, on which day and by whom; residents are not told by whom."""

    before: str
    after: str
    on: str
    by: str


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A task whose deadline is another day."""

    row: TaskRow
    before: str
    after: str
    by: str
    moves: Sequence[MoveSaid]
    is_later: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """The first rows of a list, and how many there are in all."""

    rows: Sequence[Any]
    count: int

    @classmethod
    def of(cls, things: Sequence[Any], row: Callable[[Any], Any]) -> Listed:
        """The list of these things, each as its row."""
        return cls([row(one) for one in things[:LISTED]], len(things))

    @property
    def more(self) -> int:
        """How many are not among the first."""
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class Told:
    """What changed in one thing, field by field; `status` of something that was added or is gone."""

    number: str
    name: str
    path: str
    differences: Sequence[Difference]
    note: str = ""
    status: Choice | None = None


@dataclass(frozen=True, slots=True)
class GoalTold:
    """What changed in a goal, and in tasks under it."""

    name: str
    path: str
    told: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the details are narrowed to: a goal's code, a unit's key; empty for all."""

    goal: str = ""
    unit: str = ""

    @property
    def are_set(self) -> bool:
        """Whether any is."""
        return bool(self.goal or self.unit)

    def take(self, task: TaskStated) -> bool:
        """Whether a task is among what is shown."""
        return self.goal in ("", task.goal_code) and (not self.unit or self.unit in task.responsible)

    def take_line(self, line: LineStated) -> bool:
        """Whether an investment line is."""
        return self.goal in ("", line.goal_code) and (not self.unit or self.unit in {unit.key for unit in line.units})

    def take_goal(self, goal: GoalStated) -> bool:
        """Whether a goal is: the one whose tasks are."""
        return self.goal == goal.code


@get("/plans/{slug:str}/reviews/compare", permission=Permission.REVIEWS_READ, kept=True)
async def compare_reviews(request: HTMXRequest, view: View) -> Response[str]:
    """Two closed reviews, or one and today: those that the address names, else the last two there are."""
    asked = dict(view.asked)
    codes = (asked.get("from", ""), asked.get("to", ""))
    return await _answer(request, view, codes if all(codes) else _usual(closed_reviews(view.snapshot), codes))


@get("/plans/{slug:str}/since", permission=Permission.REVIEWS_READ, kept=True)
async def show_since(request: HTMXRequest, view: View) -> Response[str]:
    """What happened since the last sitting: the last review that was closed for a day before, and the day looked at."""
    closed = closed_by(view.snapshot, view.day)
    return await _answer(request, view, (closed[0][0].code, TODAY) if closed else None)


def _usual(closed: Sequence[Closed], asked: tuple[str, str]) -> tuple[str, str] | None:
    if not closed:
        return None
    codes = [review.code for review, _edition in closed]
    usual = (codes[1], codes[0]) if len(codes) > 1 else (codes[0], TODAY)
    return asked[0] or usual[0], asked[1] or usual[1]


async def _answer(request: HTMXRequest, view: View, codes: tuple[str, str] | None) -> Response[str]:
    if codes is None:
        return await page(request, "reviews/nothing_to_compare.html", {}, view=view, section="reviews")
    one, other = [await _side(view, code) for code in codes]
    before, after = (one, other) if one.statement.day <= other.statement.day else (other, one)
    closed = [
        (review.code_of(one), review.title_of(one))
        for review, _newest in closed_reviews(view.snapshot)
        for one in reversed(review.editions)
    ]
    context = {
        "before": before,
        "after": after,
        "closed": closed,
        "is_since": after.code == TODAY and before.code == closed[0][0],
        **_told(view, compare(before.statement, after.statement)),
    }
    return await page(request, "reviews/compare.html", context, view=view, section="reviews")


async def _side(view: View, code: str) -> Side:
    if code == TODAY:
        title = _("Today") if view.is_today else i18n.short_date(view.day)
        return Side(TODAY, title, await today_as_seen(view))
    which, _dot, number = code.partition(".")
    review = find_review(view.snapshot, which)
    numbered = (one for one in review.editions if str(one.number) == number)
    edition = next(numbered, None) if number else review.last_edition
    if edition is None:
        raise NotVisible(_("There is no such edition of the review."))
    statement = await edition_as_seen(view, review, edition.number)
    return Side(review.code_of(edition), review.title_of(edition), statement)


# --- what the page says ---------------------------------------------------------------------------------------


def _told(view: View, comparison: Comparison) -> dict[str, Any]:
    filters = _filters(view, comparison)
    found = narrowed(comparison, filters) if filters.are_set else comparison
    changes = found.tasks.changed
    current, pages = page_asked(view, len(changes), TASKS_A_PAGE)
    part = changes[(current - 1) * TASKS_A_PAGE :][:TASKS_A_PAGE]
    money, total = money_rows(comparison)
    done = [one for one in found.ended if one.how is Ended.COMPLETED]
    ended = [one for one in found.ended if one.how is not Ended.COMPLETED]
    return {
        "comparison": comparison,
        "sentences": summary(comparison),
        "figures": _figures(comparison),
        "filters": filters,
        "goals": [(goal.code, f"{goal.code} {goal.title}") for goal in comparison.after.plan.goals],
        "units": _unit_options(comparison.after),
        "moved": Listed.of(found.moved, lambda change: _moved(view, change)),
        "late": Listed.of(found.newly_late, lambda task: task_row(view, task)),
        "done": Listed.of(done, lambda one: task_row(view, one.task)),
        "added": Listed.of(found.tasks.added, lambda task: task_row(view, task)),
        "ended": Listed.of(ended, lambda one: (task_row(view, one.task), one.how)),
        "money": money,
        "money_total": total,
        "details": list(_goals(view, found, part)),
        "lines": list(_lines(found)),
        "texts": [] if filters.are_set else list(_texts(found)),
        "page": current,
        "pages": pages,
        "count": len(changes),
    }


def _filters(view: View, comparison: Comparison) -> Filters:
    asked = dict(view.asked)
    goals = {goal.code for side in (comparison.before, comparison.after) for goal in side.plan.goals}
    units = {key for key, _name in _unit_options(comparison.after)}
    goal, unit = asked.get("goal", ""), asked.get("unit", "")
    return Filters(goal if goal in goals else "", unit if unit in units else "")


def _unit_options(statement: Statement) -> list[tuple[str, str]]:
    """The units that lead tasks or take part in them, by name."""
    found: dict[str, UnitNamed] = {}
    for task in statement.tasks:
        found |= {unit.key: unit for unit in (*((task.lead,) if task.lead else ()), *task.partners)}
    return [(unit.key, unit.name) for unit in sorted(found.values(), key=lambda unit: sort_key(unit.name))]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure after, and what it was."""

    label: str
    text: str
    note: str
    icon: str
    tone: str | None = None


def _figures(comparison: Comparison) -> list[Figure]:
    old, new = comparison.before.plan, comparison.after.plan
    found = [
        Figure(
            _("Progress of the plan"),
            i18n.percent(new.progress),
            share_said(old.progress, new.progress),
            "gauge",
        ),
        _count(_("Completed"), old.counts.execution, new.counts.execution, Execution.COMPLETED, "circle-check"),
        _count(_("Overdue"), old.counts.schedule, new.counts.schedule, Schedule.OVERDUE, "clock-alert", "danger"),
        _count(_("Behind schedule"), old.counts.schedule, new.counts.schedule, Schedule.BEHIND, "trending-down"),
    ]
    if comparison.after.lines or comparison.before.lines:
        spent = new.total.sums.spent
        was = _("was %(before)s", before=i18n.money(old.total.sums.spent))
        note = _("as before") if spent == old.total.sums.spent else was
        found.append(Figure(_("Spent"), i18n.money(spent), note, "wallet"))
    return found


def _count(
    label: str, before: Mapping[str, int], after: Mapping[str, int], state: str, icon: str, tone: str | None = None
) -> Figure:
    was, count = before.get(state, 0), after.get(state, 0)
    return Figure(label, i18n.number(count, 0), count_said(was, count), icon, tone if count > was else None)


def _moved(view: View, change: TaskChange) -> MovedRow:
    deadline = change.deadline
    assert deadline is not None
    return MovedRow(
        row=task_row(view, change.after),
        before=i18n.short_date(deadline.before),
        after=i18n.short_date(deadline.after),
        by=deadline_said(deadline),
        moves=[_move(view, move) for move in deadline.since],
        is_later=deadline.days > 0,
    )


def _move(view: View, move: Move) -> MoveSaid:
    by = view.name_of(move.by) if move.by else ""
    return MoveSaid(i18n.short_date(move.before), i18n.short_date(move.after), i18n.short_date(move.on), by)


def _goals(view: View, comparison: Comparison, part: Sequence[TaskChange]) -> Iterator[GoalTold]:
    by_goal: dict[str, list[Told]] = {}
    for change in part:
        by_goal.setdefault(change.after.goal, []).append(_task(view, change))
    changed: dict[str, GoalChange] = {change.after.key: change for change in comparison.goals.changed}
    for goal in comparison.after.plan.goals:
        own = changed.get(goal.key)
        tasks = by_goal.get(goal.key, [])
        if own or tasks:
            of_itself = [Told("", "", "", of_goal(own))] if own else []
            yield GoalTold(f"{goal.code} {goal.title}", f"/goals/{goal.code}", [*of_itself, *tasks])


def _task(view: View, change: TaskChange) -> Told:
    row = task_row(view, change.after)
    return Told(row.task.number, row.task.title, row.path, of_task(change), _reported(view, change))


def _reported(view: View, change: TaskChange) -> str:
    """When the last report was made, and for members by whom, where it is a new one."""
    report = change.after.report
    if report is None or not change.reported:
        return ""
    by = view.name_of(report.by) if report.by else ""
    day = i18n.short_date(report.on)
    return _("reported on %(day)s by %(name)s", day=day, name=by) if by else _("reported on %(day)s", day=day)


class Fate(Choice):
    """What became of something that only one of the two statements has."""

    ADDED = "added", N_("Added"), "success", "plus"
    GONE = "gone", N_("Taken out"), "muted", "x"


def _lines(comparison: Comparison) -> Iterator[Told]:
    for fate, lines in ((Fate.ADDED, comparison.lines.added), (Fate.GONE, comparison.lines.gone)):
        for line in lines:
            yield Told(line.number, line.title, "", (), i18n.money(line.sums.amount), fate)
    for change in comparison.lines.changed:
        found = [] if change.after.heading and not change.fields else of_line(change)
        if found:
            yield Told(change.after.number, change.after.title, "", found)


@dataclass(frozen=True, slots=True)
class TextsTold:
    """What changed in texts of one kind."""

    title: str
    told: Sequence[Told]


def _texts(comparison: Comparison) -> Iterator[TextsTold]:
    """What changed in the plan's own texts, goals that came or went, SWOT, terms, chapters, sources, units, checks."""
    kinds: tuple[tuple[str, Iterable[Told]], ...] = (
        (_("The plan"), [Told("", "", "", list(of_fields(comparison.fields)))] if comparison.fields else []),
        (_("Goals"), _fates(comparison.goals, lambda goal: f"{goal.code} {goal.title}")),
        (_("SWOT"), _changes(comparison.swot, lambda entry: entry.text)),
        (_("Terms and abbreviations"), _changes(comparison.terms, lambda term: term.word)),
        (_("Chapters of the plan's text"), _changes(comparison.sections, lambda section: section.title)),
        (_("Funding sources"), _changes(comparison.sources, lambda source: source.code)),
        (_("Units"), _changed(comparison.units, lambda unit: unit.name)),
        (_("Checks of the investment plan"), _checks(comparison.checks)),
    )
    for title, told in kinds:
        found = list(told)
        if found:
            yield TextsTold(title, found)


def _changes(compared: Compared[Any, Change[Any]], name: Callable[[Any], str]) -> Iterator[Told]:
    yield from _fates(compared, name)
    yield from _changed(compared.changed, name)


def _fates(compared: Compared[Any, Any], name: Callable[[Any], str]) -> Iterator[Told]:
    for fate, things in ((Fate.ADDED, compared.added), (Fate.GONE, compared.gone)):
        for one in things:
            yield Told("", name(one), "", (), "", fate)


def _changed(changes: Iterable[Change[Any]], name: Callable[[Any], str]) -> Iterator[Told]:
    for change in changes:
        yield Told("", name(change.after), "", list(of_fields(change.fields)))


def _checks(compared: Compared[CheckStated, Change[CheckStated]]) -> Iterator[Told]:
    yield from _fates(compared, said_check)
    for change in compared.changed:
        yield Told("", said_check(change.after), "", (), _("before: %(text)s", text=said_check(change.before)))


handlers = [compare_reviews, show_since]
