"""Which files are taken: known by what is in them, and never by what they are called alone."""

from __future__ import annotations

import contextlib
import io
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan.evidence.archives import Unfit
from stratplan.evidence.file_types import FileType, type_of
from stratplan.evidence.names import LONGEST_NAME, attachment, clean_name, ending_of
from tests.evidence.files import HOSTILE, SOUND, bomb, open_xml


def found(name: str, content: bytes) -> FileType:
    return type_of(name, io.BytesIO(content), len(content))


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_is_taken_as_what_it_is(name: str) -> None:
    assert ending_of(name) in found(name, SOUND[name]).endings


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_such_a_file_is_refused_with_a_reason(name: str) -> None:
    content, reason = HOSTILE[name]
    with pytest.raises(Unfit) as unfit:
        found(name, content)
    assert re.search(reason, str(unfit.value)), str(unfit.value)


def test_an_archive_that_unpacks_to_far_more_is_refused_before_it_is_unpacked() -> None:
    content = bomb()
    began = time.perf_counter()
    with pytest.raises(Unfit, match="unpacks"):
        found("bumba.docx", content)
    assert time.perf_counter() - began < 0.2
    with pytest.raises(Unfit, match="unpacks"):  # within the total, and of far too little
        found("bumba.docx", open_xml(word__media=b"\x00" * (20 * 2**20)))


@given(st.binary(max_size=300), st.sampled_from(sorted({ending_of(name) for name in SOUND})))
def test_any_bytes_are_taken_or_refused_but_never_fail(content: bytes, ending: str) -> None:
    for start in (b"", b"PK\x03\x04", b"%PDF-", b"\x89PNG\r\n\x1a\n", b"RIFF", b"\xff\xd8\xff"):
        try:
            found(f"a.{ending}", start + content)
        except Unfit:
            continue


@given(st.integers(0, 5_000), st.integers(0, 255), st.sampled_from(["līgums.docx", "līgums.odt", "akts.pdf"]))
def test_a_sound_file_with_a_byte_changed_never_fails(place: int, value: int, name: str) -> None:
    content = bytearray(SOUND[name])
    content[place % len(content)] = value
    with contextlib.suppress(Unfit):
        found(name, bytes(content))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("akts.pdf", "akts.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\zane\\Līgums 3.PDF", "Līgums 3.pdf"),
        ("lapa.html\x00.pdf", "lapa.html.pdf"),
        ("rēķins\u202efdp.exe", "rēķinsfdp.exe"),
        ("a\u0304kts.pdf", "ākts.pdf"),
        ('a"b<c>|?*.pdf', "a_b_c____.pdf"),
        ("  divas   atstarpes .pdf", "divas atstarpes.pdf"),
        ("nul.pdf", "_nul.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        (".pdf", "pdf"),
        ("..", ""),
        ("/", ""),
        ("\u200b\u202e", ""),
        ("ā" * 400 + ".pdf", "ā" * (LONGEST_NAME - 4) + ".pdf"),
    ],
)
def test_a_name_is_kept_without_what_could_mislead(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


@given(st.text(max_size=300))
def test_any_name_is_cleaned_and_fits_a_header(sent: str) -> None:
    name = clean_name(sent)
    assert clean_name(name) == name
    assert len(name) <= LONGEST_NAME
    assert not set(name) & set('/\\<>:"|?*\r\n\x00\u202e')
    header = attachment(name)
    assert header.isascii()
    assert header.isprintable()
    assert re.fullmatch(r"attachment; filename=\"[A-Za-z0-9 ._()-]+\"; filename\*=UTF-8''[A-Za-z0-9_.~%-]*", header)


def test_a_download_is_named_in_plain_letters_and_as_it_is() -> None:
    assert attachment("Līgums “3”.pdf") == (
        "attachment; filename=\"Ligums 3.pdf\"; filename*=UTF-8''L%C4%ABgums%20%E2%80%9C3%E2%80%9D.pdf"
    )
