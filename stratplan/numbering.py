"""The numbers and codes that plans give their parts: "2.4.1", "SM1".

Owns their clean form and their order (domain.md, Structure); what is numbered is left to the slices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from stratplan.i18n import N_

LONGEST = 40

_PART = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"([0-9]+)")
_AROUND_DOTS = re.compile(r"\s*\.\s*")


@lru_cache(maxsize=8192)
def clean_number(text: str) -> str:
    """The number as it is kept: "2.4" from " 2.4. ", "2.4" from "2.04"; letters stay as written.

    Raises ValueError with a sentence (a gettext id) when it is not a number of this kind.
    """
    number = _AROUND_DOTS.sub(".", text.strip()).rstrip(".")
    if not number:
        raise ValueError(N_("Enter a number, such as 2.4."))
    if len(number) > LONGEST:
        raise ValueError(N_("The number is too long."))
    if number.casefold() == "new":
        raise ValueError(N_("Choose another: “new” is an address of its own."))
    parts = number.split(".")
    if not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(N_("A number has letters and digits only, with dots between its parts, such as 2.4 or SM1."))
    return ".".join(str(int(part)) if part.isascii() and part.isdigit() else part for part in parts)


@lru_cache(maxsize=8192)
def number_key(number: str) -> tuple[int | str, ...]:
    """Sorting key by parts as numbers: 2 < 2.4 < 2.4.1 < 2.4a < 2.10, SM2 < SM10 (domain.md, Structure).

    Text and numbers take turns in the key, so that any two keys can be compared.
    """
    pieces = _DIGITS.split(clean_number(number).casefold())
    return tuple(int(piece) if place % 2 else piece for place, piece in enumerate(pieces))


def parent_number(number: str) -> str | None:
    """The number one level up ("2.4" for "2.4.1"), or None at the top."""
    parent, dot, _ = clean_number(number).rpartition(".")
    return parent if dot else None


def is_under(number: str, ancestor: str) -> bool:
    """Whether the number lies at any depth below the ancestor; a number is not under itself."""
    return clean_number(number).startswith(clean_number(ancestor) + ".")


def next_number(numbers: Iterable[str], prefix: str = "") -> str:
    """The first free number after the largest in use: "2.11" after 2.1 and 2.10 with prefix "2".

    A prefix with a digit is a number whose children come after a dot; a prefix of letters alone
    ("SM") is continued by the digits; no prefix means the top level. Gaps are not filled, since an old
    number may still be cited somewhere.
    """
    prefix = clean_number(prefix) if prefix.strip() else ""
    stem = f"{prefix}." if _DIGITS.search(prefix) else prefix
    used = [
        int(found.group(1))
        for number in numbers
        if (found := re.match(rf"{re.escape(stem)}([0-9]+)(?:\.|$)", clean_number(number), re.IGNORECASE))
    ]
    return f"{stem}{max(used, default=0) + 1}"
