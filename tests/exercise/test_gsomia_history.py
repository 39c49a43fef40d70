"""GSOMIA from 2016 to 2023, day by day: how it stood, and what flowed.

The shipped scenario's acts are done in one seeded world at their true instants, and on
each day the radars of Japan and Korea see something; the same days are asked on paper,
of the shipped file of acts. Both must tell what the page in the docs tells.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from beaconfire.agreements.decision import decide
from beaconfire.agreements.status import AgreementStatus, status_of
from beaconfire.errors import BadInput
from beaconfire.exercise.run import Options, run_exercise
from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.scenario_parts import Act as ScenarioAct
from beaconfire.exercise.scenario_parts import Scenario
from beaconfire.exercise.sensors import Sighting
from beaconfire.exercise.world import TICK_S, World
from beaconfire.runtime.act_files import fold, read_acts
from beaconfire.seals import codec
from beaconfire.vocabulary.entries.carriage import EpochEnd, HandOver, Receipt
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld, LaunchEvent
from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.times import Instant
from tests.exercise.worlds import (
    GSOMIA,
    agreements,
    bodies,
    cut,
    delivery,
    entries,
    plain,
    plot_line,
    solve,
)

ROOT = Path(__file__).parents[2]
ACTS = ROOT / "examples" / "gsomia-2016-2023" / "acts.jsonl"
PAGE = ROOT / "docs" / "guides" / "gsomia-2016-2023.md"
SCANS_S = range(10, 24)  # what the radars see on each of the days


@dataclass(frozen=True)
class Day:
    """A row of the page: an instant, how it stood, and whether plots went directly."""

    at: str
    state: str
    direct: bool = True
    contested: bool = False

    @property
    def instant(self) -> Instant:
        """The instant that is asked about."""
        return Instant.parse(self.at)


DAYS = (
    Day("2016-11-22T12:00:00+09:00", "not yet", direct=False),
    Day("2016-11-23T12:00:00+09:00", "in force"),
    Day("2017-08-29T06:00:00+09:00", "in force"),
    Day("2019-08-22T21:00:00+09:00", "in force"),
    Day("2019-08-24T12:00:00+09:00", "notice given"),
    Day("2019-11-22T17:30:00+09:00", "notice given"),
    Day("2019-11-22T18:30:00+09:00", "notice suspended"),
    Day("2019-11-23T00:00:00+09:00", "notice suspended"),
    Day("2020-08-26T12:00:00+09:00", "notice suspended", contested=True),
    Day("2022-10-04T07:24:00+09:00", "notice suspended", contested=True),
    Day("2023-03-16T18:00:00+09:00", "notice suspended", contested=True),
    Day("2023-03-22T12:00:00+09:00", "in force"),
)
# Had Korea not suspended its notice six hours before.
ENDED = (
    Day("2019-11-22T23:59:40+09:00", "notice given"),
    Day("2019-11-23T00:00:00+09:00", "terminated", direct=False),
    Day("2022-10-04T07:24:00+09:00", "terminated", direct=False),
    Day("2023-03-22T12:00:00+09:00", "terminated", direct=False),
)


def seen_on(day: Instant) -> list[Sighting]:
    """Return what both radars report on a day: something that climbs and comes near."""
    return [
        Sighting(
            at=day.plus_s(float(second)),
            party=party,
            sensor_id=sensor,
            stream="plots",
            lines=(
                plot_line(sensor, float(second)).replace(
                    str(plain().at(float(second))), str(day.plus_s(float(second)))
                ),
            ),
        )
        for second in SCANS_S
        for party, sensor in (("JPN", "jpn-radar-1"), ("KOR", "kor-radar-1"))
    ]


def solve_then(observations: Observations) -> FlightEstimate:
    """Answer as the small worlds do, of the day on which it was seen."""
    answer = solve(observations)
    assert answer.track is not None
    assert answer.impact is not None
    first = min(plot.time for plot in observations.plots)
    down = first.plus_s(90.0)
    return replace(
        answer,
        launch=replace(answer.launch, time=first.plus_s(-10.0)),
        track=replace(answer.track, epoch=first.plus_s(float(len(SCANS_S)))),
        impact=replace(
            answer.impact,
            time=down,
            time_window95=(down.plus_s(-5.0), down.plus_s(5.0)),
        ),
    )


def lived(scenario: Scenario, days: tuple[Day, ...]) -> World:
    """Run the scenario's acts through the years, with sightings on these days."""
    made = World(
        scenario,
        agreements(),
        [sighting for day in days for sighting in seen_on(day.instant)],
        seed=1,
        solver=solve_then,
    )
    made.run(days[-1].instant.seconds_since(scenario.epoch) + 120.0)
    return made


@cache
def history() -> World:
    """The history as it was."""
    return lived(load_scenario("gsomia-2016-2023"), DAYS)


@cache
def ended() -> World:
    """The history without what was done after the notice."""
    whole = load_scenario("gsomia-2016-2023")
    kept = tuple(act for act in whole.act if act.act in ("approve", "notice"))
    return lived(replace(whole, act=kept), ENDED)


def flowed(made: World, day: Day, party: str, to: str) -> tuple[bool, bool]:
    """Return whether plots went directly and elements by the hub, receipted."""
    end = day.instant.plus_s(100.0)
    direct = hub = False
    for journal, via in ((party, None), ("USA", "USA")):
        for entry in entries(made, journal):
            body = entry.body
            if not day.instant <= entry.at <= end:
                continue
            if not isinstance(body, Receipt) or not body.items:
                continue
            if (body.originator, body.via, body.to) == (party, via, to):
                direct = direct or (via is None and body.lane == "plots")
                hub = hub or via is not None
    return direct, hub


def status_on(day: Day) -> AgreementStatus:
    """Return how it stood on a day, by the shipped file of acts."""
    known = fold(read_acts(ACTS), agreements(), until=day.instant)
    assert known.passed_over == ()
    text = next(a for a in agreements() if a.id == GSOMIA)
    return status_of(text, known.standing, day.instant)


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.at[:16])
def test_each_day_of_the_history_comes_out_as_it_was(day: Day) -> None:
    """State and route: between two live nodes, and on paper by the file of acts."""
    status = status_on(day)
    assert (status.state, status.contested) == (day.state, day.contested)
    assert status.in_force is day.direct
    for party, to in (("JPN", "KOR"), ("KOR", "JPN")):
        assert flowed(history(), day, party, to) == (day.direct, True), (party, to)


@pytest.mark.parametrize("day", ENDED, ids=lambda day: day.at[:16])
def test_had_the_notice_run_only_the_way_through_the_hub_were_left(day: Day) -> None:
    """From 23 November 2019, midnight, nothing leaves directly; the elements go."""
    for party, to in (("JPN", "KOR"), ("KOR", "JPN")):
        assert flowed(ended(), day, party, to) == (day.direct, True), (party, to)
    refused = [
        body
        for body in bodies(ended(), "KOR", Refusal)
        if body.to == "JPN" and body.at >= ENDED[1].instant
    ]
    assert refused
    assert {body.articles for body in refused} == {(f"{GSOMIA}:21(3)",)}
    (notice,) = [e.id for e in entries(ended(), "JPN") if e.kind == "act"]
    assert {body.acts for body in refused} == {(notice,)}


def test_what_stands_at_the_border_at_midnight_is_called_back() -> None:
    """With the line cut over it: purged by the notice, and every unit settled."""
    whole = load_scenario("gsomia-2016-2023")
    midnight = ENDED[1].instant
    from_s = midnight.plus_s(-6.0).seconds_since(whole.epoch)
    made = lived(
        replace(
            whole,
            act=tuple(a for a in whole.act if a.act in ("approve", "notice")),
            link=tuple(
                cut(a, b, from_s, from_s + 40.0)
                for a, b in (("JPN", "KOR"), ("KOR", "JPN"))
            ),
        ),
        ENDED[:1],
    )
    for party, to in (("JPN", "KOR"), ("KOR", "JPN")):
        journal = entries(made, party)
        (notice,) = [e.id for e in journal if e.kind == "act"]
        ends = [e for e in journal if isinstance(e.body, EpochEnd) and e.body.to == to]
        assert ends
        assert {entry.body.act for entry in ends} == {notice}
        assert all(0.0 <= e.at.seconds_since(midnight) <= TICK_S for e in ends)
        direct = [
            entry.at
            for entry in journal
            if isinstance(entry.body, HandOver) and entry.body.items
            if (entry.body.to, entry.body.via) == (to, None)
        ]
        assert direct
        assert max(direct) < midnight
    audited = delivery(made)
    assert (audited.problems, audited.settled) == ((), True)
    assert audited.withdrawn > 0


def test_had_it_been_suspended_in_the_doubt_all_of_it_would_come_as_history() -> None:
    """Three years withheld: told when restored, used once, and no alarm of old days."""
    whole = load_scenario("gsomia-2016-2023")
    off, on = (
        Instant.parse(at).seconds_since(whole.epoch)
        for at in ("2020-01-01T00:00:00+09:00", "2023-03-21T18:00:00+09:00")
    )
    doubt = tuple(
        ScenarioAct(at_s=at_s, by="KOR", agreement=GSOMIA, act=does)
        for at_s, does in ((off, "suspend"), (on, "restore"))
    )
    acts = sorted((*whole.act, *doubt), key=lambda one: one.at_s)
    made = lived(replace(whole, act=tuple(acts)), DAYS)
    audited = delivery(made)
    assert (audited.problems, audited.settled) == ((), True)
    assert (audited.withheld, audited.undecided) == (0, 0)
    restored = whole.epoch.plus_s(on)
    for party, to in (("JPN", "KOR"), ("KOR", "JPN")):
        withheld = {
            body.item
            for body in bodies(made, party, Refusal)
            if GSOMIA in body.withheld
        }
        assert len(withheld) > 3 * len(SCANS_S)
        receipted = {
            item
            for body in bodies(made, party, Receipt)
            if body.to == to and body.via is None
            for item in body.items
        }
        assert withheld <= receipted
        came = [
            entry
            for entry in entries(made, to)
            if isinstance(entry.body, ItemHeld) and entry.body.carriage is not None
            if entry.body.sealed.item.id in withheld
        ]
        # What the hub had brought in its day was used then; the rest is history now.
        late = [entry.body for entry in came if entry.at >= restored]
        assert len({b.sealed.item.id for b in late}) == len(late) >= 3 * len(SCANS_S)
        assert all(body.carriage.history for body in late)
        assert any(entry.at < restored for entry in came)
        events = [e.at for e in entries(made, to) if isinstance(e.body, LaunchEvent)]
        assert not [at for at in events if restored <= at < DAYS[-1].instant]


def test_nobody_but_its_two_parties_heard_of_any_of_it() -> None:
    """The hub relayed through all these years and holds no act on the agreement."""
    text = "".join(
        codec.encode(entry.body).decode()
        for entry in entries(history(), "USA")
        if entry.kind in ("act", "link-arrival", "arrival")
    )
    assert GSOMIA not in text
    known = [
        [(e.id, e.body.act) for e in entries(history(), party) if e.kind == "act"]
        for party in ("JPN", "KOR")
    ]
    assert known[0] == known[1]
    assert [does for _, does in known[0]] == [
        "notice",
        "notice-suspend",
        "contest",
        "withdraw",
    ]


def test_the_file_of_acts_is_the_scenarios() -> None:
    """Same acts, same instants: one can be asked on paper and the other flown."""
    scenario = load_scenario("gsomia-2016-2023")
    written = [json.loads(line) for line in ACTS.read_text("utf-8").splitlines()]
    assert [
        (line["at"], line["body"]["party"], line["body"]["act"]) for line in written
    ] == [(str(scenario.at(act.at_s)), act.by, act.act) for act in scenario.act]


def test_the_page_tells_each_day_as_the_code_does() -> None:
    """A row a day: when, how it stood, by which act, and what flowed."""
    page = PAGE.read_text("utf-8")
    for day in DAYS:
        status = status_on(day)
        acts = ", ".join(f"`{act}`" for act in status.acts) or "none"
        state = f"{day.state}, contested" if day.contested else day.state
        flows = "directly, and by the hub" if day.direct else "by the hub alone"
        when = day.at[:16].replace("T", " ")
        assert f"| {when} | {state} | {acts} | {flows} |" in page


def test_a_decision_of_each_day_cites_the_article_and_the_act() -> None:
    """What `decide` prints for Korea's plots to Japan on paper."""
    item = codec.decode(
        (ROOT / "examples" / "items" / "Plots.json").read_bytes(), Item, what="item"
    )
    for day in DAYS:
        known = fold(read_acts(ACTS), agreements(), until=day.instant).standing
        answer = decide(
            replace(item, created=day.instant, valid_until=day.instant.plus_s(60.0)),
            sender=item.originator,
            to="JPN" if item.originator == "KOR" else "KOR",
            at=day.instant,
            agreements=agreements(),
            standing=known,
        )
        assert isinstance(answer, Release if day.direct else Refusal), day
        if not day.direct:
            assert answer.articles == (f"{GSOMIA}:21(3)",)
        assert answer.acts == status_on(day).acts


def test_real_nodes_do_not_live_through_years(tmp_path: Path) -> None:
    """They date what is done now, so the history would come out false: refused."""
    options = Options(seed=1, real=True, sharing=True, speed=20.0)
    with pytest.raises(BadInput, match="cannot live through `gsomia-2016-2023`"):
        run_exercise(
            load_scenario("gsomia-2016-2023"),
            tmp_path / "out",
            options,
            show=lambda *_: None,
            say=lambda _: None,
        )


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_flown(
    tmp_path: Path,
) -> None:
    """Nobody waits minutes for a report that has nowhere to go."""
    (tmp_path / "file").write_text("", "utf-8")
    said: list[str] = []
    options = Options(seed=1, real=False, sharing=True, speed=None)
    with pytest.raises(BadInput, match="cannot be made"):
        run_exercise(
            load_scenario("gsomia-2016-2023"),
            tmp_path / "file" / "out",
            options,
            show=lambda *_: None,
            say=said.append,
        )
    assert said == []
