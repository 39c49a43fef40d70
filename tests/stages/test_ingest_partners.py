"""What partners send: everything good is taken, everything else is refused by name.

Every attack is tried on a node that has taken a good message before and takes the
next good one after; the journal of it all folds to the same state.
"""

import json
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from beaconfire.seals import codec
from beaconfire.seals.dsse import (
    envelope_of,
    sign_item,
)
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import Arrival, Receipt
from beaconfire.vocabulary.entries.sightings import (
    Bell,
    ItemHeld,
    LaunchEvent,
    Rejection,
)
from beaconfire.vocabulary.link import (
    REASON_MAX,
    ZERO_DIGEST,
    EpochHead,
    LinkMessage,
    ReceiptNote,
    RefusedPart,
)
from tests.stages.partners_made import (
    GSOMIA,
    JPN_USA,
    KOR_USA,
    TISA,
    Fed,
    Line,
    Made,
    act_of,
    approval_of,
    carried,
    carried_act,
    item_of,
    members,
    only,
    relayed,
    signed_header,
    strangers,
    track_of,
)

SENTENCE_MAX = 600


def used(bodies: list[EntryBody]) -> list[EntryBody]:
    """Return what shows that something in a message was used."""
    return [b for b in bodies if isinstance(b, ItemHeld | LaunchEvent | Act)]


def is_sentence(reason: str) -> bool:
    """Return whether a reason can be shown as it is: one line, no Python, not long."""
    foreign = ("Traceback", "msgspec", "<class", "object at 0x", "NoneType", "`int`")
    return (
        0 < len(reason) <= SENTENCE_MAX
        and "\n" not in reason
        and not any(word in reason for word in foreign)
    )


class Told(Fed):
    """Japan's node after one good message from Korea and one from the hub."""

    def __init__(self) -> None:
        super().__init__()
        self.kor = Line()
        self.usa = Line(sender="USA")
        for line in (self.kor, self.usa):
            self.good(line)

    def good(self, line: Line) -> None:
        """Send a good item down ``line``: it is used."""
        item = item_of(line.sender)
        out = self.pull(line.send(line.carry(item)), partner=line.sender)
        assert only(ItemHeld, out).sealed.item == item
        assert only(Arrival, out).items == (item.id,)

    def refuses(self, made: Made | str, **pull: object) -> str:
        """Give a whole message that must be refused: nothing moves; the reason."""
        before = self.memory()
        out = self.pull(made, **pull)
        rejection = only(Rejection, out)
        assert rejection.what == "link message"
        assert rejection.source == pull.get("partner", "KOR")
        assert not used(out)
        assert {type(body) for body in out} <= {Rejection, Bell}
        assert self.memory() == before
        assert is_sentence(rejection.reason), rejection.reason
        return rejection.reason

    def breaks(self, made: Made, **pull: object) -> str:
        """Give a message out of its chain: refused, and the bell rings with it."""
        reason = self.refuses(made, **pull)
        bell = self.turns[-1].entries[-1].body
        assert bell == Bell(role="watch officer", text=reason)
        return reason

    def refuses_part(self, made: Made, **pull: object) -> str:
        """Give a message whose one part must be refused: the chain moves on."""
        out = self.pull(made, **pull)
        rejection = only(Rejection, out)
        arrival = only(Arrival, out)
        assert not used(out)
        rings = any(isinstance(body, Bell) for body in out)
        assert rings == (rejection.what == "act")  # its sender counts on it
        assert rejection.source == made.header.sender
        assert arrival.items == arrival.acts == arrival.quarantined == ()
        told = "".join(c if " " <= c <= "~" else "?" for c in rejection.reason)
        part = made.header.parts[0]
        assert arrival.refused == (RefusedPart(id=part.id, reason=told[:REASON_MAX]),)
        note = codec.decode(only(Receipt, out).note, ReceiptNote, what="receipt")
        assert arrival.refused[0] in note.refused
        assert only(Receipt, out).number == made.header.number
        assert is_sentence(rejection.reason), rejection.reason
        return rejection.reason

    def settle(self) -> None:
        """Show that all is well: the next good messages count, the journal folds."""
        for line in (self.kor, self.usa):
            self.good(line)
        self.check_replay()


@pytest.fixture
def told() -> Iterator[Told]:
    """A node that must be as well after the test as before."""
    told = Told()
    yield told
    told.settle()


# The message as a whole


def test_what_is_no_link_message_is_refused(told: Told) -> None:
    """Malformed text, an unknown version and unknown keys are refused by name."""
    good = json.loads(told.kor.make(told.kor.carry(item_of())).text)
    for text, reason in (
        ("", "link message: not JSON: input data was truncated"),
        ("{", "link message: not JSON: input data was truncated"),
        ("[]", "link message: expected an object, got a list"),
        ("\x00", "link message: not JSON: JSON is malformed"),
        (json.dumps({**good, "v": 2}), "link message: `v` is 2; this node reads 1"),
        (json.dumps({**good, "x": 1}), "link message: unknown key `x`"),
        ('{"v": 1,' + json.dumps(good)[1:], "link message: the key `v` stands twice"),
        ("[" * 100_000, "link message: "),
    ):
        assert told.refuses(text).startswith(reason), reason


def test_a_reason_stays_a_sentence_whatever_was_sent(told: Told) -> None:
    """A key or a version of a hundred thousand letters does not fill the journal."""
    good = json.loads(told.kor.make(told.kor.carry(item_of())).text)
    long = "k" * 100_000
    assert told.refuses(json.dumps({**good, long: 1})).startswith("link message: ")
    assert told.refuses(json.dumps({**good, "v": long})).startswith("link message: ")
    assert told.refuses(json.dumps({**good, "header": long})).startswith("link mess")


def test_lists_have_limits(told: Told) -> None:
    """More than fifty parts, or envelopes, are refused before anything is verified."""
    part, inner = told.kor.carry(item_of())
    many = told.kor.make(*[(part, inner)] * 51)
    assert "length <= 50 at `inner`" in told.refuses(many)
    header_only = told.kor.make(*[(part, inner)] * 51, inner=(inner,))
    assert "link header: expected a list of length <= 50" in told.refuses(header_only)


def test_an_unknown_version_of_the_header_is_refused(told: Told) -> None:
    """``v`` is refused by name inside the signed header, too."""
    assert "`v` is 2; this node reads 1" in told.refuses(told.kor.make(v=2))


def test_a_header_names_no_key_twice(told: Told) -> None:
    """Signed or not: of two numbers two readers might each count another."""
    made = told.kor.make(told.kor.carry(item_of()))
    payload = codec.encode(made.header).replace(b'"number":', b'"number":9,"number":')
    header = signed_header(payload, members()["KOR"].sealer.link)
    message = codec.decode(made.text, LinkMessage, what="message")
    text = codec.encode(replace(message, header=header)).decode()
    assert told.refuses(text).startswith("link header: the key `number` stands twice")


def test_a_header_is_for_us_from_the_partner_in_its_lane(told: Told) -> None:
    """Sender, recipient and lane must be those of the pull, whoever signed."""
    made = told.kor.make(told.kor.carry(item_of()))
    elsewhere = told.kor.make(told.kor.carry(item_of()), recipient="USA")
    assert told.refuses(elsewhere) == (
        "link message is notices from KOR to USA, but was pulled as notices from KOR "
        "to JPN"
    )
    assert told.refuses(made, lane="plots") == (
        "link message is notices from KOR to JPN, but was pulled as plots from KOR "
        "to JPN"
    )
    posing = told.kor.make(sender="USA")
    assert told.refuses(posing) == (
        "link message is notices from USA to JPN, but was pulled as notices from KOR "
        "to JPN"
    )
    assert "no key for link is known" in told.refuses(made, partner="USA")
    assert told.refuses(made, partner="CHN") == "`CHN` is not a partner of this node"


def test_a_header_is_signed_by_the_partners_key_for_links(told: Told) -> None:
    """Another party's, a stranger's, an unsigned and a changed header are refused."""
    content = told.kor.carry(item_of())
    hub, stranger = members()["USA"].sealer.link, strangers()["KOR"].sealer.link
    for key in (hub, stranger):
        reason = told.refuses(told.kor.make(content, key=key))
        expected = f"link header: no key for link is known by the id `{key.keyid}`"
        assert reason == expected
    good = json.loads(told.kor.make(content).text)
    other = json.loads(told.kor.make(told.kor.carry(item_of())).text)
    swapped = {**good["header"], "payload": other["header"]["payload"]}
    reason = told.refuses(json.dumps({**good, "header": swapped}))
    assert "link header: the signature does not match under key" in reason
    blank = {**good["header"], "signatures": [{"keyid": "unsigned", "sig": "unsigned"}]}
    reason = told.refuses(json.dumps({**good, "header": blank}))
    assert reason == "link header: not signed"


@pytest.mark.parametrize("role", ["items", "people"])
def test_a_header_signed_by_a_key_of_another_role_is_refused(
    told: Told, role: str
) -> None:
    """The role is part of a key: a person's or an item's key opens no link."""
    member = members()["KOR"]
    key = member.people if role == "people" else member.sealer.items
    assert told.refuses(told.kor.make(told.kor.carry(item_of()), key=key)) == (
        f"link header: key `{key.keyid}` is for {role}; a key for link must sign here"
    )


def test_an_item_envelope_is_no_header(told: Told) -> None:
    """The type under the signature decides what an envelope may serve for."""
    good = json.loads(told.kor.make(told.kor.carry(item_of())).text)
    reason = told.refuses(json.dumps({**good, "header": good["inner"][0]}))
    assert reason.startswith("link header: the envelope holds `application/vnd.beacon")


def test_parts_and_envelopes_are_as_many(told: Told) -> None:
    """A header that names more, or fewer, than came is refused."""
    part, inner = told.kor.carry(item_of())
    assert told.refuses(told.kor.make((part, inner), inner=())) == (
        "header names 1 parts, 0 came"
    )
    assert told.refuses(told.kor.make((part, inner), inner=(inner, inner))) == (
        "header names 1 parts, 2 came"
    )


# The chain


def test_a_replayed_message_is_receipted_again_and_used_once(told: Told) -> None:
    """A lost receipt is made good by a resend; nothing is counted twice."""
    made = told.kor.send(told.kor.carry(item_of()))
    first = told.pull(made)
    newer = told.kor.send(told.kor.carry(item_of()))
    told.pull(newer)
    for old in (made, newer):
        out = told.pull(old, seconds=5.0)
        arrival = only(Arrival, out)
        assert arrival.again
        assert arrival.items == arrival.repeated == arrival.acts == ()
        receipt = only(Receipt, out)
        assert (receipt.number, receipt.items) == (told.kor.number, ())
        assert not used(out)
    assert only(ItemHeld, first).carriage.history is False


def test_a_hole_is_an_error(told: Told) -> None:
    """A number that is not the next, or does not name the last hash, is refused."""
    hole = told.kor.make(number=told.kor.number + 2)
    assert told.breaks(hole) == "notices 1/3 from KOR does not continue 1/1"
    forked = told.kor.make(previous="a" * 64)
    assert told.breaks(forked) == "notices 1/2 from KOR does not continue 1/1"


def test_one_number_has_one_text(told: Told) -> None:
    """The same number with another text is refused, whoever signed it."""
    other = told.kor.make(told.kor.carry(item_of()), number=1, previous=ZERO_DIGEST)
    assert told.breaks(other) == "notices 1/1 from KOR came twice with different text"


def test_an_epoch_that_ended_stays_ended(told: Told) -> None:
    """After a purge nothing more is taken from the epoch before it."""
    late = told.kor.make(told.kor.carry(item_of()))
    told.kor.open_epoch()
    head = EpochHead(epoch=1, number=1, hash=told.kor.closes.hash)
    opened = only(Arrival, told.pull(told.kor.send(told.kor.carry(item_of()))))
    assert opened.closed == head
    reason = told.breaks(late)
    assert reason == "notices 1/2 from KOR belongs to an epoch that has ended"


def test_an_epoch_opens_at_its_beginning_and_says_what_it_closes(told: Told) -> None:
    """A new epoch starts at 1 on zeros, and cannot cut off what was received."""
    head = told.kor.head
    told.kor.open_epoch()
    middle = "notices 2/2 from KOR opens an epoch in the middle"
    assert told.breaks(told.kor.make(number=2)) == middle
    grafted = told.breaks(told.kor.make(previous="a" * 64))
    assert grafted == "notices 2/1 from KOR opens an epoch in the middle"
    unsaid = "notices 2/1 from KOR does not say where the epoch before it ended"
    assert told.breaks(told.kor.make(closes=None)) == unsaid
    skipped = told.kor.make(closes=replace(head, epoch=7))
    assert told.breaks(skipped) == unsaid
    false = "notices 2/1 from KOR closes an epoch otherwise than it was received"
    assert told.breaks(told.kor.make(closes=replace(head, hash="b" * 64))) == false
    assert told.breaks(told.kor.make(closes=replace(head, number=0))) == false


def test_lanes_have_chains_of_their_own(told: Told) -> None:
    """A lane's first message is number 1 on zeros, whatever the others count."""
    tracks = Line(lane="tracks")
    assert told.breaks(tracks.make(number=2), lane="tracks") == (
        "tracks 1/2 from KOR opens an epoch in the middle"
    )
    out = told.pull(tracks.send(tracks.carry(track_of())), lane="tracks")
    assert only(Arrival, out).number == 1


# The items


def test_a_part_is_what_the_header_names(told: Told) -> None:
    """Digest and id in the header must be those of the envelope that came."""
    item, other = item_of(), item_of()
    part, inner = told.kor.carry(item)
    elsewhere = told.kor.carry(other)[1]
    swapped = told.kor.send((part, inner), inner=(elsewhere,))
    expected = f"part `{item.id}` is not the one that the header names"
    assert told.refuses_part(swapped) == expected
    renamed = told.kor.send((replace(part, id="another"), inner))
    assert told.refuses_part(renamed) == f"part `another` holds `{item.id}`"
    as_act = told.kor.send((replace(part, kind="act"), inner))
    assert "act: the envelope holds `application/vnd.beaconfire.item+json`" in (
        told.refuses_part(as_act)
    )
    act_part, act_inner = carried_act(act_of("suspend"))
    as_item = told.kor.send((replace(act_part, kind="item"), act_inner))
    assert "item: the envelope holds `application/vnd.beaconfire.act+json`" in (
        told.refuses_part(as_item)
    )


def test_an_item_is_signed_by_its_originators_key_for_items(told: Told) -> None:
    """The hub's, a stranger's and a person's key do not sign Korea's items."""
    for key in (members()["USA"].sealer.items, strangers()["KOR"].sealer.items):
        made = told.kor.send(carried(item_of(), agreements=(GSOMIA,), key=key))
        assert told.refuses_part(made) == (
            f"item: no key for items is known by the id `{key.keyid}`"
        )
    approval = approval_of()
    key = members()["USA"].sealer.items
    by_hub = relayed(item_of(), approval=approval, key=key)
    made = told.usa.send(by_hub, originator="KOR")
    assert told.refuses_part(made, partner="USA") == (
        f"item: no key for items is known by the id `{key.keyid}`"
    )


def test_a_changed_item_does_not_match_its_signature(told: Told) -> None:
    """One digit of an item changed on its way, and its signature fails."""
    item = item_of()
    genuine = sign_item(item, members()["KOR"].sealer.items)
    changed = envelope_of(replace(genuine, item=replace(item, lineage=("x",))))
    part, _ = told.kor.carry(item)
    made = told.kor.send((part, changed))
    assert "item: the signature does not match under key" in told.refuses_part(made)


def test_an_originator_signs_in_its_own_name(told: Told) -> None:
    """The hub's good key under an item that says Korea is refused."""
    item = item_of("KOR")
    key = members()["USA"].sealer.items
    made = told.usa.send(carried(item, agreements=(TISA, JPN_USA), key=key))
    assert told.refuses_part(made, partner="USA") == (
        "item: `USA` signed an item that names `KOR`"
    )


def test_an_unknown_originator_and_ourselves_are_no_originators(told: Told) -> None:
    """What comes must be a partner's own; our own items do not come back to us."""
    made = told.usa.send(told.usa.carry(item_of("USA")), originator="CHN")
    reason = told.refuses_part(made, partner="USA")
    assert reason == "`CHN` is not a partner of this node"
    ours = carried(item_of("JPN"), agreements=(TISA, JPN_USA))
    reason = told.refuses_part(told.usa.send(ours, originator="JPN"), partner="USA")
    assert reason == "`JPN` is not a partner of this node"


def test_an_item_is_of_our_world(told: Told) -> None:
    """Exercise and actual never mix, nor do two exercises."""
    for changes, said in (
        ({"status": "ACTUAL", "exercise": None}, "ACTUAL"),
        ({"status": "TEST", "exercise": None}, "TEST"),
        ({"status": "ACTUAL"}, "ACTUAL 2022-10-04"),
        ({"exercise": "another"}, "EXERCISE another"),
        ({"exercise": None}, "EXERCISE"),
    ):
        item = item_of(**changes)
        assert told.refuses_part(told.kor.send(told.kor.carry(item))) == (
            f"item `{item.id}` is {said}, this node is EXERCISE 2022-10-04"
        )


def test_an_item_from_the_future_is_refused(told: Told) -> None:
    """Two seconds are two nations' clocks; more is not."""
    item = item_of(created_s=2.001)
    assert told.refuses_part(told.kor.send(told.kor.carry(item))) == (
        f"item `{item.id}` is dated 2022-10-03T22:22:02.001Z, ahead of this node's "
        "clock"
    )
    early = item_of(created_s=2.0)
    assert only(ItemHeld, told.pull(told.kor.send(told.kor.carry(early))))


def test_an_item_that_does_not_name_us_is_not_for_us(told: Told) -> None:
    """The label's ``releasable_to`` binds whoever it was sent to."""
    item = item_of()
    for_usa = replace(item, label=replace(item.label, releasable_to=("USA", "KOR")))
    assert told.refuses_part(told.kor.send(told.kor.carry(for_usa))) == (
        f"item `{item.id}` is releasable to USA, KOR only"
    )
    for_us = replace(item, label=replace(item.label, releasable_to=("JPN",)))
    assert only(ItemHeld, told.pull(told.kor.send(told.kor.carry(for_us))))


def test_an_item_names_agreements_that_bind_both_ends(told: Told) -> None:
    """None, an unknown one and one of others are no ground for sending to us."""
    item = item_of()
    made = told.kor.send(carried(item, agreements=()))
    assert told.refuses_part(made) == (
        f"item `{item.id}` names no agreement that it was sent under"
    )
    for agreement in ("unheard-of", KOR_USA, JPN_USA):
        made = told.kor.send(carried(item, agreements=(GSOMIA, agreement)))
        assert told.refuses_part(made) == (
            f"item `{item.id}` was sent under `{agreement}`, which is not in force "
            "here between KOR and JPN"
        )


def test_one_bad_part_stops_no_good_one(told: Told) -> None:
    """The good parts of a message are used, the bad ones refused one by one."""
    good = [item_of(), item_of()]
    bad = [item_of(status="ACTUAL"), item_of(created_s=60.0)]
    late = act_of("suspend", issued_s=100_000.0)
    made = told.kor.send(
        told.kor.carry(bad[0]),
        told.kor.carry(good[0]),
        carried_act(late),
        told.kor.carry(bad[1]),
        told.kor.carry(good[1]),
    )
    out = told.pull(made)
    assert [b.sealed.item for b in out if isinstance(b, ItemHeld)] == good
    arrival = only(Arrival, out)
    assert arrival.items == tuple(item.id for item in good)
    assert arrival.acts == ()
    refused = [body for body in out if isinstance(body, Rejection)]
    assert [body.what for body in refused] == ["item", "act", "item"]
    assert [bad[0].id in refused[0].reason, bad[1].id in refused[2].reason] == [1, 1]
