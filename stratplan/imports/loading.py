"""What loading a plan and loading what was reported share: mistakes, references, and what was done in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from beanie import PydanticObjectId

from stratplan.database import Session
from stratplan.documents import LivingDocument
from stratplan.goals.models import Milestone
from stratplan.i18n import _, ngettext
from stratplan.imports.marked_yaml import FileRefused, MarkedFile, Mistake, Place
from stratplan.imports.seed_format import MilestoneShape, Shape
from stratplan.imports.shelves import Shelf

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
        "review": lambda n: ngettext("%(num)s review", "%(num)s reviews", n),
        "money": lambda n: ngettext("%(num)s money report", "%(num)s money reports", n),
    }
    return ", ".join(words[kind](things[kind]) for kind in words if things[kind])


class Loading:
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

    def known(self, shelf: Shelf[D], name: str, place: Place) -> PydanticObjectId | None:
        """The id of the document that a reference names; a mistake when there is none."""
        found = shelf.find(name)
        if found is not None:
            return found.key
        if name not in shelf.promised:
            self.wrong(place, _("“%(name)s” is neither in the file nor in the plan.") % {"name": name})
        return None

    def all_known(self, shelf: Shelf[D], names: Sequence[str], place: Place) -> list[PydanticObjectId]:
        """The ids that a list of references names."""
        seen: set[str] = set()
        for number, name in enumerate(names):
            self.seen_once((*place, number), seen, name)
        found = [self.known(shelf, name, (*place, number)) for number, name in enumerate(names)]
        return [key for key in found if key is not None]


def given(shape: Shape) -> dict[str, Any]:
    """What the file says of a document, without what it leaves to the document's own defaults."""
    return {name: value for name, value in shape if value is not None}


def milestones_of(shapes: Sequence[MilestoneShape]) -> list[Milestone]:
    """A task's milestones as the file names them, with keys by their order."""
    return [Milestone(key=f"m{number}", **given(shape)) for number, shape in enumerate(shapes, start=1)]
