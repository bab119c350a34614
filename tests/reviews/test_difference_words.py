"""What two statements differ in, in words: what reads the same is told as the same."""

from __future__ import annotations

from fractions import Fraction

import pytest

from stratplan import i18n
from stratplan.exports.tables import Cell, Kind
from stratplan.reviews.changes import changes_table
from stratplan.reviews.comparing import compare
from stratplan.reviews.comparison import Comparison
from stratplan.reviews.difference_words import of_task, share_said, summary
from tests.reviews.statements import statement, task


def of_shares(before: Fraction, after: Fraction) -> Comparison:
    """Two statements of a plan whose progress, and that of its only task, was the one and is the other."""
    one, other = (statement((task(progress=share),)) for share in (before, after))
    return compare(one, other)


@pytest.mark.parametrize(
    ("before", "after", "said", "points"),
    [
        (Fraction(4462, 10000), Fraction(4538, 10000), "The progress of the plan is 45%, as before.", "as before"),
        (Fraction(4538, 10000), Fraction(4462, 10000), "The progress of the plan is 45%, as before.", "as before"),
        (
            Fraction(4449, 10000),
            Fraction(4451, 10000),
            "The progress of the plan has grown from 44% to 45%.",
            "+1 percentage point",
        ),
        (
            Fraction(525, 1000),
            Fraction(65, 100),
            "The progress of the plan has grown from 53% to 65%.",
            "+12 percentage points",
        ),
        (
            Fraction(65, 100),
            Fraction(25, 100),
            "The progress of the plan has fallen from 65% to 25%.",
            "\u221240 percentage points",
        ),
    ],
)
def test_shares_that_are_printed_alike_are_as_before_and_others_differ_by_what_is_printed(
    before: Fraction, after: Fraction, said: str, points: str
) -> None:
    found = of_shares(before, after)
    with i18n.use_language("en"):
        assert summary(found)[0] == said
        assert share_said(before, after) == points
        (change,) = found.tasks.changed
        told = next(one for one in of_task(change) if one.label == "Progress")
        assert told.after == f"{i18n.percent(after)} ({points})"
        rows = [row.cells for row in changes_table(found).rows if len(row.cells) > 2 and row.cells[2] == "Progress"]
    assert rows
    number, _space, unit = points.replace("\u2212", "-").partition(" ")
    written = points if points == "as before" else Cell(int(number), Kind.WHOLE, f"\N{NO-BREAK SPACE}{unit}")
    assert {row[5] for row in rows} == {written}


def test_a_share_that_was_not_known_differs_by_nothing_that_can_be_told() -> None:
    assert share_said(None, Fraction(1, 2)) == ""
    with i18n.use_language("en"):
        assert share_said(None, None) == "as before"
