"""Two objects that may be one of which a sensor lies: who keeps an area?"""

import dataclasses

import numpy as np
import pytest
from msgspec.structs import replace

from beaconfire.estimation.contradiction import doubted
from beaconfire.estimation.flight import estimate_flight
from beaconfire.vocabulary.flight import Observations

from .flying import (
    LIFT_OFF,
    NEAR,
    SOUTH,
    STEEP,
    Radar,
    fly,
)
from .test_contradiction import FROM_S, TO_S, an_hour_late, seen


def far_too_far(plot):
    """An error so large that its object is not taken for the others'."""
    return replace(plot, range_m=plot.range_m + 20_000.0)


def far_too_near(plot):
    """An error that puts what the other sees beyond all that it shows itself."""
    return replace(plot, range_m=plot.range_m - 0.2 * plot.range_m)


def ten_seconds_late(plot):
    """A clock that puts its object kilometres behind."""
    return replace(plot, time=plot.time.plus_s(10.0))


@pytest.mark.parametrize("lie", [far_too_far, far_too_near, ten_seconds_late])
def test_of_two_that_each_see_what_the_other_does_not_neither_is_believed(lie):
    """One lies by so much that it seems to see another object: two areas, of which one
    is wrong, would be told."""
    honest, lying = seen((SOUTH,)), seen((NEAR,), lie)
    answers = doubted(
        [(honest, estimate_flight(honest)), (lying, estimate_flight(lying))]
    )
    for found in answers:
        assert found.impact is None
        assert not found.model_holds
        assert "`near` and `south`" in found.reason
        assert "one of them is wrong" in found.reason


def test_of_two_that_see_one_path_at_two_times_neither_clock_is_believed():
    """The place is the same; of the times one is an hour wrong."""
    first, second = seen((SOUTH,)), seen((NEAR,), an_hour_late)
    answers = doubted(
        [(first, estimate_flight(first)), (second, estimate_flight(second))]
    )
    for found in answers:
        assert found.impact is None
        assert "clock" in found.reason


def test_a_sensor_that_leaves_what_another_goes_on_to_see_is_doubted():
    """From the middle of the flight on it is far too far: an object of its own."""
    middle = LIFT_OFF.plus_s(180.0)
    both = seen((NEAR, SOUTH)).plots
    lying = tuple(p for p in both if p.sensor.id == NEAR.id and p.time > middle)
    honest = Observations(plots=tuple(p for p in both if p not in lying))
    alone = Observations(plots=tuple(far_too_far(plot) for plot in lying))
    first, second = doubted(
        [(honest, estimate_flight(honest)), (alone, estimate_flight(alone))]
    )
    assert first.impact is not None
    assert second.impact is None
    assert "`near` alone sees it" in second.reason


def test_what_a_sensor_sees_beside_the_object_that_all_see_is_believed():
    """A second object that the other is too far from: this sensor shows both."""
    both = seen((NEAR, SOUTH))
    second_flight = fly(dataclasses.replace(STEEP, azimuth_deg=95.0))
    rng = np.random.default_rng(6)
    beside = Observations(plots=tuple(NEAR.plots(second_flight, FROM_S, TO_S, rng)))
    first, second = doubted(
        [(both, estimate_flight(both)), (beside, estimate_flight(beside))]
    )
    assert first.impact is not None
    assert second.impact is not None


def test_two_launches_far_apart_have_an_area_each_though_each_radar_sees_one():
    """A radar may watch one sector: what flies far beside it is no lie of anybody."""
    rng = np.random.default_rng(5)
    beside = fly(dataclasses.replace(STEEP, site=(45.5, 126.5)))
    here, there = Radar("here", 37.0, 130.0), Radar("there", 43.0, 134.0)
    both = [
        Observations(plots=tuple(radar.plots(flight, FROM_S, TO_S, rng)))
        for radar, flight in ((here, fly(STEEP)), (there, beside))
    ]
    for found in doubted([(held, estimate_flight(held)) for held in both]):
        assert found.impact is not None


def test_two_launches_that_no_radar_could_see_both_of_have_an_area_each():
    """Each radar alone sees its own, and looks nowhere near the other's."""
    rng = np.random.default_rng(5)
    afar = fly(dataclasses.replace(STEEP, site=(20.0, 95.0)))
    here, there = Radar("here", 37.0, 130.0), Radar("there", 18.0, 99.0)
    both = [
        Observations(plots=tuple(radar.plots(flight, FROM_S, TO_S, rng)))
        for radar, flight in ((here, fly(STEEP)), (there, afar))
    ]
    for found in doubted([(held, estimate_flight(held)) for held in both]):
        assert found.impact is not None
