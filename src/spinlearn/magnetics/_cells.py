"""Material parameters on cells, and what all energy terms need of them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_float_array, as_leaf, is_known, require, require_values
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


def check_same_mesh(field: str, one: Mesh, other: Mesh) -> None:
    """Refuse parts that were built on different meshes."""
    known = isinstance(one.cell, np.ndarray) and isinstance(other.cell, np.ndarray)
    same = one.shape == other.shape and one.periodic == other.periodic
    if not same or (known and not np.allclose(one.cell, other.cell, rtol=1e-6, atol=0)):
        raise SpinlearnValueError(
            field,
            f"{one} and {other}",
            "parts on one mesh",
            "Build all of them from the same Mesh.",
        )


def check_same_film(field: str, one: Any, other: Any) -> None:
    """Refuse parts of different meshes or saturation magnetizations."""
    check_same_mesh(field, one.mesh, other.mesh)
    first, second = one.saturation_magnetization, other.saturation_magnetization
    if not is_known(first, second):
        return
    if not np.allclose(np.asarray(first), np.asarray(second), rtol=1e-6):
        raise SpinlearnValueError(
            field,
            "parts of different saturation magnetization",
            "one saturation magnetization in A/m, and one outline",
            "Build all of them from materials that share it.",
        )


def check_magnetization(m: Any, mesh: Mesh, magnetization: Array | None = None) -> Array:
    """Unit vectors on the filled cells of the mesh, or an error by name."""
    m = as_float_array(m, "m")
    if m.shape != (3, *mesh.shape):
        raise SpinlearnValueError(
            "m",
            f"shape {m.shape}",
            f"(3, nx, ny, nz) = {(3, *mesh.shape)}",
            "Put components first and keep the axis along z, even for one layer.",
        )
    if not is_known(m, magnetization):
        return m
    # In numpy: inside jax.jit, what jnp computes from a known array is traced.
    vectors = np.asarray(m)
    filled = True if magnetization is None else np.asarray(magnetization) > 0
    with np.errstate(all="ignore"):
        length = np.sqrt(np.einsum("axyz,axyz->xyz", vectors, vectors))
        worst = float(np.max(np.abs(length - np.where(filled, 1.0, 0.0))))
    if not worst < 1e-3:
        raise SpinlearnValueError(
            "m",
            f"a vector whose length is off by {worst:.3g}",
            "unit vectors where the film is, zero in empty cells",
            "Divide by the length, m / jnp.linalg.norm(m, axis=0), and multiply by the outline.",
        )
    return m


def number_per_cell(
    value: Any, field: str, unit: str, mesh: Mesh, low: float = -np.inf, high: float = np.inf
) -> Array:
    """A finite parameter within limits, one number or one per cell."""
    leaf = as_leaf(value, field, unit)
    limits = f" from {low:g} to {high:g}" if np.isfinite(high) else f" >= {low:g}"
    require_values(
        lambda v: np.isfinite(v) & (v >= low) & (v <= high),
        field,
        leaf,
        f"finite numbers{limits if np.isfinite(low) else ''}, "
        + ("without unit" if unit == "1" else f"in {unit}"),
        "Look for NaN, and for a value in other units.",
    )
    return per_cell(leaf, field, mesh)
