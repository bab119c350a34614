"""Adding files to a task, taking them away again, and downloading them; and all files of a plan."""

from collections.abc import Sequence
from typing import Any

from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.response import Response, Stream
from litestar_htmx import HTMXRequest

from stratplan.audit import AuditEntry
from stratplan.errors import NotVisible, RuleBroken
from stratplan.evidence import list_page
from stratplan.evidence.archives import Unfit
from stratplan.evidence.models import Evidence
from stratplan.evidence.names import attachment, clean_name
from stratplan.evidence.panel import FILES_AT_ONCE, Upload, evidence_of, size_text
from stratplan.evidence.searching import search
from stratplan.evidence.storage import Checked, checked, keeping, opened
from stratplan.forms import Form
from stratplan.goals.models import Task
from stratplan.goals.queries import find_task
from stratplan.goals.reports import of_task
from stratplan.i18n import _
from stratplan.in_place import Deletion, read_action
from stratplan.permissions import Permission
from stratplan.view import View
from stratplan.web import done, page, read_upload, way_back

# Who adds files: those whose unit is responsible for the task.
ADDED: dict[str, Any] = {"permission": Permission.EVIDENCE_WRITE, "responsible": of_task}
AROUND_THE_FILES = 2**20  # of a request, beside the files themselves


@get("/plans/{slug:str}/tasks/{number:str}/evidence", permission=Permission.EVIDENCE_READ)
async def show_evidence(request: HTMXRequest, view: View, number: str) -> Response[str]:
    """The files of one task."""
    form = Form.filled(Upload, {"back": way_back(request.query_params.get("back", ""))})
    return await _evidence(request, view, find_task(view.snapshot, number), form)


# This address alone takes large requests: app.py gives it its limit.
@post("/plans/{slug:str}/tasks/{number:str}/evidence", **ADDED)
async def add_evidence(request: HTMXRequest, view: View, number: str) -> Response[Any]:
    """Add files to a task: all that were sent, or none."""
    async with read_upload(request, Upload, "files") as (form, files):
        task = find_task(view.snapshot, number)
        fit = await _fit(request, form, files, view.site.largest_file)
        if form.data is None:
            return await _evidence(request, view, task, form, status=422)
        sent = form.data
        shared = {"scope": view.plan.key, "task": task.key, "description": sent.description, "report": sent.report}
        try:
            async with keeping(fit) as kept:
                evidence = [
                    Evidence.new(
                        **shared,
                        name=one.name,
                        file_type=one.file_type,
                        size=one.size,
                        sha256=one.sha256,
                        file=one.file,
                    )
                    for one in kept
                ]
                entry = await Evidence.attach(evidence, by=view.reader.actor)
        except RuleBroken as broken:
            form.refuse(broken)
            return await _evidence(request, view, task, form, status=409)
    return await _again(request, view, entry, task, to=way_back(sent.back))


@post("/plans/{slug:str}/tasks/{number:str}/evidence/{evidence:str}/delete", **ADDED)
async def remove_evidence(request: HTMXRequest, view: View, number: str, evidence: str) -> Response[Any]:
    """Take a file away; its bytes stay, and the notice has the way to undo it."""
    deletion = await read_action(request, Deletion)
    task = find_task(view.snapshot, number)
    document = view.get(Evidence, evidence)
    if document.task != task.key:
        raise NotVisible(_("There is no such page."))
    entry = await document.remove(by=view.reader.actor, based_on=deletion.version)
    return await _again(request, view, entry, task)


@get("/plans/{slug:str}/evidence/{evidence:str}", permission=Permission.EVIDENCE_READ)
async def download_evidence(view: View, evidence: str) -> Stream:
    """The file, to be taken away: never shown inside the site, never kept on the way."""
    document = view.get(Evidence, evidence)
    return Stream(
        await opened(document),
        media_type=document.file_type.media_type,
        headers={
            "content-disposition": attachment(document.name),
            "content-length": str(document.size),
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
            "x-content-type-options": "nosniff",
            "cache-control": "private, no-store",
        },
    )


async def _fit(request: HTMXRequest, form: Form[Upload], files: Sequence[UploadFile], largest: int) -> list[Checked]:
    """The files that may be kept; what is wrong with the others is said at the field, each by its name."""
    wrong = []
    fit = []
    if not files:
        wrong.append(_("Choose a file."))
    if len(files) > FILES_AT_ONCE:
        wrong.append(_("At most %(most)s files can be sent at once.", most=FILES_AT_ONCE))
    for sent in files[:FILES_AT_ONCE]:
        name = clean_name(sent.filename)
        size = sent.file.seek(0, 2)
        try:
            if size > largest:
                raise Unfit(_("The file is larger than %(largest)s.", largest=size_text(largest)))
            file = await checked(name, sent.file, size)  # type: ignore[arg-type]  # a spooled file is one
            await search(request, file)
            fit.append(file)
        except Unfit as unfit:
            wrong.append(f"{name}: {_(str(unfit))}" if name else _(str(unfit)))
    if wrong:
        form.refuse(RuleBroken(" ".join(wrong), field="files"))
    return fit


async def _evidence(
    request: HTMXRequest, view: View, task: Task, form: Form[Any] | None = None, *, status: int = 200
) -> Response[str]:
    return await page(
        request,
        "evidence/task.html",
        {"task": task, "evidence": evidence_of(view, task, form)},
        view=view,
        section="tasks",
        fragment="evidence/_panel.html",
        status=status,
    )


async def _again(request: HTMXRequest, view: View, entry: AuditEntry, task: Task, *, to: str = "") -> Response[Any]:
    """The files after a change; a plain form is sent on to where it was begun, else to the task's page."""
    fresh = await view.fresh()
    context = {"task": task, "evidence": evidence_of(fresh, task)}
    to = to or fresh.url(f"/tasks/{task.number}") + "#evidence"
    return await done(request, entry, view=fresh, to=to, fragment="evidence/_panel.html", context=context)


upload_handlers = [show_evidence, add_evidence]  # of one address, and so with one limit
handlers = [remove_evidence, download_evidence, *list_page.handlers]
