"""The demagnetization tensor of a whole mesh, in Fourier space, as numpy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import fft
from scipy.special import zeta

from spinlearn.errors import SpinlearnValueError
from spinlearn.magnetics._demag_tensor import COMPONENTS, demag_tensor
from spinlearn.mesh import Mesh

Array = np.ndarray

# Explicit images on either side of the mesh; the rest is summed in closed form.
_IMAGES_WIRE = 20
_IMAGES_FILM = 4


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
    images = _IMAGES_FILM if sum(mesh.periodic) == 2 else _IMAGES_WIRE
    offsets = []
    for n, periodic in zip(mesh.shape, mesh.periodic, strict=True):
        reach = images * n if periodic else 0
        offsets.append(np.arange(-reach, n + reach))
    total = np.zeros((6, *mesh.shape))
    # Image by image: the whole sum at once would take hundreds of times the memory of a field.
    counts = [2 * images + 1 if periodic else 1 for periodic in mesh.periodic]
    for image in np.ndindex(*counts):
        own = tuple(
            offsets[a][image[a] * mesh.shape[a] : (image[a] + 1) * mesh.shape[a]] for a in range(3)
        )
        total += demag_tensor(own, np.asarray(mesh.cell))
    return total + _distant_images(mesh, total, images)


def _distant_images(mesh: Mesh, near: Array, images: int) -> Array:
    """What the images beyond the explicit ones add: constant over the mesh, to leading order."""
    cell = np.asarray(mesh.cell) / np.max(mesh.cell)
    if sum(mesh.periodic) == 1:
        axis = mesh.periodic.index(True)
        period = mesh.shape[axis] * cell[axis]
        # Offsets run from 0 to a period, images from -k to k: the next ones are k + 1 away.
        strength = np.prod(cell) / (4 * np.pi) * 2 * zeta(3, images + 1) / period**3
        tail = np.zeros((6, 1, 1, 1))
        for diagonal in range(3):
            tail[diagonal] = -2 * strength if diagonal == axis else strength
        return tail
    # A uniform infinite film: the mean over all offsets is known, exactly.
    tail = np.zeros((6, 1, 1, mesh.shape[2]))
    cells = mesh.shape[0] * mesh.shape[1]
    exact = np.zeros((6, mesh.shape[2]))
    exact[2, 0] = 1.0
    missing = (exact - near.sum(axis=(1, 2))) / cells
    tail[:3, 0, 0] = missing[:3]
    return tail
