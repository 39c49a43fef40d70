"""Measurement: what a radar says of a position, with its noise, bias and slopes.

Range is compared as a length. The angles are compared on the sphere of directions: the
predicted direction is laid on the two axes across the measured one. So azimuth has no
wrap and no singular point; its error counts as the cosine of the measured elevation
times the azimuth's, which is the length it spans. Near the zenith that length goes to
nothing while no antenna becomes that good, so the cosine is not let fall under 0.1 (84
degrees).

A bias is an offset of range, azimuth and elevation common to all plots of one
``bias_id`` (the sensor's own id unless it says otherwise). How well a sensor is
registered is its own statement; where it makes none, 20 m and 0.3 mrad are assumed.

Refraction is none of our business: elevation is geometric by the format's rule.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from beaconfire.estimation.arrays import Floats, Ints, compiled
from beaconfire.estimation.geodesy import ecef_from_geodetic, enu_axes
from beaconfire.vocabulary.motion import BiasPrior, Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.times import Instant

BIAS_SIGMA_RANGE_M = 20.0
BIAS_SIGMA_AZIMUTH_MRAD = 0.3
BIAS_SIGMA_ELEVATION_MRAD = 0.3
# A perfect survey is entered as a micrometre and a nanoradian: priors stay invertible.
_BIAS_FLOOR = 1e-6
COSINE_FLOOR = 0.1
# Columns of ``Plots.rows``.
SITE, SIGHT, ACROSS, ABOVE = 0, 3, 6, 9
RANGE, COSINE, WEIGHT_R, WEIGHT_A, WEIGHT_E, SINE = 12, 13, 14, 15, 16, 17
COLUMNS = 18


@dataclass(frozen=True, slots=True)
class PlotTable:
    """Plots in order of time as arrays; row i is ``Observations.plots[index[i]]``."""

    epoch: Instant
    times_s: Floats
    rows: Floats
    bias_slot: Ints  # which of ``bias_priors`` a plot's bias is
    sensor_slot: Ints  # which of ``sensors``
    index: Ints
    bias_priors: tuple[BiasPrior, ...]
    sensors: tuple[str, ...]

    def select(self, keep: Floats | Ints) -> "PlotTable":
        """Return the same table with the rows of ``keep`` only, order kept."""
        return PlotTable(
            self.epoch,
            np.ascontiguousarray(self.times_s[keep]),
            np.ascontiguousarray(self.rows[keep]),
            np.ascontiguousarray(self.bias_slot[keep]),
            np.ascontiguousarray(self.sensor_slot[keep]),
            np.ascontiguousarray(self.index[keep]),
            self.bias_priors,
            self.sensors,
        )


@compiled
def fill_rows(
    raw: Floats, sites: Floats, axes: Floats, slot: Ints, rows: Floats
) -> None:
    """Write a row per plot; ``raw`` = range (m), two angles (deg), sigmas (m, mrad)."""
    for i in range(raw.shape[0]):
        azimuth, elevation = math.radians(raw[i, 1]), math.radians(raw[i, 2])
        sin_a, cos_a = math.sin(azimuth), math.cos(azimuth)
        sin_e, cos_e = math.sin(elevation), math.cos(elevation)
        enu = axes[slot[i]]
        for m in range(3):
            east, north, up = enu[0, m], enu[1, m], enu[2, m]
            flat = sin_a * east + cos_a * north
            rows[i, SITE + m] = sites[slot[i], m]
            rows[i, SIGHT + m] = cos_e * flat + sin_e * up
            rows[i, ACROSS + m] = cos_a * east - sin_a * north
            rows[i, ABOVE + m] = cos_e * up - sin_e * flat
        rows[i, RANGE] = raw[i, 0]
        rows[i, COSINE] = cos_e
        rows[i, WEIGHT_R] = 1.0 / raw[i, 3]
        rows[i, WEIGHT_A] = 1e3 / (raw[i, 4] * max(abs(cos_e), COSINE_FLOOR))
        rows[i, WEIGHT_E] = 1e3 / raw[i, 5]
        rows[i, SINE] = sin_e


@compiled
def misfit(
    row: Floats, position: Floats, bias: Floats, residual: Floats, slope: Floats
) -> None:
    """Write the weighted residual (range, across, above) and its slope by position.

    The residual is measured minus predicted over sigma; ``slope`` (3 x 3) is the
    derivative of the weighted prediction, so information is slope' slope.
    """
    dx, dy, dz = (
        position[0] - row[SITE],
        position[1] - row[SITE + 1],
        position[2] - row[SITE + 2],
    )
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    u = (dx / length, dy / length, dz / length)
    across = row[ACROSS] * u[0] + row[ACROSS + 1] * u[1] + row[ACROSS + 2] * u[2]
    above = row[ABOVE] * u[0] + row[ABOVE + 1] * u[1] + row[ABOVE + 2] * u[2]
    sight = row[SIGHT] * u[0] + row[SIGHT + 1] * u[1] + row[SIGHT + 2] * u[2]
    # The azimuth is compared at the measured elevation. At the predicted one a higher
    # prediction would make every azimuth's error smaller, and pull itself up.
    ahead = row[COSINE] * sight - row[SINE] * above
    level = math.sqrt(across * across + ahead * ahead)
    near_zenith = level < COSINE_FLOOR
    level = max(level, COSINE_FLOOR)
    scale = max(row[COSINE], COSINE_FLOOR) / level
    residual[0] = row[WEIGHT_R] * (row[RANGE] - length - bias[0])
    residual[1] = row[WEIGHT_A] * (-scale * across - row[COSINE] * bias[1])
    residual[2] = row[WEIGHT_E] * (-above - bias[2])
    for m in range(3):
        slope[0, m] = row[WEIGHT_R] * u[m]
        if near_zenith:
            turn = row[ACROSS + m] - across * u[m]
        else:
            forward = row[COSINE] * row[SIGHT + m] - row[SINE] * row[ABOVE + m]
            turn = row[ACROSS + m] * ahead - forward * across
            turn *= ahead / (level * level)
        slope[1, m] = row[WEIGHT_A] * scale * turn / length
        slope[2, m] = row[WEIGHT_E] * (row[ABOVE + m] - above * u[m]) / length


@compiled
def seen_from(
    lat_deg: float, lon_deg: float, alt_m: float, position: Floats
) -> tuple[float, float, float]:
    """Return range (m), azimuth [0, 360) and elevation (degrees) of a position."""
    site = ecef_from_geodetic(lat_deg, lon_deg, alt_m)
    enu = enu_axes(lat_deg, lon_deg)
    e = n = u = 0.0
    for m in range(3):
        d = position[m] - site[m]
        e += enu[0, m] * d
        n += enu[1, m] * d
        u += enu[2, m] * d
    flat = math.sqrt(e * e + n * n)
    azimuth = math.degrees(math.atan2(e, n)) % 360.0
    return math.sqrt(flat * flat + u * u), azimuth, math.degrees(math.atan2(u, flat))


def bias_prior_of(plot: Plot) -> BiasPrior:
    """Return the prior of a plot's bias, as its sensor states it or by default."""

    def stated(value: float | None, default: float) -> float:
        return default if value is None else value

    return BiasPrior(
        bias_id=plot.bias_id or plot.sensor.id,
        sigma_range_m=stated(plot.bias_sigma_range_m, BIAS_SIGMA_RANGE_M),
        sigma_azimuth_mrad=stated(
            plot.bias_sigma_azimuth_mrad, BIAS_SIGMA_AZIMUTH_MRAD
        ),
        sigma_elevation_mrad=stated(
            plot.bias_sigma_elevation_mrad, BIAS_SIGMA_ELEVATION_MRAD
        ),
    )


def prior_precision(prior: BiasPrior) -> Floats:
    """Return the information (1/m2, 1/rad2, 1/rad2) of a bias prior."""
    sigma = np.array(
        (
            max(prior.sigma_range_m, _BIAS_FLOOR),
            max(prior.sigma_azimuth_mrad * 1e-3, _BIAS_FLOOR * 1e-3),
            max(prior.sigma_elevation_mrad * 1e-3, _BIAS_FLOOR * 1e-3),
        )
    )
    result: Floats = 1.0 / (sigma * sigma)
    return result


def tabulate(plots: Sequence[Plot], indices: Sequence[int]) -> PlotTable:
    """Return the plots at ``indices`` in order of time; ties keep the order given."""
    order = sorted(indices, key=lambda i: plots[i].time.ns)
    ordered = [plots[i] for i in order]
    epoch = ordered[-1].time
    sites: dict[SensorSite, int] = {}
    sensors: dict[str, int] = {}
    site_slot = [sites.setdefault(p.sensor, len(sites)) for p in ordered]
    sensor_slot = [sensors.setdefault(p.sensor.id, len(sensors)) for p in ordered]
    priors, bias_slot = _biases_of(ordered)
    raw = [
        (
            plot.range_m,
            plot.azimuth_deg,
            plot.elevation_deg,
            plot.sigma_range_m,
            plot.sigma_azimuth_mrad,
            plot.sigma_elevation_mrad,
        )
        for plot in ordered
    ]
    rows = np.empty((len(order), COLUMNS))
    places = [ecef_from_geodetic(s.lat_deg, s.lon_deg, s.alt_m) for s in sites]
    axes = [enu_axes(s.lat_deg, s.lon_deg) for s in sites]
    slots = np.array(site_slot, dtype=np.int64)
    fill_rows(np.array(raw), np.array(places), np.array(axes), slots, rows)
    return PlotTable(
        epoch,
        np.array([plot.time.ns - epoch.ns for plot in ordered]) * 1e-9,
        rows,
        np.array(bias_slot, dtype=np.int64),
        np.array(sensor_slot, dtype=np.int64),
        np.array(order, dtype=np.int64),
        priors,
        tuple(sensors),
    )


def _biases_of(plots: Sequence[Plot]) -> tuple[tuple[BiasPrior, ...], list[int]]:
    """Return every bias prior once and which is each plot's."""
    names = [plot.bias_id or plot.sensor.id for plot in plots]
    stated = {
        (
            name,
            plot.bias_sigma_range_m,
            plot.bias_sigma_azimuth_mrad,
            plot.bias_sigma_elevation_mrad,
        ): plot
        for name, plot in zip(names, plots, strict=True)
    }
    priors, slots = merged_priors([[bias_prior_of(plot) for plot in stated.values()]])
    return priors, [slots[name] for name in names]


def merged_priors(
    groups: Sequence[Sequence[BiasPrior]],
) -> tuple[tuple[BiasPrior, ...], Mapping[str, int]]:
    """Return every bias id once, with its slot.

    Where statements differ the most cautious holds, whatever order they came in.
    """
    merged: dict[str, BiasPrior] = {}
    for group in groups:
        for one in group:
            known = merged.get(one.bias_id, one)
            merged[one.bias_id] = BiasPrior(
                bias_id=one.bias_id,
                sigma_range_m=max(known.sigma_range_m, one.sigma_range_m),
                sigma_azimuth_mrad=max(
                    known.sigma_azimuth_mrad, one.sigma_azimuth_mrad
                ),
                sigma_elevation_mrad=max(
                    known.sigma_elevation_mrad, one.sigma_elevation_mrad
                ),
            )
    slots = {name: slot for slot, name in enumerate(merged)}
    return tuple(merged.values()), slots
