"""Exchange energy."""

from __future__ import annotations

import warnings
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer

from spinlearn._checks import require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.magnetics._cells import (
    magnetization_per_cell,
    per_cell,
    per_moment,
    quadratic_density,
)
from spinlearn.magnetics._stencil import (
    FaceWeights,
    coupled_axes,
    face_weights,
    harmonic_mean,
    neighbours,
)
from spinlearn.magnetics.energy import AbstractEnergy
from spinlearn.materials import Material
from spinlearn.mesh import Mesh

Array = jax.Array


class Exchange(AbstractEnergy):
    r"""Exchange energy :math:`e = A\,|\nabla m|^2`, J/m³.

    Second-order differences over the faces between cells; a face between cells of different
    stiffness has their harmonic mean, and edges are free, :math:`\partial m/\partial n = 0`.

    Parameters
    ----------
    mesh
        Mesh of the film; periodic axes wrap around.
    material
        Exchange stiffness (J/m) and saturation magnetization (A/m), numbers or one per cell.
    grains
        Number of every cell's grain (`grain_labels`), ``(nx, ny, nz)``, or None for one grain.
    grain_coupling
        J, J/m², with `grains`; zero leaves the grains without exchange between them.

    Raises
    ------
    SpinlearnValueError
        If a parameter has neither one value nor one per cell, the film is empty, or one of
        `grains` and `grain_coupling` is given alone or does not fit.

    Warns
    -----
    UserWarning
        If a cell is longer than the exchange length: domain walls and vortex cores are not
        resolved.

    Examples
    --------
    >>> from spinlearn import Material
    >>> mesh = Mesh((64, 1, 1), (1e-9, 1e-9, 1e-9), periodic=(True, False, False))
    >>> angle = 2 * jnp.pi * jnp.arange(64).reshape(64, 1, 1) / 64
    >>> spiral = jnp.stack([jnp.cos(angle), jnp.sin(angle), 0 * angle])
    >>> density = Exchange(mesh, Material(8e5, 13e-12)).energy_density(spiral)
    >>> wave_number = 2 * jnp.pi / 64e-9
    >>> bool(jnp.allclose(density, 13e-12 * wave_number**2, rtol=1e-3))
    True
    """

    mesh: Mesh
    saturation_magnetization: Array
    weights: tuple[FaceWeights, ...]  # per coupled axis, A/m

    def __init__(
        self, mesh: Mesh, material: Material, *, grains: Any = None, grain_coupling: Any = None
    ) -> None:
        self.mesh = mesh
        _check_grains(mesh, grains, grain_coupling)
        magnetization = magnetization_per_cell(material.saturation_magnetization, mesh)
        self.saturation_magnetization = magnetization
        stiffness = per_cell(material.exchange, "exchange", mesh)
        _warn_if_coarse(mesh, material)
        weights = []
        for axis in coupled_axes(mesh):
            # Scaled by the cell first: A/Δ² is an ordinary number in float32, A alone is not safe.
            curvature = 2.0 / float(mesh.cell[axis]) * (stiffness / float(mesh.cell[axis]))
            face = face_weights(curvature, magnetization > 0, axis, mesh, harmonic_mean)
            if grains is not None:
                coupling = jnp.asarray(grain_coupling) / float(mesh.cell[axis])
                face = _weakened(face, jnp.asarray(grains), coupling, axis)
            weights.append(FaceWeights(*(per_moment(w, magnetization) for w in face)))
        self.weights = tuple(weights)

    def field(self, m: Array, t: Any = 0.0) -> Array:
        r"""Field :math:`\frac{2}{\mu_0 M_s}\nabla\cdot A\nabla m`, ``(3, nx, ny, nz)``, A/m."""
        del t
        total = jnp.zeros_like(m)
        for axis, weight in zip(coupled_axes(self.mesh), self.weights, strict=True):
            following, previous = neighbours(m, axis, self.mesh)
            total = (
                total + weight.above[None] * (following - m) + weight.below[None] * (previous - m)
            )
        return total

    def energy_density(self, m: Array, t: Any = 0.0) -> Array:
        """Energy density; a face's energy is shared by its two cells, ``(nx, ny, nz)``, J/m³."""
        return quadratic_density(m, self.field(m, t), self.saturation_magnetization)


def _weakened(face: FaceWeights, grains: Array, coupling: Array, axis: int) -> FaceWeights:
    """Weights with those across a boundary of grains in series with J/Δ, J/m³."""
    # Half the harmonic mean of two springs is the two in series.
    across = grains != jnp.roll(grains, -1, axis)
    weak = 0.5 * harmonic_mean(*jnp.broadcast_arrays(face.above, coupling))
    above = jnp.where(across, weak, face.above)
    return FaceWeights(above, jnp.roll(above, 1, axis))


def _check_grains(mesh: Mesh, grains: Any, coupling: Any) -> None:
    if (grains is None) != (coupling is None):
        raise SpinlearnValueError(
            "grains, grain_coupling",
            "one of the two",
            "both or neither",
            "Pass grains=grain_labels(...) and grain_coupling in J/m².",
        )
    if grains is None:
        return
    if jnp.shape(grains) != mesh.shape:
        raise SpinlearnValueError(
            "grains.shape", jnp.shape(grains), f"the mesh's {mesh.shape}", "Use grain_labels."
        )
    require_values(
        lambda v: (v.ndim == 0) & (v >= 0) & (v < jnp.inf),
        "grain_coupling",
        jnp.asarray(coupling),
        "one number from 0 in J/m²",
        "1e-3 J/m² is about that of the inside of a grain, 5e-5 nearly none.",
    )


def _warn_if_coarse(mesh: Mesh, material: Material) -> None:
    if any(isinstance(v, Tracer) for v in (material.exchange, material.saturation_magnetization)):
        return
    length = float(jnp.nanmin(jnp.where(material.exchange > 0, material.exchange_length, jnp.nan)))
    edges = [float(mesh.cell[axis]) for axis in coupled_axes(mesh)]
    if edges and max(edges) > length:
        warnings.warn(
            f"cell edge {max(edges) * 1e9:.3g} nm exceeds the exchange length "
            f"{length * 1e9:.3g} nm: walls and cores are not resolved; refine the mesh.",
            stacklevel=5,
        )
