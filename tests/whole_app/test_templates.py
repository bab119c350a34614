"""What is true of every template: it compiles, says what it needs, and has nothing the security policy would stop."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import nodes

from stratplan.assets import Assets
from stratplan.settings import resource
from stratplan.view import Site

ROOT = resource("templates")
NAMES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.html"))
EVENTS = re.compile(r"<[^>]*\son[a-z]+\s*=")
SITE = Site(templates=ROOT, assets=Assets(resource("static") / "dist"))


def source_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_template_compiles_and_names_only_templates_that_are_there(name: str) -> None:
    SITE.environment.get_template(name)
    tree = SITE.environment.parse(source_of(name))
    for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        if isinstance(node.template, nodes.Const):  # type: ignore[attr-defined]  # all four have it
            SITE.environment.get_template(node.template.value)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_a_template_has_no_script_style_or_trust_in_what_was_typed(name: str) -> None:
    source = re.sub(r"\{#.*?#\}", "", source_of(name), flags=re.DOTALL)
    assert not re.search(r"<script(?![^>]*\bsrc=)", source), "inline script"
    assert not re.search(r"<style\b|\sstyle\s*=", source), "inline style"
    assert not EVENTS.search(source), "inline event handler"
    assert not re.search(r"\|\s*safe\b|\bMarkup\b|autoescape\s+false", source), "unescaped text"
    assert not re.search(r"(?:href|src|action)\s*=\s*[\"']\s*javascript:", source, re.IGNORECASE)
    assert not re.search(r"hx-(?:on|vals=[\"']js:|headers=[\"']js:)", source), "evaluates script"


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("errors/")])
def test_a_template_says_in_its_first_line_what_it_needs(name: str) -> None:
    assert source_of(name).startswith("{#")


@pytest.mark.parametrize("name", NAMES)
def test_what_htmx_asks_for_can_also_be_asked_without_it(name: str) -> None:
    source = source_of(name)
    for tag in re.findall(r"<a\b[^>]*\bhx-get[^>]*>", source):
        href, hx = (
            re.search(rf'\b{attribute}="((?:[^"{{]|{{{{.*?}}}}|{{%.*?%}})*)"', tag) for attribute in ("href", "hx-get")
        )
        assert href, f"no href: {tag}"
        assert hx
        assert href[1] == hx[1], f"leads elsewhere without HTMX: {tag}"
    for tag in re.findall(r"<form\b[^>]*>", source):
        assert "method=" in tag, f"no method: {tag}"
        assert "action=" in tag or 'method="dialog"' in tag, f"no action: {tag}"
    assert not re.search(r"<(?!form|a\b|button|input|select)(\w+)[^>]*\bhx-(?:post|put|delete|patch)=", source)


def test_python_writes_no_markup() -> None:
    package = Path(SITE.environment.loader.searchpath[0]).parent / "stratplan"  # type: ignore[union-attr]
    tags = re.compile(r"</?(?:a|b|br|div|span|p|li|ul|ol|td|tr|table|strong|em|svg|form|input|button)\b[^>\n]*>")
    wrong = [
        f"{path.relative_to(package)}:{number}"
        for path in package.rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if tags.search(line)
    ]
    assert wrong == []
