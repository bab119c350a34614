"""The template for reports as DOCX: looked at, taken away, replaced by the planner's own, put back to the default."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.audit import AuditEntry
from stratplan.errors import NotVisible, RuleBroken
from stratplan.evidence.archives import Unfit
from stratplan.evidence.file_types import FileType
from stratplan.evidence.names import clean_name, ending_of
from stratplan.evidence.panel import size_text
from stratplan.evidence.searching import search
from stratplan.evidence.storage import Checked, checked, keeping
from stratplan.exports.docx import DOCX, default_template
from stratplan.exports.docx_template import TemplateRefused, check_template
from stratplan.exports.downloads import download
from stratplan.forms import Form, FormModel
from stratplan.i18n import N_, _
from stratplan.in_place import Deletion, read_action
from stratplan.permissions import Permission
from stratplan.reviews.docx import FIELDS, SORTS
from stratplan.reviews.report_template import ReportTemplate, template_bytes, template_of
from stratplan.view import View
from stratplan.web import done, page, read_upload

LARGEST = 5 * 2**20  # bytes of a template
LARGEST_REQUEST = LARGEST + 2**20

NOT_WORD = N_("A template is a Word document (DOCX) without macros.")


class TemplateUpload(FormModel):
    """What is sent beside the file: nothing."""


@get("/plans/{slug:str}/report-template", permission=Permission.REVIEWS_WRITE)
async def show_template(request: HTMXRequest, view: View) -> Response[str]:
    """The template in use, with the fields that one may have."""
    return await _shown(request, view)


# This address alone takes such requests: app.py gives it its limit.
@post("/plans/{slug:str}/report-template", permission=Permission.REVIEWS_WRITE)
async def replace_template(request: HTMXRequest, view: View) -> Response[Any]:
    """Use the template that was sent; one that cannot be filled is refused, each thing wrong with its place."""
    async with read_upload(request, TemplateUpload, "files") as (form, files):
        if form.data is None:
            return await _shown(request, view, form, problems=list(form.errors.values()), status=422)
        try:
            async with keeping([await _fit(request, files)]) as kept:
                template = ReportTemplate.new(
                    scope=view.plan.key,
                    name=kept[0].name,
                    size=kept[0].size,
                    sha256=kept[0].sha256,
                    file=kept[0].file,
                )
                entry = await template.take_over(template_of(view.snapshot), by=view.reader.actor)
        except TemplateRefused as refused:
            return await _shown(request, view, form, problems=refused.problems, status=422)
        except Unfit as unfit:
            return await _shown(request, view, form, problems=[_(str(unfit))], status=422)
        except RuleBroken as broken:
            return await _shown(request, view, form, problems=[str(broken)], status=409)
    return await _again(request, view, entry)


@post("/plans/{slug:str}/report-template/delete", permission=Permission.REVIEWS_WRITE)
async def remove_template(request: HTMXRequest, view: View) -> Response[Any]:
    """Go back to the default; the notice has the way to undo it."""
    deletion = await read_action(request, Deletion)
    template = template_of(view.snapshot)
    if template is None:
        raise NotVisible(_("There is no such page."))
    return await _again(request, view, await template.remove(by=view.reader.actor, based_on=deletion.version))


@get("/plans/{slug:str}/report-template/current.docx", permission=Permission.REVIEWS_WRITE)
async def download_template(view: View) -> Response[bytes]:
    """The template in use."""
    body = await template_bytes(view.snapshot)
    return download(body or default_template(), name=f"{view.plan.slug}-template.docx", media_type=DOCX)


@get("/plans/{slug:str}/report-template/default.docx", permission=Permission.REVIEWS_WRITE)
async def download_default(view: View) -> Response[bytes]:
    """The default template, to begin one's own with."""
    return download(default_template(), name="stratplan-template.docx", media_type=DOCX)


async def _fit(request: HTMXRequest, files: list[UploadFile]) -> Checked:
    """The file that was sent, found fit to make reports of. Raises Unfit, TemplateRefused."""
    if len(files) != 1:
        raise Unfit(N_("Choose a file."))
    name, size = clean_name(files[0].filename), files[0].file.seek(0, 2)
    if size > LARGEST:
        raise Unfit(_("The file is larger than %(largest)s.", largest=size_text(LARGEST)))
    if ending_of(name) != FileType.DOCX.value:
        raise Unfit(NOT_WORD)
    file = await checked(name, files[0].file, size)  # type: ignore[arg-type]  # a spooled file is one
    await search(request, file)
    file.file.seek(0)
    await asyncio.to_thread(check_template, file.file.read(), SORTS)
    return file


async def _shown(
    request: HTMXRequest,
    view: View,
    form: Form[Any] | None = None,
    *,
    problems: list[str] | None = None,
    status: int = 200,
) -> Response[str]:
    template = template_of(view.snapshot)
    return await page(
        request,
        "reviews/template.html",
        {
            "form": form or Form.filled(TemplateUpload),
            "problems": problems or [],
            "template": template,
            "size": "" if template is None else size_text(template.size),
            "by": "" if template is None else view.name_of(template.uploaded_by),
            "fields": [(name, _(sort.label), _(words)) for name, (sort, words) in FIELDS.items()],
            "largest": LARGEST,
            "largest_text": size_text(LARGEST),
        },
        view=view,
        section="reviews",
        fragment="reviews/_template.html",
        status=status,
        retarget="#report-template",
    )


async def _again(request: HTMXRequest, view: View, entry: AuditEntry) -> Response[Any]:
    return await done(request, entry, view=view, to=view.url("/report-template"))


upload_handlers = [show_template, replace_template]  # of one address, and so with one limit
handlers = [remove_template, download_template, download_default]
