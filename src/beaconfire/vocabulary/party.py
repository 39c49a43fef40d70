"""Party: a state, by its ISO 3166 alpha-3 code.

The pattern admits ASCII capitals only, so a look-alike letter of another script can
never name a party. Whether a party is known is a question for the node's partners.
"""

import re
from typing import Annotated

from msgspec import Meta

from beaconfire.errors import BadInput

Party = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z", description="ISO 3166 alpha-3")]

_PATTERN = re.compile(r"[A-Z]{3}", re.ASCII)


def require_party(text: str) -> Party:
    """Return ``text`` as a party.

    Raises:
        BadInput: not three ASCII capitals.
    """
    if _PATTERN.fullmatch(text) is None:
        message = f"`{text[:32]}` is not a party: write three capitals, as in JPN"
        raise BadInput(message)
    return text
