"""Atmosphere: air density by height, U.S. Standard Atmosphere 1976.

Up to 86 km from the standard's own defining equations (seven layers of constant
temperature gradient, hydrostatic balance); above, its published densities joined
straight in the logarithm. Above 1,000 km there is no air here.

Source: NOAA-S/T 76-1562, equations 18, 19, 33a, 33b and 42, and table I.
"""

import math
from bisect import bisect_right

_EARTH_RADIUS_M = 6_356_766.0  # of the standard's geopotential, not of any ellipsoid
_GRAVITY_MPS2 = 9.80665
_MOLAR_KG_PER_KMOL = 28.9644
_GAS_J_PER_KMOL_K = 8314.32
_LAPSE = _GRAVITY_MPS2 * _MOLAR_KG_PER_KMOL / _GAS_J_PER_KMOL_K  # K per m'
_TOP_OF_LAYERS_M = 86_000.0

# Base of each layer (geopotential m') and its temperature gradient (K per m').
_LAYERS = (
    (0.0, -0.0065),
    (11_000.0, 0.0),
    (20_000.0, 0.001),
    (32_000.0, 0.0028),
    (47_000.0, 0.0),
    (51_000.0, -0.0028),
    (71_000.0, -0.002),
)
_SEA_LEVEL_K = 288.15
_SEA_LEVEL_PA = 101_325.0

# Height in km, density in kg/m3.
_PUBLISHED = (
    (86.0, 6.958e-6),
    (90.0, 3.416e-6),
    (95.0, 1.393e-6),
    (100.0, 5.604e-7),
    (110.0, 9.708e-8),
    (120.0, 2.222e-8),
    (130.0, 8.152e-9),
    (140.0, 3.831e-9),
    (150.0, 2.076e-9),
    (160.0, 1.233e-9),
    (180.0, 5.194e-10),
    (200.0, 2.541e-10),
    (250.0, 6.073e-11),
    (300.0, 1.916e-11),
    (350.0, 7.014e-12),
    (400.0, 2.803e-12),
    (450.0, 1.184e-12),
    (500.0, 5.215e-13),
    (600.0, 1.137e-13),
    (700.0, 3.070e-14),
    (800.0, 1.136e-14),
    (900.0, 5.759e-15),
    (1000.0, 3.561e-15),
)
TOP_M = 1_000.0 * _PUBLISHED[-1][0]


def _bases() -> tuple[tuple[float, float, float, float], ...]:
    """Carry temperature and pressure up through the layers, base by base."""
    rows = []
    temperature, pressure = _SEA_LEVEL_K, _SEA_LEVEL_PA
    for index, (base, gradient) in enumerate(_LAYERS):
        rows.append((base, gradient, temperature, pressure))
        if index + 1 < len(_LAYERS):
            rise = _LAYERS[index + 1][0] - base
            pressure *= _pressure_ratio(rise, gradient, temperature)
            temperature += gradient * rise
    return tuple(rows)


def _pressure_ratio(rise: float, gradient: float, temperature: float) -> float:
    if gradient == 0.0:
        return math.exp(-_LAPSE * rise / temperature)
    return math.pow(temperature / (temperature + gradient * rise), _LAPSE / gradient)


_BASES = _bases()
_BASE_HEIGHTS = tuple(row[0] for row in _BASES)
_TABLE_M = tuple(1_000.0 * km for km, _ in _PUBLISHED)
_TABLE_LN = tuple(math.log(density) for _, density in _PUBLISHED)


def density_kg_per_m3(height_m: float) -> float:
    """Return the density of the air at a geometric height.

    Below the ground the lowest layer simply goes on: an integrator looks a little
    beyond the surface while it searches for the instant of impact.
    """
    if height_m >= TOP_M:
        return 0.0
    if height_m < _TOP_OF_LAYERS_M:
        geopotential = _EARTH_RADIUS_M * height_m / (_EARTH_RADIUS_M + height_m)
        layer = max(bisect_right(_BASE_HEIGHTS, geopotential) - 1, 0)
        base, gradient, temperature, pressure = _BASES[layer]
        rise = geopotential - base
        pressure *= _pressure_ratio(rise, gradient, temperature)
        warmth = temperature + gradient * rise
        return pressure * _MOLAR_KG_PER_KMOL / (_GAS_J_PER_KMOL_K * warmth)
    row = bisect_right(_TABLE_M, height_m) - 1
    share = (height_m - _TABLE_M[row]) / (_TABLE_M[row + 1] - _TABLE_M[row])
    return math.exp(_TABLE_LN[row] + share * (_TABLE_LN[row + 1] - _TABLE_LN[row]))
