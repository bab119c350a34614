"""The action plan: which tasks a reader asks for, in which groups, on which page, and how many each filter would leave.

Pure: computed from a snapshot, a day and what the address says, with the sets of tasks in task_sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from beanie import PydanticObjectId

from stratplan.choice import Choice
from stratplan.goals.models import Goal, Report, Task
from stratplan.goals.progress import Combined, percent
from stratplan.goals.queries import TaskFigures, goal_progress, goals_in_order, task_figures
from stratplan.goals.states import Execution, Outcome, Reporting, Schedule
from stratplan.goals.task_sets import (
    NO_UNIT,
    Facet,
    Grouping,
    Part,
    Tasks,
    TaskSets,
    by_name,
    places_in,
    task_sets,
    with_words,
)
from stratplan.i18n import _
from stratplan.plans.models import FundingSource, Visibility
from stratplan.plans.queries import sources_in_order
from stratplan.snapshot import Snapshot
from stratplan.typed import page_number
from stratplan.units.models import Unit

ROWS_ON_A_PAGE = 100
LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """What the address asks for; values that this plan does not have are not in it."""

    chosen: Mapping[Facet, str] = field(default_factory=dict)
    text: str = ""
    grouping: Grouping = Grouping.GOAL
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Whether some tasks may be left out."""
        return bool(self.chosen or self.text)

    def query(self, **changes: Any) -> dict[str, Any]:
        """The parameters of the address that asks for this, from the first page, with `changes` (None drops one)."""
        asked: dict[str, Any] = {facet.value: value for facet, value in self.chosen.items()}
        asked["q"] = self.text
        asked["group"] = "" if self.grouping is Grouping.GOAL else self.grouping.value
        return asked | changes


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a filter, and how many tasks it would leave beside the other filters."""

    value: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter with its values; `chosen` is the value in force or empty."""

    facet: Facet
    chosen: str
    options: Sequence[Option]

    @property
    def chosen_text(self) -> str:
        """What is chosen, as a person reads it."""
        return next((option.text for option in self.options if option.value == self.chosen), "")


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as the action plan shows it."""

    task: Task
    goal: Goal
    lead: Unit | None
    partners: Sequence[Unit]
    sources: Sequence[FundingSource]
    figures: TaskFigures

    @property
    def units(self) -> Sequence[Unit]:
        """Who is responsible, the lead first."""
        return self.partners if self.lead is None else [self.lead, *self.partners]

    @property
    def percent(self) -> int:
        """Its progress in whole percent."""
        return percent(self.figures.progress.value)

    @property
    def last(self) -> Report | None:
        """The last report up to the day."""
        return self.figures.last

    @property
    def wants_report(self) -> bool:
        """Whether there is still something to report."""
        return self.figures.execution not in (Execution.COMPLETED, Execution.CANCELLED)


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading: `count` of its `total` tasks are asked for, `rows` of them stand on this page.

    Only a goal has a progress of its own. A group that began on an earlier page is `continued`.
    """

    heading: str
    rows: Sequence[TaskRow]
    count: int
    total: int
    continued: bool = False
    goal: Goal | None = None
    unit: Unit | None = None
    progress: Combined | None = None

    @property
    def percent(self) -> int | None:
        """The progress of its goal in whole percent; None where there is no figure."""
        return None if self.progress is None or self.progress.value is None else percent(self.progress.value)


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """One page of the action plan, with the filters that are offered."""

    selection: Selection
    filters: Sequence[Filter]
    groups: Sequence[Group]
    count: int
    total: int
    page: int
    pages: int


# --- what is asked for -----------------------------------------------------------------------------------------------


def read_selection(snapshot: Snapshot, day: date, asked: Mapping[str, str]) -> Selection:
    """What the query of an address asks for; what this plan does not know is left out."""
    chosen = {}
    known = _values(snapshot, task_sets(snapshot, day))
    for facet in Facet:
        value = asked.get(facet.value, "")
        if value in known[facet]:
            chosen[facet] = value
    grouping = asked.get("group", "")
    return Selection(
        chosen,
        " ".join(asked.get("q", "")[:LONGEST_SEARCH].split()),
        {one.value: one for one in Grouping}.get(grouping, Grouping.GOAL),
        page_number(asked),
    )


def _values(snapshot: Snapshot, index: TaskSets) -> dict[Facet, dict[str, str]]:
    """The values of each filter that the plan's tasks have (all states, all goals), and what a person reads."""
    states: dict[Facet, type[Choice]] = {
        Facet.EXECUTION: Execution,
        Facet.SCHEDULE: Schedule,
        Facet.OUTCOME: Outcome,
        Facet.REPORTING: Reporting,
    }
    return {
        Facet.GOAL: {goal.code: f"{goal.code} {goal.title}" for goal in goals_in_order(snapshot)},
        Facet.UNIT: {str(unit.key): unit.name for unit in by_name(snapshot, index.by_unit)}
        | ({NO_UNIT: _("No responsible unit")} if NO_UNIT in index.by[Facet.UNIT] else {}),
        Facet.YEAR: {year: year for year in sorted(index.by[Facet.YEAR])},
        Facet.SOURCE: {
            source.code: f"{source.code} – {source.name}"
            for source in sources_in_order(snapshot)
            if source.code in index.by[Facet.SOURCE]
        },
        **{facet: {state.value: _(state.label) for state in kind} for facet, kind in states.items()},
        Facet.VISIBILITY: {
            value: _("Internal") if value == Visibility.INTERNAL else _("Residents see it too")
            for value in index.by[Facet.VISIBILITY]
        },
    }


def action_plan(snapshot: Snapshot, day: date, selection: Selection, *, paged: bool = True) -> ActionPlan:
    """The rows asked for, in the document's order under their headings: one page of them, or all."""
    index = task_sets(snapshot, day)
    chosen = {facet: index.by[facet].get(value, 0) for facet, value in selection.chosen.items()}
    worded = with_words(snapshot, index, selection.text) if selection.text else index.all
    found = worded
    for members in chosen.values():
        found &= members
    filters = []
    for facet, values in _values(snapshot, index).items():
        others = worded
        for other, members in chosen.items():
            others &= members if other is not facet else index.all
        options = [
            Option(value, text, (index.by[facet].get(value, 0) & others).bit_count()) for value, text in values.items()
        ]
        filters.append(Filter(facet, selection.chosen.get(facet, ""), options))
    count = found.bit_count()
    pages = max(1, -(-count // ROWS_ON_A_PAGE)) if paged else 1
    page = min(selection.page, pages)
    window = range((page - 1) * ROWS_ON_A_PAGE, page * ROWS_ON_A_PAGE) if paged else range(count)
    groups = _groups(snapshot, day, index, selection, found, window, is_last=page == pages)
    return ActionPlan(selection, filters, groups, count, len(index.tasks), page, pages)


def _groups(
    snapshot: Snapshot, day: date, index: TaskSets, selection: Selection, found: Tasks, window: range, *, is_last: bool
) -> list[Group]:
    figures = task_figures(snapshot, day)
    groups = []
    before = 0
    for part in index.groups[selection.grouping]:
        asked = part.tasks & found
        count = asked.bit_count()
        places = range(max(window.start - before, 0), min(window.stop - before, count))
        # A goal that has no tasks yet is shown where it stands in the plan, so that tasks can be added.
        is_empty = not part.tasks and not selection.is_filtered
        if len(places) or (is_empty and window.start <= before and (before < window.stop or is_last)):
            on_page = list(places_in(asked))[places.start : places.stop] if len(places) else []
            rows = [_row(snapshot, index.tasks[place], figures) for place in on_page]
            groups.append(
                Group(
                    heading=_heading(part),
                    rows=rows,
                    count=count,
                    total=part.tasks.bit_count(),
                    continued=places.start > 0,
                    goal=part.goal,
                    unit=part.unit,
                    progress=None if part.goal is None else goal_progress(snapshot, day)[part.goal.key],
                )
            )
        before += count
    return groups


def _heading(part: Part) -> str:
    if part.goal is not None:
        return f"{part.goal.code} {part.goal.title}"
    if part.unit is not None:
        return part.unit.name
    if part.year is not None:
        return _("Deadline in %(year)s", year=part.year)
    return _("No responsible unit")


def _row(snapshot: Snapshot, task: Task, figures: Mapping[PydanticObjectId, TaskFigures]) -> TaskRow:
    partners = (snapshot.find(Unit, key) for key in task.partners)
    sources = (snapshot.find(FundingSource, key) for key in task.sources)
    return TaskRow(
        task=task,
        goal=snapshot.all(Goal)[task.goal],
        lead=snapshot.find(Unit, task.lead),
        partners=[unit for unit in partners if unit is not None],
        sources=sorted(
            (source for source in sources if source is not None), key=lambda source: (source.order, source.code)
        ),
        figures=figures[task.key],
    )
