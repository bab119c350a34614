"""The SWOT entries and their place in the matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pymongo import ASCENDING, IndexModel

from stratplan import audit
from stratplan.actors import Actor
from stratplan.choice import Choice
from stratplan.documents import Link, LivingDocument, OnDelete, Prose, References
from stratplan.errors import StaleEdit
from stratplan.i18n import N_
from stratplan.permissions import Permission
from stratplan.plans.models import PublicPart


class Quadrant(Choice):
    """The four fields of the matrix; the first two are inside the organisation, the last two outside."""

    STRENGTH = "strength", N_("Strengths"), "success", "circle-plus"
    WEAKNESS = "weakness", N_("Weaknesses"), "warning", "circle-minus"
    OPPORTUNITY = "opportunity", N_("Opportunities"), "info", "lightbulb"
    THREAT = "threat", N_("Threats"), "danger", "triangle-alert"

    @property
    def wants_answer(self) -> bool:
        """Whether a plan should say what it does about it."""
        return self in (Quadrant.WEAKNESS, Quadrant.THREAT)


class SwotEntry(LivingDocument):
    """One statement of the analysis, with the goals and tasks that answer it."""

    quadrant: Quadrant
    text: Prose
    order: int = 0
    goals: References = []
    tasks: References = []
    internal: bool = False

    kind: ClassVar = "swot"
    noun: ClassVar = N_("SWOT entry")
    written_with: ClassVar = (Permission.SWOT_WRITE,)
    labels: ClassVar = {
        "quadrant": N_("Field"),
        "text": N_("Text"),
        "goals": N_("Answered by goals"),
        "tasks": N_("Answered by tasks"),
        "internal": N_("Internal"),
        "order": N_("Place"),
    }
    texts: ClassVar = frozenset({"text"})
    links: ClassVar = (Link("goals", "goal", OnDelete.UNLINK), Link("tasks", "task", OnDelete.UNLINK))

    class Settings:
        name = "swot"
        indexes: ClassVar = [IndexModel([("scope", ASCENDING), ("deleted", ASCENDING)])]

    @property
    def caption(self) -> str:
        return self.text if len(self.text) <= 60 else self.text[:59].rstrip() + "…"

    def public(self, parts: frozenset[str]) -> SwotEntry | None:
        return self if PublicPart.SWOT in parts and not self.internal else None

    @property
    def is_answered(self) -> bool:
        """Whether a goal or task answers this entry."""
        return bool(self.goals or self.tasks)

    async def move(
        self, quadrant: Quadrant, place: int, neighbours: Sequence[SwotEntry], *, by: Actor, based_on: int
    ) -> audit.AuditEntry | None:
        """Put the entry at `place` (from 1) among `neighbours`, the entries of `quadrant` in their order."""
        if based_on != self.version:
            raise StaleEdit(self, {"quadrant": quadrant}, await audit.entries_since(self, based_on))
        row = [entry for entry in neighbours if entry.key != self.key]
        row.insert(max(0, place - 1), self)
        edits = [
            audit.changed(entry, order=order, **({"quadrant": quadrant} if entry is self else {}))
            for order, entry in enumerate(row, start=1)
        ]
        # What was moved comes first: a change is called by its first document.
        edits = sorted((edit for edit in edits if edit.values), key=lambda edit: edit.document is not self)
        return await audit.record("swot.moved", edits, by=by) if edits else None
