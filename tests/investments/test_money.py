"""Money to the cent: the known answer, the laws of splitting and adding up, and the checks (domain.md, Money)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan.investments.cents import line_total, split_by_percent
from stratplan.investments.checks import Check, CheckCode
from stratplan.investments.facts import LineFacts, TaskFunding, line_years
from stratplan.investments.money import Formula, LineMoney, PlanMoney, line_money, plan_money
from stratplan.investments.sums import Axis, Sums
from stratplan.period import Period

YEARS = range(2015, 2018)


@dataclass(frozen=True)
class Share:
    source: str
    percent: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Planned:
    source: str
    year: int
    amount: Decimal


@dataclass(frozen=True)
class Report:
    on: date
    source: str
    year: int
    contracted: Decimal | None = None
    spent: Decimal | None = None


def eur(amount: str | int) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"))


def percents(**shares: str) -> list[Share]:
    return [Share(source, percent=Decimal(percent)) for source, percent in shares.items()]


def amounts(**shares: str) -> list[Share]:
    return [Share(source, amount=eur(amount)) for source, amount in shares.items()]


def line(amount: str | None = "1000", number: str = "2.1", years: range = YEARS, **values: object) -> LineFacts:
    facts = LineFacts(number=number, years=years, amount=None if amount is None else eur(amount))
    return replace(facts, **values)  # type: ignore[arg-type]  # the test names the field


def by(money: PlanMoney | LineMoney, axis: Axis) -> dict[object, Decimal | None]:
    return {row.key: row.sums.amount for row in money.by(axis).rows}


def codes(checks: Sequence[Check]) -> list[CheckCode]:
    return [check.code for check in checks]


# --- the known answer ----------------------------------------------------------------------------------------


def daugavpils() -> list[LineFacts]:
    pb = {"2.4.1": "209601", "2.4.2": "1638", "2.4.3": "57156", "2.4.4": "16259"}
    eu = percents(PB="12", VB="3", ERAF="85")
    return [
        line("26952", "1.1", goal="SM1", shares=amounts(PB="26952")),
        line("341482", "2.1", goal="SM2", shares=eu),
        line("9000", "2.2", goal="SM2", yearly=True, shares=amounts(PB="9000")),
        line("350000", "2.3", goal="SM2", shares=eu),
        line(None, "2.4", goal="SM2", heading=True),
        *(line(amount, number, goal="SM2", shares=amounts(PB=amount)) for number, amount in pb.items()),
        line("5895", "3.1", goal="SM3", yearly=True, shares=amounts(PB="5895")),
        line("6075", "3.2", goal="SM3", yearly=True, shares=amounts(PB="6075")),
        line(None, "3.3", goal="SM3", shares=percents(PB="20", Justice="80")),
    ]


def test_the_daugavpils_plan_adds_up_to_the_known_answer() -> None:
    plan = plan_money(daugavpils())
    assert plan.total == Sums(amount=eur("1065998.00"))
    assert by(plan, Axis.SOURCE) == {"PB": eur("457493.84"), "VB": eur("20744.46"), "ERAF": eur("587759.70")}
    assert by(plan, Axis.GOAL) == {"SM1": eur(26952), "SM2": eur(1003136), "SM3": eur(35910)}
    assert by(plan, Axis.YEAR) == {2015: eur(20970), 2016: eur(20970), 2017: eur(20970), None: eur(1003088)}
    assert plan.left_out == ("3.3",)
    assert [(check.code, check.subject) for check in plan.checks] == [(CheckCode.AMOUNT_UNKNOWN, "3.3")]
    assert plan.under("2.4").total.amount == eur(284654)


def test_the_specialised_workshops_are_split_to_the_known_cents() -> None:
    parts = split_by_percent(Decimal(341482), [Decimal(12), Decimal(3), Decimal(85)])
    assert parts == [Decimal("40977.84"), Decimal("10244.46"), Decimal("290259.70")]


# --- splitting -----------------------------------------------------------------------------------------------

totals = st.decimals(0, 10**12 - 1, places=2)


@st.composite
def hundred(draw: st.DrawFn) -> list[Decimal]:
    """Percentages with four decimals that add up to 100."""
    cuts = sorted(draw(st.lists(st.integers(0, 1_000_000), max_size=9)))
    edges = [0, *cuts, 1_000_000]
    return [Decimal(after - before).scaleb(-4) for before, after in pairwise(edges)]


@given(totals, hundred())
def test_shares_of_100_percent_always_add_up_to_the_total(total: Decimal, shares: list[Decimal]) -> None:
    assert sum(split_by_percent(total, shares)) == total


@given(totals, st.lists(st.decimals(0, 100, places=4), max_size=8))
def test_every_part_is_within_a_cent_of_its_exact_value(total: Decimal, shares: list[Decimal]) -> None:
    for part, share in zip(split_by_percent(total, shares), shares, strict=True):
        assert abs(Fraction(part) - Fraction(total) * Fraction(share) / 100) < Fraction(1, 100)


@given(totals, st.lists(st.decimals(0, 100, places=4), max_size=8))
def test_other_shares_add_up_to_their_percentage_of_the_total(total: Decimal, shares: list[Decimal]) -> None:
    exact = Fraction(total) * sum(map(Fraction, shares), Fraction(0)) / 100
    assert abs(Fraction(sum(split_by_percent(total, shares))) - exact) <= Fraction(1, 200)


@given(totals, hundred(), st.randoms())
def test_the_order_of_shares_changes_no_ones_part(total: Decimal, shares: list[Decimal], random: object) -> None:
    shuffled = list(shares)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    before = sorted(zip(shares, split_by_percent(total, shares), strict=True))
    assert sorted(zip(shuffled, split_by_percent(total, shuffled), strict=True)) == before


def test_a_cent_that_none_has_more_right_to_goes_to_the_one_named_first() -> None:
    assert split_by_percent(Decimal("0.01"), [Decimal(50), Decimal(50)]) == [eur("0.01"), eur(0)]
    assert split_by_percent(Decimal("100.00"), [Decimal("33.3333")] * 3)[0] == eur("33.34")


@pytest.mark.parametrize("total", ["-1", "0.001", "NaN", "Infinity"])
def test_what_is_no_amount_is_refused(total: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        split_by_percent(Decimal(total), [Decimal(100)])


@pytest.mark.parametrize("share", ["-1", "NaN"])
def test_what_is_no_percentage_is_refused(share: str) -> None:
    with pytest.raises(ValueError, match="percentage"):
        split_by_percent(Decimal(1), [Decimal(share)])


# --- one line ------------------------------------------------------------------------------------------------


def test_a_yearly_line_counts_once_for_each_year_of_its_plan_or_of_its_own_period() -> None:
    assert line_total(Decimal(9000), True, 3) == eur(27000)
    assert line_total(Decimal(9000), False, 3) == eur(9000)
    assert line_total(None, True, 3) is None
    assert line_years(YEARS, None) == YEARS
    assert line_years(YEARS, Period.parse("2016–2017")) == range(2016, 2018)


def test_a_yearly_line_is_split_for_each_year_alone() -> None:
    money = line_money(line("100.01", yearly=True, shares=percents(PB="50", VB="50")))
    assert (money.formula, money.total) == (Formula.YEARLY, eur("300.03"))
    assert by(money, Axis.SOURCE) == {"PB": eur("150.03"), "VB": eur("150.00")}
    assert by(money, Axis.YEAR) == dict.fromkeys(YEARS, eur("100.01"))


def test_a_one_off_line_stands_in_the_years_planned_and_the_rest_is_not_stated() -> None:
    planned = [Planned("ERAF", 2016, eur(500)), Planned("PB", 2016, eur(50)), Planned("PB", 2017, eur(50))]
    money = line_money(line(shares=percents(PB="10", ERAF="90"), planned=planned))
    assert by(money, Axis.YEAR) == {2016: eur(550), 2017: eur(50), None: eur(400)}
    assert by(money, Axis.SOURCE) == {"PB": eur(100), "ERAF": eur(900)}
    assert money.checks == ()


def test_a_one_off_line_of_a_single_year_stands_in_that_year() -> None:
    assert by(line_money(line(years=range(2016, 2017), shares=amounts(PB="1000"))), Axis.YEAR) == {2016: eur(1000)}


def test_a_line_without_shares_takes_its_sources_from_what_is_planned() -> None:
    money = line_money(line(planned=[Planned("PB", 2016, eur(600))]))
    assert by(money, Axis.SOURCE) == {"PB": eur(600), None: eur(400)}
    over = line_money(line(planned=[Planned("PB", 2016, eur(1200))]))
    assert by(over, Axis.SOURCE) == {"PB": eur(1200), None: eur(-200)}
    assert codes(over.checks) == [CheckCode.PARTS_NOT_AMOUNT]


def test_a_line_with_no_amount_is_unknown_and_not_0() -> None:
    money = line_money(line(None, shares=percents(PB="20", ES="80"), planned=[Planned("PB", 2016, eur(5))]))
    assert (money.formula, money.total, money.sums.amount) == (Formula.UNKNOWN, None, None)
    assert codes(money.checks) == [CheckCode.AMOUNT_UNKNOWN]


def test_a_line_of_0_is_known() -> None:
    money = plan_money([line("0", shares=percents(PB="100"))])
    assert money.total.amount == eur(0)
    assert money.left_out == ()


def test_a_plan_without_lines_has_no_total() -> None:
    assert plan_money([]).total == Sums()
    assert plan_money([]).total.is_empty


def test_contracted_and_spent_are_the_last_stated_up_to_the_day() -> None:
    reports = [
        Report(date(2016, 9, 30), "PB", 2016, contracted=eur(300)),
        Report(date(2016, 3, 31), "PB", 2016, contracted=eur(200), spent=eur(50)),
        Report(date(2016, 12, 31), "PB", 2016, spent=eur(300)),
    ]
    facts = line(shares=amounts(PB="1000"), reports=reports)
    assert line_money(facts, date(2015, 12, 31)).sums == Sums(eur(1000), None, None)
    assert line_money(facts, date(2016, 6, 30)).sums == Sums(eur(1000), eur(200), eur(50))
    assert line_money(facts, date(2016, 9, 30)).sums == Sums(eur(1000), eur(300), eur(50))
    assert line_money(facts).sums == Sums(eur(1000), eur(300), eur(300))


def test_money_spent_on_a_line_with_no_amount_is_counted_as_spent() -> None:
    facts = line(None, goal="SM3", reports=[Report(date(2016, 1, 1), "ES", 2016, eur(10), eur(5))])
    plan = plan_money([facts, line("100", "2.2", goal="SM2")])
    assert plan.total == Sums(eur(100), eur(10), eur(5))


# --- checks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("vb", "outside"), [("2", "100"), ("5", "-200")])
def test_percentages_that_do_not_add_up_are_told_and_not_repaired(vb: str, outside: str) -> None:
    money = line_money(line("10000", shares=percents(PB="12", VB=vb, ERAF="85")))
    assert codes(money.checks) == [CheckCode.PERCENTS_NOT_100]
    assert money.checks[0].percents == {"sum": 97 + Decimal(vb), "whole": Decimal(100)}
    assert by(money, Axis.SOURCE)[None] == eur(outside)
    assert money.sums.amount == money.total == eur(10000)


def test_parts_in_euro_that_do_not_add_up_are_told_and_not_repaired() -> None:
    money = line_money(line("213892", shares=amounts(ERAF="178517")))
    assert codes(money.checks) == [CheckCode.PARTS_NOT_AMOUNT]
    assert money.checks[0].amounts == {"parts": eur(178517), "amount": eur(213892)}
    assert by(money, Axis.SOURCE) == {"ERAF": eur(178517), None: eur(35375)}


def test_parts_partly_in_euro_and_partly_in_percent_are_held_against_the_amount() -> None:
    shares = [*amounts(PB="150"), *percents(ERAF="85")]
    assert line_money(line(shares=shares)).checks == ()
    assert codes(line_money(line("1001", shares=shares)).checks) == [CheckCode.PARTS_NOT_AMOUNT]


def test_planning_more_than_a_source_pays_is_told() -> None:
    planned = [Planned("PB", 2015, eur(80)), Planned("PB", 2016, eur(80))]
    money = line_money(line(shares=percents(PB="10", ERAF="90"), planned=planned))
    assert codes(money.checks) == [CheckCode.PLANNED_OVER_SHARE]
    assert money.checks[0].amounts == {"planned": eur(160), "share": eur(100)}
    assert by(money, Axis.SOURCE) == {"PB": eur(100), "ERAF": eur(900)}
    yearly = line_money(line(yearly=True, shares=amounts(PB="1000"), planned=[Planned("PB", 2016, eur(1001))]))
    assert [(check.code, check.year) for check in yearly.checks] == [(CheckCode.PLANNED_OVER_SHARE, 2016)]


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (Report(date(2016, 12, 31), "PB", 2016, eur(100), eur(100)), []),
        (Report(date(2016, 12, 31), "PB", 2016, eur(100), eur("100.01")), [CheckCode.SPENT_OVER_CONTRACTED]),
        (Report(date(2016, 12, 31), "PB", 2016, eur("100.01")), [CheckCode.CONTRACTED_OVER_PLANNED]),
        (Report(date(2016, 12, 31), "PB", 2016, spent=eur(5000)), []),
        (Report(date(2016, 12, 31), "PB", 2017, eur(200)), []),
        (Report(date(2016, 12, 31), "PB", 2017, eur("200.01")), [CheckCode.CONTRACTED_OVER_PLANNED]),
        (Report(date(2016, 12, 31), "NVO", 2016, eur(1)), [CheckCode.CONTRACTED_OVER_PLANNED]),
    ],
)
def test_spent_over_contracted_and_contracted_over_planned_are_told(report: Report, expected: list[CheckCode]) -> None:
    facts = line(shares=amounts(PB="300", ERAF="700"), planned=[Planned("PB", 2016, eur(100))], reports=[report])
    assert codes(line_money(facts).checks) == expected
    assert line_money(facts, date(2016, 12, 30)).checks == ()


def test_contracts_of_a_line_without_sources_are_held_together_against_its_amount() -> None:
    reports = [Report(date(2016, 1, 1), "PB", 2015, eur(600)), Report(date(2016, 1, 1), "VB", 2016, eur(401))]
    check = line_money(line(reports=reports)).checks[0]
    assert (check.code, check.source, check.year) == (CheckCode.CONTRACTED_OVER_PLANNED, None, None)
    assert check.amounts == {"contracted": eur(1001), "planned": eur(1000)}


def test_a_stated_total_that_is_not_the_sum_of_its_rows_is_told() -> None:
    rows = [line("100", "2.4.1"), line("200", "2.4.2"), line("7", "2.40")]
    assert plan_money([line("300", "2.4", heading=True), *rows]).checks == ()
    wrong = plan_money([line("301", "2.4", heading=True), *rows])
    assert [(check.code, check.subject, check.amounts) for check in wrong.checks] == [
        (CheckCode.STATED_TOTAL_DIFFERS, "2.4", {"stated": eur(301), "sum": eur(300)})
    ]
    assert wrong.total.amount == eur(307)


@pytest.mark.parametrize(("stated", "told"), [("150", False), ("99", True)])
def test_a_line_with_no_amount_may_be_what_is_missing_from_a_stated_total(stated: str, told: bool) -> None:
    plan = plan_money([line(stated, "2.4", heading=True), line("100", "2.4.1"), line(None, "2.4.2")])
    assert (CheckCode.STATED_TOTAL_DIFFERS in codes(plan.checks)) is told


def test_a_source_that_a_task_names_and_none_of_its_lines_has_is_told() -> None:
    lines = [line("100", "2.4", heading=True), line("100", "2.4.1", shares=amounts(PB="100"))]
    paid = TaskFunding("2.6", ("PB", "Fondi"), ("2.4", "2.4.1"))
    paid_elsewhere = TaskFunding("1.4", ("PB",), ())
    checks = plan_money(lines, [paid, paid_elsewhere]).checks
    assert [(check.code, check.subject, check.source) for check in checks] == [
        (CheckCode.SOURCE_WITHOUT_LINE, "2.6", "Fondi")
    ]


@pytest.mark.parametrize("year", [None, 2016])
@pytest.mark.parametrize("code", CheckCode)
def test_every_finding_can_be_written_out(code: CheckCode, year: int | None) -> None:
    named = dict.fromkeys(["parts", "amount", "planned", "share", "stated", "spent", "contracted"], eur(1))
    finding = Check(code, "2.1", "PB", year, amounts=named | {"sum": eur(1)}, percents={"whole": Decimal(100)})
    values = finding.values(money=str, percent=str, source=str)
    assert "%" not in finding.message % values
    assert "2.1" in finding.message % values


# --- all lines -----------------------------------------------------------------------------------------------

sources = st.sampled_from(["PB", "VB", "ERAF"])
small = st.decimals(0, 100000, places=2)
reports = st.builds(
    Report, st.dates(date(2015, 1, 1), date(2017, 12, 31)), sources, st.sampled_from(YEARS), st.none() | small, small
)
shares = st.lists(
    st.builds(Share, sources, percent=st.decimals(0, 100, places=4)) | st.builds(Share, sources, amount=small),
    max_size=4,
)
lines = st.builds(
    LineFacts,
    number=st.integers(1, 99).map(lambda number: f"1.{number}"),
    years=st.sampled_from([YEARS, range(2016, 2017)]),
    amount=st.none() | small,
    yearly=st.booleans(),
    goal=st.sampled_from(["SM1", "SM2", None]),
    units=st.sampled_from([(), ("SLP",), ("SLP", "DPD")]),
    shares=shares,
    planned=st.lists(st.builds(Planned, sources, st.sampled_from(YEARS), small), max_size=3),
    reports=st.lists(reports, max_size=3),
)
plans = st.lists(lines, max_size=6, unique_by=lambda facts: facts.number)


def added(several: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in several if amount is not None]
    return sum(known, Decimal(0)) if known else None


@given(plans)
def test_every_breakdown_adds_up_to_the_same_total_whatever_was_entered(facts: list[LineFacts]) -> None:
    plan = plan_money(facts)
    assert plan.total.amount == added([money.total for money in plan.lines])
    for axis in Axis:
        breakdown = plan.by(axis)
        assert breakdown.total == plan.total
        assert added([row.sums.amount for row in breakdown.rows]) == plan.total.amount
        assert added([row.sums.contracted for row in breakdown.rows]) == plan.total.contracted
        assert added([row.sums.spent for row in breakdown.rows]) == plan.total.spent
    crossed = plan.cross(Axis.SOURCE, Axis.GOAL, Axis.YEAR)
    assert added([sums.amount for sums in crossed.values()]) == plan.total.amount


@given(plans)
def test_every_line_is_either_in_the_sums_or_named_as_left_out(facts: list[LineFacts]) -> None:
    plan = plan_money(facts)
    assert set(plan.left_out) == {entry.number for entry in facts if entry.amount is None}
    assert codes(plan.checks).count(CheckCode.AMOUNT_UNKNOWN) == len(plan.left_out)


@given(plans)
def test_money_that_no_source_covers_always_comes_with_a_finding_or_without_shares(facts: list[LineFacts]) -> None:
    for entry, money in zip(facts, plan_money(facts).lines, strict=True):
        outside = [cell.sums.amount for cell in money.cells if cell.source is None and cell.sums.amount]
        if outside and entry.shares:
            assert {CheckCode.PERCENTS_NOT_100, CheckCode.PARTS_NOT_AMOUNT} & set(codes(money.checks))
