"""Signed weights from conductances, which are not: what they are compared with, and the sign."""

from __future__ import annotations

from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_leaf, require, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.networks._states import as_node, as_square, as_states

Array = jax.Array

_NAMES = ("untrained", "mean", "uniform", "twin")


@final
class Readout(eqx.Module):
    """Weights of a network from the conductances of its hardware.

    Conductances between contacts have one sign, and without a reference their magnitudes are a
    ferromagnet, whose only memories are all nodes up and all down. Weights are what changed,

    ``W_ij = sign · (|G_ij| − |R_ij|) / |R_ij|`` off the diagonal, ``W_ii = 0``.

    Parameters
    ----------
    reference
        Conductance matrix R that G is compared with, ``(n, n)``, S; its diagonal is not used.
    sign
        −1 where what carried current conducts more: unlike nodes, which are at unlike voltages,
        gain conductance, and Hebb's weight is the negative change. 1 for the opposite.
    name
        What the reference is: ``"untrained"``, the substrate before training; ``"mean"``, the mean
        over substrates each trained with one of a set of orthogonal patterns; ``"uniform"``, one
        of the same geometry with an isotropic texture; ``"twin"``, the other one of a
        differential pair.

    Raises
    ------
    SpinlearnValueError
        If the reference is no finite square matrix, the sign is not ±1, or the name none of these.

    Examples
    --------
    >>> before = jnp.full((3, 3), -2e-3)  # S; what is on the diagonal does not matter
    >>> readout = Readout(before, -1, name="untrained")
    >>> readout.weights(before.at[0, 1].set(-3e-3))[0].round(3).tolist()
    [0.0, -0.5, 0.0]
    """

    reference: Float[Array, "n n"]
    sign: Array
    name: str = eqx.field(static=True)

    def __init__(self, reference: Any, sign: Any, *, name: str) -> None:
        if name not in _NAMES:
            raise SpinlearnValueError(
                "readout.name", repr(name), " or ".join(map(repr, _NAMES)), "Say what it is."
            )
        self.name = name
        self.reference = as_square(reference, "readout.reference", "S")
        self.sign = as_leaf(sign, "readout.sign", "1 (no unit)")
        require(
            self.sign.shape == (), "readout.sign", sign, "-1 or 1", "One sign is for all weights."
        )
        require_values(
            lambda s: np.abs(s) == 1, "readout.sign", self.sign, "-1 or 1", "Pass -1 or 1."
        )

    def weights(self, conductance: Any, relative: bool = True) -> Float[Array, "... n n"]:
        """Weights of conductances.

        Parameters
        ----------
        conductance
            Conductance matrix, ``(..., n, n)``, S.
        relative
            Whether changes are divided by the reference: weights without unit; otherwise in S.

        Returns
        -------
        Array
            Weights, ``(..., n, n)``, zero on the diagonal, in the precision of the conductance.

        Raises
        ------
        SpinlearnValueError
            If the shapes differ, or relative weights are asked of a reference that is zero
            somewhere off the diagonal; one that is traced gives weights that are not finite.
        """
        given = as_square(conductance, "conductance", "S", batch=True)
        self._check_size(given)
        known, sign = self.reference.astype(given.dtype), self.sign.astype(given.dtype)
        size = jnp.broadcast_to(jnp.abs(known), given.shape)
        change = sign * (jnp.abs(given) - size)
        if relative:
            require_values(
                lambda r: np.all((r != 0) | np.eye(r.shape[-1], dtype=bool)),
                "readout.reference",
                self.reference,
                "not zero off the diagonal, S, for relative weights",
                "Pass relative=False.",
            )
            change = change / size
        own = jnp.broadcast_to(jnp.eye(given.shape[-1], dtype=bool), given.shape)
        return jnp.where(own, 0, change)

    def local_field(
        self, conductance: Any, states: Any, node: Any, voltage: Any, relative: bool = False
    ) -> Float[Array, "..."]:  # noqa: UP037
        """What drives a node: how far its current differs from that of the reference.

        Contact i is grounded, every other contact j is at V_ij s_j. The current out of the
        substrate at contact i is ``Σ_j |G_ij| V_ij s_j``; less that of the reference, and times
        the sign, it is ``V Σ_j W_ij s_j`` with absolute weights if all V_ij are V. With
        ``V_ij = V min_k |R_ik| / |R_ij|`` it is ``V min_k |R_ik| Σ_j W_ij s_j`` with relative ones.

        Parameters
        ----------
        conductance
            Conductance matrix, ``(..., n, n)``, S.
        states
            States of the nodes, ``(..., n)``, −1 or 1 (no unit); that of the node does not count.
        node
            Index i of the node; may be traced.
        voltage
            Largest voltage V of a contact whose node is up, V.
        relative
            Whether contacts that conduct well to node i are read at less voltage, so that the
            current is a sum of relative weights.

        Returns
        -------
        Array
            Current, ``(...)``, A.

        Raises
        ------
        SpinlearnValueError
            If shapes differ, states are not ±1, or there is no such node.
        """
        weights = self.weights(conductance, relative=relative)
        n = weights.shape[-1]
        given = as_states(states, "states", n, "(..., n)").astype(weights.dtype)
        volts = as_leaf(voltage, "voltage", "V").astype(weights.dtype)
        row = jnp.take(weights, as_node(node, n), axis=-2)
        if relative:
            volts = volts * self._least(node).astype(weights.dtype)
        # The voltage multiplies the sum: a sum that is exactly zero is so at every voltage.
        return volts * jnp.einsum("...j,...j->...", row, given)

    def read_voltages(self, node: Any, voltage: Any) -> Float[Array, " n"]:
        """Voltages ``V min_k |R_ik| / |R_ij|`` that make relative weights of currents, V.

        Parameters
        ----------
        node
            Index i of the node, whose own voltage is zero; may be traced.
        voltage
            Largest of them, V.

        Returns
        -------
        Array
            Voltages of contacts whose nodes are up, ``(n,)``, V.
        """
        n = self.reference.shape[-1]
        row = jnp.abs(jnp.take(self.reference, as_node(node, n), axis=-2))
        own = jnp.arange(n) == node
        return jnp.where(own, 0, voltage * self._least(node) / jnp.where(own, 1, row))

    def _least(self, node: Any) -> Array:
        """Smallest magnitude in a row of the reference but for its diagonal, S."""
        size = jnp.abs(self.reference)
        size = jnp.where(jnp.eye(size.shape[-1], dtype=bool), jnp.inf, size)
        return jnp.min(jnp.take(size, node, axis=-2))

    def _check_size(self, conductance: Array) -> None:
        shape = self.reference.shape
        if conductance.shape[-2:] != shape:
            raise SpinlearnValueError(
                "conductance",
                f"shape {conductance.shape}",
                f"shape (..., {shape[-2]}, {shape[-1]}), that of the reference",
                "Measure the reference on the same contacts.",
            )
