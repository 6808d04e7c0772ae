"""The likelihood of a trace that flips between two levels, seen through white noise.

Parameters are six numbers: two levels, the logarithms of the noise at each, and those of the rates
out of each, per sample. All in scaled numbers, and in float64 whatever the process uses: sums over
a million samples are differenced.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.experimental
import jax.numpy as jnp
import numpy as np

Array = jax.Array

_HESSIAN_STEP = 1e-4
# Of JAX before it was public: the same in jax.experimental.
_home: Any = jax if hasattr(jax, "enable_x64") else jax.experimental
_in_double = _home.enable_x64


def log_likelihood(parameters: Array, trace: Array) -> Array:
    """Sum over the trace, by the forward recursion."""
    return jnp.sum(_forward(parameters, trace)[0])


@jax.jit
def _value_and_slope(parameters: Array, trace: Array) -> tuple[Array, Array]:
    return jax.value_and_grad(lambda p: -log_likelihood(p, trace))(parameters)


@jax.jit
def _look(parameters: Array, trace: Array) -> tuple[Array, Array]:
    """Cumulative probability of every sample given those before; of the high level given all."""
    _, forward, predicted = _forward(parameters, trace)
    levels, noise = parameters[:2], jnp.exp(parameters[2:4])
    scores = (trace[:, None] - levels[None, :]) / noise[None, :]
    below = jnp.sum(predicted * jax.scipy.stats.norm.cdf(scores), axis=1)
    moves = _moves(parameters)

    def back(after: Array, at: tuple[Array, Array]) -> tuple[Array, Array]:
        # Of both levels, given all samples: by Rauch's form, from filtered and predicted ones.
        here, expected = at
        found = here * (moves @ (after / expected))
        return found, found

    _, earlier = jax.lax.scan(back, forward[-1], (forward[:-1], predicted[1:]), reverse=True)
    smoothed = jnp.concatenate([earlier, forward[-1:]])
    return below, smoothed[:, 1] / jnp.sum(smoothed, axis=1)


def _moves(parameters: Array) -> Array:
    """Probabilities ``(from, to)`` over one sample, of the chain in continuous time."""
    rates = jnp.exp(parameters[4:])
    total = jnp.sum(rates)
    # To the other state: π_other (1 - e^-κ).
    forget = -jnp.expm1(-total)
    up, down = rates[0] / total * forget, rates[1] / total * forget
    return jnp.stack([jnp.stack([1 - up, up]), jnp.stack([down, 1 - down])])


def _forward(parameters: Array, trace: Array) -> tuple[Array, Array, Array]:
    """Log-likelihood of every sample; probabilities of the levels after it, and before it."""
    levels, logs = parameters[:2], parameters[2:4]
    scores = (trace[:, None] - levels[None, :]) * jnp.exp(-logs)[None, :]
    density = -0.5 * scores * scores - logs[None, :] - 0.5 * np.log(2 * np.pi)
    largest = jnp.max(density, axis=1)
    likely = jnp.exp(density - largest[:, None])
    moves = _moves(parameters)
    rates = jnp.exp(parameters[4:])
    start = jnp.stack([rates[1], rates[0]]) / jnp.sum(rates)

    def step(before: Array, weight: Array) -> tuple[Array, tuple[Array, Array, Array]]:
        joint = before * weight
        total = jnp.sum(joint)
        now = joint / total
        return now @ moves, (total, now, before)

    _, (totals, now, before) = jax.lax.scan(step, start, likely)
    return jnp.log(totals) + largest, now, before


def slope(parameters: np.ndarray, trace: np.ndarray) -> tuple[float, np.ndarray]:
    """Negative log-likelihood and its gradient."""
    with _in_double(True):
        value, found = _value_and_slope(*_doubles(parameters, trace))
        return float(value), np.array(found, np.float64)


def look(parameters: np.ndarray, trace: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cumulative probability of every sample, and probability of the high level."""
    with _in_double(True):
        below, high = _look(*_doubles(parameters, trace))
        return np.array(below, np.float64), np.array(high, np.float64)


def information(parameters: np.ndarray, trace: np.ndarray) -> np.ndarray:
    """Observed information, by central differences of the gradient."""
    columns = []
    for k in range(len(parameters)):
        step = np.zeros(len(parameters))
        step[k] = _HESSIAN_STEP
        up, down = slope(parameters + step, trace)[1], slope(parameters - step, trace)[1]
        columns.append((up - down) / (2 * _HESSIAN_STEP))
    found = np.array(columns)
    return 0.5 * (found + found.T)


def _doubles(*values: Any) -> list[Array]:
    return [jnp.asarray(np.asarray(value, np.float64)) for value in values]
