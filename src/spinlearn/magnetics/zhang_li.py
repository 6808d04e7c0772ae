"""Spin-transfer torque of a current that flows through a texture."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from spinlearn._checks import as_leaf
from spinlearn.constants import BOHR_MAGNETON, ELEMENTARY_CHARGE, GYROMAGNETIC_RATIO, MU_0
from spinlearn.magnetics._cells import cross, magnetization_per_cell, number_per_cell
from spinlearn.magnetics._stencil import (
    FaceWeights,
    arithmetic_mean,
    coupled_axes,
    face_weights,
    neighbours,
)
from spinlearn.magnetics.torque import AbstractTorque, require_current
from spinlearn.materials import Material
from spinlearn.mesh import Mesh

Array = jax.Array


class ZhangLi(AbstractTorque):
    r"""Adiabatic and non-adiabatic torque of the local current density J,

    .. math:: \dot m|_{st} = m\times[m\times(u\cdot\nabla)m] + \beta\, m\times(u\cdot\nabla)m,
              \qquad u = -\frac{\mu_B P}{e M_s (1+\beta^2)}\, J ,

    (Zhang and Li, Phys. Rev. Lett. 93, 127204, 2004). J is the conventional current density:
    electrons, and the walls that they push, move against it.

    Parameters
    ----------
    mesh
        Mesh of the film.
    material
        Gives the saturation magnetization, A/m.
    polarization
        Spin polarization P of the current, without unit.
    nonadiabaticity
        β, without unit.

    Raises
    ------
    SpinlearnValueError
        If a parameter has neither one value nor one per cell.

    Examples
    --------
    >>> from spinlearn import Material, Mesh
    >>> mesh = Mesh((32, 1, 1), (2e-9, 2e-9, 2e-9))
    >>> torque = ZhangLi(mesh, Material(8e5, 13e-12), polarization=1.0, nonadiabaticity=0.05)
    >>> float(torque.drift_velocity(jnp.full((3, 32, 1, 1), 1e12))[0, 0, 0, 0].round(1))  # m/s
    -72.2
    """

    mesh: Mesh
    saturation_magnetization: Array
    polarization: Array
    nonadiabaticity: Array
    gyromagnetic_ratio: Array
    slopes: tuple[FaceWeights, ...]  # ½/Δ per coupled axis, zero where there is no neighbour, 1/m

    def __init__(
        self,
        mesh: Mesh,
        material: Material,
        polarization: Any,
        nonadiabaticity: Any,
    ) -> None:
        self.mesh = mesh
        magnetization = magnetization_per_cell(material.saturation_magnetization, mesh)
        self.saturation_magnetization = magnetization
        self.polarization = number_per_cell(polarization, "polarization", "1", mesh, -1.0, 1.0)
        self.nonadiabaticity = number_per_cell(nonadiabaticity, "nonadiabaticity", "1", mesh)
        # The electron's; an LLG with another one puts its own here.
        self.gyromagnetic_ratio = as_leaf(GYROMAGNETIC_RATIO, "gyromagnetic_ratio", "rad/(s T)")
        self.slopes = tuple(
            face_weights(
                jnp.full((1, 1, 1), 0.5 / float(mesh.cell[axis]), magnetization.dtype),
                magnetization > 0,
                axis,
                mesh,
                arithmetic_mean,
            )
            for axis in coupled_axes(mesh)
        )

    def drift_velocity(self, current_density: Array) -> Array:
        """Spin-drift velocity u, ``(3, nx, ny, nz)``, m/s, along the electrons' flow."""
        filled = self.saturation_magnetization > 0
        safe = jnp.where(filled, self.saturation_magnetization, 1)
        per_current = (BOHR_MAGNETON / ELEMENTARY_CHARGE) * self.polarization / safe
        mobility = jnp.where(filled, per_current / (1 + self.nonadiabaticity**2), 0)
        return -mobility[None] * current_density

    def field(self, m: Array, t: Any = 0.0, current_density: Any = None) -> Array:
        """Equivalent field, ``(3, nx, ny, nz)``, A/m."""
        del t
        u = self.drift_velocity(require_current(current_density, m, "ZhangLi"))
        drift = jnp.zeros_like(m)
        for axis, slope in zip(coupled_axes(self.mesh), self.slopes, strict=True):
            following, previous = neighbours(m, axis, self.mesh)
            change = slope.above[None] * (following - m) + slope.below[None] * (m - previous)
            drift = drift + u[axis][None] * change
        rate = cross(m, drift) + self.nonadiabaticity[None] * drift
        return -rate / (MU_0 * self.gyromagnetic_ratio)
