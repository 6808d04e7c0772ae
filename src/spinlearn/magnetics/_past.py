"""A field that changes slowly, carried on from where it was evaluated lately.

The demagnetizing field is the dearest term and the smoothest in time: what limits the step is
exchange. Evaluated once a step and extrapolated to the stages of the next one, it costs a quarter.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

Array = jax.Array

# Fields kept: a cubic through four points has the order of the Runge–Kutta method that uses it.
_KEPT = 4


class Past(NamedTuple):
    """Latest values of a field, newest first, and how long ago they were, s."""

    fields: tuple[Array, ...]
    ages: Array  # (kept,), infinite where there is no value yet


def begin(field: Array) -> Past:
    """A past that knows the present only."""
    ages = jnp.full(_KEPT, jnp.inf, field.dtype).at[0].set(0)
    return Past((field,) * _KEPT, ages)


def remember(past: Past, field: Array, step: Array) -> Past:
    """The past after a step that ended with this field."""
    ages = jnp.concatenate([jnp.zeros(1, past.ages.dtype), past.ages[:-1] + step])
    return Past((field, *past.fields[:-1]), ages)


def extrapolate(past: Past, ahead: Array) -> Array:
    """The polynomial through all known values, a time ahead of the present (s)."""
    weights = _lagrange(past.ages, ahead)
    total = weights[0] * past.fields[0]
    for weight, field in zip(weights[1:], past.fields[1:], strict=True):
        total = total + weight * field
    return total


def _lagrange(ages: Array, ahead: Array) -> list[Array]:
    known = jnp.isfinite(ages)
    safe = jnp.where(known, ages, 0)
    weights = []
    for q in range(_KEPT):
        weight = known[q].astype(ages.dtype)
        for p in range(_KEPT):
            if p != q:
                both = known[p] & known[q]
                distance = jnp.where(both, safe[p] - safe[q], 1)
                weight = weight * jnp.where(both, (ahead + safe[p]) / distance, 1)
        weights.append(weight)
    return weights
