"""Imports run one way: app → slices → core files, and between slices only where the table allows it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "stratplan"
MODULES = sorted(PACKAGE.rglob("*.py"))

# What each folder may read beside the core files and itself.
ALLOWED: dict[str, set[str]] = {
    "accounts": {"plans", "units"},
    "embedded": set(),
    "members": {"plans", "units"},
    "plans": set(),
    "units": set(),
    "goals": {"plans", "units"},
    "swot": {"goals", "plans", "units"},
    "investments": {"goals", "plans", "units"},
    "reviews": {"goals", "investments", "swot", "plans", "units", "evidence", "exports"},
    "exports": set(),
    "discussion": {"goals", "plans", "units"},
    "evidence": {"goals", "plans", "units"},
    "history": {"plans", "units", "goals", "swot", "investments"},
    "imports": {"plans", "units", "goals", "swot", "investments", "reviews"},
    "notices": {"plans", "units", "goals", "reviews"},
    "overview": {
        "plans",
        "units",
        "goals",
        "swot",
        "investments",
        "history",
        "exports",
        "discussion",
        "evidence",
        "reviews",
    },
    "public": {"plans", "units", "goals", "swot", "investments", "overview", "exports", "reviews"},
}
EVERYWHERE = {"accounts"}  # who acts is part of every change
ENTRANCES = {"app.py", "cli.py", "serving.py", "terminal.py", "__main__.py"}
# A plan is what a snapshot and a view are of.
CORE_READS_PLANS = {"snapshot.py", "view.py"}


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, at its top or inside a function, with the line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written out in full"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def folder_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def slices_read_by(path: Path) -> Iterator[tuple[str, str, int]]:
    for name, line in imported(path):
        parts = name.split(".")
        if parts[0] == "stratplan" and len(parts) > 1 and parts[1] in ALLOWED:
            yield parts[1], name, line


def test_every_folder_of_the_package_has_its_place_in_the_table() -> None:
    assert {folder_of(path) for path in MODULES} - {""} == set(ALLOWED)


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_slice_reads_only_the_slices_it_may(folder: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in MODULES
        if folder_of(path) == folder
        for other, name, line in slices_read_by(path)
        if other not in {folder} | ALLOWED[folder] | EVERYWHERE
    ]
    assert wrong == []


def test_core_files_know_no_slice() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in MODULES
        if folder_of(path) == "" and path.name not in ENTRANCES
        for other, name, line in slices_read_by(path)
        if other not in EVERYWHERE
        and not (path.name in CORE_READS_PLANS and name.startswith("stratplan.plans.models."))
    ]
    assert wrong == []


def test_nothing_reads_the_application_but_its_entrances() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in MODULES
        if path.name not in ENTRANCES
        for name, line in imported(path)
        if name.startswith(("stratplan.app.", "stratplan.cli."))
    ]
    assert wrong == []


def test_exactly_one_file_imports_the_driver() -> None:
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        for name, _ in imported(path)
        if name == "motor" or name.startswith("motor.")
    }
    assert users == {"database.py"}


PURE = [
    "goals/progress.py",
    "goals/schedule.py",
    "goals/states.py",
    "investments/cents.py",
    "investments/checks.py",
    "investments/facts.py",
    "investments/money.py",
    "investments/sums.py",
    "evidence/archives.py",
    "evidence/file_types.py",
    "evidence/names.py",
    "reviews/comparing.py",
    "reviews/comparison.py",
    "reviews/published.py",
    "reviews/trends.py",
    "reviews/reminders.py",
    "reviews/statement.py",
    "reviews/terms.py",
    "period.py",
    "numbering.py",
]


@pytest.mark.parametrize("name", PURE)
def test_the_files_of_rules_touch_neither_database_nor_web(name: str) -> None:
    impure = ("motor", "pymongo", "bson", "beanie", "litestar", "jinja2", "stratplan.database", "stratplan.audit")
    assert [module for module, _ in imported(PACKAGE / name) if module.startswith(impure)] == []
