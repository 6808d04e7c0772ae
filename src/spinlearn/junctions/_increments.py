"""Random increments of a stochastic step: two points, three points, or a normal distribution.

Weak convergence asks for the moments of the increments alone. Two points, ±1, have the first
three moments of a normal number and need one bit. Three points, 0 and ±√3 with probabilities 2/3
and 1/6, have the first five; ten bits make that 682/1024 and 171/1024 with the points moved to
±√(1024/342), so that the variance is exactly one and the fourth moment 2.994 in place of 3.
(P. E. Kloeden, E. Platen, Numerical Solution of Stochastic Differential Equations, ch. 14.)
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp

from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array
Vector = tuple[Array, Array, Array]

KINDS = ("two-point", "three-point", "gaussian")

# Steps that one random word of 32 bits serves.
STEPS_PER_WORD = {"two-point": 10, "three-point": 1, "gaussian": 1}

_THREE_POINTS = math.sqrt(1024 / 342)
_STREAM = "macrospin thermal field"


def block_of_increments(kind: str, key: Key, block: Array, like: Array) -> Callable[..., Vector]:
    """Function of the step in a block (of `STEPS_PER_WORD`), giving three increments per member.

    They have mean zero and variance one, the shape and precision of ``like``, and depend on key,
    block and step in it alone.
    """
    own = stream(key, _STREAM, block)
    if kind == "gaussian":
        normal = jax.random.normal(own, (3, *like.shape), like.dtype)
        return lambda step: (normal[0], normal[1], normal[2])
    words = jax.random.bits(own, like.shape, jnp.uint32)
    if kind == "two-point":
        one = jnp.ones((), like.dtype)

        def signs(step: Array) -> Vector:
            now = words >> (3 * step).astype(jnp.uint32)
            first, second, third = (
                jnp.where((now >> jnp.uint32(c)) & jnp.uint32(1) == 1, one, -one) for c in range(3)
            )
            return first, second, third

        return signs

    high = jnp.asarray(_THREE_POINTS, like.dtype)
    zero = jnp.zeros((), like.dtype)

    def thirds(step: Array) -> Vector:
        del step
        first, second, third = (
            jnp.where(part < 171, -high, jnp.where(part >= 853, high, zero))
            for part in ((words >> jnp.uint32(10 * c)) & jnp.uint32(1023) for c in range(3))
        )
        return first, second, third

    return thirds
