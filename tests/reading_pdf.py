"""A PDF read back: its words as poppler finds them, and what helps readers who do not see it, by its own structure."""

from __future__ import annotations

import io
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pypdf import PdfReader


@dataclass
class Read:
    """What a PDF says of itself: its pages (width and height in millimetres), tags, alternative texts, bookmarks."""

    pages: list[tuple[int, int]]
    root: Any
    facts: dict[str, str]
    xmp: str
    tags: Counter[str] = field(default_factory=Counter)
    alternatives: list[str] = field(default_factory=list)
    header_cells: int = 0
    bookmarks: list[tuple[int, str]] = field(default_factory=list)
    fonts: dict[str, bool] = field(default_factory=dict)  # whether it is embedded
    links: list[str] = field(default_factory=list)


def read_pdf(body: bytes) -> Read:
    """The file read back."""
    reader = PdfReader(io.BytesIO(body))
    root = reader.trailer["/Root"]
    found = Read(
        pages=[
            (round(float(page.mediabox.width) / 72 * 25.4), round(float(page.mediabox.height) / 72 * 25.4))
            for page in reader.pages
        ],
        root=root,
        facts={str(name): str(value) for name, value in (reader.metadata or {}).items()},
        xmp=root["/Metadata"].get_data().decode(),
    )
    for element in _elements(root["/StructTreeRoot"]["/K"]):
        found.tags[element["/S"]] += 1
        if element["/S"] == "/Figure":
            found.alternatives.append(str(element.get("/Alt", "")))
        if element["/S"] == "/TH":
            found.header_cells += any("/Scope" in one.get_object() for one in element.get("/A", ()))
    found.bookmarks = list(_bookmarks(reader.outline, 0))
    for page in reader.pages:
        for font in (page["/Resources"].get_object().get("/Font") or {}).values():
            described = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = described["/FontDescriptor"].get_object()
            found.fonts[str(described["/BaseFont"])] = any(name.startswith("/FontFile") for name in descriptor)
        for annotation in page.get("/Annots", ()):
            action = annotation.get_object().get("/A")
            if action is not None and "/URI" in action.get_object():
                found.links.append(str(action.get_object()["/URI"]))
    return found


def _elements(node: Any) -> Iterator[Any]:
    """The elements of the structure tree, in reading order."""
    node = node.get_object()
    if isinstance(node, list):
        for one in node:
            yield from _elements(one)
    elif isinstance(node, dict) and "/S" in node:
        yield node
        if "/K" in node:
            yield from _elements(node["/K"])


def _bookmarks(outline: Any, depth: int) -> Iterator[tuple[int, str]]:
    for one in outline:
        if isinstance(one, list):
            yield from _bookmarks(one, depth + 1)
        else:
            yield depth, str(one.title)


def words_of(body: bytes) -> str:
    """The text of the file as poppler reads it, its spaces made one and words put together that a line end broke."""
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=body, capture_output=True, check=True)
    return flat(done.stdout.decode())


def flat(text: str) -> str:
    """The text on one line, without the places that it may be broken at."""
    joined = re.sub("\u00ad+\\s*", "", text).replace("\u200b", "")
    return " ".join(joined.split())


def is_accessible(found: Read, language: str) -> None:
    """What a program can check of PDF/UA-1 and PDF/A-2a: asserts it."""
    assert found.root["/MarkInfo"]["/Marked"]
    assert found.root["/Lang"] == language
    assert found.root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert found.facts["/Title"].strip()
    for said in ("pdfuaid:part>1<", "pdfaid:part>2<", "pdfaid:conformance>A<"):
        assert said in found.xmp
    assert found.tags["/H1"]
    assert all(text.strip() for text in found.alternatives)
    assert found.header_cells == found.tags["/TH"]
    assert found.tags["/Table"] == found.tags["/THead"]
    assert found.fonts
    assert all(found.fonts.values()), found.fonts
