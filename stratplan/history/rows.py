"""Audit entries as pages show them: who, when, what, field by field."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stratplan import wording
from stratplan.audit import AuditEntry, Change
from stratplan.documents import LivingDocument, OnDelete
from stratplan.history.places import history_of, noun_of, version_of
from stratplan.history.rights import hidden_kinds
from stratplan.view import View

DIFFERENCES_AT_ONCE = 12
LATEST = 20

# What is read of an entry beside its changes, of which there may be hundreds.
_OWN_FIELDS = {name: 1 for name in AuditEntry.model_fields if name not in ("id", "revision_id", "changes")}

_COUNT = {"changed": {"$size": "$changes"}, "kinds": "$changes.kind"}


@dataclass(frozen=True, slots=True)
class Subject:
    """One document of a change: what it is called, where its history is, what differs."""

    noun: str
    caption: str
    history: str
    differences: list[wording.Difference]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One entry as a page shows it; `more` documents of it are not among its subjects.

    In the history of one document `version` is the one that the entry made, and `shown_at` its address.
    """

    key: str
    at: datetime
    by: str
    deed: str
    subjects: list[Subject]
    more: int
    undone: bool
    can_undo: bool
    version: int | None = None
    shown_at: str = ""


def who(entry: AuditEntry, view: View) -> str:
    """The name of the person who made a change."""
    return view.name_of(entry.by)


async def rows_of(wanted: Mapping[str, Any], view: View, *, most: int) -> list[HistoryRow]:
    """The newest entries that match a query, as rows; of a change to many documents the first dozen."""
    visible = _those({"$not": [{"$in": ["$$this.kind", hidden_kinds(view)]}]})
    shown = {
        "changes": {"$slice": [visible, DIFFERENCES_AT_ONCE]},
        "changed": {"$size": visible},
        "kinds": "$changes.kind",
    }
    return await _rows(wanted, {"at": -1, "_id": -1}, most, shown, view)


async def document_history(
    document: LivingDocument, view: View, *, before: int | None = None, most: int = LATEST
) -> list[HistoryRow]:
    """The newest entries that changed one document, older than the one that made version `before`; what is part of it
    (a task's reports) is told with it, after its own change."""
    kinds = [
        name
        for name, kind in LivingDocument.kinds.items()
        if any(link.kind == document.kind and link.on_delete is OnDelete.DELETE for link in kind.links)
    ]
    parts = {"$slice": [_those({"$in": ["$$this.kind", kinds]}), DIFFERENCES_AT_ONCE]}
    own = {"changes": {"$concatArrays": [_those({"$eq": ["$$this.document", document.key]}), parts]}}
    wanted: dict[str, Any] = {"changes.document": document.key}
    if before is not None:
        wanted["changes"] = {"$elemMatch": {"document": document.key, "version": {"$lt": before}}}
    return await _rows(wanted, {"number": -1}, most, {**own, **_COUNT}, view, of=document)


def _those(condition: Mapping[str, Any]) -> dict[str, Any]:
    return {"$filter": {"input": "$changes", "as": "this", "cond": condition}}


async def _rows(
    wanted: Mapping[str, Any],
    order: Mapping[str, int],
    most: int,
    shown: Mapping[str, Any],
    view: View,
    of: LivingDocument | None = None,
) -> list[HistoryRow]:
    """The first entries that match, in this order, as rows; with each comes whether it was undone."""
    undoing = {
        "from": AuditEntry.get_motor_collection().name,
        "localField": "_id",
        "foreignField": "undoes",
        "pipeline": [{"$project": {"_id": 1}}],
        "as": "undone",
    }
    found = await (
        AuditEntry.get_motor_collection()
        .aggregate(
            [
                {"$match": wanted},
                {"$sort": order},
                {"$limit": most},
                {"$lookup": undoing},
                {"$project": {**_OWN_FIELDS, "undone": 1, **shown}},
            ]
        )
        .to_list(None)
    )
    # Comparing long texts takes its time; others are served meanwhile.
    return await asyncio.to_thread(lambda: [_row(raw, view, of) for raw in found])


def _row(raw: dict[str, Any], view: View, of: LivingDocument | None) -> HistoryRow:
    count, kinds = raw.pop("changed"), set(raw.pop("kinds"))
    undone = bool(raw.pop("undone"))
    entry = AuditEntry.model_validate(raw)
    version = None if of is None else entry.changes[0].version
    subjects = [_subject(change, view) for change in entry.changes]
    if of is not None:
        subjects = [subjects[0], *(part for part in subjects[1:] if part.differences)]
    return HistoryRow(
        key=str(entry.id),
        at=entry.at,
        by=who(entry, view),
        deed=wording.deed(entry),
        subjects=subjects,
        more=count - len(subjects),
        undone=undone,
        can_undo=view.can_undo(entry.by, kinds, entry.tag),
        version=version,
        shown_at="" if of is None or version is None else version_of(of, version, view),
    )


def _subject(change: Change, view: View) -> Subject:
    differences = wording.differences(change, view.snapshot)
    for difference in differences:
        _ = difference.words  # made here, beside the event loop
    noun = noun_of(LivingDocument.kinds[change.kind])
    return Subject(noun, wording.caption_of(change), history_of(change.kind, change.document, view), differences)
