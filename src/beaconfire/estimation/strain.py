"""Strain: do offsets that the surveys allow put the sensors on one arc?

Two hypotheses are weighed on the offsets that a whole-arc fit has found:

* *As stated*: every offset is drawn from the prior that its survey states.
* *One lies*: one offset (range, azimuth or elevation of one survey) is drawn from a
  prior some times wider; each offset and each width is as likely as any other.

Both are normal, so their ratio is exact and costs microseconds. It is a test martingale
while all is as stated: by Ville's inequality it exceeds 1 / alpha in at most a fraction
alpha of flights, however often one looks. It is far from that bound: simulated from the
covariances of two and three radars it exceeds 10,000 in 2 to 4 flights of a million.

* What an arc cannot show is not found. Two radars that are far apart share a range
  error between them, and an orbit a little to the side fits both: of an error only some
  twentieth of its variance is seen. That holds for this test as for any other.
* Between doubt and none (``perhaps``) the area is to be made as wide as if every survey
  might be off so much in that one quantity (``loosened``). At one instant that befalls
  seven healthy areas of a thousand.
* Whose offset it is, is said only where there are three surveys or more, and the next
  one explains the plots a thousand times worse. Of two neither is believed.

Left to others: offsets that change (a clock, a stuck antenna); which plots are fitted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from msgspec import structs

from beaconfire.estimation.arc import ArcFit, fit_arc
from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.measurement import (
    BIAS_SIGMA_AZIMUTH_MRAD,
    BIAS_SIGMA_ELEVATION_MRAD,
    BIAS_SIGMA_RANGE_M,
    PlotTable,
    prior_precision,
)
from beaconfire.vocabulary.motion import BiasPrior
from beaconfire.vocabulary.times import Instant

# The bound; simulated, one honest flight in 300,000.
FALSE_ALARMS = 1e-4
# From here on the plots speak for a lie.
PERHAPS = math.log(3.0)
# Between 80 m and 5 km where 20 m are stated: a survey's error and a mounting's.
WIDTHS = np.array([4.0, 16.0, 64.0, 256.0])
SURVEYS_TO_NAME_MIN = 3
# Of an offset, in the order in which a fit holds them.
QUANTITIES = ("range", "azimuth", "elevation")
_SIGMAS = ("sigma_range_m", "sigma_azimuth_mrad", "sigma_elevation_mrad")
_USUAL = (BIAS_SIGMA_RANGE_M, BIAS_SIGMA_AZIMUTH_MRAD, BIAS_SIGMA_ELEVATION_MRAD)
_PER_UNIT = np.array([1.0, 1e-3, 1e-3])  # m, and rad in a milliradian
_SURELY = math.log(1e3)
# With free offsets all of a body's coasting plots lie on its arc, but one in 100,000.
_EXPLAINED_PART = 0.98
# Of a variance: what plots can tell of an offset that is stated so well is rounding.
# A survey that claims perfection is betrayed by the others' offsets and by scatter.
_SEEN_LEAST = 1e-6
_NOTHING = 1e-300  # a survey that explains so much worse has no logarithm


@dataclass(frozen=True, slots=True)
class Strain:
    """The weighing: the logarithm of *one lies* over *as stated*, in all and by survey.

    ``by_survey`` has a bias id and its part of the evidence, the likeliest first.
    ``quantity`` and ``width`` are those of the likeliest lie.
    """

    log_odds: float
    by_survey: tuple[tuple[str, float], ...]
    quantity: int = 0
    width: float = 1.0

    @property
    def declared(self) -> bool:
        """Whether the offsets leave no doubt that a sensor lies."""
        return self.log_odds > -math.log(FALSE_ALARMS)

    @property
    def perhaps(self) -> bool:
        """Whether a lie is likelier than none, if not beyond doubt."""
        return self.log_odds > PERHAPS

    @property
    def culprit(self) -> str | None:
        """The survey that lies, where the others can tell."""
        if not self.declared or len(self.by_survey) < SURVEYS_TO_NAME_MIN:
            return None
        (name, first), (_, second) = self.by_survey[:2]
        return name if first - second > _SURELY else None


def weigh_offsets(fit: ArcFit) -> Strain:
    """Weigh the offsets of a fit against the priors with which it was made."""
    if not fit.bias_priors:
        return Strain(-math.inf, ())
    covariance = fit.covariance[7:, 7:]
    return _weigh(fit.biases.ravel(), np.diag(covariance), fit.bias_priors)


def weigh_freed(table: PlotTable, start: Floats, epoch: Instant) -> Strain | None:
    """Weigh the offsets with which all these coasting plots lie on one arc.

    ``start`` is [r, v, s] at ``epoch``, of the arc that some of the sensors show. While
    the arc is sought the surveys are as wide as the widest lie that is weighed.
    ``None`` if no constant offsets put the plots on one arc.
    """
    lying = _lying_sigmas(table.bias_priors) * WIDTHS[-1]
    widest = tuple(
        structs.replace(one, **dict(zip(_SIGMAS, wide, strict=True)))
        for one, wide in zip(table.bias_priors, lying.tolist(), strict=True)
    )
    fit = fit_arc(replace(table, bias_priors=widest), start, epoch)
    if not fit.converged or np.mean(fit.used) < _EXPLAINED_PART:
        return None
    # What the plots say without the wide priors, and then with the stated ones.
    known = np.linalg.inv(fit.covariance[7:, 7:])
    pull = known @ fit.biases.ravel()
    change = _precisions(table.bias_priors) - _precisions(widest)
    covariance = np.linalg.inv(known + np.diag(change))
    return _weigh(covariance @ pull, np.diag(covariance), table.bias_priors)


def loosened(priors: Sequence[BiasPrior], strain: Strain) -> tuple[BiasPrior, ...]:
    """Return the priors as if any survey might lie in the quantity that is doubted."""
    if not priors:
        return ()
    name = _SIGMAS[strain.quantity]
    wide = _lying_sigmas(priors)[:, strain.quantity] * strain.width
    return tuple(
        structs.replace(one, **{name: sigma})
        for one, sigma in zip(priors, wide.tolist(), strict=True)
    )


def _lying_sigmas(priors: Sequence[BiasPrior]) -> Floats:
    """Return (surveys, 3) the sigmas that a lie of width one has: m, mrad, mrad.

    A survey that claims to be very good lies by what others state.
    """
    stated = [
        (one.sigma_range_m, one.sigma_azimuth_mrad, one.sigma_elevation_mrad)
        for one in priors
    ]
    result: Floats = np.maximum(np.array(stated), _USUAL)
    return result


def _precisions(priors: Sequence[BiasPrior]) -> Floats:
    return np.concatenate([prior_precision(one) for one in priors])


def _weigh(means: Floats, variances: Floats, priors: Sequence[BiasPrior]) -> Strain:
    """Weigh offsets of which mean and variance are known under the stated priors.

    To widen one prior is to change one precision by ``change``: the ratio of the two
    evidences follows from that offset's own mean and variance.
    """
    stated = _precisions(priors)[:, None]
    sigmas = (_lying_sigmas(priors) * _PER_UNIT).reshape(-1, 1) * WIDTHS
    share = 1.0 / (sigmas * sigmas) / stated
    change = stated * (share - 1.0)
    kept = 1.0 + change * variances[:, None]
    seen = kept - share > _SEEN_LEAST
    kept = np.where(seen, kept, 1.0)
    logs = 0.5 * (np.log(share / kept) - change * means[:, None] ** 2 / kept)
    logs = np.where(seen, logs, 0.0)
    peak = float(np.max(logs))
    odds = np.mean(np.exp(logs - peak).reshape(len(priors), -1), axis=1)
    parts = (np.log(odds + _NOTHING) + peak).tolist()
    named = zip((one.bias_id for one in priors), parts, strict=True)
    at = divmod(int(np.argmax(logs)), len(WIDTHS))
    return Strain(
        peak + math.log(float(np.mean(odds))),
        tuple(sorted(named, key=lambda one: -one[1])),
        at[0] % len(QUANTITIES),
        float(WIDTHS[at[1]]),
    )
