"""Drafts: at once, then on change, and never silence or a passage nobody saw."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from beaconfire.stages.warn import WarnStage, begin, due, step
from beaconfire.stages.warn.changes import widened
from beaconfire.stages.warn.stage import (
    AFTER_WINDOW_S,
    SILENCE_S_MAX,
    WATCHES_MAX,
    WITHOUT_AREA_S,
)
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import Estimate, Tick
from beaconfire.vocabulary.entries.sightings import (
    AlertDraft,
    CueHeard,
    LaunchEvent,
    PlotsHeard,
)
from beaconfire.vocabulary.flight import FlightEstimate, SensorAccount
from beaconfire.vocabulary.motion import ImpactArea
from beaconfire.vocabulary.report import (
    ImpactPrediction,
    LaunchNotice,
    Retraction,
    TrackProduct,
)
from tests.stages.sightings_made import (
    area,
    at_s,
    cue,
    entry,
    estimate_of,
    flown,
    held,
    infrared,
    item,
    launch_point,
    profile,
    radar,
    state,
    tracklet,
)

NODE = profile(radar("r1"), infrared("ir1"))


class Drafts:
    """A warn stage, and the drafts that it wrote."""

    def __init__(self) -> None:
        self.state: WarnStage = begin(NODE)
        self.all: list[AlertDraft] = []

    def give(self, seconds: float, *bodies: EntryBody) -> list[AlertDraft]:
        """Fold entries and return what is drafted."""
        out: list[AlertDraft] = []
        queue = list(bodies)
        while queue:
            self.state, new = step(self.state, entry(queue.pop(0), seconds))
            for draft in new:
                assert isinstance(draft, AlertDraft)
                out.append(draft)
            queue[:0] = new
        self.all.extend(out)
        return out


def event(source: str = "JPN", name: str = "e1") -> LaunchEvent:
    """Return a launch event."""
    return LaunchEvent(launch_id=name, first_seen=at_s(35.0), source=source)


def picture(estimate: FlightEstimate | None, name: str = "e1") -> Estimate:
    """Return a picture's answer."""
    return Estimate(
        request="q",
        launch_id=name,
        product="picture",
        estimate=estimate,
        failed=None if estimate else "the worker ended",
    )


def ballistic(impact: ImpactArea, *sensors: str) -> Estimate:
    """Return a picture's answer with an impact, resting on some sensors' plots."""
    estimate = estimate_of(200.0, impact=impact)
    accounts = tuple(
        SensorAccount(id=name, plots=50, bias=None, verdict="used") for name in sensors
    )
    return picture(replace(estimate, sensors=accounts))


def warned() -> Drafts:
    """Return drafts of a launch that has an area since T+200."""
    drafts = Drafts()
    drafts.give(36.0, event())
    drafts.give(200.0, ballistic(area(), "r1"))
    return drafts


@pytest.mark.parametrize("source", ["JPN", "KOR"])
def test_the_first_draft_comes_with_the_event_whoever_told_us(source):
    """Possible, without an area, saying why; it waits for nothing and nobody."""
    (draft,) = Drafts().give(36.0, event(source))
    assert (draft.version, draft.certainty, draft.area) == (1, "Possible", None)
    assert draft.sources == (source,)
    assert draft.why == (
        f"a launch was detected, first by {source}; no impact can be predicted yet"
    )


def test_an_impact_in_the_picture_is_drafted_with_its_area_and_overflight():
    """In the step of the estimate, Likely, from our own estimate."""
    first, second = warned().all
    assert (first.version, second.version) == (1, 2)
    assert second.certainty == "Likely"
    assert second.area == area()
    assert second.overflight == estimate_of(200.0).path
    assert second.why == "the flight follows a ballistic arc, seen by JPN"


def test_an_own_products_estimate_is_not_the_picture():
    """The nation is warned from all that it holds, not from a part."""
    drafts = Drafts()
    drafts.give(36.0, event())
    own = Estimate(
        request="q",
        launch_id="e1",
        product="own:0",
        estimate=estimate_of(200.0, impact=area()),
    )
    assert drafts.give(40.0, own) == []


CHANGES = [
    (area(lat_deg=42.17), False),  # 18.9 km: under half of 40 km
    (area(lat_deg=42.19), True),  # 21.1 km
    (area(semi_major_m=40e3 * 1.2), False),  # 1.44 times the size
    (area(semi_major_m=40e3 * 1.23), True),  # 1.51 times
    (area(semi_major_m=40e3 / 1.23), True),
    (area(impact_s=1_321.0 + 19.0), False),  # the window is 40 s wide
    (area(impact_s=1_321.0 + 21.0), True),
]


@pytest.mark.parametrize(("impact", "new"), CHANGES)
def test_a_further_version_is_written_on_material_change_alone(impact, new):
    """Moved by half its length, half again as large or small, or at another time."""
    drafts = warned()
    out = drafts.give(210.0, ballistic(impact, "r1"))
    assert [draft.area for draft in out] == ([impact] if new else [])


def test_small_moves_add_up_to_a_version():
    """Compared with what was drafted, not with the estimate before."""
    drafts = warned()
    for step_number in range(1, 5):
        moved = area(lat_deg=42.0 + 0.05 * step_number)
        drafts.give(200.0 + step_number, ballistic(moved, "r1"))
    assert [draft.version for draft in drafts.all] == [1, 2, 3]
    assert drafts.all[-1].area == area(lat_deg=42.2)


def test_another_partys_data_is_a_version_and_named():
    """Who else sees it says how sure we are."""
    drafts = warned()
    (draft,) = drafts.give(205.0, ballistic(area(), "r1", "KOR/k1"))
    assert draft.sources == ("JPN", "KOR")
    assert drafts.give(206.0, ballistic(area(), "r1", "KOR/k1")) == []


def test_a_sensor_that_was_not_used_is_no_source():
    """A radar whose plots were all rejected tells us nothing."""
    drafts = Drafts()
    drafts.give(36.0, event("KOR"))
    accounts = (SensorAccount(id="r1", plots=5, bias=None, verdict="rejected"),)
    estimate = replace(estimate_of(200.0, impact=area()), sensors=accounts)
    (draft,) = drafts.give(200.0, picture(estimate))
    assert draft.sources == ("KOR",)


def track(originator: str, *, lineage: tuple[str, ...] = ("t",), history: bool = False):
    """Return a partner's track with a tracklet."""
    body = TrackProduct(
        launch_id="theirs",
        phase="ballistic",
        state=state(190.0),
        tracklet=tracklet(190.0, plots=30),
    )
    what = item("i", body, 190.0, originator=originator, lineage=lineage)
    return held(what, history=history)


def test_whose_tracklet_is_in_the_picture_is_a_source():
    """What was fused is named, whatever its form; what was not fused is not."""
    drafts = Drafts()
    drafts.give(36.0, event())
    bare = TrackProduct(launch_id="theirs", phase="ballistic", state=state(190.0))
    drafts.give(190.0, track("USA"), held(item("j", bare, 190.0)))
    drafts.give(191.0, track("KOR", history=True))
    (draft,) = drafts.give(200.0, ballistic(area(), "r1"))
    assert draft.sources == ("JPN", "USA")


def test_an_own_cue_makes_us_a_source():
    """The picture rests on it."""
    drafts = Drafts()
    drafts.give(36.0, event("KOR"))
    drafts.give(37.0, CueHeard(sensor="ir1", cue=cue("ir1", 36.0)))
    (draft,) = drafts.give(200.0, ballistic(area()))
    assert draft.sources == ("JPN", "KOR")


def test_an_open_draft_is_repeated_before_the_silence_is_too_long():
    """Every thirty seconds at the latest, with what is newest."""
    drafts = warned()
    newer = area(lat_deg=42.1)
    assert drafts.give(210.0, ballistic(newer, "r1")) == []
    assert due(drafts.state) == at_s(200.0 + SILENCE_S_MAX)
    assert drafts.give(200.0 + SILENCE_S_MAX - 0.1, Tick()) == []
    (draft,) = drafts.give(200.0 + SILENCE_S_MAX, Tick())
    assert draft.area == newer


def test_while_it_boosts_there_is_no_area():
    """An instantaneous impact point is not a prediction."""
    drafts = Drafts()
    drafts.give(36.0, event())
    boosting = estimate_of(60.0, impact=area(), phase="boost")
    (draft,) = drafts.give(60.0, picture(boosting))
    assert (draft.certainty, draft.area) == ("Possible", None)
    assert draft.why == "no impact can be predicted yet: it is still under thrust"
    assert drafts.give(61.0, picture(boosting)) == []


def test_an_orbit_is_said_to_be_one():
    """It has no impact at all."""
    drafts = Drafts()
    drafts.give(36.0, event())
    (draft,) = drafts.give(60.0, picture(estimate_of(60.0, phase="orbital")))
    assert draft.area is None
    assert "it goes into orbit" in draft.why


def test_a_sentence_that_only_counts_differently_is_no_news():
    """The cause is compared, not the words with their numbers."""
    drafts = Drafts()
    drafts.give(36.0, event())
    lost = estimate_of(60.0, phase="unknown", holds=False)
    assert len(drafts.give(60.0, picture(lost))) == 1
    other = replace(lost, impact_reason="7 different plots are too few")
    assert drafts.give(61.0, picture(other)) == []


LOST = [
    estimate_of(300.0, impact=area(lat_deg=43.0), holds=False),
    estimate_of(300.0, phase="boost"),
    estimate_of(300.0, phase="unknown", holds=False),
    estimate_of(300.0, phase="orbital"),
]


@pytest.mark.parametrize("lost", LOST, ids=["leaves", "thrust", "unknown", "orbit"])
def test_an_area_is_widened_and_never_vanishes(lost):
    """Where the model stops holding the last area stays, twice as wide, once."""
    drafts = warned()
    (draft,) = drafts.give(220.0, picture(lost))
    assert draft.certainty == "Possible"
    assert draft.area == widened(area())
    assert draft.area is not None
    assert draft.area.ellipse95.semi_major_m == 80e3
    assert draft.area.time_window95 == (at_s(1_281.0), at_s(1_361.0))
    assert draft.area.covariance_en_t[0][0] == 4e8
    assert "the ballistic model no longer holds" in draft.why
    assert "no passage is claimed" in draft.why
    assert drafts.give(221.0, picture(lost)) == []
    (back,) = drafts.give(232.0, ballistic(area(), "r1"))
    assert (back.certainty, back.area) == ("Likely", area())


def test_a_failed_estimate_changes_nothing():
    """Neither a new version, nor what the next one says."""
    drafts = warned()
    assert drafts.give(210.0, picture(None)) == []
    (draft,) = drafts.give(200.0 + SILENCE_S_MAX, Tick())
    assert draft.area == area()


def test_a_partners_prediction_is_never_our_area():
    """Not its area, time or path: a draft with it is a draft without it."""
    theirs = ImpactPrediction(launch_id="theirs", area=area(lat_deg=10.0))
    notice = LaunchNotice(
        launch_id="theirs", first_seen=at_s(30.0), point=launch_point(lat_deg=10.0)
    )
    with_it, without = Drafts(), Drafts()
    for drafts in (with_it, without):
        drafts.give(36.0, event("KOR"))
        if drafts is with_it:
            drafts.give(37.0, held(item("a", theirs, 36.5)))
            drafts.give(37.0, held(item("b", notice, 36.5)))
        drafts.give(200.0, ballistic(area(), "r1"))
        if drafts is with_it:
            drafts.give(201.0, held(item("c", theirs, 200.5)))
        drafts.give(240.0, Tick())
    assert with_it.all == without.all


def test_a_retraction_by_a_source_is_told_in_our_words():
    """Once, without its text; the area stands until an estimate moves it."""
    drafts = warned()
    drafts.give(205.0, ballistic(area(), "r1", "KOR/k1"))
    wrong = Retraction(retracts="x", reason="TEXT OF THEIRS")
    (draft,) = drafts.give(206.0, held(item("r", wrong, 205.9)))
    assert draft.why == "KOR has retracted a report; what is drafted stands"
    assert draft.area == area()
    assert drafts.give(207.0, held(item("r2", wrong, 206.9))) == []
    stranger = held(item("r3", wrong, 207.0, originator="USA"))
    assert drafts.give(208.0, stranger) == []


def test_a_retraction_that_comes_as_history_changes_no_draft():
    """It is of what nobody warns of any more: the picture alone lets go of it."""
    drafts = warned()
    drafts.give(205.0, ballistic(area(), "r1", "KOR/k1"))
    wrong = Retraction(retracts="x", reason="TEXT OF THEIRS")
    late = held(item("r", wrong, 205.9), history=True)
    assert drafts.give(206.0, late) == []


def test_the_last_draft_claims_no_passage_and_no_all_clear():
    """After the window, once; nothing observed that it came down."""
    drafts = warned()
    end = 1_341.0 + AFTER_WINDOW_S
    out = drafts.give(end, Tick())
    assert len(out) == 1
    assert out[0].certainty == "Possible"
    assert out[0].area == area()
    assert out[0].why == (
        "the time for which anything was predicted has passed; nothing of it was "
        "observed: this is no all-clear"
    )
    assert drafts.give(end + 100.0, Tick(), ballistic(area(), "r1")) == []
    assert due(drafts.state) is None


def test_a_launch_without_an_area_ends_as_well():
    """Half an hour after it was known."""
    drafts = Drafts()
    drafts.give(36.0, event())
    (draft,) = drafts.give(36.0 + WITHOUT_AREA_S, Tick())
    assert draft.area is None
    assert due(drafts.state) is None


def test_launches_are_drafted_apart():
    """Each has its own versions, area and end."""
    drafts = Drafts()
    drafts.give(36.0, event(name="e1"), event(name="e2"))
    drafts.give(50.0, event(name="e1"))
    drafts.give(200.0, ballistic(area(), "r1"))
    versions = [(draft.launch_id, draft.version) for draft in drafts.all]
    assert versions[:2] == [("e1", 1), ("e2", 1)]
    assert ("e1", 2) in versions
    assert all(d.area is None for d in drafts.all if d.launch_id == "e2")


def test_the_number_of_watched_launches_is_bounded():
    """The oldest gives way; a flood of events fills no memory."""
    drafts = Drafts()
    for number in range(3 * WATCHES_MAX):
        drafts.give(36.0, event(name=f"e{number}"))
    assert len(drafts.state.watches) == WATCHES_MAX
    assert len(drafts.all) == 3 * WATCHES_MAX


ESTIMATES: Iterable[FlightEstimate] = (
    estimate_of(200.0, impact=area()),
    estimate_of(200.0, impact=area(lat_deg=43.0)),
    estimate_of(200.0, impact=area(semi_major_m=90e3)),
    *LOST,
)
HAPPENING = st.one_of(
    st.sampled_from([picture(estimate) for estimate in ESTIMATES]),
    st.just(picture(None)),
    st.just(Tick()),
    st.just(PlotsHeard(sensor="r1", plots=(flown("r1", 60.0),))),
    st.just(track("KOR")),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 20.0), HAPPENING), max_size=60))
def test_whatever_happens_versions_count_up_and_no_area_vanishes(happenings):
    """And the silence is never longer than its budget while anything is heard."""
    drafts, seconds, spoken = Drafts(), 36.0, [36.0]
    drafts.give(seconds, event())
    for wait_s, body in happenings:
        seconds += wait_s
        drafted = drafts.give(seconds, body)
        spoken.extend(seconds for _ in drafted)
        assert seconds - spoken[-1] < SILENCE_S_MAX
    assert [d.version for d in drafts.all] == list(range(1, len(drafts.all) + 1))
    areas = [draft.area for draft in drafts.all]
    known = next((n for n, one in enumerate(areas) if one is not None), len(areas))
    assert None not in areas[known:]
    assert all((d.certainty == "Likely") <= (d.area is not None) for d in drafts.all)
    assert "Observed" not in {draft.certainty for draft in drafts.all}
