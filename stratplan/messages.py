"""The translations checked against the sources: what is missing, stale or broken in a catalogue.

Works in a checkout only. `python -m stratplan.messages` prints what is to be translated, slice by slice,
as snippets ready to fill; `--sort` rewrites the catalogues in their one normal form.
"""

from __future__ import annotations

import ast
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import PoFileError, read_po, write_po
from jinja2.ext import babel_extract

from stratplan.i18n import LANGUAGES, SOURCE_LANGUAGE

ROOT: Final = Path(__file__).parent.parent
KEYWORDS: Final[dict[str, Any]] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
TEMPLATE_OPTIONS: Final = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
FRAME_FOLDERS: Final = ("", "components", "errors")

Key = tuple[str | None, str]


@dataclass(frozen=True)
class Wanted:
    """A text the sources show, and where."""

    context: str | None
    singular: str
    plural: str | None
    places: tuple[str, ...]

    @property
    def key(self) -> Key:
        """What gettext finds it by."""
        return self.context, self.singular


@dataclass(frozen=True)
class Problem:
    """Something in a catalogue, or in the source of a text, that has to be put right."""

    kind: str
    text: str
    place: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.kind}: {self.text!r}" + (f" ({self.detail})" if self.detail else "")


# ---- What the sources show


def sources(root: Path = ROOT) -> list[Path]:
    """Every file with texts: the program's modules and the templates."""
    return [*sorted((root / "stratplan").rglob("*.py")), *sorted((root / "templates").rglob("*.html"))]


def wanted(root: Path = ROOT) -> dict[Key, Wanted]:
    """Every text marked for translation; a template that does not parse raises its TemplateSyntaxError."""
    found: dict[Key, Wanted] = {}
    for path in sources(root):
        place = path.relative_to(root).as_posix()
        template = path.suffix == ".html"
        method: Any = babel_extract if template else "python"
        options: Any = TEMPLATE_OPTIONS if template else {}
        with path.open("rb") as file:
            for line, message, _comments, context in extract(method, file, KEYWORDS, options=options):
                singular, plural = (message, None) if isinstance(message, str) else (message[0], message[1])
                if not singular:
                    continue
                known = found.get((context, singular))
                found[context, singular] = Wanted(
                    context,
                    singular,
                    plural or (known.plural if known else None),
                    (*(known.places if known else ()), f"{place}:{line}"),
                )
    return found


def slice_of(place: str) -> str:
    """The catalogue a text belongs to: its slice, `core` for the core files, `frame` for the layout."""
    parts = place.split(":")[0].split("/")
    folder = parts[1] if len(parts) > 2 else ""
    if parts[0] == "stratplan":
        return folder or "core"
    return "frame" if folder in FRAME_FOLDERS else folder


def _home(text: Wanted) -> str:
    slices = {slice_of(place) for place in text.places}
    return next((general for general in ("core", "frame") if general in slices), min(slices))


# ---- What the catalogues say


def catalogue_files(language: str, root: Path = ROOT) -> list[Path]:
    """The .po files of a language."""
    return sorted((root / "locales" / language).glob("*.po"))


def read_catalogue(path: Path) -> Catalog:
    """The catalogue of a file, fuzzy entries included; PoFileError when it does not parse."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.name, charset="utf-8", abort_invalid=True)


def _forms(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, list | tuple) else (message.string or "",)


def _ids(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, list | tuple) else (message.id,)


def entries(language: str, root: Path = ROOT) -> Iterator[tuple[str, Message]]:
    """Each entry of each catalogue with its file, the header left out."""
    for path in catalogue_files(language, root):
        for message in read_catalogue(path):
            if message.id:
                yield path.relative_to(root).as_posix(), message


# ---- The check


def missing(language: str, root: Path = ROOT) -> list[Wanted]:
    """The texts that have no usable translation yet."""
    done = {
        (message.context, _ids(message)[0])
        for _file, message in entries(language, root)
        if not message.fuzzy and all(_forms(message))
    }
    return [text for key, text in wanted(root).items() if key not in done]


def problems(language: str, root: Path = ROOT) -> list[Problem]:
    """Everything that keeps a language from being complete and right, in the sources and its catalogues."""
    found = [problem for path in sources(root) for problem in _source_problems(path, root)]
    texts = wanted(root)
    found += [problem for text in texts.values() for problem in _text_problems(text)]
    found += [Problem("missing", text.singular, text.places[0]) for text in missing(language, root)]
    translated: dict[Key, tuple[str, Message]] = {}
    for path in catalogue_files(language, root):
        found += _file_problems(path, root)
    for file, message in entries(language, root):
        ids = _ids(message)
        key = (message.context, ids[0])
        if key not in texts:
            found.append(Problem("obsolete", ids[0], file))
        elif len(ids) == 1 and texts[key].plural:
            found.append(Problem("has no plural forms", ids[0], file))
        if message.fuzzy:
            found.append(Problem("fuzzy", ids[0], file))
        if key in translated and _forms(translated[key][1]) != _forms(message):
            found.append(Problem("translated differently", ids[0], file, f"in {translated[key][0]} too"))
        translated[key] = (file, message)
        if all(_forms(message)):
            found += [Problem(kind, ids[0], file, detail) for kind, detail in _wrong(message)]
    return found


_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
_TAG: Final = re.compile(r"</?[a-z]", re.IGNORECASE)


def _placeholders(text: str) -> Counter[str]:
    return Counter(_PLACEHOLDER.findall(text))


def _malformed(text: str) -> bool:
    # Without placeholders a text is not filled in, and its percent sign stands for itself.
    rest = _PLACEHOLDER.sub("", text).replace("%%", "")
    return "%(" in rest or re.search(r"%[sdrif]\b", rest) is not None or (rest != text and "%" in rest)


def _text_problems(text: Wanted) -> Iterator[Problem]:
    for source in (text.singular, text.plural or ""):
        if _malformed(source):
            yield Problem("only %(name)s and %% may follow a percent sign", source, text.places[0])
        if _TAG.search(source):
            yield Problem("texts are plain, without markup", source, text.places[0])


def _source_problems(path: Path, root: Path) -> Iterator[Problem]:
    if path.suffix != ".py":
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in KEYWORDS:
            continue
        place = f"{path.relative_to(root).as_posix()}:{node.lineno}"
        numbers = 1 if node.func.id in ("ngettext", "npgettext") else 0
        for argument in node.args[: len(node.args) - numbers]:
            if isinstance(argument, ast.JoinedStr | ast.BinOp):
                yield Problem("a text put together before it is translated", ast.unparse(argument), place)


def _wrong(message: Message) -> Iterator[tuple[str, str]]:
    ids, forms = _ids(message), _forms(message)
    expected = _placeholders(ids[-1])
    for i, form in enumerate(forms):
        names = _placeholders(form)
        # The last form is for none: "nav uzdevumu" needs no number.
        if i == len(forms) - 1 and len(forms) > 1:
            names["num"] = expected["num"]
        if +names != +expected:
            yield "placeholders differ", form
        if _malformed(form):
            yield "only %(name)s and %% may follow a percent sign", form
        if _outer_space(form) != _outer_space(ids[0]):
            yield "leading or trailing space differs", form
        if message.context is None and form.rstrip()[-1:] != ids[0].rstrip()[-1:]:
            ends = {form.rstrip()[-1:], ids[0].rstrip()[-1:]} & set("?!:…")
            if ends:
                yield "ends differently", form
        if '"' in form:
            yield "straight quotes", form


def _outer_space(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


_LINE: Final = re.compile(r'#.*|\s*|(?:msgctxt|msgid|msgid_plural|msgstr|msgstr\[\d\])? ?"(?:[^"\\]|\\.)*"')
_ENTRY: Final = re.compile(r'^(msgctxt "[^\n]*"\n)?msgid ((?:"[^\n]*"\n)+)', re.MULTILINE)


def _file_problems(path: Path, root: Path) -> Iterator[Problem]:
    # Babel reads past a missing quote, and keeps one of two entries for the same text, without a word.
    place, text = path.relative_to(root).as_posix(), path.read_text("utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if not _LINE.fullmatch(line):
            yield Problem("not a line of a catalogue", line, f"{place}:{number}")
    for (_context, source), times in Counter(found.groups() for found in _ENTRY.finditer(text)).items():
        if times > 1:
            yield Problem("stands twice", source.strip(), place)


# ---- Writing


def snippet(texts: list[Wanted]) -> str:
    """The texts as entries of a .po file, with empty translations."""
    lines = []
    for text in texts:
        lines += [f"#. {' '.join(text.places)}"]
        if text.context is not None:
            lines += [f"msgctxt {_quoted(text.context)}"]
        lines += [f"msgid {_quoted(text.singular)}"]
        if text.plural is None:
            lines += ['msgstr ""', ""]
        else:
            lines += [f"msgid_plural {_quoted(text.plural)}", *(f'msgstr[{i}] ""' for i in range(3)), ""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def normalised(path: Path) -> str:
    """The catalogue in its normal form: sorted, without places, dates, names and obsolete entries."""
    catalogue = read_catalogue(path)
    for message in catalogue:
        message.auto_comments = []
        message.flags.discard("python-format")
    body = io.BytesIO()
    write_po(body, catalogue, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {path.parent.name}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n'
    )
    return header + "\n" + body.getvalue().decode("utf-8").strip() + "\n"


@click.command(help=__doc__)
@click.option("--sort", is_flag=True, help="Rewrite the catalogues in their normal form.")
@click.option("--slice", "only", help="Show one slice only.")
def main(sort: bool, only: str | None) -> None:
    """Print what is missing or wrong, or put the catalogues in order."""
    failed = False
    for language in LANGUAGES:
        if language == SOURCE_LANGUAGE:
            continue
        if sort:
            for path in catalogue_files(language):
                path.write_text(normalised(path), "utf-8")
            continue
        by_slice: dict[str, list[Wanted]] = {}
        for text in missing(language):
            by_slice.setdefault(_home(text), []).append(text)
        for name, texts in sorted(by_slice.items()):
            if only in (None, name):
                click.echo(f"# ---- locales/{language}/{name}.po: {len(texts)} to translate\n\n{snippet(texts)}")
        others = [problem for problem in problems(language) if problem.kind != "missing"]
        for problem in others:
            click.echo(str(problem), err=True)
        failed = failed or bool(by_slice or others)
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    try:
        main()
    except PoFileError as error:
        raise SystemExit(str(error)) from error
