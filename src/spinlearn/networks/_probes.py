"""Many probes at once: those that have settled are put aside."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

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


class _Crowd(NamedTuple):
    """Probes on their way: states, which probe each row is, rows that count, sweeps past."""

    states: Array
    who: Array
    done: Array
    counts: Array
    width: Array
    past: Array


def settle(
    sweep: Callable[[Array, Array], Array], start: Array, limit: Array, chunk: int = CHUNK
) -> Recalls:
    """Sweeps over probes ``(m, n)`` until none changes: a function of states ``(n, m)`` and index.

    A sweep goes over chunks of so many probes. Once half of all have settled, those that still move
    are put first and only they go on: a probe that a sweep has not changed never changes again.
    """
    m, n = start.shape
    size = min(chunk, m)
    rows = jnp.concatenate([start, jnp.ones((-m % size, n), start.dtype)])
    total = len(rows)

    def again(now: _Crowd) -> _Crowd:
        now = jax.lax.cond(2 * _moving(now) <= now.width, _gather, lambda same: same, now)

        def advance(number: Array, all_states: Array) -> Array:
            part = jax.lax.dynamic_slice_in_dim(all_states, number * size, size)
            swept = sweep(part.T, now.past).T
            return jax.lax.dynamic_update_slice_in_dim(all_states, swept, number * size, axis=0)

        after = jax.lax.fori_loop(0, (now.width + size - 1) // size, advance, now.states)
        settled = now.done | jnp.all(after == now.states, axis=1)
        counts = now.counts + (~now.done).astype(now.counts.dtype)
        return now._replace(states=after, done=settled, counts=counts, past=now.past + 1)

    def goes_on(now: _Crowd) -> Array:
        return ~jnp.all(now.done) & (now.past < limit)

    numbers = jnp.arange(total, dtype=jnp.int32)
    zero = jnp.asarray(0, jnp.int32)
    everyone = jnp.asarray(total, jnp.int32)
    begin = _Crowd(rows, numbers, numbers >= m, jnp.zeros_like(numbers), everyone, zero)
    end = jax.lax.while_loop(goes_on, again, begin)
    back = jnp.argsort(end.who)[:m]
    return Recalls(end.states[back], end.counts[back], end.done[back])


def _moving(now: _Crowd) -> Array:
    return jnp.sum(~now.done, dtype=jnp.int32)


def _gather(now: _Crowd) -> _Crowd:
    """The same with the probes that still move in the first rows."""
    order = jnp.argsort(now.done, stable=True)
    rows = (part[order] for part in (now.states, now.who, now.done, now.counts))
    return _Crowd(*rows, width=_moving(now), past=now.past)
