"""What differs between two statements in words, for pages: a sentence for each kind of change, and what changed in one
thing field by field. Pure; in the language in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from stratplan import i18n
from stratplan.choice import Choice
from stratplan.i18n import _, ngettext
from stratplan.investments.breakdown import Measure
from stratplan.reviews.changes import (
    label_of,
    more_said,
    points_said,
    printed_points,
    source_and_year,
    value_said,
)
from stratplan.reviews.comparison import (
    Comparison,
    DeadlineChange,
    Ended,
    FieldChange,
    GoalChange,
    LineChange,
    MoneyChange,
    ShareChange,
    StateChange,
    TaskChange,
)
from stratplan.reviews.money_tables import source_name
from stratplan.reviews.shown_tables import cell_text
from stratplan.wording import Difference

# --- in sentences ---------------------------------------------------------------------------------------------


def summary(comparison: Comparison) -> list[str]:
    """What a council member should know first, a sentence for each kind of change; what did not happen is left out."""
    if comparison.is_empty:
        return [_("Nothing has changed.")]
    return [*_progress(comparison), *_tasks(comparison), *_money(comparison)]


def _progress(comparison: Comparison) -> Iterator[str]:
    before, after = comparison.before.plan.progress, comparison.after.plan.progress
    points = printed_points(ShareChange(before, after))
    if points is None:
        return
    shown = {"before": i18n.percent(before), "after": i18n.percent(after)}
    if points > 0:
        yield _("The progress of the plan has grown from %(before)s to %(after)s.", **shown)
    elif points < 0:
        yield _("The progress of the plan has fallen from %(before)s to %(after)s.", **shown)
    else:
        yield _("The progress of the plan is %(after)s, as before.", after=shown["after"])


def _tasks(comparison: Comparison) -> Iterator[str]:
    ends = Counter(one.how for one in comparison.ended)
    if count := ends[Ended.COMPLETED]:
        yield ngettext("%(num)s task was completed.", "%(num)s tasks were completed.", count)
    if count := len(comparison.newly_late):
        yield ngettext(
            "The deadline of %(num)s task passed without it being done.",
            "The deadlines of %(num)s tasks passed without them being done.",
            count,
        )
    if count := len(comparison.moved):
        yield ngettext("The deadline of %(num)s task was moved.", "The deadlines of %(num)s tasks were moved.", count)
    if count := len(comparison.tasks.added):
        yield ngettext("%(num)s task was added.", "%(num)s tasks were added.", count)
    if count := ends[Ended.CANCELLED]:
        yield ngettext("%(num)s task was cancelled.", "%(num)s tasks were cancelled.", count)
    if count := ends[Ended.GONE]:
        yield ngettext("%(num)s task was taken out of the plan.", "%(num)s tasks were taken out of the plan.", count)


def _money(comparison: Comparison) -> Iterator[str]:
    difference = None if comparison.total is None else comparison.total.difference
    if difference is None:
        return
    if difference.spent is not None and difference.spent > 0:
        yield _("%(amount)s more was spent.", amount=i18n.money(difference.spent))
    if difference.contracted is not None and difference.contracted > 0:
        yield _("%(amount)s more was contracted.", amount=i18n.money(difference.contracted))


def deadline_said(deadline: DeadlineChange) -> str:
    """By how many days a deadline was moved, and how many times so far: `+92 days, moved 2 times`."""
    by = more_said(deadline.days, i18n.days(abs(deadline.days)))
    if not deadline.times:
        return by
    return f"{by}, {ngettext('moved %(num)s time', 'moved %(num)s times', deadline.times)}"


# --- field by field -------------------------------------------------------------------------------------------


def of_task(change: TaskChange) -> list[Difference]:
    """What changed in a task, the most important first."""
    return [*_of_task(change)]


def _of_task(change: TaskChange) -> Iterator[Difference]:
    if change.deadline is not None:
        moved = change.deadline
        after = f"{i18n.short_date(moved.after)} ({deadline_said(moved)})"
        yield Difference(_("Deadline"), i18n.short_date(moved.before), after)
    if change.progress is not None:
        yield _share(change.progress)
    states: tuple[tuple[str, StateChange[Any] | None], ...] = (
        (_("Execution"), change.execution),
        (_("Schedule"), change.schedule),
        (_("Result"), change.outcome),
    )
    for label, state in states:
        if state is not None:
            yield Difference(label, _state(state.before), _state(state.after))
    yield from of_fields(change.said)
    if change.milestones_done:
        done = "; ".join(f"{one.title} ({i18n.short_date(one.done_on)})" for one in change.milestones_done)
        yield Difference(_("Milestones done"), i18n.DASH, done)
    if change.files_added:
        files = "; ".join(one.description or one.name for one in change.files_added)
        yield Difference(_("Evidence added"), i18n.DASH, files)
    yield from of_fields(change.fields)


def _share(change: ShareChange) -> Difference:
    points = points_said(change)
    after = i18n.percent(change.after)
    return Difference(_("Progress"), i18n.percent(change.before), f"{after} ({points})" if points else after)


def _state(state: Choice | None) -> str:
    return i18n.DASH if state is None else _(state.label)


def of_fields(fields: Iterable[FieldChange]) -> Iterator[Difference]:
    """Fields before and after; of texts, what differs between them."""
    for field in fields:
        is_text = isinstance(field.before, str) and isinstance(field.after, str) and bool(field.before and field.after)
        before, after = (cell_text(value_said(field, value)) or i18n.DASH for value in (field.before, field.after))
        yield Difference(label_of(field), before, after, is_text=is_text and not isinstance(field.after, Choice))


def of_line(change: LineChange) -> list[Difference]:
    """What changed in an investment line: its money by source, by year what only moved between years; its fields."""
    found = [one for part in change.sources for one in of_money(part, source_name(part.code))]
    found += [one for part in change.between_years for one in of_money(part, source_and_year(part))]
    said = {"total", "parts", "amount"} if change.sources else {"total"}
    return [*found, *of_fields(field for field in change.fields if field.name not in said)]


def of_goal(change: GoalChange) -> list[Difference]:
    """What changed in a goal."""
    progress = [] if change.progress is None else [_share(change.progress)]
    return [*progress, *of_fields(change.fields)]


def of_money(change: MoneyChange, name: str) -> Iterator[Difference]:
    """Planned, contracted and spent of one source, as far as they differ."""
    for measure in Measure:
        before, after = getattr(change.before, measure.value), getattr(change.after, measure.value)
        if before != after:
            by = getattr(change.difference, measure.value)
            text = f"{i18n.money(after)} ({more_said(by, i18n.amount(abs(by)))})"
            yield Difference(f"{name}: {_(measure.label).lower()}", i18n.money(before), text)


# --- money by source ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MoneyCell:
    """A sum after, and by how much it differs from before, empty where it does not."""

    label: str
    text: str
    difference: str


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """A source, or the whole plan: planned, contracted and spent."""

    name: str
    cells: Sequence[MoneyCell]


def money_rows(comparison: Comparison) -> tuple[list[MoneyRow], MoneyRow | None]:
    """The sources whose money differs, in the plan's order, and the whole plan; None where no money differs."""
    order = [source.code for source in (*comparison.after.plan.sources, *comparison.before.plan.sources)]
    found = sorted(comparison.money, key=lambda one: order.index(one.code) if one.code in order else len(order))
    total = None if comparison.total is None else _money_row(comparison.total, _("Total"))
    return [_money_row(one, source_name(one.code)) for one in found], total


def _money_row(change: MoneyChange, name: str) -> MoneyRow:
    return MoneyRow(name, [_money_cell(change, measure) for measure in Measure])


def _money_cell(change: MoneyChange, measure: Measure) -> MoneyCell:
    by: Decimal | None = getattr(change.difference, measure.value)
    difference = more_said(by, i18n.amount(abs(by))) if by else ""
    return MoneyCell(_(measure.label), i18n.amount(getattr(change.after, measure.value)), difference)


def count_said(before: int, after: int) -> str:
    """How many more or fewer than before, as a note beside the number after."""
    if before == after:
        return _("as before")
    return _(
        "%(difference)s, was %(before)s", difference=more_said(after - before, str(abs(after - before))), before=before
    )


def share_said(before: Fraction | None, after: Fraction | None) -> str:
    """By how many percentage points more or fewer than before, as a note beside the share after."""
    if before == after:
        return _("as before")
    return points_said(ShareChange(before, after))
