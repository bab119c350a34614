"""The numbers of investment lines: the next free one, and those that lines exchange when one is moved."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Literal

from beanie import PydanticObjectId

from stratplan.goals.models import Goal
from stratplan.investments.models import InvestmentLine
from stratplan.investments.queries import lines_in_order, lines_of_goal
from stratplan.numbering import is_under, next_number, parent_number
from stratplan.snapshot import Snapshot


def siblings_of(snapshot: Snapshot, line: InvestmentLine) -> list[InvestmentLine]:
    """The lines of the same goal one level under the same number, the line among them, in order."""

    def grouped() -> dict[tuple[PydanticObjectId, str | None], list[InvestmentLine]]:
        groups: defaultdict[tuple[PydanticObjectId, str | None], list[InvestmentLine]] = defaultdict(list)
        for one in lines_in_order(snapshot):
            groups[one.goal, parent_number(one.number)].append(one)
        return dict(groups)

    return snapshot.derive("lines by parent", grouped)[line.goal, parent_number(line.number)]


def suggested_number(snapshot: Snapshot, goal: Goal | None, under: InvestmentLine | None = None) -> str:
    """The number that a new line of the goal, or under the heading, would get in the plan's own numbering."""
    numbers = [line.number for line in lines_in_order(snapshot)]
    if under is not None:
        return next_number(numbers, under.number)
    if goal is None:
        return next_number(numbers)
    firsts = Counter(line.number.partition(".")[0] for line in lines_of_goal(snapshot, goal))
    digits = re.search(r"[0-9]+$", goal.code)
    prefix = firsts.most_common(1)[0][0] if firsts else digits[0] if digits else ""
    return next_number(numbers, prefix)


def moved(snapshot: Snapshot, line: InvestmentLine, step: Literal[-1, 1]) -> list[tuple[InvestmentLine, str]]:
    """The lines that get another number when this one changes places with its neighbour; those under them go along."""
    siblings = siblings_of(snapshot, line)
    place = siblings.index(line) + step
    if not 0 <= place < len(siblings):
        return []
    here, there = line.number, siblings[place].number
    return [
        (other, new + other.number[len(old) :])
        for old, new in ((here, there), (there, here))
        for other in lines_in_order(snapshot)
        if other.number == old or is_under(other.number, old)
    ]
