"""What the sums of the investment plan follow from: the parts of its lines; and the checks that fail."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import cast

from beanie import PydanticObjectId

from stratplan import i18n
from stratplan.errors import NotVisible
from stratplan.goals.models import Goal
from stratplan.i18n import _, ngettext, pgettext
from stratplan.investments.models import InvestmentLine, Share
from stratplan.investments.money import LineMoney, PlanMoney
from stratplan.investments.queries import lines_in_order, money_of
from stratplan.investments.sums import Axis, Sums
from stratplan.overview.explanation_parts import (
    NOTHING_SAID,
    Column,
    Explanation,
    LeftOut,
    Said,
    Table,
    goal_page,
    of_day,
)
from stratplan.overview.money_names import (
    Selection,
    check_page,
    in_address_of,
    in_document_order,
    line_figure,
    line_page,
    money_figure,
    name_of,
    said_check,
)
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit

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
    query = "&".join(f"{other}={in_address_of(snapshot, other, value)}" for other, value in others)
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


def sums_head(first: str, *more: Column) -> tuple[Column, ...]:
    """The headings over said_sums, after those of what the sums are of."""
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
    return (Table(_("Lines"), sums_head(pgettext("column", "Line"), *more), rows, total),) if rows else ()


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
        captions[axis], sums_head(heads[axis]), rows, (Said(_("Total")), *said_sums(found.total, "/figures/money"))
    )


def _written_share(line: InvestmentLine, source: PydanticObjectId) -> str:
    """What the line says that a source pays of it."""
    return "; ".join(said_share(share) for share in line.shares if share.source == source) or i18n.DASH


def said_share(share: Share) -> str:
    """What a source pays of a line, as it was written."""
    text = i18n.percent(share.percent, 4) if share.percent is not None else i18n.money(share.amount)
    return _("%(share)s (inferred)", share=text) if share.inferred else text


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
