"""What pages, exports and commands ask of a plan's own parts: its funding sources in their order."""

from __future__ import annotations

from stratplan.plans.models import FundingSource
from stratplan.snapshot import Snapshot


def sources_in_order(snapshot: Snapshot) -> list[FundingSource]:
    """The plan's funding sources as they are to be listed."""
    return snapshot.derive(
        "sources in order",
        lambda: sorted(snapshot.all(FundingSource).values(), key=lambda source: (source.order, source.code)),
    )
