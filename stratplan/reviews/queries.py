"""What pages, exports and commands ask of reviews: which there are, what is asked of which unit, what a review says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from beanie import PydanticObjectId

from stratplan.alphabet import sort_key
from stratplan.errors import NotVisible
from stratplan.goals.models import Report, Task
from stratplan.goals.queries import reports_of, tasks_in_order
from stratplan.goals.states import Execution
from stratplan.i18n import _
from stratplan.reviews.models import Edition, Review, Submission, SubmissionState
from stratplan.reviews.terms import period_of_code
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit

OVER = (Execution.COMPLETED, Execution.CANCELLED)


def reviews_in_order(snapshot: Snapshot) -> list[Review]:
    """The plan's reviews, the newest first; of those that end on one day the longer first."""
    return snapshot.derive(
        "reviews in order",
        lambda: sorted(
            snapshot.all(Review).values(),
            key=lambda review: (review.period.end, -review.period.start.toordinal()),
            reverse=True,
        ),
    )


def find_review(snapshot: Snapshot, code: str) -> Review:
    """The review of that code (2016Q3), or of that id."""
    period = period_of_code(code)
    for review in snapshot.all(Review).values():
        if review.period == period or str(review.key) == code:
            return review
    raise NotVisible(_("There is no such review."))


Closed = tuple[Review, Edition]  # a review, and one of its editions


def closed_reviews(snapshot: Snapshot) -> list[Closed]:
    """Those that were closed, the newest first, each with its newest edition; also of those that are open again."""
    return [(review, edition) for review in reviews_in_order(snapshot) if (edition := review.last_edition) is not None]


def closed_by(snapshot: Snapshot, day: date) -> list[Closed]:
    """Those that were closed as of that day or an earlier one, the newest first."""
    return [(review, edition) for review, edition in closed_reviews(snapshot) if edition.day <= day]


def closed_before(snapshot: Snapshot, review: Review, edition: Edition | None = None) -> Closed | None:
    """What a review is compared with: the last review of the same length before it, else the last that ended before it.

    An edition is compared with what there was when it was closed, whatever is closed or opened again later: what is
    said of it never changes.
    """
    earlier = []
    for one in reviews_in_order(snapshot):
        then = [found for found in one.editions if edition is None or found.closed_at <= edition.closed_at]
        if then and one.period.end < review.period.end:
            earlier.append((one, then[-1]))
    alike = [pair for pair in earlier if abs(pair[0].period.days - review.period.days) < 10]
    return next(iter(alike or earlier), None)


def submissions_of(snapshot: Snapshot, review: Review) -> Mapping[PydanticObjectId, Submission]:
    """What was sent in for a review, by unit."""

    def grouped() -> dict[PydanticObjectId, dict[PydanticObjectId, Submission]]:
        groups: dict[PydanticObjectId, dict[PydanticObjectId, Submission]] = {}
        for one in snapshot.all(Submission).values():
            groups.setdefault(one.review, {})[one.unit] = one
        return groups

    return snapshot.derive("submissions", grouped).get(review.key, {})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a review asks of one unit: the tasks that it leads, and how far it is with them. `unreported` are those of
    which nothing was reported in the review: all, until it sends; a task that was added or handed over to it since."""

    unit: Unit
    tasks: tuple[Task, ...]
    submission: Submission | None
    unreported: tuple[Task, ...]

    @property
    def state(self) -> SubmissionState:
        """How far it is; a unit that has not begun has not sent."""
        if self.submission is None:
            return SubmissionState.NOT_SENT
        if self.submission.state is SubmissionState.SENT and self.unreported:
            return SubmissionState.PARTLY_SENT
        return self.submission.state

    @property
    def is_sent(self) -> bool:
        """Whether its part is there, and whole."""
        return self.state is SubmissionState.SENT

    @property
    def to_say(self) -> tuple[Task, ...]:
        """The tasks without which its part is not sent: what it has once said of the others stands."""
        return self.tasks if self.submission is None else self.unreported

    @property
    def unreported_numbers(self) -> str:
        """The numbers of the tasks of which nothing was reported."""
        return ", ".join(task.number for task in self.unreported)


def tasks_of_review(snapshot: Snapshot, review: Review) -> list[Task]:
    """The tasks that are reported on in a review: begun by its last day, and not completed or cancelled before its
    first, as far as reports made outside of this review tell."""
    return snapshot.derive(("tasks of review", review.key), lambda: _tasks(snapshot, review))


def _tasks(snapshot: Snapshot, review: Review) -> list[Task]:
    found = []
    for task in tasks_in_order(snapshot):
        if task.period.start > review.period.end:
            continue
        before = [
            one for one in reports_of(snapshot, task) if one.on < review.period.start and one.review != review.key
        ]
        if not before or before[-1].execution not in OVER:
            found.append(task)
    return found


def units_asked(snapshot: Snapshot, review: Review) -> list[Asked]:
    """The units that lead tasks of the review, by name, each with its tasks."""
    tasks: dict[PydanticObjectId, list[Task]] = {}
    for task in tasks_of_review(snapshot, review):
        if task.lead is not None:
            tasks.setdefault(task.lead, []).append(task)
    sent, reported = submissions_of(snapshot, review), _reported_in(snapshot, review)
    units = [unit for key in tasks if (unit := snapshot.find(Unit, key)) is not None]
    return [
        Asked(
            unit,
            tuple(tasks[unit.key]),
            sent.get(unit.key),
            tuple(task for task in tasks[unit.key] if task.key not in reported),
        )
        for unit in sorted(units, key=lambda unit: sort_key(unit.name))
    ]


def _reported_in(snapshot: Snapshot, review: Review) -> Collection[PydanticObjectId]:
    """The tasks that were reported on in a review, by whichever unit."""

    def grouped() -> dict[PydanticObjectId, set[PydanticObjectId]]:
        groups: dict[PydanticObjectId, set[PydanticObjectId]] = {}
        for report in snapshot.all(Report).values():
            if report.review is not None:
                groups.setdefault(report.review, set()).add(report.task)
        return groups

    return snapshot.derive("tasks reported in reviews", grouped).get(review.key, ())


def asked_of(snapshot: Snapshot, review: Review, unit: PydanticObjectId) -> Asked:
    """What the review asks of one unit; NotVisible where it asks nothing."""
    for asked in units_asked(snapshot, review):
        if asked.unit.key == unit:
            return asked
    raise NotVisible(_("This review asks nothing of this unit."))


def without_unit(snapshot: Snapshot, review: Review) -> list[Task]:
    """The tasks of the review that nobody leads."""
    return [task for task in tasks_of_review(snapshot, review) if snapshot.find(Unit, task.lead) is None]


def reported_before(snapshot: Snapshot, review: Review, task: Task) -> Report | None:
    """The last report on a task up to the review's last day that was made outside of it."""
    others = [one for one in reports_of(snapshot, task) if one.review != review.key and one.on <= review.period.end]
    return others[-1] if others else None


def reports_in(snapshot: Snapshot, review: Review, tasks: Sequence[Task]) -> Mapping[PydanticObjectId, Report]:
    """The report that was made in a review on each of some tasks, by task."""
    found: dict[PydanticObjectId, Report] = {}
    for task in tasks:
        for report in snapshot.belonging_to(task, Report):
            if report.review == review.key:
                found[task.key] = report
    return found
