"""Allowance: how long a flight is powered, by the form of what was announced.

Apogee and range fix a flight but for its powered phase, and that depends on the motor,
which nobody announces. What is announced has a form, and the form has a class:

* ``multi-stage-lofted``: higher than any single stage has been seen to go, and far
  higher than far. Learnt from the published flights of that form: a straight line of
  powered seconds over apogee, because what reached higher burnt shorter. **Validated**:
  each flight is foretold by the others, and their misses are the width.
* ``single-stage``, ``multi-stage``: anything else that is ballistic. Not validated: the
  published times are whole minutes of rounded figures. The mean force of the push is
  assumed to be between 20 and 60 m/s2 at 95 %.
* ``manoeuvring``: flat, with its apogee in the air. Such flights are flown by lift; no
  ballistic time is foretold.

The class comes from apogee and range alone, never from how well a time fits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.boundary import STANDARD_GRAVITY_MPS2, Ends, flight_time_s
from beaconfire.estimation.published import PublishedFlight

FlightClass = Literal[
    "multi-stage-lofted", "multi-stage", "single-stage", "manoeuvring"
]

# Single-stage flights were seen up to 2,111.5 km and 4,600 km; 5,500 km is where
# treaties begin to say intercontinental.
SINGLE_APOGEE_KM_MAX = 2_500.0
SINGLE_RANGE_KM_MAX = 5_500.0
LOFTED_RATIO_MIN = 2.0  # apogee over range; the published ones have 3.7 and more
# A throw for distance rises a quarter of its range. What rises less than a fifth and
# stays where air can bear a body was, in every published case, flown by lift.
FLAT_RATIO_MIN = 5.0  # range over apogee
FLAT_APOGEE_KM_MAX = 150.0

# The published flights of whole minutes imply 28 to 45, but for one that broke up.
FORCE_MPS2 = (20.0, 35.0, 60.0)
_POWERED_GUESS_S = 250.0
_SECANTS_MAX = 12


@dataclass(frozen=True, slots=True)
class Allowance:
    """Powered seconds: expected, and between which bounds at 95 %."""

    low_s: float
    expected_s: float
    high_s: float
    learnt_from: int  # flights; 0 where it is an assumption


def class_of(apogee_km: float, range_km: float) -> FlightClass:
    """Return the class of an announcement by its form."""
    if apogee_km < FLAT_APOGEE_KM_MAX and range_km >= FLAT_RATIO_MIN * apogee_km:
        return "manoeuvring"
    if apogee_km < SINGLE_APOGEE_KM_MAX and range_km < SINGLE_RANGE_KM_MAX:
        return "single-stage"
    if apogee_km >= SINGLE_APOGEE_KM_MAX and apogee_km >= LOFTED_RATIO_MIN * range_km:
        return "multi-stage-lofted"
    return "multi-stage"


def assumed(ends: Ends) -> Allowance:
    """Return the allowance of a class that is not validated, from the mean force.

    A push of force F that lasts t and has to outweigh gravity g gives the throw v when
    |v + g t| = F t; t is the positive root.
    """
    east, north, up = ends.throw_enu_mps
    speed2 = east * east + north * north + up * up
    g = STANDARD_GRAVITY_MPS2
    low, expected, high = (
        (g * up + math.sqrt((g * up) ** 2 + (force**2 - g**2) * speed2))
        / (force**2 - g**2)
        for force in reversed(FORCE_MPS2)
    )
    return Allowance(low_s=low, expected_s=expected, high_s=high, learnt_from=0)


def learnt(apogee_km: float, flights: Sequence[PublishedFlight]) -> Allowance:
    """Return the allowance that published flights, three or more, let expect.

    The width is Student's, of the misses with which each flight is foretold by the
    others, and grows with the distance from the middle of their apogees.
    """
    assert len(flights) >= 3, "a line and its width take three"
    apogees = np.array([one.apogee_km for one in flights])
    powered_s = np.array([implied_s(one) for one in flights])
    misses = []
    for i in range(len(flights)):
        others = np.arange(len(flights)) != i
        foretold = _line(apogees[others], powered_s[others], float(apogees[i]))
        misses.append(float(powered_s[i]) - foretold)
    expected = _line(apogees, powered_s, apogee_km)
    spread = float(np.sqrt(np.mean(np.square(misses))))
    aside = apogees - apogees.mean()
    reach = 1.0 + (apogee_km - float(apogees.mean())) ** 2 / float(aside @ aside)
    width = float(stdtrit(len(flights) - 2, 0.975)) * spread * math.sqrt(reach)
    return Allowance(
        low_s=max(expected - width, 1.0),
        expected_s=expected,
        high_s=expected + width,
        learnt_from=len(flights),
    )


def _line(x: Floats, y: Floats, at: float) -> float:
    """Return the least-squares line's value."""
    aside = x - x.mean()
    return float(y.mean() + (aside @ y) / (aside @ aside) * (at - x.mean()))


@lru_cache(maxsize=64)
def implied_s(flight: PublishedFlight) -> float:
    """Return the powered seconds with which a published time closes exactly.

    Time grows nearly linearly with them, so a secant is there in three steps. May be
    negative, and is then an extrapolation: the figures do not belong together.
    """
    ends = flight.ends
    one_s, other_s = _POWERED_GUESS_S, 0.8 * _POWERED_GUESS_S
    one, other = flight_time_s(ends, one_s), flight_time_s(ends, other_s)
    for _ in range(_SECANTS_MAX):
        assert one is not None, "published figures can be flown"
        assert other is not None, "published figures can be flown"
        if abs(one - flight.flight_s) < 1e-2 or one_s <= 1.0:
            break
        slope = (one - other) / (one_s - other_s)
        next_s = one_s + (flight.flight_s - one) / slope
        other_s, other = one_s, one
        one_s = max(next_s, 1.0)
        one = flight_time_s(ends, one_s)
    return one_s
