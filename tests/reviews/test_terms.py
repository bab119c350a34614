"""Of which terms a review may be, and what they are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan.i18n import use_language
from stratplan.period import Period
from stratplan.reviews.terms import ReviewTerm, code_of, name_of, period_of_code, term_of, terms_of_years


@pytest.mark.parametrize(
    ("written", "term", "code"),
    [
        ("2016-Q3", ReviewTerm.QUARTER, "2016Q3"),
        ("2016-Q1/2016-Q2", ReviewTerm.HALF_YEAR, "2016H1"),
        ("2016-07/2016-12", ReviewTerm.HALF_YEAR, "2016H2"),
        ("2016", ReviewTerm.YEAR, "2016"),
        ("2016-01-01/2016-03-31", ReviewTerm.QUARTER, "2016Q1"),
    ],
)
def test_a_quarter_a_half_year_and_a_year_are_known_however_they_are_written(
    written: str, term: ReviewTerm, code: str
) -> None:
    period = Period.parse(written)
    assert term_of(period) is term
    assert code_of(period) == code


@pytest.mark.parametrize("written", ["2016-02", "2016-02/2016-04", "2016-Q2/2016-Q3", "2016/2017", "2016-05-05"])
def test_other_periods_are_no_terms(written: str) -> None:
    assert term_of(Period.parse(written)) is None


@given(st.sampled_from(list(terms_of_years(range(2014, 2019)))))
def test_a_code_leads_back_to_its_period(period: Period) -> None:
    found = period_of_code(code_of(period))
    assert found is not None
    assert (found.start, found.end) == (period.start, period.end)


@pytest.mark.parametrize("code", ["", "2016Q5", "2016H3", "Q3", "1066Q1", "2016Q", "2016Q33"])
def test_what_is_no_code_names_no_period(code: str) -> None:
    assert period_of_code(code) is None


def test_a_review_is_called_as_its_language_does() -> None:
    with use_language("lv"):
        names = [name_of(Period.parse(text)) for text in ("2016-Q3", "2016-Q1/2016-Q2", "2016")]
    assert names == ["2016.\u00a0gada 3.\u00a0ceturksnis", "2016.\u00a0gada 1.\u00a0pusgads", "2016.\u00a0gads"]


def test_the_terms_of_a_year_come_by_their_last_day() -> None:
    assert [code_of(period) for period in terms_of_years(range(2016, 2017))] == [
        "2016Q1", "2016Q2", "2016H1", "2016Q3", "2016Q4", "2016H2", "2016",
    ]  # fmt: skip
