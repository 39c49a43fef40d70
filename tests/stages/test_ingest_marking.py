"""What a partner's item is marked with when it comes in, as the journal shows it."""

import json

from msgspec.structs import replace

from beaconfire.journal.entry import encode_entry
from beaconfire.vocabulary.entries.carriage import Arrival, Receipt
from beaconfire.vocabulary.entries.sightings import ItemHeld, Quarantine, Rejection
from beaconfire.vocabulary.label import Equivalent, Label
from tests.stages.partners_made import (
    GSOMIA,
    KOR_USA,
    TISA,
    Fed,
    Line,
    act_of,
    approval_of,
    carried,
    carried_act,
    item_of,
    only,
    relayed,
)


def test_a_partners_item_is_journalled_with_our_own_equivalent() -> None:
    """GSOMIA 9 asks for it: the export shows originator, original and equivalent."""
    fed, kor = Fed(), Line()
    item = item_of("KOR")
    part = carried(item, agreements=(GSOMIA,), articles=(f"{GSOMIA}:9",))
    held = only(ItemHeld, fed.pull(kor.send(part)))
    assert held.sealed.item.label == item.label  # what was signed never changes
    (line,) = (e for e in fed.turns[-1].entries if e.body == held)
    marking = json.loads(encode_entry(line))["body"]["carriage"]["marking"]
    assert marking["originator"] == "KOR"
    assert marking["articles"] == [f"{GSOMIA}:9"]
    assert marking["label"]["classification"] == "군사III급비밀"
    assert marking["label"]["original"] == "군사III급비밀"
    assert marking["label"]["equivalents"] == [{"party": "JPN", "marking": "秘"}]
    fed.check_replay()


def test_an_item_that_we_cannot_mark_is_refused_with_the_article() -> None:
    """A level without an equivalent is not used; its neighbours are."""
    fed, kor = Fed(), Line()
    above = item_of("KOR", label=Label(policy="EXERCISE", classification="TOP SECRET"))
    good = item_of("KOR")
    out = fed.pull(kor.send(kor.carry(above), kor.carry(good)))
    assert only(Rejection, out).reason == (
        f"item `{above.id}`: {GSOMIA}:9 asks for JPN's own equivalent of `TOP SECRET` "
        f"of KOR, and the levels of {GSOMIA} have none"
    )
    assert only(ItemHeld, out).sealed.item == good
    assert only(Arrival, out).items == only(Receipt, out).items == (good.id,)
    fed.check_replay()


def test_what_is_quarantined_is_marked_too() -> None:
    """An agreement that is not in force still says how to keep what came under it."""
    fed, kor = Fed(), Line()
    out = fed.pull(kor.send(carried_act(act_of("suspend")), kor.carry(item_of("KOR"))))
    marking = only(Quarantine, out).marking
    assert marking is not None
    assert marking.label.equivalents == (Equivalent(party="JPN", marking="秘"),)


def test_a_relayed_item_keeps_original_relays_and_our_own_marking() -> None:
    """All three words stand side by side, whoever read the item on its way."""
    fed, usa = Fed("KOR"), Line(sender="USA", to="KOR")
    item = replace(
        item_of("JPN"), label=Label(policy="EXERCISE", classification="極秘")
    )
    outside = Label(
        policy="EXERCISE",
        classification="極秘",
        original="極秘",
        equivalents=(Equivalent(party="USA", marking="SECRET"),),
    )
    part = relayed(
        item,
        approval=approval_of("JPN", to="KOR"),
        agreements=(TISA, KOR_USA),
        articles=(f"{TISA}:4(relay)", f"{KOR_USA}:protection"),
        marking=outside,
    )
    out = fed.pull(usa.send(part, originator="JPN"), partner="USA")
    carriage = only(ItemHeld, out).carriage
    assert carriage is not None
    assert carriage.marking is not None
    assert carriage.marking.originator == "JPN"
    assert carriage.marking.articles == (f"{TISA}:4(relay)",)
    assert carriage.marking.label.original == "極秘"
    assert carriage.marking.label.equivalents == (
        Equivalent(party="USA", marking="SECRET"),
        Equivalent(party="KOR", marking="군사II급비밀"),
    )
