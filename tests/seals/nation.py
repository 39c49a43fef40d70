"""A nation for the tests: its keys from a seed, its card, an item and an act."""

import hashlib

from beaconfire.seals.keys import SigningKey, SigningRole
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.report import LaunchNotice
from beaconfire.vocabulary.times import Instant

NOON = Instant.parse("2022-10-03T12:00:00Z")


def signing_key(party: str, role: SigningRole, salt: str = "") -> SigningKey:
    """Return the key that this party always has in this role."""
    seed = hashlib.sha256(f"{party} {role} {salt}".encode()).digest()
    return SigningKey.from_seed(seed, role)


def card_of(party: str, number: int = 1, **changes: object) -> Card:
    """Return this party's card."""
    fields: dict[str, object] = {
        "party": party,
        "number": number,
        "status": "EXERCISE",
        "valid_from": NOON.plus_s(-86_400),
        "valid_until": NOON.plus_s(86_400),
        "root": signing_key(party, "root").public_text,
        "keys": tuple(
            signing_key(party, role).public for role in ("items", "link", "people")
        ),
        "border_host": "127.0.0.1",
        "border_port": 7422,
        "certificate_pem": "none",
    }
    return Card(**{**fields, **changes})  # type: ignore[arg-type]


def notice_item(originator: str = "KOR", ident: str = "a1") -> Item:
    """Return a small item."""
    return Item(
        id=ident,
        originator=originator,
        status="EXERCISE",
        exercise="test",
        label=Label(policy=originator, classification="SECRET"),
        created=NOON,
        valid_until=NOON.plus_s(600),
        body=LaunchNotice(launch_id="l1", first_seen=NOON),
    )


def suspension(party: str = "KOR", **changes: object) -> Act:
    """Return an unsigned act."""
    fields: dict[str, object] = {
        "agreement": "gsomia-jpn-kor-2016",
        "act": "suspend",
        "party": party,
        "issued": NOON,
    }
    return Act(**{**fields, **changes})  # type: ignore[arg-type]
