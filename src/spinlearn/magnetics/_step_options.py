"""Options of an evolution: what goes together, and what follows from them."""

from __future__ import annotations

import numbers
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import is_known
from spinlearn.constants import MU_0
from spinlearn.errors import SpinlearnValueError
from spinlearn.magnetics._runge_kutta import METHODS
from spinlearn.magnetics.energy import Energies
from spinlearn.magnetics.llg import LLG

Array = jax.Array


def check_step_options(llg: LLG, tolerance: Any, method: str, step: Any, key: Any) -> None:
    """Refuse what does not go together; see `evolve` (s, without unit)."""
    if method not in METHODS:
        raise SpinlearnValueError(
            "method", method, f"auto or one of {', '.join(METHODS)}", "Leave it at 'auto'."
        )
    if is_known(tolerance) and not (_is_number(tolerance) and 0 < _host(tolerance) < 1):
        raise SpinlearnValueError(
            "tolerance", tolerance, "a number between 0 and 1", "Use e.g. 1e-5."
        )
    given = step is not None and is_known(step)
    if given and not (_is_number(step) and 0 < _host(step) < np.inf):
        raise SpinlearnValueError("step", step, "a positive number in s", "Use e.g. 1e-13.")
    if method == "rk4-split" and step is not None:
        raise SpinlearnValueError(
            "method",
            method,
            "a method without memory where the step is fixed: its first steps would be of low "
            "order",
            "Use method='rk4', or leave out step.",
        )
    if llg.thermal is not None and step is None:
        raise SpinlearnValueError(
            "step",
            None,
            "a fixed step in s at a finite temperature: the thermal field belongs to one step",
            "Pass e.g. step=1e-13, and check that half of it gives the same statistics.",
        )
    if llg.thermal is not None and key is None:
        raise SpinlearnValueError(
            "key", None, "a random key at a finite temperature", "Pass key_from_seed(0)."
        )


def longest_step(llg: LLG, current_density: Any, duration: Any, max_step: Any) -> Any:
    """Longest adaptive step, s; see `evolve`."""
    if max_step is not None:
        if is_known(max_step) and not (_is_number(max_step) and max_step > 0):
            raise SpinlearnValueError(
                "max_step", max_step, "a positive number in s", "Use e.g. 1e-12."
            )
        return max_step
    terms = llg.energy.terms if isinstance(llg.energy, Energies) else (llg.energy,)
    driven = callable(current_density) or any(
        callable(getattr(term, "applied", None)) for term in terms
    )
    if not driven:
        return np.inf
    largest = jnp.max(llg.energy.saturation_magnetization)
    return jnp.minimum(0.01 * duration, 0.3 / (MU_0 * llg.gyromagnetic_ratio * largest))


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, numbers.Real | np.ndarray | jax.Array) and getattr(value, "ndim", 0) == 0
    )


def _host(value: Any) -> float:
    """A known number; inside jax.jit, jnp would trace a comparison with it."""
    return float(np.asarray(value))


def interval_ends(times: Any, duration: Any, dtype: Any) -> Array:
    """Ends of the intervals that are stepped through, the last at the duration, s."""
    if is_known(duration) and not (_is_number(duration) and 0 < duration < np.inf):
        raise SpinlearnValueError("duration", duration, "a positive time in s", "Use e.g. 1e-9.")
    end = jnp.asarray(duration, dtype).reshape(1)
    if times is None:
        return end
    given = jnp.asarray(times, dtype)
    if given.ndim != 1 or given.shape[0] == 0:
        raise SpinlearnValueError(
            "times", f"shape {given.shape}", "a list of one or more times in s", "Use jnp.linspace."
        )
    if is_known(given, duration):
        ordered = bool(jnp.all(jnp.diff(given) >= 0) & (given[0] >= 0))
        if not ordered or float(given[-1]) > float(end[0]) * (1 + 1e-6):
            raise SpinlearnValueError(
                "times",
                times,
                f"increasing times from 0 to the duration, {duration} s",
                "Sort them, or make the duration longer.",
            )
    return jnp.concatenate([given, end])


def steps_in_intervals(stops: Array, step: float) -> Array:
    """Number of fixed steps in every interval."""
    lengths = jnp.diff(stops, prepend=jnp.zeros(1, stops.dtype))
    return jnp.ceil(lengths / step * (1 - 1e-6)).astype(jnp.int32)
