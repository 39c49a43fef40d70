"""What a recipient asks of a relayed item's approval and cards, with each sentence."""

import pytest
from msgspec.structs import replace

from beaconfire.seals.acts import act_id
from beaconfire.vocabulary.entries.carriage import Arrival, Receipt
from beaconfire.vocabulary.entries.sightings import ItemHeld, LaunchEvent, Rejection
from beaconfire.vocabulary.item import Item
from tests.stages.partners_made import (
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
    """Japan's node, told of Korea's items through the hub and of its acts directly."""

    def __init__(self) -> None:
        super().__init__()
        self.kor, self.usa = Line(), Line(sender="USA")

    def reason(self, item: Item, *, seconds: float = 0.0, **part: object) -> str:
        """Give a relayed item that must not be used; return why it was not."""
        made = self.usa.send(relayed(item, **part), originator="KOR")
        out = self.pull(made, partner="USA", seconds=seconds)
        assert not any(isinstance(body, ItemHeld | LaunchEvent) for body in out)
        assert only(Arrival, out).items == only(Receipt, out).items == ()
        self.check_replay()
        return only(Rejection, out).reason

    def used(self, item: Item, *, seconds: float = 0.0, **part: object) -> None:
        """Give a relayed item that is used."""
        made = self.usa.send(relayed(item, **part), originator="KOR")
        held = only(ItemHeld, self.pull(made, partner="USA", seconds=seconds))
        assert held.sealed.item == item


def revocation(issued_s: float, **changes: object) -> object:
    """Return Korea's revocation of its leave for Japan through the hub."""
    said = {"item_class": "launch-warning", **changes}
    return carried_act(
        act_of(
            "revoke",
            agreement=TISA,
            issued_s=issued_s,
            **{"to": "JPN", "via": "USA", **said},
        )
    )


def test_a_revoked_approval_serves_no_more_though_it_has_not_expired() -> None:
    """Known to the recipient is enough, whether or not it had heard of the approval."""
    fed, item, leave = Relayed(), item_of("KOR"), approval_of()
    fed.used(item_of("KOR"), approval=leave)
    fed.pull(fed.kor.send(revocation(10.0)), seconds=10.0)
    assert fed.reason(item, approval=leave, seconds=11.0) == (
        f"item `{item.id}`: KOR has revoked its approval for JPN via USA "
        f"(act `{act_id(leave)}`)"
    )


def test_an_approval_that_was_given_anew_serves() -> None:
    """What was issued after the revocation stands; what was issued before does not."""
    fed, old = Relayed(), approval_of()
    fed.pull(fed.kor.send(revocation(10.0)), seconds=10.0)
    anew = approval_of(issued_s=12.0)
    fed.used(item_of("KOR"), approval=anew, seconds=13.0)
    assert "revoked" in fed.reason(item_of("KOR"), approval=old, seconds=14.0)


def test_a_revocation_is_of_its_own_scope_alone() -> None:
    """Another class or another recipient revoked: this one stands."""
    fed = Relayed()
    for elsewhere in ({"item_class": "Plots"}, {"item_class": None, "item": "other"}):
        fed.pull(fed.kor.send(revocation(10.0, **elsewhere)), seconds=10.0)
    fed.used(item_of("KOR"), approval=approval_of(), seconds=11.0)


def test_a_revocation_counts_for_what_stands_behind_it_in_its_message() -> None:
    """The hub's own order: an act goes before the items of the same message."""
    fed, usa = Fed("USA"), Line(sender="JPN", to="USA")
    leave = approval_of("JPN", to="KOR")
    item = item_of("JPN")
    fed.pull(usa.send(carried_act(leave)), partner="JPN")
    gone = act_of(
        "revoke",
        "JPN",
        agreement=TISA,
        to="KOR",
        via="USA",
        item_class="launch-warning",
    )
    out = fed.pull(usa.send(carried_act(gone), usa.carry(item)), partner="JPN")
    assert only(ItemHeld, out).sealed.item == item
    assert fed.node.stages.link.partners["KOR"].sending["notices"].number == 0


@pytest.mark.parametrize(
    ("leave", "why"),
    [
        ({"to": "USA", "via": "JPN"}, "it is for USA via JPN, not for JPN via USA"),
        ({"to": "AUS"}, "it is for AUS via USA, not for JPN via USA"),
        ({"via": "AUS"}, "it is for JPN via AUS, not for JPN via USA"),
        (
            {"item_class": "TrackProduct"},
            "it is for the class `TrackProduct`, not for LaunchNotice",
        ),
        (
            {"item_class": None, "item": "another"},
            "it is for the item `another`",
        ),
        ({"expires_s": -1.0}, f"it expired at {at_s(-1.0)}"),
        ({"issued_s": 9.0}, f"it begins only at {at_s(9.0)}"),
    ],
)
def test_an_approval_of_another_way_class_or_time_is_none(
    leave: dict[str, object], why: str
) -> None:
    """The recipient checks the originator's word itself; the hub's is not enough."""
    fed, item = Relayed(), item_of("KOR")
    approval = approval_of(**leave)  # type: ignore[arg-type]
    assert fed.reason(item, approval=approval) == f"item `{item.id}`: {why}"


def test_an_approval_is_the_originators_own() -> None:
    """The hub cannot approve for others, nor can a stranger of the same name."""
    fed, item = Relayed(), item_of("KOR")
    mine = act_of(
        "approve",
        "USA",
        agreement=TISA,
        to="JPN",
        via="USA",
        item_class="launch-warning",
        expires=at_s(600.0),
    )
    assert fed.reason(item, approval=mine) == (
        f"item `{item.id}`: USA cannot approve for others"
    )
    posing = approval_of(key=strangers()["KOR"].people)
    assert "no key for people is known" in fed.reason(item, approval=posing)


def test_a_card_that_was_taken_away_or_has_ended_vouches_for_nothing() -> None:
    """Neither a relayed item nor a message counts under a card that is not valid."""
    fed, item = Relayed(), item_of("KOR")
    profile = fed.node.profile
    cards = tuple(c for c in profile.partners if c.party != "KOR")
    ended = replace(members()["KOR"].profile.card, valid_until=at_s(5.0))
    start = fed.node.given
    fed.give(
        replace(start, profile=replace(profile, partners=(*cards, ended))), seconds=4.0
    )
    fed.used(item_of("KOR"), approval=approval_of(), seconds=4.0)
    assert fed.reason(item, approval=approval_of(), seconds=6.0) == (
        f"card of `KOR`: was valid until {at_s(5.0)}; it is {at_s(6.0)}"
    )
    fed.give(replace(start, profile=replace(profile, partners=cards)), seconds=7.0)
    assert fed.reason(item, approval=approval_of(), seconds=7.0) == (
        "`KOR` is not a partner of this node"
    )
    direct = fed.pull(fed.kor.send(fed.kor.carry(item_of("KOR"))), seconds=8.0)
    assert only(Rejection, direct).reason == "`KOR` is not a partner of this node"


def test_a_card_with_other_keys_ends_those_before() -> None:
    """After a rotation what the old keys sign is refused, also when it is relayed."""
    fed, item = Relayed(), item_of("KOR")
    profile = fed.node.profile
    cards = tuple(c for c in profile.partners if c.party != "KOR")
    new = replace(strangers()["KOR"].profile.card, number=2)
    fed.give(replace(fed.node.given, profile=replace(profile, partners=(*cards, new))))
    assert "no key for items is known" in fed.reason(item, approval=approval_of())
