"""Parameters of a macrospin: numbers of every member, vectors and directions, checked."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_leaf, require_values
from spinlearn.errors import SpinlearnValueError

Array = jax.Array


def as_member_number(value: Any, field: str, unit: str, good: Any) -> Array:
    leaf = as_leaf(value, field, unit)
    if leaf.ndim > 1:
        raise SpinlearnValueError(
            field, f"shape {leaf.shape}", f"one number or one per member, {unit}", "Pass (n,)."
        )
    require_values(
        lambda v: np.isfinite(v) & good(v), field, value, f"finite, in range, {unit}", "Check it."
    )
    return leaf


def as_vector(value: Any, field: str, unit: str) -> Array:
    leaf = as_leaf(value, field, unit)
    if leaf.ndim not in (1, 2) or leaf.shape[0] != 3:
        raise SpinlearnValueError(field, value, f"three components, {unit}", "Write (0, 0, 1).")
    require_values(np.isfinite, field, value, f"finite components, {unit}", "Check it.")
    return leaf


def as_direction(value: Any, field: str) -> Array:
    leaf = as_vector(value, field, "no unit")
    if leaf.ndim != 1:
        raise SpinlearnValueError(field, value, "three numbers (no unit)", "One for all members.")
    length = jnp.sqrt(jnp.sum(leaf**2))
    require_values(lambda v: v > 0, field, length, "a vector other than zero", "Write (0, 0, 1).")
    return leaf / length
