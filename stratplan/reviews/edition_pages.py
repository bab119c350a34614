"""A closed review as it was frozen: each of its editions as a page that reads the same for as long as there is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.goals.models import Task
from stratplan.goals.progress import percent
from stratplan.goals.states import Execution, Schedule
from stratplan.i18n import _
from stratplan.investments.checks import Check, CheckCode
from stratplan.permissions import Permission
from stratplan.reviews.comparing import compare
from stratplan.reviews.difference_words import summary
from stratplan.reviews.editions import edition_as_seen, edition_of
from stratplan.reviews.list_pages import said_decision
from stratplan.reviews.models import Edition, Review
from stratplan.reviews.money_tables import printed_investments
from stratplan.reviews.queries import closed_before, find_review
from stratplan.reviews.shown_tables import ShownTable, shown
from stratplan.reviews.statement import CheckStated, GoalStated, PlanStated, Statement, SwotStated, TaskStated
from stratplan.reviews.summary import missing_units
from stratplan.reviews.tables import count_of_tasks
from stratplan.swot.models import Quadrant
from stratplan.view import View
from stratplan.web import page

TASKS_A_PAGE = 200
LATE_SHOWN = 10
CODES = {code.value: code for code in CheckCode}
EDITION = "/plans/{slug:str}/reviews/{review:str}/editions/{edition:int}"


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as it was, with its page in the plan as it is now, where there still is one."""

    task: TaskStated
    path: str

    @property
    def late(self) -> str:
        """How long its deadline had passed."""
        return i18n.days(-self.task.days_left)


@dataclass(frozen=True, slots=True)
class GoalRows:
    """The tasks of a goal on this page of a long plan; `note` says how many there are."""

    goal: GoalStated
    percent: int | None
    rows: Sequence[TaskRow]
    note: str


@dataclass(frozen=True, slots=True)
class Since:
    """What changed since the review before, in sentences, and where the whole comparison is."""

    review: Review
    sentences: Sequence[str]
    path: str


@dataclass(frozen=True, slots=True)
class Reopening:
    """When, by whom and why an edition was opened again."""

    day: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Findings:
    """A check of the investment plan with what it found, in words."""

    code: CheckCode
    texts: Sequence[str]


@get(EDITION, permission=Permission.REVIEWS_READ, kept=True)
async def show_edition(request: HTMXRequest, view: View, review: str, edition: int) -> Response[str]:
    """One edition of a closed review."""
    return await edition_page(request, view, find_review(view.snapshot, review), edition)


async def edition_page(request: HTMXRequest, view: View, review: Review, number: int) -> Response[str]:
    """The page of an edition, as whoever asks may see it: the most important first, then both plans whole."""
    edition = edition_of(review, number)
    statement = await edition_as_seen(view, review, number)
    current, pages = page_asked(view, len(statement.tasks), TASKS_A_PAGE)
    late = late_tasks(statement)
    context = {
        "review": review,
        "edition": edition,
        "editions": list(review.editions),
        "is_newest": number == len(review.editions),
        "decision": said_decision(edition),
        "reopening": _reopening(view, edition),
        "missing": missing_units(edition, statement),
        "statement": statement,
        "stated": statement.plan,
        "percent": None if statement.plan.progress is None else percent(statement.plan.progress),
        "completed": statement.plan.counts.execution.get(Execution.COMPLETED, 0),
        "overdue": statement.plan.counts.schedule.get(Schedule.OVERDUE, 0),
        "behind": statement.plan.counts.schedule.get(Schedule.BEHIND, 0),
        "late": [task_row(view, task) for task in late[:LATE_SHOWN]],
        "late_in_all": len(late),
        "since": await _since(view, review, edition, statement),
        "groups": list(_groups(view, statement, first=(current - 1) * TASKS_A_PAGE)),
        "investments": _investments(statement),
        "findings": list(_findings(statement.plan)),
        "quadrants": list(by_quadrant(statement.plan)),
        "page": current,
        "pages": pages,
        "address": f"/reviews/{review.code}/editions/{number}",
    }
    return await page(request, "reviews/edition.html", context, view=view, section="reviews")


def page_asked(view: View, count: int, size: int) -> tuple[int, int]:
    """Which page of a long list the address asks for, and how many there are."""
    pages = max(1, -(-count // size))
    asked = dict(view.asked).get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    return min(pages, max(1, number)), pages


def task_row(view: View, task: TaskStated) -> TaskRow:
    """A task as it was stated, with the page of the same task now."""
    numbers: dict[str, str] = view.snapshot.derive(
        "numbers by key", lambda: {str(key): one.number for key, one in view.snapshot.all(Task).items()}
    )
    number = numbers.get(task.key)
    return TaskRow(task, "" if number is None else f"/tasks/{number}")


def late_tasks(statement: Statement) -> list[TaskStated]:
    """The tasks whose deadline had passed without them being done, the longest late first."""
    late = [task for task in statement.tasks if task.schedule is Schedule.OVERDUE]
    return sorted(late, key=lambda task: task.days_left)


def _groups(view: View, statement: Statement, first: int) -> Iterator[GoalRows]:
    shown_keys = {task.key for task in statement.tasks[first : first + TASKS_A_PAGE]}
    for goal in statement.plan.goals:
        own = list(statement.tasks_of(goal.code))
        rows = [task_row(view, task) for task in own if task.key in shown_keys]
        if rows:
            share = None if goal.progress is None else percent(goal.progress)
            yield GoalRows(goal, share, rows, count_of_tasks(len(rows), len(own)))


def _reopening(view: View, edition: Edition) -> Reopening | None:
    """Members are told why an edition is not the last word; residents see that there is a newer one."""
    if edition.reopened_at is None or not view.rights.sees_unpublished:
        return None
    return Reopening(i18n.date_and_time(edition.reopened_at), view.name_of(edition.reopened_by), edition.reason)


async def _since(view: View, review: Review, edition: Edition, statement: Statement) -> Since | None:
    found = closed_before(view.snapshot, review, edition)
    if found is None:
        return None
    before, then = found
    sentences = summary(compare(await edition_as_seen(view, before, then.number), statement))
    sides = urlencode({"from": before.code_of(then), "to": review.code_of(edition)})
    return Since(before, sentences, f"/reviews/compare?{sides}")


def _investments(statement: Statement) -> ShownTable | None:
    return shown(printed_investments(statement)) if statement.lines else None


def _findings(plan: PlanStated) -> Iterator[Findings]:
    for code in CheckCode:
        texts = [said_check(check) for check in plan.checks if check.code == code]
        if texts:
            yield Findings(code, texts)


def said_check(check: CheckStated) -> str:
    """What a stated check found, in words."""
    amounts = {name: amount for name, amount in check.amounts.items() if amount is not None}
    said = Check(CODES[check.code], check.subject, check.source, check.year, amounts, check.percents)
    values = said.values(
        money=i18n.money, percent=lambda share: i18n.percent(share, 4), source=lambda key: str(key or _("no source"))
    )
    return _(said.message, **values)


def by_quadrant(plan: PlanStated) -> Iterable[tuple[Quadrant, list[SwotStated]]]:
    """The entries of the analysis by their field, in the fields' order; none where there are none."""
    for quadrant in Quadrant if plan.swot else ():
        yield quadrant, [entry for entry in plan.swot if entry.quadrant is quadrant]


handlers = [show_edition]
