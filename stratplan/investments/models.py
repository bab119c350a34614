"""The lines of the investment plan: amounts, shares by source, stages, and the money planned, contracted and spent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field, field_validator, model_validator
from pymongo import ASCENDING, IndexModel

from stratplan import audit
from stratplan.actors import Actor
from stratplan.documents import (
    Code,
    Key,
    Line,
    Link,
    LivingDocument,
    Money,
    OnDelete,
    OptionalProse,
    Part,
    Percent,
    Reference,
    References,
)
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.i18n import N_, _
from stratplan.numbering import clean_number
from stratplan.period import Period
from stratplan.permissions import Permission
from stratplan.plans.models import PublicPart, Year


class Share(Part):
    """What one source pays of a line: a percentage of it or an amount; `inferred` when the document leaves it open."""

    source: Reference
    percent: Percent | None = None
    amount: Money | None = None
    inferred: bool = False

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Share:
        if (self.percent is None) == (self.amount is None):
            raise ValueError(N_("Give each source either a percentage or an amount."))
        return self


class Stage(Part):
    """A step in which a line is carried out."""

    key: Key
    title: Line
    period: Period | None = None
    amount: Money | None = None
    done_on: date | None = None

    labels: ClassVar = {
        "title": N_("Title"),
        "period": N_("Period"),
        "amount": N_("Indicative amount"),
        "done_on": N_("Done on"),
    }


class YearAmount(Part):
    """What one source is planned to pay in one year."""

    source: Reference
    year: Year
    amount: Money


class MoneyReport(Part):
    """Sums contracted and spent so far for one source and year, as known on a day."""

    on: date
    source: Reference
    year: Year
    contracted: Money | None = None
    spent: Money | None = None
    illustrative: bool = False


class InvestmentLine(LivingDocument):
    """A line of the investment plan, in that plan's own numbering; a heading only groups the lines under its number.

    A heading's amount is a total that the document states: it is compared with the sum of its lines, never counted.
    """

    number: Code
    title: Line
    goal: Reference
    tasks: References = []
    heading: bool = False
    amount: Money | None = None
    yearly: bool = False
    period: Period | None = None
    shares: Annotated[list[Share], Field(max_length=30)] = []
    stages: Annotated[list[Stage], Field(max_length=100)] = []
    planned: Annotated[list[YearAmount], Field(max_length=500)] = []
    money_reports: Annotated[list[MoneyReport], Field(max_length=5000)] = []
    note: OptionalProse = ""
    internal: bool = False

    kind: ClassVar = "line"
    noun: ClassVar = N_("investment line")
    written_with: ClassVar = (Permission.INVESTMENTS_WRITE,)
    labels: ClassVar = {
        "number": N_("Number"),
        "title": N_("Title"),
        "goal": N_("Goal"),
        "tasks": N_("Tasks it pays for"),
        "heading": N_("Heading"),
        "amount": N_("Indicative amount"),
        "yearly": N_("Each year"),
        "period": N_("Period"),
        "shares": N_("Shares by source"),
        "stages": N_("Stages"),
        "planned": N_("Planned by year"),
        "money_reports": N_("Contracted and spent"),
        "note": N_("Note"),
        "internal": N_("Internal"),
    }
    texts: ClassVar = frozenset({"number", "title", "amount", "yearly", "period", "shares", "planned", "note"})
    links: ClassVar = (
        Link("goal", "goal"),
        Link("tasks", "task", OnDelete.UNLINK),
        Link("shares.source", "source"),
        Link("planned.source", "source"),
        Link("money_reports.source", "source"),
    )
    unique: ClassVar = ("number",)

    class Settings:
        name = "investment_lines"
        indexes: ClassVar = [IndexModel([("scope", ASCENDING), ("deleted", ASCENDING)])]

    @field_validator("number")
    @classmethod
    def _number_is_clean(cls, number: str) -> str:
        return clean_number(number)

    @model_validator(mode="after")
    def _a_heading_states_at_most_a_total(self) -> InvestmentLine:
        if self.heading and (self.shares or self.planned or self.money_reports):
            raise ValueError(N_("A heading may state a total; shares and planned amounts belong to its lines."))
        return self

    @property
    def caption(self) -> str:
        return f"{self.number} {self.title}"

    def public(self, parts: frozenset[str]) -> InvestmentLine | None:
        return self if PublicPart.FUNDING in parts and not self.internal else None

    async def report_money(
        self,
        *,
        on: date,
        source: Reference,
        year: int,
        contracted: Decimal | None,
        spent: Decimal | None,
        illustrative: bool = False,
        by: Actor,
        based_on: int,
    ) -> audit.AuditEntry | None:
        """Report the EUR contracted and spent so far from `source` for `year`, as known on the day `on`.

        A second report of the same day, source and year replaces the first; None where it says the same.
        """
        fresh = MoneyReport(
            on=on, source=source, year=year, contracted=contracted, spent=spent, illustrative=illustrative
        )
        reports = self.with_money_reports([fresh])
        if self.heading:
            raise RuleBroken(_("Money is reported on the lines under a heading, not on the heading."))
        if based_on != self.version:
            raise StaleEdit(self, {"money_reports": reports}, await audit.entries_since(self, based_on))
        if reports == self.money_reports:
            return None
        return await audit.record("line.money_reported", [audit.changed(self, money_reports=reports)], by=by)

    def with_money_reports(self, fresh: Sequence[MoneyReport]) -> list[MoneyReport]:
        """The reports on the line's money with `fresh` ones among them, each in place of one of the same day, source
        and year."""
        replaced = {(entry.on, entry.source, entry.year) for entry in fresh}
        kept = [entry for entry in self.money_reports if (entry.on, entry.source, entry.year) not in replaced]
        return sorted([*kept, *fresh], key=lambda entry: (entry.on, entry.year, str(entry.source)))

    @classmethod
    async def renumber(cls, numbered: Sequence[tuple[InvestmentLine, str]], *, by: Actor) -> audit.AuditEntry | None:
        """Give lines the numbers beside them, in one change."""
        edits = [audit.changed(line, number=number) for line, number in numbered if line.number != number]
        return await audit.record("line.renumbered", edits, by=by) if edits else None
