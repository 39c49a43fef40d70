"""Taking up: the first turns of a start, by a clock that goes on from the journal.

The start itself is decided at an instant, and so is all that comes after it. Where the
journal's newest turn lies ahead of the clock (the clock was wrong when it was made, and
has been mended since), turns go on from there, and no time can be judged by them. That
must be known *before* the start: told a second later, good plots would be refused
as too old until then, and partners' items be taken for history.
"""

from beaconfire.journal.entry import Turn
from beaconfire.runtime.clock import Clock
from beaconfire.runtime.effects import Effect
from beaconfire.runtime.turns import Node
from beaconfire.vocabulary.entries.arrivals import ClockStep, NodeStart


def first_turns(
    node: Node, clock: Clock
) -> tuple[tuple[Turn, ...], tuple[Effect, ...]]:
    """Take up the journal that ``node`` has folded; return turns to store and effects.

    What the node is from now on stands in the start; what it thinks of its clock stands
    before it, or behind it in a journal that holds nothing yet.
    """
    clock.go_on_from(node.at)
    step_s = clock.stepped_s()
    inputs: list[ClockStep | NodeStart] = [node.given]
    if step_s or (node.clock_trusted and not clock.trusted):
        step = ClockStep(seconds=step_s, trusted=False)
        inputs.insert(0 if node.turns else 1, step)
    turns: list[Turn] = []
    effects: list[Effect] = []
    for body in inputs:
        turn, follow = node.turn(body, by="runtime", at=clock.now())
        turns.append(turn)
        effects += follow
    return tuple(turns), tuple(effects)
