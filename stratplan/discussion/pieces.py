"""A comment's text taken apart for a template: plain words, mentions of people, and addresses that may be links."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from stratplan.mentions import TOKEN

_ADDRESS = re.compile(r"(?<![\w/])https?://[^\s<>\"'`{}|\\^]+", re.IGNORECASE)
_PAIRS = {")": "(", "]": "[", "»": "«", "”": "“"}
_LAST = ".,;:!?…'\"*_"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a text; `href` where it is a link, `is_mention` where it is a person's name."""

    text: str
    href: str | None = None
    is_mention: bool = False


def pieces_of(text: str, name_of: Callable[[str], str]) -> list[Piece]:
    """The text in pieces, in order; put together they are what was written, with names for mentions."""
    pieces: list[Piece] = []
    begun = 0
    for found in TOKEN.finditer(text):
        pieces += _linked(text[begun : found.start()])
        pieces.append(Piece(f"@{name_of(found[1])}", is_mention=True))
        begun = found.end()
    pieces += _linked(text[begun:])
    return pieces


def _linked(text: str) -> Iterator[Piece]:
    begun = 0
    for found in _ADDRESS.finditer(text):
        address = _without_what_follows(found[0])
        if not is_safe_address(address):
            continue
        if found.start() > begun:
            yield Piece(text[begun : found.start()])
        yield Piece(address, href=address)
        begun = found.start() + len(address)
    if begun < len(text):
        yield Piece(text[begun:])


def _without_what_follows(address: str) -> str:
    """The address without the punctuation of the sentence it stands in; brackets that it opens itself belong to it."""
    while address:
        last = address[-1]
        if last in _LAST or (last in _PAIRS and address.count(last) > address.count(_PAIRS[last])):
            address = address[:-1]
        else:
            break
    return address


def is_safe_address(address: str) -> bool:
    """Whether a reader may be led there: http or https, a host, nobody's name before it, nothing that cannot be seen.

    `https://bank.example@evil.example` leads to the second name while it shows the first.
    """
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for character in address):
        return False
    try:
        parts = urlsplit(address)
        host, port, user = parts.hostname, parts.port, parts.username
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and user is None and (port is None or port > 0)
