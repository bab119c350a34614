"""Loads seed files (a plan, or what was reported on one) through the verbs that people's own changes go through.

A file is checked whole before anything of it is written, and written in one transaction. What is there already stays
as people have made it: only what is missing is added.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Generic, TypeVar

from beanie import PydanticObjectId
from pydantic import ValidationError

from stratplan.accounts.models import COMMAND_LINE
from stratplan.audit import AuditEntry, changed
from stratplan.database import Session, in_transaction
from stratplan.documents import LivingDocument
from stratplan.errors import RuleBroken
from stratplan.forms import sentence
from stratplan.goals.models import Goal, Milestone, Report, Task
from stratplan.i18n import N_, _, ngettext
from stratplan.imports.marked_yaml import FileRefused, MarkedFile, Mistake, Place, read
from stratplan.imports.seed_format import (
    MilestoneShape,
    PlanFile,
    ProgressFile,
    ReportShape,
    Shape,
    SwotShape,
    TermShape,
)
from stratplan.investments.models import InvestmentLine, MoneyReport, Share, Stage, YearAmount
from stratplan.plans.models import FundingSource, Organisation, Plan, Section, Term, TermKind
from stratplan.swot.models import Quadrant, SwotEntry
from stratplan.units.models import Unit

D = TypeVar("D", bound=LivingDocument)


@dataclass(slots=True)
class Outcome:
    """What loading a file did: how many of each kind it added, and how many were there already."""

    path: Path
    plan: str
    added: Counter[str] = field(default_factory=Counter)
    there: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        text = _("%(file)s, plan %(plan)s:") % {"file": self.path.name, "plan": self.plan}
        if self.added:
            text += " " + _("added %(things)s.") % {"things": _counted(self.added)}
        if self.there:
            text += " " + _("There already: %(things)s.") % {"things": _counted(self.there)}
        return text


def _counted(things: Counter[str]) -> str:
    words = {
        "organisation": lambda n: ngettext("%(num)s organisation", "%(num)s organisations", n),
        "plan": lambda n: ngettext("%(num)s plan", "%(num)s plans", n),
        "section": lambda n: ngettext("%(num)s chapter", "%(num)s chapters", n),
        "term": lambda n: ngettext("%(num)s term", "%(num)s terms", n),
        "abbreviation": lambda n: ngettext("%(num)s abbreviation", "%(num)s abbreviations", n),
        "source": lambda n: ngettext("%(num)s funding source", "%(num)s funding sources", n),
        "unit": lambda n: ngettext("%(num)s unit", "%(num)s units", n),
        "goal": lambda n: ngettext("%(num)s goal", "%(num)s goals", n),
        "task": lambda n: ngettext("%(num)s task", "%(num)s tasks", n),
        "line": lambda n: ngettext("%(num)s investment line", "%(num)s investment lines", n),
        "swot": lambda n: ngettext("%(num)s SWOT entry", "%(num)s SWOT entries", n),
        "milestone": lambda n: ngettext("%(num)s milestone", "%(num)s milestones", n),
        "report": lambda n: ngettext("%(num)s report", "%(num)s reports", n),
        "planned": lambda n: ngettext("%(num)s planned amount", "%(num)s planned amounts", n),
        "money": lambda n: ngettext("%(num)s money report", "%(num)s money reports", n),
    }
    return ", ".join(words[kind](things[kind]) for kind in words if things[kind])


async def load(path: Path) -> Outcome:
    """Load one file, as `load_all` does."""
    (outcome,) = await load_all([path])
    return outcome


async def load_all(paths: Sequence[Path]) -> list[Outcome]:
    """Load the files in their order, all of them or none.

    Raises FileRefused, which names file, line and field of every mistake found in the first file that has any.
    """
    parsed = [_parse(path) for path in paths]

    async def work(session: Session) -> list[Outcome]:
        return [await _write(file, content, session) for file, content in parsed]

    return await in_transaction(work, key="seeds")


async def load_if_empty(paths: Sequence[Path], *, say: Callable[[str], None]) -> None:
    """Load the files, all of them or none, unless there is a plan already."""
    if await Plan.find({"deleted": False}).limit(1).count():
        return
    say(_("There is no plan yet: loading %(files)s.") % {"files": ", ".join(path.name for path in paths)})
    for outcome in await load_all(paths):
        say(str(outcome))


async def _write(file: MarkedFile, content: PlanFile | ProgressFile, session: Session) -> Outcome:
    try:
        if isinstance(content, PlanFile):
            return await _PlanLoading(file, content, session).run()
        return await _ProgressLoading(file, content, session).run()
    except RuleBroken as broken:
        raise FileRefused(file.path, [file.mistake((), str(broken))]) from None


# --- reading a file --------------------------------------------------------------------------------------------


def _parse(path: Path) -> tuple[MarkedFile, PlanFile | ProgressFile]:
    file = read(path)
    content = file.content
    if not isinstance(content, dict) or "stratplan" not in content:
        raise FileRefused(
            path,
            [file.mistake((), _("This is not a seed file: it has no key “stratplan” with the format's number, 1."))],
        )
    shape: type[PlanFile | ProgressFile] = PlanFile if isinstance(content.get("plan"), dict) else ProgressFile
    try:
        return file, shape.model_validate(content)
    except ValidationError as error:
        raise FileRefused(path, _mistakes(file, error)) from None


_MESSAGES = {
    "missing": N_("This is missing."),
    "extra_forbidden": N_("There is no such key here."),
    "list_type": N_("A list is expected here."),
    "dict_type": N_("Keys with values are expected here."),
    "model_type": N_("Keys with values are expected here."),
    "string_type": N_("A text is expected here."),
    "decimal_parsing": N_("Write a number such as 26952.00."),
    "decimal_type": N_("Write a number such as 26952.00."),
    "string_pattern_mismatch": N_("Write small letters a–z, digits and hyphens."),
    "too_short": N_("There are too few of these."),
}


def _said(error: Any) -> str:
    kind = error["type"]
    if kind in ("enum", "literal_error"):
        return _("Write one of: %(values)s.") % {"values": error["ctx"]["expected"].replace(" or ", ", ")}
    return _(_MESSAGES[kind]) if kind in _MESSAGES else sentence(error)


def _mistakes(file: MarkedFile, error: ValidationError, place: Place = ()) -> list[Mistake]:
    return [
        file.mistake((*place, *(_IN_FILE.get(step, step) for step in one["loc"])), _said(one)) for one in error.errors()
    ]


# Fields that are called something else in a file.
_IN_FILE: dict[int | str, str] = {"sort": "kind", "funding": "kind", "first_year": "years", "last_year": "years"}


# --- finding what is there ---------------------------------------------------------------------------------------


class _Shelf(Generic[D]):
    """The documents of one kind in a scope, by the names that files give them.

    What a file adds gets an id made from its name there, and so is known again after people have renamed it. A name
    whose document was deleted is free again.
    """

    def __init__(
        self, kind: type[D], scope: PydanticObjectId, documents: Iterable[D], name: Callable[[D], str]
    ) -> None:
        self.kind = kind
        self.scope = scope
        self._by_id = {document.key: document for document in documents}
        self._by_name = {name(document): document for document in self._by_id.values() if not document.deleted}
        self._named: dict[str, D] = {}
        self.promised: set[str] = set()  # names that the file brings, be they right or wrong

    @classmethod
    async def fetch(
        cls, kind: type[D], scope: PydanticObjectId, name: Callable[[D], str], session: Session
    ) -> _Shelf[D]:
        """The shelf as the running transaction sees it."""
        found = await kind.find({"scope": scope}, session=session).to_list()
        return cls(kind, scope, found, name)

    def find(self, name: str) -> D | None:
        """The living document that a file means by this name."""
        if name in self._named:
            return self._named[name]
        for turn in count():
            document = self._by_id.get(self._identity(name, turn))
            if document is None:
                return self._by_name.get(name)
            if not document.deleted:
                return document
        raise AssertionError("a count has no end")

    def free_id(self, name: str) -> PydanticObjectId:
        """The id for a new document of this name."""
        return next(key for turn in count() if (key := self._identity(name, turn)) not in self._by_id)

    def living(self) -> Iterator[D]:
        """All living documents."""
        yield from (document for document in self._by_id.values() if not document.deleted)
        yield from self._named.values()

    def put(self, name: str, document: D) -> None:
        """Know the document that is about to be written."""
        self._named[name] = document

    def next_place(self, among: Callable[[D], bool] = lambda _document: True) -> int:
        """The `order` of a new document that comes last `among` the living ones."""
        return max((getattr(document, "order", 0) for document in self.living() if among(document)), default=0) + 1

    def _identity(self, name: str, turn: int) -> PydanticObjectId:
        return PydanticObjectId(sha256(f"{self.scope}/{self.kind.kind}/{turn}/{name}".encode()).digest()[:12])


class _Loading:
    """One file on its way into the database: what is wrong in it, and what was done."""

    def __init__(self, file: MarkedFile, plan: str, session: Session) -> None:
        self.file = file
        self.session = session
        self.mistakes: list[Mistake] = []
        self.outcome = Outcome(file.path, plan)

    def wrong(self, place: Place, sentence: str) -> None:
        """Note a mistake."""
        self.mistakes.append(self.file.mistake(place, sentence))

    def stop_if_wrong(self) -> None:
        """Refuse the file when there is a mistake."""
        if self.mistakes:
            raise FileRefused(self.file.path, self.mistakes)

    def seen_once(self, place: Place, seen: set[Any], name: Any) -> None:
        """Note a name that stands in the file twice."""
        if name in seen:
            self.wrong(place, _("This stands in the file twice."))
        seen.add(name)

    def known(self, shelf: _Shelf[D], name: str, place: Place) -> PydanticObjectId | None:
        """The id of the document that a reference names; a mistake when there is none."""
        found = shelf.find(name)
        if found is not None:
            return found.key
        if name not in shelf.promised:
            self.wrong(place, _("“%(name)s” is neither in the file nor in the plan.") % {"name": name})
        return None

    def all_known(self, shelf: _Shelf[D], names: Sequence[str], place: Place) -> list[PydanticObjectId]:
        """The ids that a list of references names."""
        seen: set[str] = set()
        for number, name in enumerate(names):
            self.seen_once((*place, number), seen, name)
        found = [self.known(shelf, name, (*place, number)) for number, name in enumerate(names)]
        return [key for key in found if key is not None]


# --- a plan ------------------------------------------------------------------------------------------------------


class _PlanLoading(_Loading):
    """Makes the documents of a plan file that are not there yet, checks them all, and then adds them."""

    def __init__(self, file: MarkedFile, content: PlanFile, session: Session) -> None:
        super().__init__(file, content.plan.slug, session)
        self.content = content
        self.fresh: list[tuple[Place, LivingDocument]] = []

    async def run(self) -> Outcome:
        organisation, plan = await self._organisation_and_plan()
        fetch = partial(_Shelf.fetch, session=self.session)
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
            self.mistakes += _mistakes(self.file, error, place)
            return None
        self.fresh.append((place, document))
        self.outcome.added[counted] += 1
        return document

    def _new(self, shelf: _Shelf[D], name: str, place: Place, counted: str, values: dict[str, Any]) -> None:
        """A document of this name in the shelf's scope."""
        if "order" in shelf.kind.model_fields:
            values.setdefault("order", shelf.next_place())
        document = self._make(shelf.kind, place, counted, id=shelf.free_id(name), scope=shelf.scope, **values)
        if document is not None:
            shelf.put(name, document)

    def _missing(
        self, shelf: _Shelf[D], key: str, counted: str, named: Sequence[tuple[str, Shape]], place: Place = ()
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

    def _units(self, shelf: _Shelf[Unit]) -> None:
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

    def _unit(self, shelf: _Shelf[Unit], key: str | None, place: Place, *inside: int | str) -> PydanticObjectId | None:
        if key is None:
            return None
        if key not in self.unit_names:
            self.wrong((*place, *inside), _("There is no unit with the key “%(key)s” in the file.") % {"key": key})
            return None
        found = shelf.find(self.unit_names[key])
        return found.key if found else None  # one that could not be made is a mistake already

    def _sections(self, shelf: _Shelf[Section]) -> None:
        named = [(shape.title, shape) for shape in self.content.sections]
        for name, place, shape in self._missing(shelf, "sections", "section", named):
            self._new(shelf, name, place, "section", dict(shape))

    def _terms(self, shelf: _Shelf[Term]) -> None:
        lists: list[tuple[str, TermKind, list[TermShape]]] = [
            ("terms", TermKind.TERM, self.content.terms),
            ("abbreviations", TermKind.ABBREVIATION, self.content.abbreviations),
        ]
        for key, sort, shapes in lists:
            for name, place, shape in self._missing(shelf, key, sort.value, [(shape.word, shape) for shape in shapes]):
                self._new(shelf, name, place, sort.value, dict(shape) | {"sort": sort})

    def _sources(self, shelf: _Shelf[FundingSource]) -> None:
        named = [(shape.code, shape) for shape in self.content.sources]
        for name, place, shape in self._missing(shelf, "sources", "source", named):
            values = {"code": shape.code, "name": shape.name, "funding": shape.kind}
            self._new(shelf, name, place, "source", values)

    def _goals(self, shelf: _Shelf[Goal]) -> None:
        named = [(shape.code, shape) for shape in self.content.goals]
        for name, place, shape in self._missing(shelf, "goals", "goal", named):
            self._new(shelf, name, place, "goal", _given(shape))

    def _tasks(
        self, shelf: _Shelf[Task], goals: _Shelf[Goal], units: _Shelf[Unit], sources: _Shelf[FundingSource]
    ) -> None:
        named = [(shape.number, shape) for shape in self.content.tasks]
        for name, place, shape in self._missing(shelf, "tasks", "task", named):
            partners = [self._unit(units, key, place, "partners", number) for number, key in enumerate(shape.partners)]
            values = _given(shape) | {
                "goal": self.known(goals, shape.goal, (*place, "goal")),
                "lead": self._unit(units, shape.lead, place, "lead"),
                "partners": [partner for partner in partners if partner is not None],
                "sources": self.all_known(sources, shape.sources, (*place, "sources")),
                "milestones": _milestones(shape.milestones),
            }
            if values["goal"] is not None:
                self._new(shelf, name, place, "task", values)

    def _lines(
        self, shelf: _Shelf[InvestmentLine], goals: _Shelf[Goal], tasks: _Shelf[Task], sources: _Shelf[FundingSource]
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
                    self.mistakes += _mistakes(self.file, error, here)
            values = _given(shape) | {
                "goal": self.known(goals, shape.goal, (*place, "goal")),
                "tasks": self.all_known(tasks, shape.tasks, (*place, "tasks")),
                "shares": shares,
                "stages": [Stage(key=f"s{number}", **dict(stage)) for number, stage in enumerate(shape.stages, 1)],
            }
            if values["goal"] is not None:
                self._new(shelf, name, place, "line", values)

    def _matrix(self, shelf: _Shelf[SwotEntry], goals: _Shelf[Goal], tasks: _Shelf[Task]) -> None:
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


def _given(shape: Shape) -> dict[str, Any]:
    """What the file says of a document, without what it leaves to the document's own defaults."""
    return {name: value for name, value in shape if value is not None}


def _milestones(shapes: Sequence[MilestoneShape]) -> list[Milestone]:
    return [Milestone(key=f"m{number}", **_given(shape)) for number, shape in enumerate(shapes, start=1)]


# --- what was reported ---------------------------------------------------------------------------------------------


class _ProgressLoading(_Loading):
    """Reports, in the order of their days, what a file says of a plan that is there."""

    def __init__(self, file: MarkedFile, content: ProgressFile, session: Session) -> None:
        super().__init__(file, content.plan, session)
        self.content = content

    async def run(self) -> Outcome:
        plan = await Plan.find_one({"slug": self.content.plan, "deleted": False}, session=self.session)
        if plan is None:
            self.wrong(("plan",), _("There is no plan “%(slug)s”. Load the plan first.") % {"slug": self.content.plan})
        self.stop_if_wrong()
        assert plan is not None
        fetch = partial(_Shelf.fetch, scope=plan.key, session=self.session)
        self.tasks = await fetch(Task, name=lambda task: task.number)
        self.lines = await fetch(InvestmentLine, name=lambda line: line.number)
        self.sources = await fetch(FundingSource, name=lambda source: source.code)
        steps = self._missing_milestones()
        reports = self._missing_reports(steps, await self._reported(plan))
        planned = self._missing_planned()
        money = self._missing_money()
        self.stop_if_wrong()
        for task in self.tasks.living():
            await self._report(task, steps.get(task.key), reports.get(task.key, []))
        for line in self.lines.living():
            if line.key in planned:
                line = await self._edited(line, {"planned": planned[line.key]})
            for entry in money.get(line.key, []):
                line = _after(line, await line.report_money(**dict(entry), by=COMMAND_LINE, based_on=line.version))
        return self.outcome

    async def _reported(self, plan: Plan) -> set[tuple[PydanticObjectId, date]]:
        found = Report.find({"scope": plan.key, "deleted": False}, session=self.session)
        return {(report.task, report.on) async for report in found}

    def _missing_milestones(self) -> dict[PydanticObjectId, list[Milestone]]:
        """The milestones of tasks that have none; a task that has some keeps its own."""
        missing = {}
        seen: set[str] = set()
        for number, item in enumerate(self.content.milestones):
            place = ("milestones", number)
            self.seen_once((*place, "task"), seen, item.task)
            self.known(self.tasks, item.task, (*place, "task"))
            task = self.tasks.find(item.task)
            if task is None:
                continue
            if task.milestones:
                self.outcome.there["milestone"] += len(item.milestones)
            else:
                self.outcome.added["milestone"] += len(item.milestones)
                missing[task.key] = _milestones(item.milestones)
        return missing

    def _missing_reports(
        self, steps: dict[PydanticObjectId, list[Milestone]], reported: set[tuple[PydanticObjectId, date]]
    ) -> dict[PydanticObjectId, list[ReportShape]]:
        """The reports by task, in the order of their days."""
        missing: defaultdict[PydanticObjectId, list[ReportShape]] = defaultdict(list)
        seen: set[tuple[str, date]] = set()
        for number, report in enumerate(self.content.reports):
            place = ("reports", number)
            self.seen_once((*place, "on"), seen, (report.task, report.on))
            self.known(self.tasks, report.task, (*place, "task"))
            task = self.tasks.find(report.task)
            if task is None:
                continue
            if (task.key, report.on) in reported:
                self.outcome.there["report"] += 1
                continue
            if report.percent is not None and (task.milestones or steps.get(task.key)):
                self.wrong(
                    (*place, "percent"), _("This task's progress is counted from its milestones: mark those done.")
                )
            self.outcome.added["report"] += 1
            missing[task.key].append(report)
        return {task: sorted(reports, key=lambda report: report.on) for task, reports in missing.items()}

    def _missing_planned(self) -> dict[PydanticObjectId, list[YearAmount]]:
        """The planned money of lines that have none; a line that has some keeps its own."""
        missing = {}
        seen: set[str] = set()
        for number, item in enumerate(self.content.planned):
            place = ("planned", number)
            self.seen_once((*place, "line"), seen, item.line)
            self.known(self.lines, item.line, (*place, "line"))
            line = self.lines.find(item.line)
            amounts = []
            for year, by_source in item.years.items():
                for code, amount in by_source.items():
                    source = self.known(self.sources, code, (*place, "years", str(year), code))
                    if source is not None:
                        amounts.append(YearAmount(source=source, year=year, amount=amount))
            if line is None:
                continue
            if line.planned:
                self.outcome.there["planned"] += len(amounts)
            elif amounts:
                self._check(line, place, planned=amounts)
                self.outcome.added["planned"] += len(amounts)
                missing[line.key] = amounts
        return missing

    def _missing_money(self) -> dict[PydanticObjectId, list[MoneyReport]]:
        """By line, in the order of their days: the sums that no report of the same day, source and year has."""
        missing: defaultdict[PydanticObjectId, list[MoneyReport]] = defaultdict(list)
        seen: set[tuple[str, date, str, int]] = set()
        for number, item in enumerate(self.content.money):
            place = ("money", number)
            self.seen_once(place, seen, (item.line, item.on, item.source, item.year))
            self.known(self.lines, item.line, (*place, "line"))
            source = self.known(self.sources, item.source, (*place, "source"))
            line = self.lines.find(item.line)
            if line is None or source is None:
                continue
            if any(
                (entry.on, entry.source, entry.year) == (item.on, source, item.year) for entry in line.money_reports
            ):
                self.outcome.there["money"] += 1
                continue
            self.outcome.added["money"] += 1
            values = item.model_dump(exclude={"line"}) | {"source": source, "illustrative": self.content.illustrative}
            entry = MoneyReport(**values)
            self._check(line, place, money_reports=[entry])
            missing[line.key].append(entry)
        return {line: sorted(entries, key=lambda entry: entry.on) for line, entries in missing.items()}

    def _check(self, document: LivingDocument, place: Place, **values: Any) -> None:
        """Note a mistake where the document's own rules forbid the values."""
        try:
            changed(document, **values)
        except ValidationError as error:
            self.mistakes += _mistakes(self.file, error, place)

    async def _edited(self, document: D, values: dict[str, Any]) -> D:
        entry = await document.edit(values, by=COMMAND_LINE, based_on=document.version)
        return _after(document, entry) if entry else document

    async def _report(self, task: Task, steps: list[Milestone] | None, reports: list[ReportShape]) -> None:
        """Set up a task's milestones and make its reports, each with the milestones reached by its day."""
        if steps:
            task = await self._edited(
                task, {"milestones": [step.model_copy(update={"done_on": None}) for step in steps]}
            )
        for report in reports:
            done = {step.key: step.done_on for step in steps or [] if step.done_on and step.done_on <= report.on}
            entry = await task.report(
                **report.model_dump(exclude={"task"}),
                done=done if steps else None,
                illustrative=self.content.illustrative,
                by=COMMAND_LINE,
                based_on=task.version,
            )
            task = _after(task, entry)
        if steps:
            await self._edited(task, {"milestones": steps})


def _after(document: D, entry: AuditEntry | None) -> D:
    """The document as the change has left it; as it was where nothing differed."""
    if entry is None:
        return document
    change = next(change for change in entry.changes if change.document == document.key)
    after: D = type(document).model_validate({**dict(document), **change.after, "version": change.version})
    return after
