"""Which kinds of documents a reader may follow in the history, and which changes they may put back.

Who reads the history sees the changes of what a plan says. Who may do what is another matter: that is read, undone and
restored only by those who read and give roles.
"""

from __future__ import annotations

from litestar.exceptions import PermissionDeniedException

from stratplan.accounts.models import Account, Membership
from stratplan.audit import AuditEntry, Change
from stratplan.documents import LivingDocument
from stratplan.goals.models import Report, Task
from stratplan.permissions import Permission
from stratplan.view import View

# What it takes to read the history of a kind, beside the right to the history.
_READING = {Membership.kind: Permission.MEMBERS_READ, Account.kind: Permission.ACCOUNTS_READ}


def hidden_kinds(view: View) -> list[str]:
    """The kinds whose changes this reader does not see."""
    return [kind for kind, permission in _READING.items() if not view.can(permission)]


def shown_kinds(view: View) -> list[type[LivingDocument]]:
    """The kinds whose changes this reader may see in a plan; accounts belong to none."""
    hidden = {*hidden_kinds(view), Account.kind}
    return [kind for name, kind in LivingDocument.kinds.items() if name not in hidden]


async def refuse_undoing(entry: AuditEntry, view: View) -> None:
    """Raise PermissionDeniedException unless the reader may take the change back: who may not make such a change of
    each of its documents today, in the units that are theirs today, may not take it back either."""
    kinds = {change.kind for change in entry.changes}
    allowed = view.can_undo(entry.by, kinds)
    for change in entry.changes:
        with_another = (change.kind, True) in {(Task.kind, Report.kind in kinds), ("line", "submission" in kinds)}
        if allowed and not with_another:
            allowed = await _may_change(change, view)
    if not allowed:
        raise PermissionDeniedException(detail=Permission.HISTORY_UNDO)


async def _may_change(change: Change, view: View) -> bool:
    kind = LivingDocument.kinds[change.kind]
    fields = set(change.after) if change.before is not None else {"deleted"}
    if not all(view.rights.allow(kind.apart[field]) for field in fields & kind.apart.keys()):
        return False
    if fields <= kind.apart.keys():
        return True
    if any(right in view.rights.grants for right in kind.written_with):
        return True
    document = await kind.get(change.document)
    owner = await Task.get(getattr(document, "task", None)) if hasattr(document, "task") else document
    return owner is not None and any(view.rights.allow(right, owner.responsible) for right in kind.written_with)


def may_restore(kind: str, view: View) -> bool:
    """Whether the reader may bring back an earlier version of a document of this kind."""
    rights = LivingDocument.kinds[kind].written_with
    return view.rights.allow(Permission.HISTORY_UNDO) and any(map(view.rights.allow, rights))
