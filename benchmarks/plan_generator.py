"""Makes plans of any size, the same each time, through the door that every change goes through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random

from beanie import PydanticObjectId

from stratplan import audit
from stratplan.actors import COMMAND_LINE
from stratplan.documents import LivingDocument
from stratplan.goals.models import Goal, Milestone, Report, Task
from stratplan.goals.states import Execution, Outcome
from stratplan.investments.models import InvestmentLine, MoneyReport, Share
from stratplan.period import Period
from stratplan.plans.models import FundingKind, FundingSource, Organisation, Plan, Section, Term
from stratplan.swot.models import Quadrant, SwotEntry
from stratplan.units.models import Unit, UnitKind

DOCUMENTS_A_CHANGE = 100  # a change checks each of them against all there are, within a minute
TASKS_A_GOAL = 20
UNITS = 12
UNITS_UNDER_ONE = 4  # where there are more units than usual
PERIODS = ("2015", "2016", "2017", "2015/2016", "2015/2017", "2016-Q3")
WORDS = (  # noqa: SIM905  # a list of so many quotes reads worse
    "sociālo pakalpojumu pieejamība ģimenēm ar bērniem personām ar invaliditāti pilnveidot attīstīt nodrošināt "
    "darbinieku kvalifikāciju sadarbību starp iestādēm vides pieejamību atbalsta centru dienas aprūpi"
).split()


async def generate(slug: str, tasks: int, units: int = UNITS) -> Plan:
    """Write a plan 2015–2017 with so many tasks, two reports on most, some lines and entries; more units than usual
    stand under one another."""
    random = Random(2015)  # noqa: S311  # the same plan each time is the point

    def text(words: int) -> str:
        return " ".join(random.choices(WORDS, k=words)).capitalize()

    organisation = PydanticObjectId()
    plan = Plan.new(
        slug=slug,
        title=f"Plāns ar {tasks} uzdevumiem",
        organisation=organisation,
        first_year=2015,
        last_year=2017,
        mission=text(20),
        vision=text(20),
    )
    scope = plan.key
    owner = Organisation(id=organisation, scope=organisation, name=f"Iestāde {slug}", short=slug[:10].upper())
    made_units: list[Unit] = []
    for place in range(units):
        above = made_units[(place - 1) // UNITS_UNDER_ONE].key if units > UNITS and place else None
        made_units.append(
            Unit.new(
                scope=organisation,
                name=f"{place + 1}. nodaļa",
                short=f"N{place + 1}",
                sort=UnitKind.DEPARTMENT,
                parent=above,
            )
        )
    sources = [
        FundingSource.new(scope=scope, code=code, name=text(2), funding=funding, order=order)
        for order, (code, funding) in enumerate(
            [("PB", FundingKind.MUNICIPAL), ("VB", FundingKind.STATE), ("ERAF", FundingKind.EU)], start=1
        )
    ]
    goals = [
        Goal.new(scope=scope, code=f"SM{place}", order=place, title=text(6))
        for place in range(1, max(1, tasks // TASKS_A_GOAL) + 1)
    ]

    def task(place: int) -> Task:
        goal = place % len(goals)
        milestones = [
            Milestone(
                key=f"m{step}",
                title=text(3),
                due=date(2015 + step, 6, 30),
                done_on=date(2015 + step, 7, 1) if step < 1 else None,
            )
            for step in range(3)
        ]
        return Task.new(
            scope=scope,
            number=f"{goal + 1}.{place // len(goals) + 1}",
            goal=goals[goal].key,
            title=text(8),
            result=text(12),
            period=Period.parse(random.choice(PERIODS)),
            lead=random.choice(made_units).key,
            partners=[unit.key for unit in random.sample(made_units, 2)],
            sources=[source.key for source in random.sample(sources, 2)],
            weight=Decimal(random.randint(1, 3)),
            milestones=milestones if place % 4 == 0 else [],
        )

    made = [task(place) for place in range(tasks)]
    reports = [
        Report.new(
            scope=scope,
            task=task.key,
            on=on,
            percent=None if task.milestones else percent,
            execution=Execution.IN_PROGRESS if percent < 100 else Execution.COMPLETED,
            outcome=Outcome.NOT_ASSESSED,
            text=text(15),
            by=COMMAND_LINE.id,
        )
        for place, task in enumerate(made)
        if place % 10
        for on, percent in ((date(2015, 12, 31), 30), (date(2016, 6, 30), 100 if place % 3 == 0 else 55))
    ]
    lines = [
        InvestmentLine.new(
            scope=scope,
            number=task.number,
            title=text(6),
            goal=task.goal,
            tasks=[task.key],
            amount=Decimal(random.randint(1_000, 900_000)),
            yearly=place % 5 == 0,
            shares=[
                Share(source=sources[0].key, percent=Decimal(15)),
                Share(source=sources[2].key, percent=Decimal(85)),
            ],
            money_reports=[
                MoneyReport(on=date(2016, 6, 30), source=sources[0].key, year=2016, spent=Decimal("950.25"))
            ],
        )
        for place, task in enumerate(made[::10])
    ]
    entries = [
        SwotEntry.new(
            scope=scope,
            quadrant=list(Quadrant)[place % 4],
            text=text(9),
            order=place // 4 + 1,
            tasks=[task.key] if place % 2 else [],
        )
        for place, task in enumerate(made[::5])
    ]
    texts = [Section.new(scope=scope, order=1, title=text(3), text=text(200))]
    terms = [Term.new(scope=scope, word=f"{word} {place}", meaning=text(10)) for place, word in enumerate(WORDS)]

    await audit.record("organisation.created", [audit.created(owner)], by=COMMAND_LINE)
    await audit.record("plan.created", [audit.created(plan)], by=COMMAND_LINE)
    for documents in (made_units, sources, texts, terms, goals, made, reports, lines, entries):
        for part in _parts(documents):
            await audit.record(f"{part[0].kind}.imported", [audit.created(one) for one in part], by=COMMAND_LINE)
    return plan


def _parts(documents: list[LivingDocument] | list[Unit]) -> Iterator[list[LivingDocument]]:
    for start in range(0, len(documents), DOCUMENTS_A_CHANGE):
        yield list(documents[start : start + DOCUMENTS_A_CHANGE])
