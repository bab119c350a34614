"""What is written for administrators and newcomers is true of the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stratplan.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]


def targets() -> set[str]:
    """The targets of the Makefile."""
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def commands() -> set[str]:
    """The commands of the command line."""
    from stratplan.cli import main

    return set(main.commands)


def test_every_setting_is_documented_with_its_default_and_no_other_is() -> None:
    rows = re.findall(
        r"^\| `(STRATPLAN_[A-Z_]+)` \| (?:`([^`]*)`)? *\|",
        (ROOT / "docs" / "administration.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert dict(rows) == {
        f"STRATPLAN_{name.upper()}": "" if field.default in (None, ()) else str(field.default)
        for name, field in Settings.model_fields.items()
    }


def test_every_setting_that_code_or_documents_name_exists() -> None:
    known = {f"STRATPLAN_{name.upper()}" for name in Settings.model_fields}
    sources = [*DOCUMENTS, *(ROOT / "stratplan").rglob("*.py"), ROOT / "Makefile"]
    named = {
        (name, path.relative_to(ROOT).as_posix())
        for path in sources
        for name in re.findall(r"STRATPLAN_[A-Z]+(?:_[A-Z]+)*", path.read_text("utf-8"))
    }
    assert {(name, path) for name, path in named if name not in known} == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_command_that_a_document_names_exists(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    code = "\n".join(re.findall(r"`([^`\n]+)`", text) + re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL))
    made = {word for words in re.findall(r"\bmake((?: [a-z][a-z-]*)+)", code) for word in words.split()}
    assert made - targets() == set()
    run = {word for words in re.findall(r"\bstratplan ([a-z][a-z|]*)", code) for word in words.split("|")}
    assert run - commands() == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_file_that_a_document_links_to_or_names_is_there(name: str) -> None:
    path = ROOT / name
    text = path.read_text("utf-8")
    links = {link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link}
    assert {link for link in links - {""} if not (path.parent / link).exists()} == set()
    named = set(re.findall(r"`((?:stratplan|templates|static|tests|seeds|docs|locales|benchmarks)/[\w./-]*)`", text))
    built = {"static/dist", "static/dist/"}
    assert {file for file in named - built if not (ROOT / file).exists()} == set()
