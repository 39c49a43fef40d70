"""The simulated sky: what flies, where it truly is, and nothing that a node may read.

Shares no code with ``beaconfire.estimation``: its own Earth, air, thrust and
integrator, so that an exercise can find a mistake in either.
"""

from beaconfire.exercise.sky.flight import Apogee, Flight, Impact, fly, fly_all

__all__ = ["Apogee", "Flight", "Impact", "fly", "fly_all"]
