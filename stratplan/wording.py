"""What people see of a document's values: in histories, in comparisons of versions, in notices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, cached_property
from typing import Annotated, Any

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, TypeAdapter, ValidationError

from stratplan import i18n
from stratplan.audit import AuditEntry, Change
from stratplan.choice import Choice
from stratplan.documents import LivingDocument, Part, stored
from stratplan.i18n import N_, _, pgettext
from stratplan.mentions import with_names
from stratplan.period import Period
from stratplan.snapshot import Snapshot
from stratplan.word_differences import Piece, around_changes, word_differences

_DEEDS = {
    "created": N_("Added: %(name)s"),
    "deleted": N_("Deleted: %(name)s"),
    "reordered": N_("Order changed"),
    "renumbered": N_("Numbers changed"),
    "linked": N_("Linked with the sign-in provider: %(name)s"),
    "moved": N_("Moved: %(name)s"),
    "reported": N_("Reported: %(name)s"),
    "money_reported": N_("Money reported: %(name)s"),
    "published": N_("Published: %(name)s"),
    "withdrawn": N_("Withdrawn: %(name)s"),
    "undone": N_("Undone: %(name)s"),
    "restored": N_("Restored: %(name)s"),
    "moderated": N_("Removed by a planner: %(name)s"),
    "settled": N_("Marked as answered: %(name)s"),
    "reopened": N_("Opened again: %(name)s"),
    "closed": N_("Closed: %(name)s"),
    "sent": N_("Sent in: %(name)s"),
    "returned": N_("Returned: %(name)s"),
    "made": N_("Link for reporting made: %(name)s"),
    "revoked": N_("Link for reporting revoked: %(name)s"),
    "reminded": N_("Units reminded: %(name)s"),
    "escalated": N_("Planners told of late units: %(name)s"),
    "handed_over": N_("Handed over to another unit: %(name)s"),
}
_CHANGED = N_("Changed: %(name)s")
DEEDS = frozenset(_DEEDS)  # the ends of tags that have words of their own; the others are plain changes
MOST_NAMED = 5
LONG_TEXT = 80  # characters from which two texts are shown as what differs between them


@dataclass(frozen=True)
class Difference:
    """One field of one document before and after, as texts in the reader's language."""

    label: str
    before: str
    after: str
    is_text: bool = False

    @cached_property
    def words(self) -> list[Piece]:
        """What was inserted and deleted between two long texts, with what stands around it; empty for other values."""
        is_long = self.is_text and max(len(self.before), len(self.after)) >= LONG_TEXT
        return around_changes(word_differences(self.before, self.after)) if is_long else []


def deed(entry: AuditEntry, name: str = "") -> str:
    """What an entry did, in one line; `name` is what its first document is called where that is not in the history."""
    verb = entry.tag.rpartition(".")[2]
    return _(_DEEDS.get(verb, _CHANGED)) % {"name": name or _names(entry)}


def _names(entry: AuditEntry) -> str:
    """What the changed documents are called: the first, but all of several that were added together (files)."""
    first = entry.changes[0]
    if entry.tag != f"{first.kind}.created":
        return caption_of(first)
    captions = [caption_of(change) for change in entry.changes]
    return ", ".join(captions[:MOST_NAMED]) + (" …" if len(captions) > MOST_NAMED else "")


def caption_of(change: Change) -> str:
    """What the changed document was called, in the language in force."""
    return LivingDocument.kinds[change.kind].said(change.caption)


def differences(change: Change, snapshot: Snapshot | None) -> list[Difference]:
    """What a recorded change altered, field by field, in the document's own order."""
    kind = LivingDocument.kinds[change.kind]
    before = change.before or {}
    return [
        difference
        for name in kind.labels
        if name in change.after and (change.before is not None or change.after[name] not in (None, "", [], False))
        for difference in _of_field(kind, name, before.get(name), change.after[name], snapshot)
    ]


def compared(document: LivingDocument, then: Mapping[str, Any], snapshot: Snapshot | None) -> list[Difference]:
    """What would change if the document became what it was `then` (stored values of fields), field by field."""
    kind = type(document)
    today = {name: stored(getattr(document, name)) for name in kind.labels if name in then}
    return [
        difference
        for name, value in today.items()
        if value != then[name]
        for difference in _of_field(kind, name, value, then[name], snapshot)
    ]


def _of_field(
    kind: type[LivingDocument], name: str, before: Any, after: Any, snapshot: Snapshot | None
) -> list[Difference]:
    """What differs between two stored values of a field: for a list of milestones or stages, one by one."""
    label = _(kind.labels[name])
    old, new = _parts(kind, name, before), _parts(kind, name, after)
    if (old and new) or any(part.always_apart for part in new.values()):
        return _of_parts(label, old, new, snapshot)
    return [
        Difference(
            label,
            said(kind, name, before, snapshot),
            said(kind, name, after, snapshot),
            is_text=_is_text(kind, name, before, after),
        )
    ]


def _parts(kind: type[LivingDocument], name: str, value: Any) -> dict[Any, Part]:
    """The pieces in a stored list by their keys; empty where they have none, or no longer parse."""
    if not isinstance(value, list):
        return {}
    with suppress(ValidationError):
        found = _adapter(kind.kind, name).validate_python(value)
        return {part.known_by: part for part in found if isinstance(part, Part) and part.labels}
    return {}


def _of_parts(label: str, old: dict[Any, Part], new: dict[Any, Part], snapshot: Snapshot | None) -> list[Difference]:
    """The pieces that are not the same, each by its title with the fields that differ; then their order."""
    found = []
    for key in {**new, **old}:
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        titled = {**old, **new}[key].heading
        was, is_now = _fields_of(before, after, snapshot), _fields_of(after, before, snapshot)
        found.append(Difference(f"{label}: {titled}", was, is_now, is_text=None not in (before, after)))
    if [key for key in old if key in new] != [key for key in new if key in old]:
        titles = ["; ".join(of[key].heading for key in of if key in old and key in new) for of in (old, new)]
        order = pgettext("milestones", "order")
        found.append(Difference(f"{label}: {order}", titles[0], titles[1]))
    return found


def _fields_of(part: Part | None, other: Part | None, snapshot: Snapshot | None) -> str:
    """The fields of a piece that are not the same in the other; all that are filled in where there is no other."""
    if part is None:
        return i18n.DASH
    return "; ".join(
        f"{_(label)}: {text_of(getattr(part, name), snapshot)}"
        for name, label in part.labels.items()
        if (getattr(part, name) not in (None, "", []) if other is None else getattr(part, name) != getattr(other, name))
    )


def _is_text(kind: type[LivingDocument], name: str, before: Any, after: Any) -> bool:
    """Whether both are texts that a person wrote."""
    if not (isinstance(before, str) and isinstance(after, str) and before and after):
        return False
    field = kind.model_fields.get(name)
    return field is not None and field.annotation is str


@cache
def _adapter(kind: str, name: str) -> TypeAdapter[Any]:
    field = LivingDocument.kinds[kind].model_fields[name]
    annotation: Any = field.annotation
    for constraint in field.metadata:
        annotation = Annotated[annotation, constraint]
    return TypeAdapter(annotation)


def said(kind: type[LivingDocument], name: str, value: Any, snapshot: Snapshot | None) -> str:
    """A field's stored value as a text in the reader's language; what no longer parses is shown as it is stored."""
    with suppress(ValidationError):
        value = _adapter(kind.kind, name).validate_python(value)
    return text_of(value, snapshot)


def text_of(value: Any, snapshot: Snapshot | None) -> str:
    """A value as a text in the reader's language: references by name, amounts and days as people write them."""
    match value:
        case None | "" | [] | ():
            return i18n.DASH
        case True:
            return _("yes")
        case False:
            return _("no")
        case Choice():
            return _(value.label)
        case ObjectId():
            return _name_of(PydanticObjectId(value), snapshot)
        case Period():
            return i18n.period(value)
        case datetime():
            return i18n.date_and_time(value)
        case date():
            return i18n.short_date(value)
        case Decimal():
            return i18n.number(value, max(0, -int(value.normalize().as_tuple().exponent)))
        case BaseModel():
            return ", ".join(
                text_of(part, snapshot) for name, part in value if name != "key" and part not in (None, False, "")
            )
        case Mapping():
            return ", ".join(text_of(part, snapshot) for part in value.values())
        case str():
            label = getattr(value, "label", None)
            if isinstance(label, str):
                return _(label)
            return str(value) if snapshot is None else with_names(str(value), snapshot.name_of)
        case list() | tuple():
            return "; ".join(text_of(item, snapshot) for item in value)
    return str(value)


def _name_of(key: PydanticObjectId, snapshot: Snapshot | None) -> str:
    if snapshot is not None:
        for kind in LivingDocument.kinds.values():
            document = snapshot.find(kind, key)
            if document is not None:
                return document.caption
    return _("(deleted)")


def labels_of(kind: type[LivingDocument], names: Iterable[str]) -> dict[str, str]:
    """The names that fields have for a person, in the document's own order."""
    wanted = set(names)
    return {name: _(label) for name, label in kind.labels.items() if name in wanted}
