"""The one door for writing: every change is one transaction of documents, an audit entry and the scope's head.

Entries of a scope form an append-only chain: each carries the SHA-256 of the one before. The head carries the last
entry's number, which is the scope's revision: what a page is kept by.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from beanie import Document, PydanticObjectId
from bson import Decimal128
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from stratplan.actors import Actor
from stratplan.database import Session, in_transaction, transaction_began
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.i18n import _

if TYPE_CHECKING:
    from stratplan.documents import Link, LivingDocument

GENESIS = "0" * 64
BOOKKEEPING = {"_id", "id", "scope", "version", "revision_id", "created_at", "worded_at"}


class Head(Document):
    """Where a scope's chain ends: `_id` is the scope, `revision` the number of its last entry.

    `uses` counts the changes elsewhere that came to name documents of this scope: each conflicts with the changes here,
    so that nothing is deleted while it comes into use.
    """

    revision: int = 0
    hash: str = GENESIS
    uses: int = 0

    class Settings:
        name = "heads"


class Change(BaseModel):
    """What one document was and became; `before` is None for a new one. Only fields that differ are named."""

    kind: str
    document: PydanticObjectId
    caption: str
    version: int
    before: dict[str, Any] | None
    after: dict[str, Any]


class AuditEntry(Document):
    """One change: who, when, what, on which versions, with its place in the chain."""

    scope: PydanticObjectId
    number: int
    at: datetime
    by: str
    by_name: str = ""  # of entries made before there were accounts; names are not recorded any more
    tag: str
    changes: list[Change]
    undoes: PydanticObjectId | None = None
    previous: str
    hash: str

    class Settings:
        name = "audit"
        indexes: ClassVar = [
            IndexModel([("scope", ASCENDING), ("number", DESCENDING)], unique=True),
            IndexModel([("scope", ASCENDING), ("at", DESCENDING)]),
            IndexModel([("scope", ASCENDING), ("by", ASCENDING)]),
            IndexModel([("changes.document", ASCENDING), ("number", DESCENDING)]),
            IndexModel([("undoes", ASCENDING)], sparse=True),
            IndexModel(
                [("scope", ASCENDING), ("number", ASCENDING)],
                name="periods_changed",
                partialFilterExpression={"changes.before.period": {"$exists": True}},
            ),
        ]


@dataclass(slots=True)
class Edit:
    """One document about to be written: as it was read, and the values to set (all of them for a new one)."""

    document: LivingDocument
    values: dict[str, Any] = field(default_factory=dict)
    is_new: bool = False


def created(document: LivingDocument) -> Edit:
    """The edit that writes a new document."""
    return Edit(document, {}, is_new=True)


def changed(document: LivingDocument, **values: Any) -> Edit:
    """The edit that sets `values`, reduced to those that differ from the document as it was read."""
    checked = type(document).model_validate({**dict(document), **values})
    return Edit(
        document,
        {name: getattr(checked, name) for name in values if getattr(checked, name) != getattr(document, name)},
    )


def deleted(document: LivingDocument) -> Edit:
    """The edit that deletes a document softly."""
    return changed(document, deleted=True)


def chained_hash(entry: Mapping[str, Any]) -> str:
    """SHA-256 over an entry as stored (without `hash`), keys sorted, amounts, ids and moments as text."""
    body = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(
        json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_as_text).encode()
    ).hexdigest()


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, Decimal128 | PydanticObjectId) or type(value).__name__ == "ObjectId":
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be hashed")


# What the scope's chain and that of its organisation counted before a change; of what is no plan, 0 for the second.
Revisions = tuple[int, int]
Beside = Callable[[Session, Revisions], Awaitable[None]]


async def record(
    tag: str,
    edits: Sequence[Edit],
    *,
    by: Actor,
    undoes: PydanticObjectId | None = None,
    beside: Beside | None = None,
) -> AuditEntry:
    """Write `edits` (all of one scope) and their one audit entry in one transaction, and return the entry. `beside`
    writes, in the same transaction, what is no living document: whole with the change, or not at all.

    Raises StaleEdit when a document is no longer at the version it was read at, RuleBroken when a number is taken or
    a reference leads nowhere; then nothing is written. The documents in `edits` stay as they were read: they may
    belong to a snapshot that others are reading.
    """
    if not edits:
        raise RuleBroken(_("There is nothing to change."))
    scope = edits[0].document.scope
    if any(edit.document.scope != scope for edit in edits):
        raise ValueError("one change stays within one scope")

    async def work(session: Session) -> AuditEntry:
        return await _write(session, scope, tag, edits, by, undoes, beside)

    try:
        return await in_transaction(work, key=scope)
    except DuplicateKeyError as error:
        # Only what is unique across scopes (a plan's address) gets as far as an index; the rest _check refuses.
        name, value = next(iter((error.details or {}).get("keyValue", {}).items()), ("_id", None))
        if name in BOOKKEEPING:
            raise
        raise RuleBroken(_("“%(value)s” is already taken. Choose another.") % {"value": value}, field=name) from None


async def entries_since(document: LivingDocument, version: int, session: Session | None = None) -> list[AuditEntry]:
    """The entries that moved the document on from `version` to the one it was read at, newest first."""
    if document.version <= version:
        return []
    entries = AuditEntry.get_motor_collection().find({"changes.document": document.key}, session=session)
    newest = entries.sort("number", -1).limit(document.version - version)
    return [AuditEntry.model_validate(raw) async for raw in newest]


def values_before(document: LivingDocument, entries: Sequence[AuditEntry]) -> dict[str, Any]:
    """The stored values of the fields that `entries` (newest first) set, as they were before all of them.

    A report on a task moves the task's version and sets no field of it.
    """
    before: dict[str, Any] = {}
    for entry in entries:
        for change in entry.changes:
            if change.document == document.key:
                before |= change.before or {}
    return before


async def _write(
    session: Session,
    scope: PydanticObjectId,
    tag: str,
    edits: Sequence[Edit],
    by: Actor,
    undoes: PydanticObjectId | None,
    beside: Beside | None,
) -> AuditEntry:
    from stratplan.documents import now, stored

    # The head is written first: two changes of one scope conflict here and are ordered, which makes the checks below
    # safe without locks of our own.
    head = await Head.get_motor_collection().find_one_and_update(
        {"_id": scope}, {"$inc": {"revision": 1}, "$setOnInsert": {"hash": GENESIS}}, upsert=True, session=session
    )
    moment = now()
    changes = []
    for edit in edits:
        changes.append(await _write_one(session, edit, moment))
    reach = await _reach(session, scope)
    for edit in edits:
        await _check(session, edit, reach)
    if beside is not None:
        await beside(session, (head["revision"] if head else 0, await _revision(session, reach[1:])))
    entry: dict[str, Any] = {
        "_id": PydanticObjectId(),
        "scope": scope,
        "number": (head["revision"] if head else 0) + 1,
        "at": moment,
        "by": by.id,
        "tag": tag,
        "changes": [stored(change) for change in changes],
        "undoes": undoes,
        "previous": head["hash"] if head else GENESIS,
    }
    entry["hash"] = chained_hash(entry)
    await AuditEntry.get_motor_collection().insert_one(entry, session=session)
    await Head.get_motor_collection().update_one({"_id": scope}, {"$set": {"hash": entry["hash"]}}, session=session)
    written: AuditEntry = AuditEntry.model_validate(entry)
    return written


async def _write_one(session: Session, edit: Edit, moment: datetime) -> Change:
    from stratplan.documents import stored

    document = edit.document
    collection = type(document).get_motor_collection()
    if edit.is_new:
        body = {
            name: stored(getattr(document, name))
            for name in type(document).model_fields
            if name not in ("id", "revision_id")
        }
        await collection.insert_one({"_id": document.key, **body}, session=session)
        after = {name: value for name, value in body.items() if name not in BOOKKEEPING | {"deleted"}}
        return Change(
            kind=document.kind, document=document.key, caption=document.caption, version=1, before=None, after=after
        )
    before = {name: stored(getattr(document, name)) for name in edit.values}
    after = {name: stored(value) for name, value in edit.values.items()}
    # What is made and worked over in one transaction (a plan being loaded) has not been changed since it was made.
    is_old = document.created_at < transaction_began()
    wording = {"worded_at": moment} if is_old and document.texts & edit.values.keys() else {}
    version = document.version + 1
    result = await collection.update_one(
        {"_id": document.key, "version": document.version},
        {"$set": {**after, **wording, "version": version}},
        session=session,
    )
    if result.matched_count == 0:
        current = await type(document).get(document.key, session=session) or document
        raise StaleEdit(current, edit.values, await entries_since(current, document.version, session))
    caption = document.model_copy(update=edit.values).caption
    return Change(
        kind=document.kind, document=document.key, caption=caption, version=version, before=before, after=after
    )


async def _revision(session: Session, scopes: Sequence[PydanticObjectId]) -> int:
    """How many entries the chain of the scope (of the only one given) has; 0 without one."""
    head = await Head.get_motor_collection().find_one({"_id": {"$in": list(scopes)}}, {"revision": 1}, session=session)
    return 0 if head is None else int(head["revision"])


async def _reach(session: Session, scope: PydanticObjectId) -> list[PydanticObjectId]:
    """The scopes whose documents those of `scope` may name: its own, and of a plan also its organisation's."""
    from stratplan.documents import LivingDocument

    plans = LivingDocument.kinds["plan"].get_motor_collection()
    plan = await plans.find_one({"_id": scope}, {"organisation": 1}, session=session)
    return [scope] if plan is None else [scope, plan["organisation"]]


def named_by(document: LivingDocument, link: Link) -> set[PydanticObjectId]:
    """The ids of the documents that a document names in the field of `link`."""
    outer, dot, inner = link.field.partition(".")
    value = getattr(document, outer)
    items = value if isinstance(value, list) else [value]
    return {getattr(item, inner) if dot else item for item in items} - {None}


async def _check(session: Session, edit: Edit, reach: Sequence[PydanticObjectId]) -> None:
    """The rules between documents: what must be unique is, what is named exists in a scope within `reach`."""
    from stratplan.documents import LivingDocument

    document = edit.document.model_copy(update=edit.values)
    kind = type(document)
    if document.deleted:
        for other in LivingDocument.kinds.values():
            for link in other.links:
                if link.kind == kind.kind and await other.get_motor_collection().count_documents(
                    {link.field: document.key, "deleted": False}, session=session
                ):
                    raise RuleBroken(
                        _("“%(name)s” has just come into use elsewhere and cannot be deleted.")
                        % {"name": document.caption}
                    )
        await document.check_deletion(session)
        return
    restored = edit.is_new or "deleted" in edit.values
    for name in kind.unique:
        if restored or name in edit.values:
            value = getattr(document, name)
            taken = await kind.get_motor_collection().count_documents(
                {"scope": document.scope, name: value, "deleted": False}, session=session
            )
            if taken > 1:
                raise RuleBroken(_("“%(value)s” is already taken. Choose another.") % {"value": value}, field=name)
    for link in kind.links:
        outer = link.field.partition(".")[0]
        if not (restored or outer in edit.values):
            continue
        wanted = named_by(document, link)
        if not wanted:
            continue
        target = LivingDocument.kinds[link.kind]
        found = target.get_motor_collection().find(
            {"_id": {"$in": list(wanted)}, "scope": {"$in": reach}, "deleted": False}, {"scope": 1}, session=session
        )
        scopes = [named["scope"] async for named in found]
        if len(scopes) != len(wanted):
            raise RuleBroken(
                _("Something chosen under “%(label)s” does not exist any more. Choose again.")
                % {"label": _(kind.labels.get(outer, outer))},
                field=outer,
            )
        for elsewhere in {*scopes} - {document.scope}:
            await Head.get_motor_collection().update_one({"_id": elsewhere}, {"$inc": {"uses": 1}}, session=session)
    await document.check_rules(session)
