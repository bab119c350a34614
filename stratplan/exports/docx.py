"""A document of a template: its fields filled with texts, tables and charts; titled, dated, in a language.

Knows no slice. docx_template says which templates can be filled, docx_blocks makes tables; the template that documents
have without another is templates/docx. The same content gives the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import Final

from docxtpl import DocxTemplate
from lxml import etree

from stratplan import i18n
from stratplan.exports.docx_blocks import Block, Builder, Contents, Drawn, Tables, charts_of, fill_run
from stratplan.exports.docx_package import (
    CONTENT_TYPES,
    CORE_RELATION,
    CORE_TYPE,
    Element,
    Package,
    R,
    parsed,
    w,
    written,
)
from stratplan.exports.docx_template import environment, own_text
from stratplan.exports.tables import writable
from stratplan.settings import resource

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LANGUAGES: Final = {"lv": "lv-LV", "en": "en-GB"}
LONGEST_CONTENTS: Final = 26  # entries that still fit under the title block
WIDTH: Final = 9864  # twips between the margins of a standing page
DEPTH: Final = 2  # levels of headings in the contents

# Signs that mark, in a filled text, where a block belongs; no text has them.
_OPEN, _CLOSE = "\ue0f0", "\ue0f1"
_MARKED = re.compile(f"{_OPEN}([a-z_]+){_CLOSE}")
_STRAY = re.compile(f"[{_OPEN}{_CLOSE}]")

_PARTS: Final = {
    CONTENT_TYPES: "content-types.xml",
    "_rels/.rels": "rels.xml",
    "docProps/core.xml": "core.xml",
    "word/_rels/document.xml.rels": "document-rels.xml",
    "word/document.xml": "document.xml",
    "word/footer1.xml": "footer1.xml",
    "word/footer2.xml": "footer2.xml",
    "word/header1.xml": "header1.xml",
    "word/settings.xml": "settings.xml",
    "word/styles.xml": "styles.xml",
}


@dataclass(frozen=True, slots=True)
class About:
    """What a document says of itself."""

    title: str
    author: str
    language: str
    made_at: datetime


@cache
def default_template() -> bytes:
    """The template that documents have where nobody brought another."""
    folder = resource("templates") / "docx"
    package = Package(
        {name: written(_unindented(parsed((folder / file).read_bytes()))) for name, file in _PARTS.items()}
    )
    return package.to_bytes()


def to_docx(fields: Mapping[str, str | Block | None], about: About, *, template: bytes | None = None) -> bytes:
    """The template (one that `check_template` let through; without one, the default) with its fields filled; blocks.

    A field that is None, or nothing, is left out.
    """
    blocks = {name: value for name, value in fields.items() if value is not None and not isinstance(value, str)}
    words = {name: _STRAY.sub("", writable(value)) if isinstance(value, str) else "" for name, value in fields.items()}
    words |= {name: f"{_OPEN}{name}{_CLOSE}" for name in blocks}
    with i18n.use_language(about.language):
        package = Package.read(_filled(template or default_template(), words))
        charts = charts_of(
            [table for one in blocks.values() if isinstance(one, Tables) for table in one.tables], about.language
        )
        _Document(package, charts).place(blocks)
    _describe(package, about)
    return package.to_bytes()


def _filled(template: bytes, words: Mapping[str, str]) -> bytes:
    package = Package.read(template)
    for name in package.related("", "core-properties"):  # the engine would fill what stands in it
        package.parts[name] = (resource("templates") / "docx" / "core.xml").read_bytes()
    engine = DocxTemplate(io.BytesIO(package.to_bytes()))
    engine.render(dict(words), environment(), autoescape=True)
    held = io.BytesIO()
    engine.save(held)
    return held.getvalue()


def _unindented(root: Element) -> Element:
    """The part without the spaces and line ends between its elements, which a text would show."""
    for element in root.iter():
        if element.tag != w("t") and element.text is not None and not element.text.strip():
            element.text = None
        if element.tail is not None and not element.tail.strip():
            element.tail = None
    return root


# --- the text -------------------------------------------------------------------------------------------------


class _Document:
    """The text of a package, in which blocks take the places that are marked for them."""

    def __init__(self, package: Package, charts: Sequence[Drawn]) -> None:
        self._package = package
        self._name = package.document
        self._root = parsed(package.parts[self._name])
        self._levels: dict[str, int] = {}
        styles = self._styles()
        self._builder = Builder(styles, self._bullets(), self._keep, charts)
        self._styles_by_name = styles

    def place(self, blocks: Mapping[str, Block]) -> None:
        """Put the blocks where they belong; contents last, as they tell of all the others."""
        marked = [
            (paragraph, found[1])
            for paragraph in list(self._root.iter(w("p")))
            if (found := _MARKED.fullmatch(own_text(paragraph).strip())) is not None
        ]
        for text in self._root.iter(w("t")):
            if text.text and _OPEN in text.text:
                text.text = _STRAY.sub("", text.text)
        widths = _widths_of_pages(self._root)
        for paragraph, name in marked:
            block = blocks[name]
            if not isinstance(block, Contents):
                width = _room(paragraph) or widths.get(_top(paragraph), WIDTH)
                _replace(paragraph, self._builder.made(block, width))
        for paragraph, name in marked:
            if isinstance(blocks[name], Contents):
                _replace(paragraph, [self._contents()])
        self._package.parts[self._name] = written(self._root)

    # --- what the document has, and is given where it has it not -----------------------------------------------

    def _styles(self) -> dict[str, str]:
        """The ids of the styles that blocks take, by name; those that the document does not have are added to it."""
        name = self._part("styles", "styles.xml")
        root = parsed(self._package.parts[name])
        ids: dict[str, str] = {}
        for style in root.iter(w("style")):
            ids.setdefault(_value(style, "name").casefold(), style.get(w("styleId"), ""))
        ours = parsed((resource("templates") / "docx" / "styles.xml").read_bytes())
        wanted = [style for style in ours.iter(w("style")) if _is_taken_by_blocks(_value(style, "name"))]
        by_name = {_value(style, "name"): style for style in wanted}
        for label, style in by_name.items():
            if label.casefold() not in ids:
                root.append(style)
                ids[label.casefold()] = style.get(w("styleId"), "")
        self._levels = _levels_of(root)
        self._package.parts[name] = written(root)
        return {label: ids[label.casefold()] for label in by_name}

    def _bullets(self) -> str:
        """The id of a list with points, added to the document."""
        name = self._part("numbering", "numbering.xml")
        root = parsed(self._package.parts[name])
        kinds, lists = root.findall(w("abstractNum")), root.findall(w("num"))
        kind = str(max((int(one.get(w("abstractNumId"), "0")) for one in kinds), default=0) + 1)
        key = str(max((int(one.get(w("numId"), "0")) for one in lists), default=0) + 1)
        made = etree.Element(w("abstractNum"))
        made.set(w("abstractNumId"), kind)
        _child(made, "multiLevelType", "hybridMultilevel")
        level = etree.SubElement(made, w("lvl"))
        level.set(w("ilvl"), "0")
        for tag, value in (("start", "1"), ("numFmt", "bullet"), ("lvlText", "•"), ("lvlJc", "left")):
            _child(level, tag, value)
        indent = etree.SubElement(etree.SubElement(level, w("pPr")), w("ind"))
        indent.set(w("left"), "284")
        indent.set(w("hanging"), "284")
        root.insert(len(kinds), made)
        entry = etree.Element(w("num"))
        entry.set(w("numId"), key)
        _child(entry, "abstractNumId", kind)
        root.insert(len(kinds) + 1 + len(lists), entry)
        self._package.parts[name] = written(root)
        return key

    def _part(self, kind: str, file: str) -> str:
        """The name of the document's part of this kind, made where it has none."""
        found = self._package.related(self._name, kind)
        if found:
            return found[0]
        name = f"word/stratplan-{file}"
        self._package.parts[name] = written(etree.Element(w(kind), nsmap={"w": w("")[1:-1]}))
        self._package.declare(f"application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}+xml", part=name)
        self._package.relate(self._name, f"{R}/{kind}", name)
        return name

    def _keep(self, picture: bytes) -> str:
        number = sum(name.startswith("word/media/stratplan-") for name in self._package.parts) + 1
        name = f"word/media/stratplan-{number}.png"
        self._package.parts[name] = picture
        self._package.declare("image/png", ending="png")
        return self._package.relate(self._name, f"{R}/image", name)

    # --- contents ---------------------------------------------------------------------------------------------

    def _contents(self) -> Element:
        """The table of contents with its entries, as a field that programs can update."""
        found = [
            (level, paragraph)
            for paragraph in self._root.iter(w("p"))
            if 1 <= (level := self._level(paragraph)) <= DEPTH and own_text(paragraph).strip()
        ]
        depth = DEPTH if len(found) <= LONGEST_CONTENTS else 1
        entries = [(level, paragraph) for level, paragraph in found if level <= depth]
        holder = etree.Element(w("sdt"))
        about = etree.SubElement(etree.SubElement(holder, w("sdtPr")), w("docPartObj"))
        _child(about, "docPartGallery", "Table of Contents")
        etree.SubElement(about, w("docPartUnique"))
        content = etree.SubElement(holder, w("sdtContent"))
        taken = [
            int(one.get(w("id"), "0")) for one in self._root.iter(w("bookmarkStart")) if one.get(w("id"), "").isdigit()
        ]
        for place, (level, paragraph) in enumerate(entries):
            mark = f"_TocStratplan{place + 1}"
            _bookmarked(paragraph, mark, max(taken, default=0) + 1 + place)
            line = self._builder.paragraph(f"toc {level}")
            if not place:
                _field_begins(line, f' TOC \\o "1-{depth}" \\h \\z \\u ')
            _entry(line, mark, own_text(paragraph).strip())
            content.append(line)
        if not entries:
            content.append(self._builder.paragraph("toc 1"))
        else:
            _field_ends(content[-1])
        return holder

    def _level(self, paragraph: Element) -> int:
        """The level of a heading, from 1; 0 for what is none."""
        properties = paragraph.find(w("pPr"))
        if properties is None:
            return 0
        own = properties.find(w("outlineLvl"))
        if own is not None:
            return int(own.get(w("val"), "9")) + 1
        return self._levels.get(_value(properties, "pStyle"), 0)


def _is_taken_by_blocks(name: str) -> bool:
    return name.startswith("Stratplan ") or name in ("heading 2", "toc 1", "toc 2", "Normal Table", "Normal")


def _levels_of(styles: Element) -> dict[str, int]:
    """Style id → level of heading, from the styles' own outline levels or those that they are based on."""
    found = {style.get(w("styleId"), ""): style for style in styles.iter(w("style"))}

    def level(style: Element | None, seen: int = 0) -> int:
        if style is None or seen > 20:
            return 0
        own = style.find(f"{w('pPr')}/{w('outlineLvl')}")
        if own is not None:
            return (int(own.get(w("val"), "9")) + 1) % 10
        return level(found.get(_value(style, "basedOn")), seen + 1)

    return {key: level(style) for key, style in found.items()}


def _value(parent: Element, name: str) -> str:
    found = parent.find(w(name))
    return "" if found is None else found.get(w("val"), "")


def _child(parent: Element, name: str, value: str) -> Element:
    made = etree.SubElement(parent, w(name))
    made.set(w("val"), value)
    return made


def _top(paragraph: Element) -> Element:
    """The paragraph, or what it stands in, among the children of the body."""
    at = paragraph
    for parent in paragraph.iterancestors():
        if parent.tag == w("body"):
            break
        at = parent
    return at


def _widths_of_pages(root: Element) -> dict[Element, int]:
    """How wide the page is between its margins, in twips, for each child of the body: a section's end says it."""
    body = root.find(w("body"))
    widths: dict[Element, int] = {}
    if body is None:
        return widths
    width = WIDTH
    for child in reversed(body):
        section = child if child.tag == w("sectPr") else child.find(f"{w('pPr')}/{w('sectPr')}")
        if section is not None:
            width = _width_of(section)
        widths[child] = width
    return widths


def _width_of(section: Element) -> int:
    size, margins = section.find(w("pgSz")), section.find(w("pgMar"))
    try:
        across = int((size if size is not None else section).get(w("w"), ""))
        taken = sum(int((margins if margins is not None else section).get(w(side), "0")) for side in ("left", "right"))
    except ValueError:
        return WIDTH
    return max(2000, across - taken)


def _room(paragraph: Element) -> int:
    """How wide the cell is that a paragraph stands in, in twips; 0 where it stands in none, or that is not known."""
    cell = next(iter(paragraph.iterancestors(w("tc"))), None)
    size = None if cell is None else cell.find(f"{w('tcPr')}/{w('tcW')}")
    if size is None or size.get(w("type")) != "dxa" or not size.get(w("w"), "").isdigit():
        return 0
    return max(1000, int(size.get(w("w"), "0")) - 220)


def _replace(paragraph: Element, elements: Sequence[Element]) -> None:
    """Put elements where a paragraph is; what it says of the section it ends stays, and a cell ends in a paragraph."""
    parent = paragraph.getparent()
    assert parent is not None
    at = parent.index(paragraph)
    has_section = paragraph.find(f"{w('pPr')}/{w('sectPr')}") is not None
    kept = [paragraph] if has_section else []
    for run in list(paragraph.iterchildren(w("r"))) if has_section else []:
        paragraph.remove(run)
    parent[at : at + 1] = [*elements, *kept]
    if parent.tag in (w("tc"), w("txbxContent")) and parent[-1].tag != w("p"):
        etree.SubElement(parent, w("p"))


def _bookmarked(paragraph: Element, name: str, number: int) -> None:
    begin, end = etree.Element(w("bookmarkStart")), etree.Element(w("bookmarkEnd"))
    for mark in (begin, end):
        mark.set(w("id"), str(number))
    begin.set(w("name"), name)
    paragraph.insert(1 if paragraph.find(w("pPr")) is not None else 0, begin)
    paragraph.append(end)


def _entry(line: Element, mark: str, text: str) -> None:
    """A line of the contents: the heading, as a link to it, and the page that it is on, as a field."""
    link = etree.SubElement(line, w("hyperlink"))
    link.set(w("anchor"), mark)
    link.set(w("history"), "1")
    fill_run(etree.SubElement(link, w("r")), text)
    etree.SubElement(etree.SubElement(link, w("r")), w("tab"))
    _field_begins(link, f" PAGEREF {mark} \\h ")
    _field_ends(link)


def _field_begins(parent: Element, instruction: str) -> None:
    _field_mark(parent, "begin")
    words = etree.SubElement(etree.SubElement(parent, w("r")), w("instrText"))
    words.text = instruction
    words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    _field_mark(parent, "separate")


def _field_ends(parent: Element) -> None:
    _field_mark(parent, "end")


def _field_mark(parent: Element, kind: str) -> None:
    etree.SubElement(etree.SubElement(parent, w("r")), w("fldChar")).set(w("fldCharType"), kind)


# --- what the file says of itself -----------------------------------------------------------------------------

_CORE = {
    "cp": "http://schemas.openxmlformats.org/package/2006/metadata/core-properties",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


def _describe(package: Package, about: About) -> None:
    """Title, author, language and moment; nothing of who made the template, or of programs that wrote it, stays."""
    language = LANGUAGES[about.language]
    moment = about.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    root = etree.Element(f"{{{_CORE['cp']}}}coreProperties", nsmap=_CORE)
    for space, name, value in (
        ("dc", "title", about.title),
        ("dc", "creator", about.author),
        ("cp", "lastModifiedBy", about.author),
        ("dcterms", "created", moment),
        ("dcterms", "modified", moment),
        ("dc", "language", language),
    ):
        element = etree.SubElement(root, f"{{{_CORE[space]}}}{name}")
        element.text = writable(value)
        if space == "dcterms":
            element.set(f"{{{_CORE['xsi']}}}type", "dcterms:W3CDTF")
    known = package.related("", "core-properties")
    name = known[0] if known else "docProps/core.xml"
    package.parts[name] = written(root)
    if not known:
        package.declare(CORE_TYPE, part=name)
        package.relate("", CORE_RELATION, name)
    for part in chain.from_iterable(package.related(package.document, kind) for kind in ("styles", "settings")):
        package.parts[part] = written(_speaking(parsed(package.parts[part]), language))


def _speaking(root: Element, language: str) -> Element:
    """The styles, or settings, of a document in this language."""
    for element in root.iter(w("themeFontLang")):
        element.set(w("val"), language)
    if root.tag == w("styles"):
        run = _below(_below(_below(root, "docDefaults"), "rPrDefault"), "rPr")
        found = run.find(w("lang"))
        (found if found is not None else etree.SubElement(run, w("lang"))).set(w("val"), language)
    return root


def _below(parent: Element, name: str) -> Element:
    found = parent.find(w(name))
    if found is None:
        found = etree.Element(w(name))
        parent.insert(0, found)
    return found
