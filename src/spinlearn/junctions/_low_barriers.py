"""Where Brown's rate over high barriers is asked for what hardly is one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from spinlearn._checks import is_known

# Of k_B T: half of the rate is missing at 0.7.
_LOWEST = 1.0


def warn_of_low_barriers(thermal_stability: Any, bias: Any) -> None:
    """Tell, where it is known, that Brown's rate is used for what hardly is a barrier (no unit)."""
    if not is_known(thermal_stability, bias):
        return
    left = np.asarray(thermal_stability) * (1 - np.abs(np.asarray(bias))) ** 2
    if np.any(left < _LOWEST):
        warnings.warn(
            f"a barrier of {np.min(left):.2g} k_B T is left: Brown's rate over high barriers is "
            "too low there, without bound towards the critical voltage. Use "
            "switching_probability with method='fokker-planck', relaxation_rate, or a Macrospin.",
            stacklevel=4,
        )
