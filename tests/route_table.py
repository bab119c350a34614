"""The application's own table of routes, for checks that hold for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from litestar import Litestar

from stratplan.frame import Frame
from stratplan.permissions import Permission


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address in the application's own table."""

    method: str
    path: str
    permission: Permission | None
    kept: bool
    responsible: bool = False
    streams: bool = False
    as_resident: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes_of(app: Frame) -> list[Route]:
    """The application's routes; a mount counts as a GET of everything under it."""
    litestar = cast("Litestar", app.app)
    found = []
    for route in litestar.routes:
        handlers = getattr(route, "route_handlers", None) or [cast("Any", route).route_handler]
        for handler in handlers:
            for method in sorted(getattr(handler, "http_methods", None) or {"GET"}):
                found.append(
                    Route(
                        str(method),
                        route.path,
                        handler.opt.get("permission"),
                        bool(handler.opt.get("kept")),
                        "responsible" in handler.opt,
                        bool(handler.opt.get("streams")),
                        bool(handler.opt.get("as_resident")),
                    )
                )
    return sorted(found, key=str)
