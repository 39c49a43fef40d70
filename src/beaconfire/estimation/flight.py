"""Flight: from all that is held of one object to one answer. The package's front door.

``estimate_flight`` is pure: the same observations give the same answer, whatever their
order. ``judgement`` decides what may be said, ``contradiction`` which sensor is left
out; here it is put into words, and what cannot be said is ``None`` beside its reason.

One object at a time: finding which plots belong together is the caller's. So is giving
plots or the tracklet made of them, never both.
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from msgspec.structs import replace

from beaconfire.errors import BadInput
from beaconfire.estimation.arc import Information
from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.coasting import PLOTS_MIN, Coast
from beaconfire.estimation.contradiction import REASON_MAX, Solved, reconciled
from beaconfire.estimation.cued_start import join_cues
from beaconfire.estimation.geodesy import geodetic_rows, ground_range_m
from beaconfire.estimation.judgement import Finding, judge
from beaconfire.estimation.launch_point import Launch, find_launch
from beaconfire.estimation.measurement import PlotTable, tabulate
from beaconfire.estimation.members import widened_for_members
from beaconfire.estimation.propagation import sample_arc, sample_states
from beaconfire.estimation.selection import (
    REPEATED,
    distinct_plots,
    in_fixed_order,
    in_one_flight,
    near_in_time,
)
from beaconfire.estimation.tracklet import (
    BIASES_MAX,
    make_tracklet,
    read_tracklet,
    state_vector,
    taken_out,
)
from beaconfire.estimation.untraced import (
    Untraced,
    join_untraced,
    read_stated_track,
)
from beaconfire.vocabulary.flight import (
    BiasEstimate,
    FlightEstimate,
    Observations,
    RejectedPlot,
    SensorAccount,
    SensorReading,
    TrackPoint,
)
from beaconfire.vocabulary.motion import Covariance, Plot, StateVector

_PATH_STEP_S = 10.0
_RISE_S_MAX = 5_400.0
T = TypeVar("T")
_TRACK_STATES = ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")


def estimate_flight(observations: Observations) -> FlightEstimate:
    """Estimate one object's launch, present motion and impact from what is held."""
    places, observations = in_fixed_order(observations)
    # What overflows is not finite, and is judged as such; nobody need read a warning.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        estimate = reconciled(observations, _solved)
    rejected = [replace(one, index=places[one.index]) for one in estimate.rejected]
    rejected.sort(key=lambda one: one.index)
    estimate = replace(estimate, rejected=tuple(rejected))
    if observations.group is None:
        return estimate
    return widened_for_members(estimate, observations.group)


def _solved(observations: Observations) -> Solved:
    """Return what all that is held amounts to, whoever may lie."""
    plots = observations.plots
    different, rejected = distinct_plots(plots)
    kept, far = in_one_flight(plots, different)
    table = tabulate(plots, kept) if kept else None
    parts, untraced, unread = _read_all(observations, table)
    cues = observations.cues
    if table is not None:
        cues = tuple(cue for cue in cues if near_in_time(cue.launch.time, table.epoch))
    found = join_untraced(join_cues(judge(table, parts), cues), table, untraced)
    # What is not known to be a missile was not launched: then only cues count.
    seen = found.track if found.holds else None
    launch = find_launch(cues, table, seen, found.coast)
    rejected += far + _rejected_by_fit(table, found)
    reason = "; ".join([found.reason, *unread])[:REASON_MAX]
    estimate = _answer(plots, table, found, launch, rejected, reason)
    return Solved(estimate, table, found.coast, found.strain)


def _read_all(
    observations: Observations, table: PlotTable | None
) -> tuple[list[Information], Untraced, list[str]]:
    """Read what partners told; what cannot be read must not silence the rest."""
    unread: list[str] = []
    middle = table.epoch if table is not None else None

    def readable(
        told: Sequence[T], read: Callable[[T], Information]
    ) -> list[Information]:
        nonlocal middle
        parts: list[Information] = []
        for one in told:
            try:
                part = read(one)
            except BadInput as error:
                unread.append(f"left out: {error}")
                continue
            middle = middle or part.epoch
            if near_in_time(part.epoch, middle):
                parts.append(part)
            else:
                unread.append("a track more than three hours away is left out")
        return parts

    counted = readable(observations.tracklets, read_tracklet)
    common = readable(observations.common, read_tracklet)
    untraced = Untraced(
        overlapping=tuple(readable(observations.overlapping, read_tracklet)),
        tracks=tuple(readable(observations.tracks, read_stated_track)),
        unshared=observations.unshared,
    )
    return [*counted, *map(taken_out, common)], untraced, unread


def _rejected_by_fit(table: PlotTable | None, found: Finding) -> list[RejectedPlot]:
    rejected: dict[int, str] = {}
    if table is not None and found.track is not None:
        followed = found.track.fits.copy()
        if found.coast is not None:
            followed |= np.isin(table.index, found.coast.table.index)
        for i in np.flatnonzero(~followed):
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
    found: Finding,
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
        own = found.coast
        # A tracklet has room for so many radars; without it the rest is still said.
        if len(own.table.bias_priors) <= BIASES_MAX:
            tracklet = make_tracklet(own.own, own.table)
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
        impact_condition=found.condition if area is not None else None,
        corridor=found.corridor,
        departure=found.departure,
        reachable=found.reachable,
    )


def _why_no_area(found: Finding) -> str:
    if found.impact is not None and found.impact.reason is not None:
        return found.impact.reason
    return found.reason


def _track_of(found: Finding) -> tuple[StateVector | None, Covariance | None]:
    """Return the present state: of the arc, or while it pushes of the thrust filter."""
    if not found.holds or found.epoch is None:
        return None, None
    if found.fit is not None:
        return (
            state_vector(found.fit.state, found.fit.epoch),
            _covariance(found.fit.covariance[:6, :6]),
        )
    assert found.track is not None
    state = found.track.means[-1, :6]
    return (
        state_vector(state, found.epoch),
        _covariance(found.track.covariances[-1, :6, :6]),
    )


def _covariance(matrix: Floats) -> Covariance:
    rows = tuple(tuple(float(value) for value in row) for row in matrix)
    return Covariance(states=_TRACK_STATES, rows=rows)


def _apogee_km(found: Finding) -> float | None:
    """Return the highest point of the arc, flown or to be flown; none in orbit."""
    if found.fit is None or found.impact is None or found.impact.orbital:
        return None
    state, highest = found.fit.state, found.impact.highest_m
    if float(state[:3] @ state[3:6]) < 0.0:
        flown, _, reached = sample_arc(state, np.arange(-_RISE_S_MAX, 0.0, 5.0))
        highest = max(highest, *geodetic_rows(flown[reached])[:, 2].tolist())
    return highest * 1e-3 if math.isfinite(highest) else None


def _path(found: Finding) -> tuple[TrackPoint, ...]:
    """Return the way still to fly, ten seconds apart and ending on the ground."""
    fit = found.fit
    if fit is None or found.impact is None or found.impact.area is None:
        return ()
    flight_s = found.impact.seconds
    times_s = np.append(np.arange(0.0, flight_s - 1.0, _PATH_STEP_S), flight_s)
    points = []
    places = geodetic_rows(sample_states(fit.state, times_s)).tolist()
    for seconds, place in zip(times_s.tolist(), places, strict=True):
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
    found: Finding,
    rejected: Sequence[RejectedPlot],
) -> tuple[SensorAccount, ...]:
    given: dict[str, int] = {}
    lost: dict[str, int] = {}
    biases: dict[str, str] = {}
    for plot in plots:
        given[plot.sensor.id] = given.get(plot.sensor.id, 0) + 1
        biases[plot.sensor.id] = plot.bias_id or plot.sensor.id
    repeated: dict[str, int] = {}
    for one in rejected:
        name = plots[one.index].sensor.id
        of = repeated if one.reason == REPEATED else lost
        of[name] = of.get(name, 0) + 1
    # The offsets of sensors that contradict each other are what betrays them.
    said = found.holds or found.strain is not None
    coast = found.coast if said else None
    accounts = []
    for name in sorted(given):
        distinct = given[name] - repeated.get(name, 0)
        used = distinct - lost.get(name, 0)
        bias = _bias_of(coast, biases[name]) if coast is not None else None
        verdict: SensorReading = "used" if found.track is not None else "too few plots"
        if used == 0 or (found.track is not None and 2 * used < distinct):
            # So few may be false plots beside an honest sensor's next look.
            verdict = "rejected" if distinct >= PLOTS_MIN else "too few plots"
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
