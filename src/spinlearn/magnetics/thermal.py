"""The fluctuating field of a finite temperature."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn._checks import as_leaf, require
from spinlearn.constants import GYROMAGNETIC_RATIO, K_B, MU_0
from spinlearn.magnetics._cells import magnetization_per_cell, per_cell
from spinlearn.materials import Material
from spinlearn.mesh import Mesh
from spinlearn.typing import Key

Array = jax.Array


class ThermalField(eqx.Module):
    r"""White-noise field of a bath at temperature T, per cell and component,

    .. math:: \langle H^2\rangle = \frac{2\alpha k_B T}{\gamma\mu_0^2 M_s V\,\Delta t},

    constant during a time step Δt (Brown, Phys. Rev. 130, 1677, 1963). Its amplitude holds for
    fixed steps and the stochastic Heun scheme (Stratonovich), which `evolve` then uses.

    Parameters
    ----------
    mesh
        Mesh of the film; V is the volume of a cell.
    material
        Gives the saturation magnetization, A/m.
    temperature
        T, K, a number or one per cell.

    Raises
    ------
    SpinlearnValueError
        If the temperature is negative.

    Examples
    --------
    >>> from spinlearn import named_material
    >>> bath = ThermalField(Mesh((8, 8, 1), (2e-9, 2e-9, 1e-9)), named_material("pt_co"), 300.0)
    >>> noise = bath.sample(jax.random.key(0), 1e-14, damping=0.3)
    >>> noise.shape
    (3, 8, 8, 1)
    """

    mesh: Mesh
    saturation_magnetization: Array
    temperature: Array

    def __init__(self, mesh: Mesh, material: Material, temperature: Any) -> None:
        self.mesh = mesh
        self.saturation_magnetization = magnetization_per_cell(
            material.saturation_magnetization, mesh
        )
        given = as_leaf(temperature, "temperature", "K")
        require(
            jnp.isfinite(given) & (given >= 0),
            "temperature",
            temperature,
            "numbers >= 0 in K",
            "Room temperature is 300.",
            depends_on=(given,),
        )
        self.temperature = per_cell(given, "temperature", mesh)

    def amplitude(self, step: Any, damping: Any, gyromagnetic_ratio: Any) -> Array:
        """Standard deviation of every component for a time step (s), A/m."""
        magnetization = self.saturation_magnetization
        filled = magnetization > 0
        dtype = magnetization.dtype
        volume = jnp.prod(jnp.asarray(self.mesh.cell, dtype))
        # Ordered so that no intermediate leaves the range of float32.
        energy_density = K_B / volume * self.temperature
        rate = jnp.asarray(gyromagnetic_ratio, dtype) * jnp.where(filled, magnetization, 1)
        square = 2 * jnp.asarray(damping, dtype) * energy_density / jnp.asarray(step, dtype) / rate
        warm = filled & (square > 0)
        return jnp.where(warm, jnp.sqrt(jnp.where(warm, square, 1)) / MU_0, 0)

    def sample(
        self, key: Key, step: Any, damping: Any, gyromagnetic_ratio: Any = GYROMAGNETIC_RATIO
    ) -> Array:
        """One draw for a time step (s), ``(3, nx, ny, nz)``, A/m."""
        amplitude = self.amplitude(step, damping, gyromagnetic_ratio)
        noise = jax.random.normal(key, (3, *self.mesh.shape), amplitude.dtype)
        return noise * amplitude[None]
