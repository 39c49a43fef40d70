"""``beaconfire demo``: three nations on this machine, a published launch, live.

It is `exercise run 2022-10-04-gsomia-suspended --real --speed 20` into a folder of its
own. It fails if anything was lost, duplicated or leaked.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from beaconfire.cli.exercise import tell
from beaconfire.cli.printing import JsonOption
from beaconfire.errors import BeaconfireError
from beaconfire.exercise.live import LiveView
from beaconfire.exercise.run import Options, run_exercise
from beaconfire.exercise.scenario import load_scenario
from beaconfire.vocabulary.printable import printable

app = typer.Typer()

SCENARIO = "2022-10-04-gsomia-suspended"
SPEED = 20.0
FOLDERS_MAX = 1000


@app.command()
def demo(
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where; numbered if it exists.")
    ] = Path("out/demo"),
    seed: Annotated[int, typer.Option(min=0, help="Which draws.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Show three nations share a launch while one agreement is suspended."""
    scenario = load_scenario(SCENARIO)
    console = Console(stderr=as_json)
    console.print(
        Text(
            # One paragraph: the console breaks its lines, wherever it ends.
            "Three nations on this machine, with real servers and certificates made "
            "now. The launch is the published one of 4 October 2022, twenty times as "
            "fast. Every sensor and every coordinate of a sensor is invented.\n"
        )
    )

    def say(text: str) -> None:
        console.print(Text(f"… {printable(text)}", "dim"))

    folder = _fresh(out)
    options = Options(seed=seed, real=True, sharing=True, speed=SPEED)
    with LiveView(scenario, console) as view:
        done = run_exercise(scenario, folder, options, show=view.show, say=say)
    tell(done, as_json=as_json)
    if not done.delivery.settled:
        message = (
            "at the end something was still waiting or its fate unknown: "
            f"{done.delivery.waiting} and {done.delivery.sent_fate_unknown}"
        )
        raise BeaconfireError(message)


def _fresh(out: Path) -> Path:
    """Return ``out``, or the first numbered name beside it that is free."""
    names = [out, *(out.with_name(f"{out.name}-{n}") for n in range(2, FOLDERS_MAX))]
    for name in names:
        if not name.exists() or not any(name.iterdir()):
            return name
    message = f"`{out}` and {FOLDERS_MAX} folders beside it are in use; remove some"
    raise BeaconfireError(message)
