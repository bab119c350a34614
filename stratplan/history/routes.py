"""The plan's history page and the way to undo a change."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from urllib.parse import urlsplit

from beanie import PydanticObjectId
from litestar import get, post
from litestar.exceptions import PermissionDeniedException
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import wording
from stratplan.audit import AuditEntry
from stratplan.documents import LivingDocument, undo
from stratplan.errors import NotVisible
from stratplan.goals.models import Goal, Task
from stratplan.i18n import _, day_of
from stratplan.investments.models import InvestmentLine
from stratplan.permissions import Permission
from stratplan.plans.models import Plan
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit
from stratplan.web import View, came_from, done, page

ENTRIES_A_PAGE = 50
DIFFERENCES_AT_ONCE = 12
# The kinds that have pages of their own: the folder, and the field that names the page in it.
_PAGES = {
    Goal.kind: ("/goals", "code"),
    Task.kind: ("/tasks", "number"),
    Unit.kind: ("/units", "key"),
    InvestmentLine.kind: ("/investments", "number"),
}


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One entry as a page shows it."""

    key: str
    at: datetime
    by: str
    by_id: str
    deed: str
    subjects: list[tuple[str, list[wording.Difference]]]
    more: int
    undone: bool


async def _rows(entries: list[AuditEntry], snapshot: Snapshot) -> list[HistoryRow]:
    """The entries as rows; one read tells which of them were undone."""
    undoing = AuditEntry.get_motor_collection().find(
        {"undoes": {"$in": [entry.id for entry in entries]}}, {"undoes": 1}
    )
    undone = {entry["undoes"] async for entry in undoing}
    return [_row(entry, snapshot, undone=entry.id in undone) for entry in entries]


def _row(entry: AuditEntry, snapshot: Snapshot, *, undone: bool) -> HistoryRow:
    """An entry with its differences in words; of a change to many documents the first dozen."""
    shown = entry.changes[:DIFFERENCES_AT_ONCE]
    return HistoryRow(
        key=str(entry.id),
        at=entry.at,
        by=snapshot.name_of(entry.by),
        by_id=entry.by,
        deed=wording.deed(entry),
        subjects=[(change.caption, wording.differences(change, snapshot)) for change in shown],
        more=len(entry.changes) - len(shown),
        undone=undone,
    )


async def document_history(document: LivingDocument, snapshot: Snapshot, *, most: int = 20) -> list[HistoryRow]:
    """The newest entries that changed one document."""
    entries = await AuditEntry.find({"changes.document": document.key}).sort("-number").limit(most).to_list()
    return await _rows(entries, snapshot)


@get("/plans/{slug:str}/history", permission=Permission.HISTORY_READ)
async def list_changes(request: HTMXRequest, view: View, before: str = "") -> Response[str]:
    """What was changed in the plan and its organisation's units, newest first; older than the entry `before`."""
    wanted: dict[str, object] = {"scope": {"$in": [view.plan.key, view.plan.organisation]}}
    if before:
        last = await AuditEntry.get(PydanticObjectId(before)) if PydanticObjectId.is_valid(before) else None
        if last is None:
            raise NotVisible(_("This change is not in the history."))
        wanted["$or"] = [{"at": {"$lt": last.at}}, {"at": last.at, "_id": {"$lt": last.id}}]
    entries = await AuditEntry.find(wanted).sort("-at", "-_id").limit(ENTRIES_A_PAGE + 1).to_list()
    more, entries = len(entries) > ENTRIES_A_PAGE, entries[:ENTRIES_A_PAGE]
    rows = await _rows(entries, view.snapshot)
    return await page(
        request,
        "history/list.html",
        {
            "days": [(day, list(on_day)) for day, on_day in groupby(rows, key=lambda row: day_of(row.at))],
            "older": view.url("/history", before=str(entries[-1].id)) if more else None,
        },
        view=view,
        section="history",
    )


@post("/plans/{slug:str}/changes/{entry:str}/undo", permission=Permission.HISTORY_UNDO_OWN)
async def undo_change(request: HTMXRequest, view: View, entry: str) -> Response[object]:
    """Take one change back, and return to where the reader was."""
    if not PydanticObjectId.is_valid(entry):
        raise NotVisible(_("This change is not in the history."))
    back = came_from(request)
    key = PydanticObjectId(entry)
    found = await AuditEntry.find_one({"_id": key, "scope": {"$in": [view.plan.key, view.plan.organisation]}})
    if found is None:
        raise NotVisible(_("This change is not in the history."))
    if not view.can_undo(found.by):
        raise PermissionDeniedException(detail=Permission.HISTORY_UNDO)
    undone = await undo(key, scope=found.scope, by=view.reader.actor)
    plan = await Plan.get(view.plan.key)
    if plan is None or plan.deleted:
        back = "/plans"  # what was undone is the plan's creation
    elif plan.slug != view.plan.slug:
        back = f"/plans/{plan.slug}"
    elif back != "/":
        back = _moved_with(back, undone, view, await view.fresh())
    return await done(request, undone, view=view, to=back if back != "/" else view.url())


def _moved_with(back: str, undone: AuditEntry, was: View, now: View) -> str:
    """The way back, where it leads to a document's own page: the undoing may have given that another address, or have
    taken the document away, which leaves its list."""
    for change in undone.changes:
        folder_and_name = _PAGES.get(change.kind)
        if folder_and_name is None:
            continue
        folder, name = folder_and_name
        kind = LivingDocument.kinds[change.kind]
        old, new = was.snapshot.find(kind, change.document), now.snapshot.find(kind, change.document)
        if old is not None and urlsplit(back).path == urlsplit(was.url(f"{folder}/{getattr(old, name)}")).path:
            return now.url(folder if new is None else f"{folder}/{getattr(new, name)}")
    return back


handlers = [list_changes, undo_change]
