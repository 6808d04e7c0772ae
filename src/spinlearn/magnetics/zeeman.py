"""Energy in an applied field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from spinlearn._checks import as_leaf, require
from spinlearn.constants import MU_0
from spinlearn.magnetics._cells import dot, magnetization_per_cell, vector_per_cell
from spinlearn.magnetics.energy import AbstractEnergy
from spinlearn.materials import Material
from spinlearn.mesh import Mesh

Array = jax.Array


class Zeeman(AbstractEnergy):
    r"""Energy in an applied field, :math:`e = -\mu_0 M_s\, m\cdot H(r, t)`, J/m³.

    Parameters
    ----------
    mesh
        Mesh of the film.
    material
        Gives the saturation magnetization, A/m.
    applied
        Field in A/m (a flux density in tesla divided by μ0): ``(3,)``, ``(3, nx, ny, nz)``, or a
        function of time (s) that returns either. A function with parameters to differentiate
        or to vary without recompiling should be an `equinox.Module`.

    Raises
    ------
    SpinlearnValueError
        If the field has another shape or is not finite.

    Examples
    --------
    >>> from spinlearn import named_material
    >>> from spinlearn.constants import MU_0
    >>> mesh, film = Mesh((4, 4, 1), (2e-9, 2e-9, 1e-9)), named_material("permalloy")
    >>> pulse = Zeeman(mesh, film, lambda t: jnp.where(t < 1e-9, 1.0, 0.0) * jnp.ones(3) / MU_0)
    >>> m = jnp.zeros((3, 4, 4, 1)).at[0].set(1.0)
    >>> bool(pulse.energy(m, t=0.0) < 0), float(pulse.energy(m, t=2e-9))
    (True, 0.0)
    """

    mesh: Mesh
    saturation_magnetization: Array
    applied: Array | Callable[[Any], Any]

    def __init__(self, mesh: Mesh, material: Material, applied: Any) -> None:
        self.mesh = mesh
        self.saturation_magnetization = magnetization_per_cell(
            material.saturation_magnetization, mesh
        )
        if callable(applied):
            self.applied = applied
            return
        field = vector_per_cell(as_leaf(applied, "applied", "A/m"), "applied", mesh)
        require(
            jnp.isfinite(field), "applied", applied, "finite numbers in A/m", "Look for NaN or inf."
        )
        self.applied = field

    def field(self, m: Array, t: Any = 0.0) -> Array:
        """The applied field at time t (s), ``(3, nx, ny, nz)``, A/m."""
        applied = self.applied
        if callable(applied):
            applied = vector_per_cell(jnp.asarray(applied(t)), "applied", self.mesh)
        filled = (self.saturation_magnetization > 0)[None]
        return jnp.broadcast_to(jnp.where(filled, applied.astype(m.dtype), 0), m.shape)

    def energy_density(self, m: Array, t: Any = 0.0) -> Array:
        """Energy density, ``(nx, ny, nz)``, J/m³."""
        return -MU_0 * self.saturation_magnetization * dot(m, self.field(m, t))
