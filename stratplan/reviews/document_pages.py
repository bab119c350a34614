"""Documents as they are taken away: small ones are made at once, large ones beside the pages and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.errors import NotVisible
from stratplan.exports.downloads import download
from stratplan.i18n import LANGUAGES, _
from stratplan.permissions import Permission
from stratplan.reviews import productions
from stratplan.reviews.asked import as_seen, content_as_seen, digest_of, edition_content
from stratplan.reviews.editions import edition_of
from stratplan.reviews.formats import Content, Format, file_name, make_document
from stratplan.reviews.models import Review
from stratplan.reviews.productions import Production
from stratplan.reviews.queries import find_review
from stratplan.reviews.report_template import template_bytes
from stratplan.view import View
from stratplan.web import page

# Rows of both plans up to which a document is made while its reader waits: about a second.
AT_ONCE: Mapping[Format, int] = {
    Format.PDF: 400,
    Format.DOCX: 1000,
    Format.XLSX: 4000,
    Format.ODS: 3000,
    Format.CSV: 8000,
    Format.JSON: 8000,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A document that is asked for: what it is made of, what it is called, and how far it is where it is kept."""

    kind: Format
    content: Content
    digest: str
    production: Production | None
    review: Review | None

    @property
    def name(self) -> str:
        """What the file is called."""
        return file_name(self.kind, self.content.report)

    @property
    def is_small(self) -> bool:
        """Whether its reader can wait for it."""
        rows = len(self.content.statement.tasks) + len(self.content.statement.lines)
        return rows <= AT_ONCE[self.kind]


def document_choices() -> Sequence[Format]:
    """The formats in the order in which they are offered."""
    return tuple(Format)


def _kind(name: str) -> Format:
    for kind in Format:
        if kind.value == name:
            return kind
    raise NotVisible(_("There is no such document."))


def _language(view: View) -> str:
    asked = dict(view.asked).get("lang", "")
    return asked if asked in LANGUAGES else view.reader.language


async def _of_edition(view: View, review: str, edition: int, name: str) -> Asked:
    found = find_review(view.snapshot, review)
    read, number = as_seen(view), edition_of(found, edition)
    content = await edition_content(view.snapshot, found, number, language=_language(view), read=read)
    return await _asked(view, _kind(name), content, found)


async def _of_plan(view: View, name: str) -> Asked:
    return await _asked(view, _kind(name), await content_as_seen(view, _language(view)), None)


async def _asked(view: View, kind: Format, content: Content, review: Review | None) -> Asked:
    if kind is Format.DOCX:
        content = replace(content, template=await template_bytes(view.snapshot))
    digest = await asyncio.to_thread(digest_of, content, kind.value)
    return Asked(kind, content, digest, await Production.get(digest), review)


@get(
    "/plans/{slug:str}/reviews/{review:str}/editions/{edition:int}/documents/{kind:str}",
    permission=Permission.REVIEWS_READ,
)
async def edition_as_document(request: HTMXRequest, view: View, review: str, edition: int, kind: str) -> Response[Any]:
    """A document of an edition, in the language that `lang` says; a large one that is not made yet has a page that says
    how far it is."""
    return await _answer(request, view, await _of_edition(view, review, edition, kind))


@post(
    "/plans/{slug:str}/reviews/{review:str}/editions/{edition:int}/documents/{kind:str}",
    permission=Permission.REVIEWS_DOCUMENTS,
)
async def make_edition_document(
    request: HTMXRequest, view: View, review: str, edition: int, kind: str
) -> Response[Any]:
    """Have a large document of an edition made."""
    return await _made(request, view, await _of_edition(view, review, edition, kind))


@get("/plans/{slug:str}/documents/{kind:str}", permission=Permission.GOALS_READ)
async def plan_as_document(request: HTMXRequest, view: View, kind: str) -> Response[Any]:
    """A document of the plan on the day that is looked at, with the action plan's filters."""
    return await _answer(request, view, await _of_plan(view, kind))


@post("/plans/{slug:str}/documents/{kind:str}", permission=Permission.REVIEWS_DOCUMENTS)
async def make_plan_document(request: HTMXRequest, view: View, kind: str) -> Response[Any]:
    """Have a large document of the plan made."""
    return await _made(request, view, await _of_plan(view, kind))


async def _answer(request: HTMXRequest, view: View, asked: Asked) -> Response[Any]:
    if not request.htmx:  # what HTMX asks for is how far the document is
        if asked.production is not None and asked.production.is_ready:
            return _download(asked, await productions.bytes_of(asked.production))
        if asked.is_small:
            return _download(asked, await asyncio.to_thread(make_document, asked.kind, asked.content))
    return await page(
        request,
        "reviews/document.html",
        {"asked": asked, "production": asked.production, "address": _address(request), "back": _back(view, asked)},
        view=view,
        section="reviews",
        fragment="reviews/_document.html",
    )


async def _made(request: HTMXRequest, view: View, asked: Asked) -> Response[Any]:
    review = None if asked.review is None else asked.review.key
    await productions.begin(asked.digest, asked.kind, asked.content, scope=view.plan.key, review=review)
    return Response("", status_code=303, media_type="text/plain", headers={"location": _address(request)})


def _download(asked: Asked, body: bytes) -> Response[Any]:
    return download(body, name=asked.name, media_type=asked.kind.media_type)


def _address(request: HTMXRequest) -> str:
    asked = urlencode(list(request.query_params.multi_items()))
    return request.url.path + (f"?{asked}" if asked else "")


def _back(view: View, asked: Asked) -> str:
    report = asked.content.report
    return view.url(f"/reviews/{report.code}/editions/{report.edition}" if report.code else "/tasks")


handlers = [edition_as_document, make_edition_document, plan_as_document, make_plan_document]
