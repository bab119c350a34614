"""What money is told by in explanations: the keys of sources, goals, years and units, the lines and the findings, each
with its name and its address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from beanie import PydanticObjectId

from stratplan import i18n
from stratplan.errors import NotVisible
from stratplan.goals.models import Goal
from stratplan.goals.queries import find_goal, find_task, goals_in_order
from stratplan.i18n import _, pgettext
from stratplan.investments.checks import Check, CheckCode
from stratplan.investments.facts import Key
from stratplan.investments.models import InvestmentLine
from stratplan.investments.queries import find_line
from stratplan.investments.sums import Axis, Row
from stratplan.overview.explanation_parts import Said, in_address, task_page
from stratplan.plans.models import FundingSource
from stratplan.plans.queries import sources_in_order
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit

NOT_STATED = "none"  # the key of what stands under no source, year or unit, in addresses
TOGETHER = "-"  # between the ids of units that lead the tasks of one line, in addresses

Selection = Mapping[Axis, Key | None]


def line_page(line: InvestmentLine) -> Said:
    """An investment line with the way to its page."""
    return Said(line.caption, f"/investments/{line.number}")


def line_figure(number: str) -> str:
    """Where the money of a line is explained."""
    return f"/figures/money/lines/{number}"


def money_figure(snapshot: Snapshot, axis: Axis, key: Key | None) -> str:
    """Where the money under one key of an axis is explained."""
    return f"/figures/money/{axis}/{in_address_of(snapshot, axis, key)}"


def in_address_of(snapshot: Snapshot, axis: Axis, key: Key | None) -> str:
    """A key of an axis as it stands in an address."""
    if key is None:
        return NOT_STATED
    match axis:
        case Axis.SOURCE | Axis.GOAL:
            document = snapshot.find(FundingSource if axis is Axis.SOURCE else Goal, cast("PydanticObjectId", key))
            return str(key) if document is None else in_address(cast("FundingSource | Goal", document))
        case Axis.YEAR:
            return str(key)
        case Axis.UNIT:
            return TOGETHER.join(str(unit) for unit in cast("tuple[PydanticObjectId, ...]", key))


def selected(snapshot: Snapshot, asked: Mapping[Axis, str]) -> Selection:
    """The keys that an address asks for; NotVisible where there is nothing of that name."""
    return {axis: _key(snapshot, axis, text) for axis, text in asked.items()}


def _key(snapshot: Snapshot, axis: Axis, text: str) -> Key | None:
    if text == NOT_STATED:
        return None
    match axis:
        case Axis.SOURCE:
            found = [source.key for source in sources_in_order(snapshot) if text in (source.code, str(source.key))]
            if found:
                return found[0]
        case Axis.GOAL:
            return find_goal(snapshot, text).key
        case Axis.YEAR:
            if text.isascii() and text.isdigit() and len(text) == 4:
                return int(text)
        case Axis.UNIT:
            ids = text.split(TOGETHER)
            if all(PydanticObjectId.is_valid(one) and snapshot.find(Unit, PydanticObjectId(one)) for one in ids):
                return tuple(PydanticObjectId(one) for one in ids)
    raise NotVisible(_("There is no such figure."))


def name_of(snapshot: Snapshot, axis: Axis, key: Key | None) -> str:
    """What a key of an axis is called; what stands under none is named so."""
    match axis:
        case Axis.SOURCE:
            source = snapshot.find(FundingSource, cast("PydanticObjectId | None", key))
            return _("No source stated") if source is None else source.code
        case Axis.GOAL:
            goal = snapshot.find(Goal, cast("PydanticObjectId | None", key))
            return _("No goal stated") if goal is None else goal.code
        case Axis.YEAR:
            return _("Year not stated") if key is None else pgettext("year", "%(year)s", year=key)
        case Axis.UNIT:
            units = [snapshot.find(Unit, one) for one in cast("tuple[PydanticObjectId, ...]", key or ())]
            return ", ".join(unit.caption for unit in units if unit is not None) or _("No unit stated")


def in_document_order(snapshot: Snapshot, axis: Axis, rows: Iterable[Row]) -> list[Row]:
    """The rows of a breakdown as the plan lists their keys; what is not stated comes last."""
    match axis:
        case Axis.SOURCE:
            order: list[Key | None] = [source.key for source in sources_in_order(snapshot)]
        case Axis.GOAL:
            order = [goal.key for goal in goals_in_order(snapshot)]
        case _:
            return list(rows)
    places = {key: place for place, key in enumerate(order)}
    return sorted(rows, key=lambda row: places.get(row.key, len(places)))


def said_check(snapshot: Snapshot, check: Check) -> str:
    """A finding as a sentence."""
    values = check.values(
        money=i18n.money,
        percent=lambda share: i18n.percent(share, 4),
        source=lambda key: name_of(snapshot, Axis.SOURCE, key),
    )
    return _(check.message, **values)


def check_page(snapshot: Snapshot, check: Check) -> Said:
    """What a finding is about, with the way to its page."""
    if check.code is CheckCode.SOURCE_WITHOUT_LINE:
        return task_page(find_task(snapshot, check.subject))
    return line_page(find_line(snapshot, check.subject))
