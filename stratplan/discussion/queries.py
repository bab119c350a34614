"""What pages ask of the discussion: what was said of a task, which questions are open, how much there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from beanie import PydanticObjectId

from stratplan.discussion.models import Comment, CommentSort
from stratplan.goals.models import Task
from stratplan.i18n import day_of
from stratplan.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Thread:
    """A comment, or a question with its answers, oldest first."""

    first: Comment
    answers: list[Comment]


@dataclass(frozen=True, slots=True)
class Talk:
    """How much was said of a task, and how many questions on it are open."""

    count: int
    open: int


def _in_order(comment: Comment) -> tuple[object, str]:
    return comment.created_at, str(comment.key)


def _by_task(snapshot: Snapshot) -> Mapping[PydanticObjectId, list[Comment]]:
    def grouped() -> dict[PydanticObjectId, list[Comment]]:
        groups: defaultdict[PydanticObjectId, list[Comment]] = defaultdict(list)
        for comment in snapshot.all(Comment).values():
            groups[comment.task].append(comment)
        return dict(groups)

    return snapshot.derive("comments by task", grouped)


def comments_of(snapshot: Snapshot, task: Task) -> list[Comment]:
    """What was said of a task, oldest first."""
    return sorted(_by_task(snapshot).get(task.key, ()), key=_in_order)


def threads_of(snapshot: Snapshot, task: Task, day: date | None = None) -> list[Thread]:
    """What was said of a task (up to a day, where one is given), each question with its answers, oldest first."""
    said = [one for one in comments_of(snapshot, task) if day is None or day_of(one.created_at) <= day]
    answers: defaultdict[PydanticObjectId | None, list[Comment]] = defaultdict(list)
    for comment in said:
        answers[comment.answer_to].append(comment)
    return [Thread(comment, answers[comment.key]) for comment in answers[None]]


def open_questions(snapshot: Snapshot, units: frozenset[PydanticObjectId] | None = None) -> list[Comment]:
    """The questions that wait for an answer, the longest waiting first; of the tasks that one of `units` leads or takes
    part in, where they are given."""
    waiting = snapshot.derive(
        "open questions",
        lambda: sorted((one for one in snapshot.all(Comment).values() if one.is_open), key=_in_order),
    )
    if units is None:
        return list(waiting)
    tasks = snapshot.all(Task)
    return [one for one in waiting if one.task in tasks and not units.isdisjoint(tasks[one.task].responsible)]


def talk_about(snapshot: Snapshot, task: PydanticObjectId) -> Talk:
    """How much was said of the task."""
    said = _by_task(snapshot).get(task, [])
    return Talk(len(said), sum(one.is_open for one in said))


def question_of(snapshot: Snapshot, comment: Comment) -> Comment | None:
    """The question that a comment answers."""
    return snapshot.find(Comment, comment.answer_to)


def answers_to(snapshot: Snapshot, question: Comment) -> list[Comment]:
    """The answers to a question, oldest first."""
    if question.sort is not CommentSort.QUESTION:
        return []
    return sorted((one for one in _by_task(snapshot)[question.task] if one.answer_to == question.key), key=_in_order)
