"""What differs between two texts, word by word; pure, and quick whatever the texts are.

Sentences that both texts have are found first, then words between them. The work is counted: where it would be too
much, a stretch counts as replaced as a whole, which is still true.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby, takewhile

MOST_STEPS = 600_000  # comparisons of two words for one pair of texts: some tenths of a second
SHORTEST_ANCHOR = 12  # characters of a sentence that is looked for elsewhere in the other text
LEAST_ALIKE = 0.2  # of the words: texts that share fewer are two texts, not one with changes
SHOWN_AROUND = 160  # characters of unchanged text on each side of a change

_SENTENCES = re.compile(r"[^.!?\n]*[.!?\n]+\s*|[^.!?\n]+")
_WORDS = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")  # each with the space before it


class Fate(StrEnum):
    """What became of a piece of text."""

    EQUAL = "equal"
    DELETED = "deleted"
    INSERTED = "inserted"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the two texts; `cut` says that unchanged text was left out at its end (see `around_changes`)."""

    fate: Fate
    text: str
    cut: bool = False


Pair = tuple[str, str, bool]  # of the texts, and whether they are equal
Span = tuple[int, int, int, int]  # from where to where in the one list, and in the other


def word_differences(before: str, after: str) -> list[Piece]:
    """The texts as pieces in their order: equal and deleted ones joined are `before`, equal and inserted ones `after`.

    Between two equal pieces what was deleted stands before what was inserted.
    """
    if before == after:
        return [Piece(Fate.EQUAL, before)] if before else []
    budget = _Budget(MOST_STEPS)
    pairs: list[Pair] = []
    for old, new, is_equal in _matched(_SENTENCES.findall(before), _SENTENCES.findall(after), _is_no_anchor, budget):
        if is_equal or not (old and new):
            pairs.append((old, new, is_equal))
        else:
            pairs += _matched(_WORDS.findall(old), _WORDS.findall(new), None, budget)
    joined = _merged(_without_common_space(_without_crumbs(_merged(pairs))))
    if _likeness(joined, before, after) < LEAST_ALIKE:
        joined = [(before, after, False)]
    return list(_as_pieces(joined))


def around_changes(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with long unchanged stretches shortened to what stands around the changes."""
    shown = []
    for place, piece in enumerate(pieces):
        if piece.fate is not Fate.EQUAL or len(piece.text) <= 3 * SHOWN_AROUND:
            shown.append(piece)
            continue
        is_first, is_last = place == 0, place == len(pieces) - 1
        head = "" if is_first else _cut_after(piece.text, SHOWN_AROUND)
        tail = "" if is_last else piece.text[-SHOWN_AROUND:].partition(" ")[2] or piece.text[-SHOWN_AROUND:]
        shown.append(Piece(Fate.EQUAL, head, cut=True))
        if tail:
            shown.append(Piece(Fate.EQUAL, tail))
    return shown


def _cut_after(text: str, length: int) -> str:
    return text[:length].rpartition(" ")[0] or text[:length]


# --- how ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Budget:
    """How many steps are left."""

    left: int

    def takes(self, steps: int) -> bool:
        """Whether so many steps may still be made; then they count as made."""
        if steps > self.left:
            return False
        self.left -= steps
        return True


def _is_no_anchor(sentence: str) -> bool:
    return len(sentence.strip()) < SHORTEST_ANCHOR


def _matched(
    old: Sequence[str], new: Sequence[str], is_junk: Callable[[str], bool] | None, budget: _Budget
) -> Iterator[Pair]:
    """The two lists as pairs of texts in their order, each with whether they are equal."""
    i = j = 0
    for start, other, length in sorted(_blocks(old, new, is_junk, budget)):
        if start > i or other > j:
            yield "".join(old[i:start]), "".join(new[j:other]), False
        text = "".join(old[start : start + length])
        yield text, text, True
        i, j = start + length, other + length
    if i < len(old) or j < len(new):
        yield "".join(old[i:]), "".join(new[j:]), False


def _blocks(
    old: Sequence[str], new: Sequence[str], is_junk: Callable[[str], bool] | None, budget: _Budget
) -> list[tuple[int, int, int]]:
    """Where the lists are equal, as difflib finds it (the longest stretch, then those beside it), within the budget."""
    head = 0
    shorter = min(len(old), len(new))
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    blocks = [(0, 0, head)] if head else []
    if tail:
        blocks.append((len(old) - tail, len(new) - tail, tail))
    spans: list[Span] = [(head, len(old) - tail, head, len(new) - tail)]
    matcher = SequenceMatcher(is_junk, old, new, autojunk=False)
    often = Counter(new)
    steps = [0]
    for token in old:
        steps.append(steps[-1] + 1 + (0 if is_junk and is_junk(token) else often[token]))
    while spans:
        a, b, c, d = spans.pop()
        if a == b or c == d or not budget.takes(steps[b] - steps[a]):
            continue
        found = matcher.find_longest_match(a, b, c, d)
        if not found.size:
            continue
        blocks.append((found.a, found.b, found.size))
        spans.append((a, found.a, c, found.b))
        spans.append((found.a + found.size, b, found.b + found.size, d))
    return blocks


def _merged(pairs: Iterable[Pair]) -> list[Pair]:
    """The pairs with neighbours of one kind joined."""
    merged: list[Pair] = []
    for is_equal, run in groupby(pairs, key=lambda pair: pair[2]):
        olds, news = zip(*((old, new) for old, new, _ in run), strict=True)
        merged.append(("".join(olds), "".join(news), is_equal))
    return merged


def _without_crumbs(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs with equal signs and spaces between two changes made part of them: a change reads better whole."""
    return _merged(
        (old, new, is_equal and not (0 < place < len(pairs) - 1 and _is_crumb(old)))
        for place, (old, new, is_equal) in enumerate(pairs)
    )


def _without_common_space(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """The pairs with the space that both texts of a change begin with before it."""
    for old, new, is_equal in pairs:
        alike = takewhile(lambda both: both[0] == both[1] and both[0].isspace(), zip(old, new, strict=False))
        space = "" if is_equal else "".join(letter for letter, _ in alike)
        if space:
            yield space, space, True
            yield old[len(space) :], new[len(space) :], False
        else:
            yield old, new, is_equal


def _is_crumb(text: str) -> bool:
    return len(text) < SHORTEST_ANCHOR and "\n" not in text and not any(letter.isalnum() for letter in text)


def _likeness(pairs: Sequence[Pair], before: str, after: str) -> float:
    """The share of the shorter text that stayed, leaving out what is only signs and spaces."""
    kept = sum(len(old) for old, _, is_equal in pairs if is_equal and any(letter.isalnum() for letter in old))
    return kept / (min(len(before), len(after)) or 1) if before and after else 1.0


def _as_pieces(pairs: Iterable[Pair]) -> Iterator[Piece]:
    for old, new, is_equal in pairs:
        if is_equal:
            yield Piece(Fate.EQUAL, old)
        else:
            if old:
                yield Piece(Fate.DELETED, old)
            if new:
                yield Piece(Fate.INSERTED, new)
