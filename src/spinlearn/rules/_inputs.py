"""Checks of what rules are given: patterns, weights, rates; and what all of them do."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_amount, as_array, as_float_array, as_leaf, require_values
from spinlearn.errors import SpinlearnValueError

Array = jax.Array


def as_patterns(value: Any, field: str = "patterns", *, signs: bool = False) -> Array:
    """Patterns ``(p, n)`` of floating numbers; integers get the default precision."""
    array = as_array(value, field)
    if array.ndim != 2 or 0 in array.shape:
        raise SpinlearnValueError(
            field, f"shape {array.shape}", "shape (p, n)", "Pass one row for every pattern."
        )
    return _as_numbers(array, value, field, signs)


def as_pattern(value: Any, n: int, field: str = "pattern", *, signs: bool = False) -> Array:
    """One pattern ``(n,)`` of floating numbers."""
    array = as_array(value, field)
    if array.shape != (n,):
        raise SpinlearnValueError(
            field, f"shape {array.shape}", f"shape ({n},)", "Pass one number for every node."
        )
    return _as_numbers(array, value, field, signs)


def as_presented(value: Any, n: int) -> Array:
    """One pattern ``(n,)``, or several ``(p, n)``, as several."""
    array = as_array(value, "patterns")
    if array.ndim == 1:
        return as_pattern(value, n, "patterns")[None]
    known = as_patterns(value)
    if known.shape[1] != n:
        raise SpinlearnValueError(
            "patterns",
            f"shape {known.shape}",
            f"shape ({n},) or (p, {n})",
            "Pass one number for every column of the weights.",
        )
    return known


def as_weights(value: Any, n: int | None = None, field: str = "weights") -> Array:
    """A finite matrix ``(n, n)``."""
    array = as_float_array(value, field)
    wanted = "(n, n)" if n is None else f"({n}, {n})"
    square = array.ndim == 2 and array.shape[0] == array.shape[1] and array.shape[0] > 0
    if not square or (n is not None and array.shape[0] != n):
        raise SpinlearnValueError(
            field, f"shape {array.shape}", f"shape {wanted}", "Pass one row for every node."
        )
    require_values(np.isfinite, field, value, "finite numbers", "Look for NaN in it.")
    return array


def as_rate(value: Any, dtype: Any) -> Array:
    """A learning rate, one number >= 0."""
    rate = as_amount(value, "rate", "no unit", zero=True, fix="Pass one positive number.")
    return rate.astype(dtype)


def as_probability(value: Any, field: str) -> Array:
    """Probabilities of any shape, from 0 to 1."""
    chance = as_leaf(value, field, "no unit")
    require_values(
        lambda p: (p >= 0) & (p <= 1), field, value, "numbers from 0 to 1", "Pass probabilities."
    )
    return chance


def as_bits(value: Any, shape: int | tuple[int, ...], field: str) -> Array:
    """Booleans of this shape, given as such or as 0 and 1."""
    array = as_array(value, field)
    wanted = (shape,) if isinstance(shape, int) else shape
    if array.shape != wanted:
        raise SpinlearnValueError(
            field, f"shape {array.shape}", f"shape {wanted}", "Pass one value for every place."
        )
    if array.dtype == bool:
        return array
    require_values(
        lambda b: (b == 0) | (b == 1), field, value, "booleans, or 0 and 1", "Compare with > first."
    )
    return array != 0


def full_product(subscripts: str, *operands: Array) -> Array:
    """Sum of products in the full precision of the operands, on every device."""
    return jnp.einsum(subscripts, *operands, precision="highest")


def without_diagonal(weights: Array) -> Array:
    """The same with zeros on the diagonal."""
    return jnp.fill_diagonal(weights, 0, inplace=False)


def _as_numbers(array: Array, value: Any, field: str, signs: bool) -> Array:
    if not (jnp.issubdtype(array.dtype, jnp.floating) or jnp.issubdtype(array.dtype, jnp.integer)):
        raise SpinlearnValueError(field, f"dtype {array.dtype}", "real numbers", "Pass numbers.")
    if signs:
        require_values(lambda s: np.abs(s) == 1, field, value, "-1 or 1", "Write 0 as -1.")
    else:
        require_values(np.isfinite, field, value, "finite numbers", "Look for NaN in it.")
    floating = jnp.issubdtype(array.dtype, jnp.floating)
    return array if floating else array.astype(jnp.result_type(float))
