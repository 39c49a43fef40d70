"""TOML text: a table, or one sentence that says why there is none.

The parser of the standard library gives up on some texts in its own words, and on some
takes seconds: a key of thousands of dotted parts makes as many tables, each looked for
from the first on. No file of ours has a key of more than a few parts.
"""

import re
import tomllib

from beaconfire.errors import BadInput

PARTS_OF_KEY_MAX = 32  # ours have four at most; a thousand take the parser 10 ms
_LONG_KEY = re.compile(
    rf"^\s*\[*(?:[^\s=#.\"'\[]+\s*\.\s*){{{PARTS_OF_KEY_MAX}}}", re.M
)


def toml_of(data: bytes, *, what: str) -> dict[str, object]:
    """Read a TOML file's bytes; its size is the caller's to bound.

    Raises:
        BadInput: it is not TOML, or none that can be read; says why.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        message = f"{what}: not UTF-8 text: byte {error.start} cannot be read"
        raise BadInput(message) from None
    if _LONG_KEY.search(text):
        message = f"{what}: a key has more than {PARTS_OF_KEY_MAX} parts"
        raise BadInput(message)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        message = f"{what}: not TOML: {said[:1].lower()}{said[1:]}"
    except RecursionError:
        message = f"{what}: not TOML that can be read: nested too deep"
    except ValueError:
        # The parser's own errors are above; this is its answer to endless digits.
        message = f"{what}: not TOML that can be read: a number is too long"
    raise BadInput(message)
