"""Who acts: what a change records of the person or program that made it."""

from __future__ import annotations

from dataclasses import dataclass

from stratplan.i18n import N_, _


@dataclass(frozen=True, slots=True)
class Actor:
    """A person (by the account's id) or a program, in whose name a change is recorded.

    Never a name: names belong to people, who may change them or be forgotten, and the history keeps what is recorded.
    """

    id: str


COMMAND_LINE = Actor("command-line")
PROVIDER = Actor("sign-in-provider")
REMINDERS = Actor("reminders")
BY_THEMSELVES = (
    COMMAND_LINE.id,
    PROVIDER.id,
    REMINDERS.id,
)  # loaded files, roles from outside: nobody's work on a plan

PROGRAMS = {
    COMMAND_LINE.id: N_("stratplan, from the command line"),
    PROVIDER.id: N_("stratplan, at sign-in"),
    REMINDERS.id: N_("stratplan, by the due date"),
    "local": N_("The built-in account"),  # of plans that were worked on before there were accounts
}


def pseudonym(identity: object) -> str:
    """What a person without a name is called: the same for the same account, telling nothing of who it was."""
    return _("Person %(code)s", code=str(identity)[-6:].upper())
