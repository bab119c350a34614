"""Closed reviews for residents, where the plan publishes them: as they were frozen, without what is hidden since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil

from beanie import PydanticObjectId
from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.errors import NotVisible
from stratplan.goals.models import Task
from stratplan.goals.progress import percent
from stratplan.goals.states import Schedule
from stratplan.i18n import _
from stratplan.permissions import Permission
from stratplan.public.pages import said_progress
from stratplan.public.resident_view import AS_RESIDENT, ResidentView, resident_page
from stratplan.reviews.editions import edition_as_seen, progress_as_seen
from stratplan.reviews.list_pages import closed_rows, said_decision
from stratplan.reviews.models import Review
from stratplan.reviews.queries import closed_reviews, find_review
from stratplan.reviews.statement import GoalStated, Statement, TaskStated
from stratplan.reviews.summary import summary_sentences
from stratplan.typed import page_number

TASKS_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class GoalRow:
    """A goal as it was: how far it was, how many tasks it had, and how many of them were late."""

    goal: GoalStated
    percent: int | None
    tasks: int
    late: int


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as it was; `path` leads to what it is now, empty where residents see it no longer."""

    task: TaskStated
    is_late: bool
    path: str


def _goal_rows(statement: Statement) -> list[GoalRow]:
    rows = []
    for goal in statement.plan.goals:
        late = sum(task.schedule is Schedule.OVERDUE for task in statement.tasks_of(goal.code))
        tasks, _reported = statement.counts_by_goal[goal.code]
        rows.append(GoalRow(goal, None if goal.progress is None else percent(goal.progress), tasks, late))
    return rows


def _task_rows(view: ResidentView, tasks: Sequence[TaskStated]) -> list[tuple[str, list[TaskRow]]]:
    """The tasks goal by goal, under the goal's name as it was."""

    def row(task: TaskStated) -> TaskRow:
        now = view.snapshot.find(Task, PydanticObjectId(task.key))
        is_late = task.schedule is Schedule.OVERDUE
        return TaskRow(task, is_late, "" if now is None else f"/tasks/{now.number}")

    def goal(task: TaskStated) -> str:
        return f"{task.goal_code} {task.goal_title}"

    return [(heading, [row(task) for task in found]) for heading, found in groupby(tasks, key=goal)]


def _neighbours(reviews: Sequence[Review], review: Review) -> tuple[Review | None, Review | None]:
    """The review before and after, in the order of time, among reviews that come newest first."""
    place = [one.key for one in reviews].index(review.key)
    return (
        reviews[place + 1] if place + 1 < len(reviews) else None,
        reviews[place - 1] if place else None,
    )


@get("/p/{slug:str}/reviews", permission=Permission.REVIEWS_READ, kept=True, **AS_RESIDENT)
async def list_reviews_for_residents(request: HTMXRequest, view: ResidentView) -> Response[str]:
    """The closed reviews, the newest first."""
    reviews = closed_reviews(view.snapshot)
    return resident_page(
        request,
        "public/reviews.html",
        view,
        context={"rows": closed_rows(reviews, await progress_as_seen(view, reviews))},
        description=_("How the plan was carried out, quarter by quarter: %(plan)s", plan=view.plan.title),
        section="reviews",
    )


@get("/p/{slug:str}/reviews/{review:str}", permission=Permission.REVIEWS_READ, kept=True, **AS_RESIDENT)
async def show_review_to_residents(request: HTMXRequest, view: ResidentView, review: str) -> Response[str]:
    """One closed review, as it was."""
    found = find_review(view.snapshot, review)
    edition = found.edition
    if edition is None:
        raise NotVisible(_("There is no such review."))
    statement = await edition_as_seen(view, found, edition.number)
    shown = None if statement.plan.progress is None else percent(statement.plan.progress)
    pages = max(1, ceil(len(statement.tasks) / TASKS_A_PAGE))
    number = min(page_number(dict(view.asked)), pages)
    before, after = _neighbours([one for one, _edition in closed_reviews(view.snapshot)], found)
    sentences = summary_sentences(statement)
    return resident_page(
        request,
        "public/review.html",
        view,
        context={
            "review": found,
            "edition": edition,
            "decision": said_decision(edition),
            "percent": shown,
            "said_progress": said_progress(shown),
            "sentences": sentences if shown is None else sentences[1:],  # the first is of the progress
            "goals": _goal_rows(statement),
            "groups": _task_rows(view, statement.tasks[(number - 1) * TASKS_A_PAGE : number * TASKS_A_PAGE]),
            "total": len(statement.tasks),
            "page": number,
            "pages": pages,
            "before": before,
            "after": after,
        },
        description=f"{found.title}. {' '.join(sentences)}",
        section="reviews",
    )


handlers = [list_reviews_for_residents, show_review_to_residents]
