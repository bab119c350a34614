"""Whose account a person is that an OpenID Connect provider vouches for: known, matched by e-mail, or made."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from beanie import Document, PydanticObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from stratplan import audit
from stratplan.accounts.models import OF_A_PERSON, Account, Membership, Profile, folded
from stratplan.accounts.openid import Claims
from stratplan.accounts.openid_failed import not_admitted
from stratplan.actors import PROVIDER
from stratplan.database import Session as Transaction
from stratplan.database import in_transaction
from stratplan.documents import SITE, now
from stratplan.i18n import _
from stratplan.permissions import Role


class Identity(Document):
    """An account's name at a provider, which stays the same while e-mail addresses pass from one person to another.

    Says who somebody is: never in the history, and removed with the person.
    """

    account: PydanticObjectId
    issuer: str
    subject: str
    linked_at: datetime

    class Settings:
        name = "identities"
        indexes: ClassVar = [
            IndexModel([("issuer", ASCENDING), ("subject", ASCENDING)], unique=True),
            # One of each provider's: who takes over an e-mail address doesn't take over the account with it.
            IndexModel([("account", ASCENDING), ("issuer", ASCENDING)], unique=True),
        ]


OF_A_PERSON.append(Identity)


async def account_of(claims: Claims, *, role: Role | None) -> PydanticObjectId:
    """The account of the person who signed in at the provider, made with `role` (in all plans) where there is none.

    Raises OpenIdFailed with status 403 for who is not let in: disabled, not vouched for, or unknown and `role` is None.
    """

    async def work(session: Transaction) -> PydanticObjectId:
        known = await Identity.find_one({"issuer": claims.issuer, "subject": claims.subject}, session=session)
        if known is not None:
            return (await _enabled(known.account, session)).key
        if claims.email is None or not claims.email_verified:
            # An address that anybody may claim would open the account of whoever has it, or keep them from theirs.
            raise not_admitted(
                _("The sign-in provider does not confirm your e-mail address, so your account cannot be found by it."),
                "unknown, and no verified e-mail",
            )
        profile = await Profile.find_one({"email_folded": folded(claims.email)}, session=session)
        if profile is not None:
            return await _linked(claims, claims.email, profile, session)
        if role is None:
            raise not_admitted(_("You have no account here. Ask an administrator for one."), "unknown")
        return await _made(claims, claims.email, role, session)

    try:
        return await in_transaction(work, key=SITE)
    except DuplicateKeyError:
        # The same person's other tab came first; what it made is there now.
        return await in_transaction(work, key=SITE)


async def _enabled(key: PydanticObjectId, session: Transaction) -> Account:
    account = await Account.find_one({"_id": key, "deleted": False, "disabled": False}, session=session)
    if account is None:
        raise not_admitted(_("This account cannot sign in. Ask an administrator."), f"account {key} is disabled")
    return account


async def _linked(claims: Claims, email: str, profile: Profile, session: Transaction) -> PydanticObjectId:
    account = await _enabled(PydanticObjectId(profile.id), session)
    # Addresses are found without regard to case, and letters of other scripts fold into ours: K, the sign of kelvins,
    # into k. A provider may let two people have two such addresses; only what differs in ASCII's case is one.
    is_same = email.encode().lower() == profile.email.encode().lower()
    other = await Identity.find_one({"account": account.key, "issuer": claims.issuer}, session=session)
    if other is not None or not is_same:
        raise not_admitted(
            _("Someone else signs in to the account with your e-mail address. Ask an administrator."),
            f"account {account.key} is {'linked to another subject' if is_same else 'of a similar address'}",
        )
    await _identity(claims, account.key).insert(session=session)
    await audit.record("account.linked", [audit.changed(account)], by=PROVIDER)
    return account.key


async def _made(claims: Claims, email: str, role: Role, session: Transaction) -> PydanticObjectId:
    account = await Account.register(name=claims.name or email.partition("@")[0], email=email, by=PROVIDER)
    await Membership.new(scope=SITE, account=account.key, role=role).add(by=PROVIDER)
    await _identity(claims, account.key).insert(session=session)
    return account.key


def _identity(claims: Claims, account: PydanticObjectId) -> Identity:
    return Identity(account=account, issuer=claims.issuer, subject=claims.subject, linked_at=now())
