"""A radar for the guides: recorded plots, sent to a running node as if seen now.

python examples/radar/send.py DIR [--sensor radar-1] [--plots FILE]

The shipped plots are of an invented radar that watches the published flight of 4
October 2022 climb. Each line is a scan of one plot. All are dated anew, the first to
this moment, and each is sent when it is due.
"""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from beaconfire.errors import BeaconfireError
from beaconfire.runtime.door_client import DoorClient

SHIPPED = Path(__file__).with_name("plots.jsonl")


def main() -> int:
    """Parse, send, and say what went wrong."""
    parser = argparse.ArgumentParser(allow_abbrev=False, description=__doc__)
    parser.add_argument("dir", type=Path, help="the node's directory")
    parser.add_argument("--sensor", default="radar-1", help="its id in node.toml")
    parser.add_argument("--plots", type=Path, default=SHIPPED, help="JSON lines")
    words = parser.parse_args()
    try:
        lines = words.plots.read_text("utf-8").splitlines()
        asyncio.run(send(words.dir, words.sensor, [json.loads(line) for line in lines]))
    except (BeaconfireError, OSError, ValueError) as error:
        sys.stderr.write(f"radar: {error}\n")
        return 1
    except KeyboardInterrupt:
        pass
    return 0


async def send(node: Path, sensor: str, plots: list[dict[str, object]]) -> None:
    """Send each plot when it is due; print what the node answers once it is stored."""
    began = datetime.now(UTC)
    first = datetime.fromisoformat(str(plots[0]["time"]))
    client = DoorClient(node)
    try:
        for plot in plots:
            due = began + (datetime.fromisoformat(str(plot["time"])) - first)
            await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
            seen = plot | {"time": due.isoformat()}
            answer = await client.ask(
                f"sensors.{sensor}.plots", json.dumps(seen).encode()
            )
            print(answer.decode(), flush=True)
    finally:
        await client.close()


if __name__ == "__main__":
    sys.exit(main())
