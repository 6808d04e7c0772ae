"""Demagnetizing (magnetostatic) energy."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from spinlearn.errors import SpinlearnValueError
from spinlearn.magnetics._cells import magnetization_per_cell, quadratic_density
from spinlearn.magnetics._convolution import convolve
from spinlearn.magnetics._demag_kernel import demag_kernel
from spinlearn.magnetics.energy import AbstractEnergy
from spinlearn.materials import Material
from spinlearn.mesh import Mesh

Array = jax.Array


class Demag(AbstractEnergy):
    r"""Demagnetizing energy :math:`e = -\tfrac12 \mu_0 M_s\, m\cdot H_d`, J/m³.

    The field is the convolution of the magnetization with the tensor averaged over both cells
    (Newell, Williams and Dunlop, J. Geophys. Res. 98, 9551, 1993), by Fourier transforms that
    skip the rows known to be zero. Periodic axes stand for an infinite film or wire; what
    distant images add is known to 1e-7 Ms in a wire and 3e-5 Ms in a film of unlike periods.

    Parameters
    ----------
    mesh
        Mesh of the film.
    material
        Gives the saturation magnetization, A/m, a number or one per cell (zero outside an
        outline).

    Raises
    ------
    SpinlearnValueError
        If the mesh is periodic along all axes, or along z and another one.

    Examples
    --------
    >>> from spinlearn import Material
    >>> mesh = Mesh((4, 4, 4), (5e-9, 5e-9, 5e-9))
    >>> cube = Demag(mesh, Material(8e5, 13e-12))
    >>> m = jnp.zeros((3, 4, 4, 4)).at[2].set(1.0)
    >>> factor = -jnp.mean(cube.field(m)[2]) / 8e5
    >>> bool(abs(factor - 1 / 3) < 1e-5)
    True
    """

    mesh: Mesh
    saturation_magnetization: Array
    kernel: Array  # (components, ky, kz, kx)
    slow: ClassVar[bool] = True

    def __init__(self, mesh: Mesh, material: Material) -> None:
        if isinstance(mesh.cell, Tracer):
            raise SpinlearnValueError(
                "mesh.cell",
                "a traced value",
                "numbers: the demagnetization tensor is made on the host",
                "Build Demag outside jax.jit and pass it in.",
            )
        self.mesh = mesh
        self.saturation_magnetization = magnetization_per_cell(
            material.saturation_magnetization, mesh
        )
        kernel = demag_kernel(mesh).transpose(0, 2, 3, 1)
        if mesh.shape[2] == 1:
            # In one layer the perpendicular component sees itself alone.
            kernel = kernel[[0, 1, 2, 3]]
        self.kernel = jnp.asarray(np.ascontiguousarray(kernel), jnp.result_type(float))

    def field(self, m: Array, t: Any = 0.0) -> Array:
        """Demagnetizing field, ``(3, nx, ny, nz)``, A/m."""
        del t
        kernel = self.kernel.astype(m.dtype)
        moments = m * -self.saturation_magnetization.astype(m.dtype)[None]
        return convolve(moments, kernel, _multiply, self.mesh)

    def energy_density(self, m: Array, t: Any = 0.0) -> Array:
        """Energy density, ``(nx, ny, nz)``, J/m³; only its sum has a meaning."""
        return quadratic_density(m, self.field(m, t), self.saturation_magnetization)


def _multiply(kernel: Array, waves: Array) -> Array:
    # The kernel is real: both parts of the waves see it alike.
    multiply = _multiply_layer if kernel.shape[0] == 4 else _multiply_body
    return jax.lax.complex(multiply(kernel, waves.real), multiply(kernel, waves.imag))


def _multiply_layer(kernel: Array, part: Array) -> Array:
    (xx, yy, zz, xy), (x, y, z) = kernel, part
    return jnp.stack([xx * x + xy * y, xy * x + yy * y, zz * z])


def _multiply_body(kernel: Array, part: Array) -> Array:
    (xx, yy, zz, xy, xz, yz), (x, y, z) = kernel, part
    return jnp.stack([xx * x + xy * y + xz * z, xy * x + yy * y + yz * z, xz * x + yz * y + zz * z])
