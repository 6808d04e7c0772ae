"""What the forms of Oja's rule share: outputs, what they give back, and the leak."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from spinlearn.rules._inputs import full_product

Array = jax.Array


def outputs_of(weights: Array, shown: Array) -> Array:
    """``y = W ξ`` of every pattern, ``(p, n)``."""
    return full_product("ij,pj->pi", weights, shown)


def errors_of(weights: Array, outputs: Array, shown: Array) -> Array:
    """What outputs do not give back of the patterns, ``e = ξ − Wᵀ y``, ``(p, n)``."""
    return shown - full_product("pi,ij->pj", outputs, weights)


def mean_outer(left: Array, right: Array) -> Array:
    """Mean outer product of two rows of the same pattern, ``(n, n)``."""
    return full_product("pi,pj->ij", left, right) / left.shape[0]


def leaky_step(weights: Array, outputs: Array, shown: Array, rate: Array) -> Array:
    """Weights after ``ΔW_ij = η ⟨y_i (ξ_j − y_i W_ij)⟩``: every row leaks by its own output."""
    leak = jnp.mean(outputs * outputs, axis=0)
    return weights + rate * (mean_outer(outputs, shown) - leak[:, None] * weights)
