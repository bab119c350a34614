"""Files for tests: sound ones of each kind, and such as somebody would send who means no good."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\x00" * 200 + b"\xff\xd9"
WEBP = b"RIFF" + struct.pack("<I", 44) + b"WEBPVP8 " + b"\x00" * 36


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\x00\x00"))
    + _chunk(b"IEND", b"")
)


def archive(entries: dict[str, bytes], *, stored: tuple[str, ...] = ()) -> bytes:
    """An archive of these entries, in order; those in `stored` are not compressed."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content, zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED)
    return kept.getvalue()


def open_xml(media_type: str = _WORD, **more: bytes) -> bytes:
    """A Word, Excel or PowerPoint file with little in it, and `more` entries (`__` in a name is a slash)."""
    types = f'<Types><Override PartName="/word/document.xml" ContentType="{media_type}"/></Types>'
    entries = {"[Content_Types].xml": types.encode(), "word/document.xml": b"<w:document/>"}
    return archive(entries | {name.replace("__", "/"): content for name, content in more.items()})


def open_document(kind: str = "text", **more: bytes) -> bytes:
    """An OpenDocument file with little in it."""
    media_type = f"application/vnd.oasis.opendocument.{kind}".encode()
    entries = {"mimetype": media_type, "content.xml": b"<office/>"}
    return archive(entries | {name.replace("__", "/"): content for name, content in more.items()}, stored=("mimetype",))


DOCX, XLSX, PPTX = open_xml(), open_xml(_EXCEL), open_xml(_SLIDES)
ODT, ODS, ODP = open_document(), open_document("spreadsheet"), open_document("presentation")
SOUND = {
    "akts.pdf": PDF,
    "attēls.png": PNG,
    "foto.jpg": JPEG,
    "foto.jpeg": JPEG,
    "foto.webp": WEBP,
    "līgums.docx": DOCX,
    "tabula.xlsx": XLSX,
    "slaidi.pptx": PPTX,
    "līgums.odt": ODT,
    "tabula.ods": ODS,
    "slaidi.odp": ODP,
    "teksts.txt": "Padarīts: ā ē ī.\r\n\tJā.\n".encode(),
    "tabula.csv": "\ufeffgads;summa\n2016;1,50\n".encode(),
}

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"


def bomb() -> bytes:
    """A document whose one part unpacks to 300 MiB."""
    return open_xml(word__media=b"\x00" * (300 * 2**20))


def lying_about_size() -> bytes:
    """A document whose entry says that it holds 10 bytes, and holds many more."""
    made = bytearray(open_xml(word__media=b"\x00" * 2**20))
    place = made.rfind(b"word/media") - 46
    struct.pack_into("<I", made, place + 24, 10)
    return bytes(made)


def locked() -> bytes:
    """A document whose entries are marked as encrypted."""
    made = bytearray(DOCX)
    at = made.find(b"PK\x01\x02")
    while at >= 0:
        made[at + 8] |= 1
        at = made.find(b"PK\x01\x02", at + 4)
    return bytes(made)


# By name: what is sent, and a word of the sentence that says why it is not taken.
HOSTILE: dict[str, tuple[bytes, str]] = {
    "tukšs.pdf": (b"", "empty"),
    "zīmējums.svg": (SVG, "SVG"),
    "zīmējums.png": (SVG, "SVG"),
    "lapa.html": (HTML, "SVG"),
    "lapa.txt": (b"  \n" + HTML, "SVG"),
    "lapa.csv": (b"\xef\xbb\xbf<html>", "SVG"),
    "dati.xml": (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "SVG"),
    "lapa.pdf": (HTML + PDF, "SVG"),
    "abi.pdf": (PDF[:9] + b"<html><script>alert(1)</script>" + PDF[9:], "SVG"),
    "programma.exe": (b"MZ\x90\x00" + b"\x00" * 200, "SVG"),
    "programma.pdf": (b"MZ\x90\x00" + b"\x00" * 200, "SVG"),
    "skripts.sh": (b"#!/bin/sh\nrm -rf /\n", "SVG"),
    "skripts.txt": (b"#!/bin/sh\nrm -rf /\n", "SVG"),
    "skripts.js": (b"alert(1)", "not taken"),
    "mape.zip": (archive({"a.txt": b"a"}), "ZIP"),
    "mape.docx": (archive({"a.txt": b"a"}), "ZIP"),
    "makross.docm": (open_xml(word__vbaProject_bin=b"x"), "macros|not taken"),
    "makross.docx": (archive({"[Content_Types].xml": b"<Types/>", "word/vbaProject.bin": b"x"}), "macros"),
    "makross2.docx": (open_xml("application/vnd.ms-word.document.macroEnabled.main+xml"), "macros"),
    "makross.odt": (open_document(Basic__Standard__a=b"Sub Main"), "macros"),
    "pielikums.docx": (archive({"[Content_Types].xml": b"<Types/>", "word/embeddings/a.exe": b"MZ"}), "macros"),
    "kāpj.docx": (archive({"[Content_Types].xml": b"<Types/>", "../../etc/passwd": b"x"}), "damaged"),
    "beidzas.docx": (DOCX[:-30], "damaged"),
    "sākas.docx": (b"PK\x03\x04" + b"\x00" * 100, "damaged"),
    "aiz.docx": (b"PK\x03\x04xx" + DOCX, "damaged"),
    "aizslēgts.docx": (locked(), "password"),
    "melo.docx": (lying_about_size(), "damaged"),
    "daudz.docx": (archive({f"{n}": b"" for n in range(3_001)}), "unpacks"),
    "cits.docx": (XLSX, "ending"),
    "cits.odt": (ODS, "ending"),
    "cits.jpg": (PNG, "ending"),
    "cits.txt": (PDF, "ending"),
    "nav.txt": (PNG, "ending"),
    "nepabeigts.png": (PNG[:-4], "damaged"),
    "pielikts.png": (PNG + archive({"a": b"a"}), "damaged"),
    "pielikts.pdf": (PDF + archive({"a": b"a"}), "something else"),
    "nepabeigts.pdf": (PDF[:-8], "damaged"),
    "latīņu.txt": ("ā".encode("cp1257"), "UTF-8"),
    "plats.csv": ("gads;summa".encode("utf-16"), "UTF-8"),
    "nulle.txt": (b"a\x00b", "not taken"),
    "vecs.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "not taken"),
    "bez": (PDF, "not taken"),
    "": (PDF, "name"),
}
