"""What people are told of, and how they may want to be told."""

from __future__ import annotations

from stratplan.choice import Choice
from stratplan.i18n import N_


class When(Choice):
    """How somebody wants to be told of one kind of thing; all but `NOT` are also listed in the application."""

    AT_ONCE = "at-once", N_("At once"), "info", "zap"
    DAILY = "daily", N_("Once a day"), "info", "calendar-clock"
    HERE = "here", N_("Only here"), "neutral", "bell"
    NOT = "not", N_("Not at all"), "muted", "ban"


class NoticeKind(Choice):
    """One kind of thing that somebody may be told of; `usual` is how, for who chose nothing."""

    explanation: str
    usual: When

    def __new__(
        cls,
        value: str,
        label: str,
        tone: str,
        icon: str,
        explanation: str,
        usual: When,
    ) -> NoticeKind:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.tone = tone
        member.icon = icon
        member.explanation = explanation
        member.usual = usual
        return member

    ASKED = (
        "asked",
        N_("Question"),
        "info",
        "circle-help",
        N_("Somebody asks the unit responsible for a task, and it is yours"),
        When.AT_ONCE,
    )
    MENTIONED = (
        "mentioned",
        N_("Mention"),
        "info",
        "message-square",
        N_("Somebody names you in a comment"),
        When.AT_ONCE,
    )
    OVERDUE = (
        "overdue",
        N_("Overdue"),
        "danger",
        "clock-alert",
        N_("A task of your unit is past its deadline"),
        When.DAILY,
    )
    DUE_7 = (
        "due-7",
        N_("Due within 7 days"),
        "warning",
        "timer",
        N_("A task of your unit is due in a week"),
        When.DAILY,
    )
    DUE_30 = (
        "due-30",
        N_("Due within 30 days"),
        "neutral",
        "calendar-clock",
        N_("A task of your unit is due in a month"),
        When.DAILY,
    )
    CHANGED = (
        "changed",
        N_("Task changed"),
        "neutral",
        "pencil",
        N_("Somebody else changes a task of your unit, or reports on it"),
        When.DAILY,
    )
    REVIEW_OPENED = (
        "review-opened",
        N_("Review"),
        "info",
        "clipboard-list",
        N_("A review is opened in which your unit reports"),
        When.AT_ONCE,
    )
    REVIEW_DUE = (
        "review-due",
        N_("Review due"),
        "warning",
        "clipboard-list",
        N_("Your unit has not sent its part of a review yet, or it was returned"),
        When.AT_ONCE,
    )
    REVIEW_LATE = (
        "review-late",
        N_("Units are late"),
        "danger",
        "clock-alert",
        N_("A week after the due date of a review, units have not sent their parts"),
        When.AT_ONCE,
    )


OFFERED = tuple(NoticeKind)
OF_DEADLINES = (NoticeKind.OVERDUE, NoticeKind.DUE_7, NoticeKind.DUE_30)
OF_REVIEWS = (NoticeKind.REVIEW_OPENED, NoticeKind.REVIEW_DUE, NoticeKind.REVIEW_LATE)
