"""Judgement: what moves there, and may an area be spoken of?

1. An area is predicted only while the newest plots lie on a coasting arc and burn-out
   is beyond doubt; while thrust is visible the phase is ``boost`` and there is none.
2. What moves like no missile (static, slow, scattered) is ``unknown``.
3. The model does not hold when plots leave the arc or scatter more than they say; an
   area from such an arc would be confident and wrong, so there is none.
4. It does not hold either when no offsets that the surveys allow put the sensors on one
   arc (``strain``): then one of them lies.
5. Partners' tracklets are added to our own arc. Where our own plots show none by
   themselves the tracklets may, with our later plots on top; but nothing that rests on
   them becomes a tracklet of ours, and plots of ours that leave their arc overrule it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from beaconfire.estimation.arc import (
    ArcFit,
    Information,
    carried,
    fit_arc,
)
from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.burnout import (
    Burnout,
    coasted_before,
    find_burnout,
    still_coasting,
)
from beaconfire.estimation.coasting import (
    PLOTS_MIN,
    Coast,
    climb_counts,
    find_push,
    fit_coast,
    left_the_arc,
    refit_loosely,
)
from beaconfire.estimation.corridor import reach_corridor, reachable_region
from beaconfire.estimation.departure import (
    PUSH_SIGMA_MPS2,
    STAGE_WITHIN_S,
    Departure,
)
from beaconfire.estimation.geodesy import geodetic_rows, height_and_up
from beaconfire.estimation.impact import Impact, predict_impact
from beaconfire.estimation.measurement import RANGE, SIGHT, SITE, PlotTable
from beaconfire.estimation.newest import newest_agree
from beaconfire.estimation.strain import QUANTITIES, Strain, weigh_offsets
from beaconfire.estimation.thrust import ThrustTrack, cautious, follow_thrust
from beaconfire.estimation.tracklet import fit_parts
from beaconfire.estimation.unbound import unbound_mps
from beaconfire.vocabulary.motion import Phase
from beaconfire.vocabulary.reach import (
    Condition,
    DepartureFound,
    ReachableRegion,
    ReachCorridor,
)
from beaconfire.vocabulary.times import NS_PER_S, Instant

# Of all plots this share must be of one object, and of an arc's plots that share.
_OBJECT_SHARE_MIN, _SHARE_MIN = 0.3, 0.5
# What climbs more slowly inside the atmosphere is no missile in powered flight.
_BOOST_CLIMB_MPS = 120.0
_THRUST_SEEN = 25.0  # squared, 3 degrees of freedom: one in 65,000 by chance
_REENTRY_HEIGHT_M = 90_000.0
# No motor and no wing pushes harder: the fit that says so is of no use.
_PUSH_MPS2_MAX = 300.0
# Of so many newest plots that are not followed a line says where they lead, by so many.
_LOST_PLOTS, _LINE_PLOTS, _LINE_S_MIN = 3, 12, 2.0
# A further stage lights within 20 s of a burn-out, and may take as long to show.
STAGE_DOUBT_S = 45.0
_NAMED_MAX = 4  # of the sensors that contradict each other
# One healthy flight in a million scatters so much (normal approximation).
_SCATTER_SIGMAS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What the fits say before it is put into words."""

    phase: Phase
    reason: str
    holds: bool
    epoch: Instant | None = None
    fit: ArcFit | None = None
    coast: Coast | None = None
    impact: Impact | None = None
    track: ThrustTrack | None = None
    condition: Condition | None = None
    corridor: ReachCorridor | None = None
    departure: DepartureFound | None = None
    reachable: ReachableRegion | None = None
    strain: Strain | None = None


def judge(table: PlotTable | None, parts: Sequence[Information]) -> Finding:
    """Return what plots in order of time and partners' tracklets amount to."""
    if table is None or table.times_s.shape[0] < PLOTS_MIN:
        return _from_few(table, parts)
    return _from_plots(table, parts)


def _from_plots(table: PlotTable, parts: Sequence[Information]) -> Finding:
    calm = cautious(table)
    track = follow_thrust(calm)
    followed = int(np.count_nonzero(track.fits))
    if followed < max(PLOTS_MIN, _OBJECT_SHARE_MIN * len(track.fits)):
        reason = "most plots do not follow one another as those of one object would"
        return Finding("unknown", reason, False, track=track)
    meteor_mps = unbound_mps(track)
    if meteor_mps is not None:
        reason = (
            f"it came down at {meteor_mps / 1e3:.1f} km/s, faster than anything that "
            "the Earth holds: a meteor, not a launch"
        )
        return Finding("unknown", reason, False, track=track)
    burnout = find_burnout(calm, track)
    if still_coasting(calm, track, burnout):
        if climb_counts(table, burnout):
            burnout = replace(burnout, relit=coasted_before(calm, track, burnout))
        coast, fit = fit_coast(table, track, burnout, parts)
        push = find_push(table, track, burnout, coast)
        agree = newest_agree(table, track, burnout, coast)
        if push.declared or (push.log_odds > 0.0 and not agree):
            return _pushed(table, track, coast, push)
        if agree:
            return _coasting(table, track, burnout, parts, coast, fit)
        return _leaving(table, track)
    if parts:
        return _from_parts(table, track, parts)
    return _under_thrust(table, track)


def _coasting(
    table: PlotTable,
    track: ThrustTrack,
    burnout: Burnout,
    parts: Sequence[Information],
    coast: Coast,
    fit: ArcFit,
) -> Finding:
    reason, strain = _broken(fit, coast.table), None
    if reason is None:
        strain = weigh_offsets(coast.joint)
        if not strain.perhaps:
            return judge_fit(fit, coast, track)
        if not strain.declared:
            return _loosely(coast, parts, strain, track)
        reason = _strained(strain)
    if parts and strain is not None and _is_all(strain.culprit, table):
        told = _from_parts(None, track, parts)
        said = f"{told.reason}; the plots contradict them and are unused"
        return replace(told, reason=said)
    if parts:
        alone = _coasting(table, track, burnout, (), *fit_coast(table, track, burnout))
        said = (
            f"{alone.reason}; partners' tracklets contradict the plots and are unused"
        )
        return replace(alone, reason=said)
    region = None
    if strain is None:
        arc = fit if fit.converged else None
        region = _reachable(table, track, PUSH_SIGMA_MPS2, arc)
    return Finding(
        "unknown", reason, False, table.epoch, fit, coast, track=track,
        reachable=region, strain=strain,
    )  # fmt: skip


def _loosely(
    coast: Coast, parts: Sequence[Information], strain: Strain, track: ThrustTrack
) -> Finding:
    """Judge the arc with an area for a sensor that may be off more than it states."""
    fit = refit_loosely(coast, parts, strain)
    named = sorted(f"`{name}`" for name, _ in strain.by_survey[:_NAMED_MAX])
    found = judge_fit(fit, coast, track)
    said = (
        f"{' or '.join(named)} may be off in {QUANTITIES[strain.quantity]} by more "
        "than its survey states, and the area is widened for it"
    )
    return replace(found, reason=f"{found.reason}; {said}")


def _is_all(survey: str | None, table: PlotTable) -> bool:
    """Whether all our own plots hang on this one survey."""
    return [survey] == [prior.bias_id for prior in table.bias_priors]


def _strained(strain: Strain) -> str:
    """Say of sensors whose offsets cannot be what their surveys state that they lie."""
    named = [f"`{name}`" for name, _ in strain.by_survey[:_NAMED_MAX]]
    if len(strain.by_survey) > _NAMED_MAX:
        named.append("others")
    if len(named) == 1:
        return f"{named[0]} fits no arc with an offset that its survey allows"
    return (
        f"{', '.join(sorted(named))} contradict each other: no offsets that their "
        "surveys allow put them on one arc, and nothing tells which is wrong"
    )


def judge_fit(fit: ArcFit, coast: Coast | None, track: ThrustTrack | None) -> Finding:
    """Name the phase of a coasting fit and predict its impact."""
    impact = predict_impact(fit.epoch, fit.state, fit.covariance[:7, :7])
    height, climb = _height_and_climb(fit.state)
    phase: Phase = "ballistic"
    if impact.orbital:
        phase = "orbital"
    elif height < _REENTRY_HEIGHT_M and climb < 0.0:
        phase = "re-entry"
    reason = "the newest plots lie on one coasting arc"
    condition: Condition | None = None
    if coast is not None and fit.epoch == coast.table.epoch:
        age_s = float(coast.table.times_s[-1]) - coast.began_s
        condition = "no further stage" if age_s < STAGE_DOUBT_S else None
    return Finding(phase, reason, True, fit.epoch, fit, coast, impact, track, condition)


def _from_parts(
    table: PlotTable | None, track: ThrustTrack | None, parts: Sequence[Information]
) -> Finding:
    """Rest on partners' tracklets: our own plots show no coasting arc by themselves."""
    fit = fit_parts(parts)
    if not fit.converged:
        reason = "the tracklets do not agree on one coasting arc"
        return Finding("unknown", reason, False, track=track)
    strain = weigh_offsets(fit)
    if strain.declared:
        return Finding("unknown", _strained(strain), False, track=track, strain=strain)
    later = _after(table, track, min(part.since.ns for part in parts))
    if later is not None:
        whole = fit_arc(later, fit.state, fit.epoch, tracklets=parts)
        if left_the_arc(whole) and table is not None and track is not None:
            return _under_thrust(table, track)
        if whole.converged and np.mean(whole.used) > _SHARE_MIN:
            fit = whole
    found = judge_fit(fit, None, track)
    reason = "partners' tracklets show a coasting arc; own plots alone do not"
    return replace(found, reason=reason)


def _after(
    table: PlotTable | None, track: ThrustTrack | None, since_ns: int
) -> PlotTable | None:
    """Return our plots from an instant on, if there are any."""
    if table is None:
        return None
    since_s = (since_ns - table.epoch.ns) / NS_PER_S
    keep = table.times_s >= since_s
    if track is not None:
        keep &= track.fits
    rows = np.flatnonzero(keep)
    return table.select(rows) if rows.size else None


def _from_few(table: PlotTable | None, parts: Sequence[Information]) -> Finding:
    if parts:
        return _from_parts(table, None, parts)
    count = 0 if table is None else table.times_s.shape[0]
    reason = f"too few different plots: {count} of the {PLOTS_MIN} that are needed"
    return Finding("unknown", reason, False)


def _under_thrust(table: PlotTable, track: ThrustTrack) -> Finding:
    """Tell a powered climb from what is no launch and from what is too early."""
    state = newest_state(table, track)
    height, climb = _height_and_climb(state)
    speed = float(np.linalg.norm(state[3:6]))
    if _comes_down(state) or (height < _REENTRY_HEIGHT_M and _was_above(track)):
        reason = "it comes down and does not move as a body without thrust or lift"
        region = _reachable(table, track, PUSH_SIGMA_MPS2)
        return Finding(
            "re-entry", reason, False, table.epoch, track=track, reachable=region
        )
    if height < _REENTRY_HEIGHT_M and climb < _BOOST_CLIMB_MPS:
        reason = f"it moves at {speed:.0f} m/s and does not climb as a launch does"
        return Finding("unknown", reason, False, track=track)
    if not _thrust_was_seen(track):
        reason = "too early to tell thrust from free flight"
        return Finding("unknown", reason, False, table.epoch, track=track)
    reason = "the newest plots do not yet lie on a coasting arc beyond doubt"
    return _boost(table, track, reason)


def _leaving(table: PlotTable, track: ThrustTrack) -> Finding:
    """Name an arc that its newest plots leave: thrust if a force is felt."""
    reason = "the newest plots leave the coasting arc: thrust, lift or break-up"
    if float(track.felt(-1)) > _THRUST_SEEN:
        return replace(_under_thrust(table, track), reason=reason)
    region = _reachable(table, track, PUSH_SIGMA_MPS2)
    return Finding("unknown", reason, False, table.epoch, track=track, reachable=region)


def _pushed(
    table: PlotTable, track: ThrustTrack, coast: Coast, push: Departure
) -> Finding:
    """Name a push that began on a coasting arc: a further stage, or none we know."""
    size = float(np.linalg.norm(push.push_ecef_mps2))
    if not size < _PUSH_MPS2_MAX:
        return _leaving(table, track)
    since = table.epoch.plus_s(push.since_s)
    after_s = push.since_s - coast.began_s
    staged = after_s <= STAGE_WITHIN_S and _thrust_was_seen(track)
    if staged and not _comes_down(newest_state(table, track)):
        found = DepartureFound(kind="thrust resumed", since=since, push_mps2=size)
        reason = f"thrust has resumed {after_s:.0f} s after burn-out, about {since}"
        boost = _boost(table, track, reason)
        return replace(boost, departure=found)
    found = DepartureFound(kind="unknown push", since=since, push_mps2=size)
    reason = (
        f"a push of about {size:.0f} m/s2 takes it off its arc since about {since}: "
        "pull-up, glide or break-up"
    )
    fit = carried(coast.own, table.epoch)
    return Finding(
        "unknown", reason, False, table.epoch, track=track, departure=found,
        reachable=_reachable(table, track, size, fit),
    )  # fmt: skip


def _reachable(
    table: PlotTable, track: ThrustTrack, push_mps2: float, arc: ArcFit | None = None
) -> ReachableRegion | None:
    """Return the region about where the newest plots lead, and the ends of the arc."""
    expected = [track.means[-1]]
    if arc is not None and np.all(np.isfinite(arc.state)):
        expected.append(arc.state)
    state = newest_state(table, track)
    return reachable_region(table.epoch, state, expected, push_mps2)


def newest_state(table: PlotTable, track: ThrustTrack) -> Floats:
    """Return [r, v] at the newest plot, whether the filter could follow it or not.

    What is braked by hundreds of m/s2 it loses; then a line through the plots since.
    """
    followed = np.flatnonzero(track.fits)
    since = int(followed[-1]) + 1 if followed.size else 0
    if len(track.fits) - since < _LOST_PLOTS:
        return track.means[-1, :6].copy()
    rows = table.rows[max(since, len(track.fits) - _LINE_PLOTS) :]
    times_s = table.times_s[-len(rows) :]
    places = rows[:, SITE : SITE + 3] + rows[:, [RANGE]] * rows[:, SIGHT : SIGHT + 3]
    if times_s[-1] - times_s[0] < _LINE_S_MIN:
        return np.append(places[-1], np.zeros(3))
    slope, at = np.polyfit(times_s - times_s[-1], places, 1)
    return np.append(at, slope)


def _comes_down(state: Floats) -> bool:
    height, climb = _height_and_climb(state)
    return height < _REENTRY_HEIGHT_M and climb < -_BOOST_CLIMB_MPS


def _was_above(track: ThrustTrack) -> bool:
    """Whether it ever was so high that it must have come down since."""
    heights_m = geodetic_rows(track.means[track.fits])[:, 2]
    return bool(np.max(heights_m, initial=0.0) > _REENTRY_HEIGHT_M)


def _boost(table: PlotTable, track: ThrustTrack, reason: str) -> Finding:
    """Say that it pushes, and what it may reach."""
    corridor = reach_corridor(table.epoch, track.means[-1], track.covariances[-1])
    return Finding("boost", reason, True, table.epoch, track=track, corridor=corridor)


def _thrust_was_seen(track: ThrustTrack) -> bool:
    """Whether the specific force ever stood out from its uncertainty."""
    return bool(np.max(track.felt()) > _THRUST_SEEN)


def _height_and_climb(state: Floats) -> tuple[float, float]:
    """Return height (m) and climb rate (m/s)."""
    height, ux, uy, uz = height_and_up(*(float(value) for value in state[:3]))
    return height, float(np.dot((ux, uy, uz), state[3:6]))


def _broken(fit: ArcFit, table: PlotTable) -> str | None:
    """Return why the arc cannot be believed, or nothing."""
    if not fit.converged:
        return "no coasting arc fits the plots"
    if left_the_arc(fit):
        return "the newest plots have left the coasting arc: thrust, lift or break-up"
    count = int(np.count_nonzero(fit.used))
    if count < PLOTS_MIN or count < _SHARE_MIN * len(fit.used):
        return "most plots lie farther from the arc than their errors allow"
    freedom = 3.0 * count - 6.0
    excess = float(np.sum(fit.distances[fit.used])) - freedom
    if excess > _SCATTER_SIGMAS * math.sqrt(2.0 * freedom):
        return "the plots scatter about the arc more than their stated errors allow"
    return None
