"""Money added up: by source, goal, year or unit; what nobody stated stays None, for unknown is not zero."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from stratplan.investments.facts import Key


@dataclass(frozen=True, slots=True)
class Sums:
    """EUR of the indicative amounts, contracted and spent; each None where nobody stated anything."""

    amount: Decimal | None = None
    contracted: Decimal | None = None
    spent: Decimal | None = None

    @property
    def is_empty(self) -> bool:
        return self.amount is None and self.contracted is None and self.spent is None


@dataclass(frozen=True, slots=True)
class Cell:
    """The money of one line, of one source, in one year.

    `source` None: what no source covers, negative where the sources' parts are over the amount. `year` None: not
    stated by year, negative where more is planned by years than the source pays.
    """

    line: str
    goal: Key | None
    units: tuple[Key, ...]
    source: Key | None
    year: int | None
    sums: Sums


class Axis(StrEnum):
    """What money is broken down by. Keys by unit are tuples: a line of several units' tasks is not divided."""

    SOURCE = "source"
    GOAL = "goal"
    YEAR = "year"
    UNIT = "unit"

    def key_of(self, cell: Cell) -> Key | None:
        """The cell's key on this axis; None where it is not stated."""
        match self:
            case Axis.SOURCE:
                return cell.source
            case Axis.GOAL:
                return cell.goal
            case Axis.YEAR:
                return cell.year
            case Axis.UNIT:
                return cell.units or None


@dataclass(frozen=True, slots=True)
class Row:
    """The money under one key, and the numbers of the lines it comes from."""

    key: Key | None
    sums: Sums
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Money by one axis: its rows add up to the total. `left_out` are the numbers of lines with no amount."""

    axis: Axis
    rows: tuple[Row, ...]
    total: Sums
    left_out: tuple[str, ...]


def break_down(axis: Axis, cells: Sequence[Cell], left_out: tuple[str, ...]) -> Breakdown:
    """The cells by one axis; years in their order, other keys as they first come, "not stated" (None) last."""
    groups: defaultdict[Key | None, list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[axis.key_of(cell)].append(cell)
    keys = sorted(groups, key=lambda key: (key is None, key if isinstance(key, int) else 0))
    return Breakdown(
        axis=axis,
        rows=tuple(Row(key, add(groups[key]), tuple(dict.fromkeys(cell.line for cell in groups[key]))) for key in keys),
        total=add(cells),
        left_out=left_out,
    )


def add(cells: Iterable[Cell]) -> Sums:
    """All money of the cells."""
    amount: Decimal | None = None
    contracted: Decimal | None = None
    spent: Decimal | None = None
    for cell in cells:
        sums = cell.sums
        amount = _plus(amount, sums.amount)
        contracted = _plus(contracted, sums.contracted)
        spent = _plus(spent, sums.spent)
    return Sums(amount, contracted, spent)


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    if one is None or other is None:
        return one if other is None else other
    return one + other
