"""What docs/security.md says is there: each requirement of the standard once, each test that it names, each promise
that is of every page."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import SecretStr

from stratplan.settings import Settings
from tests.conftest import reading
from tests.whole_app.conftest import Seeded

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has, and which of level 3 stand between them.
SECTIONS = {
    **{"1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2},
    **{"2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1},
    **{"3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2},
    **{"4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4},
    **{"5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3},
    **{"6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4},
    **{"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2},
    **{"8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1},
    **{"9.1": 3, "9.2": 4},
    **{"10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3},
    **{"11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1},
    **{"12.1": 3, "12.2": 2, "12.3": 4},
    **{"13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5},
    **{"14.1": 2, "14.2": 4, "14.3": 3},
    **{"15.1": 3, "15.2": 3, "15.3": 7},
    **{"16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3},
    **{"17.1": 1, "17.2": 4, "17.3": 2},
}
REQUIREMENTS = [f"{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1)]
PERSONAL = re.compile(r"/(me|people|sign-in|links|forgotten)\b|/plans/{slug:str}/members")
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE.partition("## ASVS")[2], re.MULTILINE)


def test_every_requirement_of_levels_1_and_2_stands_there_once() -> None:
    assert len(REQUIREMENTS) == 253
    assert [number for number, *_rest in ROWS] == REQUIREMENTS
    heads = PAGE.count("| requirement | where it is met | test |")
    assert PAGE.partition("## ASVS")[2].count("\n| ") == len(ROWS) + heads


def test_every_test_that_it_names_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE))
    assert len(named) > 100
    lost = {f"{file}::{name}" for file, name in named if f"def {name}(" not in _text(file)}
    assert lost == set()


def _text(file: str) -> str:
    path = ROOT / file
    return path.read_text("utf-8") if path.is_file() else ""


def test_every_name_in_code_that_it_gives_is_there() -> None:
    """`file.py` and `file.name` lie in the package, where only one file has that name."""
    modules = {path.relative_to(ROOT / "stratplan").as_posix(): path for path in (ROOT / "stratplan").rglob("*.py")}
    lost = []
    for cited in re.findall(r"`([a-z_]+(?:/[a-z_]+)*\.py|(?:[a-z_]+/)?[a-z_]+\.\w+(?:\.\w+)*)`", PAGE):
        file, _dot, name = cited.removeprefix("stratplan/").partition(".")
        found = [path for name_, path in modules.items() if f"/{name_}".endswith(f"/{file}.py")]
        if not found:
            if cited.endswith(".py"):
                lost.append(cited)
            continue
        parts = [] if name == "py" else name.split(".")
        if not any(all(re.search(rf"\b{part}\b", path.read_text("utf-8")) for part in parts) for path in found):
            lost.append(cited)
    assert lost == []


def test_what_does_not_apply_says_why_and_what_is_not_met_is_told_again() -> None:
    not_met = {number for number, _words, where, _test in ROWS if "**Not met**" in where}
    told = set(re.findall(r"^\| (\d+\.\d+\.\d+) ", PAGE.partition("## Not met")[2].partition("\n## ")[0], re.MULTILINE))
    assert told == not_met
    assert [number for number, _words, where, _test in ROWS if re.search(r"Not applicable(?!: \w)", where)] == []


# ---- What it promises of every page


async def test_every_page_of_who_is_signed_in_has_the_way_out(seeded: Seeded) -> None:
    lacking = []
    for route in seeded.routes:
        if route.method != "GET" or route.path.startswith(("/p/", "/static")) or route.streams:
            continue
        answer = await seeded.client.get(seeded.address(route))
        is_page = answer.headers.get("content-type", "").startswith("text/html") and answer.status_code == 200
        if is_page and 'action="/sign-out"' not in answer.text:
            lacking.append(str(route))
    assert lacking == []


async def test_pages_with_personal_data_are_stored_nowhere(seeded: Seeded) -> None:
    stored = {}
    for route in seeded.routes:
        if route.method == "GET" and PERSONAL.match(route.path):
            answer = await seeded.client.get(seeded.address(route))
            if answer.status_code == 200 and answer.headers.get("cache-control") != "no-store":
                stored[str(route)] = answer.headers.get("cache-control")
    assert stored == {}


async def test_every_field_for_a_password_is_masked_and_may_be_filled_by_a_manager(seeded: Seeded) -> None:
    seen = set()
    async with reading(seeded.app, None) as stranger:
        for client in (seeded.client, stranger):
            for route in seeded.routes:
                if route.method != "GET" or not re.match(r"/(me|sign-in|links|forgotten)\b", route.path):
                    continue
                for field in re.findall(r"<input[^>]*>", (await client.get(seeded.address(route))).text):
                    name = re.search(r'name="(password|again|current)"', field)
                    if name:
                        seen.add(name[1])
                        assert 'type="password"' in field, field
                        assert re.search(r'autocomplete="(current|new)-password"', field), field
                        assert "onpaste" not in field
    assert {"password", "again"} <= seen


def test_no_setting_that_is_secret_is_shown() -> None:
    secret = {name for name in Settings.model_fields if re.search(r"secret(?!.*file)|password|mongodb_uri", name)}
    values = {name: SecretStr("mongodb://u:hunter2@h/") for name in secret}
    settings = Settings(_env_file=None).model_copy(update=values)
    assert secret >= {"mongodb_uri", "openid_client_secret", "smtp_password", "secret_key"}
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert {name for name in secret if "SecretStr" not in str(Settings.model_fields[name].annotation)} == set()
