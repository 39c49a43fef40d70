"""Streams: random numbers of an exercise, one stream for each purpose.

A stream is named by what it is for (this sensor's noise on that launch), never taken
in turn from a shared one: adding a sensor, a launch or a purpose changes no number that
anything else draws. Equal seeds and names give equal numbers on every machine.
"""

import hashlib

import numpy as np

_BETWEEN = "\x1f"  # stands in no id


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the stream of that name under a seed."""
    digest = hashlib.sha256(_BETWEEN.join(names).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:16], "big")])


def opaque_id(seed: int, *names: str) -> str:
    """Return an id that tells nothing of its names to whoever lacks the seed."""
    key = seed.to_bytes(8, "big")
    text = _BETWEEN.join(names).encode()
    return hashlib.blake2b(text, key=key, digest_size=9).hexdigest()
