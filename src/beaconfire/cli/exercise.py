"""``beaconfire exercise``: list the shipped scenarios, run one, write its report."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from beaconfire.cli.printing import JsonOption, put, put_json
from beaconfire.errors import BadInput, BeaconfireError
from beaconfire.exercise.after_action.checker import Delivery
from beaconfire.exercise.after_action.writing import AfterAction
from beaconfire.exercise.live import LiveView
from beaconfire.exercise.run import Options, run_exercise
from beaconfire.exercise.scenario import load_scenario, shipped
from beaconfire.exercise.told import instant
from beaconfire.seals import codec
from beaconfire.vocabulary.printable import printable

app = typer.Typer(help="Practise on published launches.", no_args_is_help=True)

MAX = "max"


@app.command("list")
def list_scenarios(
    *,
    as_json: JsonOption = False,
) -> None:
    """List the shipped scenarios."""
    scenarios = [load_scenario(name) for name in shipped()]
    if as_json:
        rows = [
            {
                "name": scenario.name,
                "epoch": str(scenario.epoch),
                "parties": list(scenario.parties),
                "launches": len(scenario.launch),
                "sensors": len(scenario.sensor),
            }
            for scenario in scenarios
        ]
        put_json(rows)
        return
    for scenario in scenarios:
        parties = "-".join(scenario.parties)
        launches = len(scenario.launch)
        put(
            f"{scenario.name:<28} {instant(scenario.epoch)}  {parties}  "
            f"{launches} {'launch' if launches == 1 else 'launches'}, "
            f"{len(scenario.sensor)} sensors"
        )


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="A shipped name, or a file's path.")],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="A new folder.")],
    real: Annotated[
        bool, typer.Option("--real", help="Real servers, one process a nation.")
    ] = False,
    speed: Annotated[
        str, typer.Option(metavar="N|max", help="Exercise seconds a second.")
    ] = "",
    without_sharing: Annotated[
        bool, typer.Option("--without-sharing", help="Cut every link.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Default: the scenario's own.")
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one JSON value: the account, and where the report is."
        ),
    ] = False,
) -> None:
    """Run a scenario and write report.json, report.html and the journals."""
    read = load_scenario(scenario)
    options = Options(
        seed=read.seed if seed is None else seed,
        real=real,
        sharing=not without_sharing,
        speed=speed_of(speed, real=real),
    )
    console = Console(stderr=True)

    def say(text: str) -> None:
        console.print(Text(f"… {printable(text)}", "dim"))

    with LiveView(read, console) as view:
        done = run_exercise(read, out, options, show=view.show, say=say)
    tell(done, as_json=as_json)


def speed_of(text: str, *, real: bool) -> float | None:
    """Read a speed; ``None`` is as fast as it goes.

    Raises:
        BadInput: neither a positive number nor `max`.
    """
    if not text:
        return 20.0 if real else None
    if text == MAX:
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.0 < speed < float("inf"):
        message = f"speed `{text[:32]}` is neither a positive number nor `max`"
        raise BadInput(message)
    return speed


def tell(done: AfterAction, *, as_json: bool) -> None:
    """Print the outcome.

    Raises:
        BeaconfireError: something was lost, duplicated or leaked.
    """
    delivery = done.delivery
    if as_json:
        put_json(_value(done))
    else:
        put(
            f"released {delivery.released}: {delivery.delivered} delivered with "
            f"receipt, {delivery.withdrawn} withdrawn, {delivery.expired} expired, "
            f"{delivery.waiting} waiting, {delivery.sent_fate_unknown} fate unknown; "
            f"lost {delivery.lost}, duplicated {delivery.duplicated}, "
            f"leaked {delivery.leaked}"
        )
        put(f"report: {done.report_html}")
        put(f"figures: {done.report_json}")
    if not delivery.sound:
        raise BeaconfireError("; ".join(delivery.problems[:5]))


def _value(done: AfterAction) -> dict[str, object]:
    counts = codec.to_builtins(done.delivery)
    problems = counts.pop("problems")
    return {
        "v": 1,
        "verdict": _verdict(done.delivery),
        "delivery": counts,
        "problems": problems,
        "report_json": str(done.report_json),
        "report_html": str(done.report_html),
    }


def _verdict(delivery: Delivery) -> str:
    """Say whether the account closes, and whether nothing is left on its way."""
    if not delivery.sound:
        return "unsound"
    return "settled" if delivery.settled else "sound"
