"""Party: a state, by its ISO 3166 alpha-3 code.

The pattern admits ASCII capitals only, so a look-alike letter of another script can
never name a party; in a refusal it stands by its name, since nobody can see it.
Whether a party is known is a question for the node's partners.
"""

import re
import unicodedata
from typing import Annotated

from msgspec import Meta

from beaconfire.errors import BadInput
from beaconfire.vocabulary.patterns import END

PATTERN = r"^[A-Z]{3}" + END
Party = Annotated[str, Meta(pattern=PATTERN, description="ISO 3166 alpha-3")]

_PATTERN = re.compile(r"[A-Z]{3}", re.ASCII)


def require_party(text: str) -> Party:
    """Return ``text`` as a party.

    Raises:
        BadInput: not three ASCII capitals.
    """
    if _PATTERN.fullmatch(text) is None:
        raise BadInput(no_party(text))
    return text


def no_party(text: str) -> str:
    """Say why ``text`` names no party; a character of another script by its name."""
    shown = "".join(char if char.isprintable() else "?" for char in text[:32])
    for char in text:
        if not char.isascii():
            name = unicodedata.name(char, f"U+{ord(char):04X}")
            return (
                f"`{shown}` is not a party: it holds the character {name}; "
                "write three ASCII capitals, as in JPN"
            )
    return f"`{shown}` is not a party: write three capitals, as in JPN"
