"""Estimation batch: many objects at once, side by side with Stone Soup.

Stone Soup is peer and oracle: its extended Kalman filter and its global nearest
neighbour get the same plots and the same starts in the same run, round by round in
turn, in the fastest sound form we know (``estimation_batch_peer`` says which). It is
in the extra ``bench`` alone; without it our own figures are printed, and how to get it.

All times are of the processor, medians of the rounds. States are made fresh for every
round, outside of what is timed: Stone Soup remembers predictions by state, and a state
used twice would time its memory.
"""

import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import numpy as np

from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.association import GATE, take_scan
from beaconfire.estimation.batch_filter import follow_each
from beaconfire.estimation.batch_impact import predict_impacts
from beaconfire.exercise.bench.estimation_batch_case import (
    Scan,
    Tracks,
    radar,
    scan,
    tracks,
)
from beaconfire.exercise.bench.figures import Bench, Figure, percentile

UPDATES_PER_S_MIN, UPDATES_RATIO_MIN = 300_000.0, 300.0
# Objects in a scan, and how many times faster than the best of Stone Soup.
SCANS = ((1, 10.0), (10, 35.0), (100, 300.0))
MANY = 1_000
MANY_S_MAX, FLAT_MAX = 0.4, 1.5
# The filters differ in the second order alone: we linearise on the sphere, they in the
# angles. A hundredth of a sigma is what that may come to.
AGREE_SIGMAS_MAX = 0.02
OBJECTS = 50  # of the filters' rounds
PEER_OBJECTS = 3  # of them, those that Stone Soup follows too
ROUNDS, PEER_ROUNDS = 40, 5
NO_PEER = (
    "Stone Soup is not installed, so nothing stands beside our figures: "
    "`make bench` installs it, or `pip install 'beaconfire[bench]'`"
)
WITH_PEER = (
    "Stone Soup {version}: our compiled dynamics, analytic Jacobians, and the faster "
    "of 2D assignment bare and behind a k-d tree"
)

Say = Callable[[str], None]


def measure(*, say: Say) -> Bench:
    """Measure all rows; those that need the peer are left out without it."""
    peer = _peer()
    say("the filters, each plot by plot")
    figures = [*_filters(peer)]
    for count, goal in SCANS:
        say(f"whole scans of {count}")
        figures += _whole_scan(count, goal, peer)
    say(f"the impacts of {MANY:,}")
    figures += _many()
    told = NO_PEER if peer is None else WITH_PEER.format(version=peer.VERSION)
    return Bench(
        bench="batch",
        figures=tuple(figures),
        conditions=(
            told,
            "processor time, medians; states made fresh for every round",
            "the reference case after burn-out, radar A; objects of a scan stand "
            "five kilometres apart, each seen once, in no order",
        ),
    )


def _peer() -> ModuleType | None:
    """Return the peer's module, if the extra is installed."""
    if find_spec("stonesoup") is None:
        return None
    return import_module("beaconfire.exercise.bench.estimation_batch_peer")


def _filters(peer: ModuleType | None) -> list[Figure]:
    """Follow each plot by plot, in turn with the peer."""
    given = tracks(OBJECTS)
    _follow(given)
    ours_s: list[float] = []
    peers_s: list[float] = []
    apart: list[float] = []
    for _ in range(PEER_ROUNDS):
        ours_s.append(_follow(given))
        if peer is not None:
            followed = [_peer_follows(peer, given, k) for k in range(PEER_OBJECTS)]
            peers_s += [took_s for took_s, _ in followed]
            apart = [sigmas for _, sigmas in followed]
    a_second = 1.0 / percentile(ours_s, 0.5)
    peers = 1.0 / percentile(peers_s, 0.5) if peers_s else None
    figures = [
        Figure(
            name="EKF updates a second a core, in batch", unit="1/s",
            measured=a_second, goal=UPDATES_PER_S_MIN, at_least=True, raw=peers,
        )
    ]  # fmt: skip
    if peers is not None:
        figures += [
            Figure(
                name="the same, times Stone Soup's EKF", unit="",
                measured=a_second / peers, goal=UPDATES_RATIO_MIN, at_least=True,
            ),
            Figure(
                name="states apart from Stone Soup's, greatest", unit="sigma",
                measured=max(apart), goal=AGREE_SIGMAS_MAX,
            ),
        ]  # fmt: skip
    return figures


def _follow(given: Tracks) -> float:
    """Follow all objects; return processor seconds an update."""
    objects, plots = len(given.rows), len(given.times_s)
    means, covariances = given.means.copy(), given.covariances.copy()
    starts_s = np.full(objects, given.start_s)
    times_s = np.tile(given.times_s, objects)
    rows = given.rows.reshape(objects * plots, -1)
    firsts, distances = plots * np.arange(objects + 1), np.empty(objects * plots)
    took_s = _timed(
        lambda: follow_each(
            means, covariances, starts_s, times_s, rows, firsts, distances
        )
    )
    return took_s / float(objects * plots)


def _peer_follows(peer: ModuleType, given: Tracks, k: int) -> tuple[float, float]:
    """Return the peer's seconds an update of object ``k``, and how far apart we are."""
    soup = peer.Peer(radar(), given.raw[k, 0, 3:])
    detections = soup.detections(given.raw[k], given.times_s)
    state = soup.started(given, k)
    states: list[object] = []
    took_s = _timed(lambda: states.extend(soup.follow(state, detections)))
    theirs = np.array([peer.vector_of(one) for one in states])
    return took_s / len(detections), _followed_apart_sigmas(given, k, theirs)


def _followed_apart_sigmas(given: Tracks, k: int, theirs: Floats) -> float:
    """Return how far the peer's states ever are from ours, in sigmas of each state."""
    means, covariances = given.means[[k]], given.covariances[[k]]
    now_s, one, distance = np.array([given.start_s]), np.array([0, 1]), np.empty(1)
    farthest = 0.0
    for i in range(len(given.times_s)):
        follow_each(
            means, covariances, now_s, given.times_s[[i]], given.rows[k, [i]], one,
            distance,
        )  # fmt: skip
        farthest = max(farthest, _apart_sigmas(means, covariances, theirs[[i]]))
    return farthest


def _apart_sigmas(means: Floats, covariances: Floats, theirs: Floats) -> float:
    """Return the greatest difference of any component, in its own sigmas."""
    sigmas = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    return float(np.max(np.abs(theirs - means) / sigmas))


def _whole_scan(count: int, goal: float, peer: ModuleType | None) -> list[Figure]:
    """Predict, gate, associate, update."""
    given = scan(count)
    ours_s = _scan_s(given)
    what = f"whole scan of {count} object" + ("s" if count > 1 else "")
    if peer is None:
        return [Figure(name=what, unit="us", measured=ours_s * 1e6)]
    rounds = max(PEER_ROUNDS, ROUNDS // count)
    theirs = [
        _peer_scans(peer, given, which, rounds)
        for which in range(len(peer.ASSOCIATORS))
    ]
    best_s = min(took_s for took_s, _ in theirs)
    return [
        Figure(name=what, unit="us", measured=ours_s * 1e6, raw=best_s * 1e6),
        Figure(
            name=f"{what}, times Stone Soup's best GNN", unit="",
            measured=best_s / ours_s, goal=goal, at_least=True,
        ),
        Figure(
            name=f"{what}, states apart from either's, greatest", unit="sigma",
            measured=max(apart for _, apart in theirs), goal=AGREE_SIGMAS_MAX,
        ),
    ]  # fmt: skip


def _scan_s(given: Scan) -> float:
    """Return the seconds of one scan; the first is not counted."""
    took_s: list[float] = []
    for _ in range(1 + ROUNDS):
        sky = given.fresh()
        times_s = np.zeros(len(sky.means))
        took_s.append(_scan_once_s(sky, times_s))
    return percentile(took_s[1:], 0.5)


def _scan_once_s(sky: Scan, times_s: Floats) -> float:
    return _timed(
        lambda: take_scan(sky.means, sky.covariances, times_s, 1.0, sky.rows, GATE)
    )


def _peer_scans(
    peer: ModuleType, given: Scan, which: int, rounds: int
) -> tuple[float, float]:
    """Return an associator's seconds a scan, and how far it comes out from ours."""
    soup = peer.Peer(radar(), given.raw[0, 3:])
    ours = given.fresh()
    _scan_once_s(ours, np.zeros(len(ours.means)))
    took_s: list[float] = []
    apart = 0.0
    for _ in range(1 + rounds):
        followed, detections = soup.sky(given)
        begun = time.process_time()
        soup.take_scan(which, followed, detections)
        took_s.append(time.process_time() - begun)
        theirs = np.array([peer.vector_of(track.state) for track in followed])
        apart = max(apart, _apart_sigmas(ours.means, ours.covariances, theirs))
    return percentile(took_s[1:], 0.5), apart


def _many() -> list[Figure]:
    """Whole scan and impact with covariance, per object, from one to a thousand."""
    each_us = [_scan_and_impact_s(count) / count * 1e6 for count in (1, 10, 100, MANY)]
    all_s = _impacts_s(MANY)
    scans_us = [_scan_s(scan(count)) / count * 1e6 for count in (1, MANY)]
    return [
        Figure(
            name=f"impact with covariance of {MANY:,} objects", unit="s a core",
            measured=all_s, goal=MANY_S_MAX,
        ),
        Figure(
            name=f"scan and impact of one object, among {MANY:,}", unit="us",
            measured=each_us[-1],
        ),
        Figure(
            name=f"the same, dearest over cheapest of 1, 10, 100 and {MANY:,} objects",
            unit="", measured=max(each_us) / min(each_us), goal=FLAT_MAX,
        ),
        Figure(
            name=f"scan alone, an object among {MANY:,} over one alone", unit="",
            measured=scans_us[1] / scans_us[0],
        ),
    ]  # fmt: skip


def _scan_and_impact_s(count: int) -> float:
    """Return the seconds of a scan and of all impacts after it."""
    given = scan(count)
    took_s: list[float] = []
    for _ in range(1 + max(PEER_ROUNDS, ROUNDS // count)):
        sky = given.fresh()
        scan_s = _scan_once_s(sky, np.zeros(count))
        took_s.append(scan_s + _impact_once_s(sky))
    return percentile(took_s[1:], 0.5)


def _impacts_s(count: int) -> float:
    given = scan(count)
    return percentile([_impact_once_s(given) for _ in range(PEER_ROUNDS)], 0.5)


def _impact_once_s(sky: Scan) -> float:
    return _timed(lambda: predict_impacts(sky.means, sky.covariances))


def _timed(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
