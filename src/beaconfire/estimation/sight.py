"""Sight: is an object still seen, was it lost, or has it set below our horizon?

Silence alone says nothing. It is held against what was foretold:

* **Lost**: missed where the prediction says it is visible. Only looks count that are
  known to have been taken (``watcher``), and for which the object stood above the
  radar's mask and within its range by more than ``SIGMAS`` of the prediction's own
  error, since anybody last saw it; and they must be so many that chance misses them
  once in ``1 / MISSED_BY_CHANCE_MAX`` times.
* **Silent**: it would be lost, had the radars looked; but too few looks are known to
  have been taken. Of a radar that tells nothing at all nobody knows whether it, or its
  feed, has failed. After ``GIVEN_UP_S`` more of it, still where it was to be visible,
  it is lost all the same, and that is said with it.
* **Set**: foretold below the horizon of all our radars (or beyond the range that they
  state). Silence is expected, and no sign of anything.
* **Unsure**: silent for as long, but nothing foretells surely that it is visible.
* Else it is **seen**: the newest sighting is no older than chance allows.

A sighting by anybody ends a silence. Once lost it stays lost until it is seen again:
where it would be by now is nobody's knowledge. Nothing here says where an object is.

Plain Python: it runs in the node's own process. How a radar looks, and when, is
``watcher``'s to say.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from beaconfire.estimation.ground import EARTH_RADIUS_M, axes_of, ground_ecef_m
from beaconfire.estimation.watcher import INTERVALS_BRIDGED, Watcher
from beaconfire.vocabulary.flight import FlightEstimate, TrackPoint
from beaconfire.vocabulary.places import Vector3
from beaconfire.vocabulary.sight import MissedLooks, Sight, SightState
from beaconfire.vocabulary.times import NS_PER_S, Instant

# A flight has up to a thousand looks, each of which may begin a run of misses: so one
# flight in a thousand is called lost by chance.
MISSED_BY_CHANCE_MAX = 1e-6
# However surely and often a radar looks: misses of one fade are not independent.
LOOKS_MIN, LOST_AFTER_S_MIN = 3.0, 5.0
# Of the prediction; one in a thousand lies lower. Beside it for the survey, refraction
# and the straight line between points.
SIGMAS, MARGIN_DEG = 3.0, 0.2
# A feed that stalls comes back or is known to be down in a minute; no longer is it told
# of an object that it is not lost.
GIVEN_UP_S = 60.0
# What a plot may need from its radar to us.
LATE_S = 3.0
# One that should have set is not said to have while this many scans may yet show it.
QUIET_SCANS = 2.0
# How far ahead the next change is looked for.
AHEAD_S = 60.0
# Without an arc the newest motion leads on for so long, with whatever push there is.
CARRIED_S, CARRIED_STEP_S, PUSH_MPS2_MAX = 40.0, 2.0, 60.0

_LATE_NS = round(LATE_S * NS_PER_S)
_NEEDED = -math.log(MISSED_BY_CHANCE_MAX)
_REASON_MAX = 500  # the vocabulary holds 512 characters


@dataclass(frozen=True, slots=True)
class Foretold:
    """Where it would be at an instant, with one sigma in any direction."""

    time_ns: int
    position_ecef_m: Vector3
    sigma_m: float


@dataclass(frozen=True, slots=True)
class Course:
    """What is foretold, in order of time. ``lands``: it ends where the flight does."""

    points: tuple[Foretold, ...] = ()
    lands: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said now, and when to ask again if nothing comes.

    ``waits``: whether any scan that comes may change it, since it may prove a look.
    """

    sight: Sight
    again: Instant
    waits: bool = False


def along_path(
    points: Sequence[TrackPoint],
    spread: tuple[int, float, float],
    since: Instant,
    until: Instant,
) -> Course:
    """Return the part of a predicted path from before ``since`` to after ``until``.

    ``spread``: the instant (ns) at which the path is known to so many metres and metres
    a second, one sigma.
    """
    from_ns, sigma_m, sigma_mps = spread
    first = 0
    while first + 1 < len(points) and points[first + 1].time <= since:
        first += 1
    course: list[Foretold] = []
    for point in points[first:]:
        place, _ = ground_ecef_m(point.lat_deg, point.lon_deg, 1e3 * point.alt_km)
        flown_s = (point.time.ns - from_ns) / NS_PER_S
        course.append(
            Foretold(point.time.ns, place, math.hypot(sigma_m, sigma_mps * flown_s))
        )
        if point.time > until:
            return Course(tuple(course))
    return Course(tuple(course), lands=True)


def course_of(estimate: FlightEstimate, since: Instant, until: Instant) -> Course:
    """Return where an estimate foretells its object from ``since`` on."""
    track, spread = estimate.track, estimate.track_covariance
    if track is None or spread is None:
        return Course()
    squares = [max(spread.rows[i][i], 0.0) for i in range(6)]
    sigma_m, sigma_mps = math.sqrt(sum(squares[:3])), math.sqrt(sum(squares[3:]))
    if estimate.path:
        known = (track.epoch.ns, sigma_m, sigma_mps)
        return along_path(estimate.path, known, since, until)
    return straight_on(
        track.epoch.ns,
        track.position_ecef_m,
        track.velocity_ecef_mps,
        sigma_m,
        sigma_mps,
    )


def straight_on(
    time_ns: int,
    position_ecef_m: Vector3,
    velocity_ecef_mps: Vector3,
    sigma_m: float,
    sigma_mps: float,
) -> Course:
    """Return where a motion leads for ``CARRIED_S``, whatever pushes it meanwhile."""
    course = []
    for step in range(round(CARRIED_S / CARRIED_STEP_S) + 1):
        seconds = step * CARRIED_STEP_S
        x, y, z = (
            r + v * seconds
            for r, v in zip(position_ecef_m, velocity_ecef_mps, strict=True)
        )
        bend_m = 0.5 * PUSH_MPS2_MAX * seconds * seconds / SIGMAS
        sigma = math.hypot(sigma_m, sigma_mps * seconds) + bend_m
        course.append(Foretold(time_ns + round(seconds * NS_PER_S), (x, y, z), sigma))
    return Course(tuple(course))


def judge_sight(
    course: Course,
    watchers: Sequence[Watcher],
    last_seen: Instant,
    at: Instant,
    *,
    listens: Instant | None = None,
) -> Judged | None:
    """Say how an object stands to our looking; ``None`` where nobody of us looks.

    ``course`` may be empty, begin late or end early. The instants ``last_seen`` and
    ``at`` are on one clock. Looks before ``listens`` came to nobody and do not count.
    """
    if not watchers:
        return None
    looked_ns = at.ns - _LATE_NS
    silent_ns = last_seen.ns if listens is None else max(last_seen.ns, listens.ns)
    quiet_s = QUIET_SCANS * min(w.scan_s for w in watchers)
    quiet_ns = silent_ns + round(quiet_s * NS_PER_S)
    patience_ns = silent_ns + round(_patience_s(watchers) * NS_PER_S)
    silence = _Silence(watchers, course.lands)
    ahead_ns = looked_ns + round(AHEAD_S * NS_PER_S)
    for before, after in pairwise(_from(course.points, silent_ns)):
        if silence.known.lost_ns is not None or before.time_ns > ahead_ns:
            break
        silence.pass_over(before, after)
    state, since_ns, next_ns = silence.state_at(looked_ns, last_seen.ns)
    if state == "seen" and not silence.would_be_lost(patience_ns + silence.grace_ns()):
        if looked_ns >= patience_ns:
            state = "unsure"
        else:
            next_ns = min(next_ns, patience_ns)
    if state == "set" and looked_ns < quiet_ns:
        state, since_ns, next_ns = "seen", last_seen.ns, min(next_ns, quiet_ns)
    again_ns = min(max(next_ns, looked_ns + 1), ahead_ns) + _LATE_NS
    waits = state in ("seen", "silent") and silence.would_be_lost(looked_ns)
    sight = _put(state, Instant(since_ns), last_seen, silence, looked_ns)
    return Judged(sight, Instant(again_ns), waits)


def _patience_s(watchers: Sequence[Watcher]) -> float:
    """Return after how long silence would be no chance, were it visible to all."""
    rate = sum(_weight(w.detection_probability) / w.scan_s for w in watchers)
    return max(_NEEDED / max(rate, 1e-9), LOST_AFTER_S_MIN)


def _weight(detection_probability: float) -> float:
    return -math.log(max(1.0 - detection_probability, 1e-9))


def _from(course: Sequence[Foretold], since_ns: int) -> list[Foretold]:
    """Return the course from an instant on, a point at that instant first."""
    later = [point for point in course if point.time_ns > since_ns]
    earlier = [point for point in course if point.time_ns <= since_ns]
    if not earlier or not later:
        return later
    a, b = earlier[-1], later[0]
    part = (since_ns - a.time_ns) / (b.time_ns - a.time_ns)
    x, y, z = (
        p + part * (q - p)
        for p, q in zip(a.position_ecef_m, b.position_ecef_m, strict=True)
    )
    sigma_m = a.sigma_m + part * (b.sigma_m - a.sigma_m)
    return [Foretold(since_ns, (x, y, z), sigma_m), *later]


@dataclass(slots=True)
class _Tally:
    """Looks that missed it, by radar, what they weigh, and when they are too many."""

    weight: float = 0.0
    sure_s: float = 0.0
    looks: dict[str, float] = field(default_factory=dict)
    lost_ns: int | None = None

    def take(self, from_ns: int, until_ns: int, looking: Sequence[Watcher]) -> None:
        """Count what these radars look in a time, as far as it is needed."""
        if not looking or self.lost_ns is not None:
            return
        span_s = (until_ns - from_ns) / NS_PER_S
        rate = sum(_weight(w.detection_probability) / w.scan_s for w in looking)
        often = sum(1.0 / w.scan_s for w in looking)
        wait_s = max(
            (_NEEDED - self.weight) / rate if rate > 0.0 else math.inf,
            (LOOKS_MIN - sum(self.looks.values())) / often,
            LOST_AFTER_S_MIN - self.sure_s,
        )
        if wait_s <= span_s:
            span_s = max(wait_s, 0.0)
            self.lost_ns = from_ns + round(span_s * NS_PER_S)
        self.weight += span_s * rate
        self.sure_s += span_s
        for w in looking:
            looks = self.looks.get(w.site.id, 0.0)
            self.looks[w.site.id] = looks + span_s / w.scan_s


@dataclass(slots=True)
class _Silence:
    """What a silence amounts to as the foretold course is passed over.

    ``known`` are the looks that are known to have been taken, ``due`` those that were
    to be; ``hidden`` are the spans in which no radar of ours can see it.
    """

    watchers: Sequence[Watcher]
    lands: bool
    passed_ns: int = 0
    views: list[tuple[float, bool]] = field(default_factory=list)
    known: _Tally = field(default_factory=_Tally)
    due: _Tally = field(default_factory=_Tally)
    hidden: list[tuple[int, int]] = field(default_factory=list)

    def pass_over(self, before: Foretold, after: Foretold) -> None:
        """Take the looks of a stretch of the course."""
        at_first = self.views or [_view(w, before) for w in self.watchers]
        self.views = [_view(w, after) for w in self.watchers]
        self.passed_ns = after.time_ns
        both = list(zip(self.watchers, at_first, self.views, strict=True))
        self._hide(before, after, [(a[0], b[0]) for _, a, b in both])
        seeing = [w for w, a, b in both if a[1] and b[1]]
        self.due.take(before.time_ns, after.time_ns, seeing)
        stretches = [
            (max(from_ns, before.time_ns), min(until_ns, after.time_ns), w)
            for w in seeing
            for from_ns, until_ns in w.looked
            if from_ns < after.time_ns and before.time_ns < until_ns
        ]
        edges = sorted({ns for a, b, _ in stretches for ns in (a, b)})
        for from_ns, until_ns in pairwise(edges):
            looking = [w for a, b, w in stretches if a <= from_ns and until_ns <= b]
            self.known.take(from_ns, until_ns, looking)

    def would_be_lost(self, ns: int) -> bool:
        """Say whether it were lost by an instant, had all looks been taken."""
        return self.due.lost_ns is not None and self.due.lost_ns <= ns

    def grace_ns(self) -> int:
        """Return how long a scan may still prove the looks before it."""
        scans_s = [w.scan_s for w in self.watchers if w.site.id in self.due.looks]
        return round(INTERVALS_BRIDGED * min(scans_s, default=0.0) * NS_PER_S)

    def silent_from_ns(self) -> int | None:
        """Return from when on the radars, not the object, are in doubt.

        While any of them delivers, however late, it is the feed that is behind.
        """
        if self.due.lost_ns is None:
            return None
        heard_ns = max(w.heard_ns for w in self.watchers if w.site.id in self.due.looks)
        return max(self.due.lost_ns, heard_ns - _LATE_NS) + self.grace_ns()

    def given_up_ns(self) -> int | None:
        """Return from when on it is lost, though nobody is known to have looked."""
        silent_ns = self.silent_from_ns()
        if silent_ns is None:
            return None
        ns = silent_ns + round(GIVEN_UP_S * NS_PER_S)
        visible = ns <= self.passed_ns and not any(a <= ns < b for a, b in self.hidden)
        return ns if visible else None

    def missed_by(self, ns: int) -> bool:
        """Say whether looks that are known to have been taken missed it by then."""
        return self.known.lost_ns is not None and self.known.lost_ns <= ns

    def _hide(
        self, before: Foretold, after: Foretold, clear: list[tuple[float, float]]
    ) -> None:
        """Note when in this stretch no radar can see it."""
        span_ns = after.time_ns - before.time_ns
        from_ns, to_ns = before.time_ns, after.time_ns
        for a, b in clear:
            if a > 0.0 and b > 0.0:
                return
            if a > 0.0:
                from_ns = max(from_ns, before.time_ns + round(span_ns * a / (a - b)))
            elif b > 0.0:
                to_ns = min(to_ns, before.time_ns + round(span_ns * a / (a - b)))
        if to_ns < from_ns:
            return
        if self.hidden and self.hidden[-1][1] >= from_ns:
            from_ns = self.hidden.pop()[0]
        self.hidden.append((from_ns, to_ns))

    def state_at(self, ns: int, last_seen_ns: int) -> tuple[SightState, int, int]:
        """Return the state, since when, and when it next changes."""
        given_up_ns = self.given_up_ns()
        if self.missed_by(ns) or (given_up_ns is not None and given_up_ns <= ns):
            return "lost", last_seen_ns, ns + round(AHEAD_S * NS_PER_S)
        silent_ns = self.silent_from_ns()
        ahead = [
            one
            for one in (self.known.lost_ns, self.due.lost_ns, silent_ns, given_up_ns)
            if one is not None
        ]
        silent = silent_ns is not None and silent_ns <= ns
        state: tuple[SightState, int] = ("silent" if silent else "seen", last_seen_ns)
        for from_ns, to_ns in self.hidden:
            # What is down where its flight ends does not rise after it.
            for_good = self.lands and to_ns >= self.passed_ns
            if from_ns <= ns and (ns < to_ns or for_good):
                state = ("set", from_ns)
            ahead += [from_ns, to_ns]
        later = [one for one in ahead if one > ns]
        return *state, min(later, default=ns + round(AHEAD_S * NS_PER_S))


def _view(watcher: Watcher, there: Foretold) -> tuple[float, bool]:
    """Return how clear of the horizon it stands, and whether it is surely visible.

    Up to zero it is hidden. In degrees, or where that is less in tens of kilometres
    within a stated range.
    """
    _, _, up, place = axes_of(watcher.site)
    way = [there.position_ecef_m[i] - place[i] for i in range(3)]
    range_m = max(math.hypot(*way), 1.0)
    sine = sum(w * u for w, u in zip(way, up, strict=True)) / range_m
    elevation_deg = math.degrees(math.asin(max(-1.0, min(1.0, sine))))
    # From a height a radar sees below its level, and no farther than the Earth lets it.
    height_m = max(watcher.site.alt_m, 0.0)
    dip_deg = -math.degrees(math.acos(EARTH_RADIUS_M / (EARTH_RADIUS_M + height_m)))
    doubt_m = SIGMAS * there.sigma_m
    doubt_deg = math.degrees(math.atan2(doubt_m, range_m)) + MARGIN_DEG
    sure = elevation_deg - doubt_deg >= max(watcher.surely_above_deg, dip_deg)
    sure = sure and range_m + doubt_m <= watcher.range_max_m
    clear = elevation_deg - max(watcher.below_deg, dip_deg)
    if watcher.range_stated:
        clear = min(clear, (watcher.range_max_m - range_m) / 1e4)
    return clear, sure


def _put(
    state: SightState,
    since: Instant,
    last_seen: Instant,
    silence: _Silence,
    looked_ns: int,
) -> Sight:
    """Put a judgement into words."""
    missed: tuple[MissedLooks, ...] = ()
    proven = state == "lost" and silence.missed_by(looked_ns)
    if state in ("lost", "silent"):
        looks = (silence.known if proven else silence.due).looks
        missed = tuple(
            MissedLooks(
                sensor=w.site.id,
                looks=count,
                reports=any(until_ns > last_seen.ns for _, until_ns in w.looked),
            )
            for w in sorted(silence.watchers, key=lambda w: w.site.id)
            if (count := round(looks.get(w.site.id, 0.0))) > 0
        )
    words = {
        "seen": "the newest sighting is no older than chance allows",
        "set": "predicted below the horizon of all our sensors: silence is expected",
        "unsure": "not seen, and no prediction says surely that it should be",
        "silent": _silent(missed),
        "lost": _lost(missed) if proven else _given_up(missed),
    }
    return Sight(
        state=state,
        since=since,
        last_seen=last_seen,
        missed=missed,
        chance=min(math.exp(-silence.known.weight), 1.0) if proven else None,
        reason=words[state][:_REASON_MAX],
    )


def _lost(missed: Sequence[MissedLooks]) -> str:
    by = ", ".join(f"{one.sensor} ({one.looks} looks)" for one in missed)
    return f"missed where it was to be visible, by {by}: more than chance allows"


def _given_up(missed: Sequence[MissedLooks]) -> str:
    return (
        f"missed where it was to be visible for more than {GIVEN_UP_S:.0f} s, though "
        f"{_who_told(missed)} since: they or their feeds may have failed"
    )


def _silent(missed: Sequence[MissedLooks]) -> str:
    return (
        f"not seen where it was to be visible, but {_who_told(missed)} since: whether "
        "they looked is not known, and they or their feeds may have failed"
    )


def _who_told(missed: Sequence[MissedLooks]) -> str:
    mute = ", ".join(one.sensor for one in missed if not one.reports)
    return f"{mute} told nothing at all" if mute else "our sensors told too little"
