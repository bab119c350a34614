"""The states of a task: two axes that units report and a derived clock (domain.md, State of a task)."""

from __future__ import annotations

from stratplan.choice import Choice
from stratplan.i18n import N_


class Execution(Choice):
    """How far the work on a task is, as reported."""

    NOT_STARTED = "not_started", N_("Not started"), "neutral", "circle-dashed"
    IN_PROGRESS = "in_progress", N_("In progress"), "info", "circle-play"
    COMPLETED = "completed", N_("Completed"), "success", "circle-check"
    SUSPENDED = "suspended", N_("Suspended"), "warning", "circle-pause"
    CANCELLED = "cancelled", N_("Cancelled"), "muted", "ban"

    @property
    def is_counted(self) -> bool:
        """Whether the task takes part in the progress of its goal: cancelled ones do not."""
        return self is not Execution.CANCELLED


class Outcome(Choice):
    """Whether the expected result was reached, as reported."""

    NOT_ASSESSED = "not_assessed", N_("Not assessed"), "neutral", "circle-dashed"
    REACHED = "reached", N_("Reached"), "success", "target"
    PARTLY_REACHED = "partly_reached", N_("Partly reached"), "warning", "circle-slash"
    NOT_REACHED = "not_reached", N_("Not reached"), "danger", "circle-x"


class Schedule(Choice):
    """How a task stands against its period on a given day; never stored."""

    DONE = "done", N_("Done"), "success", "check-check"
    OVERDUE = "overdue", N_("Overdue"), "danger", "clock-alert"
    BEHIND = "behind", N_("Behind schedule"), "warning", "trending-down"
    ON_TRACK = "on_track", N_("On track"), "info", "trending-up"
    NOT_DUE = "not_due", N_("Not due yet"), "muted", "hourglass"


class Reporting(Choice):
    """Whether anything has been reported on a task by a given day; never stored."""

    REPORTED = "reported", N_("Has reported"), "success", "message-square"
    MISSING = "missing", N_("Never reported"), "warning", "circle-alert"
    TO_COME = "to_come", N_("Nothing to report yet"), "muted", "hourglass"
