"""Texts, numbers, dates and order in both languages; the order is compared with the real database's."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pymongo
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


# ---- What people type


@given(value=amounts, code=languages)
def test_every_amount_shown_can_be_typed_back(value: Decimal, code: str) -> None:
    with i18n.use_language(code):
        assert i18n.parse_money(i18n.money(value)) == value
        assert i18n.parse_money(shown(i18n.amount(value))) == value
        assert i18n.parse_money(str(value)) == value


@given(day=days, code=languages, case=st.sampled_from(["nominative", "genitive", "dative", "locative"]))
def test_every_date_shown_can_be_typed_back(day: date, code: str, case: i18n.MonthCase) -> None:
    with i18n.use_language(code):
        assert i18n.parse_date(i18n.short_date(day)) == day
        assert i18n.parse_date(i18n.long_date(day, case)) == day
        assert i18n.parse_date(day.isoformat()) == day


@pytest.mark.parametrize(
    "typed",
    [
        "341 482,00", "341482.00", "341482,0", "341 482", "341\u00a0482,00 EUR", "341\u2009482 €",
        "€ 341482", "eur 341 482", " 341482 eiro ",
    ],
)  # fmt: skip
def test_amounts_are_read_however_they_are_commonly_typed(typed: str) -> None:
    assert i18n.parse_money(typed) == Decimal("341482.00")


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
        i18n.parse_money(typed)
    assert str(refused.value) == reason
    assert i18n.gettext(reason) != reason


def test_english_readers_may_separate_thousands_with_commas() -> None:
    with i18n.use_language("en"):
        assert i18n.parse_money("1,234.50") == Decimal("1234.50")
        assert i18n.parse_money("1,234") == Decimal(1234)
        assert i18n.parse_money("12,50") == Decimal("12.50")
        with pytest.raises(ValueError):
            i18n.parse_money("1.234,5")


def test_numbers_and_percentages_are_read_by_the_language() -> None:
    assert i18n.parse_number("20,5") == i18n.parse_number("20.5") == Decimal("20.5")
    assert i18n.parse_number("−1 234,567") == Decimal("-1234.567")
    assert i18n.parse_percent("85 %") == Decimal(85)
    with pytest.raises(ValueError, match="from 0 to 100"):
        i18n.parse_percent("101")


@pytest.mark.parametrize(
    "typed",
    ["30.09.2016.", "30.09.2016", "30.9.2016.", "30/09/2016", "30. 09. 2016.", "2016-09-30", "30 Sept 2016",
     "30.09.2016. g.", "2016. gada 30. septembrī"],
)  # fmt: skip
def test_dates_are_read_however_they_are_commonly_typed(typed: str) -> None:
    assert i18n.parse_date(typed) == date(2016, 9, 30)


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
        i18n.parse_date(typed)
    assert str(refused.value) == reason
    assert i18n.gettext(reason) not in ("", *([reason] if "30.09" not in reason else []))


# ---- Order and search

WORDS = (
    "āboli abols Ābols 2.4 2.4.1 2.10 SM2 SM10 Cēsis cirks čakls čiekurs Daugavpils ēna elle Gaiziņš ģimene "
    "Hanza ieva īve ikdiena yacht jūra Kandava Ķekava kuģis Lielvārde ļaudis liepa maize Ņina Nereta nauda "
    "ogas ozols ōla Rīga ŗēns rudzi saule šalle sala Talsi ūdens upe Užava Ventspils vējš Ūzulēni whisky xenon "
    "zāle žagari zeme Žīguri ZEME Zeme 007 7a 10 §2 (a) – „pēdiņas” a-b ab a\u00a0b"
)


def test_latvian_letters_stand_in_their_own_places() -> None:
    assert sorted(["žagari", "zeme", "šalle", "sala", "taka", "Ķekava", "kuģis", "laiva"], key=i18n.sort_key) == [
        "kuģis", "Ķekava", "laiva", "sala", "šalle", "taka", "zeme", "žagari",
    ]  # fmt: skip


def test_marks_then_case_decide_only_between_equal_letters_and_numbers_go_by_value() -> None:
    assert sorted(["Āb", "āa", "ab", "Ab", "āb"], key=i18n.sort_key) == ["āa", "ab", "Ab", "āb", "Āb"]
    assert sorted(["2.10", "2.4.1", "SM10", "2.4", "SM2"], key=i18n.sort_key) == [
        "2.4", "2.4.1", "2.10", "SM2", "SM10",
    ]  # fmt: skip


def test_the_order_is_the_databases_order(mongo_uri: str) -> None:
    chance = random.Random(2015)
    letters = "aābcčdeēgģiīyjkķlļnņoōrŗsštuūvzžAĀČEŅYIŠ -–.,()/&%0123456789éöб„”"
    made = {"".join(chance.choices(letters, k=chance.randint(1, 6))) for _ in range(1500)}
    words = list(dict.fromkeys([*WORDS.split(" "), *sorted(made)]))
    with pymongo.MongoClient[dict[str, str | int]](mongo_uri) as client:
        collection = client["test_i18n_order"]["words"]
        collection.drop()
        collection.insert_many([{"word": word, "place": place} for place, word in enumerate(words)])
        found = collection.find().sort([("word", 1), ("place", 1)])
        theirs = [row["word"] for row in found.collation({"locale": "lv", "numericOrdering": True})]
        client.drop_database("test_i18n_order")
    assert sorted(words, key=i18n.sort_key) == theirs


def test_searching_without_diacritics_finds_words_with_them() -> None:
    assert i18n.fold("kekava") in i18n.fold("Brauciens uz ĶEKAVU\u00a0un Ķekava")
    assert i18n.fold("Šķūņu iela") == "skunu iela"


def test_abbreviations_are_explained_as_whole_words_only() -> None:
    meanings = {"PB": "pašvaldības budžets", "VB": "valsts budžets", "DPD SLP": "pārvalde", "SLP": "x"}
    assert i18n.explain_abbreviations("PB, VB (APB) un DPD SLP", meanings) == [
        ("PB", "pašvaldības budžets"),
        (", ", None),
        ("VB", "valsts budžets"),
        (" (APB) un ", None),
        ("DPD SLP", "pārvalde"),
    ]
    assert i18n.explain_abbreviations("PB", {}) == [("PB", None)]


@given(text=st.text(alphabet="PVB SLā.(", max_size=30))
def test_explaining_abbreviations_loses_nothing(text: str) -> None:
    assert "".join(piece for piece, _ in i18n.explain_abbreviations(text, {"PB": "x", "VB": "y"})) == text
