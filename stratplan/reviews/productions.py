"""Large documents made beside the pages: once for each content, in a process of its own, and kept.

A document is known by the digest of all that it is made of, so that one that is asked for again is there, and one whose
content has changed is another. Its bytes lie in GridFS (`documents.*`). Those of a review's edition are kept with it;
those of the plan on a day, and what was never finished, for a week.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import secrets
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from typing import ClassVar

from beanie import Document, PydanticObjectId
from bson import ObjectId
from gridfs.errors import NoFile
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from stratplan import database
from stratplan.background import Job
from stratplan.choice import Choice
from stratplan.database import documents as bucket
from stratplan.documents import now
from stratplan.errors import NotVisible, StratplanError
from stratplan.i18n import N_, _
from stratplan.reviews.formats import Content, Format
from stratplan.reviews.frozen import Audience

LEASE = timedelta(seconds=30)
BEAT = 5.0  # seconds between two signs of life
AT_ONCE = 2  # documents that a process makes at the same time
LONGEST = 600.0  # seconds
KEPT_FOR = timedelta(days=7)  # a document of no review
LEFT_BEHIND_AFTER = timedelta(days=1)  # no document is made for so long: bytes that none names then are nobody's
SWEPT_EVERY = timedelta(days=1)
MOST_LISTED = 200
REFUSED = 3  # the exit status of a maker that says in a sentence why it made nothing

log = logging.getLogger("stratplan.documents")


class ProductionState(Choice):
    """How far a document is."""

    WAITING = "waiting", N_("Waiting"), "neutral", "hourglass"
    MAKING = "making", N_("Being made"), "info", "hourglass"
    READY = "ready", N_("Ready"), "success", "circle-check"
    FAILED = "failed", N_("Failed"), "danger", "octagon-alert"


class Production(Document):
    """A document that is made or kept; `_id` is the digest of its content. While it is made, `until` is renewed: when
    that is past, whoever made it is gone. `path` is where in the plan it was asked for, with the query."""

    id: str  # type: ignore[assignment]  # not an ObjectId
    scope: PydanticObjectId
    audience: Audience
    review: PydanticObjectId | None = None
    edition: int | None = None
    kind: Format
    language: str
    name: str  # of the file
    path: str
    state: ProductionState = ProductionState.WAITING
    owner: str = ""
    until: datetime = Field(default_factory=now)
    begun_at: datetime = Field(default_factory=now)
    file: PydanticObjectId | None = None
    size: int = 0
    reason: str = ""

    class Settings:
        name = "document_productions"
        indexes: ClassVar = [
            IndexModel([("scope", ASCENDING)]),
            IndexModel([("review", ASCENDING), ("edition", ASCENDING), ("begun_at", DESCENDING)]),
        ]

    @property
    def is_ready(self) -> bool:
        """Whether its bytes are there."""
        return self.state is ProductionState.READY

    @property
    def is_under_way(self) -> bool:
        """Whether somebody is making it now."""
        return self.state in (ProductionState.WAITING, ProductionState.MAKING) and self.until > now()

    @property
    def seconds(self) -> int:
        """How long it has been made for."""
        return int((now() - self.begun_at).total_seconds())


_places = asyncio.Semaphore(AT_ONCE)
_under_way: set[asyncio.Task[None]] = set()


async def begin(wanted: Production, content: Content) -> Production:
    """Have the document made, unless it is there or under way, in whatever process; how far it is."""
    known = await Production.get(wanted.id)
    if known is not None and (known.is_ready or known.is_under_way):
        return known
    owner, moment = secrets.token_hex(8), now()
    fresh: Production = wanted.model_copy(update={"owner": owner, "until": moment + LEASE, "begun_at": moment})
    if known is None:
        try:
            await fresh.insert()
        except DuplicateKeyError:
            return await begin(wanted, content)
    else:
        # Only one of several who find it abandoned takes it over.
        taken = await Production.get_motor_collection().update_one(
            {"_id": wanted.id, "owner": known.owner, "state": known.state.value},
            {"$set": {"owner": owner, "until": fresh.until, "begun_at": moment, "state": "waiting", "reason": ""}},
        )
        if taken.modified_count == 0:
            return await Production.get(wanted.id) or fresh
    task = asyncio.create_task(_make(fresh, content))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return fresh


async def _make(production: Production, content: Content) -> None:
    """Make it and keep it; what goes wrong is told on its page."""
    beating = asyncio.create_task(_beat(production))
    try:
        async with _places:
            await _set(production, state=ProductionState.MAKING.value)
            body = await _in_a_process(production.kind, content)
        file = PydanticObjectId()
        await bucket().upload_from_stream_with_id(file, production.id, body)
        await _set(production, state=ProductionState.READY.value, file=file, size=len(body))
    except Exception as failure:  # whatever it was, the reader who waits is told, and can ask again
        log.exception("a document could not be made")
        told = str(failure) if isinstance(failure, StratplanError) else _("The program has logged what went wrong.")
        with suppress(Exception):  # the database may be what failed
            await _set(production, state=ProductionState.FAILED.value, reason=told)
    finally:
        beating.cancel()


async def _in_a_process(kind: Format, content: Content) -> bytes:
    """The document, made in a process that ends afterwards: neither its memory nor its time is the server's."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stratplan.reviews.making"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        body, said = await asyncio.wait_for(process.communicate(pickle.dumps((kind, content))), LONGEST)
    except TimeoutError:
        raise StratplanError(
            _("It took longer than %(minutes)s minutes. Narrow it with filters.", minutes=int(LONGEST // 60))
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == REFUSED:
        raise StratplanError(said.decode(errors="replace").strip())
    if process.returncode != 0:
        raise ChildProcessError(said.decode(errors="replace")[-2000:])
    return body


async def _beat(production: Production) -> None:
    while True:
        await asyncio.sleep(BEAT)
        await _set(production, until=now() + LEASE)


async def _set(production: Production, **values: object) -> None:
    """Note how far it is, as long as it is still this maker's."""
    await Production.get_motor_collection().update_one(
        {"_id": production.id, "owner": production.owner}, {"$set": values}
    )


async def bytes_of(production: Production) -> bytes:
    """The bytes of a document that is ready; NotVisible where they were let go meanwhile."""
    try:
        stream = await bucket().open_download_stream(production.file)
    except NoFile:
        raise NotVisible(_("This document is not kept any more. Have it made again.")) from None
    body: bytes = await stream.read()
    return body


async def kept_with(review: PydanticObjectId, edition: int, audience: Audience) -> list[Production]:
    """The documents that are kept of a review's edition for that audience, the newest first."""
    asked = {"review": review, "edition": edition, "audience": audience.value, "state": ProductionState.READY.value}
    return await Production.find(asked).sort("-begun_at").limit(MOST_LISTED).to_list()


# --- what is kept no longer -------------------------------------------------------------------------------------


async def sweep(moment: datetime | None = None) -> int:
    """Let go of the documents of no review, and of what was never finished, a week after they were begun, and of bytes
    that no document names; how many documents' bytes those were.

    The documents go first: bytes that are still there when this is broken off are nobody's, and go the next time.
    """
    moment = moment or now()
    collection = Production.get_motor_collection()
    await collection.delete_many(
        {
            "begun_at": {"$lt": moment - KEPT_FOR},
            "$or": [
                {"review": None, "state": ProductionState.READY.value},
                {"state": {"$ne": ProductionState.READY.value}, "until": {"$lt": moment}},
            ],
        }
    )
    left = await _bytes_before(moment - LEFT_BEHIND_AFTER)
    left -= {raw["file"] async for raw in collection.find({"file": {"$in": list(left)}}, {"file": 1})}
    for key in left:
        with suppress(NoFile):  # of an upload that was cut off there are only pieces, which go too
            await bucket().delete(key)
    return len(left)


async def _bytes_before(limit: datetime) -> set[ObjectId]:
    """The keys of all bytes that are older, whole or in pieces."""
    db = database.current().db
    whole = db["documents.files"].find({"uploadDate": {"$lt": limit}}, {"_id": 1})
    pieces = db["documents.chunks"].aggregate(
        [{"$match": {"files_id": {"$lt": ObjectId.from_datetime(limit)}}}, {"$group": {"_id": "$files_id"}}]
    )
    return {raw["_id"] async for raw in whole} | {raw["_id"] async for raw in pieces}


SWEEP = Job("sweep of documents kept long enough", SWEPT_EVERY.total_seconds(), sweep)
