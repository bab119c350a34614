"""One sheet of a goal or a unit for a sitting: how it stands, what is late and why, what comes next, whose money.

Made of a Statement, in the language in force; what does not fit on the sheet is counted on it. Pure.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import segno

from stratplan import i18n
from stratplan.errors import NotVisible
from stratplan.exports.pdf import shortened
from stratplan.exports.printable import broken
from stratplan.goals.states import Execution, Schedule
from stratplan.i18n import _, ngettext, pgettext
from stratplan.reviews.money_tables import source_name
from stratplan.reviews.queries import OVER
from stratplan.reviews.statement import Amounts, GoalStated, LineStated, Statement, TaskStated, UnitNamed, sum_of

LATE = (Schedule.OVERDUE, Schedule.BEHIND)
ROWS = 12  # of one section, at most; how many fit is found when the sheet is set
LONGEST = {"heading": 180, "description": 260, "title": 130, "told": 230, "name": 70}  # letters
LONGEST_PART = 24  # letters of an address, between the signs that it may be broken after
ROOM = 18  # letters that the narrowest column of texts shows on a line

_PARTS = re.compile(r"(?<=[/.-])")


@dataclass(frozen=True, slots=True)
class About:
    """What a sheet says beside its statement: the review's name (nothing for today), whether money is shown, the full
    address of the living page."""

    review: str
    with_money: bool
    address: str


Content = dict[str, Any]  # what templates/typst/sheet.typ is given


def goal_sheet(statement: Statement, code: str, about: About) -> Content:
    """The sheet of the goal of that code or key; NotVisible where the statement has none."""
    goal = next((one for one in statement.plan.goals if code in (one.code, one.key)), None)
    if goal is None:
        raise NotVisible(_("There is no such goal."))
    tasks = list(statement.tasks_of(goal.code))
    money = _money_of_goal(statement, goal) if about.with_money else []
    return _sheet(
        statement,
        about,
        kicker=_("Goal %(code)s", code=goal.code),
        heading=goal.title,
        description=goal.summary or goal.description,
        figures=[_progress(goal, tasks), _count_of(tasks), _count_of_late(tasks), *_spent(money)],
        tasks=tasks,
        beside=(_("Responsible unit"), lambda task: task.lead.short or task.lead.name if task.lead else ""),
        money=money,
        money_note="",
    )


def unit_sheet(statement: Statement, key: str, name: str, about: About) -> Content:
    """The sheet of the unit with that key; `name` is what it is called where the statement doesn't say."""
    led = [task for task in statement.tasks if task.lead is not None and task.lead.key == key]
    partnered = [task for task in statement.tasks if task not in led and key in task.responsible]
    called = next((unit.name for unit in _units(statement) if unit.key == key), name)
    if not called:
        raise NotVisible(_("There is no such page."))
    money, shared = _money_of_unit(statement, key) if about.with_money else ([], 0)
    note = ngettext(
        "%(num)s line that it shares with other units is counted whole.",
        "%(num)s lines that it shares with other units are counted whole.",
        shared,
    )
    return _sheet(
        statement,
        about,
        kicker=_("Responsible unit"),
        heading=called,
        description="",
        figures=[
            _figure(i18n.number(len(led)), _("Leads tasks")),
            _count_of_late(led),
            _figure(i18n.number(len(partnered)), _("Takes part in")),
            *_spent(money),
        ],
        tasks=led,
        beside=(_("Goal"), lambda task: task.goal_code),
        money=money,
        money_note=note if shared else "",
    )


def _units(statement: Statement) -> Iterable[UnitNamed]:
    for task in statement.tasks:
        yield from ((task.lead,) if task.lead else ())
        yield from task.partners


Beside = tuple[str, Callable[[TaskStated], str]]  # the heading of a column, and what stands in it
MoneyRow = tuple[str, Amounts]


def _sheet(
    statement: Statement,
    about: About,
    *,
    kicker: str,
    heading: str,
    description: str,
    figures: Sequence[Content],
    tasks: Sequence[TaskStated],
    beside: Beside,
    money: Sequence[MoneyRow],
    money_note: str,
) -> Content:
    plan, day = statement.plan, _("As of %(day)s", day=i18n.short_date(statement.day))
    title = shortened(heading, LONGEST["heading"])
    return {
        "language": i18n.language.get(),
        "title": f"{kicker}: {title}",
        "author": plan.organisation or "stratplan",
        "description": f"{kicker}: {title}. {day}",
        "organisation": shortened(plan.organisation, LONGEST["name"]),
        "plan": shortened(plan.title, LONGEST["name"]),
        "standing": " · ".join(part for part in (about.review, day) if part),
        "kicker": kicker,
        "heading": broken(title, 40),
        "text": broken(shortened(description, LONGEST["description"]), 60),
        "figures": list(figures),
        "states": [
            _states(_("Tasks by execution"), Execution, [task.execution for task in tasks]),
            _states(_("Tasks by schedule"), Schedule, [task.schedule for task in tasks]),
        ]
        if tasks
        else [],
        "sections": [
            _late(tasks, beside, statement.day),
            _due_next(tasks, beside, statement.day),
            *([_money(money, money_note)] if about.with_money else []),
            _done(tasks),
        ],
        "code": _picture(about.address),
        "code-words": _("QR code with the address of the page: %(address)s", address=about.address),
        "url": about.address,
        "address": "".join(broken(part, LONGEST_PART) for part in _PARTS.split(about.address)),
        "living": _("The page as it is today:"),
        "notes": [_("Progress and spending here are made-up demonstration data; the plan itself is real.")]
        if plan.illustrative
        else [],
    }


def _picture(address: str) -> str:
    """The QR code of an address as SVG, its quiet zone around it."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", border=4, xmldecl=False, nl=False)
    return drawn.getvalue().decode()


# --- figures and states ---------------------------------------------------------------------------------------


def _figure(value: str, label: str, note: str = "", tone: str = "", share: float | None = None) -> Content:
    return {"value": value, "label": label, "note": note, "tone": tone, "share": share}


def _progress(goal: GoalStated, tasks: Sequence[TaskStated]) -> Content:
    reported = sum(task.has_reported for task in tasks)
    note = _("%(reported)s of %(all)s tasks have reported", reported=reported, all=len(tasks))
    share = None if goal.progress is None else round(float(goal.progress), 4)
    return _figure(i18n.percent(goal.progress), _("Progress"), note if tasks else "", share=share)


def _count_of(tasks: Sequence[TaskStated]) -> Content:
    completed = sum(task.execution is Execution.COMPLETED for task in tasks)
    return _figure(i18n.number(len(tasks)), _("Tasks"), _("completed: %(count)s", count=i18n.number(completed)))


def _count_of_late(tasks: Sequence[TaskStated]) -> Content:
    overdue = sum(task.schedule is Schedule.OVERDUE for task in tasks)
    behind = sum(task.schedule is Schedule.BEHIND for task in tasks)
    note = _("behind schedule: %(count)s", count=i18n.number(behind))
    return _figure(i18n.number(overdue), pgettext("tasks", "Overdue"), note, "danger" if overdue else "")


def _spent(money: Sequence[MoneyRow]) -> list[Content]:
    if not money:
        return []
    spent, planned = (sum_of(getattr(sums, name) for _source, sums in money) for name in ("spent", "amount"))
    value = _("not known") if spent is None else i18n.amount(spent)
    note = _("of %(amount)s planned", amount=i18n.amount(planned)) if planned is not None else ""
    return [_figure(value, _("Spent, EUR"), note)]


def _states(title: str, states: type[Execution] | type[Schedule], found: Sequence[Any]) -> Content:
    """How many tasks are in each state, as parts of a bar; states of no task are left out."""
    counted = [(state, found.count(state)) for state in states if state in found]
    words = "; ".join(f"{_(state.label)}: {i18n.number(count)}" for state, count in counted)
    return {
        "title": title,
        "words": f"{title}. {words}",
        "parts": [{"label": _(state.label), "count": count, "tone": state.tone} for state, count in counted],
    }


# --- sections -------------------------------------------------------------------------------------------------


def _section(
    title: str, columns: Sequence[tuple[str, float, bool]], rows: Sequence[Sequence[str]], empty: str, note: str = ""
) -> Content:
    """A table of the sheet. `more` says, for each number of rows that could be shown, how many are not."""
    kept = rows[:ROWS]
    more = [
        ngettext("and %(num)s more, see the page", "and %(num)s more, see the page", len(rows) - shown)
        if shown < len(rows)
        else ""
        for shown in range(len(kept) + 1)
    ]
    return {
        "title": title,
        "columns": [{"title": name, "width": width, "numeric": numeric} for name, width, numeric in columns],
        "rows": [[broken(text, ROOM) for text in row] for row in kept],
        "more": more,
        "empty": empty,
        "note": note,
    }


def _late(tasks: Iterable[TaskStated], beside: Beside, day: date) -> Content:
    late = sorted((task for task in tasks if task.schedule in LATE), key=_lateness)
    heading, said = beside
    rows = [
        [
            task.number,
            shortened(task.title, LONGEST["title"]),
            shortened(said(task), LONGEST["name"]),
            _how_late(task, day),
            shortened(_why(task), LONGEST["told"]),
        ]
        for task in late
    ]
    columns = [
        (_("No."), 7.0, False),
        (_("Task"), 30.0, False),
        (heading, 15.0, False),
        (_("Deadline"), 16.0, False),
        (_("Why"), 34.0, False),
    ]
    return _section(_("Late"), columns, rows, _("Nothing is late."))


def _lateness(task: TaskStated) -> tuple[int, date, str]:
    return LATE.index(task.schedule) if task.schedule in LATE else len(LATE), task.deadline, task.number


def _how_late(task: TaskStated, day: date) -> str:
    """The deadline, and by how many days it has passed or that the task is behind."""
    how = (
        ngettext("%(num)s day late", "%(num)s days late", (day - task.deadline).days)
        if task.schedule is Schedule.OVERDUE
        else _(Schedule.BEHIND.label)
    )
    return f"{i18n.short_date(task.deadline)}\n{how}, {i18n.percent(task.progress)}"


def _why(task: TaskStated) -> str:
    report = task.report
    if report is None:
        return _("Nothing has been reported.")
    return report.obstacles or report.text or _("The last report gives no reason.")


def _due_next(tasks: Iterable[TaskStated], beside: Beside, day: date) -> Content:
    """The deadlines to come of tasks and of their milestones, the nearest first."""
    heading, said = beside
    found: list[tuple[date, str, str, TaskStated]] = []
    for task in tasks:
        if task.execution in OVER:
            continue
        if task.deadline >= day:
            found.append((task.deadline, task.number, task.title, task))
        for one in task.milestones:
            if not one.is_done and one.due is not None and one.due >= day:
                found.append((one.due, task.number, _("Milestone: %(title)s", title=one.title), task))
    rows = [
        [
            i18n.short_date(due),
            number,
            shortened(title, LONGEST["title"]),
            shortened(said(task), LONGEST["name"]),
            i18n.percent(task.progress),
        ]
        for due, number, title, task in sorted(found, key=lambda one: one[:3])
    ]
    columns = [
        (_("Deadline"), 12.0, False),
        (_("No."), 7.0, False),
        (_("Task"), 50.0, False),
        (heading, 23.0, False),
        (_("Progress"), 10.0, True),
    ]
    return _section(_("Next deadlines"), columns, rows, _("No deadline is to come."))


def _done(tasks: Iterable[TaskStated]) -> Content:
    """What was reported last, the newest first."""
    told = [(task.report, task) for task in tasks if task.report is not None and task.report.text]
    told.sort(key=lambda one: (-one[0].on.toordinal(), one[1].number))
    rows = [
        [
            i18n.short_date(report.on),
            task.number,
            shortened(task.title, LONGEST["title"]),
            shortened(report.text, LONGEST["told"]),
        ]
        for report, task in told
    ]
    columns = [
        (_("Last report"), 12.0, False),
        (_("No."), 7.0, False),
        (_("Task"), 35.0, False),
        (_("What was done"), 48.0, False),
    ]
    return _section(_("Last done"), columns, rows, _("Nothing has been reported."))


# --- money ----------------------------------------------------------------------------------------------------


def _money(money: Sequence[MoneyRow], note: str) -> Content:
    rows = [[name, *map(_amount, (sums.amount, sums.contracted, sums.spent))] for name, sums in money]
    if len(money) > 1:
        sums = Amounts.together(sums for _name, sums in money)
        rows.append([_("Total"), *map(_amount, (sums.amount, sums.contracted, sums.spent))])
    columns = [
        (_("Source"), 42.0, False),
        (_("Planned, EUR"), 20.0, True),
        (_("Contracted, EUR"), 20.0, True),
        (_("Spent, EUR"), 20.0, True),
    ]
    return {
        **_section(_("Money by source"), columns, rows, _("No line of the investment plan pays for it."), note),
        "total": len(money) > 1,
    }


def _amount(value: Decimal | None) -> str:
    return _("not known") if value is None else i18n.amount(value)


def _by_source(statement: Statement, found: Iterable[tuple[str | None, Amounts]]) -> list[MoneyRow]:
    sums: dict[str | None, list[Amounts]] = {}
    for source, one in found:
        if not one.is_empty:
            sums.setdefault(source, []).append(one)
    names: Mapping[str | None, str] = {source.code: f"{source.code} {source.name}" for source in statement.plan.sources}
    order = [*names, None]
    return [
        (names.get(code) or source_name(code), Amounts.together(sums[code]))
        for code in sorted(sums, key=lambda code: order.index(code) if code in order else len(order))
    ]


def _money_of_goal(statement: Statement, goal: GoalStated) -> list[MoneyRow]:
    return _by_source(statement, ((one.source, one.sums) for one in statement.plan.money if one.goal_code == goal.code))


def _money_of_unit(statement: Statement, key: str) -> tuple[list[MoneyRow], int]:
    """By source the money of the lines whose tasks the unit leads, and how many of these other units share."""
    lines = [line for line in statement.lines if not line.heading and _is_of(line, key)]
    cells = ((cell.source, cell.sums) for line in lines for cell in line.cells)
    return _by_source(statement, cells), sum(len(line.units) > 1 for line in lines)


def _is_of(line: LineStated, key: str) -> bool:
    return any(unit.key == key for unit in line.units)
