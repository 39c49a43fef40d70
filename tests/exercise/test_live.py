"""The live picture fits its terminal, and plain lines come where there is none."""

import io

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

from beaconfire.exercise.live import FRAME_HEIGHT_MIN, LiveView
from beaconfire.exercise.picture import Picture
from beaconfire.vocabulary.times import Instant

from .reports_made import LIFT_OFF, SCENARIO, draft, entries, event

PARTIES = ("AUS", "GBR", "JPN", "KOR", "NLD", "PHL", "USA")
DAY_S = 86_400.0


def terminal(width: int, height: int) -> Console:
    """Return a console that takes itself for a terminal of this size."""
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=height)


def crowded(parties: tuple[str, ...], news: list[str]) -> Picture:
    """Return the picture of nations with much to say, and this news of the first."""
    picture = Picture.of(parties)
    for party in parties:
        nation = picture.nations[party]
        nation.links = dict.fromkeys(parties, True)
        nation.suspended = {"gsomia-jpn-kor-2016", "tisa-2014"}
        nation.alert = "v3 Likely: " + "words of a draft " * 8
        for to in parties:
            for form in ("notice", "plots", "track"):
                nation.released[to, form, "tisa-2014:4(own)"] += 7
                nation.refused[to, form, "no article of tisa-2014 permits it"] += 7
                nation.received[to, form] += 7
    picture.news = [
        (LIFT_OFF.plus_s(10.0 * place), parties[0], said)
        for place, said in enumerate(news)
    ]
    return picture


@given(
    st.integers(FRAME_HEIGHT_MIN, 70),
    st.integers(40, 240),
    st.integers(1, len(PARTIES)),
    st.lists(st.integers(1, 60), min_size=1, max_size=40),
)
def test_a_frame_fits_every_terminal_and_has_the_newest_news(
    height, width, count, lengths
):
    """Whatever is cut is old or said elsewhere: never what has just come."""
    news = [f"news{place} " + "word " * words for place, words in enumerate(lengths)]
    console = terminal(width, height)
    view = LiveView(SCENARIO, console)
    picture = crowded(PARTIES[:count], news)
    assert view.show(picture, LIFT_OFF.plus_s(500.0))

    frame = view.frame(picture, LIFT_OFF.plus_s(500.0))
    rows = ["".join(s.text for s in row) for row in console.render_lines(frame)]

    assert len(rows) <= height
    assert max(map(len, rows)) <= width
    assert any(f"news{len(news) - 1} " in row for row in rows)


def test_a_terminal_of_a_common_size_shows_panels_and_news():
    """At 160 x 45, where three nations exchange everything, nothing is cut off."""
    console = terminal(160, 45)
    view = LiveView(SCENARIO, console)
    picture = crowded(PARTIES[:3], [f"news{n} came" for n in range(40)])
    with view:
        view.show(picture, LIFT_OFF)
    printed = console.file.getvalue()
    assert "agreements" in printed
    assert "╭" in printed
    for n in range(35, 40):
        assert f"news{n} came" in printed


def plain_lines(console: Console) -> str:
    """Return what a short exercise prints there."""
    picture = Picture.of(("JPN",))
    with LiveView(SCENARIO, console) as view:
        for entry in entries((-2.0 * DAY_S, event()), (40.5, draft()), (70.0, draft())):
            picture.see("JPN", entry)
        assert view.show(picture, LIFT_OFF)
        assert not view.show(picture, LIFT_OFF.plus_s(5.0)), "there was no news"
    return console.file.getvalue()


def test_without_a_terminal_there_are_plain_lines():
    """A pipe gets one line a piece of news: no frame, no colour, no wrapping."""
    printed = plain_lines(Console(file=io.StringIO(), width=30))
    assert printed.splitlines() == [
        "2022-10-01T22:22:00Z  JPN  launch known, by own sensors",
        "T+00:40  JPN  alert draft v1 Likely: made for a test",
    ]


def test_a_terminal_too_low_for_a_frame_gets_plain_lines():
    """Two rows cannot hold a head and news: lines scroll, and none is lost."""
    printed = plain_lines(terminal(80, FRAME_HEIGHT_MIN - 1))
    assert printed.count("\n") == 2
    assert "launch known, by own sensors" in printed


def test_people_read_whole_seconds():
    """A nanosecond tells a reader nothing, and hides the second."""
    picture = Picture.of(("JPN",))
    with LiveView(SCENARIO, console := terminal(160, 30)) as view:
        view.show(picture, Instant.parse("2022-10-03T22:26:00.167249040Z"))
    assert "2022-10-03T22:26:00Z" in console.file.getvalue()


def test_a_draft_that_says_the_same_again_is_no_news():
    """A new version with the same words has moved a time or an area: no line for it."""
    first, again = draft(), replace(draft(), version=2)
    other = replace(draft(), version=3, why="another reason")
    picture = Picture.of(("JPN",))
    for entry in entries((40.0, first), (70.0, again), (90.0, other)):
        picture.see("JPN", entry)
    assert [said for _, _, said in picture.take_news()] == [
        "alert draft v1 Likely: made for a test",
        "alert draft v3 Likely: another reason",
    ]
