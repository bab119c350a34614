"""Plain functions that make statements for tests, without a plan or a database; only what a test is about is named."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from stratplan.goals.states import Execution, Outcome, Schedule
from stratplan.period import Period
from stratplan.plans.models import FundingKind, PlanState
from stratplan.reviews.statement import (
    Amounts,
    CellStated,
    Counts,
    GoalStated,
    LineStated,
    MoneyStated,
    PlanStated,
    ReportStated,
    SourceStated,
    Statement,
    SumStated,
    TaskStated,
    UnitNamed,
)

DAY = date(2016, 9, 30)
UNIT = UnitNamed(key="u1", name="Ķekavas nodaļa", short="ĶN")
OTHER = UnitNamed(key="u2", name="Sociālais dienests")
SOURCES = (
    SourceStated(key="s1", code="PB", name="Pašvaldības budžets", funding=FundingKind.MUNICIPAL),
    SourceStated(key="s2", code="VB", name="Valsts budžets", funding=FundingKind.STATE),
)


def amounts(amount: int | None = None, contracted: int | None = None, spent: int | None = None) -> Amounts:
    """EUR planned, contracted and spent."""
    return Amounts(
        **{
            name: None if value is None else Decimal(value)
            for name, value in (("amount", amount), ("contracted", contracted), ("spent", spent))
        }
    )


def report(key: str = "r1", **values: Any) -> ReportStated:
    """A report: in progress, nothing assessed."""
    return ReportStated(
        **{
            "key": key,
            "on": DAY,
            "execution": Execution.IN_PROGRESS,
            "outcome": Outcome.NOT_ASSESSED,
            "percent": None,
            "text": "Strādājam.",
            **values,
        }
    )


def task(key: str = "t1", **values: Any) -> TaskStated:
    """A task of SM1, 2015–2017, in progress and on track."""
    return TaskStated(
        **{
            "key": key,
            "number": f"1.{key[1:]}",
            "title": f"Uzdevums {key}",
            "goal": "g1",
            "goal_code": "SM1",
            "goal_title": "Mērķis SM1",
            "period": Period.parse("2015.–2017."),
            "lead": UNIT,
            "weight": Decimal(1),
            "execution": Execution.IN_PROGRESS,
            "outcome": Outcome.NOT_ASSESSED,
            "schedule": Schedule.ON_TRACK,
            "progress": Fraction(0),
            "basis": "reported",
            "has_reported": True,
            "days_left": 457,
            "elapsed": Fraction(1, 2),
            **values,
        }
    )


def line(key: str = "l1", cells: tuple[CellStated, ...] = (), **values: Any) -> LineStated:
    """An investment line of SM1 whose sums are its cells'."""
    return LineStated(
        **{
            "key": key,
            "number": f"1.{key[1:]}",
            "title": f"Rinda {key}",
            "goal": "g1",
            "goal_code": "SM1",
            "amount": None,
            "total": None,
            "sums": together(cell.sums for cell in cells),
            "cells": cells,
            **values,
        }
    )


def together(found: Any) -> Amounts:
    """Sums of amounts, written out apart from the program's own."""
    kept = list(found)

    def total(name: str) -> Decimal | None:
        known = [value for one in kept if (value := getattr(one, name)) is not None]
        return sum(known, Decimal(0)) if known else None

    return Amounts(amount=total("amount"), contracted=total("contracted"), spent=total("spent"))


def goal(key: str = "g1", code: str = "SM1", **values: Any) -> GoalStated:
    """A goal nothing is known of."""
    return GoalStated(
        **{
            "key": key,
            "code": code,
            "title": f"Mērķis {code}",
            "weight": Decimal(1),
            "progress": None,
            "reported": 0,
            "tasks": 0,
            **values,
        }
    )


def statement(tasks: tuple[TaskStated, ...] = (), lines: tuple[LineStated, ...] = (), **values: Any) -> Statement:
    """A statement of these tasks and lines: its counts are of the tasks, its money that of the lines' cells."""
    money = tuple(
        MoneyStated(goal_code=one.goal_code, source=cell.source, year=cell.year, sums=cell.sums)
        for one in lines
        for cell in one.cells
    )
    plan = PlanStated(
        **{
            "slug": "plans",
            "title": "Stratēģija 2015–2017",
            "organisation": "Sociālo lietu pārvalde",
            "first_year": 2015,
            "last_year": 2017,
            "state": PlanState.APPROVED,
            "day": DAY,
            "progress": Fraction(sum(one.progress for one in tasks)) / len(tasks) if tasks else None,
            "counts": Counts(
                execution=_counted(one.execution for one in tasks),
                outcome=_counted(one.outcome for one in tasks),
                schedule=_counted(one.schedule or "none" for one in tasks),
                reported=sum(one.has_reported for one in tasks),
                last_report=None,
            ),
            "goals": (goal(),),
            "sources": SOURCES,
            "sums": (SumStated(goal_code=None, sums=together(one.sums for one in money)),),
            "money": money,
            **values,
        }
    )
    return Statement(plan=plan, tasks=tasks, lines=lines)


def _counted(states: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in states:
        found[str(state)] = found.get(str(state), 0) + 1
    return found
