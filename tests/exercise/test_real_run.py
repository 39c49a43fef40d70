"""A real run: real servers, one real process a nation, one killed in the middle.

The flight is short so that the run is; everything else is the demo's.
"""

import asyncio
import os
import re
from importlib import resources

import pytest

from beaconfire.exercise.after_action.checker import check_delivery, plots_between_acts
from beaconfire.exercise.real import Kill, run_real
from beaconfire.exercise.scenario import parse_scenario
from beaconfire.exercise.simulated import sky_of
from beaconfire.journal.entry import encode_entry

pytestmark = pytest.mark.servers

SPEED = 20.0
SUSPENDED_S, RESTORED_S = 150, 230
KILL = Kill(party="JPN", at_s=260, restart_s=290)


def short_scenario():
    """Return the demo's scenario with a flight of some seven minutes."""
    name = "2022-10-04-gsomia-suspended.toml"
    place = resources.files("beaconfire.exercise") / "scenarios" / name
    text = place.read_text("utf-8")
    for pattern, value in (
        (r"apogee_km = \S+", "apogee_km = 250"),
        (r"range_km = \S+", "range_km = 900"),
        (r"powered_s = \S+", "powered_s = 75"),
        (r"at_s = 240\S*", f"at_s = {SUSPENDED_S}"),
        (r"at_s = 600\S*", f"at_s = {RESTORED_S}"),
    ):
        text, found = re.subn(pattern, value, text)
        assert found, pattern
    return parse_scenario(text, file=name)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run it once, with Japan's node killed and started again."""
    scenario = short_scenario()
    said = []
    ran = asyncio.run(
        run_real(
            scenario,
            sky_of(scenario, 1),
            tmp_path_factory.mktemp("real"),
            speed=SPEED,
            show=lambda picture, at: None,
            say=said.append,
            kills=(KILL,),
        )
    )
    assert "killing the node of JPN" in said
    return ran


def journals(run):
    """Return the journals as they are exported."""
    return {
        party: [encode_entry(e) for turn in turns for e in turn.entries]
        for party, turns in run.turns.items()
    }


def test_nothing_is_lost_duplicated_or_leaked_though_a_node_was_killed(run):
    """Both ends' journals close: every released unit ended, none is on its way."""
    delivery = check_delivery(journals(run))
    assert delivery.problems == ()
    assert delivery.settled, delivery
    assert delivery.delivered > 300


def test_no_plot_goes_to_japan_while_korea_has_suspended_the_agreement(run):
    """Between the two acts Korea journals no hand-over of plots to Japan."""
    leaks = plots_between_acts(
        journals(run)["KOR"], party="KOR", to="JPN", agreement="gsomia-jpn-kor-2016"
    )
    assert leaks == ()


def test_every_node_was_a_process_of_its_own_with_two_servers_and_a_solver(run):
    """Real at every joint: and all of them have ended."""
    kinds = {(p.party, p.kind) for p in run.processes}
    assert kinds == {
        (party, kind)
        for party in ("JPN", "KOR", "USA")
        for kind in ("node", "journal", "border", "solver")
    }
    for process in run.processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


def test_the_three_elements_reach_japan_through_the_united_states_meanwhile(run):
    """While the direct path is closed the relay under the arrangement goes on."""
    entries = [e for turn in run.turns["JPN"] for e in turn.entries]
    acts = [e for e in entries if e.kind == "act"]
    relayed = [
        e
        for e in entries
        if e.kind == "item"
        and e.body.carriage is not None
        and acts[0].at < e.at < acts[1].at
    ]
    assert relayed
    assert {e.body.carriage.via for e in relayed} == {"USA"}
