"""The demagnetization tensor between two cuboid cells, averaged over both, as numpy arrays.

Near cells use Newell's closed form. It is a second difference of large numbers in every
direction, so its rounding error grows with the sixth power of the distance; far cells therefore
use a Gauss quadrature of the dipole tensor over the two cells, whose error falls with distance.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

Array = np.ndarray
Function = Callable[[Array, Array, Array], Array]

# Distances in units of the longest cell edge, and the Gauss points per axis beyond them: the error
# stays below 1e-10 of the dipole tensor, for cubes (see tests/magnetics/test_demag_tensor.py).
_NEAR = 3.0
_POINTS = ((3.0, 12), (5.0, 8), (9.0, 6), (16.0, 5), (30.0, 4), (60.0, 3), (400.0, 2))
_BLOCK = 1 << 15  # offsets at a time, so that the work stays in the cache

COMPONENTS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def demag_tensor(offsets: tuple[Array, Array, Array], cell: Array) -> Array:
    """Tensor N of a cell at given offsets from another: ``(6, nx, ny, nz)``, no unit.

    The mean field in the one cell is ``-N M``. Components are xx, yy, zz, xy, xz, yz; offsets are
    in cells, integers, along each axis (Newell, Williams and Dunlop, J. Geophys. Res. 98, 9551).
    """
    scale = float(np.max(cell))
    edge = np.asarray(cell, np.float64) / scale
    grid = np.meshgrid(*offsets, indexing="ij")
    shape = grid[0].shape
    r = np.stack([np.ravel(g) * e for g, e in zip(grid, edge, strict=True)])
    distance = np.sqrt(np.sum(r**2, axis=0))
    tensor = np.empty((6, r.shape[1]))
    for low in range(0, r.shape[1], _BLOCK):
        own = slice(low, low + _BLOCK)
        tensor[:, own] = _by_distance(r[:, own], distance[own], edge)
    return tensor.reshape(6, *shape)


def _by_distance(r: Array, distance: Array, edge: Array) -> Array:
    tensor = np.empty((6, r.shape[1]))
    near = distance < _NEAR
    tensor[:, near] = _newell(r[:, near], edge)
    limits = [*(limit for limit, _ in _POINTS), np.inf]
    for (low, points), high in zip(_POINTS, limits[1:], strict=True):
        ring = (distance >= low) & (distance < high)
        if ring.any():
            tensor[:, ring] = _quadrature(r[:, ring], edge, points)
    return tensor


def _newell(r: Array, edge: Array) -> Array:
    out = np.empty((6, r.shape[1]))
    for component, (i, j) in enumerate(COMPONENTS):
        # f belongs to xx and g to xy; the other components are theirs with the axes renamed.
        k = 3 - i - j if i != j else (i + 1) % 3
        order = (i, j, k) if i != j else (i, k, 3 - i - k)
        function = _newell_g if i != j else _newell_f
        out[component] = _second_difference(function, r[list(order)], edge[list(order)])
    return out


def _second_difference(function: Function, r: Array, edge: Array) -> Array:
    total = np.zeros(r.shape[1])
    for steps in product((-1, 0, 1), repeat=3):
        weight = np.prod([-2.0 if s == 0 else 1.0 for s in steps])
        total += weight * function(*(r[a] + steps[a] * edge[a] for a in range(3)))
    return -total / (4.0 * np.pi * np.prod(edge))


def _newell_f(x: Array, y: Array, z: Array) -> Array:
    xx, yy, zz = x * x, y * y, z * z
    radius = np.sqrt(xx + yy + zz)
    return (
        0.5 * y * (zz - xx) * _asinh_ratio(y, xx + zz)
        + 0.5 * z * (yy - xx) * _asinh_ratio(z, xx + yy)
        - x * y * z * _atan_ratio(y * z, x * radius)
        + (2.0 * xx - yy - zz) * radius / 6.0
    )


def _newell_g(x: Array, y: Array, z: Array) -> Array:
    xx, yy, zz = x * x, y * y, z * z
    radius = np.sqrt(xx + yy + zz)
    return (
        x * y * z * _asinh_ratio(z, xx + yy)
        + y * (3.0 * zz - yy) * _asinh_ratio(x, yy + zz) / 6.0
        + x * (3.0 * zz - xx) * _asinh_ratio(y, xx + zz) / 6.0
        - z * zz * _atan_ratio(x * y, z * radius) / 6.0
        - 0.5 * z * yy * _atan_ratio(x * z, y * radius)
        - 0.5 * z * xx * _atan_ratio(y * z, x * radius)
        - x * y * radius / 3.0
    )


def _asinh_ratio(top: Array, bottom_squared: Array) -> Array:
    """``asinh(top/√bottom²)``; zero on the axis, where its factor vanishes faster."""
    safe = np.where(bottom_squared > 0, bottom_squared, 1.0)
    return np.where(bottom_squared > 0, np.arcsinh(top / np.sqrt(safe)), 0.0)


def _atan_ratio(top: Array, bottom: Array) -> Array:
    """``atan(top/bottom)``; zero where the bottom, and with it its factor, vanishes."""
    safe = np.where(bottom != 0, bottom, 1.0)
    return np.where(bottom != 0, np.arctan(top / safe), 0.0)


def _quadrature(r: Array, edge: Array, points: int) -> Array:
    """Dipole tensor averaged over the difference of two points, one in each cell."""
    nodes, weights = _triangle_rule(points)
    out = np.zeros((6, r.shape[1]))
    for (u, p), (v, q), (w, s) in product(zip(nodes, weights, strict=True), repeat=3):
        at = np.stack([r[0] + u * edge[0], r[1] + v * edge[1], r[2] + w * edge[2]])
        out += (p * q * s) * dipole_tensor(at)
    return out * np.prod(edge)


def dipole_tensor(r: Array) -> Array:
    """``(1/4π) (δ/r³ - 3 r r/r⁵)`` at r, ``(3, …)``: components xx, yy, zz, xy, xz, yz."""
    x, y, z = r
    square = x * x + y * y + z * z
    inverse = 1.0 / (4.0 * np.pi * square * np.sqrt(square))
    across = -3.0 * inverse / square
    diagonal = [across * v * v + inverse for v in (x, y, z)]
    return np.stack([*diagonal, across * x * y, across * x * z, across * y * z])


def _triangle_rule(points: int) -> tuple[Array, Array]:
    """Gauss rule for the weight ``1 - |t|`` on -1 to 1: the difference of two uniform numbers."""
    x, w = np.polynomial.legendre.leggauss(4 * points)
    t = np.concatenate([0.5 * (x - 1.0), 0.5 * (x + 1.0)])
    weight = 0.5 * np.concatenate([w, w]) * (1.0 - np.abs(t))
    # Stieltjes: the recurrence of the orthogonal polynomials; the weight is even, so alpha = 0.
    previous, current, beta = np.zeros_like(t), np.ones_like(t), []
    norm = np.sum(weight)
    for _ in range(points - 1):
        following = t * current - (beta[-1] if beta else 0.0) * previous
        beta.append(np.sum(weight * following**2) / np.sum(weight * current**2))
        previous, current = current, following
    jacobi = np.diag(np.sqrt(beta), 1) + np.diag(np.sqrt(beta), -1)
    nodes, vectors = np.linalg.eigh(jacobi)
    return nodes, norm * vectors[0] ** 2
