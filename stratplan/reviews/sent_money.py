"""The sums that stand in a unit's part once it is sent: as of the day it is reported for, each with the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from stratplan.investments.models import InvestmentLine
from stratplan.plans.models import FundingSource
from stratplan.reviews.cards import Card, known_sums


@dataclass(frozen=True, slots=True)
class Sum:
    """EUR as stated, and as it was before; None where nobody had entered any."""

    now: Decimal | None
    before: Decimal | None

    @property
    def differs(self) -> bool:
        """Whether it was changed."""
        return self.now != self.before


@dataclass(frozen=True, slots=True)
class SentLine:
    """An investment line of a card, with what is contracted and spent from each of its sources."""

    line: InvestmentLine
    rows: Sequence[tuple[FundingSource, Sum, Sum]]

    @property
    def is_stated(self) -> bool:
        """Whether anything was ever entered."""
        return any(one.now is not None for _source, *both in self.rows for one in both)


def sent_money(card: Card, year: int) -> list[SentLine]:
    """The sums of a card's lines for the year, where the card was sent."""
    if card.sent is None:
        return []
    day = card.sent.on
    found = []
    for of_line in card.money:
        rows = []
        for _place, source, _known in of_line.rows:
            now = known_sums(of_line.line, source.key, year, day)
            before = known_sums(of_line.line, source.key, year, day - timedelta(days=1))
            contracted, spent = (Sum(now[name], before[name]) for name in ("contracted", "spent"))
            rows.append((source, contracted, spent))
        found.append(SentLine(of_line.line, rows))
    return found
