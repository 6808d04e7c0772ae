"""How many steps a duration takes."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from spinlearn._checks import as_leaf, is_known, require_values
from spinlearn.errors import SpinlearnValueError


def count_steps(duration: Any, step: Any) -> int:
    """Whole steps in a duration, rounded up but for rounding errors."""
    # Inside jax.jit a number stays known, but would be traced as soon as JAX has it.
    with jax.ensure_compile_time_eval():
        values = {
            field: _number(value, field)
            for field, value in (("duration", duration), ("step", step))
        }
    ratio = values["duration"] / values["step"]
    whole = abs(ratio - round(ratio)) <= 1e-6 * max(1.0, ratio)
    steps = round(ratio) if whole else int(np.ceil(ratio))
    if steps >= 2**31:
        raise SpinlearnValueError(
            "duration", duration, f"below 2**31 steps of {values['step']:g} s", "Run in segments."
        )
    return max(steps, 1)


def _number(value: Any, field: str) -> float:
    leaf = as_leaf(value, field, "s")
    if not is_known(leaf) or leaf.ndim:
        raise SpinlearnValueError(
            field, "traced or an array", "one known number, s", "It sets the number of steps."
        )
    require_values(
        lambda v: np.isfinite(v) & (v > 0), field, value, "one positive number, s", "Pass one."
    )
    return float(leaf)
