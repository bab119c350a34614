"""Hands on what is changed, while it is changed: one change stream over the audit log for each server process.

A change is told when it is majority-committed, whichever process made it. Who may be told what, the routes decide.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from beanie import PydanticObjectId
from pymongo.errors import OperationFailure, PyMongoError

from stratplan.audit import AuditEntry
from stratplan.documents import Link, LivingDocument, OnDelete

MOST = 1000  # listeners in a process; at most half of them residents
MOST_OF_ONE = 50  # of one account, or of residents at one address
MOST_WAITING = 32  # entries held for a listener who is slow to take them
AWAITED_MS = 1000  # how long the server keeps the stream's question open; stopping may have to wait for its answer
LONGEST_PAUSE = 30.0  # seconds between attempts while the stream cannot be opened

log = logging.getLogger("stratplan.live")


@cache
def fields_told() -> dict[str, int]:
    """What is read of an entry to be told, and no more: no texts, no names of people; of what documents were and became
    only the ids by which they name others."""
    links = {link.field for kind in LivingDocument.kinds.values() for link in _simple_links(kind)}
    names = [f"changes.{side}.{field}" for side in ("before", "after") for field in sorted(links)]
    return dict.fromkeys(["scope", "number", "by", "tag", "changes.kind", "changes.document", *names], 1)


def _simple_links(kind: type[LivingDocument]) -> list[Link]:
    return [link for link in kind.links if "." not in link.field]


class Named(NamedTuple):
    """A document that one of kind `by` came to name, or names no more; `as_owner` when that one is a part of it."""

    by: str
    kind: str
    key: PydanticObjectId
    as_owner: bool


def _named(changes: Iterable[Mapping[str, Any]]) -> Iterator[Named]:
    for change in changes:
        before, after = change.get("before") or {}, change.get("after") or {}
        kind = LivingDocument.kinds.get(change["kind"])
        for link in _simple_links(kind) if kind else ():
            if link.field in after:
                for key in _ids(before.get(link.field)) ^ _ids(after[link.field]):
                    yield Named(change["kind"], link.kind, key, link.on_delete is OnDelete.DELETE)


def _ids(value: Any) -> set[PydanticObjectId]:
    items = value if isinstance(value, list) else [value]
    return {PydanticObjectId(item) for item in items if item is not None}


@dataclass(frozen=True, slots=True)
class Entry:
    """An audit entry as far as it is told: where it stands, whose it is, which documents it changed, and which these
    came to name or name no more."""

    id: str
    scope: PydanticObjectId
    number: int
    by: str
    tag: str
    changes: tuple[tuple[str, PydanticObjectId], ...]  # kind, id
    named: tuple[Named, ...] = ()

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Entry:
        """The entry that MongoDB keeps as `raw`, or the part of it that `fields_told` names."""
        changes = tuple((change["kind"], PydanticObjectId(change["document"])) for change in raw["changes"])
        scope = PydanticObjectId(raw["scope"])
        named = tuple(dict.fromkeys(_named(raw["changes"])))
        return cls(str(raw["_id"]), scope, raw["number"], raw["by"], raw["tag"], changes, named)


class Listener:
    """One who listens; entries wait here until they are taken."""

    def __init__(self) -> None:
        # What happened before listening began, or while nothing could be heard, has to be looked up in the audit log.
        self._missed = True
        self.stopped = False
        self._waiting: list[Entry] = []
        self._woken = asyncio.Event()

    def tell(self, entry: Entry) -> None:
        """Keep an entry until it is taken; of too many only that there were some."""
        if len(self._waiting) >= MOST_WAITING:
            self.miss()
        else:
            self._waiting.append(entry)
            self._woken.set()

    def miss(self) -> None:
        """Let it be looked up what there is to tell."""
        self._waiting.clear()
        self._missed = True
        self._woken.set()

    def stop(self) -> None:
        """Let the listener know that nothing more will come."""
        self.stopped = True
        self._woken.set()

    async def wait(self, seconds: float) -> None:
        """Return when there is something to take, when it is over, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    def take(self) -> tuple[bool, list[Entry]]:
        """Whether something was missed, and the entries that wait; they do not wait any longer."""
        taken = self._missed, self._waiting
        self._missed, self._waiting = False, []
        if not self.stopped:
            self._woken.clear()
        return taken


class Live:
    """The changes of all plans as this process hears of them, and those who listen."""

    def __init__(self, *, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        self.most = most
        self.most_of_one = most_of_one
        self._listeners: dict[PydanticObjectId, set[Listener]] = defaultdict(set)
        self._counted: Counter[Hashable] = Counter()
        self._strangers = 0
        self._stopped = False

    def has_room(self, who: Hashable, *, is_known: bool = True) -> bool:
        """Whether one more may listen, and one more of `who`; residents leave half of the room to the others."""
        if self._stopped or self._counted[who] >= self.most_of_one:
            return False
        return self._counted.total() < self.most and (is_known or self._strangers < self.most // 2)

    @contextmanager
    def listen(self, scopes: Sequence[PydanticObjectId], who: Hashable, *, is_known: bool = True) -> Iterator[Listener]:
        """A listener to the changes of `scopes`, counted among those of `who`, for as long as the block lasts."""
        listener = Listener()
        if self._stopped:
            listener.stop()
        for scope in scopes:
            self._listeners[scope].add(listener)
        self._counted[who] += 1
        self._strangers += not is_known
        try:
            yield listener
        finally:
            for scope in scopes:
                self._listeners[scope].discard(listener)
                if not self._listeners[scope]:
                    del self._listeners[scope]
            self._strangers -= not is_known
            self._counted[who] -= 1
            if not self._counted[who]:
                del self._counted[who]

    def stop(self) -> None:
        """End every listener: a server that stops waits for its open answers."""
        self._stopped = True
        for listener in self._all():
            listener.stop()

    def _all(self) -> set[Listener]:
        return {listener for listeners in self._listeners.values() for listener in listeners}

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow the audit log of the open database for as long as the block lasts."""
        self._stopped = False
        task = asyncio.create_task(self._follow(), name="change stream")
        try:
            yield
        finally:
            self.stop()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _follow(self) -> None:
        """Read the change stream for ever; after a failure from where it was, else from now, and then all look up."""
        token: Mapping[str, Any] | None = None
        pause = 0.0
        pipeline: list[Mapping[str, Any]] = [
            {"$match": {"operationType": "insert"}},
            {"$project": {f"fullDocument.{name}": 1 for name in ("_id", *fields_told())}},
        ]
        while True:
            try:
                stream = AuditEntry.get_motor_collection().watch(
                    pipeline, resume_after=token, max_await_time_ms=AWAITED_MS
                )
                async with stream:
                    while True:
                        raw = await stream.try_next()
                        if token is None:
                            for listener in self._all():
                                listener.miss()
                        if pause:
                            log.info("The change stream is open again.")
                        token, pause = stream.resume_token, 0.0
                        if raw is not None:
                            self._hand_on(Entry.of(raw["fullDocument"]))
            except PyMongoError as error:
                if isinstance(error, OperationFailure) and not error.has_error_label("ResumableChangeStreamError"):
                    token = None  # from there it cannot go on: it was too long ago, or an entry is too large to be told
                if not pause:
                    log.warning("The change stream broke off (%s) and is opened again.", type(error).__name__)
                pause = min(max(pause * 2, 0.25), LONGEST_PAUSE)
                await asyncio.sleep(pause)

    def _hand_on(self, entry: Entry) -> None:
        for listener in self._listeners.get(entry.scope, ()):
            listener.tell(entry)
