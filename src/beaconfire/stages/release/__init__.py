"""Release: for every item and every partner, leave to send or not, with the articles.

* The decision is ``agreements.decision.decide``, remembered while it cannot differ, and
  nothing else; this stage asks it once for each item and partner, and again for what
  lacked an approval when one comes, or when the node starts, maybe with other texts.
* Our own items are asked about for every partner of their audience, and for those who
  may be its relay; a partner's item only where we may be its relay, and never back to
  where it came from. A product of ours is made of our own sensors alone, so no other
  case exists.
* A retraction is for those to whom we handed over what it retracts, as its originator
  or as its relay, and for nobody else; plots are taken back by nobody, they are what a
  sensor saw. What is retracted is not released any more. A retraction has no end: it
  waits, for a consent as for an approval, as long as either may come, and goes first.
* What waits for a consultation is decided again when anything is said on one about its
  recipient, when an act comes on an agreement that binds its recipient, at a start, and
  from every instant at which the answer may differ: its validity ends, a text begins or
  ends, an approval expires. Each ends with a release or a refusal. What is retracted
  meanwhile is withdrawn at once.
* Some of it in that turn, the rest with the ticks and whatever else its recipient is
  told: no other turn may be noticed by who has no part in it.
* When a partner's card is revoked, what waits and is of it or for it is decided
  again at once. Of a retraction that it can no longer be given people are told.
* What a suspension withheld is decided again when the link stage gives it back; its
  validity is not asked any more.
* Deciding is not sending: the link stage judges again at hand-over.
"""

from beaconfire.stages.release.stage import step
from beaconfire.stages.release.state import ReleaseStage, begin
from beaconfire.stages.release.waiting import due

__all__ = ["ReleaseStage", "begin", "due", "step"]
