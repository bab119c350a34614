"""Every computed figure of a plan with its explanation, as text for people and as JSON for programs.

From the same functions as the pages, so that anyone can audit them; docs/figures.md describes the JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

from beanie import PydanticObjectId

from stratplan import i18n
from stratplan.choice import Choice
from stratplan.errors import StratplanError
from stratplan.goals.models import Goal
from stratplan.goals.progress import Combined, Input, Weighted, percent
from stratplan.goals.queries import goal_progress, goals_in_order, plan_progress, task_figures, tasks_in_order
from stratplan.goals.states import Execution, Outcome, Schedule
from stratplan.i18n import _
from stratplan.investments.facts import Key
from stratplan.investments.queries import lines_in_order, money_of
from stratplan.investments.sums import Axis, Sums
from stratplan.overview import (
    explanation_parts,
    explanations,
    line_explanations,
    money_explanations,
    money_names,
    schedule_explanations,
)
from stratplan.overview.explanation_parts import Explanation, Said, Table
from stratplan.overview.money_names import in_document_order, name_of, said_check
from stratplan.overview.overview import tally
from stratplan.plans.models import FundingSource, Plan
from stratplan.snapshot import Snapshot, Snapshots
from stratplan.units.models import Unit

FORMAT = 1  # raised when the JSON changes in a way that breaks its readers
AXES = (Axis.SOURCE, Axis.GOAL, Axis.YEAR, Axis.UNIT)
LONGEST_CELL = 60
CROSSED = (Axis.SOURCE, Axis.GOAL, Axis.YEAR)


async def print_figures(plan: str, *, as_of: str | None, as_json: bool) -> str:
    """The figures of the plan with this slug on a day (today where none is named)."""
    day = _day(as_of)
    snapshot = await Snapshots().of(plan)
    if snapshot is None:
        slugs = sorted(found.slug for found in await Plan.find({"deleted": False}).to_list())
        raise StratplanError(
            _("There is no plan “%(plan)s”. The plans are: %(plans)s.", plan=plan, plans=", ".join(slugs))
            if slugs
            else _("There is no plan yet. Load one with “stratplan seed FILE”.")
        )
    if as_json:
        return json.dumps(figures(snapshot, day), ensure_ascii=False, indent=2)
    return "\n".join(_lines(snapshot, day))


def _day(as_of: str | None) -> date:
    if as_of is None:
        return i18n.today()
    try:
        return date.fromisoformat(as_of)
    except ValueError:
        raise StratplanError(_("“%(day)s” is not a day. Write it YYYY-MM-DD, such as 2016-09-30.", day=as_of)) from None


def explained(snapshot: Snapshot, day: date) -> Iterator[Explanation]:
    """The explanation of every figure of the plan, in the order in which the figures build on one another."""
    yield explanations.of_plan(snapshot, day)
    for goal in goals_in_order(snapshot):
        yield explanations.of_goal(snapshot, day, goal)
    for task in tasks_in_order(snapshot):
        yield explanations.of_task(snapshot, day, task)
        yield schedule_explanations.of_schedule(snapshot, day, task)
    yield explanations.of_reporting(snapshot, day)
    money = money_of(snapshot, day)
    yield money_explanations.of_money(snapshot, day, {})
    for axis in AXES:
        for row in in_document_order(snapshot, axis, money.by(axis).rows):
            yield money_explanations.of_money(snapshot, day, {axis: row.key})
    for line in lines_in_order(snapshot):
        yield line_explanations.of_line(snapshot, day, line)
    yield money_explanations.of_checks(snapshot, day)


# --- as JSON -----------------------------------------------------------------------------------------------


def figures(snapshot: Snapshot, day: date) -> dict[str, Any]:
    """Every figure as docs/figures.md describes it: shares exact as "n/d", amounts in EUR as text with cents."""
    told = {explanation.path: explanation for explanation in explained(snapshot, day)}
    return {
        "format": FORMAT,
        "plan": {"slug": snapshot.plan.slug, "title": snapshot.plan.title},
        "day": day.isoformat(),
        "progress": _progress(snapshot, day, told),
        "counts": _counts(snapshot, day),
        "money": _money(snapshot, day, told),
        "checks": _checks(snapshot, day),
    }


def _progress(snapshot: Snapshot, day: date, told: Mapping[str, Explanation]) -> dict[str, Any]:
    goals = goals_in_order(snapshot)
    tasks = tasks_in_order(snapshot)
    codes: dict[Any, str] = {goal.key: goal.code for goal in goals} | {task.key: task.number for task in tasks}
    by_goal = goal_progress(snapshot, day)
    by_task = task_figures(snapshot, day)
    return {
        "plan": _combined(plan_progress(snapshot, day), codes, told["/figures/progress"]),
        "goals": [
            {"code": goal.code, **_combined(by_goal[goal.key], codes, told[explanation_parts.goal_figure(goal)])}
            for goal in goals
        ],
        "tasks": [
            {
                "number": task.number,
                "goal": codes[task.goal],
                **_share(by_task[task.key].progress.value),
                "basis": by_task[task.key].progress.basis.value,
                "reported": by_task[task.key].progress.reported,
                "report_on": _iso(by_task[task.key].progress.report_on),
                "execution": by_task[task.key].execution.value,
                "outcome": by_task[task.key].outcome.value,
                "explanation": _told(told[explanation_parts.task_figure(task)]),
                "schedule": {
                    "state": None if (state := by_task[task.key].schedule) is None else state.value,
                    "deadline": by_task[task.key].standing.deadline.isoformat(),
                    "days_left": by_task[task.key].standing.days_left,
                    "elapsed": _exact(by_task[task.key].standing.elapsed),
                    "explanation": _told(told[explanation_parts.schedule_figure(task)]),
                },
            }
            for task in tasks
        ],
    }


def _combined(combined: Combined, codes: Mapping[Any, str], explanation: Explanation) -> dict[str, Any]:
    return {
        **_share(combined.value),
        "reported": combined.reported,
        "tasks": combined.total,
        "inputs": [_input(entry, codes) for entry in combined.inputs],
        "left_out": [_left_out(part, codes) for part in combined.left_out],
        "explanation": _told(explanation),
    }


def _input(entry: Input, codes: Mapping[Any, str]) -> dict[str, Any]:
    return {
        "of": codes[entry.part.key],
        "weight": str(entry.part.weight),
        "share": _exact(entry.share),
        "exact": None if entry.part.value is None else _exact(entry.part.value),
    }


def _left_out(part: Weighted, codes: Mapping[Any, str]) -> dict[str, Any]:
    return {"of": codes[part.key], "reason": None if part.left_out is None else part.left_out.value}


def _share(value: Fraction | None) -> dict[str, Any]:
    return {
        "exact": None if value is None else _exact(value),
        "percent": None if value is None else percent(value),
    }


def _exact(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _counts(snapshot: Snapshot, day: date) -> dict[str, Any]:
    counted = tally(snapshot, day)
    return {
        "tasks": counted.tasks,
        "reported": counted.reported,
        "last_report": _iso(counted.last_report),
        "execution": _by_state(Execution, counted.execution),
        "outcome": _by_state(Outcome, counted.outcome),
        "schedule": {**_by_state(Schedule, counted.schedule), "none": counted.schedule[None]},
    }


def _by_state(states: type[Choice], counts: Mapping[Any, int]) -> dict[str, int]:
    return {state.value: counts[state] for state in states}


def _money(snapshot: Snapshot, day: date, told: Mapping[str, Explanation]) -> dict[str, Any]:
    money = money_of(snapshot, day)
    crossed = money.cross(*CROSSED)
    return {
        "currency": "EUR",
        "total": {**_sums(money.total), "explanation": _told(told["/figures/money"])},
        **{
            f"by_{axis}": [
                {
                    axis.value: _named(snapshot, axis, row.key),
                    **_sums(row.sums),
                    "lines": list(row.lines),
                    "explanation": _told(told[money_names.money_figure(snapshot, axis, row.key)]),
                }
                for row in in_document_order(snapshot, axis, money.by(axis).rows)
            ]
            for axis in AXES
        },
        "by_source_goal_year": [
            {
                **{axis.value: _named(snapshot, axis, key) for axis, key in zip(CROSSED, keys, strict=True)},
                **_sums(sums),
            }
            for keys, sums in crossed.items()
        ],
        "lines": [
            {
                "number": line.number,
                "formula": line.formula.value,
                "stated": _amount(line.amount),
                "years": list(line.years),
                "total": _amount(line.total),
                **{name: amount for name, amount in _sums(line.sums).items() if name != "amount"},
                "explanation": _told(told[money_names.line_figure(line.number)]),
            }
            for line in money.lines
        ],
        "left_out": list(money.left_out),
    }


def _named(snapshot: Snapshot, axis: Axis, key: Key | None) -> Any:
    """A key of an axis as a program reads it: codes, the year's number, the names of units; None where not stated."""
    if key is None or axis is Axis.YEAR:
        return key
    if axis is Axis.UNIT:
        units = [snapshot.find(Unit, one) for one in cast("tuple[PydanticObjectId, ...]", key)]
        return [unit.name for unit in units if unit is not None]
    document = snapshot.find(FundingSource if axis is Axis.SOURCE else Goal, cast("PydanticObjectId", key))
    return None if document is None else cast("FundingSource | Goal", document).code


def _sums(sums: Sums) -> dict[str, str | None]:
    return {
        "amount": _amount(sums.amount),
        "contracted": _amount(sums.contracted),
        "spent": _amount(sums.spent),
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _checks(snapshot: Snapshot, day: date) -> list[dict[str, Any]]:
    return [
        {
            "code": check.code.value,
            "subject": check.subject,
            "source": None if check.source is None else name_of(snapshot, Axis.SOURCE, check.source),
            "year": check.year,
            "amounts": {name: _amount(amount) for name, amount in check.amounts.items()},
            "percents": {name: str(share) for name, share in check.percents.items()},
            "message": said_check(snapshot, check),
        }
        for check in money_of(snapshot, day).checks
    ]


def _told(explanation: Explanation) -> dict[str, Any]:
    """The explanation as its page shows it, in the language in force; `address` is under the plan's own."""
    return {
        "title": explanation.title,
        "value": explanation.value,
        "address": explanation.path,
        "formula": list(explanation.formula),
        "left_out": [f"{part.what.text}: {part.why}" for part in explanation.left_out],
        "notes": list(explanation.notes),
    }


# --- as text -----------------------------------------------------------------------------------------------


def _lines(snapshot: Snapshot, day: date) -> Iterator[str]:
    yield snapshot.plan.title
    yield _("Figures as of %(day)s", day=i18n.short_date(day))
    yield ""
    counted = tally(snapshot, day)
    yield from _state_lines(_("Execution"), Execution, counted.execution)
    yield from _state_lines(_("Result"), Outcome, counted.outcome)
    yield from _state_lines(_("Schedule"), Schedule, counted.schedule)
    for explanation in explained(snapshot, day):
        yield ""
        yield f"{explanation.title}: {explanation.value}"
        for sentence in (*explanation.formula, *explanation.notes):
            yield f"  {sentence}"
        for name, value in explanation.facts[1:]:  # the day stands at the top
            yield f"  {name}: {value}"
        for table in explanation.tables:
            yield from _table_lines(table)
        for part in explanation.left_out:
            yield f"  {_('What is left out')}: {part.what.text}: {part.why}"


def _state_lines(title: str, states: Iterable[Choice], counts: Mapping[Any, int]) -> Iterator[str]:
    yield f"{title}: " + ", ".join(f"{_(state.label)} {counts[state]}" for state in states)


def _table_lines(table: Table) -> Iterator[str]:
    yield f"  {table.caption}:"
    said = [tuple(Said(column.text) for column in table.columns), *table.rows, *([table.total] if table.total else [])]
    rows = [[*(_fitted(what.text) for what in row[:-1]), row[-1].text] for row in said]
    widths = [max(map(len, texts)) for texts in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            text.rjust(width) if column.numeric else text.ljust(width)
            for text, column, width in zip(row, table.columns, widths, strict=True)
        )
        yield ("    " + "  ".join(cells)).rstrip()


def _fitted(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"
