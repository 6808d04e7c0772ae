"""The pseudo-inverse rule: the projector on what the patterns span."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn.rules._inputs import (
    as_pattern,
    as_patterns,
    as_weights,
    full_product,
    without_diagonal,
)

Array = jax.Array


def pseudo_inverse(patterns: Any, *, diagonal: bool = False) -> Float[Array, "n n"]:
    """Weights by the pseudo-inverse rule, also called the projection rule.

    ``W = X⁺ X``, the orthogonal projector on the span of the patterns, the rows of X. Every
    pattern is a fixed point, ``W ξ = ξ``, however similar they are, and remains one without
    the diagonal, ``(W − diag W) ξ_i = (1 − W_ii) ξ_i``, as long as W_ii < 1: for fewer than n
    linearly independent patterns. Patterns may be linearly dependent, or given twice.

    Parameters
    ----------
    patterns
        Patterns, ``(p, n)``, −1 or 1, or any finite numbers (no unit).
    diagonal
        Whether the diagonal is kept; zeros by default, which widens the basins of attraction.

    Returns
    -------
    Array
        Weights, ``(n, n)``, symmetric (no unit).

    Raises
    ------
    SpinlearnValueError
        If patterns have another shape or are not finite.

    References
    ----------
    L. Personnaz, I. Guyon, G. Dreyfus, J. Physique Lett. 46, L359 (1985); without the diagonal,
    I. Kanter and H. Sompolinsky, Phys. Rev. A 35, 380 (1987).

    Examples
    --------
    >>> pseudo_inverse([[1, 1, 1, 1], [1, 1, 1, 1]], diagonal=True)[0].round(6).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    return _projector(as_patterns(patterns), diagonal)


def pseudo_inverse_step(weights: Any, pattern: Any) -> Float[Array, "n n"]:
    """The projector after one more pattern, by Greville's recursion.

    ``W ← W + r rᵀ / (rᵀ r)`` with ``r = ξ − W ξ``, what is new in the pattern. It is exact from
    weights of zero, with the diagonal; a pattern in the span of those before changes nothing.

    Parameters
    ----------
    weights
        Projector before, ``(n, n)``, with its diagonal (no unit).
    pattern
        Pattern ξ, ``(n,)`` (no unit).

    Returns
    -------
    Array
        Projector, ``(n, n)`` (no unit).

    Raises
    ------
    SpinlearnValueError
        If shapes differ, or numbers are not finite.

    References
    ----------
    T. N. E. Greville, SIAM Rev. 2, 15 (1960); L. Personnaz, I. Guyon, G. Dreyfus, Phys. Rev. A
    34, 4217 (1986).

    Examples
    --------
    >>> once = pseudo_inverse_step(jnp.zeros((2, 2)), [1, -1])
    >>> once.tolist(), bool(jnp.all(pseudo_inverse_step(once, [1, -1]) == once))
    ([[0.5, -0.5], [-0.5, 0.5]], True)
    """
    before = as_weights(weights)
    given = as_pattern(pattern, before.shape[0]).astype(before.dtype)
    return _step(before, given)


@jax.jit
def _step(weights: Array, pattern: Array) -> Array:
    new = pattern - full_product("ij,j->i", weights, pattern)
    size, whole = jnp.sum(new * new), jnp.sum(pattern * pattern)
    # What rounding leaves of a pattern in the span is no direction of its own.
    noise = (pattern.shape[0] * jnp.finfo(weights.dtype).eps) ** 2 * whole
    known = size <= noise
    grown = weights + new[:, None] * new[None, :] / jnp.where(known, 1, size)
    return jnp.where(known, weights, grown)


@partial(jax.jit, static_argnums=1)
def _projector(patterns: Array, diagonal: bool) -> Array:
    _, sizes, directions = jnp.linalg.svd(patterns, full_matrices=False)
    least = max(patterns.shape) * jnp.finfo(patterns.dtype).eps * sizes[0]
    kept = jnp.where((sizes > least)[:, None], directions, 0)
    weights = full_product("ki,kj->ij", kept, kept)
    return weights if diagonal else without_diagonal(weights)
