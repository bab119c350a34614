"""What in a DOCX comes from elsewhere when it is opened, or runs: a template has nothing of that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from lxml import etree

from stratplan.exports.docx_package import CONTENT_TYPES, DECLARED_FIRST, RELATIONS, TYPES, Element, Package, parsed, w
from stratplan.exports.docx_parts import LARGEST_TEXT, place_word, quoted
from stratplan.i18n import _

PIECE: Final = 4096  # bytes
FOREIGN: Final = re.compile(
    r"^\s*(?:includepicture|includetext|include|import|link|dde|ddeauto|database|macrobutton)\b", re.I
)
EMBEDDED: Final = re.compile(r"/(?:attachedTemplate|oleObject|package|aFChunk|control|vbaProject|frame|subDocument)$")
VML: Final = "urn:schemas-microsoft-com:vml"
OFFICE: Final = "urn:schemas-microsoft-com:office:office"
BEFORE_TAGS: Final = b"\xef\xbb\xbf \t\r\n"
XML_TYPE: Final = re.compile(r"[/+]xml\s*(?:;|$)", re.I)


def foreign(package: Package) -> Iterator[str]:
    """What of a file fetches something when it is opened, runs, or hides what it is: sentences that name the part."""
    if any(len(package.parts[name]) > LARGEST_TEXT for name in DECLARED_FIRST) or not package.document:
        yield _("The file is damaged: what is in it cannot be read.")
        return
    is_declared = _declared_xml(package)
    for name, body in package.parts.items():
        if not is_declared(name) and not _has_elements(body):
            continue
        if len(body) > LARGEST_TEXT:
            problem = _("The template is too long: keep the layout in it, and no text of years.")
            yield _("%(place)s: %(problem)s", place=place_word(package, name), problem=problem)
            return
        if not _is_plain(body):
            yield _("%(part)s is not written in UTF-8, as documents are. Save the file anew.", part=name)
            continue
        if re.search(rb"<!(?:DOCTYPE|ENTITY)", body, re.IGNORECASE):
            yield _("%(part)s declares types of its own, which no document needs.", part=name)
            continue
        root = parsed(body)
        if (root.getroottree().docinfo.encoding or "UTF-8").upper() != "UTF-8":
            yield _("%(part)s is not written in UTF-8, as documents are. Save the file anew.", part=name)
            continue
        for problem in _foreign_in(root):
            yield _("%(place)s: %(problem)s", place=place_word(package, name), problem=problem)


def _declared_xml(package: Package) -> Callable[[str], bool]:
    """Whether a part is XML by its name, or by what the file says of it."""
    root = parsed(package.parts[CONTENT_TYPES])
    kinds = {
        (one.get("PartName") or one.get("Extension") or "").lstrip("/").casefold(): one.get("ContentType", "")
        for one in root.iter(f"{{{TYPES}}}Override", f"{{{TYPES}}}Default")
    }

    def is_declared(name: str) -> bool:
        name = name.casefold()
        ending = name.rpartition(".")[2]
        return ending in ("xml", "rels") or XML_TYPE.search(kinds.get(name) or kinds.get(ending) or "") is not None

    return is_declared


def _has_elements(body: bytes) -> bool:
    """Whether a part is XML by what is in it, in whatever encoding: a name can say anything. Other parts are pictures
    and fonts, which stop being read at their first bytes."""
    if body.lstrip(BEFORE_TAGS).startswith(b"<"):
        return True
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, no_network=True, load_dtd=False)
    try:
        for at in range(0, min(len(body), LARGEST_TEXT), PIECE):
            parser.feed(body[at : at + PIECE])
            if next(iter(parser.read_events()), None) is not None:
                return True
    except etree.XMLSyntaxError:
        pass
    return False


def _is_plain(body: bytes) -> bool:
    """Whether bytes can be UTF-8. Those of UTF-16 can look like it, with a NUL at every other place."""
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False


def _foreign_in(root: Element) -> Iterator[str]:
    yield from _fetched(root)
    yield from _fetched_by_drawings(root)
    for instruction in _instructions(root):
        if FOREIGN.match(instruction):
            yield _("The field “%(field)s” fetches something from elsewhere.", field=quoted(instruction))


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
                    target=quoted(target),
                )


def _fetched(root: Element) -> Iterator[str]:
    for relation in root.iter(f"{{{RELATIONS}}}Relationship"):
        kind, target = relation.get("Type", ""), quoted(relation.get("Target", ""))
        if EMBEDDED.search(kind):
            yield _("Something is embedded or attached that a template must not have: “%(target)s”.", target=target)
        elif relation.get("TargetMode") == "External" and not kind.endswith("/hyperlink"):
            yield _(
                "“%(target)s” is fetched from elsewhere when the document is opened. Put it into the file.",
                target=target,
            )
