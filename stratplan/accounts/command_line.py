"""The commands about people: `stratplan user …`; what each does is in commands.py, imported only when it runs."""

from __future__ import annotations

from functools import partial

import click

from stratplan.i18n import _
from stratplan.settings import Settings
from stratplan.terminal import with_database, with_settings


@click.group()
def user() -> None:
    """Give people accounts, roles and links to sign in with."""


def _print_link(settings: Settings, token: str) -> None:
    click.echo(f"{settings.base}/links/{token}")


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
        _print_link(settings, await commands.add(email, name, role, plan, units))

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
        _print_link(settings, await commands.reset(email, second_factor=second_factor))

    with_database(settings, work)
