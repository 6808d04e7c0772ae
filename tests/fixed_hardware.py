"""Hardware whose conductances are given."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from spinlearn.substrates import AbstractSubstrate


class Fixed(AbstractSubstrate):
    """A substrate that has the conductances it is given as its state."""

    def init(self, *, key: Any) -> Any:
        return jnp.zeros((1, 1))

    def conductance(self, state: Any) -> jax.Array:
        return state

    def apply(self, state: Any, voltages: Any, duration: Any, *, key: Any) -> Any:
        raise NotImplementedError
