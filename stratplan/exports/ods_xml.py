"""The XML of OpenDocument, written as it comes: elements, texts, and paragraphs that keep their spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, cast
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from stratplan.exports.tables import writable

Attributes = Mapping[str, str]

_NAMESPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "config": "urn:oasis:names:tc:opendocument:xmlns:config:1.0",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
# A run of spaces is one space to a reader of OpenDocument, and one at an end of a line none: these are told apart.
_SPACES = re.compile(r"(\t|  +|^ +| +$)")


class Xml:
    """A document written as it comes: elements by their prefixed names, texts escaped."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = XMLGenerator(out, "UTF-8", short_empty_elements=True)
        self._out.startDocument()
        self.end, self.text = self._out.endElement, self._out.characters

    def start(self, name: str, attributes: Attributes) -> None:
        """The beginning of an element."""
        self._out.startElement(name, cast("AttributesImpl[str]", attributes))

    @contextmanager
    def element(self, name: str, attributes: Attributes | None = None) -> Iterator[None]:
        """An element around what is written inside."""
        self.start(name, attributes or {})
        yield
        self.end(name)

    @contextmanager
    def root(self, name: str) -> Iterator[None]:
        """The outermost element, with every namespace."""
        spaces = {f"xmlns:{prefix}": uri for prefix, uri in _NAMESPACES.items()}
        prefix = name.partition(":")[0]
        with self.element(name, {**spaces, f"{prefix}:version": "1.3"}):
            yield

    def empty(self, name: str, attributes: Attributes | None = None) -> None:
        """An element with nothing inside."""
        self.start(name, attributes or {})
        self.end(name)

    def leaf(self, name: str, text: str, attributes: Attributes | None = None) -> None:
        """An element with a text inside."""
        self.start(name, attributes or {})
        self.text(writable(text))
        self.end(name)

    def lines(self, text: str) -> None:
        """Paragraphs of a text: one for each of its lines, every space kept."""
        for line in writable(text).split("\n"):
            self.start("text:p", {})
            for place, piece in enumerate(_SPACES.split(line)):
                if place % 2 == 0:
                    self.text(piece)
                elif piece == "\t":
                    self.empty("text:tab")
                else:
                    self.empty("text:s", {"text:c": str(len(piece))})
            self.end("text:p")
