"""The command line: serve, demo, seed, figures, audit; no logic of its own.

What is slow to import is imported by the command that needs it, so that --help answers at once.
"""

from __future__ import annotations

import asyncio
import io
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial, wraps
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

import click

from stratplan import __version__, log_lines
from stratplan.errors import DatabaseUnavailable, StratplanError
from stratplan.i18n import _, set_language
from stratplan.settings import Settings, resource

LOCAL_ADDRESSES = ("127.0.0.1", "localhost", "::1")


def say(sentence: str) -> None:
    """Tell the person at the terminal what is being done; not part of a command's output."""
    click.echo(sentence, err=True)


class Commands(click.Group):
    """Turns every failure that a person can do something about into one sentence and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except StratplanError as error:
            say(f"stratplan: {error}")
            ctx.exit(1)
        except KeyboardInterrupt:
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stratplan")
def main() -> None:
    """Keep an organisation's strategy alive: serve it, load it, audit its figures.

    Settings are read from variables named STRATPLAN_… and from a file .env in the working folder. Without
    STRATPLAN_MONGODB_URI a private MongoDB is started for as long as a command runs; its data lie in
    STRATPLAN_DATA_DIR (var).
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Latvian letters still gets the rest


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the settings, read when it runs: its --help needs none."""

    @wraps(command)
    def run(**options: Any) -> Any:
        settings = _settings()
        set_language(settings.language)
        return command(settings, **options)

    return run


def _settings() -> Settings:
    from pydantic import ValidationError

    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "STRATPLAN_" + "_".join(map(str, first["loc"])).upper()
        raise StratplanError(
            _("The setting %(name)s is not valid (%(reason)s). Correct it and start again.")
            % {"name": name, "reason": first.get("ctx", {}).get("error", first["msg"])}
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise StratplanError(
            _("The file .env cannot be read (%(reason)s). Correct it and start again.") % {"reason": error}
        ) from None


@contextmanager
def database_address(settings: Settings, *, serving: bool) -> Iterator[str]:
    """The MongoDB to use: the one named by STRATPLAN_MONGODB_URI, else a private one for as long as the block lasts."""
    if settings.mongodb_uri is not None:
        yield settings.mongodb_uri.get_secret_value()
        return
    from stratplan.embedded.server import private_mongod

    with private_mongod(settings.data_dir, binary=settings.mongod, say=say, serving=serving) as uri:
        yield uri


def with_database(settings: Settings, work: Callable[[], Awaitable[Any]]) -> Any:
    """Run `work` with the database open."""
    with database_address(settings, serving=False) as uri:
        return _in_loop(_connected(settings, uri, work))


def _in_loop(work: Coroutine[Any, Any, Any]) -> Any:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def _connected(settings: Settings, uri: str, work: Callable[[], Awaitable[Any]]) -> Any:
    from pymongo.errors import PyMongoError

    async with _open(settings, uri):
        try:
            return await work()
        except PyMongoError as error:
            raise DatabaseUnavailable(
                _("The database did not do its work (%(reason)s). Nothing half-made was kept; try again.")
                % {"reason": error}
            ) from None


@asynccontextmanager
async def _open(settings: Settings, uri: str) -> AsyncIterator[None]:
    from stratplan import database
    from stratplan.app import DOCUMENTS

    async with database.connect(uri, settings.mongodb_database, DOCUMENTS):
        yield


def address_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--host and --port."""
    command = click.option("--port", type=click.IntRange(0, 65535), help="The port to serve on; 0 picks a free one.")(
        command
    )
    return click.option("--host", help="The address to serve on (127.0.0.1).")(command)


@main.command()
@address_options
@with_settings
def serve(settings: Settings, host: str | None, port: int | None) -> None:
    """Serve the plans in the database on this computer, until Ctrl-C."""
    _serve(settings, host, port)


@main.command(short_help="Serve the Daugavpils strategy, or what there is.")
@address_options
@click.option("--plain", is_flag=True, help="Without the invented reports that show how a plan looks in use.")
@with_settings
def demo(settings: Settings, host: str | None, port: int | None, plain: bool) -> None:
    """Load the Daugavpils strategy 2015–2017 if there is no plan yet, and serve.

    The strategy is a public document. The reports on it are invented, and the pages say so.
    """
    from stratplan.imports.seeds import load_if_empty

    name = "daugavpils-2015-2017"
    files = [resource("seeds") / f"{name}.yaml"]
    if not plain:
        files.append(resource("seeds") / f"{name}.progress.yaml")
    _serve(settings, host, port, first=lambda: load_if_empty(files, say=say))


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_settings
def seed(settings: Settings, files: tuple[Path, ...]) -> None:
    """Load plans, or reports on one, from YAML FILES.

    The files are checked whole before anything is written: all of them are loaded, or none. What is there already
    stays as it is, so a file may be loaded again. Works beside a running server too.
    """
    from stratplan.imports.seeds import load_all

    async def work() -> None:
        for outcome in await load_all(files):
            click.echo(str(outcome))

    with_database(settings, work)


@main.command()
@click.argument("plan")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.option("--as-of", metavar="YYYY-MM-DD", help="The day that the figures are computed for (today).")
@with_settings
def figures(settings: Settings, plan: str, as_json: bool, as_of: str | None) -> None:
    """Print every computed figure of PLAN with how it was computed.

    PLAN is the last part of the plan's address, such as daugavpils-2015-2017.
    """
    from stratplan.overview.figures import print_figures

    async def work() -> None:
        click.echo(await print_figures(plan, as_of=as_of, as_json=as_json))

    with_database(settings, work)


@main.group(short_help="Check that the history is whole.")
def audit() -> None:
    """Check that the history is whole."""


@audit.command()
@click.option("--plan", metavar="PLAN", help="Only this plan and its organisation.")
@with_settings
def verify(settings: Settings, plan: str | None) -> None:
    """Check the chain of the history, entry by entry, and each document against it.

    Names in each chain the first entry that does not fit, and the documents that differ from their history. The exit
    status is 1 when there is anything. PLAN is the last part of the plan's address, such as daugavpils-2015-2017.
    """
    from stratplan.audit_check import check

    outcome = with_database(settings, lambda: check(plan))
    for line in outcome.lines():
        click.echo(line)
    if not outcome.fits:
        sys.exit(1)


def _refuse_other_addresses(host: str, settings: Settings) -> None:
    if host not in LOCAL_ADDRESSES and settings.address is None:
        raise StratplanError(
            _(
                "On %(host)s others reach stratplan too. Say under which address they do, such as "
                "https://plans.example.lv, in STRATPLAN_ADDRESS, or leave --host out."
            )
            % {"host": host}
        )


def _own_address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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


def _serve(
    settings: Settings, host: str | None, port: int | None, first: Callable[[], Awaitable[Any]] | None = None
) -> None:
    """Do `first` with the database open, and serve until a signal ends it."""
    from stratplan.secret_key import secret_key

    address, number = host or settings.host, settings.port if port is None else port
    _refuse_other_addresses(address, settings)
    secret_key(settings)  # what cannot be read is said now, not to the first who signs in
    # The program is read from disk while the database starts.
    Thread(target=import_module, args=("stratplan.app",), daemon=True).start()
    with database_address(settings, serving=True) as uri, _listen(address, number) as listening:
        link = _in_loop(_connected(settings, uri, partial(_prepared, first)))
        _run_server(settings, uri, address, listening, link)


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
                where = _own_address(host, listening.getsockname()[1])
                click.echo(_("stratplan serves on %(address)s (Ctrl-C stops it)", address=where))
                if link is not None:
                    click.echo(
                        _(
                            "Nobody administers it yet. Open this link within a day; it is good once:\n%(link)s",
                            link=f"{settings.address or where}/links/{link}",
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


# ---- People


@main.group()
def user() -> None:
    """Give people accounts, roles and links to sign in with."""


def _link_printed(settings: Settings, token: str) -> None:
    base = settings.address or _own_address(settings.host, settings.port)
    click.echo(f"{base}/links/{token}")


role_option = click.option("--role", type=click.Choice(["admin", "planner", "reporter", "council"]), help="The role.")
plan_option = click.option("--plan", metavar="PLAN", help="The plan: the last part of its address. Without: all plans.")
unit_option = click.option("--unit", "units", multiple=True, metavar="UNIT", help="A unit's short name, of a reporter.")


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="Name and surname.")
@role_option
@plan_option
@unit_option
@with_settings
def add_user(
    settings: Settings, email: str, name: str, role: str | None, plan: str | None, units: tuple[str, ...]
) -> None:
    """Make an account for EMAIL, and print the link with which its owner chooses a password."""
    from stratplan.accounts import commands

    async def work() -> None:
        _link_printed(settings, await commands.add(email, name, role, plan, units))

    with_database(settings, work)


@user.command("list")
@with_settings
def list_users(settings: Settings) -> None:
    """List everybody: e-mail, name, state, roles; tabs between."""
    from stratplan.accounts import commands

    async def work() -> None:
        for line in await commands.listed():
            click.echo(line)

    with_database(settings, work)


@user.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice(["admin", "planner", "reporter", "council", "none"]))
@plan_option
@unit_option
@with_settings
def give_role(settings: Settings, email: str, role: str, plan: str | None, units: tuple[str, ...]) -> None:
    """Give EMAIL the ROLE in a plan or in all plans, in the place of the one held there; none takes it away."""
    from stratplan.accounts import commands

    click.echo(with_database(settings, partial(commands.give_role, email, role, plan, units)))


@user.command("disable")
@click.argument("email")
@click.option("--again", "enable", is_flag=True, help="Let the person in again.")
@with_settings
def disable_user(settings: Settings, email: str, enable: bool) -> None:
    """Let EMAIL in no more; whatever devices are signed in are signed out."""
    from stratplan.accounts import commands

    click.echo(with_database(settings, partial(commands.close, email, again=enable)))


@user.command("export")
@click.argument("email")
@with_settings
def export_user(settings: Settings, email: str) -> None:
    """Print all that is kept about EMAIL as JSON, for the person: who they are, their roles, what they did."""
    import json

    from stratplan.accounts import commands

    async def work() -> None:
        click.echo(json.dumps(await commands.export(email), ensure_ascii=False, indent=2))

    with_database(settings, work)


@user.command("delete")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@with_settings
def delete_user(settings: Settings, email: str, yes: bool) -> None:
    """Forget EMAIL for good: name, address, password and roles. What the person did stays, under a pseudonym."""
    from stratplan.accounts import commands

    if not yes:
        click.confirm(_("Remove everything about %(email)s for good?", email=email), abort=True)
    click.echo(with_database(settings, partial(commands.delete, email)))


@user.command("reset")
@click.argument("email")
@click.option("--second-factor", is_flag=True, help="Switch the second factor off too: it was lost.")
@with_settings
def reset_user(settings: Settings, email: str, second_factor: bool) -> None:
    """Print a new link with which EMAIL chooses a password; the links before are good no more."""
    from stratplan.accounts import commands

    async def work() -> None:
        _link_printed(settings, await commands.reset(email, second_factor=second_factor))

    with_database(settings, work)


if __name__ == "__main__":
    main()
