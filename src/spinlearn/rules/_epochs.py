"""Epochs of a rule: patterns are presented again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_count, as_leaf, require_values
from spinlearn.rules._inputs import as_presented, as_rate, as_weights, without_diagonal

Array = jax.Array
Step = Callable[[Array, Array, Array], Array]


def train(
    step: Step,
    patterns: Array,
    initial: Any,
    rate: Any,
    epochs: Any,
    tolerance: Any,
    *,
    together: bool,
    diagonal: bool,
) -> Array:
    """Weights after epochs of a step that takes weights, patterns ``(k, n)`` and the rate."""
    n = patterns.shape[1]
    if initial is None:
        begin = jnp.eye(n, dtype=patterns.dtype) / 10
    else:
        begin = as_weights(initial, n, "initial")
    known = patterns.astype(begin.dtype)
    count = as_count(epochs, "epochs", 0, "an integer >= 0", "Pass the number of epochs.")
    least = as_leaf(tolerance, "tolerance", "1 (no unit)").astype(begin.dtype)
    require_values(lambda t: t >= 0, "tolerance", least, "a number >= 0", "Pass 0 to never stop.")
    limit = jnp.asarray(min(count, 2**31 - 1), jnp.int32)
    speed = as_rate(safe_rate(known, together) if rate is None else rate, begin.dtype)
    return _train(step, together, diagonal, begin, known, speed, limit, least)


def present(step: Step, weights: Any, patterns: Any, rate: Any) -> Array:
    """Weights after one step, of what a user gives: a pattern ``(n,)``, or several."""
    before = as_weights(weights)
    shown = as_presented(patterns, before.shape[0]).astype(before.dtype)
    return step(before, shown, as_rate(rate, before.dtype))


def safe_rate(patterns: Array, together: bool) -> Array:
    """A rate at which no mode overshoots: 1/(2 max ‖ξ‖²) for a mean, a fifth of it one by one.

    One by one, patterns at half the inverse of their squared length turn symmetric weights over:
    in a quarter of the sets of 5 patterns of 35 nodes and overlap 0.5 an eigenvalue of the
    subspace rule ended at −1; at a tenth, in none of 200 sets of overlap 0.5 or 0.8.
    """
    return (0.5 if together else 0.1) / jnp.max(jnp.sum(patterns * patterns, axis=1))


@partial(jax.jit, static_argnums=(0, 1, 2))
def _train(
    step: Step,
    together: bool,
    diagonal: bool,
    begin: Array,
    patterns: Array,
    rate: Array,
    limit: Array,
    tolerance: Array,
) -> Array:
    presented = patterns[None] if together else patterns[:, None]

    def present(weights: Array, shown: Array) -> tuple[Array, None]:
        return step(weights, shown, rate), None

    def epoch(now: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        before, done, _ = now
        after, _ = jax.lax.scan(present, before, presented)
        return after, done + 1, jnp.max(jnp.abs(after - before)) > tolerance

    def goes_on(now: tuple[Array, Array, Array]) -> Array:
        return now[2] & (now[1] < limit)

    start = (begin, jnp.asarray(0, jnp.int32), jnp.asarray(np.True_))
    weights, _, _ = jax.lax.while_loop(goes_on, epoch, start)
    return weights if diagonal else without_diagonal(weights)
