"""News: what whoever watches a node is told, in how many lines, and what is no news."""

import pytest
from msgspec.structs import replace

from beaconfire.runtime.news import LAUNCHES_MAX, News, act_told, is_news
from beaconfire.runtime.settings import SETTINGS
from beaconfire.stages.warn import begin, step
from beaconfire.stages.warn.stage import WITHOUT_AREA_S
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import LinkState, Tick
from beaconfire.vocabulary.entries.sightings import AlertDraft, Bell, LaunchEvent
from beaconfire.vocabulary.records import CaseClosed
from beaconfire.vocabulary.report import LaunchNotice, Retraction
from tests.stages.sightings_made import (
    area,
    at_s,
    entry,
    held,
    item,
    launch_point,
    profile,
)

LINES, WINDOW_S = SETTINGS.news_lines_max, SETTINGS.news_window_s
GSOMIA = "gsomia-jpn-kor-2016"


def draft(name: str = "launch-0001", version: int = 1, **changes: object) -> AlertDraft:
    """Return a draft of a launch of which no impact can be predicted."""
    made = AlertDraft(
        launch_id=name,
        version=version,
        certainty="Possible",
        area=None,
        overflight=(),
        sources=("JPN",),
        why="a launch was detected, first by JPN",
    )
    return replace(made, **changes)


def seen(news: News, body: EntryBody, now_s: float = 0.0) -> tuple[str, ...]:
    """Return what is told of one entry at a time."""
    return news.see(entry(body, 35.0), now_s)


def test_a_draft_is_told_with_place_and_time_and_as_of_an_exercise() -> None:
    """Where and when it comes down, how sure that is, and that nobody need flee."""
    (line,) = seen(News("EXERCISE"), draft())
    assert line == (
        "alert drafted, of an exercise, launch launch-0: Possible, no place yet; "
        "a launch was detected, first by JPN"
    )
    there = area(lat_deg=-42.004, impact_s=600.25)
    (line,) = seen(News("EXERCISE"), draft(certainty="Likely", area=there))
    assert "Likely, down at 42.00 S 178.00 E, 95 % within 40 x 20 km, at 20" in line
    when = str(at_s(600.25)).partition(".")[0]
    first, last = (str(at_s(s)).partition("T")[2][:8] for s in (580.25, 620.25))
    assert f"km, at {when}Z ({first}Z to {last}Z); a launch" in line
    (line,) = seen(News("EXERCISE"), draft(area=area(semi_major_m=800.0)))
    assert "95 % within 0.8 x 0.4 km, at" in line


@pytest.mark.parametrize(
    ("status", "of"), [("ACTUAL", ""), ("TEST", ", of a test")], ids=["actual", "test"]
)
def test_what_is_no_exercise_is_never_told_as_one(status, of) -> None:
    """An actual alert has no word before it that takes its weight."""
    (line,) = seen(News(status), draft())
    assert line.startswith(f"alert drafted{of}, launch launch-0: ")
    assert "exercise" not in line


def test_a_draft_that_reads_the_same_is_no_news_and_a_change_is() -> None:
    """Drafts are repeated against silence; who watches wants what changed."""
    news = News("EXERCISE")
    seen(news, draft())
    (line,) = seen(news, draft(version=2, certainty="Likely", area=area()))
    assert line.startswith("alert changed, of an exercise, launch launch-0: Likely")
    assert seen(news, draft(version=3, certainty="Likely", area=area())) == ()
    close = area(semi_major_m=40.01e3)
    assert seen(news, draft(version=4, certainty="Likely", area=close)) == ()
    moved = area(lat_deg=43.0)
    assert len(seen(news, draft(version=5, certainty="Likely", area=moved))) == 1


def test_the_end_that_the_warn_stage_writes_is_told_as_an_end() -> None:
    """In the stage's own words, whatever they become: it ends by its own clock."""
    state, news = begin(profile()), News("EXERCISE")
    opened = LaunchEvent(launch_id="launch-0001", first_seen=at_s(0.0), source="KOR")
    told = []
    for seconds, body in ((0.0, opened), (WITHOUT_AREA_S, Tick())):
        state, drafts = step(state, entry(body, seconds))
        for one in drafts:
            told += news.see(entry(one, seconds), seconds)
    assert [line.partition(",")[0] for line in told] == ["alert drafted", "alert ended"]
    assert told[-1].endswith("this is no all-clear")


def test_a_notice_is_told_by_whom_it_came_and_where_it_was_launched() -> None:
    """Ours as drafted, a partner's by its name and its relay; once for one content."""
    notice = LaunchNotice(launch_id="launch-0001", first_seen=at_s(35.0))
    placed = replace(notice, point=launch_point())
    news = News("EXERCISE")
    (own,) = seen(news, replace(held(item("i", notice, 36.0)), carriage=None))
    assert own.startswith("launch notice drafted, of an exercise, launch launch-0: ")
    assert f"first seen at {str(at_s(35.0))[:19]}Z" in own
    (theirs,) = seen(news, held(item("j", placed, 36.0, originator="USA"), via="KOR"))
    assert theirs.startswith("launch notice from USA via KOR, of an exercise")
    assert "launched at 40.60 N 126.40 E at 20" in theirs
    again = item("k", placed, 37.0, originator="USA")
    assert seen(news, held(again, via="KOR")) == ()


def test_what_is_history_is_no_notice() -> None:
    """What was stale on arrival warns nobody."""
    notice = LaunchNotice(launch_id="launch-0001", first_seen=at_s(35.0))
    assert seen(News("EXERCISE"), held(item("i", notice, 36.0), history=True)) == ()


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"act": "suspend"}, "SUSPENDED by KOR"),
        ({"act": "restore"}, "RESTORED by KOR"),
        ({"act": "notice"}, "NOTICE OF TERMINATION given by KOR"),
        ({"act": "notice-suspend"}, "notice of termination suspended by KOR"),
        ({"act": "withdraw"}, "notice of termination withdrawn by KOR"),
        ({"act": "contest"}, "its end contested by KOR"),
        (
            {"act": "approve", "to": "JPN", "via": "USA", "item_class": "Plots",
             "expires": at_s(0.0)},
            f"approved by KOR: Plots to JPN via USA, until {str(at_s(0.0))[:19]}Z",
        ),
        (
            {"act": "revoke", "to": "JPN", "via": "USA", "item": "x"},
            "approval REVOKED by KOR: item `x` to JPN via USA",
        ),
        (
            {"act": "declare", "record": CaseClosed(case="one")},
            "declared by KOR: CaseClosed",
        ),
    ],
    ids=lambda value: value["act"] if isinstance(value, dict) else "",
)  # fmt: skip
def test_an_act_is_told_by_who_did_what(told, line) -> None:
    """Every act there is, whoever's; an act that is done again is news again."""
    act = Act(agreement=GSOMIA, party="KOR", **told)
    news = News("EXERCISE")
    assert act_told(act) == f"{GSOMIA} {line}"
    assert seen(news, act) == (f"{GSOMIA} {line}",)
    assert seen(news, act) == (f"{GSOMIA} {line}",)


def test_a_line_is_told_when_it_changes_and_why() -> None:
    """Up, down, and nothing where it only is as it was; each partner's apart."""
    news = News("EXERCISE")
    up = LinkState(partner="KOR", up=True, reason="connected")
    down = LinkState(partner="KOR", up=False, reason="no answer")
    assert seen(news, up) == ("link from KOR up: connected",)
    assert seen(news, up) == ()
    assert seen(news, down) == ("link from KOR down: no answer",)
    usa = replace(up, partner="USA")
    assert seen(news, usa) == ("link from USA up: connected",)
    assert seen(news, up) == ("link from KOR up: connected",)


def test_a_bell_is_told_each_time_it_rings() -> None:
    """A person is to be told, of the same thing too."""
    news, bell = News("EXERCISE"), Bell(role="watch officer", text="look")
    assert seen(news, bell) == seen(news, bell) == ("bell for the watch officer: look",)


def test_a_salvo_is_cut_short_and_counted_and_hides_nothing_else() -> None:
    """So many lines of one kind in a window; each kind has a window of its own."""
    news = News("EXERCISE")
    told = [line for n in range(40) for line in seen(news, draft(f"launch-{n}"), 1.0)]
    assert len(told) == LINES
    suspend = Act(agreement=GSOMIA, act="suspend", party="KOR")
    assert len(seen(news, suspend, 2.0)) == 1
    assert news.due(1.0 + WINDOW_S - 0.1) == ()
    (count,) = news.due(1.0 + WINDOW_S)
    assert count.startswith(f"{40 - LINES} more not shown of: alerts (in ")
    assert news.due(1.0 + 2 * WINDOW_S) == ()
    later = 1.0 + WINDOW_S
    assert len(seen(news, draft("launch-x"), later)) == 1


def test_the_count_comes_before_what_is_told_in_the_next_window() -> None:
    """Also where nothing but the next entry wakes whoever prints; and at the end."""
    news = News("EXERCISE")
    for n in range(LINES + 2):
        seen(news, draft(f"launch-{n}"), 0.0)
    count, line = seen(news, draft("launch-x"), WINDOW_S)
    assert count.startswith("2 more not shown of: alerts")
    assert line.startswith("alert drafted")
    for n in range(LINES):
        seen(news, draft(f"launch-{n}y"), WINDOW_S)
    (rest,) = news.rest()
    assert rest.startswith("1 more not shown of: alerts")
    assert news.rest() == ()


def test_what_was_not_shown_is_told_when_a_later_draft_repeats_it() -> None:
    """A launch that fell out of a crowded window is not lost to who watches."""
    news = News("EXERCISE")
    for n in range(LINES + 1):
        seen(news, draft(f"launch-{n}"), 0.0)
    (_, line) = seen(news, draft(f"launch-{LINES}"), WINDOW_S)
    assert line.startswith("alert drafted")
    assert seen(news, draft("launch-0"), WINDOW_S) == ()


def test_what_is_remembered_is_bounded() -> None:
    """A partner may name launches without end; the oldest sentence gives way."""
    news = News("EXERCISE")
    seen(news, draft("launch-0"), 0.0)
    for n in range(1, LAUNCHES_MAX + 1):
        assert len(seen(news, draft(f"launch-{n}"), n * WINDOW_S)) == 1
    now_s = (LAUNCHES_MAX + 1) * WINDOW_S
    assert seen(news, draft(f"launch-{LAUNCHES_MAX}"), now_s) == ()
    assert len(seen(news, draft("launch-0"), now_s)) == 1


def test_the_filter_lets_pass_what_is_news_and_nothing_else() -> None:
    """Of a thousand entries a second hardly any may cost more than a look."""
    notice = LaunchNotice(launch_id="l", first_seen=at_s(0.0))
    retraction = Retraction(retracts="i", reason="wrong")
    bodies: list[tuple[EntryBody, bool]] = [
        (draft(), True),
        (Act(agreement=GSOMIA, act="suspend", party="KOR"), True),
        (LinkState(partner="KOR", up=True, reason="x"), True),
        (Bell(role="r", text="t"), True),
        (held(item("i", notice, 0.0)), True),
        (held(item("i", retraction, 0.0)), False),
        (Tick(), False),
        (LaunchEvent(launch_id="l", first_seen=at_s(0.0), source="JPN"), False),
    ]
    assert [is_news(body) for body, _ in bodies] == [wanted for _, wanted in bodies]
    for body, wanted in bodies:
        assert bool(News("TEST").see(entry(body, 0.0), 0.0)) == wanted
