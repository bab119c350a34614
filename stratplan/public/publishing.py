"""Where planners decide what residents see: publish, change, withdraw, and which sites may show the plan's card."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import field_validator

from stratplan.documents import LivingDocument
from stratplan.forms import Form, FormModel, Versioned
from stratplan.frame import HEADERS
from stratplan.goals.models import Goal, Task
from stratplan.i18n import N_, _
from stratplan.in_place import read_action
from stratplan.investments.models import InvestmentLine
from stratplan.permissions import Permission
from stratplan.plans.models import WIDGET_HOST, PublicPart, Section
from stratplan.swot.models import SwotEntry
from stratplan.view import View
from stratplan.web import base_of, done, page, read_form

HOSTS_AT_MOST = 20
_HOST = N_("Write each site as the name of its host, such as www.example.lv, one on a line.")


class Publication(Versioned):
    """What residents are to see beside goals, tasks and progress."""

    parts: list[PublicPart] = []


class Choice(FormModel):
    """The same before it is confirmed."""

    parts: list[PublicPart] = []


class Withdrawal(Versioned):
    """Confirms which version is withdrawn."""


class WidgetForm(Versioned):
    """The hosts whose pages may show the card, as they are typed: one on a line."""

    hosts: str = ""

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, typed: str) -> str:
        found = hosts_of(typed)
        if len(found) > HOSTS_AT_MOST:
            raise ValueError(N_("There are too many of these."))
        if not all(re.fullmatch(WIDGET_HOST, host) for host in found):
            raise ValueError(_HOST)
        return "\n".join(found)


def hosts_of(typed: str) -> list[str]:
    """The hosts in a text as browsers write them: small letters, no path, names with other letters encoded."""
    found = []
    for word in re.split(r"[\s,;]+", typed.strip()):
        scheme, mark, rest = word.lower().rpartition("://")
        host = rest.removesuffix("/")
        if not host.isascii():
            name, colon, port = host.partition(":")
            with suppress(UnicodeError):  # what is no name of a host is refused as it was typed
                host = name.encode("idna").decode() + colon + port
        # What is not the safe scheme is left there, and refused, but for the plain one, which a name covers too.
        kept = "" if scheme in ("", "http") else scheme + mark
        if host:
            found.append(kept + host)
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Kept:
    """How many of a kind of thing are internal, how many there are, and where they stand."""

    label: str
    internal: int
    total: int
    path: str


def kept_internal(view: View) -> list[Kept]:
    """What stays among the plan's members, by kind; a task of an internal goal is internal too."""
    snapshot = view.snapshot
    goals = {goal.key for goal in snapshot.all(Goal).values() if goal.internal}

    def count(documents: Sequence[Any]) -> int:
        return sum(document.internal or getattr(document, "goal", None) in goals for document in documents)

    kinds: list[tuple[str, type[LivingDocument], str]] = [
        (_("Goals"), Goal, "/goals"),
        (_("Tasks"), Task, "/tasks"),
        (_("Investment lines"), InvestmentLine, "/investments"),
        (_("SWOT entries"), SwotEntry, "/swot"),
        (_("Chapters"), Section, "/sections"),
    ]
    rows = []
    for label, kind, path in kinds:
        documents = list(snapshot.all(kind).values())
        internal = count(documents)
        rows.append(
            Kept(label, internal, len(documents), f"{path}?visibility=internal" if kind is Task and internal else path)
        )
    return rows


@get("/plans/{slug:str}/publish", permission=Permission.PLANS_PUBLISH)
async def show_publishing(request: HTMXRequest, view: View) -> Response[str]:
    """What residents see, and what they don't."""
    return await _shown(request, view)


@get("/plans/{slug:str}/publish/confirm", permission=Permission.PLANS_PUBLISH)
async def confirm_publishing(request: HTMXRequest, view: View) -> Response[str]:
    """Asks before anybody may read the plan; `parts` are what was chosen, or, of an address without a choice, those
    that the plan has."""
    asked = [(name, value) for name, value in view.asked if name == "parts"]
    form = Form.submitted(Choice, asked)
    parts = [] if form.data is None else form.data.parts
    if not asked and ("chosen", "1") not in view.asked:
        parts = view.plan.public_parts
    return await page(
        request,
        "public/publish_confirm.html",
        {"parts": [part for part in PublicPart if part in parts], "address": _address(request, view)},
        view=view,
    )


@post("/plans/{slug:str}/publish", permission=Permission.PLANS_PUBLISH)
async def publish_plan(request: HTMXRequest, view: View) -> Response[Any]:
    """Let residents see the plan, with these parts; at once."""
    sent = await read_action(request, Publication)
    entry = await view.plan.publish(sent.parts, by=view.reader.actor, based_on=sent.version)
    return await done(request, entry, view=view, to=view.url("/publish"))


@get("/plans/{slug:str}/publish/withdraw", permission=Permission.PLANS_PUBLISH)
async def confirm_withdrawal(request: HTMXRequest, view: View) -> Response[str]:
    """Asks before residents lose the plan."""
    return await page(request, "public/withdraw.html", view=view, fragment="public/_withdraw.html")


@post("/plans/{slug:str}/publish/withdraw", permission=Permission.PLANS_PUBLISH)
async def withdraw_plan(request: HTMXRequest, view: View) -> Response[Any]:
    """Let only members see the plan; at once."""
    sent = await read_action(request, Withdrawal)
    entry = await view.plan.withdraw(by=view.reader.actor, based_on=sent.version)
    return await done(request, entry, view=view, to=view.url("/publish"))


@post("/plans/{slug:str}/publish/widget", permission=Permission.PLANS_PUBLISH)
async def allow_widget(request: HTMXRequest, view: View) -> Response[Any]:
    """Say which sites may show the card; all others may not."""
    form = await read_form(request, WidgetForm)
    if form.data is None:
        return await _shown(request, view, form, status=422)
    values = {"widget_hosts": hosts_of(form.data.hosts)}
    entry = await view.plan.edit(values, by=view.reader.actor, based_on=form.data.version, tag="card_allowed")
    return await done(request, entry, view=view, to=view.url("/publish") + "#widget")


def _address(request: HTMXRequest, view: View) -> str:
    return f"{base_of(request)}/p/{view.plan.slug}"


async def _shown(
    request: HTMXRequest, view: View, widget: Form[WidgetForm] | None = None, *, status: int = 200
) -> Response[str]:
    plan = view.plan
    form = Form.filled(Publication, {"parts": plan.public_parts, "version": plan.version})
    hosts = Form.filled(WidgetForm, {"hosts": "\n".join(plan.widget_hosts), "version": plan.version})
    response = await page(
        request,
        "public/publish.html",
        {
            "form": form,
            "widget": widget or hosts,
            "parts": [(part.value, _(part.label)) for part in PublicPart],
            "address": _address(request, view),
            "kept": kept_internal(view),
        },
        view=view,
        section="publish",
        status=status,
    )
    # The card is shown as other sites show it.
    response.headers["content-security-policy"] = HEADERS["content-security-policy"] + "; frame-src 'self'"
    return response


handlers = [
    show_publishing,
    confirm_publishing,
    publish_plan,
    confirm_withdrawal,
    withdraw_plan,
    allow_widget,
]
