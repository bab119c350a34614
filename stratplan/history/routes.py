"""The plan's activity page and the way to undo a change."""

from itertools import groupby
from urllib.parse import urlsplit

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.audit import AuditEntry
from stratplan.documents import LivingDocument, undo
from stratplan.errors import NotVisible
from stratplan.history import document_pages
from stratplan.history.activity import filters_of, older_than, people_of, read_selection, wanted
from stratplan.history.places import PAGES
from stratplan.history.rights import hidden_kinds, refuse_undoing
from stratplan.history.rows import rows_of
from stratplan.i18n import _, day_of
from stratplan.permissions import Permission
from stratplan.plans.models import Plan
from stratplan.view import View
from stratplan.web import came_from, done, page

ENTRIES_A_PAGE = 50


@get("/plans/{slug:str}/history", permission=Permission.HISTORY_READ)
async def list_changes(request: HTMXRequest, view: View, before: str = "") -> Response[str]:
    """What was changed in the plan and its organisation's units, newest first; older than the entry `before`."""
    people = await people_of(view)
    selection = read_selection(dict(view.asked), people, view)
    query = wanted(selection, view)
    if before:
        query = await older_than(before, query, view)
    rows = await rows_of(query, view, most=ENTRIES_A_PAGE + 1)
    more, rows = len(rows) > ENTRIES_A_PAGE, rows[:ENTRIES_A_PAGE]
    return await page(
        request,
        "history/list.html",
        {
            "selection": selection,
            "filters": filters_of(selection, people, view),
            "days": [(day, list(on_day)) for day, on_day in groupby(rows, key=lambda row: day_of(row.at))],
            "count": len(rows),
            "newest": view.url("/history", **selection.query()) if before else None,
            "older": view.url("/history", **selection.query(before=rows[-1].key)) if more else None,
        },
        view=view,
        section="history",
        fragment="history/_activity.html",
    )


@post("/plans/{slug:str}/changes/{entry:str}/undo", permission=Permission.HISTORY_UNDO_OWN)
async def undo_change(request: HTMXRequest, view: View, entry: str) -> Response[object]:
    """Take one change back, and return to where the reader was."""
    if not PydanticObjectId.is_valid(entry):
        raise NotVisible(_("This change is not in the history."))
    back = came_from(request)
    key = PydanticObjectId(entry)
    found = await AuditEntry.find_one({"_id": key, "scope": {"$in": [view.plan.key, view.plan.organisation]}})
    kinds = set() if found is None else {change.kind for change in found.changes}
    if found is None or kinds <= {*hidden_kinds(view)}:
        raise NotVisible(_("This change is not in the history."))
    await refuse_undoing(found, view)
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
        folder_and_name = PAGES.get(change.kind)
        if folder_and_name is None:
            continue
        folder, name = folder_and_name
        kind = LivingDocument.kinds[change.kind]
        old, new = was.snapshot.find(kind, change.document), now.snapshot.find(kind, change.document)
        if old is not None and urlsplit(back).path == urlsplit(was.url(f"{folder}/{getattr(old, name)}")).path:
            return now.url(folder if new is None else f"{folder}/{getattr(new, name)}")
    return back


handlers = [list_changes, undo_change, *document_pages.handlers]
