"""Which files are taken, found out from what is in them; the ending of the name must say the same."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import BinaryIO

import puremagic

from stratplan.choice import Choice
from stratplan.evidence.archives import DAMAGED, MACROS, Archive, Unfit
from stratplan.evidence.names import ending_of
from stratplan.i18n import N_

HEAD = 4096
TAIL = 2048
_PIECE = 2**18


class FileType(Choice):
    """A kind of file that is taken; `media_type` is what it is served as, `endings` what its name may end in."""

    media_type: str
    endings: tuple[str, ...]

    def __new__(cls, value: str, label: str, icon: str, media_type: str, endings: tuple[str, ...] = ()) -> FileType:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.tone = "neutral"
        member.icon = icon
        member.media_type = media_type
        member.endings = endings or (value,)
        return member

    PDF = "pdf", N_("PDF"), "file-text", "application/pdf"
    DOCX = (
        "docx",
        N_("Word document"),
        "file-text",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    )
    XLSX = (
        "xlsx",
        N_("Excel sheet"),
        "file-spreadsheet",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    PPTX = (
        "pptx",
        N_("PowerPoint slides"),
        "layout-dashboard",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    )
    ODT = "odt", N_("OpenDocument text"), "file-text", "application/vnd.oasis.opendocument.text"
    ODS = "ods", N_("OpenDocument sheet"), "file-spreadsheet", "application/vnd.oasis.opendocument.spreadsheet"
    ODP = "odp", N_("OpenDocument slides"), "layout-dashboard", "application/vnd.oasis.opendocument.presentation"
    PNG = "png", N_("Picture (PNG)"), "eye", "image/png"
    JPEG = "jpeg", N_("Picture (JPEG)"), "eye", "image/jpeg", ("jpg", "jpeg", "jpe")
    WEBP = "webp", N_("Picture (WebP)"), "eye", "image/webp"
    TEXT = "txt", N_("Text"), "file-text", "text/plain"
    CSV = "csv", N_("Table as text (CSV)"), "file-spreadsheet", "text/csv"


ENDINGS = {ending: kind for kind in FileType for ending in kind.endings}

EMPTY = N_("The file is empty.")
NOT_TAKEN = N_("Files of this kind are not taken. Send a PDF, an office document, a picture, or text.")
DISAGREES = N_("The ending of the file's name says something else than what is in it.")
NOT_UTF8 = N_("The text is not in UTF-8. Save it as UTF-8 and send it again.")
PAGE = N_("The file is a web page, a drawing in SVG, or a program; those are not taken.")
ZIPPED = N_("Packed folders (ZIP) are not taken. Send the documents in it one by one.")
NAMELESS = N_("The file has no name.")

_MARKUP = re.compile(
    rb"<\s*(?:!doctype|html|head|body|script|svg|iframe|object|embed|\?xml|\?php|!entity|%)", re.IGNORECASE
)
_PROGRAM = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa")
_END_OF_ZIP = b"PK\x05\x06"
_OPEN_XML = {
    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": FileType.DOCX,
    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": FileType.XLSX,
    b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml": FileType.PPTX,
}
_OPEN_DOCUMENT = {kind.media_type.encode(): kind for kind in (FileType.ODT, FileType.ODS, FileType.ODP)}


def type_of(name: str, file: BinaryIO, size: int) -> FileType:
    """What kind of file this is, from its content. `name` is cleaned already; `size` is in bytes.

    Raises Unfit, with a sentence, for what is not taken, is damaged, or is called something else than it is.
    """
    if not name:
        raise Unfit(NAMELESS)
    if size == 0:
        raise Unfit(EMPTY)
    said = ENDINGS.get(ending_of(name))
    file.seek(0)
    head = file.read(HEAD)
    file.seek(max(0, size - TAIL))
    tail = file.read(TAIL)
    found = _sniffed(head, tail, said, file, size)
    if said is None:
        raise Unfit(NOT_TAKEN)
    if found is not said:
        raise Unfit(DISAGREES)
    return found


def _sniffed(head: bytes, tail: bytes, said: FileType | None, file: BinaryIO, size: int) -> FileType:
    if head.startswith(_PROGRAM):
        raise Unfit(PAGE)
    for recognised, kind, is_whole in _PICTURES_AND_PDF:
        if recognised(head):
            if not is_whole(head, tail, size) or not _known_ending(head, kind):
                raise Unfit(DAMAGED)
            if _MARKUP.search(head[:1024]) and kind is FileType.PDF:
                raise Unfit(PAGE)  # a page that pretends to be a document
            if _END_OF_ZIP in tail[-22:]:
                raise Unfit(DISAGREES)  # an archive that begins as something else
            return kind
    if head.startswith(b"PK\x03\x04"):
        return _office_document(head, file, size)
    return _text(head, said, file)


def _known_ending(head: bytes, kind: FileType) -> bool:
    """Whether a second opinion finds the same kind in the first bytes."""
    try:
        found = {match.extension.lstrip(".") for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return False
    return not found.isdisjoint(kind.endings)


def _is_whole_pdf(head: bytes, tail: bytes, size: int) -> bool:
    return b"%%EOF" in tail


def _is_whole_png(head: bytes, tail: bytes, size: int) -> bool:
    return head[12:16] == b"IHDR" and tail.endswith(b"\x00\x00\x00\x00IEND\xaeB`\x82")


def _is_whole_jpeg(head: bytes, tail: bytes, size: int) -> bool:
    return size > 100  # cameras write what they like after the picture


def _is_whole_webp(head: bytes, tail: bytes, size: int) -> bool:
    declared = int.from_bytes(head[4:8], "little") + 8
    return declared <= size <= declared + 1


_Recognised = Callable[[bytes], bool]
_Whole = Callable[[bytes, bytes, int], bool]
_PICTURES_AND_PDF: tuple[tuple[_Recognised, FileType, _Whole], ...] = (
    (lambda head: head.startswith(b"%PDF-"), FileType.PDF, _is_whole_pdf),
    (lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"), FileType.PNG, _is_whole_png),
    (lambda head: head.startswith(b"\xff\xd8\xff"), FileType.JPEG, _is_whole_jpeg),
    (lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP", FileType.WEBP, _is_whole_webp),
)


def _office_document(head: bytes, file: BinaryIO, size: int) -> FileType:
    archive = Archive(file, size)
    first = archive.entries[0]
    if first.filename == "mimetype" and first.compress_type == 0:
        kind = _OPEN_DOCUMENT.get(archive.read("mimetype").strip())
        if kind is None or not archive.has("content.xml"):
            raise Unfit(NOT_TAKEN)
        return kind
    if not archive.has("[Content_Types].xml"):
        raise Unfit(ZIPPED)
    types = archive.read("[Content_Types].xml")
    if b"macroenabled" in types.lower() or b"vnd.ms-office.vbaproject" in types.lower():
        raise Unfit(MACROS)
    for declared, kind in _OPEN_XML.items():
        if declared in types:
            return kind
    raise Unfit(NOT_TAKEN)


def _text(head: bytes, said: FileType | None, file: BinaryIO) -> FileType:
    if _MARKUP.search(head[:1024].replace(b"\x00", b"")):
        raise Unfit(PAGE)
    if said not in (FileType.TEXT, FileType.CSV):
        raise Unfit(NOT_TAKEN if said is None else DISAGREES)
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(_PIECE):
            text = decoder.decode(piece)
            if any(character < " " and character not in "\t\n\r\f" for character in text):
                raise Unfit(NOT_TAKEN)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Unfit(NOT_UTF8) from None
    return said
