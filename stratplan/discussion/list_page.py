"""All that was said in a plan, newest first, with filters: open questions, a unit, a person, where one is mentioned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beanie import PydanticObjectId
from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.alphabet import sort_key
from stratplan.discussion.models import Comment
from stratplan.discussion.panel import Said, said
from stratplan.discussion.queries import answers_to, open_questions, question_of
from stratplan.goals.models import Task
from stratplan.i18n import day_of
from stratplan.mentions import mentioned
from stratplan.permissions import Permission
from stratplan.typed import page_number
from stratplan.units.models import Unit
from stratplan.view import View
from stratplan.web import page

ON_A_PAGE = 30


@dataclass(frozen=True, slots=True)
class Selection:
    """What the address asks for; what this plan does not have is not in it."""

    is_open: bool = False
    unit: str = ""
    person: str = ""
    mentions_me: bool = False
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Whether something may be left out."""
        return bool(self.is_open or self.unit or self.person or self.mentions_me)

    def query(self, **changes: Any) -> dict[str, Any]:
        """The parameters of the address that asks for this, from the first page, with `changes`."""
        asked = {
            "show": "open" if self.is_open else "",
            "unit": self.unit,
            "by": self.person,
            "mentions": "me" if self.mentions_me else "",
        }
        return asked | changes


@dataclass(frozen=True, slots=True)
class Row:
    """Something that was said, with the task it is about and the question that it answers."""

    said: Said
    task: Task
    question: Comment | None


def read_selection(asked: Mapping[str, str], units: Mapping[str, str], people: Mapping[str, str]) -> Selection:
    """What the query of an address asks for."""
    unit, person = asked.get("unit", ""), asked.get("by", "")
    return Selection(
        is_open=asked.get("show") == "open",
        unit=unit if unit in units else "",
        person=person if person in people else "",
        mentions_me=asked.get("mentions") == "me",
        page=page_number(asked),
    )


def selected(view: View, selection: Selection) -> list[Comment]:
    """What is asked for, newest first; of open questions the one that waits longest first."""
    found = open_questions(view.snapshot) if selection.is_open else list(view.snapshot.all(Comment).values())
    tasks = view.snapshot.all(Task)
    if not view.is_today:
        found = [one for one in found if day_of(one.created_at) <= view.day]
    if selection.unit:
        unit = PydanticObjectId(selection.unit)
        found = [one for one in found if one.task in tasks and unit in tasks[one.task].responsible]
    if selection.person:
        found = [one for one in found if one.author == selection.person]
    if selection.mentions_me:
        found = [one for one in found if view.reader.account in mentioned(one.text)]
    if selection.is_open:
        return found
    return sorted(found, key=lambda one: (one.created_at, str(one.key)), reverse=True)


def _choices(view: View) -> tuple[dict[str, str], dict[str, str]]:
    """The units and people that there is something of, by name."""
    comments = view.snapshot.all(Comment).values()
    tasks, units = view.snapshot.all(Task), view.snapshot.all(Unit)
    about = {key for one in comments if one.task in tasks for key in tasks[one.task].responsible}
    named = {str(key): units[key].name for key in about if key in units}
    authors = {author: view.name_of(author) for author in {one.author for one in comments}}
    return tuple(dict(sorted(one.items(), key=lambda item: sort_key(item[1]))) for one in (named, authors))  # type: ignore[return-value]


@get("/plans/{slug:str}/discussion", permission=Permission.DISCUSSION_READ)
async def list_discussion(request: HTMXRequest, view: View) -> Response[str]:
    """What was said in the plan, filtered as the address asks."""
    units, people = _choices(view)
    selection = read_selection(dict(view.asked), units, people)
    found = selected(view, selection)
    pages = max(1, -(-len(found) // ON_A_PAGE))
    number = min(selection.page, pages)
    tasks = view.snapshot.all(Task)
    rows = [
        Row(said(view, one, tasks[one.task], answers_to(view.snapshot, one)), tasks[one.task], question)
        for one in found[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
        if one.task in tasks
        for question in (question_of(view.snapshot, one),)
    ]
    return await page(
        request,
        "discussion/list.html",
        {
            "rows": rows,
            "selection": selection,
            "count": len(found),
            "waiting": len(open_questions(view.snapshot)),
            "units": list(units.items()),
            "people": list(people.items()),
            "number": number,
            "pages": pages,
        },
        view=view,
        section="discussion",
        fragment="discussion/_list.html",
    )


handlers = [list_discussion]
