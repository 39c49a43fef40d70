"""The sky: its Earth, air and flights, against others' numbers and its own promises."""

import ast
import math
from pathlib import Path

import numpy as np
import pymap3d
import pytest
from geographiclib.geodesic import Geodesic
from scipy.integrate import solve_ivp

import beaconfire.exercise
from beaconfire.errors import BadInput
from beaconfire.exercise.scenario_parts import Launch, Site
from beaconfire.exercise.sky import Flight, fly
from beaconfire.exercise.sky.atmosphere import density_kg_per_m3
from beaconfire.exercise.sky.earth import (
    GRAVITATION_M3_PER_S2,
    J2,
    ROTATION_RAD_PER_S,
    SEMI_MAJOR_M,
    east_north_up,
    geodetic,
    gravity,
    height_m,
    place_ecef_m,
)
from beaconfire.vocabulary.places import Place
from beaconfire.vocabulary.times import Instant

EPOCH = Instant.parse("2024-01-01T00:00:00Z")
SITE = Site(lat_deg=39.0, lon_deg=126.0, alt_m=30.0)


def flown(
    apogee_km: float,
    range_km: float | None,
    powered_s: float,
    *,
    azimuth_true_deg: float = 80.0,
    seed: int = 1,
    **keys: object,
) -> Flight:
    """Fly one launch from a place in the north-west of the Pacific."""
    launch = Launch(
        id="one",
        site=SITE,
        at_s=0.0,
        azimuth_true_deg=azimuth_true_deg,
        apogee_km=apogee_km,
        range_km=range_km,
        powered_s=powered_s,
        **keys,  # type: ignore[arg-type]
    )
    return fly(launch, epoch=EPOCH, seed=seed)


def test_the_sky_knows_nothing_of_the_estimator() -> None:
    """Truth and estimate share no code, so neither can hide the other's mistake."""
    root = Path(beaconfire.exercise.__file__).parent
    files = [*root.glob("sky/*.py"), *root.glob("scenario*.py"), root / "sensors.py"]
    files += [root / name for name in ("radar.py", "infrared.py", "streams.py")]
    imported = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}

    assert len(files) > 10
    assert "beaconfire.vocabulary.times" in imported
    assert not [name for name in imported if "estimation" in name]
    assert not [name for name in imported if name.startswith("beaconfire.stages")]


@pytest.mark.parametrize(
    ("height", "published"),
    [  # U.S. Standard Atmosphere 1976, table I: geometric height, density
        (0.0, 1.2250),
        (5_000.0, 7.3643e-1),
        (11_000.0, 3.6480e-1),
        (20_000.0, 8.8910e-2),
        (30_000.0, 1.8410e-2),
        (50_000.0, 1.0269e-3),
        (70_000.0, 8.2829e-5),
        (80_000.0, 1.8458e-5),
        (120_000.0, 2.222e-8),
        (500_000.0, 5.215e-13),
    ],
)
def test_air_is_as_dense_as_the_standard_says(height: float, published: float) -> None:
    """The layer equations give the standard's own table."""
    assert density_kg_per_m3(height) == pytest.approx(published, rel=2e-4)


def test_air_has_no_step_and_an_end() -> None:
    """Both halves of the model meet at 86 km; above 1,000 km there is nothing."""
    below, above = density_kg_per_m3(85_999.9), density_kg_per_m3(86_000.1)

    assert below == pytest.approx(above, rel=1e-3)
    assert density_kg_per_m3(1_000_001.0) == 0.0


def test_gravity_is_the_slope_of_its_potential() -> None:
    """Point mass and J2, against differences of the potential of the textbooks."""

    def potential(position: np.ndarray) -> float:
        r = float(np.linalg.norm(position))
        sine2 = (position[2] / r) ** 2
        oblate = J2 * (SEMI_MAJOR_M / r) ** 2 * (1.5 * sine2 - 0.5)
        return GRAVITATION_M3_PER_S2 / r * (1.0 - oblate)

    for position in ([7e6, 1e6, 3e6], [-3e6, 5e6, -4e6], [1e3, 2e3, 8e6]):
        here = np.array(position)
        slope = [
            (potential(here + step) - potential(here - step)) / 20.0
            for step in 10.0 * np.eye(3)
        ]
        assert gravity(*position) == pytest.approx(slope, abs=2e-7)


@pytest.mark.parametrize("lat_deg", [-90.0, -37.2, 0.0, 45.0, 80.0])
@pytest.mark.parametrize("height", [0.0, 5e4, 1e6, 8e6])
def test_heights_and_latitudes_are_those_of_pymap3d(
    lat_deg: float, height: float
) -> None:
    """The ellipsoid is WGS 84, to a centimetre and a hundred-millionth of a degree."""
    position = np.array(pymap3d.geodetic2ecef(lat_deg, 137.5, height))

    lat, lon, found = geodetic(position)

    # At 8,000 km one step of Bowring's formula is still within millimetres of height.
    assert float(found) == pytest.approx(height, abs=0.01)
    assert height_m(math.hypot(*position[:2]), position[2]) == pytest.approx(
        height, abs=0.01
    )
    assert float(lat) == pytest.approx(lat_deg, abs=2e-7)
    if abs(lat_deg) < 90.0:
        assert float(lon) == pytest.approx(137.5, abs=1e-9)
    assert place_ecef_m(lat_deg, 137.5, height) == pytest.approx(position, abs=1e-3)


@pytest.mark.parametrize(
    ("apogee_km", "range_km", "powered_s"),
    [
        (60.0, 400.0, 50.0),
        (30.0, 150.0, 40.0),
        (100.0, 100.0, 60.0),
        (100.0, 1_500.0, 90.0),
        (550.0, 2_700.0, 110.0),
        (300.0, 8_000.0, 180.0),
        (1_200.0, 10_000.0, 250.0),
        (1_300.0, 13_000.0, 330.0),
        (4_475.0, 950.0, 300.0),
        (7_687.5, 1_001.2, 330.0),
        (7_700.0, 100.0, 330.0),
        (7_700.0, 13_000.0, 330.0),
    ],
)
@pytest.mark.parametrize("azimuth_true_deg", [80.0, 250.0])
def test_any_published_pair_is_met_in_any_direction(
    apogee_km: float, range_km: float, powered_s: float, azimuth_true_deg: float
) -> None:
    """Apogee, range and bearing, lofted or flat, along and against the Earth's turn."""
    flight = flown(
        apogee_km, range_km, powered_s, azimuth_true_deg=azimuth_true_deg, seed=11
    )

    assert flight.impact is not None
    went = Geodesic.WGS84.Inverse(
        SITE.lat_deg, SITE.lon_deg, flight.impact.lat_deg, flight.impact.lon_deg
    )
    assert flight.apogee.height_m == pytest.approx(1e3 * apogee_km, abs=50.0)
    assert went["s12"] == pytest.approx(1e3 * range_km, abs=50.0)
    aside = math.radians(went["azi1"] - azimuth_true_deg)
    assert went["s12"] * math.sin(aside) == pytest.approx(0.0, abs=50.0)
    assert math.cos(aside) > 0.0  # the eastern branch of an eastward flight


def test_a_target_is_met_like_azimuth_and_range() -> None:
    """Both ways of saying where it lands are one boundary-value problem."""
    there = Geodesic.WGS84.Direct(SITE.lat_deg, SITE.lon_deg, 80.0, 1_000e3)
    launch = Launch(
        id="one",
        site=SITE,
        at_s=0.0,
        apogee_km=400.0,
        target=Place(lat_deg=there["lat2"], lon_deg=there["lon2"]),
        powered_s=90.0,
    )

    one, other = fly(launch, epoch=EPOCH, seed=1), flown(400.0, 1_000.0, 90.0)

    assert one.end_s == pytest.approx(other.end_s, abs=0.01)
    assert one.impact is not None
    assert one.impact.lon_deg == pytest.approx(there["lon2"], abs=1e-3)
    assert one.impact.lat_deg == pytest.approx(there["lat2"], abs=1e-3)


@pytest.mark.parametrize(
    ("apogee_km", "range_km", "powered_s", "kind"),
    [(30.0, 2_000.0, 90.0, "ballistic"), (400.0, 1_000.0, 1_000.0, "ballistic")],
)
def test_a_pair_that_cannot_be_flown_is_refused_in_one_sentence(
    apogee_km: float, range_km: float, powered_s: float, kind: str
) -> None:
    """An impossible scenario says which keys to look at, and is not bent to fit."""
    with pytest.raises(BadInput) as caught:
        flown(apogee_km, range_km, powered_s, kind=kind)

    message = str(caught.value)
    assert "launch `one` cannot be flown" in message
    assert "`powered_s`" in message
    assert "\n" not in message


def free_fall(state: np.ndarray) -> np.ndarray:
    """Return the acceleration without air or thrust as a turning Earth sees it."""
    spin = np.array([0.0, 0.0, ROTATION_RAD_PER_S])
    position, velocity = state[:3], state[3:]
    turning = -2.0 * np.cross(spin, velocity)
    turning = turning - np.cross(spin, np.cross(spin, position))
    fall: np.ndarray = np.array(gravity(*position)) + turning
    return fall


def coast(flight: Flight, from_s: float, to_s: float) -> np.ndarray:
    """Integrate a coasting flight again: in turning axes, by another method.

    The air is left out, so both instants must lie above it.
    """
    start = flight.state_ecef(np.array(from_s))
    solved = solve_ivp(
        lambda _, state: np.concatenate([state[3:], free_fall(state)]),
        (from_s, to_s),
        start,
        method="LSODA",
        rtol=1e-11,
        atol=1e-6,
    )
    end: np.ndarray = solved.y[:, -1]
    return end


@pytest.mark.parametrize("seed", [1, 2])
def test_the_air_brakes_by_density_speed_and_ballistic_coefficient(seed: int) -> None:
    """Falling through 40 to 10 km: what is left beside free fall is drag, all of it."""
    flight = flown(985.0, 4_550.0, 147.0, seed=seed)
    track = flight.ground_track(0.5)
    falling = track[:, 0] > flight.apogee.t_s
    for height in (40e3, 25e3, 10e3):
        t_s = track[falling & (track[:, 3] < height)][0, 0]
        behind, here, ahead = flight.state_ecef(np.array([t_s - 0.01, t_s, t_s + 0.01]))

        braking = (ahead[3:] - behind[3:]) / 0.02 - free_fall(here)

        velocity = here[3:]
        density = density_kg_per_m3(float(geodetic(here[:3])[2]))
        speed = float(np.linalg.norm(velocity))
        drag = -0.5 * density * speed * velocity / flight.ballistic_kg_per_m2
        assert braking == pytest.approx(drag, abs=0.01 * float(np.linalg.norm(drag)))


def test_the_coasting_flight_agrees_with_another_integrator_in_turning_axes() -> None:
    """Coriolis and centrifugal terms appear where the sky has none: same path."""
    flight = flown(1_500.0, 3_000.0, 147.0)
    from_s, to_s = 300.0, flight.end_s - 200.0

    again = coast(flight, from_s, to_s)

    truth = flight.state_ecef(np.array(to_s))
    assert np.linalg.norm(again[:3] - truth[:3]) < 1.0
    assert np.linalg.norm(again[3:] - truth[3:]) < 0.01


def test_velocity_is_the_slope_of_position_all_the_way() -> None:
    """The continuous output is smooth: powered, coasting and in the air again."""
    flight = flown(985.0, 4_550.0, 147.0)
    times = np.linspace(1.0, flight.end_s - 1.0, 3_001)

    ahead, behind = flight.state_ecef(times + 0.05), flight.state_ecef(times - 0.05)
    slope = (ahead[:, :3] - behind[:, :3]) / 0.1

    stray = np.linalg.norm(slope - flight.state_ecef(times)[:, 3:], axis=1)
    assert np.max(stray) < 0.2


def test_a_flight_starts_and_ends_at_rest_on_the_ground() -> None:
    """Before lift-off it stands on its site; after impact it lies where it fell."""
    flight = flown(400.0, 1_000.0, 90.0)

    before, start, end, after = flight.state_ecef(
        np.array([-50.0, 0.0, flight.end_s, flight.end_s + 99.0])
    )

    site = place_ecef_m(SITE.lat_deg, SITE.lon_deg, SITE.alt_m)
    assert before[:3] == pytest.approx(site, abs=1e-6)
    assert np.linalg.norm(start[3:]) < 1e-6
    assert after[:3] == pytest.approx(end[:3], abs=1e-6)
    assert not before[3:].any()
    assert not after[3:].any()
    assert float(geodetic(end[:3])[2]) == pytest.approx(0.0, abs=0.01)


def test_thrust_grows_and_turns_from_straight_up() -> None:
    """The boost is a rocket's: upward first, harder while propellant is used up."""
    flight = flown(985.0, 4_550.0, 147.0)

    def push(t_s: float) -> np.ndarray:
        ahead, behind = flight.state_ecef(np.array([t_s + 0.5, t_s - 0.5]))[:, 3:]
        slope: np.ndarray = ahead - behind
        return slope

    up = east_north_up(SITE.lat_deg, SITE.lon_deg)[2]
    early, late, coasting = push(2.0), push(146.0), push(148.5)
    assert early @ up / np.linalg.norm(early) > 0.999
    assert np.linalg.norm(late) > 1.2 * np.linalg.norm(push(60.0))
    assert np.linalg.norm(coasting) < 10.0


def test_stages_leave_gaps_in_the_push() -> None:
    """Between two burns the object coasts, which an estimator may take for the end."""
    flight = flown(5_000.0, 1_000.0, 300.0, stages=((120.0, 10.0), (170.0, 0.0)))
    times = np.array([118.0, 119.0, 124.0, 125.0, 132.0, 133.0])

    velocity = flight.state_ecef(times)[:, 3:]

    burning, gap, again = (
        float(np.linalg.norm(velocity[i + 1] - velocity[i])) for i in (0, 2, 4)
    )
    assert gap < 10.5
    assert burning > 1.5 * gap
    assert again > 1.2 * gap
    assert flight.burn_out_s == 300.0


def test_a_failed_flight_falls_short_of_the_flight_that_was_meant() -> None:
    """Thrust ends early and it falls where physics says, not where it was aimed."""
    meant = flown(985.0, 4_550.0, 147.0)
    failed = flown(985.0, 4_550.0, 147.0, kind="failed", fails_at_s=90.0)

    times = np.arange(0.0, 90.0, 5.0)
    assert np.allclose(meant.state_ecef(times), failed.state_ecef(times), atol=1e-3)
    assert failed.burn_out_s == 90.0
    assert failed.impact is not None
    assert meant.impact is not None
    assert failed.apogee.height_m < 0.5 * meant.apogee.height_m
    assert failed.impact.t_s < 0.6 * meant.impact.t_s


def test_a_glider_takes_the_time_that_was_published() -> None:
    """15 June 2023, 50 km and 850 km: 660 s, where a ballistic arc needs half of it."""
    for seed in (1, 2, 3):
        glider = flown(50.0, 850.0, 60.0, kind="glide", seed=seed)

        assert glider.end_s == pytest.approx(660.0, abs=70.0)
        assert glider.apogee.height_m == pytest.approx(50e3, abs=50.0)


def test_a_launch_into_space_stays_aloft() -> None:
    """On a circle at the published height after burn-out; nothing comes down."""
    flight = flown(500.0, None, 600.0, azimuth_true_deg=190.0, kind="space")

    times = np.linspace(flight.burn_out_s, flight.end_s, 200)
    lat, _, height = geodetic(flight.state_ecef(times)[:, :3])
    assert flight.impact is None
    assert np.min(height) > 480e3
    assert np.max(height) < 525e3
    assert np.ptp(lat) > 150.0  # it goes round the Earth


def test_one_seed_gives_one_flight_and_another_seed_another() -> None:
    """Drag and thrust shape are drawn, the published figures are not."""
    one, same, other = (flown(985.0, 4_550.0, 147.0, seed=seed) for seed in (1, 1, 2))

    times = np.arange(0.0, 1_300.0, 50.0)
    assert np.array_equal(one.state_ecef(times), same.state_ecef(times))
    assert one.ballistic_kg_per_m2 != other.ballistic_kg_per_m2
    assert np.max(np.abs(one.state_ecef(times) - other.state_ecef(times))) > 100.0


@pytest.mark.parametrize(
    ("apogee_km", "range_km", "announced_s"),
    [  # KCNA figures of the flights on a lofted path; 2022-03-24 by Japan's clock
        (6_648.4, 1_001.2, 4_491.0),  # 2023-07-12
        (5_768.5, 989.0, 4_015.0),  # 2023-02-18
        (4_475.0, 950.0, 3_180.0),  # 2017-11-29, whole minutes
        (6_248.5, 1_090.0, 4_260.0),  # 2022-03-24, whole minutes
    ],
)
def test_lofted_flights_last_as_long_as_announced(
    apogee_km: float, range_km: float, announced_s: float
) -> None:
    """Within 3 %, although how long they burnt was never published (300 s here)."""
    flight = flown(apogee_km, range_km, 300.0, azimuth_true_deg=72.0)

    assert flight.end_s == pytest.approx(announced_s, rel=0.03)
