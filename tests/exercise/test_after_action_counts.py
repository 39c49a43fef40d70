"""The report counts releases and refusals by article, and times each hop."""

from beaconfire.exercise.after_action.latency import hop_latencies_ms, latency
from beaconfire.seals import codec
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import Arrival, HandOver
from beaconfire.vocabulary.entries.decisions import Refusal

from .reports_made import DIGEST, LIFT_OFF, entries, flown_report, report_of


def refusal(articles: tuple[str, ...], to: str = "KOR") -> Refusal:
    """Return a refusal of a plot."""
    return codec.convert(
        {
            "item": "i",
            "form": "plots",
            "from": "JPN",
            "to": to,
            "via": None,
            "at": str(LIFT_OFF),
            "agreements": [],
            "articles": articles,
            "acts": [],
            "approval": None,
            "reason": "made for a test",
            "would_need": [],
            "considered": [],
        },
        Refusal,
        what="refusal",
    )


def test_refusals_are_counted_by_their_articles():
    """Refused units stand beside the others, with the articles that refuse."""
    journal = entries(
        (1.0, refusal(("g:21(3)",))), (2.0, refusal(())), (3.0, refusal(("g:21(3)",)))
    )
    lines = report_of(journal).releases

    told = [(line.outcome, line.articles, line.count) for line in lines]
    assert told == [("refused", (), 1), ("refused", ("g:21(3)",), 2)]


def test_the_releases_add_up_to_the_account():
    """Every released unit stands in exactly one line that is not a refusal."""
    report = flown_report()

    released = sum(one.count for one in report.releases if one.outcome != "refused")
    delivered = sum(one.count for one in report.releases if one.outcome == "delivered")
    assert released == report.delivery.released > 1_000
    assert delivered == report.delivery.delivered == report.delivery.receipts
    ways = [
        (one.originator, one.to, one.via or "", one.form, one.outcome, one.articles)
        for one in report.releases
    ]
    assert ways == sorted(set(ways))


def message(
    number: int, *, arrival: bool = False, again: bool = False, via: str | None = None
) -> EntryBody:
    """Return one end of a message from Korea, or from its relay, to Japan."""
    way = {
        "from": "KOR",
        "to": "JPN",
        "via": via,
        "lane": "plots",
        "epoch": 1,
        "number": number,
        "items": (),
        "acts": (),
        "hash": DIGEST,
    }
    if arrival:
        more = {"quarantined": (), "repeated": (), "again": again}
        return codec.convert(way | more, Arrival, what="arrival")
    return codec.convert(way | {"header": "h"}, HandOver, what="hand-over")


def test_latency_is_from_hand_over_to_the_first_arrival():
    """A message that is delivered again counts by its first arrival."""
    journals = {
        "KOR": entries((10.0, message(1)), (11.0, message(2)), (12.0, message(3))),
        "JPN": entries(
            (10.025, message(1, arrival=True)),
            (11.020, message(2, arrival=True)),
            (11.500, message(1, arrival=True, again=True)),
        ),
    }
    assert hop_latencies_ms(journals, speed=1.0) == {("KOR", "JPN"): [20.0, 25.0]}


def test_a_real_runs_latency_is_of_the_wall_clock():
    """Exercise time goes faster by the speed; latencies are never scaled by it."""
    journals = {
        "KOR": entries((10.0, message(1))),
        "JPN": entries((10.1, message(1, arrival=True))),
    }
    assert hop_latencies_ms(journals, speed=20.0)["KOR", "JPN"] == [5.0]


def test_a_relayed_message_counts_for_the_relays_hop():
    """The link runs from the relay, whoever gave the item."""
    journals = {
        "USA": entries((10.0, message(1, via="USA"))),
        "JPN": entries((10.5, message(1, arrival=True, via="USA"))),
    }
    assert hop_latencies_ms(journals, speed=1.0) == {("USA", "JPN"): [500.0]}


def test_percentiles_are_by_nearest_rank():
    """Of a hundred values the 99th percentile is the 99th, not a mean of two."""
    spread = latency({("KOR", "JPN"): [float(ms) for ms in range(1, 101)]})

    assert (spread.p50, spread.p99, spread.max) == (50.0, 99.0, 100.0)
    assert spread.hops["KOR-JPN"].p99 == 99.0
    assert latency({}).p50_reason == "no message was taken by a partner"
