"""Sensors: what they report, what they hide, and what they cannot see."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pymap3d
import pytest
from msgspec.structs import replace
from scipy import stats

from beaconfire.exercise.radar import look, radar_of, visible
from beaconfire.exercise.scenario import Scenario, load_scenario, parse_scenario
from beaconfire.exercise.sensors import Sighting, observe
from beaconfire.exercise.sky import Flight, fly_all
from beaconfire.exercise.sky.earth import place_ecef_m
from beaconfire.seals.codec import decode
from beaconfire.vocabulary.motion import Cue, Plot
from beaconfire.vocabulary.places import SensorSite

from .scenario_text import GOOD

PLOT_KEYS = {
    "v",
    "time",
    "sensor",
    "range_m",
    "azimuth_deg",
    "elevation_deg",
    "sigma_range_m",
    "sigma_azimuth_mrad",
    "sigma_elevation_mrad",
    "bias_sigma_range_m",
    "bias_sigma_azimuth_mrad",
    "bias_sigma_elevation_mrad",
    "bias_id",
    "plot_id",
}
CUE_KEYS = {
    "v",
    "time",
    "sensor",
    "launch",
    "azimuth_deg",
    "sigma_azimuth_deg",
    "cue_id",
}


def small(*changes: tuple[str, str]) -> tuple[Scenario, tuple[Flight, ...]]:
    """Read the small scenario with some texts replaced, and fly it."""
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    scenario = parse_scenario(text, file="x.toml")
    return scenario, fly_all(scenario)


def plots_of(sightings: list[Sighting], sensor_id: str = "radar") -> list[Plot]:
    """Return every plot that a sensor reports."""
    return [
        decode(line, Plot, what="plot")
        for sighting in sightings
        if sighting.sensor_id == sensor_id
        for line in sighting.lines
    ]


def errors(
    plots: list[Plot], scenario: Scenario, flight: Flight, sensor: int = 0
) -> np.ndarray:
    """Return reported minus true range (m), azimuth and elevation (mrad)."""
    radar = radar_of(scenario.sensor[sensor])
    times = np.array([plot.time.seconds_since(flight.lift_off) for plot in plots])
    truth = look(radar.site, flight.state_ecef(times)[:, :3])
    reported = np.array([(p.range_m, p.azimuth_deg, p.elevation_deg) for p in plots])
    difference: np.ndarray = reported - np.stack(truth, axis=-1)
    difference[:, 1] = (difference[:, 1] + 180.0) % 360.0 - 180.0
    difference[:, 1:] *= 1_000.0 * math.pi / 180.0
    return difference


def test_plots_and_cues_are_exactly_the_lines_of_the_format() -> None:
    """A line has the format's keys and no other: no object id, no truth."""
    scenario, flights = small()

    sightings = observe(scenario, flights, 1)

    for sighting in sightings:
        wanted = PLOT_KEYS if sighting.stream == "plots" else CUE_KEYS
        for line in sighting.lines:
            assert set(json.loads(line)) == wanted
    assert {s.stream for s in sightings} == {"plots", "cues"}


def test_sightings_come_by_time_and_say_when_their_plots_were_made() -> None:
    """The order is that in which the world will deliver them."""
    scenario, flights = small()
    sightings = observe(scenario, flights, 1)

    assert [s.at for s in sightings] == sorted(s.at for s in sightings)
    for sighting in sightings:
        assert sighting.lines
        if sighting.stream == "plots":
            assert {p.time for p in plots_of([sighting])} == {sighting.at}


def test_equal_seeds_give_equal_lines_and_others_do_not() -> None:
    """An exercise can be repeated to the byte."""
    scenario, flights = small()

    assert observe(scenario, flights, 5) == observe(scenario, flights, 5)
    assert observe(scenario, flights, 5) != observe(scenario, flights, 6)


_DIGEST = """
import hashlib, sys
from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.sensors import observe
from beaconfire.exercise.sky import fly_all
scenario = load_scenario("2017-08-29")
lines = [s.lines for s in observe(scenario, fly_all(scenario, seed=5), 5)]
sys.stdout.write(hashlib.sha256(repr(lines).encode()).hexdigest())
"""


def test_lines_do_not_depend_on_the_process_that_made_them() -> None:
    """Two interpreters with different hash seeds report the same to the byte."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }

    assert len(digests) == 1
    assert len(digests.pop()) == 64


def test_another_sensor_changes_no_number_of_the_first() -> None:
    """Layouts can be compared: each sensor draws from streams of its own."""
    scenario, flights = small()
    twin = replace(scenario.sensor[0], id="twin", lat_deg=38.0)
    more = replace(scenario, sensor=(twin, *scenario.sensor))

    alone, both = (observe(which, flights, 3) for which in (scenario, more))

    assert plots_of(both, "twin")
    assert [s for s in both if s.sensor_id != "twin"] == alone


def test_another_launch_changes_no_plot_of_the_first() -> None:
    """Each launch has its own streams within a sensor, so a salvo adds, only."""
    scenario, flights = small()
    second = replace(scenario.launch[0], id="two", at_s=200.0, azimuth_true_deg=95.0)
    salvo = replace(scenario, launch=(scenario.launch[0], second))

    alone = {p.plot_id: p for p in plots_of(observe(scenario, flights, 3))}
    both = {p.plot_id: p for p in plots_of(observe(salvo, fly_all(salvo), 3))}

    assert len(both) > 1.5 * len(alone)
    assert alone.items() <= both.items()


def test_noise_has_the_stated_size_and_no_more() -> None:
    """One sigma means one sigma: in range, azimuth and elevation, without bias."""
    scenario, flights = small(
        ("rate_hz = 1.0", "rate_hz = 10.0"),
        ("bias_range_m = 20.0", "bias_range_m = 0.0"),
        ("bias_azimuth_mrad = 0.3", "bias_azimuth_mrad = 0.0"),
        ("bias_elevation_mrad = 0.3", "bias_elevation_mrad = 0.0"),
    )

    plots = plots_of(observe(scenario, flights, 1))
    normal = errors(plots, scenario, flights[0]) / np.array([30.0, 1.0, 1.0])

    assert len(plots) > 2_000
    for column in normal.T:
        assert stats.kstest(column, "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(normal.T) - np.eye(3)).max() < 0.08


def test_a_survey_error_is_constant_drawn_by_the_seed_and_stated_as_a_sigma() -> None:
    """The file's bias is one sigma; plots state that sigma and never the draw."""
    scenario, flights = small()

    means = []
    for seed in range(60):
        plots = plots_of(observe(scenario, flights, seed))
        means.append(errors(plots, scenario, flights[0]).mean(axis=0))
    drawn = np.array(means) / np.array([20.0, 0.3, 0.3])

    first = plots[0]
    assert (first.bias_sigma_range_m, first.bias_sigma_azimuth_mrad) == (20.0, 0.3)
    assert first.bias_id == "radar"
    # 60 seeds: the spread of a standard normal is found within a quarter or so.
    assert drawn.std(axis=0) == pytest.approx([1.0, 1.0, 1.0], abs=0.3)
    assert np.abs(drawn.mean(axis=0)).max() < 0.45


def test_sensors_of_one_survey_share_its_error() -> None:
    """Equal `bias_id`, equal error, in proportion to what each states."""
    scenario, flights = small(("rate_hz = 1.0", "rate_hz = 10.0"))
    one = replace(scenario.sensor[0], bias_id="survey")
    other = replace(one, id="other", lat_deg=38.0, bias_range_m=40.0)
    shared = replace(scenario, sensor=(one, other))

    sightings = observe(shared, flights, 4)
    offsets = [
        errors(plots_of(sightings, name), shared, flights[0], index).mean(axis=0)
        for index, name in enumerate(("radar", "other"))
    ]

    assert offsets[1][0] == pytest.approx(2.0 * offsets[0][0], abs=4.0)
    assert offsets[1][1:] == pytest.approx(offsets[0][1:], abs=0.12)


def test_a_radar_sees_only_above_its_mask_and_within_its_range() -> None:
    """What is reported was visible: true elevation and range within the limits."""
    scenario, flights = small(("range_max_km = 2500.0", "range_max_km = 700.0"))

    plots = plots_of(observe(scenario, flights, 1))

    radar = radar_of(scenario.sensor[0])
    times = np.array([p.time.seconds_since(flights[0].lift_off) for p in plots])
    distance_m, _, elevation = look(radar.site, flights[0].state_ecef(times)[:, :3])
    assert len(plots) > 100
    assert elevation.min() >= 2.0
    assert distance_m.max() <= 700e3
    assert times.min() > 0.0


@pytest.mark.parametrize("alt_m", [0.0, 3_000.0])
def test_the_earth_hides_what_is_below_the_horizon(alt_m: float) -> None:
    """A mask below zero lets a high sensor look down, never through the ground."""
    scenario, _ = small()
    sensor = replace(
        scenario.sensor[0], lat_deg=0.0, lon_deg=0.0, alt_m=alt_m, elevation_min_deg=-10
    )
    radar = radar_of(sensor)
    # An object 10 km up on the equator: seen as far as both horizons reach together.
    reach_deg = math.degrees(
        math.acos(6_378_137 / (6_378_137 + alt_m)) + math.acos(6_378_137 / 6_388_137)
    )
    near, far = (
        place_ecef_m(0.0, reach_deg + more, 10_000.0)[np.newaxis]
        for more in (-0.02, 0.02)
    )

    assert visible(radar, near)[0]
    assert not visible(radar, far)[0]


def test_angles_are_those_of_pymap3d() -> None:
    """Azimuth true from north, elevation above the plane tangent to the ellipsoid."""
    site = SensorSite(id="x", lat_deg=37.0, lon_deg=137.0, alt_m=250.0)
    for lat, lon, height in (
        (40.0, 141.0, 7e5),
        (36.0, 130.0, 2e5),
        (37.5, 137.0, 9e5),
    ):
        azimuth, elevation, distance_m = pymap3d.geodetic2aer(
            lat, lon, height, 37.0, 137.0, 250.0
        )
        found = look(site, place_ecef_m(lat, lon, height))

        assert float(found[0]) == pytest.approx(distance_m, abs=1e-3)
        assert float(found[1]) == pytest.approx(azimuth, abs=1e-8)
        assert float(found[2]) == pytest.approx(elevation, abs=1e-8)


def test_missed_detections_are_as_frequent_as_stated() -> None:
    """A detection probability of 0.7 loses three plots in ten."""
    scenario, flights = small(("rate_hz = 1.0", "rate_hz = 10.0"))
    worse = replace(
        scenario,
        sensor=(replace(scenario.sensor[0], detection_probability=0.7),),
    )

    every = {p.plot_id for p in plots_of(observe(scenario, flights, 1))}
    some = plots_of(observe(worse, flights, 1))

    assert len(some) / len(every) == pytest.approx(0.7, abs=0.04)


def test_false_plots_are_poisson_and_look_like_any_other() -> None:
    """As many as stated, within coverage, told apart by neither id nor order."""
    scenario, flights = small(
        ("rate_hz = 1.0", "rate_hz = 1.0\nfalse_plots_per_scan = 2.5")
    )

    sightings = [s for s in observe(scenario, flights, 1) if s.stream == "plots"]
    quiet = small()[0]
    true_times = {p.time: p for p in plots_of(observe(quiet, flights, 1))}

    plots = plots_of(sightings)
    false_count = len(plots) - len(true_times)
    scans = flights[0].end_s + scenario.launch[0].at_s
    places = []
    for sighting in sightings:
        if sighting.at in true_times and len(sighting.lines) == 4:
            ranges = [p.range_m for p in plots_of([sighting])]
            places.append(ranges.index(true_times[sighting.at].range_m))
    assert false_count / scans == pytest.approx(2.5, abs=0.2)
    assert all(
        2.0 <= p.elevation_deg <= 90.0 for p in plots if p.time not in true_times
    )
    assert max(p.range_m for p in plots) <= 2_500e3 + 200.0
    # The object is as often first as last in its scan.
    assert stats.chisquare(np.bincount(places, minlength=4)).pvalue > 1e-3
    assert len({p.plot_id for p in plots}) == len(plots)
    assert len({len(p.plot_id or "") for p in plots}) == 1


def test_an_infrared_sensor_reports_after_its_delay_and_once() -> None:
    """One coarse cue a launch, `delay_s` after lift-off, with the stated sigmas."""
    scenario, flights = small()

    drawn = []
    for seed in range(200):
        (cue,) = [
            decode(line, Cue, what="cue")
            for s in observe(
                replace(scenario, sensor=(scenario.sensor[1],)), flights, seed
            )
            for line in s.lines
        ]
        assert cue.time.seconds_since(flights[0].lift_off) == 40.0
        north_m = (cue.launch.lat_deg - 39.0) * 111_320.0
        east_m = (cue.launch.lon_deg - 126.0) * 111_320.0 * math.cos(math.radians(39.0))
        late_s = cue.launch.time.seconds_since(flights[0].lift_off)
        assert cue.azimuth_deg is not None
        drawn.append((east_m / 5e3, north_m / 5e3, late_s / 3.0, cue.azimuth_deg))
    normal = np.array(drawn)

    assert normal[:, :3].std(axis=0) == pytest.approx([1.0, 1.0, 1.0], abs=0.15)
    assert np.abs(normal[:, :3].mean(axis=0)).max() < 0.25
    assert normal[:, 3].mean() == pytest.approx(80.0, abs=5.0)
    assert normal[:, 3].std() == pytest.approx(5.0, abs=0.8)


def test_no_azimuth_is_told_that_was_not_seen() -> None:
    """Without the key, or while the flight has only gone up, azimuth is null."""
    for change in (
        ("sigma_azimuth_deg = 5.0\n", ""),
        ("delay_s = 40.0", "delay_s = 3.0"),
    ):
        scenario, flights = small(change)
        (line,) = observe(scenario, flights, 1)[0].lines

        assert json.loads(line)["azimuth_deg"] is None
        assert json.loads(line)["sigma_azimuth_deg"] is None


def test_a_setting_that_hides_a_sensor_travels_with_its_sightings() -> None:
    """Whoever sets up the node learns from whom the sensor is hidden."""
    scenario, flights = small(("rate_hz = 1.0", 'rate_hz = 1.0\nhidden_from = ["USA"]'))

    for sighting in observe(scenario, flights, 1):
        hidden = ("USA",) if sighting.sensor_id == "radar" else ()
        assert sighting.hidden_from == hidden


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_korea_sees_4_october_2022_half_a_minute_before_japan(seed: int) -> None:
    """The gain of sharing there: Korea's radars and the cue come long before."""
    scenario = load_scenario("2022-10-04")
    flights = fly_all(scenario, seed=seed)
    sightings = observe(scenario, flights, seed)

    first = {
        party: min(s.at for s in sightings if s.party == party).seconds_since(
            flights[0].lift_off
        )
        for party in scenario.parties
    }

    assert first["USA"] == 40.0
    assert 40.0 <= first["KOR"] <= 60.0
    assert 95.0 <= first["JPN"] <= 115.0
    last = {
        s.sensor_id: s.at.seconds_since(flights[0].lift_off)
        for s in sightings
        if s.stream == "plots"
    }
    # Everyone loses the healthy flight behind the horizon, long before impact.
    assert all(700.0 < seconds < 1_150.0 for seconds in last.values())


def test_nobody_looks_through_a_zenith_in_the_shipped_scenarios() -> None:
    """Azimuth has no meaning there; the invented layout keeps away from it."""
    for name in ("2022-10-04", "2017-08-29"):
        scenario = load_scenario(name)
        plots = [
            plot
            for sensor in scenario.sensor
            if sensor.kind == "radar"
            for plot in plots_of(observe(scenario, fly_all(scenario), 1), sensor.id)
        ]

        assert max(plot.elevation_deg for plot in plots) < 75.0
