"""The other node by hand.

python -m other_node make DIR --party KOR --port 7622
python -m other_node sign DIR AGREEMENT.toml
python -m other_node run DIR --partner JPN.card --confirm FINGERPRINT [--say ITEM.json]
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from other_node import identity
from other_node.border import Border
from other_node.reading import Reader
from other_node.sealed import NotSealed

LANE_OF = {"TrackProduct": "tracks", "Plots": "plots"}


def main() -> int:
    """Parse, do, and say what went wrong."""
    parser = argparse.ArgumentParser(prog="other_node", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make")
    make.add_argument("dir", type=Path)
    make.add_argument("--party", required=True)
    make.add_argument("--status", default="TEST")
    make.add_argument("--host", default="127.0.0.1")
    make.add_argument("--port", type=int, required=True)
    sign = commands.add_parser("sign")
    sign.add_argument("dir", type=Path)
    sign.add_argument("text", type=Path)
    run = commands.add_parser("run")
    run.add_argument("dir", type=Path)
    run.add_argument("--partner", type=Path, required=True)
    run.add_argument("--confirm", required=True)
    run.add_argument("--say", type=Path, action="append", default=[])
    run.add_argument("--article", default="gsomia-jpn-kor-2016:9")
    words = parser.parse_args()
    try:
        if words.command == "make":
            made = identity.make(
                words.dir,
                party=words.party,
                status=words.status,
                host=words.host,
                port=words.port,
            )
            print(identity.fingerprint(made.card))
        elif words.command == "sign":
            print(identity.sign_agreement(identity.load(words.dir), words.text))
        else:
            partner = identity.read_card(words.partner, confirm=words.confirm)
            items = [json.loads(path.read_bytes()) for path in words.say]
            asyncio.run(exchange(words.dir, partner, items, [words.article]))
    except (NotSealed, OSError) as error:
        sys.stderr.write(f"other_node: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


async def exchange(
    place: Path, partner: dict[str, Any], items: list[dict[str, Any]], under: list[str]
) -> None:
    """Open our border, say what there is to say, and read until interrupted."""
    own = identity.load(place)
    border = Border(own, partner)
    process = await border.open()
    try:
        for item in items:
            lane = LANE_OF.get(item["body"]["type"], "notices")
            await border.say(lane, item, articles=under)
        print("ready", flush=True)
        await Reader(own, partner, {}).run()
    finally:
        process.terminate()
        await process.wait()


if __name__ == "__main__":
    sys.exit(main())
