"""Staging: lay out real nodes for an exercise: keys, cards, partners, agreements.

Every nation gets a node directory of its own, exactly as its operator would make it:
keys made now, a card signed by its root, the others' cards admitted by fingerprint,
the shipped agreements signed by the people of every party. Only what an exercise needs
to know is shared: where everybody's border listens and when exercise time begins.
"""

import socket
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from beaconfire.exercise.cast import own_sensors
from beaconfire.exercise.scenario import Scenario
from beaconfire.runtime import agreement_files, cards, keys, node_dir
from beaconfire.runtime.agreement_files import AgreementFile
from beaconfire.runtime.node_dir import (
    BorderPlace,
    ExerciseTime,
    JournalPlace,
    NodeConfig,
)
from beaconfire.seals.cards import card_fingerprint
from beaconfire.seals.keys import SigningKey
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

LOOPBACK = "127.0.0.1"
CARD_S = 30 * 86_400.0  # a card of an exercise outlives it, and not by much


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """One nation, ready to be started."""

    party: Party
    directory: Path
    config: NodeConfig
    people: SigningKey


def stage(
    scenario: Scenario,
    out: Path,
    *,
    begins: Instant,
    speed: float,
) -> dict[Party, Staged]:
    """Make every nation's node under ``out``; exercise time will begin at ``begins``.

    Raises:
        Refused: ``out`` already holds nodes.
    """
    ports = iter(free_ports(2 * len(scenario.parties)))
    return lay_out(
        tuple(
            NodeConfig(
                party=party,
                status=scenario.status,
                policy=scenario.policy.name,
                classification=scenario.policy.classification_of(party),
                border=BorderPlace(host=LOOPBACK, port=next(ports), listen=LOOPBACK),
                journal=JournalPlace(port=next(ports)),
                exercise=ExerciseTime(id=scenario.name, epoch=begins, speed=speed),
                sensor=own_sensors(scenario, party),
            )
            for party in scenario.parties
        ),
        out,
        begins=begins,
    )


def lay_out(
    configs: tuple[NodeConfig, ...],
    out: Path,
    *,
    begins: Instant,
    texts: tuple[AgreementFile, ...] | None = None,
) -> dict[Party, Staged]:
    """Make these nodes under ``out``, each the partner of all the others.

    Of ``texts``, by default those that are shipped, each is signed whose parties are
    all there.

    Raises:
        Refused: ``out`` already holds nodes.
    """
    texts = agreement_files.shipped_texts() if texts is None else texts
    staged: dict[Party, Staged] = {}
    for config in configs:
        party, directory = config.party, out / config.party
        node_dir.make_node(directory, config)
        keys.create_keys(directory / "keys", party=party, host=LOOPBACK)
        root = keys.load_signing_key(directory / "keys" / "root.key", "root")
        cards.issue_card(
            directory,
            config,
            root=root,
            validity=cards.Validity(
                begins=begins.plus_s(-CARD_S), ends=begins.plus_s(CARD_S)
            ),
        )
        people = keys.load_signing_key(directory / "keys" / "people.key", "people")
        staged[party] = Staged(
            party=party, directory=directory, config=config, people=people
        )
    for nation in staged.values():
        for other in staged.values():
            if other is not nation:
                _admit(nation, other)
        _sign_agreements(nation, staged, texts)
    return staged


def begin(staged: dict[Party, Staged], *, start_monotonic_ns: int) -> None:
    """Tell every node, through its ``node.toml``, when exercise time starts to run."""
    for nation in staged.values():
        exercise = nation.config.exercise
        assert exercise is not None
        running = replace(
            nation.config,
            exercise=replace(exercise, start_monotonic_ns=start_monotonic_ns),
        )
        node_dir.replace_private(
            nation.directory / node_dir.CONFIG_NAME,
            node_dir.node_toml(running).encode(),
        )


def _admit(nation: Staged, other: Staged) -> None:
    path = cards.own_card_path(other.directory, other.party)
    data = cards.read_card_file(path)
    # The exercise made both nodes, so it knows the fingerprint by another way.
    fingerprint = card_fingerprint(cards.load_cards(other.directory, other.config).own)
    cards.admit(
        nation.directory,
        nation.config,
        data,
        confirmed=fingerprint,
        expected=other.party,
        at=node_dir.node_now(nation.config),
    )


def _sign_agreements(
    nation: Staged, staged: dict[Party, Staged], texts: tuple[AgreementFile, ...]
) -> None:
    for text in texts:
        if nation.party not in text.agreement.parties:
            continue
        if not set(text.agreement.parties) <= set(staged):
            continue
        path = nation.directory / "agreements" / text.file
        path.write_bytes(text.data)
        for party in text.agreement.parties:
            agreement_files.sign_file(path, party=party, key=staged[party].people)


def free_ports(count: int) -> list[int]:
    """Return free loopback ports, all held open until all are found."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()
