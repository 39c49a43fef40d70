"""Arc: the whole-arc fit of one coasting flight, with every bias a state.

Gauss-Newton in information form over [r, v, s] at the epoch and three biases per bias
id. The dynamics have no process noise, so this is the maximum-likelihood estimate and
plots may come late and in any order. Rules:

1. Every prior (drag; each bias) is added once, here, whatever brought its states in.
2. ``information`` of the solution holds no prior at all: it is what the plots say.
3. A plot farther from the fit than the gate is left out and named; it may return in a
   later iteration. No noise is ever added to make a fit look better.
4. Only coasting plots belong in: that is ``burnout``'s duty, not checked here.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from beaconfire.estimation.arrays import Flags, Floats, Ints, compiled
from beaconfire.estimation.dynamics import DRAG_SIGMA
from beaconfire.estimation.measurement import (
    COSINE,
    WEIGHT_A,
    WEIGHT_E,
    WEIGHT_R,
    PlotTable,
    merged_priors,
    misfit,
    prior_precision,
)
from beaconfire.estimation.propagation import sample_arc
from beaconfire.vocabulary.motion import BiasPrior
from beaconfire.vocabulary.times import NS_PER_S, Instant

# Chi-square of 3, one plot in 100,000: a healthy flight of 1,000 plots loses none.
GATE = 25.9
_ITERATIONS_MAX = 12
_CONVERGED = 1e-4  # squared length of the last step, in standard deviations


@dataclass(frozen=True, slots=True)
class Information:
    """Plots as a quadratic about a reference, as ``Tracklet`` describes it."""

    epoch: Instant
    since: Instant  # the first of the plots
    reference: Floats  # [r, v, s]
    matrix: Floats  # 7 + 3 per bias
    vector: Floats
    bias_priors: tuple[BiasPrior, ...]

    def add_to(
        self,
        epoch: Instant,
        state: Floats,
        biases: Floats,
        slots: Mapping[str, int],
        J: Floats,
        y: Floats,
    ) -> None:
        """Add it to normal equations about another estimate at another epoch.

        Exact for the dynamics (no process noise): the quadratic is moved by the
        transition matrix of the present trajectory, and linearised again each time.
        """
        seconds = (self.epoch.ns - epoch.ns) / NS_PER_S
        states, phis, _ = sample_arc(state, np.array([seconds]))
        size = self.matrix.shape[0]
        move = np.zeros((size, J.shape[0]))
        move[:6, :7] = phis[0]
        move[6, 6] = 1.0
        offset = np.zeros(size)
        offset[:6] = states[0] - self.reference[:6]
        offset[6] = state[6] - self.reference[6]
        for i, prior in enumerate(self.bias_priors):
            slot = slots[prior.bias_id]
            for c in range(3):
                move[7 + 3 * i + c, 7 + 3 * slot + c] = 1.0
                offset[7 + 3 * i + c] = biases[slot, c]
        J += move.T @ self.matrix @ move
        y += move.T @ (self.vector - self.matrix @ offset)


@dataclass(frozen=True, slots=True)
class StatePrior:
    """Something known of [r, v, s] at the fit's epoch beside plots and priors."""

    mean: Floats
    precision: Floats


@dataclass(frozen=True, slots=True)
class ArcFit:
    """A converged fit. ``covariance`` is 7 + 3 per bias, in m, m/s, 1 and rad."""

    epoch: Instant
    state: Floats  # [r, v, s]
    biases: Floats  # (biases, 3): m, rad, rad
    covariance: Floats
    information: Floats  # without priors
    gradient: Floats  # of the plots alone at the solution: J times (their optimum - it)
    distances: Floats  # per plot of the table, squared, 3 degrees of freedom
    used: Flags
    bias_priors: tuple[BiasPrior, ...]
    converged: bool


@compiled
def normal_equations(
    states: Floats,
    phis: Floats,
    rows: Floats,
    bias_slot: Ints,
    used: Flags,
    biases: Floats,
    distances: Floats,
) -> tuple[Floats, Floats]:
    """Return information matrix and vector of the used plots; fill all distances."""
    size = 7 + 3 * biases.shape[0]
    J, y = np.zeros((size, size)), np.zeros(size)
    residual, slope = np.empty(3), np.empty((3, 3))
    for i in range(rows.shape[0]):
        b = bias_slot[i]
        misfit(rows[i], states[i, :3], biases[b], residual, slope)
        distances[i] = residual[0] ** 2 + residual[1] ** 2 + residual[2] ** 2
        if used[i]:
            add_plot(rows[i], b, phis[i], residual, slope, J, y)
    mirror(J)
    return J, y


@compiled
def add_plot(
    row: Floats,
    slot: int,
    phi: Floats,
    residual: Floats,
    slope: Floats,
    J: Floats,
    y: Floats,
) -> None:
    """Add one plot's misfit to normal equations, below the diagonal only."""
    own = (row[WEIGHT_R], row[WEIGHT_A] * row[COSINE], row[WEIGHT_E])
    H = np.empty(7)
    for c in range(3):
        for m in range(7):
            H[m] = 0.0
            for n in range(3):
                H[m] += slope[c, n] * phi[n, m]
        at = 7 + 3 * slot + c
        for m in range(7):
            y[m] += H[m] * residual[c]
            for n in range(m + 1):
                J[m, n] += H[m] * H[n]
            J[at, m] += own[c] * H[m]
        J[at, at] += own[c] * own[c]
        y[at] += own[c] * residual[c]


@compiled
def mirror(J: Floats) -> None:
    """Copy what stands below the diagonal above it."""
    for m in range(J.shape[0]):
        for n in range(m):
            J[n, m] = J[m, n]


def fit_arc(
    table: PlotTable | None,
    start: Floats,
    epoch: Instant,
    *,
    tracklets: Sequence[Information] = (),
    prior: StatePrior | None = None,
) -> ArcFit:
    """Fit [r, v, s] at ``epoch`` and all biases to coasting plots and tracklets."""
    own = table.bias_priors if table is not None else ()
    priors, slots = merged_priors([own, *(part.bias_priors for part in tracklets)])
    problem = _Problem(table, epoch, tuple(tracklets), prior, priors, slots)
    state, biases = start.copy(), np.zeros((len(priors), 3))
    n = 0 if table is None else table.times_s.shape[0]
    used, distances = np.ones(n, dtype=np.bool_), np.zeros(n)
    converged = False
    J = y = covariance = np.zeros((0, 0))
    for iteration in range(_ITERATIONS_MAX):
        J, y = problem.equations(state, biases, used, distances)
        full, pull = problem.with_priors(J, y, state, biases)
        covariance = inverse(full)
        # Plots of no one body throw the arc away.
        step = covariance @ pull
        squares = float(step @ pull)
        if not (math.isfinite(squares) and np.all(np.isfinite(covariance))):
            break
        settled = squares < _CONVERGED
        gated = distances <= GATE
        if settled and (iteration >= 2 and np.array_equal(gated, used)):
            converged = True
            break
        state = state + step[:7]
        biases = biases + step[7:].reshape(-1, 3)
        if not np.all(np.isfinite(state)):
            break
        # The first steps still move far: judging plots by them would drop good ones.
        if iteration >= 1 and np.count_nonzero(gated) >= 3:
            used = gated
    return ArcFit(
        epoch, state, biases, covariance, J, y, distances, used, priors, converged
    )


def carried(fit: ArcFit, epoch: Instant) -> ArcFit:
    """Return a fit's state and covariance at another epoch; its information stays."""
    seconds = (epoch.ns - fit.epoch.ns) / NS_PER_S
    if seconds == 0.0:
        return fit
    states, phis, _ = sample_arc(fit.state, np.array([seconds]))
    move = np.eye(fit.covariance.shape[0])
    move[:6, :7] = phis[0]
    return replace(
        fit,
        epoch=epoch,
        state=np.append(states[0], fit.state[6]),
        covariance=move @ fit.covariance @ move.T,
    )


@dataclass(frozen=True, slots=True)
class _Problem:
    """All that is summed in one Gauss-Newton iteration."""

    table: PlotTable | None
    epoch: Instant
    tracklets: tuple[Information, ...]
    prior: StatePrior | None
    priors: tuple[BiasPrior, ...]
    slots: Mapping[str, int]

    def equations(
        self, state: Floats, biases: Floats, used: Flags, distances: Floats
    ) -> tuple[Floats, Floats]:
        """Sum what plots and tracklets say about the present estimate."""
        size = 7 + 3 * len(self.priors)
        J, y = np.zeros((size, size)), np.zeros(size)
        table = self.table
        if table is not None:
            shift_s = (self.epoch.ns - table.epoch.ns) / NS_PER_S
            states, phis, reached = sample_arc(state, table.times_s - shift_s)
            J, y = normal_equations(
                states, phis, table.rows, table.bias_slot, used & reached, biases,
                distances,
            )  # fmt: skip
            distances[~reached] = math.inf
        for part in self.tracklets:
            part.add_to(self.epoch, state, biases, self.slots, J, y)
        return J, y

    def with_priors(
        self, J: Floats, y: Floats, state: Floats, biases: Floats
    ) -> tuple[Floats, Floats]:
        """Add each prior exactly once."""
        full, pull = J.copy(), y.copy()
        add_priors(full, pull, state, biases, self.priors)
        if self.prior is not None:
            full[:7, :7] += self.prior.precision
            pull[:7] += self.prior.precision @ (self.prior.mean - state)
        return full, pull


def add_priors(
    J: Floats, y: Floats, state: Floats, biases: Floats, priors: Sequence[BiasPrior]
) -> None:
    """Add the prior of the drag and of each bias to normal equations, once."""
    J[6, 6] += 1.0 / DRAG_SIGMA**2
    y[6] -= state[6] / DRAG_SIGMA**2
    for slot, stated in enumerate(priors):
        precision = prior_precision(stated)
        at = slice(7 + 3 * slot, 10 + 3 * slot)
        J[at, at] += np.diag(precision)
        y[at] -= precision * biases[slot]


@compiled
def inverse(matrix: Floats) -> Floats:
    """Invert a symmetric matrix whose rows differ in unit by many powers of ten.

    By Cholesky on the matrix scaled to a unit diagonal. A direction that nothing
    measures keeps a huge finite variance; it is not an error.
    """
    n = matrix.shape[0]
    scale, low = np.empty(n), np.zeros((n, n))
    for i in range(n):
        scale[i] = 1.0 / math.sqrt(max(matrix[i, i], 1e-300))
    for i in range(n):
        for j in range(i + 1):
            total = matrix[i, j] * scale[i] * scale[j]
            for c in range(j):
                total -= low[i, c] * low[j, c]
            if i == j:
                low[i, i] = math.sqrt(max(total, 1e-13))
            else:
                low[i, j] = total / low[j, j]
    half, result = np.zeros((n, n)), np.empty((n, n))
    for k in range(n):
        for i in range(k, n):
            total = 1.0 if i == k else 0.0
            for c in range(k, i):
                total -= low[i, c] * half[c, k]
            half[i, k] = total / low[i, i]
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for c in range(i, n):
                total += half[c, i] * half[c, j]
            result[i, j] = total * scale[i] * scale[j]
            result[j, i] = result[i, j]
    return result
