"""All that pages and HTMX ask of Python: the view of a plan on a day, rendering, forms read, answers after a change."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from beanie import PydanticObjectId
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException
from litestar_htmx import HTMXRequest

from stratplan import i18n, wording
from stratplan.abbreviations import explain_abbreviations
from stratplan.accounts import cookies
from stratplan.accounts.models import Membership
from stratplan.assets import Assets
from stratplan.audit import AuditEntry
from stratplan.documents import LivingDocument
from stratplan.errors import NotVisible
from stratplan.forms import Form, FormModel, chosen
from stratplan.frame import Reader
from stratplan.guard import open_plan, plan_of
from stratplan.i18n import _
from stratplan.permissions import NONE, Permission, Rights
from stratplan.plans.models import Plan, Term, TermKind
from stratplan.sent import fields_of
from stratplan.snapshot import Snapshot, Snapshots

M = TypeVar("M", bound=FormModel)
D = TypeVar("D", bound=LivingDocument)

VARIANTS_HELD = 4
OF_PEOPLE = frozenset({"members"})  # sections of a plan with addresses of people: no browser stores their pages
# Whose pages these are, by how their paths begin; the others are for all who see the plan.
NEEDED = (
    (("/investments", "/figures/money", "/figures/checks"), Permission.INVESTMENTS_READ),
    (("/swot",), Permission.SWOT_READ),
    (("/reviews",), Permission.REVIEWS_READ),
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


def site_of(request: HTMXRequest) -> Site:
    """The application's shared parts."""
    site: Site = request.app.state.site
    return site


def reader_of(request: HTMXRequest) -> Reader:
    """Who asks."""
    reader: Reader = request.scope["state"]["reader"]
    return reader


def rights_of(request: HTMXRequest) -> Rights:
    """What the reader may do where the guard let them in; outside of plans, what they may do in the installation."""
    rights: Rights = request.scope["state"].get("rights", NONE)
    return rights


async def open_view(request: HTMXRequest, slug: str) -> View:
    """The plan in the address, for this reader, on the day asked for (`as_of`, else today)."""
    site, reader = site_of(request), reader_of(request)
    asked_for = request.path_params.get("slug") == slug
    found = await (
        open_plan(request.scope, site.snapshots) if asked_for else plan_of(slug, reader.account, site.snapshots)
    )
    if found is None:
        raise NotVisible(_("There is no such plan."))
    snapshot, rights = found
    day = day_asked(request)
    view = request.scope["state"]["view"] = View(
        site, snapshot, reader, rights, day, list(request.query_params.multi_items())
    )
    return view


def day_asked(request: HTMXRequest) -> date:
    """The day that the address asks for (`as_of`), else today."""
    asked = request.query_params.get("as_of", "")
    if not asked:
        return site_of(request).today()
    try:
        return date.fromisoformat(asked)
    except ValueError:
        raise ClientException(_("The day in as_of is written YYYY-MM-DD, such as 2016-09-30.")) from None


def wants_fragment(request: HTMXRequest) -> bool:
    """Whether HTMX asks for a part of a page; boosted links and history ask for whole ones."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


async def page(
    request: HTMXRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    view: View | None = None,
    section: str = "",
    fragment: str | None = None,
    status: int = 200,
    retarget: str | None = None,
) -> Response[str]:
    """The rendered page; for HTMX only `fragment`, where one is named, put in place of `retarget` (a CSS selector) when
    that is not the element which asked: a form with errors returns to itself."""
    notice = None
    entry_id = cookies.sent(request, "notice")
    if entry_id and view is not None and not wants_fragment(request):
        notice = await _notice(entry_id, view)
    name = fragment if fragment and wants_fragment(request) else template
    content = (
        site_of(request)
        .environment.get_template(name)
        .render(
            {
                "view": view,
                "reader": reader_of(request),
                "path": _path(request),
                "section": section,
                "notice": notice,
                **(context or {}),
            }
        )
    )
    response = Response(
        content,
        status_code=status,
        media_type="text/html",
        headers={
            "vary": "Cookie, HX-Request, HX-Boosted",
            "cache-control": "no-store" if view is None or section in OF_PEOPLE else "private, no-cache",
            **({"HX-Retarget": retarget, "HX-Reswap": "outerHTML"} if retarget and name == fragment else {}),
        },
    )
    if entry_id and not wants_fragment(request):
        response.cookies.append(cookies.gone(request, "notice"))
    return response


def _path(request: HTMXRequest) -> str:
    """The address that a switch of language or theme comes back to."""
    query = request.scope["query_string"].decode("latin-1")
    return quote(request.scope["path"]) + (f"?{query}" if query else "")


class Notice:
    """What has just been done, with the way to undo it."""

    def __init__(self, text: str, undo_url: str | None, entry: AuditEntry | None = None) -> None:
        self.text = text
        self.entry = "" if entry is None else str(entry.id)
        self.undo_url = undo_url


async def _notice(entry_id: str, view: View) -> Notice | None:
    if not PydanticObjectId.is_valid(entry_id):
        return None
    if view.reader.account is None:
        return None
    # The cookie is only the browser's word: what it names is told to the one who did it.
    own = {"scope": {"$in": [view.plan.key, view.plan.organisation]}, "by": view.reader.actor.id}
    entry = await AuditEntry.find_one({"_id": PydanticObjectId(entry_id), **own})
    return None if entry is None else notice_of(entry, view, await _whose_role(entry, view))


async def _whose_role(entry: AuditEntry, view: View) -> str:
    """Whose role was given, changed or taken away: names are not in the history."""
    first = entry.changes[0]
    if first.kind != Membership.kind or not view.rights.allow(Permission.MEMBERS_READ):
        return ""
    membership = await Membership.get(first.document)
    return "" if membership is None else view.name_of(str(membership.account))


def notice_of(entry: AuditEntry, view: View, name: str = "") -> Notice:
    """The notice of a recorded change; `name` as in `wording.deed`."""
    undo = (
        view.url(f"/changes/{entry.id}/undo")
        if view.can_undo(entry.by, {change.kind for change in entry.changes}, entry.tag)
        else None
    )
    return Notice(wording.deed(entry, name), undo, entry)


async def done(
    request: HTMXRequest,
    entry: AuditEntry | None,
    *,
    view: View,
    to: str,
    fragment: str | None = None,
    context: Mapping[str, Any] | None = None,
) -> Response[Any]:
    """The answer after a change: to HTMX the `fragment` (of the plan as it is now: pass `await view.fresh()`) with the
    notice beside it and one event for each kind that changed; to a plain form, the way `to` the page that shows it."""
    if not wants_fragment(request) or fragment is None:
        if wants_fragment(request):
            response = Response[Any]("", status_code=200, headers={"HX-Redirect": to})
        else:
            response = Response("", status_code=303, media_type="text/plain", headers={"location": to})
        if entry is not None:
            response.cookies.append(cookies.kept(request, "notice", str(entry.id), seconds=60))
        return response
    environment = site_of(request).environment
    shared = {"view": view, "reader": reader_of(request), "path": to, "section": ""}
    content = environment.get_template(fragment).render({**shared, "notice": None, **(context or {})})
    if entry is not None:
        content += environment.get_template("_notice.html").render(
            {**shared, "notice": notice_of(entry, view), "oob": True}
        )
    kinds = sorted({change.kind for change in entry.changes}) if entry else []
    return Response(
        content,
        status_code=200,
        media_type="text/html",
        headers={
            "vary": "Cookie, HX-Request, HX-Boosted",
            "cache-control": "no-store",
            **({"HX-Trigger": ", ".join(f"{kind}-changed" for kind in kinds)} if kinds else {}),
        },
    )


async def read_form(request: HTMXRequest, model: type[M]) -> Form[M]:
    """The form that was sent, checked; kept with the request for the comparison that a stale edit answers with."""
    items = []
    for name, value in await fields_of(request):
        if not isinstance(value, str):
            raise ClientException(_("This form takes no files."))
        items.append((name, value))
    return _submitted(request, model, items)


@asynccontextmanager
async def read_upload(
    request: HTMXRequest, model: type[M], field: str
) -> AsyncIterator[tuple[Form[M], list[UploadFile]]]:
    """The form that was sent, checked, and the files in its `field`, each on disk where it is large; gone afterwards.

    Refuses files anywhere else, and what is not sent as a form with files.
    """
    if request.content_type[0] != RequestEncodingType.MULTI_PART:
        raise ClientException(_("The files did not arrive. Choose them again and send the form once more."))
    sent = await fields_of(request)
    files = [value for _name, value in sent if not isinstance(value, str)]
    try:
        items = []
        for name, value in sent:
            if isinstance(value, str):
                # A browser sends an empty text where no file was chosen.
                if name != field or value:
                    items.append((name, value))
            elif name != field:
                raise ClientException(_("This form takes no files there."))
        yield _submitted(request, model, items), files
    finally:
        for file in files:
            await file.close()


def _submitted(request: HTMXRequest, model: type[M], items: list[tuple[str, str]]) -> Form[M]:
    form = Form.submitted(model, chosen(items))
    request.scope["state"]["form"] = form
    return form


def local_path(to: str) -> str:
    """An address of this site to go back to, or the front page if it leads elsewhere."""
    safe = to.startswith("/") and not to.startswith("//") and "\\" not in to
    return to if safe and to.isascii() and to.isprintable() else "/"


def came_from(request: HTMXRequest) -> str:
    """The page of this site, with its query, on which a form was opened; the front page where that is not known."""
    try:
        parts = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer") or "")
    except ValueError:
        return "/"
    return local_path(parts.path + (f"?{parts.query}" if parts.query else ""))
