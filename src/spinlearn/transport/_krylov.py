"""Krylov iterations for a stack of potentials, preconditioned by the uniform film.

The spectrum of the preconditioned operator lies between the smallest and largest eigenvalue of
the local conductivity, whatever the mesh: the contrast alone sets the number of iterations. Both
iterations stop on a bound of the remaining energy error, which is the error of a conductance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

Array = jax.Array
Operator = Callable[[Array], Array]
# The preconditioner works in single precision: one step never gains more than this factor.
_SINGLE = 1e-5
Bound = Callable[[Array, Array, Array], Array]


class KrylovResult(NamedTuple):
    """Correction, iterations done, and the bound of each column's energy error."""

    correction: Array  # (c, px, py)
    iterations: Array  # ()
    error: Array  # (c,) same unit as the scale
    scale: Array  # (c,) what the tolerance was measured against


def conjugate_gradients(
    operator: Operator,
    inverse: Operator,
    residual: Array,
    *,
    scale: Array | None,
    tolerance: Array,
    contrast: Array,
    most: int,
    sharper: Bound | None = None,
    known: Array | None = None,
) -> KrylovResult:
    """Solve ``operator(x) = residual`` for a symmetric operator.

    ``scale`` (c,) is the power against which ``tolerance`` measures the squared energy norm of
    the error; without it, the first step's own gain. After a step that lowered the energy by
    ``d``, the error left is at most ``q d / (1 - q)``, with ``q = ((κ-1)/(κ+1))²`` and κ the
    contrast of the conductivity. ``sharper(z, p, α)``, if given, is another bound, from the
    latest step itself; ``known`` (c,) bounds the error of the start, which may be small enough.
    """
    factor = _step_bound(contrast, residual.dtype)
    floor = jnp.asarray(_SINGLE**2, residual.dtype)

    class State(NamedTuple):
        x: Array
        r: Array
        p: Array
        kp: Array
        rz: Array
        error: Array
        scale: Array
        k: Array

    def unfinished(s: State) -> Array:
        return (s.k < most) & jnp.any(s.error > tolerance * s.scale)

    def step(s: State) -> State:
        z = inverse(s.r)
        rz = _dot(s.r, z)
        p = z + _column(_ratio(rz, s.rz)) * s.p
        kp = operator(p)
        alpha = _ratio(rz, _dot(p, kp))
        gain = alpha * rz
        own = s.scale if scale is not None else jnp.maximum(s.scale, gain)
        x, r = s.x + _column(alpha) * p, s.r - _column(alpha) * kp
        error = factor * gain
        if sharper is not None:
            error = jnp.minimum(error, sharper(z, p, alpha) + floor * gain)
        return State(x, r, p, kp, rz, error, own, s.k + 1)

    # kp is carried only to make XLA store it: fused into the reduction behind it, the operator
    # was seen to cost ten times as much.
    nothing = jnp.zeros_like(residual)
    ones = jnp.ones(residual.shape[0], residual.dtype)
    own = 0 * ones if scale is None else scale
    error = jnp.inf * ones if known is None else known
    start = State(nothing, residual, nothing, nothing, 0 * ones, error, own, jnp.asarray(0))
    end = jax.lax.while_loop(unfinished, step, start)
    return KrylovResult(end.x, end.k, end.error, end.scale)


def conjugate_residuals(
    operator: Operator,
    inverse: Operator,
    residual: Array,
    *,
    scale: Array | None,
    tolerance: Array,
    contrast: Array,
    most: int,
) -> KrylovResult:
    """The same for a non-symmetric operator (Hall effect): truncated GCR in the dual norm.

    Each step minimises the dual norm of the residual over the two latest directions; for an
    operator with positive symmetric part it never stalls. ``‖e‖ ≤ ‖r‖* κ`` bounds the error.
    """

    class State(NamedTuple):
        x: Array
        r: Array
        z: Array
        p: Array
        kp: Array
        mkp: Array
        norm: Array
        error: Array
        k: Array

    def unfinished(s: State) -> Array:
        return (s.k < most) & jnp.any(s.error > tolerance * own)

    def step(s: State) -> State:
        kz = operator(s.z)
        mkz = inverse(kz)
        beta = _column(_ratio(_dot(kz, s.mkp), s.norm))
        p, kp, mkp = s.z - beta * s.p, kz - beta * s.kp, mkz - beta * s.mkp
        norm = _dot(kp, mkp)
        alpha = _column(_ratio(_dot(s.r, mkp), norm))
        x, r = s.x + alpha * p, s.r - alpha * kp
        # Anew, not by recurrence: the rounding of a single-precision inverse would pile up.
        z = inverse(r)
        return State(x, r, z, p, kp, mkp, norm, contrast * jnp.abs(_dot(r, z)), s.k + 1)

    nothing = jnp.zeros_like(residual)
    ones = jnp.ones(residual.shape[0], residual.dtype)
    z = inverse(residual)
    first = jnp.abs(_dot(residual, z))
    own = first if scale is None else scale
    start = State(
        nothing, residual, z, nothing, nothing, nothing, 0 * ones, contrast * first, jnp.asarray(0)
    )
    end = jax.lax.while_loop(unfinished, step, start)
    return KrylovResult(end.x, end.k, end.error, own)


def _step_bound(contrast: Array, dtype: jnp.dtype) -> Array:
    rate = (contrast - 1) / (contrast + 1) + jnp.asarray(_SINGLE, dtype)
    q = rate**2
    return q / (1 - q)


def _dot(left: Array, right: Array) -> Array:
    return jnp.sum(left * right, axis=(-2, -1))


def _column(values: Array) -> Array:
    return values[:, None, None]


def _ratio(top: Array, bottom: Array) -> Array:
    """A quotient that is zero where there is nothing left to divide."""
    empty = bottom == 0
    return jnp.where(empty, 0, top / jnp.where(empty, 1, bottom))
