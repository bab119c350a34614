"""What a template for documents may hold: named fields and `if`, nothing that runs and nothing from elsewhere.

What is wrong is told with its place, so that who made the template finds it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from docxtpl import DocxTemplate
from jinja2 import TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from stratplan import i18n
from stratplan.choice import Choice
from stratplan.exports.docx_foreign import foreign
from stratplan.exports.docx_package import Element, Package, parsed, w
from stratplan.exports.docx_parts import LONGEST_QUOTED, filled_parts, part_word, quoted
from stratplan.i18n import N_, _

MOST_TEXTS: Final = 40  # headers, footers and the text itself
MOST_NESTED: Final = 8  # tables and text boxes in one another
LONGEST_PARAGRAPH: Final = 50_000  # characters
MOST_TAGS: Final = 500  # fields and `if`s of one paragraph
MOST_TOLD: Final = 12  # problems at once

BESIDE: Final = re.compile(r"[{%#]")
# What can stand around blocks, rows and cells without being one.
WRAPPERS: Final = frozenset(map(w, ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "footnote")))

# What stands between the braces has none, so that each character is looked at once.
_TAG = re.compile(r"\{\{(?P<field>[^{}]*+)\}\}|\{%(?P<statement>[^{}%]*+)%\}|(?P<stray>\{\{|\{%|\{#|\}\}|%\}|#\})")
_IF = re.compile(r"(?P<whole>p\s+)?(?P<word>if|elif)\s+(?:not\s+)?(?P<name>\w+)")
_REST = re.compile(r"(?P<whole>p\s+)?(?P<word>else|endif)")


class Sort(Choice):
    """What a field is filled with."""

    TEXT = "text", N_("text"), "neutral", "file-text"  # words, in the middle of others
    BLOCK = "block", N_("table or list"), "neutral", "table"  # in place of a paragraph


Fields = Mapping[str, Sort]


class TemplateRefused(Exception):
    """A template that cannot be filled; `problems` are sentences that say what is wrong, and where."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def environment() -> ImmutableSandboxedEnvironment:
    """The engine that fills templates: it escapes, and gives no way to anything but the fields."""
    made = ImmutableSandboxedEnvironment(autoescape=True)
    made.globals.clear()
    made.filters.clear()
    made.tests.clear()
    return made


def check_template(body: bytes, fields: Fields) -> None:
    """Raise TemplateRefused where a file, which was found to be a sound DOCX without macros, cannot be filled."""
    package = Package.read(body)
    try:
        problems = _first(foreign(package)) or _first(_misread(package, fields))
    except (etree.XMLSyntaxError, KeyError, UnicodeDecodeError):
        problems = [_("The file is damaged: what is in it cannot be read.")]
    if problems:
        raise TemplateRefused(problems)


def _first(problems: Iterator[str]) -> list[str]:
    """The first that differ, and no more work than they take."""
    found = dict.fromkeys(islice(problems, MOST_TOLD))  # a text box is written twice, for older programs once more
    return list(found)


# --- fields and their places ----------------------------------------------------------------------------------


def _misread(package: Package, fields: Fields) -> Iterator[str]:
    names = filled_parts(package)
    if len(names) > MOST_TEXTS:
        yield _("The template is too long: keep the layout in it, and no text of years.")
        return
    is_sound = True
    for place, name in enumerate(names):
        for problem in _in_part(package, name, place == 0, fields):
            is_sound = False
            yield problem
    if is_sound:
        yield from _unseen(package, names, fields)


def _in_part(package: Package, name: str, is_text: bool, fields: Fields) -> Iterator[str]:
    root = parsed(package.parts[name])
    part = "" if is_text else part_word(name)
    reading = _Reading(fields, is_text)
    try:
        for place, paragraph in placed_paragraphs(root, f"{part}, " if part else ""):
            for problem in reading.read(paragraph):
                yield _("%(place)s: %(problem)s", place=place, problem=problem)
    except NestedTooDeep as nested:
        problem = _("Tables and text boxes stand in one another more than %(most)s deep.", most=MOST_NESTED)
        yield _("%(place)s: %(problem)s", place=nested.place, problem=problem)
        return
    yield from (_("%(place)s: %(problem)s", place=part or _("the text"), problem=one) for one in reading.left_open())


class NestedTooDeep(Exception):
    """Tables and text boxes stand in one another deeper than anybody lays them out; `place` says where."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


def placed_paragraphs(root: Element, prefix: str = "") -> Iterator[tuple[str, Element]]:
    """Every paragraph of a part, once, with the words for where it stands, counted as people count: cells by their
    tables. Raises NestedTooDeep."""
    top = root.find(w("body"))
    yield from _placed(root if top is None else top, prefix, 0)


def _placed(parent: Element, prefix: str, depth: int) -> Iterator[tuple[str, Element]]:
    paragraphs = tables = 0
    for child in _standing_in(parent, w("p"), w("tbl")):
        if child.tag == w("p"):
            paragraphs += 1
            yield prefix + _("paragraph %(number)s", number=paragraphs), child
            where = prefix + _("text box at paragraph %(number)s", number=paragraphs)
            for box in _boxes_of(child):
                yield from _placed(box, f"{where}, ", _deeper(depth, where))
        else:
            tables += 1
            for row_number, row in enumerate(_standing_in(child, w("tr")), start=1):
                for cell_number, cell in enumerate(_standing_in(row, w("tc")), start=1):
                    where = prefix + _(
                        "table %(table)s, row %(row)s, cell %(cell)s", table=tables, row=row_number, cell=cell_number
                    )
                    yield from _placed(cell, f"{where}, ", _deeper(depth, where))


def _deeper(depth: int, place: str) -> int:
    if depth >= MOST_NESTED:
        raise NestedTooDeep(place)
    return depth + 1


def _standing_in(parent: Element, *tags: str) -> Iterator[Element]:
    """What stands in a part of the document itself, and not in something that stands in it."""
    for child in parent:
        if child.tag in tags:
            yield child
        elif child.tag in WRAPPERS:
            yield from _standing_in(child, *tags)


def _boxes_of(paragraph: Element) -> Iterator[Element]:
    """The text boxes of a paragraph, without those in them."""
    for box in paragraph.iter(w("txbxContent")):
        if _holder(box) is paragraph:
            yield box


def _holder(element: Element) -> Element | None:
    """The paragraph that something stands in."""
    return next(element.iterancestors(w("p")), None)


def own_text(paragraph: Element) -> str:
    """What stands in a paragraph, without what stands in text boxes in it."""
    pieces = []
    for element in paragraph.iter(w("t"), w("tab"), w("br")):
        if _holder(element) is paragraph:
            pieces.append((element.text or "") if element.tag == w("t") else " ")
    return "".join(pieces)


@dataclass
class _Reading:
    """Goes through the paragraphs of a part and tells what is wrong in each."""

    fields: Fields
    blocks_allowed: bool
    _open: dict[Element | None, list[str]] = field(default_factory=dict)  # `if`s as written, by what they stand in

    def read(self, paragraph: Element) -> Iterator[str]:
        text = own_text(paragraph)
        if not BESIDE.search(text) and "}" not in text:
            return
        if len(text) > LONGEST_PARAGRAPH:
            yield _("The paragraph is longer than %(most)s characters.", most=i18n.number(LONGEST_PARAGRAPH, 0))
            return
        tags = list(islice(_TAG.finditer(text), MOST_TAGS + 1))
        if len(tags) > MOST_TAGS:
            yield _("The paragraph has more than %(most)s fields or double braces.", most=MOST_TAGS)
            return
        inside: list[str] = []
        for tag in tags:
            written = quoted(tag[0] if tag["stray"] is None else text[tag.start() : tag.start() + LONGEST_QUOTED])
            is_alone = text.strip() == tag[0]
            if tag["stray"] is not None:
                yield _("“%(text)s” is not closed, or not opened.", text=written)
            elif tag["field"] is not None:
                yield from self._field(tag["field"].strip(), written, is_alone)
            else:
                yield from self._statement(tag["statement"].strip(), written, is_alone, paragraph, inside)
        for written in inside:
            yield _("“%(text)s” has no endif in the same paragraph.", text=written)

    def _field(self, name: str, written: str, is_alone: bool) -> Iterator[str]:
        sort = self.fields.get(name)
        if sort is None:
            yield _("“%(text)s” is not a field; the fields are: %(names)s.", text=written, names=", ".join(self.fields))
        elif sort is Sort.BLOCK and not self.blocks_allowed:
            yield _("“%(text)s” can only stand in the text, not in headers, footers and notes.", text=written)
        elif sort is Sort.BLOCK and not is_alone:
            yield _("“%(text)s” must have a paragraph of its own.", text=written)

    def _statement(
        self, statement: str, written: str, is_alone: bool, paragraph: Element, inside: list[str]
    ) -> Iterator[str]:
        found = _IF.fullmatch(statement) or _REST.fullmatch(statement)
        if found is None:
            yield _("“%(text)s” is not understood; there are only if, elif, else and endif.", text=written)
            return
        word = found["word"]
        if word in ("if", "elif") and found["name"] not in self.fields:
            yield from self._field(found["name"], written, is_alone)
        if not found["whole"]:
            yield from _followed(inside, word, written)
            return
        if not is_alone:
            yield _("“%(text)s” must have a paragraph of its own.", text=written)
        yield from _followed(self._open.setdefault(paragraph.getparent(), []), word, written)

    def left_open(self) -> Iterator[str]:
        for held in self._open.values():
            yield from (_("“%(text)s” has no endif.", text=written) for written in held)


def _followed(held: list[str], word: str, written: str) -> Iterator[str]:
    """Keep account of the `if`s that are open; a word without one is a problem."""
    if word == "if":
        held.append(written)
    elif not held:
        yield _("“%(text)s” has no if before it.", text=written)
    elif word == "endif":
        held.pop()


# --- what the engine sees -------------------------------------------------------------------------------------


def _unseen(package: Package, names: list[str], fields: Fields) -> Iterator[str]:
    """Look once more, at the very text that the engine is given: fields can hide where no paragraph shows them."""
    reader = DocxTemplate(None)
    for name in names:
        source = reader.patch_xml(reader.xml_to_string(parsed(package.parts[name])))
        try:
            tree = environment().parse(source)
        except TemplateError:
            yield _("%(part)s has something that looks like a field and is none.", part=name)
            continue
        if not all(_is_harmless(node, fields) for node in tree.body):
            yield _("%(part)s has a field where none can be filled.", part=name)


def _is_harmless(node: nodes.Node, fields: Collection[str]) -> bool:
    if isinstance(node, nodes.Output):
        return all(isinstance(one, nodes.TemplateData) or _is_field(one, fields) for one in node.nodes)
    if isinstance(node, nodes.If):
        test: Any = node.test.node if isinstance(node.test, nodes.Not) else node.test
        return _is_field(test, fields) and all(
            _is_harmless(one, fields) for one in (*node.body, *node.elif_, *node.else_)
        )
    return False


def _is_field(node: nodes.Node, fields: Collection[str]) -> bool:
    return isinstance(node, nodes.Name) and node.name in fields
