"""A run that is silent for long tells how far it is."""

import time

from beaconfire.exercise.pacing import Progress


def test_a_silence_is_broken_by_how_far_the_run_is():
    """Whoever waits at a terminal or reads a log sees that it goes on."""
    said: list[str] = []
    with Progress(said.append, silence_s=0.05) as progress:
        progress.say("simulating")
        progress.reached("T+05:20 of T+21:40")
        time.sleep(0.8)
        progress.say("writing the report")
        time.sleep(0.8)
    assert said[0] == "simulating"
    assert said[1] == "simulating: T+05:20 of T+21:40"
    assert "writing the report" in said
    assert said[-1] == "writing the report: 1 s so far"


def test_what_is_told_otherwise_needs_no_progress():
    """Lines of progress stand in silences alone, not between the news."""
    said: list[str] = []
    with Progress(said.append, silence_s=1.5) as progress:
        for _ in range(20):
            progress.heard()
            time.sleep(0.1)
    assert said == []
