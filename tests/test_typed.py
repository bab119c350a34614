"""Amounts, numbers and dates as people type them, in both languages; what is shown can be typed back."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan import i18n
from stratplan.typed import page_number, parse_date, parse_money, parse_number, parse_percent

amounts = st.decimals(min_value=0, max_value=10**12 - 1, places=2)
days = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
languages = st.sampled_from(i18n.LANGUAGES)


@given(value=amounts, code=languages)
def test_every_amount_shown_can_be_typed_back(value: Decimal, code: str) -> None:
    with i18n.use_language(code):
        assert parse_money(i18n.money(value)) == value
        assert parse_money(i18n.amount(value).replace(i18n.NBSP, " ")) == value
        assert parse_money(str(value)) == value


@given(day=days, code=languages, case=st.sampled_from(["nominative", "genitive", "dative", "locative"]))
def test_every_date_shown_can_be_typed_back(day: date, code: str, case: i18n.MonthCase) -> None:
    with i18n.use_language(code):
        assert parse_date(i18n.short_date(day)) == day
        assert parse_date(i18n.long_date(day, case)) == day
        assert parse_date(day.isoformat()) == day


@pytest.mark.parametrize(
    "typed",
    [
        "341 482,00", "341482.00", "341482,0", "341 482", "341\u00a0482,00 EUR", "341\u2009482 €",
        "€ 341482", "eur 341 482", " 341482 eiro ",
    ],
)  # fmt: skip
def test_amounts_are_read_however_they_are_commonly_typed(typed: str) -> None:
    assert parse_money(typed) == Decimal("341482.00")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("1.234,5", "This is not a number."),
        ("1,234.50", "This is not a number."),
        ("1.234", "This number can be read in two ways. Write it without separating thousands."),
        ("1,234", "An amount has at most two decimal places."),
        ("12 34", "This is not a number."),
        ("1e5", "This is not a number."),
        ("٣", "This is not a number."),
        ("NaN", "This is not a number."),
        ("EUR", "Enter a number."),
        ("", "Enter a number."),
        ("-5", "An amount cannot be negative."),
        ("1000000000000", "The amount is too large."),
        ("9" * 40, "The amount is too large."),
    ],
)
def test_what_cannot_be_read_as_an_amount_is_refused_with_a_translated_reason(typed: str, reason: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_money(typed)
    assert str(refused.value) == reason
    assert i18n.gettext(reason) != reason


def test_english_readers_may_separate_thousands_with_commas() -> None:
    with i18n.use_language("en"):
        assert parse_money("1,234.50") == Decimal("1234.50")
        assert parse_money("1,234") == Decimal(1234)
        assert parse_money("12,50") == Decimal("12.50")
        with pytest.raises(ValueError):
            parse_money("1.234,5")


def test_numbers_and_percentages_are_read_by_the_language() -> None:
    assert parse_number("20,5") == parse_number("20.5") == Decimal("20.5")
    assert parse_number("−1 234,567") == Decimal("-1234.567")
    assert parse_percent("85 %") == Decimal(85)
    with pytest.raises(ValueError, match="from 0 to 100"):
        parse_percent("101")


@pytest.mark.parametrize(
    "typed",
    ["30.09.2016.", "30.09.2016", "30.9.2016.", "30/09/2016", "30. 09. 2016.", "2016-09-30", "30 Sept 2016",
     "30.09.2016. g.", "2016. gada 30. septembrī"],
)  # fmt: skip
def test_dates_are_read_however_they_are_commonly_typed(typed: str) -> None:
    assert parse_date(typed) == date(2016, 9, 30)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("31.02.2016.", "There is no such day."),
        ("30.09.16", "Enter a date such as 30.09.2016."),
        ("rīt", "Enter a date such as 30.09.2016."),
        ("30 Brumaire 2016", "Enter a date such as 30.09.2016."),
        ("30.09.0016", "Enter a year from 1900 to 2100."),
    ],
)
def test_what_is_no_date_is_refused_with_a_translated_reason(typed: str, reason: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_date(typed)
    assert str(refused.value) == reason
    assert i18n.gettext(reason) not in ("", *([reason] if "30.09" not in reason else []))


@pytest.mark.parametrize(
    ("asked", "page"), [("3", 3), ("0", 1), ("", 1), ("-2", 1), ("²", 1), ("1234567", 1), ("x", 1)]
)
def test_what_is_no_page_of_a_list_is_its_first(asked: str, page: int) -> None:
    assert page_number({"page": asked}) == page
    assert page_number({}) == 1
