"""What changed since the review before, in short: what the desk of an open review says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stratplan import i18n
from stratplan.i18n import _, ngettext
from stratplan.reviews.comparing import compare
from stratplan.reviews.comparison import Comparison, TaskChange
from stratplan.reviews.desk_figures import SHOWN, Named
from stratplan.reviews.editions import edition_as_seen
from stratplan.reviews.models import Review
from stratplan.reviews.moves import deadline_moves
from stratplan.reviews.queries import closed_before
from stratplan.reviews.statement import Statement, TaskStated
from stratplan.reviews.stating import statement_of
from stratplan.view import View


@dataclass(frozen=True, slots=True)
class ChangedTasks:
    """Tasks of which the same is to be said: how many, and the first few."""

    label: str
    count: int
    some: Sequence[Named]

    @property
    def more(self) -> int:
        """How many are not among the few."""
        return self.count - len(self.some)


@dataclass(frozen=True, slots=True)
class SinceLast:
    """What changed since the closed review `before`: the plan's progress, and which tasks."""

    before: Review
    progress: str
    groups: list[ChangedTasks]


async def since_last(view: View, review: Review) -> SinceLast | None:
    """What changed since the closed review before this one; None where there is none."""
    last = closed_before(view.snapshot, review)
    if last is None:
        return None
    before, edition = last
    was = await edition_as_seen(view, before, edition.number)
    day = review.day_on(view.today)
    moves = await deadline_moves(view.plan.key, view.snapshot.revision[0])

    def compared() -> Comparison:
        return compare(was, statement_of(view.snapshot, day, moves, review))

    found = view.snapshot.derive(("since the last review", review.key, before.key, edition.number, day), compared)
    groups = [_moved(view, found), _late(view, found), _ended(view, found), _added(view, found)]
    return SinceLast(before, _said_progress(was, found.after), [group for group in groups if group.count])


def _said_progress(before: Statement, after: Statement) -> str:
    """The plan's progress then and now; empty where either has none."""
    was, is_now = before.plan.progress, after.plan.progress
    if was is None or is_now is None:
        return ""
    return _("%(before)s → %(after)s", before=i18n.percent(was), after=i18n.percent(is_now))


def _named(view: View, task: TaskStated, note: str = "") -> Named:
    return Named(f"{task.number} {task.title}", view.url(f"/tasks/{task.key}"), note)


def _moved(view: View, found: Comparison) -> ChangedTasks:
    some = [_named(view, one.after, _said_move(one)) for one in found.moved[:SHOWN]]
    return ChangedTasks(_("Deadlines moved"), len(found.moved), some)


def _said_move(one: TaskChange) -> str:
    change = one.deadline
    assert change is not None  # of those that were moved
    later = ngettext("%(num)s day later", "%(num)s days later", change.days)
    sooner = ngettext("%(num)s day sooner", "%(num)s days sooner", -change.days)
    times = ngettext("moved %(num)s time so far", "moved %(num)s times so far", change.times)
    return f"{later if change.days > 0 else sooner}, {times}"


def _late(view: View, found: Comparison) -> ChangedTasks:
    some = [_named(view, task, i18n.short_date(task.deadline)) for task in found.newly_late[:SHOWN]]
    return ChangedTasks(_("Newly overdue"), len(found.newly_late), some)


def _ended(view: View, found: Comparison) -> ChangedTasks:
    some = [
        Named(
            f"{one.task.number} {one.task.title}",
            view.url(f"/tasks/{one.task.key}") if one.task.key in found.after.task_by_key else "",
            _(one.how.label),
        )
        for one in found.ended[:SHOWN]
    ]
    return ChangedTasks(_("Tasks ended"), len(found.ended), some)


def _added(view: View, found: Comparison) -> ChangedTasks:
    some = [_named(view, task) for task in found.tasks.added[:SHOWN]]
    return ChangedTasks(_("Tasks added"), len(found.tasks.added), some)
