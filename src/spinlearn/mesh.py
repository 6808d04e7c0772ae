"""The regular mesh of cells that every field lives on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Float

from spinlearn.errors import SpinlearnValueError

# No magnetic film is meshed in millimetres; somebody who writes 4 means 4 nm.
_LARGEST_USUAL_CELL = 1e-3


class Mesh(eqx.Module):
    """Regular mesh of ``nx × ny × nz`` cuboid cells; the film lies in the x-y plane.

    Parameters
    ----------
    shape
        Number of cells ``(nx, ny, nz)``.
    cell
        Edge lengths of one cell ``(dx, dy, dz)``, m. An array leaf: other lengths do not
        recompile.
    periodic
        Whether the film repeats along x, y, z.

    Raises
    ------
    SpinlearnValueError
        If a number of cells is not a positive integer or a length is not positive and finite.

    Examples
    --------
    >>> mesh = Mesh((128, 64, 1), (4e-9, 4e-9, 20e-9))
    >>> mesh.extent
    (5.12e-07, 2.56e-07, 2e-08)
    """

    shape: tuple[int, int, int] = eqx.field(static=True)
    cell: Float[np.ndarray, 3]
    periodic: tuple[bool, bool, bool] = eqx.field(static=True)

    def __init__(
        self,
        shape: Sequence[int],
        cell: Sequence[float] | np.ndarray,
        periodic: Sequence[bool] = (False, False, False),
    ) -> None:
        self.shape = _check_shape(shape)
        self.cell = _check_cell(cell)
        self.periodic = _check_periodic(periodic)

    @property
    def extent(self) -> tuple[float, float, float]:
        """Edge lengths of the whole mesh, m."""
        lengths = [float(f"{n * d:.15g}") for n, d in zip(self.shape, self.cell, strict=True)]
        return lengths[0], lengths[1], lengths[2]

    @property
    def thickness(self) -> float:
        """Film thickness ``nz·dz``, m."""
        return self.extent[2]

    @property
    def cell_volume(self) -> float:
        """Volume of one cell, m³."""
        return float(np.prod(self.cell))

    def coordinates(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cell-centre coordinates along x, y and z, m; the corner of the mesh is the origin."""
        x, y, z = ((np.arange(n) + 0.5) * d for n, d in zip(self.shape, self.cell, strict=True))
        return x, y, z

    def corners(self) -> tuple[np.ndarray, np.ndarray]:
        """Cell-corner coordinates along x (``nx+1``) and y (``ny+1``), m."""
        nx, ny, _ = self.shape
        return np.arange(nx + 1) * self.cell[0], np.arange(ny + 1) * self.cell[1]


def _check_shape(shape: Sequence[int]) -> tuple[int, int, int]:
    values = tuple(shape) if isinstance(shape, Sequence | np.ndarray) else ()
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in values)
    if len(values) != 3 or not whole or min(values) < 1:
        raise SpinlearnValueError(
            "shape",
            shape,
            "three positive integers (nx, ny, nz)",
            "Count the cells along x, y and z; a one-layer film has nz = 1.",
        )
    return int(values[0]), int(values[1]), int(values[2])


def _check_cell(cell: Sequence[float] | np.ndarray) -> np.ndarray:
    try:
        values = np.asarray(cell, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.zeros(0)
    if values.shape != (3,) or not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise SpinlearnValueError(
            "cell",
            cell,
            "three positive lengths (dx, dy, dz) in m",
            "Give the edge lengths of one cell in metres, e.g. (4e-9, 4e-9, 20e-9).",
        )
    if values.max() > _LARGEST_USUAL_CELL:
        warnings.warn(
            f"cell = {cell}: an edge above {_LARGEST_USUAL_CELL:g} m. Lengths are in metres: "
            "4 nm is 4e-9.",
            stacklevel=3,
        )
    return values


def _check_periodic(periodic: Sequence[bool]) -> tuple[bool, bool, bool]:
    values = tuple(periodic) if isinstance(periodic, Sequence | np.ndarray) else ()
    if len(values) != 3 or not all(isinstance(p, bool | np.bool_) for p in values):
        raise SpinlearnValueError(
            "periodic",
            periodic,
            "three booleans for x, y and z",
            "Write e.g. periodic=(True, False, False).",
        )
    return bool(values[0]), bool(values[1]), bool(values[2])
