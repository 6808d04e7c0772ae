"""Dzyaloshinskii–Moriya interaction: interfacial and bulk.

Both are sums over pairs of neighbouring cells, ``(D/Δ) d·(m_i × m_j)``, with one direction d per
axis. The sum over the pairs that exist has the right boundary condition in it: a free edge simply
has no pair across it.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.magnetics._cells import (
    magnetization_per_cell,
    per_cell,
    per_moment,
    quadratic_density,
)
from spinlearn.magnetics._stencil import (
    FaceWeights,
    arithmetic_mean,
    coupled_axes,
    face_weights,
    neighbours,
)
from spinlearn.magnetics.energy import AbstractEnergy
from spinlearn.materials import Material
from spinlearn.mesh import Mesh

Array = jax.Array

# Direction d of a pair along x, y and z.
_INTERFACIAL = ((0, 1, 0), (-1, 0, 0), (0, 0, 0))
_BULK = ((-1, 0, 0), (0, -1, 0), (0, 0, -1))


class InterfacialDMI(AbstractEnergy):
    r"""Interfacial DMI of a film with normal z, J/m³,

    .. math:: e = D\,[m_z \nabla\cdot m - (m\cdot\nabla)\, m_z].

    The boundary condition :math:`2A\,\partial m/\partial n = -D\,(\hat z\times\hat n)\times m`
    of a free edge follows from the energy (Rohart and Thiaville, Phys. Rev. B 88, 184422, 2013).

    Parameters
    ----------
    mesh
        Mesh of the film; periodic axes wrap around.
    material
        Interfacial DMI constant (J/m²) and saturation magnetization (A/m), numbers or one per
        cell; between unlike cells the arithmetic mean acts.

    Raises
    ------
    SpinlearnValueError
        If a parameter has neither one value nor one per cell.

    Examples
    --------
    >>> from spinlearn import Material
    >>> mesh = Mesh((64, 1, 1), (1e-9, 1e-9, 1e-9), periodic=(True, False, False))
    >>> angle = 2 * jnp.pi * jnp.arange(64).reshape(64, 1, 1) / 64
    >>> film = Material(5.8e5, 15e-12, interfacial_dmi=3e-3)
    >>> cycloid = jnp.stack([jnp.sin(angle), 0 * angle, jnp.cos(angle)])
    >>> density = InterfacialDMI(mesh, film).energy_density(cycloid)
    >>> bool(jnp.allclose(density, 3e-3 * 2 * jnp.pi / 64e-9, rtol=2e-3))  # D k
    True
    """

    mesh: Mesh
    saturation_magnetization: Array
    weights: tuple[FaceWeights, ...]  # per coupled axis, A/m

    def __init__(self, mesh: Mesh, material: Material) -> None:
        self.mesh = mesh
        self.saturation_magnetization = magnetization_per_cell(
            material.saturation_magnetization, mesh
        )
        constant = per_cell(material.interfacial_dmi, "interfacial_dmi", mesh)
        self.weights = _weights(mesh, constant, self.saturation_magnetization)

    def field(self, m: Array, t: Any = 0.0) -> Array:
        r"""Field :math:`\frac{2D}{\mu_0 M_s}[\nabla m_z - (\nabla\cdot m)\hat z]`, A/m."""
        del t
        return _pair_field(m, self.mesh, self.weights, _INTERFACIAL)

    def energy_density(self, m: Array, t: Any = 0.0) -> Array:
        """Energy density, ``(nx, ny, nz)``, J/m³."""
        return quadratic_density(m, self.field(m, t), self.saturation_magnetization)


class BulkDMI(AbstractEnergy):
    r"""DMI of a chiral bulk crystal (class T), :math:`e = D\, m\cdot(\nabla\times m)`, J/m³.

    Parameters
    ----------
    mesh
        Mesh of the film; periodic axes wrap around.
    material
        Bulk DMI constant (J/m²) and saturation magnetization (A/m), numbers or one per cell;
        between unlike cells the arithmetic mean acts.

    Raises
    ------
    SpinlearnValueError
        If a parameter has neither one value nor one per cell.

    Examples
    --------
    >>> from spinlearn import Material
    >>> mesh = Mesh((64, 1, 1), (1e-9, 1e-9, 1e-9), periodic=(True, False, False))
    >>> angle = 2 * jnp.pi * jnp.arange(64).reshape(64, 1, 1) / 64
    >>> helix = jnp.stack([0 * angle, jnp.cos(angle), jnp.sin(angle)])
    >>> density = BulkDMI(mesh, Material(3.84e5, 8.78e-12, bulk_dmi=1.58e-3)).energy_density(helix)
    >>> bool(jnp.allclose(density, -1.58e-3 * 2 * jnp.pi / 64e-9, rtol=2e-3))  # -D k
    True
    """

    mesh: Mesh
    saturation_magnetization: Array
    weights: tuple[FaceWeights, ...]  # per coupled axis, A/m

    def __init__(self, mesh: Mesh, material: Material) -> None:
        self.mesh = mesh
        self.saturation_magnetization = magnetization_per_cell(
            material.saturation_magnetization, mesh
        )
        constant = per_cell(material.bulk_dmi, "bulk_dmi", mesh)
        self.weights = _weights(mesh, constant, self.saturation_magnetization)

    def field(self, m: Array, t: Any = 0.0) -> Array:
        r"""Field :math:`-\frac{2D}{\mu_0 M_s}\nabla\times m`, ``(3, nx, ny, nz)``, A/m."""
        del t
        return _pair_field(m, self.mesh, self.weights, _BULK)

    def energy_density(self, m: Array, t: Any = 0.0) -> Array:
        """Energy density, ``(nx, ny, nz)``, J/m³."""
        return quadratic_density(m, self.field(m, t), self.saturation_magnetization)


def _weights(mesh: Mesh, constant: Array, magnetization: Array) -> tuple[FaceWeights, ...]:
    weights = []
    for axis in coupled_axes(mesh):
        slope = constant / float(mesh.cell[axis])
        face = face_weights(slope, magnetization > 0, axis, mesh, arithmetic_mean)
        weights.append(FaceWeights(*(per_moment(w, magnetization) for w in face)))
    return tuple(weights)


def _pair_field(
    m: Array,
    mesh: Mesh,
    weights: tuple[FaceWeights, ...],
    directions: tuple[tuple[int, int, int], ...],
) -> Array:
    """``Σ (D/(μ0 Ms Δ)) d × (m_next - m_previous)`` over the axes."""
    total = [jnp.zeros_like(m[0])] * 3
    for axis, weight in zip(coupled_axes(mesh), weights, strict=True):
        following, previous = neighbours(m, axis, mesh)
        change = weight.above[None] * following - weight.below[None] * previous
        for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            d = np.asarray(directions[axis])
            if d[j]:
                total[i] = total[i] + float(d[j]) * change[k]
            if d[k]:
                total[i] = total[i] - float(d[k]) * change[j]
    return jnp.stack(total)
