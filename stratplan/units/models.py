"""The units of an organisation: who leads tasks and takes part in them."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from beanie import PydanticObjectId
from pydantic import model_validator
from pymongo import ASCENDING, IndexModel

from stratplan.choice import Choice
from stratplan.database import Session
from stratplan.documents import Headcount, Line, Link, LivingDocument, OptionalLine, Reference
from stratplan.errors import RuleBroken
from stratplan.i18n import N_, _
from stratplan.permissions import Permission


class UnitKind(Choice):
    """What a responsible unit is."""

    DEPARTMENT = "department", N_("Department"), "info", "building"
    STRUCTURAL = "structural", N_("Structural unit"), "info", "house"
    POSITION = "position", N_("Position"), "neutral", "user-round"
    PARTNER = "partner", N_("Outside partner"), "neutral", "handshake"


class Unit(LivingDocument):
    """A department, structural unit, position or partner; its scope is the organisation."""

    name: Line
    short: OptionalLine = ""
    parent: Reference | None = None
    sort: UnitKind
    headcount: Headcount | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    kind: ClassVar = "unit"
    noun: ClassVar = N_("unit")
    written_with: ClassVar = (Permission.UNITS_WRITE,)
    labels: ClassVar = {
        "name": N_("Name"),
        "short": N_("Short name"),
        "sort": N_("Kind"),
        "parent": N_("Part of"),
        "headcount": N_("Posts"),
        "valid_from": N_("Exists from"),
        "valid_to": N_("Exists until"),
    }
    texts: ClassVar = frozenset({"name", "short"})
    links: ClassVar = (Link("parent", "unit"),)
    unique: ClassVar = ("name",)

    class Settings:
        name = "units"
        indexes: ClassVar = [IndexModel([("scope", ASCENDING), ("deleted", ASCENDING)])]

    @model_validator(mode="after")
    def _exists_forward(self) -> Unit:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError(N_("The last day is before the first."))
        if self.parent is not None and self.parent == self.id:
            raise ValueError(N_("A unit cannot be part of itself."))
        return self

    @property
    def caption(self) -> str:
        return self.short or self.name

    def public(self, parts: frozenset[str]) -> Unit:
        return self

    def exists_on(self, day: date) -> bool:
        """Whether the unit exists on the day; a day that is not stated does not limit."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    async def check_rules(self, session: Session) -> None:
        """No unit is part of itself, however long the way round."""
        if self.parent is None:
            return
        units = Unit.get_motor_collection().find(
            {"scope": self.scope, "deleted": False}, {"parent": 1}, session=session
        )
        parents = {unit["_id"]: unit["parent"] async for unit in units}
        above: PydanticObjectId | None = self.parent
        seen = {self.key}
        while above is not None and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if above is not None:
            raise RuleBroken(
                _("“%(name)s” would become a part of itself. Choose another unit above it.") % {"name": self.caption},
                field="parent",
            )
