"""The other node by hand.

python -m other_node make DIR --party KOR --port 7622
python -m other_node sign DIR AGREEMENT.toml
python -m other_node notice DIR ITEM.json
python -m other_node run DIR --partner JPN.card --confirm FINGERPRINT [--say ITEM.json]
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from other_node import identity
from other_node.border import Border
from other_node.notice import notice_now
from other_node.reading import Reader
from other_node.sealed import NotSealed, to_json

LANE_OF = {"TrackProduct": "tracks", "Plots": "plots"}


class Once(argparse.Action):
    """An option that takes one value: given twice, one of the two would be lost."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Keep the value, or end with a sentence."""
        given = vars(namespace).setdefault("given", set())
        if self.dest in given:
            parser.error(f"`{option_string}` is given twice: give it once")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


def arguments() -> argparse.ArgumentParser:
    """Return what can be typed."""
    parser = argparse.ArgumentParser(
        prog="other_node",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="make keys and a card", allow_abbrev=False)
    make.add_argument("dir", type=Path, help="a new directory")
    make.add_argument("--party", required=True, action=Once, help="who we are")
    make.add_argument("--status", default="TEST", action=Once, help="as the partner's")
    make.add_argument("--host", default="127.0.0.1", action=Once, help="our border's")
    make.add_argument("--port", type=int, required=True, action=Once, help="the same")
    sign = commands.add_parser("sign", help="sign a text", allow_abbrev=False)
    sign.add_argument("dir", type=Path, help="our directory")
    sign.add_argument("text", type=Path, help="the text, as it is signed by all")
    notice = commands.add_parser(
        "notice", help="write a launch notice of this moment", allow_abbrev=False
    )
    notice.add_argument("dir", type=Path, help="our directory")
    notice.add_argument("item", type=Path, help="a new file")
    run = commands.add_parser("run", help="read, and say items", allow_abbrev=False)
    run.add_argument("dir", type=Path, help="our directory")
    run.add_argument(
        "--partner", type=Path, required=True, action=Once, help="its card"
    )
    run.add_argument("--confirm", required=True, action=Once, help="its fingerprint")
    run.add_argument(
        "--say",
        type=Path,
        action="append",
        default=[],
        help="an item to give; may be repeated",
    )
    run.add_argument(
        "--article",
        default="gsomia-jpn-kor-2016:9",
        action=Once,
        help="what permits the items",
    )
    return parser


def main() -> int:
    """Parse, do, and say what went wrong."""
    words = arguments().parse_args()
    try:
        do(words)
    except FileExistsError as error:
        sys.stderr.write(
            f"other_node: `{error.filename}` exists; it is never written over\n"
        )
        return 1
    except OSError as error:
        where = "" if error.filename is None else f"`{error.filename}`: "
        why = str(error.strerror or error).lower()
        sys.stderr.write(f"other_node: {where}{why}\n")
        return 1
    except (NotSealed, ValueError) as error:
        sys.stderr.write(f"other_node: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def do(words: argparse.Namespace) -> None:
    """Do what was typed."""
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
    elif words.command == "notice":
        own = identity.load(words.dir)
        with words.item.open("xb") as file:
            file.write(to_json(notice_now(own.party, own.card["status"])))
        print(words.item)
    else:
        partner = identity.read_card(words.partner, confirm=words.confirm)
        items = [json.loads(path.read_bytes()) for path in words.say]
        asyncio.run(exchange(words.dir, partner, items, [words.article]))


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
