"""What people type: numbers, amounts, percentages and days, read by the language in force, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final

from babel.dates import get_month_names

from stratplan.i18n import CONVENTIONS, LATVIAN_MONTHS, N_, language

LONGEST_PAGE: Final = 7  # digits
_GAPS: Final = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
_UNIT: Final = re.compile(r"^(?:€|eur\b)\s*|\s*(?:€|\beur|eiro|euro)$", re.IGNORECASE)


def page_number(asked: Mapping[str, str]) -> int:
    """The page of a list that an address asks for by `page`, from 1; what is no page is the first one."""
    text = asked.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < LONGEST_PAGE else 1


def parse_number(text: str) -> Decimal:
    """The number a person typed, by the language in force: `20,5`, `1 234,5`; ValueError (a gettext id)."""
    return _parse_decimal(text)


def parse_percent(text: str) -> Decimal:
    """A percentage from 0 to 100, with or without its sign; ValueError (a gettext id)."""
    value = _parse_decimal(text.strip().removesuffix("%"))
    if not 0 <= value <= 100:
        raise ValueError(N_("Enter a percentage from 0 to 100."))
    return value


def parse_money(text: str) -> Decimal:
    """EUR with cents as typed: `341 482,00`, `341482.00`, `341 482 EUR`; ValueError (a gettext id)."""
    value = _parse_decimal(_UNIT.sub("", text.strip()))
    if value < 0:
        raise ValueError(N_("An amount cannot be negative."))
    if value >= 10**12:
        raise ValueError(N_("The amount is too large."))
    if value != value.quantize(Decimal("0.01")):
        raise ValueError(N_("An amount has at most two decimal places."))
    return value.quantize(Decimal("0.01"))


def _parse_decimal(text: str) -> Decimal:
    own = CONVENTIONS[language.get()]
    typed = _GAPS.sub(" ", text).strip().replace("−", "-")
    sign = "-" if typed.startswith("-") else ""
    digits = typed.removeprefix("-").strip()
    if not digits:
        raise ValueError(N_("Enter a number."))
    if re.fullmatch(r"[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?", digits):
        digits = digits.replace(" ", "")
    if re.fullmatch(r"[0-9]+", digits):
        return Decimal(sign + digits)
    if own.group_sign == "," and re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?", digits):
        return Decimal(sign + digits.replace(",", ""))
    fraction = re.fullmatch(r"([0-9]+)([.,])([0-9]+)", digits)
    if fraction is None:
        raise ValueError(N_("This is not a number."))
    whole, separator, decimals = fraction.groups()
    # "1.234" is one and a bit to some and over a thousand to others: asked again, never guessed.
    if separator != own.decimal_sign and len(decimals) == 3 and len(whole) <= 3:
        raise ValueError(N_("This number can be read in two ways. Write it without separating thousands."))
    return Decimal(f"{sign}{whole}.{decimals}")


_ISO_DAY: Final = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})")
_NUMBERED_DAY: Final = re.compile(
    r"(?P<day>[0-9]{1,2})[./] ?(?P<month>[0-9]{1,2})[./] ?(?P<year>[0-9]{4})\.?(?: ?g\.)?"
)
_LATVIAN_DAY: Final = re.compile(r"(?P<year>[0-9]{4})\. ?gada (?P<day>[0-9]{1,2})\. ?(?P<name>\w+)")
_ENGLISH_DAY: Final = re.compile(r"(?P<day>[0-9]{1,2}) (?P<name>[a-z]+)\.? (?P<year>[0-9]{4})")


def parse_date(text: str) -> date:
    """The day a person typed, in any way that i18n writes days; ValueError (a gettext id).

    `30.09.2016.`, `30.9.2016`, `2016-09-30`, `2016. gada 30. septembris` (in any case), `30 Sep 2016`.
    """
    typed = _GAPS.sub(" ", text).strip().lower()
    for shape in (_ISO_DAY, _NUMBERED_DAY, _LATVIAN_DAY, _ENGLISH_DAY):
        if found := shape.fullmatch(typed):
            parts = found.groupdict()
            which = int(parts["month"]) if "month" in parts else _month_numbers().get(parts["name"])
            if which is not None:
                return _existing_day(int(parts["year"]), which, int(parts["day"]))
    raise ValueError(N_("Enter a date such as 30.09.2016."))


def _existing_day(year: int, which: int, day: int) -> date:
    if not 1900 <= year <= 2100:
        raise ValueError(N_("Enter a year from 1900 to 2100."))
    try:
        return date(year, which, day)
    except ValueError:
        raise ValueError(N_("There is no such day.")) from None


@cache
def _month_numbers() -> dict[str, int]:
    latvian = {name: i for names in LATVIAN_MONTHS.values() for i, name in enumerate(names, 1)}
    english = {
        name.lower(): i
        for width in ("wide", "abbreviated")
        for i, name in get_month_names(width, "format", CONVENTIONS["en"].locale).items()
    }
    return latvian | english | {"sept": 9}
