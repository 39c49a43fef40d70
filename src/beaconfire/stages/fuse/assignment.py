"""Assignment: the global nearest neighbour over a few paths and plots, in plain Python.

Each path takes at most one plot and each plot goes to at most one path; most paths get
one, at the least total cost. Candidates fall into connected components, each solved for
itself; a component of one pair needs no solving.

``estimation.association`` does the same for a thousand objects, compiled. The node's
own process loads no numerical library: it stays small, and no turn waits for one.
"""

import math
from collections.abc import Sequence

Pair = tuple[int, int, float]  # path, plot, cost


def nearest(pairs: Sequence[Pair]) -> dict[int, int]:
    """Return each path's plot, by path."""
    taken: dict[int, int] = {}
    for component in _components(pairs):
        if len(component) == 1:
            taken[component[0][0]] = component[0][1]
        else:
            taken.update(_solved(component))
    return dict(sorted(taken.items()))


def _components(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Part the pairs into those that share no path and no plot."""
    parts: list[tuple[set[int], set[int], list[Pair]]] = []
    for pair in pairs:
        touching = [part for part in parts if pair[0] in part[0] or pair[1] in part[1]]
        paths, plots, held = {pair[0]}, {pair[1]}, [pair]
        for part in touching:
            parts.remove(part)
            paths |= part[0]
            plots |= part[1]
            held = [*part[2], *held]
        parts.append((paths, plots, held))
    return [held for _, _, held in parts]


def _solved(pairs: Sequence[Pair]) -> dict[int, int]:
    paths = sorted({pair[0] for pair in pairs})
    plots = sorted({pair[1] for pair in pairs})
    # To miss costs more than all else together: nobody goes without need.
    miss = 1.0 + sum(abs(cost) for _, _, cost in pairs)
    matrix = [[math.inf] * len(plots) + [miss] * len(paths) for _ in paths]
    for path, plot, cost in pairs:
        matrix[paths.index(path)][plots.index(plot)] = cost
    columns = least_cost(matrix)
    return {
        paths[row]: plots[column]
        for row, column in enumerate(columns)
        if column < len(plots)
    }


def least_cost(matrix: Sequence[Sequence[float]]) -> list[int]:
    """Return each row's column in the assignment of least total cost.

    Shortest augmenting paths (Jonker and Volgenant 1987); rows must not outnumber
    columns, and some assignment of finite cost must exist.
    """
    rows, columns = len(matrix), len(matrix[0])
    u, v = [0.0] * (rows + 1), [0.0] * (columns + 1)
    row_at, way = [0] * (columns + 1), [0] * (columns + 1)
    for row in range(1, rows + 1):
        row_at[0], free = row, 0
        shortest, done = [math.inf] * (columns + 1), [False] * (columns + 1)
        while row_at[free]:
            done[free] = True
            at, step, following = row_at[free], math.inf, 0
            for column in range(1, columns + 1):
                if done[column]:
                    continue
                cost = matrix[at - 1][column - 1] - u[at] - v[column]
                if cost < shortest[column]:
                    shortest[column], way[column] = cost, free
                if shortest[column] < step:
                    step, following = shortest[column], column
            for column in range(columns + 1):
                if done[column]:
                    u[row_at[column]] += step
                    v[column] -= step
                else:
                    shortest[column] -= step
            free = following
        while free:
            row_at[free] = row_at[way[free]]
            free = way[free]
    result = [0] * rows
    for column in range(1, columns + 1):
        if row_at[column]:
            result[row_at[column] - 1] = column - 1
    return result
