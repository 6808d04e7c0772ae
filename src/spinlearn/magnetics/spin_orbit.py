"""Spin–orbit torque of a heavy-metal layer."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from spinlearn.constants import ELEMENTARY_CHARGE, HBAR
from spinlearn.magnetics._cells import cross, magnetization_per_cell, number_per_cell, per_moment
from spinlearn.magnetics.torque import AbstractTorque, LayerCurrents, require_current
from spinlearn.materials import Material
from spinlearn.mesh import Mesh

Array = jax.Array


class SpinOrbit(AbstractTorque):
    r"""Damping- and field-like torque of an in-plane current in a layer below the film,

    .. math:: H_{st} = \frac{\hbar}{2 e \mu_0 M_s d}\,
              [\theta_{DL}\, m\times(\hat z\times J) + \theta_{FL}\,(\hat z\times J)] ,

    with d the film's thickness. Positive efficiencies define the signs: the field-like part is a
    field along :math:`\hat z\times J`, the damping-like part turns m towards it (form and
    measured values: Manchon et al., Rev. Mod. Phys. 91, 035004, 2019).

    Parameters
    ----------
    mesh
        Mesh of the film; its thickness is d.
    material
        Gives the saturation magnetization, A/m.
    dampinglike, fieldlike
        Efficiencies θ_DL and θ_FL (spin-Hall angles), without unit, numbers or one per cell.
    current_ratio
        Current density in the heavy metal over that in the film, without unit (the layers
        share one field: the ratio of their conductivities, which is one number only without
        AMR). `LayerCurrents` have the metal's own, and leave the ratio out.

    Raises
    ------
    SpinlearnValueError
        If a parameter has neither one value nor one per cell.

    Examples
    --------
    >>> from spinlearn import Material, Mesh
    >>> mesh = Mesh((1, 1, 1), (50e-9, 50e-9, 1e-9))
    >>> torque = SpinOrbit(mesh, Material(8e5, 13e-12), dampinglike=0.0, fieldlike=0.1)
    >>> m = jnp.zeros((3, 1, 1, 1)).at[0].set(1.0)
    >>> current = jnp.zeros((3, 1, 1, 1)).at[0].set(1e12)
    >>> float((4e-7 * jnp.pi * torque.field(m, 0.0, current)[1, 0, 0, 0] * 1e3).round(1))  # mT
    41.1
    """

    mesh: Mesh
    saturation_magnetization: Array
    dampinglike: Array
    fieldlike: Array
    current_ratio: Array

    def __init__(
        self,
        mesh: Mesh,
        material: Material,
        dampinglike: Any,
        fieldlike: Any = 0.0,
        current_ratio: Any = 1.0,
    ) -> None:
        self.mesh = mesh
        self.saturation_magnetization = magnetization_per_cell(
            material.saturation_magnetization, mesh
        )
        self.dampinglike = number_per_cell(dampinglike, "dampinglike", "1", mesh)
        self.fieldlike = number_per_cell(fieldlike, "fieldlike", "1", mesh)
        self.current_ratio = number_per_cell(current_ratio, "current_ratio", "1", mesh)

    def field(self, m: Array, t: Any = 0.0, current_density: Any = None) -> Array:
        """Equivalent field, ``(3, nx, ny, nz)``, A/m."""
        del t
        ratio = self.current_ratio
        if isinstance(current_density, LayerCurrents):
            current_density, ratio = current_density.metal, jnp.ones((), m.dtype)
        density = require_current(current_density, m, "SpinOrbit")
        transverse = jnp.stack([-density[1], density[0], jnp.zeros_like(density[0])])
        thickness = jnp.asarray(self.mesh.cell[2] * self.mesh.shape[2], m.dtype)
        per_current = per_moment(
            jnp.asarray(0.5 * HBAR / ELEMENTARY_CHARGE, m.dtype) / thickness,
            self.saturation_magnetization,
        )
        strength = per_current * ratio
        turned = (strength * self.dampinglike)[None] * cross(m, transverse)
        return turned + (strength * self.fieldlike)[None] * transverse
