"""Spin-transfer torque of a current from a fixed layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn._checks import as_leaf, require
from spinlearn.constants import ELEMENTARY_CHARGE, HBAR
from spinlearn.errors import SpinlearnValueError
from spinlearn.magnetics._cells import (
    cross,
    dot,
    magnetization_per_cell,
    number_per_cell,
    per_moment,
    vector_per_cell,
)
from spinlearn.magnetics.torque import AbstractTorque, require_current
from spinlearn.materials import Material
from spinlearn.mesh import Mesh

Array = jax.Array


class Slonczewski(AbstractTorque):
    r"""Torque of a current J_z that comes through, or leaves into, a layer magnetized along p,

    .. math:: H_{st} = \frac{\hbar J_z}{\mu_0 e M_s d}\,
              [\epsilon\, m\times p + \epsilon' p], \qquad
              \epsilon = \frac{P\Lambda^2}{(\Lambda^2+1) + (\Lambda^2-1)\, m\cdot p},

    with d the thickness of the free layer (the mesh), for a fixed layer on top: electrons of a
    positive (conventional) current come down from it and pull m towards p. Below, the sign of
    J_z turns (Slonczewski, J. Magn. Magn. Mater. 159, L1, 1996; Xiao, Zangwill and Stiles, Phys.
    Rev. B 70, 172405, 2004).

    Parameters
    ----------
    mesh
        Mesh of the free layer; its thickness is d.
    material
        Gives the saturation magnetization, A/m.
    polarization
        P, without unit.
    fixed_layer
        Direction p, ``(3,)`` or ``(3, nx, ny, nz)``, without unit; normalised here.
    asymmetry
        Λ, without unit; 1 for a junction (torque ∝ sin).
    secondary
        ε', the field-like torque, without unit.
    position
        Where the fixed layer is, "top" or "bottom".

    Raises
    ------
    SpinlearnValueError
        If a parameter has a wrong shape or value.

    Examples
    --------
    >>> from spinlearn import Material, Mesh
    >>> mesh = Mesh((1, 1, 1), (50e-9, 50e-9, 2e-9))
    >>> torque = Slonczewski(mesh, Material(8e5, 13e-12), 0.5, (0.0, 0.0, 1.0))
    >>> m = jnp.zeros((3, 1, 1, 1)).at[0].set(1.0)
    >>> push = -jnp.cross(m, torque.field(m, 0.0, jnp.full((3, 1, 1, 1), 1e11)), axis=0)
    >>> bool(push[2, 0, 0, 0] > 0)  # towards p
    True
    """

    mesh: Mesh
    saturation_magnetization: Array
    polarization: Array
    fixed_layer: Array
    asymmetry: Array
    secondary: Array
    position: str = eqx.field(static=True)

    def __init__(
        self,
        mesh: Mesh,
        material: Material,
        polarization: Any,
        fixed_layer: Sequence[float] | Array,
        asymmetry: Any = 1.0,
        secondary: Any = 0.0,
        position: str = "top",
    ) -> None:
        if position not in ("top", "bottom"):
            raise SpinlearnValueError(
                "position", position, "'top' or 'bottom'", "Say where the fixed layer is."
            )
        self.mesh = mesh
        self.saturation_magnetization = magnetization_per_cell(
            material.saturation_magnetization, mesh
        )
        self.polarization = number_per_cell(polarization, "polarization", "1", mesh, -1.0, 1.0)
        self.asymmetry = number_per_cell(asymmetry, "asymmetry", "1", mesh, low=1e-6)
        self.secondary = number_per_cell(secondary, "secondary", "1", mesh)
        direction = as_leaf(fixed_layer, "fixed_layer", "1")
        direction = vector_per_cell(direction, "fixed_layer", mesh)
        length = jnp.sqrt(dot(direction, direction))
        require(
            jnp.isfinite(length) & (length > 0),
            "fixed_layer",
            fixed_layer,
            "a finite vector other than zero",
            "Write e.g. (0, 0, 1).",
            depends_on=(direction,),
        )
        self.fixed_layer = direction / length[None]
        self.position = position

    def field(self, m: Array, t: Any = 0.0, current_density: Any = None) -> Array:
        """Equivalent field, ``(3, nx, ny, nz)``, A/m."""
        del t
        density = require_current(current_density, m, "Slonczewski")[2]
        p = jnp.broadcast_to(self.fixed_layer, m.shape)
        square = self.asymmetry**2
        efficiency = self.polarization * square / (square + 1 + (square - 1) * dot(m, p))
        thickness = self.mesh.cell[2] * self.mesh.shape[2]
        thickness = jnp.asarray(thickness, m.dtype)
        sign = 1.0 if self.position == "top" else -1.0
        per_current = per_moment(
            jnp.asarray(sign * HBAR / ELEMENTARY_CHARGE, m.dtype) / thickness,
            self.saturation_magnetization,
        )
        strength = (per_current * density)[None]
        return strength * (cross(m, p) * efficiency[None] + self.secondary[None] * p)
