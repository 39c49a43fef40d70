"""Accuracy: predicted impacts held against where the object truly came down.

``miss_km`` is the geodesic on WGS 84 between the predicted and the true impact.
``area95_km2`` is pi times both semi-axes of the published 95 % ellipse, and
``contains_truth`` asks whether the true point lies in that same ellipse: an area that
was told to people must be judged by itself, not by a covariance they never saw.
"""

import math

from geographiclib.geodesic import Geodesic

from beaconfire.exercise.after_action.readings import Predicted, Reading
from beaconfire.exercise.after_action.report import EstimateLine
from beaconfire.exercise.after_action.rounding import rounded
from beaconfire.exercise.sky.flight import Impact
from beaconfire.vocabulary.motion import ImpactArea
from beaconfire.vocabulary.times import Instant

_AXIS_M_MIN = 1e-3  # an ellipse without width holds its own centre and nothing else
_NO_TRUTH = "this flight did not come down within the exercise"


def estimate_lines(
    reading: Reading, *, lift_off: Instant, with_sharing: bool
) -> tuple[EstimateLine, ...]:
    """Return a nation's estimates with an impact, against the truth."""
    return tuple(
        _line(reading.party, one, lift_off=lift_off, with_sharing=with_sharing)
        for one in reading.predicted
    )


def area95_km2(area: ImpactArea) -> float:
    """Return the area of the 95 % ellipse."""
    ellipse = area.ellipse95
    return math.pi * ellipse.semi_major_m * ellipse.semi_minor_m / 1e6


def offset_m(area: ImpactArea, truth: Impact) -> tuple[float, float]:
    """Return the true impact as metres east and north of the predicted one."""
    line = Geodesic.WGS84.Inverse(
        area.lat_deg, area.lon_deg, truth.lat_deg, truth.lon_deg
    )
    azimuth = math.radians(line["azi1"])
    return line["s12"] * math.sin(azimuth), line["s12"] * math.cos(azimuth)


def miss_km(area: ImpactArea, truth: Impact | None) -> float | None:
    """Return how far the predicted impact lies from the true one, if there is one."""
    if truth is None:
        return None
    return rounded(math.hypot(*offset_m(area, truth)) / 1e3)


def holds_point(area: ImpactArea, east_m: float, north_m: float) -> bool:
    """Say whether a point, relative to the centre, lies in the 95 % ellipse."""
    return outwards(area, east_m, north_m) <= 1.0


def outwards(area: ImpactArea, east_m: float, north_m: float) -> float:
    """Return how far out a point lies: 0 at the centre, 1 on the ellipse, squared."""
    axis = math.radians(area.ellipse95.azimuth_deg)
    along = east_m * math.sin(axis) + north_m * math.cos(axis)
    across = east_m * math.cos(axis) - north_m * math.sin(axis)
    major = max(area.ellipse95.semi_major_m, _AXIS_M_MIN)
    minor = max(area.ellipse95.semi_minor_m, _AXIS_M_MIN)
    return (along / major) ** 2 + (across / minor) ** 2


def _line(
    party: str, one: Predicted, *, lift_off: Instant, with_sharing: bool
) -> EstimateLine:
    own_s = one.t_s - one.flight.lift_off.seconds_since(lift_off)
    after_s = rounded(own_s - one.flight.burn_out_s)
    area_km2 = rounded(area95_km2(one.area))
    truth = one.flight.impact
    if truth is None:
        return EstimateLine(
            nation=party,
            launch=one.flight.launch_id,
            t_s=rounded(one.t_s),
            after_burnout_s=after_s,
            miss_km=None,
            miss_km_reason=_NO_TRUTH,
            area95_km2=area_km2,
            contains_truth=None,
            contains_truth_reason=_NO_TRUTH,
            with_sharing=with_sharing,
        )
    east_m, north_m = offset_m(one.area, truth)
    return EstimateLine(
        nation=party,
        launch=one.flight.launch_id,
        t_s=rounded(one.t_s),
        after_burnout_s=after_s,
        miss_km=miss_km(one.area, truth),
        area95_km2=area_km2,
        contains_truth=holds_point(one.area, east_m, north_m),
        with_sharing=with_sharing,
    )
