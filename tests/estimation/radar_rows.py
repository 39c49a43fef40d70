"""Rows of plots for the compiled kernels, made from true states by pymap3d."""

import numpy as np
import pymap3d

from beaconfire.estimation.geodesy import ecef_from_geodetic, enu_axes
from beaconfire.estimation.measurement import COLUMNS, fill_rows

SIGMAS = (30.0, 1.0, 1.0)
SITE = (37.0, 130.0)


def rows_of(positions, rng=None, *, site=SITE, sigmas=SIGMAS):
    """Rows of one radar that sees each position once; exact without a generator."""
    positions = np.asarray(positions)
    look = np.array(pymap3d.ecef2aer(*positions.T, *site, 0.0)).T
    raw = np.column_stack([look[:, 2], look[:, 0], look[:, 1]])
    if rng is not None:
        noise = rng.standard_normal(raw.shape) * sigmas
        noise[:, 1:] = np.degrees(noise[:, 1:] * 1e-3)
        raw = raw + noise
    raw = np.column_stack([raw, np.tile(sigmas, (len(raw), 1))])
    rows = np.empty((len(raw), COLUMNS))
    fill_rows(
        raw,
        ecef_from_geodetic(*site, 0.0)[None],
        enu_axes(*site)[None],
        np.zeros(len(raw), dtype=np.int64),
        rows,
    )
    return rows
