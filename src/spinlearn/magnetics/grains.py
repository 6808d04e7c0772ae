"""Grains of a polycrystalline film."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from spinlearn._checks import as_number
from spinlearn.magnetics._state_parts import check_key
from spinlearn.mesh import Mesh
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array


def grain_labels(mesh: Mesh, size: Any, *, key: Key) -> Int[Array, "nx ny nz"]:
    """Columnar grains as a Voronoi tessellation of random points; the number of each cell's grain.

    Parameters
    ----------
    mesh
        Mesh of the film; grains go on across its periodic edges.
    size
        Mean grain size, m: the square root of the mean area of a grain.
    key
        Typed JAX key; equal keys give equal grains.

    Returns
    -------
    Array
        Numbers from 0, ``(nx, ny, nz)``, the same through the thickness (no unit).

    Raises
    ------
    SpinlearnValueError
        If the grains are smaller than a cell, or the key is not one typed key.

    Examples
    --------
    >>> from spinlearn import key_from_seed
    >>> labels = grain_labels(Mesh((32, 32, 1), (4e-9, 4e-9, 2e-9)), 32e-9, key=key_from_seed(0))
    >>> labels.shape, int(labels.max()) + 1  # (128 nm / 32 nm)² grains
    ((32, 32, 1), 16)
    """
    least = float(max(mesh.cell[:2]))
    size = as_number(
        size,
        "size",
        lambda s: least <= s < np.inf,
        f"a length of at least one cell, {least:.3g} m",
        "Use larger grains or smaller cells.",
    )
    length, width, _ = mesh.extent
    count = max(1, round(length * width / size**2))
    real = jnp.result_type(float)
    # Drawn in one precision, so that every precision has the same grains.
    points = jax.random.uniform(stream(check_key(key), "grains"), (2, count), jnp.float32)
    points = points.astype(real)
    points = points * jnp.asarray([[length], [width]], real)
    x, y = (jnp.asarray(v, real) for v in mesh.coordinates()[:2])

    def row(x: Array) -> Array:
        dx = _apart(x - points[0], length, mesh.periodic[0])
        dy = _apart(y[:, None] - points[1][None, :], width, mesh.periodic[1])
        return jnp.argmin((dx**2)[None, :] + dy**2, axis=1)

    labels = jax.lax.map(row, x)
    return jnp.broadcast_to(labels[:, :, None], mesh.shape)


def _apart(distance: Array, period: float, periodic: bool) -> Array:
    if not periodic:
        return distance
    return distance - period * jnp.round(distance / period)


def grain_axes(
    labels: Int[Array, "nx ny nz"], *, key: Key, in_plane: bool = True
) -> Float[Array, "3 nx ny nz"]:
    """A random axis for every grain, for `Material.anisotropy_axis`.

    Parameters
    ----------
    labels
        What `grain_labels` returned, ``(nx, ny, nz)`` (no unit).
    key
        Typed JAX key.
    in_plane
        Axes in the film's plane (fibre texture) or over the sphere.

    Returns
    -------
    Array
        Unit vectors, ``(3, nx, ny, nz)``, without unit.

    Examples
    --------
    >>> from spinlearn import key_from_seed
    >>> labels = jnp.zeros((4, 4, 1), int)
    >>> axes = grain_axes(labels, key=key_from_seed(0))
    >>> axes.shape, bool(jnp.allclose(jnp.sum(axes**2, axis=0), 1.0))
    ((3, 4, 4, 1), True)
    """
    count, real = labels.size, jnp.result_type(float)
    azimuth, height = jax.random.split(stream(check_key(key), "grain axes"))
    # One number a possible grain: how many there are may not be known inside jax.jit.
    turn = jax.random.uniform(azimuth, (count,), jnp.float32).astype(real)
    phi = 2 * np.pi * turn
    z = jnp.zeros(count, real)
    if not in_plane:
        z = jax.random.uniform(height, (count,), jnp.float32, -1.0, 1.0).astype(real)
    across = jnp.sqrt(1 - z**2)
    axes = jnp.stack([across * jnp.cos(phi), across * jnp.sin(phi), z])
    return axes[:, labels]


def grain_factors(
    labels: Int[Array, "nx ny nz"], spread: Any, *, key: Key
) -> Float[Array, "nx ny nz"]:
    """A random factor for every grain: times an anisotropy it is a film that pins its texture.

    Log-normal, with a mean over all grains that could be of one.

    Parameters
    ----------
    labels
        What `grain_labels` returned, ``(nx, ny, nz)`` (no unit).
    spread
        Standard deviation (no unit): 0.1 for ten per cent.
    key
        Typed JAX key; equal keys give equal factors.

    Returns
    -------
    Array
        Positive numbers, ``(nx, ny, nz)``, without unit.

    Raises
    ------
    SpinlearnValueError
        If the spread is not one number from 0 to 1, or the key is not one typed key.

    Examples
    --------
    >>> from spinlearn import key_from_seed
    >>> mesh = Mesh((64, 64, 1), (4e-9, 4e-9, 2e-9))
    >>> grains = grain_labels(mesh, 16e-9, key=key_from_seed(0))
    >>> anisotropy = 0.8e6 * grain_factors(grains, 0.1, key=key_from_seed(0))  # J/m³
    >>> 0.75e6 < float(anisotropy.mean()) < 0.85e6, bool(anisotropy.std() > 0.05e6)
    (True, True)
    """
    width = as_number(
        spread, "spread", lambda s: 0 <= s <= 1, "a number from 0 to 1 (no unit)", "5 % is 0.05."
    )
    real = jnp.result_type(float)
    # Drawn in one precision, and one for each possible grain: see `grain_axes`.
    drawn = jax.random.normal(stream(check_key(key), "grain factors"), (labels.size,), jnp.float32)
    sigma = float(np.sqrt(np.log1p(float(width) ** 2)))
    return jnp.exp(sigma * drawn.astype(real) - sigma**2 / 2)[labels]
