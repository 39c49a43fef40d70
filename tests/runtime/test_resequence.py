"""Resequence: what comes out of a lane's reader, whatever order messages come in."""

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from beaconfire.runtime.resequence import HELD_MESSAGES_MAX, Resequencer
from beaconfire.seals import codec
from beaconfire.seals.dsse import digest, envelope, sign
from beaconfire.seals.keys import SigningKey
from beaconfire.vocabulary.link import LINK_TYPE, ZERO_DIGEST, LinkHeader, LinkMessage
from beaconfire.vocabulary.times import Instant

KEY = SigningKey.from_seed(bytes(32), "link")


@cache
def message(number: int, epoch: int = 1) -> str:
    """Return a message of the lane with this number."""
    header = LinkHeader(
        sender="KOR",
        recipient="JPN",
        originator="KOR",
        lane="plots",
        epoch=epoch,
        number=number,
        previous=ZERO_DIGEST if number == 1 else digest(LINK_TYPE, b"before"),
        sent=Instant(0),
    )
    payload = codec.encode(header)
    signature = sign(LINK_TYPE, payload, KEY)
    made = LinkMessage(header=envelope(LINK_TYPE, payload, signature))
    return codec.encode(made).decode()


@st.composite
def shuffled(draw: st.DrawFn) -> list[int]:
    """Draw all numbers of a window in any order, some of them several times."""
    count = draw(st.integers(1, HELD_MESSAGES_MAX))
    numbers = list(range(1, count + 1))
    repeats = draw(st.lists(st.sampled_from(numbers), max_size=20))
    return draw(st.permutations(numbers + repeats))


def firsts(came: list[str]) -> list[str]:
    """Return messages in the order in which each came out for the first time."""
    return list(dict.fromkeys(came))


@given(shuffled())
def test_any_order_with_repeats_within_a_window_comes_out_in_order(
    numbers: list[int],
) -> None:
    """Each message is given to the node once its turn has come, and none is kept."""
    reader = Resequencer()
    came = [out for number in numbers for out in reader.offer(message(number))]
    assert firsts(came) == [message(n) for n in range(1, max(numbers) + 1)]


@given(shuffled())
def test_a_repeat_of_what_came_out_is_passed_on_at_once(numbers: list[int]) -> None:
    """The node gives its receipt again, so that a lost one is made good."""
    reader = Resequencer()
    for number in numbers:
        reader.offer(message(number))
    for number in numbers:
        assert reader.offer(message(number)) == [message(number)]


@given(st.lists(st.integers(2, HELD_MESSAGES_MAX), unique=True, min_size=1))
def test_a_later_epoch_drops_what_was_held(numbers: list[int]) -> None:
    """The sender has purged it: nothing of the old epoch follows the new one."""
    reader = Resequencer()
    for number in numbers:
        assert reader.offer(message(number)) == []
    assert reader.offer(message(1, epoch=2)) == [message(1, epoch=2)]
    came = [
        out
        for number in range(2, HELD_MESSAGES_MAX + 1)
        for out in reader.offer(message(number, epoch=2))
    ]
    assert came == [message(n, epoch=2) for n in range(2, HELD_MESSAGES_MAX + 1)]


def test_the_middle_of_a_later_epoch_waits_for_its_first_message() -> None:
    """Only number 1 opens an epoch; it is not passed on and so it comes again."""
    reader = Resequencer()
    assert reader.offer(message(2, epoch=2)) == []
    assert reader.offer(message(1)) == [message(1)]
    assert reader.offer(message(1, epoch=2)) == [message(1, epoch=2)]
    assert reader.offer(message(2, epoch=2)) == [message(2, epoch=2)]


@given(st.permutations(range(2, 3 * HELD_MESSAGES_MAX)))
def test_it_never_holds_more_than_its_limit(numbers: list[int]) -> None:
    """A sender that leaves a hole for ever costs a window of memory, not more."""
    reader = Resequencer()
    held = 0
    for number in numbers:
        held += 1 - len(reader.offer(message(number)))
        assert held <= HELD_MESSAGES_MAX
    assert held == HELD_MESSAGES_MAX


@given(st.integers(0, 5), st.text(max_size=50))
def test_what_it_cannot_read_is_passed_on(number: int, text: str) -> None:
    """Judging a message is the node's work; nothing is dropped unseen here."""
    reader = Resequencer(number=number)
    assert reader.offer(text) == [text]


def test_it_goes_on_after_the_head_that_the_journal_holds() -> None:
    """After a restart what was stored is a repeat, and what follows is next."""
    reader = Resequencer(epoch=3, number=7)
    assert reader.offer(message(9, epoch=3)) == []
    assert reader.offer(message(7, epoch=3)) == [message(7, epoch=3)]
    assert reader.offer(message(8, epoch=3)) == [
        message(8, epoch=3),
        message(9, epoch=3),
    ]
    assert reader.offer(message(1, epoch=2)) == [message(1, epoch=2)]
