"""The database's client, start-up checks, indexes and transactions; the only importer of the asynchronous driver."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from beanie import Document, init_beanie
from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorDatabase,
    AsyncIOMotorGridFSBucket,
)
from pymongo import ReadPreference, WriteConcern
from pymongo.errors import BulkWriteError, ConfigurationError, InvalidURI, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from stratplan.errors import DatabaseUnavailable, RuleBroken
from stratplan.i18n import _

Session = AsyncIOMotorClientSession
T = TypeVar("T")

OLDEST_SERVER = (5, 0)
# Seconds to wait, at most, before work that conflicted is tried again: longer each time, by chance, so that processes
# which write in the same place let each other through (docs/decisions/0001-one-door-for-writing.md).
FIRST_WAIT = 0.002
LONGEST_WAIT = 0.1
DOUBLED = 10  # times, at most
TOO_LARGE = 388  # TransactionTooLargeForCache: what a transaction writes stays in the server's cache until its end
WRITES = WriteConcern(w="majority", j=True)


@dataclass(slots=True)
class Database:
    """An open connection with every document class bound to it."""

    client: AsyncIOMotorClient[dict[str, Any]]
    db: AsyncIOMotorDatabase[dict[str, Any]]

    async def is_alive(self) -> bool:
        """Whether the server answers now."""
        try:
            await self.client.admin.command("ping")
        except PyMongoError:
            return False
        return True


_open: Database | None = None
_queues: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
_running: ContextVar[tuple[Session, datetime] | None] = ContextVar("running transaction", default=None)


@asynccontextmanager
async def connect(uri: str, name: str, documents: Sequence[type[Document]]) -> AsyncIterator[Database]:
    """Open the database at `uri`, check that it can do what is needed, bind `documents` and make their indexes.

    Raises DatabaseUnavailable with one sentence when it is unreachable, too old, or not a replica set.
    """
    global _open
    client: AsyncIOMotorClient[dict[str, Any]]
    try:
        client = AsyncIOMotorClient(
            uri, tz_aware=True, serverSelectionTimeoutMS=5000, connectTimeoutMS=5000, appname="stratplan", w="majority"
        )
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise DatabaseUnavailable(
            _("STRATPLAN_MONGODB_URI is not a MongoDB address (%(reason)s). Correct it and start again.")
            % {"reason": error}
        ) from None
    try:
        await _check_server(client)
        database = Database(client, client.get_database(name, write_concern=WRITES))
        await init_beanie(database=database.db, document_models=list(documents))
        _open = database
        yield database
    finally:
        _open = None
        client.close()


async def _check_server(client: AsyncIOMotorClient[dict[str, Any]]) -> None:
    try:
        refuse_old(await client.server_info())  # first: servers before 5.0 may not know "hello"
        hello = await client.admin.command("hello")
    except OperationFailure as error:
        raise DatabaseUnavailable(
            _("The MongoDB server refused the connection (%(reason)s). Check the account in STRATPLAN_MONGODB_URI.")
            % {"reason": (error.details or {}).get("errmsg", error)}
        ) from None
    except PyMongoError:
        raise DatabaseUnavailable(
            _("No MongoDB server answers at the address in STRATPLAN_MONGODB_URI. Start it or correct the address.")
        ) from None
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise DatabaseUnavailable(
            _(
                "The MongoDB server is not a replica set, so it has no transactions. "
                "Start it with --replSet and run rs.initiate()."
            )
        )


def refuse_old(build: Mapping[str, Any]) -> None:
    """Raise DatabaseUnavailable when the answer to `buildInfo` is that of a server without snapshot reads."""
    if tuple(build["versionArray"][:2]) < OLDEST_SERVER:
        raise DatabaseUnavailable(
            _("The MongoDB server is version %(version)s; stratplan needs 5.0 or newer. Upgrade the server.")
            % {"version": build["version"]}
        )


def current() -> Database:
    """The database that is open in this process."""
    if _open is None:
        raise RuntimeError("no database is open")
    return _open


def files() -> AsyncIOMotorGridFSBucket:
    """Where the bytes of files lie (GridFS: `files.files` and `files.chunks`), outside of transactions."""
    return AsyncIOMotorGridFSBucket(current().db, bucket_name="files")


def documents() -> AsyncIOMotorGridFSBucket:
    """Where the bytes of documents lie that were made once and are kept (`documents.files`, `documents.chunks`)."""
    return AsyncIOMotorGridFSBucket(current().db, bucket_name="documents")


async def in_transaction(work: Callable[[Session], Coroutine[Any, Any, T]], *, key: Hashable) -> T:
    """Run `work` in one transaction, again when the server asks for it, and return what it returned.

    Work of the same `key` queues within this process: it would only conflict on the same head and be retried.
    Inside another transaction the work becomes part of that one: all of it is kept, or nothing.

    Raises RuleBroken when the work writes more than the server's cache holds.
    """
    running = _running.get()
    if running is not None:
        return await work(running[0])

    conflicts = 0

    async def as_the_running_one(session: Session) -> T:
        nonlocal conflicts
        if conflicts:
            # Another process is writing there. The driver would ask again at once, and in vain until that is done.
            # What a killed process was writing is in the way until the server gives it up, after a minute.
            longest = min(FIRST_WAIT * 2 ** min(conflicts, DOUBLED), LONGEST_WAIT)
            await asyncio.sleep(random.uniform(0, longest))  # noqa: S311  # no secret
        conflicts += 1
        token = _running.set((session, datetime.now(UTC)))
        try:
            return await work(session)
        finally:
            _running.reset(token)

    queue = _queues.setdefault(key, asyncio.Lock())
    async with queue, await current().client.start_session() as session:
        try:
            result: T = await session.with_transaction(
                as_the_running_one,
                read_concern=ReadConcern("snapshot"),
                write_concern=WRITES,
                read_preference=ReadPreference.PRIMARY,
            )
        except OperationFailure as error:
            if not _is_too_large(error):
                raise
            raise RuleBroken(
                _(
                    "This is more than the database can write in one go, so nothing was changed. Give the MongoDB "
                    "server a larger cache (--wiredTigerCacheSizeGB), or do it in smaller parts."
                )
            ) from None
        return result


def _is_too_large(error: OperationFailure) -> bool:
    if isinstance(error, BulkWriteError):
        return any(one["code"] == TOO_LARGE for one in error.details["writeErrors"])
    return error.code == TOO_LARGE


def running_session() -> Session | None:
    """The session of the running transaction, for reads that must see what it has written; None outside of one."""
    running = _running.get()
    return None if running is None else running[0]


def transaction_began() -> datetime:
    """When the running transaction began; outside of one, now."""
    running = _running.get()
    return datetime.now(UTC) if running is None else running[1]


@asynccontextmanager
async def one_moment() -> AsyncIterator[Session]:
    """A session whose reads all see the database as it was at one moment; inside a transaction, as that sees it."""
    running = running_session()
    if running is not None:
        yield running
        return
    async with await current().client.start_session(snapshot=True) as session:
        yield session
