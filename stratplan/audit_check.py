"""Whether the history is whole: every chain walked from its first entry to its head, every document compared with what
its history says.

Reads the entries as they are stored, one after the other, and holds no more of a scope than its documents' last values.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId

from stratplan import i18n
from stratplan.audit import BOOKKEEPING, GENESIS, AuditEntry, Head, chained_hash
from stratplan.choice import Choice
from stratplan.database import Session, one_moment
from stratplan.documents import SITE, LivingDocument
from stratplan.errors import NotVisible
from stratplan.i18n import N_, _, ngettext

DOCUMENTS_NAMED = 20  # of one scope; the others are counted


class Fault(Choice):
    """What does not fit; the label says it of an entry, of a head or of a document."""

    MISSING = "missing", N_("Entry %(number)s is missing.")
    CONTENT = "content", N_("Entry %(number)s (%(entry)s): its content was changed after it was written.")
    ORDER = (
        "order",
        N_("Entry %(number)s (%(entry)s): it does not follow the one before it, which was changed or replaced."),
    )
    NUMBER = "number", N_("Entry %(number)s (%(entry)s): its number has been given twice or is none.")
    LAST_MISSING = "last_missing", N_("Entry %(number)s is missing: the head counts it, and the chain ends before it.")
    HEAD_BEHIND = "head_behind", N_("The head counts %(number)s entries, and there are more.")
    HEAD_HASH = "head_hash", N_("The head carries another hash than the last entry, number %(number)s.")
    NO_HEAD = "no_head", N_("The head is missing.")
    DIFFERENT = "different", N_("“%(name)s” (%(kind)s %(key)s) differs from its history in: %(fields)s.")
    LOST = "lost", N_("“%(name)s” (%(kind)s %(key)s) is in the history and not among the documents.")
    UNKNOWN = "unknown", N_("“%(name)s” (%(kind)s %(key)s) is not in the history.")
    MORE = "more", N_("Documents that are not what their history says beside these: %(number)s.")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit: in which scope, what, and about which entry or document."""

    scope: PydanticObjectId
    scope_name: str
    fault: Fault
    about: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.scope_name}: {_(self.fault.label) % self.about}"


@dataclass(slots=True)
class Outcome:
    """What a check found in so many chains."""

    chains: int = 0
    entries: int = 0
    documents: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def fits(self) -> bool:
        """Whether everything does."""
        return not self.findings

    def lines(self) -> list[str]:
        """The outcome in the language in force: what does not fit, then how much was looked at."""
        entries = ngettext("%(num)s entry", "%(num)s entries", self.entries)
        chains = ngettext("in %(num)s chain", "in %(num)s chains", self.chains)
        documents = ngettext("%(num)s document", "%(num)s documents", self.documents)
        if self.fits:
            return [
                _("%(entries)s %(chains)s: all fit. %(documents)s: all as their history says.")
                % {"entries": entries, "chains": chains, "documents": documents}
            ]
        found = ngettext("%(num)s finding", "%(num)s findings", len(self.findings))
        return [
            *map(str, self.findings),
            _("%(entries)s %(chains)s and %(documents)s were checked: %(findings)s.")
            % {"entries": entries, "chains": chains, "documents": documents, "findings": found},
        ]


async def check(slug: str | None = None) -> Outcome:
    """Walk every chain, or those of one plan and its organisation, and name of each the first entry that does not fit,
    and the documents that are not what their history says."""
    outcome = Outcome()
    for scope in await _scopes() if slug is None else await _scopes_of(slug):
        # A moment for each chain: nothing in one depends on another, and a server keeps a moment for some minutes only.
        async with one_moment() as session:
            await _Chain(scope, session, outcome).check()
    return outcome


async def _scopes() -> list[PydanticObjectId]:
    """Everything that has a head, an entry or a document."""
    found = {head["_id"] async for head in Head.get_motor_collection().find({}, {"_id": 1})}
    kinds: list[type[Document]] = [AuditEntry, *LivingDocument.kinds.values()]
    for kind in kinds:
        found |= set(await kind.get_motor_collection().distinct("scope"))
    return sorted(found, key=str)


async def _scopes_of(slug: str) -> list[PydanticObjectId]:
    plans = LivingDocument.kinds["plan"].get_motor_collection()
    found = await plans.find({"slug": slug}, {"organisation": 1}).to_list(None)
    if not found:
        raise NotVisible(_("There is no plan “%(slug)s”.") % {"slug": slug})
    return sorted({key for plan in found for key in (plan["_id"], plan["organisation"])})


@dataclass(slots=True)
class _Known:
    """What the history says of a document so far."""

    kind: str
    caption: str
    values: dict[str, Any]
    version: int = 0


class _Chain:
    """The check of one scope at one moment."""

    def __init__(self, scope: PydanticObjectId, session: Session, outcome: Outcome) -> None:
        self.scope = scope
        self.session = session
        self.outcome = outcome
        self.known: dict[PydanticObjectId, _Known] = {}
        self.name = str(scope)

    async def check(self) -> None:
        """Add to the outcome what is in the scope and what does not fit."""
        self.name = await self._name()
        self.outcome.chains += 1
        await self._walk()
        await self._compare()

    def _found(self, fault: Fault, **about: Any) -> None:
        self.outcome.findings.append(Finding(self.scope, self.name, fault, about))

    async def _name(self) -> str:
        """The scope in words: a plan or an organisation with its title."""
        if self.scope == SITE:
            return _("The site (accounts and roles)")
        for kind in LivingDocument.kinds.values():
            raw = await kind.get_motor_collection().find_one({"_id": self.scope}, session=self.session)
            if raw is not None:
                caption = raw.get("title") or raw.get("name") or str(self.scope)
                return _("%(kind)s “%(name)s”") % {"kind": _capitalised(_(kind.noun)), "name": caption}
        return _("Scope %(key)s") % {"key": self.scope}

    async def _entries(self) -> AsyncIterator[dict[str, Any]]:
        found = AuditEntry.get_motor_collection().find({"scope": self.scope}, session=self.session)
        async for entry in found.sort("number", 1):
            yield entry

    async def _walk(self) -> None:
        """The chain from its first entry to its head; after the first fault only the documents' values are followed."""
        last: Any = 0
        previous: Any = GENESIS
        is_whole = True
        async for entry in self._entries():
            self.outcome.entries += 1
            self._follow(entry)
            if is_whole:
                fault, number = _fault(entry, last + 1, previous)
                if fault is not None:
                    is_whole = False
                    self._found(fault, number=number, entry=_described(entry))
            last, previous = entry.get("number"), entry.get("hash")
        if is_whole:
            self._check_head(
                await Head.get_motor_collection().find_one({"_id": self.scope}, session=self.session), last, previous
            )

    def _check_head(self, head: Mapping[str, Any] | None, last: int, previous: str) -> None:
        if head is None:
            if last:
                self._found(Fault.NO_HEAD)
        elif head["revision"] > last:
            self._found(Fault.LAST_MISSING, number=last + 1)
        elif head["revision"] < last:
            self._found(Fault.HEAD_BEHIND, number=head["revision"])
        elif head["hash"] != previous:
            self._found(Fault.HEAD_HASH, number=last)

    def _follow(self, entry: Mapping[str, Any]) -> None:
        """Note what the entry says of its documents; what is not said as it should be is a fault of the entry."""
        changes = entry.get("changes")
        for change in changes if isinstance(changes, list) else ():
            if not isinstance(change, dict) or not isinstance(change.get("after"), dict):
                continue
            document = change.get("document")
            if not isinstance(document, ObjectId):
                continue
            new = _Known(str(change.get("kind")), "", {"deleted": False})
            known = self.known.setdefault(PydanticObjectId(document), new)
            known.values |= change["after"]
            known.caption = str(change.get("caption"))
            known.version = change.get("version", 0)

    async def _compare(self) -> None:
        """The documents as they are stored with what the history says of them."""
        wrong = 0
        for kind in LivingDocument.kinds.values():
            async for raw in kind.get_motor_collection().find({"scope": self.scope}, session=self.session):
                self.outcome.documents += 1
                known = self.known.pop(raw["_id"], None)
                different = [] if known is None else _different(raw, known)
                different += await kind.differences_beside(raw, self.session)
                if known is not None and known.kind == kind.kind and not different:
                    continue
                wrong += 1
                if wrong > DOCUMENTS_NAMED:
                    continue
                about: dict[str, Any] = {"kind": _(kind.noun), "key": raw["_id"]}
                if known is None or known.kind != kind.kind:
                    self._found(Fault.UNKNOWN, name=raw.get("title") or raw.get("name") or raw["_id"], **about)
                else:
                    fields = ", ".join(_label_of(kind, name) for name in different)
                    self._found(Fault.DIFFERENT, name=known.caption, fields=fields, **about)
        if wrong > DOCUMENTS_NAMED:
            self._found(Fault.MORE, number=wrong - DOCUMENTS_NAMED)
        for key, known in self.known.items():
            lost = LivingDocument.kinds.get(known.kind)
            if lost is not None:  # a kind that this program does not have is of a newer one
                self._found(Fault.LOST, name=known.caption, kind=_(lost.noun), key=key)


def _fault(entry: Mapping[str, Any], expected: int, previous: str) -> tuple[Fault | None, Any]:
    """What is wrong with an entry that should have a number and follow a hash, and the number to name."""
    number = entry.get("number")
    if not isinstance(number, int) or number < expected:
        return Fault.NUMBER, number
    try:
        is_as_written = chained_hash(entry) == entry.get("hash")
    except (TypeError, ValueError):
        is_as_written = False  # it holds something that is never written
    if number > expected:
        return Fault.MISSING, expected
    if not is_as_written:
        return Fault.CONTENT, number
    if entry.get("previous") != previous:
        return Fault.ORDER, number
    return None, number


def _different(raw: Mapping[str, Any], known: _Known) -> list[str]:
    """The fields of a stored document that are not what the history says, its version and its life among them."""
    fields = [name for name in raw if name not in BOOKKEEPING and name not in known.values]
    fields += [name for name, value in known.values.items() if name not in BOOKKEEPING and raw.get(name) != value]
    if raw.get("version") != known.version:
        fields.append("version")
    return fields


def _label_of(kind: type[LivingDocument], name: str) -> str:
    own = {"deleted": N_("deleted or not"), "version": N_("number of the version")}
    return _(kind.labels.get(name) or own.get(name) or name)


def _described(entry: Mapping[str, Any]) -> str:
    at = entry.get("at")
    day = i18n.date_and_time(at) if isinstance(at, datetime) else i18n.DASH
    return f"{day}, {entry.get('tag')}"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
