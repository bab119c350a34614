"""The files of a task as a reader sees them, with the form that adds more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from stratplan import i18n
from stratplan.documents import LivingDocument, OptionalLine
from stratplan.evidence.file_types import FileType
from stratplan.evidence.models import Evidence
from stratplan.evidence.queries import count_on, evidence_of_task
from stratplan.forms import Form, FormModel, ReferenceField
from stratplan.goals.models import Report, Task
from stratplan.goals.queries import reports_of
from stratplan.i18n import ngettext
from stratplan.permissions import Permission
from stratplan.view import Mark, View

FILES_AT_ONCE = 5


class Upload(FormModel):
    """What is sent beside the files; `back`: the page to come back to where it is not the task's."""

    description: OptionalLine = ""
    report: ReferenceField = None
    back: Annotated[str, Field(max_length=2000)] = ""


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file with whose it is and the report that it belongs to."""

    evidence: Evidence
    by: str
    size: str
    report: Report | None
    can_remove: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """The files of one task; `reports` may be chosen in the form, `endings` and the limits are said beside it."""

    rows: list[FileRow]
    form: Form[Any]
    can_add: bool
    reports: list[tuple[str, str]]
    endings: str
    largest: int
    largest_text: str
    at_once: int


def size_text(size: int) -> str:
    """A size in bytes as people read it."""
    if size < 1024:
        return f"{i18n.number(size, 0)} B"
    if size < 2**20:
        return f"{i18n.number(size / 1024, 0)} KB"
    return f"{i18n.number(size / 2**20, 1)} MB"


def row_of(view: View, evidence: Evidence, task: Task) -> FileRow:
    """A file for this reader."""
    return FileRow(
        evidence,
        view.name_of(evidence.uploaded_by),
        size_text(evidence.size),
        view.snapshot.find(Report, evidence.report),
        view.can(Permission.EVIDENCE_WRITE, task),
    )


def evidence_of(view: View, task: Task, form: Form[Any] | None = None) -> Panel | None:
    """The files of a task (up to the day looked at); None for those who may not see them."""
    if not view.can(Permission.EVIDENCE_READ):
        return None
    files = [
        one
        for one in evidence_of_task(view.snapshot, task.key)
        if view.is_today or i18n.day_of(one.created_at) <= view.day
    ]
    return Panel(
        rows=[row_of(view, one, task) for one in files],
        form=form or Form.filled(Upload),
        can_add=view.can(Permission.EVIDENCE_WRITE, task),
        reports=[(str(one.key), i18n.short_date(one.on)) for one in reversed(reports_of(view.snapshot, task))],
        endings=",".join(f".{ending}" for kind in FileType for ending in kind.endings),
        largest=view.site.largest_file,
        largest_text=size_text(view.site.largest_file),
        at_once=FILES_AT_ONCE,
    )


def mark(view: View, document: LivingDocument) -> Mark | None:
    """How many files a task has, for the rows that show it."""
    if document.kind != Task.kind or not view.can(Permission.EVIDENCE_READ):
        return None
    count = count_on(view.snapshot, document.key)
    if not count:
        return None
    label = ngettext(
        "%(num)s file on task %(number)s", "%(num)s files on task %(number)s", count, number=vars(document)["number"]
    )
    return Mark(icon="paperclip", text=str(count), label=label, anchor="evidence")
