"""What files are called: cleaned when they come, quoted for a header when they go."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

LONGEST_NAME = 150
_FORBIDDEN = re.compile(r'[<>:"|?*]')  # no system keeps them, or means something else by them
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)


def clean_name(sent: str) -> str:
    """The name of a file as it is kept: composed (NFC), without folders, without characters that cannot be seen or that
    turn the direction of writing, not too long; empty where nothing is left of it."""
    name = unicodedata.normalize("NFC", sent).replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if unicodedata.category(character)[0] != "C")
    name = _FORBIDDEN.sub("_", " ".join(name.split())).strip(". ")
    if _RESERVED.match(name):
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    if not dot:
        return name[:LONGEST_NAME]
    stem, ending = stem.rstrip(". "), ending.lower()
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}" if stem else ending[:LONGEST_NAME]


def ending_of(name: str) -> str:
    """What follows the last dot of a cleaned name."""
    return name.rpartition(".")[2] if "." in name else ""


def attachment(name: str) -> str:
    """The Content-Disposition of a download called `name` (RFC 6266): in plain letters, and as it is."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", plain).strip() or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
