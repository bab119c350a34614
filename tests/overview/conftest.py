"""The Daugavpils plan with its illustrative reports, as a newcomer sees it."""

from __future__ import annotations

import pytest_asyncio

from stratplan import database
from stratplan.app import DOCUMENTS
from stratplan.imports.seeds import load
from stratplan.settings import resource
from stratplan.snapshot import Snapshot, Snapshots

DAUGAVPILS = "daugavpils-2015-2017"


async def _loaded() -> Snapshot:
    for name in (DAUGAVPILS, f"{DAUGAVPILS}.progress"):
        await load(resource("seeds") / f"{name}.yaml")
    found = await Snapshots().of(DAUGAVPILS)
    assert found is not None
    return found


@pytest_asyncio.fixture
async def daugavpils(db: database.Database) -> Snapshot:
    """The plan in the database, loaded through the loader that the command line uses."""
    return await _loaded()


@pytest_asyncio.fixture(scope="session")
async def daugavpils_read(opened: database.Database) -> Snapshot:
    """The plan read once for the run, for tests that only compute from it; the database need not have it any more."""
    for document in DOCUMENTS:
        await document.get_motor_collection().delete_many({})
    return await _loaded()
