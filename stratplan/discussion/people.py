"""Who may be mentioned in a plan, and how the names that people type become mentions that are kept."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from beanie import PydanticObjectId

from stratplan.accounts.roles import people_in
from stratplan.actors import pseudonym
from stratplan.alphabet import sort_key
from stratplan.errors import RuleBroken
from stratplan.i18n import _
from stratplan.mentions import TOKEN, mentioned, token
from stratplan.permissions import Permission
from stratplan.snapshot import Snapshot

MOST_MENTIONS = 20  # in one text: each is told


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be mentioned; `label` is what is typed after the @, different for each."""

    account: PydanticObjectId
    label: str


def mentionable(snapshot: Snapshot) -> list[Person]:
    """Who reads the plan's discussion and may sign in, by name; two of one name are told apart."""

    def found() -> list[Person]:
        names = {}
        for key, rights in people_in(snapshot).items():
            name = snapshot.names.get(str(key))
            if name and rights.allow(Permission.DISCUSSION_READ):
                names[key] = name
        alike = Counter(name.casefold() for name in names.values())
        people = [
            Person(key, name if alike[name.casefold()] == 1 else f"{name} ({pseudonym(key).rpartition(' ')[2]})")
            for key, name in names.items()
        ]
        return sorted(people, key=lambda person: (sort_key(person.label), str(person.account)))

    return snapshot.derive("people who may be mentioned", found)


def as_kept(snapshot: Snapshot, typed: str, *, before: str = "") -> str:
    """What was typed, with the names after an @ as mentions; a name that nobody here has stays text.

    Raises RuleBroken for too many mentions, and for one of somebody outside of the plan that is not in `before`, the
    text as it was.
    """
    people = mentionable(snapshot)
    by_label = {person.label.casefold(): person.account for person in people}
    text = typed
    if by_label:
        labels = sorted((re.escape(person.label) for person in people), key=len, reverse=True)
        names = re.compile(rf"(?<![\w@])@({'|'.join(labels)})(?!\w)", re.IGNORECASE)
        text = names.sub(lambda found: _known(by_label, found), typed)
    allowed = {person.account for person in people} | set(mentioned(before))
    if not allowed.issuperset(mentioned(text)):
        raise RuleBroken(_("Only people who have a role in this plan can be mentioned."), field="text")
    if len(TOKEN.findall(text)) > MOST_MENTIONS:
        raise RuleBroken(_("At most %(most)s people can be mentioned at once.", most=MOST_MENTIONS), field="text")
    return text


def label_of(snapshot: Snapshot, account: PydanticObjectId) -> str:
    """What is typed to mention somebody; RuleBroken where they may not be."""
    for person in mentionable(snapshot):
        if person.account == account:
            return f"@{person.label}"
    raise RuleBroken(_("Only people who have a role in this plan can be mentioned."), field="text")


def _known(by_label: dict[str, PydanticObjectId], found: re.Match[str]) -> str:
    account = by_label.get(found[1].casefold())
    return found[0] if account is None else token(account)


def as_typed(snapshot: Snapshot, kept: str) -> str:
    """A kept text as it stands in a form: a mention is a name again; who is not here any more stays a mention."""
    labels = {str(person.account): person.label for person in mentionable(snapshot)}
    return TOKEN.sub(lambda found: f"@{labels[found[1]]}" if found[1] in labels else found[0], kept)
