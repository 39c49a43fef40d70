"""Radar: what one radar of the exercise sees, scan by scan.

It sees what is above its elevation mask and within its range with no Earth in between,
each object with the sensor's detection probability; it adds a constant survey error
(drawn once by the seed for each bias id) and fresh noise to range, azimuth and
elevation; and it reports false plots, Poisson in number, uniform in range and angles.

Left out: refraction, range rate, clock error, blind sectors, loss by beam shape.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beaconfire.exercise.scenario_parts import Sensor
from beaconfire.exercise.sky.earth import (
    SEMI_MAJOR_M,
    SEMI_MINOR_M,
    Floats,
    east_north_up,
    place_ecef_m,
)
from beaconfire.exercise.sky.flight import Flight
from beaconfire.exercise.streams import opaque_id, stream
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.times import Instant

# A false plot nearer than this would be ground clutter, which no radar reports.
_FALSE_RANGE_M_MIN = 50_000.0

Flags = NDArray[np.bool_]
_Echo = tuple[int, list[float]]  # scan, and range (m), azimuth, elevation (deg)


@dataclass(frozen=True, slots=True)
class Radar:
    """A sensor of kind radar with every number there; angles still in mrad."""

    site: SensorSite
    rate_hz: float
    range_max_m: float
    elevation_min_deg: float
    sigmas: tuple[float, float, float]  # range m, azimuth mrad, elevation mrad
    bias_sigmas: tuple[float, float, float]
    bias_id: str
    detection_probability: float
    false_plots_per_scan: float


def radar_of(sensor: Sensor) -> Radar:
    """Read a scenario's sensor as a radar; its rules were checked when it was read."""

    def given(number: float | None) -> float:
        assert number is not None, "a radar without one of its keys was let through"
        return number

    return Radar(
        site=SensorSite(
            id=sensor.id,
            lat_deg=sensor.lat_deg,
            lon_deg=sensor.lon_deg,
            alt_m=sensor.alt_m,
        ),
        rate_hz=given(sensor.rate_hz),
        range_max_m=1_000.0 * given(sensor.range_max_km),
        elevation_min_deg=given(sensor.elevation_min_deg),
        sigmas=(
            given(sensor.sigma_range_m),
            given(sensor.sigma_azimuth_mrad),
            given(sensor.sigma_elevation_mrad),
        ),
        bias_sigmas=(
            sensor.bias_range_m or 0.0,
            sensor.bias_azimuth_mrad or 0.0,
            sensor.bias_elevation_mrad or 0.0,
        ),
        bias_id=sensor.bias_id or sensor.id,
        detection_probability=sensor.detection_probability,
        false_plots_per_scan=sensor.false_plots_per_scan or 0.0,
    )


def look(site: SensorSite, position_ecef_m: Floats) -> tuple[Floats, Floats, Floats]:
    """Return true range (m), azimuth and elevation (deg) of each row."""
    here = place_ecef_m(site.lat_deg, site.lon_deg, site.alt_m)
    local = (position_ecef_m - here) @ east_north_up(site.lat_deg, site.lon_deg).T
    east, north, up = np.moveaxis(local, -1, 0)
    level = np.hypot(east, north)
    azimuth = np.degrees(np.arctan2(east, north)) % 360.0
    return np.hypot(level, up), azimuth, np.degrees(np.arctan2(up, level))


def visible(radar: Radar, position_ecef_m: Floats) -> Flags:
    """Whether the radar can see each row: mask, range, and no Earth in between."""
    distance_m, _, elevation_deg = look(radar.site, position_ecef_m)
    inside: Flags = distance_m <= radar.range_max_m
    above: Flags = elevation_deg >= radar.elevation_min_deg
    return inside & above & _clear(radar.site, position_ecef_m)


def _clear(site: SensorSite, position_ecef_m: Floats) -> Flags:
    """Whether the straight line from the site misses the ellipsoid."""
    # Stretched along the axis the ellipsoid is a sphere, and lines stay lines.
    stretch = np.array([1.0, 1.0, SEMI_MAJOR_M / SEMI_MINOR_M])
    here = stretch * place_ecef_m(site.lat_deg, site.lon_deg, site.alt_m)
    path = stretch * position_ecef_m - here
    share = -(path @ here) / np.maximum(np.sum(path * path, axis=-1), 1.0)
    nearest = here + np.clip(share, 0.0, 1.0)[..., np.newaxis] * path
    # A line that only rises from the site cannot meet the ground, wherever the site
    # stands; the millimetre forgives rounding on one that grazes it.
    rises: Flags = share <= 0.0
    misses: Flags = np.linalg.norm(nearest, axis=-1) >= SEMI_MAJOR_M - 1e-3
    return rises | misses


def scans(
    sensor: Sensor, epoch: Instant, flights: Sequence[Flight], seed: int
) -> Iterator[list[Plot]]:
    """Yield the plots of each scan that has any, by time, within a scan by id."""
    radar = radar_of(sensor)
    ends_s = [f.lift_off.seconds_since(epoch) + f.end_s for f in flights]
    period_s = 1.0 / radar.rate_hz
    # Whole milliseconds, so that the times of plots are short to write and read.
    phase_s = round(float(stream(seed, sensor.id, "phase").uniform(0, period_s)), 3)
    scans_s = np.arange(phase_s, max(ends_s, default=0.0), period_s)
    offset = _offset(radar, seed)
    found: dict[int, list[Plot]] = {}

    def keep(source: str, echoes: Iterator[_Echo]) -> None:
        for number, (scan, echo) in enumerate(echoes):
            plot_id = opaque_id(seed, sensor.id, source, str(number))
            at = epoch.plus_s(float(scans_s[scan]))
            plot = _plot(radar, at, np.array(echo) + offset, plot_id)
            if plot is not None:
                found.setdefault(scan, []).append(plot)

    for flight in flights:
        keep(flight.launch_id, _echoes(radar, epoch, flight, scans_s, seed))
    keep("", _false_echoes(radar, len(scans_s), seed))
    for _, plots in sorted(found.items()):
        # By id, a keyed hash: the order must not tell objects from false plots.
        yield sorted(plots, key=lambda plot: plot.plot_id or "")


def _degrees(numbers: tuple[float, float, float]) -> Floats:
    """Return (m, mrad, mrad) as (m, deg, deg)."""
    distance_m, azimuth_mrad, elevation_mrad = numbers
    return np.array(
        [
            distance_m,
            math.degrees(azimuth_mrad / 1_000.0),
            math.degrees(elevation_mrad / 1_000.0),
        ]
    )


def _offset(radar: Radar, seed: int) -> Floats:
    """Return the constant survey error that the seed draws for this bias id.

    Sensors that share a bias id share the draw: one survey, one error.
    """
    drawn = stream(seed, radar.bias_id, "bias").standard_normal(3)
    return drawn * _degrees(radar.bias_sigmas)


def _echoes(
    radar: Radar, epoch: Instant, flight: Flight, scans_s: Floats, seed: int
) -> Iterator[_Echo]:
    """Yield where one flight is seen, with noise, the survey error not yet added."""
    flight_s = scans_s - flight.lift_off.seconds_since(epoch)
    names = (radar.site.id, flight.launch_id)
    chance = stream(seed, *names, "detection").random(len(scans_s))
    noise = stream(seed, *names, "noise").standard_normal((len(scans_s), 3))
    aloft = (flight_s > 0.0) & (flight_s < flight.end_s)
    position_ecef_m = flight.state_ecef(flight_s)[:, :3]
    seen = aloft & (chance < radar.detection_probability)
    seen &= visible(radar, position_ecef_m)
    reported = np.stack(look(radar.site, position_ecef_m), axis=-1)
    reported += noise * _degrees(radar.sigmas)
    for scan in np.flatnonzero(seen).tolist():
        yield scan, reported[scan].tolist()


def _false_echoes(radar: Radar, scan_count: int, seed: int) -> Iterator[_Echo]:
    if radar.false_plots_per_scan == 0.0:
        return
    counts = stream(seed, radar.site.id, "false count").poisson(
        radar.false_plots_per_scan, scan_count
    )
    where = stream(seed, radar.site.id, "false place")
    nearest_m = min(_FALSE_RANGE_M_MIN, 0.5 * radar.range_max_m)
    lowest = np.array([nearest_m, 0.0, radar.elevation_min_deg])
    highest = np.array([radar.range_max_m, 360.0, 90.0])
    for scan, count in enumerate(counts.tolist()):
        for share in where.random((count, 3)):
            yield scan, (lowest + share * (highest - lowest)).tolist()


def _plot(radar: Radar, at: Instant, echo: Floats, plot_id: str) -> Plot | None:
    """Return the report of one echo, ``None`` where no such report can be written."""
    distance_m, azimuth, elevation = echo.tolist()
    if distance_m <= 0.0:
        return None
    if elevation > 90.0:  # over the zenith and down on the other side
        azimuth, elevation = azimuth + 180.0, 180.0 - elevation
    return Plot(
        time=at,
        sensor=radar.site,
        range_m=round(distance_m, 3),
        azimuth_deg=round(azimuth % 360.0, 7),
        elevation_deg=round(max(elevation, -90.0), 7),
        sigma_range_m=radar.sigmas[0],
        sigma_azimuth_mrad=radar.sigmas[1],
        sigma_elevation_mrad=radar.sigmas[2],
        bias_sigma_range_m=radar.bias_sigmas[0],
        bias_sigma_azimuth_mrad=radar.bias_sigmas[1],
        bias_sigma_elevation_mrad=radar.bias_sigmas[2],
        bias_id=radar.bias_id,
        plot_id=plot_id,
    )
