"""Circles: whatever is consented to, some text is left under which things can leave."""

from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.agreements.amendment import amendments, circle_flaw, successor_flaw
from beaconfire.agreements.conditions import Sender
from beaconfire.agreements.entitled import entitled
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.status import status_of
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.records import Amendment
from beaconfire.vocabulary.times import Instant
from tests.agreements.agreements_made import agreement, permit

PARTIES = ("JPN", "KOR")
NAMES = "abcde"
NOW = Instant.parse("2030-01-01T00:00:00Z")
SINCE = {name: NOW.plus_s(86_400.0 * (1 + NAMES.index(name))) for name in NAMES}
AFTER_ALL = NOW.plus_s(86_400.0 * 10)
TEXTS = {
    name: replace(
        agreement(permit(1, Sender(("JPN",)))), id=name, in_force_from=SINCE[name]
    )
    for name in NAMES
}


def consent(by, old, new, *, at_s=0.0):
    """A party's declaration that a text takes another's place, in the future."""
    return Act(
        agreement=old, act="declare", party=by, issued=NOW.plus_s(at_s),
        record=Amendment(text=new, since=SINCE[new]),
    )  # fmt: skip


def flaw_of(act, known):
    """Why this desk would refuse the consent, by all that it asks of a circle."""
    return (
        entitled(TEXTS[act.agreement], act, known)
        or successor_flaw(TEXTS[act.agreement], act.record, tuple(TEXTS.values()))
        or circle_flaw(
            act.agreement, act.record, register=known.register, party=act.party
        )
    )


def after(*acts):
    """The standing after acts that were not asked about."""
    known = Standing()
    for number, act in enumerate(acts):
        known = known.after(f"act-{number}", act, act.issued)
    return known


@pytest.mark.parametrize("length", [2, 3, 4, 5])
def test_the_consent_that_closes_a_circle_is_refused_and_names_it(length):
    """Two texts in each other's place, or more in a ring; both ends are named."""
    ring = NAMES[:length]
    steps = list(pairwise(ring))
    known = after(*[consent("JPN", old, new) for old, new in steps])
    told = " and ".join(f"`{new}` takes the place of `{old}`" for old, new in steps)
    last = consent("JPN", ring[-1], ring[0])
    assert flaw_of(last, known) == (
        f"JPN has consented that {told}: with `a` in the place of `{ring[-1]}` none of "
        "them would be left, and nothing could leave"
    )


def test_a_text_cannot_take_its_own_place():
    """The shortest circle."""
    assert flaw_of(consent("JPN", "a", "a"), Standing()) == (
        "a cannot take its own place"
    )


def test_of_several_circles_the_shortest_is_named():
    """Whoever reads it has the fewest consents to look at."""
    known = after(*(consent("JPN", *step) for step in ("ab", "ac", "cb")))
    told = flaw_of(consent("JPN", "b", "a"), known)
    assert told.startswith("JPN has consented that `b` takes the place of `a`: with")


def test_what_another_party_alone_consented_to_closes_no_circle():
    """Else one that wants the one text could keep us from ever wanting the other."""
    known = after(consent("KOR", "a", "b"))
    assert flaw_of(consent("JPN", "b", "a"), known) is None


DRAWN = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.lists(st.sampled_from(PARTIES), min_size=1, unique=True),
    ),
    max_size=16,
)


@given(DRAWN)
def test_whatever_is_consented_to_a_text_is_left_in_force(drawn):
    """No circle is in any party's consents, and nothing else is refused."""
    known = Standing()
    edges = {party: set() for party in PARTIES}
    for number, (old, new, parties) in enumerate(drawn):
        for party in parties:
            act = consent(party, old, new, at_s=number)
            would = _graph({*edges[party], (old, new)})
            refused = flaw_of(act, known) is not None
            assert refused == _has_circle(would)
            if not refused:
                edges[party].add((old, new))
                known = known.after(f"{party}-{number}", act, act.issued)
    states = {
        name: status_of(text, known, AFTER_ALL).state for name, text in TEXTS.items()
    }
    for name, text in TEXTS.items():
        whole = [one for one in amendments(text, known.register) if one.since]
        assert (states[name] == "amended") == bool(whole)
        # Following what took its place one comes to a text that is open.
        last, steps = name, 0
        while states[last] == "amended":
            last, steps = amendments(TEXTS[last], known.register)[0].text, steps + 1
            assert steps < len(NAMES)
        assert states[last] == "in force"


def _graph(edges):
    graph = TopologicalSorter()
    for old, new in edges:
        graph.add(new, old)
    return graph


def _has_circle(graph):
    try:
        graph.prepare()
    except CycleError:
        return True
    return False
