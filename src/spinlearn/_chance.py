"""Events of given probabilities, exact to the last bit of float32."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool

from spinlearn.typing import Key

Array = jax.Array


def happens(chance: Array, shape: tuple[int, ...], key: Key) -> Bool[Array, "*shape"]:
    """True with these probabilities, float32: whole bits, where uniform numbers have only 23."""
    below_one = jnp.minimum(chance, np.float32(1 - 2**-24))
    limit = (below_one * np.float32(2**32)).astype(jnp.uint32)
    return (jax.random.bits(key, shape, jnp.uint32) < limit) | (chance >= 1)
