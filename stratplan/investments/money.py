"""The money of an investment line and of all lines of a plan: totals, shares in cents, sums, and the checks.

Exact and without I/O (domain.md, Money). What nobody entered stays None and out of the sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from stratplan.investments.cents import Place, Table, from_cents, line_total, parts_by_source, to_cents
from stratplan.investments.checks import (
    Check,
    CheckCode,
    over_amount_checks,
    planned_over_share,
    report_checks,
    share_checks,
    source_checks,
    stated_total_checks,
    yearly_checks,
)
from stratplan.investments.facts import Key, LineFacts, TaskFunding
from stratplan.investments.sums import Axis, Breakdown, Cell, Sums, add, break_down
from stratplan.numbering import is_under


class Formula(StrEnum):
    """How the total of a line comes about."""

    ONCE = "once"
    YEARLY = "yearly"
    UNKNOWN = "unknown"
    HEADING = "heading"


@dataclass(frozen=True, slots=True)
class LineMoney:
    """The money of one line: its total over the plan (None where unknown and for headings), its cells, its checks.

    `total` = `amount`, or `amount` × `years` for a yearly line; a heading's `amount` is its stated total. `sources`
    are those that the line names.
    """

    number: str
    formula: Formula
    amount: Decimal | None
    years: range
    total: Decimal | None
    sources: tuple[Key, ...]
    cells: tuple[Cell, ...]
    checks: tuple[Check, ...]

    @property
    def sums(self) -> Sums:
        """All of the line's money."""
        return add(self.cells)

    def by(self, axis: Axis) -> Breakdown:
        """The line's money by source or by year."""
        return break_down(axis, self.cells, _without_amount([self]))


def line_money(line: LineFacts, day: date | None = None) -> LineMoney:
    """The money of a line, contracted and spent as reported up to the day (all reports without one).

    A yearly line is split by source for each year alone, so that each year's parts add up. A one-off line's money
    stands in the years that its planned amounts say, or in its only year; the rest is not stated by year. A line
    without shares takes its sources from its planned amounts.
    """
    if line.heading:
        stated = line_total(line.amount, line.yearly, len(line.years))
        return LineMoney(line.number, Formula.HEADING, stated, line.years, None, (), (), ())
    planned = _planned(line)
    contracted = _latest(line, day, "contracted")
    spent = _latest(line, day, "spent")
    amounts: Table = {}
    checks = share_checks(line)
    if line.amount is None:
        formula = Formula.UNKNOWN
        checks.append(Check(CheckCode.AMOUNT_UNKNOWN, line.number))
    elif line.yearly:
        formula = Formula.YEARLY
        for year in line.years:
            of_year = {source: cents for (source, when), cents in planned.items() if when == year}
            amounts |= {(source, year): cents for source, cents in parts_by_source(line, of_year).items()}
        checks += yearly_checks(line, planned, amounts)
    else:
        formula = Formula.ONCE
        amounts, over = _amounts_by_year(line, planned)
        checks += over
    checks += over_amount_checks(line, amounts)
    checks += report_checks(line, amounts, planned, contracted, spent)
    return LineMoney(
        number=line.number,
        formula=formula,
        amount=line.amount,
        years=line.years,
        total=line_total(line.amount, line.yearly, len(line.years)),
        sources=tuple(dict.fromkeys(entry.source for entries in (line.shares, line.planned) for entry in entries)),
        cells=_cells(line, amounts, contracted, spent),
        checks=tuple(checks),
    )


def _planned(line: LineFacts) -> Table:
    planned: defaultdict[Place, int] = defaultdict(int)
    for entry in line.planned:
        planned[entry.source, entry.year] += to_cents(entry.amount)
    return dict(planned)


def _latest(line: LineFacts, day: date | None, what: str) -> Table:
    """The last stated cents "contracted" or "spent" by source and year: reports tell the sums so far."""
    latest: Table = {}
    for report in sorted(line.reports, key=lambda report: report.on):
        amount: Decimal | None = getattr(report, what)
        if amount is not None and (day is None or report.on <= day):
            latest[report.source, report.year] = to_cents(amount)
    return latest


def _amounts_by_year(line: LineFacts, planned: Table) -> tuple[Table, list[Check]]:
    """Cents of a one-off line by source and year, and the findings where more is planned than a source pays."""
    of_source: defaultdict[Key | None, int] = defaultdict(int)
    for (source, _year), cents in planned.items():
        of_source[source] += cents
    parts = parts_by_source(line, of_source)
    only_year = line.years[0] if len(line.years) == 1 else None
    amounts = dict(planned)
    checks = []
    for source in [*parts, *(source for source in of_source if source not in parts)]:
        share, by_years = parts.get(source, 0), of_source.get(source, 0)
        over = by_years > max(share, 0)
        if over:
            checks.append(planned_over_share(line.number, source, None, by_years, share))
        if share != by_years or source not in of_source:
            # What is planned over the share stays planned in its years; the excess stands apart, negative.
            where = source, None if over else only_year
            amounts[where] = amounts.get(where, 0) + share - by_years
    return amounts, checks


def _cells(
    line: LineFacts,
    amounts: Table,
    contracted: Table,
    spent: Table,
) -> tuple[Cell, ...]:
    cells = []
    for place in dict.fromkeys([*amounts, *contracted, *spent]):
        sums = Sums(_at(amounts, place), _at(contracted, place), _at(spent, place))
        cells.append(Cell(line.number, line.goal, line.units, *place, sums))
    return tuple(cells)


def _at(table: Table, place: Place) -> Decimal | None:
    cents = table.get(place)
    return None if cents is None else from_cents(cents)


@dataclass(frozen=True)
class PlanMoney:
    """The money of a plan: its lines in the order given, and every finding."""

    lines: tuple[LineMoney, ...]
    checks: tuple[Check, ...]

    @cached_property
    def by_number(self) -> Mapping[str, LineMoney]:
        """The lines by their number."""
        return {line.number: line for line in self.lines}

    @cached_property
    def total(self) -> Sums:
        """All money of the plan."""
        return add(self.cells)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The numbers of the lines that have no amount; headings are not among them."""
        return _without_amount(self.lines)

    def by(self, axis: Axis) -> Breakdown:
        """The money by one axis; years in their order, other keys as they first come, "not stated" (None) last."""
        if axis not in self._by:
            self._by[axis] = break_down(axis, self.cells, self.left_out)
        return self._by[axis]

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of all lines."""
        return tuple(cell for line in self.lines for cell in line.cells)

    @cached_property
    def _by(self) -> dict[Axis, Breakdown]:
        return {}

    def cross(self, *axes: Axis) -> dict[tuple[Key | None, ...], Sums]:
        """The money by several axes at once, such as source × goal × year; the sums add up to the total."""
        groups: defaultdict[tuple[Key | None, ...], list[Cell]] = defaultdict(list)
        for cell in self.cells:
            groups[tuple(axis.key_of(cell) for axis in axes)].append(cell)
        return {key: add(cells) for key, cells in groups.items()}

    def under(self, number: str) -> PlanMoney:
        """The lines under a heading, with no findings of their own."""
        return PlanMoney(tuple(line for line in self.lines if is_under(line.number, number)), ())


def plan_money(lines: Iterable[LineFacts], tasks: Iterable[TaskFunding] = (), day: date | None = None) -> PlanMoney:
    """The money of all lines, contracted and spent as reported up to the day, with the checks of domain.md, Money."""
    return add_up([line_money(line, day) for line in lines], tasks)


def add_up(lines: Iterable[LineMoney], tasks: Iterable[TaskFunding] = ()) -> PlanMoney:
    """The money of a plan from that of its lines, for callers that keep lines which did not change."""
    money = PlanMoney(tuple(lines), ())
    checks = [check for line in money.lines for check in line.checks]
    for line in money.lines:
        if line.formula is Formula.HEADING and line.amount is not None:
            under = money.under(line.number)
            checks += stated_total_checks(line.number, line.amount, under.total, under.left_out)
    for task in tasks:
        found = (money.by_number.get(number) for number in task.lines)
        paying = [line for line in found if line is not None and line.formula is not Formula.HEADING]
        if paying:  # a task without lines is paid from elsewhere
            checks += source_checks(task, {source for line in paying for source in line.sources})
    return PlanMoney(money.lines, tuple(checks))


def _without_amount(lines: Iterable[LineMoney]) -> tuple[str, ...]:
    return tuple(line.number for line in lines if line.formula is Formula.UNKNOWN)
