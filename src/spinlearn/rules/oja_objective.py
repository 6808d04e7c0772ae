"""What Oja's subspace rule minimizes: the part of the patterns that weights do not give back."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn.rules._inputs import as_presented, as_weights
from spinlearn.rules._oja import errors_of, mean_outer, outputs_of

Array = jax.Array


def oja_objective(weights: Any, patterns: Any) -> Float[Array, ""]:
    """Mean squared error of reconstruction, ``J = ½ ⟨‖ξ − WᵀW ξ‖²⟩``.

    It is zero where WᵀW is the projector on the span of the patterns (or larger).

    Parameters
    ----------
    weights
        Weights W, ``(n, n)`` (no unit).
    patterns
        Patterns ξ, ``(p, n)``, or one, ``(n,)`` (no unit).

    Returns
    -------
    Array
        J, a number without unit.

    Raises
    ------
    SpinlearnValueError
        If shapes differ, or numbers are not finite.

    References
    ----------
    P. Baldi and K. Hornik, Neural Networks 2, 53 (1989); L. Xu, Neural Networks 6, 627 (1993).

    Examples
    --------
    >>> float(oja_objective(jnp.eye(3) / 2, [1, -1, 1]))
    0.84375
    """
    known = as_weights(weights)
    shown = as_presented(patterns, known.shape[0]).astype(known.dtype)
    errors = errors_of(known, outputs_of(known, shown), shown)
    return 0.5 * jnp.mean(jnp.sum(errors * errors, axis=1))


def oja_gradient(weights: Any, patterns: Any, *, symmetric: bool = False) -> Float[Array, "n n"]:
    """Gradient of `oja_objective` with respect to the weights.

    ``∇J = −⟨y eᵀ + (W e) ξᵀ⟩`` with ``y = W ξ`` and ``e = ξ − Wᵀ y``. Oja's subspace rule takes the
    first of the two terms: it descends, but not along the gradient.

    Parameters
    ----------
    weights
        Weights W, ``(n, n)`` (no unit).
    patterns
        Patterns ξ, ``(p, n)``, or one, ``(n,)`` (no unit).
    symmetric
        Whether the gradient is that among symmetric matrices, its symmetric part.

    Returns
    -------
    Array
        Gradient, ``(n, n)`` (no unit).

    Raises
    ------
    SpinlearnValueError
        If shapes differ, or numbers are not finite.

    References
    ----------
    L. Xu, Neural Networks 6, 627 (1993).

    Examples
    --------
    >>> float(jnp.max(jnp.abs(oja_gradient(jnp.eye(3), [1, -1, 1]))))  # the pattern is given back
    0.0
    """
    known = as_weights(weights)
    shown = as_presented(patterns, known.shape[0]).astype(known.dtype)
    outputs = outputs_of(known, shown)
    errors = errors_of(known, outputs, shown)
    gradient = -(mean_outer(outputs, errors) + mean_outer(outputs_of(known, errors), shown))
    return 0.5 * (gradient + gradient.T) if symmetric else gradient
