"""What every living document has: its plan, its version, its limits on text and money, and the verbs that all share.

A document is never written except through `audit.record`; the verbs here and in the slices are its only callers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Self

from beanie import Document, PydanticObjectId
from bson import Decimal128, ObjectId
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from stratplan import audit, versions
from stratplan.actors import Actor
from stratplan.database import Session
from stratplan.errors import NotVisible, RuleBroken, StaleEdit
from stratplan.i18n import N_, _
from stratplan.period import Period
from stratplan.permissions import Permission

# --- the values that documents, forms, seeds and the API share -------------------------------------------------


# Control characters (Cc) but line ends and tabs, halves of characters (Cs), what stands for bytes that were no text.
# Every text of a plan that is read is looked through: a pattern does that a hundred times as fast as categories.
_NOT_KEPT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


def _clean(text: str) -> str:
    """Text as it is kept: NFC, newlines as \\n, no other control characters (refused, not removed).

    U+FFFD is refused too: it only comes of bytes that were not text.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if _NOT_KEPT.search(text):
        raise ValueError(N_("The text has a character that cannot be kept."))
    return text


def _one_line(text: str) -> str:
    """A single line as it is kept: spaces and line breaks are one space each, and what is not seen is left out: marks
    of direction, which can make a name read as another, zero-width characters and soft hyphens, which keep two names
    that look the same from being the same. Joiners inside emoji are part of them.
    """
    seen = [
        character
        for before, character in zip(" " + text, text, strict=False)
        if unicodedata.category(character) != "Cf" or (character == "\u200d" and unicodedata.category(before)[0] == "S")
    ]
    return " ".join("".join(seen).split())


def _from_stored(value: Any) -> Any:
    return value.to_decimal() if isinstance(value, Decimal128) else value


# Text is cleaned before it is measured (validators before run from the last to the first).
_Clean = BeforeValidator(lambda value: _clean(value) if isinstance(value, str) else value)
_OneLine = BeforeValidator(lambda value: _one_line(value) if isinstance(value, str) else value)

Line = Annotated[str, StringConstraints(min_length=1, max_length=500), _OneLine, _Clean]
OptionalLine = Annotated[str, StringConstraints(max_length=500), _OneLine, _Clean]
Code = Annotated[str, StringConstraints(min_length=1, max_length=30), _OneLine, _Clean]
OptionalCode = Annotated[str, StringConstraints(max_length=30), _OneLine, _Clean]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30_000), _Clean]
OptionalProse = Annotated[str, StringConstraints(strip_whitespace=True, max_length=30_000), _Clean]
Money = Annotated[
    Decimal, BeforeValidator(_from_stored), Field(ge=0, max_digits=14, decimal_places=2, allow_inf_nan=False)
]
Weight = Annotated[
    Decimal,
    BeforeValidator(_from_stored),
    Field(ge=0, le=1_000_000, max_digits=10, decimal_places=3, allow_inf_nan=False),
]
Percent = Annotated[
    Decimal,
    BeforeValidator(_from_stored),
    Field(ge=0, le=100, max_digits=7, decimal_places=4, allow_inf_nan=False),
]
Headcount = Annotated[
    Decimal,
    BeforeValidator(_from_stored),
    Field(ge=0, le=100_000, max_digits=8, decimal_places=2, allow_inf_nan=False),
]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
# The scope of what belongs to no plan and no organisation: accounts, and roles in all plans.
SITE = PydanticObjectId("0" * 24)

Reference = PydanticObjectId
References = Annotated[list[Reference], AfterValidator(lambda keys: list(dict.fromkeys(keys)))]


def now() -> datetime:
    """This moment in UTC, to the millisecond that MongoDB keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def stored(value: Any) -> Any:
    """A Python value as BSON keeps it: amounts as Decimal128, days and periods as text that sorts, exact shares
    as "n/d", enums by value."""
    match value:
        case None | bool() | int() | ObjectId() | datetime() | Decimal128():
            return value
        case Enum():
            return value.value
        case str():
            return str(value)
        case Decimal():
            return Decimal128(value)
        case Fraction():
            return str(value)
        case date():
            return value.isoformat()
        case Period():
            return str(value)
        case BaseModel():
            return {name: stored(getattr(value, name)) for name in type(value).model_fields}
        case Mapping():
            return {str(key): stored(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [stored(item) for item in value]
    raise TypeError(f"{type(value).__name__} is not kept in documents")


class Part(BaseModel):
    """A piece kept inside a document (a milestone, a share)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # The fields a person may see, of pieces that have a name: these are compared one by one.
    labels: ClassVar[Mapping[str, str]] = {}
    always_apart: ClassVar[bool] = False  # whether one by one also where there were none before

    @property
    def known_by(self) -> Any:
        """What tells which piece of an older list it is; None where nothing does."""
        return vars(self).get("key")

    @property
    def heading(self) -> str:
        """What a person calls it."""
        return str(vars(self).get("title", ""))


# --- references ------------------------------------------------------------------------------------------------


class OnDelete(StrEnum):
    """What deleting a document does to those that name it."""

    REFUSE = "refuse"
    UNLINK = "unlink"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Link:
    """One field (dotted inside lists) that names documents of another kind."""

    field: str
    kind: str
    on_delete: OnDelete = OnDelete.REFUSE


# --- the living document ---------------------------------------------------------------------------------------


class LivingDocument(Document):
    """A document that people work on: belongs to a plan (or an organisation), has versions, is deleted softly."""

    model_config = ConfigDict(extra="forbid")
    # Beanie looks at each attribute that is read for a value not parsed yet. There are none here, and pages read
    # attributes by the ten thousand.
    __getattribute__ = object.__getattribute__

    scope: PydanticObjectId
    version: int = 1
    deleted: bool = False
    created_at: datetime = Field(default_factory=now)
    worded_at: datetime | None = None

    kind: ClassVar[str]
    noun: ClassVar[str]  # what a person calls it; an English source text
    labels: ClassVar[Mapping[str, str]]  # the fields a person may see, in order, with their names
    texts: ClassVar[frozenset[str]] = frozenset()  # fields that `as_of` cannot take back in time
    links: ClassVar[tuple[Link, ...]] = ()
    unique: ClassVar[tuple[str, ...]] = ()  # fields that no two documents of a scope share
    written_with: ClassVar[tuple[Permission, ...]] = ()  # any of these rights writes it; without one nobody undoes it
    final: ClassVar[frozenset[str]] = frozenset()  # tags of changes that nobody takes back
    apart: ClassVar[Mapping[str, Permission]] = {}  # fields with verbs and rights of their own: versions leave them out
    kinds: ClassVar[dict[str, type[LivingDocument]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "kind" in cls.__dict__:
            LivingDocument.kinds[cls.kind] = cls

    @property
    def caption(self) -> str:
        """What the document is called in lists, notices and the history."""
        raise NotImplementedError  # each kind says its own; a document without a kind is never made

    @classmethod
    def said(cls, caption: str) -> str:
        """A caption that the history keeps, in the language in force."""
        return caption

    @property
    def belongs_to(self) -> tuple[str, PydanticObjectId] | None:
        """The kind and id of the document whose figures this one is part of (a report's task), if any."""
        return None

    @property
    def responsible(self) -> frozenset[PydanticObjectId]:
        """The units that lead this or take part in it: whose own it is."""
        return frozenset()

    def public(self, parts: frozenset[str]) -> Self | None:
        """This document as residents see it when the plan publishes `parts`; None where they do not: closed unless a
        kind says otherwise."""
        return None

    @classmethod
    async def differences_beside(cls, raw: Mapping[str, Any], session: Session) -> list[str]:
        """The fields of a stored document that what is kept beside it (a review's editions) does not fit any more."""
        return []

    @property
    def key(self) -> PydanticObjectId:
        """The id; every document has one from the moment it is made."""
        assert self.id is not None
        return self.id

    @classmethod
    def new(cls, **values: Any) -> Self:
        """A document with an id of its own, checked, not yet written."""
        return cls(id=PydanticObjectId(), **values)

    async def check_rules(self, session: Session) -> None:
        """The rules between this and other documents; runs in the transaction that writes it, whoever writes.

        Raises RuleBroken, and nothing is written.
        """

    async def check_deletion(self, session: Session) -> None:
        """The same for this document being deleted, by whatever way: removed, deleted with what it names, or by undoing
        what made it. The documents that are deleted with it are so already."""

    # The verbs that all documents share; slices add their own beside these.

    async def add(self, *, by: Actor) -> audit.AuditEntry:
        """Write this new document."""
        return await audit.record(f"{self.kind}.created", [audit.created(self)], by=by)

    async def edit(
        self, values: Mapping[str, Any], *, by: Actor, based_on: int, tag: str = "edited"
    ) -> audit.AuditEntry | None:
        """Set `values`, which were decided looking at version `based_on`; None where nothing differs.

        Raises StaleEdit when any of these fields has been set since then, or the document deleted; RuleBroken when a
        rule forbids the outcome.
        """
        since = await audit.entries_since(self, based_on)
        if audit.values_before(self, since).keys() & {*values, "deleted"}:
            raise StaleEdit(self, values, since)
        change = audit.changed(self, **values)
        if not change.values:
            return None
        return await audit.record(f"{self.kind}.{tag}", [change], by=by)

    async def remove(self, *, by: Actor, based_on: int) -> audit.AuditEntry:
        """Delete softly; what names this is refused, unlinked or deleted with it, as its `links` say."""
        if based_on != self.version:
            raise StaleEdit(self, {}, await audit.entries_since(self, based_on))
        return await audit.record(f"{self.kind}.deleted", await deletion(self), by=by)

    async def restore(self, version: int, *, by: Actor, based_on: int) -> audit.AuditEntry | None:
        """Make this what it was in an earlier `version`, also after it was deleted; None where nothing differs.

        Raises StaleEdit when it has been changed since version `based_on`, RuleBroken when a rule forbids the outcome.
        """
        change = await versions.back_to(self, version)
        if based_on != self.version:
            raise StaleEdit(self, change.values, await audit.entries_since(self, based_on))
        if not change.values:
            return None
        self.refuse_putting_back(change.values, by)
        return await audit.record(f"{self.kind}.restored", [change, *await self.touched_with()], by=by)

    def refuse_putting_back(self, values: Mapping[str, Any], by: Actor) -> None:
        """Raise RuleBroken where `by` may not put these values back, by undoing or restoring."""

    async def touched_with(self) -> list[audit.Edit]:
        """The edits of documents whose history tells of changes of this one."""
        return []

    @classmethod
    async def arrange(cls, siblings: Iterable[Self], *, by: Actor) -> audit.AuditEntry | None:
        """Give `siblings` (documents with an `order`) the order in which they come."""
        edits = [
            audit.changed(document, order=place)
            for place, document in enumerate(siblings, start=1)
            if getattr(document, "order", None) != place
        ]
        return await audit.record(f"{cls.kind}.reordered", edits, by=by) if edits else None


async def deletion(document: LivingDocument) -> list[audit.Edit]:
    """The edits that deleting `document` takes, or RuleBroken naming what stands in the way."""
    edits = {document.key: audit.deleted(document)}
    for kind in LivingDocument.kinds.values():
        for link in kind.links:
            if link.kind != document.kind:
                continue
            found = await kind.find({link.field: document.key, "deleted": False}).to_list()
            if not found:
                continue
            if link.on_delete is OnDelete.REFUSE:
                raise RuleBroken(await _still_used(document, found))
            for other in found:
                if link.on_delete is OnDelete.DELETE:
                    edits[other.key] = audit.deleted(other)
                elif other.key not in edits:
                    edits[other.key] = audit.changed(other, **_without(other, link.field, document.key))
                elif not edits[other.key].values.get("deleted"):
                    edits[other.key].values.update(_without(other, link.field, document.key))
    return list(edits.values())


async def _still_used(document: LivingDocument, users: Sequence[LivingDocument]) -> str:
    """Why `document` stays: where it is used, and in which deleted plans, which nobody can open."""
    plans = LivingDocument.kinds["plan"]
    gone = {
        plan.key: plan.caption
        for plan in await plans.find({"_id": {"$in": [user.scope for user in users]}, "deleted": True}).to_list()
    }
    captions = sorted(user.caption for user in users if user.scope not in gone)
    if captions:
        named = ", ".join(captions[:5]) + (" …" if len(captions) > 5 else "")
        return _("“%(name)s” cannot be deleted while it is used in: %(users)s. Change those first.") % {
            "name": document.caption,
            "users": named,
        }
    return _(
        "“%(name)s” is used in a plan that was deleted (%(plans)s), which may still be restored. "
        "Give it a last day instead."
    ) % {"name": document.caption, "plans": ", ".join(sorted(gone.values()))}


def _without(document: LivingDocument, field: str, gone: PydanticObjectId) -> dict[str, Any]:
    value = getattr(document, field)
    return {field: [item for item in value if item != gone] if isinstance(value, list) else None}


async def undo(entry_id: PydanticObjectId, *, scope: PydanticObjectId, by: Actor) -> audit.AuditEntry:
    """Take one recorded change back, as a new change.

    Refused when a document of it has changed since: then its history is the place to choose a version.
    """
    entry = await audit.AuditEntry.find_one({"_id": entry_id, "scope": scope})
    if entry is None:
        raise NotVisible(_("This change is not in the history."))
    edits = []
    for change in entry.changes:
        kind = LivingDocument.kinds[change.kind]
        document = await kind.get(change.document)
        if document is None or document.version != change.version:
            raise _built_on(change.caption)
        before = {"deleted": True} if change.before is None else change.before
        edit = audit.changed(document, **before)
        document.refuse_putting_back(edit.values, by)
        edits.append(edit)
    # A document that the change only touched (the task of a report) is touched again: its history tells of both.
    differ = any(edit.values for edit in edits)
    try:
        return await audit.record("change.undone", edits if differ else [], by=by, undoes=entry.id)
    except StaleEdit as stale:
        raise _built_on(stale.current.caption) from None


def _built_on(caption: str) -> RuleBroken:
    return RuleBroken(
        _("“%(name)s” has been changed since, so this can no longer be undone. Restore an earlier version instead.")
        % {"name": caption}
    )
