"""What an open page is told of changes that are made while it is looked at, as server-sent events.

Who sees the plan as it is gets revisions, so that nothing is missed between a page and its stream. A resident is told,
while listening, which of the published documents changed, and no numbers: they would tell of what is not published.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import secrets
import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from typing import Any

from beanie import PydanticObjectId
from litestar import get
from litestar.response import Response, Stream
from litestar_htmx import HTMXRequest
from pymongo.errors import PyMongoError

from stratplan.accounts import sessions
from stratplan.accounts.models import Account, Membership
from stratplan.audit import BOOKKEEPING, AuditEntry, named_by
from stratplan.documents import SITE, LivingDocument, OnDelete
from stratplan.errors import NotVisible
from stratplan.goals.models import Task
from stratplan.guard import lacks_second_factor
from stratplan.i18n import _
from stratplan.live import Entry, Listener, Live, fields_told
from stratplan.permissions import Permission
from stratplan.plans.models import Plan
from stratplan.snapshot import Revision, Scopes, Snapshot
from stratplan.view import View
from stratplan.web import reader_of

HEARTBEAT = 15.0  # seconds
PAUSE = 0.5  # seconds between questions to a database that does not answer
LOOKED_AFTER = 30.0  # seconds after which it is asked again whether the reader may still listen
MOST_LOOKED_UP = 100  # entries; of more it is only told that there are many
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
OF_RIGHTS = frozenset({Plan.kind, Membership.kind, Account.kind})  # may change who sees what
OF_PEOPLE = frozenset({Membership.kind, Account.kind})
_REVISION = re.compile(r"([0-9]{1,15})\.([0-9]{1,15})\.([0-9]{1,15})")


@get("/plans/{slug:str}/events", permission=Permission.PLANS_READ)
async def follow_changes(request: HTMXRequest, view: View, since: str = "") -> Response[Any]:
    """The changes after revision `since` (or the `Last-Event-ID`), and those to come; what does not ask for an event
    stream gets the first as JSON. A page that shows a past day has nothing to wait for: 204 ends the asking."""
    known = view.snapshot.revision
    if view.rights.sees_unpublished:
        known = _revision(request.headers.get("last-event-id", "")) or _revision(since) or known
    if "text/event-stream" not in request.headers.get("accept", ""):
        told = _told(known, view.snapshot.revision, await _entries(view, known), view, view)
        return Response(json.dumps(told), media_type="application/json", headers=HEADERS)
    if not view.is_today:
        return Response(None, status_code=204, headers=HEADERS)
    live: Live = request.app.state.live
    account = reader_of(request).account
    who = str(account) if account else f"from {request.scope['state']['origin'].address}"
    if not live.has_room(who, is_known=account is not None):
        answer = {**HEADERS, "retry-after": "60"}
        return Response("too many streams\n", status_code=503, media_type="text/plain", headers=answer)
    if request.scope["state"]["is_head"]:  # only what the stream would begin with
        return Response("", media_type="text/event-stream", headers=HEADERS)
    return Stream(_events(view, known, live, who), media_type="text/event-stream", headers=HEADERS)


def concerns(entry: Entry, was: View, view: View) -> list[tuple[str, str]]:
    """The changes of an entry (kind and id) that the reader of `view` may know of, who saw `was` before it.

    Who sees the plan as it is: all, but of people only who may see the members. A resident: what is different in what
    is published, and what that belongs to. Where a document came to name another, or names it no more, that one's id
    follows `in:`, for pages that list what names it.
    """
    if view.rights.sees_unpublished:
        sees_people = view.rights.allow(Permission.MEMBERS_READ)
        shown = [change for change in entry.changes if sees_people or change[0] not in OF_PEOPLE]
        owned = [(one.kind, one.key) for one in entry.named if one.as_owner]
        named = [(one.by, f"in:{one.key}") for one in entry.named if not (one.as_owner or one.by in OF_PEOPLE)]
        return [*_as_text([*shown, *owned, *_tasks_of(shown, was, view)]), *named]
    if was.rights.sees_unpublished:
        return []
    different = []
    named = []
    owners: set[tuple[str, PydanticObjectId] | None] = set()
    for kind, key in entry.changes:
        before, after = _published(was.snapshot, kind, key), _published(view.snapshot, kind, key)
        if _is_different(before, after):
            different.append((kind, key))
            named += [(kind, f"in:{other}") for other in sorted(_names(before) ^ _names(after))]
            owners.update(one.belongs_to for one in (before, after) if one is not None)
    return [*_as_text([*different, *(change for change in entry.changes if change in owners)]), *named]


def _as_text(changes: Iterable[tuple[str, PydanticObjectId]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((kind, str(key)) for kind, key in changes))


def _names(document: LivingDocument | None) -> set[PydanticObjectId]:
    """What a document names, but for what it is a part of, which is told as changed itself."""
    if document is None:
        return set()
    links = [link for link in document.links if link.on_delete is not OnDelete.DELETE]
    return {key for link in links for key in named_by(document, link)}


def _tasks_of(
    changes: Iterable[tuple[str, PydanticObjectId]], was: View, view: View
) -> Iterator[tuple[str, PydanticObjectId]]:
    """The tasks on whose pages the changed documents stand: comments and files are in panels there."""
    for kind, key in changes:
        for snapshot in (was.snapshot, view.snapshot):
            about = getattr(_published(snapshot, kind, key), "task", None)
            if about is not None:
                yield Task.kind, about


def _published(snapshot: Snapshot, kind: str, key: PydanticObjectId) -> LivingDocument | None:
    if kind == Plan.kind:
        return snapshot.plan if snapshot.plan.key == key else None
    return snapshot.find(LivingDocument.kinds[kind], key) if kind in LivingDocument.kinds else None


def _is_different(before: LivingDocument | None, after: LivingDocument | None) -> bool:
    if before is after or before is None or after is None:
        return before is not after
    names = type(after).model_fields.keys() - BOOKKEEPING
    return any(getattr(before, name) != getattr(after, name) for name in names)


async def _still_open(view: View) -> View:
    """The view as it would be opened now; NotVisible when the reader has signed out, may not see the plan any more,
    or is asked for a second factor now. That a page is open does not keep a session alive."""
    session = view.reader.session
    if session is not None and not await sessions.is_good(session):
        raise NotVisible(_("There is no such plan."))
    now = await view.fresh()
    if not now.rights.allow(Permission.PLANS_READ) or lacks_second_factor(now.snapshot, now.rights, now.reader):
        raise NotVisible(_("There is no such plan."))
    return now


async def _events(view: View, known: Revision, live: Live, who: str) -> AsyncGenerator[str]:
    """The text of the stream, until the reader may not listen any more or the server stops."""
    yield f"retry: {random.randint(2000, 6000)}\n\n"  # noqa: S311 - so that not all come back at once after a restart
    is_known = view.reader.account is not None
    with live.listen(_scopes(view), who, is_known=is_known) as listener:
        looked_at = -LOOKED_AFTER
        sent: Revision | None = None
        yielded_at = 0.0
        while not listener.stopped:
            missed, entries = listener.take()
            try:
                now, was = time.monotonic(), view
                if missed or now - looked_at > LOOKED_AFTER or _asks_to_look(entries, view):
                    view, looked_at = await _still_open(view), now
                reached = _reached(known, entries, view)
                # Without the change stream, what was missed is found when it is looked after the reader.
                found = await _entries(view, known) if _is_behind(known, view) else entries
                if found is None and not view.rights.sees_unpublished:
                    found = [_anything_published(known, was, view)]
                told = _told(sent or known, reached, found, was, view, after=known)
            except NotVisible:
                return
            except PyMongoError:
                listener.miss()
                yielded_at = time.monotonic()
                yield ": the database does not answer\n\n"
                await asyncio.sleep(PAUSE)
                continue
            known = reached
            if sent is None or told["entries"] or told["entries"] is None:
                sent, yielded_at = reached, time.monotonic()
                mark = f"id: {'.'.join(map(str, reached))}\n" if view.rights.sees_unpublished else ""
                yield f"{mark}data: {json.dumps(told)}\n\n"
            elif view.rights.sees_unpublished or time.monotonic() - yielded_at >= HEARTBEAT:
                # Residents are sent it at its own time only: else it would tell when something unpublished changed.
                yielded_at = time.monotonic()
                yield ": still here\n\n"
            await _wait(listener, view, yielded_at)


async def _wait(listener: Listener, view: View, yielded_at: float) -> None:
    await listener.wait(max(0.0, yielded_at + HEARTBEAT - time.monotonic()))
    if not view.rights.sees_unpublished:
        # The many do not all ask for the plan anew at each change of many.
        await asyncio.sleep(0 if listener.stopped else random.uniform(0, PAUSE))  # noqa: S311


def _asks_to_look(entries: Iterable[Entry], view: View) -> bool:
    """Whether entries may change what the reader sees; of what is published each may."""
    return any(
        not view.rights.sees_unpublished or any(kind in OF_RIGHTS for kind, _key in entry.changes) for entry in entries
    )


def _scopes(view: View) -> Scopes:
    return view.plan.key, view.plan.organisation, SITE


def _is_behind(known: Revision, view: View) -> bool:
    return any(before < after for before, after in zip(known, view.snapshot.revision, strict=True))


async def _entries(view: View, known: Revision) -> list[Entry] | None:
    """The entries after revision `known` up to that of the view, oldest first; None where they are too many."""
    if not _is_behind(known, view):
        return []
    newer = [
        {"scope": scope, "number": {"$gt": before, "$lte": after}}
        for scope, before, after in zip(_scopes(view), known, view.snapshot.revision, strict=True)
    ]
    cursor = (
        AuditEntry.get_motor_collection()
        .find({"$or": newer}, fields_told())
        .sort("number", 1)
        .limit(MOST_LOOKED_UP + 1)
    )
    found = [Entry.of(raw) async for raw in cursor]
    return found if len(found) <= MOST_LOOKED_UP else None


def _anything_published(known: Revision, was: View, view: View) -> Entry:
    """In place of too many entries: one of all that a resident saw or sees, of which what is the same is not told."""
    seen = [(Plan.kind, view.plan.key)]
    for name, kind in LivingDocument.kinds.items():
        seen += [(name, key) for key in was.snapshot.all(kind).keys() | view.snapshot.all(kind).keys()]
    return Entry("", view.plan.key, known[0] + 1, "", "", tuple(dict.fromkeys(seen)))


def _reached(known: Revision, entries: Iterable[Entry], view: View) -> Revision:
    """The revision up to which is told: that of the view, or of an entry the stream was quicker with."""
    reached = [max(pair) for pair in zip(known, view.snapshot.revision, strict=True)]
    scopes = _scopes(view)
    for entry in entries:
        of = scopes.index(entry.scope)
        reached[of] = max(reached[of], entry.number)
    return reached[0], reached[1], reached[2]


def _told(
    since: Revision,
    reached: Revision,
    entries: list[Entry] | None,
    was: View,
    view: View,
    after: Revision | None = None,
) -> dict[str, Any]:
    """What a page needs: from which revision to which, and by each entry what was changed and whether by the reader.
    People are not named; `entries` is None where there were too many to tell them one by one, never to a resident."""
    is_inside = view.rights.sees_unpublished
    me = None if view.reader.account is None else str(view.reader.account)
    scopes = _scopes(view)
    told = []
    for entry in entries or ():
        of = scopes.index(entry.scope)
        changes = concerns(entry, was, view) if entry.number > (after or since)[of] else []
        if changes:
            told.append(
                {
                    "id": entry.id if is_inside else secrets.token_hex(8),
                    "of": of,
                    "number": entry.number if is_inside else None,
                    "own": entry.by == me,
                    "changes": changes,
                }
            )
    return {
        "since": since if is_inside else None,
        "revision": reached if is_inside else None,
        "entries": None if entries is None else told,
    }


def _revision(text: str) -> Revision | None:
    """A revision as pages and events write it (`12.3.40`); None for anything else."""
    found = _REVISION.fullmatch(text)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))


handlers = [follow_changes]
