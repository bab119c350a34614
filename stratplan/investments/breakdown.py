"""The money of the investment plan by source, by year and by goal × source × year, made ready for tables and charts.

Each sum leads to its explanation (`/figures/money…`), which is made from the same `PlanMoney`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from stratplan import i18n
from stratplan.choice import Choice
from stratplan.goals.models import Goal
from stratplan.goals.queries import goals_in_order
from stratplan.i18n import N_, _, pgettext
from stratplan.investments.facts import Key
from stratplan.investments.money import PlanMoney
from stratplan.investments.queries import money_of
from stratplan.investments.sums import Axis, Sums
from stratplan.plans.models import FundingSource
from stratplan.plans.queries import sources_in_order
from stratplan.snapshot import Snapshot

NOT_STATED = "none"  # in addresses: no source, no year


class Measure(Choice):
    """Which sum a breakdown shows."""

    AMOUNT = "amount", N_("Indicative amount")
    CONTRACTED = "contracted", N_("Contracted")
    SPENT = "spent", N_("Spent")

    def of(self, sums: Sums) -> Decimal | None:
        """The sum in EUR; None where nobody stated any."""
        found: Decimal | None = getattr(sums, self.value)
        return found


@dataclass(frozen=True, slots=True)
class Figure:
    """A sum in EUR (None where nothing is stated), what it is in words, and the page of the plan that explains it."""

    value: Decimal | None
    label: str
    path: str


@dataclass(frozen=True, slots=True)
class AxisRow:
    """The money under one key of an axis: a name, a longer name where there is one, and its three sums."""

    name: str
    full_name: str
    sums: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class CrossRow:
    """A source of one goal (or of the whole plan), year by year, with its sum at the end."""

    source: str
    full_name: str
    cells: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class CrossGroup:
    """The sources of a goal, and their sums; `goal` None for the whole plan."""

    goal: Goal | None
    rows: tuple[CrossRow, ...]
    total: CrossRow


@dataclass(frozen=True, slots=True)
class Cross:
    """Goal × source × year of one measure; the last column is the sum of the years."""

    measure: Measure
    years: tuple[str, ...]
    groups: tuple[CrossGroup, ...]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The money of the plan by source and by year, with what the charts draw."""

    by_source: tuple[AxisRow, ...]
    by_year: tuple[AxisRow, ...]
    total: AxisRow
    segments: Sequence[Mapping[str, object]]
    series: Sequence[Mapping[str, object]]
    columns: Sequence[Mapping[str, object]]


def line_figure(number: str) -> str:
    """Where the money of a line is explained."""
    return f"/figures/money/lines/{number}"


def goal_figure(goal: Goal) -> str:
    """Where the money of a goal is explained."""
    return f"/figures/money/goal/{goal.code}"


def part_figure(goal: Goal | None = None, source: str = "", year: str = "") -> str:
    """Where the money of a goal, a source, a year, or what they have in common is explained; all of it without any."""
    keys = {"goal": "" if goal is None else goal.code, "source": source, "year": year}
    asked = {axis: key for axis, key in keys.items() if key}
    if len(asked) == 1:
        ((axis, key),) = asked.items()
        return f"/figures/money/{axis}/{key}"
    return "/figures/money" + ("?" + "&".join(f"{axis}={key}" for axis, key in asked.items()) if asked else "")


def source_key(source: FundingSource | None) -> str:
    """A source in an address: by its code, or by its id where the code has signs that do not fit there."""
    if source is None:
        return NOT_STATED
    return source.code if re.fullmatch(r"[\w.-]+", source.code) and source.code != NOT_STATED else str(source.key)


def year_key(year: int | None) -> str:
    """A year in an address."""
    return NOT_STATED if year is None else str(year)


def year_name(year: int | None) -> str:
    """A year as a column's heading."""
    return _("Year not stated") if year is None else pgettext("year", "%(year)s", year=year)


def breakdown(snapshot: Snapshot, day: date) -> Breakdown:
    """The money by source and by year, on the day."""
    money = money_of(snapshot, day)
    sources, years = sources_with_money(snapshot, money), _years(money)
    by_source = {row.key: row.sums for row in money.by(Axis.SOURCE).rows}
    by_year = {row.key: row.sums for row in money.by(Axis.YEAR).rows}
    cross = money.cross(Axis.YEAR, Axis.SOURCE)
    drawn = [source for source in sources if (by_source[_key(source)].amount or 0) > 0]
    whole = sum((by_source[_key(source)].amount or Decimal(0) for source in drawn), Decimal(0))
    tones = {_key(source): f"c{place % 8 + 1}" for place, source in enumerate(drawn)}
    return Breakdown(
        by_source=tuple(
            AxisRow(
                source_name(source),
                _name(source),
                _figures(by_source[_key(source)], source_name(source), part_figure(source=source_key(source))),
            )
            for source in sources
        ),
        by_year=tuple(
            AxisRow(year_name(year), "", _figures(by_year[year], year_name(year), part_figure(year=year_key(year))))
            for year in years
        ),
        total=AxisRow(_("Total"), "", _figures(money.total, _("the whole plan"), part_figure())),
        segments=[
            {
                "label": _name(source) or source_name(source),
                "text": i18n.money(by_source[_key(source)].amount),
                "short": source_name(source),
                "share": float((by_source[_key(source)].amount or Decimal(0)) / whole),
                "tone": tones[_key(source)],
            }
            for source in drawn
        ],
        series=[{"label": source_name(source), "text": "", "tone": tones[_key(source)]} for source in drawn],
        columns=[
            {
                "label": year_name(year),
                "text": i18n.number(by_year[year].amount, 0),
                "bars": [{"value": cross.get((year, _key(source)), Sums()).amount, "text": ""} for source in drawn],
            }
            for year in years
            if by_year[year].amount is not None
        ],
    )


def cross_table(snapshot: Snapshot, day: date, measure: Measure) -> Cross:
    """Goal × source × year of a measure, on the day, and the same over all goals last."""
    money = money_of(snapshot, day)
    years = [year for year in _years(money) if any(measure.of(sums) is not None for sums in _of_year(money, year))]
    cells = money.cross(Axis.GOAL, Axis.SOURCE, Axis.YEAR)
    wholes = money.cross(Axis.SOURCE, Axis.YEAR)
    groups = []
    for goal in [*goals_in_order(snapshot), None]:
        of_goal = wholes if goal is None else {key[1:]: sums for key, sums in cells.items() if key[0] == goal.key}
        named = {key[0] for key, sums in of_goal.items() if measure.of(sums) is not None}
        rows = [
            _cross_row(source, {year: measure.of(of_goal.get((_key(source), year), Sums())) for year in years}, goal)
            for source in sources_with_money(snapshot, money)
            if _key(source) in named
        ]
        if rows or goal is None:
            sums = {
                year: _added([measure.of(found) for (_source, when), found in of_goal.items() if when == year])
                for year in years
            }
            groups.append(CrossGroup(goal, tuple(rows), _cross_total(sums, goal)))
    return Cross(measure, tuple(year_name(year) for year in years), tuple(groups))


def _cross_row(source: FundingSource | None, cells: Mapping[int | None, Decimal | None], goal: Goal | None) -> CrossRow:
    return CrossRow(
        source_name(source), _name(source), _cross_cells(cells, goal, source_name(source), source_key(source))
    )


def _cross_total(cells: Mapping[int | None, Decimal | None], goal: Goal | None) -> CrossRow:
    return CrossRow(_("Total"), "", _cross_cells(cells, goal, "", ""))


def _cross_cells(
    cells: Mapping[int | None, Decimal | None], goal: Goal | None, source: str, key: str
) -> tuple[Figure, ...]:
    what = [text for text in (goal.code if goal else "", source) if text]
    figures = [
        Figure(value, ", ".join([*what, year_name(year)]), part_figure(goal, source=key, year=year_key(year)))
        for year, value in cells.items()
    ]
    label = ", ".join(what) or _("the whole plan")
    return (*figures, Figure(_added(cells.values()), label, part_figure(goal, source=key)))


def _figures(sums: Sums, label: str, path: str) -> tuple[Figure, ...]:
    return tuple(Figure(measure.of(sums), f"{label}: {_(measure.label)}", path) for measure in Measure)


def sources_with_money(snapshot: Snapshot, money: PlanMoney) -> list[FundingSource | None]:
    """The sources that some money is of, in their order; None last, where some is of none."""
    used = {row.key for row in money.by(Axis.SOURCE).rows}
    return [
        *(source for source in sources_in_order(snapshot) if source.key in used),
        *([None] if None in used else []),
    ]


def _years(money: PlanMoney) -> list[int | None]:
    return [row.key if isinstance(row.key, int) else None for row in money.by(Axis.YEAR).rows]


def _of_year(money: PlanMoney, year: int | None) -> list[Sums]:
    return [cell.sums for line in money.lines for cell in line.cells if cell.year == year]


def _key(source: FundingSource | None) -> Key | None:
    return None if source is None else source.key


def source_name(source: FundingSource | None) -> str:
    """A source in a table: its code, or that there is none."""
    return _("No source") if source is None else source.code


def _name(source: FundingSource | None) -> str:
    return "" if source is None else source.name


def _added(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None
