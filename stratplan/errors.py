"""The failures a person is told about: each message says in one sentence what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stratplan.i18n import ngettext

if TYPE_CHECKING:
    from stratplan.audit import AuditEntry
    from stratplan.documents import LivingDocument


class StratplanError(Exception):
    """A failure whose message is shown to a person as it is, without a traceback."""


class DatabaseUnavailable(StratplanError):
    """The database cannot be found, started or reached."""


class RuleBroken(StratplanError):
    """A change that a rule forbids; nothing was written. `field` names the form field it stands at, if one."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotVisible(StratplanError):
    """What does not exist, or what this reader may not see: the two are not told apart."""


class SecondFactorNeeded(StratplanError):
    """What asks for a second factor, opened by somebody who has not given one at this sign-in."""


class TooManyAttempts(StratplanError):
    """A try that comes too soon after others that failed; `seconds` are to be waited."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        minutes = -(-self.seconds // 60)
        if minutes > 1:
            return ngettext(
                "Too many attempts. Try again in %(num)s minute.",
                "Too many attempts. Try again in %(num)s minutes.",
                minutes,
            )
        return ngettext(
            "Too many attempts. Try again in %(num)s second.",
            "Too many attempts. Try again in %(num)s seconds.",
            self.seconds,
        )


class StaleEdit(StratplanError):
    """A change based on an older version; carries the document as it is now, the values that were meant (of `kind`,
    where they were meant for a part of its own, such as a task's report) and the entries made since, newest first."""

    def __init__(
        self,
        current: LivingDocument,
        mine: Mapping[str, Any],
        since: Sequence[AuditEntry] = (),
        kind: type[LivingDocument] | None = None,
    ) -> None:
        super().__init__(current.caption)
        self.current = current
        self.mine = dict(mine)
        self.since = since
        self.kind = kind or type(current)
