"""Who acts: for now the one built-in account of a computer that serves only itself."""

from __future__ import annotations

from dataclasses import dataclass

from stratplan.permissions import Role


@dataclass(frozen=True, slots=True)
class Account:
    """A person (or the command line) in whose name a change is recorded."""

    id: str
    name: str
    role: Role


# Records keep the name as it was, so it is not translated: a name is the same in every language.
LOCAL = Account(id="local", name="Vietējais konts", role=Role.ADMIN)
COMMAND_LINE = Account(id="command-line", name="stratplan", role=Role.ADMIN)
