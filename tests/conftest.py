"""The real parts that tests run on: one private MongoDB for the run, a database of its own for each test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import hypothesis
import pytest
import pytest_asyncio

from stratplan import database
from stratplan.accounts import sessions
from stratplan.accounts.models import Account
from stratplan.app import DOCUMENTS, create_app
from stratplan.frame import Frame
from stratplan.settings import Settings
from tests.factories import TODAY_IN_PLAN, Made, make_account, make_plan

# How long an example takes says something of the machine, nothing of the law: the tests are not timed.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def mongo_uri() -> Iterator[str]:
    """The address of a real replica set, private to this test process (or the one STRATPLAN_TEST_MONGODB_URI names)."""
    given = os.environ.get("STRATPLAN_TEST_MONGODB_URI")
    if given:
        yield given
        return
    from stratplan.embedded.server import private_mongod

    with (
        tempfile.TemporaryDirectory(prefix="sp-") as folder,
        private_mongod(Path(folder), binary=None, say=lambda _: None, serving=False) as uri,
    ):
        yield uri


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose database no other test process uses."""
    return Settings(
        _env_file=None,
        data_dir=tmp_path_factory.mktemp("data"),
        mongodb_database=f"test-{os.getpid()}",
    )


@pytest_asyncio.fixture(scope="session")
async def opened(mongo_uri: str, settings: Settings) -> AsyncIterator[database.Database]:
    """The run's database; its indexes are made once."""
    async with database.connect(mongo_uri, settings.mongodb_database, DOCUMENTS) as db:
        yield db
        await db.client.drop_database(settings.mongodb_database)


@pytest_asyncio.fixture
async def db(opened: database.Database) -> database.Database:
    """An open, empty database."""
    for document in DOCUMENTS:
        await document.get_motor_collection().delete_many({})
    for collection in ("files.files", "files.chunks"):
        await opened.db[collection].delete_many({})
    return opened


@pytest_asyncio.fixture
async def app(mongo_uri: str, settings: Settings, db: database.Database) -> Frame:
    """The whole application on the open database, on a day in the middle of the sample plan."""
    return create_app(settings, mongo_uri, today=lambda: TODAY_IN_PLAN)


@asynccontextmanager
async def reading(app: Frame, account: Account | None) -> AsyncIterator[httpx.AsyncClient]:
    """A reader without JavaScript: follows no redirect by itself, reads Latvian, is signed in as `account`."""
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", timeout=60) as reader:
        if account is not None:
            cookie = f"session={await sessions.begin(account.key)}"

            async def sign(request: httpx.Request) -> None:
                sent = request.headers.get("cookie", "")
                if "session=" not in sent:
                    request.headers["cookie"] = f"{sent}; {cookie}" if sent else cookie

            reader.event_hooks["request"] = [sign]
        yield reader


@pytest_asyncio.fixture
async def client(app: Frame) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator."""
    async with reading(app, await make_account()) as reader:
        yield reader


@pytest_asyncio.fixture
async def stranger(app: Frame) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has not signed in."""
    async with reading(app, None) as reader:
        yield reader


@pytest_asyncio.fixture
async def made(db: database.Database) -> Made:
    """A small plan with a goal, a task, a unit and a source."""
    return await make_plan()
