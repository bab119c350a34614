"""The server that is measured: the product, and beside it constant pages sent through the same stack."""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

import uvicorn
from litestar import Litestar, Response, get
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from stratplan.app import create_app
from stratplan.frame import Frame
from stratplan.origin import Sites
from stratplan.permissions import Permission
from stratplan.settings import Settings

DAY = date(2016, 9, 30)
_bodies: dict[int, bytes] = {}


@get("/constant/{size:int}", permission=Permission.OPEN)
async def constant(size: int) -> Response[bytes]:
    """So many bytes, always the same."""
    body = _bodies.setdefault(size, b"x" * size)
    return Response(body, media_type="text/html", headers={"cache-control": "private, no-cache", "vary": "Cookie"})


def main(uri: str, name: str) -> None:
    """Serve on a free port of 127.0.0.1, and print it."""
    settings = Settings(_env_file=None, mongodb_database=name)
    product = create_app(settings, uri, today=lambda: DAY)
    constants = Frame(
        Litestar([constant], openapi_config=None, logging_config=None), sites=Sites(), default_language="lv"
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        measured = scope["type"] == ScopeType.HTTP and scope["path"].startswith("/constant/")
        await (constants if measured else product)(scope, receive, send)

    class Server(uvicorn.Server):
        """Says where it serves once it does."""

        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            print(self.servers[0].sockets[0].getsockname()[1], flush=True)

    Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, server_header=False)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
