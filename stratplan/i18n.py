"""Language: translated texts, and numbers, money, dates and periods as people write them.

Knows no slice: a period or a state is read by its attributes. The language in force is a ContextVar that
the web middleware and commands set; the catalogues are the .po files of `locales/`, compiled in memory.
"""

from __future__ import annotations

import gettext as gnu
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache, lru_cache, wraps
from pathlib import Path
from typing import Any, Final, Literal, Protocol
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, get_month_names
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import NumberPattern, parse_pattern
from jinja2 import Environment, pass_context
from markupsafe import Markup, escape

from stratplan.settings import resource

LANGUAGES: Final = ("lv", "en")
LANGUAGE_NAMES: Final[Mapping[str, str]] = {"lv": "Latviešu", "en": "English"}  # each in itself
SOURCE_LANGUAGE: Final = "en"
DASH: Final = "—"
NBSP: Final = "\u00a0"
CLOCK: Final = ZoneInfo("Europe/Riga")  # whose midnight begins a new day, everywhere

language: ContextVar[str] = ContextVar("language", default="lv")


def set_language(code: str) -> Token[str]:
    """Put a language in force and return the token that `language.reset` takes; LookupError if unknown."""
    if code not in LANGUAGES:
        raise LookupError(f"No such language: {code}")
    return language.set(code)


@contextmanager
def use_language(code: str) -> Iterator[None]:
    """The language `code` is in force inside the block."""
    token = set_language(code)
    try:
        yield
    finally:
        language.reset(token)


# ---- Catalogues


class CatalogueError(Exception):
    """A catalogue cannot be used: it does not parse, or two files translate one text differently."""


def merge(paths: list[Path], code: str) -> Catalog:
    """One catalogue of all files; fuzzy, empty and obsolete entries are left out."""
    merged = Catalog(locale=Locale.parse(code), charset="utf-8", fuzzy=False)
    origin: dict[tuple[str | None, str], Path] = {}
    for path in paths:
        try:
            with path.open("rb") as file:
                catalogue = read_po(file, locale=code, charset="utf-8", abort_invalid=True)
        except (PoFileError, ValueError) as error:
            raise CatalogueError(f"{path}: {error}") from error
        for message in catalogue:
            if not message.id or message.fuzzy or not message.string or not any(message.string):
                continue
            source = message.id if isinstance(message.id, str) else message.id[0]
            key = (message.context, source)
            if key in origin:
                earlier = merged.get(source, message.context)
                if earlier is None or earlier.string != message.string:
                    raise CatalogueError(f"{source!r} is translated differently in {origin[key]} and {path}")
                continue
            origin[key] = path
            merged.add(message.id, message.string, context=message.context)
    return merged


@cache
def translations(code: str) -> gnu.NullTranslations:
    """The compiled catalogue of a language; the source language needs none."""
    if code == SOURCE_LANGUAGE:
        return gnu.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, merge(sorted((resource("locales") / code).glob("*.po")), code))
    compiled.seek(0)
    return gnu.GNUTranslations(compiled)


def load_catalogues() -> None:
    """Compile every language now, so that a broken catalogue stops the start and not a page."""
    for code in LANGUAGES:
        translations(code)


# ---- Texts


def N_(message: str) -> str:  # noqa: N802 (gettext's own name)
    """The text as it is, marked for translation; it is translated with `_` when it is shown."""
    return message


def _fill(text: str, values: Mapping[str, Any]) -> str:
    # Jinja's own newstyle gettext declares every message safe markup, also one that carries a person's
    # text. Here a message is plain text, escaped as any other; only values that are markup stay markup.
    if not values:
        return text if "%(" in text else text.replace("%%", "%")
    if any(hasattr(value, "__html__") for value in values.values()):
        return Markup(escape(text)) % values  # noqa: S704 (escaped, then filled in)
    return text % values


def gettext(message: str, /, **values: Any) -> str:
    """The text in the language in force, with its `%(name)s` filled in."""
    return _fill(translations(language.get()).gettext(message) if message else "", values)


_ = gettext


def ngettext(singular: str, plural: str, n: int, /, **values: Any) -> str:
    """The text for `n` things; `%(num)s` is `n`, written as the language writes numbers."""
    values.setdefault("num", number(n))
    return _fill(translations(language.get()).ngettext(singular, plural, n), values)


def pgettext(context: str, message: str, /, **values: Any) -> str:
    """The text in its context, for an English word that needs more than one Latvian word."""
    return _fill(translations(language.get()).pgettext(context, message), values)


def npgettext(context: str, singular: str, plural: str, n: int, /, **values: Any) -> str:
    """The text for `n` things, in its context."""
    values.setdefault("num", number(n))
    return _fill(translations(language.get()).npgettext(context, singular, plural, n), values)


# ---- Numbers and money


@dataclass(frozen=True)
class Conventions:
    """How a language writes numbers and dates where the catalogue cannot say it."""

    locale: Locale
    decimal_sign: str
    group_sign: str
    percent: str
    date: str
    long_date: str


CONVENTIONS: Final = {
    "lv": Conventions(
        locale=Locale.parse("lv"),
        decimal_sign=",",
        group_sign=" ",
        percent=f"{{}}{NBSP}%",
        date="dd.MM.yyyy.",
        long_date="",
    ),
    "en": Conventions(
        locale=Locale.parse("en"),
        decimal_sign=".",
        group_sign=",",
        percent="{}%",
        date="d MMM yyyy",
        long_date=f"d{NBSP}MMMM y",
    ),
}


def _exact(value: int | float | Decimal | Fraction) -> Decimal | Fraction:
    return value if isinstance(value, Decimal | Fraction) else Decimal(str(value))


def half_up(value: int | float | Decimal | Fraction, places: int = 0) -> Decimal:
    """The number rounded half up (away from zero) to so many decimal places; exact for fractions."""
    exact = _exact(value)
    if isinstance(exact, Fraction):
        scaled = abs(exact) * 10**places
        whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
        return Decimal(whole if exact >= 0 else -whole).scaleb(-places)
    # Adding nought turns a negative nought into an ordinary one.
    return exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP) + 0


@lru_cache(maxsize=16)
def _pattern(text: str) -> NumberPattern:
    return parse_pattern(text)


@lru_cache(maxsize=16384)
def _format_number(value: Decimal, pattern: str, code: str) -> str:
    return str(_pattern(pattern).apply(value, CONVENTIONS[code].locale))


def number(value: int | float | Decimal | Fraction | None, places: int = 2) -> str:
    """A number with at most `places` decimals: `1 234,5`; a dash for None."""
    if value is None:
        return DASH
    return _format_number(half_up(value, places), "#,##0." + "#" * places, language.get())


def headcount(value: int | Decimal | None) -> str:
    """Posts, halves included: `20,5`; a dash for None."""
    return number(value)


def amount(value: int | Decimal | None) -> str:
    """EUR with cents and without the unit, for columns that name it: `341 482,00`; a dash for None."""
    if value is None:
        return DASH
    return _format_number(half_up(value, 2), "#,##0.00", language.get())


def money(value: int | Decimal | None) -> str:
    """EUR with cents: `341 482,00 EUR`; a dash for None, because unknown is not zero."""
    return DASH if value is None else f"{amount(value)}{NBSP}EUR"


def percent(value: int | Decimal | Fraction | None, places: int = 0) -> str:
    """A percentage with at most `places` decimals, half up: `85 %`; a dash for None.

    A Fraction is a share of one (17/20 is 85 %); an int or a Decimal is in percent already.
    """
    if value is None:
        return DASH
    shown = number(value * 100 if isinstance(value, Fraction) else value, places)
    return CONVENTIONS[language.get()].percent.format(shown)


# ---- Dates


class PeriodLike(Protocol):
    """What is read of a period: its days and the precision it was written with."""

    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date: ...
    @property
    def precision(self) -> Any: ...


MonthCase = Literal["nominative", "genitive", "dative", "locative"]

# Babel knows Latvian months in the nominative only; sentences need the other cases.
# fmt: off
LATVIAN_MONTHS: Final[dict[MonthCase, tuple[str, ...]]] = {
    "nominative": ("janvāris", "februāris", "marts", "aprīlis", "maijs", "jūnijs",
                   "jūlijs", "augusts", "septembris", "oktobris", "novembris", "decembris"),
    "genitive": ("janvāra", "februāra", "marta", "aprīļa", "maija", "jūnija",
                 "jūlija", "augusta", "septembra", "oktobra", "novembra", "decembra"),
    "dative": ("janvārim", "februārim", "martam", "aprīlim", "maijam", "jūnijam",
               "jūlijam", "augustam", "septembrim", "oktobrim", "novembrim", "decembrim"),
    "locative": ("janvārī", "februārī", "martā", "aprīlī", "maijā", "jūnijā",
                 "jūlijā", "augustā", "septembrī", "oktobrī", "novembrī", "decembrī"),
}
# fmt: on


@lru_cache(maxsize=16384)
def _format_date(value: date, pattern: str, code: str) -> str:
    return format_date(value, pattern, locale=CONVENTIONS[code].locale)


def short_date(value: date | None) -> str:
    """`30.09.2016.`; a dash for None."""
    if value is None:
        return DASH
    code = language.get()
    return _format_date(_day(value), CONVENTIONS[code].date, code)


def long_date(value: date | None, case: MonthCase = "nominative") -> str:
    """`2016. gada 30. septembris`, the month in the case its sentence needs; a dash for None."""
    if value is None:
        return DASH
    code = language.get()
    if code != "lv":
        return _format_date(_day(value), CONVENTIONS[code].long_date, code)
    day = _day(value)
    return f"{day.year}.{NBSP}gada {day.day}.{NBSP}{LATVIAN_MONTHS[case][day.month - 1]}"


def date_and_time(value: datetime | None) -> str:
    """`30.09.2016. 14:05` by the clock; a moment without a zone is UTC, as the database returns it."""
    if value is None:
        return DASH
    moment = _by_the_clock(value)
    separator = " " if language.get() == "lv" else ", "
    return f"{short_date(moment.date())}{separator}{moment:%H:%M}"


def clock(value: datetime) -> str:
    """`14:05`, by the clock."""
    return f"{_by_the_clock(value):%H:%M}"


def today() -> date:
    """The day it is now by the clock."""
    return datetime.now(CLOCK).date()


def day_of(moment: datetime) -> date:
    """The day on which a moment was by the clock; one without a zone is UTC."""
    return _by_the_clock(moment).date()


def begin_of(day: date) -> datetime:
    """The moment at which a day begins by the clock."""
    return datetime.combine(day, time.min, tzinfo=CLOCK).astimezone(UTC)


def _by_the_clock(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(CLOCK)


def _day(value: date) -> date:
    return day_of(value) if isinstance(value, datetime) else value


def quarter(year: int, which: int) -> str:
    """`2016. gada 3. ceturksnis`."""
    return pgettext("quarter", "Q%(quarter)s %(year)s", quarter=which, year=year)


def month(year: int, which: int) -> str:
    """`2016. gada marts`."""
    return pgettext("month", "%(month)s %(year)s", month=_month_name(which), year=year)


def _month_name(which: int) -> str:
    code = language.get()
    return str(get_month_names("wide", "stand-alone", CONVENTIONS[code].locale)[which])


def period(value: PeriodLike | None) -> str:
    """A period as plans write it, in the precision it has: `2015.–2017.`; a dash for None."""
    if value is None:
        return DASH
    start, end = value.start, value.end
    precision = str(getattr(value.precision, "name", value.precision)).lower()
    one_year = start.year == end.year
    if precision == "year":
        if one_year:
            return pgettext("year", "%(year)s", year=start.year)
        return pgettext("years", "%(first)s–%(last)s", first=start.year, last=end.year)
    if precision == "quarter":
        first, last = _quarter_of(start), _quarter_of(end)
        if one_year and first != last:
            return pgettext("quarters", "Q%(first)s–Q%(last)s %(year)s", first=first, last=last, year=start.year)
        begins, ends = quarter(start.year, first), quarter(end.year, last)
    elif precision == "month":
        if one_year and start.month != end.month:
            first_name, last_name = _month_name(start.month), _month_name(end.month)
            return pgettext("months", "%(first)s–%(last)s %(year)s", first=first_name, last=last_name, year=start.year)
        begins, ends = month(start.year, start.month), month(end.year, end.month)
    else:
        begins, ends = short_date(start), short_date(end)
    return begins if begins == ends else f"{begins}{NBSP}– {ends}"


def _quarter_of(day: date) -> int:
    return (day.month + 2) // 3


def days(n: int) -> str:
    """`12 dienas`."""
    return ngettext("%(num)s day", "%(num)s days", n)


def since(value: date | None, day: date) -> str:
    """How long before (or after) `day` something is: `pirms 12 dienām`, `šodien`, `pēc 3 dienām`."""
    if value is None:
        return DASH
    passed = (_day(day) - _day(value)).days
    if passed == 0:
        return _("today")
    if passed > 0:
        return ngettext("%(num)s day ago", "%(num)s days ago", passed)
    return ngettext("in %(num)s day", "in %(num)s days", -passed)


def nbsp(text: str) -> str:
    """The text with spaces that do not break."""
    return text.replace(" ", NBSP)


# ---- Templates

FILTERS: Final[dict[str, Callable[..., str]]] = {
    "date": short_date,
    "long_date": long_date,
    "datetime": date_and_time,
    "clock": clock,
    "money": money,
    "amount": amount,
    "number": number,
    "percent": percent,
    "period": period,
    "quarter": quarter,
    "month": month,
    "days": days,
    "since": since,
    "headcount": headcount,
    "nbsp": nbsp,
}


def install(environment: Environment) -> None:
    """Give templates the texts (`_`, `{% trans %}`) and the filters of the language in force."""
    environment.add_extension("jinja2.ext.i18n")
    environment.newstyle_gettext = True  # type: ignore[attr-defined]  # the extension's own switch
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals.update(_=gettext, gettext=gettext, ngettext=ngettext, pgettext=pgettext, npgettext=npgettext)
    environment.filters.update({name: _while_rendering(filter_) for name, filter_ in FILTERS.items()})


def _while_rendering(filter_: Callable[..., str]) -> Callable[..., str]:
    # Jinja evaluates a plain filter of a constant while compiling, in whatever language is then in force.
    @pass_context
    @wraps(filter_)
    def filtered(_context: object, *args: Any, **kwargs: Any) -> str:
        return filter_(*args, **kwargs)

    return filtered
