"""Latvian order and search: a text's place among others, and the text as it is searched for."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final


def fold(text: str) -> str:
    """The text for searching: small letters without diacritics, so that "kekava" finds "Ķekava"."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


# Primary order of signs and letters: in Latvian č, ģ, ķ, ļ, ņ, ŗ, š, ž have a place of their own, y goes
# with i, numbers stand between the two. Other marks (ā, é), then capitals, decide between equal texts.
_SIGNS: Final = "\t\n _-–—,;:!?.…'’‘\"“”„«»()[]{}§@*/\\&#%`^°+×<=>|~$€"
_LETTERS: Final = "abcčdefgģhijkķlļmnņopqrŗsštuvwxzž"
_PLACE: Final = {sign: chr(i) for i, sign in enumerate(_SIGNS, 1)} | {
    letter: chr(i) for i, letter in enumerate(_LETTERS, 1000)
}
_NUMBER_PLACE: Final = chr(999)
_PLAIN: Final = "\x01"
_LIKE: Final = {"y": "i", "ø": "o", "ł": "l", "đ": "d", "\u00a0": " "}
_MARKS: Final = "\u0301\u0300\u0306\u0302\u030c\u030a\u0308\u030b\u0303\u0307\u0328\u0327\u0304"


@lru_cache(maxsize=4096)
def _weights(letter: str) -> tuple[str, str, str]:
    small = letter.lower()
    case = "\x02" if letter != small else _PLAIN
    if small in _PLACE:
        return _PLACE[small], _PLAIN, case
    if small in _LIKE:
        return _PLACE[_LIKE[small]], "\x02", case
    decomposed = unicodedata.normalize("NFD", small)
    base, marks = decomposed[0], decomposed[1:]
    if not marks:
        return chr(min(0x2000 + ord(base), 0x10FFFF)), _PLAIN, case
    place, second, _third = _weights(base)
    return (
        place,
        second + "".join(chr(3 + _MARKS.find(mark)) if mark in _MARKS else mark for mark in marks),
        case + _PLAIN * len(marks),
    )


@lru_cache(maxsize=65536)
def sort_key(text: str) -> tuple[str, str, str]:
    """The key that sorts texts in Latvian order, numbers in them by value.

    Agrees with MongoDB's collation `{locale: "lv", numericOrdering: true}`: first letters (č after c,
    y as i), then marks (ā after a), then case (small first).
    """
    places, marks, cases = [], [], []
    for run in re.findall(r"[0-9]+|[^0-9]+", unicodedata.normalize("NFC", text)):
        if run[0] in "0123456789":
            digits = run.lstrip("0")
            places.append(f"{_NUMBER_PLACE}{chr(1 + len(digits))}{digits}")
            marks.append(_PLAIN)
            cases.append(_PLAIN)
            continue
        for place, mark, case in map(_weights, run):
            places.append(place)
            marks.append(mark)
            cases.append(case)
    return "".join(places), "".join(marks), "".join(cases)
