"""The demagnetization tensor of a whole mesh, in Fourier space, as numpy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import fft

from spinlearn.errors import SpinlearnValueError
from spinlearn.magnetics._demag_tensor import COMPONENTS, demag_tensor, dipole_tensor
from spinlearn.mesh import Mesh

Array = np.ndarray

# How many of the longest period explicit images reach; the rest is integrated or known.
_IMAGES_WIRE = 30
_IMAGES_FILM = 4
_TAIL_POINTS = 8


def demag_kernel(mesh: Mesh) -> Array:
    """Transform of the tensor, ``(6, kx, ky/2+1, kz)``, real: every component is even or odd twice.

    Open axes are padded to twice their cells, periodic ones are not.
    """
    if all(mesh.periodic) or (mesh.periodic[2] and any(mesh.periodic[:2])):
        raise SpinlearnValueError(
            "mesh.periodic",
            mesh.periodic,
            "periodic along x, y or both, or along z alone",
            "A demagnetizing field is undefined in a body without surface; open one axis.",
        )
    octant = _periodic_octant(mesh) if any(mesh.periodic) else _open_octant(mesh)
    kernel = np.empty((6, *_transformed_shape(mesh)))
    for component, (i, j) in enumerate(COMPONENTS):
        odd = tuple(axis in (i, j) and i != j for axis in range(3))
        whole = octant[component]
        for axis in range(3):
            whole = _mirror(whole, axis, odd[axis], mesh)
        # Odd along two axes: (-i)² of the sine transforms, so the transform is real.
        waves: Any = fft.fftn(fft.rfft(whole, axis=1), axes=(0, 2))
        kernel[component] = waves.real
    return kernel


def padded_cells(mesh: Mesh) -> tuple[int, int, int]:
    """Cells along every axis after padding; an axis of one open cell needs none."""
    padded = [
        n if periodic or n == 1 else 2 * n
        for n, periodic in zip(mesh.shape, mesh.periodic, strict=True)
    ]
    return padded[0], padded[1], padded[2]


def _transformed_shape(mesh: Mesh) -> tuple[int, int, int]:
    px, py, pz = padded_cells(mesh)
    return px, py // 2 + 1, pz


def _open_octant(mesh: Mesh) -> Array:
    """Tensor at offsets 0 to n-1 along every axis."""
    nx, ny, nz = (np.arange(n) for n in mesh.shape)
    return demag_tensor((nx, ny, nz), np.asarray(mesh.cell))


def _mirror(octant: Array, axis: int, odd: bool, mesh: Mesh) -> Array:
    """Extend from offsets ``0…`` to a whole period in the transform's order along an axis."""
    n = mesh.shape[axis]
    if mesh.periodic[axis] or n == 1:
        return octant
    inner = np.flip(np.take(octant, np.arange(1, n), axis), axis)
    # Offset n never acts: the padded half of the magnetization is zero.
    shape = list(octant.shape)
    shape[axis] = 1
    return np.concatenate([octant, np.zeros(shape), -inner if odd else inner], axis)


def _periodic_octant(mesh: Mesh) -> Array:
    """The same, summed over images along periodic axes; there offsets span the whole period."""
    period = [n * float(d) for n, d in zip(mesh.shape, mesh.cell, strict=True)]
    repeating = [axis for axis in range(3) if mesh.periodic[axis]]
    many = _IMAGES_FILM if len(repeating) == 2 else _IMAGES_WIRE
    reach = max(many * max(period[axis] for axis in repeating), 2 * max(period))
    images = {axis: int(np.ceil(reach / period[axis])) for axis in repeating}
    total = np.zeros((6, *mesh.shape))
    # Image by image: the whole sum at once would take hundreds of times the memory of a field.
    for image in np.ndindex(*(images.get(axis, 1) for axis in range(3))):
        total += _image_pairs(mesh, image)
    if len(repeating) == 1:
        return total + _rest_of_wire(mesh, repeating[0], images[repeating[0]])
    return total + _rest_of_film(mesh, total)


def _image_pairs(mesh: Mesh, image: tuple[int, ...]) -> Array:
    """One image and its mirror images, on either side along every periodic axis.

    Offsets o + i N and o - (i + 1) N of the i-th image are those of one block, read forwards and
    backwards.
    """
    offsets = [
        np.arange(n + 1) + i * n if periodic else np.arange(n)
        for n, i, periodic in zip(mesh.shape, image, mesh.periodic, strict=True)
    ]
    block = demag_tensor((offsets[0], offsets[1], offsets[2]), np.asarray(mesh.cell))
    for axis, n in enumerate(mesh.shape):
        if mesh.periodic[axis]:
            forwards = np.take(block, np.arange(n), axis + 1)
            backwards = np.take(block, np.arange(n, 0, -1), axis + 1)
            odd = [i != j and axis in (i, j) for i, j in COMPONENTS]
            sign = np.where(odd, -1.0, 1.0).reshape(6, 1, 1, 1)
            block = forwards + sign * backwards
    return block


def _rest_of_wire(mesh: Mesh, axis: int, images: int) -> Array:
    """Images beyond the explicit ones: dipoles spread evenly along the wire."""
    scale = float(np.max(mesh.cell))
    cell = np.asarray(mesh.cell) / scale
    period = mesh.shape[axis] * cell[axis]
    grid = np.meshgrid(
        *(np.arange(n) * d for n, d in zip(mesh.shape, cell, strict=True)), indexing="ij"
    )
    nodes, weights = np.polynomial.legendre.leggauss(_TAIL_POINTS)
    nodes, weights = 0.5 * (nodes + 1.0), 0.5 * weights
    total = np.zeros((6, *mesh.shape))
    for side, start in (
        (1.0, grid[axis] + (images - 0.5) * period),
        (-1.0, (images + 0.5) * period - grid[axis]),
    ):
        for s, w in zip(nodes, weights, strict=True):
            # From the start to infinity with x = start / s.
            r = [*grid]
            r[axis] = side * start / s
            total += (w * start / s**2) * dipole_tensor(np.stack(r))
    return total * (np.prod(cell) / period)


def _rest_of_film(mesh: Mesh, near: Array) -> Array:
    """Images beyond the explicit ones: constant over a period, to leading order.

    The mean over all offsets is that of a uniform infinite film, which is known exactly.
    """
    cells = mesh.shape[0] * mesh.shape[1]
    exact = np.zeros((6, mesh.shape[2]))
    exact[2, 0] = 1.0
    missing = (exact - near.sum(axis=(1, 2))) / cells
    rest = np.zeros((6, 1, 1, mesh.shape[2]))
    rest[:3, 0, 0] = missing[:3]
    return rest
