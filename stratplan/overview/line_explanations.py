"""What the money of one investment line follows from: its amount over the years, its sources to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import cast

from stratplan import i18n
from stratplan.goals.models import Goal
from stratplan.i18n import _, ngettext, pgettext
from stratplan.investments.cents import split_by_percent
from stratplan.investments.checks import Check, CheckCode
from stratplan.investments.models import InvestmentLine, Share
from stratplan.investments.money import Formula, LineMoney, PlanMoney
from stratplan.investments.queries import find_line, money_of
from stratplan.investments.sums import Axis
from stratplan.overview.explanation_parts import NOTHING_SAID, Column, Explanation, LeftOut, Said, Table, of_day
from stratplan.overview.money_explanations import said_share, said_sums, sums_head
from stratplan.overview.money_names import line_figure, line_page, money_figure, name_of, said_check
from stratplan.snapshot import Snapshot


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
            Said(said_share(share)),
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
    columns = sums_head(_("Funding source"), Column(_("Year")))
    total = (Said(_("Total")), NOTHING_SAID, *said_sums(figures.sums))
    return (Table(_("By source and year"), columns, rows, total),)


def _lines_under(snapshot: Snapshot, under: PlanMoney) -> Table:
    rows = tuple(
        (line_page(find_line(snapshot, line.number)), *said_sums(line.sums, line_figure(line.number)))
        for line in under.lines
        if line.formula is not Formula.HEADING
    )
    total = (Said(_("Total")), *said_sums(under.total))
    return Table(_("Lines under the heading"), sums_head(pgettext("column", "Line")), rows, total)
