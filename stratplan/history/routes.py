"""The plan's history page and the way to undo a change."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import wording
from stratplan.audit import AuditEntry
from stratplan.documents import LivingDocument, undo
from stratplan.errors import NotVisible
from stratplan.i18n import _
from stratplan.permissions import Permission
from stratplan.plans.models import Plan
from stratplan.snapshot import Snapshot
from stratplan.web import View, done, local_path, page

ENTRIES_A_PAGE = 50
DIFFERENCES_AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One entry as a page shows it."""

    key: str
    at: datetime
    by: str
    deed: str
    tag: str
    subjects: list[tuple[str, list[wording.Difference]]]
    more: int
    undone: bool


def history_row(entry: AuditEntry, snapshot: Snapshot) -> HistoryRow:
    """An entry with its differences in words; of a change to many documents the first dozen."""
    shown = entry.changes[:DIFFERENCES_AT_ONCE]
    return HistoryRow(
        key=str(entry.id),
        at=entry.at,
        by=entry.by_name,
        deed=wording.deed(entry),
        tag=entry.tag,
        subjects=[(change.caption, wording.differences(change, snapshot)) for change in shown],
        more=len(entry.changes) - len(shown),
        undone=False,
    )


async def document_history(document: LivingDocument, snapshot: Snapshot, *, most: int = 20) -> list[HistoryRow]:
    """The newest entries that changed one document; one indexed read."""
    entries = await AuditEntry.find({"changes.document": document.key}).sort("-number").limit(most).to_list()
    return [history_row(entry, snapshot) for entry in entries]


@get("/plans/{slug:str}/history", permission=Permission.HISTORY_READ)
async def list_changes(request: HTMXRequest, view: View, before: int | None = None) -> Response[str]:
    """What was changed in the plan, newest first."""
    wanted: dict[str, object] = {"scope": view.plan.key}
    if before is not None:
        wanted["number"] = {"$lt": before}
    entries = await AuditEntry.find(wanted).sort("-number").limit(ENTRIES_A_PAGE).to_list()
    last = entries[-1].number if entries else 0
    return await page(
        request,
        "history/list.html",
        {
            "rows": [history_row(entry, view.snapshot) for entry in entries],
            "older": view.url("/history", before=last) if last > 1 else None,
        },
        view=view,
        section="history",
    )


@post("/plans/{slug:str}/changes/{entry:str}/undo", permission=Permission.HISTORY_UNDO)
async def undo_change(request: HTMXRequest, view: View, entry: str) -> Response[object]:
    """Take one change back, and return to where the reader was."""
    if not PydanticObjectId.is_valid(entry):
        raise NotVisible(_("This change is not in the history."))
    back = local_path(_came_from(request))
    key = PydanticObjectId(entry)
    found = await AuditEntry.find_one({"_id": key, "scope": {"$in": [view.plan.key, view.plan.organisation]}})
    if found is None:
        raise NotVisible(_("This change is not in the history."))
    undone = await undo(key, scope=found.scope, by=view.reader.account)
    plan = await Plan.get(view.plan.key)
    if plan is None or plan.deleted:
        back = "/plans"  # what was undone is the plan's creation
    elif plan.slug != view.plan.slug:
        back = f"/plans/{plan.slug}"
    return await done(request, undone, view=view, to=back if back != "/" else view.url())


def _came_from(request: HTMXRequest) -> str:
    """The path and query of the page that the form stood on; the referrer policy sends them within the site."""
    parts = urlsplit(request.headers.get("referer", ""))
    return parts.path + (f"?{parts.query}" if parts.query else "")


handlers = [list_changes, undo_change]
