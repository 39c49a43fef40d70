"""Given once: an option that takes one value is refused when it stands there twice.

Left to the parser the last value would count and the others be dropped unsaid: whoever
asks about two recipients would read an answer about one. This holds for every command,
so that none has to think of it. A flag says the same however often it is given.
"""

from collections import Counter
from typing import Any

from beaconfire.errors import BadInput


def give_once(command: Any) -> None:
    """Have ``command``, and every one below it, refuse what is given more than once."""
    for below in getattr(command, "commands", {}).values():
        give_once(below)
    make = command.make_parser

    def make_parser(context: Any) -> Any:
        parser = make(context)
        parse = parser.parse_args

        def parse_args(args: list[str]) -> Any:
            values, rest, order = parse(args)
            _check(order)
            return values, rest, order

        parser.parse_args = parse_args
        return parser

    command.make_parser = make_parser


def _check(order: list[Any]) -> None:
    for one, times in Counter(order).items():
        if one.param_type_name != "option" or one.is_flag or one.multiple:
            continue
        if times > 1:
            name = max(one.opts, key=len)
            often = "twice" if times == 2 else f"{times} times"
            message = f"`{name}` takes one value and is given {often}: give it once"
            raise BadInput(message)
