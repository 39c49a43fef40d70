"""Cued start: what infrared cues say of an arc that is still young.

An arc of ten seconds is badly known across its plane of flight; a cue says where that
plane begins, when, and perhaps which way it leads. Cues and the priors of ``powered``
foretell the state at the arc's beginning: narrow across the plane, wide along it. That
is one more prior of the state, for own use:

* It enters once, beside the plots, and only while the arc is younger than ``YOUNG_S``.
  Later it is worth nothing, and a model of a motor must not outlive its use.
* It never enters a tracklet: that holds plots alone.
* A cue that no climb to this arc agrees with is of another launch, and unused.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from beaconfire.estimation.arc import ArcFit, inverse
from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.coasting import YOUNG_S, Coast
from beaconfire.estimation.judgement import Finding, judge_fit
from beaconfire.estimation.launch_point import Anchor, Climb
from beaconfire.estimation.propagation import sample_arc
from beaconfire.vocabulary.motion import Cue
from beaconfire.vocabulary.times import NS_PER_S

# Chi-square of 6, one in 10,000: what is farther off is no start of this arc.
_GATE = 27.9


def join_cues(found: Finding, cues: Sequence[Cue]) -> Finding:
    """Return the finding with what cues add to a young arc."""
    fit, coast = found.fit, found.coast
    if not cues or not found.holds or fit is None or coast is None:
        return found
    age_s = float(coast.table.times_s[-1]) - coast.began_s
    if found.phase != "ballistic" or age_s >= YOUNG_S:
        return found
    started = _started(fit, coast, cues)
    if started is None:
        return found
    reason = f"{found.reason}; infrared cues narrow its start"
    return replace(judge_fit(started, coast, found.track), reason=reason)


def _started(fit: ArcFit, coast: Coast, cues: Sequence[Cue]) -> ArcFit | None:
    """Return the fit with the cues' prior of the state at its first coasting plot."""
    began_s = (fit.epoch.ns - coast.table.epoch.ns) / NS_PER_S
    at_s = float(coast.table.times_s[0])
    states, phis, reached = sample_arc(fit.state, np.array([at_s - began_s]))
    if not reached[0]:
        return None
    move: Floats = np.zeros((6, fit.covariance.shape[0]))
    move[:, :7] = phis[0]
    spread = move @ fit.covariance @ move.T
    climb = Climb(coast.table.epoch, cues, Anchor(at_s, states[0], spread, False))
    solved = climb.solve()
    if solved is None:
        return None
    mean, covariance = climb.foretell(solved[0])
    gap = mean - states[0]
    if float(gap @ inverse(covariance + spread) @ gap) > _GATE:
        return None
    told = inverse(covariance)
    narrowed = inverse(inverse(fit.covariance) + move.T @ told @ move)
    step = narrowed @ (move.T @ (told @ gap))
    return replace(
        fit,
        state=fit.state + step[:7],
        biases=fit.biases + step[7:].reshape(-1, 3),
        covariance=narrowed,
    )
