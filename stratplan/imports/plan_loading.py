"""Loads a plan file: what of it is not there yet is made, checked as a whole and then added."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

from beanie import PydanticObjectId
from pydantic import ValidationError

from stratplan.actors import COMMAND_LINE
from stratplan.database import Session
from stratplan.documents import LivingDocument
from stratplan.errors import RuleBroken
from stratplan.goals.models import Goal, Task
from stratplan.i18n import _
from stratplan.imports.loading import Loading, Outcome, given, milestones_of
from stratplan.imports.marked_yaml import MarkedFile, Place
from stratplan.imports.mistakes import mistakes_in
from stratplan.imports.seed_format import PlanFile, Shape, SwotShape, TermShape
from stratplan.imports.shelves import Shelf
from stratplan.investments.models import InvestmentLine, Share, Stage
from stratplan.plans.models import FundingSource, Organisation, Plan, Section, Term, TermKind
from stratplan.swot.models import Quadrant, SwotEntry
from stratplan.units.models import Unit

D = TypeVar("D", bound=LivingDocument)


class PlanLoading(Loading):
    """Makes the documents of a plan file that are not there yet, checks them all, and then adds them."""

    def __init__(self, file: MarkedFile, content: PlanFile, session: Session) -> None:
        super().__init__(file, content.plan.slug, session)
        self.content = content
        self.fresh: list[tuple[Place, LivingDocument]] = []

    async def run(self) -> Outcome:
        organisation, plan = await self._organisation_and_plan()
        fetch = partial(Shelf.fetch, session=self.session)
        units = await fetch(Unit, organisation, lambda unit: unit.name)
        sources = await fetch(FundingSource, plan, lambda source: source.code)
        goals = await fetch(Goal, plan, lambda goal: goal.code)
        tasks = await fetch(Task, plan, lambda task: task.number)
        self._units(units)
        self._sections(await fetch(Section, plan, lambda section: section.title))
        self._terms(await fetch(Term, plan, lambda term: term.word))
        self._sources(sources)
        self._goals(goals)
        self._tasks(tasks, goals, units, sources)
        self._lines(await fetch(InvestmentLine, plan, lambda line: line.number), goals, tasks, sources)
        self._matrix(await fetch(SwotEntry, plan, _swot_name), goals, tasks)
        self.stop_if_wrong()
        for place, document in self.fresh:
            try:
                await document.add(by=COMMAND_LINE)
            except RuleBroken as broken:
                self.wrong((*place, broken.field) if broken.field else place, str(broken))
                self.stop_if_wrong()
        return self.outcome

    async def _organisation_and_plan(self) -> tuple[PydanticObjectId, PydanticObjectId]:
        shape, wanted = self.content.organisation, self.content.plan
        plan = await Plan.find_one({"slug": wanted.slug, "deleted": False}, session=self.session)
        if plan is not None:
            self.outcome.there.update(("organisation", "plan"))
            return plan.organisation, plan.key
        organisation = await Organisation.find_one({"short": shape.short, "deleted": False}, session=self.session)
        if organisation is None:
            key = PydanticObjectId()
            organisation = self._make(Organisation, ("organisation",), "organisation", id=key, scope=key, **dict(shape))
        else:
            self.outcome.there["organisation"] += 1
        values = dict(wanted)
        values["first_year"], values["last_year"] = values.pop("years")
        key = PydanticObjectId()
        owner = organisation.key if organisation else key
        self._make(Plan, ("plan",), "plan", id=key, scope=key, organisation=owner, **values)
        return owner, key

    def _make(self, kind: type[D], place: Place, counted: str, **values: Any) -> D | None:
        """A document that is to be written, or None where it cannot be made."""
        try:
            document = kind(**values)
        except ValidationError as error:
            self.mistakes += mistakes_in(self.file, error, place)
            return None
        self.fresh.append((place, document))
        self.outcome.added[counted] += 1
        return document

    def _new(self, shelf: Shelf[D], name: str, place: Place, counted: str, values: dict[str, Any]) -> None:
        """A document of this name in the shelf's scope."""
        if "order" in shelf.kind.model_fields:
            values.setdefault("order", shelf.next_place())
        document = self._make(shelf.kind, place, counted, id=shelf.free_id(name), scope=shelf.scope, **values)
        if document is not None:
            shelf.put(name, document)

    def _missing(
        self, shelf: Shelf[D], key: str, counted: str, named: Sequence[tuple[str, Shape]], place: Place = ()
    ) -> list[tuple[str, Place, Any]]:
        """What of a list in the file is not there yet: its name, its place, its shape. None stands there twice."""
        seen: set[str] = set()
        missing: list[tuple[str, Place, Any]] = []
        for number, (name, shape) in enumerate(named):
            here = (*place, key, number)
            shelf.promised.add(name)
            self.seen_once(here, seen, name)
            if shelf.find(name) is None:
                missing.append((name, here, shape))
            else:
                self.outcome.there[counted] += 1
        return missing

    def _units(self, shelf: Shelf[Unit]) -> None:
        shapes = self.content.units
        keys: set[str] = set()
        for number, shape in enumerate(shapes):
            self.seen_once(("units", number, "key"), keys, shape.key)
        self.unit_names = {shape.key: shape.name for shape in shapes}
        waiting = self._missing(shelf, "units", "unit", [(shape.name, shape) for shape in shapes])
        while waiting:
            coming = {name for name, _place, _shape in waiting}
            ready = [item for item in waiting if self.unit_names.get(item[2].parent) not in coming]
            if not ready:
                for _name, place, _shape in waiting:
                    self.wrong((*place, "parent"), _("These units are parts of each other in a circle."))
                return
            for name, place, shape in ready:
                values = shape.model_dump(exclude={"key", "kind", "parent"}) | {"sort": shape.kind}
                self._new(
                    shelf, name, place, "unit", values | {"parent": self._unit(shelf, shape.parent, place, "parent")}
                )
            waiting = [item for item in waiting if item not in ready]

    def _unit(self, shelf: Shelf[Unit], key: str | None, place: Place, *inside: int | str) -> PydanticObjectId | None:
        if key is None:
            return None
        if key not in self.unit_names:
            self.wrong((*place, *inside), _("There is no unit with the key “%(key)s” in the file.") % {"key": key})
            return None
        found = shelf.find(self.unit_names[key])
        return found.key if found else None  # one that could not be made is a mistake already

    def _sections(self, shelf: Shelf[Section]) -> None:
        named = [(shape.title, shape) for shape in self.content.sections]
        for name, place, shape in self._missing(shelf, "sections", "section", named):
            self._new(shelf, name, place, "section", dict(shape))

    def _terms(self, shelf: Shelf[Term]) -> None:
        lists: list[tuple[str, TermKind, list[TermShape]]] = [
            ("terms", TermKind.TERM, self.content.terms),
            ("abbreviations", TermKind.ABBREVIATION, self.content.abbreviations),
        ]
        for key, sort, shapes in lists:
            for name, place, shape in self._missing(shelf, key, sort.value, [(shape.word, shape) for shape in shapes]):
                self._new(shelf, name, place, sort.value, dict(shape) | {"sort": sort})

    def _sources(self, shelf: Shelf[FundingSource]) -> None:
        named = [(shape.code, shape) for shape in self.content.sources]
        for name, place, shape in self._missing(shelf, "sources", "source", named):
            values = {"code": shape.code, "name": shape.name, "funding": shape.kind}
            self._new(shelf, name, place, "source", values)

    def _goals(self, shelf: Shelf[Goal]) -> None:
        named = [(shape.code, shape) for shape in self.content.goals]
        for name, place, shape in self._missing(shelf, "goals", "goal", named):
            self._new(shelf, name, place, "goal", given(shape))

    def _tasks(self, shelf: Shelf[Task], goals: Shelf[Goal], units: Shelf[Unit], sources: Shelf[FundingSource]) -> None:
        named = [(shape.number, shape) for shape in self.content.tasks]
        for name, place, shape in self._missing(shelf, "tasks", "task", named):
            partners = [self._unit(units, key, place, "partners", number) for number, key in enumerate(shape.partners)]
            values = given(shape) | {
                "goal": self.known(goals, shape.goal, (*place, "goal")),
                "lead": self._unit(units, shape.lead, place, "lead"),
                "partners": [partner for partner in partners if partner is not None],
                "sources": self.all_known(sources, shape.sources, (*place, "sources")),
                "milestones": milestones_of(shape.milestones),
            }
            if values["goal"] is not None:
                self._new(shelf, name, place, "task", values)

    def _lines(
        self, shelf: Shelf[InvestmentLine], goals: Shelf[Goal], tasks: Shelf[Task], sources: Shelf[FundingSource]
    ) -> None:
        named = [(shape.number, shape) for shape in self.content.investments]
        for name, place, shape in self._missing(shelf, "investments", "line", named):
            shares = []
            seen: set[str] = set()
            for number, share in enumerate(shape.shares):
                here = (*place, "shares", number)
                self.seen_once((*here, "source"), seen, share.source)
                source = self.known(sources, share.source, (*here, "source"))
                if source is None:
                    continue
                try:
                    shares.append(Share(**dict(share) | {"source": source}))
                except ValidationError as error:
                    self.mistakes += mistakes_in(self.file, error, here)
            values = given(shape) | {
                "goal": self.known(goals, shape.goal, (*place, "goal")),
                "tasks": self.all_known(tasks, shape.tasks, (*place, "tasks")),
                "shares": shares,
                "stages": [Stage(key=f"s{number}", **dict(stage)) for number, stage in enumerate(shape.stages, 1)],
            }
            if values["goal"] is not None:
                self._new(shelf, name, place, "line", values)

    def _matrix(self, shelf: Shelf[SwotEntry], goals: Shelf[Goal], tasks: Shelf[Task]) -> None:
        matrix = self.content.swot
        fields: list[tuple[str, Quadrant, list[SwotShape]]] = [
            ("strengths", Quadrant.STRENGTH, matrix.strengths),
            ("weaknesses", Quadrant.WEAKNESS, matrix.weaknesses),
            ("opportunities", Quadrant.OPPORTUNITY, matrix.opportunities),
            ("threats", Quadrant.THREAT, matrix.threats),
        ]
        for key, quadrant, shapes in fields:
            named = [(f"{quadrant.value}/{shape.text}", shape) for shape in shapes]
            for name, place, shape in self._missing(shelf, key, "swot", named, ("swot",)):
                values = {
                    "quadrant": quadrant,
                    "text": shape.text,
                    "order": shelf.next_place(partial(_is_in, quadrant)),
                    "goals": self.all_known(goals, shape.goals, (*place, "goals")),
                    "tasks": self.all_known(tasks, shape.tasks, (*place, "tasks")),
                }
                self._new(shelf, name, place, "swot", values)


def _is_in(quadrant: Quadrant, entry: SwotEntry) -> bool:
    return entry.quadrant is quadrant


def _swot_name(entry: SwotEntry) -> str:
    return f"{entry.quadrant.value}/{entry.text}"
