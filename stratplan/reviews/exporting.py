"""Documents from the command line: all that members see, of a closed edition or of the plan today."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from stratplan import i18n
from stratplan.errors import StratplanError
from stratplan.i18n import _
from stratplan.reviews.commands import open_plan, review_of_code
from stratplan.reviews.comparing import Comparison, compare
from stratplan.reviews.council import council_report
from stratplan.reviews.formats import Content, Format, make_document
from stratplan.reviews.frozen import Audience, statement_of_edition
from stratplan.reviews.models import Edition, Review
from stratplan.reviews.moves import deadline_moves
from stratplan.reviews.queries import closed_before, closed_reviews
from stratplan.reviews.report_template import template_bytes
from stratplan.reviews.statement import Statement
from stratplan.reviews.stating import statement_of
from stratplan.snapshot import Snapshot


async def exported(
    plan: str, code: str | None, *, edition: int | None, kind: str, language: str, output: Path | None
) -> str:
    """Write a document to a file, and return its path; what is there already is replaced."""
    wanted = next(one for one in Format if one.value == kind)
    content = await _content(plan, code, edition, wanted, language)
    body = await asyncio.to_thread(make_document, wanted, content)
    report = content.report
    which = f"{report.code}-{report.edition}" if report.code else report.day.isoformat()
    path = output or Path(f"{report.slug}-{which}.{wanted.suffix}")
    try:
        await asyncio.to_thread(path.write_bytes, body)
    except OSError as error:
        raise StratplanError(
            _("%(file)s cannot be written: %(reason)s", file=path, reason=error.strerror or error)
        ) from None
    return str(path)


async def _content(plan: str, code: str | None, edition: int | None, kind: Format, language: str) -> Content:
    """What the document is made of; the plan itself, which may take more memory than that, is let go."""
    snapshot = await open_plan(plan)
    content = (
        await _of_today(snapshot, language)
        if code is None
        else await _of_edition(snapshot, review_of_code(snapshot, code), edition, language)
    )
    return replace(content, template=await template_bytes(snapshot)) if kind is Format.DOCX else content


async def _of_edition(snapshot: Snapshot, review: Review, number: int | None, language: str) -> Content:
    edition = _edition(review, number)
    statement = await statement_of_edition(review.key, edition.number, Audience.MEMBERS)
    comparison = await _since(closed_before(snapshot, review), statement)
    with i18n.use_language(language):
        report = council_report(statement, review=review, edition=edition, comparison=comparison)
    return Content(report, statement)


def _edition(review: Review, number: int | None) -> Edition:
    found = review.edition if number is None else review.find_edition(number)
    if found is not None:
        return found
    if number is None:
        raise StratplanError(
            _(
                "The review %(code)s is open. Close it first, or name an earlier edition with --edition.",
                code=review.code,
            )
        )
    raise StratplanError(_("The review %(code)s has no edition %(number)s.", code=review.code, number=number))


async def _of_today(snapshot: Snapshot, language: str) -> Content:
    statement = statement_of(snapshot, i18n.today(), await deadline_moves(snapshot.plan.key, snapshot.revision[0]))
    comparison = await _since(next(iter(closed_reviews(snapshot)), None), statement)
    with i18n.use_language(language):
        return Content(council_report(statement, comparison=comparison), statement)


async def _since(review: Review | None, statement: Statement) -> Comparison | None:
    if review is None or review.edition is None:
        return None
    return compare(await statement_of_edition(review.key, review.edition.number, Audience.MEMBERS), statement)
