"""Mentions of people in texts: kept as `@[account id]`, shown with the name that the person has now."""

from __future__ import annotations

import re
from collections.abc import Callable

from beanie import PydanticObjectId

TOKEN = re.compile(r"@\[([0-9a-f]{24})\]")


def token(account: PydanticObjectId | str) -> str:
    """How a person is mentioned in a text that is kept."""
    return f"@[{account}]"


def mentioned(text: str) -> list[PydanticObjectId]:
    """The accounts that a kept text mentions, each once, in the order in which they are."""
    return [PydanticObjectId(key) for key in dict.fromkeys(TOKEN.findall(text))]


def with_names(text: str, name_of: Callable[[str], str]) -> str:
    """A kept text as people read it: names in place of accounts."""
    return TOKEN.sub(lambda found: f"@{name_of(found[1])}", text)
