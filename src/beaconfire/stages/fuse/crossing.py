"""Crossing: are two radars' paths of two objects laid to the launches crosswise?

Two objects that leave one site at once are one group at first. When they part, each
radar's old path goes on with either of them by chance, so one launch may get one object
from one radar and the other from another. Place and motion tell that late, since the
registration errors of two radars are as large as the distance of the objects. But the
way from one object to the other is free of them: where two radars see it point in
opposite directions, beyond ``SIGMAS`` of the plots' noise, they are crossed.

Then the one radar's paths change launches, with all that they brought since both were
followed. Everything is a function of the paths that these launches are made of.
"""

import math
from collections.abc import Sequence
from itertools import combinations
from typing import TypeVar

from beaconfire.stages.fuse.evidence import exchange
from beaconfire.stages.fuse.launches import COMPARED_S, Launch
from beaconfire.stages.fuse.motion import Motion
from beaconfire.vocabulary.times import NS_PER_S

# It is asked with every scan; nothing is lost by waiting for the next.
SIGMAS = 4.5

T = TypeVar("T")


def uncross(launches: Sequence[Launch], sensor: str, homes: dict[str, str]) -> None:
    """Change a sensor's paths between two launches where they are crossed.

    ``homes`` says which launch each path is of.
    """
    seen = [one for one in launches if sensor in one.motions]
    for one, other in combinations(seen, 2):
        if _crossed(one, other, sensor):
            _change(one, other, sensor, homes)


def _crossed(one: Launch, other: Launch, sensor: str) -> bool:
    here = _apart(one.motions[sensor], other.motions[sensor])
    if here is None:
        return False
    for source, motion in one.motions.items():
        theirs = other.motions.get(source)
        if source == sensor or theirs is None or not motion.noise_m:
            continue
        late_ns = abs(motion.time_ns - one.motions[sensor].time_ns)
        there = _apart(motion, theirs)
        if there is None or late_ns > COMPARED_S * NS_PER_S:
            continue
        (a, noise_a_m), (b, noise_b_m) = here, there
        along = sum(p * q for p, q in zip(a, b, strict=True))
        spread = math.hypot(
            math.hypot(*a) * noise_b_m, math.hypot(*b) * noise_a_m,
            math.sqrt(3.0) * noise_a_m * noise_b_m,
        )  # fmt: skip
        return along < -SIGMAS * spread
    return False


def _apart(one: Motion, other: Motion) -> tuple[list[float], float] | None:
    """Return the way from one to the other at the later's instant, and its noise."""
    seconds = (other.time_ns - one.time_ns) / NS_PER_S
    if abs(seconds) > COMPARED_S or not one.noise_m or not other.noise_m:
        return None
    way = [
        q - p - v * seconds
        for p, q, v in zip(
            one.position_ecef_m,
            other.position_ecef_m,
            one.velocity_ecef_mps,
            strict=True,
        )
    ]
    return way, math.hypot(one.noise_m, other.noise_m, one.sigma_mps * seconds)


def _change(one: Launch, other: Launch, sensor: str, homes: dict[str, str]) -> None:
    for key, home in homes.items():
        if key.startswith(f"{sensor}:") and home in (one.id, other.id):
            homes[key] = other.id if home == one.id else one.id
    exchange(one.evidence, other.evidence, sensor)
    _swap(one.motions, other.motions, sensor)
    _swap(one.instants_ns, other.instants_ns, sensor)
    _swap(one.together, other.together, sensor)
    for launch in (one, other):
        # What is known of the way rests on both objects.
        launch.way = None
        launch.pace.wish()


def _swap(one: dict[str, T], other: dict[str, T], key: str) -> None:
    mine, theirs = one.pop(key, None), other.pop(key, None)
    if theirs is not None:
        one[key] = theirs
    if mine is not None:
        other[key] = mine
