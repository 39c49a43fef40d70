"""Contradiction: which sensor says what no other sensor can confirm?

A sensor whose clock, survey or mounting is wrong by more than it states contradicts the
others, and a fit of them all belongs to nobody. What can be said depends on how many
there are (``reconciled``):

* One sensor alone contradicts nobody. Its constant lie is seen only where it makes the
  arc one that no body flies.
* Of two that contradict each other, one is wrong, and nothing tells which, unless one
  of them contradicts itself.
* Of three or more one is named and left out: the survey that strains (``strain``), or
  the only sensor without which the rest agree.
* An object that one sensor alone shows, though it sees nothing of what others see where
  and when it looks itself, or that flies another object's path at another time, is
  doubted (``doubted``): no area is given of it. It is kept, since it may be another
  launch all the same. Where the other object too hangs on one sensor, both are doubted.

A push that one sensor sees sooner than the others looks like a lie for some seconds.
And while it is too early to tell a burn-out, chance lets all but one sensor tell it a
moment sooner. So where no plots are refused a lie is spoken of only if constant offsets
put all of them on one arc, and these are beyond what the surveys allow.

Left to others: which plots are of one object, and what one object's plots say.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.coasting import PLOTS_MIN, Coast
from beaconfire.estimation.geodesy import (
    ecef_from_geodetic,
    enu_axes,
    ground_range_m,
)
from beaconfire.estimation.measurement import PlotTable
from beaconfire.estimation.selection import REPEATED
from beaconfire.estimation.strain import SURVEYS_TO_NAME_MIN, Strain, weigh_freed
from beaconfire.estimation.watcher import FARTHER
from beaconfire.vocabulary.flight import (
    FlightEstimate,
    Observations,
    RejectedPlot,
    SensorAccount,
)
from beaconfire.vocabulary.motion import ImpactArea, LaunchPoint, Plot
from beaconfire.vocabulary.times import NS_PER_S

# One object's own fit leaves out a few plots in a hundred; that of mixed objects, or of
# sensors that contradict each other, some half.
LEFT_OUT_PART = 0.1
# Leaving out each sensor costs a solve; more than so many are not one file's.
SENSORS_TRIED_MAX = 16
# A sensor that looked for so long while another object stood so high above its horizon
# would have seen it.
LOOKED_S_MIN, ABOVE_DEG = 10.0, 5.0
# No offset, scale or clock that leaves an arc an arc puts an object farther off.
WRONG_M_MAX = 300_000.0
# A sensor sees two objects if it shows both in more than so many scans; a false plot
# may hold up a path that has ended.
BOTH_SEEN_MAX = 1
# Two flights this alike in place and size, at two times, by two sensors: a clock. Real
# launches of one site and type differ by more in apogee.
ALIKE_KM, ALIKE_PART = 60.0, 0.02
REASON_MAX = 500  # the vocabulary holds 512 characters


@dataclass(frozen=True, slots=True)
class Solved:
    """An estimate, and what it rests on: the table of all plots, the arc, the strain.

    ``strain`` is there only if it is what the arc was not believed for.
    """

    estimate: FlightEstimate
    table: PlotTable | None
    coast: Coast | None
    strain: Strain | None

    def explains(self, plots: int) -> bool:
        """Say whether one object's fit explains so many plots."""
        left_out = sum(one.reason != REPEATED for one in self.estimate.rejected)
        return self.estimate.model_holds and left_out <= LEFT_OUT_PART * plots


Solve = Callable[[Observations], Solved]
Sensors = frozenset[str]


def reconciled(held: Observations, solve: Solve) -> FlightEstimate:
    """Return the estimate, without the one sensor that contradicts all others.

    Where sensors contradict each other and nothing tells which is wrong, the estimate
    has no area, and that as its reason.
    """
    one = solve(held)
    strained = one.strain is not None
    unsolved = _accusing_nobody(one.estimate) if strained else one.estimate
    if one.strain is not None and one.strain.culprit is not None:
        cleared = _without_survey(held, one.strain.culprit, solve)
        if cleared is not None:
            return cleared
    sensors = sorted({plot.sensor.id for plot in held.plots})
    unheard = _unheard(one.estimate)
    if not 1 < len(sensors) <= SENSORS_TRIED_MAX:
        return unsolved
    doubtful = _left_its_arc(one.estimate) or _left_much_out(one, held)
    if not strained and not unheard and not doubtful:
        return unsolved
    suspects = _suspects(held, offsets=strained)
    found = {some: solve(_rest(held, some)) for some in suspects}
    agreeing = [some for some, rest in found.items() if _agree(rest, held, some)]
    freed = _freed(one.table, [found[some] for some in agreeing])
    lied = strained or (freed is not None and freed.declared)
    if not agreeing or not (lied or unheard):
        return unsolved
    liars = _named(held, freed, agreeing)
    if liars is None and len(sensors) == 2 and len(agreeing) == 1:
        (other,) = (some for some in found if some != agreeing[0])
        liars = agreeing[0] if found[other].strain is not None else None
    if liars is not None:
        return _without(held, liars, found[liars].estimate)
    if len(agreeing) < 2 and not any(unheard - some for some in agreeing):
        return unsolved
    names = ", ".join(f"`{sensor}`" for sensor in sensors)
    return _unbelieved(
        one.estimate, f"{names} contradict each other, and nothing tells which is wrong"
    )


def _suspects(held: Observations, *, offsets: bool) -> list[Sensors]:
    """Return who may lie together: the sensors of a survey, and each of them alone.

    Where offsets tell that somebody lies it is a whole survey: one of its sensors alone
    has a clock or an antenna that is wrong.
    """
    surveys: dict[str, set[str]] = {}
    for plot in held.plots:
        surveys.setdefault(plot.bias_id or plot.sensor.id, set()).add(plot.sensor.id)
    some = {frozenset(shared) for shared in surveys.values()}
    if not offsets:
        some |= {frozenset({one}) for shared in surveys.values() for one in shared}
    return sorted(some, key=sorted)


def _agree(rest: Solved, held: Observations, left_out: Sensors) -> bool:
    plots = sum(plot.sensor.id not in left_out for plot in held.plots)
    return plots > 0 and rest.explains(plots)


def _named(
    held: Observations, freed: Strain | None, agreeing: Sequence[Sensors]
) -> Sensors | None:
    """Return who lies, if three sensors or more tell: the offsets, or all who agree.

    Without the liars all agree. That must hold of them alone, or of more than them:
    sensors of one lying survey agree with each other too, and without the others.
    """
    if len({plot.sensor.id for plot in held.plots}) < SURVEYS_TO_NAME_MIN:
        return None
    survey = freed.culprit if freed is not None else None
    if survey is not None and (liars := _of_survey(held, survey)) in agreeing:
        return liars
    least = min(agreeing, key=len)
    return least if all(least <= some for some in agreeing) else None


def _without_survey(
    held: Observations, survey: str, solve: Solve
) -> FlightEstimate | None:
    """Return what the sensors of all surveys but one say; ``None`` if they disagree."""
    liars = _of_survey(held, survey)
    rest = _rest(held, liars)
    found = solve(rest)
    if not liars or not found.explains(len(rest.plots)):
        return None
    return _without(held, liars, found.estimate)


def _of_survey(held: Observations, survey: str) -> Sensors:
    """Return the sensors whose offsets are those of one survey."""
    return frozenset(
        p.sensor.id for p in held.plots if (p.bias_id or p.sensor.id) == survey
    )


def _rest(held: Observations, left_out: Sensors) -> Observations:
    kept = tuple(plot for plot in held.plots if plot.sensor.id not in left_out)
    return replace(held, plots=kept)


def _unheard(estimate: FlightEstimate) -> set[str]:
    """Return the sensors of whose plots most were taken for another object's."""
    return {
        account.id
        for account in estimate.sensors
        if account.verdict == "rejected" and account.plots >= PLOTS_MIN
    }


def _left_much_out(one: Solved, held: Observations) -> bool:
    """Say whether an arc was found that much of what is held does not lie on.

    A sensor that comes late and lies may win over what the others have just shown.
    """
    return one.estimate.model_holds and not one.explains(len(held.plots))


def _left_its_arc(estimate: FlightEstimate) -> bool:
    return not estimate.model_holds and estimate.departure is None


def _freed(table: PlotTable | None, agreeing: Sequence[Solved]) -> Strain | None:
    """Weigh the offsets that put all coasting plots on the longest arc of some."""
    arcs = [one.coast for one in agreeing if one.coast is not None]
    if table is None or not arcs:
        return None
    coast = max(arcs, key=lambda one: len(one.table.times_s))
    began = coast.table.epoch.plus_s(float(coast.table.times_s[0]))
    since_s = began.seconds_since(table.epoch)
    after = table.select(np.flatnonzero(table.times_s >= since_s))
    return weigh_freed(after, coast.own.state, coast.own.epoch)


def _without(
    held: Observations, liars: Sensors, found: FlightEstimate
) -> FlightEstimate:
    """Count what was found without ``liars`` by the plots of all."""
    kept = [k for k, plot in enumerate(held.plots) if plot.sensor.id not in liars]
    named = {
        liar: f"sensor `{liar}` rejected by consistency: it contradicts all others"
        for liar in sorted(liars)
    }
    rejected = [
        *(replace(one, index=kept[one.index]) for one in found.rejected),
        *(
            RejectedPlot(index=k, reason=named[plot.sensor.id])
            for k, plot in enumerate(held.plots)
            if plot.sensor.id in liars
        ),
    ]
    accounts = [
        SensorAccount(
            id=liar,
            plots=sum(plot.sensor.id == liar for plot in held.plots),
            bias=None,
            verdict="rejected",
        )
        for liar in named
    ]
    return replace(
        found,
        rejected=tuple(sorted(rejected, key=lambda one: one.index)),
        sensors=tuple(sorted((*found.sensors, *accounts), key=lambda one: one.id)),
        reason="; ".join([found.reason, *named.values()])[:REASON_MAX],
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
    if len(mine) != 1 or not theirs - mine:
        return None
    (sensor,) = mine
    named = " and ".join(f"`{name}`" for name in sorted(theirs - mine))
    if sensor in theirs:
        return _doubt_of_another_path(held, other, sensor, named)
    if len(theirs) == 1:
        return _doubt_of_two(held, estimate, other, its)
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


def _doubt_of_another_path(
    held: Observations, other: Observations, sensor: str, named: str
) -> str | None:
    """Say why what one sensor sees may be what it saw with others, and lies of now."""
    begin = min(plot.time for plot in held.plots)
    end = max(plot.time for plot in held.plots)
    then = [plot for plot in other.plots if begin <= plot.time <= end]
    if sum(plot.sensor.id == sensor for plot in then) > BOTH_SEEN_MAX:
        return None
    theirs = [plot for plot in then if plot.sensor.id != sensor]
    if _looked_s(held.plots, theirs, FARTHER) < LOOKED_S_MIN:
        return None
    return (
        f"`{sensor}` alone sees it, and sees no more of what {named} go on to see: "
        "since then one of them is wrong"
    )


def _doubt_of_two(
    held: Observations,
    estimate: FlightEstimate,
    other: Observations,
    its: FlightEstimate,
) -> str | None:
    """Say why two objects, each of one sensor, may be one of which one sensor lies.

    Nothing tells which. A radar of short reach or behind a hill is no liar, so only
    what stands as near as it is known to look counts.
    """
    if not (estimate.model_holds and its.model_holds):
        return None
    names = sorted(one.plots[0].sensor.id for one in (held, other))
    named = " and ".join(f"`{name}`" for name in names)
    looked_s = max(
        _looked_s(mine.plots, theirs.plots, FARTHER)
        for mine, theirs in ((held, other), (other, held))
    )
    if looked_s >= LOOKED_S_MIN:
        return (
            f"{named} each see alone what the other does not see, though it looks "
            "there at the same time: one of them is wrong"
        )
    if _alike(estimate, its):
        return f"{named} see one path at two times: one of their clocks may be wrong"
    return None


def _looked_s(
    mine: Sequence[Plot], theirs: Sequence[Plot], as_far: float = math.inf
) -> float:
    """Return for how long a sensor looked while the other object stood above it.

    ``as_far``: how far it looks, over the farthest that it shows. What stands farther
    from its own object than ``WRONG_M_MAX`` is no other view of that: a radar that
    watches one sector sees nothing of a launch in the next.
    """
    shown = list(_places(mine))
    shown_ns = np.array([plot.time.ns for plot, _ in shown])
    order = np.argsort(shown_ns)
    shown_ns, own = shown_ns[order], np.array([place for _, place in shown])[order]

    def near(plot: Plot, place: Floats) -> bool:
        at = int(np.searchsorted(shown_ns, plot.time.ns))
        beside = own[max(at - 1, 0) : at + 1]
        return bool(np.min(np.linalg.norm(beside - place, axis=1)) <= WRONG_M_MAX)

    site = mine[0].sensor
    origin = ecef_from_geodetic(site.lat_deg, site.lon_deg, site.alt_m)
    axes = enu_axes(site.lat_deg, site.lon_deg)
    begin = min(plot.time for plot in mine)
    end = max(plot.time for plot in mine)
    range_max_m = as_far * max(plot.range_m for plot in mine)
    seconds = [
        plot.time.ns / NS_PER_S
        for plot, place in _places(theirs)
        if begin <= plot.time <= end
        and float(np.linalg.norm(place - origin)) <= range_max_m
        and _elevation_deg(place - origin, axes) > ABOVE_DEG
        and near(plot, place)
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


def _accusing_nobody(estimate: FlightEstimate) -> FlightEstimate:
    """Return it without a verdict on the sensors of which one lies, nobody knows which.

    The fit follows some of them and leaves out the rest, which may be the honest ones.
    """
    accounts = tuple(
        replace(one, verdict="contradicted") if one.verdict == "rejected" else one
        for one in estimate.sensors
    )
    return replace(estimate, sensors=accounts)


def _unbelieved(estimate: FlightEstimate, why: str) -> FlightEstimate:
    """Return it without what would be believed: area, path, tracklet."""
    return replace(
        _accusing_nobody(estimate),
        impact=None,
        impact_reason=why,
        impact_condition=None,
        model_holds=False,
        reason=why,
        path=(),
        tracklet=None,
    )
