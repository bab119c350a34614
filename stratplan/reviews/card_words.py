"""What was typed on the cards of a unit's part, and what it means once it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from beanie import PydanticObjectId
from pydantic import TypeAdapter, ValidationError

from stratplan.errors import RuleBroken
from stratplan.forms import DayField, Form, MoneyField, sentence
from stratplan.goals.reports import WholePercent
from stratplan.goals.states import Execution, Outcome
from stratplan.i18n import _
from stratplan.reviews.cards import FIXED, WORDS, Card, Sheet, SheetForm, texts_of, year_of
from stratplan.reviews.drafts import Typed
from stratplan.reviews.sending import MoneyWords, TaskWords, faults, unchanged

ENDS = tuple(f"-{name}" for name in WORDS)


def refilled(sheet: Sheet, form: Form[SheetForm], data: SheetForm | None) -> Form[SheetForm]:
    """The form as it was sent (`data`: what it was found to say), with the cards that it had not, based on the part
    as it is now."""
    shown = sheet.filled()
    shown.texts |= {name: form.texts[name] for name in ("tab",) if name in form.texts}
    if data is not None:
        typed = typed_fields(sheet, data)
        for card in sheet.cards:
            if card.task.key in typed:
                shown.texts |= texts_of(card, typed[card.task.key], _step(data, card))
    elif all(form.texts.get(name, texts) == texts for name, texts in shown.texts.items() if name.endswith(FIXED)):
        for name in shown.texts:
            if not name.endswith(FIXED) and name not in ("version", "tab"):
                shown.texts[name] = form.texts.get(name, [""])  # what is not ticked is not sent
    shown.errors = form.errors
    return shown


def texts_typed(items: Iterable[tuple[str, str]]) -> list[str]:
    """The texts among the fields of cards that were sent in vain, without choices, amounts and days."""
    return [text for name, text in items if name.startswith("tasks-") and name.endswith(ENDS) and text.strip()]


def unsent(sheet: Sheet, form: Form[SheetForm]) -> list[str]:
    """The texts of a form that is not shown any more, without those that were reported already."""
    known = [report for card in sheet.cards for report in (card.before, card.sent) if report is not None]
    reported = {getattr(report, name) for report in known for name in WORDS}
    items = [(name, text) for name, texts in form.texts.items() for text in texts]
    return [text for text in texts_typed(items) if text not in reported]


def _step(data: SheetForm, card: Card) -> int:
    return next((row.step for row in data.tasks if row.task == card.task.key), 0)


def typed_fields(sheet: Sheet, data: SheetForm) -> dict[PydanticObjectId, dict[str, str]]:
    """The fields of each card that was sent, by task, in the card's own order; what belongs to no card is left out."""
    found: dict[PydanticObjectId, dict[str, str]] = {}
    for row in data.tasks:
        card = sheet.card_of(row.task)
        if card is None:
            continue
        typed = {
            "unchanged": row.unchanged,
            "execution": row.execution.value,
            "outcome": row.outcome.value,
            "percent": row.percent,
            **{name: getattr(row, name) for name in WORDS},
        }
        for done in data.done:
            if done.task == row.task:
                typed |= {f"ticked-{done.key}": done.ticked, f"day-{done.key}": done.day}
        for money in data.money:
            typed |= {f"{name}-{money.line}-{money.source}": getattr(money, name) for name in ("contracted", "spent")}
        filled = card.fields
        found[row.task] = {name: typed.get(name, filled[name]) for name in filled}
    return found


def typed_of(sheet: Sheet, data: SheetForm) -> Iterator[tuple[Card, Typed]]:
    """What is to be kept of the cards that were sent: those that say something else than what they were filled with."""
    typed = typed_fields(sheet, data)
    for card in sheet.cards:
        fields = typed.get(card.task.key)
        if fields is not None and fields != card.fields:
            step = _step(data, card)
            yield card, Typed(sheet.review.scope, sheet.review.key, card.task.key, fields, step, data.tab)


def meant(sheet: Sheet, form: Form[SheetForm]) -> tuple[list[TaskWords], list[MoneyWords]]:
    """What the form says of each task and of money; what is wrong or missing is refused at its field, in all cards."""
    assert form.data is not None
    typed = typed_fields(sheet, form.data)
    lost = {row.task for row in form.data.tasks} - {card.task.key for card in sheet.cards}
    if lost:
        form.refuse(RuleBroken(_("A task of this page is not asked of the unit any more. Look it through once more.")))
    words, money = [], []
    for card in sheet.cards:
        if card.task.key in typed:
            words.append(_words(sheet, card, typed[card.task.key], form))
            money += list(_money(sheet, card, typed[card.task.key], form))
    for fault in faults(sheet.snapshot, sheet.asked, words, money, today=sheet.today, on=sheet.day):
        card_at = sheet.card_of(fault.task)
        assert card_at is not None  # the words are those of its cards
        _refuse(form, card_at, fault.name, fault.message)
    return words, money


def _words(sheet: Sheet, card: Card, fields: Mapping[str, str], form: Form[SheetForm]) -> TaskWords:
    if fields["unchanged"]:
        return unchanged(sheet.snapshot, sheet.review, card.task)
    if not fields["text"]:
        _refuse(form, card, "text", _("Say what was done, or mark “No change”."))
    elif card.repeats(fields):
        _refuse(form, card, "text", _("This was reported before. Say what was done since, or mark “No change”."))
    percent = None if card.milestones else _read(form, card, "percent", fields, WholePercent)
    done = _done(sheet, card, fields, form) if card.milestones else None
    return TaskWords(
        task=card.task.key,
        execution=_read(form, card, "execution", fields, Execution),
        outcome=_read(form, card, "outcome", fields, Outcome),
        percent=percent,
        done=done,
        text=fields["text"],
        next_steps=fields["next_steps"],
        obstacles=fields["obstacles"],
    )


def _done(sheet: Sheet, card: Card, fields: Mapping[str, str], form: Form[SheetForm]) -> dict[str, date]:
    """The day on which each ticked milestone was done: its own, else the review's."""
    done: dict[str, date] = {}
    for _place, milestone in card.milestones:
        name = f"day-{milestone.key}"
        day = _read(form, card, name, fields, DayField)
        if fields[f"ticked-{milestone.key}"]:
            done[milestone.key] = day or sheet.day
        elif day is not None and milestone.done_on is None:
            _refuse(form, card, name, _("Mark the milestone as done, or clear its day."))
    return done


def _money(sheet: Sheet, card: Card, fields: Mapping[str, str], form: Form[SheetForm]) -> Iterator[MoneyWords]:
    """The sums that differ from those known; an empty field says nothing."""
    for of_line in card.money:
        for _place, source, known in of_line.rows:
            said = {
                name: _read(form, card, f"{name}-{of_line.line.key}-{source.key}", fields, MoneyField) for name in known
            }
            if any(said[name] is not None and said[name] != known[name] for name in known):
                yield MoneyWords(of_line.line.key, source.key, year_of(sheet.review), said["contracted"], said["spent"])


def _read(form: Form[SheetForm], card: Card, name: str, fields: Mapping[str, str], kind: Any) -> Any:
    try:
        return TypeAdapter(kind).validate_python(fields[name])
    except ValidationError as error:
        _refuse(form, card, name, sentence(dict(error.errors()[0])))
        return None


def _refuse(form: Form[SheetForm], card: Card, name: str, message: str) -> None:
    form.errors.setdefault(card.names[name], message)
