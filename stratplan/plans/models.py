"""The plan itself, its texts, terms and funding sources."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, ClassVar

from beanie import PydanticObjectId
from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pymongo import ASCENDING, IndexModel

from stratplan.actors import Actor
from stratplan.audit import AuditEntry
from stratplan.choice import Choice
from stratplan.database import Session, in_transaction
from stratplan.documents import Code, Line, Link, LivingDocument, OptionalLine, OptionalProse, Prose, Reference
from stratplan.i18n import N_
from stratplan.permissions import Permission

OWN_ADDRESSES = frozenset({"new", "restore"})  # of pages beside the plans


def _is_free(slug: str) -> str:
    if slug in OWN_ADDRESSES:
        raise ValueError(N_("This address is taken by a page of the site. Choose another."))
    return slug


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60), AfterValidator(_is_free)]
Year = Annotated[int, Field(ge=1990, le=2100)]
# A host that a browser may be told of: a name, or this machine's own address; with a port where it has one of its own.
WIDGET_HOST = (
    r"^(https://)?(127\.0\.0\.1|(?=[a-z0-9.-]*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    r"(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*)(:[0-9]{1,5})?$"
)
WidgetHost = Annotated[str, StringConstraints(pattern=re.compile(WIDGET_HOST), max_length=260)]
WidgetHosts = Annotated[list[WidgetHost], Field(max_length=20)]
BY_SCOPE = IndexModel([("scope", ASCENDING), ("deleted", ASCENDING)])


class PlanState(Choice):
    """How far the council has taken a plan."""

    DRAFT = "draft", N_("Draft"), "neutral", "pencil"
    APPROVED = "approved", N_("Approved"), "success", "stamp"
    ARCHIVED = "archived", N_("Archived"), "muted", "archive"


class PublicPart(Choice):
    """What of a published plan residents see beside its goals, tasks, responsible units and progress."""

    REPORTS = "reports", N_("What units wrote in their reports"), "info", "message-square-text"
    FUNDING = "funding", N_("Investment plan and money"), "info", "banknote"
    SWOT = "swot", N_("SWOT analysis"), "info", "scale"
    TEXTS = "texts", N_("Chapters of the plan's text"), "info", "book-open"
    REVIEWS = "reviews", N_("Closed reviews"), "info", "clipboard-list"


class Visibility(Choice):
    """Who may look at a plan, or at a part of it."""

    PUBLISHED = "public", N_("Published"), "success", "globe"
    INTERNAL = "internal", N_("Only for members"), "neutral", "lock"


class FundingKind(Choice):
    """Whose money a funding source is; decides the investment plan's column."""

    MUNICIPAL = "municipal", N_("Municipal budget"), "info", "landmark"
    STATE = "state", N_("State budget"), "info", "building-2"
    EU = "eu", N_("European Union"), "info", "globe"
    LOAN = "loan", N_("Loan"), "info", "banknote"
    OTHER = "other", N_("Other"), "info", "hand-coins"


class TermKind(Choice):
    """A word explained, or an abbreviation spelled out."""

    TERM = "term", N_("Term")
    ABBREVIATION = "abbreviation", N_("Abbreviation")

    @property
    def plural(self) -> str:
        """What a list of them is called."""
        return N_("Terms") if self is TermKind.TERM else N_("Abbreviations")

    @property
    def addition(self) -> str:
        """What adding one is called."""
        return N_("Add a term") if self is TermKind.TERM else N_("Add an abbreviation")


class Organisation(LivingDocument):
    """Whose plans and units these are; its scope is itself."""

    name: Line
    short: Code
    founded: date | None = None

    kind: ClassVar = "organisation"
    noun: ClassVar = N_("organisation")
    written_with: ClassVar = (Permission.PLANS_WRITE,)
    labels: ClassVar = {"name": N_("Name"), "short": N_("Short name"), "founded": N_("Founded")}

    class Settings:
        name = "organisations"
        indexes: ClassVar = [BY_SCOPE]

    @property
    def caption(self) -> str:
        return self.name

    def public(self, parts: frozenset[str]) -> Organisation:
        return self


class Plan(LivingDocument):
    """A strategy with its years, state and main texts; its scope is itself."""

    slug: Slug
    title: Line
    organisation: Reference
    first_year: Year
    last_year: Year
    state: PlanState = PlanState.DRAFT
    decision_number: OptionalLine = ""
    decision_date: date | None = None
    mission: OptionalProse = ""
    vision: OptionalProse = ""
    summary: OptionalProse = ""
    published: bool = False
    public_parts: list[PublicPart] = []
    widget_hosts: WidgetHosts = []
    asks_second_factor: bool = False

    kind: ClassVar = "plan"
    noun: ClassVar = N_("plan")
    written_with: ClassVar = (Permission.PLANS_WRITE,)
    apart: ClassVar = {
        "published": Permission.PLANS_PUBLISH,
        "public_parts": Permission.PLANS_PUBLISH,
        "widget_hosts": Permission.PLANS_PUBLISH,
        "asks_second_factor": Permission.MEMBERS_WRITE,
    }
    labels: ClassVar = {
        "title": N_("Title"),
        "slug": N_("Address"),
        "first_year": N_("First year"),
        "last_year": N_("Last year"),
        "state": N_("State"),
        "decision_number": N_("Number of the decision"),
        "decision_date": N_("Date of the decision"),
        "mission": N_("Mission"),
        "vision": N_("Vision"),
        "summary": N_("In easy language"),
        "published": N_("Published"),
        "public_parts": N_("What residents see too"),
        "widget_hosts": N_("Sites that may show the card"),
        "asks_second_factor": N_("Asks for a second factor"),
    }
    texts: ClassVar = frozenset({"title", "mission", "vision", "summary"})
    links: ClassVar = (Link("organisation", "organisation"),)

    class Settings:
        name = "plans"
        indexes: ClassVar = [
            BY_SCOPE,
            IndexModel([("slug", ASCENDING)], unique=True, partialFilterExpression={"deleted": False}),
        ]

    @model_validator(mode="after")
    def _years_run_forward(self) -> Plan:
        if self.last_year < self.first_year:
            raise ValueError(N_("The last year is before the first."))
        return self

    @property
    def caption(self) -> str:
        return self.title

    def public(self, parts: frozenset[str]) -> Plan:
        return self

    async def publish(self, parts: Sequence[PublicPart], *, by: Actor, based_on: int) -> AuditEntry | None:
        """Let residents see the plan, with `parts` beside goals, tasks and progress; at once, without signing in."""
        values = {"published": True, "public_parts": [part for part in PublicPart if part in parts]}
        return await self.edit(values, by=by, based_on=based_on, tag="published")

    async def withdraw(self, *, by: Actor, based_on: int) -> AuditEntry | None:
        """Let only its members see the plan, at once; what was chosen to be public is remembered."""
        return await self.edit({"published": False}, by=by, based_on=based_on, tag="withdrawn")

    def is_open_to(self, *, is_strong: bool) -> bool:
        """Whether its members are told of it at a sign-in with a second factor (strong) or without one."""
        return is_strong or not self.asks_second_factor

    @property
    def visibility(self) -> Visibility:
        """Whether residents see the plan."""
        return Visibility.PUBLISHED if self.published else Visibility.INTERNAL

    @property
    def years(self) -> range:
        """The plan's years, first to last."""
        return range(self.first_year, self.last_year + 1)

    async def add(self, *, by: Actor, organisation: Organisation | None = None) -> AuditEntry:
        """Write this new plan, and its organisation where that is new too: both or neither."""

        async def work(_session: Session) -> AuditEntry:
            if organisation is not None:
                await organisation.add(by=by)
            return await super(Plan, self).add(by=by)

        return await in_transaction(work, key=self.scope)

    @classmethod
    def new(cls, **values: object) -> Plan:
        """A plan with an id that is its scope too."""
        key = PydanticObjectId()
        return cls(id=key, scope=key, **values)


class Section(LivingDocument):
    """A chapter of the plan's text (problems and needs, …)."""

    order: int = 0
    title: Line
    text: Prose
    internal: bool = False

    kind: ClassVar = "section"
    noun: ClassVar = N_("chapter")
    written_with: ClassVar = (Permission.PLANS_WRITE,)
    labels: ClassVar = {
        "title": N_("Title"),
        "text": N_("Text"),
        "internal": N_("Internal"),
        "order": N_("Place"),
    }
    texts: ClassVar = frozenset({"title", "text"})

    class Settings:
        name = "sections"
        indexes: ClassVar = [BY_SCOPE]

    @property
    def caption(self) -> str:
        return self.title

    def public(self, parts: frozenset[str]) -> Section | None:
        return self if PublicPart.TEXTS in parts and not self.internal else None


class Term(LivingDocument):
    """A word of the plan explained, or an abbreviation spelled out."""

    sort: TermKind = TermKind.TERM
    word: Line
    meaning: Prose

    kind: ClassVar = "term"
    noun: ClassVar = N_("term")
    written_with: ClassVar = (Permission.PLANS_WRITE,)
    labels: ClassVar = {"word": N_("Word"), "meaning": N_("Meaning"), "sort": N_("Kind")}
    texts: ClassVar = frozenset({"word", "meaning"})
    unique: ClassVar = ("word",)

    class Settings:
        name = "terms"
        indexes: ClassVar = [BY_SCOPE]

    @property
    def caption(self) -> str:
        return self.word

    def public(self, parts: frozenset[str]) -> Term:
        return self


class FundingSource(LivingDocument):
    """Where money comes from, as the plan names it: PB, VB, ERAF, …"""

    code: Code
    name: Line
    funding: FundingKind
    order: int = 0

    kind: ClassVar = "source"
    noun: ClassVar = N_("funding source")
    written_with: ClassVar = (Permission.PLANS_WRITE,)
    labels: ClassVar = {
        "code": N_("Code"),
        "name": N_("Name"),
        "funding": N_("Kind"),
        "order": N_("Place"),
    }
    texts: ClassVar = frozenset({"code", "name"})
    unique: ClassVar = ("code",)

    class Settings:
        name = "funding_sources"
        indexes: ClassVar = [BY_SCOPE]

    @property
    def caption(self) -> str:
        return self.code

    def public(self, parts: frozenset[str]) -> FundingSource:
        return self
