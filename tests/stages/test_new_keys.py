"""New keys: a node that starts with another link key goes on with its lanes.

A partner that has the new card knows no other key. What stands at the border was signed
with the old one; refused, it would be a hole, and the lane could not go on behind it.
"""

from msgspec.structs import replace

from beaconfire.runtime.effects import GiveReceipt, Publish
from beaconfire.seals import codec
from beaconfire.seals.dsse import sign_item
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.entries.arrivals import NodeStart
from beaconfire.vocabulary.entries.carriage import Arrival, Receipt
from beaconfire.vocabulary.entries.sightings import ItemHeld, Rejection
from tests.stages.partners_made import Fed, Line, item_of, members, only, strangers

KOR = members()["KOR"].profile.card
NEXT = replace(KOR, number=2, keys=strangers()["KOR"].profile.card.keys)


def start_of(node: Fed, card: Card) -> NodeStart:
    """Return a start of ``node`` with that card of Korea's, its own or a partner's."""
    given = node.node.given.profile
    assert given is not None
    cards = tuple(card if one.party == "KOR" else one for one in given.partners)
    own = card if node.party == "KOR" else given.card
    return replace(node.node.given, profile=replace(given, card=own, partners=cards))


def with_new_keys(kor: Fed, *, seconds: float) -> None:
    """Start Korea's node again as ``node card --renew --new-keys`` leaves it."""
    again = kor.fresh(sealer=strangers()["KOR"].sealer)
    for turn in kor.turns:
        again.fold(turn)
    kor.node = again
    kor.give(start_of(kor, NEXT), seconds=seconds)


def laid(kor: Fed) -> list[Publish]:
    """Return what Korea's border holds for Japan after a start, by number."""
    return list(kor.node.standing("JPN"))


def text_of(published: Publish) -> str:
    """Return a message as it stands on the wire."""
    return codec.encode(published.message).decode()


def tell(kor: Fed, *, seconds: float, key: str) -> str:
    """Let Korea tell an item, signed with its old or new keys; return the id."""
    item = item_of("KOR", created_s=seconds)
    keys = {"old": members(), "new": strangers()}[key]["KOR"].sealer
    sealed = sign_item(item, keys.items)
    kor.give(ItemHeld(sealed=sealed), by="fuse", seconds=seconds)
    return item.id


def test_what_stood_at_the_border_is_signed_anew_and_the_lane_goes_on() -> None:
    """The header's text stays. An item of the old key is refused by itself, by name."""
    kor, jpn = Fed("KOR"), Fed("JPN")
    old = tell(kor, seconds=1.0, key="old")
    before = laid(kor)
    with_new_keys(kor, seconds=20.0)
    new = tell(kor, seconds=21.0, key="new")
    (first, second) = laid(kor)
    assert first.message.header.payload == before[0].message.header.payload
    jpn.give(start_of(jpn, NEXT), seconds=20.0)
    out = jpn.pull(text_of(first), seconds=22.0)
    assert [part.id for part in only(Receipt, out).refused] == [old]
    assert "no key for items is known" in only(Rejection, out).reason
    out = jpn.pull(text_of(second), seconds=23.0)
    assert only(Arrival, out).items == (new,)
    assert only(ItemHeld, out).sealed.item.id == new


def test_a_receipt_that_is_given_again_is_signed_anew() -> None:
    """The partner's window is settled by it, whatever key signed it first."""
    kor, jpn = Fed("KOR"), Fed("JPN")
    item = item_of("JPN")
    sealed = sign_item(item, members()["JPN"].sealer.items)
    jpn.give(ItemHeld(sealed=sealed), by="fuse")
    for published in jpn.node.standing("KOR"):
        kor.pull(text_of(published), partner="JPN", seconds=1.0)
    with_new_keys(kor, seconds=20.0)
    jpn.give(start_of(jpn, NEXT), seconds=20.0)
    (given,) = kor.node.receipts("JPN")
    assert isinstance(given, GiveReceipt)
    out = jpn.receipt(codec.encode(given.receipt).decode(), seconds=21.0)
    assert only(Receipt, out).items == (item.id,)


def test_with_the_same_keys_what_is_laid_again_is_the_same_to_the_byte() -> None:
    """A start without new keys repeats; a border knows the repeat by its id."""
    kor, line = Fed("KOR"), Line(sender="JPN", to="KOR")
    tell(kor, seconds=1.0, key="old")
    kor.pull(line.send(line.carry(item_of("JPN"))), partner="JPN", seconds=2.0)
    published = laid(kor)
    receipts = list(kor.node.receipts("JPN"))
    again = kor.fresh()
    for turn in kor.turns:
        again.fold(turn)
    assert list(again.standing("JPN")) == published
    assert list(again.receipts("JPN")) == receipts
