"""What all commands share: the person at the terminal, failures in one sentence, the settings, the database.

What is slow to import is imported by the command that needs it, so that --help answers at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from typing import Any

import click

from stratplan.errors import DatabaseUnavailable, StratplanError
from stratplan.i18n import _, set_language
from stratplan.settings import Settings


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
        return in_loop(connected(settings, uri, work))


def in_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Run `work` in an event loop of its own."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def connected(settings: Settings, uri: str, work: Callable[[], Awaitable[Any]]) -> Any:
    """Do `work` with the database at `uri` open; a failure of its becomes one sentence."""
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
