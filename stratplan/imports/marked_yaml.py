"""Reads a YAML file as plain texts, lists and mappings, and remembers the line that each stands on.

Scalars stay the text that was written (`on`, `2.10` and `no` mean what they say); only an empty value, `~` and `null`
become None. Aliases, tags, repeated keys and files too large for a person to have written are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from stratplan.errors import StratplanError
from stratplan.i18n import _, ngettext

LARGEST_FILE = 8 * 2**20
DEEPEST = 20
MOST_SHOWN = 40
NOTHING = frozenset({"", "~", "null", "Null", "NULL"})

Place: TypeAlias = tuple[int | str, ...]  # the way to a value from the top: ("tasks", 3, "period")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a file, and where; `field` is written as tasks[3].period, counted from 1."""

    line: int
    field: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}" if self.field else self.sentence


class FileRefused(StratplanError):
    """A file that was not loaded; nothing of it was written. Says everything that was found at once."""

    def __init__(self, file: Path, mistakes: list[Mistake]) -> None:
        self.file = file
        self.mistakes = sorted(mistakes, key=lambda mistake: mistake.line)
        lines = [_("%(file)s was not loaded; nothing was changed.") % {"file": file}]
        lines += [f"{file}:{mistake.line}: {mistake}" for mistake in self.mistakes[:MOST_SHOWN]]
        more = len(self.mistakes) - MOST_SHOWN
        if more > 0:
            lines.append(ngettext("… and %(num)s more mistake", "… and %(num)s more mistakes", more))
        super().__init__("\n".join(lines))


@dataclass(slots=True)
class MarkedFile:
    """What a file says, and the line of each place in it."""

    path: Path
    content: Any = None
    lines: dict[Place, int] = field(default_factory=dict)

    def line_of(self, place: Place) -> int:
        """The line of a place, or of the nearest one around it that the file has."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def mistake(self, place: Place, sentence: str) -> Mistake:
        """Something wrong at a place."""
        known = next((place[:end] for end in range(len(place), 0, -1) if place[:end] in self.lines), ())
        beyond = place[len(known) : len(known) + 1]
        missing = tuple(step for step in beyond if isinstance(step, str) and step.isidentifier())
        return Mistake(self.line_of(place), _written(known + missing), sentence)


def _written(place: Place) -> str:
    text = ""
    for step in place:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def read(path: Path) -> MarkedFile:
    """What the file at `path` says. Raises FileRefused."""
    try:
        with path.open("rb") as opened:
            raw = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise FileRefused(
            path, [Mistake(1, "", _("The file cannot be read (%(reason)s).") % {"reason": error.strerror})]
        ) from None
    if len(raw) > LARGEST_FILE:
        sentence = _("The file is larger than %(limit)s MB.") % {"limit": LARGEST_FILE // 2**20}
        raise FileRefused(path, [Mistake(1, "", sentence)])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise FileRefused(path, [Mistake(line, "", _("The text is not UTF-8. Save the file as UTF-8."))]) from None
    return _Reader(path, text).read()


class _Reader:
    """Builds the content from the parser's events."""

    def __init__(self, path: Path, text: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.events: Iterator[Any] = yaml.parse(text, Loader=loader)
        self.file = MarkedFile(path)

    def read(self) -> MarkedFile:
        try:
            event = next(self.events)
            while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
                event = next(self.events)
            if isinstance(event, yaml.StreamEndEvent):
                self._refuse(1, (), _("The file is empty."))
            self.file.content = self._value(event, ())
            next(self.events)  # the end of the document
            event = next(self.events)
            if isinstance(event, yaml.DocumentStartEvent):
                self._refuse(_line(event), (), _("Only one document can be in a file: take out the line with “---”."))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._refuse(
                mark.line + 1 if mark else 1,
                (),
                _("This is not valid YAML (%(reason)s).") % {"reason": error.problem or error.context},
            )
        except yaml.YAMLError as error:
            self._refuse(1, (), _("This is not valid YAML (%(reason)s).") % {"reason": error})
        return self.file

    def _refuse(self, line: int, place: Place, sentence: str) -> None:
        raise FileRefused(self.file.path, [Mistake(line, _written(place), sentence)])

    def _value(self, event: Any, place: Place) -> Any:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._refuse(_line(event), place, _("References (& and *) are not read here: write the value out."))
        if event.tag is not None and not (isinstance(event, yaml.ScalarEvent) and event.tag == "!"):
            self._refuse(_line(event), place, _("Types (!…) are not read here: write the value alone."))
        if len(place) > DEEPEST:
            self._refuse(_line(event), place[:3], _("This is nested too deeply."))
        self.file.lines.setdefault(place, _line(event))
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style in (None, "")
            return None if plain and event.value in NOTHING else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._items(place)
        return self._entries(place)

    def _items(self, place: Place) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*place, len(items))))
        return items

    def _entries(self, place: Place) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(_line(event), place, _("A key must be a single word or number."))
            key, inside = event.value, (*place, event.value)
            if key in entries:
                self._refuse(_line(event), inside, _("This key stands here twice."))
            self.file.lines[inside] = _line(event)
            entries[key] = self._value(next(self.events), inside)
        # What is left empty is the same as what is left out.
        return {key: value for key, value in entries.items() if value is not None}


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1
