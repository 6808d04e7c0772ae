"""Unit vectors from a Boltzmann distribution whose energy is quadratic (Bingham's distribution)."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from spinlearn.typing import Key

Array = jax.Array


@partial(jax.jit, static_argnums=1)
def bingham(matrix: Array, count: int, key: Key) -> Array:
    """Unit vectors ``(3, count)`` of density ∝ exp(−mᵀAm), A symmetric, ``(3, 3)`` or one each.

    Exact, by rejection from an angular central Gaussian (J. T. Kent, A. M. Ganeiber, K. V.
    Mardia, J. Comput. Graph. Stat. 27, 291, 2018); about half of the proposals are accepted.
    """
    values, axes = jnp.linalg.eigh(matrix)
    values, axes = jnp.reshape(values, (-1, 3)), jnp.reshape(axes, (-1, 3, 3))
    values = values - values[:, :1]
    width = _width(values)[..., None]
    scale = 1 / jnp.sqrt(1 + 2 * values / width)

    def propose(key: Key) -> tuple[Array, Array]:
        first, second = jax.random.split(key)
        m = jax.random.normal(first, (count, 3), values.dtype) * scale
        m = m / jnp.linalg.norm(m, axis=-1, keepdims=True)
        energy = jnp.sum(values * m**2, axis=-1)
        b = width[..., 0]
        # exp(−t) (1 + 2t/b)^1.5 over its maximum, which is at 1 + 2t/b = 3/b
        chance = -energy + 1.5 * jnp.log(b / 3 * (1 + 2 * energy / b)) + (3 - b) / 2
        drawn = jax.random.uniform(second, (count,), values.dtype)
        return m, jnp.log(drawn) < chance

    def again(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        m, done, turn = state
        new, accepted = propose(jax.random.fold_in(key, turn))
        return jnp.where(done[:, None], m, new), done | accepted, turn + 1

    begin = (
        jnp.zeros((count, 3), values.dtype),
        jnp.zeros((count,), bool),
        jnp.zeros((), jnp.uint32),
    )
    m, _, _ = jax.lax.while_loop(lambda state: ~jnp.all(state[1]), again, begin)
    return jnp.einsum("nij,nj->in", jnp.broadcast_to(axes, (count, 3, 3)), m)


def _width(values: Array) -> Array:
    """The b with Σ 1/(b + 2λ) = 1, between 1 and 3, by bisection."""
    low = jnp.ones(values.shape[:1], values.dtype)
    high = 3 * low
    for _ in range(40):
        middle = 0.5 * (low + high)
        more = jnp.sum(1 / (middle[..., None] + 2 * values), axis=-1) > 1
        low, high = jnp.where(more, middle, low), jnp.where(more, high, middle)
    return 0.5 * (low + high)
