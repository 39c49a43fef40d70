"""Term: until when a text runs, and when a notice of termination takes effect.

* ``initial_years`` and ``extended_by_years``: it runs so long and is then extended so
  long again and again. Without an extension it ends with its first term.
* ``notice_days``: a notice given so many days before the end of a term, to the
  nanosecond, ends it there; one given later ends it with the next term. Where no term
  is named, a notice takes effect so many days after it was given.
* Without ``notice_days`` the text knows no notice.

Terms end at the time of day, UTC, at which the text came into force; 29 February
counts as 28 in other years. A party's acts about notice are read in their own order
(``notice_of``): a notice that took effect is final, whatever its party does later.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from beaconfire.agreements.agreement import Agreement, Term
from beaconfire.agreements.view import Recorded, View
from beaconfire.vocabulary.times import LATEST, Instant

DAY_S = 86_400.0
_LAST_YEAR = 2199


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One party's notice that stands: when it takes effect, unless it is suspended."""

    given: Recorded
    effective: Instant | None
    suspended: Recorded | None = None

    def is_effective(self, at: Instant) -> bool:
        """Say whether it has ended the agreement by ``at``."""
        return self.effective is not None and self.effective <= at


def notice_of(agreement: Agreement, view: View) -> Notice | None:
    """Return the notice that stands by one party's acts, ``None`` if there is none."""
    stands: Notice | None = None
    for recorded in view.notices:
        if stands is not None and stands.is_effective(recorded.issued):
            return stands
        does = recorded.act.act
        if does == "withdraw":
            stands = None
        elif does == "notice":
            if stands is None or stands.suspended is not None:
                ends = ends_after(agreement, recorded.issued)
                stands = Notice(given=recorded, effective=ends)
        elif stands is not None and stands.suspended is None:
            stands = replace(stands, effective=None, suspended=recorded)
    return stands


def ends_after(agreement: Agreement, given: Instant) -> Instant | None:
    """Return when a notice ``given`` then takes effect; ``None`` if it knows none."""
    return _ends_after(agreement.in_force_from, agreement.term, given)


def last_day_for(agreement: Agreement, end: Instant) -> Instant:
    """Return the last instant at which a notice still ends it at ``end``."""
    return end.plus_s(-(agreement.term.notice_days or 0) * DAY_S)


def runs_out(agreement: Agreement) -> Instant | None:
    """Return when it ends by itself, ``None`` if it goes on until somebody ends it."""
    term = agreement.term
    if term.initial_years is None or term.extended_by_years is not None:
        return None
    return years_after(agreement.in_force_from, term.initial_years)


@lru_cache(maxsize=1_024)
def _ends_after(begin: Instant, term: Term, given: Instant) -> Instant | None:
    if term.notice_days is None:
        return None
    earliest = given.plus_s(term.notice_days * DAY_S)
    more = term.extended_by_years
    years = term.initial_years or more
    if years is None:
        return earliest
    end = years_after(begin, years)
    while end < earliest and more and end < LATEST:
        years += more
        end = years_after(begin, years)
    return end


@lru_cache(maxsize=1_024)
def years_after(begin: Instant, years: int) -> Instant:
    """Return the same day and time of day so many years later."""
    text = str(begin)
    year = int(text[:4]) + years
    if year > _LAST_YEAR:
        return LATEST
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    day = "-02-28" if text[4:10] == "-02-29" and not leap else text[4:10]
    return Instant.parse(f"{year:04d}{day}{text[10:]}")
