"""What pages and exports ask of units: the tree in order, who stands above and below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from beanie import PydanticObjectId

from stratplan.alphabet import sort_key
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit at its place in the tree; the topmost have depth 0."""

    unit: Unit
    depth: int


def _by_parent(units: Mapping[PydanticObjectId, Unit]) -> dict[PydanticObjectId | None, list[Unit]]:
    groups: defaultdict[PydanticObjectId | None, list[Unit]] = defaultdict(list)
    for unit in sorted(units.values(), key=lambda unit: (unit.sort.order, sort_key(unit.name))):
        groups[unit.parent if unit.parent in units else None].append(unit)
    return dict(groups)


def _below(snapshot: Snapshot) -> dict[PydanticObjectId | None, list[Unit]]:
    return snapshot.derive("units below", lambda: _by_parent(snapshot.all(Unit)))


def children_of(snapshot: Snapshot, unit: Unit) -> list[Unit]:
    """The units directly under a unit, by kind and name."""
    return _below(snapshot).get(unit.key, [])


def unit_tree(snapshot: Snapshot) -> list[Branch]:
    """Every unit after the one it is part of, by kind and name."""
    return snapshot.derive("unit tree", lambda: _grown(_below(snapshot)))


def tree_of(units: Iterable[Unit]) -> list[Branch]:
    """The same of the units of one organisation, outside of a plan."""
    return _grown(_by_parent({unit.key: unit for unit in units}))


def _grown(below: Mapping[PydanticObjectId | None, list[Unit]]) -> list[Branch]:
    branches: list[Branch] = []
    waiting = [(unit, 0) for unit in reversed(below.get(None, []))]
    while waiting:
        unit, depth = waiting.pop()
        branches.append(Branch(unit, depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(unit.key, []))]
    return branches


def ancestors_of(snapshot: Snapshot, unit: Unit) -> list[Unit]:
    """The units above a unit, the topmost first."""
    above: list[Unit] = []
    parent = snapshot.find(Unit, unit.parent)
    while parent is not None and parent not in above:
        above.insert(0, parent)
        parent = snapshot.find(Unit, parent.parent)
    return above


def possible_parents(snapshot: Snapshot, unit: Unit | None) -> list[Branch]:
    """The tree without a unit and all below it: what it can be part of."""
    if unit is None:
        return unit_tree(snapshot)
    return [
        branch
        for branch in unit_tree(snapshot)
        if branch.unit.key != unit.key and unit not in ancestors_of(snapshot, branch.unit)
    ]
