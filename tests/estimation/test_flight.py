"""Whatever is held of an object, the answer is sound or it says why there is none."""

import dataclasses
import importlib
import itertools
import pkgutil
import subprocess
import sys
import warnings

import msgspec
import numpy as np
import pymap3d
import pytest
from numba.core.dispatcher import Dispatcher

import beaconfire.estimation
from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.warm import warm_up
from beaconfire.exercise.bench.estimation_case import (
    FOURTH_OCTOBER,
    REFERENCE,
    drawn_flights,
    sensors,
    watch,
)
from beaconfire.seals import codec
from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.places import SensorSite

from .flying import (
    EAST,
    LIFT_OFF,
    NEAR,
    SOUTH,
    STEEP,
    Radar,
    fly,
    held_against,
    seen_by,
)

THREE = (NEAR, SOUTH, EAST)
FLIGHT = fly(STEEP)
REPLACE = msgspec.structs.replace


def estimated(plots):
    """Estimate plots alone."""
    return estimate_flight(Observations(plots=tuple(plots)))


def sighted(path, count, seed=0):
    """One radar's noisy plots of any path, one a second."""
    rng, found = np.random.default_rng([61, seed]), []
    site = SensorSite(id="r", lat_deg=37.0, lon_deg=130.0, alt_m=0.0)
    for t in range(count):
        az, el, length = pymap3d.ecef2aer(*path(float(t)), 37.0, 130.0, 0.0)
        noise = rng.standard_normal(3) * (30.0, 0.0573, 0.0573)
        found.append(
            Plot(
                time=LIFT_OFF.plus_s(float(t)), sensor=site,
                range_m=float(length + noise[0]),
                azimuth_deg=float((az + noise[1]) % 360.0),
                elevation_deg=float(el + noise[2]), sigma_range_m=30.0,
                sigma_azimuth_mrad=1.0, sigma_elevation_mrad=1.0,
            )
        )  # fmt: skip
    return found


def level(speed_mps, height_m):
    """A path that keeps its height, as aircraft do."""

    def path(t):
        lat = 37.5 + speed_mps * t / 111e3
        return np.array(pymap3d.geodetic2ecef(lat, 130.5, height_m))

    return path


def clutter(count, seed=0):
    """Plots anywhere in the radar's sight."""
    rng = np.random.default_rng([62, seed])
    return [
        REPLACE(
            plot, range_m=float(rng.uniform(1e5, 1e6)),
            azimuth_deg=float(rng.uniform(0.0, 360.0)),
            elevation_deg=float(rng.uniform(2.0, 60.0)),
        )
        for plot in sighted(level(0.0, 1e4), count)
    ]  # fmt: skip


NO_LAUNCH = {
    "a building": lambda: sighted(level(0.0, 300.0), 120),
    "an airliner": lambda: sighted(level(250.0, 1e4), 120),
    "a fighter": lambda: sighted(level(600.0, 1.8e4), 120),
    "level at 1.7 km/s": lambda: sighted(level(1_700.0, 2.5e4), 120),
    "clutter": lambda: clutter(120),
    "one plot": lambda: sighted(level(0.0, 1e4), 1),
    "one plot thirty times": lambda: sighted(level(0.0, 1e4), 1) * 30,
    "nothing": list,
}


@pytest.mark.parametrize("name", NO_LAUNCH)
def test_what_is_no_launch_is_unknown(name):
    """At any length of the track: no area, no launch point, and the reason is said."""
    plots = NO_LAUNCH[name]()
    for count in {8, 15, 30, 60, len(plots)}:
        estimate = estimated(plots[:count])
        assert estimate.phase == "unknown"
        assert not estimate.model_holds
        assert estimate.impact is None
        assert estimate.launch is None
        assert estimate.impact_reason
        assert estimate.launch_reason
        assert estimate.track_reason
        assert estimate.tracklet is None
        assert estimate.path == ()


def test_the_order_of_plots_changes_nothing():
    """Partners' plots come late and mixed: the answer is the same to the byte."""
    plots = seen_by(THREE, FLIGHT, 50.0, 240.0, np.random.default_rng(63))
    mixed = list(plots)
    np.random.default_rng(64).shuffle(mixed)
    one, other = estimated(plots), estimated(mixed)
    assert codec.encode(one.impact) == codec.encode(other.impact)
    assert codec.encode(one.tracklet) == codec.encode(other.tracklet)
    assert estimated(plots[::-1]).impact == one.impact


def test_a_sighting_counts_once():
    """The same plots twice, or under the same plot ids, are no more information."""
    plots = seen_by((NEAR,), FLIGHT, 125.0, 240.0, np.random.default_rng(65))
    named = [REPLACE(plot, plot_id=f"p{i}") for i, plot in enumerate(plots)]
    moved = [REPLACE(plot, range_m=plot.range_m + 1.0) for plot in named]
    once = estimated(named)
    twice = estimated(named + named)
    assert twice.impact == once.impact
    assert len(twice.rejected) == len(plots)
    assert "counted once" in twice.rejected[0].reason
    assert estimated(named + moved).impact == once.impact


def test_false_plots_are_named_and_harm_nothing():
    """One in ten plots wrong in azimuth: each is listed, the area hardly moves."""
    rng = np.random.default_rng(66)
    plots = list(seen_by(THREE, FLIGHT, 50.0, 240.0, rng))
    clean = estimated(plots).impact
    wrong = sorted(rng.choice(len(plots), len(plots) // 10, replace=False).tolist())
    for i in wrong:
        off = (plots[i].azimuth_deg + rng.uniform(5.0, 355.0)) % 360.0
        plots[i] = REPLACE(plots[i], azimuth_deg=off)
    estimate = estimated(plots)
    assert set(wrong) <= {one.index for one in estimate.rejected}
    assert len(estimate.rejected) <= len(wrong) + 5
    moved = pymap3d.geodetic2enu(
        estimate.impact.lat_deg, estimate.impact.lon_deg, 0.0,
        clean.lat_deg, clean.lon_deg, 0.0,
    )  # fmt: skip
    assert np.hypot(*moved[:2]) < 0.5 * clean.ellipse95.semi_major_m
    assert estimate.impact.ellipse95.semi_major_m < 1.2 * clean.ellipse95.semi_major_m


def test_a_false_plot_in_every_scan_is_stood():
    """As many false echoes as true ones: the track is found among them."""
    plots = list(seen_by((NEAR,), FLIGHT, 50.0, 240.0, np.random.default_rng(67)))
    false = [
        REPLACE(noise, time=plot.time, sensor=plot.sensor)
        for noise, plot in zip(clutter(len(plots)), plots, strict=True)
    ]
    estimate = estimated(false + plots)
    assert held_against(estimate, FLIGHT).inside


def test_an_azimuth_that_passes_north_is_no_jump():
    """A radar due south sees 359.9 and 0.1 degrees: one arc, and an honest area."""
    lon = float(pymap3d.ecef2geodetic(*FLIGHT.state(200.0)[:3])[1])
    radar = Radar("south of it", 34.0, lon)
    plots = seen_by((radar,), FLIGHT, 50.0, 320.0, np.random.default_rng(68))
    azimuths = [plot.azimuth_deg for plot in plots]
    assert min(azimuths) < 1.0
    assert max(azimuths) > 359.0
    estimate = estimated(plots)
    assert not estimate.rejected
    assert held_against(estimate, FLIGHT).inside


def test_a_pass_through_the_zenith_is_no_singularity():
    """Right overhead azimuth means nothing; eight runs, none lost or overconfident."""
    lat, lon, _ = pymap3d.ecef2geodetic(*FLIGHT.state(260.0)[:3])
    radar = Radar("below it", float(lat), float(lon))
    inside = 0
    for seed in range(8):
        rng = np.random.default_rng([69, seed])
        plots = seen_by((radar,), FLIGHT, 50.0, 400.0, rng)
        assert max(plot.elevation_deg for plot in plots) > 89.5
        estimate = estimated(plots)
        assert estimate.phase == "ballistic"
        assert len(estimate.rejected) <= 3
        inside += held_against(estimate, FLIGHT).inside
    assert inside >= 6


def test_a_gap_in_the_plots_is_bridged():
    """A hundred seconds without a plot, burn-out among them."""
    plots = seen_by(THREE, FLIGHT, 50.0, 300.0, np.random.default_rng(70))
    seen = [p for p in plots if not 100 < p.time.seconds_since(LIFT_OFF) < 200]
    estimate = estimated(seen)
    assert estimate.phase == "ballistic"
    assert held_against(estimate, FLIGHT).miss_m < 5_000.0


def test_a_flight_lost_for_long_is_taken_up_again():
    """Below every horizon for eight minutes: six plots more, and the arc is at hand."""
    plots = seen_by((NEAR,), FLIGHT, 50.0, 900.0, np.random.default_rng(77))
    early = [p for p in plots if p.time.seconds_since(LIFT_OFF) < 320]
    again = [p for p in plots if 799 < p.time.seconds_since(LIFT_OFF) < 806]
    before, after = estimated(early), estimated(early + again)
    assert after.phase == "ballistic"
    assert all(one.index < len(early) for one in after.rejected)
    assert after.impact.ellipse95.semi_major_m < before.impact.ellipse95.semi_major_m
    assert held_against(after, FLIGHT).inside


def test_an_arc_that_is_left_has_no_area_any_more():
    """Three minutes of free flight, then a push: said within ten seconds of it."""
    flight = fly(dataclasses.replace(STEEP, pulse=(300.0, 320.0, 30.0)))
    for seed in range(4):
        rng = np.random.default_rng([78, seed])
        plots = seen_by(THREE, flight, 125.0, 310.0, rng)
        before = [p for p in plots if p.time.seconds_since(LIFT_OFF) < 300.0]
        assert estimated(before).impact is not None
        after = estimated(plots)
        assert after.impact is None
        assert after.phase in ("boost", "unknown")


def test_a_plot_of_another_year_is_left_out():
    """It would cost years of integration; it is named and passed over."""
    plots = list(seen_by((NEAR,), FLIGHT, 125.0, 240.0, np.random.default_rng(71)))
    stray = REPLACE(plots[0], time=LIFT_OFF.plus_s(1e8))
    estimate = estimated([*plots, stray])
    assert estimate.impact == estimated(plots).impact
    assert [one.index for one in estimate.rejected] == [len(plots)]
    assert "three hours" in estimate.rejected[0].reason


def test_the_last_minute_is_called_re_entry():
    """Descending through the air: the phase says so and the area is small."""
    radar = Radar("beside it", 40.0, 138.0)
    end = FLIGHT.impact_s - 5.0
    plots = seen_by((radar,), FLIGHT, 125.0, end, np.random.default_rng(72))
    estimate = estimated(plots)
    assert estimate.phase == "re-entry"
    assert held_against(estimate, FLIGHT).miss_m < 200.0
    assert estimate.apogee_km == pytest.approx(1_000.0, abs=3.0)


def test_an_orbit_is_named_and_has_no_impact():
    """A body in orbit passes over; whoever looks up is told so and not warned."""
    r0 = np.array(pymap3d.geodetic2ecef(38.0, 126.0, 500e3))
    east = np.array(pymap3d.enu2uvw(1, 0, 0, 38.0, 126.0))
    north = np.array(pymap3d.enu2uvw(0, 1, 0, 38.0, 126.0))
    radius, speed = np.linalg.norm(r0), 7_613.0
    along = 0.8 * east + 0.6 * north
    spin = np.array([0.0, 0.0, 7.292115e-5])

    def path(t):
        """A circle in inertial space, seen from the turning Earth."""
        angle = speed * t / radius
        r = np.cos(angle) * r0 + np.sin(angle) * radius * along
        turn = spin[2] * t
        c, s = np.cos(turn), np.sin(turn)
        return np.array([c * r[0] + s * r[1], c * r[1] - s * r[0], r[2]])

    estimate = estimated(sighted(path, 80))
    assert estimate.phase == "orbital"
    assert estimate.impact is None
    assert "orbit" in estimate.impact_reason
    assert estimate.apogee_km is None


def test_plots_that_scatter_beyond_their_word_break_the_model():
    """A sensor that claims a tenth of its error gets no confident area."""
    plots = seen_by((NEAR,), FLIGHT, 125.0, 240.0, np.random.default_rng(73))
    boastful = [
        REPLACE(
            plot, sigma_range_m=15.0, sigma_azimuth_mrad=0.5, sigma_elevation_mrad=0.5
        )
        for plot in plots
    ]
    estimate = estimated(boastful)
    assert not estimate.model_holds
    assert estimate.impact is None


def test_the_path_runs_from_the_track_to_the_impact():
    """Ten seconds apart, descending to height nought where the area's middle is."""
    plots = seen_by(THREE, FLIGHT, 50.0, 300.0, np.random.default_rng(74))
    estimate = estimated(plots)
    first, last = estimate.path[0], estimate.path[-1]
    assert first.time == estimate.track.epoch
    assert last.alt_km == pytest.approx(0.0, abs=0.01)
    assert abs(last.time.seconds_since(estimate.impact.time)) < 2.0
    times = [point.time for point in estimate.path]
    steps = [b.seconds_since(a) for a, b in itertools.pairwise(times)]
    assert steps[:-1] == [10.0] * (len(steps) - 1)


def test_each_sensor_is_accounted_for():
    """Who was used, how many plots it gave, what its survey error seems to be."""
    plots = seen_by(THREE, FLIGHT, 50.0, 300.0, np.random.default_rng(75))
    accounts = {one.id: one for one in estimated(plots).sensors}
    assert set(accounts) == {"near", "south", "east"}
    assert sum(one.plots for one in accounts.values()) == len(plots)
    assert all(one.verdict == "used" for one in accounts.values())
    assert all(one.bias.sigma_azimuth_mrad < 0.3 for one in accounts.values())


def test_an_answer_can_be_journalled():
    """Whatever is answered is JSON of its own kind and comes back the same."""
    plots = seen_by(THREE, FLIGHT, 50.0, 240.0, np.random.default_rng(76))
    for held in (plots, plots[:1], plots[:20], ()):
        answer = estimated(held)
        data = codec.encode(answer)
        assert codec.decode(data, FlightEstimate, what="estimate") == answer


def test_nothing_is_left_to_compile_when_a_launch_comes():
    """Ten seconds of the first climb on a new machine, when the corridor was left out.

    In a process of its own: what other tests have compiled must not hide it. Asked are
    kernels that the climb and the fall of either case use and the warm-up did not.
    """
    done = subprocess.run(
        [sys.executable, "-c", "import tests.estimation.test_flight as t; t.compare()"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[]\n"


def compare():
    """Tell which kernels a launch takes in a form that the warm-up did not take."""
    warm_up()
    before = {name: len(one.signatures) for name, one in kernels().items()}
    assert sum(map(bool, before.values())) > 20
    for launch, names in ((REFERENCE, "A"), (FOURTH_OCTOBER, "ABC")):
        flight = drawn_flights(launch)[0]
        watched = watch(flight, sensors(names), 1)
        for after_s in (-40.0, -10.0, 3.0, 10.0, 30.0, 120.0):
            watched.estimate(flight.burn_out_s + after_s)
    after = {name: len(one.signatures) for name, one in kernels().items()}
    sys.stdout.write(f"{[name for name in after if after[name] != before[name]]}\n")


def test_each_kernel_is_compiled_once():
    """A second form of a kernel costs seconds in the midst of the first launch."""
    warm_up()
    before = {name: len(one.signatures) for name, one in kernels().items()}
    plots = seen_by(THREE, FLIGHT, 50.0, 300.0, np.random.default_rng(79))
    for end in (5, 20, 90, len(plots)):
        estimated(plots[:end])
    after = {name: len(one.signatures) for name, one in kernels().items()}
    assert len(before) > 20
    assert after == before


def kernels():
    """Every compiled function of the package, by module and name."""
    found = {}
    for info in pkgutil.iter_modules(beaconfire.estimation.__path__):
        module = importlib.import_module(f"beaconfire.estimation.{info.name}")
        for name, value in vars(module).items():
            if isinstance(value, Dispatcher):
                found[f"{value.py_func.__module__}.{name}"] = value
    return found


def test_warming_up_needs_nothing_and_leaves_nothing():
    """Called at start, before any plot exists."""
    assert warm_up() is None


def test_a_survey_that_is_hardly_known_makes_a_young_area_no_surer():
    """The motor's last state and the plots after it are off by the same offsets: they
    are no two statements. Counted as two, fifteen of the first 24 areas held."""
    often = Radar("often", 37.0, 130.0, rate_s=0.2)
    stated = (20.0, 2.0, 2.0)
    held, given = 0, 0
    for seed in range(48):
        rng = np.random.default_rng(seed)
        bias = tuple(rng.standard_normal(3) * stated)
        until_s = FLIGHT.burn_end_s + 40.0
        found = estimated(
            often.plots(FLIGHT, 60.0, until_s, rng, bias=bias, stated=stated)
        )
        if found.impact is not None:
            given += 1
            held += held_against(found, FLIGHT).inside
    assert given >= 40
    assert held >= 0.8 * given


@pytest.mark.parametrize("above", [-1.0, -0.3])
def test_what_no_body_flies_is_judged_without_a_warning(above):
    """What overflows says nothing of the object, and nothing on a person's screen."""
    plots = seen_by((NEAR, SOUTH), FLIGHT, 60.0, 300.0, np.random.default_rng(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = estimated(
            REPLACE(plot, elevation_deg=above * plot.elevation_deg) for plot in plots
        )
    assert found.impact is None
    assert found.reason


@pytest.mark.parametrize(("plots", "verdict"), [(3, "too few plots"), (12, "rejected")])
def test_a_sensor_is_rejected_only_by_as_many_plots_as_make_an_arc(plots, verdict):
    """Two or three beside an arc are left out by line, and say little of the sensor."""
    rng = np.random.default_rng(4)
    off = SOUTH.plots(
        FLIGHT, 200.0, 200.0 + plots, rng, bias=(50_000.0, 0.0, 0.0)
    )  # fmt: skip
    found = estimated([*NEAR.plots(FLIGHT, 60.0, 260.0, rng), *off])
    verdicts = {account.id: account.verdict for account in found.sensors}
    assert verdicts == {"near": "used", "south": verdict}
    assert len(found.rejected) >= plots - 1
