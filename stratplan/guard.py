"""The one guard: before a handler runs, what the reader may do here is known, and what they may not is denied.

A plan that the reader may not know of is not found, and neither is what is only for others to look at; what they see
but may not change is forbidden.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from beanie import PydanticObjectId
from litestar.connection import ASGIConnection, Request
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Scope

from stratplan.accounts.roles import rights_in, rights_of_site
from stratplan.errors import NotVisible, SecondFactorNeeded
from stratplan.frame import SAFE_METHODS, Reader
from stratplan.i18n import _
from stratplan.permissions import OF_THE_SITE, SIGNED_IN, Permission, Rights, published
from stratplan.sent import URL_ENCODED, fields_of, refuse_other_bodies
from stratplan.snapshot import Snapshot, Snapshots

# Fields whose texts never stand in a page, whatever happens to the form.
PASSWORDS = frozenset({"password", "again", "current", "code"})

# Of a route about something that units are responsible for: who they are, from what is in its address.
ResponsibleUnits = Callable[[Snapshot, Mapping[str, Any]], frozenset[PydanticObjectId]]


async def open_plan(scope: Scope, snapshots: Snapshots) -> tuple[Snapshot, Rights] | None:
    """The plan in the address with the reader's rights in it, found once for a request; None where they see none."""
    state = scope["state"]
    if "plan" not in state:
        seen = public_plan_of if scope["route_handler"].opt.get("as_resident") else _plan_of_reader
        state["plan"] = await seen(scope["path_params"]["slug"], state["reader"], snapshots)
    found: tuple[Snapshot, Rights] | None = state["plan"]
    return found


async def plan_of(slug: str, account: PydanticObjectId | None, snapshots: Snapshots) -> tuple[Snapshot, Rights] | None:
    """The plan as the account sees it: whole for its members, else what of it is published."""
    snapshot = await snapshots.of(slug)
    rights = None if snapshot is None else rights_in(snapshot, account)
    if snapshot is None or rights is None:
        return None
    return (snapshot if rights.sees_unpublished else snapshot.public), rights


async def _plan_of_reader(slug: str, reader: Reader, snapshots: Snapshots) -> tuple[Snapshot, Rights] | None:
    return await plan_of(slug, reader.account, snapshots)


async def public_plan_of(slug: str, reader: Reader, snapshots: Snapshots) -> tuple[Snapshot, Rights] | None:
    """The plan as residents see it, whoever asks; before it is published, for those who may publish it.

    Raises SecondFactorNeeded where the plan asks these for a second factor that they have not given.
    """
    snapshot = await snapshots.of(slug)
    if snapshot is None:
        return None
    if not snapshot.plan.published:
        rights = rights_in(snapshot, reader.account)
        if rights is None or not rights.allow(Permission.PLANS_PUBLISH):
            return None
        if lacks_second_factor(snapshot, rights, reader):
            raise SecondFactorNeeded
    return snapshot.public, published(snapshot.plan.public_parts)


def lacks_second_factor(snapshot: Snapshot, rights: Rights, reader: Reader) -> bool:
    """Whether the plan, or the installation, asks this member for a second factor, not given at this sign-in."""
    is_open = snapshot.plan.is_open_to(is_strong=reader.is_strong) and not reader.lacks_second_factor
    return rights.sees_unpublished and not is_open


def refuse_without_second_factor(reader: Reader) -> None:
    """Raise SecondFactorNeeded where the installation asks for a second factor, and this reader has not given it."""
    if reader.lacks_second_factor:
        raise SecondFactorNeeded


async def require_permission(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Deny what no permission was declared for, and what the reader's roles don't carry here."""
    try:
        await _require(connection, handler)
    except (NotAuthorizedException, PermissionDeniedException, NotVisible):
        connection.scope["state"]["denied"] = str(handler.opt.get("permission"))  # for the log
        if isinstance(connection, Request) and connection.method == "POST":
            await _keep_what_was_typed(connection)
        raise
    if isinstance(connection, Request) and connection.method not in SAFE_METHODS:
        refuse_other_bodies(connection)


async def _keep_what_was_typed(request: Request[Any, Any, Any]) -> None:
    """A session may have ended, or a right been taken away, while a form was filled in: the answer gives it back."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind == URL_ENCODED:
        request.scope["state"]["typed"] = [
            value
            for name, value in await fields_of(request)
            if isinstance(value, str) and len(value.split()) > 1 and name not in PASSWORDS
        ]


async def _require(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    permission = handler.opt.get("permission")
    if permission is None:
        raise PermissionDeniedException(detail=f"no permission is declared for {handler}")
    state = connection.scope["state"]
    reader = state["reader"]
    if "unreachable" in state and permission is not Permission.OPEN:
        raise state["unreachable"]
    if permission in SIGNED_IN:
        if permission is not Permission.OPEN and reader.account is None:
            raise NotAuthorizedException
        if permission is not Permission.OPEN and not handler.opt.get("before_second_factor"):
            refuse_without_second_factor(reader)
        return
    if "slug" in connection.path_params and permission not in OF_THE_SITE:
        found = await open_plan(connection.scope, connection.app.state.site.snapshots)
        if found is None:
            raise NotVisible(_("There is no such plan."))
        snapshot, rights = found
        if lacks_second_factor(snapshot, rights, reader):
            raise SecondFactorNeeded
        responsible: ResponsibleUnits | None = handler.opt.get("responsible")
        about = responsible(snapshot, connection.path_params) if responsible else None
    else:
        refuse_without_second_factor(reader)
        rights, about = await rights_of_site(reader.account), None
    connection.scope["state"]["rights"] = rights
    if not rights.allow(permission, about):
        if permission.endswith(":read"):
            raise NotVisible(_("There is no such page."))
        raise PermissionDeniedException(detail=str(permission))
