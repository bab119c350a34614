"""Who may do what: the permissions, and the table of roles that carry them. The guard reads it; so does the page for
administrators."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from beanie import PydanticObjectId

from stratplan.choice import Choice
from stratplan.i18n import N_


class Permission(StrEnum):
    """One right; named `slice:deed`, declared on every route."""

    OPEN = "open:read"  # the way in: language, theme, static files, health, signing in
    ME_READ = "me:read"  # one's own account, whoever is signed in
    ME_WRITE = "me:write"

    PLANS_READ = "plans:read"
    PLANS_UNPUBLISHED = "unpublished:read"  # the plan as it is, not as it is published
    PLANS_WRITE = "plans:write"
    PLANS_PUBLISH = "plans:publish"
    PLANS_CREATE = "plans:create"
    GOALS_READ = "goals:read"
    GOALS_WRITE = "goals:write"
    GOALS_REPORT = "goals:report"
    UNITS_READ = "units:read"
    UNITS_WRITE = "units:write"
    INVESTMENTS_READ = "investments:read"
    INVESTMENTS_WRITE = "investments:write"
    SWOT_READ = "swot:read"
    SWOT_WRITE = "swot:write"
    REVIEWS_READ = "reviews:read"
    REVIEWS_WRITE = "reviews:write"  # open, return, close
    REVIEWS_REPORT = "reviews:report"  # a unit's part
    REVIEWS_REOPEN = "reviews:reopen"
    REVIEWS_DOCUMENTS = "reviews:documents"  # have large documents made
    DISCUSSION_READ = "discussion:read"
    DISCUSSION_WRITE = "discussion:write"
    DISCUSSION_ASK = "discussion:ask"  # a question to the unit that is responsible
    DISCUSSION_MODERATE = "discussion:moderate"
    EVIDENCE_READ = "evidence:read"
    EVIDENCE_WRITE = "evidence:write"
    HISTORY_READ = "history:read"
    HISTORY_UNDO = "history:undo"
    HISTORY_UNDO_OWN = "history:undo-own"  # what one has just done oneself
    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"


SIGNED_IN = frozenset({Permission.OPEN, Permission.ME_READ, Permission.ME_WRITE})
# Given by a role in the whole installation, never by one in a single plan.
OF_THE_SITE = frozenset({Permission.PLANS_CREATE, Permission.ACCOUNTS_READ, Permission.ACCOUNTS_WRITE})

_PUBLISHED = frozenset(
    {
        Permission.PLANS_READ,
        Permission.GOALS_READ,
        Permission.UNITS_READ,
        Permission.INVESTMENTS_READ,
        Permission.SWOT_READ,
        Permission.REVIEWS_READ,
    }
)
_INSIDE = _PUBLISHED | {
    Permission.PLANS_UNPUBLISHED,
    Permission.REVIEWS_DOCUMENTS,
    Permission.DISCUSSION_READ,
    Permission.EVIDENCE_READ,
    Permission.HISTORY_READ,
    Permission.HISTORY_UNDO_OWN,
}
_PLANNING = _INSIDE | {
    Permission.PLANS_WRITE,
    Permission.PLANS_PUBLISH,
    Permission.GOALS_WRITE,
    Permission.GOALS_REPORT,
    Permission.UNITS_WRITE,
    Permission.INVESTMENTS_WRITE,
    Permission.SWOT_WRITE,
    Permission.REVIEWS_WRITE,
    Permission.REVIEWS_REPORT,
    Permission.DISCUSSION_WRITE,
    Permission.DISCUSSION_ASK,
    Permission.DISCUSSION_MODERATE,
    Permission.EVIDENCE_WRITE,
    Permission.HISTORY_UNDO,
    Permission.MEMBERS_READ,
}
_OWN = frozenset(
    {Permission.GOALS_REPORT, Permission.REVIEWS_REPORT, Permission.DISCUSSION_WRITE, Permission.EVIDENCE_WRITE}
)


class Role(Choice):
    """What a person is to a plan, or to all of them; `grants` anywhere in it, `own` only where a unit of theirs, or one
    below it, leads or takes part."""

    explanation: str
    grants: frozenset[Permission]
    own: frozenset[Permission]

    def __new__(
        cls,
        value: str,
        label: str,
        tone: str,
        icon: str,
        explanation: str,
        grants: frozenset[Permission],
        own: frozenset[Permission] = frozenset(),
    ) -> Role:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.tone = tone
        member.icon = icon
        member.explanation = explanation
        member.grants = grants
        member.own = own
        return member

    ADMIN = (
        "admin",
        N_("Administrator"),
        "danger",
        "shield-check",
        N_("Everything, and who may do what"),
        frozenset(Permission) - SIGNED_IN,
    )
    PLANNER = (
        "planner",
        N_("Planner"),
        "info",
        "pencil",
        N_("Keeps the plan: edits, reports, publishes"),
        frozenset(_PLANNING),
    )
    REPORTER = (
        "reporter",
        N_("Head of a unit"),
        "success",
        "clipboard-check",
        N_("Reports on the tasks of their units, sees the rest"),
        frozenset(_INSIDE),
        _OWN,
    )
    COUNCIL = (
        "council",
        N_("Council member"),
        "neutral",
        "landmark",
        N_("Reads everything and asks questions"),
        frozenset(_INSIDE | {Permission.DISCUSSION_ASK}),
    )
    PUBLIC = (
        "public",
        N_("Not signed in"),
        "muted",
        "globe",
        N_("Sees what is published"),
        _PUBLISHED,
    )


GIVEN_ROLES = tuple(role for role in Role if role is not Role.PUBLIC)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a reader may do in one plan (or, outside of plans, in the installation); equal for all who see the same."""

    role: Role
    grants: frozenset[Permission]
    own: frozenset[Permission] = frozenset()
    units: frozenset[PydanticObjectId] = frozenset()

    @property
    def sees_unpublished(self) -> bool:
        """Whether the plan is shown as it is, and not as it is published."""
        return Permission.PLANS_UNPUBLISHED in self.grants

    def allow(self, permission: Permission, responsible: frozenset[PydanticObjectId] | None = None) -> bool:
        """Whether this may be done; about something that units in `responsible` lead or take part in, where given."""
        return permission in self.grants or (
            permission in self.own and responsible is not None and not self.units.isdisjoint(responsible)
        )

    def allow_somewhere(self, permission: Permission) -> bool:
        """Whether there may be anything about which this may be done."""
        return permission in self.grants or (permission in self.own and bool(self.units))


def published(parts: Collection[str]) -> Rights:
    """What anybody may do in a plan that publishes `parts`: look at them."""
    closed = {permission for part, permission in _PART_READ.items() if part not in parts}
    return Rights(Role.PUBLIC, Role.PUBLIC.grants - closed)


_PART_READ = {
    "funding": Permission.INVESTMENTS_READ,
    "swot": Permission.SWOT_READ,
    "reviews": Permission.REVIEWS_READ,
}
NONE = Rights(Role.PUBLIC, frozenset())


@dataclass(frozen=True, slots=True)
class Held:
    """A role that somebody holds: in one plan or in all of them, bound to these units and all below them."""

    role: Role
    units: frozenset[PydanticObjectId] = frozenset()
    of_site: bool = False

    @property
    def grants(self) -> frozenset[Permission]:
        """What the role allows where it is held."""
        return self.role.grants if self.of_site else self.role.grants - OF_THE_SITE


def together(held: Sequence[Held]) -> Rights:
    """The rights of several roles held at once, named for the strongest."""
    strongest = min((one.role for one in held), key=lambda role: role.order)
    grants = frozenset[Permission]().union(*(one.grants for one in held))
    own = frozenset[Permission]().union(*(one.role.own for one in held)) - grants
    units = frozenset[PydanticObjectId]().union(*(one.units for one in held)) if own else frozenset()
    return Rights(strongest, grants, own, units)
