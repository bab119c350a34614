"""A comment's text in pieces: what becomes a link, what a person, and that nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan.discussion.pieces import is_safe_address, pieces_of
from stratplan.mentions import mentioned, token, with_names

ZANE, JURIS = "6b05d981bc2241336fe688b2", "6b05d981bc2241336fe688b3"
NAMES = {ZANE: "Zane Kalniņa", JURIS: "Juris Bērziņš"}


def links(text: str) -> list[str | None]:
    return [piece.href for piece in pieces_of(text, NAMES.__getitem__) if piece.href]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("skat. https://example.lv/a?b=1&c=2.", ["https://example.lv/a?b=1&c=2"]),
        ("(http://example.lv/x)", ["http://example.lv/x"]),
        ("https://lv.wikipedia.org/wiki/SVID_(analīze), lūdzu", ["https://lv.wikipedia.org/wiki/SVID_(analīze)"]),
        ('"https://example.lv/"!', ["https://example.lv/"]),
        ("HTTPS://EXAMPLE.LV/A", ["HTTPS://EXAMPLE.LV/A"]),
        ("https://a.lv https://b.lv", ["https://a.lv", "https://b.lv"]),
        ("https://a.lv/<script>", ["https://a.lv/"]),
    ],
)
def test_an_address_is_a_link_without_the_sentence_around_it(text: str, expected: list[str]) -> None:
    assert links(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "ftp://example.lv/",
        "https://banka.lv@evil.example/",
        "https://user:secret@evil.example/",
        "https://",
        "https:///x",
        "https://[",
        "https://example.lv:99999/",
        "https://example.lv/\u202ecod.exe",
        "https://exam\u200bple.lv/",
        "xhttps://example.lv",
        "//example.lv/",
        "www.example.lv",
    ],
)
def test_what_could_mislead_is_no_link(text: str) -> None:
    assert links(text) == []


def test_a_mention_is_shown_with_the_name_that_the_person_has_now() -> None:
    text = f"Paldies, {token(ZANE)} un {token(JURIS)}! {token(ZANE)}, skat. https://a.lv"
    pieces = pieces_of(text, NAMES.__getitem__)
    assert [piece.text for piece in pieces if piece.is_mention] == ["@Zane Kalniņa", "@Juris Bērziņš", "@Zane Kalniņa"]
    assert list(map(str, mentioned(text))) == [ZANE, JURIS]
    assert with_names(token(JURIS), NAMES.__getitem__) == "@Juris Bērziņš"


def test_only_whole_mentions_count() -> None:
    assert mentioned("@[abc] @[6b05d981bc2241336fe688b2 x@[] @[6B05D981BC2241336FE688B2]") == []


@given(st.lists(st.sampled_from([*"ab .,()@[]:/\n<&\"'", "https://", "http://a.lv", token(ZANE), "example.lv"])))
def test_the_pieces_put_together_are_the_text_and_links_are_safe(parts: list[str]) -> None:
    text = "".join(parts)
    pieces = pieces_of(text, NAMES.__getitem__)
    assert "".join(piece.text for piece in pieces) == with_names(text, NAMES.__getitem__)
    assert all(piece.href == piece.text and is_safe_address(piece.text) for piece in pieces if piece.href)
