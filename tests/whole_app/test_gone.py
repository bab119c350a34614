"""A form of something that was deleted meanwhile: what was typed into it is given back."""

from __future__ import annotations

import httpx
import pytest

from tests.factories import Made

KEY = "5f9f1b9b9b9b9b9b9b9b9b9b"
TYPED = "Gara, rūpīgi rakstīta doma."


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"/units/{KEY}", "name"),
        (f"/goals/{KEY}", "description"),
        ("/goals/SM77", "description"),
        (f"/investments/{KEY}", "note"),
        (f"/swot/{KEY}", "text"),
        (f"/terms/{KEY}", "meaning"),
        (f"/sections/{KEY}", "text"),
        (f"/sources/{KEY}", "name"),
    ],
)
async def test_what_was_typed_of_something_that_is_gone_is_given_back(
    client: httpx.AsyncClient, made: Made, path: str, field: str
) -> None:
    answer = await client.post(f"/plans/plans{path}", data={field: TYPED, "version": "1"})
    assert answer.status_code == 404
    assert TYPED in answer.text
