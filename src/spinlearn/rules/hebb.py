"""Hebb's rule: nodes that are alike are joined."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
from jaxtyping import Float

from spinlearn.rules._inputs import (
    as_pattern,
    as_patterns,
    as_rate,
    as_weights,
    full_product,
    without_diagonal,
)

Array = jax.Array


def hebb(patterns: Any, *, diagonal: bool = False) -> Float[Array, "n n"]:
    """Weights by Hebb's rule, the outer product.

    ``W = (1/n) Σ_μ ξ^μ ξ^μᵀ``. A sum, and no fixed point: every presentation adds to it. About
    0.138 n random patterns are recalled with few errors, n / (2 ln n) without any.

    Parameters
    ----------
    patterns
        Patterns ξ, ``(p, n)``, −1 or 1, or any finite numbers (no unit).
    diagonal
        Whether the diagonal, p/n, is kept; zeros by default, as recall wants.

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
    D. O. Hebb, The Organization of Behavior (Wiley, 1949); J. J. Hopfield, Proc. Natl. Acad. Sci.
    USA 79, 2554 (1982).

    Examples
    --------
    >>> hebb([[1, -1, 1, 1]])[0].tolist()
    [0.0, -0.25, 0.25, 0.25]
    """
    return _hebb(as_patterns(patterns), diagonal)


def hebb_step(weights: Any, pattern: Any, rate: Any) -> Float[Array, "n n"]:
    """Weights after one presentation by Hebb's rule, ``W + η ξ ξᵀ``.

    With the rate 1/n the steps of all patterns add up to `hebb`. The diagonal is kept.

    Parameters
    ----------
    weights
        Weights before, ``(n, n)`` (no unit).
    pattern
        Pattern ξ, ``(n,)`` (no unit).
    rate
        Learning rate η (no unit).

    Returns
    -------
    Array
        Weights, ``(n, n)`` (no unit), in the precision of those before.

    Raises
    ------
    SpinlearnValueError
        If shapes differ, or numbers are not finite.

    References
    ----------
    D. O. Hebb, The Organization of Behavior (Wiley, 1949).

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> hebb_step(jnp.zeros((2, 2)), [1, -1], 0.5).tolist()
    [[0.5, -0.5], [-0.5, 0.5]]
    """
    before = as_weights(weights)
    given = as_pattern(pattern, before.shape[0]).astype(before.dtype)
    return before + as_rate(rate, before.dtype) * (given[:, None] * given[None, :])


@partial(jax.jit, static_argnums=1)
def _hebb(patterns: Array, diagonal: bool) -> Array:
    weights = full_product("pi,pj->ij", patterns, patterns) / patterns.shape[1]
    return weights if diagonal else without_diagonal(weights)
