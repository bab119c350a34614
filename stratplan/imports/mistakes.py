"""What the shapes of a file, or the documents made of it, refuse: said in words, at the place in the file."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from stratplan.forms import sentence
from stratplan.i18n import N_, _
from stratplan.imports.marked_yaml import MarkedFile, Mistake, Place

_MESSAGES = {
    "missing": N_("This is missing."),
    "extra_forbidden": N_("There is no such key here."),
    "list_type": N_("A list is expected here."),
    "dict_type": N_("Keys with values are expected here."),
    "model_type": N_("Keys with values are expected here."),
    "string_type": N_("A text is expected here."),
    "decimal_parsing": N_("Write a number such as 26952.00."),
    "decimal_type": N_("Write a number such as 26952.00."),
    "string_pattern_mismatch": N_("Write small letters a–z, digits and hyphens."),
    "too_short": N_("There are too few of these."),
}
# Fields that are called something else in a file.
_IN_FILE: dict[int | str, str] = {"sort": "kind", "funding": "kind", "first_year": "years", "last_year": "years"}


def mistakes_in(file: MarkedFile, error: ValidationError, place: Place = ()) -> list[Mistake]:
    """The mistakes of what stands at the place."""
    return [
        file.mistake((*place, *(_IN_FILE.get(step, step) for step in one["loc"])), _said(one)) for one in error.errors()
    ]


def _said(error: Any) -> str:
    kind = error["type"]
    if kind in ("enum", "literal_error"):
        return _("Write one of: %(values)s.") % {"values": error["ctx"]["expected"].replace(" or ", ", ")}
    return _(_MESSAGES[kind]) if kind in _MESSAGES else sentence(error)
