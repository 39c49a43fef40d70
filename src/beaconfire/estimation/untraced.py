"""Untraced: partners' tracks of which nobody can say what else they rest on.

A partner's node may send a tracklet without a token, or a bare state with its
covariance. Either may have been made of plots that are held here too, our own among
them. Rules:

1. Nothing of the kind is ever added to what else is known. It is intersected.
2. A tracklet holds plots and nothing else, whoever sent it. So where there are two
   sources in all, each of plots and the model's own priors, they can have only
   information in common: the inverse form. Else, and of a stated track always, nothing
   is known of how errors are related: covariance intersection.
3. Plots of own sensors that no partner was ever told of are in nobody's track: beside
   rule 2's second case they are summed with the result, with their biases, which no
   other sensor may share.
4. What such a track claims is widened by a tenth before anything else: an area that
   rests on it holds as often as it says also where the sender's is a little too sure.
5. A track that cannot be of the same motion, however the errors are related, is left
   out and it is said. So is all of this while own plots show thrust after it, or a
   flight that holds to no arc: no partner's word overrules what we see.

A stated track says nothing of drag, and above the air its error does not depend on it:
so the model's prior of the drag stands in each source, and after the intersection once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from beaconfire.errors import BadInput
from beaconfire.estimation.arc import (
    ArcFit,
    Information,
    carried,
    fit_arc,
    inverse,
    normal_equations,
)
from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.coasting import left_the_arc
from beaconfire.estimation.geodesy import height_and_up
from beaconfire.estimation.intersection import (
    Estimate,
    covariance_intersection,
    inverse_covariance_intersection,
    squared_distance,
)
from beaconfire.estimation.judgement import Finding, judge_fit
from beaconfire.estimation.measurement import PlotTable, merged_priors, prior_precision
from beaconfire.estimation.propagation import sample_arc
from beaconfire.estimation.tracklet import STATES, fit_parts
from beaconfire.vocabulary.flight import StatedTrack
from beaconfire.vocabulary.motion import BiasPrior
from beaconfire.vocabulary.times import NS_PER_S

# Of a stated covariance. Where a partner's track holds all that we hold, the
# intersection is that track, and any fault of its claim would be ours: of 1,000 areas
# that stood on claims as they came, 94 to 95 in a hundred held.
CLAIM_WIDER = 1.1
# Chi-square of 7, one in 100,000, under the widest error that the two can have.
APART_MAX = 35.3
# Below it the air makes a track's error depend on the drag, of which it says nothing.
HEIGHT_M_MIN = 100_000.0
# What rounding leaves of a matrix that is nothing, beside the one it was taken from.
_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Untraced:
    """What is held of the kind, read; see ``Observations`` for the three."""

    overlapping: tuple[Information, ...] = ()
    tracks: tuple[Information, ...] = ()
    unshared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    fit: ArcFit
    of_plots: bool  # of plots and the model's priors alone


def read_stated_track(track: StatedTrack) -> Information:
    """Return a state and its covariance as information, after judging that it can be.

    Raises:
        BadInput: names, sizes or numbers that no track can have.
    """
    names = STATES[:6]
    rows = track.covariance.rows
    if track.covariance.states != names or [len(row) for row in rows] != [6] * 6:
        message = f"track: `covariance` must be 6 by 6, of {', '.join(names)}"
        raise BadInput(message)
    matrix = np.array(rows)
    spread = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    if not np.all(np.isfinite(matrix)) or np.any(spread <= 0.0):
        message = "track: `covariance` needs finite numbers and positive variances"
        raise BadInput(message)
    scaled = matrix / np.outer(spread, spread)
    if float(np.max(np.abs(scaled - scaled.T))) > _NOTHING:
        message = "track: `covariance` is not symmetric"
        raise BadInput(message)
    if float(np.linalg.eigvalsh(scaled)[0]) < 1e-12:
        message = "track: `covariance` has a direction without any error"
        raise BadInput(message)
    place = track.state.position_ecef_m
    height_m = height_and_up(*place)[0]
    if not HEIGHT_M_MIN < height_m < 1e8:
        message = "track: its state lies in the air or far outside"
        raise BadInput(message)
    information = np.zeros((7, 7))
    information[:6, :6] = inverse(0.5 * (matrix + matrix.T))
    return Information(
        epoch=track.state.epoch,
        since=track.state.epoch,
        reference=np.array([*place, *track.state.velocity_ecef_mps, 0.0]),
        matrix=information,
        vector=np.zeros(7),
        bias_priors=(),
    )


def join_untraced(found: Finding, table: PlotTable | None, held: Untraced) -> Finding:
    """Return the finding with what partners' untraced tracks add to it."""
    sources = [
        _Source(replace(fit, covariance=CLAIM_WIDER * fit.covariance), of_plots)
        for parts, of_plots in ((held.overlapping, True), (held.tracks, False))
        for part in parts
        if (fit := fit_parts((part,))).converged
    ]
    if not sources:
        return found
    if found.fit is None:
        overruled = found.departure or found.coast or found.reachable
        return found if overruled else _without_ours(found, table, sources)
    if not found.holds or found.phase == "re-entry":
        return found
    own = _Source(found.fit, of_plots=True)
    near, far = _near(own, sources)
    reason = found.reason
    if far:
        reason += f"; {far} of partners' untraced tracks contradict it and are unused"
    if not near:
        return replace(found, reason=reason)
    apart = _apart(found, held.unshared)
    fit, how = _fused((own, *near), apart)
    reason += f"; partners' untraced tracks are joined by {how}"
    return replace(judge_fit(fit, found.coast, found.track), reason=reason)


def _without_ours(
    found: Finding, table: PlotTable | None, sources: Sequence[_Source]
) -> Finding:
    """Rest on untraced tracks: our own plots show no coasting arc by themselves."""
    epoch = max(source.fit.epoch for source in sources)
    moved = [replace(one, fit=carried(one.fit, epoch)) for one in sources]
    best = min(moved, key=lambda one: _size(one.fit))
    near, _ = _near(best, [one for one in moved if one is not best])
    fit, how = _fused((best, *near), None)
    if table is not None and found.track is not None:
        later = (table.times_s >= fit.epoch.seconds_since(table.epoch)) & (
            found.track.fits
        )
        part = _as_part(fit)
        if later.any():
            plots = table.select(np.flatnonzero(later))
            whole = fit_arc(plots, fit.state, epoch, tracklets=(part,))
            if left_the_arc(whole):
                return found
    reason = (
        f"partners' untraced tracks show a coasting arc, by {how}; own plots do not"
    )
    return replace(judge_fit(fit, None, found.track), reason=reason)


def _as_part(fit: ArcFit) -> Information:
    matrix = np.zeros((7, 7))
    matrix[:6, :6] = inverse(np.ascontiguousarray(fit.covariance[:6, :6]))
    return Information(fit.epoch, fit.epoch, fit.state, matrix, np.zeros(7), ())


def _near(one: _Source, others: Sequence[_Source]) -> tuple[list[_Source], int]:
    """Return those that may be of one motion, at its epoch, and how many may not."""
    ours = _state(one.fit)
    moved = [replace(o, fit=carried(o.fit, one.fit.epoch)) for o in others]
    near = [o for o in moved if squared_distance(ours, _state(o.fit)) <= APART_MAX]
    return near, len(moved) - len(near)


def _fused(sources: Sequence[_Source], apart: "_Apart | None") -> tuple[ArcFit, str]:
    """Return the sources as one, and by which rule; the first one's epoch is kept."""
    first = sources[0].fit
    if len(sources) == 1:
        return first, "one of them alone"
    if len(sources) == 2 and all(source.of_plots for source in sources):
        one, other = _widened(sources[0].fit, sources[1].fit)
        fused = inverse_covariance_intersection(one, other)
        return _as_fit(first, fused), "inverse covariance intersection"
    states = [_state(source.fit) for source in sources]
    if apart is None:
        return _as_fit(
            first, covariance_intersection(states)
        ), "covariance intersection"
    fused = covariance_intersection([apart.rest, *states[1:]])
    weight = inverse(fused.covariance)
    covariance = inverse(weight + apart.matrix)
    step = covariance @ (weight @ (fused.mean - first.state) + apart.vector)
    summed = Estimate(first.state + step, covariance)
    return _as_fit(first, summed), "covariance intersection, unshared sensors summed"


@dataclass(frozen=True, slots=True)
class _Apart:
    """A fit in two: what unshared sensors say of it, and an estimate of the rest."""

    matrix: Floats  # about the fit's state, biases integrated out, no other prior
    vector: Floats
    rest: Estimate


def _apart(found: Finding, unshared: Sequence[str]) -> _Apart | None:
    """Take the unshared sensors' plots out of a fit, where that can be done."""
    fit, coast = found.fit, found.coast
    if fit is None or coast is None or not unshared:
        return None
    table = coast.table
    secret = np.array([name in unshared for name in table.sensors])
    mine = secret[table.sensor_slot] & coast.own.used
    slots = set(table.bias_slot[mine])
    if not mine.any() or slots & set(table.bias_slot[~secret[table.sensor_slot]]):
        return None
    shift_s = (fit.epoch.ns - table.epoch.ns) / NS_PER_S
    states, phis, reached = sample_arc(fit.state, table.times_s - shift_s)
    biases = np.ascontiguousarray(fit.biases)
    J, y = normal_equations(
        states, phis, table.rows, table.bias_slot, mine & reached, biases,
        np.zeros(len(mine)),
    )  # fmt: skip
    at = [7 + 3 * slot + c for slot in sorted(slots) for c in range(3)]
    for slot in slots:
        own = slice(7 + 3 * slot, 10 + 3 * slot)
        precision = prior_precision(fit.bias_priors[slot])
        J[own, own] += np.diag(precision)
        y[own] -= precision * biases[slot]
    taken = J[:7, at] @ inverse(np.ascontiguousarray(J[np.ix_(at, at)]))
    matrix, vector = J[:7, :7] - taken @ J[at, :7], y[:7] - taken @ y[at]
    return _rest_of(fit, matrix, vector)


def _rest_of(fit: ArcFit, matrix: Floats, vector: Floats) -> _Apart | None:
    """Return what a fit knows beyond a part of it, unless the part is no part of it."""
    root = np.linalg.cholesky(fit.covariance[:7, :7])
    shares, axes = np.linalg.eigh(root.T @ matrix @ root)
    left = 1.0 - shares
    if float(np.min(left)) < -_NOTHING:
        return None
    # Where the part is all that is known the rest is a source that knows nothing.
    basis = root @ axes
    covariance = (basis / np.maximum(left, _NOTHING)) @ basis.T
    rest = Estimate(fit.state - covariance @ vector, covariance)
    return _Apart(matrix, vector, rest)


def _state(fit: ArcFit) -> Estimate:
    return Estimate(fit.state, np.ascontiguousarray(fit.covariance[:7, :7]))


def _size(fit: ArcFit) -> float:
    return float(np.linalg.slogdet(fit.covariance[:6, :6])[1])


def _as_fit(like: ArcFit, fused: Estimate) -> ArcFit:
    """Return an estimate of the motion alone as a fit; it answers for no bias."""
    return replace(
        like, state=fused.mean[:7], covariance=fused.covariance[:7, :7],
        biases=np.zeros((0, 3)), bias_priors=(),
    )  # fmt: skip


def _widened(one: ArcFit, other: ArcFit) -> tuple[Estimate, Estimate]:
    """Return two fits over the same states: what one lacks has its prior there.

    The priors are what both hold in common, so the inverse form may take them twice.
    """
    priors, slots = merged_priors([one.bias_priors, other.bias_priors])
    return _over(one, priors, slots), _over(other, priors, slots)


def _over(
    fit: ArcFit, priors: Sequence[BiasPrior], slots: Mapping[str, int]
) -> Estimate:
    variances = [1.0 / prior_precision(prior) for prior in priors]
    mean = np.concatenate([fit.state, np.zeros(3 * len(priors))])
    covariance = np.diag(np.concatenate([np.ones(7), *variances]))
    at = [*range(7)]
    for slot, prior in enumerate(fit.bias_priors):
        begin = 7 + 3 * slots[prior.bias_id]
        at += range(begin, begin + 3)
        mean[begin : begin + 3] = fit.biases[slot]
    covariance[np.ix_(at, at)] = fit.covariance
    return Estimate(mean, covariance)
