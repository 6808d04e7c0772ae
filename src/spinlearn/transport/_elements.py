"""Bilinear (Q1) finite elements of ∇·(σ∇φ) on the corners of rectangular cells.

In a cell with corner values u the gradient of the bilinear interpolant is spanned by three
modes: the mean difference along x (``a``), along y (``b``) and the twist (``c``). With sheet
conductances s = ∫σ dz scaled by the cell's aspect, the dissipated power is, exactly,

    P = s_xx a² + s_yy b² + (s_xy + s_yx) a b + (s_xx + s_yy) c²/12,

and the antisymmetric (Hall) part couples a and b only. Everything here works on differences of
potentials, never on potentials, so that a constant potential carries exactly no current.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

Array = jax.Array


class CellModes(NamedTuple):
    """Mean difference along x, along y, and twist of corner values, each ``(..., nx, ny)``."""

    a: Array
    b: Array
    c: Array


class CellConductance(NamedTuple):
    """Sheet conductances scaled by the cell's aspect, S, each ``(nx, ny)``."""

    xx: Array
    xy: Array
    yx: Array
    yy: Array

    def transpose(self) -> CellConductance:
        """The conductances of the adjoint (time-reversed) problem."""
        return CellConductance(self.xx, self.yx, self.xy, self.yy)


def scale_conductance(sheet: Array, aspect: Array) -> CellConductance:
    """Scale a sheet-conductance tensor ``(2, 2, nx, ny)`` by ``aspect = dy/dx``."""
    return CellConductance(sheet[0, 0] * aspect, sheet[0, 1], sheet[1, 0], sheet[1, 1] / aspect)


def cell_modes(u: Array) -> CellModes:
    """Modes of corner values ``(..., nx+1, ny+1)``."""
    u00, u10 = u[..., :-1, :-1], u[..., 1:, :-1]
    u01, u11 = u[..., :-1, 1:], u[..., 1:, 1:]
    return CellModes(
        0.5 * ((u11 - u01) + (u10 - u00)),
        0.5 * ((u11 - u10) + (u01 - u00)),
        (u11 - u10) - (u01 - u00),
    )


def match(field: Array, stack: Array) -> Array:
    """A field with as many leading axes of length one as a stack of fields has more."""
    return field.reshape((1,) * (stack.ndim - field.ndim) + field.shape)


def cell_fluxes(s: CellConductance, m: CellModes) -> CellModes:
    """Currents conjugate to the modes."""
    s = CellConductance(*(match(v, m.a) for v in s))
    return CellModes(
        s.xx * m.a + s.xy * m.b,
        s.yx * m.a + s.yy * m.b,
        (s.xx + s.yy) * (m.c / 12.0),
    )


def apply_stiffness(s: CellConductance, u: Array) -> Array:
    """Current drawn out of every corner, ``K u``, for corner values ``(..., nx+1, ny+1)``."""
    # Barriers: XLA would otherwise recompute u once per corner of a cell, and the sum per use.
    f = cell_fluxes(s, cell_modes(jax.lax.optimization_barrier(u)))
    a, b = 0.5 * f.a, 0.5 * f.b
    corners = (
        (a + b + f.c, (1, 0), (1, 0)),
        (f.c - a - b, (0, 1), (0, 1)),
        (a - b - f.c, (1, 0), (0, 1)),
        (b - a - f.c, (0, 1), (1, 0)),
    )
    untouched = [(0, 0)] * (u.ndim - 2)
    total = None
    for value, pad_x, pad_y in corners:
        padded = jnp.pad(value, [*untouched, pad_x, pad_y])
        total = padded if total is None else total + padded
    assert total is not None
    return jax.lax.optimization_barrier(total)


def complementary_power(s: CellConductance, flux: CellModes) -> Array:
    """Power of cell currents ``(c, nx, ny)`` in the (symmetric) conductances: ``(c,)``.

    By Thomson's principle it bounds from above the squared energy norm of the potential that
    any currents with the same divergence would drive.
    """
    s = CellConductance(*(match(v, flux.a) for v in s))
    det = s.xx * s.yy - s.xy * s.xy
    filled = det > 0
    a, b, c = flux
    in_plane = (s.yy * a * a - 2 * s.xy * a * b + s.xx * b * b) / jnp.where(filled, det, 1)
    twist = 12 * c * c / jnp.where(filled, s.xx + s.yy, 1)
    # As a matrix product, XLA stores the summand; fused into a reduction it cost ten times more.
    ones = jnp.ones((det.shape[-1], 2), det.dtype)
    return jnp.sum(jnp.matmul(in_plane + twist, ones)[..., 0], axis=-1)


def largest_ratio(one: CellConductance, other: CellConductance) -> Array:
    """Largest factor, over cells and directions, by which one film conducts better than another."""
    det, det_one = (s.xx * s.yy - s.xy * s.xy for s in (other, one))
    filled = det > 0
    safe = jnp.where(filled, det, 1)
    trace = (other.yy * one.xx + other.xx * one.yy - 2 * other.xy * one.xy) / safe
    root = jnp.sqrt(jnp.maximum(trace**2 - 4 * det_one / safe, 0))
    return jnp.max(jnp.where(filled, 0.5 * (trace + root), 0))


def contract(left: Array, right: Array) -> Array:
    """All inner products of two stacks of corner fields: ``(i, j)``."""
    return jnp.einsum("ixy,jxy->ij", left, right, precision=jax.lax.Precision.HIGHEST)


def corner_average(cells: Array) -> Array:
    """Mean of the positive values among the (up to four) cells around every corner."""
    present = (cells > 0).astype(cells.dtype)
    return _corner_sum(cells) / jnp.maximum(_corner_sum(present), 1)


def _corner_sum(cells: Array) -> Array:
    p = jnp.pad(cells, 1)
    return p[1:, 1:] + p[:-1, 1:] + p[1:, :-1] + p[:-1, :-1]
