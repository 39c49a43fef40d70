"""What partners pass on and what they do to agreements: leave and acts, verified.

A relay needs its originator's leave, signed by that nation's people, for exactly this.
An act counts if the people of the party at the other end signed it, and counts once.
"""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from beaconfire.seals import codec
from beaconfire.vocabulary.acts import UNSIGNED, Act
from beaconfire.vocabulary.entries.carriage import Arrival, Receipt
from beaconfire.vocabulary.entries.sightings import (
    Bell,
    ItemHeld,
    Quarantine,
    Rejection,
)
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.link import ReceiptNote
from tests.stages.partners_made import (
    GSOMIA,
    JPN_USA,
    KOR_USA,
    TISA,
    Fed,
    Line,
    act_of,
    approval_of,
    at_s,
    carried_act,
    item_of,
    members,
    only,
    relayed,
    strangers,
)


class Relayed(Fed):
    """Japan's node, which hears of Korea through the hub and directly."""

    def __init__(self) -> None:
        super().__init__()
        self.kor, self.usa = Line(), Line(sender="USA")

    def by_hub(self, item: Item, approval: Act | None, **changes: object) -> str | None:
        """Let the hub pass an item on; return why it was refused, if it was."""
        part = relayed(item, approval=approval, **changes)
        out = self.pull(self.usa.send(part, originator="KOR"), partner="USA")
        refused = [body.reason for body in out if isinstance(body, Rejection)]
        assert len(refused) + len([b for b in out if isinstance(b, ItemHeld)]) == 1
        assert only(Receipt, out).number == self.usa.number
        return refused[0] if refused else None

    def acted(self, act: Act, *, seconds: float = 0.0, **part: object) -> str | None:
        """Let Korea send an act; return why it was refused, if it was."""
        before = self.standing
        out = self.pull(self.kor.send(carried_act(act, **part)), seconds=seconds)
        refused = [body.reason for body in out if isinstance(body, Rejection)]
        if refused:
            assert not any(isinstance(body, Act) for body in out)
            assert self.standing == before
        return refused[0] if refused else None

    @property
    def standing(self) -> object:
        """What the acts so far have made of the agreements."""
        stages = self.node.stages
        assert stages.ingest.standing == stages.link.standing
        assert stages.link.standing == stages.release.standing
        return stages.link.standing


@pytest.fixture
def told() -> Iterator[Relayed]:
    """A node that is as well after the test as before."""
    told = Relayed()
    yield told
    assert told.by_hub(item_of("KOR"), approval_of()) is None
    held = told.pull(told.kor.send(told.kor.carry(item_of())))
    assert any(isinstance(body, ItemHeld | Quarantine) for body in held)
    told.check_replay()


# Leave to pass on


def test_a_relayed_item_brings_approval_and_marking(told: Relayed) -> None:
    """Neither the originator's leave nor the relay's own marking may be missing."""
    item = item_of("KOR")
    bare = f"item `{item.id}` was relayed without approval and marking"
    assert told.by_hub(item, None) == bare
    assert told.by_hub(item, approval_of(), marking=None) == bare
    assert told.by_hub(item, None, marking=None) == bare
    assert told.by_hub(item, approval_of()) is None


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        ({"expires_s": -1.0}, "it expired at 2022-10-03T22:21:59.000Z"),
        ({"issued_s": 2.001}, "it begins only at 2022-10-03T22:22:02.001Z"),
        ({"to": "USA", "via": "JPN"}, "it is for USA via JPN, not for JPN via USA"),
        ({"to": "JPN", "via": "KOR"}, "it is for JPN via KOR, not for JPN via USA"),
        ({"item_class": "TrackProduct"}, "it is for the class `TrackProduct`, not for"),
        ({"item_class": None}, "it names neither an item nor a class"),
        ({"item_class": None, "item": "another"}, "it is for the item `another`"),
    ],
)
def test_an_approval_covers_exactly_this(
    told: Relayed, leave: dict[str, object], reason: str
) -> None:
    """Ended, not begun, for another way, class or item: it does not cover this."""
    item = item_of("KOR")
    said = told.by_hub(item, approval_of(**leave))  # type: ignore[arg-type]
    assert said is not None
    assert said.startswith(f"item `{item.id}`: {reason}")


def test_an_approval_is_the_originators_and_its_peoples(told: Relayed) -> None:
    """The hub's leave, forged leave, and leave signed by a node are none."""
    item = item_of("KOR")
    own = approval_of("USA", to="JPN", via="KOR")
    assert told.by_hub(item, own) == (
        f"item `{item.id}`: USA cannot approve for others"
    )
    name = f"act `approve` on `{TISA}`"
    assert told.by_hub(item, replace(approval_of(), signature=None)) == (
        f"{name}: has no `signature`: a node takes only signed acts"
    )
    assert told.by_hub(item, replace(approval_of(), signature=UNSIGNED)) == (
        "act: not signed"
    )
    for key in (members()["USA"].people, strangers()["KOR"].people):
        assert told.by_hub(item, approval_of(key=key)) == (
            f"act: no key for people is known by the id `{key.keyid}`"
        )
    stretched = replace(approval_of(), expires=at_s(1e6))
    said = told.by_hub(item, stretched)
    assert said is not None
    assert "act: the signature does not match under key" in said


def test_a_suspension_is_no_approval(told: Relayed) -> None:
    """A signed act of another kind opens nothing."""
    item = item_of("KOR")
    said = told.by_hub(item, act_of("suspend", "KOR", agreement=TISA))
    assert said == f"item `{item.id}`: it is a `suspend`, not an approval"


def test_an_item_relayed_under_others_agreements_is_refused(told: Relayed) -> None:
    """Both agreements named must bind the hub and us."""
    item = item_of("KOR")
    said = told.by_hub(item, approval_of(), agreements=(TISA, KOR_USA))
    assert said == (
        f"item `{item.id}` was sent under `{KOR_USA}`, which is not in force here "
        "between USA and JPN"
    )


# Acts


def test_an_act_is_of_the_party_at_the_other_end(told: Relayed) -> None:
    """Another nation's act, though rightly signed, comes from that nation alone."""
    for party in ("USA", "JPN"):
        act = act_of("suspend", party, agreement=TISA)
        assert told.acted(act) == (
            f"act `suspend` on `{TISA}`: is by `{party}`, the card given is that of KOR"
        )


def test_an_act_is_signed_by_people_in_its_one_spelling(told: Relayed) -> None:
    """A node's key, a stranger's and the hub's suspend nothing."""
    for key in (strangers()["KOR"].people, members()["USA"].people):
        assert told.acted(act_of("suspend", key=key)) == (
            f"act: no key for people is known by the id `{key.keyid}`"
        )


def test_an_act_is_the_one_that_the_header_names(told: Relayed) -> None:
    """Digest and id of an act's part must be its own."""
    act = act_of("suspend")
    assert told.acted(act, id="another") is not None
    said = told.acted(act, digest="a" * 64)
    assert said is not None
    assert said.endswith("is not the one that the header names")


def test_an_act_is_on_an_agreement_signed_here_by_a_party_to_it(told: Relayed) -> None:
    """An unknown agreement, and one of two others, cannot be suspended here."""
    said = told.acted(act_of("suspend", agreement="unheard-of"))
    assert said is not None
    assert "is on `unheard-of`, which is not signed here; it is kept" in said
    said = told.acted(act_of("suspend", agreement=JPN_USA))
    assert said is not None
    assert said.endswith(f"KOR is no party to {JPN_USA}") or "not signed" in said


def test_an_act_that_its_party_may_not_do_is_refused(told: Relayed) -> None:
    """Notice needs a text that knows it, and an approval must say what it opens."""
    said = told.acted(act_of("notice", agreement=TISA))
    assert said is not None
    assert f"{TISA} does not say how notice ends it" in said
    said = told.acted(approval_of(to="JPN", via="USA", item_class=None))
    assert said is not None
    assert said.endswith("an approval names an item or a class")


def test_an_act_sent_again_after_its_restoration_suspends_nothing(
    told: Relayed,
) -> None:
    """A replayed suspension is known by its own id, in whatever message it comes."""
    suspend = act_of("suspend")
    assert told.acted(suspend) is None
    assert told.acted(act_of("restore", issued_s=1.0), seconds=1.0) is None
    restored = told.standing
    out = told.pull(told.kor.send(carried_act(suspend)), seconds=2.0)
    assert not any(isinstance(body, Act | Rejection) for body in out)
    assert told.standing == restored
    out = told.pull(told.kor.send(told.kor.carry(item_of())), seconds=2.0)
    assert only(ItemHeld, out)


def test_our_own_act_does_not_come_back_to_us(told: Relayed) -> None:
    """An echo of what our own people ordered is refused: it is not the partner's."""
    act = act_of("suspend", "JPN")
    told.order(act)
    said = told.acted(act)
    assert said is not None
    assert "is by `JPN`, the card given is that of KOR" in said
    restore = act_of("restore", "JPN", issued_s=1.0)
    told.order(restore, seconds=1.0)


# Under what is known not to be in force


def test_what_arrives_under_a_suspended_agreement_is_kept_and_unused(
    told: Relayed,
) -> None:
    """Quarantined with its bytes and the act, receipted as such, and never used."""
    suspend = act_of("suspend")
    told.pull(told.kor.send(carried_act(suspend)))
    item = item_of()
    out = told.pull(told.kor.send(told.kor.carry(item)))
    apart = only(Quarantine, out)
    assert (apart.items, apart.agreement) == ((item.id,), GSOMIA)
    assert [sealed.item for sealed in apart.sealed] == [item]
    assert "suspended by KOR" in apart.reason
    assert only(Arrival, out).quarantined == (item.id,)
    assert not any(isinstance(body, ItemHeld) for body in out)
    note = codec.decode(only(Receipt, out).note, ReceiptNote, what="receipt")
    assert note.quarantined == (item.id,)


def test_a_receipt_names_what_was_quarantined_until_it_was_surely_heard(
    told: Relayed,
) -> None:
    """Also across a purge, and no longer than a window of messages."""
    told.pull(told.kor.send(carried_act(act_of("suspend"))))
    item = item_of()
    told.pull(told.kor.send(told.kor.carry(item)))
    told.kor.open_epoch()
    named = []
    for _ in range(40):
        out = told.pull(told.kor.send())
        note = codec.decode(only(Receipt, out).note, ReceiptNote, what="receipt")
        named.append(item.id in note.quarantined)
    assert named == [True] * 32 + [False] * 8


def test_a_receipt_stays_within_what_the_border_takes(told: Relayed) -> None:
    """However much comes under a suspended agreement, under however long names."""
    told.pull(told.kor.send(carried_act(act_of("suspend"))))
    for message in range(20):
        parts = [
            told.kor.carry(item_of(id=f"{message}-{n}-{'x' * 110}")) for n in range(50)
        ]
        out = told.pull(told.kor.send(*parts))
    note = only(Receipt, out).note
    assert 80_000 < len(note) < 100_000
    assert f"19-49-{'x' * 110}" in note


def test_a_refused_act_writes_nothing_to_a_terminal(told: Relayed) -> None:
    """What the act says of itself is quoted without any order to a terminal in it."""
    act = act_of("suspend", agreement="gsomia\x1b[2J\n   0.00 s  all clear\u202e")
    out = told.pull(told.kor.send(carried_act(act)))
    sentences = [only(Bell, out).text, only(Rejection, out).reason]
    sentences += [part.reason for part in only(Arrival, out).refused]
    for sentence in sentences:
        assert sentence.isprintable(), sentence
