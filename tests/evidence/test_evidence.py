"""Files on tasks: kept whole or not at all, given out as downloads alone, and seen by members alone."""

from __future__ import annotations

import asyncio
import hashlib
import io
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from beanie import PydanticObjectId
from litestar.types import Message, Scope

from stratplan.audit import AuditEntry
from stratplan.database import Database
from stratplan.database import files as bucket
from stratplan.evidence import models, storage
from stratplan.evidence.models import Evidence
from stratplan.evidence.queries import count_on
from stratplan.frame import Frame
from stratplan.goals.models import Task
from stratplan.permissions import Role
from stratplan.plans.models import PublicPart
from tests.conftest import reading
from tests.evidence.files import DOCX, HOSTILE, PDF, PNG, SOUND, SVG
from tests.factories import SOMEBODY, Made, cookie_of, make_account, make_evidence, make_report, make_task

HTMX = {"HX-Request": "true"}
TASK = "/plans/plans/tasks/1.1"
HERE = f"{TASK}/evidence"


async def kept(db: Database) -> int:
    """How many files there are bytes of."""
    whole: int = await db.db["files.files"].count_documents({})
    pieces = len(await db.db["files.chunks"].distinct("files_id"))
    assert whole == pieces
    return whole


async def only_file() -> Evidence:
    (evidence,) = await Evidence.find_all().to_list()
    return evidence


async def test_a_form_that_was_begun_elsewhere_comes_back_there_and_nowhere_outside(
    client: httpx.AsyncClient, made: Made
) -> None:
    form = await client.get(f"{HERE}?back=/plans/plans/reviews/2016Q3")
    assert '<input type="hidden" name="back" value="/plans/plans/reviews/2016Q3">' in form.text
    for back, to in (("/plans/plans/reviews/2016Q3",) * 2, ("//evil.example/x", f"{TASK}#evidence")):
        answer = await client.post(HERE, data={"back": back}, files={"files": ("a.pdf", PDF)})
        assert (answer.status_code, answer.headers["location"]) == (303, to)


async def last_entry(made: Made) -> AuditEntry:
    entry = await AuditEntry.find({"scope": made.scope}).sort("-number").first_or_none()
    assert entry is not None
    return entry


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_file_is_kept_recorded_and_downloaded_as_it_was(
    client: httpx.AsyncClient, made: Made, headers: dict[str, str]
) -> None:
    content = PDF[:-6] + b"%" + bytes(range(256)) * 4000 + b"\n%%EOF\n"  # several pieces
    report = await make_report(made.task, date(2016, 6, 30), 10)
    answer = await client.post(
        HERE,
        data={"description": "Parakstīts akts", "report": str(report.key)},
        files={"files": ("../Akts “3”.PDF", content, "text/html")},
        headers=headers,
    )
    if headers:
        assert (answer.status_code, answer.headers["hx-trigger"]) == (200, "evidence-changed")
        assert "Akts “3”.pdf" in answer.text
    else:
        assert (answer.status_code, answer.headers["location"]) == (303, f"{TASK}#evidence")
        assert "Parakstīts akts" in (await client.get(TASK)).text
    evidence = await only_file()
    assert (evidence.name, evidence.file_type.value, evidence.size) == ("Akts “3”.pdf", "pdf", len(content))
    assert evidence.sha256 == hashlib.sha256(content).hexdigest()
    assert evidence.report == report.key
    assert (await last_entry(made)).tag == "evidence.created"
    task = await Task.get(made.task.key)
    assert task is not None
    assert task.version == made.task.version + 1  # the report's; not the file's

    download = await client.get(f"/plans/plans/evidence/{evidence.key}")
    assert download.content == content
    assert download.headers["content-type"] == "application/pdf"
    assert download.headers["content-length"] == str(len(content))
    assert download.headers["content-disposition"] == (
        "attachment; filename=\"Akts 3.pdf\"; filename*=UTF-8''Akts%20%E2%80%9C3%E2%80%9D.pdf"
    )
    assert download.headers.get_list("content-security-policy") == [
        "default-src 'none'; frame-ancestors 'none'; sandbox"
    ]
    assert download.headers["x-content-type-options"] == "nosniff"
    assert download.headers["cache-control"] == "private, no-store"


async def test_several_files_come_together_or_not_at_all(client: httpx.AsyncClient, made: Made, db: Database) -> None:
    sound = [("files", (name, content)) for name, content in list(SOUND.items())[:3]]
    assert (await client.post(HERE, files=sound)).status_code == 303
    assert len((await last_entry(made)).changes) == 3
    names = [evidence.name for evidence in await Evidence.find_all().to_list()]
    assert f"Pievienots: {', '.join(names)}" in (await client.get(TASK)).text, "the notice names all of them"
    wrong = await client.post(HERE, files=[*sound, ("files", ("zīmējums.png", SVG))])
    assert wrong.status_code == 422
    assert "zīmējums.png: Datne ir tīmekļa lapa, SVG zīmējums vai programma; tādas nepieņem." in wrong.text
    many = await client.post(HERE, files=sound * 2)
    assert many.status_code == 422
    assert await Evidence.count() == await kept(db) == 3


@pytest.mark.parametrize("name", SOUND)
async def test_every_kind_is_given_out_as_what_it_is(client: httpx.AsyncClient, made: Made, name: str) -> None:
    assert (await client.post(HERE, files={"files": (name, SOUND[name])})).status_code == 303
    evidence = await only_file()
    download = await client.get(f"/plans/plans/evidence/{evidence.key}")
    assert download.headers["content-type"].partition(";")[0] == evidence.file_type.media_type
    assert "html" not in download.headers["content-type"]
    assert download.content == SOUND[name]


async def test_nothing_hostile_is_kept(client: httpx.AsyncClient, made: Made, db: Database) -> None:
    for name, (content, _reason) in HOSTILE.items():
        answer = await client.post(HERE, files={"files": (name, content)})
        assert answer.status_code == 422, name
        assert 'aria-invalid="true"' in answer.text
    assert await Evidence.count() == await kept(db) == 0


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "multipart/form-data"}, b"--x\r\n"),
        ({"content-type": "multipart/form-data; boundary="}, b"--\r\n"),
        ({"content-type": "multipart/form-data; boundary=x"}, b""),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\nContent-Disposition: form-data"),
        ({"content-type": "multipart/form-data; boundary=x"}, b"\x00" * 5000),
        (
            {"content-type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="description"\r\n'
            b"Content-Type: text/plain; charset=nav-tada\r\n\r\na\r\n--x--\r\n",
        ),
        (
            {"content-type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="description"\r\n\r\n\xff\xfe\r\n--x--\r\n',
        ),
        ({"content-type": "application/x-www-form-urlencoded"}, b"files=a"),
        ({"content-type": "application/json"}, b"{}"),
        ({}, b"files=a"),
        (
            {"content-type": "multipart/form-data; boundary=x"},
            b"".join(
                b'--x\r\nContent-Disposition: form-data; name="files"; filename="%d.txt"\r\n\r\na\r\n' % n
                for n in range(1_500)
            )
            + b"--x--\r\n",
        ),
    ],
)
async def test_a_body_that_is_no_form_with_files_is_refused(
    client: httpx.AsyncClient, made: Made, db: Database, headers: dict[str, str], body: bytes
) -> None:
    answer = await client.post(HERE, content=body, headers=headers)
    assert answer.status_code in (400, 415, 422), answer.status_code
    assert await Evidence.count() == await kept(db) == 0


async def test_files_are_taken_only_where_they_belong(client: httpx.AsyncClient, made: Made, db: Database) -> None:
    assert (await client.post(HERE, files={"description": ("a.txt", b"a")})).status_code == 400
    assert (await client.post(HERE, files={"other": ("a.txt", b"a")})).status_code == 400
    assert (await client.post(HERE, data={"x": "1"}, files={"files": ("a.txt", b"a")})).status_code == 422
    assert (await client.post(f"{TASK}/comments", files={"text": ("a.txt", b"a")})).status_code == 400
    bad = await client.post(f"{TASK}/comments", files={"text": (None, b"\xff")})
    assert bad.status_code == 400
    assert await kept(db) == 0


async def test_a_file_that_is_too_large_is_refused_and_ten_gigabytes_before_they_are_read(
    client: httpx.AsyncClient, app: Frame, made: Made, db: Database
) -> None:
    large = b"a" * (20 * 2**20 + 1)
    answer = await client.post(HERE, files={"files": ("liels.txt", large)})
    assert answer.status_code == 422
    assert "liels.txt: Datne ir lielāka par 20 MB." in answer.text
    account = await make_account()
    read = 0

    async def receive() -> Message:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"a" * 2**20, "more_body": True}

    for path, announced, most in (
        (HERE, 10 * 2**30, 0),
        (HERE, None, 103),
        (f"{TASK}/comments", 3 * 2**20, 0),
        (f"{TASK}/comments", None, 4),
    ):
        sent: list[Message] = []

        async def send(message: Message, sent: list[Message] = sent) -> None:
            sent.append(message)

        read = 0
        headers = [
            (b"host", b"127.0.0.1:8000"),
            (b"cookie", (await cookie_of(account)).encode()),
            (b"content-type", b"multipart/form-data; boundary=x"),
        ]
        headers += [] if announced is None else [(b"content-length", str(announced).encode())]
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
            "scheme": "http",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 5000),
            "http_version": "1.1",
            "root_path": "",
            "extensions": {},
        }
        await app(_scope(scope), receive, send)
        assert sent[0]["status"] in (400, 413), (path, announced)  # type: ignore[typeddict-item]
        assert read <= most, (path, announced)
    assert await kept(db) == 0


def _scope(values: dict[str, object]) -> Scope:
    return values  # type: ignore[return-value]


async def test_when_recording_fails_no_bytes_stay(
    client: httpx.AsyncClient, made: Made, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "MOST_ON_A_TASK", 1)
    assert (await client.post(HERE, files={"files": ("a.pdf", PDF)})).status_code == 303
    full = await client.post(HERE, files={"files": ("b.pdf", PDF)})
    assert full.status_code == 409
    assert "ne vairāk kā 1" in full.text
    assert await Evidence.count() == await kept(db) == 1

    other = await make_task(made.scope, made.goal, "1.2")
    report = await make_report(other, date(2016, 6, 30), 10)
    foreign = await client.post(f"{HERE}", data={"report": str(report.key)}, files={"files": ("b.pdf", PDF)})
    assert foreign.status_code == 409
    assert await kept(db) == 1

    async def cut_off() -> None:
        file = await storage.checked("c.png", io.BytesIO(PNG), len(PNG))
        async with storage.keeping([file, file]):
            await asyncio.sleep(60)

    task = asyncio.create_task(cut_off())
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await kept(db) == 1


async def test_the_sweep_takes_what_nobody_recorded_and_leaves_what_was_removed(
    client: httpx.AsyncClient, made: Made, db: Database
) -> None:
    evidence = await make_evidence(made.task)
    removed = await client.post(f"{HERE}/{evidence.key}/delete", data={"version": "1"})
    assert removed.status_code == 303
    await bucket().upload_from_stream("left", b"behind")
    await db.db["files.chunks"].insert_one({"files_id": PydanticObjectId(), "n": 0, "data": b"of a file cut off"})
    assert await db.db["files.files"].count_documents({}) == 2
    assert await storage.sweep() == 0  # not yet: the upload may still be under way
    assert await storage.sweep(datetime.now(UTC) + timedelta(minutes=1)) == 2
    assert await kept(db) == 1

    undone = await client.post(f"/plans/plans/changes/{(await last_entry(made)).id}/undo")
    assert undone.status_code == 303
    assert (await client.get(f"/plans/plans/evidence/{evidence.key}")).content == b"Pieraksts par paveikto.\n"


async def test_a_removed_file_and_a_lost_one_are_not_found(client: httpx.AsyncClient, made: Made, db: Database) -> None:
    gone, lost = await make_evidence(made.task, "a.txt"), await make_evidence(made.task, "b.txt")
    assert (await client.post(f"{HERE}/{gone.key}/delete", data={"version": "1"}, headers=HTMX)).status_code == 200
    assert (await last_entry(made)).tag == "evidence.deleted"
    assert (await client.get(f"/plans/plans/evidence/{gone.key}")).status_code == 404
    await bucket().delete(lost.file)
    assert (await client.get(f"/plans/plans/evidence/{lost.key}")).status_code == 404
    another = await make_task(made.scope, made.goal, "1.2")
    elsewhere = f"/plans/plans/tasks/{another.number}/evidence/{lost.key}/delete"
    assert (await client.post(elsewhere, data={"version": "1"})).status_code == 404


async def test_members_download_heads_add_to_their_own_tasks_and_nobody_else_knows(
    app: Frame, made: Made, stranger: httpx.AsyncClient
) -> None:
    await made.plan.publish(list(PublicPart), by=SOMEBODY, based_on=made.plan.version)
    evidence = await make_evidence(made.task, "slepens.txt")
    other = await make_task(made.scope, made.goal, "1.2")
    address = f"/plans/plans/evidence/{evidence.key}"
    head = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    council = await make_account(Role.COUNCIL, scope=made.scope)
    async with reading(app, head) as reporter, reading(app, council) as member, reading(app, None) as nobody:
        assert (await reporter.post(HERE, files={"files": ("a.docx", DOCX)})).status_code == 303
        foreign = f"/plans/plans/tasks/{other.number}/evidence"
        assert (await reporter.post(foreign, files={"files": ("a.docx", DOCX)})).status_code == 403
        assert (await member.post(HERE, files={"files": ("a.docx", DOCX)})).status_code == 403
        assert (await member.get(address)).status_code == 200
        assert "slepens.txt" in (await member.get("/plans/plans/evidence")).text
        assert 'type="file"' not in (await member.get(TASK)).text
        assert (await nobody.get(address)).status_code == 404
        for page in (TASK, "/plans/plans/tasks", "/plans/plans"):
            assert "slepens" not in (await nobody.get(page)).text
            assert "evidence" not in (await nobody.get(page)).text
    assert (await made.snapshot()).public.all(Evidence) == {}
    assert count_on(await made.snapshot(), made.task.key) == 2


async def test_a_deleted_report_lets_go_of_its_files_and_a_deleted_task_takes_them_along(
    client: httpx.AsyncClient, made: Made, db: Database
) -> None:
    report = await make_report(made.task, date(2016, 6, 30), 10)
    evidence = await make_evidence(made.task, report=report.key)
    assert (await client.post(f"{TASK}/reports/{report.key}/delete", data={"version": "1"})).status_code == 303
    found = await Evidence.get(evidence.key)
    assert found is not None
    assert found.report is None
    task = await Task.get(made.task.key)
    assert task is not None
    await client.post(f"{TASK}/delete", data={"version": str(task.version)})
    assert (await made.snapshot()).all(Evidence) == {}
    assert await kept(db) == 1  # the deletion can be undone


async def test_the_plans_files_are_listed_and_filtered(client: httpx.AsyncClient, made: Made) -> None:
    await make_evidence(made.task, "akts.pdf", PDF, description="Parakstīts")
    await make_evidence(made.task, "foto.png", PNG)
    everything = (await client.get("/plans/plans/evidence")).text
    assert "akts.pdf" in everything
    assert "foto.png" in everything
    pictures = (await client.get(f"/plans/plans/evidence?type=png&unit={made.unit.key}")).text
    assert "akts.pdf" not in pictures
    assert "foto.png" in pictures
    rows = (await client.get("/plans/plans/tasks")).text
    assert f'href="{TASK}#evidence"' in rows
    assert "2 datnes pie uzdevuma 1.1" in rows
