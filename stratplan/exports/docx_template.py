"""What a template for documents may hold: named fields and `if`, nothing that runs and nothing from elsewhere.

What is wrong is told with its place, so that who made the template finds it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from docxtpl import DocxTemplate
from jinja2 import TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from stratplan.choice import Choice
from stratplan.exports.docx_package import RELATIONS, Element, Package, parsed, w
from stratplan.i18n import N_, _

LARGEST_TEXT: Final = 3 * 2**20  # bytes of a part with text or styles
MOST_TEXTS: Final = 40  # headers, footers and the text itself
MOST_TOLD: Final = 12  # problems at once
LONGEST_QUOTED: Final = 60

FILLED: Final = ("header", "footer", "footnotes")  # beside the text: the parts that have fields too
# What fetches something when the document is opened, or runs.
FOREIGN: Final = re.compile(
    r"^\s*(?:includepicture|includetext|include|import|link|dde|ddeauto|database|macrobutton)\b", re.I
)
EMBEDDED: Final = re.compile(r"/(?:attachedTemplate|oleObject|package|aFChunk|control|vbaProject|frame|subDocument)$")
VML: Final = "urn:schemas-microsoft-com:vml"
OFFICE: Final = "urn:schemas-microsoft-com:office:office"
BEFORE_TAGS: Final = b"\xef\xbb\xbf \t\r\n"
BESIDE: Final = re.compile(r"[{%#]")

_TAG = re.compile(r"\{\{(?P<field>.*?)\}\}|\{%(?P<statement>.*?)%\}|(?P<stray>\{\{|\{%|\{#|\}\}|%\}|#\})", re.S)
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
        problems = list(_foreign(package)) or list(_misread(package, fields))
    except (etree.XMLSyntaxError, KeyError, UnicodeDecodeError):
        problems = [_("The file is damaged: what is in it cannot be read.")]
    if problems:
        raise TemplateRefused(problems[:MOST_TOLD])


# --- what comes from elsewhere --------------------------------------------------------------------------------


def _foreign(package: Package) -> Iterator[str]:
    if not package.document:
        yield _("The file is damaged: what is in it cannot be read.")
        return
    for name, body in package.parts.items():
        if not body.lstrip(BEFORE_TAGS).startswith(b"<"):  # by what is in it: a name can say anything
            continue
        if len(body) > LARGEST_TEXT:
            problem = _("The template is too long: keep the layout in it, and no text of years.")
            yield _("%(place)s: %(problem)s", place=_place_word(package, name), problem=problem)
            return
        if re.search(rb"<!(?:DOCTYPE|ENTITY)", body, re.IGNORECASE) or body[:2] in (b"\xff\xfe", b"\xfe\xff"):
            yield _("%(part)s declares types of its own, which no document needs.", part=name)
            continue
        for problem in _foreign_in(parsed(body)):
            yield _("%(place)s: %(problem)s", place=_place_word(package, name), problem=problem)


def _foreign_in(root: Element) -> Iterator[str]:
    yield from _fetched(root)
    yield from _fetched_by_drawings(root)
    for instruction in _instructions(root):
        if FOREIGN.match(instruction):
            yield _("The field “%(field)s” fetches something from elsewhere.", field=_quoted(instruction))


def _place_word(package: Package, name: str) -> str:
    """The words for a part, or for the part whose relations it has: word/_rels/header1.xml.rels is of header1.xml."""
    of = name.replace("_rels/", "").removesuffix(".rels")
    if of == package.document:
        return _("the text")
    return _part_word(of) if of in filled_parts(package) else of


def _instructions(root: Element) -> Iterator[str]:
    """The instructions of fields, each whole: programs write them in pieces."""
    begun: list[list[str]] = [[]]  # a field can stand in another's instruction
    for element in root.iter(w("fldSimple"), w("fldChar"), w("instrText")):
        if element.tag == w("fldSimple"):
            yield element.get(w("instr"), "")
        elif element.tag == w("instrText"):
            begun[-1].append(element.text or "")
        elif element.get(w("fldCharType")) == "begin":
            begun.append([])
        elif element.get(w("fldCharType")) == "end" and len(begun) > 1:
            yield "".join(begun.pop())
    yield from ("".join(pieces) for pieces in begun)


def _fetched_by_drawings(root: Element) -> Iterator[str]:
    """What drawings of the older kind (VML) fetch by address, without a relation."""
    for element in root.iter(f"{{{VML}}}*"):
        for name in ("src", f"{{{OFFICE}}}href"):
            if target := element.get(name):
                yield _(
                    "“%(target)s” is fetched from elsewhere when the document is opened. Put it into the file.",
                    target=_quoted(target),
                )


def _fetched(root: Element) -> Iterator[str]:
    for relation in root.iter(f"{{{RELATIONS}}}Relationship"):
        kind, target = relation.get("Type", ""), _quoted(relation.get("Target", ""))
        if EMBEDDED.search(kind):
            yield _("Something is embedded or attached that a template must not have: “%(target)s”.", target=target)
        elif relation.get("TargetMode") == "External" and not kind.endswith("/hyperlink"):
            yield _(
                "“%(target)s” is fetched from elsewhere when the document is opened. Put it into the file.",
                target=target,
            )


# --- fields and their places ----------------------------------------------------------------------------------


def filled_parts(package: Package) -> list[str]:
    """The names of the parts that have fields: the text, then headers, footers and notes."""
    document = package.document
    return [document, *(name for kind in FILLED for name in package.related(document, kind))]


def _misread(package: Package, fields: Fields) -> Iterator[str]:
    names = filled_parts(package)
    if len(names) > MOST_TEXTS:
        yield _("The template is too long: keep the layout in it, and no text of years.")
        return
    found = [problem for place, name in enumerate(names) for problem in _in_part(package, name, place == 0, fields)]
    yield from found
    if not found:
        yield from _unseen(package, names, fields)


def _in_part(package: Package, name: str, is_text: bool, fields: Fields) -> Iterator[str]:
    root = parsed(package.parts[name])
    part = "" if is_text else _part_word(name)
    reading = _Reading(fields, is_text)
    for place, paragraph in placed_paragraphs(root):
        for problem in reading.read(paragraph):
            yield _("%(place)s: %(problem)s", place=f"{part}, {place}" if part else place, problem=problem)
    yield from (_("%(place)s: %(problem)s", place=part or _("the text"), problem=one) for one in reading.left_open())


def _part_word(name: str) -> str:
    if "header" in name:
        return _("header (%(name)s)", name=name.rpartition("/")[2])
    if "footer" in name:
        return _("footer (%(name)s)", name=name.rpartition("/")[2])
    return _("notes (%(name)s)", name=name.rpartition("/")[2])


def placed_paragraphs(root: Element) -> Iterator[tuple[str, Element]]:
    """Every paragraph of a part with the words for where it stands, counted as people count: cells by their tables."""
    top = root.find(w("body"))
    numbers = {"paragraph": 0, "table": 0}
    yield from _placed(root if top is None else top, "", numbers)


def _placed(parent: Element, prefix: str, numbers: dict[str, int]) -> Iterator[tuple[str, Element]]:
    for child in parent:
        if child.tag == w("p"):
            numbers["paragraph"] += 1
            place = prefix + _("paragraph %(number)s", number=numbers["paragraph"])
            yield place, child
            for box in child.iter(w("txbxContent")):
                inside = {"paragraph": 0, "table": 0}
                yield from _placed(
                    box, prefix + _("text box at paragraph %(number)s", number=numbers["paragraph"]) + ", ", inside
                )
        elif child.tag == w("tbl"):
            numbers["table"] += 1
            for row_number, row in enumerate(child.iter(w("tr")), start=1):
                for cell_number, cell in enumerate(row.findall(w("tc")), start=1):
                    where = _(
                        "table %(table)s, row %(row)s, cell %(cell)s",
                        table=numbers["table"],
                        row=row_number,
                        cell=cell_number,
                    )
                    yield from _placed(cell, f"{prefix}{where}, ", {"paragraph": 0, "table": 0})
        elif isinstance(child.tag, str) and child.tag in (w("sdt"), w("sdtContent"), w("footnote"), w("ins")):
            yield from _placed(child, prefix, numbers)


def own_text(paragraph: Element) -> str:
    """What stands in a paragraph, without what stands in text boxes in it."""
    pieces = []
    for element in paragraph.iter(w("t"), w("tab"), w("br")):
        holder = next((one for one in element.iterancestors(w("p"))), None)
        if holder is paragraph:
            pieces.append((element.text or "") if element.tag == w("t") else " ")
    return "".join(pieces)


@dataclass
class _Reading:
    """Goes through the paragraphs of a part and tells what is wrong in each."""

    fields: Fields
    blocks_allowed: bool
    _open: list[tuple[str, Element | None]] = field(default_factory=list)  # `if`s: as written, with what they stand in

    def read(self, paragraph: Element) -> Iterator[str]:
        text = own_text(paragraph)
        if not BESIDE.search(text) and "}" not in text:
            return
        inside: list[str] = []
        for tag in _TAG.finditer(text):
            written = _quoted(tag[0] if tag["stray"] is None else text[tag.start() : tag.start() + LONGEST_QUOTED])
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
        held = [one for one, parent in self._open if parent is paragraph.getparent()]
        yield from _followed(held, word, written)
        self._open = [one for one in self._open if one[1] is not paragraph.getparent()]
        self._open += [(one, paragraph.getparent()) for one in held]

    def left_open(self) -> Iterator[str]:
        for written, _parent in self._open:
            yield _("“%(text)s” has no endif.", text=written)


def _followed(held: list[str], word: str, written: str) -> Iterator[str]:
    """Keep account of the `if`s that are open; a word without one is a problem."""
    if word == "if":
        held.append(written)
    elif not held:
        yield _("“%(text)s” has no if before it.", text=written)
    elif word == "endif":
        held.pop()


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_QUOTED else line[: LONGEST_QUOTED - 1] + "…"


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
