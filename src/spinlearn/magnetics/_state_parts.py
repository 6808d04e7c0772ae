"""What the initial states share: positions on the mesh, the wall profile, checks of arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_leaf, is_known, require
from spinlearn.errors import SpinlearnValueError
from spinlearn.mesh import Mesh
from spinlearn.typing import Key

Array = jax.Array
Vector = Sequence[float] | np.ndarray | Array
Outline = np.ndarray | Array | None

_FEWEST_CELLS_PER_PERIOD = 4
# Beyond this argument tanh is 1 and 1/cosh nothing, in either precision, and cosh still a number.
_FAR = 40.0


# --- Geometry --------------------------------------------------------------------------------


def _in_plane(mesh: Mesh) -> tuple[Array, Array]:
    """Cell centres, ``(nx, 1, 1)`` and ``(1, ny, 1)``, m."""
    x, y = (jnp.asarray(v, jnp.result_type(float)) for v in mesh.coordinates()[:2])
    return x.reshape(-1, 1, 1), y.reshape(1, -1, 1)


def distance_along(angle: Array, mesh: Mesh) -> Array:
    """Distance of the cell centres from the corner along a direction in the plane, m."""
    x, y = _in_plane(mesh)
    return jnp.cos(angle) * x + jnp.sin(angle) * y


def middle_of(mesh: Mesh) -> tuple[Array, Array]:
    """Position (x, y) of the middle of the mesh, m."""
    x, y = (
        0.5 * mesh.shape[axis] * jnp.asarray(mesh.cell[axis], jnp.result_type(float))
        for axis in (0, 1)
    )
    return x, y


def from_centre(centre: Vector | None, mesh: Mesh, *, wrap: bool) -> tuple[Array, Array]:
    """Distances along x and y from a point, m; with `wrap`, from its nearest periodic image."""
    point = middle_of(mesh) if centre is None else _point(centre)
    apart = []
    for axis, (cells, own) in enumerate(zip(_in_plane(mesh), point, strict=True)):
        offset = cells - own
        if wrap and mesh.periodic[axis]:
            period = mesh.shape[axis] * jnp.asarray(mesh.cell[axis], offset.dtype)
            offset = offset - period * jnp.round(offset / period)
        apart.append(offset)
    return apart[0], apart[1]


def wall_profile(u: Array) -> tuple[Array, Array]:
    """``tanh u`` and ``1/cosh u``, for any u."""
    near = jnp.clip(u, -_FAR, _FAR)
    return jnp.tanh(near), 1 / jnp.cosh(near)


def on_cells(m: Sequence[Array], mesh: Mesh, outline: Outline) -> Array:
    """Three components as one field on the cells; zero outside of the outline."""
    field = jnp.stack([jnp.broadcast_to(component, mesh.shape) for component in m])
    if outline is None:
        return field
    return jnp.where(_check_outline(outline, mesh)[None], field, 0)


# --- Checks ----------------------------------------------------------------------------------


def as_number(value: Any, field: str, unit: str) -> Array:
    """One finite number of default precision."""
    leaf = as_leaf(value, field, unit)
    if leaf.ndim != 0:
        raise SpinlearnValueError(
            field, f"shape {leaf.shape}", "one number", "Use jax.vmap for several states."
        )
    require(jnp.isfinite(leaf), field, value, f"a finite number in {unit}", "Look for NaN or inf.")
    return leaf.astype(jnp.result_type(float))


def as_length(value: Any, field: str) -> Array:
    """One positive number, m."""
    length = as_number(value, field, "m")
    require(length > 0, field, value, "a positive length in m", "Write e.g. 20e-9 for 20 nm.")
    return length


def as_period(value: Any, mesh: Mesh) -> Array:
    """One length of at least a few cells, m."""
    period = as_length(value, "period")
    edges = [mesh.cell[axis] for axis in (0, 1) if mesh.shape[axis] > 1]
    if edges and is_known(mesh.cell, period):
        least = _FEWEST_CELLS_PER_PERIOD * float(max(edges))
        require(
            period >= least * (1 - 1e-6),
            "period",
            value,
            f"a length of at least {_FEWEST_CELLS_PER_PERIOD} cells ({least:.3g} m)",
            "Use more cells or wider stripes.",
        )
    return period


def as_sign(value: Any, field: str) -> Array:
    """1 or -1."""
    sign = as_number(value, field, "1")
    require(jnp.abs(sign) == 1, field, value, "1 or -1", "Choose one of the two.")
    return sign


def as_unit_vector(value: Any, field: str) -> Array:
    """Three numbers, divided by their length."""
    vector = _finite_array(value, field, 3, "1")
    # Scaled first: a vector of any size has a direction.
    largest = jnp.max(jnp.abs(vector))
    require(largest > 0, field, value, "a vector other than zero", "Write e.g. (0, 0, 1).")
    vector = vector / largest
    return vector / jnp.sqrt(jnp.sum(vector**2))


def _point(value: Any) -> tuple[Array, Array]:
    x, y = _finite_array(value, "centre", 2, "m")
    return x, y


def _finite_array(value: Any, field: str, size: int, unit: str) -> Array:
    leaf = as_leaf(value, field, unit)
    if leaf.shape != (size,):
        raise SpinlearnValueError(
            field, f"shape {leaf.shape}", f"{size} numbers in {unit}", "Give one per axis."
        )
    require(jnp.isfinite(leaf), field, value, f"finite numbers in {unit}", "Look for NaN or inf.")
    return leaf.astype(jnp.result_type(float))


def check_key(key: Any) -> Key:
    """One typed key, or an error by name."""
    typed = isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    if not typed or key.shape != ():
        raise SpinlearnValueError(
            "key", key, "one typed JAX key", "Make one with spinlearn.key_from_seed(1)."
        )
    return key


def _check_outline(outline: Any, mesh: Mesh) -> Array:
    """The outline, ``(nx, ny, 1)`` or ``(nx, ny, nz)``."""
    inside = jnp.asarray(outline)
    if inside.dtype != jnp.bool_:
        raise SpinlearnValueError(
            "outline",
            f"dtype {inside.dtype}",
            "true or false for every cell",
            "Compare: e.g. electrodes.outline > 0.5.",
        )
    if inside.shape not in (mesh.shape, mesh.shape[:2]):
        raise SpinlearnValueError(
            "outline",
            f"shape {inside.shape}",
            f"(nx, ny) = {mesh.shape[:2]} or (nx, ny, nz) = {mesh.shape}",
            "Build it on the cells of the mesh.",
        )
    return inside.reshape(*mesh.shape[:2], -1)
