"""Resequence: give a lane's messages to the node in their numbered order.

A border redelivers what was not acknowledged, so after a broken connection a later
message may come before an earlier one. What comes early is held, at most a window of
it, until the numbers before it have come.

* It reads numbers from text that is not verified yet and decides nothing: a lie here
  only changes when the node looks at a message, and the node verifies all of it.
* A repeat is passed on at once, so that it can be receipted again.
* A message of a later epoch drops what was held of the earlier one: the sender has
  purged it.
* When more than a window is held the oldest is passed on as it is: the node then
  records a hole, which inside an epoch is always an error.
"""

import msgspec

from beaconfire.errors import BadInput
from beaconfire.seals import codec
from beaconfire.seals.dsse import unverified_payload
from beaconfire.vocabulary.link import LINK_TYPE, WINDOW_MESSAGES, LinkMessage

HELD_MESSAGES_MAX = WINDOW_MESSAGES  # no honest sender is further ahead


class _Numbers(msgspec.Struct, frozen=True):
    epoch: int
    number: int


class Resequencer:
    """One lane from one partner."""

    def __init__(self, *, epoch: int = 1, number: int = 0) -> None:
        """Start after ``epoch``/``number``, the head that the journal holds."""
        self._epoch = epoch
        self._number = number
        # As bytes: one odd character makes a text take four bytes for each.
        self._held: dict[int, bytes] = {}

    def offer(self, message: str) -> list[str]:
        """Take a message as it came; return those that are now in order."""
        numbers = _numbers(message)
        if numbers is None or numbers.epoch < self._epoch:
            return [message]
        if numbers.epoch > self._epoch:
            if numbers.number != 1:
                return []  # not acknowledged, so it comes again after its first
            self._epoch, self._number = numbers.epoch, 0
            self._held.clear()
        if numbers.number <= self._number:
            return [message]
        ready = []
        if numbers.number == self._number + 1:
            self._number += 1
            self._held.pop(numbers.number, None)
            ready.append(message)
        else:
            self._held[numbers.number] = message.encode()
        while self._number + 1 in self._held:
            self._number += 1
            ready.append(self._held.pop(self._number).decode())
        if len(self._held) > HELD_MESSAGES_MAX:
            ready.append(self._held.pop(min(self._held)).decode())
        return ready


def _numbers(message: str) -> _Numbers | None:
    try:
        outer = codec.decode(message, LinkMessage, what="link message")
        return msgspec.json.decode(
            unverified_payload(outer.header, payload_type=LINK_TYPE), type=_Numbers
        )
    except (BadInput, msgspec.MsgspecError):
        return None
