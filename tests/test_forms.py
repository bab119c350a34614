"""Forms: what was typed is kept, what is wrong stands at its field in Latvian, groups of rows are read as lists."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan import i18n
from stratplan.documents import Line, OptionalProse, Part
from stratplan.errors import RuleBroken
from stratplan.forms import (
    ChosenField,
    DayField,
    Form,
    FormModel,
    MoneyField,
    PeriodField,
    ReferenceField,
    WeightField,
    shown,
)
from stratplan.period import Period
from stratplan.plans.models import FundingKind


class Row(Part):
    """A row of a repeated group."""

    key: str = ""
    title: Line
    weight: WeightField = Decimal(1)


class Sample(FormModel):
    """One field of every sort."""

    title: Line
    text: OptionalProse = ""
    amount: MoneyField = None
    due: DayField = None
    period: PeriodField
    funding: FundingKind = FundingKind.STATE
    lead: ReferenceField = None
    partners: list[ChosenField] = []
    goal: ChosenField
    rows: list[Row] = []


def sent(**texts: str) -> Form[Sample]:
    filled = {"title": "Nosaukums", "period": "2015.–2017.", "goal": "0" * 24, **texts}
    return Form.submitted(Sample, filled.items())


def test_latvian_amounts_days_and_periods_are_understood() -> None:
    form = sent(amount="341 482,50", due="30.09.2016.", period="2016. gada 3. ceturksnis")
    assert form.errors == {}
    assert form.data is not None
    assert form.data.amount == Decimal("341482.50")
    assert str(form.data.due) == "2016-09-30"
    assert str(form.data.period) == "2016-Q3"


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("title", "   "),
        ("title", "x" * 501),
        ("amount", "daudz"),
        ("amount", "-1"),
        ("due", "31.02.2016."),
        ("period", "kaut kad"),
        ("funding", "gift"),
        ("lead", "not-an-id"),
        ("partners", "not-an-id"),
        ("goal", ""),
        ("goal", "not-an-id"),
        ("text", "nulle \x00"),
        ("text", "puse \ud800"),
        ("stranger", "1"),
        ("$where", "1"),
    ],
)
def test_what_is_wrong_stands_at_its_field_in_latvian_and_the_text_is_kept(field: str, typed: str) -> None:
    form = sent(**{field: typed})
    assert form.data is None
    assert list(form.errors) == [field]
    assert form.value(field) == typed
    with i18n.use_language("en"):
        english = sent(**{field: typed}).errors[field]
    assert form.errors[field] != english, "the sentence is not translated"


def test_rows_are_read_in_their_order_and_empty_ones_do_not_count() -> None:
    form = sent(**{"rows-2-title": "Otrā", "rows-0-title": "Pirmā", "rows-1-title": " ", "rows-1-weight": ""})
    assert form.data is not None
    assert [row.title for row in form.data.rows] == ["Pirmā", "Otrā"]


def test_an_error_in_a_row_stands_at_that_row() -> None:
    form = sent(**{"rows-0-title": "Pirmā", "rows-3-title": "Otrā", "rows-3-weight": "smags"})
    assert list(form.errors) == ["rows-3-weight"]


def test_spare_rows_come_after_those_that_are_filled() -> None:
    form = Form.filled(Sample, {"rows": [{"key": "a", "title": "Pirmā"}]})
    assert form.places("rows", spare=2) == [0, 1, 2]
    assert form.value("rows-0-title") == "Pirmā"


def test_a_broken_rule_takes_the_data_away_and_stands_at_its_field() -> None:
    form = sent()
    form.refuse(RuleBroken("Aizņemts", field="title"))
    assert form.data is None
    assert form.errors == {"title": "Aizņemts"}


@given(
    amount=st.decimals(min_value=0, max_value=10**10, places=2, allow_nan=False, allow_infinity=False),
    day=st.dates(min_value=date(1990, 1, 1), max_value=date(2099, 12, 31)),
    period=st.sampled_from(["2015", "2015/2017", "2016-Q3", "2016-Q3/2017-Q1", "2016-03", "2016-03-05/2016-04-01"]),
    language=st.sampled_from(i18n.LANGUAGES),
)
def test_what_a_form_shows_it_understands(amount: Decimal, day: object, period: str, language: str) -> None:
    with i18n.use_language(language):
        form = sent(amount=shown(amount), due=shown(day), period=shown(Period.parse(period)))
        assert form.errors == {}
        assert form.data is not None
        assert (form.data.amount, form.data.due, str(form.data.period)) == (amount, day, period)
