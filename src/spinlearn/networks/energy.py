"""Energy of a state, and how much of a pattern is in it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn.networks._states import as_square, as_states

Array = jax.Array


def energy(weights: Any, states: Any) -> Float[Array, ...]:
    """Energy ``E = −½ Σ_ij W_ij s_i s_j``, the diagonal as it is in the weights.

    Parameters
    ----------
    weights
        Weights, ``(n, n)`` (S or no unit).
    states
        States, ``(..., n)``, −1 or 1 (no unit).

    Returns
    -------
    Array
        Energies, ``(...)``, in the unit of the weights (S or no unit).

    Raises
    ------
    SpinlearnValueError
        If the shapes differ, states are not ±1, or weights are not finite.

    References
    ----------
    J. J. Hopfield, Proc. Natl. Acad. Sci. USA 79, 2554 (1982).

    Examples
    --------
    >>> energy(jnp.ones((3, 3)) - jnp.eye(3), [[1, 1, 1], [1, -1, 1]]).tolist()
    [-3.0, 1.0]
    """
    matrix = as_square(weights, "weights", "S or no unit")
    given = as_states(states, "states", matrix.shape[0], "(..., n)").astype(matrix.dtype)
    fields = jnp.einsum("ij,...j->...i", matrix, given, precision="highest")
    return -0.5 * jnp.sum(fields * given, axis=-1)


def overlap(states: Any, patterns: Any) -> Float[Array, "... p"]:
    """Overlap ``m = (1/n) Σ_i s_i ξ_i`` of states with patterns.

    Parameters
    ----------
    states
        States, ``(..., n)``, −1 or 1 (no unit).
    patterns
        Patterns, ``(p, n)``, −1 or 1 (no unit).

    Returns
    -------
    Array
        Overlaps, ``(..., p)``, from −1 to 1 (no unit): 1 − 2 f/n where f nodes differ.

    Raises
    ------
    SpinlearnValueError
        If the numbers of nodes differ, or anything is not ±1.

    Examples
    --------
    >>> overlap([1, 1, -1, 1], [[1, 1, 1, 1], [-1, -1, 1, 1]]).tolist()
    [0.5, -0.5]
    """
    known = as_states(patterns, "patterns", None, "(p, n)")
    given = as_states(states, "states", known.shape[1], "(..., n)")
    dtype = _floating(given, known)
    sums = jnp.einsum("...i,pi->...p", given.astype(dtype), known.astype(dtype))
    return sums / known.shape[1]


def _floating(*arrays: Array) -> Any:
    """The widest floating type among arrays, the default one if all are integers."""
    found = [a.dtype for a in arrays if jnp.issubdtype(a.dtype, jnp.floating)]
    return max(found, key=lambda t: t.itemsize) if found else jnp.result_type(float)
