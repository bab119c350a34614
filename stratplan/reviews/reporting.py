"""A unit's part of a review as one page: filled in, kept while it is typed, sent. Members come to it in the plan; who
has a signed link sees the same cards alone (link_pages)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from beanie import PydanticObjectId
from litestar import get, post
from litestar.exceptions import ClientException
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.accounts.roles import units_of
from stratplan.actors import Actor
from stratplan.audit import AuditEntry
from stratplan.choice import Choice
from stratplan.errors import NotVisible, RuleBroken, StaleEdit
from stratplan.evidence.queries import count_on
from stratplan.forms import Form
from stratplan.goals.models import Report
from stratplan.goals.states import Execution, Outcome
from stratplan.i18n import _
from stratplan.permissions import Permission
from stratplan.reviews.card_words import meant, refilled, typed_fields, typed_of, unsent
from stratplan.reviews.cards import Card, Sheet, SheetForm, sheet_of, year_of
from stratplan.reviews.drafts import Draft, DraftMoved, drafts_of, keep
from stratplan.reviews.links import ReviewLink
from stratplan.reviews.models import Review, SubmissionState
from stratplan.reviews.queries import Asked, asked_of, find_review
from stratplan.reviews.sending import send
from stratplan.reviews.sent_money import sent_money
from stratplan.snapshot import Snapshot
from stratplan.view import Site, View
from stratplan.web import done, page, read_form, site_of, wants_fragment

CHOICES: Mapping[str, type[Choice]] = {"execution": Execution, "outcome": Outcome}


@dataclass(frozen=True, slots=True)
class Part:
    """A unit's part of a review, opened by somebody who may report in it: who that is (None: only looks), in which way,
    and where the page is. `link` is the signed link that it was opened with; then there is no view. `on_behalf`: who
    opened it is no head of the unit, whatever day the page is asked for."""

    site: Site
    snapshot: Snapshot
    review: Review
    asked: Asked
    actor: Actor | None
    base: str
    view: View | None = None
    link: ReviewLink | None = None
    on_behalf: bool = False

    @property
    def today(self) -> date:
        """The day on which it is reported."""
        return self.site.today()

    async def sheet(self) -> Sheet:
        """Its cards as they are now; what was typed is read for those who may go on with it."""
        keys = [task.key for task in self.asked.tasks]
        drafts = await drafts_of([self.review.key], keys) if self.actor is not None else []
        return sheet_of(self.snapshot, self.review, self.asked, drafts, self.today)

    async def again(self) -> Part:
        """The same after somebody changed the plan."""
        fresh = await self.site.snapshots.of(self.snapshot.plan.slug)
        if fresh is None:
            raise NotVisible(_("There is no such plan."))
        review = fresh.find(Review, self.review.key) or self.review
        view = None if self.view is None else await self.view.fresh()
        asked = asked_of(fresh, review, self.asked.unit.key)
        return replace(self, snapshot=fresh, review=review, asked=asked, view=view)

    @property
    def who_reports(self) -> Actor:
        """Who reports; the guard lets nobody else in where something is written."""
        assert self.actor is not None
        return self.actor

    def name_of(self, identity: str) -> str:
        """What a person is called; nothing for who looks through a link, but of themselves."""
        if self.link is not None and identity != str(self.link.account):
            return ""
        return self.snapshot.name_of(identity)


def of_unit(snapshot: Snapshot, address: Mapping[str, Any]) -> frozenset[PydanticObjectId]:
    """The unit in an address, whose own its part is."""
    return frozenset([_key(address["unit"])])


def _key(text: str) -> PydanticObjectId:
    if not PydanticObjectId.is_valid(text):
        raise NotVisible(_("There is no such page."))
    return PydanticObjectId(text)


# --- what the page shows -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moved:
    """What somebody else kept of a card meanwhile: who and when, and the fields in which it differs."""

    step: int
    by: str
    at: datetime
    differences: list[tuple[str, str]]


def labels_of(card: Card) -> dict[str, str]:
    """The names of a card's fields for people."""
    labels = {name: _(label) for name, label in Report.labels.items() if name in card.names}
    for _place, milestone in card.milestones:
        labels[f"ticked-{milestone.key}"] = milestone.title
        labels[f"day-{milestone.key}"] = _("%(milestone)s: done on", milestone=milestone.title)
    for of_line in card.money:
        for _row, source, _known in of_line.rows:
            about = {"line": of_line.line.number, "source": source.code}
            key = f"{of_line.line.key}-{source.key}"
            labels[f"contracted-{key}"] = _("Contracted, %(line)s, %(source)s", **about)
            labels[f"spent-{key}"] = _("Spent, %(line)s, %(source)s", **about)
    return labels


def _moved(part: Part, card: Card, draft: Draft, mine: Mapping[str, str]) -> Moved:
    labels = labels_of(card)
    return Moved(
        draft.step,
        part.name_of(draft.by) or _("Somebody else"),
        draft.at,
        [
            (labels[name], _said(name, text))
            for name, text in draft.fields.items()
            if name in labels and text != mine.get(name)
        ],
    )


def _said(name: str, text: str) -> str:
    if name in CHOICES:
        return _(next(one.label for one in CHOICES[name] if one.value == text))
    if name == "unchanged" or name.startswith("ticked-"):
        return _("Yes") if text else _("No")
    return text or i18n.DASH


async def show_sheet(
    request: HTMXRequest,
    part: Part,
    sheet: Sheet,
    form: Form[SheetForm] | None = None,
    *,
    moved: Mapping[int, Moved] | None = None,
    status: int = 200,
) -> Response[str]:
    """The whole page: the form for who reports, else what was sent."""
    submission = part.asked.submission
    is_writing = part.actor is not None and part.review.is_open
    is_open = is_writing and (form is not None or not part.asked.is_sent or _corrects(request))
    shown = sheet.filled() if form is None else form
    cards = {card.place: card for card in sheet.cards}
    context = {
        "part": part,
        "sheet": sheet,
        "form": shown,
        "moved": moved or {},
        "labels": _all_labels(sheet),
        "is_open": is_open,
        "can_return": part.review.is_open
        and part.asked.state in (SubmissionState.SENT, SubmissionState.PARTLY_SENT)
        and part.view is not None
        and part.view.can("reviews:write"),
        "can_correct": is_writing and part.asked.is_sent and not is_open,
        "executions": [(one.value, _(one.label)) for one in Execution],
        "outcomes": [(one.value, _(one.label)) for one in Outcome],
        "year": str(year_of(part.review)),
        "days_left": (part.review.due - part.today).days,
        "sent": submission if submission is not None and part.asked.is_sent else None,
        "partly": submission if part.asked.state is SubmissionState.PARTLY_SENT else None,
        "returned": submission if part.asked.state is SubmissionState.RETURNED else None,
        "sent_by": "" if submission is None else part.name_of(submission.sent_by),
        "files": _files(part, cards),
        "typed": [] if form is None or is_open else unsent(sheet, form),
        "money": {} if is_open else {card.place: sent_money(card, year_of(part.review)) for card in sheet.cards},
        "reporter": "" if part.link is None else part.snapshot.name_of(str(part.link.account)),
    }
    template = "reviews/report.html" if part.link is None else "reviews/report_by_link.html"
    section = "reviews" if part.link is None else "account"
    return await page(request, template, context, view=part.view, section=section, status=status)


def _corrects(request: HTMXRequest) -> bool:
    return request.query_params.get("correct") == "1"


def _all_labels(sheet: Sheet) -> dict[str, str]:
    """The labels of all fields by their names in the form, each with its task's number."""
    return {
        card.names[name]: f"{card.task.number} {label}"
        for card in sheet.cards
        for name, label in labels_of(card).items()
    }


def _files(part: Part, cards: Mapping[int, Card]) -> dict[int, tuple[str, int]]:
    """Where the files of each card's task are, and how many: for those who see them in the plan."""
    view = part.view
    if view is None or not view.can(Permission.EVIDENCE_READ):
        return {}
    return {
        place: (view.url(f"/tasks/{card.task.number}/evidence", back=part.base), count_on(part.snapshot, card.task.key))
        for place, card in cards.items()
    }


# --- kept while it is typed ----------------------------------------------------------------------------------------


async def keep_typed(request: HTMXRequest, part: Part) -> Response[Any]:
    """Keep what was typed: of one card for HTMX, which gets what became of it; of the whole page for a plain form."""
    form = await read_form(request, SheetForm)
    sheet, data = await part.sheet(), form.data
    if data is None:
        return await _not_kept(request, part, sheet, form, next(iter(form.errors.values())), 422)
    refusal = _too_late(part, data)
    if refusal:
        return await _not_kept(request, part, sheet, form, refusal, 409)
    moved = await _keep_all(part, sheet, data)
    fresh = await part.sheet()
    if wants_fragment(request):
        return _card_kept(request, part, fresh, data, moved)
    if moved:
        return await show_sheet(request, part, fresh, refilled(fresh, form, data), moved=moved, status=409)
    return _to(part.base + ("?correct=1" if part.asked.is_sent else ""))


def _too_late(part: Part, data: SheetForm) -> str:
    """Why nothing can be typed any more; empty where it can."""
    if not part.review.is_open:
        return _("The review is closed: nothing more can be sent in for it.")
    submission = part.asked.submission
    is_there = submission is not None and submission.state is SubmissionState.SENT  # whole or not
    if submission is not None and is_there and submission.version != data.version:
        return _("This part has been sent meanwhile. Open the page again to correct it.")
    return ""


async def _keep_all(part: Part, sheet: Sheet, data: SheetForm) -> dict[int, Moved]:
    """Keep every card that says something new; those that somebody else has changed meanwhile stay theirs, unless the
    reader has seen that and chosen."""
    settled, _dash, rest = data.settle.partition("-")
    place, _dash, step = rest.partition("-")
    moved = {}
    for card, typed in typed_of(sheet, data):
        chosen = settled if place == str(card.place) else ""
        if chosen == "theirs":
            continue
        try:
            mine = replace(typed, step=int(step)) if chosen else typed
            await keep(mine, part.asked.submission, by=part.who_reports)
        except DraftMoved as other:
            moved[card.place] = _moved(part, card, other.now, typed.fields)
    return moved


def _card_kept(
    request: HTMXRequest, part: Part, sheet: Sheet, data: SheetForm, moved: Mapping[int, Moved]
) -> Response[Any]:
    cards = [card for card in sheet.cards if any(row.task == card.task.key for row in data.tasks)]
    if not cards:
        raise ClientException(_("This was not understood, so nothing was changed. Reload the page and try again."))
    card = cards[0]
    row = next(row for row in data.tasks if row.task == card.task.key)
    step = row.step if card.place in moved or card.draft is None else card.draft.step
    context = {"moved": moved.get(card.place), "refusal": "", "step": step}
    response = _fragment(request, part, sheet, card, context, status=409 if moved else 200)
    if not moved:
        response.headers["HX-Trigger"] = "draft-saved"
    return response


async def _not_kept(
    request: HTMXRequest, part: Part, sheet: Sheet, form: Form[SheetForm], why: str, status: int
) -> Response[Any]:
    """Say why nothing was kept, at the card for HTMX, else over the form with all that was typed."""
    data = form.data
    place = next(iter(form.places("tasks")), None)
    card = next((one for one in sheet.cards if one.place == place), None)
    if wants_fragment(request) and card is not None:
        step = form.value(f"tasks-{place}-step")
        return _fragment(request, part, sheet, card, {"moved": None, "refusal": why, "step": step}, status=status)
    if status == 409:
        form.refuse(RuleBroken(why))
    return await show_sheet(request, part, sheet, refilled(sheet, form, data), status=status)


def _fragment(
    request: HTMXRequest, part: Part, sheet: Sheet, card: Card, context: Mapping[str, Any], *, status: int
) -> Response[Any]:
    content = (
        site_of(request)
        .environment.get_template("reviews/_card_kept.html")
        .render({"part": part, "sheet": sheet, "card": card, **context})
    )
    headers = {"cache-control": "no-store", "vary": "Cookie, HX-Request"}
    return Response(content, status_code=status, media_type="text/html", headers=headers)


def _to(address: str) -> Response[Any]:
    headers = {"location": address, "cache-control": "no-store"}
    return Response("", status_code=303, media_type="text/plain", headers=headers)


# --- sent ------------------------------------------------------------------------------------------------------------


async def send_in(request: HTMXRequest, part: Part) -> Response[Any]:
    """Send the part; where something is missing or wrong, it is said at the fields, and what was typed is kept."""
    form = await read_form(request, SheetForm)
    sheet, data = await part.sheet(), form.data
    if data is None:
        return await show_sheet(request, part, sheet, refilled(sheet, form, data), status=422)
    refusal = _too_late(part, data)
    if refusal:
        return await _not_kept(request, part, sheet, form, refusal, 409)
    moved = _changed_by_others(part, sheet, data)
    words, money = meant(sheet, form)
    if moved or form.errors:
        moved = moved | await _keep_all(part, sheet, data)
        if moved:
            form.errors[""] = _("Somebody else has changed a task meanwhile. Choose which version is to be sent.")
        shown = await part.sheet()
        return await show_sheet(
            request, part, shown, refilled(shown, form, data), moved=moved, status=409 if moved else 422
        )
    try:
        entry = await send(
            part.snapshot,
            part.review,
            part.asked.unit.key,
            words,
            money,
            today=part.today,
            by=part.who_reports,
            based_on=data.version,
            on_behalf=part.on_behalf,
            by_link=part.link is not None,
        )
    except RuleBroken as broken:
        return await _refused(request, part, form, data, str(broken))
    except StaleEdit:
        return await _refused(
            request, part, form, data, _("Something here was changed meanwhile. Look it through and send once more.")
        )
    return await _sent(request, part, entry)


def _changed_by_others(part: Part, sheet: Sheet, data: SheetForm) -> dict[int, Moved]:
    """The cards of which another page has kept something else than this one sends, after it was opened."""
    typed = typed_fields(sheet, data)
    steps = {row.task: row.step for row in data.tasks}
    moved = {}
    for card in sheet.cards:
        draft, mine = card.draft, typed.get(card.task.key)
        if draft is None or mine is None or draft.tab == data.tab or draft.step == steps[card.task.key]:
            continue
        if mine != card.fields:
            moved[card.place] = _moved(part, card, draft, mine)
    return moved


async def _refused(request: HTMXRequest, part: Part, form: Form[SheetForm], data: SheetForm, why: str) -> Response[str]:
    form.refuse(RuleBroken(why))
    fresh = await part.again()
    sheet = await fresh.sheet()
    return await show_sheet(request, fresh, sheet, refilled(sheet, form, data), status=409)


async def _sent(request: HTMXRequest, part: Part, entry: AuditEntry) -> Response[Any]:
    if part.view is None:
        return _to(part.base)
    fresh = await part.view.fresh()
    return await done(request, entry, view=fresh, to=part.base)


# --- the plan's own pages -----------------------------------------------------------------------------------------


def _part_of(view: View, code: str, unit: str) -> Part:
    review = find_review(view.snapshot, code)
    asked = asked_of(view.snapshot, review, _key(unit))
    account = view.reader.account
    may = view.is_today and view.rights.allow(Permission.REVIEWS_REPORT, frozenset([asked.unit.key]))
    return Part(
        site=view.site,
        snapshot=view.snapshot,
        review=review,
        asked=asked,
        actor=view.reader.actor if may else None,
        base=view.url(f"/reviews/{review.code}/units/{asked.unit.key}"),
        view=view,
        on_behalf=account is not None and asked.unit.key not in units_of(view.snapshot, account),
    )


PAGE = "/plans/{slug:str}/reviews/{review:str}/units/{unit:str}"
REPORTED: dict[str, Any] = {"permission": Permission.REVIEWS_REPORT, "responsible": of_unit}


# Members see it, residents do not: the review itself they see once it is closed.
@get(PAGE, permission=Permission.PLANS_UNPUBLISHED)
async def show_unit_report(request: HTMXRequest, view: View, review: str, unit: str) -> Response[str]:
    """What the review asks of the unit: to be filled in by its head, read by the others."""
    part = _part_of(view, review, unit)
    return await show_sheet(request, part, await part.sheet())


@post(f"{PAGE}/drafts", **REPORTED)
async def keep_unit_report(request: HTMXRequest, view: View, review: str, unit: str) -> Response[Any]:
    """Keep what was typed."""
    return await keep_typed(request, _writing(view, review, unit))


@post(f"{PAGE}/send", **REPORTED)
async def send_unit_report(request: HTMXRequest, view: View, review: str, unit: str) -> Response[Any]:
    """Send the unit's part."""
    return await send_in(request, _writing(view, review, unit))


def _writing(view: View, review: str, unit: str) -> Part:
    """The part, also where the page was asked for of a past day: what is written is of today."""
    part = _part_of(view, review, unit)
    return part if part.actor is not None else replace(part, actor=view.reader.actor)


handlers = [show_unit_report, keep_unit_report, send_unit_report]
