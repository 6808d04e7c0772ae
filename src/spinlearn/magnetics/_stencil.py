"""Neighbours on the mesh: values, and weights that vanish where there is no neighbour.

Every difference is ``above * (m_next - m) + below * (m_previous - m)`` with one weight per face
and cell. At open edges and beside empty cells the weights are zero.
Uniform parameters keep weights of one number per face along their own axis, so that they cost no
memory traffic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from spinlearn.mesh import Mesh

Array = jax.Array


class FaceWeights(NamedTuple):
    """Weights of the neighbour above and below along one axis, broadcastable to the cells."""

    above: Array
    below: Array


def coupled_axes(mesh: Mesh) -> tuple[int, ...]:
    """Axes along which cells have neighbours other than themselves."""
    return tuple(axis for axis in range(3) if mesh.shape[axis] > 1)


def face_weights(
    value: Array,
    filled: Array,
    axis: int,
    mesh: Mesh,
    mean: Callable[[Array, Array], Array],
) -> FaceWeights:
    """Mean of a cell parameter over every face along an axis; zero where a side is missing."""
    cells = mesh.shape[axis]
    shape = [1, 1, 1]
    shape[axis] = cells
    full = jnp.broadcast_shapes(value.shape, filled.shape, tuple(shape))
    value, filled = jnp.broadcast_to(value, full), jnp.broadcast_to(filled, full)
    following, present = jnp.roll(value, -1, axis), filled & jnp.roll(filled, -1, axis)
    if not mesh.periodic[axis]:
        last = jnp.arange(cells) == cells - 1
        present = present & ~last.reshape(shape)
    safe = jnp.where(present, value, 1), jnp.where(present, following, 1)
    above = jnp.where(present, mean(*safe), 0)
    return FaceWeights(above, jnp.roll(above, 1, axis))


def harmonic_mean(one: Array, other: Array) -> Array:
    """What two halves of a spring in series amount to; zero if one of them is."""
    total = one + other
    return jnp.where(total != 0, 2 * one * other / jnp.where(total != 0, total, 1), 0)


def arithmetic_mean(one: Array, other: Array) -> Array:
    """Mean that allows for either sign."""
    return 0.5 * (one + other)


def neighbours(field: Array, axis: int, mesh: Mesh) -> tuple[Array, Array]:
    """Values of the next and of the previous cell along x, y or z.

    Periodic meshes wrap around; beyond open edges stands something finite that no weight sees.
    """
    # Slices of one padded array: every term asks for the same one, and the compiler makes it once.
    # Zeros are padded in one pass, a wrapped mesh in one pass per axis.
    widths = [(0, 0)] * (field.ndim - 3) + [(1, 1) if n > 1 else (0, 0) for n in mesh.shape]
    padded = jnp.pad(field, widths, mode="wrap" if any(mesh.periodic) else "constant")

    def shifted(step: int) -> Array:
        index: list[slice] = [slice(None)] * (field.ndim - 3)
        for a, n in enumerate(mesh.shape):
            start = (1 if n > 1 else 0) + (step if a == axis else 0)
            index.append(slice(start, start + n))
        return padded[tuple(index)]

    return shifted(1), shifted(-1)
