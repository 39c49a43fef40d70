"""Alone: may what one sensor alone shows be another's object, seen wrongly?

A sensor that lies by kilometres about where an object is makes two objects of one, each
with an area of its own, of which one is wrong. So what one sensor alone shows is
doubted, and has no area, where

* it sees nothing of what several others see at the same time above its horizon;
* it saw an object with others, and sees no more of what these go on to see;
* another object too hangs on one sensor, and one of the two does not see what the other
  sees, though it looks there: then both are doubted, since nothing tells who lies;
* it flies the path that others saw at another time: its clock may be wrong.

It is kept, since it may be another launch all the same. A sensor looks no farther than
is stated, or than it has shown, and watches perhaps one sector: what stands more than
``WRONG_M_MAX`` from its own object is nothing that it should have seen. And what it
shows at the same place, whatever that was taken for, it sees: objects that leave one
site together are laid to each other at first, and nobody lies.

Plain Python: files are asked here and so is the node's own process. Which plots are of
one object is for others to say.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from msgspec.structs import replace

from beaconfire.estimation.ground import axes_of, distance_m
from beaconfire.estimation.watcher import FARTHER
from beaconfire.vocabulary.cards import OwnSensor
from beaconfire.vocabulary.flight import FlightEstimate
from beaconfire.vocabulary.motion import ImpactArea, LaunchPoint, Plot
from beaconfire.vocabulary.places import SensorSite, Vector3
from beaconfire.vocabulary.times import NS_PER_S

# A sensor that looked for so long while another object stood so high above its horizon
# would have seen it; and one that turns slowly when it has looked so often: a path
# takes four plots, and nine looks in ten show it.
LOOKED_S_MIN, LOOKS_MIN, ABOVE_DEG = 10.0, 6.0, 5.0
# No offset, scale or clock that leaves an arc an arc puts an object farther off.
WRONG_M_MAX = 300_000.0
# A sensor sees two objects if it shows both in more than so many scans; a false plot
# may hold up a path that has ended.
BOTH_SEEN_MAX = 1
# Two flights this alike in place and size, at two times, by two sensors: a clock. Real
# launches of one site and type differ by more in apogee.
ALIKE_M, ALIKE_PART = 60_000.0, 0.02
# Two sensors put one object so many sigma apart at most, with twice what is assumed of
# a survey that states nothing (20 m, 0.3 mrad); told by so many instants at least.
SIGMAS, SURVEY_M, SURVEY_RAD, TOGETHER_MIN = 4.0, 40.0, 0.6e-3, 3
# Instants at which two are held against each other, evenly over all.
COMPARED = 12
# A node asks of the same plots again and again: those of some launches and radars.
PLACES_KEPT = 16_384
# Gaps between a sensor's newest plots that say how often it looks.
GAPS_MIDDLE_OF = 15

# A reason holds 512 characters, and says more than who they are.
NAMES_CHARS_MAX = 300

Placed = tuple[int, Vector3]  # when (ns) and where, Earth-fixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Flown:
    """What an estimate says of a flight. ``holds``: whether an arc explains it."""

    holds: bool
    launch: LaunchPoint | None = None
    impact: ImpactArea | None = None
    apogee_km: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one sensor shows of one object, in order of time.

    ``times_ns`` are of all its plots; ``places`` may be of some of them.
    ``range_max_m`` is how far it looks, where that is stated. ``noise_m`` is one sigma
    of a place, ``survey_m`` of what all places are off by.
    """

    site: SensorSite
    times_ns: Sequence[int]
    places: Sequence[Placed]
    farthest_m: float
    noise_m: float
    survey_m: float
    above_deg: float = ABOVE_DEG
    range_max_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """One object: what each sensor shows of it, and what it flies.

    ``others`` are sources whose plots are not held, but who see it too.
    """

    shown: dict[str, Shown]
    flown: Flown
    others: frozenset[str] = field(default_factory=frozenset[str])

    @property
    def sensors(self) -> frozenset[str]:
        """All by which it is seen."""
        return self.others | frozenset(self.shown)


def flown_of(estimate: FlightEstimate) -> Flown:
    """Return what an estimate says of a flight."""
    return Flown(
        holds=estimate.model_holds,
        launch=estimate.launch,
        impact=estimate.impact,
        apogee_km=estimate.apogee_km,
    )


def shown_of(
    plots: Sequence[Plot],
    stated: OwnSensor | None = None,
    *,
    some: Sequence[Plot] | None = None,
) -> Shown:
    """Return what one sensor shows of an object by its plots, one at least.

    ``some`` of them stand for all where that is enough. What is ``stated`` of the
    sensor bounds where it looks.
    """
    placed = sorted(plots if some is None else some, key=lambda plot: plot.time.ns)
    range_km = None if stated is None else stated.range_max_km
    mask_deg = None if stated is None else stated.elevation_min_deg
    farthest_m = max(plot.range_m for plot in placed)
    return Shown(
        site=placed[0].sensor,
        times_ns=sorted({plot.time.ns for plot in plots}),
        places=tuple((plot.time.ns, _place_of(plot)) for plot in placed),
        farthest_m=farthest_m,
        noise_m=max(_sigma_m(placed[0]), _sigma_m(placed[-1])),
        survey_m=math.hypot(SURVEY_M, SURVEY_RAD * farthest_m),
        above_deg=max(ABOVE_DEG, 0.0 if mask_deg is None else mask_deg),
        range_max_m=None if range_km is None else 1e3 * range_km,
    )


def doubt_of(
    mine: Followed, other: Followed, everything: Iterable[Followed]
) -> str | None:
    """Say why what is followed may be the other object, seen wrongly; or nothing.

    ``everything`` is all that is followed, these two among it.
    """
    theirs = other.sensors - mine.sensors
    if len(mine.sensors) != 1 or len(mine.shown) != 1 or not theirs:
        return None
    ((sensor, shown),) = mine.shown.items()
    if sensor in other.sensors:
        missed, alike = _missed_since(sensor, shown, other), False
        why, clock = _words_of_since(sensor, theirs)
    elif len(other.sensors) > 1:
        missed = _looked(shown, [*other.shown.values()])
        alike = _alike(mine.flown, other.flown)
        why, clock = _words_of_several(sensor, theirs)
    elif mine.flown.holds and other.flown.holds:
        missed = _either_missed(shown, other)
        alike = _alike(mine.flown, other.flown)
        why, clock = _words_of_two(theirs | mine.sensors)
    else:
        return None
    if not missed and not alike:
        return None
    if _shown_all_the_same(mine, other, list(everything)):
        return None
    return why if missed else clock


def unbelieved(estimate: FlightEstimate, why: str) -> FlightEstimate:
    """Return it without what would be believed: area, path, tracklet."""
    return replace(
        accusing_nobody(estimate),
        impact=None,
        impact_reason=why,
        impact_condition=None,
        model_holds=False,
        reason=why,
        path=(),
        tracklet=None,
    )


def accusing_nobody(estimate: FlightEstimate) -> FlightEstimate:
    """Return it without a verdict on the sensors of which one lies, nobody knows which.

    The fit follows some of them and leaves out the rest, which may be the honest ones.
    """
    accounts = tuple(
        replace(one, verdict="contradicted") if one.verdict == "rejected" else one
        for one in estimate.sensors
    )
    return replace(estimate, sensors=accounts)


def _place_of(plot: Plot) -> Vector3:
    """Return where a plot saw its object, Earth-fixed."""
    return _place(plot.sensor, plot.range_m, plot.azimuth_deg, plot.elevation_deg)


@lru_cache(maxsize=PLACES_KEPT)
def _place(
    site: SensorSite, range_m: float, azimuth_deg: float, elevation_deg: float
) -> Vector3:
    east, north, up, foot = axes_of(site)
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    level_m = range_m * math.cos(elevation)
    e, n = level_m * math.sin(azimuth), level_m * math.cos(azimuth)
    u = range_m * math.sin(elevation)
    x, y, z = (foot[i] + e * east[i] + n * north[i] + u * up[i] for i in range(3))
    return x, y, z


def _sigma_m(plot: Plot) -> float:
    across_mrad = max(plot.sigma_azimuth_mrad, plot.sigma_elevation_mrad)
    return max(plot.sigma_range_m, 1e-3 * plot.range_m * across_mrad)


def _words_of_since(sensor: str, theirs: Set[str]) -> tuple[str, str]:
    return (
        f"`{sensor}` alone sees it, and sees no more of what {_all(theirs)} go on to "
        "see: since then one of them is wrong"
    ), ""


def _words_of_several(sensor: str, theirs: Set[str]) -> tuple[str, str]:
    return (
        f"`{sensor}` alone sees it, and sees nothing of what {_all(theirs)} see at the "
        "same time above its horizon: one of them is wrong"
    ), (
        f"`{sensor}` alone sees it, and it flies the path that {_all(theirs)} saw at "
        f"another time: the clock of `{sensor}` may be wrong"
    )


def _words_of_two(both: Set[str]) -> tuple[str, str]:
    return (
        f"{_all(both)} each see alone what the other does not see, though it looks "
        "there at the same time: one of them is wrong"
    ), f"{_all(both)} see one path at two times: one of their clocks may be wrong"


def _all(sensors: Set[str]) -> str:
    """Name sensors, within what a reason may hold."""
    names = " and ".join(f"`{name}`" for name in sorted(sensors))
    return names if len(names) <= NAMES_CHARS_MAX else f"{len(sensors)} others"


def _missed_since(sensor: str, mine: Shown, other: Followed) -> bool:
    """Say whether a sensor sees no more of what it saw with others, who still do."""
    begin_ns, end_ns = mine.times_ns[0], mine.times_ns[-1]
    own = other.shown.get(sensor)
    if own is not None:
        both = bisect_right(own.times_ns, end_ns) - bisect_left(own.times_ns, begin_ns)
        if both > BOTH_SEEN_MAX:
            return False
    theirs = [one for name, one in other.shown.items() if name != sensor]
    return _looked(mine, theirs, FARTHER)


def _either_missed(mine: Shown, other: Followed) -> bool:
    """Say whether one of two sensors looked where the other's object was.

    Nothing tells which lies. A radar of short reach or behind a hill is no liar, so
    only what stands as near as it is known to look counts.
    """
    return any(
        _looked(mine, [theirs], FARTHER) or _looked(theirs, [mine], FARTHER)
        for theirs in other.shown.values()
    )


def _shown_all_the_same(
    mine: Followed, other: Followed, everything: Sequence[Followed]
) -> bool:
    """Say whether either's sensor shows the other's object, be it as some third."""
    pairs = [(mine, other)]
    if len(other.sensors) == 1:
        pairs.append((other, mine))
    return any(
        _at_one_place(seen, theirs, own)
        for one, another in pairs
        for sensor, own in one.shown.items()
        for some in everything
        if (seen := some.shown.get(sensor)) is not None
        for name, theirs in another.shown.items()
        if name != sensor
    )


def _at_one_place(seen: Shown, theirs: Shown, while_: Shown) -> bool:
    """Say whether two sensors show one object, while a third path is followed."""
    shown_ns = [ns for ns, _ in seen.places]
    begin_ns = max(shown_ns[0], while_.times_ns[0])
    end_ns = min(shown_ns[-1], while_.times_ns[-1])
    together = [one for one in theirs.places if begin_ns < one[0] <= end_ns]
    together = together[:: max(len(together) // COMPARED, 1)]
    if len(together) < TOGETHER_MIN:
        return False
    off = [0.0, 0.0, 0.0]
    for ns, place in together:
        at = bisect_left(shown_ns, ns)
        (from_ns, a), (until_ns, b) = seen.places[at - 1 : at + 1]
        part = (ns - from_ns) / (until_ns - from_ns)
        for i in range(3):
            off[i] += a[i] + part * (b[i] - a[i]) - place[i]
    noise_m = math.hypot(seen.noise_m, theirs.noise_m) / math.sqrt(len(together))
    sigma_m = math.hypot(noise_m, seen.survey_m, theirs.survey_m)
    return math.hypot(*off) / len(together) <= SIGMAS * sigma_m


def _looked(mine: Shown, theirs: Sequence[Shown], as_far: float = math.inf) -> bool:
    """Say whether a sensor looked long enough while the other object stood above it.

    ``as_far``: how far it looks where that is not stated, over the farthest that it
    shows.
    """
    begin_ns, end_ns = mine.times_ns[0], mine.times_ns[-1]
    shown_ns = [ns for ns, _ in mine.places]
    _, _, up, foot = axes_of(mine.site)
    range_max_m = mine.range_max_m
    if range_max_m is None:
        range_max_m = as_far * mine.farthest_m
    above = math.sin(math.radians(mine.above_deg))

    def in_view(ns: int, place: Vector3) -> bool:
        away_m = math.dist(place, foot)
        high_m = sum((place[i] - foot[i]) * up[i] for i in range(3))
        if away_m > range_max_m or high_m <= above * away_m:
            return False
        at = bisect_left(shown_ns, ns)
        beside = mine.places[max(at - 1, 0) : at + 1]
        return min(math.dist(own, place) for _, own in beside) <= WRONG_M_MAX

    in_view_ns = [
        ns
        for one in theirs
        for ns, place in one.places
        if begin_ns <= ns <= end_ns and in_view(ns, place)
    ]
    if not in_view_ns:
        return False
    looked_s = (max(in_view_ns) - min(in_view_ns)) / NS_PER_S
    return looked_s >= max(LOOKED_S_MIN, LOOKS_MIN * _gap_s(mine.times_ns))


def _gap_s(times_ns: Sequence[int]) -> float:
    """Return the middle gap between a sensor's newest plots of its object."""
    newest = times_ns[-GAPS_MIDDLE_OF - 1 :]
    gaps = sorted(b - a for a, b in pairwise(newest))
    return gaps[len(gaps) // 2] / NS_PER_S if gaps else 0.0


def _alike(one: Flown, other: Flown) -> bool:
    if one.launch is None or other.launch is None or one.impact is None:
        return False
    if other.impact is None or one.apogee_km is None or other.apogee_km is None:
        return False
    places = ((one.launch, other.launch), (one.impact, other.impact))
    return (
        all(distance_m(a, b) < ALIKE_M for a, b in places)
        and abs(one.apogee_km - other.apogee_km) < ALIKE_PART * other.apogee_km
    )
