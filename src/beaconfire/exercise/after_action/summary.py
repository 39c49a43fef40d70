"""Summary: the report in a few sentences, for the officer who has one minute.

Sentences, not judgements: every number in them stands in the report as well.
"""

from beaconfire.exercise.after_action.checker import Delivery
from beaconfire.exercise.after_action.figures import AREA_AFTER_BURNOUT_S
from beaconfire.exercise.after_action.report import Report
from beaconfire.exercise.after_action.story import ACTS_SHOWN_MAX, Story, suspensions
from beaconfire.exercise.told import instant, is_far

# What each act about the end of an agreement does, and what then is so.
_ENDING = {
    "notice": ("gave notice to end {}", "its notice given"),
    "notice-suspend": ("suspended its notice to end {}", "its notice suspended"),
    "withdraw": ("withdrew its notice to end {}", "its notice withdrawn"),
    "contest": ("contested how {} may end", "its end contested"),
}


def sentences(report: Report, delivery: Delivery, story: Story) -> tuple[str, ...]:
    """Return the summary, one sentence each, the most important first."""
    return (
        *_flight(story),
        *(_gain(report, party, story) for party in report.sharing_gain),
        *_notices(report, story),
        *_suspensions(story),
        _delivery(delivery),
    )


def seconds(value_s: float) -> str:
    """Say a time after lift-off, as in ``1 min 43.7 s``."""
    sign, value_s = ("-", -value_s) if value_s < 0 else ("", value_s)
    minutes, rest = divmod(round(value_s, 1), 60.0)
    if minutes == 0:
        return f"{sign}{rest:.1f} s"
    return f"{sign}{minutes:.0f} min {rest:.1f} s"


def _flight(story: Story) -> tuple[str, ...]:
    said = []
    for flight in story.flights:
        fell = "does not come down within the exercise"
        if flight.impact is not None:
            fell = f"comes down {seconds(flight.impact.t_s)} after lift-off"
        said.append(
            f"Launch {flight.launch_id} lifts off at {flight.lift_off}, burns out "
            f"after {seconds(flight.burn_out_s)}, climbs to "
            f"{flight.apogee.height_m / 1e3:,.0f} km and {fell}."
        )
    return tuple(said)


def _gain(report: Report, party: str, story: Story) -> str:
    times, gain = report.nations[party], report.sharing_gain[party]
    several = len(story.flights) > 1
    if times.first_notice_s is None:
        return f"{party} never knew of {'any' if several else 'the'} launch."
    said = f"{party} knew {seconds(times.first_notice_s)} after lift-off"
    if several:
        first = min(story.flights, key=lambda one: one.lift_off)
        said = f"{party} knew of a launch {seconds(times.first_notice_s)} after "
        said += f"{first.launch_id}, the first, had lifted off"
    if gain.first_notice_s is not None:
        said += f" ({_earlier(gain.first_notice_s)})"
    if times.first_estimate_s is None:
        said += " and never had an impact area"
    else:
        said += f", had an impact area after {seconds(times.first_estimate_s)}"
        if gain.first_estimate_s is not None:
            said += f" ({_earlier(gain.first_estimate_s)})"
    if gain.area95_ratio is not None:
        said += (
            f"; {AREA_AFTER_BURNOUT_S:.0f} s after burn-out its area was "
            f"{gain.area95_ratio:.2f} of the one without sharing"
        )
    return f"{said}."


def _earlier(gain_s: float) -> str:
    if abs(gain_s) < 0.05:
        return "sharing made no difference"
    if gain_s > 0:
        return f"{seconds(gain_s)} earlier by sharing"
    return f"{seconds(-gain_s)} later with sharing"


def _suspensions(story: Story) -> tuple[str, ...]:
    said = []
    for agreement, spans in suspensions(story).items():
        for from_s, until_s in spans:
            end = "and was not restored"
            if until_s is not None:
                end = f"and was restored {_when(until_s, story)}"
            said.append(f"{agreement} was suspended {_when(from_s, story)} {end}.")
    return tuple(said)


def _notices(report: Report, story: Story) -> tuple[str, ...]:
    """Say what was done about the end of an agreement, and what went under it then."""
    said: dict[str, list[str]] = {}
    stands: dict[str, dict[str, str]] = {}
    for told in story.acts[:ACTS_SHOWN_MAX]:
        act = told.act
        if act.act in _ENDING:
            does, is_now = _ENDING[act.act]
            did = f"{act.party} {does.format(act.agreement)} {_when(told.t_s, story)}"
            said.setdefault(act.agreement, []).append(f"{did}.")
            about = "end" if act.act == "contest" else "notice"
            stands.setdefault(act.agreement, {})[about] = is_now
    lines = []
    for agreement, done in said.items():
        count = sum(
            line.count
            for line in report.releases
            if line.outcome == "delivered"
            and any(one.startswith(f"{agreement}:") for one in line.articles)
        )
        state = " and ".join(stands[agreement].values())
        went = f"{count:,} items were" if count else "nothing was"
        lines += [*done, f"Under {agreement}, {state}, {went} delivered."]
    return tuple(lines)


def _when(t_s: float, story: Story) -> str:
    if is_far(t_s):
        return f"on {instant(story.lift_off.plus_s(t_s))}"
    return f"at {seconds(t_s)}"


def _delivery(delivery: Delivery) -> str:
    if delivery.sound:
        said = "Every account closes: nothing was lost, duplicated or leaked."
    else:
        said = (
            f"THE ACCOUNTS DO NOT CLOSE: {delivery.lost} lost, "
            f"{delivery.duplicated} duplicated, {delivery.leaked} leaked; "
            "the findings are listed below."
        )
    rest = (
        ("refused by the recipient", delivery.refused),
        ("withdrawn", delivery.withdrawn),
        ("expired", delivery.expired),
        ("still waiting", delivery.waiting),
        ("of unknown fate", delivery.sent_fate_unknown),
        ("set apart by the recipient", delivery.quarantined),
        ("withheld by a suspension", delivery.withheld),
        ("waiting for a consultation", delivery.deferred),
        ("taken back while it waited for one", delivery.taken_back),
    )
    others = ", ".join(f"{count:,} {name}" for name, count in rest if count)
    counted = f"{delivery.delivered:,} of {delivery.released:,} released were delivered"
    return f"{said} {counted}{', ' + others if others else ''}."
