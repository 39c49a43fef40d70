"""Offsets are doubted when they are beyond their surveys, and hardly ever otherwise."""

import math

import numpy as np
import pytest

from beaconfire.estimation.arc import ArcFit
from beaconfire.estimation.strain import (
    FALSE_ALARMS,
    QUANTITIES,
    loosened,
    weigh_offsets,
)
from beaconfire.vocabulary.motion import BiasPrior
from beaconfire.vocabulary.times import Instant

SIGMAS = np.array([20.0, 3e-4, 3e-4])


def stated(name, *, range_m=20.0):
    """A survey as most state it."""
    return BiasPrior(
        bias_id=name,
        sigma_range_m=range_m,
        sigma_azimuth_mrad=0.3,
        sigma_elevation_mrad=0.3,
    )


def fitted(biases, seen, priors=None):
    """A fit with these offsets; ``seen`` is the part of each variance that was."""
    biases = np.asarray(biases, dtype=float)
    names = "abcdefgh"[: len(biases)]
    priors = priors or tuple(stated(name) for name in names)
    left = np.tile(SIGMAS**2, len(biases)) * (1.0 - np.ravel(seen))
    covariance = np.diag(np.concatenate([np.ones(7), left]))
    nothing = np.zeros(0)
    return ArcFit(
        epoch=Instant.parse("2022-10-03T22:22:00Z"),
        state=np.zeros(7),
        biases=biases,
        covariance=covariance,
        information=nothing,
        gradient=nothing,
        distances=nothing,
        used=nothing.astype(bool),
        bias_priors=priors,
        converged=True,
    )


def test_the_ratio_is_that_of_the_evidences():
    """One offset seen wholly: the two normal densities, averaged over the widths."""
    seen = 1.0 - 1e-9
    found = weigh_offsets(fitted([[90.0, 0.0, 0.0]], [[seen, 0.0, 0.0]]))

    def density(sigma):
        return math.exp(-0.5 * (90.0 / sigma) ** 2) / sigma

    lying = np.mean([density(20.0 * width) for width in (4.0, 16.0, 64.0, 256.0)])
    of_range = lying / density(20.0)
    # Of an offset that is not seen nothing is learned: a ratio of one.
    expected = math.log((of_range + 1.0 + 1.0) / 3.0)
    assert found.log_odds == pytest.approx(expected, rel=1e-6)


def test_honest_offsets_are_hardly_ever_doubted():
    """Drawn as stated and seen in part, they pass ten times the doubt in few flights.

    By Ville's inequality in one of ten at most; it takes 10,000 to be declared.
    """
    rng = np.random.default_rng(1)
    seen = rng.uniform(0.02, 0.95, size=(4_000, 2, 3))
    offsets = rng.standard_normal((4_000, 2, 3)) * SIGMAS * np.sqrt(seen)
    odds = np.array(
        [
            weigh_offsets(fitted(one, part)).log_odds
            for one, part in zip(offsets, seen, strict=True)
        ]
    )
    assert np.mean(odds > math.log(10.0)) < 0.02
    assert np.max(odds) < -math.log(FALSE_ALARMS)


def test_of_two_nobody_is_named():
    """However much more likely the one is than the other."""
    seen = [[0.9, 0.5, 0.5], [0.1, 0.5, 0.5]]
    found = weigh_offsets(fitted([[400.0, 0.0, 0.0], [0.0, 0.0, 0.0]], seen))
    assert found.declared
    assert found.culprit is None


@pytest.mark.parametrize(("second_m", "culprit"), [(5.0, "b"), (-398.0, None)])
def test_of_three_one_is_named_where_no_other_explains_it_as_well(second_m, culprit):
    """A thousand times worse is well enough; nearly as well is not."""
    offsets = [[second_m, 0.0, 0.0], [400.0, 0.0, 0.0], [2.0, 0.0, 0.0]]
    found = weigh_offsets(fitted(offsets, np.full((3, 3), 0.5)))
    assert found.declared
    assert found.culprit == culprit
    assert found.by_survey[0][0] == "b"


def test_rounding_is_held_against_no_survey_that_claims_perfection():
    """Of an offset stated to a micrometre the plots tell nothing but rounding."""
    perfect = stated("a", range_m=0.0)
    fit = fitted([[1e-7, 0.0, 0.0]], [[0.0, 0.0, 0.0]], (perfect,))
    for off in (-1e-11, 0.0, 1e-11):
        fit.covariance[7, 7] = 1e-12 * (1.0 + off)
        assert weigh_offsets(fit).log_odds == pytest.approx(0.0, abs=1e-6)


def test_without_surveys_there_is_nothing_to_doubt():
    """A partner's tracklet may carry no bias at all."""
    fit = fitted(np.zeros((0, 3)), np.zeros((0, 3)), ())
    assert not weigh_offsets(fit).declared


def test_what_is_doubted_is_loosened_in_every_survey_and_nothing_else():
    """Any of them may be the one; the other quantities are not spoken of."""
    offsets = [[0.0, 0.0, 1.3e-3], [0.0, 0.0, -1.0e-3]]
    fit = fitted(offsets, np.full((2, 3), 0.5))
    strain = weigh_offsets(fit)
    assert strain.perhaps
    assert QUANTITIES[strain.quantity] == "elevation"
    for prior in loosened(fit.bias_priors, strain):
        assert prior.sigma_elevation_mrad == pytest.approx(0.3 * strain.width)
        assert (prior.sigma_range_m, prior.sigma_azimuth_mrad) == (20.0, 0.3)
