"""The template that a plan's reports are made of as DOCX, where the planner brought one. Its bytes lie in GridFS."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints
from pymongo import ASCENDING, IndexModel

from stratplan import audit
from stratplan.actors import Actor
from stratplan.database import Session
from stratplan.documents import Line, LivingDocument, Reference
from stratplan.errors import RuleBroken
from stratplan.evidence.storage import opened
from stratplan.i18n import N_, _
from stratplan.permissions import Permission
from stratplan.snapshot import Snapshot


class ReportTemplate(LivingDocument):
    """A plan's own template. Another takes its place as a document of its own: each is kept, so that a change can be
    undone."""

    name: Line
    size: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    file: Reference  # in GridFS
    uploaded_by: str = ""

    kind: ClassVar = "report_template"
    noun: ClassVar = N_("report template")
    written_with: ClassVar = (Permission.REVIEWS_WRITE,)
    labels: ClassVar = {"name": N_("File"), "size": N_("Size, bytes")}

    class Settings:
        name = "report_templates"
        indexes: ClassVar = [
            IndexModel([("scope", ASCENDING), ("deleted", ASCENDING)]),
            IndexModel([("file", ASCENDING)]),
        ]

    @property
    def caption(self) -> str:
        return self.name

    async def check_rules(self, session: Session) -> None:
        """A plan has one at most."""
        found = {"scope": self.scope, "deleted": False}
        if await ReportTemplate.get_motor_collection().count_documents(found, session=session) > 1:
            raise RuleBroken(
                _("Meanwhile the plan has another template for reports. Look at it and try again."), field="files"
            )

    async def take_over(self, before: ReportTemplate | None, *, by: Actor) -> audit.AuditEntry:
        """Record this template, whose bytes are kept already, in place of the one before."""
        edits = [audit.created(self.model_copy(update={"uploaded_by": by.id}))]
        if before is None:
            return await audit.record("report_template.created", edits, by=by)
        return await audit.record("report_template.replaced", [*edits, audit.deleted(before)], by=by)


def template_of(snapshot: Snapshot) -> ReportTemplate | None:
    """The plan's own template; None where reports are made of the default."""
    return next(iter(snapshot.all(ReportTemplate).values()), None)


async def template_bytes(snapshot: Snapshot) -> bytes | None:
    """The file of the plan's own template, to make reports of; None where it has none."""
    found = template_of(snapshot)
    return None if found is None else b"".join([piece async for piece in await opened(found)])
