"""Lies flown: a fuse stage that watches drawn flights, of which one radar may lie.

The solver has an area for whatever it is asked about: what is withheld is withheld by
the stage.
"""

from dataclasses import replace as changed

import numpy as np
from msgspec.structs import replace

from beaconfire.vocabulary.entries.sightings import LaunchState, PlotsHeard
from beaconfire.vocabulary.report import ImpactPrediction, Retraction
from tests.estimation.flying import LIFT_OFF, STEEP, drawn_bias, fly
from tests.stages.fuse_folded import Folded
from tests.stages.sightings_made import area, estimate_of, profile, radar

FROM_S, TO_S = 60.0, 200.0


def too_far(by_m):
    """A survey that is so many metres off."""
    return lambda plot: replace(plot, range_m=plot.range_m + by_m)


def a_fifth_too_near(plot):
    """A scale that is wrong."""
    return replace(plot, range_m=0.8 * plot.range_m)


def ten_seconds_late(plot):
    """A clock that is behind."""
    return replace(plot, time=plot.time.plus_s(10.0))


def beside(degrees, **more):
    """A flight from the same site that leads elsewhere."""
    return fly(changed(STEEP, azimuth_deg=STEEP.azimuth_deg + degrees, **more))


def solve(request, observed):
    """An area whenever it is asked."""
    newest_s = max(p.time for p in observed.plots).seconds_since(LIFT_OFF)
    return estimate_of(newest_s, impact=area())


def scans(flights, radars, *, lies=None, until_s=TO_S, seed=5):
    """Each radar's scans in the order of their times; ``lies`` by radar's id."""
    rng = np.random.default_rng(seed)
    found = {}
    for one in radars:
        lie = (lies or {}).get(one.id, lambda plot: plot)
        for flight in flights:
            bias = drawn_bias(rng)
            for plot in one.plots(flight, FROM_S, until_s, rng, bias=bias):
                told = lie(plot)
                found.setdefault((told.time, one.id), []).append(told)
    return [(time, name, tuple(found[time, name])) for time, name in sorted(found)]


def watched(flights, radars, *, stated=None, solver=solve, every_s=2.0, **more):
    """Return the stage after all scans; ``stated`` is of a radar in the profile."""
    own = [replace(radar(one.id), **(stated or {}).get(one.id, {})) for one in radars]
    node = Folded(profile(*own), solver=solver, solve_interval_s=every_s)
    for time, name, plots in scans(flights, radars, **more):
        node.give(time.seconds_since(LIFT_OFF), PlotsHeard(sensor=name, plots=plots))
    return node


def doubts(node):
    """What was said of launches, in order: when, which (1 is the first), and why."""
    numbers = {one.launch_id: k for k, one in enumerate(node.events(), 1)}
    said, last = [], {}
    for seconds, body in node.out:
        if isinstance(body, LaunchState) and body.doubt != last.get(body.launch_id):
            last[body.launch_id] = body.doubt
            said.append((seconds, numbers[body.launch_id], body.doubt))
    return said


def told(node, kind=ImpactPrediction):
    """When own items of a kind were told, and of which launch or item."""
    return [
        (seconds, getattr(body.sealed.item.body, name))
        for seconds, body in node.out
        if hasattr(body, "sealed") and isinstance(body.sealed.item.body, kind)
        for name in (("retracts",) if kind is Retraction else ("launch_id",))
    ]
