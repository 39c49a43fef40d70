"""Receipts: believed under the partner's key, for what was sent, and once.

Whatever is wrong with one is said in a sentence, and window, numbers and fates stay as
they were; the next good receipt counts.
"""

import json
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from beaconfire.agreements.standing import Standing
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import codec
from beaconfire.seals.acts import act_id
from beaconfire.seals.dsse import LINK_TYPE, envelope, pae
from beaconfire.stages.link.receipts import receipt_for
from beaconfire.stages.link.state import CLOSED_HEADS_MAX, begin
from beaconfire.vocabulary.acts import UNSIGNED
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import (
    Arrival,
    EpochEnd,
    FateUnknown,
    HandOver,
    Receipt,
    Withdrawal,
)
from beaconfire.vocabulary.entries.sightings import Bell, Rejection
from beaconfire.vocabulary.link import (
    REASON_MAX,
    RECEIPT_TYPE,
    WINDOW_MESSAGES,
    EpochHead,
    ReceiptNote,
    RefusedPart,
)
from tests.stages.partners_made import (
    KOR_USA,
    TISA,
    Fed,
    Line,
    act_of,
    approval_of,
    carried_act,
    item_of,
    members,
    only,
    receipt_note,
    receipt_text,
    strangers,
)

ITEMS = 3


class Hub(Fed):
    """The hub, which handed three of Japan's items to Korea, and nobody receipted."""

    def __init__(self) -> None:
        super().__init__("USA")
        self.jpn, self.kor = Line(sender="JPN", to="USA"), Line(to="USA")
        leave = approval_of("JPN", to="KOR", expires_s=6_000.0)
        self.pull(self.jpn.send(carried_act(leave)), partner="JPN")
        self.sent = [self.relay() for _ in range(ITEMS)]

    @property
    def sending(self) -> object:
        """The lane of notices towards Korea."""
        return self.node.stages.link.partners["KOR"].sending["notices"]

    def relay(self, seconds: float = 0.0) -> str:
        """Take an item of Japan's; it is handed to Korea, or waits. Its id."""
        item = item_of("JPN", created_s=seconds)
        self.pull(self.jpn.send(self.jpn.carry(item)), partner="JPN", seconds=seconds)
        return item.id

    def note(self, **changes: object) -> ReceiptNote:
        """Return what Korea signs that has stored everything."""
        return replace(receipt_note("USA", "KOR", self.sending), **changes)

    def refuses(self, text: str, *, partner: str = "KOR") -> str:
        """Give a receipt that must be refused: nothing moves; the reason."""
        before = self.memory()
        out = self.receipt(text, partner=partner)
        rejection = only(Rejection, out)
        assert len(out) == 1
        assert (rejection.source, rejection.what) == (partner, "receipt")
        assert self.memory() == before
        assert self.effects == []
        return rejection.reason

    def suspend(self, seconds: float, does: str = "suspend") -> list[EntryBody]:
        """Let Korea suspend or restore the arrangement."""
        act = act_of(does, "KOR", agreement=TISA, issued_s=seconds)
        return self.pull(self.kor.send(carried_act(act)), seconds=seconds)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub that a good receipt reaches after whatever was tried."""
    hub = Hub()
    yield hub
    hub.suspend(1_999.0, "restore")
    last = hub.relay(2_000.0)
    got: list[str] = []
    while hub.sending.window:
        got.extend(settled(hub.receipt(receipt_text(hub.note()), seconds=2_000.0)))
    assert got[-1] == last
    hub.check_replay()


def settled(out: list[EntryBody]) -> list[str]:
    """Return the items that receipts among ``out`` settle."""
    return [i for body in out if isinstance(body, Receipt) for i in body.items]


def test_a_receipt_settles_everything_up_to_its_head(hub: Hub) -> None:
    """One for the second message settles two; one for the last settles the rest."""
    second = hub.sending.window[1]
    head = EpochHead(epoch=1, number=second.number, hash=second.hash)
    out = hub.receipt(receipt_text(hub.note(head=head)))
    assert settled(out) == hub.sent[:2]
    assert settled(hub.receipt(receipt_text(hub.note()))) == hub.sent[2:]


def test_a_receipt_given_again_or_overtaken_changes_nothing(hub: Hub) -> None:
    """Old receipts are harmless: what they settle is settled."""
    first = hub.sending.window[0]
    head = EpochHead(epoch=1, number=first.number, hash=first.hash)
    early = receipt_text(hub.note(head=head))
    late = receipt_text(hub.note())
    assert settled(hub.receipt(late)) == hub.sent
    for text in (late, early):
        assert hub.receipt(text) == []


def test_what_is_no_receipt_is_refused(hub: Hub) -> None:
    """Malformed, of another version, with unknown keys, or another kind of thing."""
    assert hub.refuses("").startswith("receipt: not JSON")
    assert hub.refuses("{}").startswith("receipt: missing key")
    good = codec.encode(hub.note())
    key = members()["KOR"].sealer.link
    for payload, said in (
        (good.replace(b'"v":1', b'"v":2'), "receipt: `v` is 2; this node reads 1"),
        (good.replace(b'{"v"', b'{"x":1,"v"'), "receipt: unknown key `x`"),
        (good.replace(b'{"v":1', b'{"v":1,"v":1'), "receipt: the key `v` stands twice"),
        (b"[]", "receipt: expected an object"),
    ):
        assert hub.refuses(receipt_text(hub.note(), payload=payload)).startswith(said)
    header = envelope(LINK_TYPE, good, key.sign_bytes(pae(LINK_TYPE, good)))
    text = codec.encode(header).decode()
    assert hub.refuses(text).startswith("receipt: the envelope holds `application/vnd")
    twice = receipt_text(hub.note()).replace("{", '{"payload":"",', 1)
    assert hub.refuses(twice) == "receipt: the key `payload` stands twice in one object"


def test_a_receipt_is_signed_by_the_partners_key_for_links(hub: Hub) -> None:
    """Nobody receipts for another, nor with a key for something else."""
    for key in (members()["JPN"].sealer.link, strangers()["KOR"].sealer.link):
        assert hub.refuses(receipt_text(hub.note(), key=key)) == (
            f"receipt: no key for link is known by the id `{key.keyid}`"
        )
    payload = codec.encode(hub.note())
    people = members()["KOR"].people
    forged = envelope(
        RECEIPT_TYPE, payload, people.sign_bytes(pae(RECEIPT_TYPE, payload))
    )
    assert "a key for link must sign here" in hub.refuses(codec.encode(forged).decode())
    blank = envelope(RECEIPT_TYPE, payload, UNSIGNED)
    assert hub.refuses(codec.encode(blank).decode()) == "receipt: not signed"


def test_a_receipt_is_for_this_link(hub: Hub) -> None:
    """One for another sender, or laid down by another partner, settles nothing here."""
    elsewhere = hub.note(sender="JPN")
    assert hub.refuses(receipt_text(elsewhere)) == (
        "receipt is for a link from JPN to KOR, not from USA to KOR"
    )
    posing = hub.note(recipient="JPN")
    key = members()["KOR"].sealer.link
    assert hub.refuses(receipt_text(posing, key=key)) == (
        "receipt is for a link from USA to JPN, not from USA to KOR"
    )
    assert "no key for link is known" in hub.refuses(
        receipt_text(hub.note()), partner="JPN"
    )
    assert hub.refuses(receipt_text(hub.note()), partner="CHN") == (
        "`CHN` is not a partner of this node"
    )


def test_a_receipt_is_for_what_was_sent(hub: Hub) -> None:
    """Numbers and epochs that were never handed over are refused, in each lane."""
    head = hub.note().head
    for false, lane in (
        (replace(head, number=ITEMS + 1), "notices"),
        (replace(head, epoch=2, number=1), "notices"),
        (replace(head, epoch=2, number=0), "notices"),
        (head, "tracks"),
        (replace(head, number=1), "plots"),
    ):
        said = hub.refuses(receipt_text(hub.note(head=false, lane=lane)))
        assert said.startswith(f"receipt for {lane} {false.epoch}/{false.number}, but")


def test_a_receipt_is_for_the_text_that_was_sent(hub: Hub) -> None:
    """The same number over another text: one of us does not have what the other has."""
    head = hub.note().head
    for number in (1, ITEMS):
        false = replace(head, number=number, hash="a" * 64)
        assert hub.refuses(receipt_text(hub.note(head=false))) == (
            f"receipt for notices 1/{number} of another text"
        )


def test_a_refused_receipt_rings_no_bell(hub: Hub) -> None:
    """It is on record; nothing that anybody was told depends on it."""
    out = hub.receipt("nonsense")
    assert not any(isinstance(body, Bell) for body in out)


# Fates


def test_a_purged_window_is_settled_by_the_head_at_which_it_was_closed(
    hub: Hub,
) -> None:
    """Up to that head the partner has it, beyond it it is withdrawn: each once."""
    second = hub.sending.window[1]
    out = hub.suspend(1.0)
    assert [u for b in out if isinstance(b, FateUnknown) for u in b.items] == hub.sent
    assert only(EpochEnd, out).head.number == ITEMS
    closed = EpochHead(epoch=1, number=second.number, hash=second.hash)
    out = hub.receipt(receipt_text(hub.note(closed=(closed,))), seconds=2.0)
    assert settled(out) == hub.sent[:2]
    assert only(Withdrawal, out).items == tuple(hub.sent[2:])
    out = hub.receipt(receipt_text(hub.note(closed=(closed,))), seconds=3.0)
    assert out == []


def test_a_receipt_of_the_old_epoch_settles_what_it_covers(hub: Hub) -> None:
    """It was on its way when the window was purged; the rest stays unknown."""
    first = hub.sending.window[0]
    head = EpochHead(epoch=1, number=first.number, hash=first.hash)
    early = receipt_text(hub.note(head=head))
    hub.suspend(1.0)
    assert settled(hub.receipt(early, seconds=2.0)) == hub.sent[:1]
    assert hub.receipt(early, seconds=2.5) == []
    out = hub.receipt(receipt_text(hub.note(closed=(head,))), seconds=3.0)
    assert settled(out) == []
    assert only(Withdrawal, out).items == tuple(hub.sent[1:])


def test_an_epoch_that_ended_is_settled_by_what_was_sent_in_it_alone(hub: Hub) -> None:
    """Its numbers and texts are asked for like those of the epoch that runs."""
    second = hub.sending.window[1]
    hub.suspend(1.0)
    beyond = EpochHead(epoch=1, number=999, hash="a" * 64)
    other = EpochHead(epoch=1, number=second.number, hash="b" * 64)
    last = EpochHead(epoch=1, number=ITEMS, hash="c" * 64)
    for false, why in (
        (beyond, f"1/999, but only 1/{ITEMS} was sent"),
        (other, "1/2 of another text"),
        (last, f"1/{ITEMS} of another text"),
    ):
        said = f"receipt for notices {why}"
        assert hub.refuses(receipt_text(hub.note(head=false))) == said
        assert hub.refuses(receipt_text(hub.note(closed=(false,)))) == said
    good = EpochHead(epoch=1, number=second.number, hash=second.hash)
    out = hub.receipt(receipt_text(hub.note(closed=(good,))), seconds=2.0)
    assert settled(out) == hub.sent[:2]


def test_what_the_partner_quarantined_is_delivered_and_withheld(hub: Hub) -> None:
    """The receipt says which items were set apart; our journal, what keeps them."""
    note = hub.note(quarantined=(hub.sent[1], "something else"))
    out = hub.receipt(receipt_text(note))
    used, apart = (body for body in out if isinstance(body, Receipt))
    assert used.items == (hub.sent[0], hub.sent[2])
    assert (used.quarantined, used.withheld) == ((), ())
    assert apart.items == apart.quarantined == (hub.sent[1],)
    assert apart.withheld == (TISA, KOR_USA)


def test_what_the_partner_refused_is_not_delivered(hub: Hub) -> None:
    """It ends there, with the partner's reason; the items beside it are delivered."""
    said = RefusedPart(id=hub.sent[1], reason="no equivalent marking")
    got = only(Receipt, hub.receipt(receipt_text(hub.note(refused=(said,)))))
    assert got.items == (hub.sent[0], hub.sent[2])
    assert got.refused == (said,)


def test_a_refused_act_is_told_and_waited_for_no_longer(hub: Hub) -> None:
    """The release officer can act on it; else what it allows would wait for ever."""
    way = {"agreement": TISA, "issued_s": 1.0}
    hub.order(act_of("suspend", "USA", **way), seconds=1.0)
    act = act_of("restore", "USA", **{**way, "issued_s": 2.0})
    hub.order(act, seconds=2.0)
    partner = hub.node.stages.link.partners["KOR"]
    assert partner.awaited == {TISA: act_id(act)}
    said = RefusedPart(id=act_id(act), reason="the people's key is not known")
    out = hub.receipt(receipt_text(hub.note(refused=(said,))), seconds=3.0)
    assert only(Bell, out) == Bell(
        role="release officer",
        text=f"KOR refused an act of USA (`{act_id(act)}`): the people's key is not "
        "known",
    )
    assert partner.awaited == {}


def test_a_reason_of_odd_characters_is_refused(hub: Hub) -> None:
    """People read it: no escapes for their terminal, and no page of text."""
    for reason in ("\x1b[2J", "line\nline", "x" * (REASON_MAX + 1)):
        part = {"id": hub.sent[0], "reason": reason}
        note = json.loads(codec.encode(hub.note())) | {"refused": [part]}
        text = receipt_text(hub.note(), payload=json.dumps(note).encode())
        assert hub.refuses(text).startswith("receipt: ")


def test_a_receipt_names_all_that_was_refused_of_a_window() -> None:
    """Thirty-two full messages of refused items, and it still fits the border."""
    stage = begin(members()["KOR"].profile, (), standing=Standing())
    named = [
        tuple(
            RefusedPart(id=f"{number:04}-{part:032}", reason="r" * REASON_MAX)
            for part in range(50)
        )
        for number in range(1, 2 * WINDOW_MESSAGES + 1)
    ]
    for number, refused in enumerate(named, 1):
        arrival = arrival_of(number=number, refused=refused)
        (given,) = receipt_for(stage, arrival, "JPN")
    note = codec.decode(given.note, ReceiptNote, what="receipt")
    told = [part.id for part in note.refused]
    assert (
        told
        == [part.id for of in named[-WINDOW_MESSAGES - 1 :] for part in of][
            -len(told) :
        ]
    )
    assert len(told) >= WINDOW_MESSAGES * 50
    assert note.refused[-1].reason == "r" * REASON_MAX
    sealed = envelope(RECEIPT_TYPE, given.note.encode(), UNSIGNED)
    assert len(codec.encode(sealed)) <= SETTINGS.receipt_bytes_max


def test_what_comes_again_and_is_taken_is_no_longer_called_refused() -> None:
    """It was released anew after its first fate was heard of; the new one counts."""
    stage = begin(members()["KOR"].profile, (), standing=Standing())
    part = RefusedPart(id="an item", reason="revoked")
    receipt_for(stage, arrival_of(number=1, refused=(part,)), "JPN")
    (given,) = receipt_for(stage, arrival_of(number=2, items=("an item",)), "JPN")
    assert codec.decode(given.note, ReceiptNote, what="receipt").refused == ()


@pytest.mark.parametrize("last", ["quarantined", "refused", "taken"])
@pytest.mark.parametrize("first", ["quarantined", "refused"])
def test_of_what_comes_again_a_receipt_tells_the_newest_fate_alone(
    first: str, last: str
) -> None:
    """Its sender settles the newer hand-over by it: that one was not used, or was."""
    stage = begin(members()["KOR"].profile, (), standing=Standing())
    part = RefusedPart(id="an item", reason="revoked")
    how: dict[str, dict[str, object]] = {
        "quarantined": {"items": ("an item",), "quarantined": ("an item",)},
        "refused": {"refused": (part,)},
        "taken": {"items": ("an item",)},
    }
    receipt_for(stage, arrival_of(number=1, **how[first]), "JPN")
    (given,) = receipt_for(stage, arrival_of(number=2, **how[last]), "JPN")
    note = codec.decode(given.note, ReceiptNote, what="receipt")
    assert note.quarantined == (("an item",) if last == "quarantined" else ())
    assert note.refused == ((part,) if last == "refused" else ())


def arrival_of(**changes: object) -> Arrival:
    """Return what Korea's ingest says of a message of Japan."""
    whole = Arrival(
        originator="JPN",
        to="KOR",
        via=None,
        lane="notices",
        epoch=1,
        number=1,
        hash="a" * 64,
        items=(),
        acts=(),
        quarantined=(),
        repeated=(),
    )
    return replace(whole, **changes)


def test_at_most_a_window_leaves_without_a_receipt(hub: Hub) -> None:
    """The thirty-third message waits for a receipt, whatever stands behind it."""
    for _ in range(2 * WINDOW_MESSAGES):
        hub.relay()
    assert len(hub.sending.window) == WINDOW_MESSAGES
    first = hub.sending.window[0]
    head = EpochHead(epoch=1, number=first.number, hash=first.hash)
    out = hub.receipt(receipt_text(hub.note(head=head)))
    handed = [body for body in out if isinstance(body, HandOver)]
    assert [body.number for body in handed] == [WINDOW_MESSAGES + 1]
    assert len(hub.sending.window) == WINDOW_MESSAGES


def test_no_more_epochs_are_left_unsettled_than_a_receipt_can_name(hub: Hub) -> None:
    """Items wait then; acts and receipts still travel."""
    for turn in range(2 * CLOSED_HEADS_MAX):
        hub.suspend(10.0 + turn)
        hub.suspend(10.5 + turn, "restore")
        hub.relay(10.6 + turn)
    assert len(hub.sending.unsettled) == CLOSED_HEADS_MAX
    assert hub.node.stages.link.partners["KOR"].sending["notices"].items
    out = hub.receipt(receipt_text(hub.note()), seconds=40.0)
    assert hub.sending.unsettled == {}
    assert hub.sending.ended == {}
    assert any(isinstance(body, HandOver) and body.items for body in out)
