"""`stratplan figures`: the known answers, the promised shape, and sums that add up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from stratplan.errors import StratplanError
from stratplan.overview.figures import figures, print_figures
from stratplan.snapshot import Snapshot
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "figures.schema.json").read_text(encoding="utf-8"))
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}


def departures(value: Any, schema: dict[str, Any], at: str = "figures") -> Iterator[str]:
    """Where a value departs from the part of JSON Schema that docs/figures.schema.json uses."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if "const" in schema and value != schema["const"]:
        yield f"{at}: not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of the values"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(type(value) is TYPES[kind] for kind in kinds):
        yield f"{at}: {value!r} is not {kinds}"
    elif isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{at}: {value!r} has another form"
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from departures(item, schema.get("items", {}), f"{at}[{place}]")
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"{at}: no {name}" for name in schema.get("required", []) if name not in value)
        for name, item in value.items():
            other = schema.get("additionalProperties", {})
            if name not in known and other is False:
                yield f"{at}: {name} is not described"
            else:
                yield from departures(item, known.get(name, other), f"{at}.{name}")


async def test_the_daugavpils_figures_are_the_known_answers(daugavpils_read: Snapshot) -> None:
    found = figures(daugavpils_read, TODAY_IN_PLAN)

    money = found["money"]
    assert money["total"]["amount"] == "1065998.00"
    assert {row["source"]: row["amount"] for row in money["by_source"]} == {
        "PB": "457493.84",
        "VB": "20744.46",
        "ERAF": "587759.70",
    }
    assert {row["goal"]: row["amount"] for row in money["by_goal"]} == {
        "SM1": "26952.00",
        "SM2": "1003136.00",
        "SM3": "35910.00",
    }
    assert money["left_out"] == ["3.3"]
    assert found["counts"]["tasks"] == 18
    assert found["counts"]["schedule"]["overdue"] == 2
    assert found["progress"]["plan"]["exact"] == "11677/21600"
    assert found["progress"]["plan"]["percent"] == 54
    assert [goal["percent"] for goal in found["progress"]["goals"]] == [75, 42, 45]


async def test_the_command_prints_json_as_its_schema_says_and_text_with_every_formula(daugavpils: Snapshot) -> None:
    as_json = json.loads(await print_figures(daugavpils.plan.slug, as_of="2016-09-30", as_json=True))
    as_text = await print_figures(daugavpils.plan.slug, as_of="2016-09-30", as_json=False)

    assert list(departures(as_json, SCHEMA)) == []
    assert as_json == figures(daugavpils, TODAY_IN_PLAN)
    assert "Plāna izpilde: 54\u00a0%" in as_text
    assert "Finansējums: ERAF: 587\u00a0759,70\u00a0EUR" in as_text
    sums = sum(len(as_json["money"][f"by_{axis}"]) for axis in ("source", "goal", "year", "unit"))
    assert as_text.count("Ikgadēju summu skaita") == 1 + sums


async def test_inputs_and_breakdowns_add_up_to_their_figures(daugavpils_read: Snapshot) -> None:
    found = figures(daugavpils_read, TODAY_IN_PLAN)

    for whole in (found["progress"]["plan"], *found["progress"]["goals"]):
        assert sum(Fraction(entry["share"]) for entry in whole["inputs"]) == 1
        assert sum(Fraction(entry["share"]) * Fraction(entry["exact"]) for entry in whole["inputs"]) == Fraction(
            whole["exact"]
        )
    for name, rows in found["money"].items():
        if name.startswith("by_"):
            for what in ("amount", "contracted", "spent"):
                total = Decimal(found["money"]["total"][what])
                assert sum(Decimal(row[what] or 0) for row in rows) == total, (name, what)
    for axis in ("execution", "outcome", "schedule"):
        assert sum(found["counts"][axis].values()) == found["counts"]["tasks"]


async def test_an_unknown_plan_names_those_there_are(made: Made) -> None:
    with pytest.raises(StratplanError, match="plans"):
        await print_figures("nope", as_of=None, as_json=False)


async def test_what_is_no_day_is_said(made: Made) -> None:
    with pytest.raises(StratplanError, match="2016-13-01"):
        await print_figures("plans", as_of="2016-13-01", as_json=False)


async def test_a_plan_without_anything_has_no_figures_rather_than_zeroes(made: Made) -> None:
    await made.task.remove(by=SOMEBODY, based_on=made.task.version)

    found = figures(await made.snapshot(), TODAY_IN_PLAN)

    assert found["progress"]["plan"]["exact"] is None
    assert found["progress"]["plan"]["percent"] is None
    assert found["progress"]["plan"]["left_out"] == [{"of": "SM1", "reason": "no_tasks"}]
    assert found["money"]["total"]["amount"] is None
    assert list(departures(found, SCHEMA)) == []
