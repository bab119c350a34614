"""What every explanation is made of: texts, tables, what was left out; and the names and addresses that they share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from stratplan import i18n
from stratplan.goals.models import Goal, Task
from stratplan.i18n import _
from stratplan.plans.models import FundingSource
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit

PLACES = 2  # decimals of the percentages in tables


@dataclass(frozen=True, slots=True)
class Said:
    """A text, and the page of the plan that it leads to, if any."""

    text: str
    path: str = ""

    @property
    def is_figure(self) -> bool:
        """Whether it leads to another explanation, which the dialog can show."""
        return self.path.startswith("/figures/")


NOTHING_SAID = Said("")


@dataclass(frozen=True, slots=True)
class Column:
    """The heading of a table's column."""

    text: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Inputs of a figure; `total` is the row that they add up to."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Said, ...], ...]
    total: tuple[Said, ...] | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What does not count in a figure, and why."""

    what: Said
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One figure: what it is, its value, and everything that it follows from.

    `path` is its own address in the plan; `leads` are the pages of what it is about and the figures it is part of.
    """

    title: str
    value: str
    path: str
    formula: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    leads: tuple[Said, ...] = ()


# --- addresses and names -----------------------------------------------------------------------------------


def in_address(document: Goal | Task | FundingSource) -> str:
    """A document's code or number as it stands in an address; its id where the code has signs that do not fit there."""
    code = document.number if isinstance(document, Task) else document.code
    return code if re.fullmatch(r"[\w.-]+", code) and code != "none" else str(document.key)


def goal_figure(goal: Goal) -> str:
    """Where the progress of a goal is explained."""
    return f"/figures/progress/goals/{in_address(goal)}"


def task_figure(task: Task) -> str:
    """Where the progress of a task is explained."""
    return f"/figures/progress/tasks/{in_address(task)}"


def schedule_figure(task: Task) -> str:
    """Where the schedule of a task is explained."""
    return f"/figures/schedule/tasks/{in_address(task)}"


def task_page(task: Task) -> Said:
    """A task with the way to its page."""
    return Said(task.caption, f"/tasks/{in_address(task)}")


def goal_page(goal: Goal) -> Said:
    """A goal with the way to its page."""
    return Said(goal.caption, f"/goals/{in_address(goal)}")


def lead_unit(snapshot: Snapshot, task: Task) -> Said:
    """The unit that leads a task, with the way to its page."""
    unit = snapshot.find(Unit, task.lead)
    return NOTHING_SAID if unit is None else Said(unit.caption, f"/units/{unit.key}")


def parts_that_add_up(shares: Sequence[Fraction], places: int = PLACES) -> list[Fraction]:
    """Shares of one rounded for showing, so that what is shown adds up to the sum as it is shown.

    By the largest remainder method, as money is divided; places are those of a percentage.
    """
    scale = 100 * 10**places
    exact = [share * scale for share in shares]
    whole = [value.numerator // value.denominator for value in exact]
    left_over = int(i18n.half_up(sum(exact, Fraction(0)))) - sum(whole)
    first_served = sorted(range(len(exact)), key=lambda place: (whole[place] - exact[place], place))
    for place in first_served[:left_over]:
        whole[place] += 1
    return [Fraction(value, scale) for value in whole]


def of_day(day: date) -> tuple[str, str]:
    """The fact that every explanation begins with."""
    return _("As of"), i18n.short_date(day)
