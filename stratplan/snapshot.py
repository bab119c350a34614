"""A plan held in memory at one revision: what every page, export and command is computed from.

The first reader of a plan loads it; later ones read its heads (one indexed read) and, where those have moved, only the
documents that the audit entries since name. See docs/decisions/0003-a-plan-is-read-whole.md.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from beanie import PydanticObjectId

from stratplan.accounts.models import Profile
from stratplan.actors import PROGRAMS, pseudonym
from stratplan.audit import AuditEntry, Head
from stratplan.database import Session, one_moment, running_session
from stratplan.documents import SITE, LivingDocument
from stratplan.i18n import _
from stratplan.plans.models import Plan

D = TypeVar("D", bound=LivingDocument)
T = TypeVar("T")
Inputs = TypeVar("Inputs")

Revision = tuple[int, int, int]  # of the plan, of its organisation, of the site
Scopes = tuple[PydanticObjectId, PydanticObjectId, PydanticObjectId]
Documents = dict[str, dict[PydanticObjectId, LivingDocument]]  # kind → id → document
Owned = dict[PydanticObjectId, dict[PydanticObjectId, LivingDocument]]  # owner → id → document that belongs to it

PLANS_HELD = 32
READ_AT_ONCE = 2000  # documents
_ALL_GIVEN: set[str] = set()
ENTRIES_WORTH_FOLLOWING = 500
DERIVED_HELD = 1000  # results in one snapshot before they start anew: a reader may ask for any number of days
INPUTS_HELD = 4000  # results that are carried for as long as what they were computed from stays the same
EACH_HELD = 120  # kinds of per-document results in one snapshot, by the same reason
EACH_CARRIED = 48  # of them carried into the next snapshot


def _by_owner(documents: Documents) -> Owned:
    owned: defaultdict[PydanticObjectId, dict[PydanticObjectId, LivingDocument]] = defaultdict(dict)
    for filed in documents.values():
        for key, document in filed.items():
            owner = document.belongs_to
            if owner is not None:
                owned[owner[1]][key] = document
    return dict(owned)


class Snapshot:
    """All living documents of one plan, its organisation and the site, as they were at one revision, with the names of
    people. Never changes."""

    def __init__(
        self,
        plan: Plan,
        revision: Revision,
        documents: Documents,
        owned: Owned | None = None,
        names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.plan = plan
        self.revision = revision
        self.names = names
        self._documents = documents
        self._owned = _by_owner(documents) if owned is None else owned
        self._derived: dict[Hashable, Any] = {}
        self._each: dict[tuple[Hashable, str], dict[PydanticObjectId, Any]] = {}
        self._stale: dict[tuple[Hashable, str], dict[PydanticObjectId, None]] = {}  # of `_each`, to be computed anew
        self._same: dict[Hashable, tuple[Any, Any]] = {}
        self._public: Snapshot | None = None
        self._public_before: Snapshot | None = None

    def name_of(self, identity: str) -> str:
        """What a person, or a program that made a change, is called now; a pseudonym for who is not there any more."""
        if identity in PROGRAMS:
            return _(PROGRAMS[identity])
        return self.names.get(identity) or pseudonym(identity)

    @property
    def public(self) -> Snapshot:
        """What of the plan is published, as a plan of its own: every figure, list and search of it knows nothing else.

        Made once, from what the one before it had; names of people are not in it.
        """
        if self._public is None:
            documents = published_part(self)
            before = self._public_before
            if before is None:
                self._public = Snapshot(self.plan, self.revision, documents)
            else:
                self._public = before.followed_by(self.plan, self.revision, _differences(before._documents, documents))
            self._public_before = None
        return self._public

    def all(self, kind: type[D]) -> Mapping[PydanticObjectId, D]:
        """Every living document of a kind, by id, in no order that means anything."""
        return MappingProxyType(self._documents.get(kind.kind, {}))

    def find(self, kind: type[D], key: PydanticObjectId | None) -> D | None:
        """The living document of a kind with this id."""
        return None if key is None else self._documents.get(kind.kind, {}).get(key)

    def belonging_to(self, owner: LivingDocument, kind: type[D]) -> list[D]:
        """The living documents of a kind that belong to `owner` (a task's reports), in no order that means anything."""
        return [document for document in self._owned.get(owner.key, {}).values() if isinstance(document, kind)]

    def derive(self, key: Hashable, compute: Callable[[], T]) -> T:
        """`compute()`, once in this snapshot's life: for orders, indexes and figures that several pages share."""
        if key not in self._derived:
            if len(self._derived) >= DERIVED_HELD:
                self._derived.clear()
            self._derived[key] = compute()
        result: T = self._derived[key]
        return result

    def same(
        self, key: Hashable, inputs: Inputs, compute: Callable[[], T], *, adapt: Callable[[Inputs, T], T] | None = None
    ) -> T:
        """`compute()`, carried into later snapshots for as long as `inputs`, all that it depends on, compare equal.

        Comparing is quick where the inputs are tuples of what `each` carries: most are the very same objects. Where
        little has changed and all anew is slow, `adapt(inputs, result)`, of those before, makes the result from that.
        """
        known = self._same.get(key)
        if known is None or known[0] != inputs:
            if len(self._same) >= INPUTS_HELD:
                self._same.clear()
            result = compute() if known is None or adapt is None else adapt(*known)
            known = self._same[key] = (inputs, result)
        carried: T = known[1]
        return carried

    def each(self, key: Hashable, kind: type[D], compute: Callable[[D], T]) -> Mapping[PydanticObjectId, T]:
        """`compute(document)` for every document of a kind; results of documents that a change did not touch (neither
        them nor what belongs to them) are carried over into the next snapshot. They stand in the order of `all`."""
        living = self._documents.get(kind.kind, {})
        known = self._each.pop((key, kind.kind), None)
        if known is None:
            known = {identity: compute(document) for identity, document in living.items()}
            while len(self._each) >= EACH_HELD:
                longest_unused = next(iter(self._each))
                del self._each[longest_unused]
                self._stale.pop(longest_unused, None)
        else:
            for identity in self._stale.get((key, kind.kind), ()):
                if identity in living:
                    known[identity] = compute(living[identity])
                else:
                    known.pop(identity, None)
        self._stale.pop((key, kind.kind), None)
        self._each[(key, kind.kind)] = known
        return MappingProxyType(known)

    def followed_by(
        self,
        plan: Plan,
        revision: Revision,
        fresh: Iterable[LivingDocument],
        names: Mapping[str, str] = MappingProxyType({}),
    ) -> Snapshot:
        """The snapshot after `fresh` documents (deleted ones among them) were written."""
        documents = dict(self._documents)
        owned = dict(self._owned)
        touched: dict[str, dict[PydanticObjectId, None]] = defaultdict(dict)
        copied: set[str] = set()
        for document in fresh:
            if document.kind not in copied:
                documents[document.kind] = dict(documents.get(document.kind, {}))
                copied.add(document.kind)
            if document.deleted:
                documents[document.kind].pop(document.key, None)
            else:
                documents[document.kind][document.key] = document
            touched[document.kind][document.key] = None
            owner = document.belongs_to
            if owner is not None:
                touched[owner[0]][owner[1]] = None
                others = {key: other for key, other in owned.get(owner[1], {}).items() if key != document.key}
                owned[owner[1]] = others if document.deleted else {**others, document.key: document}
        following = Snapshot(plan, revision, documents, owned, names)
        following._public_before = self._public or self._public_before
        following._same = self._same
        for (key, kind), known in list(self._each.items())[-EACH_CARRIED:]:
            following._each[(key, kind)] = dict(known)
            following._stale[(key, kind)] = self._stale.get((key, kind), {}) | touched[kind]
        return following


def published_part(snapshot: Snapshot) -> Documents:
    """The documents that residents see, without what they name that residents do not see.

    What cannot be without something that is not public (a task without its goal, a report without its task) is not
    public either.
    """
    plan = snapshot.plan
    parts = frozenset(plan.public_parts)
    documents: Documents = {}
    for name, kind in LivingDocument.kinds.items():
        shown = snapshot.each(("public", parts), kind, lambda document: document.public(parts))
        documents[name] = {key: document for key, document in shown.items() if document is not None}
    hidden = {
        key for name in documents for key in snapshot.all(LivingDocument.kinds[name]) if key not in documents[name]
    }
    waiting = bool(hidden)
    while waiting:
        waiting = False
        for filed in documents.values():
            for key, document in list(filed.items()):
                seen = _without_hidden(document, hidden)
                if seen is None:
                    del filed[key]
                    hidden.add(key)
                    waiting = True
                elif seen is not document:
                    filed[key] = seen
    return documents


def _without_hidden(document: D, hidden: set[PydanticObjectId]) -> D | None:
    """The document without links to what is hidden; None when it cannot be without one of them."""
    owner = document.belongs_to
    if owner is not None and owner[1] in hidden:
        return None
    changed: dict[str, Any] = {}
    for link in document.links:
        value = getattr(document, link.field, None)
        if isinstance(value, list):
            if not hidden.isdisjoint(value):
                changed[link.field] = [key for key in value if key not in hidden]
        elif value in hidden:
            if type(document).model_fields[link.field].is_required():
                return None
            changed[link.field] = None
    return document.model_copy(update=changed) if changed else document


def _differences(before: Documents, after: Documents) -> Iterable[LivingDocument]:
    """What has to be written over `before` to get `after`."""
    for name in before.keys() | after.keys():
        old, new = before.get(name, {}), after.get(name, {})
        yield from (document for key, document in new.items() if old.get(key) is not document)
        yield from (document.model_copy(update={"deleted": True}) for key, document in old.items() if key not in new)


class Snapshots:
    """The snapshots of one process: the most recently read plans, each no older than the last acknowledged write.

    Inside a transaction they are what that has written so far, which may yet come to nothing: there each attempt has
    Snapshots of its own.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[PydanticObjectId, Snapshot] = OrderedDict()
        self._slugs: dict[str, Scopes] = {}
        self._queues: dict[PydanticObjectId, asyncio.Lock] = {}

    async def revision_of(self, slug: str) -> tuple[PydanticObjectId, Revision] | None:
        """The plan's id and its revision now: one indexed read. None when no plan of that slug is known."""
        scopes = self._slugs.get(slug)
        if scopes is None:
            raw = await Plan.get_motor_collection().find_one(
                {"slug": slug, "deleted": False}, {"organisation": 1}, session=running_session()
            )
            if raw is None:
                return None
            scopes = self._slugs[slug] = (PydanticObjectId(raw["_id"]), PydanticObjectId(raw["organisation"]), SITE)
        return scopes[0], await _revision(scopes, running_session())

    async def of(self, slug: str) -> Snapshot | None:
        """The plan of that slug as of its last acknowledged write, or None where there is none."""
        found = await self.revision_of(slug)
        if found is None:
            return None
        key, revision = found
        snapshot = self._held.get(key)
        if snapshot is None or snapshot.revision != revision:
            async with self._queues.setdefault(key, asyncio.Lock()):
                snapshot = self._held.get(key)
                if snapshot is None or snapshot.revision != revision:
                    snapshot = await _load(key, snapshot)
                    if snapshot is not None:
                        self._held[key] = snapshot
        if snapshot is None or snapshot.plan.slug != slug:
            # Deleted, or its slug was changed: another plan may have it now.
            self._slugs.pop(slug, None)
            self._held.pop(key, None)
            return await self.of(slug)
        self._held.move_to_end(key)
        while len(self._held) > PLANS_HELD:
            self._held.popitem(last=False)
        return snapshot


async def _revision(scopes: Scopes, session: Session | None = None) -> Revision:
    heads = {
        head["_id"]: head["revision"]
        async for head in Head.get_motor_collection().find(
            {"_id": {"$in": list(scopes)}}, {"revision": 1}, session=session
        )
    }
    return heads.get(scopes[0], 0), heads.get(scopes[1], 0), heads.get(scopes[2], 0)


async def _names(session: Session) -> Mapping[str, str]:
    found = Profile.get_motor_collection().find({}, {"name": 1}, session=session)
    return MappingProxyType({str(raw["_id"]): raw["name"] async for raw in found})


def _as_read(kind: type[D], raw: Mapping[str, Any]) -> D:
    """The document, without the set of the fields that it was given: all of them, and as large as what they say."""
    document: D = kind.model_validate(raw)
    object.__setattr__(document, "__pydantic_fields_set__", _ALL_GIVEN)
    return document


async def _load(key: PydanticObjectId, known: Snapshot | None) -> Snapshot | None:
    async with one_moment() as session:
        raw = await Plan.get_motor_collection().find_one({"_id": key, "deleted": False}, session=session)
        if raw is None:
            return None
        plan = Plan.model_validate(raw)
        scopes = (plan.key, plan.organisation, SITE)
        revision = await _revision(scopes, session)
        if known is not None and known.plan.organisation == plan.organisation:
            fresh = await _changed_since(scopes, known.revision, revision, session)
            if fresh is not None:
                names = known.names if known.revision[2] == revision[2] else await _names(session)
                return known.followed_by(plan, revision, fresh, names)
        documents: Documents = {}
        for name, kind in LivingDocument.kinds.items():
            cursor = kind.get_motor_collection().find(
                {"scope": {"$in": list(scopes)}, "deleted": False}, session=session
            )
            filed: dict[PydanticObjectId, LivingDocument] = {}
            while some := await cursor.to_list(READ_AT_ONCE):  # as read they take more room than as documents
                filed |= {document.key: document for document in map(partial(_as_read, kind), some)}
            documents[name] = filed
        return Snapshot(plan, revision, documents, names=await _names(session))


async def _changed_since(
    scopes: Scopes, known: Revision, current: Revision, session: Session
) -> list[LivingDocument] | None:
    """The documents written after revision `known`; None when there are too many to be worth following."""
    if sum(current) - sum(known) > ENTRIES_WORTH_FOLLOWING:
        return None
    wanted: dict[str, set[PydanticObjectId]] = defaultdict(set)
    newer = [{"scope": scope, "number": {"$gt": before}} for scope, before in zip(scopes, known, strict=True)]
    async for entry in AuditEntry.get_motor_collection().find(
        {"$or": newer}, {"changes.kind": 1, "changes.document": 1}, session=session
    ):
        for change in entry["changes"]:
            wanted[change["kind"]].add(change["document"])
    fresh: list[LivingDocument] = []
    for name, keys in wanted.items():
        kind = LivingDocument.kinds[name]
        cursor = kind.get_motor_collection().find({"_id": {"$in": list(keys)}}, session=session)
        fresh += [kind.model_validate(raw) for raw in await cursor.to_list(None)]
    return fresh
