"""Oja's rule of a single neuron, one for every row: the first principal component."""

from __future__ import annotations

from typing import Any

import jax
from jaxtyping import Float

from spinlearn.rules._epochs import present, train
from spinlearn.rules._inputs import as_patterns
from spinlearn.rules._oja import leaky_step, outputs_of

Array = jax.Array


def oja_neuron(
    patterns: Any,
    *,
    rate: Any = None,
    epochs: int = 1000,
    initial: Any = None,
    tolerance: Any = 0.0,
    together: bool = True,
) -> Float[Array, "n n"]:
    """Weights after epochs of Oja's rule, every row a neuron of its own.

    Fixed point: every row is the unit eigenvector of the largest eigenvalue of ``C = ⟨ξ ξᵀ⟩``, up
    to its sign. All rows learn the same, so that one memory at most is kept. The difference to it
    shrinks in every step by ``(1 + η λ₂) / (1 + η λ₁)``, or by ``1 − 2 η λ₁`` if that is slower.
    The diagonal is kept: a row without it is no eigenvector.

    Parameters
    ----------
    patterns
        Patterns ξ, ``(p, n)``, −1 or 1, or any finite numbers (no unit).
    rate
        Learning rate η (no unit); by default 1/(2 max ‖ξ‖²), which is 1/(2n) for ±1, and a fifth
        of it for patterns one after the other.
    epochs
        Largest number of epochs.
    initial
        Weights to begin with, ``(n, n)`` (no unit); a tenth of the identity by default, so that
        row i gets the sign with which its own component is positive.
    tolerance
        Training ends when an epoch changes no weight by more than this (no unit).
    together
        Whether a step is for the mean over all patterns, one step an epoch, with the exact fixed
        point; patterns one after the other end within a distance that grows with η.

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
    E. Oja, J. Math. Biol. 15, 267 (1982).

    Examples
    --------
    >>> oja_neuron([[1, 1], [1, -1], [1, 1], [1, 1]]).round(3).tolist()
    [[0.707, 0.707], [0.707, 0.707]]
    """
    known = as_patterns(patterns)
    return train(_step, known, initial, rate, epochs, tolerance, together=together, diagonal=True)


def oja_neuron_step(weights: Any, patterns: Any, rate: Any) -> Float[Array, "n n"]:
    """Weights after one step of Oja's rule of a single neuron, in every row.

    ``ΔW_ij = η y_i (ξ_j − y_i W_ij)`` with ``y = W ξ``. The diagonal is kept.

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
    E. Oja, J. Math. Biol. 15, 267 (1982).

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> oja_neuron_step(jnp.eye(2) / 2, [1, -1], 0.5).tolist()
    [[0.6875, -0.25], [-0.25, 0.6875]]
    """
    return present(_step, weights, patterns, rate)


def _step(weights: Array, shown: Array, rate: Array) -> Array:
    return leaky_step(weights, outputs_of(weights, shown), shown, rate)
