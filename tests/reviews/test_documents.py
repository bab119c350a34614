"""Documents of a review: the same bytes for the same content, what the page says, and nothing that is not public."""

from __future__ import annotations

import asyncio
import io
import json
import secrets
import threading
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from beanie import PydanticObjectId
from docx import Document
from jsonschema import Draft202012Validator
from python_calamine import CalamineWorkbook

from stratplan import database
from stratplan.database import documents
from stratplan.documents import now
from stratplan.frame import Frame
from stratplan.goals.models import Task
from stratplan.permissions import Role
from stratplan.plans.models import Plan, PublicPart
from stratplan.reviews import asked, document_pages, productions
from stratplan.reviews.council import CouncilReport, council_report
from stratplan.reviews.formats import Format, JsonReport, schema
from stratplan.reviews.frozen import Audience, statement_of_edition
from stratplan.reviews.models import Review
from stratplan.reviews.productions import LEASE, Production, ProductionState, bytes_of, sweep
from tests.conftest import reading
from tests.factories import SOMEBODY, Made, make_account, make_line, make_report, make_task
from tests.reviews.test_closing import close, opened

SCHEMA = Path(__file__).parents[2] / "docs" / "review.schema.json"
EDITION = "/plans/plans/reviews/2016Q3/editions/1/documents"
ENGLISH = {"accept-language": "en"}
ENDS = ("", "/progress")


@pytest.fixture
async def closed(made: Made) -> Made:
    """A plan with a closed review of two tasks, one of them internal."""
    await make_report(made.task, date(2016, 9, 28), 40, text="Noslēgti divi līgumi.")
    hidden = await make_task(made.scope, made.goal, "1.2", internal=True, title="Iekšējais darbs")
    await make_report(hidden, date(2016, 9, 28), 10, text="=1+1")
    await make_line(made.scope, made.goal, "1.1", amount=1000, tasks=[made.task.key])
    await close(made, await opened(made), number="388", day=date(2016, 10, 27))
    return made


@pytest.mark.parametrize("kind", list(Format))
async def test_an_edition_gives_the_same_bytes_each_time(client: httpx.AsyncClient, closed: Made, kind: Format) -> None:
    first = await client.get(f"{EDITION}/{kind.value}?lang=lv")
    assert first.status_code == 200
    assert first.headers["content-type"].partition(";")[0] == kind.media_type
    assert f'filename="plans-2016Q3-1.{kind.suffix}"' in first.headers["content-disposition"]
    await asyncio.sleep(1.1)  # the second is another one
    again = await client.get(f"{EDITION}/{kind.value}?lang=lv")
    assert again.content == first.content
    english = await client.get(f"{EDITION}/{kind.value}?lang=en")
    assert english.content != first.content


async def test_an_edition_stays_as_it_was_while_todays_document_follows_the_plan(
    client: httpx.AsyncClient, closed: Made
) -> None:
    before = (await client.get(f"{EDITION}/json")).content
    task = await Task.get(closed.task.key)
    assert task is not None
    await task.edit({"title": "Cits nosaukums"}, by=SOMEBODY, based_on=task.version)
    assert (await client.get(f"{EDITION}/json")).content == before
    today = (await client.get("/plans/plans/documents/json")).json()
    assert "Cits nosaukums" in [one["title"] for one in today["statement"]["tasks"]]
    assert today["review"] is None


async def test_the_json_is_as_its_published_schema_says(client: httpx.AsyncClient, closed: Made) -> None:
    published = json.loads(SCHEMA.read_text("utf-8"))
    assert published == json.loads(json.dumps(schema())), "write it anew: python -m stratplan.reviews.schema"
    found = (await client.get(f"{EDITION}/json")).json()
    Draft202012Validator(published).validate(found)
    assert (found["review"], found["edition"], found["statement"]["plan"]["progress"]) == ("2016Q3", 1, "1/4")
    whole = JsonReport.model_validate(found)
    assert json.loads(whole.model_dump_json()) == found, "each field of the statement and of the tables is in it"
    kept = await Review.find_one()
    assert kept is not None
    assert whole.statement == await statement_of_edition(kept.key, 1, Audience.MEMBERS)


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
async def test_spreadsheets_read_back_as_the_json_has_the_tables(
    client: httpx.AsyncClient, closed: Made, kind: str
) -> None:
    tables = {one["key"]: one for one in (await client.get(f"{EDITION}/json")).json()["tables"]}
    book = CalamineWorkbook.from_filelike(io.BytesIO((await client.get(f"{EDITION}/{kind}")).content))
    sheet = book.get_sheet_by_name("Rīcības plāns").to_python()
    wanted = tables["action-plan"]
    top = next(place for place, row in enumerate(sheet) if row[0] == wanted["columns"][0]["title"])
    for offset, row in enumerate(wanted["rows"], start=top + 1):
        for place, column in enumerate(wanted["columns"]):
            value, cell = row["cells"][place], sheet[offset][place]
            if value is None:
                assert cell in ("", None)
            elif column["kind"] == "percent":
                numerator, denominator = map(int, value.split("/"))
                assert cell == pytest.approx(numerator / denominator)
            elif column["kind"] == "day":
                assert cell.isoformat()[:10] == value
            elif column["kind"] == "text":
                assert cell == value
            else:
                assert cell == pytest.approx(float(value))


async def test_the_archive_has_a_file_for_each_table(client: httpx.AsyncClient, closed: Made) -> None:
    archive = zipfile.ZipFile(io.BytesIO((await client.get(f"{EDITION}/csv")).content))
    assert archive.testzip() is None
    text = archive.read(next(name for name in archive.namelist() if "action-plan" in name)).decode("utf-8-sig")
    assert "Noslēgti divi līgumi." in text
    assert "'=1+1" in text
    about = archive.read("00-about.txt").decode("utf-8-sig")
    assert "Stratēģija 2015–2017\r\n" in about
    assert "2016. gada 3. ceturksnis" in about.replace("\xa0", " ")


async def test_residents_get_what_is_public_now_in_every_format(app: Frame, closed: Made) -> None:
    plan = await Plan.get(closed.plan.key)
    assert plan is not None
    await plan.publish([PublicPart.REVIEWS], by=SOMEBODY, based_on=plan.version)
    async with reading(app, None) as resident:
        text = (await resident.get(f"{EDITION}/json?lang=lv")).text
        for hidden in ("Iekšējais darbs", "Noslēgti divi līgumi.", "1000"):
            assert hidden not in text
        assert "Uzdevums 1.1" in text
        assert (await resident.post(f"{EDITION}/pdf")).status_code == 403
        fresh = await Plan.get(closed.plan.key)
        assert fresh is not None
        await fresh.publish([], by=SOMEBODY, based_on=fresh.version)
        for kind in Format:
            assert (await resident.get(f"{EDITION}/{kind.value}")).status_code == 404


async def test_filters_choose_the_rows_and_the_figures_stay_the_plans(client: httpx.AsyncClient, closed: Made) -> None:
    found = (await client.get("/plans/plans/documents/json?visibility=internal&lang=en")).json()
    assert [one["number"] for one in found["statement"]["tasks"]] == ["1.2"]
    assert found["statement"]["plan"]["progress"] == "1/4"
    assert found["filters"] != []


@pytest.mark.parametrize("path", [f"{EDITION}/exe", EDITION.replace("/1/", "/7/") + "/pdf", "/plans/plans/documents/x"])
async def test_what_there_is_not_is_not_found(client: httpx.AsyncClient, closed: Made, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def made_within(seconds: float) -> Production:
    async with asyncio.timeout(seconds):
        while True:
            production = await Production.find_one({})
            if production is not None and not production.is_under_way:
                return production
            await asyncio.sleep(0.1)


async def test_a_large_document_is_made_beside_the_page_once_and_kept(
    client: httpx.AsyncClient, closed: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = (await client.get(f"{EDITION}/pdf")).content
    monkeypatch.setattr(document_pages, "AT_ONCE", dict.fromkeys(Format, 0))
    page = await client.get(f"{EDITION}/pdf")
    assert 'method="post"' in page.text
    answers = await asyncio.gather(*(client.post(f"{EDITION}/pdf") for _again in range(3)))
    assert {answer.status_code for answer in answers} == {303}
    under_way = await client.get(f"{EDITION}/pdf", headers={"HX-Request": "true"})
    assert "every 2s" in under_way.text or "Lejupielādēt" in under_way.text
    production = await made_within(60)
    assert production.state is ProductionState.READY, production.reason
    assert await Production.find_all().count() == 1
    kept = await client.get(f"{EDITION}/pdf")
    assert kept.content == at_once
    assert production.size == len(at_once)
    ready = await client.get(f"{EDITION}/pdf", headers={"HX-Request": "true"})
    assert "plans-2016Q3-1.pdf" in ready.text


async def test_a_document_whose_maker_died_is_made_again_and_what_failed_is_told(
    client: httpx.AsyncClient, closed: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_pages, "AT_ONCE", dict.fromkeys(Format, 0))

    async def broken(*given: object) -> bytes:
        raise OSError("no room")

    monkeypatch.setattr(productions, "_in_a_process", broken)
    await client.post(f"{EDITION}/csv")
    production = await made_within(10)
    assert production.state is ProductionState.FAILED
    assert "no room" not in (await client.get(f"{EDITION}/csv")).text
    monkeypatch.undo()
    monkeypatch.setattr(document_pages, "AT_ONCE", dict.fromkeys(Format, 0))
    gone = {"state": "making", "until": now() - timedelta(seconds=1), "owner": "gone"}
    await Production.get_motor_collection().update_one({}, {"$set": gone})
    assert 'method="post"' in (await client.get(f"{EDITION}/csv")).text
    await client.post(f"{EDITION}/csv")
    assert (await made_within(60)).state is ProductionState.READY


async def kept_document(made: Made, body: bytes = b"%PDF", **values: object) -> Production:
    """A document of the closed review that is kept, or as `values` say."""
    review = await Review.find_one()
    assert review is not None
    file = PydanticObjectId()
    await documents().upload_from_stream_with_id(file, "kept", body)
    production = Production(
        **{  # type: ignore[arg-type]
            "id": secrets.token_hex(32),
            "scope": made.scope,
            "audience": Audience.MEMBERS,
            "review": review.key,
            "edition": 1,
            "kind": Format.PDF,
            "language": "lv",
            "name": "plans-2016Q3-1.pdf",
            "path": "/reviews/2016Q3/editions/1/documents/pdf",
            "state": ProductionState.READY,
            "file": file,
            "size": len(body),
            **values,
        }
    )
    await production.insert()
    return production


async def test_what_is_kept_stays_within_reach_when_the_template_is_another(
    client: httpx.AsyncClient, closed: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_pages, "AT_ONCE", dict.fromkeys(Format, 0))
    assert "Latviešu" not in (await client.get(EDITION, headers=ENGLISH)).text.partition("<main")[2]
    await client.post(f"{EDITION}/docx?lang=lv")
    production = await made_within(60)
    assert production.state is ProductionState.READY, production.reason
    template = Document()
    template.add_paragraph("{{ title }}")
    held = io.BytesIO()
    template.save(held)
    sent = {"files": ("jauna.docx", held.getvalue(), Format.DOCX.media_type)}
    assert (await client.post("/plans/plans/report-template", files=sent)).status_code == 303
    assert 'method="post"' in (await client.get(f"{EDITION}/docx?lang=lv")).text, "of the new template there is none"
    page = (await client.get(EDITION, headers=ENGLISH)).text
    address = f"/plans/plans/made-documents/{production.id}"
    assert f'href="{address}"' in page
    assert all(said in page for said in ("DOCX", "Latviešu", f"{production.size / 1024:.0f} KB"))
    kept = await client.get(address)
    assert (len(kept.content), kept.headers["content-type"]) == (production.size, Format.DOCX.media_type)
    assert 'filename="plans-2016Q3-1.docx"' in kept.headers["content-disposition"]
    assert f'href="{EDITION}"' in (await client.get(EDITION.removesuffix("/documents"))).text


async def test_nobody_gets_a_document_that_was_made_for_others(
    app: Frame, client: httpx.AsyncClient, closed: Made
) -> None:
    of_members = await kept_document(closed, b"for members")
    of_residents = await kept_document(closed, b"for residents", audience=Audience.RESIDENTS)
    of_another_plan = await kept_document(closed, b"elsewhere", scope=PydanticObjectId(), review=PydanticObjectId())
    under_way = await kept_document(closed, state=ProductionState.MAKING, until=now() + timedelta(minutes=1))
    plan = await Plan.get(closed.plan.key)
    assert plan is not None
    await plan.publish(list(PublicPart), by=SOMEBODY, based_on=plan.version)
    made = "/plans/plans/made-documents"
    assert (await client.get(f"{made}/{of_members.id}")).content == b"for members"
    for other in (of_residents, of_another_plan):
        assert (await client.get(f"{made}/{other.id}")).status_code == 404
        assert (await client.get(f"{made}/{other.id}/progress")).status_code == 404
    assert (await client.get(f"{made}/{under_way.id}")).status_code == 404, "it is not there yet"
    page = (await client.get(EDITION)).text
    assert [one.id in page for one in (of_members, of_residents, of_another_plan, under_way)] == [True, *[False] * 3]
    async with reading(app, None) as resident:
        for address in (EDITION, *(f"{made}/{one.id}{end}" for one in (of_members, of_residents) for end in ENDS)):
            assert (await resident.get(address)).status_code == 403, address
        assert "made-documents" not in (await resident.get(EDITION.removesuffix("/documents"))).text
    async with reading(app, await make_account(None)) as stranger:
        assert (await stranger.get(f"{made}/{of_members.id}")).status_code == 403


async def test_asking_how_far_a_document_is_makes_nothing_of_the_plan(
    client: httpx.AsyncClient, closed: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_pages, "AT_ONCE", dict.fromkeys(Format, 0))
    production = await kept_document(closed, state=ProductionState.MAKING, until=now() + timedelta(minutes=1))

    def refused(*given: object, **named: object) -> None:
        raise AssertionError("the report is made anew")

    monkeypatch.setattr(asked, "council_report", refused)
    address = f"/plans/plans/made-documents/{production.id}/progress"
    fragment = await client.get(address, headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert f'hx-get="{address}" hx-trigger="every 2s"' in fragment.text
    assert f'href="{EDITION}/pdf"' in fragment.text
    await production.set({"state": ProductionState.READY})
    done = await client.get(address, headers={"HX-Request": "true"})
    assert (done.status_code, done.headers["location"]) == (303, f"{EDITION}/pdf")


async def test_the_page_of_a_document_that_is_being_made_asks_at_its_own_address(
    client: httpx.AsyncClient, closed: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_pages, "AT_ONCE", dict.fromkeys(Format, 0))

    async def waiting(*given: object) -> bytes:
        await asyncio.sleep(60)
        return b""

    monkeypatch.setattr(productions, "_in_a_process", waiting)
    await client.post("/plans/plans/documents/csv?visibility=internal&lang=en")
    production = await Production.find_one()
    assert production is not None
    assert production.path == "/documents/csv?lang=en&visibility=internal"
    page = await client.get("/plans/plans/documents/csv?visibility=internal&lang=en")
    assert f'hx-get="/plans/plans/made-documents/{production.id}/progress"' in page.text
    for task in [*productions._under_way]:
        task.cancel()


async def test_reports_are_made_beside_the_event_loop(
    client: httpx.AsyncClient, closed: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def watched(*given: Any, **named: Any) -> CouncilReport:
        threads.append(threading.current_thread())
        return council_report(*given, **named)

    monkeypatch.setattr(asked, "council_report", watched)
    for address in (EDITION, "/plans/plans/documents"):
        assert (await client.get(f"{address}/json")).status_code == 200
    assert len(threads) == 2
    assert threading.main_thread() not in threads


async def test_who_makes_a_document_gives_signs_of_life(
    client: httpx.AsyncClient, closed: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_pages, "AT_ONCE", dict.fromkeys(Format, 0))
    monkeypatch.setattr(productions, "BEAT", 0.05)
    await client.post(f"{EDITION}/json")
    production = await made_within(60)
    assert production.state is ProductionState.READY, production.reason
    assert production.until > production.begun_at + LEASE


async def test_documents_of_no_review_are_kept_for_a_week_and_their_bytes_go_with_them(closed: Made) -> None:
    moment = now() + timedelta(days=30)
    await sweep(moment)  # what other tests left

    def days_ago(days: float) -> dict[str, object]:
        return {"begun_at": moment - timedelta(days=days), "until": moment - timedelta(days=days)}

    of_review = await kept_document(closed, b"of a review", **days_ago(29))
    of_week = await kept_document(closed, b"of this week", review=None, **days_ago(6.9))
    beaten = await kept_document(
        closed, state=ProductionState.MAKING, file=None, begun_at=moment - timedelta(days=9), until=moment + LEASE
    )
    await kept_document(closed, b"of weeks ago", review=None, **days_ago(7.1))
    await kept_document(closed, state=ProductionState.FAILED, file=None, **days_ago(7.1))
    cut_off = {"files_id": PydanticObjectId(), "n": 0, "data": b"cut off"}
    await database.current().db["documents.chunks"].insert_one(cut_off)
    assert await sweep(moment) == 4, "bytes of weeks ago, those that no document names, and pieces"
    assert {one.id for one in await Production.find_all().to_list()} == {of_review.id, of_week.id, beaten.id}
    assert await bytes_of(of_review) == b"of a review"
    assert await bytes_of(of_week) == b"of this week"
    db = database.current().db
    for name, key in (("documents.files", "_id"), ("documents.chunks", "files_id")):
        assert set(await db[name].distinct(key)) == {of_review.file, of_week.file}
    assert await sweep(moment) == 0


async def test_bytes_of_a_document_that_is_kept_this_moment_are_nobodys_to_take(closed: Made) -> None:
    await documents().upload_from_stream("being kept", b"and recorded right after")
    assert await sweep() == 0
    assert productions.SWEEP.work is sweep


async def test_a_council_member_takes_documents_but_a_person_without_a_role_gets_none(app: Frame, closed: Made) -> None:
    async with reading(app, await make_account(Role.COUNCIL, scope=closed.scope)) as council:
        assert (await council.get(f"{EDITION}/pdf")).status_code == 200
    async with reading(app, await make_account(None)) as stranger:
        assert (await stranger.get(f"{EDITION}/pdf")).status_code == 404


@pytest.mark.parametrize("kind", ["xlsx", "ods", "docx"])
async def test_libreoffice_opens_every_document_and_prints_what_it_says(
    client: httpx.AsyncClient, closed: Made, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / f"review.{kind}"
    await asyncio.to_thread(file.write_bytes, (await client.get(f"{EDITION}/{kind}?lang=lv")).content)
    await run(
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        "pdf",
        file.name,
        at=tmp_path,
    )
    text = await run("pdftotext", "-layout", "review.pdf", "-", at=tmp_path)
    assert "Noslēgti divi līgumi." in " ".join(text.split())
    assert "=1+1" in text


async def run(*words: str, at: Path) -> str:
    """What a program says, in a folder; it has to end well within two minutes."""
    process = await asyncio.create_subprocess_exec(
        *words, cwd=at, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, told = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, told.decode(errors="replace")
    return said.decode()
