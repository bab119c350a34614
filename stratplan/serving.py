"""The server process: the address it listens on, what is done before it serves, and its end.

What is slow to import is imported while the database starts.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from threading import Thread
from typing import Any

import click

from stratplan import log_lines
from stratplan.errors import DatabaseUnavailable, StratplanError
from stratplan.i18n import _
from stratplan.origin import OWN_NAMES
from stratplan.settings import Settings
from stratplan.terminal import connected, database_address, in_loop


def _refuse_other_addresses(host: str, settings: Settings) -> None:
    if host not in OWN_NAMES and settings.address is None:
        raise StratplanError(
            _(
                "On %(host)s others reach stratplan too. Say under which address they do, such as "
                "https://plans.example.lv, in STRATPLAN_ADDRESS, or leave --host out."
            )
            % {"host": host}
        )


def _listen(host: str, port: int) -> socket.socket:
    """A socket on the address, before anything is written for a server that could then not serve."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise StratplanError(
            _("Port %(port)s on %(host)s cannot be used (%(reason)s). Choose another with --port.")
            % {"port": port, "host": host, "reason": os.strerror(error.errno or 0)}
        ) from None


def serve(
    settings: Settings, host: str | None, port: int | None, first: Callable[[], Awaitable[Any]] | None = None
) -> None:
    """Do `first` with the database open, and serve until a signal ends it."""
    from stratplan.secret_key import secret_key

    address, number = host or settings.host, settings.port if port is None else port
    _refuse_other_addresses(address, settings)
    secret_key(settings)  # what cannot be read is said now, not to the first who signs in
    with (
        _program_read_meanwhile(settings) as finished,
        database_address(settings, serving=True) as uri,
        _listen(address, number) as listening,
    ):
        finished()
        link = in_loop(connected(settings, uri, partial(_prepared, first)))
        _run_server(settings, uri, address, listening, link)


@contextmanager
def _program_read_meanwhile(settings: Settings) -> Iterator[Callable[[], None]]:
    """Read the program from disk while a private database starts; what is yielded waits for it.

    Two threads that import at the same time can end each other's imports ("deadlock detected by _ModuleLock"). So
    what starts the database is imported before, and nothing else is until the thread has finished.
    """
    if settings.mongodb_uri is not None:
        yield lambda: None
        return
    import stratplan.embedded.server  # noqa: F401  # see above

    reading = Thread(target=import_module, args=("stratplan.app",), daemon=True)
    reading.start()
    yield reading.join


async def _prepared(first: Callable[[], Awaitable[Any]] | None) -> str | None:
    """Do `first`, and return the token of a link for the first administrator where there is none yet."""
    from stratplan.accounts.proofs import first_link

    if first is not None:
        await first()
    return await first_link()


def _run_server(settings: Settings, uri: str, host: str, listening: socket.socket, link: str | None) -> None:
    import uvicorn

    from stratplan.app import create_app, end_streams

    log_lines.write_to(sys.stderr)

    class Server(uvicorn.Server):
        """Says where it serves once it does, and ends its streams before it waits for open answers."""

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            end_streams(app)
            await super().shutdown(sockets)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                click.echo(_("stratplan serves on %(address)s (Ctrl-C stops it)", address=serving.served_at))
                if link is not None:
                    click.echo(
                        _(
                            "Nobody administers it yet. Open this link within a day; it is good once:\n%(link)s",
                            link=f"{serving.base}/links/{link}",
                        )
                    )

    # Letters link to where this server is, also when the port was chosen here.
    serving = settings.model_copy(update={"host": host, "port": listening.getsockname()[1]})
    app = create_app(serving, uri)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # origin.py believes the listed proxies, and nobody else
        timeout_graceful_shutdown=3,
        lifespan="on",
    )
    server = Server(config)
    try:
        server.run(sockets=[listening])
    except (KeyboardInterrupt, SystemExit):
        # uvicorn stops in order and then lets the signal through again: being told to stop is no failure.
        if not server.started:
            raise
    if not server.started:
        raise DatabaseUnavailable(_("The server could not start; the lines above say why."))
