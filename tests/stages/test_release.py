"""Release: who is asked about, what an approval opens later, what goes no further.

What may be decided is tested where it is decided; here it is which questions are asked.
"""

import pytest
from msgspec.structs import replace

from beaconfire.seals import codec
from beaconfire.seals.acts import act_id
from beaconfire.seals.dsse import envelope_of, sign_item
from beaconfire.stages.release import state
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import HandOver
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.link import LinkHeader, Part
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
)


def hub_told(*acts: object) -> tuple[Fed, Line, Line]:
    """Return the hub's node and the lines from Japan and Korea, after Japan's acts."""
    hub = Fed("USA")
    jpn, kor = Line(sender="JPN", to="USA"), Line(sender="KOR", to="USA")
    for act in acts:
        hub.pull(jpn.send(carried_act(act)), partner="JPN")
    return hub, jpn, kor


def decisions(out: list[EntryBody]) -> list[tuple[str, str, str | None]]:
    """Return each decision: what it was, to whom, through whom."""
    return [
        (type(body).__name__, body.to, body.via)
        for body in out
        if isinstance(body, Release | Refusal)
    ]


def part_of(out: list[EntryBody], to: str) -> tuple[LinkHeader, Part]:
    """Return the header and the one part that was handed to a partner."""
    handed = [b for b in out if isinstance(b, HandOver) and b.to == to]
    header = codec.decode(handed[0].header, LinkHeader, what="link header")
    assert len(header.parts) == 1
    return header, header.parts[0]


def own_item(
    node: Fed, *, audience: tuple[str, ...] | None, seconds: float = 0.0
) -> list[EntryBody]:
    """Let a node hold an item of its own sensors, for an audience."""
    sealed = sign_item(
        item_of(node.party, created_s=seconds), members()[node.party].sealer.items
    )
    held = ItemHeld(sealed=sealed, audience=audience)
    return node.give(held, by="fuse", seconds=seconds)


@pytest.mark.parametrize(
    ("audience", "asked"),
    [
        (None, ["KOR", "USA"]),
        (("KOR", "USA"), ["KOR", "USA"]),
        (("USA",), ["USA"]),
        # The hub may be given what it can pass on to whom it is for.
        (("KOR",), ["KOR", "USA"]),
        ((), []),
    ],
)
def test_an_own_item_is_asked_about_for_every_partner_of_its_audience(
    audience: tuple[str, ...] | None, asked: list[str]
) -> None:
    """From whom a sensor is hidden, nothing of it is decided, queued or handed over."""
    node = Fed()
    out = own_item(node, audience=audience)
    assert decisions(out) == [("Release", to, None) for to in asked]
    handed = [body.to for body in out if isinstance(body, HandOver)]
    assert sorted(handed) == asked
    node.check_replay()


def test_a_hub_that_may_not_know_of_it_gets_nothing_to_pass_on() -> None:
    """The label is asked first: what it does not name does not see it on its way."""
    node = Fed()
    label = Label(policy="EXERCISE", classification="秘", releasable_to=("KOR",))
    sealed = sign_item(item_of("JPN", label=label), members()["JPN"].sealer.items)
    out = node.give(ItemHeld(sealed=sealed, audience=("KOR",)), by="fuse")
    assert decisions(out) == [("Release", "KOR", None)]


def test_an_own_item_that_was_withheld_is_asked_about_again_when_that_is_over() -> None:
    """No approval opens it: what keeps it at home is the agreement's own state."""
    node, kor = Fed(), Line()
    node.pull(kor.send(carried_act(act_of("suspend"))))
    out = own_item(node, audience=None)
    assert decisions(out) == [("Refusal", "KOR", None), ("Release", "USA", None)]
    assert only(Refusal, out).withheld == (GSOMIA,)
    leave = approval_of("JPN", to="KOR")
    assert decisions(node.order(leave)) == []
    restored = carried_act(act_of("restore", issued_s=1.0))
    again = node.pull(kor.send(restored))
    assert decisions(again) == [("Release", "KOR", None)]
    assert only(Release, again).withheld
    assert decisions(own_item(node, audience=None, seconds=1.0)) == [
        ("Release", "KOR", None),
        ("Release", "USA", None),
    ]
    node.check_replay()


def test_an_own_item_that_nothing_permits_is_not_asked_about_again() -> None:
    """What would be refused in any case no restoration brings back."""
    node, kor = Fed(), Line()
    node.pull(kor.send(carried_act(act_of("suspend"))))
    label = Label(policy="EXERCISE", classification="nobody knows this")
    sealed = sign_item(item_of("JPN", label=label), members()["JPN"].sealer.items)
    out = node.give(ItemHeld(sealed=sealed), by="fuse")
    refused = [body for body in out if isinstance(body, Refusal)]
    assert {body.withheld for body in refused} == {()}
    restored = carried_act(act_of("restore", issued_s=1.0))
    assert decisions(node.pull(kor.send(restored))) == []


def test_the_hub_passes_an_item_on_unchanged_marked_anew_with_the_approval() -> None:
    """Inner bytes stay the originator's; what the relay adds stands outside."""
    approval = approval_of("JPN", to="KOR")
    hub, jpn, _ = hub_told(approval)
    item = item_of("JPN")
    out = hub.pull(jpn.send(jpn.carry(item)), partner="JPN")
    assert decisions(out) == [("Release", "KOR", "USA")]
    decided = only(Release, out)
    assert decided.approval == act_id(approval)
    header, part = part_of(out, "KOR")
    assert header.originator == "JPN"
    assert part.approval == approval
    assert part.agreements == (TISA, KOR_USA)
    assert part.articles == decided.articles
    assert part.marking is not None
    assert part.marking.original == item.label.classification
    assert [mark.party for mark in part.marking.equivalents] == ["USA"]
    (unit,) = hub.node.stages.link.partners["KOR"].sending["notices"].window[-1].units
    assert unit.envelope == envelope_of(sign_item(item, members()["JPN"].sealer.items))
    hub.check_replay()


def test_an_item_is_never_sent_back_nor_asked_about_where_nobody_relays() -> None:
    """Its originator is not asked about, and those who relay nothing ask nothing."""
    hub, jpn, _ = hub_told(approval_of("JPN", to="KOR"))
    out = hub.pull(jpn.send(jpn.carry(item_of("JPN"))), partner="JPN")
    assert "JPN" not in {to for _, to, _ in decisions(out)}
    fed, kor = Fed("JPN"), Line()
    assert decisions(fed.pull(kor.send(kor.carry(item_of("KOR"))))) == []


def test_what_was_relayed_is_not_relayed_again() -> None:
    """One relay is the most: what came through the hub ends where it came to."""
    fed, usa = Fed("JPN"), Line(sender="USA")
    by_hub = relayed(item_of("KOR"), approval=approval_of())
    out = fed.pull(usa.send(by_hub, originator="KOR"), partner="USA")
    assert only(ItemHeld, out).carriage.via == "USA"
    assert decisions(out) == []


def test_what_is_stale_on_arrival_is_passed_on_to_nobody() -> None:
    """History warns nobody, so there is nothing to decide."""
    hub, jpn, _ = hub_told(approval_of("JPN", to="KOR"))
    out = hub.pull(jpn.send(jpn.carry(item_of("JPN"))), partner="JPN", seconds=400.0)
    assert only(ItemHeld, out).carriage.history
    assert decisions(out) == []


def test_without_approval_it_is_refused_and_released_when_the_approval_comes() -> None:
    """An item that waits for its originator's leave is asked about again, once."""
    hub, jpn, _ = hub_told()
    item = item_of("JPN")
    out = hub.pull(jpn.send(jpn.carry(item)), partner="JPN")
    assert decisions(out) == [("Refusal", "KOR", "USA")]
    assert "JPN" in only(Refusal, out).reason
    approval = carried_act(approval_of("JPN", to="KOR"))
    out = hub.pull(jpn.send(approval), partner="JPN", seconds=10.0)
    assert decisions(out) == [("Release", "KOR", "USA")]
    assert part_of(out, "KOR")[1].id == item.id
    again = carried_act(approval_of("JPN", to="KOR", issued_s=11.0))
    assert decisions(hub.pull(jpn.send(again), partner="JPN", seconds=11.0)) == []
    hub.check_replay()


def test_an_approval_that_comes_too_late_opens_nothing() -> None:
    """Leave for an item whose validity has ended releases nothing any more."""
    hub, jpn, _ = hub_told()
    hub.pull(jpn.send(jpn.carry(item_of("JPN"))), partner="JPN")
    late = carried_act(approval_of("JPN", to="KOR", issued_s=300.0))
    out = hub.pull(jpn.send(late), partner="JPN", seconds=300.5)
    assert decisions(out) == []
    assert hub.node.stages.release.refused == {}


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"to": "KOR", "item": "another", "item_class": None},
        {"to": "KOR", "item_class": "Plots"},
        {"to": "KOR", "expires_s": 9.0},
    ],
)
def test_an_approval_of_something_else_opens_nothing(
    elsewhere: dict[str, object],
) -> None:
    """Another item, another class or leave that has ended: it stays refused."""
    hub, jpn, _ = hub_told()
    hub.pull(jpn.send(jpn.carry(item_of("JPN"))), partner="JPN")
    act = approval_of("JPN", **elsewhere)  # type: ignore[arg-type]
    out = hub.pull(jpn.send(carried_act(act)), partner="JPN", seconds=10.0)
    assert decisions(out) == []
    assert len(hub.node.stages.release.refused) == 1


def test_another_nations_approval_does_not_even_ask() -> None:
    """Korea's leave for its own items is no question about Japan's."""
    hub, jpn, kor = hub_told()
    hub.pull(jpn.send(jpn.carry(item_of("JPN"))), partner="JPN")
    act = carried_act(approval_of("KOR", to="JPN"))
    assert decisions(hub.pull(kor.send(act), partner="KOR")) == []
    assert len(hub.node.stages.release.refused) == 1


def test_two_nations_items_of_one_name_are_refused_and_released_apart() -> None:
    """The approval of one nation never opens the way for what another named alike."""
    hub, jpn, kor = hub_told()
    mine = item_of("JPN")
    theirs = replace(item_of("KOR"), id=mine.id)
    hub.pull(jpn.send(jpn.carry(mine)), partner="JPN")
    hub.pull(kor.send(kor.carry(theirs)), partner="KOR")
    assert len(hub.node.stages.release.refused) == 2
    act = carried_act(approval_of("JPN", to="KOR"))
    out = hub.pull(jpn.send(act), partner="JPN", seconds=1.0)
    assert decisions(out) == [("Release", "KOR", "USA")]
    assert part_of(out, "KOR")[0].originator == "JPN"
    (unit,) = hub.node.stages.link.partners["KOR"].sending["notices"].window[-1].units
    assert unit.envelope == envelope_of(sign_item(mine, members()["JPN"].sealer.items))


def test_a_revoked_approval_withdraws_what_rests_on_it() -> None:
    """After the revocation nothing leaves by it, and its window is purged."""
    approval = approval_of("JPN", to="KOR")
    hub, jpn, _ = hub_told(approval)
    first = item_of("JPN")
    hub.pull(jpn.send(jpn.carry(first)), partner="JPN")
    revoked = act_of(
        "revoke",
        "JPN",
        agreement=TISA,
        issued_s=1.0,
        to="KOR",
        via="USA",
        item_class="launch-warning",
    )
    hub.pull(jpn.send(carried_act(revoked)), partner="JPN", seconds=1.0)
    sending = hub.node.stages.link.partners["KOR"].sending["notices"]
    assert sending.epoch == 2
    assert [u.id for m in sending.window for u in m.units] == []
    out = hub.pull(jpn.send(jpn.carry(item_of("JPN"))), partner="JPN", seconds=2.0)
    assert decisions(out) == [("Refusal", "KOR", "USA")]
    hub.check_replay()


def test_what_was_refused_is_remembered_in_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The oldest is let go: an approval that comes after thousands is too late."""
    monkeypatch.setattr(state, "REFUSED_KEPT_MAX", 3)
    hub, jpn, _ = hub_told()
    items: list[Item] = [item_of("JPN") for _ in range(5)]
    for item in items:
        hub.pull(jpn.send(jpn.carry(item)), partner="JPN")
    kept = list(hub.node.stages.release.refused["KOR JPN"])
    assert kept == [item.id for item in items[2:]]


def test_a_release_cites_the_hop_as_well_as_the_arrangement() -> None:
    """Under the arrangement alone nothing goes: both texts are named, in order."""
    approval = approval_of("KOR", to="JPN")
    hub, _, kor = hub_told()
    hub.pull(kor.send(carried_act(approval)), partner="KOR")
    out = hub.pull(kor.send(kor.carry(item_of("KOR"))), partner="KOR")
    decided = only(Release, out)
    assert decided.agreements == (TISA, JPN_USA)
    assert {article.split(":")[0] for article in decided.articles} == {TISA, JPN_USA}
    assert decided.at == at_s(0.0)
