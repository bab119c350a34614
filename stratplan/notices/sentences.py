"""What a notice says, in the language in force, and where it leads: the same in the application and in letters."""

from __future__ import annotations

from datetime import date

from stratplan import i18n
from stratplan.goals.models import Task
from stratplan.i18n import N_, _, ngettext
from stratplan.notices.audience import audience_of
from stratplan.notices.kinds import OF_REVIEWS, NoticeKind
from stratplan.notices.models import Notice
from stratplan.reviews.models import Review, SubmissionState
from stratplan.reviews.queries import units_asked
from stratplan.reviews.terms import name_of, period_of_code
from stratplan.snapshot import Snapshot

UNITS_NAMED = 12  # in one sentence

_DEEDS = {
    "task.created": N_("%(name)s added this task."),
    "task.moved": N_("%(name)s moved this task."),
    "task.deleted": N_("%(name)s deleted this task."),
    "task.restored": N_("%(name)s restored an earlier version of this task."),
    "task.handed_over": N_("%(name)s handed this task over to another unit."),
    "task.milestones_set": N_("%(name)s changed the milestones of this task."),
    "task.reported": N_("%(name)s reported on this task."),
    "report.edited": N_("%(name)s corrected a report on this task."),
    "report.deleted": N_("%(name)s deleted a report on this task."),
    "report.restored": N_("%(name)s restored an earlier version of a report on this task."),
    "change.undone": N_("%(name)s undid a change of this task."),
}
_EDITED = N_("%(name)s changed this task.")


def sentence(notice: Notice, snapshot: Snapshot, day: date) -> str:
    """What happened, in a sentence or two, without the task's name; days are counted from `day`."""
    name = snapshot.name_of(notice.by) if notice.by else ""
    match notice.kind:
        case NoticeKind.ASKED:
            return _("%(name)s asked a question.", name=name)
        case NoticeKind.MENTIONED:
            return _("%(name)s mentioned you.", name=name)
        case NoticeKind.CHANGED:
            return _(_DEEDS.get(notice.deed, _EDITED), name=name)
        case NoticeKind.REVIEW_OPENED | NoticeKind.REVIEW_DUE | NoticeKind.REVIEW_LATE:
            return _of_review(notice, snapshot, day, name)
    deadline = date.fromisoformat(notice.deadline)
    written = i18n.short_date(deadline)
    if deadline < day:
        return _("The deadline was %(day)s", day=written) + ("" if written.endswith(".") else ".")
    return _("Deadline: %(day)s, %(in_days)s.", day=written, in_days=i18n.since(deadline, day))


def _of_review(notice: Notice, snapshot: Snapshot, day: date, name: str) -> str:
    review = snapshot.find(Review, notice.review)
    due = _said_due(notice, day)
    if notice.kind is NoticeKind.REVIEW_OPENED:
        return _("%(name)s opened a review.", name=name) + " " + due
    if notice.deed == "submission.returned":
        return _("%(name)s returned your unit's part with a remark.", name=name)
    if notice.kind is NoticeKind.REVIEW_DUE:
        return _said_missing(notice, snapshot, review) + " " + due
    asked = [] if review is None else units_asked(snapshot, review)
    missing = [one.unit.caption for one in asked if not one.is_sent]
    if not missing:
        return _("Units were late; by now all have sent their parts.")
    named = ", ".join(missing[:UNITS_NAMED]) + (" …" if len(missing) > UNITS_NAMED else "")
    return ngettext(
        "%(num)s unit has not sent: %(units)s.", "%(num)s units have not sent: %(units)s.", len(missing), units=named
    )


def _said_missing(notice: Notice, snapshot: Snapshot, review: Review | None) -> str:
    """What is missing of the units of whom the notice is for."""
    person = audience_of(snapshot).get(notice.account)
    asked = [] if review is None or person is None else units_asked(snapshot, review)
    states = {one.state for one in asked if person is not None and one.unit.key in person.units and not one.is_sent}
    if states == {SubmissionState.PARTLY_SENT}:
        return _("Your unit has sent its part, but nothing of tasks that were added since.")
    return _("Your unit has not sent its part.")


def _said_due(notice: Notice, day: date) -> str:
    """Until when parts are sent, or were to be."""
    due = date.fromisoformat(notice.deadline)
    written = i18n.short_date(due)
    if due < day:
        return _("It was due on %(day)s", day=written) + ("" if written.endswith(".") else ".")
    return _("Due: %(day)s, %(in_days)s.", day=written, in_days=i18n.since(due, day))


def path_of(notice: Notice, snapshot: Snapshot) -> str:
    """The page that a notice leads to: its task or review, or the plan where there is none (any more)."""
    review = snapshot.find(Review, notice.review)
    if review is not None:
        return f"/plans/{snapshot.plan.slug}/reviews/{review.code}"
    task = snapshot.find(Task, notice.task)
    if task is not None:
        return f"/plans/{snapshot.plan.slug}/tasks/{task.number}"
    return f"/plans/{snapshot.plan.slug}" + ("/history" if notice.task is not None else "")


def caption_of(notice: Notice, snapshot: Snapshot) -> str:
    """What the notice is about, as it is called now; as it was called, where it is gone."""
    if notice.kind in OF_REVIEWS:
        period = period_of_code(notice.caption)
        return notice.caption if period is None else _("Review: %(period)s", period=name_of(period))
    task = snapshot.find(Task, notice.task)
    return notice.caption if task is None else task.caption
