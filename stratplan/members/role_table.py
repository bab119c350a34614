"""Who may do what, in words: the table of `stratplan.permissions` as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stratplan.choice import Choice
from stratplan.i18n import N_
from stratplan.permissions import OF_THE_SITE, SIGNED_IN, Permission, Role


class Mark(Choice):
    """Whether a role may do something; `label` is what is read out in place of the sign."""

    YES = "yes", N_("yes"), "success", "check"
    OWN = "own", N_("only on tasks of their own units"), "info", "users"
    OF_ALL_PLANS = "all_plans", N_("with the role in all plans"), "info", "globe"
    PUBLISHED = "published", N_("what is published"), "neutral", "globe"
    NO = "no", N_("no"), "muted", "minus"


# Every permission in plain words, under the part of the product that it belongs to.
WORDS: dict[str, dict[Permission, str]] = {
    N_("Everybody"): {
        Permission.OPEN: N_("Open the site, choose the language and colours, sign in"),
        Permission.ME_READ: N_("See one's own account and work"),
        Permission.ME_WRITE: N_("Change one's own account"),
    },
    N_("The plan"): {
        Permission.PLANS_READ: N_("See the plan, its overview, texts and terms"),
        Permission.PLANS_UNPUBLISHED: N_("See also what is not published"),
        Permission.PLANS_WRITE: N_("Change the plan, its texts, terms and funding sources"),
        Permission.PLANS_PUBLISH: N_("Publish the plan and withdraw it"),
        Permission.PLANS_CREATE: N_("Add plans and bring back deleted ones"),
    },
    N_("Goals and tasks"): {
        Permission.GOALS_READ: N_("See goals, tasks and their progress"),
        Permission.GOALS_WRITE: N_("Add and change goals, tasks and milestones"),
        Permission.GOALS_REPORT: N_("Report progress on a task"),
    },
    N_("Units"): {
        Permission.UNITS_READ: N_("See the units"),
        Permission.UNITS_WRITE: N_("Add and change units"),
    },
    N_("Investment plan"): {
        Permission.INVESTMENTS_READ: N_("See the investment plan and all money"),
        Permission.INVESTMENTS_WRITE: N_("Change the investment plan and report money"),
    },
    N_("SWOT"): {
        Permission.SWOT_READ: N_("See the SWOT analysis"),
        Permission.SWOT_WRITE: N_("Change the SWOT analysis"),
    },
    N_("Reviews"): {
        Permission.REVIEWS_READ: N_("Read reviews and compare them"),
        Permission.REVIEWS_WRITE: N_("Open, return and close reviews"),
        Permission.REVIEWS_REPORT: N_("Report in a review"),
        Permission.REVIEWS_REOPEN: N_("Open a closed review again"),
        Permission.REVIEWS_DOCUMENTS: N_("Have large documents of the plan made"),
    },
    N_("Comments and questions"): {
        Permission.DISCUSSION_READ: N_("Read comments and questions"),
        Permission.DISCUSSION_WRITE: N_("Comment on a task and answer questions"),
        Permission.DISCUSSION_ASK: N_("Ask the unit that is responsible a question"),
        Permission.DISCUSSION_MODERATE: N_("Remove what others wrote"),
    },
    N_("Evidence"): {
        Permission.EVIDENCE_READ: N_("See and download files"),
        Permission.EVIDENCE_WRITE: N_("Attach files to a task"),
    },
    N_("History"): {
        Permission.HISTORY_READ: N_("See who changed what, and when"),
        Permission.HISTORY_UNDO: N_("Undo any change"),
        Permission.HISTORY_UNDO_OWN: N_("Undo one's own changes"),
    },
    N_("Members"): {
        Permission.MEMBERS_READ: N_("See who has which role"),
        Permission.MEMBERS_WRITE: N_("Give roles in the plan and take them away"),
    },
    N_("Accounts"): {
        Permission.ACCOUNTS_READ: N_("See all accounts"),
        Permission.ACCOUNTS_WRITE: N_("Invite people, close and delete accounts"),
    },
}


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that may be done, and the mark of each role, in the order of the roles."""

    permission: Permission
    text: str
    marks: Sequence[Mark]


def mark_of(role: Role, permission: Permission) -> Mark:
    """What a role in a plan allows of this."""
    is_resident = role is Role.PUBLIC
    if permission in SIGNED_IN:
        return Mark.YES if permission is Permission.OPEN or not is_resident else Mark.NO
    if permission in role.own:
        return Mark.OWN
    if permission not in role.grants:
        return Mark.NO
    if is_resident:
        return Mark.PUBLISHED
    return Mark.OF_ALL_PLANS if permission in OF_THE_SITE else Mark.YES


def role_table() -> list[tuple[str, list[Right]]]:
    """All rights under their headings, each with a mark for every role."""
    return [
        (
            heading,
            [Right(permission, text, [mark_of(role, permission) for role in Role]) for permission, text in of.items()],
        )
        for heading, of in WORDS.items()
    ]
