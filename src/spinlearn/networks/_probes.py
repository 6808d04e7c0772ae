"""Many probes at once: those that have settled are put aside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Bool, Float, Int

Array = jax.Array

# Probes that are updated together: few enough that those who settle late do not drag the others.
CHUNK = 256


class Recalls(eqx.Module):
    """Where a network went from many probes.

    Parameters
    ----------
    states
        Final states of the nodes, ``(m, n)``, −1 or 1 (no unit).
    sweeps
        Sweeps of every probe, the last one, which changed nothing, included, ``(m,)`` (a number).
    converged
        Whether the last sweep changed nothing, ``(m,)`` (no unit).

    Examples
    --------
    >>> from spinlearn.networks import recall_asynchronous
    >>> result = recall_asynchronous(jnp.ones((3, 3)) - jnp.eye(3), [[1, -1, 1], [1, 1, 1]])
    >>> result.sweeps.tolist(), result.converged.tolist()
    ([2, 1], [True, True])
    """

    states: Float[Array, "m n"]
    sweeps: Int[Array, " m"]
    converged: Bool[Array, " m"]


def settle(sweep: Callable[[Array, Array], Array], start: Array, limit: Array) -> Recalls:
    """Sweeps over probes ``(m, n)`` until none changes: a function of states ``(n, m)`` and index.

    Probes that still move come first and are swept in chunks, so that a sweep costs what is left
    to do; a probe that a sweep has not changed never changes again.
    """
    m, n = start.shape
    size = min(CHUNK, m)
    padding = -m % size
    columns = jnp.concatenate([start.T, jnp.ones((n, padding), start.dtype)], axis=1)

    def again(now: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        states, done, counts, index = now
        moving = jnp.argsort(done, stable=True)
        states, left = states[:, moving], jnp.sum(~done)

        def advance(chunk: Array, all_states: Array) -> Array:
            part = jax.lax.dynamic_slice_in_dim(all_states, chunk * size, size, axis=1)
            return jax.lax.dynamic_update_slice_in_dim(
                all_states, sweep(part, index), chunk * size, axis=1
            )

        after = jax.lax.fori_loop(0, (left + size - 1) // size, advance, states)
        settled = jnp.all(after == states, axis=0)
        back = jnp.argsort(moving)
        counts = counts + (~done).astype(counts.dtype)
        return after[:, back], settled[back], counts, index + 1

    def goes_on(now: tuple[Array, Array, Array, Array]) -> Array:
        return ~jnp.all(now[1]) & (now[3] < limit)

    done = jnp.arange(m + padding) >= m
    counts = jnp.zeros(m + padding, jnp.int32)
    begin: Any = (columns, done, counts, jnp.asarray(0, jnp.int32))
    states, done, counts, _ = jax.lax.while_loop(goes_on, again, begin)
    return Recalls(states[:, :m].T, counts[:m], done[:m])
