"""Checks of what networks are given: states of ±1, square matrices, nodes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_array, as_float_array, require_values
from spinlearn.errors import SpinlearnValueError

Array = jax.Array


def as_states(value: Any, field: str, n: int | None, ranks: str = "(n,)") -> Array:
    """States of ±1 with n nodes in the last dimension; integers or floating numbers."""
    array = as_array(value, field)
    wanted = ranks if n is None else ranks.replace("n", str(n))
    shape_ok = array.ndim >= 1 and (n is None or array.shape[-1] == n)
    if ranks == "(n,)":
        shape_ok = shape_ok and array.ndim == 1
    elif ranks == "(p, n)":
        shape_ok = shape_ok and array.ndim == 2 and array.shape[0] > 0
    if not shape_ok:
        raise SpinlearnValueError(
            field, f"shape {array.shape}", f"shape {wanted}", "Pass one state, ±1, for every node."
        )
    if not jnp.issubdtype(array.dtype, jnp.number):
        raise SpinlearnValueError(field, f"dtype {array.dtype}", "-1 or 1", "Pass numbers.")
    require_values(
        lambda s: np.abs(s) == 1, field, value, "-1 or 1 at every node", "Write 0 as -1."
    )
    return array


def as_square(value: Any, field: str, unit: str, *, batch: bool = False) -> Array:
    """A finite matrix (n, n), with leading dimensions if `batch`."""
    array = as_float_array(value, field)
    dimensions_ok = array.ndim >= 2 if batch else array.ndim == 2
    if not dimensions_ok or array.shape[-1] != array.shape[-2] or array.shape[-1] == 0:
        allowed = f"a square matrix {'(..., n, n)' if batch else '(n, n)'}, {unit}"
        raise SpinlearnValueError(
            field, f"shape {array.shape}", allowed, "Pass one row and one column for every node."
        )
    require_values(np.isfinite, field, value, f"finite numbers, {unit}", "Look for NaN in it.")
    return array


def as_node(value: Any, n: int) -> Array:
    """Index of a node; known ones are in range."""
    node = as_array(value, "node")
    allowed, fix = f"one integer from 0 to {n - 1}", "Count nodes from zero; map over them by vmap."
    if node.shape != () or not jnp.issubdtype(node.dtype, jnp.integer):
        raise SpinlearnValueError("node", value, allowed, fix)
    require_values(lambda i: (i >= 0) & (i < n), "node", node, allowed, fix)
    return node


def as_order(value: Any, n: int) -> Array:
    """Every node once."""
    order = as_array(value, "order")
    allowed, fix = f"the numbers 0 to {n - 1}, each once", "Pass range(n), or a permutation."
    if order.shape != (n,) or not jnp.issubdtype(order.dtype, jnp.integer):
        raise SpinlearnValueError("order", f"{order.dtype}, shape {order.shape}", allowed, fix)
    require_values(lambda o: np.sort(o) == np.arange(n), "order", order, allowed, fix)
    return order
