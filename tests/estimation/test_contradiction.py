"""A sensor that lies is named where others can tell, and believed nowhere else."""

import math

import numpy as np
import pytest
from msgspec.structs import replace

from beaconfire.estimation.contradiction import doubted, reconciled
from beaconfire.estimation.flight import estimate_flight
from beaconfire.vocabulary.flight import Observations

from .flying import EAST, NEAR, SOUTH, STEEP, fly, held_against, seen_by

FROM_S, TO_S = 60.0, 300.0


def too_far(plot):
    """A constant error of five kilometres."""
    return replace(plot, range_m=plot.range_m + 5_000.0)


def stuck(plot):
    """An antenna that no longer turns."""
    return replace(plot, azimuth_deg=45.0)


def a_second_late(plot):
    """A clock that is wrong by one second."""
    return replace(plot, time=plot.time.plus_s(1.0))


def an_hour_late(plot):
    """A clock in another time zone."""
    return replace(plot, time=plot.time.plus_s(3_600.0))


def unrefracted(plot):
    """Elevation as the ray arrives, Bennett's formula: refraction left in."""
    apparent = plot.elevation_deg + 7.31 / (plot.elevation_deg + 4.4)
    return replace(
        plot,
        elevation_deg=plot.elevation_deg
        + 1.0 / (60.0 * math.tan(math.radians(apparent))),
    )


def seen(radars, lie=None, seed=5):
    """Return what radars see of one flight; ``lie`` is what the first makes of it."""
    rng = np.random.default_rng(seed)
    plots = seen_by(radars, fly(STEEP), FROM_S, TO_S, rng)
    return Observations(
        plots=tuple(
            lie(plot) if lie is not None and plot.sensor.id == NEAR.id else plot
            for plot in plots
        )
    )


def answer(held):
    """Answer for one object, without what contradicts."""
    return reconciled(held, estimate_flight(held), solve=estimate_flight)


@pytest.mark.parametrize("seed", [5, 6, 7])
@pytest.mark.parametrize("lie", [too_far, stuck, a_second_late])
def test_one_of_three_that_lies_is_named_and_left_out(lie, seed):
    """The two honest ones agree; the third is rejected with all its plots, by name."""
    found = answer(seen((NEAR, SOUTH, EAST), lie, seed))
    assert found.model_holds
    assert held_against(found, fly(STEEP)).miss_m < 3_000.0
    assert "sensor `near` rejected by consistency" in found.reason
    verdicts = {account.id: account.verdict for account in found.sensors}
    assert verdicts == {"near": "rejected", "south": "used", "east": "used"}
    named = {one.reason for one in found.rejected}
    assert any("contradicts all others" in reason for reason in named)


@pytest.mark.parametrize("lie", [too_far, stuck, a_second_late])
def test_two_that_contradict_each_other_give_no_area(lie):
    """Nothing tells which is wrong, so neither is believed."""
    found = answer(seen((NEAR, SOUTH), lie))
    assert found.impact is None
    assert not found.model_holds


def test_honest_sensors_are_all_used():
    """What agrees is left as it was found."""
    held = seen((NEAR, SOUTH, EAST))
    estimate = estimate_flight(held)
    assert reconciled(held, estimate, solve=estimate_flight) is estimate


def test_refraction_left_in_at_one_of_three_is_absorbed_or_named():
    """A small lie is a bias like any other: the area still holds."""
    found = answer(seen((NEAR, SOUTH, EAST), unrefracted))
    assert found.model_holds
    assert held_against(found, fly(STEEP)).miss_m < 3_000.0


def test_a_clock_that_is_an_hour_wrong_makes_no_second_area():
    """The same path at another time, by one sensor alone, is doubted and kept."""
    honest = seen((SOUTH, EAST))
    late = seen((NEAR,), an_hour_late)
    first, second = doubted(
        [(honest, estimate_flight(honest)), (late, estimate_flight(late))]
    )
    assert first.impact is not None
    assert second.impact is None
    assert "the clock of `near` may be wrong" in second.reason


def test_what_one_sensor_sees_beside_what_others_see_is_doubted():
    """It looked where the others' object stood, and did not see it."""
    honest = seen((SOUTH, EAST))
    alone = seen((NEAR,), too_far)
    first, second = doubted(
        [(honest, estimate_flight(honest)), (alone, estimate_flight(alone))]
    )
    assert first.impact is not None
    assert second.impact is None
    assert "sees nothing of what `east` and `south` see" in second.reason


def test_one_sensor_alone_contradicts_nobody():
    """A constant lie of the only sensor cannot be seen; nothing is invented."""
    held = seen((NEAR,), too_far)
    assert answer(held).impact is not None
    assert doubted([(held, estimate_flight(held))])[0].impact is not None


def test_a_feed_given_three_times_over_is_still_a_sensor_that_is_used():
    """A repeat says nothing against the sensor, nor against what was found."""
    once = seen((NEAR, SOUTH))
    thrice = Observations(plots=once.plots * 3)
    found = answer(thrice)
    assert found.impact == answer(once).impact
    assert {account.verdict for account in found.sensors} == {"used"}
