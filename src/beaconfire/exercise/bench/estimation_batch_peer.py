"""Batch peer: Stone Soup's Kalman filter and nearest neighbour on the same arrays.

The only module that imports Stone Soup, which is in the extra ``bench`` alone. It has
no model of gravity, so we give it one, in what we found to be its fastest sound form:

* The transition model is a ``GaussianTransitionModel`` without noise. State and
  transition matrix come from our own compiled propagation, in one call a prediction.
  So physics costs it next to nothing, and what is compared is the filter around it.
* The measurement model is its own, with the rotation worked out once and an analytic
  Jacobian. Its default, a difference with a step of 2e-8 of the state, is noise in
  Earth-fixed magnitudes: slower, and inconsistent.
* Association is its global nearest neighbour by two-dimensional assignment, with
  Mahalanobis distances and our gate; bare, and behind its k-d tree of the plots.
"""

from datetime import datetime, timedelta
from importlib.metadata import version

import numpy as np
from stonesoup.base import Property
from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
from stonesoup.dataassociator.tree import DetectionKDTreeMixIn
from stonesoup.hypothesiser.distance import DistanceHypothesiser
from stonesoup.measures import Mahalanobis
from stonesoup.models.measurement.nonlinear import CartesianToElevationBearingRange
from stonesoup.models.transition.nonlinear import GaussianTransitionModel
from stonesoup.predictor.kalman import ExtendedKalmanPredictor
from stonesoup.types.angle import Bearing, Elevation
from stonesoup.types.array import StateVector
from stonesoup.types.detection import Detection
from stonesoup.types.hypothesis import SingleHypothesis
from stonesoup.types.state import GaussianState
from stonesoup.types.track import Track
from stonesoup.updater.kalman import ExtendedKalmanUpdater

from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.association import GATE
from beaconfire.estimation.propagation import sample_arc
from beaconfire.exercise.bench.estimation_batch_case import Radar, Scan, Tracks

VERSION = version("stonesoup")
ASSOCIATORS = ("2D assignment", "2D assignment behind a k-d tree")
_ZERO = datetime(2022, 10, 3, 22, 22)  # noqa: DTZ001 Stone Soup's times are naive
_NEIGHBOURS = 5


class FreeFall(GaussianTransitionModel):
    """[r, v, s] under gravity, rotation and drag, without noise."""

    _last: tuple[object, timedelta] | None = None
    _moved: tuple[Floats, Floats]

    @property
    def ndim_state(self) -> int:
        """The size of the state."""
        return 7

    def covar(self, **_: object) -> Floats:
        """Return no noise."""
        return np.zeros((7, 7))

    def function(self, state: GaussianState, noise: object = False, **by: timedelta):  # type: ignore[no-untyped-def]
        """Return the state an interval later."""
        assert not noise
        return StateVector(self._carried(state, by["time_interval"])[0])

    def jacobian(self, state: GaussianState, **by: timedelta) -> Floats:
        """Return the transition matrix of the interval."""
        return self._carried(state, by["time_interval"])[1]

    def _carried(
        self, state: GaussianState, interval: timedelta
    ) -> tuple[Floats, Floats]:
        """Propagate once for the state and its matrix, which are asked one by one."""
        if self._last != (state, interval):
            start = np.asarray(state.state_vector, dtype=np.float64).ravel()
            times_s = np.array([interval.total_seconds()])
            states, phis, _ = sample_arc(start, times_s)
            phi = np.eye(7)
            phi[:6] = phis[0]
            self._moved = np.append(states[0], start[6]), phi
            self._last = (state, interval)
        return self._moved


class RadarModel(CartesianToElevationBearingRange):
    """Elevation, bearing and range about axes given, with an analytic Jacobian."""

    axes: Floats = Property(default=None, doc="Rows north, east, up")

    @property
    def rotation_matrix(self) -> Floats:
        """The axes: bearings are then azimuths."""
        return self.axes

    def jacobian(self, state: GaussianState, **_: object) -> Floats:
        """Return d(elevation, azimuth, range)/d(state), 3 x 7."""
        place = np.asarray(state.state_vector, dtype=np.float64)[:3, 0]
        north, east, up = self.axes @ (place - self.translation_offset[:, 0])
        flat2 = north * north + east * east
        flat, far = np.sqrt(flat2), np.sqrt(flat2 + up * up)
        local = np.array(
            [
                [-north * up / flat, -east * up / flat, flat],
                [-east, north, 0.0],
                [north, east, up],
            ]
        ) / np.array([[far * far], [flat2], [far]])
        result = np.zeros((3, 7))
        result[:, :3] = local @ self.axes
        return result


class _TreeGNN(DetectionKDTreeMixIn, GNNWith2DAssignment):
    """The tree of the plots before the assignment, as Stone Soup's own guide has it."""


class Peer:
    """Stone Soup set up once for one radar."""

    def __init__(self, radar: Radar, sigmas: Floats) -> None:
        east, north, up = radar.axes
        self._model = RadarModel(
            ndim_state=7,
            mapping=(0, 1, 2),
            # Range in metres, angles from milliradians; in the order of the model.
            noise_covar=np.diag(
                [(1e-3 * sigmas[2]) ** 2, (1e-3 * sigmas[1]) ** 2, sigmas[0] ** 2]
            ),
            translation_offset=StateVector(radar.site_ecef_m),
            axes=np.array([north, east, up]),
        )
        self._predictor = ExtendedKalmanPredictor(FreeFall())
        self._updater = ExtendedKalmanUpdater(self._model)
        hypothesiser = DistanceHypothesiser(
            self._predictor, self._updater, Mahalanobis(), missed_distance=GATE**0.5
        )
        self._associators = (
            GNNWith2DAssignment(hypothesiser),
            _TreeGNN(
                hypothesiser, self._predictor, self._updater,
                number_of_neighbours=_NEIGHBOURS,
            ),
        )  # fmt: skip

    def detections(self, raw: Floats, times_s: Floats) -> list[Detection]:
        """Return plots as Stone Soup's detections."""
        angles = np.radians(raw[:, 1:3])
        return [
            Detection(
                StateVector([Elevation(elevation), Bearing(azimuth), far]),
                timestamp=_at(t),
                measurement_model=self._model,
            )
            for elevation, azimuth, far, t in zip(
                angles[:, 1], angles[:, 0], raw[:, 0], times_s, strict=True
            )
        ]

    def started(self, tracks: Tracks, k: int) -> GaussianState:
        """Return object ``k`` before its first plot, as no cache has seen it."""
        return _state(tracks.means[k], tracks.covariances[k], tracks.start_s)

    def follow(
        self, state: GaussianState, detections: list[Detection]
    ) -> list[GaussianState]:
        """Run the extended Kalman filter through the plots of one object."""
        states = []
        for detection in detections:
            prediction = self._predictor.predict(state, timestamp=detection.timestamp)
            state = self._updater.update(SingleHypothesis(prediction, detection))
            states.append(state)
        return states

    def sky(self, scan: Scan) -> tuple[list[Track], set[Detection]]:
        """Return the objects and the scan, as no cache has seen them."""
        tracks = [
            Track([_state(mean, covariance, 0.0)])
            for mean, covariance in zip(scan.means, scan.covariances, strict=True)
        ]
        return tracks, set(self.detections(scan.raw, np.ones(len(scan.raw))))

    def take_scan(
        self, associator: int, tracks: list[Track], detections: set[Detection]
    ) -> None:
        """Predict, gate, associate, update."""
        found = self._associators[associator].associate(
            set(tracks), detections, _at(1.0)
        )
        for track, hypothesis in found.items():
            if hypothesis:
                track.append(self._updater.update(hypothesis))
            else:
                track.append(hypothesis.prediction)


def vector_of(state: GaussianState) -> Floats:
    """Return the mean of a state as a plain array."""
    return np.asarray(state.mean, dtype=np.float64).ravel()


def _at(seconds: float) -> datetime:
    return _ZERO + timedelta(seconds=float(seconds))


def _state(mean: Floats, covariance: Floats, at_s: float) -> GaussianState:
    return GaussianState(StateVector(mean), covariance.copy(), timestamp=_at(at_s))
