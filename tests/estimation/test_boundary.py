"""The flight between two places, against the exercise's sky, which shares no code."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beaconfire.estimation.boundary import Ends, flight_time_s
from beaconfire.exercise.sky.aim import Wanted, aim
from beaconfire.exercise.sky.dynamics import Body
from beaconfire.exercise.sky.earth import Geodetic
from beaconfire.exercise.sky.powered import Burn, Programme

SITE_DEG = (39.2, 125.7)


@pytest.mark.parametrize(
    ("apogee_km", "range_km", "azimuth_deg", "powered_s"),
    [
        (7_687.5, 1_001.2, 62.0, 250.0),
        (3_724.9, 998.0, 76.0, 390.0),
        (6_000.0, 1_000.0, 270.0, 300.0),
        (985.0, 4_550.0, 80.0, 147.0),
        (1_000.0, 1_000.0, 75.0, 120.0),
        (120.0, 400.0, 90.0, 60.0),
    ],
)
def test_a_flight_lasts_as_long_as_the_skys(
    apogee_km, range_km, azimuth_deg, powered_s
):
    """The same figures, a constant push of the same length: half a percent apart.

    Two programmes that share no code: other axes, other integrator, other thrust
    programme, other solver. What is left is the shape of the turn.
    """
    ends = Ends.along(SITE_DEG, azimuth_deg, 1e3 * range_km, 1e3 * apogee_km)
    wanted = Wanted(
        site=Geodetic(*ends.from_deg, 0.0),
        target=Geodetic(*ends.to_deg, 0.0),
        apogee_m=ends.apogee_m,
    )
    programme = Programme(
        burns=(Burn(0.0, powered_s, 0.0),), rise_s=2.0, turned_s=0.5 * powered_s
    )
    course = aim(wanted, programme, Body(ballistic_kg_per_m2=8_000.0)).course
    assert flight_time_s(ends, powered_s) == pytest.approx(course.end_s, rel=5e-3)


@given(
    apogee_km=st.floats(200.0, 9_000.0),
    range_km=st.floats(100.0, 5_000.0),
    azimuth_deg=st.floats(0.0, 360.0),
)
@settings(max_examples=20)
def test_a_flight_takes_longer_than_its_vacuum_arc(apogee_km, range_km, azimuth_deg):
    """Whatever the figures: the floor is one, and a push adds less than it lasts.

    The air adds a little more on a flat way down.
    """
    ends = Ends.along(SITE_DEG, azimuth_deg, 1e3 * range_km, 1e3 * apogee_km)
    taken_s = flight_time_s(ends, 60.0)
    if taken_s is not None:  # the flattest of these, the air stops short
        assert ends.arc.seconds < taken_s < ends.arc.seconds + 60.0 + 30.0


@given(apogee_km=st.floats(1_000.0, 8_000.0), range_km=st.floats(300.0, 3_000.0))
@settings(max_examples=10)
def test_time_grows_with_apogee_and_with_the_push(apogee_km, range_km):
    """Both orders, without which no verdict would mean anything."""
    lower, higher = (
        Ends.along(SITE_DEG, 72.0, 1e3 * range_km, 1e3 * height_km)
        for height_km in (apogee_km, apogee_km + 50.0)
    )
    short_s, long_s = flight_time_s(lower, 150.0), flight_time_s(lower, 200.0)
    high_s = flight_time_s(higher, 150.0)
    assert short_s is not None
    assert long_s is not None
    assert high_s is not None
    assert short_s < long_s
    assert short_s + 10.0 < high_s < short_s + 60.0


def test_what_cannot_be_flown_has_no_time():
    """Nearly an orbit at 150 km: a push of 300 s would end above that."""
    assert flight_time_s(Ends.along(SITE_DEG, 72.0, 12_000e3, 150e3), 300.0) is None


def test_no_flight_comes_down_on_the_far_side_of_the_earth_instead():
    """Near the antipode a straight line of sight would meet the wrong ground."""
    ends = Ends.along(SITE_DEG, 72.0, 18_000e3, 500e3)
    taken_s = flight_time_s(ends, 200.0)
    assert taken_s is None or taken_s > ends.arc.seconds
