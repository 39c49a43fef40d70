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
from dataclasses import dataclass, field
from dataclasses import replace as changed
from functools import cache

from msgspec.structs import replace

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.text import parse_agreement
from beaconfire.exercise.cast import Member, cast
from beaconfire.exercise.scenario_parts import Act, Link, Policy, Sensor
from beaconfire.exercise.sensors import Sighting
from beaconfire.exercise.world import Said, World
from beaconfire.journal.entry import By
from beaconfire.seals.acts import sign_act
from beaconfire.seals.codec import encode
from beaconfire.seals.people_orders import sign_people_order
from beaconfire.vocabulary.acts import Act as ActSigned
from beaconfire.vocabulary.consultations import ReleaseOf
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import ClockStep, Order
from beaconfire.vocabulary.motion import Cue, CuedLaunch
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.records import (
    Assurance,
    Authority,
    Facility,
    LawChange,
    LevelChange,
    Record,
    Suspected,
)
from beaconfire.vocabulary.revoking import CardRevocation
from tests.exercise.test_world_consulting import answers, asks, withdraws
from tests.exercise.test_world_retracting import nothing
from tests.exercise.worlds import (
    GSOMIA,
    JPN_USA,
    KOR_USA,
    TISA,
    act,
    agreements,
    approval,
    cut,
    plain,
    plot_line,
    solve,
)

NATIONS = ("AUS", "JPN", "KOR", "USA")
HUB = "USA"
AUS_JPN, AUS_USA = "aus-jpn-made", "aus-usa-made"
STRANGERS = {("AUS", "KOR"), ("KOR", "AUS")}  # no agreement binds these two
LATER_S = 16.0
END_S, ENDED_S = 28.0, 1_900.0  # what nothing bore out is taken back in half an hour
_MARKINGS = {
    "JPN": '"特定秘密" = "SECRET"\n"秘" = "CONFIDENTIAL"',
    "AUS": '"SECRET" = "SECRET"\n"CONFIDENTIAL" = "CONFIDENTIAL"',
}
_NO_WORD = '"SECRET" = "SECRET"'  # for the level that all items of these worlds have
_POLICY = Policy(
    classification={
        "AUS": "CONFIDENTIAL",
        "JPN": "秘",
        "KOR": "군사III급비밀",
        "USA": "CONFIDENTIAL",
    }
)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """All that a world is made from."""

    sensors: tuple[Sensor, ...]
    seen: tuple[Sighting, ...] = ()
    acts: tuple[Act, ...] = ()
    links: tuple[Link, ...] = ()
    texts: tuple[Agreement, ...] = field(default_factory=lambda: (*texts(),))
    crashes: tuple[tuple[str, float, float], ...] = ()
    given: tuple[tuple[str, float, EntryBody, By], ...] = ()
    said: tuple[tuple[str, float, Said], ...] = ()
    revoked: tuple[tuple[str, str, float], ...] = ()
    renewed: tuple[tuple[str, str, float, float], ...] = ()
    fits: bool = True

    def run(self) -> World:
        """Run the world to its end."""
        scenario = replace(
            plain(),
            policy=_POLICY,
            sensor=self.sensors,
            act=tuple(sorted(self.acts, key=lambda one: one.at_s)),
            link=self.links,
        )
        seen = sorted(self.seen, key=lambda one: (one.at, one.sensor_id))
        solver = solve if self.fits else nothing
        made = World(scenario, self.texts, seen, seed=1, solver=solver)
        for party, at_s, restart_s in self.crashes:
            made.crash(party, at_s, restart_s=restart_s)
        for party, at_s, body, by in self.given:
            made.give(party, at_s, body, by)
        for party, at_s, said in self.said:
            made.consult(party, at_s, said)
        for party, partner, at_s in self.revoked:
            made.give(party, at_s, _revocation(party, partner, at_s), "person")
        for party, partner, at_s, restart_s in self.renewed:
            made.take_next_card(party, partner, at_s, restart_s=restart_s)
        made.run(END_S if self.fits else ENDED_S)
        return made

    def binding(self, *parties: str) -> set[str]:
        """Return the ids of the texts that bind all ``parties``."""
        return {text.id for text in self.texts if text.binds(*parties)}


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """A world, the same world otherwise, and who must not notice the difference."""

    unaware: str
    what: str
    one: Draft
    other: Draft


@cache
def texts() -> tuple[Agreement, ...]:
    """Return the shipped texts and Australia's two."""
    return (*agreements(), made_text("JPN"), made_text("USA"))


@cache
def later_text() -> Agreement:
    """Return a second text of Australia and Japan, which begins while all is watched.

    What a suspension of the first withholds leaves under it.
    """
    since = plain().at(LATER_S)
    return changed(made_text("JPN"), id="aus-jpn-second", in_force_from=since)


def made_text(other: str, *bodies: str, no_word: str | None = None) -> Agreement:
    """Return Australia's agreement with ``other``, for these bodies or for all.

    A party that has ``no_word`` for the level of an item refuses it.
    """
    named = "aus-" + other.lower() + "-made"
    listed = "" if not bodies else f", body = {list(bodies)!r}".replace("'", '"')
    tables = "\n".join(
        f"[levels.{party}]\n"
        f"{_NO_WORD if party == no_word else _MARKINGS.get(party, _MARKINGS['AUS'])}\n"
        for party in ("AUS", other)
    )
    text = f"""
id = "{named}"
title = "made for a test"
instrument = "none"
parties = ["AUS", "{other}"]
in_force_from = "2016-11-23T00:00:00Z"
{tables}
[[article]]
number = "1"
effect = "permit"
when = {{ originator_is_sender = true, classification_up_to = "SECRET"{listed} }}
obligations = ["signed-receipt", "mark-on-receipt"]
rests_on = "a test"

[[article]]
number = "2"
effect = "prohibit"
when = {{ status = "not-in-force" }}
rests_on = "a test"
"""
    return parse_agreement(text, file=named)


def radar(party: str, name: str, *hidden_from: str) -> Sensor:
    """Return a radar of ``party``."""
    first = next(one for one in plain().sensor if one.kind == "radar")
    return replace(first, party=party, id=name, hidden_from=hidden_from)


def infrared(party: str, name: str, *hidden_from: str) -> Sensor:
    """Return an infrared sensor of ``party``."""
    first = next(one for one in plain().sensor if one.kind == "infrared")
    return replace(first, party=party, id=name, hidden_from=hidden_from)


def scans(draw: random.Random, sensor: Sensor) -> tuple[Sighting, ...]:
    """Draw what a sensor reports: a run of plots with bad lines, or some cues."""
    if sensor.kind == "infrared":
        return tuple(
            _told(sensor, at_s, _cue_line(draw, sensor.id, at_s))
            for at_s in (draw.uniform(6.0, 20.0) for _ in range(draw.choice((1, 2, 3))))
        )
    times = [draw.uniform(5.0, 12.0)]
    for _ in range(draw.choice((6, 8, 10))):
        # Irregular, so that a solve often waits for its time behind the last scan.
        times.append(times[-1] + draw.uniform(0.2, 0.9))
    bad = draw.random() < 0.2
    return tuple(
        _told(sensor, at_s, plot_line(sensor.id, at_s), *(("junk",) if bad else ()))
        for at_s in times
    )


def _told(sensor: Sensor, at_s: float, *lines: str) -> Sighting:
    return Sighting(
        at=plain().at(at_s),
        party=sensor.party,
        sensor_id=sensor.id,
        stream="cues" if sensor.kind == "infrared" else "plots",
        lines=lines,
    )


def _cue_line(draw: random.Random, sensor: str, at_s: float) -> str:
    cue = Cue(
        time=plain().at(at_s),
        sensor=SensorSite(id=sensor, lat_deg=0.0, lon_deg=160.0, alt_m=35_786_000.0),
        launch=CuedLaunch(
            # Now and then another launch, and one that covers half a country.
            lat_deg=draw.choice((40.6, 40.6, 30.0)),
            lon_deg=126.4,
            sigma_m=draw.choice((5_000.0, 300_000.0)),
            time=plain().at(draw.choice((0.0, 0.0, -400.0))),
            sigma_time_s=3.0,
        ),
    )
    return encode(cue).decode()


def _line(draw: random.Random, sender: str, to: str) -> list[Link]:
    """Draw how one direction behaves: never two messages at one instant."""
    drawn = [
        Link(
            from_=sender,
            to=to,
            delay_ms=draw.uniform(5.0, 60.0),
            jitter_ms=draw.choice((1.0, 20.0, 300.0)),
            drop=draw.choice((0.0, 0.0, 0.2)),
            duplicate=draw.choice((0.0, 0.2)),
        )
    ]
    if draw.random() < 0.4:
        at_s = draw.uniform(5.0, 16.0)
        drawn.append(cut(sender, to, at_s, at_s + draw.uniform(0.5, 9.0)))
    return drawn


def _pair_lines(draw: random.Random, one: str, other: str) -> list[Link]:
    return [*_line(draw, one, other), *_line(draw, other, one)]


def _some_acts(draw: random.Random, agreement: str, *parties: str) -> list[Act]:
    """Draw suspensions and restorations, also of what nobody suspended."""
    drawn = []
    for _ in range(draw.choice((1, 1, 2, 3))):
        does = draw.choice(("suspend", "suspend", "restore"))
        by = draw.choice(parties)
        drawn.append(act(draw.uniform(6.0, 22.0), by, does, agreement))
    return drawn


def draw_draft(draw: random.Random) -> Draft:
    """Draw a world."""
    sensors = [
        draw.choice((radar, radar, infrared))(party, f"{party.lower()}-one")
        for party in NATIONS
    ]
    acts: list[Act] = []
    for by, to in (("JPN", "KOR"), ("KOR", "JPN")):
        if draw.random() < 0.6:
            until_s = draw.choice((86_400.0, draw.uniform(10.0, 18.0)))
            acts.append(approval(by, to, until_s=until_s))
    for agreement, parties in (
        (GSOMIA, ("JPN", "KOR")),
        (TISA, ("JPN", "KOR", "USA")),
        (JPN_USA, ("JPN", "USA")),
        (AUS_JPN, ("AUS", "JPN")),
    ):
        if draw.random() < 0.2:
            acts.extend(_some_acts(draw, agreement, *parties))
    links = [
        link
        for index, one in enumerate(NATIONS)
        for other in NATIONS[index + 1 :]
        for link in _pair_lines(draw, one, other)
    ]
    seen = [told for sensor in sensors for told in scans(draw, sensor)]
    drawn = Draft(
        sensors=tuple(sensors),
        seen=tuple(seen),
        acts=tuple(acts),
        links=tuple(links),
        fits=draw.random() < 0.9,
        texts=(*texts(), *([later_text()] if draw.random() < 0.4 else [])),
    )
    if draw.random() < 0.8:
        return drawn
    party, partner = draw.sample(NATIONS, 2)
    return _opened(draw, _revoking(draw, drawn, party, partner), party, partner)


def _revoking(draw: random.Random, draft: Draft, party: str, partner: str) -> Draft:
    """Return the same with the card of ``partner`` revoked, while all is under way."""
    one = (party, partner, draw.uniform(5.0, 16.0))
    return changed(draft, revoked=(*draft.revoked, one))


def _opened(draw: random.Random, draft: Draft, party: str, partner: str) -> Draft:
    """Return the same, mostly with a start with that partner's next card."""
    if draw.random() < 0.4:
        return draft
    at_s = draw.uniform(14.0, 20.0)
    one = (party, partner, at_s, at_s + draw.uniform(0.5, 3.0))
    return changed(draft, renewed=(*draft.renewed, one))


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
    second = changed(base, links=(*kept, *_pair_lines(draw, one, other)))
    return Hidden(unaware=unaware, what="others' line", one=base, other=second)


def _others_acts(draw: random.Random, base: Draft, unaware: str) -> Hidden | None:
    text = draw.choice([t for t in base.texts if not t.binds(unaware)])
    if _feeds(base, unaware, *text.parties[:2]):
        return None
    kept = [a for a in base.acts if a.agreement != text.id]
    second = changed(base, acts=(*kept, *_some_acts(draw, text.id, *text.parties)))
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
    signed = sign_act(act, _members()[by].people)
    return Order(verb="declare", text=encode(signed).decode())


def _revocation(party: str, partner: str, at_s: float) -> Order:
    said = CardRevocation(
        party=party,
        partner=partner,
        since=plain().at(at_s),
        reason="drawn",
        issued=plain().at(at_s),
    )
    signed = sign_people_order(said, _members()[party].people)
    return Order(verb="revoke-card", text=encode(signed).decode())


@cache
def _members() -> dict[str, Member]:
    sensors = tuple(radar(party, f"{party.lower()}-one") for party in NATIONS)
    return cast(replace(plain(), policy=_POLICY, sensor=sensors), 1)


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
    base = _opened(draw, base, party, partner)
    second = _revoking(draw, base, party, partner)
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
