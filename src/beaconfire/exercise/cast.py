"""Cast: the nations of a simulated exercise, with keys and cards made from its seed.

The keys are worth nothing outside one simulated run: anybody with the scenario can
make them again. A real run makes real keys (``exercise/staging.py``).
"""

import hashlib
from dataclasses import dataclass

from beaconfire.agreements.agreement import Agreement
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.scenario_parts import Sensor
from beaconfire.runtime.sealing import Sealer
from beaconfire.runtime.turns import Node
from beaconfire.seals.cards import SignedCard, sign_card
from beaconfire.seals.keys import SigningKey, SigningRole
from beaconfire.vocabulary.cards import Card, KeyRole, NodeProfile, OwnSensor
from beaconfire.vocabulary.party import Party

SIMULATED_PORT = 1  # no socket is opened; a card must name one
CARD_YEARS_S = 10 * 365 * 86_400.0
_ROLES: tuple[KeyRole, ...] = ("items", "link", "people")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One nation's keys and what its node knows of itself and the others."""

    profile: NodeProfile
    sealer: Sealer
    people: SigningKey
    opaque_key: bytes


def cast(scenario: Scenario, seed: int) -> dict[Party, Member]:
    """Return every nation of the scenario, each knowing all the others' cards."""
    parties = scenario.parties
    cards = {party: _card(scenario, party, seed) for party in parties}
    return {party: _member(scenario, party, cards, seed) for party in parties}


def signed_cards(scenario: Scenario, seed: int) -> dict[Party, SignedCard]:
    """Return every nation's card as its root signs it, to be read by others."""
    return {
        party: sign_card(
            _card(scenario, party, seed), _key(scenario, party, seed, "root")
        )
        for party in scenario.parties
    }


def node_of(
    member: Member, agreements: tuple[Agreement, ...], *, solve_interval_s: float
) -> Node:
    """Return the node of one nation, at its first turn."""
    return Node(
        member.profile,
        agreements,
        sealer=member.sealer,
        opaque_key=member.opaque_key,
        solve_interval_s=solve_interval_s,
        writer="simulated",
    )


def own_sensors(scenario: Scenario, party: Party) -> tuple[OwnSensor, ...]:
    """Return a party's sensors as its node knows them."""
    return tuple(map(_own_sensor, scenario.sensors_of(party)))


def _own_sensor(sensor: Sensor) -> OwnSensor:
    radar = sensor.kind == "radar"
    return OwnSensor(
        id=sensor.id,
        kind=sensor.kind,
        bias_id=sensor.bias_id,
        hidden_from=sensor.hidden_from,
        rate_hz=sensor.rate_hz,
        range_max_km=sensor.range_max_km,
        elevation_min_deg=sensor.elevation_min_deg,
        # One that never detects anything states no way of looking.
        detection_probability=(sensor.detection_probability or None) if radar else None,
    )


def _member(
    scenario: Scenario, party: Party, cards: dict[Party, Card], seed: int
) -> Member:
    profile = NodeProfile(
        party=party,
        status=scenario.status,
        exercise=scenario.name,
        policy=scenario.policy.name,
        classification=scenario.policy.classification_of(party),
        sensors=own_sensors(scenario, party),
        card=cards[party],
        partners=tuple(card for other, card in cards.items() if other != party),
    )
    return Member(
        profile=profile,
        sealer=Sealer(
            items=_key(scenario, party, seed, "items"),
            link=_key(scenario, party, seed, "link"),
        ),
        people=_key(scenario, party, seed, "people"),
        opaque_key=_seed(scenario, party, seed, "opaque"),
    )


def _card(scenario: Scenario, party: Party, seed: int) -> Card:
    return Card(
        party=party,
        number=1,
        status=scenario.status,
        valid_from=scenario.epoch.plus_s(-CARD_YEARS_S),
        valid_until=scenario.epoch.plus_s(CARD_YEARS_S),
        root=_key(scenario, party, seed, "root").public_text,
        keys=tuple(_key(scenario, party, seed, role).public for role in _ROLES),
        border_host="simulated",
        border_port=SIMULATED_PORT,
        certificate_pem="",
    )


def _key(scenario: Scenario, party: Party, seed: int, role: SigningRole) -> SigningKey:
    return SigningKey.from_seed(_seed(scenario, party, seed, role), role)


def _seed(scenario: Scenario, party: Party, seed: int, role: str) -> bytes:
    text = f"beaconfire simulated {scenario.name} {seed} {party} {role}"
    return hashlib.sha256(text.encode()).digest()
