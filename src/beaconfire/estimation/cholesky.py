"""Cholesky: solve with a small positive matrix and know its determinant, compiled.

One kernel for every size: the filters of several phases compare hypotheses by it.
"""

import math

import numpy as np

from beaconfire.estimation.arrays import Floats, compiled


@compiled
def solve_positive(A: Floats, y: Floats, guard: float) -> tuple[Floats, float]:
    """Return A^-1 y and ln det A of a positive matrix.

    No pivot falls below ``guard`` of its own diagonal element: what rounding has made
    nothing, or less, is taken for as little as that.
    """
    size = y.shape[0]
    L, x = np.zeros((size, size)), np.empty(size)
    ln_det = 0.0
    for i in range(size):
        for n in range(i + 1):
            total = A[i, n]
            for c in range(n):
                total -= L[i, c] * L[n, c]
            if i == n:
                total = max(total, guard * A[i, i], 1e-300)
                L[i, i] = math.sqrt(total)
                ln_det += math.log(total)
            else:
                L[i, n] = total / L[n, n]
    for i in range(size):
        total = y[i]
        for c in range(i):
            total -= L[i, c] * x[c]
        x[i] = total / L[i, i]
    for i in range(size - 1, -1, -1):
        total = x[i]
        for c in range(i + 1, size):
            total -= L[c, i] * x[c]
        x[i] = total / L[i, i]
    return x, ln_det
