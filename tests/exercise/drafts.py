"""Drafts: drawn worlds of four nations, in which something can be hidden.

What each of them has, sees, does and refuses, and how their lines behave.
"""

import random
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
from beaconfire.seals.codec import encode
from beaconfire.seals.people_orders import sign_people_order
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import Order
from beaconfire.vocabulary.motion import Cue, CuedLaunch
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.revoking import CardRevocation
from tests.exercise.test_world_retracting import nothing
from tests.exercise.worlds import (
    GSOMIA,
    JPN_USA,
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
POLICY = Policy(
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
            policy=POLICY,
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


def pair_lines(draw: random.Random, one: str, other: str) -> list[Link]:
    """Return drawn lines both ways between two."""
    return [*_line(draw, one, other), *_line(draw, other, one)]


def some_acts(draw: random.Random, agreement: str, *parties: str) -> list[Act]:
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
            acts.extend(some_acts(draw, agreement, *parties))
    links = [
        link
        for index, one in enumerate(NATIONS)
        for other in NATIONS[index + 1 :]
        for link in pair_lines(draw, one, other)
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
    return opened(draw, revoking(draw, drawn, party, partner), party, partner)


def revoking(draw: random.Random, draft: Draft, party: str, partner: str) -> Draft:
    """Return the same with the card of ``partner`` revoked, while all is under way."""
    one = (party, partner, draw.uniform(5.0, 16.0))
    return changed(draft, revoked=(*draft.revoked, one))


def opened(draw: random.Random, draft: Draft, party: str, partner: str) -> Draft:
    """Return the same, mostly with a start with that partner's next card."""
    if draw.random() < 0.4:
        return draft
    at_s = draw.uniform(14.0, 20.0)
    one = (party, partner, at_s, at_s + draw.uniform(0.5, 3.0))
    return changed(draft, renewed=(*draft.renewed, one))


def _revocation(party: str, partner: str, at_s: float) -> Order:
    said = CardRevocation(
        party=party,
        partner=partner,
        since=plain().at(at_s),
        reason="drawn",
        issued=plain().at(at_s),
    )
    signed = sign_people_order(said, members()[party].people)
    return Order(verb="revoke-card", text=encode(signed).decode())


@cache
def members() -> dict[str, Member]:
    """Return who takes part, each with its keys and card."""
    sensors = tuple(radar(party, f"{party.lower()}-one") for party in NATIONS)
    return cast(replace(plain(), policy=POLICY, sensor=sensors), 1)
