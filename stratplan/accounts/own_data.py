"""All that is kept about a person, for the person (GDPR, article 15): what tells who they are, their roles, what they
did. What proves who they are is left out: it tells nothing about them, and would let whoever reads the file in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from beanie import Document, PydanticObjectId

from stratplan.accounts.models import OF_A_PERSON, Account, Membership, Session
from stratplan.audit import AuditEntry

# Of every document of a person's: hashes, sealed secrets, and ids that are the hash of a token.
PROOFS = frozenset({"hash", "sealed", "pending", "pending_until", "codes", "last_step", "secret", "token", "digest"})


async def own_data(account: Account) -> dict[str, Any]:
    """Everything about the account, ready for JSON; lists of documents by the name of what they are."""
    key = account.key
    found: dict[str, Any] = {"account": {"id": str(key), "created_at": account.created_at, "closed": account.disabled}}
    kinds: list[type[Document]] = [*OF_A_PERSON, Session]
    for kind in kinds:
        documents = kind.get_motor_collection().find({"$or": [{"_id": key}, {"account": key}]})
        found[str(kind.get_settings().name)] = [_readable(raw) async for raw in documents]
    found["roles"] = [
        {"role": one.role.value, "in": str(one.scope), "units": [str(unit) for unit in one.units]}
        for one in await Membership.find({"account": key, "deleted": False}).to_list()
    ]
    found["changes_made"] = [
        _readable(raw) async for raw in AuditEntry.get_motor_collection().find({"by": str(key)}).sort("at", 1)
    ]
    found["changes_of_the_account"] = [
        {"at": entry.at, "deed": entry.tag, "by": entry.by}
        for entry in await AuditEntry.find({"changes.document": key}).sort("at").to_list()
    ]
    plain: dict[str, Any] = _plain(found)
    return plain


def _readable(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in raw.items()
        if name not in PROOFS and not (name == "_id" and not isinstance(value, PydanticObjectId))
    }


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(name): _plain(part) for name, part in value.items()}
        case list():
            return [_plain(part) for part in value]
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.isoformat()
    return str(value)
