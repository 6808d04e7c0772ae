"""Probabilities that random words are compared with, exact however small they are."""

from __future__ import annotations

import jax
import jax.numpy as jnp

Array = jax.Array


class Threshold:
    """A probability as 64 bits, to be compared with random ones."""

    def __init__(self, probability: Array) -> None:
        scaled = probability * 2.0**32
        # The largest number below 2**32 that both precisions have.
        whole = jnp.minimum(jnp.floor(scaled), 2.0**32 - 256)
        rest = jnp.floor((scaled - whole) * 2.0**32)
        self.word = whole.astype(jnp.uint32)
        self.rest = jnp.clip(rest, 0, 2.0**32 - 256).astype(jnp.uint32)

    def passed(self, word: Array, tie: Array) -> Array:
        return (word < self.word) | ((word == self.word) & (tie < self.rest))
