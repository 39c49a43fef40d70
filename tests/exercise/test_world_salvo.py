"""Eight launches from four sites twenty seconds apart are eight, at every nation.

The shipped salvo is observed by its own sensors and folded by whole nodes. The solver
answers nothing here: which plot is of which launch must not need it, and where a solve
would help, that it could not is the harder case.
"""

from collections import Counter
from functools import cache

import numpy as np
import pytest

from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.simulated import agreements_of, sky_of
from beaconfire.exercise.world import World
from beaconfire.stages.fuse.evidence import observations
from beaconfire.vocabulary.entries.sightings import ItemHeld, LaunchEvent
from beaconfire.vocabulary.report import LaunchNotice

NAME, SEEDS = "2022-06-05-salvo", (1, 2)
# All are up and seen by both Korean radars, and most by a Japanese one.
UNTIL_S = 300.0
# Plots that noise and gates may lay to a neighbour while a path begins.
STRAY_SHARE = 0.01


@cache
def flown(seed, *, sharing=True):
    """The sky and the nodes after the salvo."""
    scenario = load_scenario(NAME)
    sky = sky_of(scenario, seed)
    world = World(
        scenario,
        agreements_of(scenario),
        sky.sightings,
        seed=seed,
        solver=lambda _: None,
        sharing=sharing,
    )
    world.run(UNTIL_S)
    return scenario, sky, world


def bodies(world, party, kind):
    """Return the bodies of one kind in a nation's journal."""
    return [
        entry.body
        for turn in world.turns(party)
        for entry in turn.entries
        if isinstance(entry.body, kind)
    ]


def flight_of(plot, flights, places):
    """Return which flight a plot is of: the one truly nearest to it."""
    off = {}
    for flight in flights:
        flight_s = plot.time.seconds_since(flight.lift_off)
        if 0.0 < flight_s < flight.end_s:
            key = (flight.launch_id, plot.time.ns)
            if key not in places:
                places[key] = flight.state_ecef(np.array([flight_s]))[0, :3]
            off[flight.launch_id] = float(np.linalg.norm(places[key] - _place(plot)))
    return min(off, key=off.__getitem__)


def _place(plot):
    site = plot.sensor
    lat, lon, az, el = np.radians(
        [site.lat_deg, site.lon_deg, plot.azimuth_deg, plot.elevation_deg]
    )
    e2 = 6.694379990141e-3
    n = 6_378_137.0 / np.sqrt(1.0 - e2 * np.sin(lat) ** 2)
    up = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    north = np.cross(up, east)
    way = np.cos(el) * (np.sin(az) * east + np.cos(az) * north) + np.sin(el) * up
    return n * up * (1.0, 1.0, 1.0 - e2) + plot.range_m * way


@pytest.mark.parametrize("seed", SEEDS)
def test_every_launch_has_one_event_at_every_nation(seed):
    """No splits, no merges: by own sensors, partners' plots, tracks and notices."""
    _, _, world = flown(seed)
    for party in world.parties:
        assert len(bodies(world, party, LaunchEvent)) == 8, party


@pytest.mark.parametrize("seed", SEEDS)
def test_the_plots_of_an_event_are_one_flights(seed):
    """What a solve is given is of one object, in the picture and in own products."""
    _, sky, world = flown(seed)
    places = {}
    for party in world.parties:
        fuse = world.node(party).stages.fuse
        found = set()
        for book in ([fuse.picture], fuse.own):
            for launch in (one for part in book for one in part.open):
                plots = observations(launch.evidence).plots[::7]
                of = Counter(flight_of(plot, sky.flights, places) for plot in plots)
                if not of:
                    continue
                ((name, most),) = of.most_common(1)
                assert most >= (1.0 - STRAY_SHARE) * len(plots), (party, of)
                if launch in fuse.picture.open:
                    assert name not in found, f"{party}: {name} has two events"
                    found.add(name)
        if party != "USA":
            assert len(found) == 8, f"{party} follows {sorted(found)}"


def test_the_korean_product_tells_of_eight_launches():
    """One launch id each in what partners get, whatever the scans are shared by."""
    _, _, world = flown(SEEDS[0])
    notices = {
        held.sealed.item.body.launch_id
        for held in bodies(world, "KOR", ItemHeld)
        if held.carriage is None and isinstance(held.sealed.item.body, LaunchNotice)
    }
    assert len(notices) == 8


def test_a_scan_of_several_objects_is_told_once():
    """Eight launches do not make eight items of one scan."""
    _, _, world = flown(SEEDS[0])
    seen = Counter(
        plot.plot_id
        for held in bodies(world, "KOR", ItemHeld)
        if held.carriage is None and hasattr(held.sealed.item.body, "plots")
        for plot in held.sealed.item.body.plots
    )
    assert len(seen) > 1_000
    assert set(seen.values()) == {1}


def test_what_others_tell_changes_no_own_item():
    """Own products depend on own sensors alone, of eight launches as of one."""
    _, _, shared = flown(SEEDS[0])
    _, _, alone = flown(SEEDS[0], sharing=False)
    for party in shared.parties:
        items = [
            [held for held in bodies(world, party, ItemHeld) if held.carriage is None]
            for world in (shared, alone)
        ]
        assert items[0] == items[1], party
        assert items[0]
