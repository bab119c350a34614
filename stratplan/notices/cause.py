"""Why one person is told of one thing."""

from __future__ import annotations

from dataclasses import dataclass

from beanie import PydanticObjectId

from stratplan.notices.kinds import NoticeKind


@dataclass(frozen=True, slots=True)
class Cause:
    """Why one person is told of one thing; `key` is the same whenever and wherever it is found again."""

    account: PydanticObjectId
    kind: NoticeKind
    key: str
    task: PydanticObjectId | None
    caption: str
    deed: str = ""
    deadline: str = ""
    by: str = ""
    entry: PydanticObjectId | None = None
    review: PydanticObjectId | None = None
