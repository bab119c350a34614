"""What a notice says, in the language in force, and where it leads: the same in the application and in letters."""

from __future__ import annotations

from datetime import date

from stratplan import i18n
from stratplan.goals.models import Task
from stratplan.i18n import N_, _
from stratplan.notices.kinds import NoticeKind
from stratplan.notices.models import Notice
from stratplan.snapshot import Snapshot

_DEEDS = {
    "task.created": N_("%(name)s added this task."),
    "task.moved": N_("%(name)s moved this task."),
    "task.deleted": N_("%(name)s deleted this task."),
    "task.restored": N_("%(name)s restored an earlier version of this task."),
    "task.milestones_set": N_("%(name)s changed the milestones of this task."),
    "task.reported": N_("%(name)s reported on this task."),
    "report.edited": N_("%(name)s corrected a report on this task."),
    "report.deleted": N_("%(name)s deleted a report on this task."),
    "report.restored": N_("%(name)s restored an earlier version of a report on this task."),
    "change.undone": N_("%(name)s undid a change of this task."),
}
_EDITED = N_("%(name)s changed this task.")


def sentence(notice: Notice, snapshot: Snapshot, day: date) -> str:
    """What happened, in one sentence, without the task's name; days are counted from `day`."""
    name = snapshot.name_of(notice.by) if notice.by else ""
    match notice.kind:
        case NoticeKind.ASKED:
            return _("%(name)s asked a question.", name=name)
        case NoticeKind.MENTIONED:
            return _("%(name)s mentioned you.", name=name)
        case NoticeKind.CHANGED:
            return _(_DEEDS.get(notice.deed, _EDITED), name=name)
        case NoticeKind.REVIEW_OPENED:
            return _("%(name)s opened a review.", name=name)
    deadline = date.fromisoformat(notice.deadline)
    written = i18n.short_date(deadline)
    if deadline < day:
        return _("The deadline was %(day)s", day=written) + ("" if written.endswith(".") else ".")
    return _("Deadline: %(day)s, %(in_days)s.", day=written, in_days=i18n.since(deadline, day))


def path_of(notice: Notice, snapshot: Snapshot) -> str:
    """The page that a notice leads to: its task, or the plan where there is none (any more)."""
    task = snapshot.find(Task, notice.task)
    if task is not None:
        return f"/plans/{snapshot.plan.slug}/tasks/{task.number}"
    return f"/plans/{snapshot.plan.slug}" + ("/history" if notice.task is not None else "")


def caption_of(notice: Notice, snapshot: Snapshot) -> str:
    """What the notice is about, as it is called now; as it was called, where it is gone."""
    task = snapshot.find(Task, notice.task)
    return notice.caption if task is None else task.caption
