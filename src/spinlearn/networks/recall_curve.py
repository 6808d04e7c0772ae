"""Basins of attraction: how often a pattern is recalled, against the number of flipped nodes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float, Int

from spinlearn._checks import as_array, as_count, as_leaf, require_values
from spinlearn._flips import flipped
from spinlearn.errors import SpinlearnValueError
from spinlearn.networks._probes import Recalls
from spinlearn.networks._states import as_square, as_states
from spinlearn.networks.asynchronous import recall_asynchronous
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array
Network = Callable[[Array, Key], Recalls]


class RecallCurve(eqx.Module):
    """How often patterns are recalled from probes with flipped nodes.

    Parameters
    ----------
    flips
        Numbers of flipped nodes, ``(f,)``.
    rate
        Part of the trials that ended at the pattern, ``(f, p)`` (no unit).
    overlap
        Mean overlap of the final states with it, ``(f, p)`` (no unit).

    Examples
    --------
    >>> from spinlearn.rules import hebb
    >>> x = jnp.ones((1, 9))
    >>> curve = recall_curve(hebb(x), x, [0, 4, 5], trials=3, key=jax.random.key(0))
    >>> curve.rate[:, 0].tolist()  # beyond half of the nodes it is the negative's basin
    [1.0, 1.0, 0.0]
    """

    flips: Int[Array, " f"]
    rate: Float[Array, "f p"]
    overlap: Float[Array, "f p"]


def recall_curve(
    network: Any,
    patterns: Any,
    flips: Any,
    *,
    trials: int = 10,
    least_overlap: Any = 1.0,
    key: Key,
) -> RecallCurve:
    """Part of the probes with a number of flipped nodes that go back to their pattern.

    Which nodes are flipped is drawn anew for every trial. A trial counts if recall has converged
    and the overlap with the pattern is at least `least_overlap`.

    Parameters
    ----------
    network
        Weights, ``(n, n)`` (S or no unit), for `recall_asynchronous` in random orders; or a
        function of probes ``(m, n)`` and a random key that returns `Recalls`.
    patterns
        Patterns, ``(p, n)``, −1 or 1 (no unit).
    flips
        Numbers of flipped nodes, ``(f,)``, each from 0 to n.
    trials
        Probes for every pattern and number.
    least_overlap
        Overlap with the pattern that counts as recall (no unit); 1 is exact.
    key
        Random key of the flips and of the recalls.

    Returns
    -------
    RecallCurve
        Rates and overlaps for every number and pattern (no unit).

    Raises
    ------
    SpinlearnValueError
        If shapes differ, patterns are not ±1, or there are not as many nodes to flip.

    Examples
    --------
    >>> from spinlearn.rules import pseudo_inverse
    >>> x = jnp.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, -1, -1, 1]])
    >>> recall_curve(pseudo_inverse(x), x, [0], key=jax.random.key(0)).rate.tolist()
    [[1.0, 1.0]]
    """
    function, known = _as_network(network, patterns)
    numbers = _as_flips(flips, known.shape[1])
    count = as_count(trials, "trials", 1, "an integer >= 1", "Ten or more give an estimate.")
    least = as_leaf(least_overlap, "least_overlap", "1 (no unit)")
    rows = [
        _one(function, known, numbers[k], count, least, stream(key, "recall curve", k))
        for k in range(len(numbers))
    ]
    return RecallCurve(numbers, *(jnp.stack(column) for column in zip(*rows, strict=True)))


def _one(
    function: Network, patterns: Array, flips: Array, trials: int, least: Array, key: Key
) -> tuple[Array, Array]:
    """Rate and mean overlap of every pattern for one number of flips."""
    wanted = jnp.repeat(patterns, trials, axis=0)
    found = function(_flip(wanted, flips, stream(key, "flips")), stream(key, "recall"))
    if not isinstance(found, Recalls):
        raise SpinlearnValueError(
            "network", type(found).__name__, "a function that returns Recalls", "Return them."
        )
    return _score(found, wanted, least, trials)


@jax.jit
def _flip(states: Array, flips: Array, key: Key) -> Array:
    return flipped(states, flips, key)


@partial(jax.jit, static_argnums=3)
def _score(found: Recalls, wanted: Array, least: Array, trials: int) -> tuple[Array, Array]:
    same = jnp.sum(found.states == wanted.astype(found.states.dtype), axis=1)
    n = wanted.shape[1]
    overlaps = (2 * same - n).astype(found.states.dtype) / n
    hits = found.converged & (overlaps >= least.astype(overlaps.dtype))
    shape = (-1, trials)
    return (
        jnp.mean(hits.astype(overlaps.dtype).reshape(shape), axis=1),
        jnp.mean(overlaps.reshape(shape), axis=1),
    )


def _as_network(network: Any, patterns: Any) -> tuple[Network, Array]:
    if callable(network):
        function: Callable[..., Any] = network
        return function, as_states(patterns, "patterns", None, "(p, n)")
    matrix = as_square(network, "weights", "S or no unit")
    known = as_states(patterns, "patterns", matrix.shape[0], "(p, n)").astype(matrix.dtype)
    return lambda probes, key: recall_asynchronous(matrix, probes, key=key), known


def _as_flips(value: Any, n: int) -> Array:
    numbers = as_array(value, "flips")
    allowed, fix = f"integers from 0 to {n}, shape (f,)", "Pass range(n // 2)."
    if numbers.ndim != 1 or not jnp.issubdtype(numbers.dtype, jnp.integer) or numbers.size == 0:
        raise SpinlearnValueError("flips", f"{numbers.dtype}, {numbers.shape}", allowed, fix)
    require_values(lambda f: (f >= 0) & (f <= n), "flips", numbers, allowed, fix)
    return numbers
