"""Alone: what bounds where a sensor should have seen another's object."""

from dataclasses import replace as changed

import numpy as np
import pytest
from msgspec.structs import replace

from beaconfire.estimation.alone import (
    NAMES_CHARS_MAX,
    Flown,
    Followed,
    doubt_of,
    shown_of,
)
from beaconfire.vocabulary.cards import OwnSensor
from beaconfire.vocabulary.motion import ErrorEllipse, LaunchPoint
from tests.stages.sightings_made import area

from .flying import EAST, LIFT_OFF, NEAR, SOUTH, STEEP, fly

FLIES = Flown(holds=True)


def plots(radar, from_s=60.0, to_s=200.0, *, by_m=0.0, flight=None, seed=5):
    """What a radar shows of a flight, so many metres too far."""
    rng = np.random.default_rng(seed)
    seen = radar.plots(flight or fly(STEEP), from_s, to_s, rng)
    return [replace(one, range_m=one.range_m + by_m) for one in seen]


def followed(*shown, flown=FLIES, stated=None, others=()):
    """One object by what sensors show of it."""
    return Followed(
        shown={some[0].sensor.id: shown_of(some, stated) for some in shown},
        flown=flown,
        others=frozenset(others),
    )


def contradict(one, other, *rest):
    """Whether each of two may be the other, seen wrongly."""
    return tuple(
        doubt_of(mine, its, (one, other, *rest)) is not None
        for mine, its in ((one, other), (other, one))
    )


def test_one_object_by_two_sensors_is_no_contradiction():
    """Two launches were opened for it; both sensors show it at one place."""
    assert contradict(followed(plots(NEAR)), followed(plots(SOUTH))) == (False, False)


@pytest.mark.parametrize("by_m", [-50e3, -5e3, 5e3, 50e3])
def test_one_object_at_two_places_is_one(by_m):
    """Five kilometres are more than two surveys and the plots' noise explain."""
    pair = followed(plots(NEAR, by_m=by_m)), followed(plots(SOUTH))
    assert contradict(*pair) == (True, True)


def test_what_a_sensor_shows_as_a_third_object_it_sees():
    """Paths of two that rise together are laid to each other: nobody lies."""
    other = fly(changed(STEEP, azimuth_deg=100.0))
    one = followed(plots(NEAR))
    two = followed(plots(SOUTH, flight=other))
    mixed = followed(plots(SOUTH), plots(NEAR, flight=other))
    assert contradict(one, two) == (True, True)
    assert contradict(one, two, mixed) == (False, False)


def test_what_one_sensor_cannot_see_by_what_is_stated_does_not_count():
    """Its horizon and its range bound where it looks; the other's are its own."""
    for limits in ({"elevation_min_deg": 80.0}, {"range_max_km": 100.0}):
        blind = OwnSensor(id="any", kind="radar", **limits)
        pair = (
            followed(plots(NEAR, by_m=20e3), stated=blind),
            followed(plots(SOUTH), stated=blind),
        )
        assert contradict(*pair) == (False, False)


def test_a_range_that_is_stated_counts_beyond_what_was_shown():
    """A radar that shows its object too near looks as far as it is known to."""
    near = [replace(one, range_m=0.7 * one.range_m) for one in plots(NEAR)]
    far, blind = (
        OwnSensor(id="any", kind="radar", range_max_km=km) for km in (3_000.0, 100.0)
    )
    theirs = followed(plots(SOUTH), stated=blind)
    assert contradict(followed(near), theirs) == (False, False)
    assert contradict(followed(near, stated=far), theirs) == (True, True)


@pytest.mark.parametrize(("to_s", "doubted"), [(120.0, False), (150.0, True)])
def test_a_radar_that_turns_slowly_is_given_more_time(to_s, doubted):
    """A path takes four plots: six looks of five seconds must have passed, not ten."""
    slow = changed(NEAR, rate_s=5.0)
    mine = followed(plots(slow, 100.0, to_s, by_m=20e3))
    theirs = followed(plots(SOUTH, 100.0, to_s), plots(EAST, 100.0, to_s))
    assert (doubt_of(mine, theirs, (mine, theirs)) is not None) is doubted


def test_an_object_that_no_arc_explains_contradicts_no_other_alone():
    """Of two one fits no arc by itself: the other keeps its area."""
    denied = Flown(holds=False)
    pair = followed(plots(NEAR, by_m=20e3), flown=denied), followed(plots(SOUTH))
    assert contradict(*pair) == (False, False)


def test_one_body_of_which_two_launches_converge_is_not_called_a_clock():
    """The same place and size at the same time is what honest sensors show."""
    ground = ErrorEllipse(semi_major_m=5e3, semi_minor_m=5e3, azimuth_deg=0.0)
    point = LaunchPoint(lat_deg=40.6, lon_deg=126.4, time=LIFT_OFF, ellipse95=ground)
    alike = Flown(holds=True, launch=point, impact=area(), apogee_km=970.0)
    one, other = followed(plots(NEAR), flown=alike), followed(plots(SOUTH), flown=alike)
    assert contradict(one, other) == (False, False)
    late = [replace(p, time=p.time.plus_s(3_600.0)) for p in plots(SOUTH)]
    why = doubt_of(one, followed(late, flown=alike), (one,))
    assert why == (
        "`near` and `south` see one path at two times: one of their clocks may be wrong"
    )


def test_a_source_without_plots_is_no_sensor_alone():
    """A partner's track shows it too; who made it is not known to look elsewhere."""
    told = followed(plots(NEAR, by_m=20e3), others=("KOR/one",))
    assert contradict(told, followed(plots(SOUTH)))[0] is False


def test_a_reason_stays_within_what_an_entry_holds():
    """Of many sensors it says how many they are."""
    many = tuple(f"sensor-with-a-long-name-{k}" for k in range(30))
    mine, others = followed(plots(NEAR, by_m=20e3)), followed(plots(SOUTH), others=many)
    why = doubt_of(mine, others, (mine, others))
    assert "sees nothing of what 31 others see" in why
    assert len(why) < NAMES_CHARS_MAX + 200
