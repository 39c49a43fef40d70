"""Changes: what a draft says, and whether another says something materially new.

Too many versions are read by nobody; too few leave people acting on an old area. The
thresholds are ours and stand here alone.
"""

from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Literal

from msgspec.structs import replace

from beaconfire.estimation.ground import distance_m
from beaconfire.vocabulary.flight import FlightEstimate, TrackPoint
from beaconfire.vocabulary.motion import ImpactArea
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.reach import Condition, ReachableRegion, ReachCorridor

# An area that moved by this part of its own length puts other places at risk.
MOVED_PART = 0.5
# One that grew or shrank by this factor does as well.
SIZE_FACTOR = 1.5
# A time that moved by this part of its window changes when to take shelter.
TIME_PART = 0.5
# How much wider an area becomes when the model that gave it no longer holds: wide
# enough to be noticed. It has no statistical meaning, and the draft says so.
WIDENING = 2.0


Cause = Literal["nothing yet", "ballistic", "thrust", "orbit", "model", "doubt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a draft says, apart from its launch and version.

    ``cause`` sorts ``why``: a sentence may carry a number that changes with every
    estimate, and that alone is no news.
    """

    certainty: Literal["Possible", "Likely"]
    area: ImpactArea | None
    cause: Cause
    overflight: tuple[TrackPoint, ...]
    sources: tuple[Party, ...]
    why: str
    condition: Condition | None = None
    corridor: ReachCorridor | None = None
    reachable: ReachableRegion | None = None


def from_estimate(
    estimate: FlightEstimate,
    *,
    before: Content,
    sources: tuple[Party, ...],
    doubt: str | None = None,
) -> Content:
    """Return what is to be said after an estimate of the picture.

    An area is given only while the ballistic model holds, and what other launches show
    leaves no ``doubt`` of this one. Where it is not, an earlier area stays, widened
    once. The exception is an area that was given on a condition which is now known to
    be broken: it is withdrawn, and the corridor of what may be reached takes its place.
    """
    ballistic = estimate.model_holds and estimate.phase != "boost"
    if estimate.impact is not None and ballistic and doubt is None:
        condition = estimate.impact_condition
        return Content(
            certainty="Likely",
            area=estimate.impact,
            cause="ballistic",
            overflight=estimate.path,
            sources=sources,
            why=f"the flight follows a ballistic arc, seen by {', '.join(sources)}"
            + ("" if condition is None else f"; if {condition}"),
            condition=condition,
        )
    cause, words = _cause(estimate)
    if _broken(before, estimate):
        return Content(
            certainty="Possible",
            area=None,
            cause=cause,
            overflight=(),
            sources=sources,
            why=f"{estimate.reason}: the area, given if {before.condition}, is "
            "withdrawn",
            corridor=estimate.corridor,
        )
    now = changed(
        before,
        sources=sources,
        corridor=estimate.corridor,
        reachable=_wider(before.reachable, estimate.reachable),
    )
    return in_doubt(now, doubt) if doubt is not None else _unsure(now, cause, words)


def in_doubt(before: Content, doubt: str) -> Content:
    """Return what is to be said of a launch that others contradict, and why they do."""
    return _unsure(before, "doubt", doubt)


def _unsure(before: Content, cause: Cause, words: str) -> Content:
    """Return what is said while no area is believed: an earlier one stays, widened."""
    doubted = cause == "doubt"
    if before.area is None:
        failed = "no impact is" if doubted else "no impact can be"
        return changed(
            before,
            certainty="Possible",
            cause=cause,
            why=f"{failed} predicted yet: {words}",
            condition=None,
        )
    model = "is not believed" if doubted else "no longer holds"
    failed = f"the ballistic model {model}"
    return changed(
        before,
        certainty="Possible",
        area=before.area if before.certainty == "Possible" else widened(before.area),
        cause=cause,
        why=f"{failed}: {words}; the last area is kept, {WIDENING:.0f} times as wide, "
        "without statistical meaning; no passage is claimed",
        condition=None,
    )


def _broken(before: Content, estimate: FlightEstimate) -> bool:
    """Say whether the condition is broken under which the area before was given."""
    departure = estimate.departure
    resumed = departure is not None and departure.kind == "thrust resumed"
    return resumed and before.area is not None and before.condition is not None


def _wider(
    before: ReachableRegion | None, now: ReachableRegion | None
) -> ReachableRegion | None:
    """Return the wider of two regions: what was once possible is not unsaid."""
    if before is None or now is None:
        return before or now
    return now if now.radius_m >= before.radius_m else before


def materially_new(drafted: Content, content: Content) -> bool:
    """Say whether ``content`` must be drafted now and not only in due time."""
    if content.certainty != drafted.certainty:
        return True
    if not set(content.sources) <= set(drafted.sources):
        return True
    if content.area is None or drafted.area is None:
        return (
            content.area is not drafted.area
            or content.cause != drafted.cause
            or (content.corridor is None) != (drafted.corridor is None)
        )
    if content.reachable is not None and drafted.reachable is None:
        return True
    return _moved(drafted.area, content.area)


def widened(area: ImpactArea) -> ImpactArea:
    """Return an area about the same point and time, wider in both."""
    first, last = area.time_window95
    early_s = WIDENING * area.time.seconds_since(first)
    late_s = WIDENING * last.seconds_since(area.time)
    east, north, time = area.covariance_en_t
    squared = WIDENING**2
    return replace(
        area,
        time_window95=(area.time.plus_s(-early_s), area.time.plus_s(late_s)),
        ellipse95=replace(
            area.ellipse95,
            semi_major_m=WIDENING * area.ellipse95.semi_major_m,
            semi_minor_m=WIDENING * area.ellipse95.semi_minor_m,
        ),
        covariance_en_t=(
            (east[0] * squared, east[1] * squared, east[2] * squared),
            (north[0] * squared, north[1] * squared, north[2] * squared),
            (time[0] * squared, time[1] * squared, time[2] * squared),
        ),
    )


def only_narrows(old: ImpactArea | None, new: ImpactArea | None) -> bool:
    """Say whether an area is in the old one's place and time, and no larger."""
    if old is None or new is None or _elsewhere(old, new):
        return False
    return _size_m2(new) <= _size_m2(old)


def _moved(old: ImpactArea, new: ImpactArea) -> bool:
    old_m2, new_m2 = _size_m2(old), _size_m2(new)
    if old_m2 != new_m2 and max(old_m2, new_m2) >= SIZE_FACTOR * min(old_m2, new_m2):
        return True
    return _elsewhere(old, new)


def _size_m2(area: ImpactArea) -> float:
    return area.ellipse95.semi_major_m * area.ellipse95.semi_minor_m


def _elsewhere(old: ImpactArea, new: ImpactArea) -> bool:
    """Say whether other places, or another time, are at risk."""
    if distance_m(old, new) > MOVED_PART * old.ellipse95.semi_major_m:
        return True
    first, last = old.time_window95
    shift_s = abs(new.time.seconds_since(old.time))
    return shift_s > TIME_PART * last.seconds_since(first)


def _cause(estimate: FlightEstimate) -> tuple[Cause, str]:
    if estimate.phase == "boost":
        return "thrust", "it is still under thrust"
    if estimate.phase == "orbital":
        return "orbit", "it goes into orbit"
    return "model", estimate.impact_reason or estimate.reason
