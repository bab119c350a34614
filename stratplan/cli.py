"""The command line: serve, demo, seed, figures, audit, and the groups of slices; no logic of its own.

What is slow to import is imported by the command that needs it, so that --help answers at once.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from stratplan import __version__, serving
from stratplan.accounts.command_line import user
from stratplan.reviews.command_line import export, review
from stratplan.settings import Settings, resource
from stratplan.terminal import Commands, say, with_database, with_settings


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
    serving.serve(settings, host, port)


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
    serving.serve(settings, host, port, first=lambda: load_if_empty(files, say=say))


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


main.add_command(user)
main.add_command(review)
main.add_command(export)

if __name__ == "__main__":
    main()
