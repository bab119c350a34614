"""The page of who may do what says what the guard goes by."""

from __future__ import annotations

import re
from html import unescape

import httpx

from stratplan.members.role_table import WORDS, Mark, role_table
from stratplan.permissions import NONE, OF_THE_SITE, SIGNED_IN, Held, Permission, Rights, Role, together
from tests.factories import Made
from tests.html_forms import PageReader

EVERY_PART = Rights(Role.PUBLIC, Role.PUBLIC.grants)


def test_every_permission_has_its_words_once() -> None:
    said = [permission for of in WORDS.values() for permission in of]
    assert sorted(said) == sorted(Permission)
    texts = [text for of in WORDS.values() for text in of.values()]
    assert len(set(texts)) == len(texts)


def test_the_marks_are_what_the_guard_would_answer() -> None:
    unit = next(iter(Role)).grants and "a unit"
    for _heading, rights in role_table():
        for right in rights:
            if right.permission in SIGNED_IN:
                expected = [Mark.YES] * 4 + [Mark.YES if right.permission is Permission.OPEN else Mark.NO]
                assert list(right.marks) == expected
                continue
            for role, mark in zip(Role, right.marks, strict=True):
                units = frozenset({unit})
                here = EVERY_PART if role is Role.PUBLIC else together([Held(role, units)])  # type: ignore[arg-type]
                everywhere = NONE if role is Role.PUBLIC else together([Held(role, units, of_site=True)])  # type: ignore[arg-type]
                match mark:
                    case Mark.YES | Mark.PUBLISHED:
                        assert here.allow(right.permission), (role, right.permission)
                        assert (mark is Mark.PUBLISHED) == (role is Role.PUBLIC)
                    case Mark.OWN:
                        assert not here.allow(right.permission)
                        assert here.allow(right.permission, frozenset({unit}))  # type: ignore[arg-type]
                        assert not here.allow(right.permission, frozenset())
                    case Mark.OF_ALL_PLANS:
                        assert right.permission in OF_THE_SITE
                        assert not here.allow(right.permission)
                        assert everywhere.allow(right.permission)
                    case Mark.NO:
                        assert not here.allow(right.permission, frozenset({unit}))  # type: ignore[arg-type]
                        assert not everywhere.allow(right.permission)


async def test_the_page_shows_the_table_and_reads_its_signs_out(client: httpx.AsyncClient, made: Made) -> None:
    page = (await client.get("/plans/plans/roles", headers={"cookie": "language=en"})).text
    assert PageReader(page).problems == []
    rows = dict(re.findall(r'<th scope="row">([^<]+)</th>((?:<td class="right.*?</td>)+)', page))
    assert len(rows) == len(Permission)
    report = [
        re.sub(r"<[^>]+>", "", re.sub(r'<span class="right-sign".*?</span>', "", cell)).strip()
        for cell in rows["Report progress on a task"].split("</td>")[:-1]
    ]
    assert report == ["yes", "yes", "only on tasks of their own units", "no", "no"]
    for right in (right for _heading, rights in role_table() for right in rights):
        shown = re.findall(r'class="right right-(\w+)"', rows[next(row for row in rows if unescape(row) == right.text)])
        assert shown == [mark.value for mark in right.marks], right.text
