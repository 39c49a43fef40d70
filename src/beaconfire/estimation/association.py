"""Association: which plot of a scan belongs to which of many followed objects.

One scan of one sensor at a time: an object gives it at most one plot, and a plot is of
at most one object. Rules:

1. A pair is a candidate when the plot lies inside the object's gate (chi-square of 3
   at 99.9 %). Pairs too far apart to be are found out by a look along one axis, so the
   cost grows with the candidates and not with their product.
2. The cost of a pair is d2 + ln det S: minus twice its log-likelihood.
3. Candidates fall into connected components; each is solved for itself by the global
   nearest neighbour (shortest augmenting paths, Jonker and Volgenant 1987). An object
   with one plot that nobody else wants needs no solving, and gets none.
4. To miss costs more than any of the object's own candidates, so a plot is left over
   only where two objects want it.

What is left over may be a new object's, or false: that is the caller's to find out.
"""

import math

import numpy as np

from beaconfire.estimation.arrays import Floats, Ints, compiled
from beaconfire.estimation.batch_filter import absorb, distance, predict
from beaconfire.estimation.measurement import (
    RANGE,
    SIGHT,
    SITE,
    WEIGHT_A,
    WEIGHT_E,
    WEIGHT_R,
    misfit,
)

# Chi-square of 3 at 99.9 %.
GATE = 16.27
MISSED = -1
_FAR = 1e18


@compiled
def take_scan(
    means: Floats,
    covariances: Floats,
    times_s: Floats,
    at_s: float,
    rows: Floats,
    gate: float,
) -> Ints:
    """Predict all to a scan, gate, associate, update; return each object's plot."""
    for k in range(means.shape[0]):
        predict(means[k], covariances[k], at_s - times_s[k])
        times_s[k] = at_s
    plot_of, _ = associate(means, covariances, rows, gate)
    for k in range(means.shape[0]):
        if plot_of[k] >= 0:
            absorb(means[k], covariances[k], rows[plot_of[k]])
    return plot_of


@compiled
def associate(
    means: Floats, covariances: Floats, rows: Floats, gate: float
) -> tuple[Ints, Floats]:
    """Return each object's plot (or ``MISSED``) and its squared distance."""
    owners, plots, costs, squares = candidates(means, covariances, rows, gate)
    chosen = assign(means.shape[0], rows.shape[0], owners, plots, costs)
    plot_of = np.full(means.shape[0], MISSED)
    distances = np.full(means.shape[0], math.inf)
    for k in range(means.shape[0]):
        if chosen[k] >= 0:
            plot_of[k] = plots[chosen[k]]
            distances[k] = squares[chosen[k]]
    return plot_of, distances


@compiled
def candidates(
    means: Floats, covariances: Floats, rows: Floats, gate: float
) -> tuple[Ints, Ints, Floats, Floats]:
    """Return the gated pairs, by object: its number, the plot's, cost and distance."""
    n, plots_n = means.shape[0], rows.shape[0]
    places, reach = np.empty((plots_n, 3)), 0.0
    for j in range(plots_n):
        for i in range(3):
            places[j, i] = rows[j, SITE + i] + rows[j, RANGE] * rows[j, SIGHT + i]
        across = rows[j, RANGE] / min(rows[j, WEIGHT_A], rows[j, WEIGHT_E])
        reach = max(reach, 1.0 / rows[j, WEIGHT_R], across)
    order = np.argsort(places[:, 0])
    along = places[order, 0]
    room = 2 * (n + plots_n)
    owners, chosen = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    costs, squares = np.empty(room), np.empty(room)
    residual, slope, no_bias = np.empty(3), np.empty((3, 3)), np.zeros(3)
    found = 0
    for k in range(n):
        P = covariances[k]
        radius = math.sqrt(gate * (P[0, 0] + P[1, 1] + P[2, 2] + reach * reach))
        at = np.searchsorted(along, means[k, 0] - radius)
        while at < plots_n and along[at] <= means[k, 0] + radius:
            j = order[at]
            at += 1
            dy, dz = places[j, 1] - means[k, 1], places[j, 2] - means[k, 2]
            if abs(dy) > radius or abs(dz) > radius:
                continue
            misfit(rows[j], means[k, :3], no_bias, residual, slope)
            d2, log_det = distance(P, residual, slope)
            if d2 <= gate:
                if found == owners.shape[0]:
                    owners = np.concatenate((owners, np.empty_like(owners)))
                    chosen = np.concatenate((chosen, np.empty_like(chosen)))
                    costs = np.concatenate((costs, np.empty_like(costs)))
                    squares = np.concatenate((squares, np.empty_like(squares)))
                owners[found], chosen[found] = k, j
                costs[found], squares[found] = d2 + log_det, d2
                found += 1
    return owners[:found], chosen[:found], costs[:found], squares[:found]


@compiled
def assign(objects: int, plots: int, owners: Ints, chosen: Ints, costs: Floats) -> Ints:
    """Return for each object the number of its pair, or ``MISSED``.

    ``owners``, ``chosen`` and ``costs`` are the candidate pairs, ordered by owner.
    """
    result = np.full(objects, MISSED)
    wanted, wants = np.zeros(plots, dtype=np.int64), np.zeros(objects, dtype=np.int64)
    for p in range(owners.shape[0]):
        wants[owners[p]] += 1
        wanted[chosen[p]] += 1
    crowded = False
    for p in range(owners.shape[0]):
        if wants[owners[p]] == 1 and wanted[chosen[p]] == 1:
            result[owners[p]] = p
        else:
            crowded = True
    if crowded:
        _assign_components(objects, plots, owners, chosen, costs, result)
    return result


@compiled
def _root(parent: Ints, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@compiled
def _assign_components(
    objects: int, plots: int, owners: Ints, chosen: Ints, costs: Floats, result: Ints
) -> None:
    """Solve every component that is not one pair by itself."""
    parent = np.arange(objects + plots)
    for p in range(owners.shape[0]):
        a, b = _root(parent, owners[p]), _root(parent, objects + chosen[p])
        parent[b] = a
    roots = np.empty(owners.shape[0], dtype=np.int64)
    for p in range(owners.shape[0]):
        roots[p] = _root(parent, owners[p])
    by_root = np.argsort(roots, kind="mergesort")
    row_of, column_of = np.full(objects, -1), np.full(plots, -1)
    first = 0
    while first < by_root.shape[0]:
        last = first
        while last < by_root.shape[0] and roots[by_root[last]] == roots[by_root[first]]:
            last += 1
        if last - first > 1:
            pairs = by_root[first:last]
            _assign_one(pairs, owners, chosen, costs, row_of, column_of, result)
        first = last


@compiled
def _assign_one(
    pairs: Ints,
    owners: Ints,
    chosen: Ints,
    costs: Floats,
    row_of: Ints,
    column_of: Ints,
    result: Ints,
) -> None:
    """Solve one component as a full matrix with one way to miss for each object."""
    rows, columns = 0, 0
    for p in pairs:
        if row_of[owners[p]] < 0:
            row_of[owners[p]] = rows
            rows += 1
        if column_of[chosen[p]] < 0:
            column_of[chosen[p]] = columns
            columns += 1
    matrix = np.full((rows, columns + rows), _FAR)
    which = np.full((rows, columns), -1)
    dearest = -math.inf
    for p in pairs:
        dearest = max(dearest, costs[p])
    # To miss costs more than every pair here, so that no plot stays without need.
    spread = dearest
    for p in pairs:
        spread = min(spread, costs[p])
    miss = dearest + rows * (dearest - spread) + 1.0
    for p in pairs:
        matrix[row_of[owners[p]], column_of[chosen[p]]] = costs[p]
        which[row_of[owners[p]], column_of[chosen[p]]] = p
    for r in range(rows):
        matrix[r, columns + r] = miss
    best = least_cost(matrix)
    for r in range(rows):
        if best[r] < columns and which[r, best[r]] >= 0:
            result[owners[which[r, best[r]]]] = which[r, best[r]]
    for p in pairs:
        row_of[owners[p]] = -1
        column_of[chosen[p]] = -1


@compiled
def least_cost(matrix: Floats) -> Ints:
    """Return each row's column in the assignment of least total cost.

    Shortest augmenting paths; rows must not outnumber columns.
    """
    rows, columns = matrix.shape
    u, v = np.zeros(rows + 1), np.zeros(columns + 1)
    row_at = np.zeros(columns + 1, dtype=np.int64)
    way = np.zeros(columns + 1, dtype=np.int64)
    for row in range(1, rows + 1):
        row_at[0] = row
        free = 0
        shortest = np.full(columns + 1, math.inf)
        done = np.zeros(columns + 1, dtype=np.bool_)
        while True:
            done[free] = True
            at, step, following = row_at[free], math.inf, 0
            for column in range(1, columns + 1):
                if done[column]:
                    continue
                cost = matrix[at - 1, column - 1] - u[at] - v[column]
                if cost < shortest[column]:
                    shortest[column] = cost
                    way[column] = free
                if shortest[column] < step:
                    step = shortest[column]
                    following = column
            for column in range(columns + 1):
                if done[column]:
                    u[row_at[column]] += step
                    v[column] -= step
                else:
                    shortest[column] -= step
            free = following
            if row_at[free] == 0:
                break
        while free != 0:
            before = way[free]
            row_at[free] = row_at[before]
            free = before
    result = np.empty(rows, dtype=np.int64)
    for column in range(1, columns + 1):
        if row_at[column] > 0:
            result[row_at[column] - 1] = column - 1
    return result
