"""The real parts that tests run on: one private MongoDB for the run, a database of its own for each test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from stratplan.embedded import private_mongod

from stratplan import database
from stratplan.app import DOCUMENTS, create_app
from stratplan.frame import Frame
from stratplan.settings import Settings
from tests.factories import Made, make_plan

TODAY = date(2016, 9, 30)


@pytest.fixture(scope="session")
def mongo_uri() -> Iterator[str]:
    """The address of a real replica set, private to this test process."""
    with (
        tempfile.TemporaryDirectory(prefix="sp-") as folder,
        private_mongod(Path(folder), binary=None, say=lambda _: None, serving=False) as uri,
    ):
        yield uri


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose database no other test uses."""
    name = f"t{os.getpid()}-{abs(hash(tmp_path)) % 10**10}"
    return Settings(_env_file=None, data_dir=tmp_path, mongodb_database=name)


@pytest_asyncio.fixture
async def db(mongo_uri: str, settings: Settings) -> AsyncIterator[database.Database]:
    """An open, empty database."""
    async with database.connect(mongo_uri, settings.mongodb_database, DOCUMENTS) as opened:
        yield opened
        await opened.client.drop_database(settings.mongodb_database)


@pytest_asyncio.fixture
async def app(mongo_uri: str, settings: Settings, db: database.Database) -> Frame:
    """The whole application on the open database, on a day in the middle of the sample plan."""
    return create_app(settings, mongo_uri, today=lambda: TODAY)


@pytest_asyncio.fixture
async def client(app: Frame) -> AsyncIterator[httpx.AsyncClient]:
    """A reader without JavaScript: follows no redirect by itself, reads Latvian."""
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as reader:
        yield reader


@pytest_asyncio.fixture
async def made(db: database.Database) -> Made:
    """A small plan with a goal, a task, a unit and a source."""
    return await make_plan()
