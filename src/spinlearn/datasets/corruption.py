"""Probes: patterns with flipped nodes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Num

from spinlearn._checks import as_array, require_values
from spinlearn._flips import flipped
from spinlearn.errors import SpinlearnValueError
from spinlearn.typing import Key

Array = jax.Array


def corrupt(patterns: Any, flips: Any, *, key: Key) -> Num[Array, "*batch n"]:
    """Patterns with an exact number of nodes flipped, drawn anew in every pattern.

    Parameters
    ----------
    patterns
        Patterns, ``(..., n)``, −1 or 1 (no unit).
    flips
        Number of flipped nodes, from 0 to n; may be traced.
    key
        Random key.

    Returns
    -------
    Array
        Probes, ``(..., n)``, of the type of the patterns (no unit).

    Raises
    ------
    SpinlearnValueError
        If patterns are not ±1, or there are not as many nodes to flip.

    Examples
    --------
    >>> probe = corrupt(jnp.ones(35), 3, key=jax.random.key(0))
    >>> int(jnp.sum(probe == -1))
    3
    """
    known = as_array(patterns, "patterns")
    if known.ndim == 0 or 0 in known.shape:
        raise SpinlearnValueError(
            "patterns", f"shape {known.shape}", "shape (..., n)", "Pass one number a node."
        )
    require_values(lambda s: abs(s) == 1, "patterns", known, "-1 or 1 at every node", "Write ±1.")
    n = known.shape[-1]
    number = as_array(flips, "flips")
    allowed, fix = f"one integer from 0 to {n}", "Map over several numbers by vmap."
    if number.shape != () or not jnp.issubdtype(number.dtype, jnp.integer):
        raise SpinlearnValueError("flips", flips, allowed, fix)
    require_values(lambda f: (f >= 0) & (f <= n), "flips", number, allowed, fix)
    return flipped(known.reshape(-1, n), number, key).reshape(known.shape)
