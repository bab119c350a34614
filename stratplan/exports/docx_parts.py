"""The parts of a DOCX that have text, and the words for where in it something stands."""

from __future__ import annotations

from typing import Final

from stratplan.exports.docx_package import Package
from stratplan.i18n import _

LARGEST_TEXT: Final = 3 * 2**20  # bytes of a part with text or styles
LONGEST_QUOTED: Final = 60
FILLED: Final = ("header", "footer", "footnotes")  # beside the text: the parts that have fields too


def filled_parts(package: Package) -> list[str]:
    """The names of the parts that have fields: the text, then headers, footers and notes."""
    document = package.document
    return [document, *(name for kind in FILLED for name in package.related(document, kind))]


def part_word(name: str) -> str:
    """The words for a header, a footer or the notes."""
    if "header" in name:
        return _("header (%(name)s)", name=name.rpartition("/")[2])
    if "footer" in name:
        return _("footer (%(name)s)", name=name.rpartition("/")[2])
    return _("notes (%(name)s)", name=name.rpartition("/")[2])


def place_word(package: Package, name: str) -> str:
    """The words for a part, or for the part whose relations it has: word/_rels/header1.xml.rels is of header1.xml."""
    of = name.replace("_rels/", "").removesuffix(".rels")
    if of == package.document:
        return _("the text")
    return part_word(of) if of in filled_parts(package) else of


def quoted(text: str) -> str:
    """A text of the file as a sentence quotes it: on one line, and not for long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_QUOTED else line[: LONGEST_QUOTED - 1] + "…"
