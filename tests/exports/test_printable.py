"""Texts become such as can be set in type: nothing steers, nothing is lost without a mark, long words can be broken."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan.exports.printable import BREAK, MISSING, SOFT_HYPHEN, all_printable, broken, printable, signs


def test_the_font_has_all_letters_of_the_languages_that_plans_are_in() -> None:
    assert {ord(sign) for sign in "āčēģīķļņšūžĀČĒĢĪĶĻŅŠŪŽōŗŌŖ„”–—…€%№ЖщўїҐőąßøλ"} <= signs()


@pytest.mark.parametrize(
    ("typed", "set_in_type"),
    [
        ("Ķekavas nodaļa, „PB” – 5\u00a0%", "Ķekavas nodaļa, „PB” – 5\u00a0%"),
        ("a\x00b\x1bc\x7f", "abc"),
        ("a\r\nb\rc\u2028d\te", "a\nb\nc\nd e"),
        ("kods \u202egnp.exe\u202c \u2066x\u2069 \u200fy", "kods gnp.exe x y"),
        ("a\u0304\u0301", "ā́"),
        ("中 🙂 \u05d0", f"{MISSING} {MISSING} {MISSING}"),
        ('#eval("1") $x$ *a* _b_ @c <d>', '#eval("1") $x$ *a* _b_ @c <d>'),
        ("\ud800\ufeff\ufffe\U000e0041\ue000", ""),
    ],
)
def test_a_text_is_set_as_it_is_but_for_what_steers_or_has_no_sign(typed: str, set_in_type: str) -> None:
    assert printable(typed) == set_in_type


@given(st.text())
def test_whatever_is_typed_only_signs_of_the_font_are_set(text: str) -> None:
    for sign in printable(text):
        assert sign in ("\n", BREAK, SOFT_HYPHEN) or ord(sign) in signs()
        assert sign in ("\n", BREAK, SOFT_HYPHEN) or unicodedata.category(sign)[0] != "C"


def test_texts_are_made_printable_wherever_they_stand() -> None:
    content = {"a": ["x\x00", {"b": "y\u202e"}], "n": 1, "none": None, "t": ("\x01z",)}
    assert all_printable(content) == {"a": ["x", {"b": "y"}], "n": 1, "none": None, "t": ["z"]}


def test_a_long_word_is_hyphenated_by_syllables_and_a_longer_one_is_broken_anywhere() -> None:
    hyphenated = broken("Komunālsaimniecības pārvalde", 12).replace(SOFT_HYPHEN, "-")
    assert hyphenated == "Komu-nāl-saim-nie-cī-bas pārvalde"
    assert broken("īss vārds", 12) == "īss vārds"
    assert max(map(len, broken("x" * 500, 12).split(BREAK))) <= 8
    assert broken("x" * 500, 12).replace(BREAK, "") == "x" * 500
