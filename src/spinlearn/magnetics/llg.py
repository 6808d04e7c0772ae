"""The Landau–Lifshitz–Gilbert equation with current-induced torques."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_leaf, require_values
from spinlearn.constants import GYROMAGNETIC_RATIO, MU_0
from spinlearn.errors import SpinlearnValueError
from spinlearn.magnetics._cells import check_same_film, dot, number_per_cell
from spinlearn.magnetics.energy import AbstractEnergy
from spinlearn.magnetics.thermal import ThermalField
from spinlearn.magnetics.torque import AbstractTorque

Array = jax.Array
Torque = AbstractTorque | ThermalField


class LLG(eqx.Module):
    r"""Landau–Lifshitz–Gilbert equation of a film,

    .. math:: \dot m = -\gamma\mu_0\, m\times (H + H_{st}) + \alpha\, m\times\dot m ,

    with the effective field H of the energy and the field :math:`H_{st}` to which every
    current-induced torque is equivalent.

    Parameters
    ----------
    energy
        Sum of energy terms (field in A/m).
    torques
        Current-induced torques (field in A/m), and at most one `ThermalField`.
    damping
        Gilbert damping α, without unit, a number or one per cell.
    gyromagnetic_ratio
        γ, rad/(s T); by default the free electron's (CODATA).

    Raises
    ------
    SpinlearnValueError
        If the damping is negative or a part has the wrong type.

    Examples
    --------
    >>> from spinlearn import Mesh, named_material
    >>> from spinlearn.magnetics import Zeeman
    >>> mesh = Mesh((1, 1, 1), (2e-9, 2e-9, 2e-9))
    >>> spin = LLG(Zeeman(mesh, named_material("permalloy"), (0.0, 0.0, 1e5)), damping=0.0)
    >>> m = jnp.zeros((3, 1, 1, 1)).at[0].set(1.0)
    >>> float((spin.rhs(m)[1, 0, 0, 0] / 1e10).round(2))  # rad/s: γ μ0 H, right-handed about H
    2.21
    """

    energy: AbstractEnergy
    torques: tuple[AbstractTorque, ...]
    thermal: ThermalField | None
    damping: Array
    gyromagnetic_ratio: Array

    def __init__(
        self,
        energy: AbstractEnergy,
        torques: Torque | Sequence[Torque] = (),
        damping: Any = 0.01,
        gyromagnetic_ratio: Any = GYROMAGNETIC_RATIO,
    ) -> None:
        if not isinstance(energy, AbstractEnergy):
            raise SpinlearnValueError(
                "energy",
                type(energy).__name__,
                "an energy term or a sum of them",
                "Pass e.g. Exchange(mesh, material) + Demag(mesh, material).",
            )
        given: Any = torques
        given = tuple(given) if isinstance(given, list | tuple) else (given,)
        thermal = [torque for torque in given if isinstance(torque, ThermalField)]
        if len(thermal) > 1 or not all(isinstance(torque, Torque) for torque in given):
            raise SpinlearnValueError(
                "torques",
                [type(torque).__name__ for torque in given],
                "torques, and at most one ThermalField",
                "Pass e.g. (ZhangLi(...), ThermalField(...)).",
            )
        for torque in given:
            check_same_film("torques", energy, torque)
        self.energy = energy
        self.thermal = thermal[0] if thermal else None
        self.damping = number_per_cell(damping, "damping", "1", energy.mesh, low=0.0)
        self.gyromagnetic_ratio = as_leaf(gyromagnetic_ratio, "gyromagnetic_ratio", "rad/(s T)")
        require_values(
            lambda v: (np.ndim(v) == 0) & np.isfinite(v) & (v > 0),
            "gyromagnetic_ratio",
            self.gyromagnetic_ratio,
            "one positive number in rad/(s T)",
            "The free electron has 1.76e11; one in m/(A s) is divided by μ0.",
        )
        self.torques = tuple(
            _with_ratio(torque, self.gyromagnetic_ratio)
            for torque in given
            if isinstance(torque, AbstractTorque)
        )

    def effective_field(
        self, m: Float[Array, "3 nx ny nz"], t: Any = 0.0, current_density: Any = None
    ) -> Float[Array, "3 nx ny nz"]:
        """Field of the energy and of all torques, ``(3, nx, ny, nz)``, A/m."""
        field = self.energy.field(m, t)
        for torque in self.torques:
            field = field + torque.field(m, t, current_density)
        return field

    def rhs(
        self,
        m: Float[Array, "3 nx ny nz"],
        t: Any = 0.0,
        current_density: Any = None,
        extra: Any = None,
    ) -> Float[Array, "3 nx ny nz"]:
        """Rate of change of m, solved for dm/dt.

        Parameters
        ----------
        m
            Unit vectors, ``(3, nx, ny, nz)``, without unit.
        t
            Time, s.
        current_density
            Current density in every cell, ``(3, nx, ny, nz)``, A/m²; needed by torques.
        extra
            A field to add, A/m: the thermal one of the present step (`ThermalField.sample`), or
            one that is already known.

        Returns
        -------
        Array
            ``(3, nx, ny, nz)``, 1/s.
        """
        field = self.effective_field(m, t, current_density)
        if extra is not None:
            field = field + extra
        return gilbert_rate(
            m,
            field,
            self.damping.astype(m.dtype),
            self.gyromagnetic_ratio.astype(m.dtype),
        )


def gilbert_rate(m: Array, field: Array, damping: Array, gyromagnetic_ratio: Array) -> Array:
    """``-γ μ0/(1+α²) [m×H + α m×(m×H)]``, 1/s."""
    scale = -MU_0 * gyromagnetic_ratio / (1 + damping**2)
    along, square = dot(m, field), dot(m, m)
    x, y, z = (
        m[1] * field[2] - m[2] * field[1],
        m[2] * field[0] - m[0] * field[2],
        m[0] * field[1] - m[1] * field[0],
    )
    turned = (x, y, z)
    return jnp.stack(
        [scale * (turned[c] + damping * (m[c] * along - field[c] * square)) for c in range(3)]
    )


def _with_ratio(torque: AbstractTorque, gyromagnetic_ratio: Array) -> AbstractTorque:
    """The torque with the equation's own γ, where it divides by one."""
    if not hasattr(torque, "gyromagnetic_ratio"):
        return torque
    return eqx.tree_at(lambda tree: tree.gyromagnetic_ratio, torque, gyromagnetic_ratio)
