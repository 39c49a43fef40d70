"""Run: one exercise from its scenario to its report.

The run without sharing is always simulated beside it, from the same draws, because a
gain can only be said against something. The report and the journals are written
whatever the outcome; whether it was sound is in what comes back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from beaconfire.errors import BadInput
from beaconfire.exercise.after_action.report import ProcessLine
from beaconfire.exercise.after_action.writing import AfterAction, write_report
from beaconfire.exercise.pacing import Pace, Progress, Say
from beaconfire.exercise.picture import Picture
from beaconfire.exercise.real import run_real
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.scenario_parts import WEEK_S
from beaconfire.exercise.simulated import Sky, simulate, sky_of
from beaconfire.exercise.told import clock
from beaconfire.journal.entry import Entry, Turn
from beaconfire.runtime import event_loop
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

# Returns whether anything was printed.
Show = Callable[[Picture, Instant], bool]
Turns = dict[Party, tuple[Turn, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run. ``speed`` is ``None`` for as fast as it goes (simulated alone)."""

    seed: int
    real: bool
    sharing: bool
    speed: float | None


def run_exercise(
    scenario: Scenario, out: Path, options: Options, *, show: Show, say: Say
) -> AfterAction:
    """Run, write the report into ``out``, and return where it is and what it says.

    Raises:
        BadInput: the options contradict each other, or the scenario cannot be flown.
        BeaconfireError: a node failed, or the report cannot be written.
    """
    _check(scenario, out, options)
    with Progress(say) as progress:
        return _run(scenario, out, options, show=show, progress=progress)


def _run(
    scenario: Scenario, out: Path, options: Options, *, show: Show, progress: Progress
) -> AfterAction:
    progress.say("flying the launches")
    sky = sky_of(scenario, options.seed)
    processes: tuple[ProcessLine, ...] = ()
    speed = options.speed or 1.0
    far = _far_of(scenario, sky)

    def shown(picture: Picture, at: Instant) -> None:
        progress.reached(far(at))
        if show(picture, at):
            progress.heard()

    if options.real:
        ran = event_loop.run(
            run_real(scenario, sky, out, speed=speed, show=shown, say=progress.say)
        )
        turns = ran.turns
        processes = tuple(
            ProcessLine(party=p.party, kind=p.kind, pid=p.pid, port=p.port)
            for p in ran.processes
        )
    else:
        progress.say("simulating" if options.sharing else "simulating without sharing")
        turns = _simulated(scenario, sky, options, shown)
    without = None
    if options.sharing:
        progress.say("simulating the same without sharing, to compare")

        def watch(now_s: float, _: Turns) -> None:
            progress.reached(far(scenario.at(now_s)))

        without = simulate(
            scenario, sky, seed=options.seed, sharing=False, watch=watch
        ).turns
    progress.say("writing the report")
    return write_report(
        out,
        scenario,
        options.seed,
        "real" if options.real else "simulated",
        journals=_entries(turns),
        journals_without=None if without is None else _entries(without),
        flights=sky.flights,
        processes=processes,
        speed=speed if options.real else 1.0,
    )


def _far_of(scenario: Scenario, sky: Sky) -> Callable[[Instant], str]:
    """Return what says how far an exercise is at an instant of it."""
    lift_off = scenario.lift_off(scenario.launch[0])
    end = scenario.at(sky.end_s(scenario))
    of_end = f"of {clock(end, lift_off)}"

    def far(at: Instant) -> str:
        if at > end:
            return "all is down; what is on its way is waited for"
        return f"{clock(at, lift_off)} {of_end}"

    return far


def _simulated(
    scenario: Scenario,
    sky: Sky,
    options: Options,
    show: Callable[[Picture, Instant], None],
) -> Turns:
    picture = Picture.of(scenario.parties)
    seen = dict.fromkeys(scenario.parties, 0)
    pace = Pace(options.speed)

    def watch(now_s: float, turns: Turns) -> None:
        for party, journal in turns.items():
            for turn in journal[seen[party] :]:
                for entry in turn.entries:
                    picture.see(party, entry)
            seen[party] = len(journal)
        show(picture, scenario.at(now_s))
        pace.keep(now_s)

    run = simulate(
        scenario, sky, seed=options.seed, sharing=options.sharing, watch=watch
    )
    return run.turns


def _check(scenario: Scenario, out: Path, options: Options) -> None:
    if options.real and not options.sharing:
        message = (
            "`--real` and `--without-sharing` do not go together: a real run is "
            "always compared with a simulated one without sharing"
        )
        raise BadInput(message)
    if options.real and options.speed is None:
        message = "`--real` needs a number for `--speed`: real clocks cannot run at max"
        raise BadInput(message)
    if options.real and any(act.at_s < -WEEK_S for act in scenario.act):
        message = (
            f"`--real` cannot live through `{scenario.name}`: some of its acts lie "
            "years before the launch, and real nodes date what is done now; run it "
            "simulated"
        )
        raise BadInput(message)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        message = f"`{out}` is not empty: name a new folder with `--out`"
        raise BadInput(message)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"`{out}` cannot be made: {error.strerror}"
        raise BadInput(message) from None


def _entries(turns: Turns) -> dict[Party, tuple[Entry, ...]]:
    return {
        party: tuple(entry for turn in journal for entry in turn.entries)
        for party, journal in turns.items()
    }
