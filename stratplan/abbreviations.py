"""Abbreviations in running text, each with what it stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache


def explain_abbreviations(text: str, abbreviations: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """The text in pieces, each with its meaning where it is an abbreviation; whole words only."""
    if not abbreviations:
        return [(text, None)]
    pieces = _any_of(tuple(abbreviations)).split(text)
    return [(piece, abbreviations.get(piece) if i % 2 else None) for i, piece in enumerate(pieces) if piece]


@lru_cache(maxsize=256)
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})(?!\w)")
