"""Oja's rule with clamped outputs: a leaky Hebb rule."""

from __future__ import annotations

from typing import Any

import jax
from jaxtyping import Float

from spinlearn.rules._epochs import present, train
from spinlearn.rules._inputs import as_patterns
from spinlearn.rules._oja import leaky_step

Array = jax.Array


def oja_clamped(
    patterns: Any,
    *,
    rate: Any = 0.1,
    epochs: int = 1000,
    initial: Any = None,
    tolerance: Any = 0.0,
    together: bool = False,
    diagonal: bool = False,
) -> Float[Array, "n n"]:
    """Weights after epochs of Oja's rule with the outputs clamped to the pattern.

    Fixed point: the mean outer product ``⟨ξ ξᵀ⟩``, which recalls as Hebb's rule does. Shown one
    after the other at a finite rate, p patterns weigh ``η (1 − η)^(p−1−μ) / (1 − (1 − η)^p)``:
    the last one counts most, and the mean is reached as η → 0.

    Parameters
    ----------
    patterns
        Patterns ξ, ``(p, n)``, −1 or 1, or any finite numbers (no unit).
    rate
        Learning rate η (no unit), below 2 for ±1.
    epochs
        Largest number of epochs.
    initial
        Weights to begin with, ``(n, n)`` (no unit); a tenth of the identity by default.
    tolerance
        Training ends when an epoch changes no weight by more than this (no unit).
    together
        Whether a step is for the mean over all patterns, one step an epoch; by default patterns
        are presented one after the other.
    diagonal
        Whether the diagonal is kept; zeros by default, as recall wants.

    Returns
    -------
    Array
        Weights, ``(n, n)`` (no unit).

    Raises
    ------
    SpinlearnValueError
        If shapes differ, numbers are not finite, or the rate, epochs or tolerance are negative.

    References
    ----------
    The step of E. Oja, J. Math. Biol. 15, 267 (1982), with y = ξ in place of y = W ξ.

    Examples
    --------
    >>> oja_clamped([[1, 1], [1, -1], [1, 1], [1, 1]], together=True)[0].round(3).tolist()
    [0.0, 0.5]
    """
    known = as_patterns(patterns)
    return train(
        _step, known, initial, rate, epochs, tolerance, together=together, diagonal=diagonal
    )


def oja_clamped_step(weights: Any, patterns: Any, rate: Any) -> Float[Array, "n n"]:
    """Weights after one step of Oja's rule with clamped outputs.

    ``ΔW_ij = η y_i (ξ_j − y_i W_ij)`` with ``y = ξ``; for ±1 this is ``η (ξ ξᵀ − W)``, the exact
    negative gradient of ``½ ‖ξ ξᵀ − W‖²``. The diagonal is kept.

    Parameters
    ----------
    weights
        Weights before, ``(n, n)`` (no unit).
    patterns
        A pattern ξ, ``(n,)``, or several, ``(p, n)``, whose steps are averaged (no unit).
    rate
        Learning rate η (no unit).

    Returns
    -------
    Array
        Weights, ``(n, n)`` (no unit).

    Raises
    ------
    SpinlearnValueError
        If shapes differ, numbers are not finite, or the rate is negative.

    References
    ----------
    The step of E. Oja, J. Math. Biol. 15, 267 (1982), with y = ξ in place of y = W ξ.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> oja_clamped_step(jnp.ones((2, 2)), [1, -1], 0.5).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return present(_step, weights, patterns, rate)


def _step(weights: Array, shown: Array, rate: Array) -> Array:
    return leaky_step(weights, shown, shown, rate)
