"""Two nations' radars contradict each other: no people are told of a likely area.

Japan's survey puts the small world's missile twenty kilometres too far. Each nation has
one radar, and hears the other's: by itself each has its area and tells it, together
they have none.
"""

from collections.abc import Sequence
from functools import cache

import pytest
from msgspec.structs import replace

from beaconfire.exercise.cast import cast, node_of
from beaconfire.exercise.picture import Picture
from beaconfire.exercise.sensors import Sighting
from beaconfire.exercise.world import SOLVE_INTERVAL_S, World
from beaconfire.runtime.checkpoint import save
from beaconfire.seals.codec import decode, encode
from beaconfire.vocabulary.entries.sightings import (
    AlertDraft,
    ItemHeld,
    LaunchEvent,
    LaunchState,
)
from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.report import ImpactPrediction
from tests.exercise.worlds import (
    agreements,
    assert_settled,
    bodies,
    entries,
    plain,
    scenario,
    sightings,
    solve,
)

FROM_S, UNTIL_S, END_S, OFF_BY_M = 60, 120, 160.0, 20_000.0
RADARS = ("JPN", "KOR")
# Both are followed four seconds on; then ten seconds of looking, and what lines take.
SAID_BY_S = FROM_S + 20.0


def _off(one: Sighting) -> Sighting:
    """Return what Japan's radar tells, whose survey is wrong."""
    if one.sensor_id != "jpn-radar":
        return one
    plot = decode(one.lines[0], Plot, what="plot")
    line = encode(replace(plot, range_m=plot.range_m + OFF_BY_M)).decode()
    return Sighting(
        at=one.at,
        party=one.party,
        sensor_id=one.sensor_id,
        stream=one.stream,
        lines=(line,),
    )


@cache
def lying() -> World:
    """Return the world in which Japan's radar is off."""
    return _run([_off(one) for one in _seen()])


@cache
def honest() -> World:
    """Return the same world in which it is not."""
    return _run(_seen())


def _seen() -> list[Sighting]:
    """Return what the two radars report, and no infrared sensor."""
    return [one for one in sightings(FROM_S, UNTIL_S) if one.stream == "plots"]


def _run(seen: Sequence[Sighting]) -> World:
    made = World(scenario(), agreements(), seen, seed=1, solver=_solve)
    made.run(END_S)
    return made


def _solve(observations: Observations) -> FlightEstimate:
    """Answer with the made area; of no size by which two flights would be alike."""
    return replace(solve(observations), apogee_km=None)


@pytest.mark.parametrize("party", RADARS)
def test_no_nation_warns_of_a_likely_area(party):
    """Neither of two launches is believed, and each draft says why."""
    made = lying()
    launches = {one.launch_id for one in bodies(made, party, LaunchEvent)}
    assert len(launches) == 2
    drafts = [
        (e.at.seconds_since(plain().epoch), e.body)
        for e in entries(made, party)
        if isinstance(e.body, AlertDraft)
    ]
    late = [body for at_s, body in drafts if at_s > SAID_BY_S]
    assert {body.launch_id for body in late} == launches
    for body in late:
        assert body.certainty == "Possible"
        assert "each see alone what the other does not see" in body.why


@pytest.mark.parametrize("party", RADARS)
def test_where_no_radar_lies_nothing_is_doubted(party):
    """One launch, and its area."""
    assert len(bodies(honest(), party, LaunchEvent)) == 1
    assert all(one.doubt is None for one in bodies(honest(), party, LaunchState))
    assert bodies(honest(), party, AlertDraft)[-1].certainty == "Likely"


def test_what_a_nation_tells_rests_on_its_own_radar_alone():
    """Korea's items are those of a world in which Japan's radar does not lie."""
    own = [
        [held for held in bodies(made, "KOR", ItemHeld) if held.carriage is None]
        for made in (lying(), honest())
    ]
    assert own[0] == own[1]
    assert any(isinstance(one.sealed.item.body, ImpactPrediction) for one in own[0])
    assert_settled(lying())


@pytest.mark.parametrize("party", RADARS)
def test_a_contradiction_folds_alike(party):
    """The journal gives the node that wrote it, and the doubts it had."""
    node = node_of(
        cast(plain(), 1)[party], agreements(), solve_interval_s=SOLVE_INTERVAL_S
    )
    for turn in lying().turns(party):
        node.fold(turn)
    assert save(node) == save(lying().node(party))
    assert all(one.doubt for one in node.stages.fuse.picture.open)


def test_the_live_picture_shows_no_area_and_tells_why():
    """Once for each launch."""
    picture = Picture.of(("KOR",))
    for entry in entries(lying(), "KOR"):
        picture.see("KOR", entry)
    said = [line for _, _, line in picture.take_news() if "a launch is doubted" in line]
    assert len(said) == 2
    assert picture.nations["KOR"].area is None
