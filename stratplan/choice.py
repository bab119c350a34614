"""Enums that carry what a page shows of them: label, tone, icon, in their order."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Choice(StrEnum):
    """One of a few values; `label` is an English source text, `tone` a colour's meaning, `icon` a symbol's name.

    Members are declared as `NAME = "value", N_("Label"), "tone", "icon"`; the last two may be left out.
    """

    label: str
    tone: str
    icon: str

    def __new__(cls, value: str, label: str, tone: str = "neutral", icon: str = "circle") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.tone = tone
        member.icon = icon
        return member

    @property
    def order(self) -> int:
        """The member's place among its like, from 0."""
        return list(type(self)).index(self)
