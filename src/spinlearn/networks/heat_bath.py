"""Recall at a temperature: the heat bath, also called Glauber dynamics."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_count, as_leaf, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.networks._plan import Plan, as_plan
from spinlearn.networks._states import as_square, as_states
from spinlearn.networks._sweep import rounding, sweep
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array


class ThermalRecalls(eqx.Module):
    """Where a network was at a temperature.

    Parameters
    ----------
    states
        States after the last sweep, ``(m, n)``, −1 or 1 (no unit).
    mean
        Mean of the states over the sweeps that count, ``(m, n)`` (no unit).

    Examples
    --------
    >>> from spinlearn.networks import recall_thermal
    >>> ferromagnet = (jnp.ones((8, 8)) - jnp.eye(8)) / 8
    >>> cold = recall_thermal(ferromagnet, jnp.ones((1, 8)), 0.01, key=jax.random.key(0))
    >>> cold.mean.tolist()
    [[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]
    """

    states: Float[Array, "m n"]
    mean: Float[Array, "m n"]


def recall_thermal(
    weights: Any,
    probes: Any,
    temperature: Any,
    *,
    key: Key,
    order: Any = None,
    sweeps: int = 100,
    discard: int = 0,
) -> ThermalRecalls:
    """States of a network at a temperature, its nodes updated one after the other.

    Node i becomes 1 with probability ``1 / (1 + exp(−2 h_i / T))``, ``h_i = Σ_{j≠i} W_ij s_j``:
    the sign of the field plus T/2 times logistic noise. With symmetric weights, states come to be
    distributed as ``exp(−E/T)``, ``E = −½ sᵀWs``; the diagonal does not count. At T = 0 this is
    `recall_asynchronous` without diagonal.

    Parameters
    ----------
    weights
        Weights, ``(n, n)`` (S or no unit). They set the precision.
    probes
        States to start from, ``(m, n)``, −1 or 1 (no unit).
    temperature
        k_B T in the unit of the weights: one number, or one for every probe, ``(m,)``; >= 0.
    key
        Random key of the noise, and of a new random order for every sweep.
    order
        The nodes in the order of their updates in all sweeps, ``(n,)``, in place of random ones.
    sweeps
        Number of sweeps.
    discard
        How many of the first sweeps do not count in the mean.

    Returns
    -------
    ThermalRecalls
        Last states, and their mean over the sweeps (no unit).

    Raises
    ------
    SpinlearnValueError
        If the shapes differ, probes are not ±1, weights are not finite, the temperature is
        negative, or no sweep is left for the mean.

    References
    ----------
    R. J. Glauber, J. Math. Phys. 4, 294 (1963); D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys.
    Rev. A 32, 1007 (1985).

    Examples
    --------
    >>> free = recall_thermal(jnp.zeros((2, 2)), jnp.ones((1, 2)), 1.0, key=jax.random.key(0))
    >>> bool(jnp.all(jnp.abs(free.mean) < 0.5))
    True
    """
    matrix = as_square(weights, "weights", "S or no unit")
    start = as_states(probes, "probes", matrix.shape[0], "(p, n)").astype(matrix.dtype)
    plan = as_plan(order, key, None, sweeps, matrix)
    skipped = as_count(discard, "discard", 0, "an integer >= 0", "Pass a number of sweeps.")
    if skipped >= int(sweeps):
        raise SpinlearnValueError(
            "discard", discard, f"less than the {sweeps} sweeps", "Do more sweeps."
        )
    heat = _as_temperature(temperature, start)
    return _recall(matrix, start, heat, plan, key, jnp.asarray(skipped, jnp.int32))


def _as_temperature(value: Any, probes: Array) -> Array:
    """One for every probe, ``(m,)``."""
    heat = as_leaf(value, "temperature", "the unit of the weights")
    m = probes.shape[0]
    allowed = f"one number >= 0, or shape ({m},), in the unit of the weights"
    if heat.shape not in ((), (m,)):
        raise SpinlearnValueError("temperature", f"shape {heat.shape}", allowed, "Pass one number.")
    require_values(
        lambda t: np.isfinite(t) & (t >= 0), "temperature", heat, allowed, "Zero is no noise."
    )
    return jnp.broadcast_to(heat.astype(probes.dtype), (m,))


@eqx.filter_jit
def _recall(
    weights: Array, start: Array, heat: Array, plan: Plan, key: Key, skipped: Array
) -> ThermalRecalls:
    m, n = start.shape
    own, ties = jnp.diagonal(weights), rounding(weights)

    def once(index: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
        states, total = now
        drawn = jax.random.logistic(stream(key, "heat bath", index), (n, m), start.dtype)
        noise = 0.5 * heat[None, :] * drawn
        after = sweep(weights, states, plan.nodes(index, n), ties, own, noise)
        return after, total + jnp.where(index < skipped, 0, after)

    begin = (start.T, jnp.zeros((n, m), start.dtype))
    states, total = jax.lax.fori_loop(0, plan.sweeps, once, begin)
    return ThermalRecalls(states.T, total.T / (plan.sweeps - skipped).astype(start.dtype))
