"""The commands about reviews: `stratplan review …`; what each does is in commands.py, imported only when it runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from stratplan.settings import Settings
from stratplan.terminal import with_database, with_settings

# As in formats.Format, which is slow to import.
FORMATS = ("pdf", "docx", "xlsx", "ods", "csv", "json")
a_file = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.group(short_help="Open, look after and close the reviews of a plan.")
def review() -> None:
    """Open, look after and close the reviews of a plan.

    PLAN is the last part of the plan's address, such as daugavpils-2015-2017. REVIEW is a quarter (2016Q3), a half-year
    (2016H1) or a year (2016).
    """


@review.command("open")
@click.argument("plan")
@click.argument("code", metavar="REVIEW")
@click.option("--due", metavar="YYYY-MM-DD", help="Until when units report (14 days after the period, or from today).")
@click.option("--note", default="", help="A note to the units.")
@with_settings
def open_(settings: Settings, plan: str, code: str, due: str | None, note: str) -> None:
    """Open a review: the units that lead tasks of its period report in it."""
    from stratplan.reviews import commands

    click.echo(with_database(settings, partial(commands.opened, plan, code, due=due, note=note)))


@review.command()
@click.argument("plan")
@click.argument("code", metavar="[REVIEW]", required=False)
@with_settings
def status(settings: Settings, plan: str, code: str | None) -> None:
    """List the reviews of PLAN, or who has sent in for one: tabs between."""
    from stratplan.reviews import commands

    for line in with_database(settings, partial(commands.status, plan, code)):
        click.echo(line)


@review.command()
@click.argument("plan")
@click.argument("code", metavar="REVIEW")
@click.argument("unit")
@click.argument("file", metavar="[FILE]", required=False, type=a_file)
@click.option("--no-change", is_flag=True, help="The tasks that FILE does not name are as they were last reported.")
@with_settings
def report(settings: Settings, plan: str, code: str, unit: str, file: Path | None, no_change: bool) -> None:
    """Send in the part of UNIT (its short name), for it, from a YAML or JSON FILE (- is standard input).

    The file is checked whole before anything is written. Its form is described in docs/reviews-commands.md.
    """
    from stratplan.reviews import commands

    said = commands.UnitReport() if file is None else commands.read_report(file)
    click.echo(with_database(settings, partial(commands.reported, plan, code, unit, said, no_change=no_change)))


@review.command()
@click.argument("plan")
@click.argument("code", metavar="REVIEW")
@click.option("--decision-number", "number", default="", help="The number of the council's decision.")
@click.option("--decision-date", "day", metavar="YYYY-MM-DD", help="The day of the council's decision.")
@click.option("--without-missing", is_flag=True, help="Close it also where units have not sent their parts.")
@with_settings
def close(settings: Settings, plan: str, code: str, number: str, day: str | None, without_missing: bool) -> None:
    """Close a review: freeze it as its next edition, whole, or leave it open."""
    from stratplan.reviews import commands

    work = partial(commands.closed, plan, code, number=number, day=day, without_missing=without_missing)
    click.echo(with_database(settings, work))


@review.command()
@click.argument("plan")
@click.argument("code", metavar="REVIEW")
@click.option("--reason", required=True, help="Why it is opened again.")
@with_settings
def reopen(settings: Settings, plan: str, code: str, reason: str) -> None:
    """Open a closed review again; its editions stay."""
    from stratplan.reviews import commands

    click.echo(with_database(settings, partial(commands.reopened, plan, code, reason=reason)))


@click.command()
@click.argument("plan")
@click.option("--review", "code", metavar="REVIEW", help="A closed review (2016Q3); without, the plan today.")
@click.option("--edition", type=click.IntRange(1), help="An edition of the review (the newest).")
@click.option("--format", "kind", type=click.Choice(FORMATS), required=True, help="The kind of document.")
@click.option("--language", type=click.Choice(["lv", "en"]), help="The document's language (STRATPLAN_LANGUAGE).")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@with_settings
def export(
    settings: Settings,
    plan: str,
    code: str | None,
    edition: int | None,
    kind: str,
    language: str | None,
    output: Path | None,
) -> None:
    """Write a document of PLAN: the council's report (PDF, DOCX), or all tables (XLSX, ODS, CSV in an archive, JSON).

    Prints the name of the file. The same edition gives the same bytes each time.
    """
    from stratplan.reviews import exporting

    chosen = language or settings.language
    work = partial(exporting.exported, plan, code, edition=edition, kind=kind, language=chosen, output=output)
    click.echo(with_database(settings, work))
