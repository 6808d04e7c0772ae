"""Checks of arguments: at once where the values are known, silent on traced values."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from spinlearn.errors import SpinlearnValueError

Array = jax.Array


def is_known(*values: Any) -> bool:
    """Whether all values are concrete, so that a check can look at them."""
    return not any(isinstance(v, Tracer) for v in values)


def as_leaf(value: Any, field: str, unit: str) -> Array:
    """A physical parameter as an array leaf of default precision; arrays keep theirs."""
    if isinstance(value, jax.Array):
        return value
    if value is None or isinstance(value, str | bytes):
        raise SpinlearnValueError(
            field, repr(value), f"a number in {unit}", "Pass a number; this has none."
        )
    try:
        given = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise SpinlearnValueError(field, value, f"a number in {unit}", "Pass a number.") from None
    return jnp.asarray(given, jnp.result_type(float))


def require(
    ok: Any, field: str, value: Any, allowed: str, fix: str, *, depends_on: tuple[Any, ...] = ()
) -> None:
    """Raise unless ``ok``; a condition on traced values is left to the solver's own guards."""
    if is_known(ok, *depends_on) and not bool(np.all(np.asarray(ok))):
        raise SpinlearnValueError(field, value, allowed, fix)


def require_values(
    good: Callable[[np.ndarray], Any], field: str, value: Any, allowed: str, fix: str
) -> None:
    """Raise unless all of a value's elements are good; traced values are left to the solver.

    ``good`` is given numpy numbers. Inside `jax.jit` a condition that jnp computes from a known
    array is traced, so that `require` could not look at it; one that numpy computes is known.
    """
    if is_known(value) and not np.all(good(np.asarray(value))):
        raise SpinlearnValueError(field, value, allowed, fix)


def as_numbers(value: Any, field: str, allowed: str, fix: str) -> np.ndarray:
    """Known real numbers in float64, on the host; text, None and ragged lists are refused."""
    try:
        given = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise SpinlearnValueError(field, value, allowed, fix) from error
    if given.dtype.kind not in "biuf":
        raise SpinlearnValueError(field, value, allowed, fix)
    return given.astype(np.float64)


def as_number(
    value: Any, field: str, good: Callable[[float], bool], allowed: str, fix: str
) -> float:
    """One good real number of Python, numpy or JAX, as a float."""
    given = as_numbers(value, field, allowed, fix)
    if given.ndim != 0 or isinstance(value, bool | np.bool_) or not good(float(given)):
        raise SpinlearnValueError(field, value, allowed, fix)
    return float(given)


def as_amount(
    value: Any, field: str, unit: str, *, zero: bool, fix: str = "Pass its magnitude."
) -> Array:
    """One number as a leaf, positive, or not negative if zero is allowed."""
    leaf = as_leaf(value, field, unit)
    allowed = f"one {'number >= 0' if zero else 'positive number'}, {unit}"
    if leaf.shape != ():
        raise SpinlearnValueError(field, f"shape {leaf.shape}", allowed, "Pass one number.")
    require_values(
        lambda v: np.isfinite(v) & ((v >= 0) if zero else (v > 0)), field, leaf, allowed, fix
    )
    return leaf


def is_whole(value: Any) -> bool:
    """Whether this is an integer, of Python or numpy."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def as_count(value: Any, field: str, least: int, allowed: str, fix: str) -> int:
    """An integer of Python or numpy that is not too small, as an int."""
    if not is_whole(value) or value < least:
        raise SpinlearnValueError(field, value, allowed, fix)
    return int(value)


def as_array(value: Any, field: str) -> Array:
    """``jnp.asarray``, except that inside `jax.jit` known values stay known."""
    try:
        with jax.ensure_compile_time_eval():
            return jnp.asarray(value)
    except (TypeError, ValueError) as error:
        raise SpinlearnValueError(
            field, value, "an array of numbers", "Pass numbers, all rows of one length."
        ) from error


def as_float_array(value: Any, field: str) -> Array:
    """An array of floating numbers; integers and complex numbers are refused by name."""
    if value is None or isinstance(value, str | bytes):
        raise SpinlearnValueError(
            field, repr(value), "an array of floating-point numbers", "Pass an array."
        )
    array = as_array(value, field)
    if array.dtype in (jnp.float16, jnp.bfloat16):
        raise SpinlearnValueError(
            field, f"dtype {array.dtype}", "float32 or float64", "Convert with .astype('float32')."
        )
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise SpinlearnValueError(
            field, f"dtype {array.dtype}", "floating-point numbers", "Convert with .astype(float)."
        )
    return array
