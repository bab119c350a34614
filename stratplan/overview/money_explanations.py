"""What the sums of the investment plan follow from: lines, shares in cents, years, and the checks that fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import cast

from beanie import PydanticObjectId

from stratplan import i18n
from stratplan.errors import NotVisible
from stratplan.goals.models import Goal
from stratplan.goals.queries import find_goal, find_task, goals_in_order
from stratplan.i18n import _, ngettext, pgettext
from stratplan.investments.cents import split_by_percent
from stratplan.investments.checks import Check, CheckCode
from stratplan.investments.facts import Key
from stratplan.investments.models import InvestmentLine, Share
from stratplan.investments.money import Formula, LineMoney, PlanMoney
from stratplan.investments.queries import find_line, lines_in_order, money_of
from stratplan.investments.sums import Axis, Row, Sums
from stratplan.overview.explanations import (
    NOTHING_SAID,
    Column,
    Explanation,
    LeftOut,
    Said,
    Table,
    goal_page,
    in_address,
    of_day,
    task_page,
)
from stratplan.plans.models import FundingSource
from stratplan.plans.queries import sources_in_order
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit

NOT_STATED = "none"  # the key of what stands under no source, year or unit, in addresses
TOGETHER = "-"  # between the ids of units that lead the tasks of one line, in addresses

Selection = Mapping[Axis, Key | None]


# --- addresses and names -----------------------------------------------------------------------------------


def line_page(line: InvestmentLine) -> Said:
    """An investment line with the way to its page."""
    return Said(line.caption, f"/investments/{line.number}")


def line_figure(number: str) -> str:
    """Where the money of a line is explained."""
    return f"/figures/money/lines/{number}"


def money_figure(snapshot: Snapshot, axis: Axis, key: Key | None) -> str:
    """Where the money under one key of an axis is explained."""
    return f"/figures/money/{axis}/{_in_address(snapshot, axis, key)}"


def _in_address(snapshot: Snapshot, axis: Axis, key: Key | None) -> str:
    if key is None:
        return NOT_STATED
    match axis:
        case Axis.SOURCE | Axis.GOAL:
            document = snapshot.find(FundingSource if axis is Axis.SOURCE else Goal, cast("PydanticObjectId", key))
            return str(key) if document is None else in_address(cast("FundingSource | Goal", document))
        case Axis.YEAR:
            return str(key)
        case Axis.UNIT:
            return TOGETHER.join(str(unit) for unit in cast("tuple[PydanticObjectId, ...]", key))


def selected(snapshot: Snapshot, asked: Mapping[Axis, str]) -> Selection:
    """The keys that an address asks for; NotVisible where there is nothing of that name."""
    return {axis: _key(snapshot, axis, text) for axis, text in asked.items()}


def _key(snapshot: Snapshot, axis: Axis, text: str) -> Key | None:
    if text == NOT_STATED:
        return None
    match axis:
        case Axis.SOURCE:
            found = [source.key for source in sources_in_order(snapshot) if text in (source.code, str(source.key))]
            if found:
                return found[0]
        case Axis.GOAL:
            return find_goal(snapshot, text).key
        case Axis.YEAR:
            if text.isascii() and text.isdigit() and len(text) == 4:
                return int(text)
        case Axis.UNIT:
            ids = text.split(TOGETHER)
            if all(PydanticObjectId.is_valid(one) and snapshot.find(Unit, PydanticObjectId(one)) for one in ids):
                return tuple(PydanticObjectId(one) for one in ids)
    raise NotVisible(_("There is no such figure."))


def name_of(snapshot: Snapshot, axis: Axis, key: Key | None) -> str:
    """What a key of an axis is called; what stands under none is named so."""
    match axis:
        case Axis.SOURCE:
            source = snapshot.find(FundingSource, cast("PydanticObjectId | None", key))
            return _("No source stated") if source is None else source.code
        case Axis.GOAL:
            goal = snapshot.find(Goal, cast("PydanticObjectId | None", key))
            return _("No goal stated") if goal is None else goal.code
        case Axis.YEAR:
            return _("Year not stated") if key is None else pgettext("year", "%(year)s", year=key)
        case Axis.UNIT:
            units = [snapshot.find(Unit, one) for one in cast("tuple[PydanticObjectId, ...]", key or ())]
            return ", ".join(unit.caption for unit in units if unit is not None) or _("No unit stated")


def in_document_order(snapshot: Snapshot, axis: Axis, rows: Iterable[Row]) -> list[Row]:
    """The rows of a breakdown as the plan lists their keys; what is not stated comes last."""
    match axis:
        case Axis.SOURCE:
            order: list[Key | None] = [source.key for source in sources_in_order(snapshot)]
        case Axis.GOAL:
            order = [goal.key for goal in goals_in_order(snapshot)]
        case _:
            return list(rows)
    places = {key: place for place, key in enumerate(order)}
    return sorted(rows, key=lambda row: places.get(row.key, len(places)))


def said_check(snapshot: Snapshot, check: Check) -> str:
    """A finding as a sentence."""
    values = check.values(
        money=i18n.money,
        percent=lambda share: i18n.percent(share, 4),
        source=lambda key: name_of(snapshot, Axis.SOURCE, key),
    )
    return _(check.message, **values)


def check_page(snapshot: Snapshot, check: Check) -> Said:
    """What a finding is about, with the way to its page."""
    if check.code is CheckCode.SOURCE_WITHOUT_LINE:
        return task_page(find_task(snapshot, check.subject))
    return line_page(find_line(snapshot, check.subject))


# --- sums --------------------------------------------------------------------------------------------------


def sums_of(money: PlanMoney, selection: Selection) -> Sums:
    """The money under all keys of a selection; that of the whole plan where nothing is selected."""
    if not selection:
        return money.total
    return money.cross(*selection).get(tuple(selection.values()), Sums())


def of_money(snapshot: Snapshot, day: date, selection: Selection) -> Explanation:
    """A sum of the investment plan: of all of it, or of a source, a goal, a year or units, or of several at once."""
    money = money_of(snapshot, day)
    sums = sums_of(money, selection)
    year = selection.get(Axis.YEAR)
    if sums.is_empty and year is not None and year not in snapshot.plan.years:
        raise NotVisible(_("There is no such figure."))
    names = ", ".join(name_of(snapshot, axis, key) for axis, key in selection.items())
    lines = {line.number: line for line in lines_in_order(snapshot)}
    return Explanation(
        title=_("Funding: %(names)s", names=names) if names else _("Funding of the plan"),
        value=i18n.money(sums.amount),
        path=_path(snapshot, selection),
        formula=(
            _("The indicative amounts of the lines, added up."),
            _("A yearly amount counts once for each year of the plan, or of the line's own period."),
            _("Percentages are turned into cents so that the parts of a line always add up to its amount."),
        ),
        facts=(
            of_day(day),
            (_("Indicative amount"), i18n.money(sums.amount)),
            (_("Contracted"), i18n.money(sums.contracted)),
            (_("Spent"), i18n.money(sums.spent)),
        ),
        tables=_tables(snapshot, money, selection),
        left_out=tuple(
            LeftOut(line_page(lines[number]), _("Its amount is not known."))
            for number in money.left_out
            if _concerns(lines[number], money.by_number[number], selection)
        ),
        notes=(
            *([] if sums.amount is not None else [_("No amount is known, which is not the same as zero.")]),
            *([] if sums.spent is not None else [_("Nothing was reported as spent up to this day.")]),
        ),
        leads=_leads(snapshot, selection),
    )


def _path(snapshot: Snapshot, selection: Selection) -> str:
    if not selection:
        return "/figures/money"
    (axis, key), *others = selection.items()
    query = "&".join(f"{other}={_in_address(snapshot, other, value)}" for other, value in others)
    return money_figure(snapshot, axis, key) + (f"?{query}" if query else "")


def _leads(snapshot: Snapshot, selection: Selection) -> tuple[Said, ...]:
    leads = [Said(_("Funding of the plan"), "/figures/money")] if selection else []
    goal = snapshot.find(Goal, cast("PydanticObjectId | None", selection.get(Axis.GOAL)))
    if goal is not None:
        leads.append(goal_page(goal))
    units = cast("tuple[PydanticObjectId, ...]", selection.get(Axis.UNIT) or ())
    leads += [Said(unit.caption, f"/units/{unit.key}") for key in units if (unit := snapshot.find(Unit, key))]
    return (*leads, Said(_("Investment plan"), "/investments"))


def _concerns(line: InvestmentLine, money: LineMoney, selection: Selection) -> bool:
    """Whether a line without an amount would have a part in what is selected, had it one."""
    for axis, key in selection.items():
        match axis:
            case Axis.SOURCE if key not in money.sources and not (key is None and not money.sources):
                return False
            case Axis.GOAL if key != line.goal:
                return False
            case Axis.YEAR if key is not None and key not in money.years:
                return False
    return Axis.UNIT not in selection


def _sums_head(first: str, *more: Column) -> tuple[Column, ...]:
    return (
        Column(first),
        *more,
        Column(_("Indicative, EUR"), numeric=True),
        Column(_("Contracted, EUR"), numeric=True),
        Column(_("Spent, EUR"), numeric=True),
    )


def said_sums(sums: Sums, path: str = "") -> tuple[Said, Said, Said]:
    """Indicative, contracted and spent EUR as cells of a table, leading to where they are explained."""
    return _cell(sums.amount, path), _cell(sums.contracted, path), _cell(sums.spent, path)


def _cell(amount: Decimal | None, path: str) -> Said:
    return Said(i18n.amount(amount), "" if amount is None else path)


def _tables(snapshot: Snapshot, money: PlanMoney, selection: Selection) -> tuple[Table, ...]:
    if not money.lines:
        return ()
    if not selection:
        return tuple(breakdown_table(snapshot, money, axis) for axis in (Axis.GOAL, Axis.SOURCE, Axis.YEAR))
    documents = {line.number: line for line in lines_in_order(snapshot)}
    share_of = cast("PydanticObjectId | None", selection.get(Axis.SOURCE))
    rows = tuple(
        (
            line_page(documents[line.number]),
            Said(i18n.amount(line.total), line_figure(line.number)),
            *([Said(_written_share(documents[line.number], share_of))] if share_of else []),
            *said_sums(sums),
        )
        for line, sums in _parts_of_lines(money, selection)
    )
    more = [Column(_("Whole line, EUR"), numeric=True), *([Column(_("Its share"), numeric=True)] if share_of else [])]
    total = (Said(_("Total")), *([NOTHING_SAID] * len(more)), *said_sums(sums_of(money, selection)))
    return (Table(_("Lines"), _sums_head(pgettext("column", "Line"), *more), rows, total),) if rows else ()


def _parts_of_lines(money: PlanMoney, selection: Selection) -> list[tuple[LineMoney, Sums]]:
    parts = []
    for line in money.lines:
        sums = PlanMoney((line,), ()).cross(*selection).get(tuple(selection.values()))
        if sums is not None:
            parts.append((line, sums))
    return parts


def breakdown_table(snapshot: Snapshot, money: PlanMoney, axis: Axis) -> Table:
    """The plan's money by one axis, each sum leading to its explanation."""
    found = money.by(axis)
    heads = {
        Axis.SOURCE: _("Funding source"),
        Axis.GOAL: pgettext("column", "Goal"),
        Axis.YEAR: _("Year"),
        Axis.UNIT: _("Responsible unit"),
    }
    captions = {
        Axis.SOURCE: _("By funding source"),
        Axis.GOAL: _("By goal"),
        Axis.YEAR: _("By year"),
        Axis.UNIT: _("By responsible unit"),
    }
    rows = tuple(
        (Said(name_of(snapshot, axis, row.key)), *said_sums(row.sums, money_figure(snapshot, axis, row.key)))
        for row in in_document_order(snapshot, axis, found.rows)
    )
    return Table(
        captions[axis], _sums_head(heads[axis]), rows, (Said(_("Total")), *said_sums(found.total, "/figures/money"))
    )


def _written_share(line: InvestmentLine, source: PydanticObjectId) -> str:
    """What the line says that a source pays of it."""
    return "; ".join(_said_share(share) for share in line.shares if share.source == source) or i18n.DASH


def _said_share(share: Share) -> str:
    text = i18n.percent(share.percent, 4) if share.percent is not None else i18n.money(share.amount)
    return _("%(share)s (inferred)", share=text) if share.inferred else text


# --- one line ----------------------------------------------------------------------------------------------


def of_line(snapshot: Snapshot, day: date, line: InvestmentLine) -> Explanation:
    """The money of one line: its amount over the years, the sources' parts to the cent; of a heading, its lines."""
    money = money_of(snapshot, day)
    figures = money.by_number[line.number]
    goal = snapshot.find(Goal, line.goal)
    under = money.under(line.number) if figures.formula is Formula.HEADING else None
    sums = figures.sums if under is None else under.total
    return Explanation(
        title=_("Funding of line %(number)s", number=line.number),
        value=i18n.money(sums.amount if under is not None else figures.total),
        path=line_figure(line.number),
        formula=_formula(line, figures),
        facts=(
            of_day(day),
            (_("Years that count"), _years(figures.years)),
            (_("Contracted"), i18n.money(sums.contracted)),
            (_("Spent"), i18n.money(sums.spent)),
        ),
        tables=(
            *_shares(snapshot, line, figures),
            *_by_source_and_year(snapshot, figures),
            *([] if under is None else [_lines_under(snapshot, under)]),
        ),
        left_out=()
        if under is None
        else tuple(
            LeftOut(line_page(find_line(snapshot, number)), _("Its amount is not known.")) for number in under.left_out
        ),
        notes=tuple(said_check(snapshot, check) for check in money.checks if _is_about(check, line.number)),
        leads=(
            line_page(line),
            *([] if goal is None else [Said(_("Funding: %(names)s", names=goal.code), _goal_money(snapshot, goal))]),
            Said(_("Funding of the plan"), "/figures/money"),
        ),
    )


def _goal_money(snapshot: Snapshot, goal: Goal) -> str:
    return money_figure(snapshot, Axis.GOAL, goal.key)


def _is_about(check: Check, number: str) -> bool:
    return check.code is not CheckCode.SOURCE_WITHOUT_LINE and check.subject == number


def _years(years: range) -> str:
    return ", ".join(str(year) for year in years) if len(years) <= 5 else f"{years[0]}–{years[-1]}"


def _formula(line: InvestmentLine, figures: LineMoney) -> tuple[str, ...]:
    amount = i18n.money(figures.amount)
    match figures.formula:
        case Formula.UNKNOWN:
            return (_("The plan states no amount: it is unknown, which is not zero, and is left out of the sums."),)
        case Formula.HEADING:
            return (_("A heading has no money of its own: the lines under its number are added up."),)
        case Formula.ONCE:
            return (_("The indicative amount of %(amount)s counts once.", amount=amount),)
        case Formula.YEARLY:
            values = {
                "amount": amount,
                "years": ngettext("%(num)s year", "%(num)s years", len(figures.years)),
                "total": i18n.money(figures.total),
            }
            if line.period is None:
                return (
                    _(
                        "The amount counts once for each year of the plan: %(amount)s × %(years)s = %(total)s.",
                        **values,
                    ),
                )
            return (
                _(
                    "The amount counts once for each year of the line's period: %(amount)s × %(years)s = %(total)s.",
                    **values,
                ),
            )


def _shares(snapshot: Snapshot, line: InvestmentLine, figures: LineMoney) -> tuple[Table, ...]:
    """The parts of the amount (of a year, for a yearly line) as written, before and after rounding to the cent."""
    if figures.amount is None or not line.shares:
        return ()
    percents = [share.percent for share in line.shares if share.percent is not None]
    cents = iter(split_by_percent(figures.amount, percents))
    parts = [next(cents) if share.percent is not None else cast("Decimal", share.amount) for share in line.shares]
    rows = [
        (
            Said(name_of(snapshot, Axis.SOURCE, share.source)),
            Said(_said_share(share)),
            Said(i18n.number(_before_rounding(figures.amount, share), 6)),
            Said(i18n.amount(part)),
        )
        for share, part in zip(line.shares, parts, strict=True)
    ]
    outside = figures.amount - sum(parts)
    if outside:
        rows.append((Said(_("No source stated")), NOTHING_SAID, NOTHING_SAID, Said(i18n.amount(outside))))
    caption = _("Parts of the amount of one year") if figures.formula is Formula.YEARLY else _("Parts of the amount")
    columns = (
        Column(_("Funding source")),
        Column(_("As written"), numeric=True),
        Column(_("Exactly, EUR"), numeric=True),
        Column(_("To the cent, EUR"), numeric=True),
    )
    total = (Said(_("Total")), NOTHING_SAID, NOTHING_SAID, Said(i18n.amount(figures.amount)))
    return (Table(caption, columns, tuple(rows), total),)


def _before_rounding(amount: Decimal, share: Share) -> Fraction | Decimal | None:
    return share.amount if share.percent is None else Fraction(amount) * Fraction(share.percent) / 100


def _by_source_and_year(snapshot: Snapshot, figures: LineMoney) -> tuple[Table, ...]:
    if not figures.cells:
        return ()
    rows = tuple(
        (
            Said(name_of(snapshot, Axis.SOURCE, cell.source)),
            Said(name_of(snapshot, Axis.YEAR, cell.year)),
            *said_sums(cell.sums),
        )
        for cell in figures.cells
    )
    columns = _sums_head(_("Funding source"), Column(_("Year")))
    total = (Said(_("Total")), NOTHING_SAID, *said_sums(figures.sums))
    return (Table(_("By source and year"), columns, rows, total),)


def _lines_under(snapshot: Snapshot, under: PlanMoney) -> Table:
    rows = tuple(
        (line_page(find_line(snapshot, line.number)), *said_sums(line.sums, line_figure(line.number)))
        for line in under.lines
        if line.formula is not Formula.HEADING
    )
    total = (Said(_("Total")), *said_sums(under.total))
    return Table(_("Lines under the heading"), _sums_head(pgettext("column", "Line")), rows, total)


# --- checks ------------------------------------------------------------------------------------------------


def of_checks(snapshot: Snapshot, day: date) -> Explanation:
    """The checks of the investment plan that fail, each with what it is about."""
    checks = money_of(snapshot, day).checks
    rows = tuple(
        (check_page(snapshot, check), Said(_(check.code.label)), Said(said_check(snapshot, check))) for check in checks
    )
    columns = (Column(_("Where")), Column(_("Finding")), Column(_("What was found")))
    return Explanation(
        title=_("Checks of the investment plan"),
        value=ngettext("%(num)s finding", "%(num)s findings", len(checks)),
        path="/figures/checks",
        formula=(
            _("What does not add up is shown and never repaired silently; the figures stay as they were entered."),
        ),
        facts=(of_day(day),),
        tables=(Table(_("Findings"), columns, rows),) if rows else (),
        notes=() if rows else (_("Every check holds."),),
        leads=(Said(_("Investment plan"), "/investments"),),
    )
