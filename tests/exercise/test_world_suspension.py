"""Suspension: acts at any time, by either party, on any line, with nodes that die.

What a nation does after an act stands in its own journal is judged by that journal
alone. In every world here the lines carry again and all nodes run before the end.
"""

from tests.exercise.worlds import (
    APPROVALS,
    act,
    assert_settled,
    cut,
    lines,
    sightings,
    world,
)

SEEN = sightings(10, 40)
END_S = 75.0


def test_what_was_purged_before_the_partner_saw_anything_settles_as_withdrawn() -> None:
    """An epoch of which the partner never heard ends with the first receipt after."""
    made = world(
        acts=(*APPROVALS, act(20.0, "KOR", "suspend"), act(24.0, "KOR", "restore")),
        links=(*lines(), cut("KOR", "JPN", 5.0, 30.0)),
        seen=SEEN,
    )
    made.run(END_S)
    audited = assert_settled(made)
    assert audited.withdrawn > 0
