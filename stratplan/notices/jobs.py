"""The work of notices beside the requests: what each server process tries every few seconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from stratplan import mail
from stratplan.background import Job
from stratplan.notices.outbox import Outbox
from stratplan.notices.review_reminders import remind_of_reviews
from stratplan.notices.writing import follow_histories, write_deadlines
from stratplan.settings import Settings
from stratplan.snapshot import Snapshots

EVERY = 3.0  # seconds


def jobs(settings: Settings, snapshots: Snapshots, today: Callable[[], date]) -> list[Job]:
    """The jobs of one process; letters only where there is a server to send them through."""
    outbox = Outbox(settings, snapshots)
    found = [
        Job("notices", EVERY, partial(follow_histories, snapshots)),
        Job("deadlines", 10 * EVERY, partial(write_deadlines, snapshots, outbox.owner, today)),
        Job("reviews", 10 * EVERY, partial(remind_of_reviews, snapshots, outbox.owner, today)),
    ]
    return [*found, Job("letters", EVERY, outbox.tend)] if mail.is_set(settings) else found
