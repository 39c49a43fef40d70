"""A sky for the tests, flown by SciPy's DOP853 with formulas of its own.

Nothing here is imported from the estimator: gravity, air, Earth, motor and radar are
written again, from the sources, so that a shared mistake cannot agree with itself.
Launch and radar sites are round, invented coordinates.
"""

import math
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pymap3d
from scipy.integrate import solve_ivp
from scipy.stats import norm

from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.times import Instant

LIFT_OFF = Instant.parse("2022-10-03T22:22:00Z")
GM, OMEGA, J2, RE = 3.986004418e14, 7.292115e-5, 1.08262982e-3, 6378137.0
FLAT = 1.0 / 298.257223563
BETA0 = 8000.0
DRAG_SIGMA = 0.5

# US Standard Atmosphere 1976: geopotential base (m), lapse (K/m), temperature (K) and
# pressure (Pa) there, from the standard's table; above 86 km its tabulated densities.
_USSA = (
    (71000.0, -0.002, 214.65, 3.956420),
    (51000.0, -0.0028, 270.65, 66.93887),
    (47000.0, 0.0, 270.65, 110.9063),
    (32000.0, 0.0028, 228.65, 868.0187),
    (20000.0, 0.001, 216.65, 5474.889),
    (11000.0, 0.0, 216.65, 22632.06),
    (0.0, -0.0065, 288.15, 101325.0),
)
_UPPER_M = 1e3 * np.array(
    [86, 90, 95, 100, 110, 120, 130, 140, 150, 160, 180, 200, 250, 300, 400, 500.0]
)
_UPPER = np.array(
    [
        *(6.958e-6, 3.416e-6, 1.393e-6, 5.604e-7, 9.708e-8, 2.222e-8, 8.152e-9),
        *(3.831e-9, 2.076e-9, 1.233e-9, 5.194e-10, 2.541e-10, 6.073e-11, 1.916e-11),
        *(2.803e-12, 5.215e-13),
    ]
)


def air_density(height_m):
    """Density of the US Standard Atmosphere 1976, written from its tables."""
    if height_m > 500e3:
        return 0.0
    if height_m > 86e3:
        return math.exp(np.interp(height_m, _UPPER_M, np.log(_UPPER)))
    h = 6356766.0 * max(height_m, 0.0) / (6356766.0 + max(height_m, 0.0))
    base, lapse, t0, p0 = next(row for row in _USSA if h >= row[0])
    t = t0 + lapse * (h - base)
    if lapse:
        p = p0 * (t / t0) ** (-0.0341631947 / lapse)
    else:
        p = p0 * math.exp(-0.0341631947 * (h - base) / t0)
    return p / (287.05287 * t)


def height_of(r):
    """Geodetic height by fixed-point iteration on the latitude."""
    p, z = math.hypot(r[0], r[1]), r[2]
    e2 = FLAT * (2.0 - FLAT)
    lat = math.atan2(z, p * (1.0 - e2))
    for _ in range(6):
        n = RE / math.sqrt(1.0 - e2 * math.sin(lat) ** 2)
        lat = math.atan2(z + e2 * n * math.sin(lat), p)
    n = RE / math.sqrt(1.0 - e2 * math.sin(lat) ** 2)
    return p * math.cos(lat) + z * math.sin(lat) - n * (1.0 - e2 * math.sin(lat) ** 2)


def free_fall(y, drag=0.0):
    """Derivative of (r, v) in the rotating frame: gravity, J2, rotation, drag."""
    x, yy, z, vx, vy, vz = y[:6]
    d = math.sqrt(x * x + yy * yy + z * z)
    s2 = (z / d) ** 2
    bulge = 1.5 * J2 * (RE / d) ** 2
    k = -GM / d**3
    ax = k * x * (1.0 + bulge * (1.0 - 5.0 * s2)) + 2.0 * OMEGA * vy + OMEGA**2 * x
    ay = k * yy * (1.0 + bulge * (1.0 - 5.0 * s2)) - 2.0 * OMEGA * vx + OMEGA**2 * yy
    az = k * z * (1.0 + bulge * (3.0 - 5.0 * s2))
    if d < RE + 500e3:
        speed = math.sqrt(vx * vx + vy * vy + vz * vz)
        c = -0.5 * air_density(height_of(y)) * speed * math.exp(drag) / BETA0
        ax, ay, az = ax + c * vx, ay + c * vy, az + c * vz
    return np.array([vx, vy, vz, ax, ay, az])


@dataclass(frozen=True)
class Motor:
    """A single stage: specific force rising as fuel burns, nose pitching linearly."""

    force: float  # m/s2 at lift-off
    elevation_deg: float  # of the thrust at burn-out
    burn_s: float
    site: tuple = (40.6, 126.4)
    azimuth_deg: float = 85.0
    growth: float = 3.0  # specific force at burn-out over that at lift-off
    vertical_s: float = 8.0
    turned_s: float = math.inf  # the turn is over by then, or only at burn-out
    tail_s: float = 0.0  # thrust decays over this long instead of ending at once
    wobble: float = 0.0
    pulse: tuple = field(default=())  # (from_s, to_s, m/s2): thrust after burn-out

    @property
    def end_s(self):
        """When nothing pushes any more."""
        return max([self.burn_s + self.tail_s, *self.pulse[1:2]])

    def axes(self):
        """Launch position and unit vectors up, downrange, at the site."""
        lat, lon = self.site
        r0 = np.array(pymap3d.geodetic2ecef(lat, lon, 0.0))
        az = np.radians(self.azimuth_deg)
        up = np.array(pymap3d.enu2uvw(0, 0, 1, lat, lon))
        down = np.array(pymap3d.enu2uvw(np.sin(az), np.cos(az), 0, lat, lon))
        return r0, up, down

    def thrust(self, t, axes):
        """Specific force in m/s2 at time t."""
        burnt = min(t, self.burn_s) / self.burn_s
        size = self.force / (1.0 - burnt * (1.0 - 1.0 / self.growth))
        if t >= self.burn_s:
            left = 1.0 - (t - self.burn_s) / self.tail_s if self.tail_s else 0.0
            size *= max(left, 0.0)
        size *= 1.0 + self.wobble * np.sin(0.7 * t)
        if self.pulse and self.pulse[0] <= t < self.pulse[1]:
            size = self.pulse[2]
        over = min(self.burn_s, self.turned_s)
        turn = (min(t, over) - self.vertical_s) / (over - self.vertical_s)
        el = np.radians(90.0 - (90.0 - self.elevation_deg) * max(turn, 0.0))
        return size * (np.sin(el) * axes[1] + np.cos(el) * axes[2])

    def burn(self):
        """The dense powered arc, to the end of all thrust."""
        axes = self.axes()

        def push(t, y):
            dy = free_fall(y)
            dy[3:] += self.thrust(t, axes)
            return dy

        start = np.concatenate([axes[0], 1e-3 * axes[1]])
        return solve_ivp(
            push, (0, self.end_s), start, method="DOP853", rtol=1e-8, atol=1e-3,
            dense_output=True, max_step=2.0,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Flight:
    """A flown truth: state at any time, impact place and time."""

    motor: Motor
    powered: object
    coasting: object
    impact_s: float
    impact: np.ndarray

    @property
    def burn_end_s(self):
        """Burn-out, seconds from lift-off."""
        return self.motor.end_s

    def state(self, t):
        """True (r, v) at seconds from lift-off."""
        return self.powered(t) if t < self.burn_end_s else self.coasting(t)


def fall(y0, t0, drag=0.0, rtol=1e-9):
    """Integrate from a state to the ground; return SciPy's solution."""

    def ground(t, y):
        return height_of(y)

    ground.terminal, ground.direction = True, -1.0
    return solve_ivp(
        lambda t, y: free_fall(y, drag), (t0, t0 + 9000.0), y0, method="DOP853",
        rtol=rtol, atol=rtol * 1e3, dense_output=True, events=ground,
    )  # fmt: skip


@cache
def fly(motor, drag=0.0):
    """Fly a motor's whole flight."""
    up = _burnt(motor)
    down = fall(up.y[:, -1], motor.end_s, drag)
    return Flight(motor, up.sol, down.sol, float(down.t[-1]), down.y[:3, -1])


@cache
def _burnt(motor):
    return motor.burn()


# Apogee 1,000 km and range 1,000 km; and 4 October 2022: 985 and 4,550 km.
STEEP = Motor(force=26.741910584, elevation_deg=64.99672078, burn_s=120.0)
FAR = Motor(force=28.824678421, elevation_deg=9.191680064, burn_s=147.0)
# What the powered-phase model was not made for.
TAILED = replace(STEEP, tail_s=3.0)
WOBBLING = replace(STEEP, wobble=0.1)
EARLY_TURN = replace(STEEP, turned_s=50.0, elevation_deg=69.0)
STEADY = replace(STEEP, growth=1.001, force=46.0, elevation_deg=66.0)


def drawn_flights(motor, count=8):
    """Flights whose drag stands evenly over its prior."""
    return [
        fly(motor, float(DRAG_SIGMA * norm.ppf((i + 0.5) / count)))
        for i in range(count)
    ]


@dataclass(frozen=True)
class Radar:
    """One radar at a round, invented place."""

    id: str
    lat: float
    lon: float
    phase_s: float = 0.0
    sigma: tuple = (30.0, 1.0, 1.0)
    rate_s: float = 1.0
    mask_deg: float = 2.0
    reach_m: float = 4e6

    def plots(self, flight, from_s, to_s, rng, *, bias=(0.0, 0.0, 0.0), stated=None):
        """Plots between two times from lift-off; bias in m, mrad, mrad."""
        t, look = _looks(self, flight)
        keep = (t >= from_s) & (t <= to_s)
        noise = rng.standard_normal((len(t), 3)) * self.sigma + bias
        site = SensorSite(id=self.id, lat_deg=self.lat, lon_deg=self.lon, alt_m=0.0)
        how_sure = {} if stated is None else _stated(stated)
        found = []
        for i in np.flatnonzero(keep):
            az = look[i, 0] + np.degrees(noise[i, 1] * 1e-3)
            el = look[i, 1] + np.degrees(noise[i, 2] * 1e-3)
            if el > 90.0:
                az, el = az + 180.0, 180.0 - el
            found.append(
                Plot(
                    time=LIFT_OFF.plus_s(float(t[i])), sensor=site,
                    range_m=float(look[i, 2] + noise[i, 0]),
                    azimuth_deg=float(az % 360.0), elevation_deg=float(el),
                    sigma_range_m=self.sigma[0], sigma_azimuth_mrad=self.sigma[1],
                    sigma_elevation_mrad=self.sigma[2], **how_sure,
                )
            )  # fmt: skip
        return found


def _stated(sigmas):
    return {
        "bias_sigma_range_m": sigmas[0],
        "bias_sigma_azimuth_mrad": sigmas[1],
        "bias_sigma_elevation_mrad": sigmas[2],
    }


@cache
def _looks(radar, flight):
    """Times and true azimuth, elevation, range at which a radar can see a flight."""
    t = np.arange(radar.phase_s, flight.impact_s - 0.5, radar.rate_s)
    r = np.array([flight.state(s)[:3] for s in t])
    look = np.array(pymap3d.ecef2aer(*r.T, radar.lat, radar.lon, 0.0)).T
    seen = (look[:, 1] > radar.mask_deg) & (look[:, 2] < radar.reach_m)
    return t[seen], look[seen]


NEAR = Radar("near", 37.0, 130.0)
SOUTH = Radar("south", 36.0, 127.0, phase_s=0.37)
EAST = Radar("east", 40.0, 140.0, phase_s=0.74)
UNBIASED = (0.0, 0.0, 0.0)


def drawn_bias(rng):
    """A registration error from the default prior: 20 m, 0.3 mrad, 0.3 mrad."""
    return tuple(rng.standard_normal(3) * (20.0, 0.3, 0.3))


def seen_by(radars, flight, from_s, to_s, rng, **extra):
    """All plots of several radars, each with a bias of its own."""
    return tuple(
        plot
        for radar in radars
        for plot in radar.plots(
            flight, from_s, to_s, rng, bias=drawn_bias(rng), **extra
        )
    )


@dataclass(frozen=True)
class Verdict:
    """How an estimate's area stands to the truth."""

    miss_m: float
    inside: bool
    in_time: bool


def held_against(estimate, flight):
    """Compare an estimate's impact with where and when it truly came down."""
    area = estimate.impact
    east, north, _ = pymap3d.ecef2enu(*flight.impact, area.lat_deg, area.lon_deg, 0.0)
    az = np.radians(area.ellipse95.azimuth_deg)
    along = east * np.sin(az) + north * np.cos(az)
    across = east * np.cos(az) - north * np.sin(az)
    inside = (along / area.ellipse95.semi_major_m) ** 2 + (
        across / area.ellipse95.semi_minor_m
    ) ** 2 <= 1.0
    when = LIFT_OFF.plus_s(flight.impact_s)
    window = area.time_window95
    return Verdict(
        math.hypot(east, north), bool(inside), window[0] <= when <= window[1]
    )
