"""Random patterns that resemble one another as much as wanted."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn._checks import as_count, as_leaf, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.networks import overlap as _overlap
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array


def similar_patterns(
    patterns: int, nodes: int, overlap: Any = 0.0, *, key: Key
) -> Float[Array, "p n"]:
    """Random patterns whose overlaps have a given mean.

    All are noisy copies of one random template: every node agrees with it with probability
    ``(1 + √c) / 2``, so that the overlap of two patterns is c in the mean, with a standard
    deviation of ``√((1 − c²)/n)``. At c = 0 nodes are independent.

    Parameters
    ----------
    patterns
        Number of patterns p.
    nodes
        Number of nodes n.
    overlap
        Mean overlap c of two patterns, from 0 to 1 (no unit); may be traced.
    key
        Random key.

    Returns
    -------
    Array
        Patterns, ``(p, n)``, −1 or 1 (no unit).

    Raises
    ------
    SpinlearnValueError
        If a number is out of range.

    Examples
    --------
    >>> similar_patterns(3, 35, 0.5, key=jax.random.key(0)).shape
    (3, 35)
    """
    p = as_count(patterns, "patterns", 1, "an integer >= 1", "Pass the number of patterns.")
    n = as_count(nodes, "nodes", 1, "an integer >= 1", "Pass the number of nodes.")
    mean = as_leaf(overlap, "overlap", "1 (no unit)")
    allowed = "one number from 0 to 1 (no unit)"
    if mean.shape != ():
        raise SpinlearnValueError("overlap", f"shape {mean.shape}", allowed, "Pass one number.")
    require_values(
        lambda c: (c >= 0) & (c <= 1), "overlap", mean, allowed, "Negate some patterns for less."
    )
    dtype = mean.dtype
    template = jax.random.rademacher(stream(key, "template"), (1, n), dtype)
    drawn = jax.random.uniform(stream(key, "copies"), (p, n), dtype)
    return jnp.where(drawn < 0.5 * (1 + jnp.sqrt(mean)), template, -template)


def overlap_matrix(patterns: Any) -> Float[Array, "p p"]:
    """How similar patterns are: the overlap ``(1/n) Σ_i ξ_i^μ ξ_i^ν`` of every two of them.

    Parameters
    ----------
    patterns
        Patterns, ``(p, n)``, −1 or 1 (no unit).

    Returns
    -------
    Array
        Overlaps, ``(p, p)``, from −1 to 1, 1 on the diagonal (no unit).

    Raises
    ------
    SpinlearnValueError
        If patterns have another shape or are not ±1.

    Examples
    --------
    >>> overlap_matrix([[1, 1, 1, 1], [1, 1, 1, -1]]).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    return _overlap(patterns, patterns)
