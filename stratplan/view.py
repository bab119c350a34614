"""The view of a plan: what one reader sees of it on one day; and what the whole application shares for it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from beanie import PydanticObjectId
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stratplan import i18n
from stratplan.abbreviations import explain_abbreviations
from stratplan.assets import Assets
from stratplan.documents import LivingDocument
from stratplan.errors import NotVisible
from stratplan.frame import Reader
from stratplan.guard import plan_of
from stratplan.i18n import _
from stratplan.permissions import Permission, Rights
from stratplan.plans.models import Plan, Term, TermKind
from stratplan.snapshot import Snapshot, Snapshots

D = TypeVar("D", bound=LivingDocument)

VARIANTS_HELD = 4
# Whose pages these are, by how their paths begin; the others are for all who see the plan.
NEEDED = (
    (("/investments", "/figures/money", "/figures/checks"), Permission.INVESTMENTS_READ),
    (("/swot",), Permission.SWOT_READ),
    (("/reviews", "/since", "/trends"), Permission.REVIEWS_READ),
    (("/history",), Permission.HISTORY_READ),
    (("/discussion",), Permission.DISCUSSION_READ),
    (("/evidence",), Permission.EVIDENCE_READ),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A small sign beside a document in a list, of what another slice has about it; leads to `anchor` on its page.

    `label` is read out in place of `text`.
    """

    icon: str
    text: str
    label: str
    anchor: str
    tone: str = "neutral"


Marker = Callable[["View", LivingDocument], Mark | None]


class Site:
    """What the whole application shares: snapshots, templates, assets, the clock, and the limit on files."""

    def __init__(
        self,
        *,
        templates: Path,
        assets: Assets,
        today: Callable[[], date] = i18n.today,
        language: str = "lv",
        address: str | None = None,
        markers: Sequence[Marker] = (),
        largest_file: int = 0,
    ) -> None:
        self.language = language  # of those who have not chosen one
        self.address = address  # of the whole site as people reach it, where it is set
        self.snapshots = Snapshots()
        self.markers = markers
        self.largest_file = largest_file
        self.assets = assets
        self.today = today
        self.environment = Environment(
            loader=FileSystemLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        i18n.install(self.environment)
        self.environment.globals["assets"] = assets


class View:
    """A plan as one reader sees it on one day: what handlers compute from and templates link with."""

    def __init__(
        self,
        site: Site,
        snapshot: Snapshot,
        reader: Reader,
        rights: Rights,
        day: date,
        asked: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.site = site
        self.snapshot = snapshot
        self.reader = reader
        self.rights = rights
        self.day = day
        self.asked = asked
        self.today = site.today()
        self.is_today = day == self.today
        self._base = f"/plans/{snapshot.plan.slug}"

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.snapshot.plan

    @cached_property
    def has_illustrative(self) -> bool:
        """Whether some of what is reported is invented, for showing the product."""
        return self.snapshot.derive(
            "has_illustrative",
            lambda: any(
                True in self.snapshot.each("illustrative", kind, _is_illustrative).values()
                for kind in LivingDocument.kinds.values()
                if {"illustrative", "money_reports"} & kind.model_fields.keys()
            ),
        )

    @cached_property
    def abbreviations(self) -> Mapping[str, str]:
        """What the plan's abbreviations stand for."""
        return self.snapshot.derive(
            "abbreviations",
            lambda: {
                term.word: term.meaning
                for term in self.snapshot.all(Term).values()
                if term.sort is TermKind.ABBREVIATION
            },
        )

    @property
    def quarters(self) -> list[tuple[str, str]]:
        """The ends of the plan's quarters (label, ISO day), for looking back; not those to come."""
        ends = [
            (year, which, date(year, which * 3, 30 if which in (2, 3) else 31))
            for year in self.plan.years
            for which in (1, 2, 3, 4)
        ]
        return [(i18n.quarter(year, which), day.isoformat()) for year, which, day in ends if day <= self.today]

    @property
    def query(self) -> list[tuple[str, str]]:
        """What the reader's address asks for beside the day, to be kept when the day is changed."""
        return [(name, value) for name, value in self.asked if name != "as_of"]

    def url(self, path: str = "", **parameters: Any) -> str:
        """The address of a page of this plan ("/tasks", or a whole path with or without a query).

        Keeps the day that is looked at unless `as_of` says otherwise; parameters that are None or empty are left out.
        """
        bare, _mark, query = path.partition("?")
        base = self._base
        if not (bare == base or bare.startswith(base + "/")):
            bare = base + quote(bare)
        if self.is_today and not query and not parameters:
            return bare
        merged: dict[str, Any] = {} if self.is_today else {"as_of": self.day.isoformat()}
        for name, value in parse_qsl(query):
            if name in merged and name != "as_of":
                merged[name] = [*(merged[name] if isinstance(merged[name], list) else [merged[name]]), value]
            elif name != "as_of":
                merged[name] = value
        merged |= parameters
        kept = {name: value for name, value in merged.items() if value not in (None, "", [])}
        return bare + (f"?{urlencode(kept, doseq=True)}" if kept else "")

    def reworded_on(self, document: LivingDocument) -> date | None:
        """The day on which a text of the document was last changed, where that is after the day looked at: `as_of`
        takes figures back in time, not texts, and a page says so."""
        if document.worded_at is None:
            return None
        changed = i18n.day_of(document.worded_at)
        return changed if changed > self.day else None

    def can(self, permission: str, about: LivingDocument | None = None) -> bool:
        """Whether the reader is offered this here (about this document, where one is given): only looking, on a page
        that shows a past day."""
        responsible = None if about is None else about.responsible
        return self.rights.allow(Permission(permission), responsible) and (
            self.is_today or permission.endswith(":read")
        )

    def has(self, path: str) -> bool:
        """Whether the reader may look at this page of the plan ("/investments/1.1"); an empty path is no page."""
        return bool(path) and all(self.can(needed) for starts, needed in NEEDED if path.startswith(starts))

    def can_undo(self, by: str, kinds: Collection[str], tag: str = "") -> bool:
        """Whether the reader is offered to take back a change that `by` made to documents of these kinds, recorded as
        `tag`: who could not make such a change today cannot take it back either. What is about single units is looked
        at when it is done."""
        if any(tag in LivingDocument.kinds[kind].final for kind in kinds):
            return False
        is_own = self.reader.account is not None and by == self.reader.actor.id
        if not (self.can(Permission.HISTORY_UNDO) or (is_own and self.can(Permission.HISTORY_UNDO_OWN))):
            return False
        return all(
            any(self.rights.allow_somewhere(right) for right in LivingDocument.kinds[kind].written_with)
            for kind in kinds
            if not (kind == "task" and "report" in kinds)  # a report marks its task's milestones
            and not (kind == "line" and "submission" in kinds)  # a unit's part of a review says what was spent
        )

    def name_of(self, identity: str) -> str:
        """What the one who made a change is called; nothing to residents, who are told of units, not of people."""
        return self.snapshot.name_of(identity) if self.rights.sees_unpublished else ""

    def marks(self, document: LivingDocument) -> list[Mark]:
        """What other slices have about a document, as signs beside it."""
        return [mark for marker in self.site.markers if (mark := marker(self, document)) is not None]

    def explain(self, text: str) -> list[tuple[str, str | None]]:
        """A text in pieces, each abbreviation with what it stands for."""
        return explain_abbreviations(text, self.abbreviations)

    def get(self, kind: type[D], key: str) -> D:
        """The living document with this id in an address, or NotVisible."""
        found = self.snapshot.find(kind, PydanticObjectId(key)) if PydanticObjectId.is_valid(key) else None
        if found is None:
            raise NotVisible(_("There is no such page."))
        return found

    def pieces(self, name: str) -> dict[Any, str]:
        """Pieces of pages made earlier from this snapshot for this day, language and rights, to be used again and added
        to: the rows of a long table. Only the last few variants are held."""
        held: dict[Any, dict[Any, str]] = self.snapshot.derive(("pieces", name), dict)
        variant = (self.day, self.is_today, self.reader.language, self.rights)
        if variant not in held:
            while len(held) >= VARIANTS_HELD:
                del held[next(iter(held))]
            held[variant] = {}
        return held[variant]

    async def fresh(self) -> "View":
        """The same view after a change."""
        found = await plan_of(self.plan.slug, self.reader.account, self.site.snapshots)
        if found is None:
            raise NotVisible(_("There is no such plan."))
        return View(self.site, found[0], self.reader, found[1], self.day, self.asked)


def _is_illustrative(document: LivingDocument) -> bool:
    return getattr(document, "illustrative", False) or any(
        part.illustrative for part in getattr(document, "money_reports", ())
    )
