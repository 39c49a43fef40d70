"""The report and the live picture tell what each nation lost, and saw as several."""

from msgspec.structs import replace

from beaconfire.exercise.after_action.story import tell
from beaconfire.exercise.after_action.tables import states_table
from beaconfire.exercise.picture import Picture
from beaconfire.vocabulary.entries.decisions import Refusal
from beaconfire.vocabulary.entries.sightings import LaunchState
from beaconfire.vocabulary.sight import Group, MissedLooks, SensorCount, Sight

from .reports_made import FLIGHTS, LIFT_OFF, SCENARIO, entries, estimated, event

LOST = LaunchState(
    launch_id="l",
    sight=Sight(
        state="lost",
        since=LIFT_OFF.plus_s(300.0),
        last_seen=LIFT_OFF.plus_s(300.0),
        missed=(MissedLooks(sensor="jpn-1", looks=6, reports=True),),
        chance=1e-6,
        reason="missed where it was to be visible, by jpn-1 (6 looks)",
    ),
    group=Group(
        at_least=2,
        rests_on=(SensorCount(sensor="jpn-1", count=2, scans=25),),
        reason="at least 2 objects",
    ),
)


def told(*bodies):
    """Return the story of Japan's journal alone."""
    return tell(
        SCENARIO,
        journals={"JPN": entries(*bodies)},
        journals_without=None,
        flights=FLIGHTS,
        speed=1.0,
    )


def test_a_loss_stands_in_the_report_with_its_time_and_reason():
    """Beside when each nation knew: when it did not see any more."""
    shown = states_table(told((40.0, event()), (180.0, estimated()), (309.0, LOST)))
    for said in ("JPN", "309.0", "lost", "at least 2", "by jpn-1 (6 looks)"):
        assert said in shown


DOUBTED = LaunchState(
    launch_id="l",
    sight=None,
    group=None,
    doubt="`a` and `b` each see alone what the other does not see",
)


def test_a_contradiction_stands_in_the_report_and_its_areas_do_not_count():
    """What was withheld from people is no area of the nation's."""
    story = told((40.0, event()), (170.0, DOUBTED), (180.0, estimated()))
    assert "doubted: `a` and `b` each see alone" in states_table(story)
    assert story.without["JPN"].predicted == []
    ended = replace(DOUBTED, doubt=None)
    story = told((170.0, DOUBTED), (175.0, ended), (180.0, estimated()))
    assert len(story.without["JPN"].predicted) == 1


def test_the_live_picture_tells_a_contradiction_once_and_withholds_the_area():
    """An estimate's own area is not the picture's."""
    picture = Picture.of(("JPN",))
    for entry in entries(
        (150.0, estimated()), (160.0, DOUBTED), (161.0, DOUBTED), (162.0, estimated())
    ):
        picture.see("JPN", entry)
    assert picture.nations["JPN"].area is None
    assert [said for _, _, said in picture.take_news()] == [
        "impact area known",
        "a launch is doubted: `a` and `b` each see alone what the other does not see",
    ]


def test_where_nothing_was_lost_there_is_no_table():
    """An empty table would be read as a claim."""
    assert states_table(told((40.0, event()))) == ""


def test_the_live_picture_tells_a_loss_as_news():
    """A line when it happens; a group once."""
    picture = Picture.of(("JPN",))
    for entry in entries((40.0, event()), (309.0, LOST), (320.0, LOST)):
        picture.see("JPN", entry)
    lines = [line for _, _, line in picture.take_news()]
    said = "an object is lost: missed where it was to be visible, by jpn-1 (6 looks)"
    assert lines[1:] == [f"{said}; at least 2 objects in one", said]


def test_an_impact_area_is_news_once_for_each_launch():
    """One of two may have an area long before the other; it is not news again."""
    picture = Picture.of(("JPN",))
    other = replace(estimated(None), launch_id="other")
    for entry in entries(
        (150.0, estimated()), (151.0, other), (152.0, estimated()), (153.0, other)
    ):
        picture.see("JPN", entry)
    assert [said for _, _, said in picture.take_news()] == ["impact area known"]


def test_news_are_told_in_the_order_of_time_whoever_they_are_of():
    """A reader follows one clock, not one nation after the other."""
    picture = Picture.of(("JPN", "KOR"))
    early, late = entries((40.0, event()), (43.0, event()))
    picture.see("JPN", late)
    picture.see("KOR", early)
    assert [party for _, party, _ in picture.take_news()] == ["KOR", "JPN"]


def test_an_object_that_has_set_is_said_to_be_below_our_horizon():
    """`Set` alone is the estimator's word; a reader needs the horizon beside it."""
    assert LOST.sight is not None
    gone = replace(LOST, sight=replace(LOST.sight, state="set"), group=None)
    picture = Picture.of(("JPN",))
    for entry in entries((40.0, event()), (309.0, gone)):
        picture.see("JPN", entry)
    news = [said for _, _, said in picture.take_news()]
    assert news[-1].startswith("an object is below our horizon: ")
    assert ">below our horizon<" in states_table(told((40.0, event()), (309.0, gone)))


def test_the_table_of_states_explains_its_words():
    """Whoever reads it has not read the estimator."""
    shown = states_table(told((40.0, event()), (309.0, LOST)))
    assert "When a nation's own sensors" in shown.replace("&#x27;", "'")


def test_a_refusal_by_label_is_told_as_one():
    """The live picture says what the journal says, not that no article permits it."""
    reason = "the item's label makes it releasable to USA only"
    no = Refusal(
        item="i",
        form="plots",
        originator="JPN",
        to="KOR",
        via=None,
        at=LIFT_OFF,
        agreements=(),
        articles=(),
        acts=(),
        approval=None,
        reason=reason,
        would_need=(),
        considered=(),
    )
    picture = Picture.of(("JPN",))
    for entry in entries((40.0, no)):
        picture.see("JPN", entry)
    ((_, _, said),) = picture.take_news()
    assert said == f"refused plots to KOR: {reason}"
