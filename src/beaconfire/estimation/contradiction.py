"""Contradiction: which sensor says what no other sensor can confirm?

A sensor whose clock, survey or mounting is wrong by more than it states contradicts the
others, and a fit of them all belongs to nobody. What can be said depends on how many
there are:

* One sensor alone contradicts nobody: a constant lie of it cannot be seen.
* Of two that contradict each other, one is wrong, and nothing tells which.
* Of three or more, if leaving out exactly one makes the rest agree, that one is named
  and left out (``reconciled``).
* An object that one sensor alone shows, though it sees nothing of what others see where
  and when it looks itself, or that flies another object's path at another time, is
  doubted (``doubted``): no area is given of it. It is kept, since it may be another
  launch all the same.

Left to others: which plots are of one object, and what one object's plots say.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.geodesy import (
    ecef_from_geodetic,
    enu_axes,
    ground_range_m,
)
from beaconfire.estimation.selection import REPEATED
from beaconfire.vocabulary.flight import (
    FlightEstimate,
    Observations,
    RejectedPlot,
    SensorAccount,
)
from beaconfire.vocabulary.motion import ImpactArea, LaunchPoint, Plot
from beaconfire.vocabulary.times import NS_PER_S

Solve = Callable[[Observations], FlightEstimate]

# One object's own fit leaves out a few plots in a hundred; that of mixed objects, or of
# sensors that contradict each other, some half.
LEFT_OUT_PART = 0.1
# Leaving out each sensor costs a solve; more than so many are not one file's.
SENSORS_TRIED_MAX = 16
# A sensor that looked for so long while another object stood so high above its horizon
# would have seen it.
LOOKED_S_MIN, ABOVE_DEG = 10.0, 5.0
# Two flights this alike in place and size, at two times, by two sensors: a clock. Real
# launches of one site and type differ by more in apogee.
ALIKE_KM, ALIKE_PART = 60.0, 0.02


def explains(estimate: FlightEstimate, plots: int) -> bool:
    """Say whether one object's fit explains so many plots."""
    left_out = sum(one.reason != REPEATED for one in estimate.rejected)
    return estimate.model_holds and left_out <= LEFT_OUT_PART * plots


def reconciled(
    held: Observations, estimate: FlightEstimate, *, solve: Solve
) -> FlightEstimate:
    """Return the estimate without the one sensor that contradicts all others.

    Where sensors contradict each other and nothing tells which is wrong, the estimate
    is returned with that as its reason.
    """
    if explains(estimate, len(held.plots)):
        return estimate
    sensors = sorted({plot.sensor.id for plot in held.plots})
    if not 1 < len(sensors) <= SENSORS_TRIED_MAX:
        return estimate
    agreeing: list[tuple[str, FlightEstimate]] = []
    for sensor in sensors:
        rest = replace(
            held, plots=tuple(p for p in held.plots if p.sensor.id != sensor)
        )
        found = solve(rest)
        if explains(found, len(rest.plots)):
            agreeing.append((sensor, found))
    if len(sensors) > 2 and len(agreeing) == 1:
        return _without(held, *agreeing[0])
    if len(agreeing) < 2:
        return estimate
    named = ", ".join(f"`{sensor}`" for sensor in sensors)
    return _unbelieved(
        estimate, f"{named} contradict each other, and nothing tells which is wrong"
    )


def _without(held: Observations, liar: str, found: FlightEstimate) -> FlightEstimate:
    """Count what was found without ``liar`` by the plots of all."""
    kept = [k for k, plot in enumerate(held.plots) if plot.sensor.id != liar]
    reason = f"sensor `{liar}` rejected by consistency: it contradicts all others"
    rejected = [
        *(replace(one, index=kept[one.index]) for one in found.rejected),
        *(
            RejectedPlot(index=k, reason=reason)
            for k, plot in enumerate(held.plots)
            if plot.sensor.id == liar
        ),
    ]
    plots = sum(plot.sensor.id == liar for plot in held.plots)
    account = SensorAccount(id=liar, plots=plots, bias=None, verdict="rejected")
    return replace(
        found,
        rejected=tuple(sorted(rejected, key=lambda one: one.index)),
        sensors=tuple(sorted((*found.sensors, account), key=lambda one: one.id)),
        reason=f"{found.reason}; {reason}",
    )


def doubted(
    objects: Sequence[tuple[Observations, FlightEstimate]],
) -> list[FlightEstimate]:
    """Return the estimates, without an area where one sensor stands against others."""
    result = []
    for held, estimate in objects:
        why = next(
            (
                said
                for other, its in objects
                if other is not held
                and (said := _doubt(held, estimate, other, its)) is not None
            ),
            None,
        )
        result.append(estimate if why is None else _unbelieved(estimate, why))
    return result


def _doubt(
    held: Observations,
    estimate: FlightEstimate,
    other: Observations,
    its: FlightEstimate,
) -> str | None:
    mine = {plot.sensor.id for plot in held.plots}
    theirs = {plot.sensor.id for plot in other.plots}
    if len(mine) != 1 or len(theirs) < 2 or mine & theirs:
        return None
    (sensor,) = mine
    named = " and ".join(f"`{name}`" for name in sorted(theirs))
    if _looked_s(held.plots, other.plots) >= LOOKED_S_MIN:
        return (
            f"`{sensor}` alone sees it, and sees nothing of what {named} see at the "
            "same time above its horizon: one of them is wrong"
        )
    if _alike(estimate, its):
        return (
            f"`{sensor}` alone sees it, and it flies the path that {named} saw at "
            f"another time: the clock of `{sensor}` may be wrong"
        )
    return None


def _looked_s(mine: Sequence[Plot], theirs: Sequence[Plot]) -> float:
    """Return for how long a sensor looked while the other object stood above it."""
    site = mine[0].sensor
    origin = ecef_from_geodetic(site.lat_deg, site.lon_deg, site.alt_m)
    axes = enu_axes(site.lat_deg, site.lon_deg)
    begin = min(plot.time for plot in mine)
    end = max(plot.time for plot in mine)
    seconds = [
        plot.time.ns / NS_PER_S
        for plot, place in _places(theirs)
        if begin <= plot.time <= end
        and _elevation_deg(place - origin, axes) > ABOVE_DEG
    ]
    return max(seconds) - min(seconds) if seconds else 0.0


def _places(plots: Sequence[Plot]) -> Iterator[tuple[Plot, Floats]]:
    """Yield each plot with where it saw the object, Earth-fixed, in metres."""
    for plot in plots:
        site = plot.sensor
        axes = enu_axes(site.lat_deg, site.lon_deg)
        azimuth = math.radians(plot.azimuth_deg)
        elevation = math.radians(plot.elevation_deg)
        flat = math.cos(elevation)
        toward = np.array(
            [
                flat * math.sin(azimuth),
                flat * math.cos(azimuth),
                math.sin(elevation),
            ]
        )
        origin = ecef_from_geodetic(site.lat_deg, site.lon_deg, site.alt_m)
        yield plot, origin + plot.range_m * (toward @ axes)


def _elevation_deg(away: Floats, axes: Floats) -> float:
    return math.degrees(math.asin(float(axes[2] @ away) / float(np.linalg.norm(away))))


def _alike(one: FlightEstimate, other: FlightEstimate) -> bool:
    if one.launch is None or other.launch is None or one.impact is None:
        return False
    if other.impact is None or one.apogee_km is None or other.apogee_km is None:
        return False
    places = ((one.launch, other.launch), (one.impact, other.impact))
    return (
        all(_apart_km(a, b) < ALIKE_KM for a, b in places)
        and abs(one.apogee_km - other.apogee_km) < ALIKE_PART * other.apogee_km
    )


def _apart_km(one: LaunchPoint | ImpactArea, other: LaunchPoint | ImpactArea) -> float:
    return ground_range_m(one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg) / 1e3


def _unbelieved(estimate: FlightEstimate, why: str) -> FlightEstimate:
    """Return it without what would be believed: area, path, tracklet."""
    return replace(
        estimate,
        impact=None,
        impact_reason=why,
        impact_condition=None,
        model_holds=False,
        reason=why,
        path=(),
        tracklet=None,
    )
