"""A small model: every order of few happenings, over the real nodes of three parties.

Japan and Korea each have one item. Japan's goes to Korea with Korea's consent, or by
the hub with Japan's approval; Korea's goes to Japan without a question, or with Japan's
consent under another text. What happens
is a set of steps (an item is made, something is signed, a message or a receipt comes,
a deadline passes, a node dies and resumes); ``explore`` takes them in every order.

* A node is ``runtime.turns.Node`` and nothing else. Its state between two turns is its
  checkpoint, so that every turn of the model also saves and resumes.
* A border keeps what was laid there until it is taken. What stood there when it was
  purged, or when its node died, may be on its way: it comes at any time, or never.
* Equal states are met once: a state is the nodes' memories, what they must account
  for, what stands at the borders, and which steps are left.

What must hold is checked by the bookkeeping in ``account.py``, which reads entries.
"""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple
from unittest import mock

from beaconfire.agreements.text import parse_agreement
from beaconfire.exercise.cast import node_of
from beaconfire.journal.entry import GENESIS
from beaconfire.runtime import turns
from beaconfire.runtime.checkpoint import restore, save
from beaconfire.runtime.effects import GiveReceipt, Publish, Purge
from beaconfire.runtime.turns import Node, Place
from beaconfire.seals import codec
from beaconfire.stages import link
from beaconfire.stages.link import handing
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import (
    LinkArrival,
    ReceiptArrival,
    Tick,
)
from tests.runtime.account import Account
from tests.runtime.small_happenings import (
    AGREEMENTS,
    LANE,
    PARTIES,
    STEPS,
    TIMES,
    Step,
    body_of,
    members,
)


@dataclass(frozen=True, slots=True)
class _Local:
    """One node between two turns: its memory and what it must account for."""

    memory: bytes
    account: Account


class State(NamedTuple):
    """All of it. ``lanes`` stand at borders, ``late`` may still come after a purge.

    Texts and nodes are numbers: the model keeps each of them once.
    """

    nodes: tuple[int, int, int]
    lanes: tuple[tuple[int, ...], ...]
    late: frozenset[tuple[int, int]]
    receipts: tuple[int, ...]
    done: frozenset[str]
    time: int


WAYS = tuple((a, b) for a in range(3) for b in range(3) if a != b)
_WAY = {way: index for index, way in enumerate(WAYS)}


@dataclass(slots=True)
class Seen:
    """What an exploration met, and the first thing that should not be."""

    states: int = 0
    turns: int = 0
    steps: int = 0
    complete: bool = False
    flaw: str | None = None
    path: tuple[str, ...] = ()


@dataclass(slots=True)
class Model:
    """Runs turns, each once, and explores."""

    allowed: frozenset[str]
    texts: list[str] = field(default_factory=list)
    locals: list[_Local] = field(default_factory=list)
    _text_ids: dict[str, int] = field(default_factory=dict)
    _local_ids: dict[_Local, int] = field(default_factory=dict)
    _turns: dict[tuple[int, int, EntryBody, int], tuple[int, tuple[object, ...]]] = (
        field(default_factory=dict)
    )
    _standing: dict[tuple[int, int], tuple[object, ...]] = field(default_factory=dict)
    _due: dict[tuple[int, int, int], bool] = field(default_factory=dict)
    flaw: str | None = None

    def begin(self) -> State:
        """Return the state in which nothing has happened."""
        ids = []
        for party in PARTIES:
            node = self._fresh(party)
            turn, _ = node.turn(node.given, by="runtime", at=TIMES[0])
            assert turn.entries
            ids.append(self._local(_Local(_memory(node), Account(party=party))))
        return State(
            (ids[0], ids[1], ids[2]),
            tuple(() for _ in WAYS),
            frozenset(),
            tuple(-1 for _ in WAYS),
            frozenset(),
            0,
        )

    def explore(self, states_max: int | None = None) -> Seen:
        """Take all steps in every order; stop at the first thing that must not be."""
        with (
            mock.patch.object(turns, "parse_agreement", _read_once),
            # One place in a window, so that there is a queue behind it.
            mock.patch.object(handing, "WINDOW_MESSAGES", 1),
        ):
            return self._explore(states_max)

    def _explore(self, states_max: int | None) -> Seen:
        seen = Seen()
        begin = self.begin()
        known: dict[State, tuple[State | None, str]] = {begin: (None, "")}
        waiting = deque([begin])
        while waiting and (states_max is None or len(known) < states_max):
            state = waiting.popleft()
            for name, then in self._next(state):
                seen.steps += 1
                flaw = self.flaw or (self._wrong(then) if then not in known else None)
                if then not in known:
                    known[then] = (state, name)
                    waiting.append(then)
                if flaw is not None:
                    seen.flaw = flaw
                    seen.path = (*_path(known, state), name)
                    waiting.clear()
                    break
        seen.complete = seen.flaw is None and not waiting
        seen.states, seen.turns = len(known), len(self._turns)
        return seen

    def _next(self, state: State) -> Iterator[tuple[str, State]]:
        for step in STEPS:
            if step.name not in self.allowed or step.name in state.done:
                continue
            if not set(step.after) <= state.done:
                continue
            yield step.name, self._happen(state, step)
        for index, (giver, taker) in enumerate(WAYS):
            yield from self._messages(state, index, giver, taker)
            text = state.receipts[index]
            if text >= 0:
                body = ReceiptArrival(partner=PARTIES[giver], message=self.texts[text])
                then = state._replace(receipts=_put(state.receipts, index, -1))
                name = f"receipt {PARTIES[giver]}>{PARTIES[taker]}"
                yield name, self._input(then, taker, body)
        for place, party in enumerate(PARTIES):
            if self._is_due(state, place):
                yield f"tick of {party}", self._input(state, place, Tick())

    def _messages(
        self, state: State, index: int, giver: int, taker: int
    ) -> Iterator[tuple[str, State]]:
        name = f"message {PARTIES[giver]}>{PARTIES[taker]}"
        lane = state.lanes[index]
        if lane:
            then = state._replace(lanes=_put(state.lanes, index, lane[1:]))
            yield name, self._arrives(then, giver, taker, lane[0])
        for way, text in sorted(state.late):
            if way == index:
                then = state._replace(late=state.late - {(way, text)})
                yield f"late {name}", self._arrives(then, giver, taker, text)

    def _arrives(self, state: State, giver: int, taker: int, text: int) -> State:
        body = LinkArrival(partner=PARTIES[giver], lane=LANE, message=self.texts[text])
        return self._input(state, taker, body)

    def _happen(self, state: State, step: Step) -> State:
        then = state._replace(done=state.done | {step.name})
        if step.name == "deadline":
            return then._replace(time=1)
        place = PARTIES.index(step.party)
        if step.name.startswith("crash"):
            return self._resume(then, place)
        return self._input(then, place, body_of(step.name, state.time))

    def _resume(self, state: State, place: int) -> State:
        """The node dies with its border; what its journal holds is laid again."""
        lanes, receipts, late = list(state.lanes), list(state.receipts), state.late
        for index, (giver, _) in enumerate(WAYS):
            if giver == place:
                late |= {(index, text) for text in lanes[index]}
                lanes[index], receipts[index] = (), -1
        then = state._replace(lanes=tuple(lanes), receipts=tuple(receipts), late=late)
        key = (place, state.nodes[place])
        if key not in self._standing:
            self._standing[key] = self._laid_again(place, state.nodes[place])
        return self._effects(then, place, self._standing[key])

    def _laid_again(self, place: int, local: int) -> tuple[object, ...]:
        state = self._node(place, local).stages.link
        out: list[object] = []
        for to in (party for party in PARTIES if party != PARTIES[place]):
            for epoch, number, message in link.standing_messages(state, to, LANE):
                out.append(Publish(to, LANE, epoch, number, message))
            for lane, receipt in link.receipts_given(state, to):
                out.append(GiveReceipt(to, lane, receipt))
        return tuple(out)

    def _is_due(self, state: State, place: int) -> bool:
        key = (place, state.nodes[place], state.time)
        if key not in self._due:
            due = self._node(place, state.nodes[place]).due()
            self._due[key] = due is not None and due <= TIMES[state.time]
        return self._due[key]

    def _input(self, state: State, place: int, body: EntryBody) -> State:
        key = (place, state.nodes[place], body, state.time)
        if key not in self._turns:
            self._turns[key] = self._turn(*key)
        local, effects = self._turns[key]
        nodes = list(state.nodes)
        nodes[place] = local
        then = state._replace(nodes=(nodes[0], nodes[1], nodes[2]))
        return self._effects(then, place, effects)

    def _turn(
        self, place: int, local: int, body: EntryBody, time: int
    ) -> tuple[int, tuple[object, ...]]:
        node = self._node(place, local)
        turn, effects = node.turn(body, by="runtime", at=TIMES[time])
        account = self.locals[local].account.after(turn.entries)
        flaw = account.flaw or account.against(node.stages)
        if flaw is not None:
            self.flaw = f"{PARTIES[place]}: {flaw}"
        then = self._local(_Local(_memory(node), replace(account, flaw=None)))
        outside = (Publish, Purge, GiveReceipt)
        return then, tuple(e for e in effects if isinstance(e, outside))

    def _effects(self, state: State, place: int, effects: tuple[object, ...]) -> State:
        lanes, receipts, late = list(state.lanes), list(state.receipts), state.late
        for effect in effects:
            assert isinstance(effect, Publish | Purge | GiveReceipt)
            index = _WAY[place, PARTIES.index(effect.to)]
            if isinstance(effect, Publish):
                text = self._text(codec.encode(effect.message).decode())
                if text not in lanes[index]:
                    lanes[index] = (*lanes[index], text)
            elif isinstance(effect, Purge):
                late |= {(index, text) for text in lanes[index]}
                lanes[index] = ()
            else:
                receipts[index] = self._text(codec.encode(effect.receipt).decode())
        return state._replace(lanes=tuple(lanes), receipts=tuple(receipts), late=late)

    def _wrong(self, state: State) -> str | None:
        accounts = [self.locals[local].account for local in state.nodes]
        for sender in accounts:
            for recipient in accounts:
                flaw = sender.against_other(recipient)
                if flaw is not None:
                    return flaw
        # What a purge or a death took from a border may come late, or never.
        still = any(state.lanes) or max(state.receipts) >= 0
        due = any(self._is_due(state, place) for place in range(3))
        if not still and not due:
            for account in accounts:
                if account.unsettled:
                    return f"{account.party} never hears of {account.unsettled}"
                if account.forgotten:
                    return f"{account.party} never decides again {account.forgotten}"
                if account.overdue:
                    return f"{account.party} lets {account.overdue} wait for ever"
                for other in accounts:
                    if account.misled(other):
                        told = (
                            f"{other.party} is never told that {account.misled(other)}"
                        )
                        return f"{told} was taken back"
        return None

    def _fresh(self, party: str) -> Node:
        return node_of(members()[party], AGREEMENTS, solve_interval_s=0.5)

    def _node(self, place: int, local: int) -> Node:
        node = self._fresh(PARTIES[place])
        restore(node, self.locals[local].memory)
        return node

    def _local(self, local: _Local) -> int:
        if local not in self._local_ids:
            self._local_ids[local] = len(self.locals)
            self.locals.append(local)
        return self._local_ids[local]

    def _text(self, text: str) -> int:
        if text not in self._text_ids:
            self._text_ids[text] = len(self.texts)
            self.texts.append(text)
        return self._text_ids[text]


# The same few texts are read at every resumption; reading is pure, so once is enough.
_read_once = cache(parse_agreement)


def _memory(node: Node) -> bytes:
    """Return the checkpoint without what only tells how long the node has run."""
    state = node.stages.link
    state.own.clear()  # they are released in their own turn or never
    state.own_turn = 0
    state.heard = None  # from whom acts came counts in that turn alone, too
    state.timed = 0
    node.resume(Place(turn=1, seq=1, digest=GENESIS, at=node.at), {})
    # In which order keys were put into a dictionary says only what came before.
    return json.dumps(json.loads(save(node)), sort_keys=True).encode()


def _put(values: tuple, index: int, value: object) -> tuple:  # type: ignore[type-arg]
    return (*values[:index], value, *values[index + 1 :])


def _path(
    known: dict[State, tuple[State | None, str]], state: State
) -> tuple[str, ...]:
    names: list[str] = []
    at: State | None = state
    while at is not None:
        at, name = known[at]
        names.append(name)
    return tuple(reversed(names[:-1]))
