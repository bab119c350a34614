"""What documents are made of: a closed edition, or the plan on a day with the action plan's filters, each with the
changes since the closed review before it. Pages and the command line differ in who reads (`Read`), not in what is made.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from stratplan import i18n
from stratplan.goals.action_plan import action_plan, read_selection
from stratplan.goals.task_sets import NO_UNIT, Facet
from stratplan.i18n import LANGUAGES, _
from stratplan.reviews.comparing import compare
from stratplan.reviews.comparison import Compared, Comparison
from stratplan.reviews.council import council_report
from stratplan.reviews.editions import edition_as_seen, today_as_seen
from stratplan.reviews.formats import Content
from stratplan.reviews.models import Edition, Review
from stratplan.reviews.narrowing import narrowed
from stratplan.reviews.queries import Closed, closed_before, closed_by
from stratplan.reviews.statement import GoalStated, LineStated, Statement, TaskStated
from stratplan.snapshot import Snapshot
from stratplan.view import View

Read = Callable[[Review, int], Awaitable[Statement]]  # what the edition of that number says to whoever asks


def as_seen(view: View) -> Read:
    """Editions as the reader of a page sees them."""
    return partial(edition_as_seen, view)


async def edition_content(
    snapshot: Snapshot, review: Review, edition: Edition, *, language: str, read: Read
) -> Content:
    """What a document of an edition says, with the changes since the review before it."""
    statement = await read(review, edition.number)
    before = await _before(closed_before(snapshot, review, edition), read)

    def made() -> Content:
        comparison = None if before is None else compare(before, statement)
        with i18n.use_language(language):
            report = council_report(statement, review=review, edition=edition, comparison=comparison)
        return Content(report, statement)

    return await asyncio.to_thread(made)  # half a second where there are thousands of tasks


async def plan_content(
    snapshot: Snapshot, whole: Statement, *, language: str, read: Read, asked: Mapping[str, str] | None = None
) -> Content:
    """What a document of the plan says, with the changes since the last review that was closed by its day. Filters
    (`asked`: the action plan's query) choose rows and changes; figures and sums are those of the whole plan."""
    before = await _before(next(iter(closed_by(snapshot, whole.day)), None), read)
    with i18n.use_language(language):
        chosen = _chosen(snapshot, whole, asked or {})

    def made() -> Content:
        statement = whole if chosen is None else only(whole, chosen.take)
        comparison = None if before is None else compare(before, whole)
        if before is not None and comparison is not None and chosen is not None:
            lines = {line.key for one in (before, whole) for line in only(one, chosen.take).lines}
            comparison = _without_texts(narrowed(comparison, replace(chosen, lines=lines)))
        words = [] if chosen is None else chosen.words
        with i18n.use_language(language):
            return Content(council_report(statement, whole=whole, comparison=comparison, chosen=words), statement)

    return await asyncio.to_thread(made)


def language_asked(view: View) -> str:
    """The language of a document: the one that the address names, else the reader's."""
    asked = dict(view.asked).get("lang", "")
    return asked if asked in LANGUAGES else view.reader.language


async def content_as_seen(view: View, language: str) -> Content:
    """What a document of the plan on the reader's day says, with the filters of their address."""
    whole = await today_as_seen(view)
    asked = dict(view.asked)
    return await plan_content(view.snapshot, whole, language=language, read=as_seen(view), asked=asked)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filters of the action plan: in words, and the keys of the tasks that they choose among those there are now.

    Of a task that there is no more it is still known in which goal it was and which units had it, so that it is chosen
    by these (`place`), and by nothing else.
    """

    words: Sequence[str]
    tasks: Collection[str]
    all_tasks: Collection[str]
    place: Mapping[Facet, str]
    is_of_place: bool
    lines: Collection[str] = ()  # the lines that pay for a chosen task, before or now

    def take(self, task: TaskStated) -> bool:
        """Whether a task is chosen."""
        if task.key in self.all_tasks:
            return task.key in self.tasks
        goal, unit = self.place.get(Facet.GOAL), self.place.get(Facet.UNIT)
        in_unit = unit in task.responsible or (unit == NO_UNIT and task.lead is None)
        return self.is_of_place and goal in (None, task.goal_code) and (unit is None or in_unit)

    def take_line(self, line: LineStated) -> bool:
        """Whether a line pays for a chosen task."""
        return line.key in self.lines

    def take_goal(self, goal: GoalStated) -> bool:
        """Whether a goal is the chosen one."""
        return self.place.get(Facet.GOAL) == goal.code


def _chosen(snapshot: Snapshot, whole: Statement, asked: Mapping[str, str]) -> Chosen | None:
    """What the filters choose; None where there are none."""
    selection = read_selection(snapshot, whole.day, asked)
    if not selection.is_filtered:
        return None
    plan = action_plan(snapshot, whole.day, selection, paged=False)
    words = [f"{_(one.facet.label)}: {one.chosen_text}" for one in plan.filters if one.chosen]
    if selection.text:
        words.append(f"{_('Text')}: {selection.text}")
    place: dict[Facet, str] = {
        facet: value for facet, value in selection.chosen.items() if facet in (Facet.GOAL, Facet.UNIT)
    }
    return Chosen(
        words,
        tasks={str(row.task.key) for group in plan.groups for row in group.rows},
        all_tasks={task.key for task in whole.tasks},
        place=place,
        is_of_place=not selection.text and len(place) == len(selection.chosen),
    )


def only(statement: Statement, takes: Callable[[TaskStated], bool]) -> Statement:
    """The statement with the tasks that are taken and the investment lines that pay for one of them."""
    kept = tuple(task for task in statement.tasks if takes(task))
    numbers = {task.number for task in kept}
    lines = tuple(line for line in statement.lines if not numbers.isdisjoint(line.tasks))
    return statement.model_copy(update={"tasks": kept, "lines": lines})


def _without_texts(comparison: Comparison) -> Comparison:
    """The comparison without what no filter of tasks chooses from."""
    nothing: Compared[Any, Any] = Compared()
    return replace(
        comparison, fields=(), units=(), sources=nothing, checks=nothing, swot=nothing, terms=nothing, sections=nothing
    )


async def _before(closed: Closed | None, read: Read) -> Statement | None:
    """What an edition of an earlier review says."""
    if closed is None:
        return None
    review, edition = closed
    return await read(review, edition.number)


def digest_of(content: Content, *more: str) -> str:
    """What tells one document from another: SHA-256 over all that it is made of, and `more`."""
    digest = hashlib.sha256(content.statement.model_dump_json().encode())
    digest.update(hashlib.sha256(content.template or b"").digest())
    for part in (repr(content.report), *more):
        digest.update(b"\0" + part.encode())
    return digest.hexdigest()
