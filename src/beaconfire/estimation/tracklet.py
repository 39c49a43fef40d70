"""Tracklet: the plots of some sensors as one equivalent measurement, and back.

* What is put in is the information of the plots alone, about the solution: no prior of
  drag, of a bias or of the powered phase. Bias states travel inside, with the priors
  stated beside them, because marginalising them here would fix each bias twice.
* What is read back is summed by ``arc``, which adds each prior once.
* Plots and a tracklet made of them are one sighting. Whoever holds both passes only
  one of them to the estimator; nothing in a plot or a tracklet would betray it.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from beaconfire.errors import BadInput
from beaconfire.estimation.arc import ArcFit, Information, fit_arc, inverse
from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.dynamics import DRAG_SIGMA
from beaconfire.estimation.measurement import PlotTable
from beaconfire.vocabulary.motion import StateVector, Tracklet
from beaconfire.vocabulary.times import Instant

STATES = ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps", "drag")
BIASES_MAX = 19  # 7 + 3 x 19 states; the vocabulary's tracklet takes 64
_BIAS_STATES = ("range_m", "azimuth_mrad", "elevation_mrad")
_RAD_PER_MRAD = 1e-3
_DRAG_MAX = 5.0  # ten sigma


def state_vector(state: Floats, epoch: Instant) -> StateVector:
    """Return position and velocity as the vocabulary writes them."""
    x = [float(value) for value in state]
    return StateVector(
        epoch=epoch,
        position_ecef_m=(x[0], x[1], x[2]),
        velocity_ecef_mps=(x[3], x[4], x[5]),
    )


def _unit_scale(biases: int) -> Floats:
    """Return the size of each vocabulary unit in the units of the fit."""
    return np.concatenate(
        [np.ones(7), np.tile([1.0, _RAD_PER_MRAD, _RAD_PER_MRAD], biases)]
    )


def make_tracklet(fit: ArcFit, table: PlotTable) -> Tracklet:
    """Return what the plots of a fit say; the fit must hold no tracklet."""
    assert fit.information.shape[0] == 7 + 3 * len(table.bias_priors)
    scale = _unit_scale(len(table.bias_priors))
    matrix = fit.information * np.outer(scale, scale)
    # The gradient is taken at the fitted biases; readers measure them from zero.
    offset = np.concatenate([np.zeros(7), fit.biases.ravel()])
    vector = (fit.gradient + fit.information @ offset) * scale
    names = [
        f"{prior.bias_id}:{name}"
        for prior in table.bias_priors
        for name in _BIAS_STATES
    ]
    used = np.flatnonzero(fit.used)
    seen = {table.sensors[table.sensor_slot[i]]: None for i in used}
    upper = matrix[np.triu_indices(len(scale))]
    return Tracklet(
        reference=state_vector(fit.state, fit.epoch),
        reference_drag=float(fit.state[6]),
        states=(*STATES, *names),
        information_upper=tuple(float(value) for value in upper),
        information_vector=tuple(float(value) for value in vector),
        bias_priors=table.bias_priors,
        sensors=tuple(seen),
        interval=(
            table.epoch.plus_s(float(table.times_s[used[0]])),
            table.epoch.plus_s(float(table.times_s[used[-1]])),
        ),
        plots=len(used),
    )


def read_tracklet(tracklet: Tracklet) -> Information:
    """Return a partner's tracklet as information, after judging that it can be one.

    Raises:
        BadInput: names, sizes or numbers that no set of plots can have made.
    """
    biases = len(tracklet.bias_priors)
    size = 7 + 3 * biases
    expected = (
        *STATES,
        *(f"{p.bias_id}:{name}" for p in tracklet.bias_priors for name in _BIAS_STATES),
    )
    if tracklet.states != expected:
        message = f"tracklet: `states` must be {', '.join(expected)}"
        raise BadInput(message)
    if len({p.bias_id for p in tracklet.bias_priors}) != biases:
        message = "tracklet: `bias_priors` names a bias id twice"
        raise BadInput(message)
    if len(tracklet.information_upper) != size * (size + 1) // 2:
        message = (
            f"tracklet: `information_upper` needs {size * (size + 1) // 2} numbers"
        )
        raise BadInput(message)
    if len(tracklet.information_vector) != size:
        message = f"tracklet: `information_vector` needs {size} numbers"
        raise BadInput(message)
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size)] = tracklet.information_upper
    matrix = matrix + np.triu(matrix, 1).T
    _judge(matrix, tracklet)
    scale = 1.0 / _unit_scale(biases)
    reference = np.array(
        [
            *tracklet.reference.position_ecef_m,
            *tracklet.reference.velocity_ecef_mps,
            tracklet.reference_drag,
        ]
    )
    return Information(
        epoch=tracklet.reference.epoch,
        since=tracklet.interval[0],
        reference=reference,
        matrix=matrix * np.outer(scale, scale),
        vector=np.array(tracklet.information_vector) * scale,
        bias_priors=tracklet.bias_priors,
    )


def taken_out(part: Information) -> Information:
    """Return what, added to a sum that holds ``part`` twice, leaves it there once."""
    return replace(part, matrix=-part.matrix, vector=-part.vector)


def fit_parts(parts: Sequence[Information]) -> ArcFit:
    """Fit the arc of tracklets alone, at the epoch of the newest, each prior once."""
    newest = max(parts, key=lambda part: part.epoch.ns)
    full = newest.matrix.copy()
    full[6, 6] += 1.0 / DRAG_SIGMA**2
    start = newest.reference + (inverse(full) @ newest.vector)[:7]
    return fit_arc(None, start, newest.epoch, tracklets=parts)


def _judge(matrix: Floats, tracklet: Tracklet) -> None:
    """Refuse what would poison a sum: not finite, or information below nothing."""
    diagonal = np.diag(matrix)
    finite = np.all(np.isfinite(matrix)) and all(
        math.isfinite(value) for value in tracklet.information_vector
    )
    if not finite or np.any(diagonal < 0.0):
        message = "tracklet: the information must be finite and not negative"
        raise BadInput(message)
    scale = 1.0 / np.sqrt(np.maximum(diagonal, 1e-300))
    least = float(np.linalg.eigvalsh(matrix * np.outer(scale, scale))[0])
    if least < -1e-6:
        message = "tracklet: the information matrix has a negative direction"
        raise BadInput(message)
    if not abs(tracklet.reference_drag) < _DRAG_MAX:
        message = f"tracklet: the reference's drag is beyond {_DRAG_MAX:.0f}"
        raise BadInput(message)
    if not 6.0e6 < math.dist((0.0, 0.0, 0.0), tracklet.reference.position_ecef_m) < 1e8:
        message = "tracklet: the reference lies inside the Earth or far outside"
        raise BadInput(message)
