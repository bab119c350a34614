"""Where to tell of a weakness, for those who look where RFC 9116 says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.permissions import Permission
from stratplan.web import site_of

GOOD_FOR = timedelta(days=180)  # RFC 9116 advises less than a year


def security_txt(contact: str | None) -> list[HTTPRouteHandler]:
    """The route, where the administrator has said whom to tell."""
    if contact is None:
        return []

    @get("/.well-known/security.txt", permission=Permission.OPEN, media_type="text/plain")
    async def tell(request: HTMXRequest) -> Response[str]:
        """The contact, until when this holds, and the languages that are read there."""
        expires = (datetime.now(UTC) + GOOD_FOR).strftime("%Y-%m-%dT00:00:00Z")
        lines = [f"Contact: {contact}", f"Expires: {expires}", "Preferred-Languages: lv, en"]
        address = site_of(request).address
        if address:
            lines.append(f"Canonical: {address}/.well-known/security.txt")
        return Response("\n".join(lines) + "\n", media_type="text/plain", headers={"cache-control": "no-cache"})

    return [tell]
