"""The bytes of files in GridFS: kept before they are recorded, let go when that fails, swept when nobody did."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Protocol

from beanie import PydanticObjectId
from bson import ObjectId
from gridfs.errors import NoFile
from pymongo.errors import PyMongoError

from stratplan import database
from stratplan.background import Job
from stratplan.database import files as bucket
from stratplan.documents import LivingDocument
from stratplan.errors import NotVisible
from stratplan.evidence.file_types import FileType, type_of
from stratplan.i18n import _

PIECE = 255 * 1024
# No upload takes so long: what is older and recorded nowhere was left behind by a process that died.
LEFT_BEHIND_AFTER = timedelta(days=1)
SWEPT_EVERY = timedelta(days=1)

log = logging.getLogger("stratplan.evidence")


class Recorded(Protocol):
    """A document that says under which key its bytes are kept."""

    kind: str

    @property
    def key(self) -> PydanticObjectId: ...

    @property
    def file(self) -> PydanticObjectId: ...


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept: under which name, as what."""

    name: str
    file: BinaryIO
    size: int
    file_type: FileType


@dataclass(frozen=True, slots=True)
class Kept:
    """A file whose bytes are kept."""

    name: str
    file_type: FileType
    size: int
    sha256: str
    file: PydanticObjectId


async def checked(name: str, file: BinaryIO, size: int) -> Checked:
    """The file with its kind; looked at beside the event loop. Raises Unfit."""
    return Checked(name, file, size, await asyncio.to_thread(type_of, name, file, size))


@asynccontextmanager
async def keeping(files: list[Checked]) -> AsyncIterator[list[Kept]]:
    """Keep the bytes of `files` while they are recorded; when that fails, none of them stays."""
    kept: list[Kept] = []
    begun: list[PydanticObjectId] = []
    try:
        for file in files:
            begun.append(PydanticObjectId())
            kept.append(await _keep(file, begun[-1]))
        yield kept
    except BaseException:
        await asyncio.shield(_let_go(begun))
        raise


async def _keep(file: Checked, key: PydanticObjectId) -> Kept:
    digest, size = hashlib.sha256(), 0
    file.file.seek(0)
    # No name: that is in the record, which can be erased.
    stream = bucket().open_upload_stream_with_id(key, str(key), chunk_size_bytes=PIECE)
    try:
        while piece := await asyncio.to_thread(file.file.read, PIECE):
            digest.update(piece)
            size += len(piece)
            await stream.write(piece)
        await stream.close()
    except BaseException:
        with suppress(PyMongoError):
            await asyncio.shield(stream.abort())
        raise
    return Kept(file.name, file.file_type, size, digest.hexdigest(), key)


async def _let_go(keys: list[PydanticObjectId]) -> None:
    for key in keys:
        try:
            await bucket().delete(key)
        except NoFile:
            continue
        except PyMongoError as error:
            log.warning("file %s was not recorded and could not be removed: %s", key, type(error).__name__)


async def opened(document: Recorded) -> AsyncIterator[bytes]:
    """The bytes of a file, piece by piece; NotVisible at once where they are lost."""
    try:
        stream = await bucket().open_download_stream(document.file)
    except NoFile:
        log.error("the bytes of %s %s are lost", document.kind, document.key)
        raise NotVisible(_("The file is lost. Ask the administrator for a backup.")) from None

    async def pieces() -> AsyncIterator[bytes]:
        while True:
            piece: bytes = await stream.read(PIECE)
            if not piece:
                return
            yield piece

    return pieces()


async def sweep(before: datetime | None = None) -> int:
    """Remove the bytes that no record names and that are older than `before` (a day ago); how many files those were.

    What is recorded stays, also where the record was removed: removing can be undone.
    """
    limit = before or datetime.now(UTC) - LEFT_BEHIND_AFTER
    db = database.current().db
    whole = db["files.files"].find({"uploadDate": {"$lt": limit}}, {"_id": 1})
    left = {PydanticObjectId(raw["_id"]) async for raw in whole}
    # Of an upload that was cut off there are pieces without a file; its key tells when it began.
    pieces = db["files.chunks"].aggregate(
        [
            {"$match": {"files_id": {"$lt": ObjectId.from_datetime(limit)}}},
            {"$group": {"_id": "$files_id"}},
            {"$lookup": {"from": "files.files", "localField": "_id", "foreignField": "_id", "as": "file"}},
            {"$match": {"file": []}},
        ]
    )
    cut_off = [raw["_id"] async for raw in pieces]
    for kind in LivingDocument.kinds.values():
        if "file" in kind.model_fields:
            recorded = kind.get_motor_collection().find({"file": {"$in": list(left)}}, {"file": 1})
            left -= {PydanticObjectId(raw["file"]) async for raw in recorded}
    await _let_go(list(left))
    if cut_off:
        await db["files.chunks"].delete_many({"files_id": {"$in": cut_off}})
    return len(left) + len(cut_off)


SWEEP = Job("sweep of files left behind", SWEPT_EVERY.total_seconds(), sweep)
