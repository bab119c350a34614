"""Word differences: both texts can be read from them exactly, they say what a person would, and they are quick."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan.word_differences import Fate, Piece, around_changes, word_differences

LONGEST = 30_000
WORDS = st.lists(st.sampled_from(["viens", "divi", "trīs", " ", ", ", ".", ". ", "\n\n", "ā", "2015."]), max_size=60)
TEXTS = st.one_of(st.text(max_size=200), WORDS.map("".join))


def text_of(pieces: list[Piece], *fates: Fate) -> str:
    return "".join(piece.text for piece in pieces if piece.fate in fates)


def said(before: str, after: str) -> str:
    marks = {Fate.EQUAL: "{}", Fate.DELETED: "[-{}-]", Fate.INSERTED: "[+{}+]"}
    return "".join(marks[piece.fate].format(piece.text) for piece in word_differences(before, after))


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_pieces(before: str, after: str) -> None:
    pieces = word_differences(before, after)
    assert text_of(pieces, Fate.EQUAL, Fate.DELETED) == before
    assert text_of(pieces, Fate.EQUAL, Fate.INSERTED) == after
    assert all(piece.text for piece in pieces)
    assert all(one.fate is not other.fate for one, other in pairwise(pieces))


@given(TEXTS, TEXTS)
def test_shortening_leaves_every_change_as_it_is(before: str, after: str) -> None:
    pieces = word_differences(before, after)
    changes = [piece for piece in pieces if piece.fate is not Fate.EQUAL]
    assert [piece for piece in around_changes(pieces) if piece.fate is not Fate.EQUAL] == changes


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", ""),
        ("Tas pats.", "Tas pats.", "Tas pats."),
        ("", "Jauns teksts.", "[+Jauns teksts.+]"),
        ("Vecs teksts.", "", "[-Vecs teksts.-]"),
        ("Atvērt trīs grupas.", "Atvērt četras grupas.", "Atvērt [-trīs-][+četras+] grupas."),
        ("Atvērt grupas.", "Atvērt trīs grupas.", "Atvērt[+ trīs+] grupas."),
        ("Termiņš ir maijs", "Termiņš ir maijs.", "Termiņš ir maijs[+.+]"),
        (
            "Pirmais plāns, otrais.",
            "Otrais uzdevums; mērķis?",
            "[-Pirmais plāns, otrais.-][+Otrais uzdevums; mērķis?+]",
        ),
        (
            "Pakalpojumi bērniem, senioriem un citiem. Tie ir pieejami pilsētā.",
            "Pakalpojumi bērniem un citiem. Tie ir pieejami pilsētā, arī attālināti.",
            "Pakalpojumi bērniem[-, senioriem-] un citiem. Tie ir pieejami pilsētā[+, arī attālināti+].",
        ),
        (
            "Pirmais teikums ir šāds. Otrais ir cits.",
            "Pavisam jauns sākums. Pirmais teikums ir šāds. Otrais ir cits.",
            "[+Pavisam jauns sākums. +]Pirmais teikums ir šāds. Otrais ir cits.",
        ),
    ],
)
def test_a_change_reads_as_a_person_would_say_it(before: str, after: str, expected: str) -> None:
    assert said(before, after) == expected


def test_of_a_long_text_what_stands_around_the_change_is_shown() -> None:
    sentence = "Šis teikums paliek tāds pats kā iepriekš. "
    before, after = (
        sentence * 200 + "Vecais gals. " + sentence * 200,
        sentence * 200 + "Jaunais gals. " + sentence * 200,
    )
    shown = around_changes(word_differences(before, after))
    assert [piece.fate for piece in shown if piece.fate is not Fate.EQUAL] == [Fate.DELETED, Fate.INSERTED]
    assert sum(len(piece.text) for piece in shown) < 500
    assert [piece.cut for piece in shown if piece.fate is Fate.EQUAL] == [True, False, True]


def hostile() -> dict[str, tuple[str, str]]:
    random = Random(1)  # the same texts each time is the point
    few = ["un", "vai", "bet", "lai"]
    every = [f"v{number}" for number in range(4200)]
    return {
        "nothing alike": ("aā " * 10_000, "bē " * 10_000),
        "every second word": (
            " ".join(word if place % 2 else f"x{place}" for place, word in enumerate(every)),
            " ".join(word if place % 2 else f"y{place}" for place, word in enumerate(every)),
        ),
        "few words in another order": (
            " ".join(random.choices(few, k=7500)),
            " ".join(random.choices(few, k=7500)),
        ),
        "backwards": (" ".join(every), " ".join(reversed(every))),
        "only signs": (".,;" * 10_000, ";,." * 10_000),
        "one word": ("a" * LONGEST, "a" * (LONGEST - 1) + "b"),
        "short sentences": ("Jā. " * 7_500, "Nē. Jā. " * 3_750),
        "lines": ("\n".join(every), "\n".join(every[::2])),
    }


@pytest.mark.parametrize("name", hostile())
def test_two_texts_as_long_as_they_may_be_are_compared_quickly(name: str) -> None:
    before, after = hostile()[name]
    assert max(len(before), len(after)) <= LONGEST
    began = process_time()
    pieces = word_differences(before, after)
    assert process_time() - began < 1
    assert text_of(pieces, Fate.EQUAL, Fate.DELETED) == before
    assert text_of(pieces, Fate.EQUAL, Fate.INSERTED) == after
