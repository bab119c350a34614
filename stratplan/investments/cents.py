"""EUR counted in whole cents, and divided among sources so that nothing is lost (domain.md, Money)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import lcm

from stratplan.i18n import N_
from stratplan.investments.facts import Key, LineFacts

Place = tuple[Key | None, int | None]  # source, year
Table = dict[Place, int]  # cents
LARGEST = Decimal("999999999999.99")  # room for 12 digits (domain.md, Money)


def to_cents(amount: Decimal) -> int:
    """EUR as whole cents; ValueError for what is not an amount from 0 up with at most two decimals."""
    if not amount.is_finite() or amount < 0:
        raise ValueError(N_("An amount cannot be negative."))
    if amount > LARGEST:
        raise ValueError(N_("The amount is too large."))
    hundredfold = amount * 100
    cents = int(hundredfold)
    if cents != hundredfold:
        raise ValueError(N_("An amount has at most two decimal places."))
    return cents


def from_cents(cents: int) -> Decimal:
    """Whole cents as EUR with two decimals."""
    return Decimal(cents).scaleb(-2)


def split_by_percent(total: Decimal, percents: Sequence[Decimal]) -> list[Decimal]:
    """`total` EUR divided by percentages to the cent, by the largest remainder method (domain.md, Money).

    The parts add up to the total where the percentages add up to 100, and else to that percentage of it, rounded
    half up. Each part is within a cent of its exact value. Cents left over go to the largest remainders, among
    equal ones to the larger percentage, then to the one named first.
    """
    return [from_cents(cents) for cents in _split(to_cents(total), percents)]


def _split(total: int, percents: Sequence[Decimal]) -> list[int]:
    if any(not percent.is_finite() or percent < 0 for percent in percents):
        raise ValueError(N_("A percentage cannot be negative."))
    ratios = [percent.as_integer_ratio() for percent in percents]
    below = lcm(*(denominator for _numerator, denominator in ratios))
    whole = 100 * below
    exact = [total * numerator * (below // denominator) for numerator, denominator in ratios]  # cents × whole
    parts = [share // whole for share in exact]
    left_over = (2 * sum(exact) + whole) // (2 * whole) - sum(parts)
    if left_over:
        first_served = sorted(range(len(parts)), key=lambda place: (-(exact[place] % whole), -percents[place], place))
        for place in first_served[:left_over]:
            parts[place] += 1
    return parts


def line_total(amount: Decimal | None, yearly: bool, years: int) -> Decimal | None:
    """EUR of a line over the whole plan: a yearly amount counts once for each of `years`; None where unknown."""
    if amount is None:
        return None
    return from_cents(to_cents(amount) * (years if yearly else 1))


def parts_by_source(line: LineFacts, planned: Mapping[Key | None, int]) -> dict[Key | None, int]:
    """Cents of the line's amount by source; what they leave open or go over stands under None."""
    assert line.amount is not None
    amount = to_cents(line.amount)
    parts: defaultdict[Key | None, int] = defaultdict(int)
    if line.shares:
        in_percent = [share for share in line.shares if share.amount is None and share.percent is not None]
        in_cents = _split(amount, [share.percent or Decimal(0) for share in in_percent])
        of_percent = {id(share): cents for share, cents in zip(in_percent, in_cents, strict=True)}
        for share in line.shares:
            if share.amount is not None:
                parts[share.source] += to_cents(share.amount)
            elif share.percent is not None:
                parts[share.source] += of_percent[id(share)]
    else:
        parts |= planned
    outside = amount - sum(parts.values())
    if outside or not parts:
        parts[None] = outside
    return dict(parts)
