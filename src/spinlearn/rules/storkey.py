"""Storkey's rule: incremental and local, with a larger capacity than Hebb's."""

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


def storkey(patterns: Any, *, diagonal: bool = False) -> Float[Array, "n n"]:
    """Weights by Storkey's rule, one pattern after the other from weights of zero.

    Its capacity grows as n / sqrt(2 ln n), faster than that of Hebb's rule. Weights depend on the
    order of the patterns; presented again, they go on changing: there is no fixed point.

    Parameters
    ----------
    patterns
        Patterns ξ in the order of their presentation, ``(p, n)``, −1 or 1 (no unit).
    diagonal
        Whether the diagonal is kept; zeros by default. No other weight depends on it.

    Returns
    -------
    Array
        Weights, ``(n, n)``, symmetric (no unit).

    Raises
    ------
    SpinlearnValueError
        If patterns have another shape or are not ±1.

    References
    ----------
    A. Storkey, Lecture Notes in Computer Science 1327, 451 (1997); A. J. Storkey and
    R. Valabregue, Neural Networks 12, 869 (1999).

    Examples
    --------
    >>> storkey([[1, -1, 1, 1], [1, 1, 1, -1]])[0].tolist()
    [0.0, 0.0, 0.75, 0.0]
    """
    return _storkey(as_patterns(patterns, signs=True), diagonal)


def storkey_step(weights: Any, pattern: Any) -> Float[Array, "n n"]:
    """Weights after one more pattern by Storkey's rule.

    ``W_ij ← W_ij + (ξ_i ξ_j − ξ_i h_ji − h_ij ξ_j) / n``, where ``h_ij = Σ_{k≠i,j} W_ik ξ_k`` is
    the field at node i without the nodes i and j. The diagonal is kept.

    Parameters
    ----------
    weights
        Weights before, ``(n, n)`` (no unit).
    pattern
        Pattern ξ, ``(n,)``, −1 or 1 (no unit).

    Returns
    -------
    Array
        Weights, ``(n, n)`` (no unit).

    Raises
    ------
    SpinlearnValueError
        If shapes differ, weights are not finite, or the pattern is not ±1.

    References
    ----------
    A. J. Storkey and R. Valabregue, Neural Networks 12, 869 (1999).

    Examples
    --------
    >>> storkey_step(jnp.zeros((2, 2)), [1, -1]).tolist()
    [[0.5, -0.5], [-0.5, 0.5]]
    """
    before = as_weights(weights)
    given = as_pattern(pattern, before.shape[0], signs=True).astype(before.dtype)
    return _step(before, given)


@jax.jit
def _step(weights: Array, pattern: Array) -> Array:
    n = pattern.shape[0]
    own = jnp.diagonal(weights)
    field = full_product("ij,j->i", weights, pattern) - own * pattern  # without node i
    # h_ij leaves out node j as well; on the diagonal that is node i, which is out already.
    without_both = field[:, None] - weights * pattern[None, :]
    without_both = jnp.where(jnp.eye(n, dtype=bool), field[:, None], without_both)
    outer = pattern[:, None] * pattern[None, :]
    crossed = without_both * pattern[None, :]
    return weights + (outer - crossed - crossed.T) / n


@partial(jax.jit, static_argnums=1)
def _storkey(patterns: Array, diagonal: bool) -> Array:
    n = patterns.shape[1]
    begin = jnp.zeros((n, n), patterns.dtype)
    weights, _ = jax.lax.scan(lambda w, x: (_step(w, x), None), begin, patterns)
    return weights if diagonal else without_diagonal(weights)
