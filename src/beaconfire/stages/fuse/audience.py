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
    """An own product: its sensors, who may have it (``None`` = anyone), its seed.

    ``releasable_to`` is what its items' labels say, for partners who relay them: empty
    unless some partner may not know of one of the sensors. A product of sensors that
    everybody may know of says nothing, so that nothing hidden shows in its label.
    """

    name: str
    sensors: tuple[str, ...]  # sorted: a set has no one encoding
    audience: tuple[Party, ...] | None
    releasable_to: tuple[Party, ...]
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
        return (_product(0, everything, None, (), opaque_key),)
    visible = {
        party: frozenset(s.id for s in profile.sensors if party not in s.hidden_from)
        for party in sorted(card.party for card in profile.partners)
    }
    seen_by: dict[frozenset[str], list[Party]] = {}
    for party, sensors in visible.items():
        if sensors:
            seen_by.setdefault(sensors, []).append(party)
    products = []
    for number, (sensors, parties) in enumerate(seen_by.items()):
        may_know = tuple(p for p, seen in visible.items() if sensors <= seen)
        limited = may_know if len(may_know) < len(visible) else ()
        products.append(_product(number, sensors, tuple(parties), limited, opaque_key))
    return tuple(products)


def unshared_sensors(profile: NodeProfile) -> tuple[str, ...]:
    """Return the radars of which no partner is told, and that stand on no survey
    with one of which a partner is.
    """
    parties = {card.party for card in profile.partners}
    secret = [s for s in profile.sensors if parties <= set(s.hidden_from)]
    told = {s.bias_id or s.id for s in profile.sensors if s not in secret}
    return tuple(s.id for s in secret if (s.bias_id or s.id) not in told)


def _product(
    number: int,
    sensors: frozenset[str],
    audience: tuple[Party, ...] | None,
    releasable_to: tuple[Party, ...],
    key: bytes,
) -> Product:
    return Product(
        name=f"own:{number}",
        sensors=tuple(sorted(sensors)),
        audience=audience,
        releasable_to=releasable_to,
        seed=opaque(key, "own product", *sorted(sensors)),
    )
