"""When units are reminded of a review, and when planners are told which are late: rules without clock or database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

U = TypeVar("U")

REMINDED_ON = (-7, -1, 0, 3)  # days after the due date
ESCALATED_ON = 7


def last_reminder_day(due: date, opened: date, day: date) -> date | None:
    """The last day up to `day` on which units are reminded; the day on which they heard of the review is none."""
    days = [due + timedelta(days=after) for after in REMINDED_ON]
    return max((one for one in days if opened < one <= day), default=None)


def units_to_remind(
    due: date, opened: date, day: date, missing: Sequence[U], reminded: Mapping[U, date]
) -> Sequence[U]:
    """Which of the units that have not sent are reminded on `day`: those that were not since the last day for it,
    `reminded` being when each last was, by hand or by this. A day on which nobody looked is made up for so."""
    wanted = last_reminder_day(due, opened, day)
    if wanted is None:
        return []
    return [unit for unit in missing if unit not in reminded or reminded[unit] < wanted]


def is_to_escalate(due: date, opened: date, day: date, missing: Sequence[U], escalated: date | None) -> bool:
    """Whether planners are told on `day` that units are missing: once for each due date."""
    told_on = due + timedelta(days=ESCALATED_ON)
    return bool(missing) and opened < told_on <= day and (escalated is None or escalated < told_on)
