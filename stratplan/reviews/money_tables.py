"""The council's table of the investment plan, and its money by source, by year and by both, made of a statement.

Pure; in the language in force. Amounts are EUR; what nobody stated is an empty cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from stratplan import i18n
from stratplan.exports.tables import Cell, Chart, ChartKind, Column, Kind, Row, RowKind, Table, Value
from stratplan.i18n import _, ngettext
from stratplan.investments.breakdown import Measure, year_name
from stratplan.plans.models import FundingKind
from stratplan.reviews.statement import Amounts, LineStated, PartStated, Statement, SumStated, sum_of

YEARLY = "*"
NAMES, NUMBERS = 44, 16  # characters of the columns of the small tables, which stand one under the other

Parts = Mapping[FundingKind | None, Sequence[PartStated]]


def investment_table(statement: Statement, notes: Sequence[str] = ()) -> Table:
    """The investment plan: lines by goal as the document has them with their sources, planned, contracted and spent;
    the sums of each goal and of the plan."""
    kinds = statement.plan.columns
    columns = [
        Column(_("No."), width=8),
        Column(_("Task"), width=48),
        Column(_("Tasks of the action plan"), width=14),
        Column(_("Indicative amount, EUR"), Kind.MONEY, 16),
        Column(_("Each year"), width=9),
        *(column for kind in kinds for column in _funding_columns(kind)),
        Column(_("Over the plan's years, EUR"), Kind.MONEY, 18),
        Column(_("Contracted, EUR"), Kind.MONEY, 16),
        Column(_("Spent, EUR"), Kind.MONEY, 16),
        Column(_("Notes"), width=40),
    ]
    rows = []
    for heading, lines, sums in _by_goal(statement):
        rows.append(Row([heading], RowKind.GROUP))
        rows += [Row(_line_cells(line, kinds)) for line in lines]
        rows += [Row(_sum_cells(sums, kinds, label), RowKind.TOTAL) for label in _totals(statement, sums)]
    rows.append(Row(_sum_cells(statement.plan.total, kinds, _("Total")), RowKind.TOTAL))
    above = [*notes, *yearly_notes(statement)]
    return Table(_("Investment plan"), _("Investment plan"), columns, rows, above, key="investments")


def printed_investments(statement: Statement, notes: Sequence[str] = ()) -> Table:
    """The investment plan in the columns of the council's table: number, task, indicative amount, each kind of funding
    with its percentage and source, then contracted and spent."""
    kinds = statement.plan.columns
    columns = [
        Column(_("No."), width=6),
        Column(_("Task"), width=36),
        Column(_("Indicative amount, EUR"), Kind.MONEY, 14),
        *(Column(_funding_name(kind), width=16) for kind in kinds),
        Column(_("Over the plan's years, EUR"), Kind.MONEY, 14),
        Column(_("Contracted, EUR"), Kind.MONEY, 14),
        Column(_("Spent, EUR"), Kind.MONEY, 14),
    ]
    rows = []
    for heading, lines, sums in _by_goal(statement):
        rows.append(Row([heading], RowKind.GROUP))
        for line in lines:
            parts = parts_by_kind(line.parts)
            mark = YEARLY if line.yearly else ""
            funding = [_written_parts(parts.get(kind, ()), mark) for kind in kinds]
            rows.append(Row([line.number, line.title, _amount(line), *funding, *_three_of(line)]))
        rows += [Row(_printed_sums(sums, kinds, label), RowKind.TOTAL) for label in _totals(statement, sums)]
    rows.append(Row(_printed_sums(statement.plan.total, kinds, _("Total")), RowKind.TOTAL))
    above = [*notes, *yearly_notes(statement)]
    return Table(_("Investment plan"), _("Investment plan"), columns, rows, above, key="investments")


def yearly_notes(statement: Statement) -> list[str]:
    """What the mark of a yearly amount means, where there is one."""
    if not any(line.yearly and line.amount is not None for line in statement.lines):
        return []
    meaning = _("amount of one year; in the sums it counts once for each year of the plan, or of the line's own period")
    return [f"{YEARLY} {meaning}"]


def _by_goal(statement: Statement) -> Iterable[tuple[str, list[LineStated], SumStated | None]]:
    sums = {one.goal_code: one for one in statement.plan.sums}
    for goal in statement.plan.goals:
        lines = list(statement.lines_of(goal.code))
        if lines:
            yield f"{goal.code} {goal.title}", lines, sums.get(goal.code)


def _totals(statement: Statement, sums: SumStated | None) -> list[str]:
    return [] if sums is None else [_("Total of %(code)s", code=sums.goal_code)]


# --- a line and its funding -----------------------------------------------------------------------------------


def _funding_name(kind: FundingKind | None) -> str:
    match kind:
        case None:
            return _("No source, EUR")
        case FundingKind.MUNICIPAL:
            return _("Municipal budget")
        case FundingKind.STATE:
            return _("State budget")
        case FundingKind.EU:
            return _("Foreign funding")
        case FundingKind.LOAN:
            return i18n.pgettext("column", "Loans")
        case FundingKind.OTHER:
            return _("Other sources")


def _funding_columns(kind: FundingKind | None) -> list[Column]:
    """A percentage, EUR, and where a column has several sources, which."""
    name = _funding_name(kind)
    if kind is None:
        return [Column(name, Kind.MONEY, 16)]
    columns = [Column(f"{name}, %", Kind.SHARE, 11), Column(f"{name}, EUR", Kind.MONEY, 16)]
    return columns if _is_one_source(kind) else [*columns, Column(_("%(name)s: source", name=name), width=12)]


def _is_one_source(kind: FundingKind | None) -> bool:
    return kind in (FundingKind.MUNICIPAL, FundingKind.STATE)


def parts_by_kind(parts: Iterable[PartStated]) -> Parts:
    """The parts of a line or a sum by the column that they stand in."""
    found: defaultdict[FundingKind | None, list[PartStated]] = defaultdict(list)
    for part in parts:
        found[part.funding].append(part)
    return found


def _funding_cells(kind: FundingKind | None, parts: Sequence[PartStated], mark: str = "") -> list[Value | Cell]:
    amount = sum_of(part.amount for part in parts)
    money: Value | Cell = None if amount is None else Cell(amount, Kind.MONEY, mark)
    if kind is None:
        return [money]
    cells: list[Value | Cell] = [sum_of(part.percent for part in parts), money]
    if not _is_one_source(kind):
        cells.append(_codes(parts))
    return cells


def _codes(parts: Iterable[PartStated]) -> str:
    return ", ".join(part.source for part in parts if part.source is not None)


def _written_parts(parts: Sequence[PartStated], mark: str) -> str:
    """Each part on a line as the council's table has it: `85 % ERAF`, or EUR where no percentage is given."""
    return "\n".join(
        " ".join(
            [
                i18n.percent(part.percent, 2) if part.percent is not None else i18n.amount(part.amount) + mark,
                *([part.source] if part.source is not None and not _is_one_source(part.funding) else []),
            ]
        )
        for part in parts
    )


def _amount(line: LineStated) -> Value | Cell:
    return None if line.amount is None else Cell(line.amount, Kind.MONEY, YEARLY if line.yearly else "")


def _three_of(line: LineStated) -> list[Value | Cell]:
    return [line.sums.amount if line.heading else line.total, line.sums.contracted, line.sums.spent]


def _line_cells(line: LineStated, kinds: Sequence[FundingKind | None]) -> list[Value | Cell]:
    parts = parts_by_kind(line.parts)
    mark = YEARLY if line.yearly else ""
    return [
        line.number,
        line.title,
        ", ".join(line.tasks),
        _amount(line),
        _("yes") if line.yearly else None,
        *(cell for kind in kinds for cell in _funding_cells(kind, parts.get(kind, ()), mark)),
        *_three_of(line),
        "; ".join(_notes_of(line)),
    ]


def _notes_of(line: LineStated) -> Iterable[str]:
    if line.heading:
        yield _("Heading: the sums are those of its lines and not counted again")
    elif line.amount is None:
        yield _("The amount is not known")
    if inferred := _codes(part for part in line.parts if part.inferred):
        yield _("Inferred source: %(codes)s", codes=inferred)


def _sum_cells(sums: SumStated | None, kinds: Sequence[FundingKind | None], label: str) -> list[Value | Cell]:
    if sums is None:
        return []
    parts = parts_by_kind(sums.parts)
    left_out = len(sums.left_out)
    note = ngettext(
        "%(num)s line without an amount is left out", "%(num)s lines without an amount are left out", left_out
    )
    return [
        None,
        label,
        None,
        None,
        None,
        *(cell for kind in kinds for cell in _funding_cells(kind, parts.get(kind, ()))),
        *three(sums.sums),
        note if left_out else "",
    ]


def _printed_sums(sums: SumStated | None, kinds: Sequence[FundingKind | None], label: str) -> list[Value | Cell]:
    if sums is None:
        return []
    parts = parts_by_kind(sums.parts)
    money = [Cell(sum_of(part.amount for part in parts.get(kind, ())), Kind.MONEY) for kind in kinds]
    return [None, label, None, *money, *three(sums.sums)]


def three(sums: Amounts) -> list[Decimal | None]:
    """Planned, contracted and spent."""
    return [sums.amount, sums.contracted, sums.spent]


# --- by source, by year ---------------------------------------------------------------------------------------


def measure_columns() -> list[Column]:
    """A column for each of planned, contracted and spent."""
    return [Column(f"{_(measure.label)}, EUR", Kind.MONEY, NUMBERS) for measure in Measure]


def source_name(code: str | None) -> str:
    """A source in a table: its code, or that there is none."""
    return _("No source") if code is None else code


def sources_with_money(statement: Statement) -> list[str | None]:
    """The codes of the sources that some money is of, in their order; None last, where some is of none."""
    used = {one.source for one in statement.plan.money}
    return [
        *(source.code for source in statement.plan.sources if source.code in used),
        *([None] if None in used else []),
    ]


def years_with_money(statement: Statement) -> list[int | None]:
    """The years that some money is of; None last, where some is of none."""
    used = {one.year for one in statement.plan.money}
    return [*sorted(year for year in used if year is not None), *([None] if None in used else [])]


def money_by_source(statement: Statement, name: str) -> Table:
    """Planned, contracted and spent from each source, drawn as columns."""
    full = {source.code: source.name for source in statement.plan.sources}
    rows = [
        Row(
            [
                full.get(code or "", source_name(code)),
                source_name(code),
                *three(Amounts.together(one.sums for one in statement.plan.money if one.source == code)),
            ]
        )
        for code in sources_with_money(statement)
    ]
    return Table(
        name,
        _("Money by source"),
        [Column(_("Name"), width=NAMES), Column(_("Source"), width=NUMBERS), *measure_columns()],
        [*rows, Row([_("Total"), None, *three(statement.plan.total.sums)], RowKind.TOTAL)] if rows else [],
        key="money-by-source",
        chart=Chart(_("Money by source, EUR"), _in_words(rows, 1), ChartKind.COLUMNS, 1, (2, 3, 4)),
    )


def money_by_year(statement: Statement, name: str) -> Table:
    """Planned, contracted and spent in each year, drawn as columns."""
    rows = [
        Row([year_name(year), *three(Amounts.together(one.sums for one in statement.plan.money if one.year == year))])
        for year in years_with_money(statement)
    ]
    return Table(
        name,
        _("Money by year"),
        [Column(_("Year"), width=NAMES), *measure_columns()],
        [*rows, Row([_("Total"), *three(statement.plan.total.sums)], RowKind.TOTAL)] if rows else [],
        key="money-by-year",
        chart=Chart(_("Money by year, EUR"), _in_words(rows, 0), ChartKind.COLUMNS, 0, (1, 2, 3)),
    )


def _in_words(rows: Sequence[Row], name: int) -> str:
    """What a chart of money shows, for who does not see it: planned and spent under each name, that of its column."""
    return "; ".join(
        _(
            "%(name)s: planned %(planned)s, spent %(spent)s",
            name=row.cells[name],
            planned=_money(row.cells[name + 1]),
            spent=_money(row.cells[name + 3]),
        )
        for row in rows
    )


def _money(value: Value | Cell) -> str:
    return i18n.money(value) if isinstance(value, Decimal) else _("not known")


def breakdown_table(statement: Statement, notes: Sequence[str] = ()) -> Table:
    """Goal × source × year, a row for each that has money, with the sums of goals and of the whole plan."""
    sources = sources_with_money(statement)
    cells = {(one.goal_code, one.source, one.year): one.sums for one in statement.plan.money}
    rows = []
    for goal in (goal.code for goal in statement.plan.goals if any(statement.lines_of(goal.code))):
        for source in sources:
            for year in years_with_money(statement):
                sums = cells.get((goal, source, year), Amounts())
                if not sums.is_empty:
                    rows.append(Row([goal, source_name(source), year_name(year), *three(sums)]))
        of_goal = [one for one in statement.plan.money if one.goal_code == goal]
        if of_goal:
            rows.append(
                Row([goal, _("Total"), None, *three(Amounts.together(one.sums for one in of_goal))], RowKind.TOTAL)
            )
    for source in sources:
        of_source = Amounts.together(one.sums for one in statement.plan.money if one.source == source)
        rows.append(Row([_("The whole plan"), source_name(source), None, *three(of_source)]))
    rows.append(Row([_("The whole plan"), _("Total"), None, *three(statement.plan.total.sums)], RowKind.TOTAL))
    columns = [
        Column(_("Goal"), width=16),
        Column(_("Source"), width=16),
        Column(_("Year"), width=16),
        *measure_columns(),
    ]
    return Table(_("Breakdown"), _("Money by goal, source and year"), columns, rows, notes, key="breakdown")
