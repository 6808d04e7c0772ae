"""Magnetocrystalline anisotropy: uniaxial and cubic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from spinlearn._checks import as_leaf, require
from spinlearn.magnetics._cells import (
    cross,
    dot,
    magnetization_per_cell,
    number_per_cell,
    per_cell,
    per_moment,
    vector_per_cell,
)
from spinlearn.magnetics.energy import AbstractEnergy
from spinlearn.materials import Material
from spinlearn.mesh import Mesh

Array = jax.Array


class UniaxialAnisotropy(AbstractEnergy):
    r"""Uniaxial anisotropy :math:`e = K_u\,[1 - (m\cdot u)^2]`, J/m³.

    Parameters
    ----------
    mesh
        Mesh of the film.
    material
        Anisotropy (J/m³; negative for an easy plane), its axis (no unit) and saturation
        magnetization (A/m): numbers, or one per cell (grains, pinning sites).

    Raises
    ------
    SpinlearnValueError
        If a parameter has neither one value nor one per cell.

    Examples
    --------
    >>> from spinlearn import Material
    >>> mesh = Mesh((4, 4, 1), (2e-9, 2e-9, 1e-9))
    >>> term = UniaxialAnisotropy(mesh, Material(5.8e5, 15e-12, anisotropy=0.8e6))
    >>> up = jnp.zeros((3, 4, 4, 1)).at[2].set(1.0)
    >>> float(term.field(up)[2, 0, 0, 0].round(-3))  # 2 K / (mu_0 Ms)
    2195000.0
    """

    mesh: Mesh
    saturation_magnetization: Array
    constant: Array
    axis: Array

    def __init__(self, mesh: Mesh, material: Material) -> None:
        self.mesh = mesh
        self.saturation_magnetization = magnetization_per_cell(
            material.saturation_magnetization, mesh
        )
        self.constant = per_cell(material.anisotropy, "anisotropy", mesh)
        self.axis = vector_per_cell(material.anisotropy_axis, "anisotropy_axis", mesh)

    def field(self, m: Array, t: Any = 0.0) -> Array:
        r"""Field :math:`\frac{2K_u}{\mu_0 M_s}(m\cdot u)\,u`, ``(3, nx, ny, nz)``, A/m."""
        del t
        strength = per_moment(2 * self.constant, self.saturation_magnetization)
        return (strength * dot(m, self.axis))[None] * self.axis

    def energy_density(self, m: Array, t: Any = 0.0) -> Array:
        """Energy density, zero along the axis, ``(nx, ny, nz)``, J/m³."""
        del t
        filled = self.saturation_magnetization > 0
        return jnp.where(filled, self.constant, 0) * (1 - dot(m, self.axis) ** 2)


class CubicAnisotropy(AbstractEnergy):
    r"""Cubic anisotropy, with :math:`\alpha_i = m\cdot c_i` along three orthogonal axes, J/m³.

    .. math:: e = K_1(\alpha_1^2\alpha_2^2 + \alpha_2^2\alpha_3^2 + \alpha_3^2\alpha_1^2)
              + K_2\,\alpha_1^2\alpha_2^2\alpha_3^2

    Parameters
    ----------
    mesh
        Mesh of the film.
    material
        Gives the saturation magnetization, A/m.
    constants
        K_1 and K_2, J/m³, numbers or one per cell.
    axes
        Two orthogonal axes (no unit), each ``(3,)`` or one per cell (grains); the third is their
        vector product.

    Raises
    ------
    SpinlearnValueError
        If the axes are not orthogonal.

    Examples
    --------
    >>> from spinlearn import Material
    >>> mesh = Mesh((2, 2, 1), (2e-9, 2e-9, 1e-9))
    >>> iron = CubicAnisotropy(mesh, Material(1.7e6, 21e-12), (4.8e4, 0.0))
    >>> diagonal = jnp.full((3, 2, 2, 1), 3**-0.5)
    >>> float(iron.energy_density(diagonal)[0, 0, 0].round(2))  # K_1 / 3
    16000.0
    """

    mesh: Mesh
    saturation_magnetization: Array
    constants: tuple[Array, Array]
    axes: Array  # (3, 3, nx or 1, ny or 1, nz or 1): three unit vectors

    def __init__(
        self,
        mesh: Mesh,
        material: Material,
        constants: Sequence[Any],
        axes: Sequence[Sequence[float] | Array] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    ) -> None:
        self.mesh = mesh
        self.saturation_magnetization = magnetization_per_cell(
            material.saturation_magnetization, mesh
        )
        first, second = constants
        self.constants = (
            number_per_cell(first, "constants", "J/m³", mesh),
            number_per_cell(second, "constants", "J/m³", mesh),
        )
        one, two = (vector_per_cell(as_leaf(axis, "axes", "1"), "axes", mesh) for axis in axes)
        one, two = (v / jnp.sqrt(dot(v, v))[None] for v in (one, two))
        require(
            jnp.abs(dot(one, two)) < 1e-4,
            "axes",
            axes,
            "two orthogonal axes",
            "Give the directions of two cube edges.",
        )
        self.axes = jnp.stack([one, two, cross(one, two)])

    def _projections(self, m: Array) -> tuple[Array, Array, Array]:
        # Sums written out: as reductions over short leading axes they cost sixty times as much.
        a, b, c = (
            axis[0] * m[0] + axis[1] * m[1] + axis[2] * m[2] for axis in self.axes.astype(m.dtype)
        )
        return a, b, c

    def field(self, m: Array, t: Any = 0.0) -> Array:
        """Field, ``(3, nx, ny, nz)``, A/m."""
        del t
        first, second = (per_moment(k, self.saturation_magnetization) for k in self.constants)
        p = self._projections(m)
        x, y, z = (q * q for q in p)
        along = (
            -2 * p[0] * (first * (y + z) + second * y * z),
            -2 * p[1] * (first * (z + x) + second * z * x),
            -2 * p[2] * (first * (x + y) + second * x * y),
        )
        one, two, three = self.axes.astype(m.dtype)
        return jnp.stack(
            [one[i] * along[0] + two[i] * along[1] + three[i] * along[2] for i in range(3)]
        )

    def energy_density(self, m: Array, t: Any = 0.0) -> Array:
        """Energy density, zero along the axes, ``(nx, ny, nz)``, J/m³."""
        del t
        x, y, z = (p * p for p in self._projections(m))
        filled = self.saturation_magnetization > 0
        first, second = (jnp.where(filled, k, 0) for k in self.constants)
        return first * (x * y + y * z + z * x) + second * x * y * z
