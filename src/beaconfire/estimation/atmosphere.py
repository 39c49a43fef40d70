"""Atmosphere: air density of the US Standard Atmosphere 1976, compiled.

* Up to 86 km: the seven layers of the standard, exactly (NASA-TM-X-74335, table 4:
  base geopotential heights, lapse rates; section 1.2.4: g0', R*, M0; table 3: r0).
* 86 to 500 km: the standard's own tabulated densities (table I), interpolated
  in the logarithm. Drag there moves an impact point by centimetres.
* Above 500 km: none. Below the ellipsoid: the density of height 0.

Winds, seasons and the real upper atmosphere are left out; what they change is smaller
than what is unknown of the object's ballistic coefficient.
"""

import math

import numpy as np

from beaconfire.estimation.arrays import Floats, compiled

EARTH_RADIUS_1976_M = 6_356_766.0
TOP_M = 500_000.0
_LAYERS_TOP_M = 86_000.0
# g0' / (R* / M0), with R* = 8314.32 N m / (kmol K) and M0 = 28.9644 kg / kmol.
_GAS_CONSTANT = 8_314.32 / 28.9644
_HYDROSTATIC_K_PER_M = 9.80665 / _GAS_CONSTANT

_BASE_M = np.array([0.0, 11e3, 20e3, 32e3, 47e3, 51e3, 71e3])
_LAPSE_K_PER_M = np.array([-6.5e-3, 0.0, 1e-3, 2.8e-3, 0.0, -2.8e-3, -2e-3])

_TABLE_M = 1e3 * np.array(
    [86, 90, 95, 100, 110, 120, 130, 140, 150, 160, 180, 200, 250, 300, 400, 500],
    dtype=np.float64,
)
_TABLE_LN = np.log(
    [
        *(6.958e-6, 3.416e-6, 1.393e-6, 5.604e-7, 9.708e-8, 2.222e-8, 8.152e-9),
        *(3.831e-9, 2.076e-9, 1.233e-9, 5.194e-10, 2.541e-10, 6.073e-11),
        *(1.916e-11, 2.803e-12, 5.215e-13),
    ]
)


def _bases() -> tuple[np.ndarray, np.ndarray]:
    """Temperature and pressure at the foot of each layer, from those below it."""
    temperature_k, pressure_pa = [288.15], [101_325.0]
    for i in range(len(_BASE_M) - 1):
        rise, lapse = _BASE_M[i + 1] - _BASE_M[i], _LAPSE_K_PER_M[i]
        below = temperature_k[i]
        above = below + lapse * rise
        if lapse == 0.0:
            ratio = math.exp(-_HYDROSTATIC_K_PER_M * rise / below)
        else:
            ratio = (below / above) ** (_HYDROSTATIC_K_PER_M / lapse)
        temperature_k.append(above)
        pressure_pa.append(pressure_pa[i] * ratio)
    return np.array(temperature_k), np.array(pressure_pa)


_BASE_K, _BASE_PA = _bases()
_BASE_LN = np.log(_BASE_PA / (_GAS_CONSTANT * _BASE_K))  # of density


@compiled
def _below(feet_m: Floats, height_m: float) -> int:
    """Return the layer of a height; so few are looked through sooner than bisected."""
    i = feet_m.shape[0] - 1
    while i > 0 and feet_m[i] > height_m:
        i -= 1
    return int(i)


@compiled
def density(height_m: float) -> tuple[float, float]:
    """Return density in kg/m3 and its relative slope d(ln rho)/dh in 1/m."""
    if height_m >= TOP_M:
        return 0.0, 0.0
    if height_m >= _LAYERS_TOP_M:
        i = _below(_TABLE_M, height_m)
        slope = (_TABLE_LN[i + 1] - _TABLE_LN[i]) / (_TABLE_M[i + 1] - _TABLE_M[i])
        return math.exp(_TABLE_LN[i] + slope * (height_m - _TABLE_M[i])), slope
    if height_m <= 0.0:
        return math.exp(_BASE_LN[0]), 0.0
    ratio = EARTH_RADIUS_1976_M / (EARTH_RADIUS_1976_M + height_m)
    geopotential_m = height_m * ratio
    i = _below(_BASE_M, geopotential_m)
    lapse = _LAPSE_K_PER_M[i]
    rise = geopotential_m - _BASE_M[i]
    kelvin = _BASE_K[i] + lapse * rise
    if lapse == 0.0:
        fallen = _HYDROSTATIC_K_PER_M * rise / kelvin
    else:
        fallen = (_HYDROSTATIC_K_PER_M / lapse + 1.0) * math.log(kelvin / _BASE_K[i])
    slope = -(_HYDROSTATIC_K_PER_M + lapse) / kelvin
    return math.exp(_BASE_LN[i] - fallen), slope * ratio * ratio
