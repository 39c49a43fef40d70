"""Audience: which partners see which of our sensors, and so which own products exist.

Each own sensor may be hidden from partners. Partners that see the same sensors share
one own product, made of those sensors alone; every product has a seed of its own, from
which its ids and tokens are keyed, so that two partners who compare notes learn
nothing of what one of them does not see.
"""

from dataclasses import dataclass

from beaconfire.seals.opaque import opaque
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.party import Party

PICTURE = "picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """An own product: its sensors, who may have it (``None`` = anyone), its seed."""

    name: str
    sensors: tuple[str, ...]  # sorted: a set has no one encoding
    audience: tuple[Party, ...] | None
    seed: str


def own_products(profile: NodeProfile, opaque_key: bytes) -> tuple[Product, ...]:
    """Return one product for each distinct set of sensors that some partner sees.

    Where nothing is hidden there is exactly one, without limit of audience, also when
    there is no partner yet. Where anything is hidden from anyone every audience is
    written out, so that a partner who joins later is in none by default. A partner
    who may know of no sensor at all gets no product.
    """
    everything = frozenset(sensor.id for sensor in profile.sensors)
    if not everything:
        return ()
    if not any(sensor.hidden_from for sensor in profile.sensors):
        return (_product(0, everything, None, opaque_key),)
    seen_by: dict[frozenset[str], list[Party]] = {}
    for party in sorted(card.party for card in profile.partners):
        visible = frozenset(
            sensor.id for sensor in profile.sensors if party not in sensor.hidden_from
        )
        if visible:
            seen_by.setdefault(visible, []).append(party)
    return tuple(
        _product(number, sensors, tuple(parties), opaque_key)
        for number, (sensors, parties) in enumerate(seen_by.items())
    )


def _product(
    number: int, sensors: frozenset[str], audience: tuple[Party, ...] | None, key: bytes
) -> Product:
    return Product(
        name=f"own:{number}",
        sensors=tuple(sorted(sensors)),
        audience=audience,
        seed=opaque(key, "own product", *sorted(sensors)),
    )
