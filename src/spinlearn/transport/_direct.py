"""Sparse direct solution on the host: for films with holes or of other outline.

Their conductivity contrast is unbounded, so that no uniform film preconditions them. The
factorisation is scipy's SuperLU with the symmetric ordering, called back from traced code.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np
from jax.experimental.buffer_callback import buffer_callback
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from spinlearn.transport._problem import Problem

Array = jax.Array


def solve_direct(problem: Problem, free: Array, current: Array, *, transpose: bool) -> Array:
    """Potentials ``(c, px, py)``, zero on held corners, of currents into the free ones."""
    result = jax.ShapeDtypeStruct(current.shape, current.dtype)
    cells = problem.transpose().cells if transpose else problem.cells
    given = (*cells, problem.spring, problem.mean, free, current)
    # A pure callback copies its arguments to the device, on a CPU by the thread that waits for
    # them if there is but one: it hangs now and then (jax-ml/jax, issues 24255 and 25861).
    in_place = buffer_callback(_solve_in_place, result, vmap_method="sequential")
    copied = partial(jax.pure_callback, _solve_on_host, result, vmap_method="sequential")
    return jax.lax.platform_dependent(*given, cpu=in_place, default=copied)


def _solve_in_place(_: Any, out: Any, *given: Any) -> None:
    """The same on buffers of the host, which are numpy arrays without being copied."""
    np.asarray(out)[...] = _solve_on_host(*(np.asarray(v) for v in given))


def _solve_on_host(
    xx: Any, xy: Any, yx: Any, yy: Any, spring: Any, mean: Any, free: Any, current: Any
) -> np.ndarray:
    rhs = np.asarray(current, np.float64)
    unknown = np.flatnonzero(np.asarray(free).ravel())
    matrix = assemble(*(np.asarray(v, np.float64) for v in (xx, xy, yx, yy, spring)))
    solution = np.zeros((rhs.shape[0], spring.size))
    columns = rhs.reshape(rhs.shape[0], -1)[:, unknown]
    # What slipped in while traced must come out as NaN: a NaN not as a crash of the solver, a
    # film that is not positive (its mean is NaN) not as the solution of another problem.
    if unknown.size and np.isfinite(mean) and np.all(np.isfinite(matrix.data)):
        factor = splu(
            matrix[unknown][:, unknown].tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        solution[:, unknown] = factor.solve(np.ascontiguousarray(columns.T)).T
    elif unknown.size:
        solution[:, unknown] = np.nan
    return solution.reshape(rhs.shape).astype(current.dtype)


def assemble(
    xx: np.ndarray, xy: np.ndarray, yx: np.ndarray, yy: np.ndarray, spring: np.ndarray
) -> csc_matrix:
    """The Q1 matrix from cell conductances ``(nx, ny)`` and springs ``(px, py)``."""
    px, py = spring.shape
    a = np.array([-0.5, 0.5, -0.5, 0.5])
    b = np.array([-0.5, -0.5, 0.5, 0.5])
    c = np.array([1.0, -1.0, -1.0, 1.0])
    local = (
        xx[..., None, None] * np.outer(a, a)
        + yy[..., None, None] * np.outer(b, b)
        + xy[..., None, None] * np.outer(a, b)
        + yx[..., None, None] * np.outer(b, a)
        + (xx + yy)[..., None, None] * (np.outer(c, c) / 12.0)
    )
    first = np.arange(px * py).reshape(px, py)[:-1, :-1]
    index = np.stack([first, first + py, first + 1, first + py + 1], axis=-1)
    rows = np.broadcast_to(index[..., :, None], local.shape).ravel()
    cols = np.broadcast_to(index[..., None, :], local.shape).ravel()
    diagonal = np.arange(px * py)
    data = np.concatenate([local.ravel(), spring.ravel()])
    rows, cols = np.concatenate([rows, diagonal]), np.concatenate([cols, diagonal])
    return csc_matrix((data, (rows, cols)), shape=(px * py, px * py))
