"""What is said of a task: comments, questions to the responsible unit, and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pymongo import ASCENDING, IndexModel

from stratplan import audit
from stratplan.actors import Actor
from stratplan.choice import Choice
from stratplan.database import Session
from stratplan.documents import Link, LivingDocument, OnDelete, Prose, Reference
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.i18n import N_, _
from stratplan.mentions import TOKEN
from stratplan.permissions import Permission


class CommentSort(Choice):
    """A comment only tells; a question waits for an answer."""

    COMMENT = "comment", N_("Comment"), "neutral", "message-square"
    QUESTION = "question", N_("Question"), "info", "circle-help"


class Comment(LivingDocument):
    """A comment or a question on a task, or the answer to a question.

    It belongs to no figure of the task and does not move the task's version: who is editing the task is not disturbed.
    """

    task: Reference
    sort: CommentSort = CommentSort.COMMENT
    text: Prose
    author: str = ""
    answer_to: Reference | None = None
    resolved: bool = False

    kind: ClassVar = "comment"
    noun: ClassVar = N_("comment")
    written_with: ClassVar = (
        Permission.DISCUSSION_WRITE,
        Permission.DISCUSSION_ASK,
    )
    labels: ClassVar = {"sort": N_("Kind"), "text": N_("Text"), "resolved": N_("Answered")}
    texts: ClassVar = frozenset({"text"})
    links: ClassVar = (
        Link("task", "task", OnDelete.DELETE),
        Link("answer_to", "comment", OnDelete.DELETE),
    )

    class Settings:
        name = "comments"
        indexes: ClassVar = [IndexModel([("scope", ASCENDING), ("deleted", ASCENDING)])]

    @property
    def caption(self) -> str:
        text = " ".join(TOKEN.sub("@…", self.text).split())  # the history has no names in it
        return text if len(text) <= 60 else text[:59].rstrip() + "…"

    @property
    def is_open(self) -> bool:
        """Whether this is a question that still waits for an answer."""
        return self.sort is CommentSort.QUESTION and not self.resolved

    async def check_rules(self, session: Session) -> None:
        """What is answered is a question on the same task."""
        if self.answer_to is None:
            return
        question = await Comment.find_one({"_id": self.answer_to, "deleted": False}, session=session)
        if question is None or question.task != self.task or question.sort is not CommentSort.QUESTION:
            raise RuleBroken(_("This question is not there any more. Reload the page."))

    async def add(self, *, by: Actor) -> audit.AuditEntry:
        """Say it; an answer settles its question in the same change."""
        said = self.model_copy(update={"author": by.id})
        edits = [audit.created(said)]
        question = None if self.answer_to is None else await Comment.get(self.answer_to)
        if question is not None and question.is_open and not question.deleted:
            edits.append(audit.changed(question, resolved=True))
        return await audit.record("comment.created", edits, by=by)

    async def edit(
        self, values: Mapping[str, Any], *, by: Actor, based_on: int, tag: str = "edited"
    ) -> audit.AuditEntry | None:
        """Change what was said; only who said it may.

        Raises RuleBroken when somebody else would.
        """
        if by.id != self.author:
            raise RuleBroken(_("Only who wrote a comment changes its text."))
        return await super().edit(values, by=by, based_on=based_on, tag=tag)

    def refuse_putting_back(self, values: Mapping[str, Any], by: Actor) -> None:
        """What somebody said is put back by them alone: nobody else puts words into their mouth."""
        if "text" in values and by.id != self.author:
            raise RuleBroken(_("Only who wrote a comment changes its text."))

    async def settle(self, *, resolved: bool, by: Actor, based_on: int) -> audit.AuditEntry | None:
        """Say that a question is answered (elsewhere, perhaps), or that it is still open."""
        if self.sort is not CommentSort.QUESTION:
            raise RuleBroken(_("Only a question can be answered."))
        tag = "settled" if resolved else "reopened"
        return await super().edit({"resolved": resolved}, by=by, based_on=based_on, tag=tag)

    async def remove(self, *, by: Actor, based_on: int) -> audit.AuditEntry:
        """Take back what one said oneself; a question that was answered stays, for the sake of the answer.

        When an answer goes that was the only one, its question is open again.
        """
        if by.id != self.author:
            raise RuleBroken(_("Only who wrote a comment takes it back."))
        if await Comment.find_one({"answer_to": self.key, "deleted": False}):
            raise RuleBroken(_("This question has been answered, so it stays."))
        return await self._remove("comment.deleted", by=by, based_on=based_on)

    async def moderate(self, *, by: Actor, based_on: int) -> audit.AuditEntry:
        """Remove what somebody else said, a question with its answers."""
        return await self._remove("comment.moderated", by=by, based_on=based_on)

    async def _remove(self, tag: str, *, by: Actor, based_on: int) -> audit.AuditEntry:
        if based_on != self.version:
            raise StaleEdit(self, {}, await audit.entries_since(self, based_on))
        edits = [audit.deleted(self)]
        answers = await Comment.find({"answer_to": self.key, "deleted": False}).to_list()
        edits += [audit.deleted(answer) for answer in answers]
        if self.answer_to is not None:
            others = {"answer_to": self.answer_to, "deleted": False, "_id": {"$ne": self.key}}
            question = await Comment.get(self.answer_to)
            if question is not None and question.resolved and await Comment.find_one(others) is None:
                edits.append(audit.changed(question, resolved=False))
        return await audit.record(tag, edits, by=by)
