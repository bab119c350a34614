"""Every text of the program and its pages is translated, and every translation is sound."""

from pathlib import Path

import pytest

from stratplan import i18n, messages

TRANSLATED = [code for code in i18n.LANGUAGES if code != i18n.SOURCE_LANGUAGE]


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_text_is_translated_and_every_translation_is_sound(code: str) -> None:
    found = messages.problems(code)
    assert not found, "\n" + "\n".join(map(str, found))


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_catalogues_are_in_their_normal_form(code: str) -> None:
    unsorted = [path for path in messages.catalogue_files(code) if path.read_text("utf-8") != messages.normalised(path)]
    assert not unsorted, "run python -m stratplan.messages --sort"


def test_the_catalogues_compile_together() -> None:
    i18n.load_catalogues()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "stratplan" / "goals").mkdir(parents=True)
    (tmp_path / "templates" / "goals").mkdir(parents=True)
    (tmp_path / "locales" / "lv").mkdir(parents=True)
    (tmp_path / "stratplan" / "goals" / "routes.py").write_text(
        'LABEL = N_("Goal")\nngettext("%(num)s task", "%(num)s tasks", a + b)\n_(f"Hello {name}")\n', "utf-8"
    )
    (tmp_path / "templates" / "goals" / "page.html").write_text(
        "{% trans %}\n  Several   \n  lines\n{% endtrans %}{{ pgettext('verb', 'Report') }}{{ _(label) }}"
        "{{ _('Total: %(sum)s', sum=1) }}{{ _('<b>Bold</b>') }}",
        "utf-8",
    )
    return tmp_path


def test_texts_are_found_in_modules_and_templates_as_they_are_looked_up(project: Path) -> None:
    assert set(messages.wanted(project)) == {
        (None, "Goal"),
        (None, "%(num)s task"),
        (None, "Several lines"),
        ("verb", "Report"),
        (None, "Total: %(sum)s"),
        (None, "<b>Bold</b>"),
    }


def test_each_kind_of_mistake_is_named(project: Path) -> None:
    (project / "locales" / "lv" / "goals.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        '#, fuzzy\nmsgid "Goal"\nmsgstr "Mērķis"\n\n'
        'msgid "%(num)s task"\nmsgid_plural "%(num)s tasks"\n'
        'msgstr[0] "uzdevums"\nmsgstr[1] "%(num)s uzdevumi"\nmsgstr[2] "nav uzdevumu"\n\n'
        'msgid "Total: %(sum)s"\nmsgstr " Kopā: %(suma)s"\n\n'
        'msgid "Gone"\nmsgstr "Prom"\n\n'
        'msgid "Gone"\nmsgstr "Projām\n',
        "utf-8",
    )
    assert sorted({(found.kind, found.text) for found in messages.problems("lv", project)}) == [
        ("a text put together before it is translated", "f'Hello {name}'"),
        ("fuzzy", "Goal"),
        ("leading or trailing space differs", "Total: %(sum)s"),
        ("missing", "<b>Bold</b>"),
        ("missing", "Goal"),
        ("missing", "Report"),
        ("missing", "Several lines"),
        ("not a line of a catalogue", 'msgstr "Projām'),
        ("obsolete", "Gone"),
        ("placeholders differ", "%(num)s task"),
        ("placeholders differ", "Total: %(sum)s"),
        ("stands twice", '"Gone"'),
        ("texts are plain, without markup", "<b>Bold</b>"),
    ]
