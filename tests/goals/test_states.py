"""States are values that carry what a page shows of them."""

from __future__ import annotations

import json
import pickle

import pytest

from stratplan.choice import Choice
from stratplan.goals.states import Execution, Outcome, Schedule
from stratplan.investments.checks import CheckCode

TONES = {"neutral", "info", "success", "warning", "danger", "muted"}


@pytest.mark.parametrize("states", [Execution, Outcome, Schedule, CheckCode])
def test_every_state_has_what_is_shown_and_can_be_told_from_the_others(states: type[Choice]) -> None:
    assert {state.tone for state in states} <= TONES
    assert len({state.label for state in states}) == len(states)
    assert all(state.label and state.icon for state in states)
    assert [state.order for state in states] == list(range(len(states)))


@pytest.mark.parametrize("state", [Execution.COMPLETED, Outcome.PARTLY_REACHED, Schedule.NOT_DUE])
def test_a_state_is_its_value_wherever_it_travels(state: Choice) -> None:
    assert type(state)(state.value) is state
    assert pickle.loads(pickle.dumps(state)) is state
    assert json.loads(json.dumps({"state": state})) == {"state": state.value}


def test_the_values_are_those_that_are_stored() -> None:
    assert [state.value for state in Execution] == [
        "not_started", "in_progress", "completed", "suspended", "cancelled",
    ]  # fmt: skip
    assert [state.value for state in Outcome] == ["not_assessed", "reached", "partly_reached", "not_reached"]
    assert [state.value for state in Schedule] == ["done", "overdue", "behind", "on_track", "not_due"]


def test_only_cancelled_tasks_do_not_count() -> None:
    assert [state for state in Execution if not state.is_counted] == [Execution.CANCELLED]
