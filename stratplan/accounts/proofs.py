"""The changes of what proves who somebody is: each with its entry in the history, which tells that it was, and not to
what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from beanie import PydanticObjectId

from stratplan import audit
from stratplan.accounts import one_time, passwords, totp
from stratplan.accounts.identities import Identity
from stratplan.accounts.models import OF_A_PERSON, Account, Membership, Profile, administrators, end_sessions
from stratplan.accounts.one_time import OneTimeLink, Purpose
from stratplan.accounts.passwords import Password
from stratplan.accounts.throttle import Device
from stratplan.accounts.totp import SecondFactor
from stratplan.actors import Actor
from stratplan.database import Session as Transaction
from stratplan.database import in_transaction
from stratplan.documents import SITE
from stratplan.errors import NotVisible, RuleBroken, StaleEdit
from stratplan.i18n import _
from stratplan.permissions import Role
from stratplan.plans.models import Plan
from stratplan.secret_key import SecretKey

T = TypeVar("T")

# What is kept beside the profile, and goes with the person.
OF_A_PERSON += [Password, SecondFactor, OneTimeLink, Device]


async def _recorded(
    account: PydanticObjectId, tag: str, by: Actor | None, work: Callable[[Transaction], Awaitable[T]]
) -> T:
    """Do `work` and record that it was done to the account, in one transaction."""

    async def whole(session: Transaction) -> T:
        outcome = await work(session)
        person = await Account.find_one({"_id": account, "deleted": False}, session=session)
        if person is None:
            raise NotVisible(_("This account does not exist any more."))
        await audit.record(f"account.{tag}", [audit.changed(person)], by=by or person.actor)
        return outcome

    return await in_transaction(whole, key=SITE)


async def _used(token: str, session: Transaction, *purposes: Purpose) -> OneTimeLink:
    link = await one_time.use(token, *purposes, session=session)
    if link is None:
        raise NotVisible(_("This link is good no more."))
    return link


async def known_of(account: PydanticObjectId) -> list[str]:
    """The words that a password of this person must not consist of."""
    profile = await Profile.get(account)
    return [] if profile is None else [profile.email, profile.name]


# ---- Passwords


async def set_password(
    account: PydanticObjectId, password: str, *, by: Actor | None = None, keep_session: str = ""
) -> None:
    """Set a password of one's own choice; all sessions but `keep_session` end, and no link is good any more.

    Raises RuleBroken at the field `password`.
    """
    passwords.check(password, of=await known_of(account))
    hash_ = await passwords.hashed(password)

    async def work(session: Transaction) -> None:
        await passwords.keep(account, hash_, session=session)
        await end_sessions(account, session=session, but=keep_session)
        await one_time.revoke(account, session=session)

    await _recorded(account, "password_changed", by, work)


async def use_link(token: str, password: str, *, name: str | None = None) -> PydanticObjectId:
    """Set the password that an invitation or a reset asks for, and the name with the first; returns the account.

    The link is used up only when all of it was done. Raises NotVisible where it is good no more.
    """
    purposes = (Purpose.INVITATION, Purpose.RESET, Purpose.FORGOTTEN)
    seen = await one_time.look(token, *purposes)
    if seen is None or seen.account is None:
        raise NotVisible(_("This link is good no more."))
    account = seen.account
    passwords.check(password, of=[*await known_of(account), name or ""])
    hash_ = await passwords.hashed(password)

    async def work(session: Transaction) -> None:
        await _used(token, session, *purposes)
        if not await Account.find_one({"_id": account, "disabled": False, "deleted": False}, session=session):
            raise NotVisible(_("This link is good no more."))
        await passwords.keep(account, hash_, session=session)
        await end_sessions(account, session=session)
        await one_time.revoke(account, session=session)
        if name:
            await Profile.get_motor_collection().update_one({"_id": account}, {"$set": {"name": name}}, session=session)

    tag = "invitation_accepted" if seen.purpose is Purpose.INVITATION else "password_changed"
    await _recorded(account, tag, None, work)
    return account


# ---- The first administrator


async def somebody_administers(session: Transaction | None = None) -> bool:
    """Whether there is an administrator who can sign in: with a password, or elsewhere."""
    return bool(await able_to_sign_in(await administrators(session), session))


async def able_to_sign_in(
    accounts: list[PydanticObjectId], session: Transaction | None = None
) -> set[PydanticObjectId]:
    """Those of the accounts that have a password, or have signed in through a provider."""
    by_password = Password.get_motor_collection().find({"_id": {"$in": accounts}}, {"_id": 1}, session=session)
    elsewhere = Identity.get_motor_collection().find({"account": {"$in": accounts}}, {"account": 1}, session=session)
    return {raw["_id"] async for raw in by_password} | {raw["account"] async for raw in elsewhere}


async def first_link() -> str | None:
    """The token of a link for the first administrator; None where there is one already."""
    if await somebody_administers():
        return None
    return await one_time.make(Purpose.FIRST, None)


async def begin_administering(token: str, *, name: str, email: str, password: str) -> PydanticObjectId:
    """Make the account of the first administrator, in all plans, and return its id.

    Raises NotVisible where the link is good no more, and where somebody has become an administrator since.
    """
    passwords.check(password, of=[email, name])
    hash_ = await passwords.hashed(password)

    async def work(session: Transaction) -> PydanticObjectId:
        await _used(token, session, Purpose.FIRST)
        if await somebody_administers(session):
            raise NotVisible(_("This link is good no more."))
        account = await Account.register(name=name, email=email)
        membership = Membership.new(scope=SITE, account=account.key, role=Role.ADMIN)
        await membership.add(by=account.actor)
        await passwords.keep(account.key, hash_, session=session)
        return account.key

    return await in_transaction(work, key=SITE)


# ---- E-mail


async def confirm_email(token: str) -> None:
    """Make the address that the link was sent to the account's own."""

    async def work(session: Transaction) -> None:
        link = await _used(token, session, Purpose.EMAIL)
        person = await Account.find_one({"_id": link.account, "deleted": False}, session=session)
        if person is None:
            raise NotVisible(_("This account does not exist any more."))
        await person.describe(by=person.actor, email=link.email)

    await in_transaction(work, key=SITE)


# ---- The second factor


async def switch_on(account: PydanticObjectId, code: str, *, key: SecretKey, keep_session: str) -> list[str]:
    """Switch the second factor on by its first code; other sessions, begun without it, end. Returns recovery codes."""

    async def work(session: Transaction) -> list[str]:
        codes = await totp.confirm(account, code, key=key, session=session)
        await end_sessions(account, session=session, but=keep_session)
        return codes

    return await _recorded(account, "second_factor_on", None, work)


async def renew_codes(account: PydanticObjectId) -> list[str]:
    """New recovery codes in the place of the old ones."""

    async def work(session: Transaction) -> list[str]:
        return await totp.renew_codes(account, session=session)

    return await _recorded(account, "recovery_codes_renewed", None, work)


async def switch_off(account: PydanticObjectId, *, by: Actor | None = None) -> None:
    """Sign in without a second factor from now on: by its owner, or by an administrator when it was lost.

    Whoever has the lost device may be signed in on it: then all sessions end.
    """

    async def work(session: Transaction) -> None:
        await totp.remove(account, session=session)
        if by is not None:
            await end_sessions(account, session=session)

    await _recorded(account, "second_factor_off", by, work)


# ---- Roles, invitations and resets, given by others


async def set_role(
    account: PydanticObjectId,
    role: Role | None,
    *,
    scope: PydanticObjectId = SITE,
    units: list[PydanticObjectId] | None = None,
    by: Actor,
    based_on: int | None = None,
) -> audit.AuditEntry | None:
    """Give the role in a plan or in all, in the place of the one held there; None takes it away.

    `based_on` is the version of the one held when this was decided, 0 for none: StaleEdit where it is another one now.
    """
    held = await Membership.find_one({"account": account, "scope": scope, "deleted": False})
    if based_on is not None and based_on != (0 if held is None else held.version):
        last = held or await Membership.find({"account": account, "scope": scope}).sort("-created_at").first_or_none()
        if last is None:
            raise RuleBroken(_("The request was not understood."))
        raise StaleEdit(last, {})
    if held is None:
        if role is None:
            return None
        return await Membership.new(scope=scope, account=account, role=role, units=units or []).add(by=by)
    if role is None:
        return await held.remove(by=by, based_on=held.version)
    return await held.edit({"role": role, "units": units or []}, by=by, based_on=held.version)


async def invite(
    *,
    name: str,
    email: str,
    role: Role | None,
    scope: PydanticObjectId = SITE,
    units: list[PydanticObjectId] | None = None,
    by: Actor,
) -> tuple[Account, str]:
    """An account with a role (None: none yet) in a plan or in all, and the token of the link that lets its owner in."""

    async def work(session: Transaction) -> tuple[Account, str]:
        if scope != SITE and not await Plan.find_one({"_id": scope, "deleted": False}, session=session):
            raise RuleBroken(_("There is no such plan any more."), field="plan")
        account = await Account.register(name=name, email=email, by=by)
        if role is not None:
            membership = Membership.new(scope=scope, account=account.key, role=role, units=units or [])
            await membership.add(by=by)
        return account, await one_time.make(Purpose.INVITATION, account.key, session=session)

    return await in_transaction(work, key=SITE)


async def make_link(account: PydanticObjectId, *, by: Actor) -> str:
    """The token of a new link for an account: an invitation while it has no password, then one to choose a new one.

    Raises RuleBroken for an account that is disabled: the link would let nobody in.
    """
    person = await Account.find_one({"_id": account, "deleted": False})
    if person is None:
        raise NotVisible(_("This account does not exist any more."))
    if person.disabled:
        raise RuleBroken(_("The account is closed. Open it first."))
    purpose = Purpose.RESET if await passwords.has_one(account) else Purpose.INVITATION

    async def work(session: Transaction) -> str:
        return await one_time.make(purpose, account, session=session)

    return await _recorded(account, "link_made", by, work)
