"""What leaves its arc is found within seconds, and what keeps to it is left alone."""

from dataclasses import dataclass, replace

import numpy as np
import pymap3d
import pytest
from scipy.integrate import solve_ivp

from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.judgement import newest_state
from beaconfire.estimation.measurement import tabulate
from beaconfire.estimation.thrust import cautious, follow_thrust
from beaconfire.vocabulary.flight import Observations

from .flying import (
    EAST,
    FAR,
    LIFT_OFF,
    NEAR,
    SOUTH,
    STEEP,
    drawn_flights,
    fall,
    fly,
    free_fall,
    height_of,
    seen_by,
)

THREE = (NEAR, SOUTH, EAST)
ALONG = replace(EAST, id="along", lon=136.0)
GAP_S, RELIT_S = 14.0, 20.0
STAGED = replace(FAR, pulse=(FAR.burn_s + GAP_S, FAR.burn_s + GAP_S + RELIT_S, 30.0))


@dataclass(frozen=True, eq=False)
class Manoeuvring:
    """A flight that is pushed across its path from some height downwards."""

    before: object
    since_s: float
    after: object
    impact_s: float

    def state(self, t):
        """True (r, v) at seconds from lift-off."""
        return self.before.state(t) if t < self.since_s else self.after(t)


def pulling_up(flight, height_m, push_mps2):
    """The same flight, pushed up across its path once it has fallen to a height."""
    since = fallen_to(flight, height_m)

    def pushed(_, y):
        dy = free_fall(y)
        along = y[3:] / np.linalg.norm(y[3:])
        up = y[:3] / np.linalg.norm(y[:3])
        across = up - along * (up @ along)
        dy[3:] += push_mps2 * across / np.linalg.norm(across)
        return dy

    end = flight.impact_s - 2.0
    course = solve_ivp(
        pushed, (since, end), flight.state(since), method="DOP853", rtol=1e-8,
        atol=1e-3, dense_output=True,
    )  # fmt: skip
    return Manoeuvring(flight, since, course.sol, float(end))


def fallen_to(flight, height_m):
    """Return when it has come down under a height, seconds from lift-off."""
    times = np.arange(flight.impact_s - 120.0, flight.impact_s)
    return float(next(t for t in times if height_of(flight.state(t)) < height_m))


def until(plots, t_s):
    """Return the plots up to an instant from lift-off."""
    return tuple(p for p in plots if p.time.seconds_since(LIFT_OFF) <= t_s)


def asked(plots, t_s):
    """Return the estimate made of the plots up to an instant."""
    return estimate_flight(Observations(plots=until(plots, t_s)))


@pytest.mark.parametrize(
    ("radars", "within_s"), [((NEAR,), 13.0), ((ALONG,), 6.0), (THREE, 5.0)]
)
def test_a_further_stage_takes_the_area_back_within_seconds(radars, within_s):
    """In the gap the area stands on a condition; relit, it is boost with a corridor.

    A radar beside the path sees the push across its range only, and so later.
    """
    flight, delays = fly(STAGED), []
    relit = STAGED.pulse[0]
    for seed in range(4):
        rng = np.random.default_rng([31, seed])
        plots = seen_by(radars, flight, 50.0, relit + 15.0, rng)
        inside = asked(plots, relit - 0.5)
        assert inside.impact is not None
        assert inside.impact_condition == "no further stage"
        for after_s in np.arange(1.0, 15.0):
            estimate = asked(plots, relit + after_s)
            if estimate.impact is None:
                break
        assert estimate.phase in ("boost", "unknown")
        delays.append(after_s)
        later = asked(plots, relit + after_s + 2.0)
        assert later.phase == "boost"
        assert later.corridor is not None
    assert np.median(delays) <= within_s


def test_thrust_that_resumes_is_said_with_its_instant():
    """The departure names the beginning of the push, within two seconds."""
    flight, relit = fly(STAGED), STAGED.pulse[0]
    plots = seen_by(THREE, flight, 50.0, relit + 8.0, np.random.default_rng(32))
    found = [asked(plots, relit + t).departure for t in np.arange(3.0, 8.0, 0.5)]
    said = [one for one in found if one is not None]
    assert said
    assert {one.kind for one in said} == {"thrust resumed"}
    off = [one.since.seconds_since(LIFT_OFF) - relit for one in said]
    assert abs(np.median(off)) <= 2.0


@pytest.mark.parametrize("motor", [STEEP, FAR], ids=["steep", "far"])
def test_healthy_flights_depart_from_nothing(motor):
    """Whatever their drag and biases, from burn-out into the thick air."""
    for seed, flight in enumerate(drawn_flights(motor, 3)):
        rng = np.random.default_rng([33, seed])
        plots = seen_by(THREE, flight, 50.0, flight.impact_s, rng)
        end = flight.impact_s
        for t in (*np.linspace(motor.end_s + 12.0, end, 6), end - 20.0, end - 5.0):
            estimate = asked(plots, t)
            assert estimate.model_holds, estimate.reason
            assert estimate.departure is None


def test_an_old_area_stands_on_no_condition():
    """Three quarters of a minute after burn-out no further stage is to be expected."""
    plots = seen_by(THREE, fly(STEEP), 50.0, 175.0, np.random.default_rng(34))
    assert asked(plots, 155.0).impact_condition == "no further stage"
    assert asked(plots, 170.0).impact_condition is None


def test_a_pull_up_ends_the_model_and_gives_a_region_that_holds_it():
    """A push of 2 g at 70 km: the model fails, with a reason and what it can reach."""
    flight = pulling_up(fly(STEEP), 70e3, 20.0)
    near = replace_site(EAST, 40.5, 138.5)
    for seed in range(3):
        rng = np.random.default_rng([35, seed])
        plots = near.plots(flight, 130.0, flight.impact_s, rng)
        assert asked(plots, flight.since_s).model_holds
        last = asked(plots, flight.since_s + 12.0)
        assert not last.model_holds
        assert last.impact is None
        assert last.reachable is not None
        assert last.reachable.certainty == "Possible"
        assert last.reachable.radius_m > 50e3


def coming_apart(flight):
    """The same flight, braked ten times as hard once it has fallen to 60 km."""
    since = fallen_to(flight, 60e3)
    down = fall(flight.state(since), since, float(np.log(10.0)))
    return Manoeuvring(flight, since, down.sol, float(down.t[-1]))


def pulled_for_a_while(flight):
    """The same flight, pushed up with 2 g for 20 s from 90 km down, and let go."""
    pulled = pulling_up(flight, 90e3, 20.0)
    let_go = pulled.since_s + 20.0
    down = fall(pulled.state(let_go), let_go)

    def after(t):
        return pulled.after(t) if t < let_go else down.sol(t)

    return Manoeuvring(flight, pulled.since_s, after, float(down.t[-1]))


@pytest.mark.parametrize("leaving", [coming_apart, pulled_for_a_while])
def test_what_leaves_its_arc_on_the_way_down_has_a_region_until_it_is_down(leaving):
    """Whatever fails then, the region holds where it comes down; nothing is thrust."""
    flight = leaving(fly(STEEP))
    lands = flight.state(flight.impact_s)[:3]
    near = replace_site(EAST, 40.5, 138.5)
    told = 0
    for seed in range(2):
        rng = np.random.default_rng([36, seed])
        plots = seen_by((near, NEAR, SOUTH), flight, 130.0, flight.impact_s, rng)
        for t_s in np.arange(flight.since_s + 1.0, flight.impact_s, 3.0):
            said = asked(plots, t_s)
            assert said.phase != "boost"
            if not said.model_holds:
                told += 1
                region = said.reachable
                assert region is not None, (t_s, said.reason)
                east, north, _ = pymap3d.ecef2enu(
                    *lands, region.lat_deg, region.lon_deg, 0.0
                )
                assert np.hypot(east, north) <= region.radius_m
    assert told > 4


def test_a_body_that_the_filter_lost_is_where_its_newest_plots_are():
    """What is braked too hard to be followed is on a line through what is seen."""
    flight = fly(STEEP)
    t_s = flight.impact_s - 60.0
    plots = seen_by(THREE, flight, 130.0, t_s, np.random.default_rng(37))
    table = tabulate(plots, range(len(plots)))
    track = follow_thrust(cautious(table))
    true = flight.state(max(p.time.seconds_since(LIFT_OFF) for p in plots))
    assert np.array_equal(newest_state(table, track), track.means[-1, :6])
    fits, means = track.fits.copy(), track.means.copy()
    fits[-15:], means[-15:, :6] = False, means[-16, :6]
    found = newest_state(table, replace(track, fits=fits, means=means))
    assert np.linalg.norm(found[:3] - true[:3]) < 2e3
    assert np.linalg.norm(found[3:] - true[3:]) < 500.0


def replace_site(radar, lat, lon):
    """Return the radar at another place, looking down to the horizon."""
    return replace(radar, id="under", lat=lat, lon=lon, mask_deg=0.5)
