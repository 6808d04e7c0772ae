"""Embedded Runge–Kutta pairs, and a step of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import jax
import jax.numpy as jnp

Array = jax.Array
Rate = Callable[[Array, Array], Array]  # (time since the step's start, m) -> dm/dt


@dataclass(frozen=True)
class Tableau:
    """Coefficients of a pair whose last stage is the first of the next step (FSAL)."""

    nodes: tuple[float, ...]
    stages: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]
    error: tuple[float, ...]  # weights of the difference to the embedded solution; last: FSAL
    order: int
    error_order: int  # power of the step in the estimated error


# The classical method resolves oscillations up to ω h = 2.83 with four rates a step: 0.71 a rate,
# where Dormand and Prince's reaches 0.17. Exchange-stiff precession is limited by just that. The
# rate at the step's end, due anyway, replaces the fourth stage in an embedded third-order method.
RK4 = Tableau(
    nodes=(0.0, 0.5, 0.5, 1.0),
    stages=((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)),
    weights=(1 / 6, 1 / 3, 1 / 3, 1 / 6),
    error=(0.0, 0.0, 0.0, 1 / 6, -1 / 6),
    order=4,
    error_order=4,
)

BOGACKI_SHAMPINE = Tableau(
    nodes=(0.0, 1 / 2, 3 / 4),
    stages=((), (1 / 2,), (0.0, 3 / 4)),
    weights=(2 / 9, 1 / 3, 4 / 9),
    error=(2 / 9 - 7 / 24, 1 / 3 - 1 / 4, 4 / 9 - 1 / 3, -1 / 8),
    order=3,
    error_order=3,
)

DORMAND_PRINCE = Tableau(
    nodes=(0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0),
    stages=(
        (),
        (1 / 5,),
        (3 / 40, 9 / 40),
        (44 / 45, -56 / 15, 32 / 9),
        (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
        (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    ),
    weights=(35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
    error=(
        35 / 384 - 5179 / 57600,
        0.0,
        500 / 1113 - 7571 / 16695,
        125 / 192 - 393 / 640,
        -2187 / 6784 + 92097 / 339200,
        11 / 84 - 187 / 2100,
        -1 / 40,
    ),
    order=5,
    error_order=5,
)

METHODS = MappingProxyType(
    {
        "rk4": RK4,
        "rk4-split": RK4,
        "bogacki-shampine": BOGACKI_SHAMPINE,
        "dormand-prince": DORMAND_PRINCE,
    }
)


def advance(
    method: Tableau, rate: Rate, m: Array, first: Array, step: Array
) -> tuple[Array, list[Array]]:
    """Unit vectors a step later, and the rates of the stages; ``first`` is the rate at m."""
    rates = [first]
    for node, row in zip(method.nodes[1:], method.stages[1:], strict=True):
        rates.append(rate(node * step, m + _combine(row, rates, step)))
    return normalize(m + _combine(method.weights, rates, step)), rates


def step_error(method: Tableau, rates: list[Array], last: Array, step: Array) -> Array:
    """Largest error of a cell's vector in a step; ``last`` is the rate at its end."""
    error = _combine(method.error, [*rates, last], step)
    return jnp.sqrt(jnp.max(jnp.sum(error * error, axis=0)))


def _combine(weights: tuple[float, ...], rates: list[Array], step: Array) -> Array:
    total = None
    for weight, rate in zip(weights, rates, strict=True):
        if weight != 0.0:
            term = (weight * step) * rate
            total = term if total is None else total + term
    assert total is not None
    return total


def normalize(m: Array) -> Array:
    """Unit vectors; zero stays zero (empty cells)."""
    square = jnp.sum(m * m, axis=0, keepdims=True)
    empty = square == 0
    return jnp.where(empty, 0, m * jax.lax.rsqrt(jnp.where(empty, 1, square)))
