"""Opening, closing and reopening a review. Closing freezes it whole, in one transaction, or leaves it open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from stratplan import audit
from stratplan.actors import Actor
from stratplan.database import Session
from stratplan.documents import now
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.i18n import _
from stratplan.period import Period
from stratplan.reviews import frozen
from stratplan.reviews.frozen import Audience, Bodies
from stratplan.reviews.models import Decision, Edition, Review, ReviewState
from stratplan.reviews.moves import deadline_moves
from stratplan.reviews.queries import units_asked
from stratplan.reviews.statement import nameless
from stratplan.reviews.stating import statement_of
from stratplan.snapshot import Revision, Snapshot, Snapshots
from stratplan.units.models import Unit

ATTEMPTS = 5
DAYS_TO_SEND = timedelta(days=14)
LONGEST_NUMBER = 50  # letters of a decision's number: it stands in lists and title blocks


def usual_due(period: Period, today: date) -> date:
    """Until when units send: two weeks after the period ends; after today, where that is past."""
    due = period.end + DAYS_TO_SEND
    return due if due > today else today + DAYS_TO_SEND


class PlanMoved(Exception):
    """The plan was changed between the reading and the writing of what is to be frozen."""


async def open_review(
    snapshot: Snapshot,
    period: Period,
    *,
    due: date,
    note: str = "",
    by: Actor,
    today: date,
    at: datetime | None = None,
) -> tuple[Review, audit.AuditEntry]:
    """Open a review of the plan; RuleBroken where there is one of the period, or the period is none or not begun.

    `at` is when that was, where a file tells of it afterwards; the history has when it was written.
    """
    if period.start > today:
        raise RuleBroken(_("This period has not begun yet."), field="period")
    if not {*period.years()} & {*snapshot.plan.years}:
        raise RuleBroken(_("The plan has no day in this period."), field="period")
    if due < period.start:
        raise RuleBroken(_("The due date is before the period begins."), field="due")
    review = Review.new(
        scope=snapshot.plan.key, period=period, due=due, note=note, opened_at=at or now(), opened_by=by.id
    )
    return review, await review.add(by=by)


async def close_review(
    snapshots: Snapshots,
    slug: str,
    review: Review,
    *,
    decision: Decision,
    by: Actor,
    based_on: int,
    today: date,
    at: datetime | None = None,
    despite_missing: bool = False,
) -> audit.AuditEntry:
    """Freeze the review as it is now: its next edition. `at` as in `open_review`.

    All of it and the review's state are one transaction; when the plan changes meanwhile, it is stated anew. Raises
    StaleEdit when the review was changed since version `based_on`, RuleBroken when it is closed already, when the
    decision cannot be one on this review, and when units have not sent, unless that is said (`despite_missing`).
    """
    if based_on != review.version:
        raise StaleEdit(review, {}, await audit.entries_since(review, based_on))
    if not review.is_open:
        raise RuleBroken(_("The review is closed already."))
    _check_decision(decision, review)
    for _attempt in range(ATTEMPTS):
        snapshot = await snapshots.of(slug)
        if snapshot is None:
            raise RuleBroken(_("The plan has been deleted."))
        missing = [asked.unit for asked in units_asked(snapshot, review) if not asked.is_sent]
        if missing and not despite_missing:
            names = "; ".join(unit.name for unit in missing)
            raise RuleBroken(_("These units have not sent their parts: %(units)s.", units=names), field="confirmed")
        edition, bodies = await _stated(snapshot, review, decision, missing, by, today, at or now())
        try:
            return await _write(review, edition, bodies, snapshot.revision, by)
        except PlanMoved:
            continue
    raise RuleBroken(_("The plan is being changed at this moment. Close the review once more."))


def _check_decision(decision: Decision, review: Review) -> None:
    if len(decision.number) > LONGEST_NUMBER:
        raise RuleBroken(
            _("The decision's number has at most %(longest)s characters.", longest=LONGEST_NUMBER),
            field="decision_number",
        )
    if decision.day is not None and not decision.number:
        raise RuleBroken(_("Give the decision's number too."), field="decision_number")
    if decision.number and decision.day is None:
        raise RuleBroken(_("Give the decision's date too."), field="decision_date")
    if decision.day is not None and decision.day < review.period.start:
        raise RuleBroken(_("The decision is of before the period begins."), field="decision_date")


async def _stated(
    snapshot: Snapshot,
    review: Review,
    decision: Decision,
    missing: Sequence[Unit],
    by: Actor,
    today: date,
    at: datetime,
) -> tuple[Edition, Bodies]:
    day = review.day_on(today)
    moves = await deadline_moves(snapshot.plan.key, snapshot.revision[0])
    statement = statement_of(snapshot, day, moves, review)
    public = statement_of(snapshot.public, day, {key: nameless(found) for key, found in moves.items()}, review)
    number = len(review.editions) + 1
    bodies = frozen.bodies_of(
        {Audience.MEMBERS: statement, Audience.RESIDENTS: public},
        scope=review.scope,
        review=review.key,
        edition=number,
    )
    edition = Edition(
        number=number,
        day=day,
        closed_at=at,
        by=by.id,
        decision_number=decision.number,
        decision_date=decision.day,
        digest=frozen.digest_of(bodies),
        tasks=len(statement.tasks),
        lines=len(statement.lines),
        missing=[unit.key for unit in missing],
    )
    return edition, bodies


async def _write(review: Review, edition: Edition, bodies: Bodies, revision: Revision, by: Actor) -> audit.AuditEntry:
    async def freeze(session: Session, scopes: audit.Revisions) -> None:
        if scopes != revision[:2]:
            raise PlanMoved
        await frozen.write(bodies, session)

    change = audit.changed(review, state=ReviewState.CLOSED, editions=[*review.editions, edition])
    return await audit.record("review.closed", [change], by=by, beside=freeze)


async def reopen_review(review: Review, *, reason: str, by: Actor, based_on: int) -> audit.AuditEntry:
    """Open a closed review again; its editions stay, and the last of them says why it was opened again."""
    if based_on != review.version:
        raise StaleEdit(review, {}, await audit.entries_since(review, based_on))
    if review.is_open:
        raise RuleBroken(_("The review is open already."))
    if not reason.strip():
        raise RuleBroken(_("Say why the review is opened again."), field="reason")
    last = review.editions[-1].model_copy(update={"reopened_at": now(), "reopened_by": by.id, "reason": reason})
    change = audit.changed(review, state=ReviewState.OPEN, editions=[*review.editions[:-1], last])
    return await audit.record("review.reopened", [change], by=by)
