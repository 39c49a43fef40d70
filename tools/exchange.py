"""Record an exchange for whoever writes a node of their own.

    python tools/exchange.py [DIR]

Flies a shipped scenario in the seeded world, with its suspension moved into the climb,
and writes the cards of the three nations, every message that crossed the lines between
them and every receipt. The keys are those of a simulated exercise, made from its seed,
and worth nothing.
"""

import sys
from pathlib import Path

import msgspec
from msgspec.structs import replace

from beaconfire.exercise.cast import signed_cards
from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.simulated import simulate, sky_of
from beaconfire.seals import codec
from beaconfire.seals.cards import card_bytes
from beaconfire.vocabulary.entries.arrivals import LinkArrival, ReceiptArrival

SCENARIO, SEED = "2022-10-04-gsomia-suspended", 1
WHEN_S = {"suspend": 58.0, "restore": 61.0}  # Korea's radars see it from 50 s on
UNTIL_S = 64.0


def main(folder: Path) -> None:
    """Write ``cards/`` and ``lines.jsonl`` into ``folder``."""
    shipped = load_scenario(SCENARIO)
    acts = tuple(
        replace(act, at_s=WHEN_S.get(act.act, act.at_s)) for act in shipped.act
    )
    scenario = replace(shipped, act=acts)
    (folder / "cards").mkdir(parents=True, exist_ok=True)
    for party, card in signed_cards(scenario, SEED).items():
        (folder / "cards" / f"{party}.card").write_bytes(card_bytes(card))
    sky = sky_of(scenario, SEED)
    run = simulate(scenario, sky, seed=SEED, sharing=True, until_s=UNTIL_S)
    crossed = []
    for own, turns in run.turns.items():
        for turn in turns:
            first = turn.entries[0].body
            if isinstance(first, LinkArrival | ReceiptArrival):
                crossed.append((turn.at, own, first))
    crossed.sort(key=lambda row: row[0])
    with (folder / "lines.jsonl").open("wb") as file:
        for at, own, body in crossed:
            line: dict[str, object] = {"at": at, "from": body.partner, "to": own}
            if isinstance(body, LinkArrival):
                line["lane"] = body.lane
                line["message"] = msgspec.Raw(body.message.encode())
            else:
                line["receipt"] = msgspec.Raw(body.message.encode())
            file.write(codec.encode(line) + b"\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/exchange"))
