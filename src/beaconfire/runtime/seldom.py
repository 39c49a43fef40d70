"""Seldom: tell a trouble at once, and its repeats together after a while.

What a partner can cause as often as it likes must not fill the log of whoever runs the
node. The first of a sentence is told at once; what comes again within the pause is
counted, and told as a number when the pause is over. Of more sentences than can be
kept apart the others count as one.
"""

import asyncio
from collections.abc import Callable

from beaconfire.runtime.settings import SETTINGS

SENTENCES_MAX = 64  # two for each of 32 partners

_OTHERS = "other troubles"


class Seldom:
    """Tells ``say`` each sentence at most once in a pause."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Nothing was told yet."""
        self._say = say
        self._again: dict[str, int] = {}

    def __call__(self, sentence: str) -> None:
        """Tell ``sentence``, or count it."""
        if sentence not in self._again and len(self._again) >= SENTENCES_MAX:
            sentence = _OTHERS
        if sentence in self._again:
            self._again[sentence] += 1
            return
        self._begin(sentence)
        self._say(sentence)

    def _begin(self, sentence: str) -> None:
        self._again[sentence] = 0
        loop = asyncio.get_running_loop()
        loop.call_later(SETTINGS.told_again_s, self._end, sentence)

    def _end(self, sentence: str) -> None:
        again = self._again.pop(sentence)
        if again:
            self._begin(sentence)
            self._say(f"{sentence} ({again} times in {SETTINGS.told_again_s:g} s)")
