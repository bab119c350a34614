"""The people who may sign in: the account that the history knows, and beside it what tells who that is.

An account and a membership are recorded like any change, without a name or an address: those, and what proves who
somebody is, are kept apart in documents of their own and go when the person goes. What is recorded stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from beanie import Document, PydanticObjectId
from pydantic import StringConstraints
from pymongo import ASCENDING, IndexModel

from stratplan import audit
from stratplan.accounts import one_time
from stratplan.actors import Actor, pseudonym
from stratplan.database import Session as Transaction
from stratplan.database import in_transaction
from stratplan.documents import SITE, Line, Link, LivingDocument, Reference, References
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.i18n import N_, _
from stratplan.permissions import GIVEN_ROLES, Permission, Role

Email = Annotated[Line, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


def folded(email: str) -> str:
    """An e-mail address as addresses are compared: people write the same one in small and capital letters."""
    return email.strip().casefold()


class Profile(Document):
    """Who an account is: name and e-mail. Its `_id` is the account's. Never in the history; removed with the person."""

    name: Line
    email: Email
    email_folded: str
    language: str = ""
    sign_ins: int = 0  # written by what begins and what ends sessions, so that of two at once one sees the other
    ended: int = 0  # how often all sessions were ended: whoever began to sign in before has to begin anew

    class Settings:
        name = "profiles"
        indexes: ClassVar = [IndexModel([("email_folded", ASCENDING)], unique=True)]


class Session(Document):
    """Somebody signed in on one device. `_id` is the SHA-256 of the token that only the browser has."""

    id: str  # type: ignore[assignment]  # not an ObjectId
    account: PydanticObjectId
    name: str
    device: str = ""
    address: str = ""
    strong: bool = False  # a second factor was given
    elsewhere: bool = False  # signed in through the provider, whose matter a second factor then is
    began_at: datetime
    seen_at: datetime
    ends_at: datetime

    class Settings:
        name = "sessions"
        indexes: ClassVar = [
            IndexModel([("account", ASCENDING)]),
            IndexModel([("ends_at", ASCENDING)], expireAfterSeconds=0),
        ]


class HalfSession(Document):
    """Somebody gave the right password and has yet to give the second factor. `_id` is the SHA-256 of its token."""

    id: str  # type: ignore[assignment]  # not an ObjectId
    account: PydanticObjectId
    ended: int | None = None  # what the profile's was when the password was given
    ends_at: datetime

    class Settings:
        name = "half_sessions"
        indexes: ClassVar = [
            IndexModel([("account", ASCENDING)]),
            IndexModel([("ends_at", ASCENDING)], expireAfterSeconds=0),
        ]


class Account(LivingDocument):
    """A person who may sign in, as the history knows them: by an id, without a name."""

    disabled: bool = False

    kind: ClassVar = "account"
    noun: ClassVar = N_("account")
    written_with: ClassVar = (Permission.ACCOUNTS_WRITE,)
    labels: ClassVar = {"disabled": N_("Disabled")}

    class Settings:
        name = "accounts"
        indexes: ClassVar = [IndexModel([("scope", ASCENDING), ("deleted", ASCENDING)])]

    @property
    def caption(self) -> str:
        return pseudonym(self.key)

    @property
    def actor(self) -> Actor:
        """The account as the one who makes a change."""
        return Actor(str(self.key))

    @classmethod
    async def register(cls, *, name: str, email: str, by: Actor | None = None) -> Account:
        """A new account with its profile; `by` is the account itself where nobody else made it.

        Raises RuleBroken when another account has this e-mail address.
        """
        account = cls.new(scope=SITE)
        profile = Profile(id=account.key, name=name, email=email.strip(), email_folded=folded(email))

        async def work(session: Transaction) -> None:
            if await Profile.find_one({"email_folded": profile.email_folded}, session=session):
                raise RuleBroken(_("Someone with this e-mail address has an account already."), field="email")
            await profile.insert(session=session)
            await account.add(by=by or account.actor)

        await in_transaction(work, key=SITE)
        return account

    async def describe(self, *, by: Actor, based_on: int | None = None, **profile: Any) -> audit.AuditEntry:
        """Change name, e-mail or language; the history tells that it was, not to what.

        Links that went to the address before lead nowhere once it is another one. Raises StaleEdit where the account is
        not as it was in the version `based_on`, and RuleBroken when another one has this e-mail address.
        """

        async def work(session: Transaction) -> audit.AuditEntry:
            current = await Account.get(self.key, session=session) or self
            if based_on is not None and current.version != based_on:
                raise StaleEdit(current, {})
            email = profile.get("email")
            if email is not None:
                profile["email_folded"] = folded(email)
                taken = {"email_folded": profile["email_folded"], "_id": {"$ne": self.key}}
                if await Profile.find_one(taken, session=session):
                    raise RuleBroken(_("Someone with this e-mail address has an account already."), field="email")
            before = await Profile.get_motor_collection().find_one_and_update(
                {"_id": self.key}, {"$set": profile}, session=session
            )
            if email is not None and before is not None and before["email_folded"] != profile["email_folded"]:
                await one_time.revoke(self.key, session=session)
            if "name" in profile:
                await Session.get_motor_collection().update_many(
                    {"account": self.key}, {"$set": {"name": profile["name"]}}, session=session
                )
            return await audit.record("account.described", [audit.changed(current)], by=by)

        return await in_transaction(work, key=SITE)

    async def disable(self, *, by: Actor, based_on: int) -> audit.AuditEntry | None:
        """Let the person in no more, and end what sessions they have.

        Raises RuleBroken for the only administrator, as `erase` does.
        """

        async def work(session: Transaction) -> audit.AuditEntry | None:
            await end_sessions(self.key, session=session)
            entry = await self.edit({"disabled": True}, by=by, based_on=based_on, tag="disabled")
            await _somebody_administers(session)
            return entry

        return await in_transaction(work, key=SITE)

    async def enable(self, *, by: Actor, based_on: int) -> audit.AuditEntry | None:
        """Let the person in again."""
        return await self.edit({"disabled": False}, by=by, based_on=based_on, tag="enabled")

    async def erase(self, *, by: Actor) -> audit.AuditEntry:
        """Forget the person: profile, proofs, sessions and roles go; what they did stays, under a pseudonym."""

        async def work(session: Transaction) -> audit.AuditEntry:
            for membership in await Membership.find({"account": self.key, "deleted": False}, session=session).to_list():
                await membership.remove(by=by, based_on=membership.version)
            await end_sessions(self.key, session=session)
            for kept in OF_A_PERSON:
                await kept.get_motor_collection().delete_many(
                    {"$or": [{"_id": self.key}, {"account": self.key}]}, session=session
                )
            current = await Account.get(self.key, session=session)
            entry = await audit.record("account.deleted", [audit.deleted(current or self)], by=by)
            await _somebody_administers(session)
            return entry

        return await in_transaction(work, key=SITE)


# Documents that go with the person: `_id` or `account` names whose they are. Slices add theirs.
OF_A_PERSON: list[type[Document]] = [Profile, HalfSession]


async def end_sessions(account: PydanticObjectId, *, session: Transaction | None = None, but: str = "") -> int:
    """End what sessions an account has, all or all but one, and return how many; at once, on every server.

    Whoever is about to sign in, or has yet to give a second factor, has to begin anew.
    """
    await Profile.get_motor_collection().update_one({"_id": account}, {"$inc": {"ended": 1}}, session=session)
    await HalfSession.get_motor_collection().delete_many({"account": account}, session=session)
    gone = await Session.get_motor_collection().delete_many({"account": account, "_id": {"$ne": but}}, session=session)
    return gone.deleted_count


async def is_open(account: PydanticObjectId) -> bool:
    """Whether the account may sign in at all."""
    found = await Account.get_motor_collection().count_documents({"_id": account, "disabled": False, "deleted": False})
    return found == 1


class Membership(LivingDocument):
    """A person's role in one plan, or (its scope is the site) in all of them; a reporter's is bound to units."""

    account: Reference
    role: Role
    units: References = []

    kind: ClassVar = "membership"
    noun: ClassVar = N_("role")
    written_with: ClassVar = (Permission.MEMBERS_WRITE,)
    labels: ClassVar = {"role": N_("Role"), "units": N_("Units")}
    links: ClassVar = (Link("units", "unit"),)
    unique: ClassVar = ("account",)

    class Settings:
        name = "memberships"
        indexes: ClassVar = [
            IndexModel([("scope", ASCENDING), ("deleted", ASCENDING)]),
            IndexModel([("account", ASCENDING)]),
        ]

    @property
    def caption(self) -> str:
        return pseudonym(self.account)

    async def edit(
        self, values: Mapping[str, Any], *, by: Actor, based_on: int, tag: str = "edited"
    ) -> audit.AuditEntry | None:
        """Change role or units; in all plans somebody must still be an administrator."""

        async def work(session: Transaction) -> audit.AuditEntry | None:
            entry = await super(Membership, self).edit(values, by=by, based_on=based_on, tag=tag)
            await self._leaves_an_administrator(session)
            return entry

        return await in_transaction(work, key=self.scope)

    async def remove(self, *, by: Actor, based_on: int) -> audit.AuditEntry:
        """Take the role away; in all plans somebody must still be an administrator."""

        async def work(session: Transaction) -> audit.AuditEntry:
            entry = await super(Membership, self).remove(by=by, based_on=based_on)
            await self._leaves_an_administrator(session)
            return entry

        return await in_transaction(work, key=self.scope)

    async def restore(self, version: int, *, by: Actor, based_on: int) -> audit.AuditEntry | None:
        """Give an earlier role back; in all plans somebody must still be an administrator."""

        async def work(session: Transaction) -> audit.AuditEntry | None:
            entry = await super(Membership, self).restore(version, by=by, based_on=based_on)
            await self._leaves_an_administrator(session)
            return entry

        return await in_transaction(work, key=self.scope)

    async def _leaves_an_administrator(self, session: Transaction) -> None:
        if self.scope == SITE and self.role is Role.ADMIN:
            await _somebody_administers(session)

    async def check_rules(self, session: Transaction) -> None:
        """The person is there, and the role is one that is given."""
        if self.role not in GIVEN_ROLES:
            raise RuleBroken(_("This role cannot be given."), field="role")
        if self.role is Role.REPORTER and not self.units and self.scope != SITE:
            raise RuleBroken(_("Choose the units on whose tasks this person reports."), field="units")
        person = await Account.find_one({"_id": self.account, "deleted": False}, session=session)
        if person is None:
            raise RuleBroken(_("This account does not exist any more."), field="account")


async def _somebody_administers(session: Transaction) -> None:
    if not await administrators(session):
        raise RuleBroken(
            _("Somebody must remain who administers stratplan. Make another person an administrator first.")
        )


async def administrators(session: Transaction | None = None) -> list[PydanticObjectId]:
    """The accounts that administer the whole installation and may sign in."""
    found = Membership.get_motor_collection().find(
        {"scope": SITE, "role": Role.ADMIN.value, "deleted": False}, {"account": 1}, session=session
    )
    keys = [raw["account"] async for raw in found]
    able = Account.get_motor_collection().find(
        {"_id": {"$in": keys}, "disabled": False, "deleted": False}, {"_id": 1}, session=session
    )
    return [PydanticObjectId(raw["_id"]) async for raw in able]
