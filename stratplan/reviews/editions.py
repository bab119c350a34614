"""Statements as a reader sees them: those of closed editions, kept in memory because they never change, and today's.

Members read what was frozen; residents what was frozen for them, without what is not public any more.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction

from beanie import PydanticObjectId

from stratplan.documents import LivingDocument
from stratplan.errors import NotVisible
from stratplan.goals.models import Goal, Task
from stratplan.i18n import _
from stratplan.investments.models import InvestmentLine
from stratplan.plans.models import Section
from stratplan.reviews.frozen import Audience, progress_of_editions, statement_of_edition
from stratplan.reviews.models import Edition, Review
from stratplan.reviews.moves import deadline_moves
from stratplan.reviews.published import Public, published_now
from stratplan.reviews.queries import Closed
from stratplan.reviews.statement import Statement, nameless
from stratplan.reviews.stating import statement_of
from stratplan.swot.models import SwotEntry
from stratplan.view import View

CAN_BE_INTERNAL: tuple[type[LivingDocument], ...] = (Goal, Task, InvestmentLine, SwotEntry, Section)
MOST_HELD = 10_000  # tasks and lines of all editions held

_Which = tuple[PydanticObjectId, int, Audience, Public | None]  # review, edition, for whom, what of it is public now
_held: OrderedDict[_Which, Statement] = OrderedDict()


def audience_of(view: View) -> Audience:
    """For whom the reader is shown editions."""
    return Audience.MEMBERS if view.rights.sees_unpublished else Audience.RESIDENTS


def edition_of(review: Review, number: int) -> Edition:
    """The edition of that number, or NotVisible."""
    edition = review.find_edition(number)
    if edition is None:
        raise NotVisible(_("There is no such edition of the review."))
    return edition


async def edition_as_seen(view: View, review: Review, number: int) -> Statement:
    """What an edition says to the reader of a plan's page."""
    public = None if view.rights.sees_unpublished else await public_of(view)
    return await _kept((review.key, number, audience_of(view), public))


async def progress_as_seen(
    view: View, closed: Sequence[Closed]
) -> Mapping[tuple[PydanticObjectId, int], Fraction | None]:
    """The plan's progress in each of these editions, by review and edition, as the reader sees it.

    One read, unless residents must not see all that it was made from any more.
    """
    if not closed:
        return {}
    if view.rights.sees_unpublished or not (await public_of(view)).internal:
        return await progress_of_editions([review.key for review, _edition in closed], audience_of(view))
    return {
        (review.key, edition.number): (await edition_as_seen(view, review, edition.number)).plan.progress
        for review, edition in closed
    }


async def _kept(which: _Which) -> Statement:
    if which not in _held:
        review, number, audience, public = which
        statement = await statement_of_edition(review, number, audience)
        _held[which] = statement if public is None else published_now(statement, public)
    _held.move_to_end(which)
    while len(_held) > 1 and sum(len(one.tasks) + len(one.lines) for one in _held.values()) > MOST_HELD:
        _held.popitem(last=False)
    return _held[which]


async def public_of(view: View) -> Public:
    """What of the plan is public now, read once for a snapshot: also of what was deleted since it is known whether it
    was internal."""

    async def read() -> Public:
        internal: set[str] = set()
        for kind in CAN_BE_INTERNAL:
            found = kind.get_motor_collection().find({"scope": view.plan.key, "internal": True}, {"_id": 1})
            internal |= {str(raw["_id"]) async for raw in found}
        return Public(frozenset(view.plan.public_parts), frozenset(internal))

    held: dict[Hashable, Public] = view.snapshot.derive("public", dict)
    if "now" not in held:
        held["now"] = await read()
    return held["now"]


async def today_as_seen(view: View) -> Statement:
    """The plan on the day that the reader looks at, stated as an edition would."""
    held: dict[Hashable, Statement] = view.snapshot.derive("stated", dict)
    if view.day not in held:
        held.clear()  # a reader may ask for any number of days
        moves = await deadline_moves(view.plan.key, view.snapshot.revision[0])
        if not view.rights.sees_unpublished:
            moves = {key: nameless(found) for key, found in moves.items()}
        held[view.day] = statement_of(view.snapshot, view.day, moves)
    return held[view.day]
