"""The council's table of the investment plan: lines by goal as the document has them, their parts by source, the sums.

Pure functions of a snapshot and a day; the page, its exports and the line's own page show the same rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from stratplan.goals.models import Goal, Task
from stratplan.investments.cents import split_by_percent
from stratplan.investments.checks import Check
from stratplan.investments.models import InvestmentLine
from stratplan.investments.money import LineMoney, PlanMoney
from stratplan.investments.order import siblings_of
from stratplan.investments.queries import lines_in_order, money_of
from stratplan.investments.sums import Axis, Sums
from stratplan.numbering import is_under
from stratplan.plans.models import FundingKind, FundingSource
from stratplan.plans.queries import sources_in_order
from stratplan.snapshot import Snapshot

ALWAYS_SHOWN = (FundingKind.MUNICIPAL, FundingKind.STATE, FundingKind.EU)
FundingColumn = FundingKind | None  # None: money that no source is named for


@dataclass(frozen=True, slots=True)
class Part:
    """What one source pays: the percentage where the document gives one, EUR as written or as it follows from that.

    Of a yearly line, EUR of one year. `source` None: what no source is named for, negative where the parts are over.
    """

    source: FundingSource | None
    percent: Decimal | None
    amount: Decimal | None
    inferred: bool = False


Parts = Mapping[FundingColumn, Sequence[Part]]


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of the table; `under` is the money of the lines under a heading, None for an ordinary line."""

    line: InvestmentLine
    money: LineMoney
    tasks: tuple[Task, ...]
    depth: int
    parts: Parts
    under: PlanMoney | None
    checks: tuple[Check, ...]
    is_first: bool
    is_last: bool

    @property
    def sums(self) -> Sums:
        """EUR over the whole plan; of a heading, those of its lines."""
        return self.money.sums if self.under is None else self.under.total

    @property
    def needs_attention(self) -> bool:
        """Whether a check of it failed that says more than that its amount is not known."""
        return any(check.code.tone != "info" for check in self.checks)


@dataclass(frozen=True, slots=True)
class SumRow:
    """What lines add up to over the whole plan, by source and in all; `left_out` are those with no amount."""

    parts: Parts
    sums: Sums
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GoalGroup:
    """The lines that pay for one goal, and their sums."""

    goal: Goal
    rows: tuple[LineRow, ...]
    sums: SumRow


@dataclass(frozen=True, slots=True)
class InvestmentTable:
    """The whole table; `columns` are the kinds of funding that it has a column for."""

    columns: tuple[FundingColumn, ...]
    groups: tuple[GoalGroup, ...]
    total: SumRow

    @property
    def rows(self) -> list[LineRow]:
        """All lines, in the document's order."""
        return [row for group in self.groups for row in group.rows]

    @property
    def lines(self) -> list[InvestmentLine]:
        """The lines themselves, in the same order."""
        return [row.line for row in self.rows]

    @property
    def has_yearly(self) -> bool:
        """Whether an amount is one of each year."""
        return any(row.line.yearly and row.line.amount is not None for row in self.rows)

    @property
    def has_inferred(self) -> bool:
        """Whether the source of some amount was inferred."""
        return any(part.inferred for row in self.rows for parts in row.parts.values() for part in parts)


def investment_table(snapshot: Snapshot, day: date) -> InvestmentTable:
    """The table on the day: contracted and spent as reported up to then."""
    return snapshot.derive(("investment table", day), lambda: _table(snapshot, day))


def line_row(snapshot: Snapshot, day: date, line: InvestmentLine) -> LineRow:
    """One line as it stands in the table."""
    by_key = snapshot.derive(
        ("investment rows", day), lambda: {row.line.key: row for row in investment_table(snapshot, day).rows}
    )
    return by_key[line.key]


def _table(snapshot: Snapshot, day: date) -> InvestmentTable:
    money = money_of(snapshot, day)
    checks: defaultdict[str, list[Check]] = defaultdict(list)
    for check in money.checks:
        if not check.is_of_task:
            checks[check.subject].append(check)
    rows: defaultdict[object, list[LineRow]] = defaultdict(list)
    headings = [line.number for line in lines_in_order(snapshot) if line.heading]
    for line in lines_in_order(snapshot):
        siblings = siblings_of(snapshot, line)
        tasks = [task for key in line.tasks if (task := snapshot.find(Task, key)) is not None]
        rows[line.goal].append(
            LineRow(
                line=line,
                money=money.by_number[line.number],
                tasks=tuple(tasks),
                depth=sum(is_under(line.number, heading) for heading in headings),
                parts=_parts_of_line(snapshot, line, money.by_number[line.number]),
                under=money.under(line.number) if line.heading else None,
                checks=tuple(checks[line.number]),
                is_first=siblings[0] is line,
                is_last=siblings[-1] is line,
            )
        )
    groups = []
    for key, found in rows.items():
        goal = snapshot.find(Goal, found[0].line.goal)
        if goal is not None:
            own = PlanMoney(tuple(row.money for row in rows[key]), ())
            groups.append(GoalGroup(goal, tuple(found), _sum_row(snapshot, own)))
    total = _sum_row(snapshot, money)
    used = set(total.parts) | {column for found in rows.values() for row in found for column in row.parts}
    extra: list[FundingColumn] = [kind for kind in FundingKind if kind in used and kind not in ALWAYS_SHOWN]
    if None in used:
        extra.append(None)
    return InvestmentTable((*ALWAYS_SHOWN, *extra), tuple(groups), total)


def share_parts(snapshot: Snapshot, line: InvestmentLine) -> list[Part]:
    """The line's shares as they are written, with the EUR that each is (of one year, where the line is yearly)."""
    percents = [share.percent for share in line.shares if share.percent is not None]
    known = [] if line.amount is None else split_by_percent(line.amount, percents)
    of_percent = iter(known)
    return [
        Part(
            source=snapshot.find(FundingSource, share.source),
            percent=share.percent,
            amount=next(of_percent, None) if share.amount is None else share.amount,
            inferred=share.inferred,
        )
        for share in line.shares
    ]


def _parts_of_line(snapshot: Snapshot, line: InvestmentLine, money: LineMoney) -> Parts:
    parts: defaultdict[FundingColumn, list[Part]] = defaultdict(list)
    by_source = {row.key: row.sums.amount for row in money.by(Axis.SOURCE).rows}
    if line.shares:
        for part in share_parts(snapshot, line):
            parts[part.source.funding if part.source else None].append(part)
    elif not line.yearly:
        for source in sources_in_order(snapshot):
            if (amount := by_source.get(source.key)) is not None:
                parts[source.funding].append(Part(source, None, amount))
    outside = by_source.get(None)
    if outside and line.shares:
        parts[None].append(Part(None, None, outside / len(money.years) if line.yearly else outside))
    return dict(parts)


def _sum_row(snapshot: Snapshot, money: PlanMoney) -> SumRow:
    by_source = {row.key: row.sums.amount for row in money.by(Axis.SOURCE).rows}
    parts: defaultdict[FundingColumn, list[Part]] = defaultdict(list)
    for source in sources_in_order(snapshot):
        if (amount := by_source.get(source.key)) is not None:
            parts[source.funding].append(Part(source, None, amount))
    if outside := by_source.get(None):
        parts[None].append(Part(None, None, outside))
    return SumRow(dict(parts), money.total, money.left_out)
