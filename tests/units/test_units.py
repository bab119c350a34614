"""Units: the tree, the rules of what is part of what, their forms, and what keeps them from being deleted."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest

from stratplan.audit import AuditEntry
from stratplan.documents import undo
from stratplan.errors import RuleBroken
from stratplan.units.models import Unit, UnitKind
from stratplan.units.queries import possible_parents, unit_tree
from tests.factories import SOMEBODY, Made

HTMX = {"HX-Request": "true"}


async def make_unit(made: Made, name: str, **values: Any) -> Unit:
    unit = Unit.new(**{"scope": made.organisation.key, "name": name, "sort": UnitKind.STRUCTURAL, **values})
    await unit.add(by=SOMEBODY)
    return unit


async def again(unit: Unit) -> Unit:
    found = await Unit.get(unit.key)
    assert found is not None
    return found


def fields_of(unit: Unit, **changed: str) -> dict[str, str]:
    return {"name": unit.name, "short": unit.short, "sort": unit.sort.value, "version": str(unit.version), **changed}


async def test_the_tree_puts_each_unit_after_the_one_it_is_part_of(made: Made) -> None:
    top = await make_unit(made, "Pārvalde", sort=UnitKind.DEPARTMENT)
    child = await make_unit(made, "Birojs", parent=top.key)
    await make_unit(made, "Ārpakalpojums", parent=child.key)
    snapshot = await made.snapshot()
    assert [(branch.unit.name, branch.depth) for branch in unit_tree(snapshot)] == [
        ("Ķekavas nodaļa", 0),
        ("Pārvalde", 0),
        ("Birojs", 1),
        ("Ārpakalpojums", 2),
    ]
    assert [branch.unit.name for branch in possible_parents(snapshot, top)] == ["Ķekavas nodaļa"]


async def test_no_unit_becomes_part_of_itself_by_any_way_round(made: Made) -> None:
    top = await make_unit(made, "Augšā")
    middle = await make_unit(made, "Vidū", parent=top.key)
    below = await make_unit(made, "Apakšā", parent=middle.key)
    with pytest.raises(RuleBroken) as refused:
        await top.edit({"parent": below.key}, by=SOMEBODY, based_on=1)
    assert refused.value.field == "parent"
    assert (await again(top)).parent is None


async def test_undoing_does_not_make_a_circle_either(made: Made) -> None:
    first = await make_unit(made, "Pirmā")
    second = await make_unit(made, "Otrā", parent=first.key)
    freed = await second.edit({"parent": None}, by=SOMEBODY, based_on=1)
    await first.edit({"parent": second.key}, by=SOMEBODY, based_on=1)
    assert freed is not None
    assert freed.id is not None
    with pytest.raises(RuleBroken):
        await undo(freed.id, scope=made.organisation.key, by=SOMEBODY)


async def test_a_unit_is_added_in_plain_html_and_found_on_its_page(client: httpx.AsyncClient, made: Made) -> None:
    form = {"name": "Jauna nodaļa", "sort": "department", "headcount": "20,5", "parent": str(made.unit.key)}
    answer = await client.post("/plans/plans/units", data=form)
    unit = await Unit.find_one({"name": "Jauna nodaļa"})
    assert unit is not None
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/plans/plans/units/{unit.key}"
    assert (unit.scope, unit.parent) == (made.organisation.key, made.unit.key)
    page = (await client.get(answer.headers["location"])).text
    assert "20,5" in page
    assert "Ķekavas nodaļa" in page


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"sort": "committee"}, "sort"),
        ({"headcount": "daudz"}, "headcount"),
        ({"valid_from": "2016-01-01", "valid_to": "2015-01-01"}, "valid_to"),
        ({"parent": "not-an-id"}, "parent"),
    ],
)
async def test_what_is_wrong_stands_at_its_field(
    client: httpx.AsyncClient, made: Made, wrong: dict[str, str], field: str
) -> None:
    form = {"name": "Cita", "sort": "department", **wrong}
    answer = await client.post("/plans/plans/units", data=form, headers=HTMX)
    assert answer.status_code == 422
    assert f'id="field-{field}-error"' in answer.text
    assert await Unit.count() == 1


async def test_a_name_that_is_taken_and_a_circle_are_refused_at_their_fields(
    client: httpx.AsyncClient, made: Made
) -> None:
    top = await make_unit(made, "Augšā")
    below = await make_unit(made, "Apakšā", parent=top.key)
    url = f"/plans/plans/units/{top.key}"
    taken = await client.post(url, data=fields_of(top, name=made.unit.name), headers=HTMX)
    circle = await client.post(url, data=fields_of(top, parent=str(below.key)), headers=HTMX)
    itself = await client.post(url, data=fields_of(top, parent=str(top.key)), headers=HTMX)
    assert [answer.status_code for answer in (taken, circle, itself)] == [409, 409, 409]
    assert 'id="field-name-error"' in taken.text
    assert 'id="field-parent-error"' in circle.text
    assert 'id="field-parent-error"' in itself.text
    assert (await again(top)).version == 1


async def test_a_saved_form_in_the_dialog_reloads_the_page_with_the_notice(
    client: httpx.AsyncClient, made: Made
) -> None:
    form = fields_of(made.unit, name="Pārdēvēta nodaļa", valid_to="2016-12-31")
    answer = await client.post(f"/plans/plans/units/{made.unit.key}", data=form, headers=HTMX)
    assert answer.headers["hx-redirect"] == f"/plans/plans/units/{made.unit.key}"
    unit = await again(made.unit)
    assert (unit.name, unit.valid_to) == ("Pārdēvēta nodaļa", date(2016, 12, 31))
    entry = await AuditEntry.find({"scope": made.organisation.key}).sort("-number").first_or_none()
    assert entry is not None
    assert entry.tag == "unit.edited"
    page = await client.get(answer.headers["hx-redirect"])
    assert f"/plans/plans/changes/{entry.id}/undo" in page.text


async def test_a_unit_in_use_is_not_deleted_and_the_form_says_what_to_do(client: httpx.AsyncClient, made: Made) -> None:
    answer = await client.post(f"/plans/plans/units/{made.unit.key}/delete", data={"version": "1"})
    assert answer.status_code == 409
    assert made.task.title in answer.text
    assert 'id="field-valid_to-error"' in answer.text
    assert not (await again(made.unit)).deleted


async def test_a_unit_that_nothing_names_is_deleted(client: httpx.AsyncClient, made: Made) -> None:
    unit = await make_unit(made, "Lieka")
    answer = await client.post(f"/plans/plans/units/{unit.key}/delete", data={"version": "1"})
    assert answer.status_code == 303
    assert (await again(unit)).deleted


def test_a_unit_exists_from_its_first_day_to_its_last() -> None:
    unit = Unit.model_construct(valid_from=date(2015, 1, 1), valid_to=date(2016, 12, 31))
    assert [unit.exists_on(date(year, 6, 1)) for year in (2014, 2015, 2016, 2017)] == [False, True, True, False]


async def test_a_unit_that_only_a_deleted_plan_uses_stays_and_the_refusal_says_what_to_do_instead(made: Made) -> None:
    await made.plan.remove(by=SOMEBODY, based_on=1)
    with pytest.raises(RuleBroken, match="Stratēģija 2015–2017"):
        await made.unit.remove(by=SOMEBODY, based_on=1)
