"""A plan as residents see it, and how its pages answer: the same for all who ask, so that any cache may keep them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from litestar.di import Provide
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.documents import LivingDocument
from stratplan.errors import NotVisible
from stratplan.guard import open_plan
from stratplan.i18n import LANGUAGE_NAMES, LANGUAGES, _
from stratplan.permissions import Permission
from stratplan.plans.models import Organisation
from stratplan.snapshot import Snapshot
from stratplan.view import View
from stratplan.web import base_of, day_asked, reader_of, site_of

PAGES = re.compile(
    r"(?:/tasks|/goals/[^/]+|/tasks/[^/]+|/figures/progress(?:/(?:goals|tasks)/[^/]+)?|/figures/schedule/tasks/[^/]+)?"
)
REVIEW_PAGES = re.compile(r"/reviews(?:/[^/]+)?")
MONEY_PAGES = re.compile(r"/funding|/figures/money(?:/(?:lines|source|goal|year|unit)/[^/]+)?")
DESCRIPTION = 160


class ResidentView(View):
    """The published part of a plan; its links stay under the short address, and keep the language."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._base = f"/p/{self.plan.slug}"
        self.language = "" if self.reader.language == self.site.language else self.reader.language

    def url(self, path: str = "", **parameters: Any) -> str:
        """The address of a page of the public view; `lang` is in it unless it is the installation's own."""
        return super().url(path, **{"lang": self.language, **parameters})

    def has(self, path: str) -> bool:
        """Whether the public view has such a page, and the plan publishes what is on it."""
        bare = path.partition("?")[0]
        if MONEY_PAGES.fullmatch(bare):
            return self.can(Permission.INVESTMENTS_READ)
        if REVIEW_PAGES.fullmatch(bare):
            return self.can(Permission.REVIEWS_READ)
        return bool(bare) and PAGES.fullmatch(bare) is not None

    @property
    def funding(self) -> bool:
        """Whether money is published."""
        return self.can(Permission.INVESTMENTS_READ)

    @property
    def sections(self) -> list[tuple[str, str, str]]:
        """What the public view has: the key, the name and the address of each part."""
        parts = [
            ("plan", _("The plan"), "", True),
            ("tasks", _("Tasks"), "/tasks", True),
            ("funding", _("Money"), "/funding", self.funding),
            ("reviews", _("Reviews"), "/reviews", self.can(Permission.REVIEWS_READ)),
        ]
        return [(key, name, address) for key, name, address, is_shown in parts if is_shown]

    @property
    def organisation(self) -> str:
        """Whose plan it is."""
        found = self.snapshot.find(Organisation, self.plan.organisation)
        return "" if found is None else found.name

    @property
    def last_changed(self) -> date:
        """The day on which something that residents see was added, reported or reworded last."""
        return self.snapshot.derive("last changed", lambda: i18n.day_of(_last_changed(self.snapshot)))


def _last_changed(snapshot: Snapshot) -> datetime:
    return max(
        moment
        for kind in LivingDocument.kinds.values()
        for document in snapshot.all(kind).values()
        for moment in (document.created_at, document.worded_at)
        if moment is not None
    )


async def open_as_resident(request: HTMXRequest, slug: str) -> ResidentView:
    """The plan in the address as residents see it, on the day asked for; the guard has looked at who asks."""
    site = site_of(request)
    found = await open_plan(request.scope, site.snapshots)
    if found is None:
        raise NotVisible(_("There is no such plan."))
    view = request.scope["state"]["view"] = ResidentView(
        site, found[0], reader_of(request), found[1], day_asked(request), list(request.query_params.multi_items())
    )
    return view


# What every route of the public view declares: whoever asks sees what residents see, and nothing else.
AS_RESIDENT: Mapping[str, Any] = {"as_resident": True, "dependencies": {"view": Provide(open_as_resident)}}


def resident_page(
    request: HTMXRequest,
    template: str,
    view: ResidentView,
    *,
    context: Mapping[str, Any],
    description: str,
    section: str,
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    """The page, without a cookie read or set; `description` is what search engines show of it.

    They are asked to remember its plain address only: no other day and no search.
    """
    site = site_of(request)
    path = request.scope["raw_path"].decode("latin-1") if request.scope.get("raw_path") else request.scope["path"]
    own = {name for name, _value in view.asked} <= {"lang"}

    def address(language: str) -> str:
        return base_of(request) + path + ("" if language == site.language else f"?{urlencode({'lang': language})}")

    content = site.environment.get_template(template).render(
        {
            "view": view,
            "reader": view.reader,
            "section": section,
            "description": _shortened(description),
            "canonical": address(view.reader.language),
            "by_default": address(site.language),
            "alternates": [(code, LANGUAGE_NAMES[code], address(code)) for code in LANGUAGES],
            "languages": [
                (code, LANGUAGE_NAMES[code], _in_language(path, view, code))
                for code in LANGUAGES
                if code != view.reader.language
            ],
            "path": path,
            **context,
        }
    )
    published = view.plan.published
    return Response(
        content,
        media_type="text/html",
        headers={
            "cache-control": "public, no-cache" if published else "private, no-store",
            "x-robots-tag": "all" if published and own else "noindex",
            **(headers or {}),
        },
    )


def _in_language(path: str, view: ResidentView, code: str) -> str:
    asked = [(name, value) for name, value in view.asked if name != "lang"]
    if code != view.site.language:
        asked.append(("lang", code))
    return path + (f"?{urlencode(asked)}" if asked else "")


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= DESCRIPTION else line[: DESCRIPTION - 1].rsplit(" ", 1)[0] + "…"
