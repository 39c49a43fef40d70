"""Warn: drafts of what the nation's own people would be told, once there is cause.

* A launch event gives a first draft at once, without an area; a picture estimate whose
  ballistic model holds gives the area and the path over the ground.
* A further version only on material change (``changes``), or when the silence would
  last longer than ``SILENCE_S_MAX``; the last one says that the time has passed.
* An area is never taken back silently: where the model stops holding it is kept,
  twice as wide, and the draft says why. Nothing says that it passed or came down: no
  sensor of ours observes that.
* A lost object is nowhere: what was published stays as it is, and the draft says that
  it was lost, or has set, and that silence is no sign of its end (``sight_told``).
* Everything is our own words, area and times. A partner's predicted impact is not even
  read here. No partner, link or agreement is ever waited for.

Drafts are sent by nobody: areas to warn, second signatures and channels come after.
The state is owned by the stage and changed in place.
"""

from beaconfire.stages.warn.stage import WarnStage, begin, due, step

__all__ = ["WarnStage", "begin", "due", "step"]
