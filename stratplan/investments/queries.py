"""What pages, exports and commands ask of the investment plan: its lines in order and its money on a day."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from beanie import PydanticObjectId

from stratplan.errors import NotVisible
from stratplan.goals.models import Goal, Task
from stratplan.goals.queries import goals_in_order, tasks_in_order
from stratplan.i18n import _
from stratplan.investments.facts import LineFacts, TaskFunding, line_years
from stratplan.investments.models import InvestmentLine
from stratplan.investments.money import PlanMoney, plan_money
from stratplan.numbering import number_key
from stratplan.plans.queries import sources_in_order as sources_in_order
from stratplan.snapshot import Snapshot


def lines_in_order(snapshot: Snapshot) -> list[InvestmentLine]:
    """The lines goal by goal, each goal's by number, headings before the lines under them."""

    def ordered() -> list[InvestmentLine]:
        places = {goal.key: place for place, goal in enumerate(goals_in_order(snapshot))}
        return sorted(
            snapshot.all(InvestmentLine).values(),
            key=lambda line: (places.get(line.goal, len(places)), number_key(line.number)),
        )

    return snapshot.derive("lines in order", ordered)


def lines_of_goal(snapshot: Snapshot, goal: Goal) -> list[InvestmentLine]:
    """The lines that pay for a goal, in order."""
    return [line for line in lines_in_order(snapshot) if line.goal == goal.key]


def lines_of_task(snapshot: Snapshot, task: Task) -> list[InvestmentLine]:
    """The lines that pay for a task, in order."""

    def grouped() -> dict[PydanticObjectId, list[InvestmentLine]]:
        groups: defaultdict[PydanticObjectId, list[InvestmentLine]] = defaultdict(list)
        for line in lines_in_order(snapshot):
            for key in line.tasks:
                groups[key].append(line)
        return dict(groups)

    return snapshot.derive("lines by task", grouped).get(task.key, [])


def find_line(snapshot: Snapshot, number: str) -> InvestmentLine:
    """The line of that number, or of that id."""
    by_number = snapshot.derive(
        "lines by number", lambda: {line.number: line for line in snapshot.all(InvestmentLine).values()}
    )
    found = by_number.get(number)
    if found is None and PydanticObjectId.is_valid(number):
        found = snapshot.find(InvestmentLine, PydanticObjectId(number))
    if found is None:
        raise NotVisible(_("There is no such investment line."))
    return found


def line_facts(snapshot: Snapshot, line: InvestmentLine) -> LineFacts:
    """What the money of a line is computed from. Its units are those that lead the tasks it pays for."""
    tasks = [task for key in line.tasks if (task := snapshot.find(Task, key)) is not None]
    return LineFacts(
        number=line.number,
        years=line_years(snapshot.plan.years, line.period),
        amount=line.amount,
        yearly=line.yearly,
        heading=line.heading,
        goal=line.goal,
        units=tuple(dict.fromkeys(task.lead for task in tasks if task.lead is not None)),
        shares=line.shares,
        planned=line.planned,
        reports=line.money_reports,
    )


def money_of(snapshot: Snapshot, day: date) -> PlanMoney:
    """The money of the plan's lines, contracted and spent as reported up to the day, with the checks that fail.

    Carried until a line, the plan's years, the order, or what a task says of its unit and sources changes.
    """

    def compute() -> PlanMoney:
        lines = lines_in_order(snapshot)
        paid = defaultdict(list)
        for line in lines:
            for key in line.tasks:
                paid[key].append(line.number)
        funding = [
            TaskFunding(number=task.number, sources=tuple(task.sources), lines=tuple(paid[task.key]))
            for task in tasks_in_order(snapshot)
        ]
        return plan_money([line_facts(snapshot, line) for line in lines], funding, day)

    def carried() -> PlanMoney:
        goals = tuple(goal.key for goal in goals_in_order(snapshot))
        of_line = snapshot.each("version", InvestmentLine, lambda line: (line.key, line.version))
        of_task = snapshot.each("funding", Task, lambda task: (task.goal, task.number, task.lead, tuple(task.sources)))
        inputs = (
            snapshot.plan.years,
            goals,
            tuple(of_line.values()),
            tuple(of_task.values()),
        )
        return snapshot.same(("money", day), inputs, compute)

    return snapshot.derive(("money", day), carried)
