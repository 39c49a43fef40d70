"""What holds of the fuse stage whatever comes, and in whatever order."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from beaconfire.seals import codec
from beaconfire.stages.fuse import FuseStage
from beaconfire.stages.fuse.launches import HOMES_MAX, SOURCES_MAX, TRAIL_MAX
from beaconfire.stages.fuse.picture import RETRACTED_MAX, SEEN_MAX
from beaconfire.stages.fuse.sighted import PLOTS_PER_SENSOR_MAX
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.sightings import CueHeard, ItemHeld, PlotsHeard
from beaconfire.vocabulary.report import (
    Body,
    ImpactPrediction,
    LaunchNotice,
    Plots,
    Retraction,
    TrackProduct,
)
from tests.stages.fuse_folded import Folded, solve
from tests.stages.sightings_made import (
    area,
    at_s,
    cue,
    flown,
    held,
    infrared,
    item,
    launch_point,
    profile,
    radar,
    state,
    tracklet,
)

NODE = profile(radar("r1"), radar("r2", hidden_from=("KOR",)), infrared("ir1"))


@dataclass(frozen=True)
class Told:
    """A partner's item in the making: what, from whom, under what token."""

    what: str
    originator: str
    token: str
    back_s: float
    history: bool
    name: int

    def held(self, seconds: float) -> ItemHeld:
        """Return the item as it is held at an instant."""
        seen = seconds - self.back_s
        bodies: dict[str, Body] = {
            "notice": LaunchNotice(
                launch_id=f"l-{self.token}",
                first_seen=at_s(seen),
                point=launch_point(),
                time=at_s(0.0),
            ),
            "plots": Plots(sensor_id="r1", plots=(flown("r1", seen),)),
            "track": TrackProduct(
                launch_id=f"l-{self.token}",
                phase="ballistic",
                state=state(seen),
                tracklet=tracklet(seen, plots=self.name + 1),
            ),
            "impact": ImpactPrediction(launch_id=f"l-{self.token}", area=area()),
            "retraction": Retraction(retracts=f"i{self.name}", reason="wrong"),
        }
        what = item(
            f"i{self.name}",
            bodies[self.what],
            seen,
            originator=self.originator,
            lineage=(self.token,),
        )
        return held(what, history=self.history)


TOLD = st.builds(
    Told,
    what=st.sampled_from(["notice", "plots", "plots", "track", "impact", "retraction"]),
    originator=st.sampled_from(["KOR", "USA"]),
    token=st.sampled_from(["t1", "t2"]),
    back_s=st.sampled_from([0.1, 3.0, 40.0]),
    history=st.booleans(),
    name=st.integers(0, 60),
)


def sighted(second: int) -> list[tuple[float, EntryBody]]:
    """Return what our own sensors report in one second of a flight."""
    out: list[tuple[float, EntryBody]] = []
    if second in (35, 95):
        out.append((second + 0.05, CueHeard(sensor="ir1", cue=cue("ir1", second))))
    if second >= 60:
        out.append(
            (second + 0.1, PlotsHeard(sensor="r1", plots=(flown("r1", second),)))
        )
    if second >= 80 and second % 4:
        out.append(
            (second + 0.3, PlotsHeard(sensor="r2", plots=(flown("r2", second),)))
        )
    return out


def folded(told: dict[int, list[Told]], start: int = 50, end: int = 110) -> Folded:
    """Fold a flight with partners' items told in some of its seconds.

    The interval leaves own wishes waiting when a partner's item comes.
    """
    node = Folded(NODE, solver=solve, solve_interval_s=2.5)
    for second in range(start, end):
        for number, one in enumerate(told.get(second, [])):
            node.give(second + number / 1e3, one.held(second))
        for seconds, body in sighted(second):
            node.give(seconds, body)
    return node


TELLINGS = st.dictionaries(
    st.integers(50, 109), st.lists(TOLD, min_size=1, max_size=4), max_size=30
)


@settings(max_examples=40, deadline=None)
@given(TELLINGS, st.sampled_from([30, 50]))
def test_no_own_item_derives_from_a_partners(told, start):
    """Take away all that partners said: own items stay the same to the byte.

    So also their number, instants, ids, audiences and order: a partner cannot see in
    what we send it whether another partner told us anything.
    """
    told = {second: some for second, some in told.items() if second >= start}
    with_partners = folded(told, start=start)
    alone = folded({}, start=start)
    assert len(alone.held()) > 50
    assert codec.encode(with_partners.held()) == codec.encode(alone.held())


@settings(max_examples=20, deadline=None)
@given(TELLINGS)
def test_the_same_entries_give_the_same_again(told):
    """A replay repeats every item, event and request to the byte."""
    one, two = folded(told), folded(told)
    assert codec.encode([body for _, body in one.out]) == codec.encode(
        [body for _, body in two.out]
    )


@settings(max_examples=10, deadline=None)
@given(TELLINGS, st.integers(60, 100))
def test_a_state_that_was_written_and_read_goes_on_alike(told, at_second):
    """A checkpoint can stand for all the turns before it."""
    whole, halved = (Folded(NODE, solve_interval_s=2.5) for _ in "ab")
    for second in range(50, 110):
        if second == at_second:
            written = codec.encode(halved.state)
            halved.state = codec.decode(written, FuseStage, what="state")
        for node in (whole, halved):
            for one in told.get(second, []):
                node.give(second, one.held(second))
            for seconds, body in sighted(second):
                node.give(seconds, body)
    assert codec.encode(halved.state) == codec.encode(whole.state)
    assert halved.out == whole.out


@settings(max_examples=20, deadline=None)
@given(TELLINGS)
def test_telling_everything_twice_changes_nothing(told):
    """Whatever comes by two routes counts once: same events, same observations."""
    twice = {
        second: [one for one in some for _ in "ab"] for second, some in told.items()
    }
    once_told, twice_told = folded(told), folded(twice)
    assert [e.source for e in once_told.events()] == [
        e.source for e in twice_told.events()
    ]
    final = [
        {
            (plot.sensor.id, plot.time)
            for _, asked, held in node.asked
            for plot in held.plots
            if asked.product == "picture"
        }
        for node in (once_told, twice_told)
    ]
    assert final[0] == final[1]


@settings(max_examples=20, deadline=None)
@given(TELLINGS)
def test_no_observation_set_is_given_in_two_forms(told):
    """In every request: per party and token either plots or a tracklet, once each."""
    node = folded(told)
    for _, _, held_now in node.asked:
        keys = [(p.sensor.id, p.time, p.plot_id) for p in held_now.plots]
        assert len(keys) == len(set(keys))
        assert len(held_now.tracklets) <= 4


def test_memory_stays_within_its_bounds_when_a_flight_goes_on_and_on():
    """Every collection has a limit, and twenty radars at 1 Hz meet them in 30 minutes.

    After that time changes nothing: three hours hold no more than one.
    """
    node = Folded(profile(*(radar(f"r{n}") for n in range(10))), solver=None)
    for seconds in range(60, 1_860):
        for n in range(10):
            scan = (flown(f"r{n}", seconds),)
            node.give(seconds, PlotsHeard(sensor=f"r{n}", plots=scan))
            body = Plots(sensor_id=f"k{n}", plots=(flown(f"k{n}", seconds),))
            node.give(seconds, held(item(f"{n}-{seconds}", body, seconds)))
        node.out.clear()
    picture = node.state.picture
    assert len(picture.open) <= 1
    assert len(picture.seen) <= SEEN_MAX
    assert len(picture.retracted) <= RETRACTED_MAX
    for event in picture.open:
        for plots in event.evidence.own.values():
            assert len(plots) <= PLOTS_PER_SENSOR_MAX
    for follower in node.state.followers.values():
        (path,) = follower.live.paths
        assert len(path.fixes) <= 32
        assert sum(len(scan) for scan in follower.live.whole.scans) <= 48
        assert sum(len(scan) for scan in follower.live.untaken.scans) <= 48
    for event in picture.open:
        assert len(event.trail) <= TRAIL_MAX
        assert len(event.motions) <= SOURCES_MAX
    assert len(picture.homes) <= HOMES_MAX
