"""A DOCX as what it is: parts in an archive, with types and relations; the same parts are always the same bytes."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from typing import Final, Self, TypeAlias

from lxml import etree

W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"

CONTENT_TYPES: Final = "[Content_Types].xml"
CORE_TYPE: Final = "application/vnd.openxmlformats-package.core-properties+xml"
CORE_RELATION: Final = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # the first moment that an archive can tell
DECLARED_FIRST: Final = (CONTENT_TYPES, "_rels/.rels")  # programs look for these at the beginning

Element: TypeAlias = etree._Element


def w(name: str) -> str:
    """The name of an element or attribute of WordprocessingML, with its namespace."""
    return f"{{{W}}}{name}"


def parsed(body: bytes) -> Element:
    """The root of a part; nothing outside of it is read. Raises etree.XMLSyntaxError."""
    root: Element = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    return root


def written(root: Element) -> bytes:
    """A part as it is kept in the archive."""
    body: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return body


class Package:
    """The parts of a document, by name."""

    def __init__(self, parts: dict[str, bytes]) -> None:
        self.parts = parts

    @classmethod
    def read(cls, body: bytes) -> Self:
        """The parts of a file. Folders are no parts."""
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return cls({one.filename: archive.read(one) for one in archive.infolist() if not one.is_dir()})

    def to_bytes(self) -> bytes:
        """The file: sorted, without times, so that the same parts give the same bytes."""
        held = io.BytesIO()
        names = [*DECLARED_FIRST, *sorted(self.parts.keys() - set(DECLARED_FIRST))]
        with zipfile.ZipFile(held, "w") as archive:
            for name in names:
                entry = zipfile.ZipInfo(name, LONG_AGO)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3
                entry.external_attr = 0o600 << 16
                archive.writestr(entry, self.parts[name])
        return held.getvalue()

    def related(self, part: str, kind: str) -> list[str]:
        """The names of the parts that `part` ("" for the whole file) points at with relations of this kind (the end of
        the relation's address)."""
        return [
            target
            for relation, target in self._relations(part)
            if relation.get("Type", "").endswith(f"/{kind}") and target in self.parts
        ]

    def _relations(self, part: str) -> Iterator[tuple[Element, str]]:
        name = relations_of(part)
        if name in self.parts:
            for relation in parsed(self.parts[name]).iter(f"{{{RELATIONS}}}Relationship"):
                if relation.get("TargetMode") != "External":
                    yield relation, _resolved(part, relation.get("Target", ""))

    @property
    def document(self) -> str:
        """The name of the part with the text; "" where there is none."""
        return next(iter(self.related("", "officeDocument")), "")

    def relate(self, part: str, kind: str, target: str) -> str:
        """The id of a new relation from `part` to `target` (a whole name)."""
        name = relations_of(part)
        root = parsed(self.parts[name]) if name in self.parts else etree.Element(f"{{{RELATIONS}}}Relationships")
        taken = {relation.get("Id") for relation in root}
        key = next(key for at in range(1, len(taken) + 2) if (key := f"rIdStratplan{at}") not in taken)
        relation = etree.SubElement(root, f"{{{RELATIONS}}}Relationship")
        relation.set("Id", key)
        relation.set("Type", kind)
        relation.set("Target", f"/{target}")
        self.parts[name] = written(root)
        return key

    def declare(self, content_type: str, *, part: str = "", ending: str = "") -> None:
        """Say what a part, or every part with this ending, is."""
        root = parsed(self.parts[CONTENT_TYPES])
        tag, name, value = ("Override", "PartName", f"/{part}") if part else ("Default", "Extension", ending)
        for known in root.iter(f"{{{TYPES}}}{tag}"):
            if known.get(name, "").casefold() == value.casefold():
                known.set("ContentType", content_type)
                break
        else:
            element = etree.SubElement(root, f"{{{TYPES}}}{tag}")
            element.set(name, value)
            element.set("ContentType", content_type)
        self.parts[CONTENT_TYPES] = written(root)


def relations_of(part: str) -> str:
    """The name of the part that holds the relations of `part`."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _resolved(part: str, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target))
