"""Material parameters on cells, and what all energy terms need of them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_array, is_known, require
from spinlearn.constants import MU_0
from spinlearn.errors import SpinlearnValueError
from spinlearn.mesh import Mesh

Array = jax.Array


def per_cell(value: Array, field: str, mesh: Mesh) -> Array:
    """A parameter as ``(1, 1, 1)`` if it is one number, else as ``(nx, ny, nz)``."""
    if value.ndim == 0:
        return value.reshape(1, 1, 1)
    if value.shape != mesh.shape:
        raise SpinlearnValueError(
            field,
            f"shape {value.shape}",
            f"one number or one per cell, {mesh.shape}",
            "Build the array on the cells of the mesh.",
        )
    return value


def vector_per_cell(value: Array, field: str, mesh: Mesh) -> Array:
    """A vector parameter as ``(3, 1, 1, 1)`` if it is one vector, else ``(3, nx, ny, nz)``."""
    if value.shape == (3,):
        return value.reshape(3, 1, 1, 1)
    if value.shape != (3, *mesh.shape):
        raise SpinlearnValueError(
            field,
            f"shape {value.shape}",
            f"(3,) or {(3, *mesh.shape)}",
            "Give one vector, or one per cell, components first.",
        )
    return value


def magnetization_per_cell(value: Array, mesh: Mesh) -> Array:
    """Saturation magnetization on cells, with at least one cell that is not empty."""
    magnetization = per_cell(value, "saturation_magnetization", mesh)
    require(
        jnp.any(magnetization > 0),
        "saturation_magnetization",
        "zero everywhere",
        "a positive value in A/m in at least one cell",
        "Set it to zero only outside the film's outline.",
        depends_on=(magnetization,),
    )
    return magnetization


def per_moment(value: Array, magnetization: Array) -> Array:
    """``value / (μ0 Ms)``, zero in empty cells: from an energy density, J/m³, to a field, A/m."""
    filled = magnetization > 0
    return jnp.where(filled, value / jnp.where(filled, MU_0 * magnetization, 1), 0)


def quadratic_density(m: Array, field: Array, magnetization: Array) -> Array:
    """Energy density ``-½ μ0 Ms m·H`` of a field that is linear in m, ``(nx, ny, nz)``, J/m³."""
    return -0.5 * MU_0 * magnetization * dot(m, field)


def dot(left: Array, right: Array) -> Array:
    """Scalar product of vector fields, components first."""
    return left[0] * right[0] + left[1] * right[1] + left[2] * right[2]


def cross(left: Array, right: Array) -> Array:
    """Vector product of vector fields, components first."""
    (ax, ay, az), (bx, by, bz) = left, right
    return jnp.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def check_magnetization(m: Array, mesh: Mesh) -> Array:
    """Unit vectors on the cells of the mesh, or an error by name."""
    m = as_array(m)
    if m.shape != (3, *mesh.shape):
        raise SpinlearnValueError(
            "m",
            f"shape {m.shape}",
            f"(3, nx, ny, nz) = {(3, *mesh.shape)}",
            "Put components first and keep the axis along z, even for one layer.",
        )
    if not jnp.issubdtype(m.dtype, jnp.floating):
        raise SpinlearnValueError(
            "m", f"dtype {m.dtype}", "floating-point numbers", "Convert with .astype(float)."
        )
    if not is_known(m):
        return m
    # In numpy: inside jax.jit, what jnp computes from a known array is traced.
    vectors = np.asarray(m)
    with np.errstate(all="ignore"):
        length = np.sqrt(np.einsum("axyz,axyz->xyz", vectors, vectors))
        worst = float(np.max(np.minimum(np.abs(length - 1), length)))
    if not worst < 1e-3:
        raise SpinlearnValueError(
            "m",
            f"a vector whose length is off by {worst:.3g}",
            "unit vectors (zero in empty cells)",
            "Divide by the length: m / jnp.linalg.norm(m, axis=0).",
        )
    return m
