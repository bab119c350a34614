"""The cookies of signing in: only for this site, out of reach of scripts, and behind TLS bound to this very host."""

from __future__ import annotations

from litestar.datastructures import Cookie
from litestar_htmx import HTMXRequest

from stratplan.origin import Origin

DEVICE = "device"
HALF_SESSION = "second-step"
A_YEAR = 365 * 24 * 3600  # seconds; what was chosen is kept so long


def origin_of(request: HTMXRequest) -> Origin:
    """Where the request comes from."""
    origin: Origin = request.scope["state"]["origin"]
    return origin


def sent(request: HTMXRequest, name: str) -> str:
    """What the browser has under the name; empty if nothing."""
    return request.cookies.get(origin_of(request).cookie(name), "")


def kept(request: HTMXRequest, name: str, value: str, *, seconds: int | None = None) -> Cookie:
    """The cookie that the browser is to keep for so long (None: until it is closed; 0: no longer)."""
    origin = origin_of(request)
    return Cookie(
        key=origin.cookie(name),
        value=value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=origin.is_secure,
    )


def gone(request: HTMXRequest, name: str) -> Cookie:
    """The cookie that takes away what the browser has under the name."""
    return kept(request, name, "", seconds=0)
