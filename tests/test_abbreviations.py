"""Abbreviations in texts."""

from hypothesis import given
from hypothesis import strategies as st

from stratplan.abbreviations import explain_abbreviations


def test_abbreviations_are_explained_as_whole_words_only() -> None:
    meanings = {"PB": "pašvaldības budžets", "VB": "valsts budžets", "DPD SLP": "pārvalde", "SLP": "x"}
    assert explain_abbreviations("PB, VB (APB) un DPD SLP", meanings) == [
        ("PB", "pašvaldības budžets"),
        (", ", None),
        ("VB", "valsts budžets"),
        (" (APB) un ", None),
        ("DPD SLP", "pārvalde"),
    ]
    assert explain_abbreviations("PB", {}) == [("PB", None)]


@given(text=st.text(alphabet="PVB SLā.(", max_size=30))
def test_explaining_abbreviations_loses_nothing(text: str) -> None:
    assert "".join(piece for piece, _ in explain_abbreviations(text, {"PB": "x", "VB": "y"})) == text
