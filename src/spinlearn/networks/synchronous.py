"""Synchronous recall: all nodes at once."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn.networks._plan import as_sweeps
from spinlearn.networks._probes import CHUNK, Recalls
from spinlearn.networks._states import as_square, as_states
from spinlearn.networks._sweep import follow, rounding

Array = jax.Array


def recall_synchronous(weights: Any, probes: Any, *, sweeps: int = 100) -> Recalls:
    """States that a network goes to from many probes, all its nodes updated at once.

    ``s ← sign(W s)``, ties as in `recall_asynchronous`. With symmetric weights it ends at a fixed
    point or in a cycle of two states; a probe in such a cycle stops there and has not converged.

    Parameters
    ----------
    weights
        Weights, ``(n, n)`` (S or no unit). They set the precision.
    probes
        States to start from, ``(m, n)``, −1 or 1 (no unit).
    sweeps
        Largest number of updates of all nodes.

    Returns
    -------
    Recalls
        Final states, and how they were reached (no unit).

    Raises
    ------
    SpinlearnValueError
        If the shapes differ, probes are not ±1, or weights are not finite.

    References
    ----------
    W. A. Little, Math. Biosci. 19, 101 (1974); cycles: E. Goles, F. Fogelman, D. Pellegrin,
    Discrete Appl. Math. 12, 261 (1985).

    Examples
    --------
    >>> pair = jnp.array([[0.0, 1.0], [1.0, 0.0]])  # two nodes that want to be alike
    >>> found = recall_synchronous(pair, [[1, -1], [1, 1]])  # the first one changes for ever
    >>> found.converged.tolist()
    [False, True]
    """
    matrix = as_square(weights, "weights", "S or no unit")
    start = as_states(probes, "probes", matrix.shape[0], "(p, n)").astype(matrix.dtype)
    return _recall(matrix, start, as_sweeps(sweeps))


@eqx.filter_jit
def _recall(weights: Array, start: Array, limit: Array) -> Recalls:
    m, n = start.shape
    size = min(CHUNK, m)
    rows = jnp.concatenate([start, jnp.ones((-m % size, n), start.dtype)])
    ended = jnp.arange(len(rows)) >= m
    ties = rounding(weights)[:, None]

    def settle_chunk(chunk: tuple[Array, Array]) -> Recalls:
        return _settle(weights, ties, chunk[0].T, chunk[1], limit)

    found = jax.lax.map(settle_chunk, (rows.reshape(-1, size, n), ended.reshape(-1, size)))
    return Recalls(
        found.states.reshape(-1, n)[:m],
        found.sweeps.reshape(-1)[:m],
        found.converged.reshape(-1)[:m],
    )


def _settle(weights: Array, ties: Array, start: Array, ended: Array, limit: Array) -> Recalls:
    """Recall of some probes ``(n, m)``, but for those that have ended already."""

    def again(now: tuple[Array, ...]) -> tuple[Array, ...]:
        states, previous, ended, settled, counts, index = now
        fields = jnp.matmul(weights, states, precision="highest")
        after = jnp.where(ended[None, :], states, follow(fields, ties, states))
        same = jnp.all(after == states, axis=0)
        cycles = (index > 0) & jnp.all(after == previous, axis=0) & ~same
        counts = counts + (~ended).astype(counts.dtype)
        return after, states, ended | same | cycles, settled | (same & ~ended), counts, index + 1

    def goes_on(now: tuple[Array, ...]) -> Array:
        return ~jnp.all(now[2]) & (now[5] < limit)

    counts = jnp.zeros(ended.shape, jnp.int32)
    begin = (start, start, ended, jnp.zeros_like(ended), counts, jnp.asarray(0, jnp.int32))
    states, _, _, settled, counts, _ = jax.lax.while_loop(goes_on, again, begin)
    return Recalls(states.T, counts, settled)
