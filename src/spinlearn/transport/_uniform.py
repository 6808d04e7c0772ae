"""Exact inverse of the Q1 operator of a *uniform* film with its contacts held at a potential.

This is the preconditioner of every textured film. Without contacts the operator separates: the
cosines along y diagonalise it, and what is left along x is tridiagonal. The cosine transform is
done as a dense product with the even and odd halves of the cosine matrix: on the CPU this was
measured as fast as XLA's FFT up to 1025 corners (and never slower than 1.5 times at 2049), and
it needs no luck with prime factors. Contacts are a low-rank term on their corners, solved with
a capacitance matrix that depends on the geometry alone and is factored once, on the host, in
float64.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.fft import dctn
from scipy.linalg import get_lapack_funcs

from spinlearn.transport._elements import match

Array = jax.Array


class NeumannInverse(eqx.Module):
    """Inverse of the unit-conductance Q1 operator with insulating edges, up to a constant."""

    cosine_even: Array  # (ceil(py/2), number of even wave numbers)
    cosine_odd: Array
    off_diagonal: Array  # (py,)   tridiagonal systems along x, one per wave number
    inverse_pivot: Array  # (px, py)

    def __init__(self, cells: tuple[int, int], aspect: float, dtype: np.dtype) -> None:
        nx, ny = cells
        order = _even_then_odd(ny)
        half = (ny + 2) // 2
        cosine = np.cos(np.pi * np.outer(np.arange(ny + 1), order) / ny)
        n_even = ny // 2 + 1
        self.cosine_even = jnp.asarray(cosine[:half, :n_even], dtype)
        self.cosine_odd = jnp.asarray(cosine[: (ny + 1) // 2, n_even:], dtype)
        off, pivot = _factor_tridiagonal(nx, ny, aspect)
        self.off_diagonal = jnp.asarray(off[order], dtype)
        self.inverse_pivot = jnp.asarray(pivot[:, order], dtype)

    def __call__(self, current: Array) -> Array:
        """Potential of corner currents ``(..., px, py)`` that sum to zero."""
        return self.from_waves(self.solve_waves(self.to_waves(current)))

    def to_waves(self, v: Array) -> Array:
        """Cosine amplitudes along y, even wave numbers first, from corner values."""
        mirrored = jnp.flip(v, -1)
        n_half, n_full = v.shape[-1] // 2, self.cosine_even.shape[0]
        even = v[..., :n_half] + mirrored[..., :n_half]
        odd = v[..., :n_half] - mirrored[..., :n_half]
        even = jnp.concatenate([even, v[..., n_half:n_full]], -1)
        return jnp.concatenate(
            [_product(even, self.cosine_even), _product(odd, self.cosine_odd)], -1
        )

    def from_waves(self, waves: Array) -> Array:
        """Corner values from cosine amplitudes ``(..., px, py)``."""
        n_even = self.cosine_even.shape[1]
        even = _product(waves[..., :n_even], self.cosine_even.T)
        odd = _product(waves[..., n_even:], self.cosine_odd.T)
        n_half = odd.shape[-1]
        first = even[..., :n_half] + odd
        last = even[..., :n_half] - odd
        return jnp.concatenate([first, even[..., n_half:], jnp.flip(last, -1)], -1)

    def solve_waves(self, waves: Array) -> Array:
        """Amplitudes of the potential from amplitudes of the current: Thomas' algorithm along x."""
        rows = jnp.moveaxis(waves, -2, 0)
        zero = jnp.zeros_like(rows[0])
        off = match(self.off_diagonal, zero)

        def eliminate(previous: Array, row: tuple[Array, Array]) -> tuple[Array, Array]:
            value, pivot = row
            reduced = (value - off * previous) * match(pivot, value)
            return reduced, reduced

        def substitute(following: Array, row: tuple[Array, Array]) -> tuple[Array, Array]:
            reduced, pivot = row
            value = reduced - off * match(pivot, reduced) * following
            return value, value

        _, reduced = jax.lax.scan(eliminate, zero, (rows, self.inverse_pivot))
        _, solved = jax.lax.scan(substitute, zero, (reduced, self.inverse_pivot), reverse=True)
        return jnp.moveaxis(solved, 0, -2)


class ContactTransform(eqx.Module):
    """Cosine amplitudes from and to the contact corners alone, without a full transform.

    Corners that share a few rows (x) are reached through full transforms of those rows, the others
    through the few columns (y) they share: a contact layout needs few of the one or the other.
    """

    rows: Array  # (r,) x of the rows that are transformed whole
    in_rows: tuple[Array, Array]  # row's position and y, of the corners reached through rows
    columns: Array  # (py, s) cosines of the columns
    in_columns: tuple[Array, Array]  # x and column's position, of the remaining corners

    def __init__(
        self,
        cells: tuple[int, int],
        x: np.ndarray,
        y: np.ndarray,
        by_row: np.ndarray,
        dtype: np.dtype,
    ) -> None:
        rows, row_of = np.unique(x[by_row], return_inverse=True)
        columns, column_of = np.unique(y[~by_row], return_inverse=True)
        order = _even_then_odd(cells[1])
        cosine = np.cos(np.pi * np.outer(order, columns) / cells[1])
        self.rows = jnp.asarray(rows, jnp.int32)
        self.in_rows = (jnp.asarray(row_of, jnp.int32), jnp.asarray(y[by_row], jnp.int32))
        self.columns = jnp.asarray(cosine, dtype)
        self.in_columns = (jnp.asarray(x[~by_row], jnp.int32), jnp.asarray(column_of, jnp.int32))

    def sample(self, neumann: NeumannInverse, waves: Array) -> Array:
        """Values at the contact corners ``(c, k)`` of a field given by its amplitudes."""
        whole_rows = neumann.from_waves(waves[:, self.rows])
        whole_columns = _product(waves, self.columns)
        row, y = self.in_rows
        x, column = self.in_columns
        return jnp.concatenate([whole_rows[:, row, y], whole_columns[:, x, column]], axis=-1)

    def inject(self, neumann: NeumannInverse, nodal: Array) -> Array:
        """Amplitudes of currents ``(c, k)`` into the contact corners: the transpose of `sample`."""
        px, py = neumann.inverse_pivot.shape
        batch, split = nodal.shape[0], self.in_rows[0].shape[0]
        empty_rows = jnp.zeros((batch, self.rows.shape[0], py), nodal.dtype)
        empty_columns = jnp.zeros((batch, px, self.columns.shape[1]), nodal.dtype)
        row, y = self.in_rows
        x, column = self.in_columns
        in_rows = empty_rows.at[:, row, y].add(nodal[:, :split])
        in_columns = empty_columns.at[:, x, column].add(nodal[:, split:])
        waves = _product(in_columns, self.columns.T)
        return waves.at[:, self.rows].add(neumann.to_waves(in_rows))


class UniformFilm(eqx.Module):
    """Inverse of the unit-conductance film whose contacts are held at given potentials."""

    neumann: NeumannInverse
    contacts: ContactTransform
    node_x: Array  # (k,) corners on which contacts act
    node_y: Array
    inverse: Array  # (k, k) from potentials to currents that sum to zero
    spread: Array  # (k,) distribution of a unit current over the corners, at one potential
    series: Array  # (k,) resistance between corner and metal, times the sheet conductance
    metal: Array  # (k, n) which contact each corner belongs to
    conductance: Array  # (n, n) between the contacts, over the sheet conductance
    green: Array | None  # (k, k) kept only where `series` is known no sooner than at the solve

    def __init__(
        self,
        cells: tuple[int, int],
        aspect: float,
        nodes: tuple[np.ndarray, np.ndarray],
        owner: np.ndarray,
        series: np.ndarray | None,
        dtype: np.dtype,
    ) -> None:
        by_row = _rows_or_columns(cells, *nodes)
        order = np.argsort(~by_row, kind="stable")
        x, y = nodes[0][order], nodes[1][order]
        self.neumann = NeumannInverse(cells, aspect, dtype)
        self.contacts = ContactTransform(cells, x, y, by_row[order], dtype)
        self.node_x, self.node_y = jnp.asarray(x, jnp.int32), jnp.asarray(y, jnp.int32)
        green = _green_between(cells, aspect, (x, y))
        self.green = jnp.array(green) if series is None else None
        known = np.zeros(x.size) if series is None else series[order]
        self.series = jnp.asarray(known, dtype)
        inverse, spread = _factor_capacitance(green, known)
        self.inverse = jnp.asarray(inverse, dtype)
        self.spread = jnp.asarray(spread, dtype)
        metal = np.eye(owner.max() + 1)[owner[order]]
        self.metal = jnp.asarray(metal, dtype)
        self.conductance = jnp.asarray(metal.T @ inverse @ metal, dtype)

    def with_series(self, series: Array) -> UniformFilm:
        """The same film with other series resistances; factors anew, traceable."""
        assert self.green is not None
        inverse, spread = _factor_capacitance_traced(self.green, series.astype(self.green.dtype))
        dtype = self.inverse.dtype
        metal = self.metal.astype(inverse.dtype)
        conductance = _product(metal.T, _product(inverse, metal))
        return eqx.tree_at(
            lambda film: (film.inverse, film.spread, film.series, film.conductance),
            self,
            tuple(v.astype(dtype) for v in (inverse, spread, series, conductance)),
        )

    def hold(self, potentials: Array) -> Array:
        """Film potential ``(c, px, py)`` for metal potentials ``(c, k)`` on the contact corners."""
        current = _product(potentials, self.inverse)
        waves = self.neumann.solve_waves(self.contacts.inject(self.neumann, current))
        phi = self.neumann.from_waves(waves)
        return phi + self._level(phi, current, potentials)

    def __call__(self, current: Array) -> Array:
        """Film potential for corner currents ``(c, px, py)``, all metal at zero potential."""
        neumann = self.neumann
        drained = -jnp.sum(current, (-2, -1))[:, None] * self.spread[None]
        balanced = neumann.to_waves(current) + self.contacts.inject(neumann, drained)
        waves = neumann.solve_waves(balanced)
        seen = self.contacts.sample(neumann, waves) + self.series[None] * drained
        returned = -_product(seen, self.inverse)
        waves = waves + neumann.solve_waves(self.contacts.inject(neumann, returned))
        phi = neumann.from_waves(waves)
        return phi + self._level(phi, drained + returned, jnp.zeros_like(seen))

    def _level(self, phi: Array, current: Array, potentials: Array) -> Array:
        """The constant that the insulated film leaves open and the metal fixes."""
        gap = potentials - self.series[None] * current - phi[:, self.node_x, self.node_y]
        return (gap @ self.spread)[:, None, None]


def _rows_or_columns(cells: tuple[int, int], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which corners to reach through whole rows, so that rows and columns together cost least."""
    px, py = cells[0] + 1, cells[1] + 1
    on_row = np.bincount(x, minlength=px)[x]
    best, best_cost = np.ones(x.size, bool), np.inf
    for least in np.unique(np.append(on_row, on_row.max() + 1)):
        by_row = on_row >= least
        cost = np.unique(x[by_row]).size * py + np.unique(y[~by_row]).size * px
        if cost < best_cost:
            best, best_cost = by_row, cost
    return best


def _product(left: Array, right: Array) -> Array:
    # Accelerators would otherwise round the factors to 10 bits.
    return jnp.matmul(left, right, precision=jax.lax.Precision.HIGHEST)


def _even_then_odd(ny: int) -> np.ndarray:
    waves = np.arange(ny + 1)
    return np.concatenate([waves[0::2], waves[1::2]])


def _wave_symbols(cells: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stiffness and mass symbols of linear elements, and squared norms of the cosines."""
    stiffness = 2.0 - 2.0 * np.cos(np.pi * np.arange(cells + 1) / cells)
    mass = 1.0 - stiffness / 6.0
    norm = np.full(cells + 1, cells / 2.0)
    norm[[0, -1]] = cells
    return stiffness, mass, norm


def _factor_tridiagonal(nx: int, ny: int, aspect: float) -> tuple[np.ndarray, np.ndarray]:
    """Off-diagonals and inverse pivots of the systems along x, one per wave number along y."""
    stiffness, mass, norm = _wave_symbols(ny)
    along, across = aspect * mass * norm, stiffness * norm / aspect
    off = -along + across / 6.0
    diagonal = 2.0 * along + across * (4.0 / 6.0)
    pivot = np.zeros((nx + 1, ny + 1))
    previous = np.zeros(ny + 1)
    for i in range(nx + 1):
        own = diagonal if 0 < i < nx else 0.5 * diagonal
        value = own - off**2 * previous
        # The constant potential is in the kernel: its last pivot vanishes and is pinned.
        if i == nx:
            value[0] = np.inf
        previous = 1.0 / value
        pivot[i] = previous
    return off, pivot


def _green_between(
    cells: tuple[int, int], aspect: float, nodes: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Potential at contact corner i per unit current into corner j, by the method of images."""
    nx, ny = cells
    kx, mx, norm_x = _wave_symbols(nx)
    ky, my, norm_y = _wave_symbols(ny)
    # In place throughout: what the heap once held, the process keeps.
    weight = np.outer(aspect * kx, my)
    weight += np.outer(mx, ky / aspect)
    weight[0, 0] = np.inf
    # The type-I transform doubles inner entries: halve them to get the plain cosine sum.
    for norm in (norm_x, norm_y):
        norm[1:-1] *= 2.0
    weight *= norm_x[:, None]
    weight *= 4.0 * norm_y
    np.reciprocal(weight, out=weight)
    torus = np.asarray(dctn(weight, type=1, overwrite_x=True))
    x, y = (np.asarray(v, np.int64) for v in nodes)
    green = np.empty((x.size, x.size))
    # In blocks of rows: the index arrays would be four times larger than the result.
    for low in range(0, x.size, 256):
        own = slice(low, low + 256)
        x_images = np.abs(x[own, None] - x), _reflect(x[own, None] + x, nx)
        y_images = np.abs(y[own, None] - y), _reflect(y[own, None] + y, ny)
        green[own] = torus[x_images[0], y_images[0]]
        for i, j in ((0, 1), (1, 0), (1, 1)):
            green[own] += torus[x_images[i], y_images[j]]
    return green


def _reflect(index: np.ndarray, cells: int) -> np.ndarray:
    return np.where(index > cells, 2 * cells - index, index)


def _factor_capacitance(green: np.ndarray, series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve ``(green + diag(series)) λ + level = potentials`` with ``Σλ = 0``, once for all.

    Overwrites ``green``: with thousands of corners a copy would hurt.
    Adding a constant to the Green function changes nothing, because the currents sum to zero;
    the constant is chosen to make the matrix well-conditioned.
    """
    matrix = green.T  # symmetric, and so in the order that LAPACK overwrites
    matrix += 1.0 + matrix.max()
    matrix[np.diag_indices_from(matrix)] += series
    potrf, potri = get_lapack_funcs(("potrf", "potri"), (matrix,))
    factor, failed = potrf(matrix, lower=1, overwrite_a=1, clean=0)
    if failed:  # pragma: no cover - the Green function is positive by construction
        raise np.linalg.LinAlgError("capacitance matrix is not positive definite")
    inverse, _ = potri(factor, lower=1, overwrite_c=1)
    for low in range(0, series.size, 512):
        own = slice(low, low + 512)
        inverse[own, low + 512 :] = inverse[low + 512 :, own].T
        block = np.tril(inverse[own, own])
        inverse[own, own] = block + np.tril(block, -1).T
    row_sums = inverse.sum(axis=1)
    spread = row_sums / row_sums.sum()
    for low in range(0, series.size, 512):
        own = slice(low, low + 512)
        inverse[:, own] -= np.outer(row_sums, spread[own])
    return inverse, spread


def _factor_capacitance_traced(green: Array, series: Array) -> tuple[Array, Array]:
    inverse = jnp.linalg.inv(green + (1.0 + jnp.max(green)) + jnp.diag(series))
    row_sums = jnp.sum(inverse, axis=1)
    spread = row_sums / jnp.sum(row_sums)
    return inverse - jnp.outer(row_sums, spread), spread
