"""Estimation: one flight at a time, against the physical limit and against its goals.

Everything is measured on the front door of the estimator, as a node calls it. A goal
that is missed is printed as missed; a row without a goal says what is known of it. The
peer is the posterior Cramér-Rao bound, which no estimator passes; DOP853 at 1e-12 is
the oracle of the impact's integration.
"""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from beaconfire.estimation.descent import descend, land
from beaconfire.estimation.impact import predict_impact
from beaconfire.estimation.warm import warm_up
from beaconfire.exercise.bench.estimation_announced import announced
from beaconfire.exercise.bench.estimation_areas import areas, limits
from beaconfire.exercise.bench.estimation_case import (
    EPOCH,
    REFERENCE,
    drawn_flights,
    sensors,
    watch,
)
from beaconfire.exercise.bench.estimation_departures import departures, glides
from beaconfire.exercise.bench.estimation_fusion import fusion
from beaconfire.exercise.bench.estimation_lies import lies
from beaconfire.exercise.bench.estimation_phases import (
    burnouts,
    false_alarms,
    stagings,
)
from beaconfire.exercise.bench.figures import Bench, Figure, percentile
from beaconfire.exercise.bench.workers import Say, Workers, workers
from beaconfire.exercise.sky.dynamics import Body, follow
from beaconfire.exercise.sky.earth import inertial_to_ecef

SEEDS = 60
ROUNDS = 200
IMPACT_M_MAX, IMPACT_US_MAX, IMPACT_AREA_MS_MAX, PRODUCT_MS_MAX = 1.0, 100.0, 0.3, 5.0
_ORACLE = 1e-12  # the tolerance of DOP853


Measured = Callable[[int, Workers], list[Figure]]


def measure(*, seeds: int, only: Sequence[str], processes: int, say: Say) -> Bench:
    """Measure the rows of these names, in the order of ``ROWS``; all if none is named.

    ``seeds`` is of each row that is named. When all are measured the dear ones take
    fewer, so that it ends while one waits.
    """
    warm_up()
    figures: list[Figure] = []
    with workers(processes, say) as crew:
        for name, (work, of_all) in ROWS.items():
            if not only:
                figures += work(max(2, round(seeds * of_all)), crew)
            elif name in only:
                figures += work(seeds, crew)
    return Bench(
        bench="estimation",
        figures=tuple(figures),
        conditions=(
            f"{seeds} seeds a row: an RMSE shows within "
            f"{100.0 / math.sqrt(seeds):.0f} %, 19 times in 20; a share's own interval "
            "stands beside it",
            "drag stands evenly over its prior; biases are drawn from theirs",
            "the bound knows the true burn-out and uses each seed's plots after it",
            "every site is invented; truth is flown by code that shares nothing",
        ),
    )


def costs(_seeds: int, crew: Workers) -> list[Figure]:
    """Return what an impact and a product take, in processor time."""
    crew.say("costs: processor time of an impact and of a product")
    flight = drawn_flights(REFERENCE)[0]
    begin_s = flight.burn_out_s
    state = np.append(flight.state_ecef(np.array(begin_s)), 0.0)
    fell = follow(
        flight.course.motion(begin_s), Body(8_000.0), None, begin_s=begin_s,
        relative=_ORACLE,
    )  # fmt: skip
    end = inertial_to_ecef(np.array(fell.end_s), fell.motion(fell.end_s))
    _, _, at, _, _ = descend(state)
    covariance = np.diag([1e4] * 3 + [1.0] * 3 + [0.25])
    watched = watch(flight, sensors("A"), 1)
    return [
        Figure(
            name="impact against DOP853 at 1e-12", unit="m", goal=IMPACT_M_MAX,
            measured=float(np.linalg.norm(at[:3] - end[:3])),
        ),
        Figure(
            name="trajectory to the ground, p50", unit="us",
            measured=_p50_s(lambda: land(state, 1.0)) * 1e6, goal=IMPACT_US_MAX,
        ),
        Figure(
            name="impact with covariance and window, p50", unit="ms",
            measured=_p50_s(lambda: predict_impact(EPOCH, state, covariance)) * 1e3,
            goal=IMPACT_AREA_MS_MAX,
        ),
        Figure(
            name="plots to product, 1 radar at +60 s, p50", unit="ms",
            measured=_p50_s(lambda: watched.estimate(begin_s + 60.0)) * 1e3,
            goal=PRODUCT_MS_MAX,
        ),
    ]  # fmt: skip


def _announced(_seeds: int, crew: Workers) -> list[Figure]:
    return announced(crew.say)


# What is measured, and how many of the seeds each takes when all are.
ROWS: dict[str, tuple[Measured, float]] = {
    "areas": (areas, 1.0),
    "limits": (limits, 1.0),
    "burn-out": (burnouts, 1.0 / 3.0),
    "stages": (stagings, 0.1),
    "false-alarms": (false_alarms, 0.25),
    "glides": (glides, 0.1),
    "departures": (departures, 0.1),
    "lies": (lies, 0.15),
    "fusion": (fusion, 4.0),
    "announced": (_announced, 1.0),
    "costs": (costs, 1.0),
}


def _p50_s(work: Callable[[], object]) -> float:
    """Return the median processor time; the first call is not counted."""
    work()
    took: list[float] = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return percentile(took, 0.5)
