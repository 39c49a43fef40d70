"""What comes in a lane belongs there; what people sign counts wherever it comes."""

from collections.abc import Iterator

import pytest

from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.link import Lane
from tests.stages.partners_made import (
    Line,
    act_of,
    carried_act,
    item_of,
    only,
    track_of,
)
from tests.stages.test_ingest_partners import Told


class Lanes(Told):
    """Japan's node, with Korea's end of every lane."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[Lane, Line] = {}

    def line(self, lane: Lane) -> Line:
        """Return Korea's end of another lane, where it stands."""
        return self.lines.setdefault(lane, Line(lane=lane))


@pytest.fixture
def told() -> Iterator[Lanes]:
    """A node that must be as well after the test as before."""
    told = Lanes()
    yield told
    told.settle()


def test_an_item_comes_in_the_lane_of_its_form(told: Lanes) -> None:
    """A lane's window and order are for what belongs there; elsewhere it is refused."""
    for lane, item, form in (
        ("plots", track_of(), "track"),
        ("plots", item_of(), "notice"),
        ("tracks", item_of(), "notice"),
        ("notices", track_of(), "track"),
    ):
        line = told.kor if lane == "notices" else told.line(lane)
        made = line.send(line.carry(item))
        right = "tracks" if form == "track" else "notices"
        assert told.refuses_part(made, lane=lane) == (
            f"item `{item.id}` came in the lane `{lane}`: a {form} goes in `{right}`"
        )
    for lane, item in (("tracks", track_of()), ("notices", item_of())):
        line = told.kor if lane == "notices" else told.line(lane)
        assert only(ItemHeld, told.pull(line.send(line.carry(item)), lane=lane))


def test_an_act_counts_in_whatever_lane_it_comes(told: Lanes) -> None:
    """A suspension is its people's word: no wrapping may keep it from effect."""
    act = act_of("suspend")
    line = told.line("plots")
    out = told.pull(line.send(carried_act(act)), lane="plots")
    assert only(Act, out) == act
    restored = told.pull(
        line.send(carried_act(act_of("restore", issued_s=1.0))),
        lane="plots",
        seconds=1.0,
    )
    assert only(Act, restored).act == "restore"
