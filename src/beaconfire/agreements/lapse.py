"""Lapse: does an answer that was given earlier still hold at this instant?

A send is judged at its own turn. Between a release and its hand-over an agreement may
have been suspended or an approval may have ended; what arrives may rest on an
agreement that we know not to be in force. Both questions are answered here, with the
article, the act and a sentence, and without deciding anew: a lapse never turns into a
release by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.consultation import told
from beaconfire.agreements.record_conditions import reads
from beaconfire.agreements.register import latest
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.status import status_of
from beaconfire.vocabulary.entries.decisions import Release
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """Why something no longer holds. ``act`` is the entry of the act, if one did it.

    ``suspended``: the agreement is, or another text has taken its place, so that a
    restoration, or that text, may open it again.
    """

    agreement: str | None
    article: str | None
    act: str | None
    reason: str
    suspended: bool = False


def still_stands(
    release: Release,
    *,
    agreements: Sequence[Agreement],
    standing: Standing,
    at: Instant,
) -> Lapse | None:
    """Return why ``release`` may not be handed over at ``at``, ``None`` if it may.

    Asked are the recipient's card, the agreements that it relied on, what the recipient
    had on record under them if an article asks for it, on a relay the approval, and
    whatever consents it rests on. The item's own validity is the link stage's to watch:
    there it is an expiry.
    """
    lapse = link_closed(release.to, standing) or known_suspended(
        release.agreements, agreements=agreements, standing=standing, at=at
    )
    if lapse is None:
        lapse = _record_changed(release, agreements, standing, at)
    if lapse is None and release.via is not None:
        lapse = _approval_gone(release, release.via, standing, at)
    return lapse or _consent_gone(release, standing, at)


def link_closed(to: Party, standing: Standing) -> Lapse | None:
    """Return why nothing at all may go to ``to``, ``None`` if its card is trusted."""
    closed = standing.trust.closing(to)
    if closed is None:
        return None
    return Lapse(agreement=None, article=None, act=closed.entry, reason=closed.told)


def known_suspended(
    agreement_ids: Sequence[str],
    *,
    agreements: Sequence[Agreement],
    standing: Standing,
    at: Instant,
) -> Lapse | None:
    """Return the first of ``agreement_ids`` known not to be in force, ``None`` if none.

    An agreement of which we hold no text, and no agreement at all, count as not in
    force: doubt refuses. Acts and receipts are not to be asked about here: they rest
    on the status article and travel whatever the state.
    """
    if not agreement_ids:
        return Lapse(
            agreement=None, article=None, act=None, reason="it rests on no agreement"
        )
    for agreement_id in agreement_ids:
        under = next((a for a in agreements if a.id == agreement_id), None)
        if under is None:
            reason = f"no text of `{agreement_id}` is in force here"
            return Lapse(agreement=agreement_id, article=None, act=None, reason=reason)
        status = status_of(under, standing, at)
        if not status.in_force:
            return Lapse(
                agreement=under.id,
                article=status.article,
                act=status.acts[0] if status.acts else None,
                reason=status.reason,
                suspended=status.state in ("suspended", "amended"),
            )
    return None


def _record_changed(
    release: Release, agreements: Sequence[Agreement], standing: Standing, at: Instant
) -> Lapse | None:
    """Return a lapse if a record that an article asks for ended since the release.

    A record that is newer than the release may say *no*; whether it does is not read:
    one send is withheld, and the next one is decided by the new record.
    """
    for under in agreements:
        if under.id not in release.agreements:
            continue
        for article in under.articles:
            for kind in reads(article.when):
                for one in latest(standing.register, under.id, release.to, kind):
                    if release.at < one.at or (
                        one.ended(at) and not one.ended(release.at)
                    ):
                        return Lapse(
                            agreement=under.id,
                            article=under.cite(article),
                            act=one.entry,
                            reason=(
                                f"what {release.to} had on record under {under.id} "
                                f"changed since the release (entry `{one.entry}`)"
                            ),
                        )
    return None


def _approval_gone(
    release: Release, via: Party, standing: Standing, at: Instant
) -> Lapse | None:
    approval = None if release.approval is None else standing.approval(release.approval)
    way = f"{release.originator}'s approval for {release.to} via {via}"
    if approval is None:
        reason = f"{way} does not stand any more"
    elif approval.expires is None:
        reason = f"{way} does not say when it expires"
    elif approval.expires < at:
        reason = f"{way} expired at {approval.expires}"
    else:
        return None
    return Lapse(
        agreement=approval.agreement if approval else release.agreements[0],
        article=None,
        act=release.approval,
        reason=reason,
    )


def _consent_gone(release: Release, standing: Standing, at: Instant) -> Lapse | None:
    for consultation in release.consents:
        held = standing.consultations.get(consultation)
        if held is None:
            reason = f"consultation `{consultation}` is not known any more"
        elif not held.consented:
            reason = told(held)
        elif held.ends is not None and held.ends < at:
            reason = f"the consent of {held.ask.affected} ended at {held.ends}"
        else:
            continue
        return Lapse(
            agreement=held.ask.agreement if held else release.agreements[0],
            article=None,
            act=held.state.entry if held else consultation,
            reason=reason,
        )
    return None
