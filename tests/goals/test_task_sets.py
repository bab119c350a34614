"""The sets of tasks that are filtered by: what is adapted after a change is what would be made anew."""

from hypothesis import given
from hypothesis import strategies as st

from stratplan.goals.task_sets import FEW, Labels, adapted, members_of

labels = st.lists(st.tuples(st.sampled_from("gyu"), st.sampled_from("123")), max_size=4, unique=True).map(tuple)
plans = st.lists(labels, max_size=12)


@given(before=plans, after=plans)
def test_sets_adapted_after_a_change_are_those_made_anew(before: list[Labels], after: list[Labels]) -> None:
    assert adapted(before, members_of(before), after) == members_of(after)


def test_the_sets_of_many_changed_tasks_are_right_too_and_those_before_stay_as_they_were() -> None:
    for changed in (1, FEW, FEW + 1):
        before: list[Labels] = [(("year", "2016"), ("goal", "a"))] * (FEW + 2)
        after: list[Labels] = [(("year", "2017"), ("goal", "a"))] * changed + before[changed:]
        sets = members_of(before)
        assert adapted(before, sets, after) == members_of(after)
        assert sets == members_of(before)
