"""YAML as seed files use it: texts with their lines, and nothing clever."""

from __future__ import annotations

from pathlib import Path

import pytest

from stratplan.i18n import use_language
from stratplan.imports.marked_yaml import LARGEST_FILE, FileRefused, read


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "file.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_scalars_are_the_texts_that_were_written(tmp_path: Path) -> None:
    text = "\ufeffon: 2015-03-31\nnumber: 2.10\ncode: NO\n2015: {PB: 26952.00}\n"
    text += "none: ~\nempty:\ntext: '~'\nlist: [1, on]\n"
    assert read(write(tmp_path, text)).content == {
        "on": "2015-03-31",
        "number": "2.10",
        "code": "NO",
        "2015": {"PB": "26952.00"},
        "text": "~",
        "list": ["1", "on"],
    }


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    file = read(write(tmp_path, "tasks:\n  - title: a\n    period: b\n  -\n    title: c\n"))
    assert file.line_of(("tasks", 0, "period")) == 3
    assert file.line_of(("tasks", 1, "title")) == 5
    assert file.line_of(("tasks", 1, "period")) == 5  # what is missing is said where its owner begins
    assert file.mistake(("tasks", 1, "period"), "").field == "tasks[2].period"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: &x [1]\nb: *x\n", 1, "References (& and *) are not read here: write the value out."),
        ("a: 1\nb: *x\n", 2, "References (& and *) are not read here: write the value out."),
        (
            "a: 1\nb: !!python/object/apply:os.system ['true']\n",
            2,
            "Types (!…) are not read here: write the value alone.",
        ),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", 4, "This key stands here twice."),
        ("a: 1\n---\nb: 2\n", 2, "Only one document can be in a file: take out the line with “---”."),
        ("a: 1\n? [b]\n: 2\n", 2, "A key must be a single word or number."),
        ("a: " + "[" * 40 + "]" * 40, 1, "This is nested too deeply."),
        ("a: " + "[" * 100_000, 1, "This is nested too deeply."),
        ("", 1, "The file is empty."),
        ("# only a comment\n", 1, "The file is empty."),
        ("a: 1\nb: [1\nc: 2\n", 3, "This is not valid YAML"),
        ("a: 1\nb:\tc: d\n", 2, "This is not valid YAML"),
        (b"a: 1\nb: \xc4\n", 2, "The text is not UTF-8. Save the file as UTF-8."),
        (b"a: 1\nb: \x00\n", 1, "This is not valid YAML"),
        (b"#" * (LARGEST_FILE + 1), 1, f"The file is larger than {LARGEST_FILE // 2**20} MB."),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_plain_yaml_is_refused_with_its_line(
    tmp_path: Path, text: str | bytes, line: int, said: str
) -> None:
    with use_language("en"), pytest.raises(FileRefused) as refused:
        read(write(tmp_path, text))
    (mistake,) = refused.value.mistakes
    assert mistake.line == line
    assert mistake.sentence.startswith(said)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused):
        read(tmp_path)
