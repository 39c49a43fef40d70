"""``beaconfire bench``: what was promised in numbers, measured on this machine.

Every figure stands beside its goal, and a goal that is missed says so. What a bench
starts lives in a folder of its own that is removed at the end. Exit code 0 means that
it measured, not that every goal was met: a slow machine is no failure of the program.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from beaconfire.cli.printing import JsonOption as Json
from beaconfire.cli.printing import put, put_json
from beaconfire.errors import BadInput
from beaconfire.exercise.after_action.writing import write_picture
from beaconfire.exercise.bench import calibration as calibrations
from beaconfire.exercise.bench import decide as decides
from beaconfire.exercise.bench import estimation as estimations
from beaconfire.exercise.bench import estimation_batch as batches
from beaconfire.exercise.bench import layout as layouts
from beaconfire.exercise.bench import link as links
from beaconfire.exercise.bench import node as nodes
from beaconfire.exercise.bench import sharing as sharings
from beaconfire.exercise.bench import suspend as suspends
from beaconfire.exercise.bench.figures import Bench, as_json, as_text
from beaconfire.exercise.bench.workers import cores
from beaconfire.exercise.pacing import Progress
from beaconfire.exercise.scenario import load_scenario

app = typer.Typer(help="Measure, beside the goals.", no_args_is_help=True)

SCENARIO = "2022-10-04"
OWN, PARTNER = "JPN", "KOR"
SECONDS_MAX = 60.0  # the flight under way must last for all rounds
RATE_HZ_MAX = 1_000.0
SEEDS_MAX = 10_000
SEEDS_OF_ALL = 20  # of `bench all`, so that it ends while one waits
SPEED = 60.0
CALIBRATION_SVG = Path("calibration.svg")
ROUNDS = 1_000  # decisions: a second of work

Name = Annotated[str, typer.Option(help="A shipped name, or a file's path.")]
Say = Callable[[str], None]


@app.command()
def link(
    *,
    seconds: Annotated[
        float, typer.Option(min=1.0, max=SECONDS_MAX, help="Of each timed round.")
    ] = 10.0,
    rate: Annotated[
        float, typer.Option(min=1.0, max=RATE_HZ_MAX, help="Plots a second.")
    ] = 200.0,
    as_json_: Json = False,
) -> None:
    """Time a plot's way between two real nodes, beside JetStream alone."""
    tell(_link(links.Load(seconds=seconds, rate_hz=rate)), json=as_json_)


@app.command()
def sharing(
    *,
    seeds: Annotated[
        int, typer.Option(min=1, max=SEEDS_MAX, help="How many, from 1 on.")
    ] = 100,
    scenario: Name = SCENARIO,
    as_json_: Json = False,
) -> None:
    """Say what sharing is worth, over many seeds and with fewer sensors."""
    tell(_sharing(scenario, seeds), json=as_json_)


@app.command()
def node(*, scenario: Name = SCENARIO, as_json_: Json = False) -> None:
    """Say how much memory a real node takes and how soon it is ready."""
    tell(_node(scenario), json=as_json_)


@app.command()
def layout(*, scenario: Name = SCENARIO, as_json_: Json = False) -> None:
    """Say how much the sensors' sites alone allow sharing to gain."""
    tell(_layout(scenario), json=as_json_)


@app.command()
def decide(
    *,
    rounds: Annotated[
        int, typer.Option(min=10, max=1_000_000, help="Decisions in a round.")
    ] = ROUNDS,
    as_json_: Json = False,
) -> None:
    """Say how long a decision takes, worked out and remembered."""
    tell(decides.measure(rounds=rounds), json=as_json_)


@app.command()
def estimation(
    *,
    seeds: Annotated[
        int, typer.Option(min=2, max=SEEDS_MAX, help="Of each row of areas.")
    ] = estimations.SEEDS,
    rows: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Only this row; may be repeated: {', '.join(estimations.ROWS)}."
        ),
    ] = None,
    as_json_: Json = False,
) -> None:
    """Hold the estimates of one flight against the physical limit and the truth."""
    tell(_estimation(seeds, rows or ()), json=as_json_)


@app.command()
def calibration(
    *,
    seeds: Annotated[
        int, typer.Option(min=2, max=SEEDS_MAX, help="Of each row.")
    ] = estimations.SEEDS,
    out: Annotated[
        Path, typer.Option(help="Where to write the picture, an SVG.")
    ] = CALIBRATION_SVG,
    as_json_: Json = False,
) -> None:
    """Say whether areas hold what they claim, as figures and as a picture."""
    bench, picture = calibrations.measure(
        seeds=seeds, processes=cores(), say=_progress()
    )
    write_picture(out, picture)
    tell(bench, json=as_json_)
    put(f"picture: {out}", err=True)


@app.command()
def batch(*, as_json_: Json = False) -> None:
    """Follow many objects at once, beside Stone Soup if it is installed."""
    tell(batches.measure(say=_progress()), json=as_json_)


@app.command()
def suspend(
    *,
    rounds: Annotated[
        int,
        typer.Option(min=1, max=suspends.ROUNDS_MAX, help="Of two suspensions each."),
    ] = suspends.ROUNDS,
    rate: Annotated[
        float, typer.Option(min=1.0, max=RATE_HZ_MAX, help="Items a second.")
    ] = suspends.RATE_HZ,
    as_json_: Json = False,
) -> None:
    """Suspend agreements under load, one partner's node stopped: how soon it bites."""
    tell(_suspend(suspends.Load(rounds=rounds, rate_hz=rate)), json=as_json_)


@app.command("all")
def everything(
    *,
    seeds: Annotated[
        int, typer.Option(min=1, max=SEEDS_MAX, help="For sharing, from 1 on.")
    ] = SEEDS_OF_ALL,
    as_json_: Json = False,
) -> None:
    """Measure all of it, one after another."""
    benches = (
        _link(links.Load()),
        _sharing(SCENARIO, seeds),
        _node(SCENARIO),
        _layout(SCENARIO),
        decides.measure(rounds=ROUNDS),
        _estimation(estimations.SEEDS, ()),
        batches.measure(say=_progress()),
        _suspend(suspends.Load()),
    )
    tell(*benches, json=as_json_)


def _link(load: links.Load) -> Bench:
    return in_a_folder(lambda out, say: links.run(out, load, say=say))


def _suspend(load: suspends.Load) -> Bench:
    return in_a_folder(lambda out, say: suspends.run(out, load, say=say))


def _node(name: str) -> Bench:
    scenario = load_scenario(name)
    return in_a_folder(
        lambda out, say: nodes.run(out, scenario, party=OWN, speed=SPEED, say=say)
    )


def _layout(name: str) -> Bench:
    rows = layouts.sweep(load_scenario(name), own=OWN, partner=PARTNER)
    return layouts.as_bench(rows, own=OWN, partner=PARTNER)


def _estimation(seeds: int, rows: Sequence[str]) -> Bench:
    for row in rows:
        if row not in estimations.ROWS:
            message = f"--rows {row}: there is no such row; there are " + ", ".join(
                estimations.ROWS
            )
            raise BadInput(message)
    return estimations.measure(
        seeds=seeds, only=rows, processes=cores(), say=_progress()
    )


def _sharing(scenario: str, seeds: int) -> Bench:
    # A case takes long, and its process cannot speak: the wait is told meanwhile.
    with Progress(_progress()) as progress:
        progress.say(f"flying {seeds} {'seed' if seeds == 1 else 'seeds'}")
        return sharings.measure(
            scenario,
            seeds=seeds,
            own=OWN,
            partner=PARTNER,
            processes=cores(),
            say=progress.say,
        )


def tell(*benches: Bench, json: bool) -> None:
    """Print what was measured: tables for people, or one JSON value."""
    if json:
        values = [as_json(bench) for bench in benches]
        put_json(values[0] if len(values) == 1 else values)
        return
    put("\n\n".join(map(as_text, benches)))


def in_a_folder(work: Callable[[Path, Say], Bench]) -> Bench:
    """Do it in a new folder that is removed afterwards, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="beaconfire-bench-") as folder:
        return work(Path(folder), _progress())


def _progress() -> Say:
    console = Console(stderr=True)
    return lambda text: console.print(Text(f"… {text}", "dim"))
