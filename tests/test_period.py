"""Periods: what people write, what is stored, and the days in between (domain.md, Period)."""

from __future__ import annotations

import pickle
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from stratplan.i18n import period as shown
from stratplan.i18n import use_language
from stratplan.period import Period, Precision

days = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    first, last = sorted([draw(days), draw(days)])
    precision = draw(st.sampled_from(Precision))
    texts = {
        Precision.YEAR: lambda day: f"{day:%Y}",
        Precision.QUARTER: lambda day: f"{day:%Y}-Q{(day.month + 2) // 3}",
        Precision.MONTH: lambda day: f"{day:%Y-%m}",
        Precision.DAY: lambda day: f"{day:%Y-%m-%d}",
    }
    return Period.parse(f"{texts[precision](first)}/{texts[precision](last)}")


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("2015.", "2015"),
        ("2015", "2015"),
        ("2015. gads", "2015"),
        ("2015.g.", "2015"),
        ("2015.–2017.", "2015/2017"),
        ("2015.-2017.", "2015/2017"),
        ("2015 — 2017", "2015/2017"),
        ("2015.-2017.g.", "2015/2017"),
        ("no 2015. līdz 2017. gadam", "2015/2017"),
        ("2015/2015", "2015"),
        ("2016-Q3", "2016-Q3"),
        ("2016 Q3", "2016-Q3"),
        ("Q3 2016", "2016-Q3"),
        ("2016. gada 3. ceturksnis", "2016-Q3"),
        ("2016.\u00a0gada 3.\u00a0ceturksnī", "2016-Q3"),
        ("III cet. 2016", "2016-Q3"),
        ("2016. g. III ceturksnis", "2016-Q3"),
        ("2016. gada 1.–3. ceturksnis", "2016-Q1/2016-Q3"),
        ("2016-Q1–Q3", "2016-Q1/2016-Q3"),
        ("2016. gada 3. ceturksnis – 2017. gada 1. ceturksnis", "2016-Q3/2017-Q1"),
        ("2016-03", "2016-03"),
        ("03.2016.", "2016-03"),
        ("2016. gada marts", "2016-03"),
        ("2016. gada martā", "2016-03"),
        ("JŪNIJS 2016", "2016-06"),
        ("March 2016", "2016-03"),
        ("2016. gada marts–maijs", "2016-03/2016-05"),
        ("03.–05.2016.", "2016-03/2016-05"),
        ("2016-03-2016-05", "2016-03/2016-05"),
        ("05.03.2016.", "2016-03-05"),
        ("5.3.2016", "2016-03-05"),
        ("2016-03-05", "2016-03-05"),
        ("2016. gada 5. martā", "2016-03-05"),
        ("30 Sep 2016", "2016-09-30"),
        ("05.03.2016.–01.04.2016.", "2016-03-05/2016-04-01"),
        ("01.03.–30.06.2016.", "2016-03-01/2016-06-30"),
        ("1.–15.03.2016.", "2016-03-01/2016-03-15"),
        ("29.02.2016.", "2016-02-29"),
    ],
)
def test_what_people_write_in_plans_is_understood(written: str, canonical: str) -> None:
    assert str(Period.parse(written)) == canonical


@pytest.mark.parametrize(
    ("written", "same_days"),
    [
        ("2015–2016-Q3", "2015-Q1/2016-Q3"),
        ("03.2016–2017", "2016-03/2017-12"),
        ("2016-Q2/2016-08-15", "2016-04-01/2016-08-15"),
    ],
)
def test_a_range_of_mixed_precision_takes_the_finer_one(written: str, same_days: str) -> None:
    assert Period.parse(written) == Period.parse(same_days)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "Write a period"),
        ("visu periodu", "Write a period"),
        ("2015-16", "Write a period"),
        ("15. gads", "Write a period"),
        ("2016-Q5", "Write a period"),
        ("2016-13", "Write a period"),
        ("2016 3", "Write a period"),
        ("2016. gada 3.", "Write a period"),
        ("2015-2016-2017", "Write a period"),
        ("2015 2016", "Write a period"),
        ("2015²", "Write a period"),
        ("2015" * 30, "Write a period"),
        ("31.02.2016.", "no such day"),
        ("29.02.2015.", "no such day"),
        ("2017–2015", "ends before it begins"),
        ("1989", "between 1990 and 2100"),
        ("2015–2101", "between 1990 and 2100"),
    ],
)
def test_what_is_no_period_is_refused_with_the_reason(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Period.parse(written)


@given(st.text("0123456789.-–/ Q abcegijlmnorstuvīāš", max_size=30))
def test_any_text_is_either_a_period_or_refused(text: str) -> None:
    try:
        period = Period.parse(text)
    except ValueError:
        return
    assert period.start <= period.end


@given(periods())
def test_the_canonical_text_gives_the_same_period_back(period: Period) -> None:
    assert Period.parse(str(period)) == period
    assert pickle.loads(pickle.dumps(period)) == period


@given(periods(), st.sampled_from(["lv", "en"]))
def test_what_a_page_shows_can_be_typed_in_again(period: Period, language: str) -> None:
    with use_language(language):
        assert Period.parse(shown(period)) == period


def test_a_year_lasts_from_its_first_day_to_its_last() -> None:
    period = Period.parse("2015.–2017.")
    assert (period.start, period.deadline) == (date(2015, 1, 1), date(2017, 12, 31))
    assert period.days == 365 + 366 + 365
    assert list(period.years()) == [2015, 2016, 2017]
    assert period.written() == ((2015,), (2017,))


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2016-Q1", date(2016, 1, 1), date(2016, 3, 31)),
        ("2016-Q3", date(2016, 7, 1), date(2016, 9, 30)),
        ("2016-02", date(2016, 2, 1), date(2016, 2, 29)),
        ("2016-12", date(2016, 12, 1), date(2016, 12, 31)),
    ],
)
def test_quarters_and_months_last_to_their_last_day(written: str, first: date, last: date) -> None:
    period = Period.parse(written)
    assert (period.start, period.end) == (first, last)


def test_a_period_cannot_be_made_of_halves() -> None:
    with pytest.raises(ValueError, match="not made of whole units"):
        Period(date(2015, 1, 1), date(2015, 6, 30), Precision.YEAR)


@given(periods(), days)
def test_the_elapsed_share_grows_from_0_before_the_first_day_to_1_on_the_last(period: Period, day: date) -> None:
    share = period.elapsed_share(day)
    assert 0 <= share <= 1
    assert (share == 0) == (day < period.start)
    assert (share == 1) == (day >= period.end)
    assert period.elapsed_share(day + timedelta(days=1)) >= share


def test_the_day_itself_has_elapsed() -> None:
    assert Period.parse("2016-03-01/2016-03-10").elapsed_share(date(2016, 3, 1)) == Fraction(1, 10)


class Plan(BaseModel):
    period: Period


def test_a_field_takes_a_period_or_its_text_and_gives_the_text_back() -> None:
    plan = Plan.model_validate({"period": "2015.–2017."})
    assert plan.period is Plan(period=plan.period).period
    assert plan.model_dump() == {"period": "2015/2017"}
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    with pytest.raises(ValidationError, match="no such day"):
        Plan.model_validate({"period": "31.02.2016."})
