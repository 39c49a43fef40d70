"""Evidence: every sighting counts once, in the form that rests on most plots."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from beaconfire.estimation.tracklet import STATES
from beaconfire.stages.fuse.counting import TRACKLETS_PER_FORM_MAX
from beaconfire.stages.fuse.evidence import (
    FORMS_PER_PARTNER_MAX,
    SENSORS_PER_FORM_MAX,
    Evidence,
    add_cue,
    add_own_plots,
    add_partner_plots,
    add_track,
    observations,
    retract,
)
from beaconfire.stages.fuse.sighted import NEWEST_KEPT, OLDER_KEPT, PLOTS_PER_SENSOR_MAX
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.motion import Covariance, Phase
from beaconfire.vocabulary.report import Plots, TrackProduct
from tests.stages.sightings_made import at_s, cue, flown, item, plot, state, tracklet


def scan(name: str, *seconds: float, sensor: str = "k1", token: str = "t") -> Item:
    """Return a partner's plots item."""
    plots = tuple(flown(sensor, s) for s in seconds)
    body = Plots(sensor_id=sensor, plots=plots)
    return item(name, body, seconds[-1], lineage=(token,))


def track(
    name: str,
    seconds: float,
    *,
    plots: int,
    lineage: tuple[str, ...] = ("t",),
    sensors: str = "k1",
    from_s: float | None = None,
) -> Item:
    """Return a partner's track with a tracklet resting on some plots."""
    made = tracklet(seconds, plots=plots, sensor="k1")
    if from_s is not None:
        made = replace(made, interval=(at_s(from_s), made.interval[1]))
    body = TrackProduct(
        launch_id="theirs",
        phase="ballistic",
        state=state(seconds),
        tracklet=replace(made, sensors=tuple(sensors.split())),
    )
    return item(name, body, seconds, lineage=lineage)


def stated(name: str, seconds: float, *, phase: Phase = "ballistic") -> Item:
    """Return a partner's track that states a covariance and no more."""
    rows = tuple(tuple(1e4 * (i == j) for j in range(6)) for i in range(6))
    body = TrackProduct(
        launch_id="theirs",
        phase=phase,
        state=state(seconds),
        covariance=Covariance(states=STATES[:6], rows=rows),
    )
    return item(name, body, seconds, lineage=())


def add(evidence: Evidence, *items: Item) -> None:
    """Add partners' items in their order."""
    for one in items:
        if isinstance(one.body, Plots):
            add_partner_plots(evidence, one, one.body.sensor_id, one.body.plots)
        elif isinstance(one.body, TrackProduct):
            add_track(evidence, one, one.body)


def counts(evidence: Evidence) -> tuple[int, int]:
    """Return how many plots and tracklets the solver is given."""
    held = observations(evidence)
    return len(held.plots), len(held.tracklets)


def test_of_plots_and_tracklet_under_one_token_the_richer_is_used():
    """They rest on the same sightings, so never both; a tie goes to the plots."""
    for tracklet_plots, expected in ((2, (3, 0)), (3, (3, 0)), (4, (0, 1))):
        evidence = Evidence()
        add(evidence, track("a", 70.0, plots=tracklet_plots))
        add(evidence, scan("b", 60.0, 61.0, 62.0))
        assert counts(evidence) == expected


def test_forms_under_different_tokens_are_used_together():
    """Different observation sets of different sensors are different sightings."""
    evidence = Evidence()
    add(evidence, scan("a", 60.0, 61.0, token="t1"))
    add(evidence, track("b", 70.0, plots=9, lineage=("t2",), sensors="k2"))
    assert counts(evidence) == (2, 1)


def test_a_sensor_at_one_time_is_not_counted_twice_under_another_token():
    """A nation that begins anew gives new tokens to what its sensor saw before."""
    evidence = Evidence()
    add(evidence, scan("a", 60.0, 61.0, token="t1"))
    add(evidence, track("b", 70.0, plots=9, lineage=("t2",)))
    assert counts(evidence) == (0, 1)
    add(evidence, track("c", 200.0, plots=9, lineage=("t3",)))
    assert counts(evidence) == (0, 2)


def test_a_form_that_shares_any_token_with_a_richer_one_is_left_out():
    """A track of two sets is not added to the plots of one of them.

    Plots of two sets may be: one that stands in both is one plot.
    """
    evidence = Evidence()
    add(evidence, scan("a", 60.0, 61.0, token="t1"))
    add(evidence, track("b", 70.0, plots=9, lineage=("t1", "t2")))
    assert counts(evidence) == (0, 1)
    add(evidence, scan("c", *(60.0 + n for n in range(12)), token="t2"))
    assert counts(evidence) == (12, 0)


def test_another_originators_token_is_not_ours_to_compare():
    """Two parties may happen to use one token; that relates nothing."""
    evidence = Evidence()
    add(evidence, scan("a", 60.0, 61.0))
    other = track("b", 70.0, plots=9)
    body = other.body
    assert isinstance(body, TrackProduct)
    add(evidence, item("b", body, 70.0, originator="USA", lineage=("t",)))
    assert counts(evidence) == (2, 1)


def test_a_tracklet_without_a_token_is_never_summed():
    """Nobody could say what else it was made of: it is handed on apart."""
    evidence = Evidence()
    assert not evidence.enough()
    add(evidence, track("a", 70.0, plots=50, lineage=()))
    assert counts(evidence) == (0, 0)
    assert evidence.enough()
    (loose,) = observations(evidence).overlapping
    assert loose.bias_priors[0].bias_id == "KOR/k1"
    assert retract(evidence, "KOR", "a")
    assert observations(evidence).overlapping == ()


@given(st.permutations([60.0, 70.0, 80.0]))
def test_of_a_partners_stated_tracks_the_newest_is_kept(order):
    """A running track says again what it said before, and something more."""
    evidence = Evidence()
    add(evidence, *(stated(f"{seconds}", seconds) for seconds in order))
    (kept,) = observations(evidence).tracks
    assert kept.state == state(80.0)


def test_a_stated_track_under_thrust_is_not_fused():
    """What pushes follows no arc, and a state is worth nothing a moment later."""
    evidence = Evidence()
    add(evidence, stated("a", 70.0, phase="boost"), stated("b", 71.0, phase="unknown"))
    assert observations(evidence).tracks == ()


def test_unshared_sensors_are_named_only_beside_what_they_are_held_against():
    """Where all is counted once there is nothing to be held apart."""
    evidence = Evidence()
    add(evidence, track("a", 70.0, plots=50))
    assert observations(evidence, ("r1",)).unshared == ()
    add(evidence, stated("b", 70.0))
    assert observations(evidence, ("r1",)).unshared == ("r1",)


def test_increments_of_one_token_are_used_together():
    """Tracklets that do not overlap in time rest on different plots."""
    evidence = Evidence()
    for number in range(30):
        end_s = 100.0 + 10.0 * number
        add(evidence, track(f"i{number}", end_s, plots=10, from_s=end_s - 9.5))
    assert counts(evidence) == (0, 30)
    add(evidence, track("whole", 400.0, plots=300, from_s=90.0))
    assert counts(evidence) == (0, 1)


def test_the_part_that_two_tracks_share_is_taken_out_once():
    """Tracks of (A, C) and (A, B), and A alone: A + B + C."""
    evidence = Evidence()
    add(
        evidence,
        track("ac", 90.0, plots=120, lineage=("t1",), sensors="a c", from_s=30.0),
        track("ab", 91.0, plots=110, lineage=("t2",), sensors="a b", from_s=31.0),
    )
    held = observations(evidence)
    assert [one.sensors for one in held.tracklets] == [("KOR/a", "KOR/c")]
    assert [one.sensors for one in held.overlapping] == [("KOR/a", "KOR/b")]
    add(evidence, track("a", 90.5, plots=60, lineage=("t3",), sensors="a", from_s=30.5))
    held = observations(evidence)
    assert len(held.tracklets) == 2
    assert [one.sensors for one in held.common] == [("KOR/a",)]
    assert held.overlapping == ()


def test_a_part_that_reaches_beyond_both_is_not_taken_out():
    """It would take out plots that nothing else brought in."""
    evidence = Evidence()
    add(
        evidence,
        track("ac", 90.0, plots=120, lineage=("t1",), sensors="a c", from_s=30.0),
        track("ab", 91.0, plots=110, lineage=("t2",), sensors="a b", from_s=31.0),
        track("a", 95.0, plots=60, lineage=("t3",), sensors="a", from_s=30.5),
    )
    held = observations(evidence)
    assert len(held.tracklets) == 1
    assert held.common == ()
    assert len(held.overlapping) == 1


def test_a_token_of_many_tracklets_stays_within_a_bound():
    """The newest stay; what a newer one covers goes."""
    evidence = Evidence()
    for number in range(3 * TRACKLETS_PER_FORM_MAX):
        end_s = 100.0 + 10.0 * number
        add(evidence, track(f"i{number}", end_s, plots=10, from_s=end_s - 9.5))
    (form,) = evidence.forms.values()
    assert len(form.tracklets) == TRACKLETS_PER_FORM_MAX
    for number in range(50):
        add(evidence, track(f"g{number}", 2_000.0 + number, plots=99, from_s=0.0))
    assert len(form.tracklets) == 1


ITEMS = st.permutations(
    [
        scan("p1", 60.0, 61.0, 62.0, token="t1"),
        scan("p2", 61.0, 62.0, 63.0, token="t2"),
        track("x", 80.0, plots=40, lineage=("t1",), sensors="k1 k2", from_s=70.0),
        track("y", 81.0, plots=30, lineage=("t3",), sensors="k2 k3", from_s=70.0),
        track("z", 80.5, plots=15, lineage=("t4",), sensors="k2", from_s=70.0),
        track("o", 75.0, plots=9, lineage=("t3",), sensors="k3", from_s=69.0),
        stated("s", 79.0),
        track("l", 80.0, plots=20, lineage=()),
    ]
)


@given(ITEMS, st.data())
def test_what_is_counted_does_not_depend_on_the_order_in_which_it_came(order, data):
    """Late, out of order, by a second route: the same goes into a solve."""

    def given_by(evidence: Evidence) -> tuple[list[str], ...]:
        held = observations(evidence)
        groups = (
            held.plots,
            held.tracklets,
            held.common,
            held.overlapping,
            held.tracks,
        )
        return tuple(sorted(map(repr, group)) for group in groups)

    one, other = Evidence(), Evidence()
    add(one, *order)
    again = data.draw(st.permutations(order))
    add(other, *again, *data.draw(st.lists(st.sampled_from(again))))
    assert given_by(one) == given_by(other)


@given(st.permutations([(60.0, 5), (70.0, 9), (70.0, 8), (80.0, 7)]))
def test_the_newest_tracklet_of_a_token_stays_in_whatever_order_they_come(order):
    """A growing tracklet replaces its predecessor, also when it overtook it."""
    evidence = Evidence()
    add(
        evidence,
        *(track(f"{seconds}-{n}", seconds, plots=n) for seconds, n in order),
    )
    (kept,) = observations(evidence).tracklets
    assert kept.plots == 7


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=30))
def test_a_plot_counts_once_however_often_it_comes(scans):
    """By any item, in any order, together or alone."""
    evidence = Evidence()
    for number, (start, length) in enumerate(scans):
        seconds = [60.0 + start + n for n in range(length + 1)]
        add(evidence, scan(f"i{number}", *seconds))
    expected = {s + n for s, length in scans for n in range(length + 1)}
    assert counts(evidence) == (len(expected), 0)


def test_two_plots_of_one_instant_without_ids_are_two():
    """The values stand in for the id that is not there."""
    one = plot("r1", 60.0, east_m=1e5, north_m=0.0, up_m=1e4)
    two = plot("r1", 60.0, east_m=2e5, north_m=0.0, up_m=1e4)
    evidence = Evidence()
    assert add_own_plots(evidence, "r1", (one, two))
    assert not add_own_plots(evidence, "r1", (two, one))
    assert counts(evidence) == (2, 0)


def test_a_partners_sensors_bear_its_name_everywhere():
    """So that two radars of one name never share a registration error by accident."""
    evidence = Evidence()
    add_own_plots(evidence, "k1", (flown("k1", 60.0),))
    add(
        evidence,
        scan("a", 60.0, sensor="k2", token="t1"),
        track("b", 70.0, plots=9, lineage=("u",)),
    )
    held = observations(evidence)
    assert [plot.sensor.id for plot in held.plots] == ["k1", "KOR/k2"]
    (told,) = held.tracklets
    assert told.sensors == ("KOR/k1",)
    assert told.bias_priors[0].bias_id == "KOR/k1"
    assert told.states[6:] == (
        "drag",
        "KOR/k1:range_m",
        "KOR/k1:azimuth_mrad",
        "KOR/k1:elevation_mrad",
    )


def test_a_retraction_takes_out_what_its_item_brought_and_nothing_else():
    """Another item's plots stay; another party cannot retract them."""
    evidence = Evidence()
    add(evidence, scan("a", 60.0, 61.0), scan("b", 61.0, 62.0))
    add(evidence, track("c", 70.0, plots=50))
    assert not retract(evidence, "USA", "a")
    assert retract(evidence, "KOR", "c")
    assert counts(evidence) == (3, 0)
    assert retract(evidence, "KOR", "a")
    assert counts(evidence) == (1, 0)
    assert not retract(evidence, "KOR", "a")


def test_a_long_watch_keeps_its_whole_arc_within_a_bound():
    """The newest stay whole, those before them evenly from the first one on."""
    evidence = Evidence()
    for second in range(3 * PLOTS_PER_SENSOR_MAX):
        add_own_plots(evidence, "r1", (flown("r1", float(second)),))
    kept = sorted(evidence.own["r1"].plots, key=lambda p: p.time)
    assert NEWEST_KEPT + OLDER_KEPT // 2 <= len(kept) <= PLOTS_PER_SENSOR_MAX
    assert kept[0].time == at_s(0.0)
    assert kept[-1].time == at_s(3.0 * PLOTS_PER_SENSOR_MAX - 1.0)
    gaps = [b.time.seconds_since(a.time) for a, b in pairwise(kept)]
    assert max(gaps) <= 3.0 * 4_000.0 / OLDER_KEPT  # thinned time and again
    assert set(gaps[-NEWEST_KEPT + 1 :]) == {1.0}


def test_a_partner_cannot_fill_the_memory():
    """Forms and sensors of one partner are bounded, and others are unaffected."""
    evidence = Evidence()
    for number in range(2 * FORMS_PER_PARTNER_MAX):
        add(evidence, scan(f"f{number}", 60.0, token=f"t{number}"))
    for number in range(2 * SENSORS_PER_FORM_MAX):
        add(evidence, scan(f"s{number}", 60.0, sensor=f"k{number}", token="t0"))
    assert len(evidence.forms) == FORMS_PER_PARTNER_MAX
    assert max(len(form.plots) for form in evidence.forms.values()) == (
        SENSORS_PER_FORM_MAX
    )
    body = scan("x", 60.0).body
    other = item("x", body, 60.0, originator="USA")
    add(evidence, other)
    assert len(evidence.forms) == FORMS_PER_PARTNER_MAX + 1


def test_a_cue_counts_once():
    """The same sensor, instant and id is the same cue."""
    evidence = Evidence()
    assert add_cue(evidence, cue("ir1", 30.0))
    assert not add_cue(evidence, cue("ir1", 30.0))
    assert add_cue(evidence, cue("ir1", 31.0))
    assert len(observations(evidence).cues) == 2
