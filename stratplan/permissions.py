"""Who may do what: the permissions, the roles that carry them, and the guard that denies the rest."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler

from stratplan.i18n import N_


class Permission(StrEnum):
    """One right; named `slice:deed`, declared on every route."""

    OPEN = "open:read"  # the way in: language, theme, static files, health
    PLANS_READ = "plans:read"
    PLANS_WRITE = "plans:write"
    GOALS_READ = "goals:read"
    GOALS_WRITE = "goals:write"
    GOALS_REPORT = "goals:report"
    UNITS_READ = "units:read"
    UNITS_WRITE = "units:write"
    INVESTMENTS_READ = "investments:read"
    INVESTMENTS_WRITE = "investments:write"
    SWOT_READ = "swot:read"
    SWOT_WRITE = "swot:write"
    HISTORY_READ = "history:read"
    HISTORY_UNDO = "history:undo"


class Role(StrEnum):
    """What a person is to the organisation; carries its label and its permissions."""

    label: str
    permissions: frozenset[Permission]

    def __new__(cls, value: str, label: str, permissions: frozenset[Permission]) -> Role:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.permissions = permissions
        return member

    ADMIN = "admin", N_("Administrator"), frozenset(Permission)


def require_permission(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Deny what no permission was declared for, and what the reader's role doesn't carry."""
    permission = handler.opt.get("permission")
    if permission is None:
        raise PermissionDeniedException(detail=f"no permission is declared for {handler}")
    reader = connection.scope["state"].get("reader")
    if reader is None:
        raise NotAuthorizedException()
    if permission not in reader.permissions:
        raise PermissionDeniedException(detail=str(permission))
