"""What documents are made of: a closed edition, or the plan on a day with the action plan's filters, each with the
changes since the closed review before it. Pages and the command line differ in who reads (`Read`), not in what is made.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial

from stratplan import i18n
from stratplan.goals.action_plan import action_plan, read_selection
from stratplan.i18n import LANGUAGES, _
from stratplan.reviews.comparing import compare
from stratplan.reviews.council import council_report
from stratplan.reviews.editions import edition_as_seen, today_as_seen
from stratplan.reviews.formats import Content
from stratplan.reviews.models import Edition, Review
from stratplan.reviews.queries import Closed, closed_before, closed_by
from stratplan.reviews.statement import Statement
from stratplan.snapshot import Snapshot
from stratplan.view import View

Read = Callable[[Review, int], Awaitable[Statement]]  # what the edition of that number says to whoever asks


def as_seen(view: View) -> Read:
    """Editions as the reader of a page sees them."""
    return partial(edition_as_seen, view)


async def edition_content(
    snapshot: Snapshot, review: Review, edition: Edition, *, language: str, read: Read
) -> Content:
    """What a document of an edition says, with the changes since the review before it."""
    statement = await read(review, edition.number)
    before = await _before(closed_before(snapshot, review, edition), read)

    def made() -> Content:
        comparison = None if before is None else compare(before, statement)
        with i18n.use_language(language):
            report = council_report(statement, review=review, edition=edition, comparison=comparison)
        return Content(report, statement)

    return await asyncio.to_thread(made)  # half a second where there are thousands of tasks


async def plan_content(
    snapshot: Snapshot, whole: Statement, *, language: str, read: Read, asked: Mapping[str, str] | None = None
) -> Content:
    """What a document of the plan says, with the changes since the last review that was closed by its day. Filters
    (`asked`: the action plan's query) choose rows; figures and sums are those of the whole plan."""
    before = await _before(next(iter(closed_by(snapshot, whole.day)), None), read)
    with i18n.use_language(language):
        chosen, statement = _chosen(snapshot, whole, asked or {})

    def made() -> Content:
        comparison = None if before is None else compare(before, whole)
        with i18n.use_language(language):
            return Content(council_report(statement, whole=whole, comparison=comparison, chosen=chosen), statement)

    return await asyncio.to_thread(made)


def language_asked(view: View) -> str:
    """The language of a document: the one that the address names, else the reader's."""
    asked = dict(view.asked).get("lang", "")
    return asked if asked in LANGUAGES else view.reader.language


async def content_as_seen(view: View, language: str) -> Content:
    """What a document of the plan on the reader's day says, with the filters of their address."""
    whole = await today_as_seen(view)
    asked = dict(view.asked)
    return await plan_content(view.snapshot, whole, language=language, read=as_seen(view), asked=asked)


def _chosen(snapshot: Snapshot, whole: Statement, asked: Mapping[str, str]) -> tuple[list[str], Statement]:
    """The filters in words, and the statement of the rows that they choose."""
    selection = read_selection(snapshot, whole.day, asked)
    plan = action_plan(snapshot, whole.day, selection, paged=False)
    chosen = [f"{_(one.facet.label)}: {one.chosen_text}" for one in plan.filters if one.chosen]
    if selection.text:
        chosen.append(f"{_('Text')}: {selection.text}")
    if not chosen:
        return [], whole
    return chosen, only(whole, {str(row.task.key) for group in plan.groups for row in group.rows})


def only(statement: Statement, tasks: Collection[str]) -> Statement:
    """The statement with these tasks (by key) and the investment lines that pay for one of them."""
    kept = tuple(task for task in statement.tasks if task.key in tasks)
    numbers = {task.number for task in kept}
    lines = tuple(line for line in statement.lines if not numbers.isdisjoint(line.tasks))
    return statement.model_copy(update={"tasks": kept, "lines": lines})


async def _before(closed: Closed | None, read: Read) -> Statement | None:
    """What an edition of an earlier review says."""
    if closed is None:
        return None
    review, edition = closed
    return await read(review, edition.number)


def digest_of(content: Content, *more: str) -> str:
    """What tells one document from another: SHA-256 over all that it is made of, and `more`."""
    digest = hashlib.sha256(content.statement.model_dump_json().encode())
    digest.update(hashlib.sha256(content.template or b"").digest())
    for part in (repr(content.report), *more):
        digest.update(b"\0" + part.encode())
    return digest.hexdigest()
