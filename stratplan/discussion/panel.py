"""The discussion as a reader sees it: whose words, with which mentions and links, and what may be done with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from beanie import PydanticObjectId
from pydantic import BeforeValidator, Field

from stratplan.discussion.models import Comment, CommentSort
from stratplan.discussion.people import Person, mentionable
from stratplan.discussion.pieces import Piece, pieces_of
from stratplan.discussion.queries import Talk, Thread, talk_about, threads_of
from stratplan.documents import LivingDocument, Prose
from stratplan.forms import Form, FormModel, ReferenceField, Versioned
from stratplan.goals.models import Task
from stratplan.i18n import _, ngettext
from stratplan.mentions import mentioned
from stratplan.permissions import Permission
from stratplan.view import Mark, View

LONGEST = 5_000


def _measured(value: Any) -> Any:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


Typed = Annotated[Prose, Field(max_length=LONGEST), BeforeValidator(_measured)]


class Words(FormModel):
    """What is said; `mention` adds a person at the end, `change` only shows the form again with them in it."""

    text: Typed
    mention: ReferenceField = None
    answer_to: ReferenceField = None
    change: Literal["", "mention"] = ""


class WordsEdit(Versioned):
    """The same, of something that was said."""

    text: Typed
    mention: ReferenceField = None
    change: Literal["", "mention"] = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A comment, question or answer with what the reader may do with it."""

    comment: Comment
    author: str
    pieces: list[Piece]
    mentions_me: bool
    can_edit: bool
    can_remove: bool
    can_moderate: bool
    can_answer: bool
    can_settle: bool

    @property
    def folder(self) -> str:
        """The part of the address that says which right is needed to change it."""
        return "questions" if self.comment.sort is CommentSort.QUESTION else "comments"

    @property
    def is_edited(self) -> bool:
        """Whether the words are not those that were first written."""
        return self.comment.worded_at is not None


@dataclass(frozen=True, slots=True)
class SaidThread:
    """A comment, or a question with its answers."""

    first: Said
    answers: list[Said]


@dataclass(frozen=True, slots=True)
class Panel:
    """The discussion of one task, with the one form that is open in it."""

    threads: list[SaidThread]
    talk: Talk
    form: Form[Any]
    editing: Comment | None
    answering: Comment | None
    can_comment: bool
    can_ask: bool
    people: list[Person]


def said(view: View, comment: Comment, task: Task, answers: Iterable[Comment] = ()) -> Said:
    """What was said, for this reader."""
    actor = view.reader.account
    is_mine = actor is not None and comment.author == str(actor)
    needed = Permission.DISCUSSION_ASK if comment.sort is CommentSort.QUESTION else Permission.DISCUSSION_WRITE
    may_change = is_mine and view.can(needed, task)
    is_answered = any(True for _answer in answers)
    is_question = comment.sort is CommentSort.QUESTION
    moderates = view.can(Permission.DISCUSSION_MODERATE)
    return Said(
        comment=comment,
        author=view.name_of(comment.author),
        pieces=pieces_of(comment.text, view.snapshot.name_of),
        mentions_me=actor is not None and actor in mentioned(comment.text),
        can_edit=may_change,
        can_remove=may_change and not is_answered,
        can_moderate=moderates and not (may_change and not is_answered),
        can_answer=is_question and view.can(Permission.DISCUSSION_WRITE, task),
        can_settle=is_question and (moderates or may_change),
    )


def discussion_of(
    view: View,
    task: Task,
    form: Form[Any] | None = None,
    *,
    editing: Comment | None = None,
    answering: Comment | None = None,
) -> Panel | None:
    """The discussion of a task; None for those who may not read it."""
    if not view.can(Permission.DISCUSSION_READ):
        return None
    threads = threads_of(view.snapshot, task, None if view.is_today else view.day)
    return Panel(
        threads=[_thread(view, thread, task) for thread in threads],
        talk=talk_about(view.snapshot, task.key),
        form=form or Form.filled(Words),
        editing=editing,
        answering=answering,
        can_comment=view.can(Permission.DISCUSSION_WRITE, task),
        can_ask=view.can(Permission.DISCUSSION_ASK),
        people=mentionable(view.snapshot),
    )


def _thread(view: View, thread: Thread, task: Task) -> SaidThread:
    return SaidThread(
        said(view, thread.first, task, thread.answers), [said(view, answer, task) for answer in thread.answers]
    )


def mark(view: View, document: LivingDocument) -> Mark | None:
    """How much was said of a task, for the rows that show it."""
    if document.kind != Task.kind or not view.can(Permission.DISCUSSION_READ):
        return None
    talk = talk_about(view.snapshot, PydanticObjectId(document.key))
    if not talk.count:
        return None
    words = [ngettext("%(num)s comment", "%(num)s comments", talk.count)]
    if talk.open:
        words.append(ngettext("%(num)s open question", "%(num)s open questions", talk.open))
    return Mark(
        icon="circle-help" if talk.open else "message-square",
        text=str(talk.count),
        label=_("%(what)s on task %(number)s", what=", ".join(words), number=vars(document)["number"]),
        anchor="discussion",
        tone="warning" if talk.open else "neutral",
    )
