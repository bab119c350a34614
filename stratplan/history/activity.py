"""The plan's activity: which changes a reader asks for, by person, kind of document, deed, days and words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from beanie import PydanticObjectId

from stratplan import i18n, wording
from stratplan.actors import BY_THEMSELVES
from stratplan.alphabet import fold, sort_key
from stratplan.audit import AuditEntry
from stratplan.choice import Choice
from stratplan.errors import NotVisible
from stratplan.history.places import noun_of
from stratplan.history.rights import hidden_kinds, shown_kinds
from stratplan.i18n import N_, _, pgettext
from stratplan.view import View

LONGEST_SEARCH = 200
MOST_WORDS = 8
YEARS = range(1990, 2200)
BY_PEOPLE = "people"  # in place of a person: everybody, without what programs did


class Deed(Choice):
    """What changes are filtered by: the last word of their tags."""

    CREATED = "created", N_("Added")
    EDITED = "edited", N_("Changed")
    REPORTED = "reported", N_("Reported")
    MONEY_REPORTED = "money_reported", N_("Money reported")
    MOVED = "moved", N_("Moved")
    REORDERED = "reordered", N_("Order changed")
    RENUMBERED = "renumbered", N_("Numbers changed")
    DELETED = "deleted", N_("Deleted")
    UNDONE = "undone", N_("Undone")
    RESTORED = "restored", N_("Restored")

    @property
    def query(self) -> dict[str, Any]:
        """The tags of this deed; those that no other deed has are plain changes."""
        if self is Deed.EDITED:
            return {"$not": re.compile(rf"\.({'|'.join(sorted(wording.DEEDS))})$")}
        return {"$regex": rf"\.{self.value}$"}


@dataclass(frozen=True, slots=True)
class Selection:
    """What the address asks for; what is not known here is not in it."""

    by: str = ""
    kind: str = ""
    deed: Deed | None = None
    since: date | None = None
    until: date | None = None
    text: str = ""

    @property
    def is_filtered(self) -> bool:
        """Whether some changes may be left out."""
        return self != Selection()

    def query(self, **changes: Any) -> dict[str, Any]:
        """The parameters of the address that asks for this, from the newest change, with `changes` (None drops one)."""
        return {
            "by": self.by,
            "kind": self.kind,
            "deed": self.deed.value if self.deed else "",
            "from": self.since.isoformat() if self.since else "",
            "to": self.until.isoformat() if self.until else "",
            "q": self.text,
        } | changes


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: its name in the address, its label, what is chosen, and the values there are to choose."""

    name: str
    label: str
    chosen: str
    options: Sequence[tuple[str, str]] | None = None

    @property
    def chosen_text(self) -> str:
        """What is chosen, as a person reads it; empty where nothing is."""
        if self.options is None:
            return i18n.short_date(date.fromisoformat(self.chosen)) if self.chosen else ""
        return dict(self.options).get(self.chosen, "")


async def people_of(view: View) -> dict[str, str]:
    """Who has changed something in the plan or its organisation: the account's id and the person's name, by name."""
    scopes = [view.plan.key, view.plan.organisation]
    asked = {"scope": {"$in": scopes}, **_visible(view)}
    names = {by: view.name_of(by) for by in await AuditEntry.get_motor_collection().distinct("by", asked)}
    return dict(sorted(names.items(), key=lambda person: sort_key(person[1])))


def _visible(view: View) -> dict[str, Any]:
    """The part of a query that leaves out changes to nothing that this reader sees."""
    hidden = hidden_kinds(view)
    return {"changes": {"$elemMatch": {"kind": {"$nin": hidden}}}} if hidden else {}


def read_selection(asked: Mapping[str, str], people: Mapping[str, str], view: View) -> Selection:
    """What the query of an address asks for; what is not known is left out."""
    deeds = {deed.value: deed for deed in Deed}
    kinds = {kind.kind for kind in shown_kinds(view)}
    by, kind = asked.get("by", ""), asked.get("kind", "")
    return Selection(
        by=by if by in people or by == BY_PEOPLE else "",
        kind=kind if kind in kinds else "",
        deed=deeds.get(asked.get("deed", "")),
        since=_day(asked.get("from", "")),
        until=_day(asked.get("to", "")),
        text=" ".join(asked.get("q", "")[:LONGEST_SEARCH].replace("\0", " ").split()),
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def filters_of(selection: Selection, people: Mapping[str, str], view: View) -> list[Filter]:
    """The filters that are offered beside the words."""
    kinds = sorted(((kind.kind, noun_of(kind)) for kind in shown_kinds(view)), key=lambda one: sort_key(one[1]))
    asked = selection.query()
    return [
        Filter("by", _("Person"), asked["by"], [(BY_PEOPLE, _("All people, no programs")), *people.items()]),
        Filter("kind", _("Kind of document"), asked["kind"], kinds),
        Filter("deed", _("Deed"), asked["deed"], [(deed.value, _(deed.label)) for deed in Deed]),
        Filter("from", pgettext("day", "From"), asked["from"]),
        Filter("to", pgettext("day", "To"), asked["to"]),
    ]


def wanted(selection: Selection, view: View) -> dict[str, Any]:
    """The query of the changes asked for, in the plan and its organisation."""
    query: dict[str, Any] = {"scope": {"$in": [view.plan.key, view.plan.organisation]}}
    if selection.by:
        query["by"] = {"$nin": list(BY_THEMSELVES)} if selection.by == BY_PEOPLE else selection.by
    if selection.deed is not None:
        query["tag"] = selection.deed.query
    days: dict[str, datetime] = {}
    if selection.since is not None:
        days["$gte"] = i18n.begin_of(selection.since)
    if selection.until is not None:
        days["$lt"] = i18n.begin_of(selection.until + timedelta(days=1))
    if days:
        query["at"] = days
    one: dict[str, Any] = {"kind": selection.kind} if selection.kind else {}
    if hidden_kinds(view) and not selection.kind:
        one["kind"] = {"$nin": hidden_kinds(view)}
    if selection.text:
        words = selection.text.split()[:MOST_WORDS]
        one["$and"] = [{"caption": {"$regex": _pattern(word), "$options": "i"}} for word in words]
    if one:
        query["changes"] = {"$elemMatch": one}
    return query


def _pattern(word: str) -> str:
    """A pattern that finds the word with and without diacritics, as searching does everywhere."""
    return "".join(
        f"[{_letters().get(letter, letter)}]" if letter.isalnum() else re.escape(letter) for letter in fold(word)
    )


@cache
def _letters() -> dict[str, str]:
    """The letters that are searched for as one, such as aāáàâ… for a."""
    found: dict[str, str] = {}
    for letter in map(chr, range(0x61, 0x250)):
        if letter.isalpha() and letter == unicodedata.normalize("NFC", letter).lower():
            plain = fold(letter)
            if len(plain) == 1:
                found[plain] = found.get(plain, plain) + (letter if letter != plain else "")
    return found


async def older_than(entry: str, query: Mapping[str, Any], view: View) -> dict[str, Any]:
    """The query for what is older than an entry of the plan's history; NotVisible when that is not in it."""
    scopes = [view.plan.key, view.plan.organisation]
    last = None
    if PydanticObjectId.is_valid(entry):
        last = await AuditEntry.get_motor_collection().find_one(
            {"_id": PydanticObjectId(entry), "scope": {"$in": scopes}}, {"at": 1}
        )
    if last is None:
        raise NotVisible(_("This change is not in the history."))
    return {**query, "$or": [{"at": {"$lt": last["at"]}}, {"at": last["at"], "_id": {"$lt": last["_id"]}}]}
