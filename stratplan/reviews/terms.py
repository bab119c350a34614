"""Of which terms a review may be (a quarter, a half-year, a year), their codes in addresses and their names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stratplan import i18n
from stratplan.choice import Choice
from stratplan.i18n import N_, _
from stratplan.period import Period

_CODE = re.compile(r"([0-9]{4})(?:-?([QHqh])([1-4]))?")


class ReviewTerm(Choice):
    """How long the time is that a review is of."""

    QUARTER = "quarter", N_("Quarter")
    HALF_YEAR = "half_year", N_("Half-year")
    YEAR = "year", N_("Year")


def term_of(period: Period) -> ReviewTerm | None:
    """What a period is: a quarter, a half-year, a year; None where it is none of them, whatever its precision."""
    first, last = period.start, period.end
    if first.year != last.year or first.day != 1:
        return None
    months = last.month - first.month + 1
    if last != _last_day(first.year, last.month) or first.month % months != 1 % months:
        return None
    return {3: ReviewTerm.QUARTER, 6: ReviewTerm.HALF_YEAR, 12: ReviewTerm.YEAR}.get(months)


def _last_day(year: int, month: int) -> object:
    return Period.parse(f"{year}-{month:02}").end


def code_of(period: Period) -> str:
    """What a review of the period is called in addresses and commands: 2016Q3, 2016H1, 2016."""
    year, month = period.start.year, period.start.month
    match term_of(period):
        case ReviewTerm.QUARTER:
            return f"{year}Q{(month + 2) // 3}"
        case ReviewTerm.HALF_YEAR:
            return f"{year}H{1 if month == 1 else 2}"
        case _:
            return str(year)


def period_of_code(code: str) -> Period | None:
    """The period that a code names, also written 2016-Q3; None where it names none."""
    found = _CODE.fullmatch(code.strip())
    if found is None:
        return None
    year, letter, number = found[1], (found[2] or "").upper(), int(found[3] or 0)
    if letter == "H":
        if number > 2:
            return None
        written = f"{year}-Q{number * 2 - 1}/{year}-Q{number * 2}"
    else:
        written = f"{year}-Q{number}" if letter else year
    try:
        return Period.parse(written)
    except ValueError:
        return None


def canonical(period: Period) -> Period:
    """The period as reviews keep it, however it was written: 2016-07/2016-09 is 2016-Q3; others as they are."""
    found = None if term_of(period) is None else period_of_code(code_of(period))
    return found or period


def name_of(period: Period) -> str:
    """The period as a review's name has it, in the language in force: `2016. gada 3. ceturksnis`."""
    if term_of(period) is ReviewTerm.HALF_YEAR:
        return _("half-year %(number)s of %(year)s", number=1 if period.start.month == 1 else 2, year=period.start.year)
    if term_of(period) is ReviewTerm.YEAR:
        return _("the year %(year)s", year=period.start.year)
    return i18n.period(period)


def sentence_case(name: str) -> str:
    """A name as it begins a heading: with a capital letter."""
    return name[:1].upper() + name[1:]


def terms_of_years(years: range) -> Iterator[Period]:
    """Every quarter, half-year and year of some years, by their last day, the shorter first."""
    for year in years:
        for quarter in range(1, 5):
            yield Period.parse(f"{year}-Q{quarter}")
            if quarter % 2 == 0:
                yield Period.parse(f"{year}-Q{quarter - 1}/{year}-Q{quarter}")
            if quarter == 4:
                yield Period.parse(str(year))
