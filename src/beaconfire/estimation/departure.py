"""Departure: has something begun to push a body that was coasting?

One sequential test over the plots of an arc. Its alternative is a push of unknown size
and direction that began at an unknown instant and is steady since; a stage that lights
again, a pull-up, lift and the drag of fragments all begin like that.

* The evidence for each beginning, all that is unknown of the arc and of the push
  integrated out, is a martingale while nothing pushes. The beginnings are whole seconds
  with fixed weights that sum to one, so by Ville's inequality the weighted sum ever
  exceeds 1/alpha in at most a fraction alpha of flights, however often one looks.
  ``FALSE_ALARMS`` is that alpha: a rate per flight, not per look.
* Only some of the older beginnings are looked at: leaving terms out of a sum of
  positive numbers makes the test later, never more alarmed.
* A push soon after burn-out is most likely a further stage, which pushes on the way the
  last one did. Knowing the direction is what finds it within seconds.

What is to be made of a departure is the judgement's to say.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from beaconfire.estimation.arc import inverse
from beaconfire.estimation.arrays import Flags, Floats, Ints, compiled
from beaconfire.estimation.cholesky import solve_positive
from beaconfire.estimation.measurement import (
    COSINE,
    WEIGHT_A,
    WEIGHT_E,
    WEIGHT_R,
    misfit,
)
from beaconfire.vocabulary.times import NS_PER_S

FALSE_ALARMS = 1e-3
# Stages follow one another within half a minute, and half of the weight is for them.
STAGE_WITHIN_S = 25.0
FLIGHT_S = 2_000.0  # over which the other half is spread
# Look-backs of so many seconds are tried at beginnings so many seconds apart.
_LOOKS_S = ((10, 1), (20, 2), (40, 4), (80, 8))
PUSH_SIGMA_MPS2 = 20.0
_STAGE_MPS2 = 30.0
_STAGE_SIGMA_ALONG_MPS2, _STAGE_SIGMA_ACROSS_MPS2 = 15.0, 10.0


@dataclass(frozen=True, slots=True)
class Arc:
    """A coasting arc about which the plots are linearised, and its normal equations."""

    times_s: Floats
    rows: Floats
    bias_slot: Ints
    used: Flags
    states: Floats
    phis: Floats
    biases: Floats
    full: Floats  # with every prior
    pull: Floats


@dataclass(frozen=True, slots=True)
class Departure:
    """The test's verdict, and the likeliest push with its beginning."""

    log_odds: float
    since_s: float  # seconds from the table's epoch
    push_ecef_mps2: Floats

    @property
    def declared(self) -> bool:
        """Whether the test leaves no doubt."""
        return self.log_odds > -math.log(FALSE_ALARMS)


@compiled
def push_sums(
    arc: tuple[Floats, Floats, Ints, Flags, Floats, Floats, Floats],
    since_s: float,
    C: Floats,
    S: Floats,
    b: Floats,
) -> None:
    """Sum what the plots after ``since_s`` say of a push that began then.

    ``C`` is its cross-information with the arc's states, ``S`` its own, ``b`` its pull.
    """
    times_s, rows, bias_slot, used, states, phis, biases = arc
    residual, slope = np.empty(3), np.empty((3, 3))
    for i in range(times_s.shape[0] - 1, -1, -1):
        dt = times_s[i] - since_s
        if dt <= 0.0:
            break
        if not used[i]:
            continue
        row, slot = rows[i], bias_slot[i]
        misfit(row, states[i, :3], biases[slot], residual, slope)
        half = 0.5 * dt * dt
        own = (row[WEIGHT_R], row[WEIGHT_A] * row[COSINE], row[WEIGHT_E])
        for c in range(3):
            for m in range(3):
                g = half * slope[c, m]
                b[m] += g * residual[c]
                for n in range(3):
                    S[m, n] += g * half * slope[c, n]
                for n in range(7):
                    h = 0.0
                    for d in range(3):
                        h += slope[c, d] * phis[i, d, n]
                    C[n, m] += h * g
                C[7 + 3 * slot + c, m] += own[c] * g


def find_departure(
    arc: Arc, epoch_ns: int, began_s: float, stage: tuple[Floats, Floats] | None
) -> Departure:
    """Weigh a push against none, on the arc's plots up to now.

    ``stage`` is the push to be expected of a further stage (``next_stage``), if one
    was seen to push.
    """
    covariance = inverse(arc.full)
    newest_s = float(arc.times_s[-1])
    beginnings = np.array(list(_beginnings(epoch_ns, began_s, newest_s)))
    known = covariance @ arc.pull
    if not beginnings.size or not np.all(np.isfinite(known)):
        return no_departure(newest_s)
    kernel = (
        arc.times_s, arc.rows, arc.bias_slot, arc.used, arc.states, arc.phis,
        arc.biases,
    )  # fmt: skip
    precisions, means = np.empty((2, 3, 3)), np.zeros((2, 3))
    precisions[0] = np.eye(3) * PUSH_SIGMA_MPS2**-2
    if stage is not None:
        precisions[1], means[1] = stage
    logs, pushes = np.empty((len(beginnings), 2)), np.empty((len(beginnings), 3))
    weigh_pushes(
        kernel, beginnings, covariance, known, precisions, means, logs, pushes,
    )  # fmt: skip
    logs[np.isnan(logs)] = -math.inf  # beyond what numbers hold: a term left out
    logs[:, 0] -= math.log(2.0 * FLIGHT_S)
    logs[:, 1] -= math.log(2.0 * STAGE_WITHIN_S)
    if stage is None:
        logs[:, 1] = -math.inf
    logs[beginnings - began_s > STAGE_WITHIN_S, 1] = -math.inf
    each = np.logaddexp(logs[:, 0], logs[:, 1])
    best = int(np.argmax(each))
    total = float(np.logaddexp.reduce(each))
    return Departure(total, float(beginnings[best]), pushes[best])


def no_departure(newest_s: float) -> Departure:
    """Return the verdict where nothing speaks for a push."""
    return Departure(-math.inf, newest_s, np.zeros(3))


def _beginnings(epoch_ns: int, began_s: float, newest_s: float) -> Iterator[float]:
    """Yield the whole seconds of UTC at which a push may have begun, from the epoch."""
    newest = math.floor(newest_s + epoch_ns / NS_PER_S)
    offset_s = (newest * NS_PER_S - epoch_ns) / NS_PER_S
    shortest = 0
    for longest, apart in _LOOKS_S:
        for back in range(shortest, longest):
            since_s = offset_s - back
            if (newest - back) % apart == 0 and since_s >= began_s:
                yield since_s
        shortest = longest


def next_stage(force: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Return precision and mean of a further stage's push, from what the last one did.

    Its direction is the last one's, as well as that is known; its size is not.
    """
    size = float(np.linalg.norm(force))
    along = np.outer(force, force) / size**2
    covariance = along * _STAGE_SIGMA_ALONG_MPS2**2
    covariance += (np.eye(3) - along) * _STAGE_SIGMA_ACROSS_MPS2**2
    covariance += spread * (_STAGE_MPS2 / size) ** 2
    mean: Floats = force * (_STAGE_MPS2 / size)
    return inverse(covariance), mean


@compiled
def weigh_pushes(
    arc: tuple[Floats, Floats, Ints, Flags, Floats, Floats, Floats],
    beginnings: Floats,
    covariance: Floats,
    known: Floats,
    precisions: Floats,
    means: Floats,
    logs: Floats,
    pushes: Floats,
) -> None:
    """Fill, per beginning and prior of the push, the log of its evidence over none."""
    size = covariance.shape[0]
    C, S, b = np.empty((size, 3)), np.empty((3, 3)), np.empty(3)
    both, left = np.empty((3, 3)), np.empty(3)
    for k in range(beginnings.shape[0]):
        C[:], S[:], b[:] = 0.0, 0.0, 0.0
        push_sums(arc, beginnings[k], C, S, b)
        # What the arc itself could have taken of the push is no evidence for it.
        for m in range(3):
            for i in range(size):
                b[m] -= C[i, m] * known[i]
                moved = 0.0
                for j in range(size):
                    moved += covariance[i, j] * C[j, m]
                for n in range(3):
                    S[n, m] -= C[i, n] * moved
        for p in range(2):
            gained = 0.0
            for m in range(3):
                pulled = 0.0
                for n in range(3):
                    pulled += S[m, n] * means[p, n]
                    both[m, n] = S[m, n] + precisions[p, m, n]
                left[m] = b[m] - pulled
                gained += means[p, m] * (b[m] - 0.5 * pulled)
            moved3, ln_both = solve_positive(both, left, 0.0)
            _, ln_prior = solve_positive(precisions[p], left, 0.0)
            for m in range(3):
                gained += 0.5 * left[m] * moved3[m]
                if p == 0:
                    pushes[k, m] = moved3[m]
            logs[k, p] = gained + 0.5 * (ln_prior - ln_both)
