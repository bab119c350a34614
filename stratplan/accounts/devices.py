"""What a browser says it is, in words that its owner knows it by."""

from __future__ import annotations

import re

from stratplan.i18n import N_, _

# The first that fits: Edge and Opera say that they are Chrome too, Chrome that it is Safari.
_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux|X11"),
)
_UNKNOWN = N_("Unknown browser")


def _first(names: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for name, shape in names if re.search(shape, text)), "")


def in_words(user_agent: str) -> str:
    """`Firefox, Windows`; what is not known is left out."""
    parts = [_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)]
    return ", ".join(part for part in parts if part) or _(_UNKNOWN)


def is_hand_held(user_agent: str) -> bool:
    """Whether it is a phone or a tablet."""
    return re.search(r"iPhone|iPad|Android|Mobile", user_agent) is not None
