"""A small plan whose report can be worked out by hand: two goals, five tasks, two lines paid from two sources, and what
happened between two reviews of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from stratplan.goals.models import Task
from stratplan.goals.states import Execution, Outcome
from stratplan.investments.models import InvestmentLine, Share, YearAmount
from stratplan.period import Period
from stratplan.plans.models import FundingKind, FundingSource, Term, TermKind
from tests.factories import SOMEBODY, Made, make_goal, make_line, make_report, make_swot, make_task
from tests.reviews.closed import closed_review

SPRING, AUTUMN = date(2016, 6, 20), date(2016, 9, 20)


async def two_reviews(made: Made) -> None:
    """Close the reviews of 2016Q2 and 2016Q3 of a plan; in between a task fell behind and one was completed, a deadline
    was moved for the second time, a line became dearer, and more was contracted and spent."""
    european = FundingSource.new(
        scope=made.scope, code="ERAF", name="Eiropas Reģionālās attīstības fonds", funding=FundingKind.EU, order=2
    )
    await european.add(by=SOMEBODY)
    second = await make_goal(made.scope, "SM2", order=2)
    await moved(made.task, "2015.–2016.")  # to the end of 2016, from that of 2017
    late = await make_task(made.scope, made.goal, "1.2", period=Period.parse("2015"))
    behind = [await make_task(made.scope, made.goal, number) for number in ("1.3", "1.4")]
    done = await make_task(made.scope, second, "2.1", period=Period.parse("2015.–2016."))
    first_line = await make_line(
        made.scope,
        made.goal,
        "1.1",
        amount=Decimal(1000),
        tasks=[made.task.key],
        shares=[Share(source=made.source.key, percent=Decimal(60)), Share(source=european.key, percent=Decimal(40))],
        planned=[
            YearAmount(source=made.source.key, year=2015, amount=Decimal(600)),
            YearAmount(source=european.key, year=2016, amount=Decimal(400)),
        ],
    )
    second_line = await make_line(
        made.scope,
        second,
        "2.1",
        amount=Decimal(500),
        tasks=[done.key],
        planned=[YearAmount(source=made.source.key, year=2016, amount=Decimal(500))],
    )
    await make_swot(made.scope, "Maz darbinieku")
    term = Term.new(scope=made.scope, word="SM", meaning="Stratēģiskais mērķis", sort=TermKind.ABBREVIATION)
    await term.add(by=SOMEBODY)

    await make_report(made.task, SPRING, 50, text="Sākts.")
    await make_report(late, SPRING, 10, text="Iesprūdis.")
    await make_report(behind[0], SPRING, 40, text="Lēni.")
    await make_report(done, SPRING, 65, text="Gandrīz.")
    await paid(first_line, SPRING, made.source, 2015, contracted=300, spent=Decimal("100.25"))
    await paid(second_line, SPRING, made.source, 2016, contracted=80, spent=70)
    await closed_review(made, "2016Q2")

    await moved(made.task, "01.01.2015.–31.03.2017.")
    await make_report(made.task, AUTUMN, 70, text="Noslēgts līgums.", next_steps="Būvdarbi", obstacles="Laiks")
    await make_report(done, AUTUMN, 100, execution=Execution.COMPLETED, outcome=Outcome.REACHED, text="Gatavs.")
    await paid(first_line, AUTUMN, european, 2016, contracted=250, spent=50)
    line = await InvestmentLine.get(second_line.key)
    assert line is not None
    dearer = [YearAmount(source=made.source.key, year=2016, amount=Decimal(550))]
    await line.edit({"amount": Decimal(550), "planned": dearer}, by=SOMEBODY, based_on=line.version)
    await closed_review(made, "2016Q3", number="388", day=date(2016, 10, 12))


async def moved(task: Task, period: str) -> None:
    """Give a task another period."""
    current = await Task.get(task.key)
    assert current is not None
    await current.edit({"period": Period.parse(period)}, by=SOMEBODY, based_on=current.version)


async def paid(
    line: InvestmentLine, on: date, source: FundingSource, year: int, *, contracted: int, spent: int | Decimal
) -> None:
    """Report money on a line."""
    current = await InvestmentLine.get(line.key)
    assert current is not None
    await current.report_money(
        on=on,
        source=source.key,
        year=year,
        contracted=Decimal(contracted),
        spent=Decimal(spent),
        by=SOMEBODY,
        based_on=current.version,
    )
