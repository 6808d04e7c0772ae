"""What all hardware that conducts and learns has in common."""

from __future__ import annotations

import abc
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Float

from spinlearn.typing import Key

Array = jax.Array
State = Any


class Record(eqx.Module):
    """What an act of learning took.

    Parameters
    ----------
    energy
        Dissipated energy, J.
    duration
        How long it took, s.
    charge
        Charge that went into the substrate at each contact, C.
    details
        Counts and residues that the substrate knows of, by name (units by name).

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> record = Record(jnp.asarray(1e-12), jnp.asarray(1e-9), jnp.zeros(4), {})
    >>> record.charge.shape
    (4,)
    """

    energy: Array
    duration: Array
    charge: Array
    details: dict[str, Array]


class AbstractSubstrate(eqx.Module):
    """Hardware whose conductances change when voltages are applied (SI units).

    Everything is a pure function of arrays: substrates can be compiled, mapped over states
    with `jax.vmap`, and followed with `jax.lax.scan`.

    Examples
    --------
    >>> sorted(AbstractSubstrate.__abstractmethods__)
    ['apply', 'conductance', 'init']
    """

    @abc.abstractmethod
    def init(self, *, key: Key) -> State:
        """State of a new device: a tree of arrays (SI units)."""

    @abc.abstractmethod
    def conductance(self, state: State) -> Float[Array, "post pre"]:
        """Conductance matrix, S: currents = G @ voltages. Reading does not disturb."""

    @abc.abstractmethod
    def apply(
        self, state: State, voltages: Any, duration: Any, *, key: Key
    ) -> tuple[State, Record]:
        """State after voltages (V) for a duration (s): the physical act of learning."""
