"""The whole history of one document, deleted ones too: every change, every version, and the way back to one."""

from typing import Any

from beanie import PydanticObjectId
from litestar import get, post
from litestar.exceptions import PermissionDeniedException
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import wording
from stratplan.audit import AuditEntry
from stratplan.documents import LivingDocument
from stratplan.errors import NotVisible
from stratplan.forms import Versioned
from stratplan.history.places import history_of, noun_of, place_of, version_of
from stratplan.history.rights import may_restore, shown_kinds
from stratplan.history.rows import document_history, who
from stratplan.i18n import _
from stratplan.in_place import read_action
from stratplan.permissions import Permission
from stratplan.plans.models import Plan
from stratplan.versions import values_at
from stratplan.view import View
from stratplan.web import done, open_view, page

CHANGES_A_PAGE = 20


class Restoration(Versioned):
    """Confirms in place of which version, the one seen as today's, an earlier one is to stand."""


@get("/plans/{slug:str}/history/{kind:str}/{document:str}", permission=Permission.HISTORY_READ)
async def show_document_history(
    request: HTMXRequest, view: View, kind: str, document: str, before: str = ""
) -> Response[str]:
    """Every change of one document, newest first; older than the one that made version `before`."""
    found = await _find(view, kind, document)
    last = _number(before) if before else None
    rows = await document_history(found, view, before=last, most=CHANGES_A_PAGE + 1)
    more, rows = len(rows) > CHANGES_A_PAGE, rows[:CHANGES_A_PAGE]
    address = history_of(found.kind, found.key, view)
    return await page(
        request,
        "history/document.html",
        {
            **_about(found, view),
            "rows": rows,
            "newest": address if last is not None else None,
            "older": view.url(address, before=str(rows[-1].version)) if more else None,
        },
        view=view,
        section="history",
    )


@get("/plans/{slug:str}/history/{kind:str}/{document:str}/versions/{version:str}", permission=Permission.HISTORY_READ)
async def show_version(request: HTMXRequest, view: View, kind: str, document: str, version: str) -> Response[str]:
    """A document as it was after a change."""
    found = await _find(view, kind, document)
    number = _number(version)
    then = await values_at(found, number)
    entry = await _entry_of(found, number)
    return await page(
        request,
        "history/version.html",
        {
            **_about(found, view),
            **_version(found, number, then, view),
            "entry": entry,
            "by": "" if entry is None else who(entry, view),
            "deed": "" if entry is None else wording.deed(entry),
            "caption_then": type(found).said(found.caption if entry is None else entry.changes[0].caption),
            "values": [
                (label, _said(found, name, then, view))
                for name, label in wording.labels_of(type(found), type(found).labels).items()
            ],
            "previous": version_of(found, number - 1, view) if number > 1 else None,
            "next": version_of(found, number + 1, view) if number < found.version else None,
        },
        view=view,
        section="history",
    )


@get(
    "/plans/{slug:str}/history/{kind:str}/{document:str}/versions/{version:str}/restore",
    permission=Permission.HISTORY_UNDO,
)
async def confirm_restoration(
    request: HTMXRequest, view: View, kind: str, document: str, version: str
) -> Response[str]:
    """Asks before an earlier version takes the place of today's, and says what would change."""
    found = await _find(view, kind, document)
    if not may_restore(kind, view):
        raise PermissionDeniedException(detail=Permission.HISTORY_UNDO)
    number = _number(version)
    then = await values_at(found, number)
    context = {**_about(found, view), **_version(found, number, then, view), "entry": await _entry_of(found, number)}
    return await page(
        request, "history/restore.html", context, view=view, section="history", fragment="history/_restore.html"
    )


@post(
    "/plans/{slug:str}/history/{kind:str}/{document:str}/versions/{version:str}/restore",
    permission=Permission.HISTORY_UNDO,
)
async def restore_version(request: HTMXRequest, view: View, kind: str, document: str, version: str) -> Response[Any]:
    """Make the document what it was in an earlier version, as a new change."""
    sent = await read_action(request, Restoration)
    found = await _find(view, kind, document)
    if not may_restore(kind, view):
        raise PermissionDeniedException(detail=Permission.HISTORY_UNDO)
    entry = await found.restore(_number(version), by=view.reader.actor, based_on=sent.version)
    fresh = view
    if isinstance(found, Plan):
        plan = await Plan.get(found.key)
        if plan is not None and plan.slug != view.plan.slug:
            fresh = await open_view(request, plan.slug)  # its address is one of the values that were restored
    return await done(request, entry, view=fresh, to=history_of(found.kind, found.key, fresh))


async def _find(view: View, kind: str, key: str) -> LivingDocument:
    """The document of the plan or its organisation, deleted or not, or NotVisible."""
    of_kind = LivingDocument.kinds.get(kind)
    if of_kind in shown_kinds(view) and PydanticObjectId.is_valid(key):
        identity = PydanticObjectId(key)
        scopes = [view.plan.key, view.plan.organisation]  # a snapshot has documents of the site beside them
        found = view.snapshot.find(of_kind, identity)
        if found is None:
            found = await of_kind.find_one({"_id": identity, "scope": {"$in": scopes}})
        if found is not None and found.scope in scopes:
            return found
    raise NotVisible(_("There is no such page."))


def _number(text: str) -> int:
    """The number of a version in an address."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotVisible(_("There is no such version."))
    return int(text)


async def _entry_of(document: LivingDocument, version: int) -> AuditEntry | None:
    """The entry that made a version, with this document's change alone."""
    made = {"$elemMatch": {"document": document.key, "version": version}}
    names = [name for name in AuditEntry.model_fields if name not in ("id", "revision_id", "changes")]
    raw = await AuditEntry.get_motor_collection().find_one(
        {"changes": made}, {**dict.fromkeys(names, 1), "changes": made}
    )
    return None if raw is None else AuditEntry.model_validate(raw)


def _about(document: LivingDocument, view: View) -> dict[str, Any]:
    """What all pages say of a document."""
    return {
        "document": document,
        "noun": noun_of(type(document)),
        "place": None if document.deleted else place_of(document, view),
        "history": history_of(document.kind, document.key, view),
    }


def _version(document: LivingDocument, number: int, then: dict[str, Any], view: View) -> dict[str, Any]:
    """What is said of a version beside today's."""
    differences = wording.compared(document, then, view.snapshot)
    return {
        "number": number,
        "is_latest": number == document.version,
        "was_deleted": then.get("deleted", document.deleted),
        "differences": differences,
        "can_restore": may_restore(document.kind, view),
        "differs": document.deleted or bool(differences),
        "restoring": version_of(document, number, view, restoring=True),
    }


def _said(document: LivingDocument, name: str, then: dict[str, Any], view: View) -> str:
    if name in then:
        return wording.said(type(document), name, then[name], view.snapshot)
    return wording.text_of(getattr(document, name), view.snapshot)


handlers = [show_document_history, show_version, confirm_restoration, restore_version]
