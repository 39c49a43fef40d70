"""Acts that wait for a partner: how many, and that none of them is lost."""

from collections.abc import Iterator

import pytest

from beaconfire.agreements import view
from beaconfire.seals.acts import act_id
from beaconfire.stages.link import telling
from beaconfire.vocabulary.entries.sightings import Bell
from beaconfire.vocabulary.link import WINDOW_MESSAGES
from tests.stages.partners_made import (
    TISA,
    act_of,
    receipt_note,
    receipt_text,
)
from tests.stages.test_acts_told import Party


@pytest.fixture
def japan() -> Iterator[Party]:
    """A node whose journal repeats all that the test made it do."""
    japan = Party()
    yield japan
    japan.check_replay()


def silent_korea(japan: Party, count: int) -> list[str]:
    """Fill Korea's window with acts, and have as many more done; return all their ids.

    Of each thing that approvals name one revocation, so that all are remembered.
    """
    done = []
    for number in range(WINDOW_MESSAGES + count):
        way = {"to": "USA", "via": "KOR", "item": f"item-{number}"}
        act = act_of("revoke", "JPN", agreement=TISA, issued_s=float(number), **way)
        japan.order(act, seconds=float(number))
        done.append(act_id(act))
    return done


def taken_by(japan: Party, to: str, *, seconds: float) -> list[str]:
    """Let a partner take and sign for all, again and again; return what it was told."""
    sending = japan.node.stages.link.partners[to].sending["notices"]
    told = [unit.id for message in sending.window for unit in message.units]
    while sending.window:
        text = receipt_text(receipt_note("JPN", to, sending))
        out = japan.receipt(text, partner=to, seconds=seconds)
        told += [one for one, _ in japan.told(out, to)]
    return told


def test_acts_that_wait_for_a_partner_are_bounded_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beyond the bound a person hears, once; who is back learns each of them."""
    japan = Party()
    monkeypatch.setattr(telling, "ACTS_WAITING_MAX", 4)
    done = silent_korea(japan, 9)
    korea = japan.node.stages.link.partners["KOR"]
    assert len(korea.sending["notices"].acts) == 4
    bells = [
        entry.body
        for turn in japan.turns
        for entry in turn.entries
        if isinstance(entry.body, Bell)
    ]
    assert {bell.role for bell in bells} == {"release officer"}
    assert [bell.text[:51] for bell in bells] == [
        f"4 acts wait for {to}, which has not taken them: those"[:51]
        for to in ("KOR", "USA")
    ]
    japan.check_replay()
    assert taken_by(japan, "KOR", seconds=100.0) == done
    assert korea.untold is None
    # Nothing is told twice, and what comes now goes at once.
    act = act_of("suspend", "JPN", issued_s=101.0)
    out = japan.order(act, seconds=101.0)
    assert japan.told(out, "KOR") == [(act_id(act), None)]
    assert not any(isinstance(body, Bell) for body in out)
    japan.check_replay()


def test_acts_of_one_instant_are_told_each_though_room_ends_between_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An instant is no name: what was recorded at the same one is not passed over."""
    japan = Party()
    monkeypatch.setattr(telling, "ACTS_WAITING_MAX", 2)
    done = silent_korea(japan, 3)
    for number in range(5):
        act = act_of("suspend", "USA", agreement=TISA, issued_s=float(number))
        japan.brought(act, "USA", seconds=50.0)
        done.append(act_id(act))
    assert sorted(taken_by(japan, "KOR", seconds=100.0)) == sorted(done)
    japan.check_replay()


def test_what_was_forgotten_before_it_was_told_is_waited_for_by_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A newer act of its party means the same: nothing is held for its receipt."""
    japan = Party()
    monkeypatch.setattr(telling, "ACTS_WAITING_MAX", 2)
    monkeypatch.setattr(view, "ACTS_KEPT_MAX", 2)
    silent_korea(japan, 2)
    for number, verb in enumerate(("suspend", "restore", "suspend", "contest")):
        act = act_of(verb, "USA", agreement=TISA, issued_s=50.0 + number)
        japan.brought(act, "USA", seconds=50.0 + number)
    korea = japan.node.stages.link.partners["KOR"]
    assert TISA in korea.awaited
    taken_by(japan, "KOR", seconds=100.0)
    assert korea.awaited == {}
    japan.check_replay()
