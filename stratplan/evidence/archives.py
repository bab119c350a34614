"""Office documents are archives: opened with limits on entries, ratio and total, and read through once."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from typing import BinaryIO

from stratplan.i18n import N_

MOST_ENTRIES = 3_000
LARGEST_TOTAL = 200 * 2**20
LARGEST_RATIO = 150  # deflate reaches 1032; a sheet of empty cells about 100
RATIO_MATTERS_FROM = 2**20
LARGEST_PART_READ = 2**20
_PIECE = 2**18

DAMAGED = N_("The file is damaged: what is in it cannot be read.")
BOMB = N_("The file unpacks to far more than a document would.")
MACROS = N_("The file has macros or other programs in it. Save it without them.")
LOCKED = N_("The file is locked with a password. Save it without one.")

_PROGRAMS = re.compile(
    r"(?:^|/)vba(?:project|data)[^/]*$|(?:^|/)activex/|^(?:basic|scripts)/"
    r"|\.(?:exe|dll|com|scr|js|vbs|wsf|jar|bat|cmd|ps1|msi|hta)$",
    re.IGNORECASE,
)


class Unfit(Exception):
    """A file that is not taken; the message is a gettext id that says why."""


class Archive:
    """An archive that was looked through and found to be sound, small enough and free of programs."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        file.seek(0)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error, UnicodeDecodeError):
            raise Unfit(DAMAGED) from None
        self.entries = self._zip.infolist()
        self._look_through(size)

    def _look_through(self, size: int) -> None:
        entries = self.entries
        if not entries or min(entry.header_offset for entry in entries) != 0:
            raise Unfit(DAMAGED)  # something else stands before the archive
        if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST_TOTAL:
            raise Unfit(BOMB)
        if sum(entry.compress_size for entry in entries) > size:
            raise Unfit(BOMB)  # entries that lie over each other
        names = [entry.filename for entry in entries]
        if len({name.casefold() for name in names}) != len(names):
            raise Unfit(DAMAGED)
        for entry in entries:
            if entry.flag_bits & 0x1:
                raise Unfit(LOCKED)
            if entry.file_size > RATIO_MATTERS_FROM and entry.file_size > LARGEST_RATIO * max(1, entry.compress_size):
                raise Unfit(BOMB)
            parts = entry.filename.replace("\\", "/").split("/")
            if entry.filename.startswith(("/", "\\")) or ".." in parts or "\x00" in entry.orig_filename:
                raise Unfit(DAMAGED)
            if _PROGRAMS.search(entry.filename.replace("\\", "/")):
                raise Unfit(MACROS)
        self._read_through()

    def _read_through(self) -> None:
        """Unpack everything once, keeping nothing: what an entry is said to hold is what it holds."""
        try:
            for entry in self.entries:
                with self._zip.open(entry) as part:
                    while part.read(_PIECE):
                        pass
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
            raise Unfit(DAMAGED) from None

    def has(self, name: str) -> bool:
        """Whether there is an entry of exactly this name."""
        return any(entry.filename == name for entry in self.entries)

    def read(self, name: str) -> bytes:
        """An entry's bytes; Unfit where it is not there or larger than such a part ever is."""
        entry = next((entry for entry in self.entries if entry.filename == name), None)
        if entry is None or entry.file_size > LARGEST_PART_READ:
            raise Unfit(DAMAGED)
        return self._zip.read(entry)
