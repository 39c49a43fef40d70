"""What one sensor has shown is the same however one asks for it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from beaconfire.stages.fuse.sighted import Sighted, name_of
from tests.stages.sightings_made import at_s, flown

SECOND = st.integers(0, 9)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), SECOND, st.sampled_from(["", "i1", "i2"])),
        st.tuples(st.just("item"), st.just(0), st.sampled_from(["i1", "i2"])),
        st.tuples(st.just("after"), SECOND, st.just("")),
        st.tuples(st.just("between"), SECOND, st.just("")),
        st.tuples(st.just("exchange"), st.just(0), st.just("")),
    ),
    max_size=20,
)


def taken(shown, model, step, other, other_model):
    """Do one step to what is held, and to plain lists beside it."""
    what, second, item = step
    if what == "add":
        plot = flown("r1", float(second))
        if all(held != plot for held, _ in model):
            model.append((plot, item))
        shown.add(name_of(plot), plot, item)
    elif what == "item":
        shown.drop_item(item)
        model[:] = [one for one in model if one[1] != item]
    elif what == "after":
        shown.drop_after(at_s(float(second)))
        model[:] = [one for one in model if one[0].time <= at_s(float(second))]
    elif what == "between":
        first, last = at_s(float(second)), at_s(second + 2.0)
        assert shown.between(first, last) == sum(
            first <= plot.time <= last for plot, _ in model
        )
        shown.drop_between(first, last)
        model[:] = [one for one in model if not first <= one[0].time <= last]
    elif model and other_model:
        shown.exchange(other)
        since = max(min(p.time for p, _ in one) for one in (model, other_model))
        swapped = []
        for mine, theirs in ((model, other_model), (other_model, model)):
            joined = [one for one in mine if one[0].time < since]
            swapped.append(joined + [one for one in theirs if one[0].time >= since])
        model[:], other_model[:] = swapped


@given(STEPS, STEPS)
def test_what_is_held_is_what_came_and_was_not_taken_back(steps, others):
    """By place, by name and by item alike, and in order only if it is."""
    shown, model = Sighted(), []
    other, other_model = Sighted(), []
    for step in (one for one in others if one[0] == "add"):
        taken(other, other_model, step, shown, model)
    for step in steps:
        taken(shown, model, step, other, other_model)
        for held, wanted in ((shown, model), (other, other_model)):
            assert [(plot, item) for _, plot, item in held.each()] == wanted
            assert list(held.names) == [name_of(plot) for plot, _ in wanted]
            ordered = all(a.time <= b.time for a, b in pairwise(held.plots))
            assert ordered or not held.in_order
