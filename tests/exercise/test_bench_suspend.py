"""The suspension bench: what it counts is what the journals and the border hold."""

import asyncio
import os
import signal
from dataclasses import replace

import pytest

from beaconfire.exercise.after_action.checker import Delivery
from beaconfire.exercise.bench import pair, suspend, trio
from beaconfire.exercise.bench.border_witness import Purged, Seen
from beaconfire.exercise.bench.suspended import Bite, read_bite
from beaconfire.exercise.node_process import NodeProcess
from beaconfire.journal.entry import Entry
from beaconfire.runtime import processes
from beaconfire.runtime.clock import WallClock
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries import kind_of
from beaconfire.vocabulary.entries.carriage import Arrival, EpochEnd, HandOver
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.link import (
    ZERO_DIGEST,
    EpochHead,
    LinkHeader,
    Part,
)
from beaconfire.vocabulary.report import Retraction
from beaconfire.vocabulary.times import Instant
from tests.stages import sightings_made as made

NOW = Instant.parse("2030-01-01T00:00:00Z")
TEXT = "bench-kor-jpn"


def at(ms):
    """An instant so many milliseconds after the act's."""
    return NOW.plus_s(ms / 1_000.0)


def entries(*rows):
    """Number the bodies of a journal, each with its instant."""
    return [
        Entry(
            turn=seq, seq=seq, id=f"{seq}.0", at=when, by="link", kind=kind_of(body),
            cause=(), body=body,
        )
        for seq, (when, body) in enumerate(rows, 1)
    ]  # fmt: skip


def act(name):
    """What KOR's people order."""
    return Act(agreement=TEXT, act=name, party="KOR")


def handed(number, *, to="JPN", epoch=1, items=("i",)):
    """A hand-over of plots."""
    return HandOver(
        originator="KOR", to=to, via=None, lane="plots", epoch=epoch, number=number,
        items=items, acts=(), header="", hash=ZERO_DIGEST,
    )  # fmt: skip


def came(number, *, epoch=1, again=False):
    """The partner took a message of plots."""
    return Arrival(
        originator="KOR", to="JPN", via=None, lane="plots", epoch=epoch, number=number,
        hash=ZERO_DIGEST, items=("i",), acts=(), quarantined=(), repeated=(),
        again=again,
    )  # fmt: skip


def ended(number):
    """The lane's first epoch ended."""
    return EpochEnd(
        to="JPN", lane="plots", agreement=TEXT, act=None, reason="",
        head=EpochHead(epoch=1, number=number, hash=ZERO_DIGEST),
    )  # fmt: skip


def header(number, *, epoch=1, sent_ms=-1, items=1):
    """What was laid at the border."""
    part = Part(kind="item", id="i", digest=ZERO_DIGEST)
    return LinkHeader(
        sender="KOR", recipient="JPN", originator="KOR", lane="plots", epoch=epoch,
        number=number, previous=ZERO_DIGEST, sent=at(sent_ms), parts=(part,) * items,
    )  # fmt: skip


SENDER = (
    (at(-2), handed(1)),
    (at(-1), handed(2)),
    (at(0), act("suspend")),
    (at(0), ended(2)),
    (at(0), handed(1, epoch=2, items=())),
    (at(5), handed(7, to="USA")),
    (at(90), act("restore")),
    (at(95), handed(2, epoch=2)),
)
LATER = Retraction(retracts="i", reason="test")
PURGE = Purged(at=at(12), lane="plots", messages=2)
NONE = frozenset()
GONE = frozenset({"plots"})


def bite(sender=SENDER, partner=(), purged=(PURGE,), laid=()):
    """Read one suspension of JPN's text."""
    return read_bite(
        "JPN",
        TEXT,
        sender=entries(*sender),
        partner=entries(*partner),
        border=Seen(list(purged), list(laid)),
    )


def test_a_suspension_is_timed_from_its_entry_to_the_borders_own_word():
    """The purge's instant is the server's, the act's is the journal's."""
    read = bite()
    assert read.purged_ms == pytest.approx(12.0)
    assert (read.stood, read.unpurged, read.hand_overs_after) == (2, 0, 0)


def test_a_hand_over_behind_the_act_counts_and_one_to_another_does_not():
    """An empty first message of the new epoch carries nothing; nor does a later one."""
    late = (*SENDER[:5], (at(1), handed(3)), *SENDER[5:])
    assert bite(sender=late).hand_overs_after == 1


def test_a_lane_that_was_never_purged_is_counted_and_has_no_time():
    """Without a purge there is nothing to time, and that must not look fast."""
    read = bite(purged=())
    assert (read.purged_ms, read.unpurged) == (None, 1)


def test_what_still_came_is_counted_by_lane_and_each_message_once():
    """Of the old window, after the act; not repeats, not what came before."""
    partner = (
        (at(-1), came(1)),
        (at(3), came(2)),
        (at(4), came(2, again=True)),
        (at(5), came(1, epoch=2)),
    )
    assert bite(partner=partner).more == {"plots": 1}


@pytest.mark.parametrize(
    ("laid", "late"),
    [
        ((header(2), NONE), 0),  # on its way when the act was journalled
        ((header(2), GONE), 1),  # behind the purge: it would stay there
        ((header(1, epoch=2, sent_ms=0, items=0), GONE), 0),  # opens the new epoch
        ((header(2, epoch=2, sent_ms=3), NONE), 1),  # handed over while suspended
        ((header(9, epoch=2, sent_ms=3), GONE), 1),
    ],
)
def test_an_item_laid_too_late_counts(laid, late):
    """A message of the old window may be on its way; nothing else may have items."""
    assert bite(laid=[laid]).laid_after == late


def test_the_rate_is_that_of_what_the_journal_holds_before_the_act():
    """A steady thousand a second is one, though ten are on their way at the act."""
    own = ItemHeld(sealed=made.held(made.item("i", LATER, 0.0)).sealed)
    theirs = made.held(made.item("j", LATER, 0.0))
    flow = tuple((at(-ms), body) for ms in range(500, 9, -1) for body in (own, theirs))
    assert bite(sender=(*flow, *SENDER[2:])).items_per_s == pytest.approx(1_000.0)
    assert bite().items_per_s == 0.0


def test_a_journal_without_the_suspension_is_not_read_as_a_quick_one():
    """Then nothing was measured, and it is the bench's own mistake."""
    with pytest.raises(AssertionError, match="no `suspend`"):
        bite(sender=SENDER[:2])


AUDITED = Delivery(
    released=10, delivered=8, receipts=8, lost=0, duplicated=0, leaked=0, refused=0,
    withdrawn=2, expired=0, waiting=0, sent_fate_unknown=0, quarantined=0, withheld=0,
    undecided=0, deferred=0, taken_back=0, problems=(),
)  # fmt: skip
BITE = Bite(
    to="JPN", hand_overs_after=0, laid_after=0, purged_ms=10.0, stood=3, unpurged=0,
    more={"plots": 3}, items_per_s=900.0,
)  # fmt: skip


def figures(*bites, audited=AUDITED):
    """Return the figures by name."""
    made = suspend.report(suspend.Load(), bites, audited).figures
    return {figure.name: figure for figure in made}


def test_each_partner_is_judged_by_itself():
    """A quick partner does not hide a slow one, nor a full lane an empty one."""
    slow = replace(BITE, to="USA", purged_ms=60.0, more={"plots": 33, "tracks": 1})
    rows = figures(BITE, slow)
    p99 = "window purged after, p99"
    assert rows[f"JPN reads: {p99}"].verdict == "met"
    assert rows[f"USA is stopped: {p99}"].verdict == "missed"
    most = "messages of a lane that it still took, most"
    assert rows[f"JPN reads: {most}"].measured == 3.0
    assert rows[f"USA is stopped: {most}"].verdict == "missed"
    assert rows["items made a second, median"].verdict == "missed"


def test_nothing_found_to_purge_is_a_miss_and_not_a_quick_purge():
    """A bench that always finds an empty window has shown nothing."""
    rows = figures(replace(BITE, purged_ms=None), replace(BITE, to="USA"))
    p99 = rows["JPN reads: window purged after, p99"]
    assert (p99.measured, p99.verdict) == (None, "missed")


def test_what_the_audit_finds_is_a_goal_missed():
    """Also what it cannot put under a name."""
    audited = replace(AUDITED, lost=1, waiting=2, problems=("lost: …", "other"))
    rows = figures(BITE, audited=audited)
    for name in (
        "units lost",
        "units without an ending",
        "other findings of the audit",
    ):
        assert rows[name].verdict == "missed", name
    assert rows["units leaked"].verdict == "met"


@pytest.mark.servers
def test_a_suspension_bites_on_real_nodes_while_one_stands_still(tmp_path):
    """Small: nothing handed over behind the act, nothing lost; no time is judged."""
    load = suspend.Load(rate_hz=100.0, rounds=1, before_s=1.0, after_s=0.2, warm_s=1.5)
    bench = suspend.run(tmp_path, load, say=lambda text: None)
    rows = {figure.name: figure for figure in bench.figures}
    for figure in rows.values():
        if figure.goal == 0.0:
            assert figure.measured == 0.0, (figure.name, bench.text)
        if "still took" in figure.name:
            assert figure.verdict == "met", figure.name
    assert rows["items made a second, median"].measured > 0.0
    # Its window is full when the act comes, whatever the machine does.
    found = rows[f"{trio.STOPPED} is stopped: suspensions that found a window"]
    assert found.measured == 1.0
    assert rows[f"{trio.STOPPED} is stopped: window purged after, p50"].measured > 0.0


@pytest.mark.servers
def test_a_node_that_stands_still_can_be_stopped(tmp_path):
    """It would never hear the request: it is let go on for that."""

    async def tried() -> None:
        scenario = pair.pair_scenario(20.0)
        staged = pair.stage_pair(scenario, tmp_path, now=WallClock().now())
        node = NodeProcess(staged[pair.SENDER].directory)
        await node.start()
        record = processes.record_of(node.pid)
        assert record is not None
        node.pause()
        async with asyncio.timeout(15.0):
            await node.stop()
        assert not processes.is_alive(record)
        with pytest.raises(ProcessLookupError):
            os.kill(record.pid, signal.SIGCONT)

    asyncio.run(tried())
