"""Earlier versions of a document, read from its history: what it was, and whether it can become that again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratplan.audit import AuditEntry, Edit, changed, named_by
from stratplan.errors import NotVisible, RuleBroken
from stratplan.i18n import _

if TYPE_CHECKING:
    from stratplan.documents import LivingDocument


async def values_at(document: LivingDocument, version: int) -> dict[str, Any]:
    """The stored values, in `version`, of the fields that were set after it; the others are as they are today.

    Raises NotVisible when there is no such version.
    """
    if not 1 <= version <= document.version:
        raise NotVisible(_("There is no such version."))
    before: dict[str, Any] = {}
    later = {"$elemMatch": {"document": document.key, "version": {"$gt": version}}}
    own = {"number": 1, "changes": {"$elemMatch": {"document": document.key}}}
    async for entry in AuditEntry.get_motor_collection().find({"changes": later}, own).sort("number", -1):
        before |= entry["changes"][0]["before"] or {}
    # A field that the program no longer has cannot be set.
    return {name: value for name, value in before.items() if name in type(document).model_fields}


async def back_to(document: LivingDocument, version: int) -> Edit:
    """The edit that gives the document the values of an earlier version, and its life back where it was deleted.

    Raises RuleBroken when a document that it named then is deleted, or when a value is not allowed any more.
    """
    values = {**await values_at(document, version), "deleted": False}
    values = {name: value for name, value in values.items() if name not in document.apart}
    try:
        edit = changed(document, **values)
    except ValueError:
        raise RuleBroken(
            _("This version holds something that is not allowed any more. Edit what there is now instead.")
        ) from None
    await _refuse_what_names_deleted(edit)
    return edit


async def _refuse_what_names_deleted(edit: Edit) -> None:
    """Say which document is in the way; that the others exist too is checked where the change is written."""
    from stratplan.documents import LivingDocument

    document = edit.document.model_copy(update=edit.values)
    for link in type(document).links:
        wanted = named_by(document, link)
        if not wanted:
            continue
        target = LivingDocument.kinds[link.kind]
        gone = await target.find_one({"_id": {"$in": list(wanted)}, "deleted": True})
        if gone is not None:
            field = link.field.partition(".")[0]
            raise RuleBroken(
                _("“%(name)s”, which this version names under “%(label)s”, has been deleted. Restore that first.")
                % {"name": gone.caption, "label": _(type(document).labels.get(field, gone.noun))},
                field=field,
            )
