"""What a review asks of one unit, as one form: a card for each task, filled in from what is known."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from beanie import PydanticObjectId
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from stratplan import i18n
from stratplan.documents import OptionalLine, OptionalProse
from stratplan.forms import ChosenField, DayField, Form, FormModel, MoneyField
from stratplan.goals.models import Milestone, Report, Task
from stratplan.goals.progress import percent
from stratplan.goals.queries import TaskFigures, task_figures
from stratplan.goals.reports import WholePercent
from stratplan.goals.states import Execution, Outcome
from stratplan.investments.models import InvestmentLine
from stratplan.investments.queries import lines_of_task
from stratplan.plans.models import FundingSource
from stratplan.plans.queries import sources_in_order
from stratplan.reviews.drafts import Draft
from stratplan.reviews.models import Review
from stratplan.reviews.queries import Asked, reported_before, reports_in
from stratplan.snapshot import Snapshot

WORDS = ("text", "next_steps", "obstacles")
MONEY = ("contracted-", "spent-")
APART = ("unchanged", *MONEY)  # what of a card says nothing of the task itself
READ_AS: Mapping[str, TypeAdapter[Any]] = {  # by how the names of the fields begin
    "percent": TypeAdapter(WholePercent),
    "day-": TypeAdapter(DayField),
    **dict.fromkeys(MONEY, TypeAdapter(MoneyField)),
}
TICKED = "on"
FIXED = ("-task", "-key", "-line", "-source")  # the ends of the names of fields that say what a row is about

Tick = Literal["", "on"]
Tab = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Step = Annotated[int, Field(ge=0, le=2**31)]


# --- the form -----------------------------------------------------------------------------------------------------


class CardRow(FormModel):
    """One task's card as it was typed; what its texts mean is read when it is sent."""

    task: ChosenField
    step: Step = 0
    unchanged: Tick = ""
    execution: Execution
    outcome: Outcome
    percent: OptionalLine = ""
    text: OptionalProse = ""
    next_steps: OptionalProse = ""
    obstacles: OptionalProse = ""


class DoneRow(FormModel):
    """One milestone of a task: done or not, and on which day."""

    task: ChosenField
    key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
    ticked: Tick = ""
    day: OptionalLine = ""


class MoneyRow(FormModel):
    """One source of an investment line: contracted and spent so far."""

    line: ChosenField
    source: ChosenField
    contracted: OptionalLine = ""
    spent: OptionalLine = ""


class SheetForm(FormModel):
    """A unit's part of a review: based on which version of it, from which opened page, and all its cards. `settle` says
    what is done about a card that somebody else has changed (see reporting)."""

    version: Step
    tab: Tab
    tasks: list[CardRow] = []
    done: list[DoneRow] = []
    money: list[MoneyRow] = []
    settle: Annotated[str, StringConstraints(pattern=r"^(mine|theirs)-[0-9]{1,4}-[0-9]{1,10}$")] | Literal[""] = ""


# --- what there is to fill in --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """An investment line that pays for a task, with its sources: the place of each in the form and the sums known."""

    line: InvestmentLine
    rows: tuple[tuple[int, FundingSource, Mapping[str, Decimal | None]], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One task of the part: what is known of it as of the review's `day`, and where its fields are in the form.

    `before` is the last report from outside of the review, `sent` the one that was sent in it. `names` has the form's
    name of every field by its name on the card, which is what drafts are kept by.
    """

    place: int
    day: date
    task: Task
    figures: TaskFigures
    before: Report | None
    sent: Report | None
    milestones: tuple[tuple[int, Milestone], ...]
    money: tuple[MoneyLine, ...]
    draft: Draft | None
    names: Mapping[str, str]

    @property
    def percent(self) -> int:
        """The task's progress as of the review's day, in whole percent."""
        return percent(self.figures.progress.value)

    @property
    def base(self) -> dict[str, str]:
        """The fields with what was last reported outside of the review."""
        return self._filled(self.before)

    @property
    def fields(self) -> dict[str, str]:
        """The fields as the card is shown: as they were typed, else as they were sent, else as was last reported."""
        filled = self._filled(self.before if self.sent is None else self.sent)
        if self.sent is not None and self.sent.unchanged:
            filled["unchanged"] = TICKED
        if self.draft is not None:
            filled |= {name: text for name, text in self.draft.fields.items() if name in filled}
        return filled

    def _filled(self, report: Report | None) -> dict[str, str]:
        stated = self.figures.progress.report_percent if report is None or report.percent is None else report.percent
        filled = {
            "unchanged": "",
            "execution": (Execution.IN_PROGRESS if report is None else report.execution).value,
            "outcome": (Outcome.NOT_ASSESSED if report is None else report.outcome).value,
            **({} if self.milestones else {"percent": "" if stated is None else str(stated)}),
            **{name: "" if report is None else str(getattr(report, name)) for name in WORDS},
        }
        for _place, milestone in self.milestones:
            done_on = None if self.is_done_later(milestone) else milestone.done_on
            filled[f"ticked-{milestone.key}"] = "" if done_on is None else TICKED
            filled[f"day-{milestone.key}"] = "" if done_on is None else done_on.isoformat()
        for of_line in self.money:
            for _place, source, known in of_line.rows:
                for name, value in known.items():
                    filled[f"{name}-{of_line.line.key}-{source.key}"] = _amount(value)
        return filled

    @property
    def counts_as_whole(self) -> bool:
        """Whether it was sent as completed, which is 100 % whatever percentage was typed (domain.md, Progress)."""
        return self.sent is not None and self.sent.execution is Execution.COMPLETED

    def is_done_later(self, milestone: Milestone) -> bool:
        """Whether a milestone was done after the review's day: in the review it is not done yet."""
        return milestone.done_on is not None and milestone.done_on > self.day

    def is_answered(self, fields: Mapping[str, str] | None = None) -> bool:
        """Whether the card says something of this review, and can be sent as it stands: that nothing changed, or other
        than what stood there."""
        fields = self.fields if fields is None else fields
        is_unchanged = bool(fields["unchanged"])
        if not all(
            _is_readable(name, text) for name, text in fields.items() if name.startswith(MONEY) or not is_unchanged
        ):
            return False
        return is_unchanged or (bool(fields["text"].strip()) and not self.repeats(fields))

    def repeats(self, fields: Mapping[str, str]) -> bool:
        """Whether the fields say of the task what was reported before the review, word for word, and did not say so
        already when the part was sent."""
        if self.before is None or (self.sent is not None and not self.sent.unchanged):
            return False
        base = self.base
        return all(fields[name] == base[name] for name in base if not name.startswith(APART))

    @property
    def sent_names(self) -> str:
        """The names of the form's fields that keep this card alone, as `hx-params` has them."""
        rows = [f"done-{place}" for place, _milestone in self.milestones]
        hidden = [f"{row}-{name}" for row in rows for name in ("task", "key")]
        hidden += [
            f"money-{row}-{name}" for one in self.money for row, *_rest in one.rows for name in ("line", "source")
        ]
        own = [f"tasks-{self.place}-{name}" for name in ("task", "step")]
        return ",".join(["version", "tab", *own, *hidden, *self.names.values()])


@dataclass(frozen=True, slots=True)
class Sheet:
    """All cards of a unit's part, and how far it is."""

    snapshot: Snapshot
    review: Review
    asked: Asked
    cards: tuple[Card, ...]
    today: date

    @property
    def version(self) -> int:
        """The version of the part that this is based on; 0 where nobody has begun."""
        return 0 if self.asked.submission is None else self.asked.submission.version

    @property
    def day(self) -> date:
        """The day as of which it will be reported."""
        return self.review.day_on(self.today)

    @property
    def answered(self) -> int:
        """How many cards say something."""
        return sum(card.is_answered() for card in self.cards)

    @property
    def reported(self) -> int:
        """How many tasks were reported on in the review."""
        return sum(card.sent is not None for card in self.cards)

    @property
    def saved_at(self) -> datetime | None:
        """When something was last typed that is not sent."""
        return max((card.draft.at for card in self.cards if card.draft is not None), default=None)

    def card_of(self, task: PydanticObjectId) -> Card | None:
        """The card of a task."""
        return next((card for card in self.cards if card.task.key == task), None)

    def filled(self) -> Form[SheetForm]:
        """The form as it is first shown, under a name of its own."""
        texts = {"version": [str(self.version)], "tab": [secrets.token_hex(8)]}
        for card in self.cards:
            texts |= texts_of(card, card.fields, 0 if card.draft is None else card.draft.step)
        return Form(SheetForm, texts)


def _is_readable(name: str, text: str) -> bool:
    """Whether what stands in a field of that name is a number, a sum or a day, where one is asked for."""
    kind = next((kind for start, kind in READ_AS.items() if name.startswith(start)), None)
    if kind is None:
        return True
    try:
        kind.validate_python(text)
    except ValidationError:
        return False
    return True


def _amount(value: Decimal | None) -> str:
    """A sum as it comes back from a field: its spaces are plain ones."""
    return "" if value is None else " ".join(i18n.amount(value).split())


def texts_of(card: Card, fields: Mapping[str, str], step: int) -> dict[str, list[str]]:
    """A card's fields under their names in the form, with the step that they are based on."""
    texts = {f"tasks-{card.place}-task": [str(card.task.key)], f"tasks-{card.place}-step": [str(step)]}
    return texts | {card.names[name]: [text] for name, text in fields.items()}


def sheet_of(snapshot: Snapshot, review: Review, asked: Asked, drafts: Sequence[Draft], today: date) -> Sheet:
    """The unit's part as it stands, with what was typed since it was last sent."""
    sent = reports_in(snapshot, review, asked.tasks)
    alive = {draft.task: draft for draft in drafts if draft.is_alive(asked.submission) and draft.review == review.key}
    day = review.day_on(today)
    milestones, money = _numbered_milestones(asked.tasks), _numbered_money(snapshot, review, asked.tasks, day)
    figures = task_figures(snapshot, day)
    cards = []
    for place, task in enumerate(asked.tasks):
        own, lines = milestones[task.key], money[task.key]
        cards.append(
            Card(
                place=place,
                day=day,
                task=task,
                figures=figures[task.key],
                before=reported_before(snapshot, review, task),
                sent=sent.get(task.key),
                milestones=own,
                money=lines,
                draft=alive.get(task.key),
                names=_names(place, task, own, lines),
            )
        )
    return Sheet(snapshot, review, asked, tuple(cards), today)


def _names(
    place: int, task: Task, milestones: Sequence[tuple[int, Milestone]], money: Sequence[MoneyLine]
) -> dict[str, str]:
    measured = () if milestones else ("percent",)
    names = {name: f"tasks-{place}-{name}" for name in ("unchanged", "execution", "outcome", *measured, *WORDS)}
    for row, milestone in milestones:
        names |= {f"{name}-{milestone.key}": f"done-{row}-{name}" for name in ("ticked", "day")}
    for of_line in money:
        for row, source, known in of_line.rows:
            names |= {f"{name}-{of_line.line.key}-{source.key}": f"money-{row}-{name}" for name in known}
    return names


def _numbered_milestones(tasks: Sequence[Task]) -> dict[PydanticObjectId, tuple[tuple[int, Milestone], ...]]:
    found, row = {}, 0
    for task in tasks:
        found[task.key] = tuple(enumerate(task.milestones, start=row))
        row += len(task.milestones)
    return found


def _numbered_money(
    snapshot: Snapshot, review: Review, tasks: Sequence[Task], day: date
) -> dict[PydanticObjectId, tuple[MoneyLine, ...]]:
    """The lines of each task, each once: with the first task that it pays for."""
    found: dict[PydanticObjectId, tuple[MoneyLine, ...]] = {}
    seen: set[PydanticObjectId] = set()
    row = 0
    for task in tasks:
        lines = []
        for line in lines_of_task(snapshot, task):
            sources = _sources(snapshot, line)
            if line.heading or not sources or line.key in seen:
                continue
            seen.add(line.key)
            known = [known_sums(line, source.key, year_of(review), day) for source in sources]
            lines.append(MoneyLine(line, tuple((row + at, source, known[at]) for at, source in enumerate(sources))))
            row += len(sources)
        found[task.key] = tuple(lines)
    return found


def year_of(review: Review) -> int:
    """The year for which a review asks what was contracted and spent."""
    return review.period.end.year


def _sources(snapshot: Snapshot, line: InvestmentLine) -> list[FundingSource]:
    own = {entry.source for entries in (line.shares, line.planned, line.money_reports) for entry in entries}
    return [source for source in sources_in_order(snapshot) if source.key in own]


def known_sums(line: InvestmentLine, source: PydanticObjectId, year: int, day: date) -> dict[str, Decimal | None]:
    """The sums (EUR) last reported of a source and a year up to a day; None where none was."""
    known: dict[str, Decimal | None] = {"contracted": None, "spent": None}
    for entry in sorted(line.money_reports, key=lambda entry: entry.on):
        if (entry.source, entry.year) == (source, year) and entry.on <= day:
            known |= {name: value for name in known if (value := getattr(entry, name)) is not None}
    return known
