"""Agreements, items, acts made for the tests: small, named by what matters in them."""

from hypothesis import strategies as st

from beaconfire.agreements.agreement import (
    OBLIGATIONS,
    Agreement,
    Article,
    Effect,
    Levels,
    Obligation,
)
from beaconfire.agreements.conditions import (
    NOT_IN_FORCE,
    ClassificationUpTo,
    Sender,
    Status,
)
from beaconfire.agreements.decision import decide
from beaconfire.agreements.question import Finding
from beaconfire.agreements.standing import Standing
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.records import Assurance, Authority, Facility
from beaconfire.vocabulary.report import LaunchNotice, Plots, Retraction
from beaconfire.vocabulary.times import Instant

BEGIN = Instant.parse("2016-11-23T00:00:00Z")
NOW = Instant.parse("2022-10-03T22:30:00Z")
STRANGE = "a marking nobody knows"

STATUS = Article(
    number="9(z)", effect=Effect.PROHIBIT, when=(Status(NOT_IN_FORCE),), rests_on="test"
)

# Conditions by what they find of JPN's own strangely marked item to KOR.
FINDS = {
    Finding.MET: Sender(("JPN",)),
    Finding.NOT_MET: Sender(("KOR",)),
    Finding.UNKNOWN: ClassificationUpTo("SECRET"),
}


def permit(number, *when, owes=()):
    """An article that permits."""
    return Article(
        number=str(number),
        effect=Effect.PERMIT,
        when=when,
        obligations=tuple(Obligation(name) for name in owes),
        rests_on="test",
    )


def prohibit(number, *when):
    """An article that prohibits."""
    return Article(
        number=str(number), effect=Effect.PROHIBIT, when=when, rests_on="test"
    )


def agreement(
    *articles, name="test-one", parties=("JPN", "KOR"), levels=None, annexes=()
):
    """An agreement in force since 2016, its status article last."""
    tables = levels or {
        "JPN": {"特定秘密": "SECRET", "極秘": "SECRET", "秘": "CONFIDENTIAL"},
        "KOR": {"군사II급비밀": "SECRET", "군사III급비밀": "CONFIDENTIAL"},
        "USA": {"SECRET": "SECRET", "CONFIDENTIAL": "CONFIDENTIAL"},
    }
    return Agreement(
        id=name,
        title="made for a test",
        instrument="none",
        parties=parties,
        in_force_from=BEGIN,
        levels=tuple(
            Levels(party=party, markings=tuple(rows.items()))
            for party, rows in tables.items()
            if party in parties
        ),
        articles=(*articles, STATUS),
        annexes=annexes,
    )


def notice(originator="JPN", **changes):
    """A launch notice, valid around ``NOW``."""
    return item(LaunchNotice(launch_id="launch", first_seen=NOW), originator, **changes)


def plots(originator="JPN", **changes):
    """An item of one plot."""
    site = SensorSite(id="radar", lat_deg=40.0, lon_deg=140.0, alt_m=0.0)
    plot = Plot(
        time=NOW,
        sensor=site,
        range_m=1e6,
        azimuth_deg=270.0,
        elevation_deg=10.0,
        sigma_range_m=30.0,
        sigma_azimuth_mrad=1.0,
        sigma_elevation_mrad=1.0,
    )
    return item(Plots(sensor_id="radar", plots=(plot,)), originator, **changes)


def retraction(originator="JPN", **changes):
    """A retraction of another item."""
    return item(Retraction(retracts="other", reason="wrong"), originator, **changes)


def item(
    body, originator, *, marking="SECRET", releasable_to=(), name="item-1", carries=()
):
    """An item around ``body``."""
    return Item(
        id=name,
        originator=originator,
        status="EXERCISE",
        label=Label(
            policy="TEST",
            classification=marking,
            categories=carries,
            releasable_to=releasable_to,
        ),
        created=NOW,
        valid_until=NOW.plus_s(3600),
        body=body,
    )


def approval(
    by="KOR", to="JPN", via="USA", *, under="tisa-2014", expires_s=3600, **changes
):
    """An approval that covers all launch warnings unless told otherwise."""
    told = {"item_class": "launch-warning", "issued": NOW.plus_s(-60), **changes}
    expires = None if expires_s is None else NOW.plus_s(expires_s)
    return Act(
        agreement=under, act="approve", party=by, to=to, via=via,
        expires=expires, **told,
    )  # fmt: skip


def act(name, by, under="test-one", *, issued_s=-60.0):
    """A suspension, restoration, notice or the like."""
    return Act(agreement=under, act=name, party=by, issued=NOW.plus_s(issued_s))


def declare(record, by="KOR", under="test-one", *, until_s=None):
    """A declared record, without an end unless told otherwise."""
    return Act(
        agreement=under,
        act="declare",
        party=by,
        record=record,
        issued=NOW.plus_s(-60),
        expires=None if until_s is None else NOW.plus_s(until_s),
    )


ASSURED = Assurance(
    recipients_cleared=True, official_purpose=True, equivalent_protection=True
)
NOTIFIED = Authority(names=("ministry",))
CENTRE = Facility(name="centre", level="SECRET", responsible="officer")


def standing(*acts, at=NOW):
    """The standing after ``acts``, recorded as e1, e2 … at ``at``."""
    result = Standing()
    for place, one in enumerate(acts, start=1):
        result = result.after(f"e{place}", one, at)
    return result


def ask(what, *agreements, sender=None, to="KOR", at=NOW, acts=()):
    """Decide with the acts folded in."""
    return decide(
        what,
        sender=sender or what.originator,
        to=to,
        at=at,
        agreements=agreements,
        standing=standing(*acts),
    )


_findings = st.lists(st.sampled_from(list(Finding)), min_size=1, max_size=3)


@st.composite
def articles(draw, effect=None, owing=True):
    """Any article about JPN's strangely marked item to KOR, of known findings."""
    number = f"{draw(st.integers(1, 999))}"
    effect = effect or draw(st.sampled_from(list(Effect)))
    when = tuple(FINDS[finding] for finding in draw(_findings))
    owes = draw(st.lists(st.sampled_from(sorted(OBLIGATIONS)), max_size=3, unique=True))
    if effect is Effect.PERMIT:
        return permit(number, *when, owes=owes if owing else ())
    return prohibit(number, *when)


def found(article):
    """What ``article`` finds of JPN's strangely marked item to KOR."""
    seen = {finding for finding, one in FINDS.items() if one in article.when}
    for finding in (Finding.NOT_MET, Finding.UNKNOWN):
        if finding in seen:
            return finding
    return Finding.MET


many_articles = st.lists(articles(), max_size=6, unique_by=lambda one: one.number)
