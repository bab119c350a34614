"""Documents from the command line: all that members see, of a closed edition or of the plan today."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from stratplan import i18n
from stratplan.errors import StratplanError
from stratplan.i18n import _
from stratplan.reviews.asked import edition_content, plan_content
from stratplan.reviews.commands import open_plan, review_of_code
from stratplan.reviews.formats import Content, Format, file_name, make_document
from stratplan.reviews.frozen import Audience, statement_of_edition
from stratplan.reviews.models import Edition, Review
from stratplan.reviews.moves import deadline_moves
from stratplan.reviews.report_template import template_bytes
from stratplan.reviews.statement import Statement
from stratplan.reviews.stating import statement_of


async def exported(
    plan: str, code: str | None, *, edition: int | None, kind: str, language: str, output: Path | None
) -> str:
    """Write a document to a file, and return its path; what is there already is replaced."""
    if edition is not None and code is None:
        raise StratplanError(
            _("Name the review whose edition is meant: --review 2016Q3 --edition %(number)s", number=edition)
        )
    wanted = next(one for one in Format if one.value == kind)
    content = await _content(plan, code, edition, wanted, language)
    body = await asyncio.to_thread(make_document, wanted, content)
    path = output or Path(file_name(wanted, content.report))
    try:
        await asyncio.to_thread(path.write_bytes, body)
    except OSError as error:
        raise StratplanError(
            _("%(file)s cannot be written: %(reason)s", file=path, reason=error.strerror or error)
        ) from None
    return str(path)


async def _content(plan: str, code: str | None, number: int | None, kind: Format, language: str) -> Content:
    """What the document is made of; the plan itself, which may take more memory than that, is let go."""
    snapshot = await open_plan(plan)
    if code is None:
        moves = await deadline_moves(snapshot.plan.key, snapshot.revision[0])
        whole = statement_of(snapshot, i18n.today(), moves)
        content = await plan_content(snapshot, whole, language=language, read=_read)
    else:
        review = review_of_code(snapshot, code)
        edition = _edition(review, number)
        content = await edition_content(snapshot, review, edition, language=language, read=_read)
    return replace(content, template=await template_bytes(snapshot)) if kind is Format.DOCX else content


async def _read(review: Review, number: int) -> Statement:
    return await statement_of_edition(review.key, number, Audience.MEMBERS)


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
