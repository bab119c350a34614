"""The organisation's units as a tree, and one unit: what it is, its tasks, its share of the plan."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from beanie import PydanticObjectId
from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.goals.models import Task
from stratplan.goals.progress import percent
from stratplan.goals.queries import TaskFigures, task_figures, tasks_by_unit, tasks_in_order
from stratplan.goals.states import Schedule
from stratplan.investments.queries import money_of
from stratplan.investments.sums import Axis
from stratplan.overview.money_names import money_figure
from stratplan.permissions import Permission
from stratplan.plans.models import Organisation
from stratplan.units.models import Unit
from stratplan.units.queries import Branch, ancestors_of, children_of, unit_tree
from stratplan.view import View
from stratplan.web import page

TASKS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class UnitCounts:
    """How many tasks a unit leads, takes part in, and leads late on the day."""

    led: int
    partnered: int
    overdue: int


NO_TASKS = UnitCounts(0, 0, 0)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit in the tree with its counts; `exists` on the day looked at."""

    branch: Branch
    counts: UnitCounts
    exists: bool


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task of the unit as its table shows it."""

    task: Task
    figures: TaskFigures
    percent: int


@dataclass(frozen=True, slots=True)
class MoneyShare:
    """Money of the lines that pay for tasks which the unit leads, alone or together with others.

    `share` is of all money that the plan states, 0 to 1.
    """

    amount: Decimal
    share: Fraction
    others: list[Unit]
    href: str


def unit_counts(view: View) -> dict[PydanticObjectId, UnitCounts]:
    """The counts of each unit that has tasks, on the view's day."""

    def counted() -> dict[PydanticObjectId, UnitCounts]:
        figures = task_figures(view.snapshot, view.day)
        led: Counter[PydanticObjectId] = Counter()
        partnered: Counter[PydanticObjectId] = Counter()
        overdue: Counter[PydanticObjectId] = Counter()
        for task in tasks_in_order(view.snapshot):
            if task.lead is not None:
                led[task.lead] += 1
                overdue[task.lead] += figures[task.key].schedule is Schedule.OVERDUE
            partnered.update(set(task.partners) - {task.lead})
        return {key: UnitCounts(led[key], partnered[key], overdue[key]) for key in led.keys() | partnered.keys()}

    return view.snapshot.derive(("unit counts", view.day), counted)


@get("/plans/{slug:str}/units", permission=Permission.UNITS_READ, kept=True)
async def list_units(request: HTMXRequest, view: View) -> Response[str]:
    """The organisation's units with what each has to do in this plan."""
    counts = unit_counts(view)
    rows = [
        UnitRow(branch, counts.get(branch.unit.key, NO_TASKS), branch.unit.exists_on(view.day))
        for branch in unit_tree(view.snapshot)
    ]
    context = {"rows": rows, "organisation": view.snapshot.find(Organisation, view.plan.organisation)}
    return await page(request, "overview/units.html", context, view=view, section="units")


@get("/plans/{slug:str}/units/{unit:str}", permission=Permission.UNITS_READ, kept=True)
async def show_unit(request: HTMXRequest, view: View, unit: str) -> Response[str]:
    """One unit."""
    document = view.get(Unit, unit)
    tasks = tasks_by_unit(view.snapshot).get(document.key, [])
    led = [task for task in tasks if task.lead == document.key]
    partnered = [task for task in tasks if task.lead != document.key]
    everything = len(tasks_in_order(view.snapshot))
    context = {
        "unit": document,
        "ancestors": ancestors_of(view.snapshot, document),
        "children": children_of(view.snapshot, document),
        "exists": document.exists_on(view.day),
        "led": _rows(view, led[:TASKS_SHOWN]),
        "led_count": len(led),
        "partnered": _rows(view, partnered[:TASKS_SHOWN]),
        "partnered_count": len(partnered),
        "overdue": unit_counts(view).get(document.key, NO_TASKS).overdue,
        "tasks_in_plan": everything,
        "led_below": sum(unit_counts(view).get(branch.unit.key, NO_TASKS).led for branch in _below(view, document)),
        "task_share": i18n.percent(Fraction(len(led), everything)) if everything else i18n.DASH,
        "money": _money(view, document),
    }
    return await page(request, "overview/unit.html", context, view=view, section="units")


def _below(view: View, unit: Unit) -> list[Branch]:
    """The units under a unit, however deep: they follow it in the tree."""
    below: list[Branch] = []
    top: int | None = None
    for branch in unit_tree(view.snapshot):
        if top is not None and branch.depth <= top:
            break
        if top is not None:
            below.append(branch)
        elif branch.unit.key == unit.key:
            top = branch.depth
    return below


def _rows(view: View, tasks: Iterable[Task]) -> list[TaskRow]:
    figures = task_figures(view.snapshot, view.day)
    return [TaskRow(task, found := figures[task.key], percent(found.progress.value)) for task in tasks]


def _money(view: View, unit: Unit) -> list[MoneyShare]:
    money = money_of(view.snapshot, view.day)
    total = money.total.amount
    if not total:
        return []
    shares = []
    for row in money.by(Axis.UNIT).rows:
        if not isinstance(row.key, tuple) or unit.key not in row.key or row.sums.amount is None:
            continue
        others = [found for key in row.key if key != unit.key and (found := view.snapshot.find(Unit, key))]
        href = view.url(money_figure(view.snapshot, Axis.UNIT, row.key))
        shares.append(MoneyShare(row.sums.amount, Fraction(row.sums.amount) / Fraction(total), others, href))
    return sorted(shares, key=lambda share: len(share.others))


handlers = [list_units, show_unit]
