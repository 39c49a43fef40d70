"""Powered: how hard and in which direction the exercise's flights push.

A deliberately plain programme, drawn a little differently by every seed:

* each stage burns in turn, with a coasting gap between two; while it burns, thrust per
  mass grows as propellant is used up, from 1 to 1/(1 - growth) times the start;
* it rises straight up, then tilts smoothly (continuous rate and acceleration of tilt)
  to one attitude, and keeps that attitude fixed among the stars until burn-out.

Two numbers are left open, the strength and the final tilt (two components). ``aim``
finds them so that the published apogee and impact are met. Angle of attack, wind and
guidance errors are left out: nobody publishes them, and the sensors' noise hides them.
"""

import math
from dataclasses import dataclass

import numpy as np

_SLICES = 40  # per burn, enough for a first guess


@dataclass(frozen=True, slots=True)
class Burn:
    """One stage: it pushes from ``start_s`` to ``end_s`` after lift-off."""

    start_s: float
    end_s: float
    growth: float  # share of the stage's mass burnt, 0 = constant thrust per mass

    def strength(self, t_s: float) -> float:
        """Return thrust per mass at ``t_s`` over that at the stage's ignition."""
        spent = (t_s - self.start_s) / (self.end_s - self.start_s)
        return 1.0 / (1.0 - self.growth * spent)


@dataclass(frozen=True, slots=True)
class Programme:
    """The part of the powered flight that does not depend on where it is to go."""

    burns: tuple[Burn, ...]
    rise_s: float  # straight up until then
    turned_s: float  # the final attitude is reached then

    @property
    def burn_out_s(self) -> float:
        """The end of the last burn, seconds from lift-off."""
        return self.burns[-1].end_s

    def burning(self, t_s: float) -> Burn | None:
        """Return the stage that pushes at ``t_s``, ``None`` in a gap or afterwards."""
        for burn in self.burns:
            if burn.start_s <= t_s < burn.end_s:
                return burn
        return None

    def turned(self, t_s: float) -> float:
        """Return which share of the final tilt is reached: 0 to 1, smoothly."""
        share = (t_s - self.rise_s) / (self.turned_s - self.rise_s)
        if share <= 0.0 or share >= 1.0:
            return 0.0 if share <= 0.0 else 1.0
        return share * share * share * (10.0 - 15.0 * share + 6.0 * share * share)

    def breaks_s(self, until_s: float) -> tuple[float, ...]:
        """Return the instants before ``until_s`` at which the push is not smooth."""
        edges = {self.rise_s, self.turned_s}
        for burn in self.burns:
            edges |= {burn.start_s, burn.end_s}
        return tuple(sorted(edge for edge in edges if 0.0 < edge < until_s))


@dataclass(frozen=True, slots=True)
class Push:
    """A programme with its open numbers filled in, at one site.

    ``tilt_rad`` is the final angle from the vertical as a vector (east, north): its
    length is the angle, its direction the heading. This stays smooth at the vertical,
    where an azimuth does not.
    """

    programme: Programme
    ignition_mps2: float
    tilt_rad: tuple[float, float]
    east_north_up: tuple[tuple[float, float, float], ...]  # rows, inertial axes
    ends_s: float  # burn-out, or earlier when the flight fails

    def acceleration(self, t_s: float, burn: Burn) -> tuple[float, float, float]:
        """Return thrust per mass in m/s2 along the inertial axes of lift-off."""
        push = self.ignition_mps2 * burn.strength(t_s)
        full = math.hypot(*self.tilt_rad)
        angle = full * self.programme.turned(t_s)
        along = push * math.sin(angle) / full if full > 0.0 else 0.0
        east, north = along * self.tilt_rad[0], along * self.tilt_rad[1]
        up = push * math.cos(angle)
        e, n, u = self.east_north_up
        return (
            east * e[0] + north * n[0] + up * u[0],
            east * e[1] + north * n[1] + up * u[1],
            east * e[2] + north * n[2] + up * u[2],
        )


def draw_programme(
    powered_s: float,
    stages: tuple[tuple[float, float], ...],
    rng: np.random.Generator,
) -> Programme:
    """Draw the thrust shape of one flight; ``stages`` are (burn, gap) in seconds."""
    burns = []
    start_s = 0.0
    for burn_s, gap_s in stages or ((powered_s, 0.0),):
        growth = float(rng.uniform(0.25, 0.45))
        burns.append(Burn(start_s, start_s + burn_s, growth))
        start_s += burn_s + gap_s
    rise_s = min(8.0, 0.04 * powered_s)
    turned_s = powered_s * float(rng.uniform(0.30, 0.45))
    return Programme(burns=tuple(burns), rise_s=rise_s, turned_s=turned_s)


def with_constant_thrust(programme: Programme) -> Programme:
    """Return the programme with thrust per mass that does not grow."""
    burns = tuple(Burn(b.start_s, b.end_s, 0.0) for b in programme.burns)
    return Programme(burns=burns, rise_s=programme.rise_s, turned_s=programme.turned_s)


def delivered(programme: Programme, tilt_rad: float) -> tuple[float, float, float]:
    """Return what unit ignition thrust adds to velocity: up, sideways, and when.

    The third number is the mean instant of the push, in seconds from lift-off.
    """
    up = sideways = moment = 0.0
    for burn in programme.burns:
        step_s = (burn.end_s - burn.start_s) / _SLICES
        for index in range(_SLICES):
            t_s = burn.start_s + (index + 0.5) * step_s
            push = burn.strength(t_s) * step_s
            angle = tilt_rad * programme.turned(t_s)
            up += push * math.cos(angle)
            sideways += push * math.sin(angle)
            moment += push * t_s
    total = sum(
        -math.log1p(-b.growth) / b.growth * (b.end_s - b.start_s)
        if b.growth
        else b.end_s - b.start_s
        for b in programme.burns
    )
    return up, sideways, moment / total
