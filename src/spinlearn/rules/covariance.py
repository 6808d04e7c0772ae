"""The covariance rule: Hebb's, for what differs from the mean."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn._checks import as_float_array
from spinlearn.errors import SpinlearnValueError
from spinlearn.rules._inputs import (
    as_pattern,
    as_patterns,
    as_rate,
    as_weights,
    full_product,
    without_diagonal,
)

Array = jax.Array


def covariance(patterns: Any, *, mean: Any = None, diagonal: bool = False) -> Float[Array, "n n"]:
    """Weights by the covariance rule.

    ``W = (1/n) Σ_μ (ξ^μ − a)(ξ^μ − a)ᵀ``: what all patterns share is not learned. With the mean of
    the patterns themselves this is p/n times their covariance, and a node that is the same in all
    patterns gets no weight at all. With a mean of zero it is `hebb`.

    Parameters
    ----------
    patterns
        Patterns ξ, ``(p, n)``, −1 or 1, or any finite numbers (no unit).
    mean
        Mean a of every node, ``(n,)``, or one number for all (no unit); by default the mean of
        the patterns.
    diagonal
        Whether the diagonal is kept; zeros by default, as recall wants.

    Returns
    -------
    Array
        Weights, ``(n, n)``, symmetric (no unit).

    Raises
    ------
    SpinlearnValueError
        If shapes differ, or numbers are not finite.

    References
    ----------
    T. J. Sejnowski, J. Math. Biol. 4, 303 (1977); with one mean for all nodes, D. J. Amit,
    H. Gutfreund, H. Sompolinsky, Phys. Rev. A 35, 2293 (1987).

    Examples
    --------
    >>> covariance([[1, 1, -1], [1, -1, 1]], diagonal=True)[1].round(3).tolist()
    [0.0, 0.667, -0.667]
    """
    known = as_patterns(patterns)
    means = jnp.mean(known, axis=0) if mean is None else _as_mean(mean, known)
    return _covariance(known, means, diagonal)


def covariance_step(weights: Any, pattern: Any, rate: Any, mean: Any) -> Float[Array, "n n"]:
    """Weights after one presentation, ``W + η (ξ − a)(ξ − a)ᵀ``; the diagonal is kept.

    Parameters
    ----------
    weights
        Weights before, ``(n, n)`` (no unit).
    pattern
        Pattern ξ, ``(n,)`` (no unit).
    rate
        Learning rate η (no unit); with 1/n the steps of all patterns add up to `covariance`.
    mean
        Mean a of every node, ``(n,)``, or one number for all (no unit).

    Returns
    -------
    Array
        Weights, ``(n, n)`` (no unit).

    Raises
    ------
    SpinlearnValueError
        If shapes differ, or numbers are not finite.

    References
    ----------
    T. J. Sejnowski, J. Math. Biol. 4, 303 (1977).

    Examples
    --------
    >>> covariance_step(jnp.zeros((2, 2)), [1, -1], 0.5, 1.0).tolist()
    [[0.0, -0.0], [-0.0, 2.0]]
    """
    before = as_weights(weights)
    given = as_pattern(pattern, before.shape[0])[None].astype(before.dtype)
    apart = (given - _as_mean(mean, given)[None, :])[0]
    return before + as_rate(rate, before.dtype) * (apart[:, None] * apart[None, :])


def _as_mean(value: Any, patterns: Array) -> Array:
    n = patterns.shape[1]
    mean = as_float_array(value, "mean")
    if mean.shape not in ((), (n,)):
        raise SpinlearnValueError(
            "mean", f"shape {mean.shape}", f"one number, or shape ({n},)", "Pass one per node."
        )
    return jnp.broadcast_to(mean.astype(patterns.dtype), (n,))


@partial(jax.jit, static_argnums=2)
def _covariance(patterns: Array, mean: Array, diagonal: bool) -> Array:
    apart = patterns - mean[None, :]
    weights = full_product("pi,pj->ij", apart, apart) / patterns.shape[1]
    return weights if diagonal else without_diagonal(weights)
