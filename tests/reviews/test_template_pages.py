"""The planner's own template for reports: taken, used, replaced, put back; refused with what is wrong and where."""

from __future__ import annotations

import hashlib
import io

import httpx
from docx import Document

from stratplan.audit import AuditEntry
from stratplan.evidence import storage
from stratplan.exports.docx import DOCX, default_template
from stratplan.reviews.report_template import ReportTemplate, template_bytes
from stratplan.snapshot import Snapshots
from tests.evidence.files import DOCX as NOT_A_TEMPLATE
from tests.factories import Made

HERE = "/plans/plans/report-template"


def own(text: str = "{{ title }}") -> bytes:
    document = Document()
    document.add_paragraph(text)
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


async def send(client: httpx.AsyncClient, body: bytes, name: str = "veidne.docx") -> httpx.Response:
    return await client.post(HERE, files={"files": (name, body, DOCX)})


async def living() -> list[ReportTemplate]:
    return await ReportTemplate.find({"deleted": False}).to_list()


async def last(made: Made) -> AuditEntry:
    entry = await AuditEntry.find({"scope": made.scope}).sort("-number").first_or_none()
    assert entry is not None
    return entry


async def test_without_an_own_one_the_default_is_in_use(client: httpx.AsyncClient, made: Made) -> None:
    shown = await client.get(HERE)
    assert shown.status_code == 200
    assert "{{ action_plan }}" in shown.text
    for name in ("current", "default"):
        answer = await client.get(f"{HERE}/{name}.docx")
        assert answer.content == default_template()
        assert answer.headers["content-type"].startswith(DOCX)


async def test_an_own_template_is_kept_recorded_and_used(client: httpx.AsyncClient, made: Made) -> None:
    body = own()
    answer = await send(client, body)
    assert (answer.status_code, answer.headers["location"]) == (303, HERE)
    (template,) = await living()
    assert (template.name, template.sha256) == ("veidne.docx", hashlib.sha256(body).hexdigest())
    assert (await last(made)).tag == "report_template.created"
    assert (await client.get(f"{HERE}/current.docx")).content == body
    assert "veidne.docx" in (await client.get(HERE)).text
    snapshot = await Snapshots().of("plans")
    assert snapshot is not None
    assert await template_bytes(snapshot) == body


async def test_another_takes_its_place_and_undoing_brings_the_first_back(client: httpx.AsyncClient, made: Made) -> None:
    first, second = own(), own("{{ plan }}")
    await send(client, first)
    await send(client, second, "otra.docx")
    assert [one.name for one in await living()] == ["otra.docx"]
    entry = await last(made)
    assert entry.tag == "report_template.replaced"
    undone = await client.post(f"/plans/plans/changes/{entry.id}/undo")
    assert undone.status_code == 303
    assert (await client.get(f"{HERE}/current.docx")).content == first
    assert await storage.sweep() == 0


async def test_going_back_to_the_default_can_be_undone(client: httpx.AsyncClient, made: Made) -> None:
    await send(client, own())
    (template,) = await living()
    answer = await client.post(f"{HERE}/delete", data={"version": str(template.version)})
    assert answer.status_code == 303
    assert await living() == []
    await client.post(f"/plans/plans/changes/{(await last(made)).id}/undo")
    assert len(await living()) == 1


async def test_what_cannot_be_used_is_refused_and_the_one_in_use_stays(client: httpx.AsyncClient, made: Made) -> None:
    await send(client, own())
    before = await last(made)
    for body, name, told in (
        (own("{{ titel }}"), "veidne.docx", "{{ titel }}"),
        (own(), "veidne.docm", "DOCX"),
        (b"%PDF-1.4", "veidne.docx", ""),
        (NOT_A_TEMPLATE[:-40], "veidne.docx", ""),
    ):
        answer = await send(client, body, name)
        assert answer.status_code == 422, name
        assert told in answer.text
        assert 'id="template-file-error"' in answer.text
    nothing = await client.post(HERE, files={"files": ("", b"", DOCX)})
    assert nothing.status_code == 422
    assert (await last(made)).id == before.id
    assert len(await living()) == 1
