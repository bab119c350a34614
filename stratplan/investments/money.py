"""Money of the investment plan: line totals, shares in cents, sums by source, goal, year and unit, and the checks.

Exact and without I/O (domain.md, Money). Amounts are EUR with cents; inside they are counted in whole cents. What
nobody entered stays None and out of the sums: unknown is not zero. What does not add up is shown, never repaired.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from math import lcm
from typing import Protocol

from stratplan.choice import Choice
from stratplan.i18n import N_
from stratplan.numbering import is_under
from stratplan.period import Period

Key = Hashable  # of a source, a goal or a unit: whatever the caller knows it by
Place = tuple[Key | None, int | None]  # source, year
Table = dict[Place, int]  # cents
HUNDRED = Decimal(100)
LARGEST = Decimal("999999999999.99")  # room for 12 digits (domain.md, Money)


# --- cents -------------------------------------------------------------------------------------------------


def to_cents(amount: Decimal) -> int:
    """EUR as whole cents; ValueError for what is not an amount from 0 up with at most two decimals."""
    if not amount.is_finite() or amount < 0:
        raise ValueError(N_("An amount cannot be negative."))
    if amount > LARGEST:
        raise ValueError(N_("The amount is too large."))
    hundredfold = amount * 100
    cents = int(hundredfold)
    if cents != hundredfold:
        raise ValueError(N_("An amount has at most two decimal places."))
    return cents


def from_cents(cents: int) -> Decimal:
    """Whole cents as EUR with two decimals."""
    return Decimal(cents).scaleb(-2)


def split_by_percent(total: Decimal, percents: Sequence[Decimal]) -> list[Decimal]:
    """`total` EUR divided by percentages to the cent, by the largest remainder method (domain.md, Money).

    The parts add up to the total where the percentages add up to 100, and else to that percentage of it, rounded
    half up. Each part is within a cent of its exact value. Cents left over go to the largest remainders, among
    equal ones to the larger percentage, then to the one named first.
    """
    return [from_cents(cents) for cents in _split(to_cents(total), percents)]


def _split(total: int, percents: Sequence[Decimal]) -> list[int]:
    if any(not percent.is_finite() or percent < 0 for percent in percents):
        raise ValueError(N_("A percentage cannot be negative."))
    ratios = [percent.as_integer_ratio() for percent in percents]
    below = lcm(*(denominator for _numerator, denominator in ratios))
    whole = 100 * below
    exact = [total * numerator * (below // denominator) for numerator, denominator in ratios]  # cents × whole
    parts = [share // whole for share in exact]
    left_over = (2 * sum(exact) + whole) // (2 * whole) - sum(parts)
    if left_over:
        first_served = sorted(range(len(parts)), key=lambda place: (-(exact[place] % whole), -percents[place], place))
        for place in first_served[:left_over]:
            parts[place] += 1
    return parts


def line_total(amount: Decimal | None, yearly: bool, years: int) -> Decimal | None:
    """EUR of a line over the whole plan: a yearly amount counts once for each of `years`; None where unknown."""
    if amount is None:
        return None
    return from_cents(to_cents(amount) * (years if yearly else 1))


def line_years(plan_years: range, period: Period | None) -> range:
    """The years for which a line counts: those of its own period, else those of its plan."""
    return plan_years if period is None else period.years()


# --- facts -------------------------------------------------------------------------------------------------


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


# --- checks ------------------------------------------------------------------------------------------------


class CheckCode(Choice):
    """What a check found (domain.md, Money); the finding is shown, the numbers stay as they were entered."""

    PERCENTS_NOT_100 = "percents_not_100", N_("Percentages do not add up"), "warning", "percent"
    PARTS_NOT_AMOUNT = "parts_not_amount", N_("Parts do not add up"), "warning", "sigma"
    PLANNED_OVER_SHARE = "planned_over_share", N_("More planned than the source pays"), "warning", "sigma"
    STATED_TOTAL_DIFFERS = "stated_total_differs", N_("Stated total differs"), "warning", "sigma"
    SOURCE_WITHOUT_LINE = "source_without_line", N_("Source without a line"), "warning", "link-2-off"
    SPENT_OVER_CONTRACTED = "spent_over_contracted", N_("More spent than contracted"), "danger", "triangle-alert"
    CONTRACTED_OVER_PLANNED = (
        "contracted_over_planned",
        N_("More contracted than planned"),
        "danger",
        "triangle-alert",
    )
    AMOUNT_UNKNOWN = "amount_unknown", N_("Amount not known"), "info", "circle-help"


_MESSAGES = {
    CheckCode.PERCENTS_NOT_100: N_("Line %(subject)s: the percentages add up to %(sum)s, not to %(whole)s."),
    CheckCode.PARTS_NOT_AMOUNT: N_(
        "Line %(subject)s: the parts of its sources add up to %(parts)s, its amount is %(amount)s."
    ),
    CheckCode.PLANNED_OVER_SHARE: N_(
        "Line %(subject)s, %(source)s: %(planned)s is planned by years, the source pays %(share)s."
    ),
    CheckCode.STATED_TOTAL_DIFFERS: N_("Heading %(subject)s states %(stated)s, its lines add up to %(sum)s."),
    CheckCode.SOURCE_WITHOUT_LINE: N_(
        "Task %(subject)s names the source %(source)s, which none of its investment lines has."
    ),
    CheckCode.SPENT_OVER_CONTRACTED: N_(
        "Line %(subject)s, %(source)s, %(year)s: %(spent)s is spent, %(contracted)s is contracted."
    ),
    CheckCode.CONTRACTED_OVER_PLANNED: N_(
        "Line %(subject)s, %(source)s: %(contracted)s is contracted, %(planned)s is planned."
    ),
    CheckCode.AMOUNT_UNKNOWN: N_("Line %(subject)s has no amount and is left out of the sums."),
}
_MESSAGES_OF_A_YEAR = {
    CheckCode.PLANNED_OVER_SHARE: N_(
        "Line %(subject)s, %(source)s, %(year)s: %(planned)s is planned, the source pays %(share)s."
    ),
    CheckCode.CONTRACTED_OVER_PLANNED: N_(
        "Line %(subject)s, %(source)s, %(year)s: %(contracted)s is contracted, %(planned)s is planned."
    ),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: of the line, heading or task numbered `subject`, of a source and a year where it is of one.

    `amounts` are EUR, `percents` percent, both by the name of their place in the message.
    """

    code: CheckCode
    subject: str
    source: Key | None = None
    year: int | None = None
    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    percents: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def is_of_task(self) -> bool:
        """Whether `subject` is the number of a task, not of a line."""
        return self.code is CheckCode.SOURCE_WITHOUT_LINE

    @property
    def message(self) -> str:
        """The English source text, with places for `values`."""
        message = _MESSAGES[self.code]
        return message if self.year is None else _MESSAGES_OF_A_YEAR.get(self.code, message)

    def values(
        self,
        *,
        money: Callable[[Decimal], str],
        percent: Callable[[Decimal], str],
        source: Callable[[Key | None], str],
    ) -> dict[str, str]:
        """What to fill the message with, written by the functions given."""
        return {
            "subject": self.subject,
            "source": source(self.source),
            "year": "" if self.year is None else str(self.year),
            **{name: money(amount) for name, amount in self.amounts.items()},
            **{name: percent(share) for name, share in self.percents.items()},
        }


# --- one line ----------------------------------------------------------------------------------------------


class Formula(StrEnum):
    """How the total of a line comes about."""

    ONCE = "once"
    YEARLY = "yearly"
    UNKNOWN = "unknown"
    HEADING = "heading"


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
        return _add(self.cells)

    def by(self, axis: Axis) -> Breakdown:
        """The line's money by source or by year."""
        return _breakdown(axis, [self])


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
    checks = _share_checks(line)
    if line.amount is None:
        formula = Formula.UNKNOWN
        checks.append(Check(CheckCode.AMOUNT_UNKNOWN, line.number))
    elif line.yearly:
        formula = Formula.YEARLY
        for year in line.years:
            of_year = {source: cents for (source, when), cents in planned.items() if when == year}
            amounts |= {(source, year): cents for source, cents in _parts(line, of_year).items()}
        checks += _yearly_checks(line, planned, amounts)
    else:
        formula = Formula.ONCE
        amounts, over = _amounts_by_year(line, planned)
        checks += over
    checks += _over_amount_checks(line, amounts)
    checks += _report_checks(line, amounts, planned, contracted, spent)
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


def _parts(line: LineFacts, planned: Mapping[Key | None, int]) -> dict[Key | None, int]:
    """Cents of the line's amount by source; what they leave open or go over stands under None."""
    assert line.amount is not None
    amount = to_cents(line.amount)
    parts: defaultdict[Key | None, int] = defaultdict(int)
    if line.shares:
        in_percent = [share for share in line.shares if share.amount is None and share.percent is not None]
        in_cents = _split(amount, [share.percent or Decimal(0) for share in in_percent])
        of_percent = {id(share): cents for share, cents in zip(in_percent, in_cents, strict=True)}
        for share in line.shares:
            if share.amount is not None:
                parts[share.source] += to_cents(share.amount)
            elif share.percent is not None:
                parts[share.source] += of_percent[id(share)]
    else:
        parts |= planned
    outside = amount - sum(parts.values())
    if outside or not parts:
        parts[None] = outside
    return dict(parts)


def _amounts_by_year(line: LineFacts, planned: Table) -> tuple[Table, list[Check]]:
    """Cents of a one-off line by source and year, and the findings where more is planned than a source pays."""
    of_source: defaultdict[Key | None, int] = defaultdict(int)
    for (source, _year), cents in planned.items():
        of_source[source] += cents
    parts = _parts(line, of_source)
    only_year = line.years[0] if len(line.years) == 1 else None
    amounts = dict(planned)
    checks = []
    for source in [*parts, *(source for source in of_source if source not in parts)]:
        share, by_years = parts.get(source, 0), of_source.get(source, 0)
        over = by_years > max(share, 0)
        if over:
            sums = {"planned": from_cents(by_years), "share": from_cents(share)}
            checks.append(Check(CheckCode.PLANNED_OVER_SHARE, line.number, source, amounts=sums))
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


def _share_checks(line: LineFacts) -> list[Check]:
    if not line.shares:
        return []
    if all(share.amount is None for share in line.shares):
        stated = sum((share.percent for share in line.shares if share.percent is not None), Decimal(0))
        if stated == HUNDRED:
            return []
        return [Check(CheckCode.PERCENTS_NOT_100, line.number, percents={"sum": stated, "whole": HUNDRED})]
    if line.amount is None:
        return []
    outside = _parts(line, {}).get(None, 0)
    if not outside:
        return []
    sums = {"parts": from_cents(to_cents(line.amount) - outside), "amount": from_cents(to_cents(line.amount))}
    return [Check(CheckCode.PARTS_NOT_AMOUNT, line.number, amounts=sums)]


def _yearly_checks(
    line: LineFacts,
    planned: Table,
    amounts: Table,
) -> list[Check]:
    """Findings of a yearly line: years for which more is planned than a source pays a year."""
    return [
        Check(
            CheckCode.PLANNED_OVER_SHARE,
            line.number,
            source,
            year,
            amounts={"planned": from_cents(cents), "share": from_cents(amounts.get((source, year), 0))},
        )
        for (source, year), cents in planned.items()
        if cents > amounts.get((source, year), 0)
    ]


def _over_amount_checks(line: LineFacts, amounts: Table) -> list[Check]:
    """Findings of a line without shares: more planned, of all sources, than its amount."""
    if line.shares or line.amount is None:
        return []
    return [
        Check(
            CheckCode.PARTS_NOT_AMOUNT,
            line.number,
            None,
            year,
            amounts={"parts": from_cents(to_cents(line.amount) - outside), "amount": from_cents(to_cents(line.amount))},
        )
        for (source, year), outside in amounts.items()
        if source is None and outside < 0
    ]


def _report_checks(line: LineFacts, amounts: Table, planned: Table, contracted: Table, spent: Table) -> list[Check]:
    """Spent over contracted, contracted over planned, where both are known.

    What is planned of a source in a year is its part of that year. Contracts in years that nothing is planned for
    are held together against what the source pays beyond the years planned, and those of sources that the line
    does not name against what its own sources leave open.
    """
    checks = [
        Check(
            CheckCode.SPENT_OVER_CONTRACTED,
            line.number,
            source,
            year,
            amounts={"spent": from_cents(cents), "contracted": from_cents(contracted[source, year])},
        )
        for (source, year), cents in spent.items()
        if cents > contracted.get((source, year), cents)
    ]
    known = amounts or planned
    named = {source for source, _year in known}
    together: defaultdict[Place, int] = defaultdict(int)
    for (source, year), cents in contracted.items():
        payer = source if source in named else None
        together[payer, year if (payer, year) in known else None] += cents
    for place, cents in together.items():
        if place in known or line.amount is not None:
            allowed = max(known.get(place, 0), 0)
            if cents > allowed:
                sums = {"contracted": from_cents(cents), "planned": from_cents(allowed)}
                checks.append(Check(CheckCode.CONTRACTED_OVER_PLANNED, line.number, *place, amounts=sums))
    return checks


# --- all lines of a plan -----------------------------------------------------------------------------------


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
        return _add(cell for line in self.lines for cell in line.cells)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The numbers of the lines that have no amount; headings are not among them."""
        return _without_amount(self.lines)

    def by(self, axis: Axis) -> Breakdown:
        """The money by one axis; years in their order, other keys as they first come, "not stated" (None) last."""
        if axis not in self._by:
            self._by[axis] = _breakdown(axis, self.lines)
        return self._by[axis]

    @cached_property
    def _by(self) -> dict[Axis, Breakdown]:
        return {}

    def cross(self, *axes: Axis) -> dict[tuple[Key | None, ...], Sums]:
        """The money by several axes at once, such as source × goal × year; the sums add up to the total."""
        groups: defaultdict[tuple[Key | None, ...], list[Cell]] = defaultdict(list)
        for line in self.lines:
            for cell in line.cells:
                groups[tuple(axis.key_of(cell) for axis in axes)].append(cell)
        return {key: _add(cells) for key, cells in groups.items()}

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
    checks += [check for line in money.lines if (check := _stated_total_check(line, money)) is not None]
    checks += [check for task in tasks for check in _source_checks(task, money.by_number)]
    return PlanMoney(money.lines, tuple(checks))


def _stated_total_check(heading: LineMoney, money: PlanMoney) -> Check | None:
    if heading.formula is not Formula.HEADING or heading.amount is None:
        return None
    under = money.under(heading.number)
    stated, found = heading.amount, under.total.amount or from_cents(0)
    # A line with no amount may be what is missing, but it cannot be what is too much.
    if stated == found or (under.left_out and found < stated):
        return None
    return Check(CheckCode.STATED_TOTAL_DIFFERS, heading.number, amounts={"stated": stated, "sum": found})


def _source_checks(task: TaskFunding, lines: Mapping[str, LineMoney]) -> list[Check]:
    """Sources that a task names and none of its lines has; a task without lines is paid from elsewhere."""
    found = (lines.get(number) for number in task.lines)
    paying = [line for line in found if line is not None and line.formula is not Formula.HEADING]
    if not paying:
        return []
    named = {source for line in paying for source in line.sources}
    return [Check(CheckCode.SOURCE_WITHOUT_LINE, task.number, source) for source in task.sources if source not in named]


def _breakdown(axis: Axis, lines: Sequence[LineMoney]) -> Breakdown:
    groups: defaultdict[Key | None, list[Cell]] = defaultdict(list)
    for line in lines:
        for cell in line.cells:
            groups[axis.key_of(cell)].append(cell)
    keys = sorted(groups, key=lambda key: (key is None, key if isinstance(key, int) else 0))
    return Breakdown(
        axis=axis,
        rows=tuple(
            Row(key, _add(groups[key]), tuple(dict.fromkeys(cell.line for cell in groups[key]))) for key in keys
        ),
        total=_add(cell for line in lines for cell in line.cells),
        left_out=_without_amount(lines),
    )


def _without_amount(lines: Iterable[LineMoney]) -> tuple[str, ...]:
    return tuple(line.number for line in lines if line.formula is Formula.UNKNOWN)


def _add(cells: Iterable[Cell]) -> Sums:
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
