"""Intersection: one estimate out of several whose errors may be related.

To add what two estimates know is to say that their errors are unrelated. Where that
cannot be proven the sum claims too much. Two rules that never do:

* ``covariance_intersection`` asks nothing of how the errors are related. (Julier and
  Uhlmann, "A non-divergent estimation algorithm in the presence of unknown
  correlations", 1997.) Of two alike it claims no more than one.
* ``inverse_covariance_intersection`` is for exactly two whose errors are related only
  through information that both hold, such as the same plots or the same prior. It
  claims less than their sum and more than the first rule. (Noack, Sijs, Reinhardt and
  Hanebeck, "Decentralized data fusion with inverse covariance intersection", Automatica
  79, 2017.) It is not consistent where errors are related in any other way.

Either keeps its promise for every weight; the weights here make the determinant of the
covariance least, which no change of units alters. They depend on the covariances alone,
never on the means, and are found in a fixed order: the same input, the same bytes.

Means are of one instant and one frame, in one order of states; that, and that each
covariance is honest, is the caller's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beaconfire.estimation.arrays import Floats

# A weight within this of the best costs one part in a million of the determinant.
_HALVINGS = 40
# The multiplicative search stops within this of the optimum, in ln of the determinant
# per state; past the last round any weights are as consistent, only larger.
_GAP, _ROUNDS_MAX = 1e-4, 400


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and the covariance of its error."""

    mean: Floats
    covariance: Floats


def covariance_intersection(estimates: Sequence[Estimate]) -> Estimate:
    """Return what any relation between the errors of the estimates allows to say.

    ``J = sum w_i J_i`` with weights that sum to one. ln det J is concave in them, and
    ``w_i <- w_i tr(J^-1 J_i) / n`` never lowers it (Silvey, Titterington and Torsney,
    "An algorithm for optimal designs on a finite design space", 1978).
    """
    scale = _scale(estimates)
    parts = np.array([_inverse(_scaled(one.covariance, scale)) for one in estimates])
    states = parts.shape[1]
    weights = np.full(len(parts), 1.0 / len(parts))
    for _ in range(_ROUNDS_MAX):
        fused = _inverse(np.tensordot(weights, parts, axes=1))
        gains = np.einsum("ij,kji->k", fused, parts) / states
        if float(np.max(gains)) < 1.0 + _GAP:
            break
        weights = weights * gains
        weights = weights / np.sum(weights)
    fused = _inverse(np.tensordot(weights, parts, axes=1))
    means = np.array([one.mean / scale for one in estimates])
    pulls = np.einsum("k,kij,kj->i", weights, parts, means - means[0])
    return Estimate((means[0] + fused @ pulls) * scale, fused * np.outer(scale, scale))


def inverse_covariance_intersection(one: Estimate, other: Estimate) -> Estimate:
    """Return what two estimates say together that may hold some information in common.

    ``J = A^-1 + B^-1 - (w A + (1 - w) B)^-1``: the bracket holds at least what they
    can have in common, whatever it is.
    """
    scale = _scale((one, other))
    a, b = _scaled(one.covariance, scale), _scaled(other.covariance, scale)
    weight = _common_weight(a, b)
    common = _inverse(weight * a + (1.0 - weight) * b)
    by_one, by_other = _inverse(a), _inverse(b)
    fused = _inverse(by_one + by_other - common)
    gain = fused @ (by_other - (1.0 - weight) * common)
    apart = (other.mean - one.mean) / scale
    return Estimate(one.mean + (gain @ apart) * scale, fused * np.outer(scale, scale))


def squared_distance(one: Estimate, other: Estimate) -> float:
    """Return how far two estimates are apart, at the least, in squared sigmas.

    However their errors are related, the difference has no more than twice the sum of
    the covariances; under that bound this is a chi-square's or less.
    """
    scale = _scale((one, other))
    apart = (other.mean - one.mean) / scale
    spread = 2.0 * _scaled(one.covariance + other.covariance, scale)
    return float(apart @ _inverse(spread) @ apart)


def _common_weight(a: Floats, b: Floats) -> float:
    """Return the weight that makes the determinant of the inverse form least.

    With A = L L' and B = L V diag(d) V' L' every term stands alone: the sum of
    ln(1 + 1/d - 1/(w + (1 - w) d)) is concave in w, so its slope changes sign once.
    """
    low = np.linalg.cholesky(a)
    half = np.linalg.solve(low, b)
    d = np.maximum(np.linalg.eigvalsh(np.linalg.solve(low, half.T)), 1e-12)
    below, above = 0.0, 1.0
    for _ in range(_HALVINGS):
        weight = 0.5 * (below + above)
        common = 1.0 / (weight + (1.0 - weight) * d)
        slope = np.sum((1.0 - d) * common**2 / (1.0 + 1.0 / d - common))
        if float(slope) > 0.0:
            below = weight
        else:
            above = weight
    return 0.5 * (below + above)


def _scale(estimates: Sequence[Estimate]) -> Floats:
    """Return a length for each state, so that metres and radians can be one matrix."""
    variances = np.array([np.diag(one.covariance) for one in estimates])
    return np.asarray(np.sqrt(np.min(variances, axis=0)), dtype=np.float64)


def _scaled(covariance: Floats, scale: Floats) -> Floats:
    result: Floats = covariance / np.outer(scale, scale)
    return result


def _inverse(matrix: Floats) -> Floats:
    """Invert a symmetric positive matrix, and leave it symmetric."""
    inverse = np.linalg.inv(matrix)
    result: Floats = 0.5 * (inverse + inverse.T)
    return result
