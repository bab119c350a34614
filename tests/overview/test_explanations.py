"""Figures explained: what is shown adds up to the figure, as a page and in the dialog."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratplan.goals.models import Milestone
from stratplan.goals.states import Execution
from stratplan.investments.models import Share
from stratplan.investments.sums import Axis
from stratplan.overview import explanations, line_explanations, money_names, schedule_explanations
from stratplan.overview.explanation_parts import Explanation, Table, parts_that_add_up
from stratplan.overview.figures import explained
from stratplan.snapshot import Snapshot
from stratplan.typed import parse_number
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, make_goal, make_line, make_report, make_task

HTMX = {"hx-request": "true"}


def _number(text: str) -> Decimal | None:
    try:
        return parse_number(text.removesuffix("%"))
    except ValueError:
        return None


def _columns_that_do_not_add_up(explanation: Explanation) -> list[str]:
    wrong = []
    for table in explanation.tables:
        if table.total is None:
            continue
        for place in range(1, len(table.columns)):
            total = _number(table.total[place].text)
            parts = [_number(row[place].text) or Decimal(0) for row in table.rows]
            if total is not None and sum(parts) != total:
                wrong.append(f"{explanation.title}: {table.columns[place].text}: {sum(parts)} is not {total}")
    return wrong


def _table(explanation: Explanation, caption: str) -> Table:
    return next(table for table in explanation.tables if table.caption == caption)


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=60))
def test_shares_shown_add_up_to_a_hundred_and_are_near_the_truth(weights: list[int]) -> None:
    exact = [Fraction(weight, sum(weights)) for weight in weights]

    shown = parts_that_add_up(exact)

    assert sum(shown) == 1
    assert all(abs(one - other) < Fraction(1, 10_000) for one, other in zip(exact, shown, strict=True))


async def test_the_rows_of_every_explanation_add_up_to_its_total(daugavpils_read: Snapshot) -> None:
    for day in (TODAY_IN_PLAN, date(2015, 2, 1), date(2018, 1, 31)):
        found = list(explained(daugavpils_read, day))

        assert len({explanation.path for explanation in found}) == len(found)
        assert [wrong for explanation in found for wrong in _columns_that_do_not_add_up(explanation)] == []


async def test_every_path_of_an_explanation_is_a_page(daugavpils: Snapshot, client: httpx.AsyncClient) -> None:
    paths = set()
    for explanation in explained(daugavpils, TODAY_IN_PLAN):
        said = [what for table in explanation.tables for row in (*table.rows, table.total or ()) for what in row]
        said += [*explanation.leads, *(part.what for part in explanation.left_out)]
        paths |= {explanation.path, *(what.path for what in said if what.path)}

    for path in sorted(paths):
        assert (await client.get(f"/plans/daugavpils-2015-2017{path}")).status_code == 200, path


async def test_an_explanation_is_a_page_and_a_fragment_of_it(made: Made, client: httpx.AsyncClient) -> None:
    page = await client.get("/plans/plans/figures/progress/tasks/1.1")
    fragment = await client.get("/plans/plans/figures/progress/tasks/1.1", headers=HTMX)

    assert "<html" in page.text
    assert 'id="dialog-title"' not in page.text.partition("<main")[2].partition("</main>")[0]
    assert "<html" not in fragment.text
    assert 'id="dialog-title"' in fragment.text


async def test_a_figure_that_there_is_not_is_not_found(made: Made, client: httpx.AsyncClient) -> None:
    for address in (
        *("progress/goals/SM9", "progress/tasks/9.9", "schedule/tasks/x", "money/lines/9", "money/colour/PB"),
        *("money/source/X", "money/year/16", "money/year/2050", "money/unit/none-none", "money?year=abc"),
    ):
        assert (await client.get(f"/plans/plans/figures/{address}")).status_code == 404, address


async def test_weights_and_what_is_left_out_of_a_goal_are_said(made: Made) -> None:
    heavy = await make_task(made.scope, made.goal, "1.2", weight=Decimal(3))
    gone = await make_task(made.scope, made.goal, "1.3")
    await make_report(heavy, date(2016, 6, 30), 80)
    await make_report(gone, date(2016, 6, 30), 10, execution=Execution.CANCELLED)
    await make_goal(made.scope, "SM2", order=2)

    found = explanations.of_goal(await made.snapshot(), TODAY_IN_PLAN, made.goal)

    (table,) = found.tables
    assert found.value == "60\u00a0%"
    assert [[what.text for what in row[1:]] for row in table.rows] == [
        ["0\u00a0%", "1", "25\u00a0%", "0\u00a0%"],
        ["80\u00a0%", "3", "75\u00a0%", "60\u00a0%"],
    ]
    assert [part.what.text for part in found.left_out] == ["1.3 Uzdevums 1.3"]
    assert ("No skaitāmajiem ziņojuši", "1 no 2 uzdevumiem") in found.facts
    whole = explanations.of_plan(await made.snapshot(), TODAY_IN_PLAN)
    assert whole.value == "60\u00a0%"
    assert [part.what.text for part in whole.left_out] == ["SM2 Mērķis SM2"]


async def test_milestones_explain_the_progress_of_their_task(made: Made) -> None:
    milestones = [
        Milestone(key="a", title="Pirmais", done_on=date(2016, 3, 1), weight=Decimal(1)),
        Milestone(key="b", title="Otrais", done_on=date(2016, 12, 1), weight=Decimal(2)),
    ]
    task = await make_task(made.scope, made.goal, "1.2", milestones=milestones)

    found = explanations.of_task(await made.snapshot(), TODAY_IN_PLAN, task)

    assert found.value == "33\u00a0%"
    rows = [[what.text for what in row] for row in _table(found, "Starpposmi").rows]
    assert rows[0][-1] == "33,33\u00a0%"
    assert rows[1][1] == "nav sasniegts"
    assert rows[1][-1] == "0\u00a0%"


@pytest.mark.parametrize(
    ("day", "deciding"),
    [(date(2014, 12, 31), 3), (date(2015, 2, 1), 5), (date(2016, 9, 30), 4), (date(2018, 1, 1), 2)],
)
async def test_the_rule_that_decides_a_schedule_is_marked(day: date, deciding: int, made: Made) -> None:
    found = schedule_explanations.of_schedule(await made.snapshot(), day, made.task)

    (table,) = found.tables
    assert [row[2].text for row in table.rows].index("jā, tas izšķir") == deciding
    assert found.value.startswith(table.rows[deciding][1].text)


async def test_a_line_shows_its_cents_before_and_after_they_are_rounded(made: Made) -> None:
    share = {"source": made.source.key, "percent": Decimal("33.3333")}
    line = await make_line(
        made.scope, made.goal, amount=Decimal("100.01"), yearly=True, shares=[Share(**share), Share(**share)]
    )

    found = line_explanations.of_line(await made.snapshot(), TODAY_IN_PLAN, line)

    assert found.value == "300,03\u00a0EUR"
    rows = [[what.text for what in row] for row in _table(found, "Viena gada summas daļas").rows]
    assert [row[2:] for row in rows] == [["33,336633", "33,34"], ["33,336633", "33,33"], ["", "33,34"]]
    assert _columns_that_do_not_add_up(found) == []


async def test_an_unknown_amount_is_a_dash_and_said_to_be_left_out(made: Made, client: httpx.AsyncClient) -> None:
    await make_line(made.scope, made.goal)

    line = (await client.get("/plans/plans/figures/money/lines/1.1", headers=HTMX)).text
    whole = (await client.get("/plans/plans/figures/money", headers=HTMX)).text

    assert '<p class="explanation-value">—</p>' in line
    assert "1.1 Rinda 1.1" in whole
    assert "Tās summa nav zināma." in whole


async def test_money_is_narrowed_by_several_keys_at_once(daugavpils: Snapshot, client: httpx.AsyncClient) -> None:
    address = "/plans/daugavpils-2015-2017/figures/money"

    both = (await client.get(f"{address}/source/PB?goal=SM3&year=2016", headers=HTMX)).text
    same = (await client.get(f"{address}?year=2016&goal=SM3&source=PB", headers=HTMX)).text

    assert "11\u00a0970,00\u00a0EUR" in both
    assert "11\u00a0970,00\u00a0EUR" in same


async def test_a_code_that_does_not_fit_an_address_is_replaced_by_the_id(made: Made, client: httpx.AsyncClient) -> None:
    await made.source.edit({"code": "PB 1/2?"}, by=SOMEBODY, based_on=1)
    await make_line(
        made.scope, made.goal, amount=Decimal(5), shares=[Share(source=made.source.key, percent=Decimal(100))]
    )

    path = money_names.money_figure(await made.snapshot(), Axis.SOURCE, made.source.key)

    assert path.endswith(str(made.source.key))
    assert (await client.get(f"/plans/plans{path}")).status_code == 200
