"""Arrays: the few array types and the one way of compiling that estimation uses.

Every kernel is compiled for float64, cached on disk and serial: threads gained two
times on a quiet machine and lost ten on a busy one. Fast-math stays off, so that one
build repeats its own bytes.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile ``function`` with the house's settings."""
    kernel: F = njit(cache=True, error_model="numpy")(function)
    return kernel
