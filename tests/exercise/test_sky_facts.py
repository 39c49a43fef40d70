"""The sky against what was published of the launches that the scenarios fly."""

import numpy as np
import pytest

from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.sky import Flight, fly_all

SEEDS = (1, 2, 3, 4, 5)


def flown(name: str, seed: int) -> Flight:
    """Fly the one launch of a shipped scenario."""
    (flight,) = fly_all(load_scenario(name), seed=seed)
    return flight


def crossing(flight: Flight, lon_deg: float) -> tuple[float, float, float]:
    """Return time, latitude and height at which the flight crosses a meridian."""
    track = flight.ground_track(1.0)
    eastward = track[:, 2] % 360.0
    t_s, lat, height = (
        float(np.interp(lon_deg, eastward, track[:, column])) for column in (0, 1, 3)
    )
    return t_s, lat, height


@pytest.mark.parametrize("seed", SEEDS)
def test_4_october_2022_meets_its_published_figures(seed: int) -> None:
    """Apogee 970-1,000 km, range 4,500-4,600 km, down after 22 whole minutes."""
    flight = flown("2022-10-04", seed)

    assert 970e3 <= flight.apogee.height_m <= 1_000e3
    assert flight.impact is not None
    assert 21.5 * 60 <= flight.impact.t_s <= 23.0 * 60
    assert flight.burn_out_s == pytest.approx(147.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_4_october_2022_passes_over_aomori_when_it_did(seed: int) -> None:
    """Over Aomori prefecture (140 to 141.5 E, below 41.56 N) at 07:28 to 07:29."""
    flight = flown("2022-10-04", seed)
    for lon_deg in (140.0, 140.75, 141.5):
        t_s, lat_deg, height_m = crossing(flight, lon_deg)

        assert 6 * 60 <= t_s <= 7 * 60
        assert 40.2 <= lat_deg <= 41.56
        assert 680e3 <= height_m <= 790e3


@pytest.mark.parametrize("seed", SEEDS)
def test_29_august_2017_meets_its_published_figures(seed: int) -> None:
    """550 km and 2,700 km; over Hokkaido 06:05-06:07; down about 06:12, from 05:58.

    The object broke up, so the published time is loose by more than a minute.
    """
    flight = flown("2017-08-29", seed)

    assert flight.apogee.height_m == pytest.approx(550e3, abs=1e3)
    assert flight.impact is not None
    assert flight.impact.t_s == pytest.approx(14 * 60, abs=80)
    for lon_deg in (140.3, 143.2):  # Hokkaido's west and south-east coasts there
        t_s, lat_deg, _ = crossing(flight, lon_deg)
        assert 6.5 * 60 <= t_s <= 10 * 60
        assert 41.4 <= lat_deg <= 43.5
