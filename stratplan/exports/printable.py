"""Texts as they can be set in type: of signs that the font has, without those that steer, with places to break at."""

from __future__ import annotations

import re
import struct
import unicodedata
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from stratplan.settings import resource

MISSING = "□"  # stands for a sign that the font does not have
SOFT_HYPHEN = "\u00ad"
BREAK = "\u200b"  # a place to break at that shows nothing
LEAST = 3  # letters before and after a hyphen
PIECE = 8  # letters of a word that cannot be hyphenated between places to break at

_STEERING = ("Cc", "Cf", "Cs", "Co", "Cn")  # control and format characters, halves of pairs, what stands for nothing
_KEPT = ("\n", SOFT_HYPHEN, BREAK)
_SPACES = {"\t": " ", "\u2028": "\n", "\u2029": "\n"}
_SYLLABLE = re.compile(r"(?<=\w)(?=[b-df-hj-np-tv-zčģķļņšž][aāeēiīouūy])", re.IGNORECASE)


def fonts() -> Path:
    """The folder of the fonts that documents are set in."""
    return resource("static") / "dist" / "fonts"


@cache
def signs() -> frozenset[int]:
    """The code points that the font has, in all of its weights."""
    found = [_signs_of(path.read_bytes()) for path in sorted(fonts().glob("*.ttf"))]
    return frozenset.intersection(*found) if found else frozenset()


def _signs_of(font: bytes) -> frozenset[int]:
    """What the `cmap` table of a TrueType font maps (its subtable of format 12, which covers all of Unicode)."""
    (count,) = struct.unpack_from(">H", font, 4)
    tables = {font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * count, 16)}
    begin = tables[b"cmap"]
    (count,) = struct.unpack_from(">H", font, begin + 2)
    for at in range(begin + 4, begin + 4 + 8 * count, 8):
        start = begin + struct.unpack_from(">I", font, at + 4)[0]
        if struct.unpack_from(">H", font, start)[0] == 12:
            (groups,) = struct.unpack_from(">I", font, start + 12)
            spans = (struct.unpack_from(">II", font, start + 16 + 12 * group) for group in range(groups))
            return frozenset(point for first, last in spans for point in range(first, last + 1))
    return frozenset()


def printable(text: str) -> str:
    """The text with what cannot be printed left out or marked: control characters and marks of direction go, line ends
    stay, a sign that the font does not have is a box."""
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for sign in unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")):
        sign = _SPACES.get(sign, sign)
        if sign in _KEPT:
            kept.append(sign)
            continue
        category = unicodedata.category(sign)
        if category in _STEERING:
            continue
        if ord(sign) in signs():
            kept.append(sign)
        elif category != "Mn":
            kept.append(" " if category == "Zs" else MISSING)
    return "".join(kept)


def all_printable(content: Any) -> Any:
    """The same lists and mappings with every text in them printable."""
    if isinstance(content, str):
        return printable(content)
    if isinstance(content, dict):
        return {key: all_printable(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [all_printable(value) for value in content]
    return content


def broken(text: str, room: int) -> str:
    """The text with places to break at in words longer than `room` letters: a narrow column has no other way."""
    if len(text) <= room:
        return text
    return re.sub(r"\S+", lambda word: word[0] if len(word[0]) <= room else _broken_word(word[0], room), text)


def _broken_word(word: str, room: int) -> str:
    if not word.isalpha() or len(word) > 40:
        return BREAK.join(word[at : at + min(room, PIECE)] for at in range(0, len(word), min(room, PIECE)))
    places = [at.start() for at in _SYLLABLE.finditer(word) if LEAST <= at.start() <= len(word) - LEAST]
    ends = [0, *places, len(word)]
    return SOFT_HYPHEN.join(word[begin:end] for begin, end in pairwise(ends))
