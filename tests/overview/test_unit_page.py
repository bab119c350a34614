"""The units of a plan as a tree with counts, and one unit with its tasks and its share of the money."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import httpx

from stratplan.investments.models import Share
from stratplan.period import Period
from stratplan.units.models import Unit, UnitKind
from tests.factories import SOMEBODY, Made, make_line, make_task


async def make_unit(made: Made, name: str, parent: Unit | None = None) -> Unit:
    unit = Unit.new(
        scope=made.organisation.key, name=name, sort=UnitKind.STRUCTURAL, parent=parent.key if parent else None
    )
    await unit.add(by=SOMEBODY)
    return unit


async def test_the_list_counts_tasks_led_taken_part_in_and_overdue(client: httpx.AsyncClient, made: Made) -> None:
    other = await make_unit(made, "Birojs", parent=made.unit)
    await make_task(made.scope, made.goal, "1.2", lead=other.key, partners=[made.unit.key], period=Period.parse("2015"))
    page = (await client.get("/plans/plans/units")).text
    assert f'href="/plans/plans/units/{made.unit.key}#led">1</a>' in page
    assert f'href="/plans/plans/units/{made.unit.key}#partnered">1</a>' in page
    assert f'href="/plans/plans/tasks?unit={other.key}&amp;schedule=overdue">1</a>' in page
    assert page.index("Ķekavas nodaļa") < page.index("Birojs")


async def test_a_unit_shows_its_tasks_parts_and_share(client: httpx.AsyncClient, made: Made) -> None:
    part = await make_unit(made, "Birojs", parent=made.unit)
    second = await make_task(made.scope, made.goal, "1.2", lead=part.key)
    shares = [Share(source=made.source.key, percent=Decimal(100))]
    await make_line(made.scope, made.goal, "1.1", tasks=[made.task.key], amount=Decimal("300.00"), shares=shares)
    await make_line(
        made.scope, made.goal, "1.2", tasks=[made.task.key, second.key], amount=Decimal("100.00"), shares=shares
    )
    page = (await client.get(f"/plans/plans/units/{made.unit.key}")).text
    assert 'href="/plans/plans/tasks/1.1"' in page
    assert 'href="/plans/plans/figures/progress/tasks/1.1"' in page
    assert f'href="/plans/plans/units/{part.key}">Birojs</a>' in page
    assert "50\u00a0% no plāna 2" in page
    assert f'href="/plans/plans/figures/money/unit/{made.unit.key}"' in page
    assert "300,00\u00a0EUR" in page
    assert "75\u00a0%" in page
    assert "kopā ar" in page
    assert "100,00\u00a0EUR" in page


async def test_a_unit_that_is_no_more_says_so_on_the_days_after(client: httpx.AsyncClient, made: Made) -> None:
    await made.unit.edit({"valid_to": date(2015, 12, 31)}, by=SOMEBODY, based_on=1)
    assert "šajā dienā nepastāv" in (await client.get("/plans/plans/units")).text
    assert "šajā dienā nepastāv" not in (await client.get("/plans/plans/units?as_of=2015-06-01")).text
    assert "Aplūkotajā dienā" in (await client.get(f"/plans/plans/units/{made.unit.key}")).text


async def test_a_unit_of_another_organisation_is_not_found(client: httpx.AsyncClient, made: Made) -> None:
    stranger = Unit.new(scope=made.plan.key, name="Cita", sort=UnitKind.PARTNER)
    for key in (str(stranger.key), "nonsense"):
        assert (await client.get(f"/plans/plans/units/{key}")).status_code == 404
