"""Heun's scheme for the stochastic Landau–Lifshitz–Gilbert equation of many single spins."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn.junctions._increments import STEPS_PER_WORD, Vector, block_of_increments
from spinlearn.typing import Key

Array = jax.Array


class Parameters(NamedTuple):
    """Of the equation: angles per field and time in m/(A s), fields in A/m, per member or not."""

    damping: Array
    ratio: Array
    anisotropy: Array
    easy_axis: Array
    easy_plane: Array
    normal: Array
    constant: Array
    torque: Array
    fixed: Array
    heat: Array

    @property
    def numbers(self) -> tuple[Array, ...]:
        """Those without direction."""
        return (
            self.damping,
            self.ratio,
            self.anisotropy,
            self.easy_plane,
            self.torque,
            self.heat,
        )


class _Step(NamedTuple):
    """The same with the turn of a step, an angle per A/m, and the field of its noise."""

    of: Parameters
    turn: Array
    noise: Array


def _rate(step: _Step, m: Vector, noise: Vector) -> Vector:
    """Change of m in one step, with the field of the noise held."""
    of = step.of
    along = of.anisotropy * _dot(m, of.easy_axis)
    across = of.easy_plane * _dot(m, of.normal)
    twist = _cross(m, of.fixed)
    field = tuple(
        of.constant[c]
        + noise[c]
        + along * of.easy_axis[c]
        - across * of.normal[c]
        + of.torque * twist[c]
        for c in range(3)
    )
    turned, inward = _cross(m, field), of.damping * _dot(m, field)
    x, y, z = (-step.turn * (turned[c] + inward * m[c] - of.damping * field[c]) for c in range(3))
    return x, y, z


def _heun(step: _Step, m: Vector, increments: Vector) -> Vector:
    """One step, back on the unit sphere."""
    x, y, z = (step.noise * increment for increment in increments)
    noise = (x, y, z)
    first = _rate(step, m, noise)
    guess = (m[0] + first[0], m[1] + first[1], m[2] + first[2])
    second = _rate(step, guess, noise)
    half = jnp.asarray(0.5, m[0].dtype)
    x, y, z = (m[c] + half * (first[c] + second[c]) for c in range(3))
    scale = jax.lax.rsqrt(x * x + y * y + z * z)
    return x * scale, y * scale, z * scale


@eqx.filter_jit
def run(
    parameters: Parameters,
    interval: Array,
    start: Array,
    key: Key,
    first: Array,
    steps: Array,
    kind: str,
    records: int,
    known: int | None = None,
) -> tuple[Array, Array | None]:
    """Unit vectors after the steps, or after every record of so many steps and those records.

    With the number of steps known when compiled, derivatives in reverse pass through.
    """
    angle = parameters.ratio * interval
    # The thermal field's variance is 2α k_B T/(μ0 M) over the angle: all within float32's range.
    variance = 2 * parameters.damping * parameters.heat / angle
    warm = variance > 0  # the root has no derivative at zero
    kernel = _Step(
        parameters,
        angle / (1 + parameters.damping**2),
        jnp.where(warm, jnp.sqrt(jnp.where(warm, variance, 1)), 0).astype(variance.dtype),
    )
    begin = (start[0], start[1], start[2])

    def advance(m: Vector, now: Array) -> Vector:
        if known is None:
            return _advance(kernel, m, key, now, now + steps, kind)
        return _retraced(kernel, m, key, now, known, kind)

    if not records:
        return jnp.stack(advance(begin, first)), None

    def record(m: Vector, k: Array) -> tuple[Vector, Array]:
        m = advance(m, first + k * steps)
        return m, jnp.stack(m)

    end, saved = jax.lax.scan(record, begin, jnp.arange(records, dtype=jnp.uint32))
    return jnp.stack(end), saved


def _advance(kernel: _Step, m: Vector, key: Key, first: Array, last: Array, kind: str) -> Vector:
    """Steps from the first up to, not with, the last; blocks of steps share random words."""
    size = jnp.asarray(STEPS_PER_WORD[kind], jnp.uint32)

    def block(index: Array, m: Vector) -> Vector:
        increments = block_of_increments(kind, key, index, m[0])

        def one(step: Array, m: Vector) -> Vector:
            return _heun(kernel, m, increments(step))

        if STEPS_PER_WORD[kind] == 1:
            return one(jnp.zeros((), jnp.uint32), m)
        begin = jnp.maximum(first, index * size) - index * size
        end = jnp.minimum(last, (index + 1) * size) - index * size
        return jax.lax.fori_loop(begin, end, one, m)

    return jax.lax.fori_loop(first // size, (last + size - 1) // size, block, m)


def _retraced(kernel: _Step, m: Vector, key: Key, first: Array, steps: int, kind: str) -> Vector:
    """The same for derivatives in reverse: keeps every √steps-th state, computes others again."""
    size = jnp.asarray(STEPS_PER_WORD[kind], jnp.uint32)
    length = math.isqrt(steps - 1) + 1

    def one(m: Vector, k: Array) -> tuple[Vector, None]:
        now = first + k
        increments = block_of_increments(kind, key, now // size, m[0])(now % size)
        ahead = _heun(kernel, m, increments)
        inside = k < steps  # the last stretch may be longer than what is left
        x, y, z = (jnp.where(inside, b, a) for a, b in zip(m, ahead, strict=True))
        return (x, y, z), None

    @jax.checkpoint
    def stretch(m: Vector, begin: Array) -> tuple[Vector, None]:
        return jax.lax.scan(one, m, begin + jnp.arange(length, dtype=jnp.uint32))

    begins = jnp.arange(0, steps, length, dtype=jnp.uint32)
    return jax.lax.scan(stretch, m, begins)[0]


def _dot(a: Any, b: Any) -> Array:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Any, b: Any) -> Vector:
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )
