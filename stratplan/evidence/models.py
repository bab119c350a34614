"""Evidence: what is known of a file that shows what was done for a task. Its bytes lie in GridFS (see storage)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints
from pymongo import ASCENDING, IndexModel

from stratplan import audit
from stratplan.actors import Actor
from stratplan.database import Session
from stratplan.documents import Line, Link, LivingDocument, OnDelete, OptionalLine, Reference
from stratplan.errors import RuleBroken
from stratplan.evidence.file_types import FileType
from stratplan.goals.models import Report
from stratplan.i18n import N_, _
from stratplan.permissions import Permission

MOST_ON_A_TASK = 100


class Evidence(LivingDocument):
    """A file on a task, perhaps of one of its reports. Removed softly: the bytes stay, so that it can come back."""

    task: Reference
    report: Reference | None = None
    name: Line
    file_type: FileType
    size: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    description: OptionalLine = ""
    file: Reference  # in GridFS
    uploaded_by: str = ""

    kind: ClassVar = "evidence"
    noun: ClassVar = N_("file")
    written_with: ClassVar = (Permission.EVIDENCE_WRITE,)
    labels: ClassVar = {
        "name": N_("File"),
        "file_type": N_("Kind of file"),
        "size": N_("Size, bytes"),
        "description": N_("What it shows"),
        "report": N_("Report"),
    }
    links: ClassVar = (Link("task", "task", OnDelete.DELETE), Link("report", "report", OnDelete.UNLINK))

    class Settings:
        name = "evidence"
        indexes: ClassVar = [
            IndexModel([("scope", ASCENDING), ("deleted", ASCENDING)]),
            IndexModel([("file", ASCENDING)]),
            IndexModel([("task", ASCENDING)]),
        ]

    @property
    def caption(self) -> str:
        return self.name

    async def check_rules(self, session: Session) -> None:
        """There is room on the task, and the report is one of it."""
        count = await Evidence.get_motor_collection().count_documents(
            {"task": self.task, "deleted": False}, session=session
        )
        if count > MOST_ON_A_TASK:
            raise RuleBroken(
                _("A task has at most %(most)s files. Remove some first.", most=MOST_ON_A_TASK), field="files"
            )
        if self.report is not None:
            report = await Report.find_one({"_id": self.report}, session=session)
            if report is None or report.task != self.task:
                raise RuleBroken(_("This report is not one of the task."), field="report")

    @classmethod
    async def attach(cls, files: list[Evidence], *, by: Actor) -> audit.AuditEntry:
        """Record files whose bytes are kept already: all of them, or none."""
        return await audit.record(
            "evidence.created",
            [audit.created(file.model_copy(update={"uploaded_by": by.id})) for file in files],
            by=by,
        )
