"""Infrared: an early, coarse report of a launch, once for each launch.

The sensor sees every plume from lift-off (no cloud, no blind side: the scenario invents
it) with its detection probability, and reports ``delay_s`` later: where and when it
started, and, if the scenario says how well it can, which way it went so far.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from beaconfire.exercise.scenario_parts import Sensor
from beaconfire.exercise.sky.earth import east_north_up, geodetic
from beaconfire.exercise.sky.flight import Flight
from beaconfire.exercise.streams import opaque_id, stream
from beaconfire.vocabulary.motion import Cue, CuedLaunch
from beaconfire.vocabulary.places import SensorSite

_M_PER_DEG = 111_320.0
# A direction needs a path over the ground to be read from.
_PATH_M_MIN = 1_000.0


def cues(sensor: Sensor, flights: Sequence[Flight], seed: int) -> Iterator[Cue]:
    """Yield the cue of each launch that the sensor sees, in the order of flights."""
    for flight in flights:
        rng = stream(seed, sensor.id, flight.launch_id, "cue")
        if rng.random() < sensor.detection_probability:
            cue_id = opaque_id(seed, sensor.id, flight.launch_id)
            yield _cue(sensor, flight, rng, cue_id)


def _cue(sensor: Sensor, flight: Flight, rng: np.random.Generator, cue_id: str) -> Cue:
    assert sensor.delay_s is not None, "checked when the scenario was read"
    assert sensor.sigma_launch_m is not None, "checked when the scenario was read"
    assert sensor.sigma_time_s is not None, "checked when the scenario was read"
    east_m, north_m = (sensor.sigma_launch_m * rng.standard_normal(2)).tolist()
    late_s = round(sensor.sigma_time_s * float(rng.standard_normal()), 3)
    aside_deg = (sensor.sigma_azimuth_deg or 0.0) * float(rng.standard_normal())
    lat, lon, _ = (float(c) for c in geodetic(flight.state_ecef(np.array(0.0))[:3]))
    heading_deg = _heading_deg(flight, lat, lon, sensor.delay_s)
    told = sensor.sigma_azimuth_deg is not None and heading_deg is not None
    narrow = max(math.cos(math.radians(lat)), 1e-3)  # of the parallel, off the poles
    cued_lon = (lon + east_m / (_M_PER_DEG * narrow) + 180.0) % 360.0 - 180.0
    return Cue(
        time=flight.lift_off.plus_s(sensor.delay_s),
        sensor=SensorSite(
            id=sensor.id,
            lat_deg=sensor.lat_deg,
            lon_deg=sensor.lon_deg,
            alt_m=sensor.alt_m,
        ),
        launch=CuedLaunch(
            lat_deg=round(min(max(lat + north_m / _M_PER_DEG, -90.0), 90.0), 7),
            lon_deg=round(cued_lon, 7),
            sigma_m=sensor.sigma_launch_m,
            time=flight.lift_off.plus_s(late_s),
            sigma_time_s=sensor.sigma_time_s,
        ),
        azimuth_deg=round(((heading_deg or 0.0) + aside_deg) % 360.0, 7)
        if told
        else None,
        sigma_azimuth_deg=sensor.sigma_azimuth_deg if told else None,
        cue_id=cue_id,
    )


def _heading_deg(
    flight: Flight, lat_deg: float, lon_deg: float, t_s: float
) -> float | None:
    """Return the direction flown by then, ``None`` while it has only gone up."""
    times = np.array([0.0, min(t_s, flight.burn_out_s)])
    start, now = flight.state_ecef(times)[:, :3]
    east, north, _ = (east_north_up(lat_deg, lon_deg) @ (now - start)).tolist()
    if math.hypot(east, north) < _PATH_M_MIN:
        return None
    return math.degrees(math.atan2(east, north)) % 360.0
