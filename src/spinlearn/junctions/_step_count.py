"""How many steps a duration takes, and how long one may be."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from spinlearn._checks import as_leaf, is_known, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._heun import Parameters

# Turn of a step, and the part of the damping that Heun's scheme undoes, beyond which trajectories
# are refused; and the part that is recommended.
_LARGEST_TURN, _LARGEST_PART, _GOOD_PART = 0.5, 0.1, 0.01


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


def require_small(parameters: Parameters, step: Any) -> None:
    """Beyond this a step lies, without a sign of it in the numbers.

    At a turn of 0.6 the fluctuations of a memory at rest are three times too large, at 3 it
    switches; at 0.3 and a damping of 0.003 nothing damps it. Without damping the turn alone counts.
    """
    of = parameters
    if not is_known(*of.numbers, of.constant, of.ratio):
        return
    largest = np.maximum(np.abs(of.anisotropy), np.abs(of.easy_plane)) + np.abs(of.torque)
    largest = largest + np.sqrt(np.sum(np.square(np.asarray(of.constant, float)), axis=0))
    turn = np.asarray(of.ratio * largest, float) * float(step)
    damping = np.asarray(of.damping, float)
    bound, good = (
        np.where(damping > 0, np.cbrt(8 * part * damping), _LARGEST_TURN)
        for part in (_LARGEST_PART, _GOOD_PART)
    )
    over = turn / np.minimum(bound, _LARGEST_TURN)
    if np.max(over) > 1:
        turn, over, good = (v.flat[np.argmax(over)] for v in np.broadcast_arrays(turn, over, good))
        longest, better = float(step) / over, float(step) * min(good, 0.1) / turn
        raise SpinlearnValueError(
            "step",
            step,
            f"γ μ0 H step up to {turn / over:.2g} with these fields, torques and this damping (no "
            f"unit): at most {longest:.2g} s",
            f"Take about {better:.2g} s.",
        )


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
