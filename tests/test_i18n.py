"""Texts, numbers and dates in both languages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from stratplan import i18n

amounts = st.decimals(min_value=0, max_value=10**12 - 1, places=2)
days = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
languages = st.sampled_from(i18n.LANGUAGES)


@dataclass(frozen=True)
class Period:
    start: date
    end: date
    precision: str


def period(start: str, end: str, precision: str) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end), precision)


def shown(text: str) -> str:
    return text.replace(i18n.NBSP, " ")


@pytest.fixture
def environment() -> Environment:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    i18n.install(environment)
    return environment


# ---- Texts


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, "0 dienu"),
        (1, "1 diena"),
        (2, "2 dienas"),
        (10, "10 dienas"),
        (11, "11 dienas"),
        (21, "21 diena"),
        (101, "101 diena"),
        (111, "111 dienas"),
        (1001, "1 001 diena"),
    ],
)
def test_latvian_counts_in_three_forms(n: int, expected: str) -> None:
    assert shown(i18n.days(n)) == expected


def test_latvian_is_the_language_until_another_is_chosen_and_returns_afterwards() -> None:
    assert i18n.gettext("today") == "šodien"
    with i18n.use_language("en"):
        assert i18n.gettext("today") == "today"
    assert i18n.gettext("today") == "šodien"
    with pytest.raises(LookupError):
        i18n.set_language("de")


def test_an_untranslated_text_is_shown_in_its_source_and_an_empty_one_stays_empty() -> None:
    assert i18n.gettext("Not in any catalogue: %(name)s", name="x") == "Not in any catalogue: x"
    assert i18n.gettext("") == ""
    assert i18n.gettext("%(n)s %% of 100 %%") % {"n": 5} == i18n.gettext("%(n)s %% of 100 %%", n=5) == "5 % of 100 %"


def test_a_persons_text_is_never_taken_for_markup_or_for_a_pattern(environment: Environment) -> None:
    page = environment.from_string("{{ _(typed) }} {{ _('Hello %(name)s', name=typed) }}")
    assert page.render(typed="<b>50% %(x)s") == "&lt;b&gt;50% %(x)s Hello &lt;b&gt;50% %(x)s"


def test_values_that_are_markup_stay_markup_inside_an_escaped_text(environment: Environment) -> None:
    page = environment.from_string("{{ _('A < %(link)s', link=link) }}")
    assert page.render(link=Markup("<a>b</a>")) == "A &lt; <a>b</a>"


def test_blocks_are_translated_counted_and_filled(environment: Environment) -> None:
    page = environment.from_string(
        "{% trans count=n %}{{ count }} thing{% pluralize %}{{ count }} things{% endtrans %}|"
        "{% trans name='<i>' %}Dear {{ name }}, 100 %{% endtrans %}|{% trans %}\n  100 %\n{% endtrans %}"
    )
    assert page.render(n=1) == "1 thing|Dear &lt;i&gt;, 100 %|100 %"
    assert page.render(n=10).startswith("10 things|")


def test_a_filter_of_a_constant_speaks_the_language_of_the_reader(environment: Environment) -> None:
    page = environment.from_string("{{ 2016|quarter(3) }}, {{ 0.5|number }}")
    assert shown(page.render()) == "2016. gada 3. ceturksnis, 0,5"
    with i18n.use_language("en"):
        assert page.render() == "Q3 2016, 0.5"


def catalogue(folder: Path, name: str, *entries: str) -> Path:
    path = folder / name
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
    path.write_text("\n".join([header, *entries]), "utf-8")
    return path


def test_two_catalogues_may_agree_on_a_text_but_not_differ(tmp_path: Path) -> None:
    first = catalogue(tmp_path, "a.po", 'msgid "Goal"\nmsgstr "Mērķis"\n')
    same = catalogue(tmp_path, "b.po", 'msgid "Goal"\nmsgstr "Mērķis"\n')
    other = catalogue(tmp_path, "c.po", 'msgid "Goal"\nmsgstr "Vārti"\n')
    inside = catalogue(tmp_path, "d.po", 'msgctxt "football"\nmsgid "Goal"\nmsgstr "Vārti"\n')
    merged = i18n.merge([first, same, inside], "lv")
    assert merged.get("Goal").string == "Mērķis"
    assert merged.get("Goal", "football").string == "Vārti"
    with pytest.raises(i18n.CatalogueError, match=r"'Goal'.*a\.po.*c\.po"):
        i18n.merge([first, same, other], "lv")


def test_fuzzy_and_empty_translations_are_not_used_and_a_broken_file_is_named(tmp_path: Path) -> None:
    path = catalogue(tmp_path, "a.po", '#, fuzzy\nmsgid "Goal"\nmsgstr "Varbūt"\n\nmsgid "Task"\nmsgstr ""\n')
    merged = i18n.merge([path], "lv")
    assert merged.get("Goal") is None
    assert merged.get("Task") is None
    broken = catalogue(tmp_path, "broken.po", "Goal = Mērķis\n")
    with pytest.raises(i18n.CatalogueError, match=r"broken\.po"):
        i18n.merge([broken], "lv")


# ---- Numbers and money


def test_money_is_written_with_cents_and_spaces_that_do_not_break() -> None:
    assert i18n.money(Decimal("341482")) == "341\u00a0482,00\u00a0EUR"
    assert i18n.amount(Decimal("9000.5")) == "9\u00a0000,50"
    with i18n.use_language("en"):
        assert i18n.money(Decimal("341482")) == "341,482.00\u00a0EUR"


def test_what_is_unknown_is_a_dash_and_not_zero() -> None:
    unknown: list[Callable[[None], str]] = [
        i18n.money, i18n.amount, i18n.number, i18n.percent, i18n.headcount,
        i18n.short_date, i18n.long_date, i18n.date_and_time, i18n.period,
    ]  # fmt: skip
    assert {write(None) for write in unknown} == {"—"}
    assert i18n.percent(0) == "0\u00a0%"


def test_percentages_are_whole_and_rounded_half_up() -> None:
    assert shown(i18n.percent(Fraction(17, 20))) == "85 %"
    assert shown(i18n.percent(Fraction(1, 200))) == "1 %"
    assert shown(i18n.percent(Decimal("84.5"))) == "85 %"
    assert shown(i18n.percent(Decimal("12.5"), 2)) == "12,5 %"
    assert shown(i18n.percent(Fraction(-1, 1000))) == "0 %"
    with i18n.use_language("en"):
        assert i18n.percent(85) == "85%"


def test_numbers_follow_the_language() -> None:
    assert shown(i18n.number(1234567)) == "1 234 567"
    assert i18n.headcount(Decimal("20.50")) == "20,5"
    assert i18n.number(Decimal("-0.001")) == "0"
    with i18n.use_language("en"):
        assert i18n.number(Decimal("1234.5")) == "1,234.5"


@given(value=st.fractions(min_value=-1000, max_value=1000), places=st.integers(0, 3))
def test_rounding_half_up_never_moves_a_number_by_more_than_half_a_unit(value: Fraction, places: int) -> None:
    moved = Fraction(i18n.half_up(value, places)) - value
    assert abs(moved) <= Fraction(1, 2 * 10**places)
    if abs(moved) == Fraction(1, 2 * 10**places):
        assert moved * value >= 0


# ---- Dates


def test_dates_are_written_as_the_language_writes_them() -> None:
    day = date(2016, 9, 30)
    assert i18n.short_date(day) == "30.09.2016."
    assert shown(i18n.long_date(day)) == "2016. gada 30. septembris"
    assert shown(i18n.long_date(day, "locative")) == "2016. gada 30. septembrī"
    assert shown(i18n.long_date(day, "dative")) == "2016. gada 30. septembrim"
    assert shown(i18n.long_date(day, "genitive")) == "2016. gada 30. septembra"
    with i18n.use_language("en"):
        assert i18n.short_date(day) == "30 Sep 2016"
        assert shown(i18n.long_date(day, "locative")) == "30 September 2016"


def test_moments_are_told_by_the_clock_of_riga() -> None:
    assert i18n.date_and_time(datetime(2016, 9, 30, 21, 5, tzinfo=UTC)) == "01.10.2016. 00:05"
    assert i18n.date_and_time(datetime(2016, 1, 1, 12, 0)) == "01.01.2016. 14:00"
    assert i18n.short_date(datetime(2016, 9, 30, 21, 5, tzinfo=UTC)) == "01.10.2016."
    with i18n.use_language("en"):
        assert i18n.date_and_time(datetime(2016, 1, 1, 12, 0)) == "1 Jan 2016, 14:00"


@pytest.mark.parametrize(
    ("value", "latvian", "english"),
    [
        (period("2015-01-01", "2015-12-31", "year"), "2015.", "2015"),
        (period("2015-01-01", "2017-12-31", "year"), "2015.–2017.", "2015–2017"),
        (period("2016-07-01", "2016-09-30", "quarter"), "2016. gada 3. ceturksnis", "Q3 2016"),
        (period("2016-01-01", "2016-09-30", "quarter"), "2016. gada 1.–3. ceturksnis", "Q1–Q3 2016"),
        (
            period("2016-07-01", "2017-03-31", "quarter"),
            "2016. gada 3. ceturksnis – 2017. gada 1. ceturksnis",
            "Q3 2016 – Q1 2017",
        ),
        (period("2016-03-01", "2016-03-31", "month"), "2016. gada marts", "March 2016"),
        (period("2016-03-01", "2016-05-31", "month"), "2016. gada marts–maijs", "March–May 2016"),
        (
            period("2016-12-01", "2017-01-31", "month"),
            "2016. gada decembris – 2017. gada janvāris",
            "December 2016 – January 2017",
        ),
        (period("2016-03-05", "2016-03-05", "day"), "05.03.2016.", "5 Mar 2016"),
        (period("2016-03-05", "2016-04-01", "day"), "05.03.2016. – 01.04.2016.", "5 Mar 2016 – 1 Apr 2016"),
    ],
)
def test_a_period_is_written_as_plans_write_it(value: Period, latvian: str, english: str) -> None:
    assert shown(i18n.period(value)) == latvian
    with i18n.use_language("en"):
        assert shown(i18n.period(value)) == english


def test_how_long_ago_is_told_in_the_right_case() -> None:
    day = date(2016, 9, 30)
    assert shown(i18n.since(date(2016, 9, 18), day)) == "pirms 12 dienām"
    assert shown(i18n.since(date(2016, 9, 9), day)) == "pirms 21 dienas"
    assert shown(i18n.since(date(2016, 10, 3), day)) == "pēc 3 dienām"
    assert i18n.since(day, day) == "šodien"
