"""The kernel of Biot and Savart's law between two cuboid cells, averaged over both, in numpy.

Like the demagnetization tensor: near cells in closed form, as a second difference of large
numbers whose rounding error grows with the sixth power of the distance, and far cells by a Gauss
quadrature over the two cells, whose error falls with distance.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from scipy import fft

from spinlearn.magnetics._demag_kernel import _mirror
from spinlearn.magnetics._demag_tensor import (
    _asinh_ratio,
    _atan_ratio,
    _second_difference,
    _triangle_rule,
)
from spinlearn.mesh import Mesh

Array = np.ndarray

# Distances in units of the longest cell edge, and the Gauss points per axis from there on: the
# error stays below 3e-11 of the kernel. Cells that touch are never farther than √3.
_NEAR = 2.0
_POINTS = (
    (2.0, 16),
    (2.5, 12),
    (3.5, 8),
    (5.0, 6),
    (8.0, 5),
    (16.0, 4),
    (40.0, 3),
    (400.0, 2),
)
_BLOCK = 1 << 15  # offsets at a time, so that the work stays in the cache


def oersted_kernel(mesh: Mesh) -> Array:
    """Imaginary part of the kernel's transform, ``(3, kx, ky/2+1, kz)``, m; its real part is zero.

    The mesh is open; axes of more than one cell are padded to twice their cells.
    """
    nx, ny, nz = (np.arange(n) for n in mesh.shape)
    octant = biot_savart((nx, ny, nz), np.asarray(mesh.cell))
    transformed = []
    for component, whole in enumerate(octant):
        for axis in range(3):
            whole = _mirror(whole, axis, axis == component, mesh)
        # Odd along its own axis and even along the others: a sine transform, times -i.
        waves: Any = fft.fftn(fft.rfft(whole, axis=1), axes=(0, 2))
        transformed.append(waves.imag)
    return np.stack(transformed)


def biot_savart(offsets: tuple[Array, Array, Array], cell: Array) -> Array:
    r"""Kernel K of a cell at given offsets from another: ``(3, nx, ny, nz)``, m.

    The mean field in the one cell is :math:`J\times K`, with J in the other, in which both points
    of :math:`K = \frac{1}{4\pi V}\int_V\int_V s/|s|^3` run over a cell. Offsets are in cells.
    """
    scale = float(np.max(cell))
    edge = np.asarray(cell, np.float64) / scale
    grid = np.meshgrid(*offsets, indexing="ij")
    shape = grid[0].shape
    r = np.stack([np.ravel(g) * e for g, e in zip(grid, edge, strict=True)])
    distance = np.sqrt(np.sum(r**2, axis=0))
    kernel = np.empty_like(r)
    for low in range(0, r.shape[1], _BLOCK):
        own = slice(low, low + _BLOCK)
        kernel[:, own] = _by_distance(r[:, own], distance[own], edge)
    return scale * kernel.reshape(3, *shape)


def _by_distance(r: Array, distance: Array, edge: Array) -> Array:
    kernel = np.empty_like(r)
    near = distance < _NEAR
    kernel[:, near] = _closed_form(r[:, near], edge)
    limits = [*(limit for limit, _ in _POINTS), np.inf]
    for (low, points), high in zip(_POINTS, limits[1:], strict=True):
        ring = (distance >= low) & (distance < high)
        if ring.any():
            kernel[:, ring] = _quadrature(r[:, ring], edge, points)
    return kernel


def _closed_form(r: Array, edge: Array) -> Array:
    out = np.empty_like(r)
    for component in range(3):
        order = [(component + step) % 3 for step in range(3)]
        value = _second_difference(_antiderivative, r[order], edge[order])
        # Odd in its own coordinate; rounding would leave a trace of the numbers that cancel.
        out[component] = np.where(r[component] == 0, 0.0, value)
    return out


def _antiderivative(x: Array, y: Array, z: Array) -> Array:
    """Q with ∂²x ∂²y ∂²z Q = ∂x (1/r): the closed form of the x component.

    With Newell's f and g for the second derivatives xx, xy and xz of the sixfold Coulomb integral,
    which is homogeneous of degree 5, Euler's theorem gives Q = [x f + y g(x,y,z) + z g(x,z,y)]/4.
    """
    xx, yy, zz = x * x, y * y, z * z
    radius = np.sqrt(xx + yy + zz)
    return (
        x * y * (3.0 * zz - xx) * _asinh_ratio(y, xx + zz) / 6.0
        + x * z * (3.0 * yy - xx) * _asinh_ratio(z, xx + yy) / 6.0
        + (6.0 * yy * zz - yy * yy - zz * zz) * _asinh_ratio(x, yy + zz) / 24.0
        - 0.5 * xx * y * z * _atan_ratio(y * z, x * radius)
        - y * z * zz * _atan_ratio(x * y, z * radius) / 6.0
        - y * yy * z * _atan_ratio(x * z, y * radius) / 6.0
        + x * (2.0 * xx - 3.0 * (yy + zz)) * radius / 24.0
    )


def _quadrature(r: Array, edge: Array, points: int) -> Array:
    """``s/(4π|s|³)`` averaged over the difference s of two points, one in each cell."""
    nodes, weights = _triangle_rule(points)
    out = np.zeros_like(r)
    for (u, p), (v, q), (w, s) in product(zip(nodes, weights, strict=True), repeat=3):
        x, y, z = r[0] + u * edge[0], r[1] + v * edge[1], r[2] + w * edge[2]
        square = x * x + y * y + z * z
        inverse = p * q * s / (square * np.sqrt(square))
        for component, a in enumerate((x, y, z)):
            out[component] += inverse * a
    # The rule is even, its nodes only to rounding: what is odd is exactly zero on its plane.
    out[r == 0] = 0.0
    return out * (np.prod(edge) / (4.0 * np.pi))
