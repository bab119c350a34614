"""The tasks of a plan as sets, by everything that they are filtered and grouped by.

Each value of a filter is a set of tasks, kept as the bits of a number (bit n is the n-th task of the plan), so that
thousands of tasks are filtered and counted at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from beanie import PydanticObjectId

from stratplan.alphabet import fold, sort_key
from stratplan.choice import Choice
from stratplan.goals.models import Goal, Task
from stratplan.goals.queries import TaskFigures, goals_in_order, task_figures, tasks_in_order
from stratplan.i18n import N_
from stratplan.plans.models import Visibility
from stratplan.plans.queries import sources_in_order
from stratplan.snapshot import Snapshot
from stratplan.units.models import Unit

FEW = 20  # tasks that have changed at once, up to which their sets are adapted and not made anew


class Facet(Choice):
    """What tasks are filtered by; the value is the filter's name in the address."""

    GOAL = "goal", N_("Goal")
    UNIT = "unit", N_("Unit")
    YEAR = "year", N_("Year")
    SOURCE = "source", N_("Funding source")
    EXECUTION = "execution", N_("Execution")
    SCHEDULE = "schedule", N_("Schedule")
    OUTCOME = "outcome", N_("Result")
    VISIBILITY = "visibility", N_("Who sees it")
    REPORTING = "reporting", N_("Reports")


NO_UNIT = "none"  # what the unit filter calls tasks that no unit leads


class Grouping(Choice):
    """What the rows stand under; `by year` is the year of the deadline, so that each task stands once."""

    GOAL = "goal", N_("By goal")
    UNIT = "unit", N_("By responsible unit")
    YEAR = "year", N_("By deadline")


Tasks = int  # bit n stands for the n-th task of the plan


@dataclass(frozen=True, slots=True)
class Part:
    """What stands under one heading."""

    tasks: Tasks
    goal: Goal | None = None
    unit: Unit | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class TaskSets:
    """The tasks of a plan on a day, by everything that they are filtered and grouped by."""

    tasks: Sequence[Task]
    by: Mapping[Facet, Mapping[str, Tasks]]
    by_unit: Mapping[PydanticObjectId, Tasks]
    groups: Mapping[Grouping, Sequence[Part]]

    @property
    def all(self) -> Tasks:
        """All tasks of the plan."""
        return (1 << len(self.tasks)) - 1


def task_sets(snapshot: Snapshot, day: date) -> TaskSets:
    """The tasks of the plan on a day, as sets; made once for a snapshot."""
    return snapshot.derive(("action plan", day), lambda: _made(snapshot, day))


Labels = tuple[tuple[str, str], ...]
Members = dict[str, dict[str, Tasks]]  # of each kind of label, the tasks under each value


def _labels(task: Task, found: TaskFigures) -> Labels:
    """What the task is filtered and grouped by; other documents by their ids, so that it holds when those change."""
    return (
        (Facet.GOAL, str(task.goal)),
        (Facet.EXECUTION, found.execution.value),
        (Facet.OUTCOME, found.outcome.value),
        *([(Facet.VISIBILITY, Visibility.INTERNAL.value)] if task.internal else []),
        (Facet.REPORTING, found.reporting.value),
        *([(Facet.SCHEDULE, found.schedule.value)] if found.schedule is not None else []),
        ("lead", str(task.lead)),
        ("deadline", str(task.period.deadline.year)),
        *((Facet.UNIT, str(unit)) for unit in {task.lead, *task.partners} - {None}),
        *((Facet.YEAR, str(year)) for year in task.period.years()),
        *((Facet.SOURCE, str(source)) for source in set(task.sources)),
    )


def members_of(labels: Sequence[Labels]) -> Members:
    """The set of tasks under each label."""
    sets: defaultdict[tuple[str, str], bytearray] = defaultdict(lambda: bytearray(len(labels) // 8 + 1))
    for place, own in enumerate(labels):
        byte, bit = place >> 3, 1 << (place & 7)
        for label in own:
            sets[label][byte] |= bit
    by: defaultdict[str, dict[str, Tasks]] = defaultdict(dict)
    for (kind, value), members in sets.items():
        by[kind][value] = int.from_bytes(members, "little")
    return by


def adapted(before: Sequence[Labels], sets: Members, labels: Sequence[Labels]) -> Members:
    """The same from the sets `before`, of which only the tasks whose labels have changed since are looked at."""
    if len(before) != len(labels):
        return members_of(labels)
    changed = [place for place, own in enumerate(labels) if own is not before[place] and own != before[place]]
    if len(changed) > FEW:
        return members_of(labels)
    by = {kind: dict(values) for kind, values in sets.items()}
    for place in changed:
        bit = 1 << place
        for kind, value in set(before[place]) - set(labels[place]):
            by[kind][value] &= ~bit
            if not by[kind][value]:
                del by[kind][value]
        for kind, value in set(labels[place]) - set(before[place]):
            values = by.setdefault(kind, {})
            values[value] = values.get(value, 0) | bit
    return {kind: values for kind, values in by.items() if values}


def _made(snapshot: Snapshot, day: date) -> TaskSets:
    tasks = tasks_in_order(snapshot)
    figures = task_figures(snapshot, day)
    own = snapshot.each(("action plan labels", day), Task, lambda task: _labels(task, figures[task.key]))
    labels = tuple(own[task.key] for task in tasks)

    def adapt(before: Sequence[Labels], sets: Members) -> Members:
        return adapted(before, sets, labels)

    by = snapshot.same(("action plan members", day), labels, partial(members_of, labels), adapt=adapt)
    goals = {str(goal.key): goal for goal in goals_in_order(snapshot)}
    sources = {str(source.key): source for source in sources_in_order(snapshot)}
    units = {str(unit.key): unit for unit in snapshot.all(Unit).values()}
    leads = {units[key].key: members for key, members in by.get("lead", {}).items() if key in units}
    unled = sum(members for key, members in by.get("lead", {}).items() if key not in units)
    deadlines = by.get("deadline", {})
    facets = {facet: by.get(facet, {}) for facet in Facet} | {
        Facet.GOAL: {goals[key].code: members for key, members in by.get(Facet.GOAL, {}).items()},
        Facet.SOURCE: {
            sources[key].code: members for key, members in by.get(Facet.SOURCE, {}).items() if key in sources
        },
        Facet.UNIT: {key: members for key, members in by.get(Facet.UNIT, {}).items() if key in units}
        | ({NO_UNIT: unled} if unled else {}),
    }
    groups = {
        Grouping.GOAL: [Part(facets[Facet.GOAL].get(goal.code, 0), goal=goal) for goal in goals.values()],
        Grouping.UNIT: [Part(leads[unit.key], unit=unit) for unit in by_name(snapshot, leads)]
        + ([Part(unled)] if unled else []),
        Grouping.YEAR: [Part(deadlines[year], year=int(year)) for year in sorted(deadlines)],
    }
    hidden = by.get(Facet.VISIBILITY, {}).get(Visibility.INTERNAL.value, 0)
    for key, members in by.get(Facet.GOAL, {}).items():
        hidden |= members if goals[key].internal else 0
    if hidden:  # where nothing is internal there is nothing to choose between
        everything = (1 << len(tasks)) - 1
        facets[Facet.VISIBILITY] = {
            Visibility.INTERNAL.value: hidden,
            Visibility.PUBLISHED.value: everything & ~hidden,
        }
    by_unit = {units[key].key: members for key, members in facets[Facet.UNIT].items() if key != NO_UNIT}
    return TaskSets(tasks, facets, by_unit, groups)


def by_name(snapshot: Snapshot, keys: Iterable[PydanticObjectId | None]) -> list[Unit]:
    """The units that there are of `keys`, in alphabetical order."""
    units = (snapshot.find(Unit, key) for key in keys)
    return sorted((unit for unit in units if unit is not None), key=lambda unit: sort_key(unit.name))


def places_in(tasks: Tasks) -> Iterator[int]:
    """The places of the tasks in a set, in the plan's order."""
    return (place for place, bit in enumerate(format(tasks, "b")[::-1]) if bit == "1")


def with_words(snapshot: Snapshot, index: TaskSets, words: str) -> Tasks:
    """The tasks that have every one of `words` in their number, title, result or the names of their units."""
    folded = snapshot.each("task search text", Task, lambda task: fold(f"{task.number} {task.title} {task.result}"))
    texts = snapshot.derive("task search texts", lambda: [folded[task.key] for task in index.tasks])
    names = snapshot.each("unit search text", Unit, lambda unit: fold(f"{unit.name} {unit.short}"))
    found = index.all
    for word in fold(words).split():
        having = sum(1 << place for place, text in enumerate(texts) if word in text)
        for unit, members in index.by_unit.items():
            if word in names[unit]:
                having |= members
        found &= having
    return found
