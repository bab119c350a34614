"""Which kinds of documents a reader may follow in the history, and which changes they may put back.

Who reads the history sees the changes of what a plan says. Who may do what is another matter: that is read, undone and
restored only by those who read and give roles.
"""

from __future__ import annotations

from collections.abc import Iterable

from stratplan.accounts.models import Account, Membership
from stratplan.documents import LivingDocument
from stratplan.permissions import Permission
from stratplan.web import View

# What it takes to read the history of a kind, and to put something of it back, beside the rights to the history.
_READING = {Membership.kind: Permission.MEMBERS_READ, Account.kind: Permission.ACCOUNTS_READ}
_WRITING = {Membership.kind: Permission.MEMBERS_WRITE, Account.kind: Permission.ACCOUNTS_WRITE}


def hidden_kinds(view: View) -> list[str]:
    """The kinds whose changes this reader does not see."""
    return [kind for kind, permission in _READING.items() if not view.can(permission)]


def shown_kinds(view: View) -> list[type[LivingDocument]]:
    """The kinds whose changes this reader may see in a plan; accounts belong to none."""
    hidden = {*hidden_kinds(view), Account.kind}
    return [kind for name, kind in LivingDocument.kinds.items() if name not in hidden]


def may_undo(by: str, kinds: Iterable[str], view: View) -> bool:
    """Whether the reader may take back a change that `by` made to documents of these kinds."""
    return view.can_undo(by) and _may_write(kinds, view)


def may_restore(kind: str, view: View) -> bool:
    """Whether the reader may bring back an earlier version of a document of this kind."""
    return view.rights.allow(Permission.HISTORY_UNDO) and _may_write([kind], view)


def _may_write(kinds: Iterable[str], view: View) -> bool:
    return all(view.rights.allow(_WRITING[kind]) for kind in kinds if kind in _WRITING)
