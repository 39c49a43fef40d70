"""Launch point: from where, when and heading where it was launched.

One climb of ``powered`` from rest on the ground is fitted to what is known of it:

* an *anchor*, the earliest state that the plots determine well: under thrust the
  filter's position, velocity and specific force; if all plots came after burn-out, the
  coasting arc's position and velocity at its beginning;
* every infrared cue: place, time and, if it says so, heading;
* the model's priors. An anchor is taken to be no better than ``_MODEL_SIGMA``, because
  no motor flies our formula.

Without an anchor the cues alone are averaged; without either there is no launch point.
Nothing is said when the ellipse would be longer than ``SEMI_MAJOR_MAX_M``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beaconfire.estimation.arc import inverse
from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.coasting import Coast
from beaconfire.estimation.geodesy import (
    enu_axes,
    geodetic_from_ecef,
    height_and_up,
    offset_place,
)
from beaconfire.estimation.impact import ellipse_of
from beaconfire.estimation.measurement import PlotTable
from beaconfire.estimation.powered import (
    EAST,
    HEADING,
    LIFT_OFF,
    LN_BURN,
    NORTH,
    PARAMETERS,
    PRIOR_MEAN,
    PRIOR_SIGMA,
    climb_and_slopes,
    place_of,
)
from beaconfire.estimation.propagation import sample_arc
from beaconfire.estimation.thrust import ThrustTrack
from beaconfire.vocabulary.motion import Cue, LaunchPoint
from beaconfire.vocabulary.times import NS_PER_S, Instant, window95

SEMI_MAJOR_MAX_M = 300_000.0
# How far a real climb strays from the formula: metres, m/s, m/s2.
_MODEL_SIGMA = np.array([300.0] * 3 + [15.0] * 3 + [3.0] * 3)
# The thrust filter's state is an anchor once it knows the velocity this well.
_ANCHOR_SPEED_SIGMA_MPS = 60.0
_ITERATIONS_MAX = 25
_CONVERGED = 0.05  # of the cost: a fifth of a sigma
_BURN_GUESS_S = 140.0
_LN_ENDLESS = math.log(3_000.0)
_COAST_BACK_S = 600.0
# One sigma of a heading that no cue says: nothing is known of it.
_ANY_HEADING_RAD = math.pi


@dataclass(frozen=True, slots=True)
class Launch:
    """Where it was launched and heading where, or why it cannot be said."""

    point: LaunchPoint | None
    reason: str | None
    azimuth_deg: float | None


@dataclass(frozen=True, slots=True)
class Anchor:
    """A state on the climb or shortly after: r, v and perhaps specific force."""

    at_s: float  # from the epoch
    value: Floats  # 6 or 9
    covariance: Floats
    burning: bool


def find_launch(
    cues: Sequence[Cue],
    table: PlotTable | None,
    track: ThrustTrack | None,
    coast: Coast | None,
) -> Launch:
    """Return the launch that plots and cues agree on."""
    anchor = None
    if table is not None and track is not None:
        anchor = _anchor_under_thrust(table, track, coast)
        if anchor is None and coast is not None and coast.own.converged:
            anchor = _anchor_coasting(coast)
    if anchor is None:
        return _from_cues(cues)
    assert table is not None
    fitted = Climb(table.epoch, cues, anchor).fit()
    if fitted is None and cues:
        # A cue that no climb to these plots agrees with is of another launch.
        fitted = Climb(table.epoch, (), anchor).fit()
    if fitted is None:
        reason = "no climb from the ground leads to the plots"
        return Launch(None, reason, None)
    return fitted


def _anchor_under_thrust(
    table: PlotTable, track: ThrustTrack, coast: Coast | None
) -> Anchor | None:
    """Return the earliest good state of the thrust filter before burn-out, if any."""
    burning = track.fits.copy()
    if coast is not None:
        burning &= table.times_s < coast.began_s - 1.0
    usable = np.flatnonzero(burning)
    if usable.size < 4:
        return None
    speed_variance = np.array(
        [np.trace(track.covariances[k][3:6, 3:6]) for k in usable]
    )
    good = np.flatnonzero(speed_variance < 3.0 * _ANCHOR_SPEED_SIGMA_MPS**2)
    k = int(usable[good[0]] if good.size else usable[-1])
    if not good.size and speed_variance[-1] > 100.0 * _ANCHOR_SPEED_SIGMA_MPS**2:
        return None
    return Anchor(float(table.times_s[k]), track.means[k], track.covariances[k], True)


def _anchor_coasting(coast: Coast) -> Anchor | None:
    """Return the arc's state where it was first seen, or nearer to its burn-out.

    None where no way leads back along the arc: it is not one.
    """
    fit, first_s = coast.own, float(coast.table.times_s[0])
    times_s = np.arange(first_s - _COAST_BACK_S, first_s + 0.5, 10.0)
    states, phis, reached = sample_arc(fit.state, times_s)
    grid = np.flatnonzero(reached)
    if not grid.size:
        return None
    sunk = [_climb_gap(states[i]) for i in grid]
    at = int(grid[int(np.argmin(np.abs(sunk)))])
    # The anchor must lie after burn-out, so a minute and a half of doubt is left.
    at = min(at + 9, int(grid[-1]))
    phi = phis[at]
    covariance = phi @ fit.covariance[:7, :7] @ phi.T
    return Anchor(float(times_s[at]), states[at], covariance, False)


def _climb_gap(state: Floats) -> float:
    """Return how far a state is from the height that a steady climb would give it."""
    height, ux, uy, uz = height_and_up(*(float(value) for value in state[:3]))
    return height - 0.45 * _BURN_GUESS_S * float(np.dot((ux, uy, uz), state[3:6]))


class Climb:
    """The fit of one climb: Levenberg-Marquardt over ten parameters."""

    def __init__(self, epoch: Instant, cues: Sequence[Cue], anchor: Anchor) -> None:
        """Set up the climb from rest to an anchor; its times are from ``epoch``."""
        self._epoch, self._cues, self._anchor = epoch, cues, anchor
        size = len(anchor.value)
        covariance = anchor.covariance + np.diag(_MODEL_SIGMA[:size] ** 2)
        self._whiten = np.linalg.inv(np.linalg.cholesky(covariance))
        self._prior_mean = PRIOR_MEAN.copy()
        if anchor.burning:
            # It still burns: the end of the burn is not ours to ask for, and a model
            # that may end it before the anchor would only trap the search.
            self._prior_mean[LN_BURN] = _LN_ENDLESS
        self._guess_deg, self._start = self._first_guess()

    def fit(self) -> Launch | None:
        """Return the launch, or nothing if no climb leads to the anchor."""
        solved = self.solve()
        return None if solved is None else self._launch(*solved)

    def foretell(self, x: Floats) -> tuple[Floats, Floats]:
        """Return the state at the anchor's instant, and its covariance, by all but it.

        That is by the cues and the priors of a climb, made linear about ``x``, and by
        no better than the model; the anchor itself has no part in it.
        """
        anchor = self._anchor
        value, by = np.empty(9), np.empty((9, PARAMETERS))
        climb_and_slopes(x, self._guess_deg, anchor.at_s, value, by)
        residual, slope = self._known(x)
        known = slope.T @ slope
        known[HEADING, HEADING] += _ANY_HEADING_RAD**-2
        unsure = inverse(known)
        covariance = by[:6] @ unsure @ by[:6].T + np.diag(_MODEL_SIGMA[:6] ** 2)
        return value[:6] + by[:6] @ (unsure @ (slope.T @ residual)), covariance

    def solve(self) -> tuple[Floats, Floats] | None:
        """Return the parameters and the weighted slopes there, if any climb fits."""
        x, damping = self._start.copy(), 1e-3
        residual, slope = self._equations(x)
        cost = float(residual @ residual)
        for _ in range(_ITERATIONS_MAX):
            normal, pull = slope.T @ slope, slope.T @ residual
            damped = normal + damping * np.diag(np.diag(normal) + 1e-12)
            step = np.clip(np.linalg.solve(damped, pull), -_STEP_MAX, _STEP_MAX)
            new_residual, new_slope = self._equations(x + step)
            new_cost = float(new_residual @ new_residual)
            if math.isfinite(new_cost) and new_cost < cost:
                gained, x, cost = cost - new_cost, x + step, new_cost
                residual, slope = new_residual, new_slope
                damping = damping * 0.05
                if gained < _CONVERGED:
                    break
            else:
                damping = max(10.0 * damping, 1e-6)
                if damping > 1e4:
                    break
        if not math.isfinite(cost) or cost > _COST_MAX + 4.0 * len(self._cues):
            return None
        return x, slope

    def _launch(self, x: Floats, slope: Floats) -> Launch:
        normal = slope.T @ slope
        scale = 1.0 / np.sqrt(np.diag(normal) + 1e-12)
        scaled = normal * np.outer(scale, scale) + 1e-12 * np.eye(PARAMETERS)
        covariance = np.linalg.inv(scaled) * np.outer(scale, scale)
        ellipse = ellipse_of(covariance[:2, :2])
        azimuth = math.degrees(x[HEADING]) % 360.0
        if ellipse.semi_major_m > SEMI_MAJOR_MAX_M:
            reason = "the plots do not narrow the launch point to 300 km"
            return Launch(None, reason, None)
        lat, lon = place_of(x, self._guess_deg)
        lift_off = self._epoch.plus_s(float(x[LIFT_OFF]))
        point = LaunchPoint(
            lat_deg=lat,
            lon_deg=(lon + 180.0) % 360.0 - 180.0,
            time=lift_off,
            ellipse95=ellipse,
            time_window95=window95(lift_off, math.sqrt(covariance[LIFT_OFF, LIFT_OFF])),
        )
        return Launch(point, None, azimuth)

    def _first_guess(self) -> tuple[Floats, Floats]:
        """Return a place under the climb and parameters that start there."""
        anchor = self._anchor
        lat, lon, height = geodetic_from_ecef(anchor.value[:3].copy())
        east, north, up = enu_axes(lat, lon) @ anchor.value[3:6]
        heading = math.atan2(east, north)
        if anchor.burning:
            # Under steady acceleration height is half the climb rate times the time.
            flown_s = min(max(2.0 * height / max(up, 50.0), 10.0), 300.0)
            back_m = 0.4 * math.hypot(east, north) * flown_s
        else:
            after_s = (height - 0.45 * _BURN_GUESS_S * up) / max(up, 200.0)
            flown_s = _BURN_GUESS_S + min(max(after_s, 0.0), 200.0)
            back_m = math.hypot(east, north) * (flown_s - 0.6 * _BURN_GUESS_S)
        place = offset_place(
            lat, lon, -back_m * math.sin(heading), -back_m * math.cos(heading)
        )
        x = self._prior_mean.copy()
        x[LIFT_OFF] = anchor.at_s - flown_s
        x[HEADING] = heading
        return np.array(place), x

    def _equations(self, x: Floats) -> tuple[Floats, Floats]:
        """Return the weighted residuals (known minus model) and the model's slopes."""
        anchor = self._anchor
        size = len(anchor.value)
        value, by = np.empty(9), np.empty((9, PARAMETERS))
        climb_and_slopes(x, self._guess_deg, anchor.at_s, value, by)
        residual, slope = self._known(x)
        return (
            np.concatenate([self._whiten @ (anchor.value - value[:size]), residual]),
            np.vstack([self._whiten @ by[:size], slope]),
        )

    def _known(self, x: Floats) -> tuple[Floats, Floats]:
        """Return residuals and slopes of the priors and the cues."""
        known = np.isfinite(PRIOR_SIGMA)
        residuals = [(self._prior_mean[known] - x[known]) / PRIOR_SIGMA[known]]
        slopes = [(np.eye(PARAMETERS) / PRIOR_SIGMA)[known]]
        for cue in self._cues:
            residual, slope = self._cue_equations(cue, x)
            residuals.append(residual)
            slopes.append(slope)
        return np.concatenate(residuals), np.vstack(slopes)

    def _cue_equations(self, cue: Cue, x: Floats) -> tuple[Floats, Floats]:
        seen = cue.launch
        lat, lon = place_of(x, self._guess_deg)
        metres_per_deg = math.pi / 180.0 * 6_378_137.0
        around = (seen.lon_deg - lon + 180.0) % 360.0 - 180.0
        lift_off = (seen.time.ns - self._epoch.ns) / NS_PER_S
        cos_lat = math.cos(math.radians(lat))
        residual = [
            around * metres_per_deg * cos_lat / seen.sigma_m,
            (seen.lat_deg - lat) * metres_per_deg / seen.sigma_m,
            (lift_off - x[LIFT_OFF]) / seen.sigma_time_s,
        ]
        slope = np.zeros((4, PARAMETERS))
        slope[0, EAST] = 1.0 / seen.sigma_m
        slope[1, NORTH] = 1.0 / seen.sigma_m
        slope[2, LIFT_OFF] = 1.0 / seen.sigma_time_s
        if cue.azimuth_deg is not None and cue.sigma_azimuth_deg is not None:
            sigma = math.radians(cue.sigma_azimuth_deg)
            off = math.radians(cue.azimuth_deg) - x[HEADING]
            residual.append(math.remainder(off, 2.0 * math.pi) / sigma)
            slope[3, HEADING] = 1.0 / sigma
        return np.array(residual), slope[: len(residual)]


# No step of the search may leave the region where the model means anything.
_STEP_MAX = np.array([1e5, 1e5, 40.0, 0.5, 0.5, 0.01, 0.4, 0.8, 0.4, 0.4])
# Nine anchor components and six priors: one honest climb in a million costs more.
_COST_MAX = 60.0


def _from_cues(cues: Sequence[Cue]) -> Launch:
    """Return the weighted mean of the cues' places and times."""
    if not cues:
        reason = "neither plots of the climb nor an infrared cue are held"
        return Launch(None, reason, None)
    weights = np.array([cue.launch.sigma_m**-2 for cue in cues])
    first = cues[0].launch
    turns = [
        (cue.launch.lon_deg - first.lon_deg + 180.0) % 360.0 - 180.0 for cue in cues
    ]
    lat = float(weights @ [cue.launch.lat_deg for cue in cues] / np.sum(weights))
    lon = first.lon_deg + float(weights @ turns / np.sum(weights))
    by_time = np.array([cue.launch.sigma_time_s**-2 for cue in cues])
    since = [cue.launch.time.seconds_since(first.time) for cue in cues]
    lift_off = first.time.plus_s(float(by_time @ since / np.sum(by_time)))
    point = LaunchPoint(
        lat_deg=lat,
        lon_deg=(lon + 180.0) % 360.0 - 180.0,
        time=lift_off,
        ellipse95=ellipse_of(np.eye(2) / float(np.sum(weights))),
        time_window95=window95(lift_off, float(np.sum(by_time)) ** -0.5),
    )
    headed = [cue for cue in cues if cue.azimuth_deg is not None]
    best = min(headed, key=lambda cue: cue.sigma_azimuth_deg or 180.0, default=None)
    return Launch(point, None, None if best is None else best.azimuth_deg)
