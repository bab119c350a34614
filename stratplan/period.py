"""The period of a task or an investment line, in the precision in which it was written.

Owns reading what people write in plans and the canonical text that is stored (domain.md, Period);
how a period is shown in a language is left to i18n, which reads its days and its precision.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from stratplan.i18n import N_

FIRST_YEAR = 1990
LAST_YEAR = 2100
LONGEST = 80

_UNREADABLE = N_("Write a period such as 2015, 2015–2017, 2016-Q3, 03.2016 or 05.03.2016–01.04.2016.")
_NO_SUCH_DAY = N_("There is no such day.")
_OUT_OF_RANGE = N_("The years of a period lie between 1990 and 2100.")
_BACKWARDS = N_("The period ends before it begins.")


class Precision(StrEnum):
    """How exactly a period was written, from the coarsest to the finest."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    DAY = "day"

    @property
    def order(self) -> int:
        """Its place from the coarsest, 0."""
        return _FINENESS[self]


_FINENESS = {precision: place for place, precision in enumerate(Precision)}


@dataclass(frozen=True, slots=True)
class Period:
    """Days from start to end, both included, made of whole years, quarters, months or days."""

    start: date
    end: date
    precision: Precision

    def __post_init__(self) -> None:
        if not (FIRST_YEAR <= self.start.year <= LAST_YEAR and FIRST_YEAR <= self.end.year <= LAST_YEAR):
            raise ValueError(_OUT_OF_RANGE)
        if self.end < self.start:
            raise ValueError(_BACKWARDS)
        first, last = _numbers(self.start, self.precision), _numbers(self.end, self.precision)
        if (_first_day(first, self.precision), _last_day(last, self.precision)) != (self.start, self.end):
            raise ValueError(f"{self.start}…{self.end} is not made of whole units: {self.precision}")

    @classmethod
    def parse(cls, text: str) -> Period:
        """The period that a text says: the canonical form, or what people write in plans, Latvian or English.

        Years ("2015.", "2015. gads"), quarters ("2016-Q3", "2016. gada 3. ceturksnis", "III cet. 2016"),
        months ("2016-03", "03.2016.", "2016. gada marts", "March 2016"), days ("05.03.2016.", "2016-03-05"),
        and two of them with a dash, a slash or "līdz" between. Where one end leaves out what the other says,
        it is taken from there ("01.03.–30.06.2016.", "2016. gada 1.–3. ceturksnis"). A range of mixed
        precision takes the finer one: "2015–2016-Q3" is 2015-Q1/2016-Q3, the same days.

        Raises ValueError with a sentence that is a gettext id.
        """
        return _parse(text)

    @classmethod
    def of_years(cls, first: int, last: int | None = None) -> Period:
        """Whole years, both included."""
        return _span((first,), (first if last is None else last,), Precision.YEAR)

    @classmethod
    def quarter_of(cls, day: date) -> Period:
        """The quarter that a day is in."""
        quarter = _numbers(day, Precision.QUARTER)
        return _span(quarter, quarter, Precision.QUARTER)

    def overlaps(self, other: Period) -> bool:
        """Whether the two have a day in common."""
        return self.start <= other.end and other.start <= self.end

    def __str__(self) -> str:
        """The canonical text that is stored: 2015, 2015/2017, 2016-Q3, 2016-03, 2016-03-05/2016-04-01."""
        return "/".join(_canonical(numbers, self.precision) for numbers in self.written())

    def written(self) -> tuple[tuple[int, ...], ...]:
        """The numbers to show, one tuple or two for a range: (year,), (year, quarter), (year, month) or
        (year, month, day), as `precision` tells; the words around them belong to the language."""
        first, last = _numbers(self.start, self.precision), _numbers(self.end, self.precision)
        return (first,) if first == last else (first, last)

    @property
    def deadline(self) -> date:
        """The last day (domain.md, Period)."""
        return self.end

    @property
    def days(self) -> int:
        """How many days it has, the first and the last included."""
        return (self.end - self.start).days + 1

    def elapsed_share(self, day: date) -> Fraction:
        """The share of its days gone by at the end of `day`: 0 before the first, 1 from the last one on."""
        gone = (day - self.start).days + 1
        return Fraction(min(max(gone, 0), self.days), self.days)

    def years(self) -> range:
        """The calendar years that it touches."""
        return range(self.start.year, self.end.year + 1)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A field takes a Period or its text and gives back the canonical text."""
        text = core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema())
        period = core_schema.is_instance_schema(cls)
        return core_schema.json_or_python_schema(
            json_schema=text,
            python_schema=core_schema.union_schema([period, text], mode="left_to_right"),
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )


# --- units of the calendar, named by their numbers: (2016, 3) is a quarter or a month ----------------------


def _numbers(day: date, precision: Precision) -> tuple[int, ...]:
    """The unit in which the day lies."""
    match precision:
        case Precision.YEAR:
            return (day.year,)
        case Precision.QUARTER:
            return (day.year, (day.month + 2) // 3)
        case Precision.MONTH:
            return (day.year, day.month)
        case Precision.DAY:
            return (day.year, day.month, day.day)


def _first_day(numbers: tuple[int, ...], precision: Precision) -> date:
    match precision:
        case Precision.YEAR:
            return date(numbers[0], 1, 1)
        case Precision.QUARTER:
            return date(numbers[0], numbers[1] * 3 - 2, 1)
        case Precision.MONTH:
            return date(numbers[0], numbers[1], 1)
        case Precision.DAY:
            return date(*numbers)


def _last_day(numbers: tuple[int, ...], precision: Precision) -> date:
    if precision is Precision.DAY:
        return date(*numbers)
    year = numbers[0]
    month = {Precision.YEAR: 12, Precision.QUARTER: numbers[-1] * 3, Precision.MONTH: numbers[-1]}[precision]
    return date(year, month, monthrange(year, month)[1])


def _span(first: tuple[int, ...], last: tuple[int, ...], precision: Precision) -> Period:
    return Period(_first_day(first, precision), _last_day(last, precision), precision)


def _canonical(numbers: tuple[int, ...], precision: Precision) -> str:
    if precision is Precision.QUARTER:
        return f"{numbers[0]}-Q{numbers[1]}"
    return "-".join([f"{numbers[0]:04}", *(f"{number:02}" for number in numbers[1:])])


# --- reading -----------------------------------------------------------------------------------------------


def _month_words() -> dict[str, int]:
    """Month names without diacritics, Latvian in the cases that periods take, and English."""
    latvian = ("janvar", "februar", "mart", "april", "maij", "junij", "julij", "august", "septembr", "oktobr")
    english = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october")
    short = ("janv", "febr", "apr", "jun", "jul", "aug", "sept", "okt", "nov", "dec")
    words: dict[str, int] = {}
    for number, stem in enumerate((*latvian, "novembr", "decembr"), start=1):
        endings = ("s", "a", "am", "u") if number in (3, 5, 6, 7, 8) else ("is", "a", "im", "i")
        words |= {stem + ending: number for ending in endings}
    for number, name in enumerate((*english, "november", "december"), start=1):
        words |= {name: number, name[:3]: number}
    for word in short:
        words[word] = next(number for name, number in words.items() if name.startswith(word))
    return words


_MONTHS = _month_words()
_QUARTER_WORDS = {"q", "quarter", "cet", "ceturksnis", "ceturksna", "ceturksni", "ceturksnim"}
_YEAR_WORDS = {"g", "gads", "gada", "gadam", "gadu", "gados", "no", "from", "year"}
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_ISO = re.compile(r"([0-9]{4})(?:-(?:q([1-4])|([0-9]{2})(?:-([0-9]{2}))?))?")
_SEPARATOR = re.compile(r"\s*[-/]\s*|\s+(?:lidz|to)\s+")
_LOOSE = re.compile(r"(?:[0-9]+|[a-z]+|[., ])*")
_WORDS = re.compile(r"[0-9]+|[a-z]+")


@dataclass(slots=True)
class _End:
    """What one end of a period says; `small` is a number whose meaning only the other end can tell."""

    year: int | None = None
    quarter: int | None = None
    month: int | None = None
    day: int | None = None
    small: int | None = None

    def unit(self) -> tuple[tuple[int, ...], Precision] | None:
        """Its unit, or None where something is missing; ValueError where the calendar has no such unit."""
        if self.year is None or self.small is not None:
            return None
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise ValueError(_OUT_OF_RANGE)
        if self.quarter is not None:
            return ((self.year, self.quarter), Precision.QUARTER) if 1 <= self.quarter <= 4 else None
        if self.month is None:
            return (self.year,), Precision.YEAR
        if self.day is None:
            return ((self.year, self.month), Precision.MONTH) if 1 <= self.month <= 12 else None
        if not 1 <= self.month <= 12 or not 1 <= self.day <= monthrange(self.year, self.month)[1]:
            raise ValueError(_NO_SUCH_DAY)
        return (self.year, self.month, self.day), Precision.DAY


def _read_end(text: str) -> _End | None:
    """One end of a period, as far as it can be understood by itself."""
    if iso := _ISO.fullmatch(text):
        year, quarter, month, day = (None if found is None else int(found) for found in iso.groups())
        return _End(year, quarter, month, day)
    if not _LOOSE.fullmatch(text):
        return None
    end, small, is_quarter, worded, year_first = _End(), list[int](), False, False, False
    for word in _WORDS.findall(text):
        if len(word) == 4 and word.isdigit() and end.year is None:
            end.year, year_first = int(word), not small
        elif (number := _ROMAN.get(word, word)).isdigit() and len(number) <= 2:
            small.append(int(number))
        elif word in _MONTHS and end.month is None:
            end.month = _MONTHS[word]
        elif word in _QUARTER_WORDS and not is_quarter:
            is_quarter = True
        elif word in _YEAR_WORDS:
            worded = True
        else:
            return None
    match small, is_quarter, end.month is not None:
        case [quarter], True, False:
            end.quarter = quarter
        case [], False, True:
            pass
        case [day], False, True:
            end.day = day
        case [], False, False if end.year is not None:
            pass
        case [month], False, False if end.year is not None and not worded and "." in text:
            end.month = month
        case [number], False, False:
            end.small = number
        case [first, second], False, False if "." in text:
            end.month, end.day = (first, second) if year_first else (second, first)
        case _:
            return None
    return end


def _complete(end: _End, other: _End) -> _End:
    """The end with what only the other one says."""
    shares_year = end.year is None or other.year is None
    completed = replace(end, year=other.year if end.year is None else end.year)
    alone = end.small
    only_month = end.quarter is None and end.day is None
    if alone is None and only_month and shares_year and other.quarter is not None:
        alone, completed.month = end.month, None  # "2016. gada 1.–3. ceturksnis": the 1 is no month
    if alone is None:
        return completed
    completed.small = None
    if other.quarter is not None:
        completed.quarter = alone
    elif other.day is not None:
        completed.month, completed.day = other.month, alone
    elif other.month is not None:
        completed.month = alone
    else:
        completed.small = alone
    return completed


def _range(left: str, right: str) -> Period | None:
    first, last = _read_end(left), _read_end(right)
    if first is None or last is None:
        return None
    begins, ends = _complete(first, last).unit(), _complete(last, first).unit()
    if begins is None or ends is None:
        return None
    finer = max(begins[1], ends[1], key=lambda precision: precision.order)
    return Period(_first_day(*begins), _last_day(*ends), finer)


@lru_cache(maxsize=4096)
def _parse(text: str) -> Period:
    if len(text) > LONGEST:
        raise ValueError(_UNREADABLE)
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_DASHES)
    folded = " ".join("".join(letter for letter in decomposed if not unicodedata.combining(letter)).split())
    alone = _read_end(folded)
    if alone is not None and (unit := alone.unit()) is not None:
        return _span(unit[0], unit[0], unit[1])
    found: set[Period] = set()
    refused: list[ValueError] = []
    for separator in _SEPARATOR.finditer(folded):
        try:
            period = _range(folded[: separator.start()], folded[separator.end() :])
        except ValueError as error:
            refused.append(error)
        else:
            if period is not None:
                found.add(period)
    if len(found) == 1:
        return found.pop()
    raise refused[0] if refused and not found else ValueError(_UNREADABLE)
