"""The command line: serve, demo, seed, figures; no logic of its own."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import click

from stratplan import __version__
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
@click.pass_context
def main(ctx: click.Context) -> None:
    """Keep an organisation's strategy alive: serve it, load it, audit its figures."""
    from pydantic import ValidationError

    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "STRATPLAN_" + "_".join(map(str, first["loc"])).upper()
        raise StratplanError(
            _("The setting %(name)s is not valid (%(reason)s). Correct it and start again.")
            % {"name": name, "reason": first["msg"]}
        ) from None
    set_language(settings.language)
    ctx.obj = settings


@contextmanager
def database_address(settings: Settings, *, serving: bool) -> Iterator[str]:
    """The MongoDB to use: the one named by STRATPLAN_MONGODB_URI, else a private one for as long as the block lasts."""
    if settings.mongodb_uri is not None:
        yield settings.mongodb_uri.get_secret_value()
        return
    from stratplan.embedded import private_mongod

    with private_mongod(settings.data_dir, binary=settings.mongod, say=say, serving=serving) as uri:
        yield uri


def with_database(settings: Settings, work: Callable[[], Awaitable[Any]]) -> Any:
    """Run `work` with the database open."""
    with database_address(settings, serving=False) as uri:
        return asyncio.run(_connected(settings, uri, work))


async def _connected(settings: Settings, uri: str, work: Callable[[], Awaitable[Any]]) -> Any:
    async with _open(settings, uri):
        return await work()


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
@click.pass_obj
def serve(settings: Settings, host: str | None, port: int | None) -> None:
    """Serve the plans in the database."""
    with database_address(settings, serving=True) as uri:
        _serve(settings, uri, host, port)


@main.command()
@address_options
@click.option("--plain", is_flag=True, help="Without the invented reports that show how a plan looks in use.")
@click.pass_obj
def demo(settings: Settings, host: str | None, port: int | None, plain: bool) -> None:
    """Load the Daugavpils strategy 2015–2017 if there is no plan yet, and serve."""
    from stratplan.imports.seeds import load_if_empty

    name = "daugavpils-2015-2017"
    files = [resource("seeds") / f"{name}.yaml"]
    if not plain:
        files.append(resource("seeds") / f"{name}.progress.yaml")
    _refuse_other_addresses(host or settings.host)
    with database_address(settings, serving=True) as uri:
        asyncio.run(_connected(settings, uri, lambda: load_if_empty(files, say=say)))
        _serve(settings, uri, host, port)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def seed(settings: Settings, files: tuple[Path, ...]) -> None:
    """Load a plan, or reports on one, from YAML FILES; what is there already is not doubled."""
    from stratplan.imports.seeds import load

    async def work() -> None:
        for file in files:
            outcome = await load(file)
            click.echo(str(outcome))

    with_database(settings, work)


@main.command()
@click.argument("plan")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.option("--as-of", metavar="YYYY-MM-DD", help="The day that the figures are computed for (today).")
@click.pass_obj
def figures(settings: Settings, plan: str, as_json: bool, as_of: str | None) -> None:
    """Print every computed figure of PLAN (its slug) with how it was computed."""
    from stratplan.overview.figures import print_figures

    async def work() -> None:
        click.echo(await print_figures(plan, as_of=as_of, as_json=as_json, timezone=settings.timezone))

    with_database(settings, work)


def _refuse_other_addresses(host: str) -> None:
    if host not in LOCAL_ADDRESSES:
        raise StratplanError(
            _(
                "stratplan serves on this computer only (127.0.0.1) while it has no sign-in; "
                "%(host)s would let others in. Leave --host out."
            )
            % {"host": host}
        )


def _serve(settings: Settings, uri: str, host: str | None, port: int | None) -> None:
    import uvicorn

    from stratplan.app import create_app

    address, number = host or settings.host, settings.port if port is None else port
    _refuse_other_addresses(address)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for noisy in ("uvicorn", "pymongo", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

    class Server(uvicorn.Server):
        """Says where it serves once it does."""

        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                bound = self.servers[0].sockets[0].getsockname()[1]
                shown = f"[{address}]" if ":" in address else address
                click.echo(
                    _("stratplan serves on http://%(host)s:%(port)s (Ctrl-C stops it)") % {"host": shown, "port": bound}
                )

    config = uvicorn.Config(
        create_app(settings, uri),
        host=address,
        port=number,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        lifespan="on",
    )
    server = Server(config)
    try:
        server.run()
    except SystemExit:
        # uvicorn has logged why, in its own words; a person gets ours.
        raise StratplanError(
            _("Port %(port)s on %(host)s is taken or not allowed. Choose another with --port.")
            % {"port": number, "host": address}
        ) from None
    if not server.started:
        raise DatabaseUnavailable(_("The server could not start; the lines above say why."))


if __name__ == "__main__":
    main()
