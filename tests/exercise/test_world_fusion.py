"""Fusion in the seeded world: one observation set by two routes is counted once."""

from collections import Counter
from collections.abc import Iterable
from functools import cache

import pytest
from msgspec.structs import replace

from beaconfire.estimation.flight import estimate_flight
from beaconfire.exercise.after_action.accuracy import (
    area95_km2,
    holds_point,
    offset_m,
)
from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.simulated import Sky, agreements_of, sky_of
from beaconfire.exercise.sky import Flight
from beaconfire.exercise.world import World
from beaconfire.stages.fuse import own, stage
from beaconfire.stages.fuse.own import OwnBook, OwnLaunch
from beaconfire.vocabulary.entries.arrivals import Estimate
from beaconfire.vocabulary.entries.carriage import Arrival
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.report import Plots, TrackProduct
from beaconfire.vocabulary.times import Instant
from tests.exercise.worlds import (
    APPROVALS,
    GSOMIA,
    SEEN_UNTIL_S,
    act,
    agreements,
    bodies,
    lines,
    scenario,
    sightings,
    solve,
)
from tests.stages.sightings_made import tracklet

Scan = tuple[Plot, ...]
KOREAN, OURS = "KOR/kor-radar", "jpn-radar"


def shared(observations: Observations) -> FlightEstimate:
    """Answer as the worlds' solver does, and with the tracklet of one own radar."""
    answer = solve(observations)
    names = {plot.sensor.id for plot in observations.plots}
    if len(names) != 1:
        return answer
    made = tracklet(60.0, plots=len(observations.plots), sensor=names.pop())
    times = sorted(plot.time for plot in observations.plots)
    made = replace(made, interval=(times[0], times[-1]))
    return replace(answer, tracklet=made)


@cache
def watched(
    *, relayed: bool, direct_until_s: float | None = None, reorder: float = 0.0
) -> tuple[World, list[Observations]]:
    """Run a world; return it and all that Japan's picture was solved with."""
    asked: list[Observations] = []

    def solver(held: Observations) -> FlightEstimate:
        asked.append(held)
        return shared(held)

    acts = APPROVALS if relayed else ()
    if direct_until_s is not None:
        acts = (*acts, act(direct_until_s, "JPN", "suspend", GSOMIA))
    made = World(
        scenario(acts=acts, links=lines(reorder=reorder, jitter_ms=900.0 * reorder)),
        agreements(),
        sightings(),
        seed=3,
        solver=solver,
    )
    made.run(SEEN_UNTIL_S + 20.0)
    return made, [held for held in asked if _is_of_japan(held)]


def _is_of_japan(held: Observations) -> bool:
    """Say whether it is Japan's picture: its own radar under its own name, and more."""
    names = {plot.sensor.id for plot in held.plots}
    partners = any(name.startswith("KOR/") for name in names) or held.tracklets
    return OURS in names and bool(partners)


def korean_seen(held: Observations) -> Counter[tuple[object, str | None]]:
    """Count the Korean radar's plots as they go into a solve."""
    return Counter(
        (plot.time, plot.plot_id) for plot in held.plots if plot.sensor.id == KOREAN
    )


def test_both_routes_bring_the_same_sightings() -> None:
    """Else the tests beside this one would show nothing."""
    made, asked = watched(relayed=True)
    held = [
        body
        for body in bodies(made, "JPN", ItemHeld)
        if body.carriage is not None and body.sealed.item.originator == "KOR"
    ]
    kinds = {type(body.sealed.item.body) for body in held}
    assert {Plots, TrackProduct} <= kinds
    again = [
        name
        for body in bodies(made, "JPN", Arrival)
        if body.via == "USA"
        for name in body.repeated
    ]
    tracks = {body.sealed.item.id for body in held if _tracks(body)}
    assert len(tracks & set(again)) > 10
    assert len(asked) > 10
    assert any(body.sealed.item.body.tracklet for body in held if _tracks(body))


def _tracks(body: ItemHeld) -> bool:
    return isinstance(body.sealed.item.body, TrackProduct)


def test_one_observation_set_by_two_routes_and_in_two_forms_is_counted_once() -> None:
    """Direct and through the hub, as plots and as tracklet, under either marking."""
    for reorder in (0.0, 0.4):
        _, asked = watched(relayed=True, reorder=reorder)
        for held in asked:
            plots = korean_seen(held)
            assert all(count == 1 for count in plots.values())
            told = [one for one in held.tracklets if KOREAN in one.sensors]
            assert len(told) + bool(plots) <= 1
            assert not held.overlapping
            assert not held.tracks


def test_a_second_route_adds_nothing_to_what_is_counted() -> None:
    """What is held in the end is what the direct way alone would have brought."""
    (_, both), (_, direct) = watched(relayed=True), watched(relayed=False)
    assert korean_seen(both[-1]) == korean_seen(direct[-1])
    assert len(both[-1].tracklets) == len(direct[-1].tracklets)


def test_late_and_mixed_up_lines_end_in_the_same_sightings() -> None:
    """Once everything has come, it does not matter how."""
    (_, even), (_, mixed) = watched(relayed=True), watched(relayed=True, reorder=0.4)
    assert korean_seen(even[-1]) == korean_seen(mixed[-1])


def test_the_hub_goes_on_telling_what_was_seen_without_counting_it_again() -> None:
    """The direct way ends half way: tracks of the whole replace plots of the half."""
    _, asked = watched(relayed=True, direct_until_s=25.0)
    for held in asked:
        told = [one for one in held.tracklets if KOREAN in one.sensors]
        plots = korean_seen(held)
        assert len(told) + bool(plots) <= 1
        assert not held.overlapping
    assert any(one.tracklets for one in asked[-3:])


def foreign(monkeypatch: pytest.MonkeyPatch, *, loose: bool) -> None:
    """Make Korea's a node of other people's make: tracks alone, without lineage.

    They state a covariance or, if ``loose``, are tracklets whose token is lost.
    """

    def tell_scans(
        book: OwnBook, sensor: str, scans: tuple[Scan, ...], at: Instant
    ) -> Iterable[ItemHeld]:
        return () if _korean(book) else own.tell_scans(book, sensor, scans, at)

    def tell_estimate(
        book: OwnBook, launch: OwnLaunch, estimate: FlightEstimate, at: Instant
    ) -> Iterable[ItemHeld]:
        for held in own.tell_estimate(book, launch, estimate, at):
            item = held.sealed.item
            if not _korean(book):
                yield held
            elif isinstance(item.body, TrackProduct):
                body = item.body
                if not loose and estimate.track_covariance is not None:
                    spread = estimate.track_covariance
                    body = replace(body, tracklet=None, covariance=spread)
                bare = replace(item, body=body, lineage=())
                yield replace(held, sealed=replace(held.sealed, item=bare))

    monkeypatch.setattr(stage, "tell_scans", tell_scans)
    monkeypatch.setattr(stage, "tell_estimate", tell_estimate)


def _korean(book: OwnBook) -> bool:
    return book.profile.party == "KOR"


def flown(*, sharing: bool, seed: int = 1) -> tuple[World, Flight, Estimate]:
    """Fly the 4 October 2022 case with the real estimator, until 48 s after burn-out.

    Returns the newest answer to Japan's picture beside it.
    """
    made, sky = _begun(sharing=sharing, seed=seed)
    made.run(195.0)
    answers = [
        body
        for body in bodies(made, "JPN", Estimate)
        if body.product == "picture" and body.estimate is not None
    ]
    return made, sky.flights[0], answers[-1]


def _begun(*, sharing: bool, seed: int) -> tuple[World, Sky]:
    case = load_scenario("2022-10-04")
    sky = sky_of(case, seed)
    made = World(
        case,
        agreements_of(case),
        sky.sightings,
        seed=seed,
        solver=estimate_flight,
        sharing=sharing,
    )
    return made, sky


@cache
def compared() -> tuple[Flight, Estimate, Estimate]:
    """Return the flight, what Japan says of it alone, and with all that is shared."""
    _, flight, alone = flown(sharing=False)
    return flight, alone, flown(sharing=True)[2]


@pytest.mark.parametrize("loose", [False, True])
def test_a_node_that_sends_tracks_alone_improves_the_picture_and_no_more(
    monkeypatch: pytest.MonkeyPatch, loose: bool
) -> None:
    """From Korea's radars to Japan's picture, through links, releases and ingest.

    The area is smaller than Japan's own and larger than that of all plots, and holds
    the impact.
    """
    flight, alone, whole = compared()
    foreign(monkeypatch, loose=loose)
    made, _, joined = flown(sharing=True)
    rule = "inverse covariance intersection" if loose else "by covariance intersection"
    assert joined.estimate is not None
    assert rule in joined.estimate.reason
    told = [h for h in bodies(made, "JPN", ItemHeld) if h.carriage is not None]
    assert not any(isinstance(h.sealed.item.body, Plots) for h in told)
    sizes = [_area_km2(one) for one in (whole, joined, alone)]
    assert sizes[0] < sizes[1] < 0.9 * sizes[2]
    area = joined.estimate.impact
    assert area is not None
    assert flight.impact is not None
    assert holds_point(area, *offset_m(area, flight.impact))


def _area_km2(answer: Estimate) -> float:
    assert answer.estimate is not None
    assert answer.estimate.impact is not None
    return area95_km2(answer.estimate.impact)
