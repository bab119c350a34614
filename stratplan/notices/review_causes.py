"""What of reviews makes a notice, and for whom: rules without a database, over a plan and what was recorded of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from beanie import PydanticObjectId

from stratplan.accounts.roles import rights_in, roles_of
from stratplan.audit import AuditEntry
from stratplan.notices.audience import audience_of
from stratplan.notices.cause import Cause
from stratplan.notices.kinds import NoticeKind
from stratplan.permissions import Permission, Role
from stratplan.reviews.models import Review, Submission
from stratplan.reviews.queries import units_asked
from stratplan.snapshot import Snapshot

Told = tuple[NoticeKind, Collection[PydanticObjectId]]  # of what kind, and which accounts


def heads_of(snapshot: Snapshot, units: Collection[PydanticObjectId]) -> list[PydanticObjectId]:
    """Those who report for some of the units."""
    return [person.account for person in audience_of(snapshot).values() if not person.units.isdisjoint(units)]


def planners_of(snapshot: Snapshot) -> list[PydanticObjectId]:
    """Those who keep the plan's reviews: its planners; where it has none, whoever else may."""
    people = list(audience_of(snapshot))
    planners = [one for one in people if Role.PLANNER in roles_of(snapshot, one)]
    return planners or [one for one in people if _may_keep(snapshot, one)]


def _may_keep(snapshot: Snapshot, account: PydanticObjectId) -> bool:
    rights = rights_in(snapshot, account)
    return rights is not None and rights.allow(Permission.REVIEWS_WRITE)


def missing_units(snapshot: Snapshot, review: Review) -> list[PydanticObjectId]:
    """The units that have not sent their parts, by name."""
    return [asked.unit.key for asked in units_asked(snapshot, review) if not asked.is_sent]


def review_causes(entry: AuditEntry, snapshot: Snapshot) -> Iterator[Cause]:
    """Whom a recorded change of a review is told to. Of one that is closed by now nobody is: what a file brought in
    closed is no news."""
    first = entry.changes[0]
    review = snapshot.find(Review, _review_of(entry, snapshot))
    if review is None or not review.is_open:
        return
    kind, accounts = OF_REVIEWS[entry.tag](entry, snapshot, review)
    for account in accounts:
        yield Cause(
            account,
            kind,
            f"entry:{entry.id}:{first.document}",
            None,
            review.code,
            deed=entry.tag,
            deadline=review.due.isoformat(),
            by=entry.by,
            entry=entry.id,
            review=review.key,
        )


def _review_of(entry: AuditEntry, snapshot: Snapshot) -> PydanticObjectId | None:
    first = entry.changes[0]
    if first.kind == Review.kind:
        return first.document
    submission = snapshot.find(Submission, first.document)
    return None if submission is None else submission.review


def _opened(entry: AuditEntry, snapshot: Snapshot, review: Review) -> Told:
    units = [asked.unit.key for asked in units_asked(snapshot, review)]
    return NoticeKind.REVIEW_OPENED, heads_of(snapshot, units)


def _reminded(entry: AuditEntry, snapshot: Snapshot, review: Review) -> Told:
    reminders = entry.changes[0].after.get("reminders") or [{"units": []}]
    reminded = {PydanticObjectId(unit) for unit in reminders[-1]["units"]}
    return NoticeKind.REVIEW_DUE, heads_of(snapshot, reminded.intersection(missing_units(snapshot, review)))


def _returned(entry: AuditEntry, snapshot: Snapshot, review: Review) -> Told:
    submission = snapshot.find(Submission, entry.changes[0].document)
    return NoticeKind.REVIEW_DUE, [] if submission is None else heads_of(snapshot, [submission.unit])


def _escalated(entry: AuditEntry, snapshot: Snapshot, review: Review) -> Told:
    return NoticeKind.REVIEW_LATE, planners_of(snapshot)


# What is told, by the tag that it is recorded with.
OF_REVIEWS: dict[str, Callable[[AuditEntry, Snapshot, Review], Told]] = {
    "review.created": _opened,
    "review.reminded": _reminded,
    "submission.returned": _returned,
    "review.escalated": _escalated,
}


def is_still_true(
    snapshot: Snapshot, kind: NoticeKind, review: PydanticObjectId | None, account: PydanticObjectId
) -> bool:
    """Whether a notice of a review still says how things are: it is open, and who is told has something to do."""
    found = snapshot.find(Review, review)
    if found is None or not found.is_open:
        return False
    missing = missing_units(snapshot, found)
    if kind is NoticeKind.REVIEW_LATE:
        return bool(missing)
    return account in heads_of(snapshot, missing)
