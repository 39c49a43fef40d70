"""Page: the self-contained ``report.html``: one file, no network, no script.

Text from journals is shown as text (``markup`` escapes all of it), and a policy in the
page's head forbids scripts and every load, so that a hostile line stays a line. Equal
reports and stories give equal bytes.
"""

from html import escape
from importlib import resources

from msgspec import UNSET

from beaconfire.exercise.after_action import maps, pictures, tables, traffic
from beaconfire.exercise.after_action.checker import Delivery
from beaconfire.exercise.after_action.figures import AREA_AFTER_BURNOUT_S
from beaconfire.exercise.after_action.markup import bullets, figure, text
from beaconfire.exercise.after_action.report import Report
from beaconfire.exercise.after_action.story import Story
from beaconfire.exercise.after_action.summary import sentences

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'"
_INVENTED = (
    "Nothing here happened. The launch is flown from published figures; every sensor, "
    "its site, its performance and the layout of all of them are invented, and so are "
    "the acts of states beyond what the scenario cites."
)


def render(report: Report, delivery: Delivery, story: Story) -> str:
    """Return the page of a report."""
    style = (resources.files(__package__) / "page.css").read_text("utf-8")
    status = escape(story.scenario.status)
    title = f"{status}: after-action report, {escape(report.scenario)}"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head><body>"
        f'<div class="banner">{status}</div>{_header(report, story)}'
        f"<main>{''.join(_sections(report, delivery, story))}</main>"
        f"<footer>{_definitions()}</footer>"
        f'<div class="banner">{status}</div></body></html>\n'
    )


def _header(report: Report, story: Story) -> str:
    facts = [
        f"{report.mode} run",
        f"seed {report.seed}",
        f"exercise time starts at {story.scenario.epoch}",
        f"nations {', '.join(report.nations)}",
    ]
    heading = text("h1", f"After-action report: {report.scenario}")
    return (
        f"<header>{heading}{text('p', ' · '.join(facts), 'meta')}"
        f"{text('p', _which_runs(report, story))}"
        f"{text('p', _INVENTED, 'note')}</header>"
    )


def _which_runs(report: Report, story: Story) -> str:
    """Say which run is real and which simulated: the page compares them."""
    if not story.with_sharing:
        return (
            "This run is simulated and without sharing: every line between nations is "
            "cut, and there is no other run to compare it with."
        )
    if report.mode == "real":
        return (
            "The run with sharing is real: a process and servers of its own for each "
            "nation. The run without sharing, which it is compared with, is simulated "
            "from the same draws: no real node flew it."
        )
    return "Both runs, with sharing and without, are simulated from the same draws."


def _sections(report: Report, delivery: Delivery, story: Story) -> list[str]:
    sections = [
        text("h2", "In short"),
        bullets(sentences(report, delivery, story), "summary"),
        text("h2", "The account"),
        tables.delivery_tiles(delivery),
        tables.problems_list(delivery),
        text("h2", "Who knew what, and when"),
        tables.times_table(report, story),
        tables.launches_table(report),
        tables.states_table(story),
        *_knowing(report, story),
        text("h2", "The prediction"),
        *_prediction(report, story),
        text("h2", "The exchange"),
        *_exchange(report, story),
        text("h2", "What was refused, and on which articles"),
        tables.refusals_table(story),
        text("h2", "Acts of states"),
        tables.acts_table(story),
        text("h2", "Latency"),
        *_latency(report, story),
    ]
    if report.processes is not UNSET:
        sections += [text("h2", "Processes"), tables.processes_table(report)]
    return sections


def _knowing(report: Report, story: Story) -> list[str]:
    simulated = " (simulated)" if report.mode == "real" else ""
    return [
        figure(
            pictures.timeline_picture(story),
            title="First knowledge of each nation",
            caption=(
                "Seconds after lift-off, with and without sharing. Without sharing"
                f"{simulated}, the same sensors saw the same flight and the lines were "
                f"cut. {_marked(story)}"
            ),
        )
    ]


def _marked(story: Story) -> str:
    """Say whose instants the dashed lines mark."""
    first = min(story.flights, key=lambda one: one.lift_off)
    which = f"of {first.launch_id}, the first" if len(story.flights) > 1 else "of the"
    return f"Dashed lines mark burn-out, highest point and impact {which} flight."


def _prediction(report: Report, story: Story) -> list[str]:
    return [
        tables.areas_table(report, story),
        figure(
            pictures.accuracy_picture(report, story),
            title="Area and miss over time",
            caption=(
                "Above: area of the 95 % ellipse. Below: distance from the predicted "
                "to the true impact. Logarithmic scales; a lower line is better. "
                + _marked(story)
            ),
        ),
        figure(
            maps.areas_picture(story),
            title=f"Areas {AREA_AFTER_BURNOUT_S:.0f} s after burn-out",
            caption=(
                "The newest 95 % ellipse of each nation at that instant, in kilometres "
                "about the true impact."
            ),
        ),
        figure(
            maps.flight_map(story),
            title="The flight in truth, over the invented sensors",
            caption=(
                "Ground track with minutes after lift-off and heights"
                f"{' of the first launch' if len(story.flights) > 1 else ''}. "
                "Triangles are radars. The graticule stands for coast lines."
            ),
        ),
    ]


def _exchange(report: Report, story: Story) -> list[str]:
    return [
        figure(
            traffic.routes_picture(story),
            title="What arrived by which route, and when",
            caption=(
                "A bar reaches from one arrival in a lane to the next while at most "
                f"{traffic.APART_S:.0f} s lie between them, and none reaches over a "
                "suspension or a restoration: what was handed over before one may "
                "arrive just after it, and is a thin bar there. Every route that the "
                f"agreements allow is used, always. {_marked(story)}"
            ),
        ),
        figure(
            traffic.outcomes_picture(report),
            title="How sends ended, by route and form",
            caption="Units of account: one item to one partner by one way.",
        ),
        tables.releases_table(report, story),
    ]


def _latency(report: Report, story: Story) -> list[str]:
    source = "of the scenario's model of the lines, not of any machine"
    if report.mode == "real":
        source = "of the wall clock, measured between two nodes on one machine"
    return [
        figure(
            traffic.latency_picture(report, story),
            title="From hand-over to arrival",
            caption=f"Milliseconds {source}.",
        ),
        tables.latency_table(report, story),
    ]


def _definitions() -> str:
    return text(
        "p",
        "Seconds count from the lift-off of the first launch. Areas are 95 % ellipses "
        "on the ground. Delivered means that the partner signed for it and holds it; "
        "the account is made by a checker that reads the exported journals of both "
        "ends and shares no code with the nodes. beaconfire warns and shares; it never "
        "engages.",
    )
