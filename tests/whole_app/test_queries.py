"""No page asks the database row by row: a plan ten times as large costs the same commands."""

from __future__ import annotations

import re

import httpx

from benchmarks.plan_generator import generate
from stratplan.database import Database
from stratplan.frame import Frame
from stratplan.goals.models import Task
from stratplan.plans.models import Plan, PublicPart
from tests.factories import SOMEBODY
from tests.listening import listening
from tests.route_table import routes_of

FEW, MANY = 20, 200
# The heads, and for a page of one document or of the history its entries, and what those are shown beside.
MOST_COMMANDS = 4


async def test_a_plan_ten_times_as_large_takes_the_same_commands(
    db: Database, app: Frame, client: httpx.AsyncClient
) -> None:
    for size in (FEW, MANY):
        await generate(f"plan-{size}", size)
        plan = await Plan.find_one({"slug": f"plan-{size}"})
        assert plan is not None
        await plan.publish(list(PublicPart), by=SOMEBODY, based_on=plan.version)
    pages = [
        route.path
        for route in routes_of(app)
        if route.method == "GET" and re.fullmatch(r"/plans/\{slug:str\}(/[a-z/.]+)?", route.path)
    ]
    pages += [route.path for route in routes_of(app) if route.as_resident and route.path.count("{") == 1]
    assert len([page for page in pages if page.startswith("/p/")]) >= 8
    assert len(pages) >= 15
    pages += ["/plans/{slug:str}/tasks/1.1", "/plans/{slug:str}/goals/SM1", "/plans/{slug:str}/investments/1.1"]
    history = "/plans/{slug:str}/history/task/{task}"
    pages += [history, f"{history}/versions/1", f"{history}/versions/1/restore", "/plans/{slug:str}/history?q=plāns"]
    pages += ["/p/{slug:str}/tasks/1.1", "/p/{slug:str}/goals/SM1"]
    sent: dict[tuple[str, int], list[str]] = {}
    for size in (FEW, MANY):
        await client.get(f"/plans/plan-{size}")  # reads the plan whole, once
        plan = await Plan.find_one({"slug": f"plan-{size}"})
        assert plan is not None
        task = await Task.find_one({"scope": plan.key, "number": "1.1"})
        assert task is not None
        for page in pages:
            address = page.replace("{slug:str}", f"plan-{size}").replace("{task}", str(task.key))
            with listening() as commands:
                answer = await client.get(f"{address}{'&' if '?' in address else '?'}as_of=2016-05-01")
            assert answer.status_code == 200, page
            sent[page, size] = commands
    assert {page: sent[page, MANY] for page in pages if len(sent[page, MANY]) != len(sent[page, FEW])} == {}
    assert {page: sent[page, MANY] for page in pages if len(sent[page, MANY]) > MOST_COMMANDS} == {}
