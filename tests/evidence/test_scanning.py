"""Files are searched for viruses by a real clamd before they are kept; what nobody could search is not kept either."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from stratplan.app import create_app
from stratplan.database import Database
from stratplan.evidence import scanning
from stratplan.evidence.models import Evidence
from stratplan.evidence.scanning import NotScanned, virus_in
from stratplan.settings import Settings
from tests.conftest import reading
from tests.evidence.clamd import MARKER, NAME, Clamd, running_clamd
from tests.evidence.files import PDF, SOUND, open_xml
from tests.evidence.test_evidence import HERE, kept
from tests.factories import TODAY_IN_PLAN, Made, make_account

VIRUS = f"{NAME}.UNOFFICIAL"
INFECTED = {
    "teksts.txt": b"Labdien! " + MARKER,
    "akts.pdf": PDF[:-6] + b"% " + MARKER + b"\n%%EOF\n",
    "packed.docx": open_xml(word__more_xml=b"<w:t>" + MARKER + b"</w:t>"),
}


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    """The real scanner, for the tests of this file."""
    with running_clamd() as running:
        yield running


@asynccontextmanager
async def searched_by(clamd: str, settings: Settings, mongo_uri: str) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator of an installation that names this clamd."""
    app = create_app(settings.model_copy(update={"clamd": clamd}), mongo_uri, today=lambda: TODAY_IN_PLAN)
    async with reading(app, await make_account()) as client:
        client.headers["cookie"] = "language=en"
        yield client


@pytest.mark.parametrize("way", ["unix", "tcp"])
async def test_what_has_no_virus_is_kept(
    clamd: Clamd, way: str, made: Made, settings: Settings, mongo_uri: str, db: Database
) -> None:
    async with searched_by(getattr(clamd, way), settings, mongo_uri) as client:
        for name, content in SOUND.items():
            assert (await client.post(HERE, files={"files": (name, content)})).status_code == 303, name
    assert await Evidence.count() == await kept(db) == len(SOUND)


@pytest.mark.parametrize("name", INFECTED)
async def test_what_has_one_is_refused_and_the_log_says_which_but_not_in_what(
    clamd: Clamd,
    name: str,
    made: Made,
    settings: Settings,
    mongo_uri: str,
    db: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with searched_by(clamd.unix, settings, mongo_uri) as client:
        files = [("files", ("labs.pdf", PDF)), ("files", (name, INFECTED[name]))]
        answer = await client.post(HERE, files=files)
    assert answer.status_code == 422
    assert f"{name}: A virus was found in the file; it was not kept." in answer.text
    assert "labs.pdf:" not in answer.text
    assert await Evidence.count() == await kept(db) == 0
    (line,) = [json.loads(one.message) for one in caplog.records if "virus found" in one.message]
    assert (line["event"], line["virus"]) == ("virus found", VIRUS)
    assert name not in caplog.text


async def test_where_the_scanner_does_not_answer_nothing_is_kept(
    made: Made, settings: Settings, mongo_uri: str, db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for nobody in (f"unix:{tmp_path}/nothing", "127.0.0.1:1"):
        async with searched_by(nobody, settings, mongo_uri) as client:
            answer = await client.post(HERE, files={"files": ("akts.pdf", PDF)})
        assert answer.status_code == 422
        assert "akts.pdf: The file could not be searched for viruses, so it was not kept." in answer.text
    assert await Evidence.count() == await kept(db) == 0
    assert "file not searched" in caplog.text


async def test_a_file_larger_than_the_scanner_takes_is_not_taken_for_searched(clamd: Clamd) -> None:
    assert await virus_in(io.BytesIO(b"a" * 2 * 2**20), clamd.unix) is None
    for way in (clamd.unix, clamd.tcp):
        with pytest.raises(NotScanned):
            await virus_in(io.BytesIO(b"a" * 40 * 2**20), way)


async def test_a_virus_is_found_wherever_it_stands_and_however_often_the_file_was_read(clamd: Clamd) -> None:
    for before in (0, scanning.PIECE - 10, scanning.PIECE, 2 * 2**20):
        file = io.BytesIO(b"a" * before + MARKER + b"a" * 100)
        file.read(50)
        assert await virus_in(file, clamd.unix) == VIRUS
        assert await virus_in(file, clamd.unix) == VIRUS


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"stream: OK",
        b"OK\0",
        b"stream: O\0",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"a" * 2**17,
        b"\xff\0",
        None,
    ],
    ids=["nothing", "cut off", "of another command", "half", "too large", "endless", "no text", "silence"],
)
async def test_only_a_whole_answer_that_says_so_lets_a_file_pass(
    answer: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "WITHIN", 1.0)

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is None:
            await reader.read()  # for as long as the other side waits
        else:
            await reader.readuntil(bytes(4))
            writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(speak, tmp_path / "socket"):
        with pytest.raises(NotScanned):
            await virus_in(io.BytesIO(b"Labdien!"), f"unix:{tmp_path}/socket")


@pytest.mark.parametrize(
    ("clamd", "is_good"),
    [
        ("unix:/run/clamav/clamd.ctl", True),
        ("127.0.0.1:3310", True),
        ("[::1]:3310", True),
        ("clamav.example.lv:3310", True),
        ("/run/clamav/clamd.ctl", False),
        ("127.0.0.1", False),
        ("127.0.0.1:0", False),
        ("127.0.0.1:99999", False),
        ("tcp://127.0.0.1:3310", False),
        ("::1:3310", False),
    ],
)
def test_where_the_scanner_listens_is_named_in_one_of_two_ways(clamd: str, is_good: bool) -> None:
    if is_good:
        assert Settings(_env_file=None, clamd=clamd).clamd == clamd
    else:
        with pytest.raises(ValidationError):
            Settings(_env_file=None, clamd=clamd)
