"""Evidence: every sighting counts once, in the form that rests on most plots."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from beaconfire.stages.fuse.evidence import (
    FORMS_PER_PARTNER_MAX,
    NEWEST_KEPT,
    OLDER_KEPT,
    PLOTS_PER_SENSOR_MAX,
    SENSORS_PER_FORM_MAX,
    Evidence,
    add_cue,
    add_own_plots,
    add_partner_plots,
    add_tracklet,
    observations,
    retract,
)
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.report import Plots, TrackProduct
from tests.stages.sightings_made import at_s, cue, flown, item, plot, state, tracklet


def scan(name: str, *seconds: float, sensor: str = "k1", token: str = "t") -> Item:
    """Return a partner's plots item."""
    plots = tuple(flown(sensor, s) for s in seconds)
    body = Plots(sensor_id=sensor, plots=plots)
    return item(name, body, seconds[-1], lineage=(token,))


def track(
    name: str, seconds: float, *, plots: int, lineage: tuple[str, ...] = ("t",)
) -> Item:
    """Return a partner's track with a tracklet resting on some plots."""
    body = TrackProduct(
        launch_id="theirs",
        phase="ballistic",
        state=state(seconds),
        tracklet=tracklet(seconds, plots=plots, sensor="k1"),
    )
    return item(name, body, seconds, lineage=lineage)


def add(evidence: Evidence, *items: Item) -> None:
    """Add partners' items in their order."""
    for one in items:
        if isinstance(one.body, Plots):
            add_partner_plots(evidence, one, one.body.sensor_id, one.body.plots)
        elif isinstance(one.body, TrackProduct) and one.body.tracklet is not None:
            add_tracklet(evidence, one, one.body.tracklet)


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
    """Different observation sets are different sightings."""
    evidence = Evidence()
    add(evidence, scan("a", 60.0, 61.0, token="t1"))
    add(evidence, track("b", 70.0, plots=9, lineage=("t2",)))
    assert counts(evidence) == (2, 1)


def test_a_form_that_shares_any_token_with_a_richer_one_is_left_out():
    """A track of two sets is not added to the plots of one of them."""
    evidence = Evidence()
    add(evidence, scan("a", 60.0, 61.0, token="t1"))
    add(evidence, track("b", 70.0, plots=9, lineage=("t1", "t2")))
    assert counts(evidence) == (0, 1)
    add(evidence, scan("c", *(60.0 + n for n in range(12)), token="t2"))
    assert counts(evidence) == (14, 0)


def test_another_originators_token_is_not_ours_to_compare():
    """Two parties may happen to use one token; that relates nothing."""
    evidence = Evidence()
    add(evidence, scan("a", 60.0, 61.0))
    other = track("b", 70.0, plots=9)
    body = other.body
    assert isinstance(body, TrackProduct)
    add(evidence, item("b", body, 70.0, originator="USA", lineage=("t",)))
    assert counts(evidence) == (2, 1)


def test_a_tracklet_without_a_token_is_not_used():
    """Nobody could say what else it was made of."""
    evidence = Evidence()
    add(evidence, track("a", 70.0, plots=50, lineage=()))
    assert counts(evidence) == (0, 0)


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
        evidence, scan("a", 60.0, token="t1"), track("b", 70.0, plots=9, lineage=("u",))
    )
    held = observations(evidence)
    assert [plot.sensor.id for plot in held.plots] == ["k1", "KOR/k1"]
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
    kept = sorted(evidence.own["r1"].values(), key=lambda p: p.time)
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
