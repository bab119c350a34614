"""Tasks that reviews keep tripping over: never reported, of a unit that was late twice, postponed three times, led by
nobody. Rules over a snapshot and the deadlines' moves, without a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from beanie import PydanticObjectId

from stratplan import i18n
from stratplan.choice import Choice
from stratplan.goals.models import Task
from stratplan.goals.queries import task_figures, tasks_in_order
from stratplan.goals.states import Reporting
from stratplan.i18n import N_
from stratplan.reviews.models import Review, Submission
from stratplan.reviews.moves import Moves
from stratplan.reviews.queries import OVER, submissions_of, units_asked
from stratplan.reviews.statement import Move
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit

LATE_AGAIN = 2  # reviews that a unit was late with
POSTPONED_OFTEN = 3  # times


class Problem(Choice):
    """Why a task is in the list."""

    NEVER_REPORTED = "never", N_("Never reported"), "warning", "message-square"
    LATE_TWICE = "late", N_("Its unit was late twice or more"), "warning", "clock-alert"
    POSTPONED = "postponed", N_("Postponed three times or more"), "warning", "calendar-clock"
    NO_UNIT = "no-unit", N_("Without a responsible unit"), "warning", "users"


@dataclass(frozen=True, slots=True)
class ProblemTask:
    """A task with what is wrong with it: how often its unit was late, how often it was postponed."""

    task: Task
    unit: Unit | None
    problems: tuple[Problem, ...]
    late: int
    postponed: int


def days_late(review: Review, submission: Submission | None, today: date) -> int:
    """How many days after the due date a unit's part was first sent, or has not been sent by today; 0 when it is in
    time. What the planner returns, or asks for besides, makes nobody late."""
    sent = None if submission is None else submission.came_in_at
    return max(0, ((i18n.day_of(sent) if sent else today) - review.due).days)


def late_units(snapshot: Snapshot, review: Review, today: date) -> set[PydanticObjectId]:
    """The units that were late with a review: that first sent after the due date or, it being past, not at all."""
    sent = {unit: one for unit, one in submissions_of(snapshot, review).items() if one.came_in_at is not None}
    late = {unit for unit, one in sent.items() if days_late(review, one, today)}
    return late | (set(_missing(snapshot, review, today)) - sent.keys())


def _missing(snapshot: Snapshot, review: Review, today: date) -> Sequence[PydanticObjectId]:
    """The units whose parts are not there, or not whole, though it was due; of a review that was closed those whose
    were not by then."""
    if review.editions:
        first = review.editions[0]
        return first.missing if i18n.day_of(first.closed_at) > review.due else []
    return [] if today <= review.due else [one.unit.key for one in units_asked(snapshot, review) if not one.is_sent]


def times_late(snapshot: Snapshot, today: date) -> Mapping[PydanticObjectId, int]:
    """With how many reviews each unit was late."""

    def counted() -> Counter[PydanticObjectId]:
        return Counter(unit for one in snapshot.all(Review).values() for unit in late_units(snapshot, one, today))

    return snapshot.derive(("times late", today), counted)


def postponements(moves: Sequence[Move]) -> int:
    """How many times a deadline was put off; one that was put back to where it had been does not count."""
    kept: list[Move] = []
    for move in moves:
        if kept and (kept[-1].after, kept[-1].before) == (move.before, move.after):
            kept.pop()
        else:
            kept.append(move)
    return sum(move.days > 0 for move in kept)


def problem_tasks(snapshot: Snapshot, today: date, moves: Moves) -> list[ProblemTask]:
    """The tasks with a problem, in the plan's order; of those that are completed or given up none is one."""
    figures, late = task_figures(snapshot, today), times_late(snapshot, today)
    found = []
    for task in tasks_in_order(snapshot):
        if figures[task.key].execution in OVER:
            continue
        unit = snapshot.find(Unit, task.lead)
        was_late = 0 if unit is None else late.get(unit.key, 0)
        postponed = postponements(moves.get(task.key, ()))
        holds = {
            Problem.NEVER_REPORTED: figures[task.key].reporting is Reporting.MISSING,
            Problem.LATE_TWICE: was_late >= LATE_AGAIN,
            Problem.POSTPONED: postponed >= POSTPONED_OFTEN,
            Problem.NO_UNIT: unit is None,
        }
        problems = tuple(problem for problem, is_one in holds.items() if is_one)
        if problems:
            found.append(ProblemTask(task, unit, problems, was_late, postponed))
    return found
