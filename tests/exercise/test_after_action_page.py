"""The page stands alone, obeys nobody's words, and hides nothing that was found."""

import dataclasses
import re
import subprocess
import sys
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from beaconfire.exercise.after_action import pictures, traffic
from beaconfire.exercise.after_action.checker import Delivery, check_delivery
from beaconfire.exercise.after_action.figures import build_report, exported
from beaconfire.exercise.after_action.page import render
from beaconfire.exercise.after_action.report import ProcessLine, ReleaseLine, Report
from beaconfire.exercise.after_action.story import (
    ActTold,
    RefusalTold,
    Route,
    Story,
    suspensions,
    tell,
)
from beaconfire.exercise.after_action.summary import seconds, sentences
from beaconfire.vocabulary.acts import Act

from .flown import RESTORED_S, SEED, SUSPENDED_S, flown

GSOMIA = "gsomia-jpn-kor-2016"
HOSTILE = '"><script>alert("x")</script>&<img src=x onerror=y> $\\frac{1}{0}$ 秘 군사'


@cache
def parts() -> tuple[Report, Delivery, Story]:
    """Return report, delivery and story of the flown scenario."""
    run = flown()
    both = {"journals": run.with_sharing, "journals_without": run.without}
    flights = run.sky.flights
    return (
        build_report(run.scenario, SEED, "simulated", flights=flights, **both),
        check_delivery(exported(run.with_sharing)),
        tell(run.scenario, flights=flights, speed=1.0, **both),
    )


@cache
def page() -> str:
    """Return the page of the flown scenario."""
    return render(*parts())


@cache
def troubled_page() -> str:
    """Return the page of a real run that lost something."""
    report, delivery, story = parts()
    processes = (
        ProcessLine(party="JPN", kind="node", pid=4711, port=None),
        ProcessLine(party="JPN", kind="border", pid=4712, port=40_001),
    )
    broken = dataclasses.replace(
        delivery, lost=1, problems=("lost: item `i` to JPN from KOR",)
    )
    return render(replace(report, mode="real", processes=processes), broken, story)


def act(name: str, t_s: float, party: str = "KOR", agreement: str = GSOMIA) -> ActTold:
    """Return an act as the story tells it."""
    body = Act(agreement=agreement, act=name, party=party)  # type: ignore[arg-type]
    return ActTold(act=body, known_s={party: t_s})


def test_the_page_needs_nothing_but_itself():
    """No network, no script: it can be sent, kept and printed as one file."""
    text = page()
    namespaces = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert set(re.findall(r"\w+://[^\s\"'<>]+", text)) <= namespaces
    assert not re.search(r"<(script|link|img|iframe|object|image|base)\b", text)
    assert not re.search(r"\b(src|on\w+)\s*=", text)
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_the_page_says_that_it_is_an_exercise():
    """At its head, at its foot, in its title; and that the sensors are invented."""
    text = page()
    assert text.count('<div class="banner">EXERCISE</div>') == 2
    assert "<title>EXERCISE: after-action report" in text
    assert "sensor, its site" in re.sub(r"\s+", " ", text)
    assert "invented" in text


def test_the_page_shows_every_figure_with_its_title():
    """All seven figures, each with a title that a screen reader can say."""
    drawn = re.findall(r'<figure><h3>([^<]+)</h3><svg[^>]+aria-label="([^"]+)"', page())
    assert len(drawn) == 7
    assert all(title and label for title, label in drawn)


def test_the_ids_of_the_figures_never_meet():
    """Several figures share one page; a clip path of one must not cut another."""
    ids = re.findall(r'\bid="([^"]+)"', page())
    assert len(ids) == len(set(ids))
    used = set(re.findall(r"url\(#([^)]+)\)", page()))
    assert used <= set(ids)


def test_equal_stories_give_equal_pages():
    """No date, path, version or chance stands in a page."""
    assert render(*parts()) == page()
    assert "matplotlib" not in page().lower()


def test_hostile_words_stay_words():
    """Whatever a journal says is shown as text, and never obeyed."""
    report, delivery, story = parts()
    refusal = RefusalTold(
        originator="KOR",
        to="JPN",
        via=None,
        form="plots",
        articles=(HOSTILE,),
        reason=HOSTILE,
        count=1,
    )
    story = dataclasses.replace(
        story,
        refusals=(refusal,),
        acts=(act("suspend", 10.0, agreement=HOSTILE),),
    )
    delivery = dataclasses.replace(delivery, problems=(HOSTILE,))
    lines = tuple(replace(line, articles=(HOSTILE,)) for line in report.releases)

    text = render(replace(report, releases=lines), delivery, story)

    assert "<script" not in text
    assert "<img" not in text
    assert text.count("&lt;script&gt;") >= 5
    assert "秘 군사" in text
    assert "$\\frac{1}{0}$" in text  # not taken for a formula


def test_what_the_checker_found_is_on_the_page():
    """A broken account is said first and in capitals, and its findings are listed."""
    text = troubled_page()

    assert "THE ACCOUNTS DO NOT CLOSE: 1 lost, 0 duplicated, 0 leaked" in text
    assert "lost: item `i` to JPN from KOR" in text
    assert '<li class="bad"><b>1</b><span>lost</span>' in text
    assert "The checker has nothing to report." in page()


def test_an_exercise_in_which_nothing_happened_has_a_page():
    """Empty journals are told, not stumbled over."""
    run = flown()
    nobody = dict.fromkeys(run.scenario.parties, ())
    both = {"journals": nobody, "journals_without": nobody}
    flights = run.sky.flights
    text = render(
        build_report(run.scenario, SEED, "simulated", flights=flights, **both),
        check_delivery(exported(nobody)),
        tell(run.scenario, flights=flights, speed=1.0, **both),
    )
    for told in (
        "JPN never knew of the launch.",
        "never knew",
        "no impact was ever predicted",
        "nothing arrived",
        "Nothing was refused.",
        "No agreement was acted on.",
    ):
        assert told in text


def test_a_run_without_sharing_has_a_page():
    """It has one line a nation, and compares nothing."""
    run = flown()
    flights = run.sky.flights
    report = build_report(
        run.scenario,
        SEED,
        "simulated",
        journals=run.without,
        journals_without=None,
        flights=flights,
    )
    story = tell(
        run.scenario,
        journals=run.without,
        journals_without=None,
        flights=flights,
        speed=1.0,
    )
    text = render(report, check_delivery(exported(run.without)), story)

    assert "JPN without" in text
    assert "JPN with sharing" not in text
    assert "earlier by sharing" not in text


def test_a_real_run_shows_its_processes():
    """Who ran, as which process, on which port; and that latency is measured."""
    text = troubled_page()

    assert '<td class="n">4711</td>' in text
    assert "of the wall clock" in text
    assert "Processes" not in page()
    assert parts()[0].processes is UNSET


def test_the_acts_of_the_story_stop_the_direct_route():
    """From suspension to restoration nothing arrives directly; the relay goes on."""
    story = parts()[2]
    assert suspensions(story) == {GSOMIA: [(SUSPENDED_S, RESTORED_S)]}
    direct = Route(originator="KOR", to="JPN", via=None)
    relayed = Route(originator="KOR", to="JPN", via="USA")

    def between(route: Route, lane: str) -> list[float]:
        times = story.arrived_s.get((route, lane), [])  # type: ignore[call-overload]
        return [t for t in times if SUSPENDED_S + 0.1 < t < RESTORED_S]

    assert not between(direct, "plots")
    assert not between(direct, "tracks")
    assert between(relayed, "tracks")
    assert [t for t in story.arrived_s[direct, "plots"] if t > RESTORED_S]


def test_a_suspension_by_two_lasts_until_both_restore():
    """One party's restoration does not lift the other's suspension."""
    story = dataclasses.replace(
        parts()[2],
        acts=(
            act("suspend", 10.0, "KOR"),
            act("suspend", 20.0, "JPN"),
            act("restore", 30.0, "KOR"),
            act("restore", 40.0, "JPN"),
            act("suspend", 50.0, "JPN"),
        ),
    )
    assert suspensions(story) == {GSOMIA: [(10.0, 40.0), (50.0, None)]}


def test_the_summary_says_what_the_report_says():
    """Every nation has its sentence, and the account has the last word."""
    report, delivery, story = parts()
    said = sentences(report, delivery, story)

    gain = report.sharing_gain["JPN"].first_notice_s
    assert gain is not None
    japan = next(one for one in said if one.startswith("JPN"))
    assert f"({seconds(gain)} earlier by sharing)" in japan
    assert any(f"{GSOMIA} was suspended at 2 min 45.0 s" in one for one in said)
    assert said[-1].startswith("Every account closes")


@pytest.mark.parametrize(
    ("value_s", "told"),
    [(3.04, "3.0 s"), (59.96, "1 min 0.0 s"), (103.66, "1 min 43.7 s"), (-5, "-5.0 s")],
)
def test_times_are_said_in_minutes_and_seconds(value_s, told):
    """Sixty seconds are a minute, also after rounding."""
    assert seconds(value_s) == told


def test_arrivals_close_together_are_one_bar():
    """Thousands of plots would be thousands of marks: a bar says the same."""
    assert traffic.bars([1.0, 2.0, 11.0, 35.0]) == [(1.0, 10.0), (35.0, 2.0)]
    assert traffic.bars([]) == []


@given(
    st.lists(st.floats(0.0, 100.0), max_size=30),
    st.lists(st.floats(0.0, 100.0), max_size=4),
)
def test_no_bar_reaches_over_an_act(times, cuts):
    """A bar over a suspension would look like a leak, and hide one."""
    for start_s, length_s in traffic.bars(times, cuts):
        ends_s = start_s + length_s - 1e-9
        assert not any(start_s < cut < ends_s for cut in cuts)
    covered = traffic.bars(times, cuts)
    for t_s in times:
        assert any(start <= t_s <= start + length + 1e-9 for start, length in covered)


def test_the_page_says_which_run_is_real():
    """A real run is compared with a simulated one: nobody may take both for real."""
    text = troubled_page()
    assert "The run with sharing is real" in text
    assert "is simulated from the same draws" in text
    assert '<th class="n">without, simulated</th>' in text
    assert "Both runs, with sharing and without, are simulated" in page()
    assert "without, simulated" not in page()


def test_a_refusal_without_an_article_has_the_reason_that_was_journalled():
    """A label that refuses is no silence of the texts, and the page must not say so."""
    report, delivery, story = parts()
    reason = "the item's label makes it releasable to USA only"
    way = {"originator": "KOR", "to": "JPN", "via": None, "form": "plots"}
    refusal = RefusalTold(**way, articles=(), reason=reason, count=3)
    line = ReleaseLine(**way, outcome="refused", articles=(), count=3)
    text = render(
        replace(report, releases=(line,)),
        delivery,
        dataclasses.replace(story, refusals=(refusal,)),
    )
    assert text.count("the item&#x27;s label makes it releasable to USA only") == 2
    assert "silence</td>" not in text
    assert "no article permits it" not in text


def test_what_lies_years_before_the_launch_has_a_date():
    """Millions of seconds tell nobody when it was."""
    report, delivery, story = parts()
    acts = (
        act("notice", -98_295_720.0),
        act("notice-suspend", -90_422_520.0),
        act("contest", -66_511_320.0, "JPN"),
    )
    story = dataclasses.replace(story, acts=acts)
    text = render(report, delivery, story)
    assert ">2019-08-23T" in text
    assert "98,295" not in text
    said = sentences(report, delivery, story)
    assert any(f"KOR gave notice to end {GSOMIA} on 2019-08-23T" in one for one in said)
    assert any(one.startswith("KOR suspended its notice") for one in said)
    assert any(
        f"JPN contested how {GSOMIA} may end on 2020-08-25" in one for one in said
    )
    stood = f"Under {GSOMIA}, its notice suspended and its end contested, "
    assert any(one.startswith(stood) for one in said)


def test_people_read_no_fractions_of_a_second_in_an_instant():
    """The journals keep them; a page is read by people."""
    assert not re.search(r"\d{2}:\d{2}:\d{2}\.\d+Z", page())


def test_a_salvo_says_of_which_launch_a_nation_knew():
    """Seconds after *a* lift-off say nothing when there are several."""
    report, delivery, story = parts()
    second = dataclasses.replace(
        story.flights[0],
        launch_id="another",
        lift_off=story.flights[0].lift_off.plus_s(60.0),
    )
    story = dataclasses.replace(story, flights=(*story.flights, second))
    said = sentences(report, delivery, story)
    first = story.flights[0].launch_id
    assert any(f"after {first}, the first, had lifted off" in one for one in said)
    assert pictures.end_s(story) == 60.0 + second.end_s


def test_the_checker_and_the_figures_load_no_plotting_library():
    """Who only audits or measures does not pay for drawing."""
    code = (
        "import sys, beaconfire.exercise.after_action.figures\n"
        "sys.exit('matplotlib' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], check=False)
    assert result.returncode == 0
