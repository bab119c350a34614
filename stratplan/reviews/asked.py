"""What documents a reader may ask for, made ready: of a closed edition, or of the plan on the day they look at with the
action plan's filters."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from stratplan import i18n
from stratplan.goals.action_plan import action_plan, read_selection
from stratplan.i18n import _
from stratplan.reviews.comparing import Comparison, compare
from stratplan.reviews.council import council_report
from stratplan.reviews.editions import edition_as_seen, edition_of, today_as_seen
from stratplan.reviews.formats import Content, Format
from stratplan.reviews.models import Review
from stratplan.reviews.queries import closed_before
from stratplan.reviews.report_template import template_bytes
from stratplan.reviews.statement import Statement
from stratplan.view import View


async def edition_content(view: View, review: Review, number: int, language: str, kind: Format) -> Content:
    """What a document of an edition says to the reader, with the changes since the review before it."""
    edition = edition_of(review, number)
    statement = await edition_as_seen(view, review, number)
    comparison = await _since(view, closed_before(view.snapshot, review), statement)
    with i18n.use_language(language):
        report = council_report(statement, review=review, edition=edition, comparison=comparison)
    return Content(report, statement, await _template(view, kind))


async def _template(view: View, kind: Format) -> bytes | None:
    return await template_bytes(view.snapshot) if kind is Format.DOCX else None


async def plan_content(view: View, language: str, kind: Format) -> Content:
    """What a document of the plan on the reader's day says, with the changes since the last closed review. The filters
    choose rows; figures and sums are those of the whole plan."""
    whole = await today_as_seen(view)
    reviews = [one for one in view.snapshot.all(Review).values() if one.edition and one.period.end <= view.day]
    last = max(reviews, key=lambda review: (review.period.end, review.period.days), default=None)
    comparison = await _since(view, last, whole)
    with i18n.use_language(language):
        selection = read_selection(view.snapshot, view.day, dict(view.asked))
        plan = action_plan(view.snapshot, view.day, selection, paged=False)
        chosen = [f"{_(one.facet.label)}: {one.chosen_text}" for one in plan.filters if one.chosen]
        if selection.text:
            chosen.append(f"{_('Text')}: {selection.text}")
        shown = {str(row.task.key) for group in plan.groups for row in group.rows}
        statement = only(whole, shown) if chosen else whole
        report = council_report(statement, whole=whole, comparison=comparison, chosen=chosen)
    return Content(report, statement, await _template(view, kind))


def only(statement: Statement, tasks: Collection[str]) -> Statement:
    """The statement with these tasks (by key) and the investment lines that pay for one of them."""
    kept = tuple(task for task in statement.tasks if task.key in tasks)
    numbers = {task.number for task in kept}
    lines = tuple(line for line in statement.lines if not numbers.isdisjoint(line.tasks))
    return statement.model_copy(update={"tasks": kept, "lines": lines})


async def _since(view: View, before: Review | None, statement: Statement) -> Comparison | None:
    if before is None or before.edition is None:
        return None
    return compare(await edition_as_seen(view, before, before.edition.number), statement)


def digest_of(content: Content, *more: str) -> str:
    """What tells one document from another: SHA-256 over all that it is made of, and `more`."""
    digest = hashlib.sha256(content.statement.model_dump_json().encode())
    digest.update(hashlib.sha256(content.template or b"").digest())
    for part in (repr(content.report), *more):
        digest.update(b"\0" + part.encode())
    return digest.hexdigest()
