"""What sums and checks need to know of investment lines, whoever keeps it: amounts, shares, plans and reports."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from stratplan.period import Period

Key = Hashable  # of a source, a goal or a unit: whatever the caller knows it by


class ShareFacts(Protocol):
    """What one source pays of a line: EUR, or percent of its amount; EUR counts where both are given."""

    @property
    def source(self) -> Key: ...
    @property
    def percent(self) -> Decimal | None: ...
    @property
    def amount(self) -> Decimal | None: ...


class YearFacts(Protocol):
    """EUR that one source is planned to pay in one year."""

    @property
    def source(self) -> Key: ...
    @property
    def year(self) -> int: ...
    @property
    def amount(self) -> Decimal: ...


class MoneyReportFacts(Protocol):
    """EUR contracted and spent so far of one source's money for one year, as known on a day."""

    @property
    def on(self) -> date: ...
    @property
    def source(self) -> Key: ...
    @property
    def year(self) -> int: ...
    @property
    def contracted(self) -> Decimal | None: ...
    @property
    def spent(self) -> Decimal | None: ...


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line of the investment plan, as far as its money goes.

    `years` are those for which it counts (see `line_years`); `units` the lead units of the tasks it pays for. A
    heading only groups the lines under its number; an amount that it has is a stated total.
    """

    number: str
    years: range
    amount: Decimal | None = None
    yearly: bool = False
    heading: bool = False
    goal: Key | None = None
    units: tuple[Key, ...] = ()
    shares: Sequence[ShareFacts] = ()
    planned: Sequence[YearFacts] = ()
    reports: Sequence[MoneyReportFacts] = ()


@dataclass(frozen=True, slots=True)
class TaskFunding:
    """The sources that a task names, and the numbers of the lines that pay for it."""

    number: str
    sources: tuple[Key, ...]
    lines: tuple[str, ...]


def line_years(plan_years: range, period: Period | None) -> range:
    """The years for which a line counts: those of its own period, else those of its plan."""
    return plan_years if period is None else period.years()
