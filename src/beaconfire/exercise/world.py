"""World: many nodes, their borders, lines and sensors in memory under one seed.

The same ``Node`` as in production, with memory journals and simulated time. One seed
gives the same bytes in every journal. A nation's node is given its sensors' lines,
its partners' messages and its people's orders, and nothing else: truth stays outside.

The model of a border is the real one's: messages of a lane stand there until they
were taken and acknowledged, a lost one is delivered again, a purge removes what stands
but not what is already on its way. Of receipts for one lane the newest waits in its
giver's memory until the partner has taken it.
"""

import heapq
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from dataclasses import replace as changed
from functools import partial
from itertools import count

from msgspec.structs import replace

from beaconfire.agreements.agreement import Agreement
from beaconfire.exercise.cast import Member, cast, node_of
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.scenario_parts import Act as ScenarioAct
from beaconfire.exercise.sensors import Sighting
from beaconfire.exercise.wire import Wire
from beaconfire.journal.entry import By, Turn
from beaconfire.journal.memory import CrashPoint, MemoryJournal, PlannedCrash
from beaconfire.runtime.effects import Effect, GiveReceipt, Publish, Purge, Solve
from beaconfire.runtime.resequence import Resequencer
from beaconfire.runtime.turns import Node
from beaconfire.seals import codec
from beaconfire.seals.acts import sign_act
from beaconfire.seals.consultations import sign_statement
from beaconfire.stages import ingest
from beaconfire.stages.desk import CONSULTING
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.consultations import Statement
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import (
    Estimate,
    LinkArrival,
    LinkState,
    Order,
    ReceiptArrival,
    SensorLines,
    Tick,
)
from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.link import LANES, Lane
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

REDELIVER_S = 1.0  # a message without acknowledgement is delivered again after this
SOLVE_S = 0.02  # modelled time of a solve; a real one measures 5 ms on a quiet core
SOLVE_INTERVAL_S = 0.5  # the node's own: at most two solves a second and launch
TICK_S = 1.0  # how often a node looks whether anything is due

Solver = Callable[[Observations], FlightEstimate]
Event = Callable[[float], object]
Said = Callable[[Node, Instant], Statement | None]


@dataclass(slots=True)
class _Lane:
    """One lane at a border, and its reader's place in it.

    What a reader ``refused`` because it had closed the link stands there still.
    """

    standing: dict[tuple[int, int], str] = field(default_factory=dict)
    order: Resequencer = field(default_factory=Resequencer)
    refused: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Nation:
    member: Member
    node: Node
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    crashed: bool = False
    texts: tuple[Agreement, ...] | None = None
    tick_s: float | None = None


class World:
    """All nations of one exercise: ``run`` advances, ``turns`` are the journals."""

    def __init__(
        self,
        scenario: Scenario,
        agreements: tuple[Agreement, ...],
        sightings: Iterable[Sighting],
        *,
        seed: int,
        solver: Solver,
        sharing: bool = True,
        from_s: float = -60.0,
    ) -> None:
        self._scenario = scenario
        self._agreements = agreements
        self._solver = solver
        self._sharing = sharing
        self._order = count()
        self._queue: list[tuple[float, int, Event]] = []
        self._nations = {
            party: _Nation(member, self._fresh(member))
            for party, member in cast(scenario, seed).items()
        }
        pairs = [(a, b) for a in self._nations for b in self._nations if a != b]
        self._wires = {(a, b): Wire(scenario.link, a, b, seed=seed) for a, b in pairs}
        self._lanes: dict[tuple[Party, Party, Lane], _Lane] = {
            (a, b, lane): _Lane() for a, b in pairs for lane in LANES
        }
        self._receipts: dict[tuple[Party, Party, Lane], str] = {}
        first = min([from_s, *(act.at_s for act in scenario.act)])
        for party, nation in self._nations.items():
            self._input_at(first, party, nation.node.given, "runtime")
        for pair in pairs:
            self._schedule_line(pair, first)
        for act in scenario.act:
            self._later(act.at_s, partial(self._order_act, act))
        for sighting in sightings:
            self._input_at(
                sighting.at.seconds_since(scenario.epoch),
                sighting.party,
                SensorLines(
                    sensor=sighting.sensor_id,
                    stream=sighting.stream,
                    lines=sighting.lines,
                ),
                "runtime",
            )

    def run(self, until_s: float) -> None:
        """Advance exercise time to ``until_s`` seconds after the scenario's epoch."""
        while self._queue and self._queue[0][0] <= until_s:
            at_s, _, event = heapq.heappop(self._queue)
            event(at_s)

    def turns(self, party: Party) -> tuple[Turn, ...]:
        """Return a nation's journal."""
        return tuple(self._nations[party].journal.store.turns)

    @property
    def parties(self) -> tuple[Party, ...]:
        """The nations, in the scenario's order."""
        return tuple(self._nations)

    def node(self, party: Party) -> Node:
        """Return a nation's node, to look at; changing it voids the run."""
        return self._nations[party].node

    def crash(
        self,
        party: Party,
        at_s: float,
        *,
        restart_s: float,
        during: CrashPoint | None = None,
        texts: tuple[Agreement, ...] | None = None,
    ) -> None:
        """Kill a node and start it again from its journal.

        It dies between two turns, or ``during`` the next: before that turn is stored,
        or after it, when nothing that follows from it has been done yet. With other
        ``texts`` its people have laid these in its directory meanwhile.
        """
        self._later(at_s, lambda t: self._kill(party, during))
        if texts is not None:
            nation = self._nations[party]
            self._later(at_s, lambda t: setattr(nation, "texts", texts))
        self._later(restart_s, lambda t: self._restart(party, t))

    def take_next_card(
        self, party: Party, partner: Party, at_s: float, *, restart_s: float
    ) -> None:
        """Stop a node and start it with the next card of a partner, its keys the same.

        Where the partner's card was revoked that opens the link again.
        """
        self._later(at_s, lambda t: self._kill(party))
        self._later(restart_s, partial(self._start_with_next, party, partner))

    def consult(self, party: Party, at_s: float, said: Said) -> None:
        """Let people of a nation say something on a consultation.

        ``said`` returns what they sign, given their node as it then stands; nothing
        where they see nothing to answer.
        """
        self._later(at_s, partial(self._order_statement, party, said))

    def give(self, party: Party, at_s: float, body: EntryBody, by: By) -> None:
        """Let a node take in what no scenario has words for, such as a clock step."""
        self._input_at(at_s, party, body, by)

    def _start_with_next(self, party: Party, partner: Party, at_s: float) -> None:
        nation = self._nations[party]
        profile = nation.member.profile
        cards = tuple(
            replace(card, number=card.number + 1) if card.party == partner else card
            for card in profile.partners
        )
        profile = replace(profile, partners=cards)
        nation.member = changed(nation.member, profile=profile)
        self._restart(party, at_s)

    def _order_statement(self, party: Party, said: Said, at_s: float) -> None:
        nation = self._nations[party]
        if nation.crashed:
            return
        statement = said(nation.node, self._scenario.epoch.plus_s(at_s))
        if statement is None:
            return
        text = codec.encode(sign_statement(statement, nation.member.people)).decode()
        verb = next(v for v, kind in CONSULTING.items() if isinstance(statement, kind))
        self._input(party, Order(verb=verb, text=text), "person", at_s)

    def _fresh(
        self, member: Member, texts: tuple[Agreement, ...] | None = None
    ) -> Node:
        held = self._agreements if texts is None else texts
        return node_of(member, held, solve_interval_s=SOLVE_INTERVAL_S)

    def _later(self, at_s: float, event: Event) -> None:
        heapq.heappush(self._queue, (at_s, next(self._order), event))

    def _input_at(self, at_s: float, party: Party, body: EntryBody, by: By) -> None:
        self._later(at_s, lambda t: self._input(party, body, by, t))

    def _input(self, party: Party, body: EntryBody, by: By, at_s: float) -> bool:
        nation = self._nations[party]
        if nation.crashed:
            return False
        turn, effects = nation.node.turn(
            body, by=by, at=self._scenario.epoch.plus_s(at_s)
        )
        try:
            nation.journal.store_turn(turn)
        except PlannedCrash:
            self._kill(party)
            return False  # whoever gave the input has no acknowledgement
        for effect in effects:
            self._act_on(party, effect, at_s)
        self._schedule_tick(party, at_s)
        return True

    def _act_on(self, party: Party, effect: Effect, at_s: float) -> None:
        if isinstance(effect, Publish):
            lane = self._lanes[party, effect.to, effect.lane]
            text = codec.encode(effect.message).decode()
            lane.standing[effect.epoch, effect.number] = text
            self._send(party, effect.to, effect.lane, effect.epoch, effect.number, at_s)
        elif isinstance(effect, Purge):
            self._lanes[party, effect.to, effect.lane].standing.clear()
        elif isinstance(effect, GiveReceipt):
            text = codec.encode(effect.receipt).decode()
            self._receipts[party, effect.to, effect.lane] = text
            self._send_receipt(party, effect.to, effect.lane, text, at_s)
        elif isinstance(effect, Solve):
            self._later(at_s + SOLVE_S, lambda t: self._solve(party, effect, t))

    def _solve(self, party: Party, solve: Solve, at_s: float) -> None:
        request = solve.request
        answer = Estimate(
            request=request.request,
            launch_id=request.launch_id,
            product=request.product,
            estimate=self._solver(solve.observations),
        )
        self._input(party, answer, "runtime", at_s)

    def _up(self, pair: tuple[Party, Party], at_s: float) -> float:
        """Return when the line carries again: now, or when its cut ends."""
        until = self._wires[pair].cut_until_s(at_s)
        return at_s if until is None else until

    def _send(
        self, sender: Party, to: Party, lane: Lane, epoch: int, number: int, at_s: float
    ) -> None:
        """Try to deliver one standing message; try again while it stands."""
        if not self._sharing:
            return
        where = self._lanes[sender, to, lane]
        text = where.standing.get((epoch, number))
        if text is None:
            return
        open_s = self._up((sender, to), at_s)
        again_s = open_s + REDELIVER_S
        closed = self._closed(to, sender) and text in where.refused
        if open_s == at_s and not closed:
            for delay_s in self._wires[sender, to].delays_s(at_s, lane):
                self._later(
                    at_s + delay_s,
                    lambda t: self._arrive(sender, to, lane, text, t),
                )
        elif open_s != at_s:
            again_s = open_s
        self._later(again_s, lambda t: self._send(sender, to, lane, epoch, number, t))

    def _arrive(
        self, sender: Party, to: Party, lane: Lane, text: str, at_s: float
    ) -> None:
        if self._nations[to].crashed or self._up((sender, to), at_s) != at_s:
            return
        where = self._lanes[sender, to, lane]
        for message in where.order.offer(text):
            body = LinkArrival(partner=sender, lane=lane, message=message)
            if not self._input(to, body, "runtime", at_s):
                continue
            if self._closed(to, sender):
                where.refused.add(message)
            else:
                # The acknowledgement: it no longer stands at the border.
                for key in [k for k, v in where.standing.items() if v == message]:
                    del where.standing[key]

    def _closed(self, party: Party, partner: Party) -> bool:
        """Say whether a nation has revoked a partner's card: it asks for nothing."""
        trust = self._nations[party].node.stages.link.standing.trust
        return trust.closing(partner) is not None

    def _send_receipt(
        self, by: Party, to: Party, lane: Lane, text: str, at_s: float
    ) -> None:
        """Try to lay down a receipt; try again while it waits."""
        if not self._sharing or self._receipts.get((by, to, lane)) != text:
            return
        again_s = self._up((by, to), at_s)
        if again_s == at_s:
            again_s = at_s + REDELIVER_S
            for delay_s in self._wires[by, to].delays_s(at_s, f"receipt {lane}"):
                self._later(
                    at_s + delay_s,
                    lambda t: self._receipt_arrives(by, to, lane, text, t),
                )
        self._later(again_s, lambda t: self._send_receipt(by, to, lane, text, t))

    def _receipt_arrives(
        self, by: Party, to: Party, lane: Lane, text: str, at_s: float
    ) -> None:
        body = ReceiptArrival(partner=by, message=text)
        taken = self._input(to, body, "runtime", at_s)
        if taken and self._receipts.get((by, to, lane)) == text:
            del self._receipts[by, to, lane]

    def _order_act(self, act: ScenarioAct, at_s: float) -> None:
        """A person of the scenario signs an act and hands it to the desk."""
        party = act.by
        expires_s = act.expires_s
        epoch = self._scenario.epoch
        signed = sign_act(
            Act(
                agreement=act.agreement,
                act=act.act,
                party=party,
                to=act.to,
                via=act.via,
                item_class=act.class_,
                expires=None if expires_s is None else epoch.plus_s(expires_s),
                issued=epoch.plus_s(at_s),
            ),
            self._nations[party].member.people,
        )
        text = codec.encode(signed).decode()
        self._input(party, Order(verb=act.act, text=text), "person", at_s)

    def _schedule_line(self, pair: tuple[Party, Party], first_s: float) -> None:
        sender, to = pair
        if not self._sharing:
            state = LinkState(partner=sender, up=False, reason="without sharing")
            self._input_at(first_s, to, state, "runtime")
            return
        edges = [first_s, *self._wires[pair].changes_s()]
        for at_s in sorted({edge for edge in edges if edge >= first_s}):
            up = self._up(pair, at_s) == at_s
            reason = "connected" if up else "the line is cut"
            state = LinkState(partner=sender, up=up, reason=reason)
            self._input_at(at_s, to, state, "runtime")

    def _schedule_tick(self, party: Party, at_s: float) -> None:
        nation = self._nations[party]
        due = nation.node.due()
        if due is None:
            return
        due_s = due.seconds_since(self._scenario.epoch)
        # At whole multiples, as a node looks at intervals of its own: a time at which
        # one thing is due must not depend on what else was due.
        tick_s = TICK_S * max(math.ceil(due_s / TICK_S), math.floor(at_s / TICK_S) + 1)
        if nation.tick_s is None or tick_s < nation.tick_s:
            nation.tick_s = tick_s
            self._later(tick_s, lambda t: self._tick(party, t))

    def _tick(self, party: Party, at_s: float) -> None:
        if self._nations[party].tick_s != at_s:
            return  # an earlier one took its place
        self._nations[party].tick_s = None
        self._input(party, Tick(), "runtime", at_s)

    def _kill(self, party: Party, during: CrashPoint | None = None) -> None:
        nation = self._nations[party]
        if during is not None:
            nation.journal.plan_crash(nation.journal.next_turn, during)
            return
        nation.crashed = True
        for (sender, _, _), lane in self._lanes.items():
            if sender == party:
                lane.standing.clear()  # a border keeps its lanes in memory
        for key in [key for key in self._receipts if key[0] == party]:
            del self._receipts[key]

    def _restart(self, party: Party, at_s: float) -> None:
        nation = self._nations[party]
        self._kill(party)  # if nothing came that it could have died of
        nation.node = self._fresh(nation.member, nation.texts)
        nation.journal = MemoryJournal(nation.journal.store)
        for turn in nation.journal.store.turns:
            nation.node.fold(turn)
        nation.crashed = False
        for (sender, to, lane), where in self._lanes.items():
            head = ingest.head(nation.node.stages.ingest, sender, lane)
            if to == party:
                where.order = (
                    Resequencer(epoch=head.epoch, number=head.number)
                    if head
                    else Resequencer()
                )
        self._input(party, nation.node.given, "runtime", at_s)
        for solve in nation.node.unanswered():
            self._act_on(party, solve, at_s)
        for to in self._nations:
            if to == party:
                continue
            again: list[Effect] = [*nation.node.standing(to)]
            for effect in (*again, *nation.node.receipts(to)):
                self._act_on(party, effect, at_s)
