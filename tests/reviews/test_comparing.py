"""What differs between two statements, and the laws that hold of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stratplan.goals.states import Execution, Outcome, Schedule
from stratplan.period import Period
from stratplan.plans.models import FundingKind, TermKind
from stratplan.reviews.comparing import compare
from stratplan.reviews.comparison import Comparison, Ended, TaskChange
from stratplan.reviews.statement import (
    CellStated,
    CheckStated,
    FileStated,
    MilestoneStated,
    Move,
    PartStated,
    SectionStated,
    SourceStated,
    Statement,
    SwotStated,
    TaskStated,
    TermStated,
    UnitNamed,
)
from stratplan.swot.models import Quadrant
from stratplan.word_differences import Fate
from tests.reviews.statements import DAY, OTHER, SOURCES, UNIT, amounts, goal, line, report, statement, task


def changed(before: TaskStated, after: TaskStated) -> TaskChange:
    (found,) = compare(statement((before,)), statement((after,))).tasks.changed
    return found


def names(comparison: Comparison) -> list[str]:
    return [change.name for change in comparison.fields]


# --- tasks ----------------------------------------------------------------------------------------------------


def test_a_statement_differs_in_nothing_from_itself_however_the_days_go_by() -> None:
    same = statement((task(report=report()),), (line(),))
    later = same.model_copy(update={"plan": same.plan.model_copy(update={"day": date(2016, 12, 31)})})
    assert compare(same, same).is_empty
    assert compare(same, later).is_empty


def test_days_that_pass_change_nothing_of_a_task() -> None:
    before = task()
    after = task(days_left=365, elapsed=Fraction(2, 3), basis="milestones")
    assert compare(statement((before,)), statement((after,))).tasks.is_empty


def test_tasks_are_added_and_gone_by_their_key_and_not_by_their_number() -> None:
    found = compare(statement((task("t1"), task("t2"))), statement((task("t2"), task("t3", number="1.1"))))
    assert [one.key for one in found.tasks.added] == ["t3"]
    assert [one.key for one in found.tasks.gone] == ["t1"]
    assert found.tasks.changed == ()
    assert [(one.task.key, one.how) for one in found.ended] == [("t1", Ended.GONE)]


@pytest.mark.parametrize(
    ("execution", "how"), [(Execution.COMPLETED, Ended.COMPLETED), (Execution.CANCELLED, Ended.CANCELLED)]
)
def test_a_task_that_was_completed_or_cancelled_since_has_ended(execution: Execution, how: Ended) -> None:
    before, after = task(), task(execution=execution)
    found = compare(statement((before,)), statement((after,)))
    assert [(one.task, one.how) for one in found.ended] == [(after, how)]
    assert compare(statement((after,)), statement((after,))).ended == ()
    assert compare(statement((after,)), statement((before,))).ended == ()


def test_a_moved_deadline_says_from_when_to_when_by_how_many_days_how_often_and_by_whom() -> None:
    first = Move(before=date(2016, 6, 30), after=date(2016, 12, 31), on=date(2016, 3, 1), by="a")
    second = Move(before=date(2016, 12, 31), after=date(2017, 3, 31), on=date(2016, 11, 2), by="b")
    before = task(period=Period.parse("2015-Q1/2016-Q4"), moves=(first,))
    after = task(period=Period.parse("2015-Q1/2017-Q1"), moves=(first, second))
    deadline = changed(before, after).deadline
    assert deadline is not None
    assert (deadline.before, deadline.after, deadline.days) == (date(2016, 12, 31), date(2017, 3, 31), 90)
    assert (deadline.times, deadline.since) == (2, (second,))


def test_the_most_postponed_deadline_comes_first() -> None:
    ends = {"t1": "2015/2016", "t2": "2015/2018", "t3": "2015/2019"}
    after = statement(tuple(task(key, period=Period.parse(text)) for key, text in ends.items()))
    found = compare(statement(tuple(task(key) for key in ends)), after)
    assert [change.after.key for change in found.moved] == ["t3", "t2", "t1"]


def test_a_period_that_only_begins_on_another_day_is_a_changed_field() -> None:
    found = changed(task(), task(period=Period.parse("2016.–2017.")))
    assert found.deadline is None
    assert [change.name for change in found.fields] == ["period"]


def test_progress_is_told_in_exact_percent_points() -> None:
    progress = changed(task(progress=Fraction(1, 3)), task(progress=Fraction(1, 2))).progress
    assert progress is not None
    assert progress.points == Fraction(50, 3)


def test_states_are_told_from_and_to() -> None:
    late = task(execution=Execution.SUSPENDED, outcome=Outcome.NOT_REACHED, schedule=Schedule.OVERDUE)
    found = changed(task(), late)
    assert found.execution is not None
    assert found.outcome is not None
    assert found.schedule is not None
    assert (found.execution.before, found.execution.after) == (Execution.IN_PROGRESS, Execution.SUSPENDED)
    assert (found.outcome.before, found.outcome.after) == (Outcome.NOT_ASSESSED, Outcome.NOT_REACHED)
    assert (found.schedule.before, found.schedule.after) == (Schedule.ON_TRACK, Schedule.OVERDUE)
    assert found.is_newly_late
    assert not changed(late, late.model_copy(update={"title": "Cits"})).is_newly_late


def test_newly_late_are_also_tasks_that_were_added_late_the_longest_late_first() -> None:
    late = task("t1", schedule=Schedule.OVERDUE, period=Period.parse("2015-Q1/2016-Q2"))
    later = task("t2", schedule=Schedule.OVERDUE, period=Period.parse("2015-Q1/2016-Q1"))
    before = statement((late.model_copy(update={"schedule": Schedule.BEHIND}),))
    assert [one.key for one in compare(before, statement((late, later))).newly_late] == ["t2", "t1"]


@pytest.mark.parametrize(
    "values",
    [
        {"number": "1.9"},
        {"title": "Cits"},
        {"result": "Cits rezultāts"},
        {"goal_code": "SM2", "goal": "g2"},
        {"lead": OTHER},
        {"lead": None},
        {"partners": (OTHER,)},
        {"sources": ("PB",)},
        {"weight": Decimal(2)},
        {"internal": True},
    ],
)
def test_each_field_that_changed_is_told_before_and_after(values: dict[str, Any]) -> None:
    name = next(iter(values))
    (field,) = changed(task(), task(**values)).fields
    assert (field.name, field.before, field.after) == (name, getattr(task(), name), values[name])


def test_partners_and_sources_in_another_order_are_the_same() -> None:
    before = task(partners=(UNIT, OTHER), sources=("PB", "VB"))
    after = task(partners=(OTHER, UNIT), sources=("VB", "PB"))
    assert compare(statement((before,)), statement((after,))).tasks.is_empty


def test_a_renamed_unit_or_source_is_told_once_and_changes_no_task() -> None:
    named = UnitNamed(key=UNIT.key, name="Rīgas nodaļa")
    source = SOURCES[0].model_copy(update={"code": "PBB"})
    before = statement((task("t1", sources=("PB",)), task("t2")))
    after = statement((task("t1", sources=("PBB",), lead=named), task("t2", lead=named)), sources=(source, SOURCES[1]))
    found = compare(before, after)
    assert found.tasks.is_empty
    assert [(change.before, change.after) for change in found.units] == [(UNIT, named)]
    assert [change.after.code for change in found.sources.changed] == ["PBB"]


def test_texts_of_reports_are_told_by_their_words() -> None:
    before = task(report=report("r1", text="Nosūtīta pirmā atskaite."))
    after = task(report=report("r2", text="Nosūtīta otrā atskaite.", next_steps="Trešā."))
    found = changed(before, after)
    assert found.reported
    assert [change.name for change in found.said] == ["text", "next_steps"]
    assert [piece.text for piece in found.said[0].words if piece.fate is not Fate.EQUAL] == ["pirmā", "otrā"]


def test_a_first_report_is_told_against_nothing() -> None:
    (said,) = changed(task(), task(report=report())).said
    assert (said.name, said.before, said.after) == ("text", "", "Strādājam.")


def test_milestones_done_since_and_files_added_since_are_told() -> None:
    kept = MilestoneStated(key="m1", title="Sākts", due=None, done_on=DAY, weight=Decimal(1), is_done=True)
    coming = MilestoneStated(key="m2", title="Pusē", due=None, done_on=None, weight=Decimal(1), is_done=False)
    done = coming.model_copy(update={"done_on": DAY, "is_done": True})
    file = FileStated(key="f1", name="akts.pdf", size=1, sha256="0" * 64)
    found = changed(task(milestones=(kept, coming)), task(milestones=(kept, done), files=(file,)))
    assert (found.milestones_done, found.files_added, found.fields) == ((done,), (file,), ())


# --- money ----------------------------------------------------------------------------------------------------


def cell(source: str | None, *sums: int | None, year: int | None = 2016) -> CellStated:
    return CellStated(source=source, year=year, sums=amounts(*sums))


def test_money_is_told_by_source_planned_contracted_and_spent() -> None:
    before = statement((), (line(cells=(cell("PB", 100, 50), cell("VB", 10))),))
    after = statement((), (line(cells=(cell("PB", 100, 80, 30), cell("VB", 10))),))
    found = compare(before, after)
    (change,) = found.money
    assert (change.code, change.difference) == ("PB", amounts(0, 30, 30))
    assert found.total is not None
    assert found.total.difference == amounts(0, 30, 30)
    (of_line,) = found.lines.changed
    assert [one.code for one in of_line.sources] == ["PB"]


def test_the_money_of_a_renamed_source_has_not_moved() -> None:
    renamed = SOURCES[0].model_copy(update={"code": "PAB"})
    other = SourceStated(key="s3", code="PB", name="Projekta budžets", funding=FundingKind.OTHER)
    part = PartStated(source="PB", funding=FundingKind.MUNICIPAL, percent=None, amount=Decimal(100))
    before = statement((), (line(cells=(cell("PB", 100, 50),), parts=(part,)),))
    parts = (part.model_copy(update={"source": "PAB"}),)
    same = statement((), (line(cells=(cell("PAB", 100, 50),), parts=parts),), sources=(renamed, other))
    found = compare(before, same)
    assert (found.money, found.lines.is_empty) == ((), True)
    taken = statement((), (line(cells=(cell("PB", 100, 50),), parts=(part,)),), sources=(renamed, other))
    assert [(one.code, one.difference.amount) for one in compare(before, taken).money] == [("PAB", -100), ("PB", 100)]


def test_money_nobody_stated_is_not_zero() -> None:
    found = compare(statement((), (line(cells=(cell("PB", 5),)),)), statement((), (line(cells=(cell("PB", 7),)),)))
    assert found.money[0].difference == amounts(2, None, None)


def test_money_that_only_moved_to_another_year_is_told_by_its_cells() -> None:
    before, after = (statement((), (line(cells=(cell("PB", 5, year=year),)),)) for year in (2015, 2016))
    found = compare(before, after)
    assert found.money == ()
    (change,) = found.lines.changed
    assert change.sources == ()
    assert [(one.code, one.year, one.difference) for one in change.cells] == [
        ("PB", 2015, amounts(-5)),
        ("PB", 2016, amounts(5)),
    ]


def test_lines_are_added_gone_and_changed() -> None:
    before = statement((), (line("l1"), line("l2")))
    after = statement((), (line("l2", title="Cita", amount=Decimal(5)), line("l3")))
    found = compare(before, after).lines
    assert [one.key for one in found.added] == ["l3"]
    assert [one.key for one in found.gone] == ["l1"]
    assert [[field.name for field in change.fields] for change in found.changed] == [["title", "amount"]]


# --- the plan -------------------------------------------------------------------------------------------------


def test_texts_and_figures_of_the_plan_and_its_goals_are_told() -> None:
    before = statement((task(),), mission="Palīdzam.", goals=(goal(progress=Fraction(1, 4), tasks=1),))
    after = statement(
        (task(progress=Fraction(1, 2)), task("t2")),
        mission="Palīdzam visiem.",
        goals=(goal(progress=Fraction(1, 2), tasks=2, title="Cits"), goal("g2", "SM2")),
    )
    found = compare(before, after)
    assert names(found) == ["mission"]
    assert found.progress is not None
    assert found.progress.points == 25
    assert [(one.name, one.more) for one in found.counts] == [("goals", 1), ("tasks", 1), ("reported", 1)]
    assert [(one.name, one.before, one.after) for one in found.execution] == [("in_progress", 1, 2)]
    assert [one.code for one in found.goals.added] == ["SM2"]
    (change,) = found.goals.changed
    assert [field.name for field in change.fields] == ["title"]
    assert change.progress is not None
    assert [(one.name, one.more) for one in change.counts] == [("tasks", 1)]


def test_swot_terms_sections_and_checks_are_told() -> None:
    swot = SwotStated(key="w1", quadrant=Quadrant.WEAKNESS, text="Maz darbinieku")
    term = TermStated(word="PB", meaning="Pašvaldības budžets", sort=TermKind.ABBREVIATION)
    section = SectionStated(title="Ievads", text="Īsi.")
    check = CheckStated(code="parts", subject="1.1", amounts={"sum": Decimal(5)})
    before = statement(swot=(swot,), terms=(term,), sections=(section, section), checks=(check,))
    after = statement(
        swot=(swot.model_copy(update={"text": "Par maz darbinieku"}),),
        terms=(term.model_copy(update={"meaning": "Budžets"}), term.model_copy(update={"word": "VB"})),
        sections=(section, section.model_copy(update={"text": "Garāk."})),
    )
    found = compare(before, after)
    assert [change.fields[0].name for change in found.swot.changed] == ["text"]
    assert [change.fields[0].name for change in found.terms.changed] == ["meaning"]
    assert [one.word for one in found.terms.added] == ["VB"]
    assert [change.after.text for change in found.sections.changed] == ["Garāk."]
    assert found.checks.gone == (check,)


# --- laws -----------------------------------------------------------------------------------------------------

LAW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
shares = st.fractions(0, 1, max_denominator=20)
euros = st.none() | st.integers(0, 10**6)
sources = st.sampled_from(["PB", "VB", None])
cells = st.lists(
    st.builds(cell, sources, euros, euros, euros, year=st.sampled_from([2015, 2016, None])).filter(
        lambda one: not one.sums.is_empty
    ),
    max_size=4,
    unique_by=lambda one: (one.source, one.year),
).map(lambda found: tuple(sorted(found, key=lambda one: (str(one.source), str(one.year)))))


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    keys = draw(st.lists(st.sampled_from(["t1", "t2", "t3", "t4"]), unique=True))
    tasks = tuple(
        task(
            key,
            title=draw(st.sampled_from(["A", "B"])),
            progress=draw(shares),
            execution=draw(st.sampled_from(Execution)),
            schedule=draw(st.none() | st.sampled_from(Schedule)),
            period=Period.parse(draw(st.sampled_from(["2015", "2015/2016", "2015/2017"]))),
            report=draw(st.none() | st.builds(report, st.sampled_from(["r1", "r2"]))),
        )
        for key in keys
    )
    lines = tuple(line(key, draw(cells)) for key in draw(st.lists(st.sampled_from(["l1", "l2", "l3"]), unique=True)))
    return statement(tasks, lines)


@LAW
@given(statements())
def test_nothing_differs_from_itself(one: Statement) -> None:
    assert compare(one, one).is_empty


@LAW
@given(statements(), statements())
def test_only_equal_statements_have_no_differences(one: Statement, other: Statement) -> None:
    by_key = [
        (sorted(each.tasks, key=lambda t: t.key), sorted(each.lines, key=lambda t: t.key)) for each in (one, other)
    ]
    assert compare(one, other).is_empty == (by_key[0] == by_key[1])


@LAW
@given(statements(), statements())
def test_what_is_added_one_way_is_gone_the_other_way(one: Statement, other: Statement) -> None:
    there, back = compare(one, other), compare(other, one)
    for kind in ("tasks", "lines", "goals"):
        assert {item.key for item in getattr(there, kind).added} == {item.key for item in getattr(back, kind).gone}
        assert {change.after.key for change in getattr(there, kind).changed} == {
            change.after.key for change in getattr(back, kind).changed
        }


@LAW
@given(statements(), statements())
def test_progress_and_days_one_way_are_the_opposite_the_other_way(one: Statement, other: Statement) -> None:
    back = {change.after.key: change for change in compare(other, one).tasks.changed}
    for change in compare(one, other).tasks.changed:
        opposite = back[change.after.key]
        if change.progress is not None:
            assert opposite.progress is not None
            assert (change.progress.points or 0) + (opposite.progress.points or 0) == 0
        if change.deadline is not None:
            assert opposite.deadline is not None
            assert change.deadline.days + opposite.deadline.days == 0


@LAW
@given(statements(), statements())
def test_differences_of_money_add_up(one: Statement, other: Statement) -> None:
    found = compare(one, other)
    for name in ("amount", "contracted", "spent"):
        total = getattr(found.total.difference, name) if found.total else None
        assert sum(getattr(change.difference, name) or 0 for change in found.money) == (total or 0)
        for change in found.lines.changed:
            of_line = getattr(change.sums.difference, name) if change.sums else None
            assert sum(getattr(part.difference, name) or 0 for part in change.sources) == (of_line or 0)


@LAW
@given(statements(), statements(), statements())
def test_two_comparisons_one_after_another_add_up_to_the_one_across(
    first: Statement, second: Statement, third: Statement
) -> None:
    def spent(before: Statement, after: Statement) -> Decimal:
        total = compare(before, after).total
        return (total.difference.spent if total else None) or Decimal(0)

    assert spent(first, second) + spent(second, third) == spent(first, third)
