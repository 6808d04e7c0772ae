"""Patterns with an exact number of flipped nodes."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from spinlearn.typing import Key

Array = jax.Array


def flipped(states: Array, flips: Array, key: Key) -> Array:
    """States ``(m, n)`` with as many nodes flipped, drawn without replacement, in every row.

    `flips` is one number, or one for every row, ``(m,)``; either may be traced.
    """
    drawn = jax.random.uniform(key, states.shape)
    # A rank among independent numbers: a random permutation of the nodes in every row.
    ranks = jnp.argsort(jnp.argsort(drawn, axis=1), axis=1)
    numbers = jnp.broadcast_to(flips, states.shape[:1])[:, None]
    return jnp.where(ranks < numbers, -states, states)
