"""Figures explained: what is shown adds up to the figure, in pages and in the dialog."""

from datetime import date
from decimal import Decimal

import httpx
import pytest

from tests.factories import Made, make_line, make_report, make_task

HTMX = {"hx-request": "true"}


async def test_an_explanation_is_a_page_and_a_fragment_of_it(made: Made, client: httpx.AsyncClient) -> None:
    page = await client.get("/plans/plans/figures/progress/tasks/1.1")
    fragment = await client.get("/plans/plans/figures/progress/tasks/1.1", headers=HTMX)

    assert page.status_code == fragment.status_code == 200
    assert "<html" in page.text and 'id="dialog-title"' not in page.text.split("<main")[1].split("</main>")[0]
    assert "<html" not in fragment.text and 'id="dialog-title"' in fragment.text


@pytest.mark.parametrize(
    "address",
    [
        "progress", "progress/goals/SM1", "progress/tasks/1.1", "schedule/tasks/1.1", "reported", "checks", "money",
        "money/lines/1.1", "money/source/PB", "money/goal/SM1", "money/year/2016", "money/year/none",
        "money/source/none", "money/unit/none", "money/source/PB?year=2016&goal=SM1", "money?year=2016",
    ],
)  # fmt: skip
async def test_every_figure_has_its_address(address: str, made: Made, client: httpx.AsyncClient) -> None:
    await make_line(made.scope, made.goal, amount=Decimal("100.00"), tasks=[made.task.key])
    await make_report(made.task, date(2016, 6, 30), 40)

    assert (await client.get(f"/plans/plans/figures/{address}")).status_code == 200
