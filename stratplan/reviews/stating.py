"""A statement made of a plan as it is in memory: the same figures as its pages, written out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import cast

from beanie import PydanticObjectId

from stratplan.evidence.queries import evidence_of_task
from stratplan.goals.models import Goal, Report, Task
from stratplan.goals.queries import TaskFigures, goal_progress, goals_in_order, plan_progress, task_figures
from stratplan.goals.queries import tasks_in_order as tasks_of_plan
from stratplan.investments.facts import Key
from stratplan.investments.queries import line_facts, lines_of_task, money_of
from stratplan.investments.sums import Axis, Sums
from stratplan.investments.table import LineRow, Part, Parts, SumRow, investment_table
from stratplan.period import Period
from stratplan.plans.models import FundingKind, FundingSource, Organisation, Plan
from stratplan.plans.queries import sources_in_order
from stratplan.plans.sections import sections_in_order
from stratplan.plans.terms import terms_of
from stratplan.reviews.models import Review
from stratplan.reviews.moves import Moves
from stratplan.reviews.statement import (
    Amounts,
    CellStated,
    CheckStated,
    Counts,
    FileStated,
    GoalStated,
    LineStated,
    MilestoneStated,
    MoneyStated,
    Move,
    PartStated,
    PlanStated,
    ReportStated,
    SectionStated,
    SourceStated,
    StageStated,
    Statement,
    SumStated,
    SwotStated,
    TaskStated,
    TermStated,
    UnitMoney,
    UnitNamed,
)
from stratplan.snapshot import Snapshot
from stratplan.swot.queries import entries_in_order
from stratplan.units.models import Unit


def statement_of(snapshot: Snapshot, day: date, moves: Moves, review: Review | None = None) -> Statement:
    """The plan as it stands on the day, for a review where one is given; `moves` are its deadlines' (see moves)."""
    figures = task_figures(snapshot, day)
    goals = {goal.key: goal for goal in goals_in_order(snapshot)}
    return Statement(
        plan=_plan(snapshot, day, review),
        tasks=tuple(
            _task(snapshot, day, figures[task.key], goals[task.goal], moves.get(task.key, ()), review)
            for task in tasks_of_plan(snapshot)
        ),
        lines=tuple(_line(snapshot, day, row) for row in investment_table(snapshot, day).rows),
    )


# --- tasks ----------------------------------------------------------------------------------------------------


def _task(
    snapshot: Snapshot, day: date, figures: TaskFigures, goal: Goal, moves: Sequence[Move], review: Review | None
) -> TaskStated:
    task, standing = figures.task, figures.standing
    return TaskStated(
        key=str(task.key),
        number=task.number,
        title=task.title,
        result=task.result,
        goal=str(goal.key),
        goal_code=goal.code,
        goal_title=goal.title,
        period=task.period,
        lead=_unit(snapshot, task.lead),
        partners=_units(snapshot, task.partners),
        sources=tuple(source.code for key in task.sources if (source := snapshot.find(FundingSource, key)) is not None),
        lines=tuple(line.number for line in lines_of_task(snapshot, task)),
        weight=task.weight,
        internal=task.internal,
        execution=figures.execution,
        outcome=figures.outcome,
        schedule=figures.schedule,
        progress=figures.progress.value,
        basis=figures.progress.basis.value,
        has_reported=figures.progress.reported,
        days_left=standing.days_left,
        elapsed=standing.elapsed,
        milestones=tuple(
            MilestoneStated(
                key=one.key,
                title=one.title,
                due=one.due,
                done_on=one.done_on if one.done_on is not None and one.done_on <= day else None,
                weight=one.weight,
                is_done=one.done_on is not None and one.done_on <= day,
            )
            for one in task.milestones
        ),
        report=None if figures.last is None else _report(figures.last, review),
        moves=tuple(moves),
        files=tuple(
            FileStated(
                key=str(file.key), name=file.name, description=file.description, size=file.size, sha256=file.sha256
            )
            for file in evidence_of_task(snapshot, task.key)
        ),
    )


def _report(report: Report, review: Review | None) -> ReportStated:
    return ReportStated(
        key=str(report.key),
        on=report.on,
        execution=report.execution,
        outcome=report.outcome,
        percent=report.percent,
        text=report.text,
        next_steps=report.next_steps,
        obstacles=report.obstacles,
        unchanged=report.unchanged,
        illustrative=report.illustrative,
        by=report.by,
        is_of_period=review is not None and (report.review == review.key or report.on >= review.period.start),
    )


def _unit(snapshot: Snapshot, key: PydanticObjectId | None) -> UnitNamed | None:
    return None if key is None else snapshot.each("as named", Unit, _named).get(key)


def _named(unit: Unit) -> UnitNamed:
    return UnitNamed(key=str(unit.key), name=unit.name, short=unit.short)


def _units(snapshot: Snapshot, keys: Iterable[Key]) -> tuple[UnitNamed, ...]:
    found = (_unit(snapshot, cast("PydanticObjectId", key)) for key in keys)
    return tuple(unit for unit in found if unit is not None)


# --- money ----------------------------------------------------------------------------------------------------


def _line(snapshot: Snapshot, day: date, row: LineRow) -> LineStated:
    line, goal = row.line, cast("Goal", snapshot.find(Goal, row.line.goal))
    return LineStated(
        key=str(line.key),
        number=line.number,
        title=line.title,
        goal=str(goal.key),
        goal_code=goal.code,
        tasks=tuple(task.number for task in row.tasks),
        units=_units(snapshot, line_facts(snapshot, line).units),
        heading=line.heading,
        depth=row.depth,
        amount=line.amount,
        yearly=line.yearly,
        period=line.period,
        total=row.money.total,
        sums=_amounts(row.sums),
        parts=_parts(row.parts),
        cells=tuple(
            CellStated(source=_source(snapshot, cell.source), year=cell.year, sums=_amounts(cell.sums))
            for cell in row.money.cells
        ),
        stages=tuple(
            StageStated(
                title=stage.title,
                period=stage.period,
                amount=stage.amount,
                done_on=stage.done_on if stage.done_on is not None and stage.done_on <= day else None,
            )
            for stage in line.stages
        ),
        note=line.note,
        internal=line.internal,
    )


def _parts(parts: Parts) -> tuple[PartStated, ...]:
    return tuple(_part(part, funding) for funding, found in parts.items() for part in found)


def _part(part: Part, funding: FundingKind | None) -> PartStated:
    return PartStated(
        source=None if part.source is None else part.source.code,
        funding=funding,
        percent=part.percent,
        amount=part.amount,
        inferred=part.inferred,
    )


def _amounts(sums: Sums) -> Amounts:
    return Amounts(amount=sums.amount, contracted=sums.contracted, spent=sums.spent)


def _sum(code: str | None, row: SumRow) -> SumStated:
    return SumStated(goal_code=code, parts=_parts(row.parts), sums=_amounts(row.sums), left_out=row.left_out)


def _source(snapshot: Snapshot, key: Key | None) -> str | None:
    source = snapshot.find(FundingSource, cast("PydanticObjectId | None", key))
    return None if source is None else source.code


def _checks(snapshot: Snapshot, day: date) -> Iterable[CheckStated]:
    for check in money_of(snapshot, day).checks:
        yield CheckStated(
            code=check.code.value,
            subject=check.subject,
            source=_source(snapshot, check.source),
            year=check.year,
            amounts=dict(check.amounts),
            percents=dict(check.percents),
        )


def _money(snapshot: Snapshot, day: date) -> Iterable[MoneyStated]:
    for (goal, source, year), sums in money_of(snapshot, day).cross(Axis.GOAL, Axis.SOURCE, Axis.YEAR).items():
        found = snapshot.find(Goal, cast("PydanticObjectId | None", goal))
        yield MoneyStated(
            goal_code=None if found is None else found.code,
            source=_source(snapshot, source),
            year=cast("int | None", year),
            sums=_amounts(sums),
        )


# --- the plan -------------------------------------------------------------------------------------------------


def _plan(snapshot: Snapshot, day: date, review: Review | None) -> PlanStated:
    plan: Plan = snapshot.plan
    organisation = snapshot.find(Organisation, plan.organisation)
    table = investment_table(snapshot, day)
    period: Period | None = None if review is None else review.period
    return PlanStated(
        slug=plan.slug,
        title=plan.title,
        organisation="" if organisation is None else organisation.name,
        first_year=plan.first_year,
        last_year=plan.last_year,
        state=plan.state,
        decision_number=plan.decision_number,
        decision_date=plan.decision_date,
        mission=plan.mission,
        vision=plan.vision,
        summary=plan.summary,
        day=day,
        period=period,
        progress=plan_progress(snapshot, day).value,
        counts=_counts(task_figures(snapshot, day).values()),
        goals=tuple(_goals(snapshot, day)),
        sources=tuple(
            SourceStated(key=str(source.key), code=source.code, name=source.name, funding=source.funding)
            for source in sources_in_order(snapshot)
        ),
        columns=table.columns,
        sums=(*(_sum(group.goal.code, group.sums) for group in table.groups), _sum(None, table.total)),
        money=tuple(_money(snapshot, day)),
        unit_money=tuple(
            UnitMoney(units=_units(snapshot, cast("tuple[Key, ...]", row.key or ())), sums=_amounts(row.sums))
            for row in money_of(snapshot, day).by(Axis.UNIT).rows
        ),
        checks=tuple(_checks(snapshot, day)),
        swot=tuple(_swot(snapshot)),
        terms=tuple(
            TermStated(word=term.word, meaning=term.meaning, sort=sort)
            for sort, terms in terms_of(snapshot).items()
            for term in terms
        ),
        sections=tuple(
            SectionStated(key=str(one.key), title=one.title, text=one.text, internal=one.internal)
            for one in sections_in_order(snapshot)
        ),
        illustrative=any(report.illustrative for report in snapshot.all(Report).values()),
        public_parts=tuple(plan.public_parts),
    )


def _goals(snapshot: Snapshot, day: date) -> Iterable[GoalStated]:
    progress = goal_progress(snapshot, day)
    for goal in goals_in_order(snapshot):
        combined = progress[goal.key]
        yield GoalStated(
            key=str(goal.key),
            code=goal.code,
            title=goal.title,
            description=goal.description,
            summary=goal.summary,
            weight=goal.weight,
            internal=goal.internal,
            progress=combined.value,
            reported=combined.reported,
            tasks=combined.total,
        )


def _swot(snapshot: Snapshot) -> Iterable[SwotStated]:
    for entries in entries_in_order(snapshot).values():
        for entry in entries:
            goals = (snapshot.find(Goal, key) for key in entry.goals)
            tasks = (snapshot.find(Task, key) for key in entry.tasks)
            yield SwotStated(
                key=str(entry.key),
                quadrant=entry.quadrant,
                text=entry.text,
                goals=tuple(goal.code for goal in goals if goal is not None),
                tasks=tuple(task.number for task in tasks if task is not None),
                internal=entry.internal,
            )


def _counts(figures: Collection[TaskFigures]) -> Counts:
    return Counts.of(
        ((one.execution, one.outcome, one.schedule) for one in figures),
        reported=sum(one.progress.reported for one in figures),
        last_report=max((one.last.on for one in figures if one.last is not None), default=None),
    )
