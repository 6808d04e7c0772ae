"""Decorrelation: a layer's inputs are mixed until no two of them go together."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn._checks import as_leaf

Array = jax.Array


def decorrelation_step(mixing: Array, mixed: Array, rate: Any) -> Float[Array, "pre pre"]:
    r"""R after a batch of what it mixed.

    .. math:: R \leftarrow R - \eta \langle \hat x \hat x^T - \mathrm{diag}\,\hat x^2 \rangle R,
              \qquad \hat x = R x

    with the mean over the batch. At rest no two mixed inputs have a product that differs from zero
    in the mean. The update costs 4 b n² operations for a batch of b, no product of two n × n
    matrices.

    Parameters
    ----------
    mixing
        R, ``(pre, pre)`` (no unit).
    mixed
        R x of a batch, ``(batch, pre)`` (any unit u).
    rate
        η, in 1/u².

    Returns
    -------
    Array
        R, ``(pre, pre)`` (no unit).

    References
    ----------
    N. Ahmad, E. Schrader and M. van Gerven, arXiv 2205.12642 (2022); Phys. Rev. Applied 23, 054035
    (2025).

    Examples
    --------
    >>> x = jnp.array([[1.0, 0.5], [0.5, 1.0]])
    >>> decorrelation_step(jnp.eye(2), x, 0.1).round(3).tolist()
    [[1.0, -0.05000000074505806], [-0.05000000074505806, 1.0]]
    """
    step = as_leaf(rate, "rate", "1/u²").astype(mixing.dtype) / mixed.shape[0]
    kept = 1 + step * jnp.sum(mixed * mixed, axis=0)
    return kept[:, None] * mixing - mixed.T @ (step * (mixed @ mixing))


def off_diagonal_correlation(mixed: Array) -> Array:
    """Mean square of the correlations of different inputs, ``(batch, pre)`` (no unit).

    Of the products of two over the roots of their mean squares; inputs that are always zero are
    left out.

    Examples
    --------
    >>> round(float(off_diagonal_correlation(jnp.array([[1.0, 1.0], [1.0, -1.0]]))), 6)
    0.0
    """
    products = mixed.T @ mixed / mixed.shape[0]
    squares = jnp.diagonal(products)
    live = squares > 0
    scale = jnp.where(live, jax.lax.rsqrt(jnp.where(live, squares, 1.0)), 0.0)
    found = products * scale[:, None] * scale[None, :]
    count = jnp.sum(live.astype(mixed.dtype))
    total = jnp.sum(found * found) - count
    return total / jnp.maximum(count * (count - 1), 1.0)
