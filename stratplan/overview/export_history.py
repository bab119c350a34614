"""The plan's activity as a file: the changes its page shows with the same filters, a row for each field."""

import asyncio
from collections.abc import Sequence
from typing import Any

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n, wording
from stratplan.audit import AuditEntry
from stratplan.documents import LivingDocument
from stratplan.exports.downloads import CSV, XLSX, download
from stratplan.exports.separated_values import to_csv
from stratplan.exports.tables import Column, Kind, Row, Table, Value
from stratplan.exports.xlsx import to_xlsx
from stratplan.history.activity import Selection, filters_of, people_of, read_selection, wanted
from stratplan.history.places import noun_of
from stratplan.history.rights import hidden_kinds
from stratplan.history.rows import who
from stratplan.i18n import _, ngettext
from stratplan.permissions import Permission
from stratplan.view import View

MOST_ENTRIES = 20_000
MOST_ROWS = 50_000
AT_ONCE = 2000  # entries in one answer of the database


def _columns() -> list[Column]:
    return [
        Column(_("Day"), Kind.DAY, 12),
        Column(_("Time"), width=8),
        Column(_("Person"), width=22),
        Column(_("Deed"), width=30),
        Column(_("Kind of document"), width=16),
        Column(_("Document"), width=30),
        Column(_("Field"), width=18),
        Column(_("Before"), width=40),
        Column(_("After"), width=40),
    ]


async def _table(view: View) -> Table:
    """The changes asked for, newest first, in the reader's language."""
    people = await people_of(view)
    selection = read_selection(dict(view.asked), people, view)
    cursor = AuditEntry.get_motor_collection().find(wanted(selection, view), batch_size=AT_ONCE)
    rows: list[Row] = []
    count = 0
    is_all = True
    async for raw in cursor.sort([("at", -1), ("_id", -1)]):
        if count == MOST_ENTRIES or len(rows) >= MOST_ROWS:
            is_all = False
            break
        count += 1
        rows += _rows(AuditEntry.model_validate(raw), view)
        if count % 50 == 0:
            await asyncio.sleep(0)  # others are served meanwhile
    return Table(_("History"), _("History"), _columns(), rows, _notes(view, selection, people, count, is_all=is_all))


def _rows(entry: AuditEntry, view: View) -> list[Row]:
    """A row for each field of each document; one without a field for what is told without."""
    moment = i18n.date_and_time(entry.at).rpartition(" ")[2]
    seen = [change for change in entry.changes if change.kind not in hidden_kinds(view)]
    entry = entry.model_copy(update={"changes": seen})
    start: Sequence[Value] = [i18n.day_of(entry.at), moment, who(entry, view), wording.deed(entry)]
    rows = []
    for change in seen:
        about = [noun_of(LivingDocument.kinds[change.kind]), wording.caption_of(change)]
        for one in wording.differences(change, view.snapshot):
            rows.append(Row([*start, *about, one.label, one.before, one.after]))
    first = seen[0]
    return rows or [Row([*start, noun_of(LivingDocument.kinds[first.kind]), wording.caption_of(first)])]


def _notes(view: View, selection: Selection, people: dict[str, str], count: int, *, is_all: bool) -> list[str]:
    chosen = [f"{one.label}: {one.chosen_text}" for one in filters_of(selection, people, view) if one.chosen]
    if selection.text:
        chosen.append(f"{_('Text')}: {selection.text}")
    notes: list[Any] = [
        view.plan.title,
        _("Filters: %(filters)s", filters="; ".join(chosen)) if chosen else None,
        ngettext("%(num)s change", "%(num)s changes", count),
        None if is_all else _("These are the newest changes only: older ones did not fit. Choose days to get them."),
    ]
    return [note for note in notes if note]


@get("/plans/{slug:str}/history.xlsx", permission=Permission.HISTORY_READ)
async def history_as_xlsx(request: HTMXRequest, view: View) -> Response[bytes]:
    """The activity as a workbook."""
    body = await asyncio.to_thread(to_xlsx, [await _table(view)])
    return download(body, name=f"{view.plan.slug}-history-{view.today}.xlsx", media_type=XLSX)


@get("/plans/{slug:str}/history.csv", permission=Permission.HISTORY_READ)
async def history_as_csv(request: HTMXRequest, view: View) -> Response[bytes]:
    """The activity as separated values."""
    body = await asyncio.to_thread(to_csv, await _table(view))
    return download(body, name=f"{view.plan.slug}-history-{view.today}.csv", media_type=CSV)


handlers = [history_as_xlsx, history_as_csv]
