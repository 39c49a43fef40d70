"""Opaque: ids and tokens that say nothing to whoever does not hold the node's secret.

A counter in an id would tell a partner how much it was not shown. An opaque id is a
keyed hash: equal for equal parts under one secret, unrelated for any other. Sets of
visible sensors are kept apart by making the set one of the parts.
"""

import hmac

_DIGITS = 32  # 128 bits: no two ids of one node meet by chance
SECRET_BYTES = 32


def opaque(key: bytes, *parts: str) -> str:
    """Return the opaque id of ``parts``, in their order, under the secret ``key``."""
    if len(key) < SECRET_BYTES:
        complaint = f"a secret for opaque ids has at least {SECRET_BYTES} bytes"
        raise ValueError(complaint)
    # Each part is closed by its length, so that ("ab", "c") is not ("a", "bc").
    text = b"".join(b"%d:%s," % (len(raw), raw) for raw in map(str.encode, parts))
    return hmac.digest(key, text, "sha256").hex()[:_DIGITS]
