"""Hiding: drawn worlds of four nations, and drawn changes that one must not notice.

Japan, Korea and the United States have what is shipped; Australia has an agreement
with Japan and one with the United States, and none with Korea. For a partner, the
``unaware``, a change is drawn among what it may not see:

* a sensor that is hidden from it, or what such a sensor sees;
* how lines between two others behave, and whether one that has no agreement with it
  lives or sees anything;
* acts on, and texts of, agreements that it is no party to, what is put on record and
  what is asked and answered under them, and what one of their parties refuses;
* that the clock of one that has no agreement with it steps;
* that one of two others has revoked the other's card, and opened the link again.

In some worlds no path can be fitted, so that what was told is taken back; in some a
card is revoked anyway, by anybody, and a start may open the link again;
in some a second text of Australia and Japan begins, and what a suspension withheld
leaves by it.

What the hub relays to it is shown to it by its originator, so a change that feeds a
relay to it, or the hub's knowledge of an act that binds it, is no hidden one
(``_feeds``): those are not drawn. Where a hidden sensor's items share the lane to the
hub with what the hub passes on, that line is a steady one (``_steady``).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as changed
from functools import cache

from msgspec.structs import replace

from beaconfire.seals.acts import sign_act
from beaconfire.seals.codec import encode
from beaconfire.vocabulary.acts import Act as ActSigned
from beaconfire.vocabulary.consultations import ReleaseOf
from beaconfire.vocabulary.entries.arrivals import ClockStep, Order
from beaconfire.vocabulary.records import (
    Assurance,
    Authority,
    Facility,
    LawChange,
    LevelChange,
    Record,
    Suspected,
)
from tests.exercise.drafts import (
    AUS_JPN,
    AUS_USA,
    HUB,
    NATIONS,
    STRANGERS,
    Draft,
    draw_draft,
    infrared,
    made_text,
    members,
    opened,
    pair_lines,
    radar,
    revoking,
    scans,
    some_acts,
)
from tests.exercise.test_world_consulting import answers, asks, withdraws
from tests.exercise.worlds import (
    JPN_USA,
    KOR_USA,
    plain,
)


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """A world, the same world otherwise, and who must not notice the difference."""

    unaware: str
    what: str
    one: Draft
    other: Draft


@cache
def _feeds(draft: Draft, unaware: str, one: str, other: str) -> bool:
    """Say whether what passes between two others may reach ``unaware`` by right.

    The hub passes an originator's items on to it with approval; and what binds it is
    done by acts that must travel between those two.
    """
    shared = draft.binding(unaware, one, other)
    return any(a.agreement in shared for a in draft.acts)


def _steady(draft: Draft, sender: str, to: str) -> Draft:
    """Return the same with a line that neither loses, repeats nor overtakes.

    It still takes its time, and is still cut. What is hidden shares the lane to the hub
    with what the hub passes on, and a message that is late holds up those behind it:
    that is what the line did, and the hub cannot promise that it did not.
    """
    links = tuple(
        replace(link, jitter_ms=0.0, drop=0.0, duplicate=0.0)
        if (link.from_, link.to) == (sender, to) and not link.cut
        else link
        for link in draft.links
    )
    return changed(draft, links=links)


def _hidden_sensor(draw: random.Random, base: Draft, unaware: str) -> Hidden:
    owner = draw.choice([party for party in NATIONS if party != unaware])
    if HUB not in (owner, unaware) and _feeds(base, unaware, owner, HUB):
        base = _steady(base, owner, HUB)
    others = [p for p in NATIONS if p not in (unaware, owner) and draw.random() < 0.3]
    kind = draw.choice((radar, radar, infrared))
    sensor = kind(owner, f"{owner.lower()}-two", unaware, *others)
    seeing = changed(
        base,
        sensors=(*base.sensors, sensor),
        seen=(*base.seen, *scans(draw, sensor)),
    )
    blind = changed(seeing, seen=base.seen)
    otherwise = changed(seeing, seen=(*base.seen, *scans(draw, sensor)))
    other = draw.choice((base, blind, otherwise))
    return Hidden(unaware=unaware, what="a hidden sensor", one=seeing, other=other)


def _others_line(draw: random.Random, base: Draft, unaware: str) -> Hidden | None:
    one, other = draw.sample([party for party in NATIONS if party != unaware], 2)
    if _feeds(base, unaware, one, other):
        return None
    kept = [link for link in base.links if {link.from_, link.to} != {one, other}]
    second = changed(base, links=(*kept, *pair_lines(draw, one, other)))
    return Hidden(unaware=unaware, what="others' line", one=base, other=second)


def _others_acts(draw: random.Random, base: Draft, unaware: str) -> Hidden | None:
    text = draw.choice([t for t in base.texts if not t.binds(unaware)])
    if _feeds(base, unaware, *text.parties[:2]):
        return None
    kept = [a for a in base.acts if a.agreement != text.id]
    second = changed(base, acts=(*kept, *some_acts(draw, text.id, *text.parties)))
    return Hidden(unaware=unaware, what=f"acts on {text.id}", one=base, other=second)


def _others_text(draw: random.Random, base: Draft, unaware: str) -> Hidden | None:
    text = draw.choice([t for t in base.texts if not t.binds(unaware)])
    if text.id in (JPN_USA, KOR_USA) and _feeds(base, unaware, *text.parties):
        return None
    kept = [t for t in base.texts if t.id != text.id]
    if text.id in (AUS_JPN, AUS_USA) and draw.random() < 0.7:
        narrow = made_text(text.parties[1], "LaunchNotice", "TrackProduct")
        refusing = made_text(text.parties[1], no_word=draw.choice(text.parties))
        kept.append(draw.choice((narrow, refusing)))
    second = changed(base, texts=tuple(kept))
    return Hidden(unaware=unaware, what=f"text of {text.id}", one=base, other=second)


def _others_records(draw: random.Random, base: Draft, unaware: str) -> Hidden | None:
    text = draw.choice([t for t in base.texts if not t.binds(unaware)])
    if _feeds(base, unaware, *text.parties[:2]):
        return None
    given = []
    for place in range(draw.choice((1, 2, 3))):
        by, at_s = draw.choice(text.parties), draw.uniform(4.0, 22.0)
        record = draw.choice(
            (
                LawChange(what=f"law {place}"),
                LevelChange(item=f"item-{place}", marking="SECRET"),
                Suspected(case=f"case-{place}", originator=by, what="a laptop"),
                Facility(name="centre", level="SECRET", responsible="officer"),
                Authority(names=("ministry",)),
                Assurance(
                    recipients_cleared=draw.random() < 0.5,
                    official_purpose=True,
                    equivalent_protection=True,
                ),
            )
        )
        given.append((by, at_s, _declared(text.id, by, record, at_s), "person"))
    second = changed(base, given=tuple(given))
    return Hidden(unaware=unaware, what=f"records of {text.id}", one=base, other=second)


def _declared(agreement: str, by: str, record: Record, at_s: float) -> Order:
    act = ActSigned(
        agreement=agreement,
        act="declare",
        party=by,
        record=record,
        issued=plain().at(at_s),
    )
    signed = sign_act(act, members()[by].people)
    return Order(verb="declare", text=encode(signed).decode())


def _others_consulting(draw: random.Random, base: Draft, unaware: str) -> Hidden | None:
    text = draw.choice([t for t in base.texts if not t.binds(unaware)])
    if _feeds(base, unaware, *text.parties[:2]):
        return None
    asker, other = draw.sample(text.parties, 2)
    about = ReleaseOf(
        item_class=draw.choice(("LaunchNotice", "Plots", "TrackProduct")), to=(other,)
    )
    at_s = draw.uniform(3.0, 14.0)
    deadline_s = draw.choice((4.0, 200.0))
    ask = asks(asker, other, deadline_s=deadline_s, under=text.id, about=about)
    said = [(asker, at_s, ask)]
    if draw.random() < 0.8:
        at_s += draw.uniform(0.5, 6.0)
        said.append((other, at_s, answers(other, draw.choice(("consent", "object")))))
        if draw.random() < 0.5:
            said.append((other, at_s + draw.uniform(0.5, 5.0), withdraws(other)))
    second = changed(base, said=tuple(said))
    told = f"a consultation under {text.id}"
    return Hidden(unaware=unaware, what=told, one=base, other=second)


def _stranger(draw: random.Random, base: Draft, unaware: str) -> Hidden | None:
    other = next((b for a, b in sorted(STRANGERS) if a == unaware), None)
    if other is None:
        return None
    if any(other in (a.by, a.to) and a.agreement != AUS_JPN for a in base.acts):
        return None  # its acts bind others, and some of them reach further
    kept = tuple(one for one in base.seen if one.party != other)
    draw_again = tuple(
        told for s in base.sensors if s.party == other for told in scans(draw, s)
    )
    dies = (other, draw.uniform(6.0, 14.0), draw.uniform(15.0, 22.0))
    step = ClockStep(seconds=draw.choice((-40.0, 5.0)), trusted=False)
    mended = ClockStep(seconds=0.0, trusted=True)
    second = draw.choice(
        (
            changed(base, seen=kept),
            changed(base, seen=(*kept, *draw_again)),
            changed(base, crashes=(dies,)),
            changed(
                base,
                given=(
                    (other, dies[1], step, "runtime"),
                    (other, dies[2], mended, "runtime"),
                ),
            ),
        )
    )
    return Hidden(unaware=unaware, what=f"{other}'s world", one=base, other=second)


def _others_revoking(draw: random.Random, base: Draft, unaware: str) -> Hidden | None:
    party, partner = draw.sample([one for one in NATIONS if one != unaware], 2)
    if _feeds(base, unaware, party, partner):
        return None
    base = opened(draw, base, party, partner)
    second = revoking(draw, base, party, partner)
    told = f"that {party} revokes the card of {partner}"
    return Hidden(unaware=unaware, what=told, one=base, other=second)


_KINDS: tuple[Callable[[random.Random, Draft, str], Hidden | None], ...] = (
    _hidden_sensor,
    _others_line,
    _others_acts,
    _others_text,
    _others_records,
    _others_consulting,
    _others_revoking,
    _stranger,
)


def draw_hidden(seed: int) -> Hidden:
    """Draw a world and a change that somebody must not notice."""
    draw = random.Random(seed)
    while True:
        base = draw_draft(draw)
        unaware = draw.choice(("AUS", "AUS", "KOR", "KOR", "JPN", "USA"))
        drawn = draw.choice(_KINDS)(draw, base, unaware)
        if drawn is not None:
            return drawn
