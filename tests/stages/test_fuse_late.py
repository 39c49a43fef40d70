"""Late: what comes after newer plots, in whatever order, is of the launch it is of.

A suspension that is over, a line that was cut and a busy machine all bring plots late:
in bulk, between live ones, each radar's at another pace. The sky does not change by it.
"""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.entries.sightings import CueHeard, PlotsHeard
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.report import LaunchNotice, Plots, TrackProduct
from tests.stages.fuse_folded import Folded, solve
from tests.stages.sightings_made import (
    cue,
    flown,
    held,
    infrared,
    item,
    plot,
    profile,
    radar,
    state,
)

PLOTS_VALID_S = 120.0
NODE = profile(radar("r1"), infrared("ir1"), partners=("KOR",))
FROM_S, UNTIL_S = 60, 180
FAR_NORTH_M = 80_000.0  # of a second object, where there is one


@dataclass(frozen=True)
class Part:
    """Some scans of a radar in a row, how late they come, and whether all at once."""

    scans: int
    late_s: float
    at_once: bool


PARTS = st.lists(
    st.builds(
        Part,
        scans=st.integers(1, 40),
        late_s=st.one_of(st.just(0.0), st.floats(0.0, 200.0)),
        at_once=st.booleans(),
    ),
    min_size=1,
    max_size=12,
)
# Each scan for itself: those of a few seconds change places.
JITTERS = st.lists(st.floats(0.0, 15.0), min_size=20, max_size=40)


def came(parts: list[Part], jitters: list[float]) -> list[tuple[int, float]]:
    """Return when each second's scan comes; the last part goes on to the end."""
    arrivals: list[tuple[int, float]] = []
    second = FROM_S
    for number, part in enumerate(parts):
        last = number + 1 == len(parts)
        end = UNTIL_S if last else min(second + part.scans, UNTIL_S)
        for one in range(second, end):
            from_s = end if part.at_once else one
            late_s = part.late_s + jitters[one % len(jitters)]
            arrivals.append((one, max(from_s + late_s, one) + 0.1))
        second = end
    return arrivals


def told(sensor: str, second: int, at_s: float, *, objects: int = 1) -> EntryBody:
    """Return a scan as our own radar or a partner's item brings it."""
    plots = tuple(
        replace(
            flown(sensor, second, north_m=FAR_NORTH_M * number),
            plot_id=f"{second}-{number}",
        )
        for number in range(objects)
    )
    if sensor.startswith("r"):
        return PlotsHeard(sensor=sensor, plots=plots)
    body = Plots(sensor_id=sensor, plots=plots)
    what = item(f"{sensor}-{second}", body, second, valid_s=PLOTS_VALID_S)
    return held(what, history=at_s > second + PLOTS_VALID_S)


def folded(
    orders: dict[str, list[tuple[int, float]]], *, objects: int = 1, cued: bool = False
) -> Folded:
    """Fold each radar's scans in the order in which they come."""
    node = Folded(NODE, solver=solve if objects == 1 else None)
    if cued:
        node.give(40.0, CueHeard(sensor="ir1", cue=cue("ir1", 40)))
    arrivals = sorted(
        (at_s, sensor, second)
        for sensor, order in orders.items()
        for second, at_s in order
    )
    for at_s, sensor, second in arrivals:
        node.give(at_s, told(sensor, second, at_s, objects=objects))
    return node


def launches_told(node: Folded) -> int:
    """Return of how many launches partners were told."""
    notices = [one.body for one in node.items(LaunchNotice)]
    return len({one.launch_id for one in notices if isinstance(one, LaunchNotice)})


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["r1", "k1", "k2"]),
        st.tuples(PARTS, st.one_of(st.just([0.0]), JITTERS)),
        min_size=1,
    )
)
def test_one_launch_is_one_event_in_whatever_order_its_plots_come(drawn):
    """Nobody is warned twice, or told of two, because a line was slow.

    Where the launch was is known. Where it is not, and nobody saw the object for 40 s,
    nothing says of what comes from before or after that it is of the same launch.
    """
    orders = {sensor: came(*how) for sensor, how in drawn.items()}
    node = folded(orders, cued=True)
    assert len(node.events()) == 1
    assert launches_told(node) == 1


def test_a_late_scan_between_live_ones_makes_no_second_launch():
    """What was withheld comes between live scans; one radar, one object, one event."""
    late = [(second, 100.0 + 0.2 * (second - 90)) for second in range(90, 100)]
    # The first comes before any live one, and is followed with them.
    late[0] = (90, 99.5)
    live = [(second, second + 0.1) for second in range(100, 130)]
    own = [(second, second + 0.1) for second in range(70, 130)]
    node = folded({"r1": own, "k1": late + live})
    assert len(node.events()) == 1


def test_what_a_feed_sends_again_out_of_order_tells_of_no_second_launch():
    """The same of our own radar: no partner is told of a launch that is not there."""
    order = [(second, second + 0.1 + 2.5 * (second % 4)) for second in range(60, 120)]
    node = folded({"r1": order})
    assert len(node.events()) == 1
    assert launches_told(node) == 1


@settings(max_examples=20, deadline=None)
@given(PARTS)
def test_two_launches_stay_two_when_what_was_withheld_comes_between(parts):
    """Late scans of both objects come between live ones; each is laid to its own."""
    live = [(second, second + 0.1) for second in range(FROM_S, UNTIL_S)]
    node = folded({"r1": live, "k1": came(parts, [0.0])}, objects=2)
    assert len(node.events()) == 2
    for event in node.state.picture.open:
        forms = event.evidence.forms.values()
        seen = [plot for form in forms for plot in form.plots["k1"].plots]
        assert len({(plot.plot_id or "")[-1] for plot in seen}) == 1


def pushed(sensor: str, seconds: float) -> Plot:
    """Return the plot of something that a motor pushes at 40 m/s² all the while."""
    return plot(
        sensor,
        seconds,
        east_m=-800_000.0 + 20.0 * seconds**2,
        north_m=400_000.0,
        up_m=20_000.0 + 15.0 * seconds**2,
        plot_id=f"{sensor}-{seconds:g}",
    )


@pytest.mark.parametrize("shown", [(60, 77, 94, 111), (60, 61, 79, 97, 98, 116)])
def test_a_radar_that_shows_few_plots_of_a_push_sees_the_same_launch(shown):
    """A line through plots far apart lies kilometres beside what a push bends it to."""
    node = Folded(profile(radar("r1"), radar("r2")), solver=None)
    for second in range(60, 130):
        for sensor in ("r1", "r2"):
            if sensor == "r2" or second in shown:
                scan = (pushed(sensor, second),)
                node.give(second + 0.1, PlotsHeard(sensor=sensor, plots=scan))
    assert len(node.events()) == 1
    (event,) = node.state.picture.open
    assert len(event.evidence.own["r1"]) == len(shown)


def restored(until_s: float) -> Folded:
    """Fold what was withheld at ten scans a second between live scans and tracks."""
    node = Folded(profile(radar("r1"), partners=("KOR",)), solver=None)
    scans = [(second + 0.1, second) for second in range(200, 260)]
    scans += [(200.0 + 0.1 * (second - 60), second) for second in range(60, 200)]
    # The first live scan opens the event; then the past comes before a live path.
    scans = [(at_s + (at_s > 200.2) * 4.0, second) for at_s, second in scans]
    told_ = [(at_s, told("k1", second, at_s)) for at_s, second in scans]
    for second in range(207, 260, 2):
        body = TrackProduct(launch_id="k", phase="ballistic", state=state(second))
        told_.append((second + 0.2, held(item(f"t-{second}", body, second))))
    for at_s, body in sorted(told_, key=lambda one: one[0]):
        if at_s < until_s:
            node.give(at_s, body)
    return node


def test_what_is_live_waits_for_what_was_withheld_to_lead_to_it():
    """The event is known by plots of two minutes ago alone, and is the live one's."""
    node = restored(260.0)
    assert len(node.events()) == 1
    assert not node.state.picture.waiting


def test_what_nothing_leads_to_opens_an_event_when_it_has_waited():
    """A launch that nobody saw for long does not take a new one's path and track."""
    node = Folded(profile(radar("r1"), partners=("KOR",)), solver=None)
    for second in range(60, 70):
        node.give(second + 0.1, told("r1", second, second))
    for second in range(120, 129):
        node.give(second + 0.1, told("k1", second, second))
    assert len(node.events()) == 1
    assert node.state.picture.waiting
    node.give(141.0, Tick())
    assert len(node.events()) == 2
    for second in range(142, 146):
        node.give(second + 0.1, told("k1", second, second))
    assert len(node.events()) == 2
    assert len(node.state.picture.open[1].evidence.forms) == 1
