"""Numbers of tasks, lines and goals: their clean form, their order, the next free one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan.numbering import clean_number, is_under, next_number, number_key, parent_number

parts = st.one_of(st.integers(0, 999).map(str), st.text("abcšzSM", min_size=1, max_size=3))
numbers = st.lists(parts, min_size=1, max_size=4).map(".".join)


def test_numbers_sort_by_their_parts_as_numbers() -> None:
    written = ["SM10", "2.10", "2.4.1", "SM2", "10", "2.4", "2", "2.4a", "2.9"]
    assert sorted(written, key=number_key) == ["2", "2.4", "2.4.1", "2.4a", "2.9", "2.10", "10", "SM2", "SM10"]


@given(st.lists(numbers))
def test_any_numbers_can_be_sorted(written: list[str]) -> None:
    assert len(sorted(written, key=number_key)) == len(written)


@given(numbers, numbers)
def test_a_number_comes_before_all_that_are_under_it(number: str, rest: str) -> None:
    below = f"{number}.{rest}"
    assert number_key(number) < number_key(below)
    assert is_under(below, number)
    assert not is_under(number, below)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("2.4.", "2.4"), (" 2. 4 .", "2.4"), ("02.004", "2.4"), ("SM1", "SM1"), ("2.4a", "2.4a"), ("Ā1", "Ā1")],
)
def test_a_number_is_kept_without_what_says_nothing(written: str, kept: str) -> None:
    assert clean_number(written) == kept


@given(numbers)
def test_a_clean_number_stays_as_it_is(number: str) -> None:
    assert clean_number(clean_number(number)) == clean_number(number)


@pytest.mark.parametrize("written", ["", " . ", "2..4", ".4", "2,4", "2-4", "2.4 a", "<b>", "2_4", "1" * 41])
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="number"):
        clean_number(written)


def test_a_number_knows_what_it_is_under() -> None:
    assert parent_number("2.4.1") == "2.4"
    assert parent_number("2") is None
    assert is_under("2.4.1", "2")
    assert not is_under("2.40", "2.4")
    assert not is_under("2.4", "2.4.")


@pytest.mark.parametrize(
    ("used", "prefix", "following"),
    [
        (["2.1", "2.10", "3.7"], "2", "2.11"),
        (["2.1", "2.4.9"], "2", "2.5"),
        (["2.4", "2.4.4"], "2.4", "2.4.5"),
        (["1.1"], "2", "2.1"),
        (["SM1", "sm2", "SM10x"], "SM", "SM3"),
        ([], "SM", "SM1"),
        (["1", "2.5"], "", "3"),
    ],
)
def test_the_next_number_follows_the_largest_in_use(used: list[str], prefix: str, following: str) -> None:
    assert next_number(used, prefix) == following


@given(st.lists(numbers), st.sampled_from(["", "2", "2.4", "SM"]))
def test_the_next_number_is_free_and_comes_after_its_siblings(used: list[str], prefix: str) -> None:
    following = next_number(used, prefix)
    assert following not in {clean_number(number) for number in used}
    assert not any(is_under(number, following) for number in used)


@pytest.mark.parametrize("number", ["new", "New", " new. "])
def test_a_number_is_not_the_address_of_a_form(number: str) -> None:
    with pytest.raises(ValueError, match="address"):
        clean_number(number)
