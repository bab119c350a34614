"""What the forms of the investment plan ask for, and how it becomes a line's values."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from beanie import PydanticObjectId
from pydantic import AfterValidator, Field, model_validator

from stratplan import i18n
from stratplan.documents import Code, Line, OptionalProse
from stratplan.forms import (
    ChosenField,
    DayField,
    FormModel,
    MoneyField,
    OptionalPeriod,
    PercentField,
    ReferenceField,
    RequiredDay,
    Versioned,
    one_chosen,
)
from stratplan.i18n import N_
from stratplan.investments.models import InvestmentLine, Share, Stage, YearAmount
from stratplan.numbering import clean_number
from stratplan.plans.models import FundingSource, Year

SPARE_SHARES = 3
SPARE_STAGES = 2


class ShareFields(FormModel):
    """What one source pays."""

    source: ReferenceField = None
    percent: PercentField = None
    amount: MoneyField = None
    inferred: bool = False

    @model_validator(mode="after")
    def _says_how_much_of_what(self) -> ShareFields:
        if self.source is None:
            raise ValueError(N_("Choose the source."))
        if (self.percent is None) == (self.amount is None):
            raise ValueError(N_("Give each source either a percentage or an amount."))
        return self

    def share(self) -> Share:
        """The share as the line keeps it."""
        return Share(source=one_chosen(self.source), percent=self.percent, amount=self.amount, inferred=self.inferred)


class StageFields(FormModel):
    """One stage of a line."""

    key: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,40}$")] = ""
    title: Line
    period: OptionalPeriod = None
    amount: MoneyField = None
    done_on: DayField = None

    def stage(self) -> Stage:
        """The stage as the line keeps it; a new one gets a key of its own."""
        return Stage(**{**dict(self), "key": self.key or secrets.token_hex(4)})


class PlannedFields(FormModel):
    """One cell of the grid of sources and years; empty ones are left out."""

    source: ChosenField
    year: Year
    amount: MoneyField = None


class HeadingForm(FormModel):
    """A heading: the lines under its number, and the total that the document states for them, if it does."""

    number: Annotated[Code, AfterValidator(clean_number)]
    title: Line
    goal: ChosenField
    tasks: list[ChosenField] = []
    amount: MoneyField = None
    yearly: bool = False
    note: OptionalProse = ""
    internal: bool = False

    def values(self) -> dict[str, Any]:
        """The line's fields."""
        return {name: getattr(self, name) for name in HeadingForm.model_fields}


class LineForm(HeadingForm):
    """A line: what it costs, who pays how much of it, when, and in which stages."""

    period: OptionalPeriod = None
    shares: Annotated[list[ShareFields], Field(max_length=30)] = []
    stages: Annotated[list[StageFields], Field(max_length=100)] = []
    planned: Annotated[list[PlannedFields], Field(max_length=500)] = []

    def values(self) -> dict[str, Any]:
        """The line's fields."""
        return {
            **super().values(),
            "period": self.period,
            "shares": [fields.share() for fields in self.shares],
            "stages": [fields.stage() for fields in self.stages],
            "planned": [
                YearAmount(source=fields.source, year=fields.year, amount=fields.amount)
                for fields in self.planned
                if fields.amount is not None
            ],
        }


class HeadingEdit(HeadingForm, Versioned):
    """The same, of a heading that exists."""


class LineEdit(LineForm, Versioned):
    """The same, of a line that exists."""


class MoneyForm(Versioned):
    """EUR contracted and spent so far of one source's money for one year, as known on a day."""

    on: RequiredDay
    source: ChosenField
    year: Year
    contracted: MoneyField = None
    spent: MoneyField = None

    @model_validator(mode="after")
    def _says_something(self) -> MoneyForm:
        if self.contracted is None and self.spent is None:
            raise ValueError(N_("Enter what is contracted, what is spent, or both."))
        return self


def filled_values(line: InvestmentLine, sources: Sequence[FundingSource], years: Sequence[int]) -> dict[str, Any]:
    """What the form of a line shows: its fields, and its planned amounts as the whole grid of sources and years."""
    amount = None if line.amount is None else i18n.amount(line.amount)
    return {**dict(line), "amount": amount, "planned": planned_grid(line, sources, years)}


def planned_grid(
    line: InvestmentLine | None, sources: Sequence[FundingSource], years: Sequence[int]
) -> list[dict[str, Any]]:
    """A cell for each source and year, source by source."""
    known: dict[tuple[PydanticObjectId, int], Decimal] = {}
    for entry in line.planned if line else ():
        known[entry.source, entry.year] = known.get((entry.source, entry.year), Decimal(0)) + entry.amount
    return [
        {"source": source.key, "year": year, "amount": i18n.amount(amount) if amount is not None else None}
        for source in sources
        for year in years
        for amount in [known.get((source.key, year))]
    ]


def grid_years(plan_years: range, line: InvestmentLine | None) -> list[int]:
    """The years that amounts can be planned for: the plan's, the line's own, and those that have some already."""
    years = set(plan_years)
    if line is not None:
        years |= set(line.period.years()) if line.period else set()
        years |= {entry.year for entry in line.planned}
    return sorted(years)


def last_reported(line: InvestmentLine, source: PydanticObjectId | None, year: int, day: date) -> dict[str, Any]:
    """The sums last reported of a source and year up to the day, to begin the next report with."""
    found: dict[str, Any] = {"contracted": None, "spent": None}
    for entry in sorted(line.money_reports, key=lambda entry: entry.on):
        if (entry.source, entry.year) == (source, year) and entry.on <= day:
            found |= {name: i18n.amount(value) for name in found if (value := getattr(entry, name)) is not None}
    return found
