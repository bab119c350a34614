"""What units have typed for a review and not sent yet: one plain document for each task, in nobody's history.

A draft is what stood in the fields, as it was typed. It is over once the unit's part has been sent: taking the sending
back brings it to life again (docs/decisions/0016-drafts-are-not-recorded.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import Document, PydanticObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from stratplan.actors import Actor
from stratplan.documents import now
from stratplan.reviews.models import Submission

KEPT = timedelta(days=180)  # after what was last typed


class Draft(Document):
    """What was typed about one task in one review: the texts of its fields, by whom, when, and how often it was kept.

    `tab` names the opened page that kept it last.
    """

    id: str  # type: ignore[assignment]  # the review's id and the task's
    scope: PydanticObjectId
    review: PydanticObjectId
    task: PydanticObjectId
    fields: dict[str, str]
    by: str
    at: datetime
    step: int
    tab: str

    class Settings:
        name = "review_drafts"
        indexes: ClassVar = [
            IndexModel([("review", ASCENDING), ("task", ASCENDING)]),
            IndexModel([("at", ASCENDING)], expireAfterSeconds=int(KEPT.total_seconds())),
        ]

    def is_alive(self, submission: Submission | None) -> bool:
        """Whether it is still to be sent: it was typed after the unit's part was last sent."""
        return submission is None or submission.sent_at is None or self.at > submission.sent_at


@dataclass(frozen=True, slots=True)
class Typed:
    """What one page has in the fields of one task, and which draft it was filled from: `step` 0 for none."""

    scope: PydanticObjectId
    review: PydanticObjectId
    task: PydanticObjectId
    fields: Mapping[str, str]
    step: int
    tab: str


class DraftMoved(Exception):
    """Another page has kept something else meanwhile: `now` is what is there."""

    def __init__(self, now: Draft) -> None:
        super().__init__(now.id)
        self.now = now


async def drafts_of(
    reviews: Collection[PydanticObjectId], tasks: Collection[PydanticObjectId] | None = None
) -> list[Draft]:
    """The drafts in some reviews, on some tasks or on all; also those that are over."""
    asked: dict[str, Any] = {"review": {"$in": list(reviews)}}
    if tasks is not None:
        asked["task"] = {"$in": list(tasks)}
    return await Draft.find(asked).to_list()


async def keep(typed: Typed, submission: Submission | None, *, by: Actor) -> Draft:
    """Keep what was typed in place of the draft that the page was filled from.

    Raises DraftMoved, and writes nothing, where another page kept something else since; one that is over is nobody's.
    """
    key = f"{typed.review}:{typed.task}"
    values = {"fields": dict(typed.fields), "by": by.id, "at": now(), "tab": typed.tab}
    mine: list[dict[str, Any]] = [{"step": typed.step}, {"tab": typed.tab}, {"fields": values["fields"]}]
    if submission is not None and submission.sent_at is not None:
        mine.append({"at": {"$lte": submission.sent_at}})
    drafts = Draft.get_motor_collection()
    raw = await drafts.find_one_and_update(
        {"_id": key, "$or": mine}, {"$set": values, "$inc": {"step": 1}}, return_document=ReturnDocument.AFTER
    )
    if raw is None:
        raw = {"_id": key, "scope": typed.scope, "review": typed.review, "task": typed.task, **values, "step": 1}
        try:
            await drafts.insert_one(raw)
        except DuplicateKeyError:
            current = await drafts.find_one({"_id": key})
            raise DraftMoved(Draft.model_validate(current)) from None
    kept: Draft = Draft.model_validate(raw)
    return kept
