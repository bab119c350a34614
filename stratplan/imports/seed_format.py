"""The two kinds of seed file as they are written: a plan, and what was reported on one (docs/seed-format.md)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from stratplan.documents import Code, Headcount, Line, Money, OptionalLine, OptionalProse, Percent, Prose, Weight
from stratplan.goals.states import Execution, Outcome
from stratplan.i18n import N_
from stratplan.numbering import clean_number
from stratplan.period import Period
from stratplan.plans.models import FundingKind, PlanState, PublicPart, Slug, Year
from stratplan.units.models import UnitKind


def _read_with(parse: Callable[[str], Any], otherwise: str) -> BeforeValidator:
    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError(otherwise)
        return parse(value)

    return BeforeValidator(read)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if len(text) == 10 else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> date:
    raise ValueError(_DAY)


_DAY = N_("Write a day such as 2016-09-30.")
Day = Annotated[date, _read_with(_day, _DAY)]
WrittenPeriod = Annotated[Period, _read_with(Period.parse, N_("Write a period such as 2015 or 2015–2017."))]
Number = Annotated[Code, AfterValidator(clean_number)]
ReportedPercent = Annotated[int, Field(ge=0, le=100)]


class Shape(BaseModel):
    """One mapping of a seed file; a key that is not named here is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OrganisationShape(Shape):
    """Whose plan it is."""

    short: Code
    name: Line
    founded: Day | None = None


class PlanShape(Shape):
    """The plan itself."""

    slug: Slug
    title: Line
    years: Annotated[list[Year], Field(min_length=2, max_length=2)]
    state: PlanState = PlanState.DRAFT
    decision_number: OptionalLine = ""
    decision_date: Day | None = None
    mission: OptionalProse = ""
    vision: OptionalProse = ""
    summary: OptionalProse = ""
    published: bool = False
    public_parts: list[PublicPart] = []


class SectionShape(Shape):
    """A chapter of the plan's text."""

    title: Line
    text: Prose


class TermShape(Shape):
    """A term or an abbreviation."""

    word: Line
    meaning: Prose


class SourceShape(Shape):
    """A funding source."""

    code: Code
    name: Line
    kind: FundingKind


class UnitShape(Shape):
    """A unit; `key` names it inside the file only."""

    key: Code
    name: Line
    short: OptionalLine = ""
    kind: UnitKind
    parent: Code | None = None
    headcount: Headcount | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None


class GoalShape(Shape):
    """A goal."""

    code: Number
    title: Line
    description: OptionalProse = ""
    summary: OptionalProse = ""
    weight: Weight | None = None


class MilestoneShape(Shape):
    """A milestone; without `done_on` it is not done."""

    title: Line
    due: Day | None = None
    done_on: Day | None = None
    weight: Weight | None = None


class TaskShape(Shape):
    """A task of a goal."""

    number: Number
    goal: Number
    title: Line
    result: OptionalProse = ""
    period: WrittenPeriod
    lead: Code | None = None
    partners: list[Code] = []
    sources: list[Code] = []
    weight: Weight | None = None
    milestones: list[MilestoneShape] = []


class ShareShape(Shape):
    """What a source pays of an investment line."""

    source: Code
    percent: Percent | None = None
    amount: Money | None = None
    inferred: bool = False


class StageShape(Shape):
    """A step in which an investment line is carried out."""

    title: Line
    period: WrittenPeriod | None = None
    amount: Money | None = None
    done_on: Day | None = None


class InvestmentShape(Shape):
    """A line of the investment plan."""

    number: Number
    goal: Number
    title: Line
    heading: bool = False
    tasks: list[Number] = []
    amount: Money | None = None
    yearly: bool = False
    period: WrittenPeriod | None = None
    shares: list[ShareShape] = []
    stages: list[StageShape] = []
    note: OptionalProse = ""


class SwotShape(Shape):
    """A statement of the analysis, with what answers it."""

    text: Prose
    goals: list[Number] = []
    tasks: list[Number] = []


class MatrixShape(Shape):
    """The four fields of the analysis."""

    strengths: list[SwotShape] = []
    weaknesses: list[SwotShape] = []
    opportunities: list[SwotShape] = []
    threats: list[SwotShape] = []


class PlanFile(Shape):
    """A whole plan."""

    stratplan: Literal["1"]
    organisation: OrganisationShape
    plan: PlanShape
    sections: list[SectionShape] = []
    terms: list[TermShape] = []
    abbreviations: list[TermShape] = []
    sources: list[SourceShape] = []
    units: list[UnitShape] = []
    goals: list[GoalShape] = []
    tasks: list[TaskShape] = []
    investments: list[InvestmentShape] = []
    swot: MatrixShape = MatrixShape()


class ReportShape(Shape):
    """What was reported of a task on a day."""

    task: Number
    on: Day
    percent: ReportedPercent | None = None
    execution: Execution
    outcome: Outcome = Outcome.NOT_ASSESSED
    text: OptionalProse = ""
    next_steps: OptionalProse = ""
    obstacles: OptionalProse = ""


class PartShape(Shape):
    """What is apart in a unit's part of a review; `returned` is when it was returned with the remark."""

    unit: Line
    on_behalf: bool = False
    returned: Day | None = None
    remark: OptionalProse = ""


class ReviewShape(Shape):
    """A review; without `closed` it is open. What was reported from `opened` up to `closed` was sent in for it."""

    period: WrittenPeriod
    opened: Day
    due: Day
    note: OptionalProse = ""
    parts: list[PartShape] = []
    closed: Day | None = None
    decision_number: OptionalLine = ""
    decision_date: Day | None = None


class TaskMilestonesShape(Shape):
    """The milestones of a task."""

    task: Number
    milestones: list[MilestoneShape]


class PlannedShape(Shape):
    """The money planned for an investment line, by year and source."""

    line: Number
    years: dict[Year, dict[Code, Money]]


class MoneyShape(Shape):
    """The money of one line, source and year contracted and spent so far, as known on a day."""

    line: Number
    on: Day
    source: Code
    year: Year
    contracted: Money | None = None
    spent: Money | None = None


class ProgressFile(Shape):
    """What was reported on a plan; `illustrative` marks it as invented for demonstration."""

    stratplan: Literal["1"]
    plan: Slug
    illustrative: bool = False
    milestones: list[TaskMilestonesShape] = []
    reports: list[ReportShape] = []
    planned: list[PlannedShape] = []
    money: list[MoneyShape] = []
    reviews: list[ReviewShape] = []
