"""A comparison narrowed to what filters take; its figures stay those of the whole plan. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from stratplan.reviews.comparison import Compared, Comparison
from stratplan.reviews.statement import GoalStated, LineStated, TaskStated


class Takes(Protocol):
    """Filters: of each thing, whether it is among what is shown."""

    def take(self, task: TaskStated) -> bool: ...
    def take_line(self, line: LineStated) -> bool: ...
    def take_goal(self, goal: GoalStated) -> bool: ...


def narrowed(comparison: Comparison, filters: Takes) -> Comparison:
    """The comparison with the tasks and lines that the filters take before or after, and the goals that they take."""
    return replace(
        comparison,
        tasks=_narrowed(comparison.tasks, filters.take),
        lines=_narrowed(comparison.lines, filters.take_line),
        goals=Compared(changed=tuple(one for one in comparison.goals.changed if filters.take_goal(one.after))),
    )


def _narrowed(compared: Compared[Any, Any], takes: Callable[[Any], bool]) -> Compared[Any, Any]:
    return Compared(
        added=tuple(one for one in compared.added if takes(one)),
        gone=tuple(one for one in compared.gone if takes(one)),
        changed=tuple(change for change in compared.changed if takes(change.before) or takes(change.after)),
    )
