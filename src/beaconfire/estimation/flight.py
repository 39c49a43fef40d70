"""Flight: from all that is held of one object to one answer. The package's front door.

``estimate_flight`` is pure: the same observations give the same answer, whatever their
order. Its rules, each with its reason beside it in the answer:

1. An area is published only while the newest plots lie on a coasting arc and burn-out
   is beyond doubt; while thrust is visible the phase is ``boost`` and there is none.
2. What moves like no missile (static, slow, scattered) is ``unknown``, never an area.
3. ``model_holds`` turns false when plots leave the arc or scatter more than they say.
4. What cannot be said is ``None`` beside its reason.

One object at a time: finding which plots belong together is the caller's. So is giving
plots or the tracklet made of them, never both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beaconfire.errors import BadInput
from beaconfire.estimation.arc import ArcFit, Information, fit_arc, inverse
from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.burnout import (
    Burnout,
    ThrustTrack,
    cautious,
    find_burnout,
    follow_thrust,
)
from beaconfire.estimation.coasting import (
    PLOTS_MIN,
    Coast,
    fit_coast,
    left_the_arc,
)
from beaconfire.estimation.geodesy import (
    geodetic_rows,
    ground_range_m,
    height_and_up,
)
from beaconfire.estimation.impact import Impact, predict_impact
from beaconfire.estimation.launch_point import Launch, find_launch
from beaconfire.estimation.measurement import PlotTable, tabulate
from beaconfire.estimation.propagation import sample_arc
from beaconfire.estimation.selection import distinct_plots
from beaconfire.estimation.tracklet import make_tracklet, read_tracklet, state_vector
from beaconfire.vocabulary.flight import (
    BiasEstimate,
    FlightEstimate,
    Observations,
    RejectedPlot,
    SensorAccount,
    SensorReading,
    TrackPoint,
)
from beaconfire.vocabulary.motion import Covariance, Phase, Plot, StateVector

# The share of plots that must be of one object before anything is said of it.
_SHARE_MIN = 0.5
# Below both it is no missile in powered flight: aircraft, birds, buildings.
_BOOST_SPEED_MPS, _BOOST_CLIMB_MPS = 600.0, 120.0
_REENTRY_HEIGHT_M = 90_000.0
# One healthy flight in a million scatters so much (normal approximation).
_SCATTER_SIGMAS = 5.0
_PATH_STEP_S = 10.0
_RISE_S_MAX = 5_400.0
_TRACK_STATES = ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")


@dataclass(frozen=True, slots=True)
class _Found:
    """What the fits say before it is put into words."""

    phase: Phase
    reason: str
    holds: bool
    fit: ArcFit | None = None
    coast: Coast | None = None
    impact: Impact | None = None
    track: ThrustTrack | None = None


def estimate_flight(observations: Observations) -> FlightEstimate:
    """Estimate one object's launch, present motion and impact from what is held."""
    parts, unread = _read_all(observations)
    kept, rejected = distinct_plots(observations.plots)
    table = tabulate(observations.plots, kept) if kept else None
    if table is not None and table.times_s.shape[0] >= PLOTS_MIN:
        found = _from_plots(table, parts)
    else:
        found = _from_few(table, parts)
    launch = find_launch(observations.cues, table, found.track, found.coast)
    rejected += _rejected_by_fit(table, found)
    reason = found.reason if not unread else f"{found.reason}; {'; '.join(unread)}"
    return _answer(observations.plots, table, found, launch, rejected, reason)


def _read_all(observations: Observations) -> tuple[list[Information], list[str]]:
    """Read the tracklets; one that cannot be read must not silence the others."""
    parts, unread = [], []
    for tracklet in observations.tracklets:
        try:
            parts.append(read_tracklet(tracklet))
        except BadInput as error:
            unread.append(f"left out: {error}")
    return parts, unread


def _from_plots(table: PlotTable, parts: Sequence[Information]) -> _Found:
    calm = cautious(table)
    track = follow_thrust(calm)
    if float(np.mean(track.fits)) < _SHARE_MIN:
        reason = "most plots do not follow one another as those of one object would"
        return _Found("unknown", reason, False, track=track)
    burnout = find_burnout(calm, track)
    if burnout.coasting:
        return _coasting(table, track, burnout, parts)
    if parts:
        return _from_parts(table, track, parts)
    return _under_thrust(track)


def _coasting(
    table: PlotTable, track: ThrustTrack, burnout: Burnout, parts: Sequence[Information]
) -> _Found:
    coast, fit = fit_coast(table, track, burnout, parts)
    reason = _broken(fit, coast.table)
    if reason is not None:
        return _Found("unknown", reason, False, fit, coast, track=track)
    return _judge(fit, coast, track)


def _judge(fit: ArcFit, coast: Coast | None, track: ThrustTrack | None) -> _Found:
    """Name the phase of a coasting fit and predict its impact."""
    impact = predict_impact(fit.epoch, fit.state, fit.covariance[:7, :7])
    height, ux, uy, uz = height_and_up(*(float(value) for value in fit.state[:3]))
    climb = float(np.dot((ux, uy, uz), fit.state[3:6]))
    phase: Phase = "ballistic"
    if impact.orbital:
        phase = "orbital"
    elif height < _REENTRY_HEIGHT_M and climb < 0.0:
        phase = "re-entry"
    reason = "the newest plots lie on one coasting arc"
    return _Found(phase, reason, True, fit, coast, impact, track)


def _from_parts(
    table: PlotTable | None, track: ThrustTrack | None, parts: Sequence[Information]
) -> _Found:
    """Rest on partners' tracklets: our own plots show no coasting arc by themselves."""
    newest = max(parts, key=lambda part: part.epoch.ns)
    size = newest.matrix.shape[0]
    full = newest.matrix + np.diag(np.full(size, 1e-12))
    full[6, 6] += 4.0
    start = newest.reference + (inverse(full) @ newest.vector)[:7]
    fit = fit_arc(None, start, newest.epoch, tracklets=parts)
    if not fit.converged:
        reason = "the tracklets do not agree on one coasting arc"
        return _Found("unknown", reason, False, track=track)
    found = _judge(fit, None, track)
    reason = "partners' tracklets show a coasting arc; own plots alone do not"
    return _Found(found.phase, reason, True, found.fit, None, found.impact, found.track)


def _from_few(table: PlotTable | None, parts: Sequence[Information]) -> _Found:
    if parts:
        return _from_parts(table, None, parts)
    count = 0 if table is None else table.times_s.shape[0]
    reason = f"{count} different plots are too few: at least {PLOTS_MIN} are needed"
    return _Found("unknown", reason, False)


def _under_thrust(track: ThrustTrack) -> _Found:
    mean = track.means[-1]
    height, ux, uy, uz = height_and_up(*(float(value) for value in mean[:3]))
    climb = float(np.dot((ux, uy, uz), mean[3:6]))
    speed = float(np.linalg.norm(mean[3:6]))
    if speed < _BOOST_SPEED_MPS and climb < _BOOST_CLIMB_MPS:
        reason = f"it moves at {speed:.0f} m/s and does not climb as a launch does"
        return _Found("unknown", reason, False, track=track)
    if climb < 0.0 and height < _REENTRY_HEIGHT_M:
        reason = "it comes down and does not move as a body without thrust or lift"
        return _Found("re-entry", reason, False, track=track)
    reason = "the newest plots do not yet lie on a coasting arc beyond doubt"
    return _Found("boost", reason, True, track=track)


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


def _rejected_by_fit(table: PlotTable | None, found: _Found) -> list[RejectedPlot]:
    rejected: dict[int, str] = {}
    if table is not None and found.track is not None:
        for i in np.flatnonzero(~found.track.fits):
            reason = "it does not follow from the plots around it"
            rejected[int(table.index[i])] = reason
    if found.coast is not None and found.coast.own.distances.size:
        for i in np.flatnonzero(~found.coast.own.used):
            distance = math.sqrt(float(found.coast.own.distances[i]))
            reason = f"it lies {distance:.0f} sigma from the arc of the other plots"
            rejected[int(found.coast.table.index[i])] = reason
    return [RejectedPlot(index=i, reason=rejected[i]) for i in sorted(rejected)]


def _answer(
    plots: Sequence[Plot],
    table: PlotTable | None,
    found: _Found,
    launch: Launch,
    rejected: list[RejectedPlot],
    reason: str,
) -> FlightEstimate:
    vector, covariance = _track_of(found)
    area = found.impact.area if found.impact is not None else None
    why_no_area = None if area is not None else _why_no_area(found)
    ground_km = None
    if area is not None and launch.point is not None:
        start = launch.point
        ground_km = 1e-3 * ground_range_m(
            start.lat_deg, start.lon_deg, area.lat_deg, area.lon_deg
        )
    tracklet = None
    if found.holds and found.coast is not None and found.coast.own.converged:
        tracklet = make_tracklet(found.coast.own, found.coast.table)
    return FlightEstimate(
        launch=launch.point,
        launch_reason=launch.reason,
        launch_azimuth_deg=launch.azimuth_deg,
        phase=found.phase,
        track=vector,
        track_covariance=covariance,
        track_reason=None if vector is not None else found.reason,
        impact=area,
        impact_reason=why_no_area,
        apogee_km=_apogee_km(found),
        range_km=ground_km,
        model_holds=found.holds,
        reason=reason,
        tracklet=tracklet,
        path=_path(found),
        rejected=tuple(sorted(rejected, key=lambda one: one.index)),
        sensors=_accounts(plots, table, found, rejected),
    )


def _why_no_area(found: _Found) -> str:
    if found.impact is not None and found.impact.reason is not None:
        return found.impact.reason
    return found.reason


def _track_of(found: _Found) -> tuple[StateVector | None, Covariance | None]:
    if found.fit is not None and found.holds:
        return state_vector(found.fit), _covariance(found.fit.covariance[:6, :6])
    return None, None


def _covariance(matrix: Floats) -> Covariance:
    rows = tuple(tuple(float(value) for value in row) for row in matrix)
    return Covariance(states=_TRACK_STATES, rows=rows)


def _apogee_km(found: _Found) -> float | None:
    """Return the highest point of the arc, flown or to be flown; none in orbit."""
    if found.fit is None or found.impact is None or found.impact.orbital:
        return None
    state, highest = found.fit.state, found.impact.highest_m
    if float(state[:3] @ state[3:6]) < 0.0:
        flown, _, reached = sample_arc(state, np.arange(-_RISE_S_MAX, 0.0, 5.0))
        highest = max(highest, *geodetic_rows(flown[reached])[:, 2].tolist())
    return highest * 1e-3 if math.isfinite(highest) else None


def _path(found: _Found) -> tuple[TrackPoint, ...]:
    """Return the way still to fly, ten seconds apart and ending on the ground."""
    fit = found.fit
    if fit is None or found.impact is None or found.impact.area is None:
        return ()
    flight_s = found.impact.seconds
    times_s = np.append(np.arange(0.0, flight_s - 1.0, _PATH_STEP_S), flight_s)
    states, _, reached = sample_arc(fit.state, times_s)
    points = []
    places = geodetic_rows(states[reached]).tolist()
    for seconds, place in zip(times_s[reached].tolist(), places, strict=True):
        points.append(
            TrackPoint(
                lat_deg=place[0],
                lon_deg=place[1],
                alt_km=max(place[2], 0.0) * 1e-3,
                time=fit.epoch.plus_s(seconds),
            )
        )
    return tuple(points)


def _accounts(
    plots: Sequence[Plot],
    table: PlotTable | None,
    found: _Found,
    rejected: Sequence[RejectedPlot],
) -> tuple[SensorAccount, ...]:
    given: dict[str, int] = {}
    lost: dict[str, int] = {}
    biases: dict[str, str] = {}
    for plot in plots:
        given[plot.sensor.id] = given.get(plot.sensor.id, 0) + 1
        biases[plot.sensor.id] = plot.bias_id or plot.sensor.id
    for one in rejected:
        name = plots[one.index].sensor.id
        lost[name] = lost.get(name, 0) + 1
    coast = found.coast if found.holds else None
    accounts = []
    for name in sorted(given):
        used = given[name] - lost.get(name, 0)
        bias = _bias_of(coast, biases[name]) if coast is not None else None
        verdict: SensorReading = "used" if found.track is not None else "too few plots"
        if used == 0 or (found.track is not None and 2 * used < given[name]):
            verdict = "rejected"
        accounts.append(
            SensorAccount(id=name, plots=given[name], bias=bias, verdict=verdict)
        )
    return tuple(accounts)


def _bias_of(coast: Coast, bias_id: str) -> BiasEstimate | None:
    fit = coast.own
    for slot, prior in enumerate(fit.bias_priors):
        if prior.bias_id == bias_id:
            at = 7 + 3 * slot
            sigma = np.sqrt(np.maximum(np.diag(fit.covariance)[at : at + 3], 0.0))
            value = fit.biases[slot]
            return BiasEstimate(
                range_m=float(value[0]),
                azimuth_mrad=float(value[1]) * 1e3,
                elevation_mrad=float(value[2]) * 1e3,
                sigma_range_m=float(sigma[0]),
                sigma_azimuth_mrad=float(sigma[1]) * 1e3,
                sigma_elevation_mrad=float(sigma[2]) * 1e3,
            )
    return None
