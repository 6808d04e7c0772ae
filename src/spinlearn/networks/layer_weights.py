"""What every hardware that holds the weights of a layer is to the network that learns on it."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn.rng import stream
from spinlearn.substrates.substrate import Record
from spinlearn.typing import Key

Array = jax.Array


class AbstractLayerWeights(eqx.Module):
    """Weights of a layer that devices hold, and that only write pulses change (no unit).

    Examples
    --------
    >>> from spinlearn.networks import CrossbarWeights, LinkWeights
    >>> [issubclass(kind, AbstractLayerWeights) for kind in (CrossbarWeights, LinkWeights)]
    [True, True]
    """

    @property
    @abc.abstractmethod
    def shape(self) -> tuple[int, int]:
        """Units of the layer, and what goes into it: (post, pre) (no unit)."""

    @abc.abstractmethod
    def init(self, *, key: Key) -> Any:
        """New devices (SI units)."""

    @abc.abstractmethod
    def values(self, state: Any) -> Float[Array, "post pre"]:
        """The weights (no unit)."""

    @abc.abstractmethod
    def write(self, state: Any, changes: Array, *, key: Key) -> tuple[Any, Record]:
        """Devices after pulses, and what they took (SI units).

        Parameters
        ----------
        state
            Before.
        changes
            Wanted changes of the weights, ``(post, pre)`` (no unit).
        key
            Typed key, another one for every act.
        """


def values_of(
    hardware: Sequence[AbstractLayerWeights], devices: Sequence[Any], dtype: Any
) -> tuple[Array, ...]:
    """Weights of all layers as their devices have them."""
    pairs = zip(hardware, devices, strict=True)
    return tuple(own.values(state).astype(dtype) for own, state in pairs)


def written(
    hardware: Sequence[AbstractLayerWeights],
    devices: Sequence[Any],
    changes: Sequence[Array],
    *,
    key: Key,
) -> tuple[tuple[Any, ...], Array]:
    """Devices of all layers after pulses for wanted changes, and the energy, J."""
    found = [
        own.write(state, change, key=stream(key, "layer", k))
        for k, (own, state, change) in enumerate(zip(hardware, devices, changes, strict=True))
    ]
    energies = [record.energy for _, record in found]
    return tuple(state for state, _ in found), jnp.sum(jnp.stack(energies))
