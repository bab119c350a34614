"""Documents as they are taken away: small ones are made at once, large ones beside the pages and kept.

How far one is, and what is kept, is asked by its digest: one read, and nothing made anew. What is kept was made for
members, and its list and its addresses are theirs alone: what residents may see can shrink, so they reach a document
only by what they may see now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.errors import NotVisible
from stratplan.evidence.panel import size_text
from stratplan.exports.downloads import download
from stratplan.i18n import LANGUAGE_NAMES, _
from stratplan.permissions import Permission
from stratplan.reviews import productions
from stratplan.reviews.asked import as_seen, content_as_seen, digest_of, edition_content, language_asked
from stratplan.reviews.editions import audience_of, edition_of
from stratplan.reviews.formats import Content, Format, file_name, make_document
from stratplan.reviews.models import Edition, Review
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
    edition: tuple[Review, Edition] | None

    @property
    def name(self) -> str:
        """What the file is called."""
        return file_name(self.kind, self.content.report)

    @property
    def is_small(self) -> bool:
        """Whether its reader can wait for it."""
        rows = len(self.content.statement.tasks) + len(self.content.statement.lines)
        return rows <= AT_ONCE[self.kind]


def _kind(name: str) -> Format:
    for kind in Format:
        if kind.value == name:
            return kind
    raise NotVisible(_("There is no such document."))


async def _of_edition(view: View, review: str, edition: int, name: str) -> Asked:
    found = find_review(view.snapshot, review)
    read, number = as_seen(view), edition_of(found, edition)
    content = await edition_content(view.snapshot, found, number, language=language_asked(view), read=read)
    return await _asked(view, _kind(name), content, (found, number))


async def _of_plan(view: View, name: str) -> Asked:
    return await _asked(view, _kind(name), await content_as_seen(view, language_asked(view)), None)


async def _asked(view: View, kind: Format, content: Content, edition: tuple[Review, Edition] | None) -> Asked:
    if kind is Format.DOCX:
        content = replace(content, template=await template_bytes(view.snapshot))
    digest = await asyncio.to_thread(digest_of, content, kind.value)
    return Asked(kind, content, digest, await Production.get(digest), edition)


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


@get("/plans/{slug:str}/made-documents/{digest:str}/progress", permission=Permission.REVIEWS_DOCUMENTS)
async def show_document_progress(request: HTMXRequest, view: View, digest: str) -> Response[Any]:
    """How far a document is that is being made; the page that it was asked for at, once it is not."""
    production = await _production(view, digest)
    address = _asked_at(view, production)
    if not production.is_under_way:
        return Response("", status_code=303, media_type="text/plain", headers={"location": address})
    return await page(
        request,
        "reviews/document_progress.html",
        {"production": production, "address": address},
        view=view,
        section="reviews",
        fragment="reviews/_document_progress.html",
    )


@get("/plans/{slug:str}/made-documents/{digest:str}", permission=Permission.REVIEWS_DOCUMENTS)
async def download_kept_document(view: View, digest: str) -> Response[Any]:
    """A document that is kept, as it was made."""
    production = await _production(view, digest)
    if not production.is_ready:
        raise NotVisible(_("There is no such document."))
    body = await productions.bytes_of(production)
    return download(body, name=production.name, media_type=production.kind.media_type)


@get(
    "/plans/{slug:str}/reviews/{review:str}/editions/{edition:int}/documents",
    permission=Permission.REVIEWS_DOCUMENTS,
)
async def list_kept_documents(request: HTMXRequest, view: View, review: str, edition: int) -> Response[str]:
    """The documents that are kept of an edition: also those of an earlier template, or in words that read otherwise
    now."""
    found = find_review(view.snapshot, review)
    number = edition_of(found, edition).number
    kept = await productions.kept_with(found.key, number, audience_of(view))
    return await page(
        request,
        "reviews/kept_documents.html",
        {"review": found, "edition": number, "rows": [_row(view, one) for one in kept]},
        view=view,
        section="reviews",
    )


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A document that is kept: what it is, in which language, when it was asked for, its size, and where it is."""

    kind: Format
    language: str
    language_name: str
    moment: str
    size: str
    address: str


def _row(view: View, production: Production) -> KeptRow:
    return KeptRow(
        production.kind,
        production.language,
        LANGUAGE_NAMES[production.language],
        i18n.date_and_time(production.begun_at),
        size_text(production.size),
        view.url(f"/made-documents/{production.id}"),
    )


async def _production(view: View, digest: str) -> Production:
    """The document of this plan with that digest, made for whoever asks; NotVisible for what was made for others."""
    found = await Production.get(digest)
    if found is None or found.scope != view.plan.key or found.audience is not audience_of(view):
        raise NotVisible(_("There is no such document."))
    return found


def _asked_at(view: View, production: Production) -> str:
    return f"/plans/{view.plan.slug}{production.path}"


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
    address = _address(request)
    review, edition = (None, None) if asked.edition is None else asked.edition
    wanted = Production(
        id=asked.digest,
        scope=view.plan.key,
        audience=audience_of(view),
        review=None if review is None else review.key,
        edition=None if edition is None else edition.number,
        kind=asked.kind,
        language=asked.content.report.language,
        name=asked.name,
        path="/" + address.split("/", 3)[3],  # what follows /plans/{slug}: a plan can get another address
    )
    await productions.begin(wanted, asked.content)
    return Response("", status_code=303, media_type="text/plain", headers={"location": address})


def _download(asked: Asked, body: bytes) -> Response[Any]:
    return download(body, name=asked.name, media_type=asked.kind.media_type)


def _address(request: HTMXRequest) -> str:
    asked = urlencode(sorted(request.query_params.multi_items()))  # they come in no order
    return request.url.path + (f"?{asked}" if asked else "")


def _back(view: View, asked: Asked) -> str:
    report = asked.content.report
    return view.url(f"/reviews/{report.code}/editions/{report.edition}" if report.code else "/tasks")


handlers = [
    edition_as_document,
    make_edition_document,
    plan_as_document,
    make_plan_document,
    show_document_progress,
    download_kept_document,
    list_kept_documents,
]
