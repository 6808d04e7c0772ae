"""Oja's subspace rule: the projector on what the patterns span."""

from __future__ import annotations

from typing import Any

import jax
from jaxtyping import Float

from spinlearn.rules._epochs import present, train
from spinlearn.rules._inputs import as_patterns
from spinlearn.rules._oja import errors_of, mean_outer, outputs_of

Array = jax.Array


def oja_subspace(
    patterns: Any,
    *,
    rate: Any = None,
    epochs: int = 1000,
    initial: Any = None,
    tolerance: Any = 0.0,
    together: bool = False,
    symmetric: bool = False,
    diagonal: bool = False,
) -> Float[Array, "n n"]:
    """Weights after epochs of Oja's subspace rule.

    Fixed points: ``WᵀW`` is the projector P on the span of the patterns. From ``ε I``, where
    training begins, W itself becomes ``P + ε (1 − P)``, since what no pattern reaches stays: off
    the diagonal ``(1 − ε) P``, and recall is that of the pseudo-inverse rule. The last to be
    learned is the direction in which the patterns differ least: it needs some ``1/(η λ)`` steps, λ
    being the smallest positive eigenvalue of ``⟨ξ ξᵀ⟩``, which similar patterns make small.

    Parameters
    ----------
    patterns
        Patterns ξ, ``(p, n)``, −1 or 1, or any finite numbers (no unit).
    rate
        Learning rate η (no unit); by default 1/(10 max ‖ξ‖²), 1/(10n) for ±1, and five times as
        much for the mean over all patterns. At larger rates, similar patterns one after the
        other may turn a symmetric network over: W² = P with eigenvalues −1.
    epochs
        Largest number of epochs.
    initial
        Weights to begin with, ``(n, n)`` (no unit); a tenth of the identity by default. W = 0
        stays as it is, and from weights with negative eigenvalues W is no projector, only WᵀW.
    tolerance
        Training ends when an epoch changes no weight by more than this (no unit).
    together
        Whether a step is for the mean over all patterns, one step an epoch; by default patterns
        are presented one after the other.
    symmetric
        Whether a step is that of a symmetric network, `oja_subspace_step`. Without it, W from
        patterns one after the other is turned, W = QP with an orthogonal Q, by angles that grow
        with η.
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
    E. Oja and J. Karhunen, J. Math. Anal. Appl. 106, 69 (1985); E. Oja, Int. J. Neural Syst. 1, 61
    (1989).

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> patterns = jnp.array([[1, 1, 1, 1], [1, 1, 1, -1]])
    >>> oja_subspace(patterns, initial=1e-6 * jnp.eye(4), together=True)[0].round(3).tolist()
    [0.0, 0.333, 0.333, 0.0]
    """
    return train(
        _symmetric_step if symmetric else _step,
        as_patterns(patterns),
        initial,
        rate,
        epochs,
        tolerance,
        together=together,
        diagonal=diagonal,
    )


def oja_subspace_step(
    weights: Any, patterns: Any, rate: Any, *, symmetric: bool = False
) -> Float[Array, "n n"]:
    """Weights after one step of Oja's subspace rule.

    ``ΔW = η (y ξᵀ − y yᵀ W)`` with ``y = W ξ``. In a symmetric network, in which no connection has
    a direction, the symmetric part of that, ``η (y ξᵀ + ξ yᵀ − y yᵀ W − W y yᵀ) / 2``; the
    projector is a fixed point of both. The diagonal is kept.

    Parameters
    ----------
    weights
        Weights before, ``(n, n)`` (no unit); symmetric ones if `symmetric`.
    patterns
        A pattern ξ, ``(n,)``, or several, ``(p, n)``, whose steps are averaged (no unit).
    rate
        Learning rate η (no unit).
    symmetric
        Whether the network is symmetric.

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
    E. Oja, Int. J. Neural Syst. 1, 61 (1989).

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> oja_subspace_step(jnp.eye(2) / 2, [1, -1], 0.5).tolist()
    [[0.6875, -0.1875], [-0.1875, 0.6875]]
    """
    return present(_symmetric_step if symmetric else _step, weights, patterns, rate)


def _change(weights: Array, shown: Array) -> Array:
    outputs = outputs_of(weights, shown)
    return mean_outer(outputs, errors_of(weights, outputs, shown))


def _step(weights: Array, shown: Array, rate: Array) -> Array:
    return weights + rate * _change(weights, shown)


def _symmetric_step(weights: Array, shown: Array, rate: Array) -> Array:
    change = _change(weights, shown)
    return weights + (0.5 * rate) * (change + change.T)
