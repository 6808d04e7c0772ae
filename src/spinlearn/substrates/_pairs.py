"""Sums over pairs of contacts that hold in either precision."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array


def scaled(x: Array) -> tuple[Array, Array]:
    """Numbers of order one and their scale: squares of small conductances underflow."""
    scale = jnp.max(jnp.abs(x))
    scale = jnp.where(scale > 0, scale, 1)
    return x / scale, scale


def ratio(part: Array, whole: Array) -> Array:
    return jnp.where(whole > 0, part / jnp.where(whole > 0, whole, 1), 0)


def full_sum(subscripts: str, *operands: Array) -> Array:
    """Sum of products in the full precision of the operands, on every device."""
    return jnp.einsum(subscripts, *operands, precision="highest")


def off_diagonal(n: int, dtype: Any) -> Array:
    return jnp.asarray(1 - np.eye(n), dtype)
