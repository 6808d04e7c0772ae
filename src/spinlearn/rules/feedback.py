"""Feedback learned from noise: what a unit's changes do to every output."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn._checks import as_leaf

Array = jax.Array


def feedback_step(
    feedback: Array, changes: Array, output_changes: Array, rate: Any
) -> Float[Array, "post classes"]:
    r"""What the units of a layer do to the outputs, learned from changes between two passes.

    .. math:: B \leftarrow B + \eta \Bigl\langle \frac{\delta x}{|\delta x|^2}
              (\delta y - B^T \delta x)^T \Bigr\rangle_\Sigma

    summed over the batch: normalized least mean squares. Every unit needs its own change and what
    ten lines say that all of them share. Its mean comes to rest where B is the regression of the
    outputs on the layer, the mean of ∂y/∂x; noise of other layers averages out.

    Parameters
    ----------
    feedback
        B, ``(post, classes)`` (unit of the outputs over that of x).
    changes
        δx, what units gave in one pass less what they gave in the other, ``(batch, post)``.
    output_changes
        δy, ``(batch, classes)``.
    rate
        η, below 2 post/batch for changes that go all ways alike (no unit).

    Returns
    -------
    Array
        B, ``(post, classes)`` (unit of the outputs over that of x).

    References
    ----------
    After B. J. Lansdell, P. R. Prakash and K. P. Kording, ICLR (2020), arXiv 1906.00889.

    Examples
    --------
    >>> feedback_step(jnp.zeros((2, 1)), jnp.array([[1.0, 0.0]]), jnp.array([[0.5]]), 1.0).tolist()
    [[0.5], [0.0]]
    """
    squared = jnp.sum(changes * changes, axis=-1)
    some = squared > jnp.finfo(squared.dtype).tiny
    scale = jnp.where(some, 1 / jnp.where(some, squared, 1.0), 0.0)
    missed = output_changes - changes @ feedback
    step = as_leaf(rate, "rate", "no unit").astype(feedback.dtype)
    return feedback + changes.T @ (step * scale[:, None] * missed)
