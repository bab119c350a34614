"""The connection: what is refused before anything is done, and transactions that are whole or nothing."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from pymongo.errors import PyMongoError

from stratplan import database, i18n
from stratplan.app import DOCUMENTS
from stratplan.audit import Head
from stratplan.database import Session
from stratplan.embedded.programs import find_program
from stratplan.errors import DatabaseUnavailable, RuleBroken


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Sentences are compared in English."""
    with i18n.use_language("en"):
        yield


@pytest.fixture(scope="module")
def standalone() -> Iterator[str]:
    """The address of a real server that is not a replica set."""
    with tempfile.TemporaryDirectory(prefix="sp-") as folder:
        socket = Path(folder) / "m.sock"
        process = subprocess.Popen(
            [find_program(None).path, "--dbpath", folder, "--bind_ip", socket, "--nounixsocket", "--quiet"],
            stdout=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while not socket.exists() and time.monotonic() < until:
            time.sleep(0.05)
        yield f"mongodb://{quote(str(socket), safe='')}/?directConnection=true"
        process.terminate()
        process.wait(20)


async def refusal(uri: str) -> str:
    """The sentence with which a connection is refused."""
    before = database._open
    with pytest.raises(DatabaseUnavailable) as refused:
        async with database.connect(uri, "refused", DOCUMENTS):
            pass
    database._open = before
    return str(refused.value)


async def test_a_server_without_transactions_is_refused_with_what_to_do(
    opened: database.Database, standalone: str
) -> None:
    assert "rs.initiate()" in await refusal(standalone)


async def test_an_address_that_is_none_is_refused(opened: database.Database) -> None:
    assert "STRATPLAN_MONGODB_URI is not a MongoDB address" in await refusal("postgres://localhost")


def test_a_server_that_is_too_old_is_refused_with_its_version() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"version 4\.4\.29; stratplan needs 5\.0"):
        database.refuse_old({"version": "4.4.29", "versionArray": [4, 4, 29, 0]})
    database.refuse_old({"version": "5.0.0", "versionArray": [5, 0, 0, 0]})


async def test_work_that_fails_leaves_nothing_also_not_of_the_work_inside_it(db: database.Database) -> None:
    heads = Head.get_motor_collection()

    async def inner(session: Session) -> None:
        await heads.insert_one({"_id": "inner"}, session=session)

    async def outer(session: Session) -> None:
        await heads.insert_one({"_id": "outer"}, session=session)
        await database.in_transaction(inner, key="inner")
        raise RuntimeError("after both")

    with pytest.raises(RuntimeError, match="after both"):
        await database.in_transaction(outer, key="outer")
    assert await heads.count_documents({}) == 0


async def test_one_moment_does_not_see_what_is_written_meanwhile(db: database.Database) -> None:
    heads = Head.get_motor_collection()
    await heads.insert_one({"_id": "before"})
    async with database.one_moment() as session:
        assert await heads.count_documents({}, session=session) == 1
        await heads.insert_one({"_id": "after"})
        assert await heads.count_documents({}, session=session) == 1
    assert await heads.count_documents({}) == 2


async def test_work_that_is_in_conflict_thousands_of_times_is_still_tried_again(
    db: database.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LONGEST_WAIT", 0.0)
    attempts = 0

    async def work(_session: Session) -> int:
        nonlocal attempts
        attempts += 1
        if attempts < 1200:  # a float has no power of two above the 1,023rd
            conflict = PyMongoError("what a killed process was writing is in the way")
            conflict._add_error_label("TransientTransactionError")
            raise conflict
        return attempts

    assert await database.in_transaction(work, key="conflict") == 1200


async def test_reads_inside_a_transaction_see_what_it_has_written_and_nobody_else_does(db: database.Database) -> None:
    heads = Head.get_motor_collection()

    async def seen() -> int:
        async with database.one_moment() as session:
            return await heads.count_documents({}, session=session)

    async def work(session: Session) -> tuple[int, int]:
        await heads.insert_one({"_id": 1}, session=session)
        assert database.running_session() is session
        return await seen(), await heads.count_documents({})

    assert await database.in_transaction(work, key="seen") == (1, 0)
    assert database.running_session() is None
    assert await seen() == 1


@pytest.mark.skipif("STRATPLAN_TEST_MONGODB_URI" in os.environ, reason="how much the named server holds is not known")
async def test_work_that_the_servers_cache_cannot_hold_is_refused_with_what_to_do_and_changes_nothing(
    db: database.Database,
) -> None:
    heads = Head.get_motor_collection()

    async def work(session: Session) -> None:
        for turn in range(400):
            many = [{"_id": f"{turn}-{place}", "text": "x" * 3000, "list": list(range(50))} for place in range(200)]
            await heads.insert_many(many, session=session)

    with pytest.raises(RuleBroken, match="larger cache"):
        await database.in_transaction(work, key="large")
    assert await heads.count_documents({}) == 0
