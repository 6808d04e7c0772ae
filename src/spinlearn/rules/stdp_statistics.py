"""What the stochastic binary rule leads to, exactly: a chain of two states."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_count, as_leaf, require_values
from spinlearn.rules._inputs import as_probability

Array = jax.Array


def stdp_stationary(active: Any, potentiation: Any, depression: Any) -> Float[Array, "*shape"]:
    """Probability that a junction is on after many spikes, ``q p₊ / (q p₊ + (1 − q) p₋)``.

    Exact if the input is active with the same probability q at every spike of the neuron,
    independently of what it was at earlier ones.

    Parameters
    ----------
    active
        Probability q that the input counts as active when the neuron fires (no unit).
    potentiation, depression
        Switching probabilities p₊ and p₋ of one pulse (no unit); all three broadcast.

    Returns
    -------
    Array
        Probability (no unit); NaN where nothing ever switches and the first state stays.

    Raises
    ------
    SpinlearnValueError
        If a probability is out of range.

    Examples
    --------
    >>> float(stdp_stationary(0.25, 0.3, 0.1))
    0.5
    """
    q, up, down = _as_probabilities(active, potentiation, depression)
    return _stationary(q, up, down)


def stdp_relaxation(active: Any, potentiation: Any, depression: Any) -> Float[Array, "*shape"]:
    """Factor by which the mean state nears its stationary value with every spike of the neuron.

    ``1 − q p₊ − (1 − q) p₋``, never negative. About one over the distance from 1 spikes are
    remembered.

    Parameters
    ----------
    active
        Probability q that the input counts as active when the neuron fires (no unit).
    potentiation, depression
        Switching probabilities p₊ and p₋ of one pulse (no unit); all three broadcast.

    Returns
    -------
    Array
        Factor, from 0 to 1 (no unit).

    Raises
    ------
    SpinlearnValueError
        If a probability is out of range.

    Examples
    --------
    >>> round(float(stdp_relaxation(0.25, 0.3, 0.1)), 6)
    0.85
    """
    q, up, down = _as_probabilities(active, potentiation, depression)
    return 1 - _rate(q, up, down)


def stdp_probability(
    spikes: Any, initial: Any, active: Any, potentiation: Any, depression: Any
) -> Float[Array, "*shape"]:
    """Probability that a junction is on after n spikes of its neuron.

    ``P + λⁿ (P₀ − P)`` with P of `stdp_stationary` and λ of `stdp_relaxation`, without
    cancellation where λ is near 1.

    Parameters
    ----------
    spikes
        Number n of spikes, at least 0 (no unit).
    initial
        Probability P₀ that it was on before the first (no unit).
    active
        Probability q that the input counts as active when the neuron fires (no unit).
    potentiation, depression
        Switching probabilities p₊ and p₋ of one pulse (no unit); all five broadcast.

    Returns
    -------
    Array
        Probability (no unit).

    Raises
    ------
    SpinlearnValueError
        If a probability is out of range, or a number of spikes negative.

    Examples
    --------
    >>> stdp_probability(jnp.arange(4), 0.0, 1.0, 0.5, 0.1).tolist()
    [0.0, 0.5, 0.75, 0.875]
    """
    before = as_probability(initial, "initial")
    q, up, down = _as_probabilities(active, potentiation, depression)
    number = as_leaf(spikes, "spikes", "no unit").astype(q.dtype)
    require_values(lambda n: n >= 0, "spikes", spikes, "numbers >= 0", "Count from zero.")
    rate = _rate(q, up, down)
    # λ = 0 would be 0 · (−∞) at n = 0.
    left = jnp.where(number == 0, 1, jnp.exp(number * jnp.log1p(-rate)))
    gone = jnp.where(number == 0, 0, -jnp.expm1(number * jnp.log1p(-rate)))
    moved = jnp.where(rate > 0, gone / jnp.where(rate > 0, rate, 1), 0)
    return before.astype(q.dtype) * left + q * up * moved


def stdp_variance(
    active: Any, potentiation: Any, depression: Any, junctions: int = 1
) -> Float[Array, "*shape"]:
    """Stationary variance of a synapse's weight, the part of its k junctions that is on.

    ``P (1 − P) / k + (1 − 1/k) V``. The junctions of a synapse see the same inputs, so that their
    mean does not settle however many there are: what stays is
    ``V = q (1 − q) (p₊ (1 − P) + p₋ P)² / (q p₊ (2 − p₊) + (1 − q) p₋ (2 − p₋))``, the
    covariance of two of them, which falls in proportion to the switching probabilities.

    Parameters
    ----------
    active
        Probability q that the input counts as active when the neuron fires (no unit).
    potentiation, depression
        Switching probabilities p₊ and p₋ of one pulse (no unit); all three broadcast.
    junctions
        Number k of junctions a synapse.

    Returns
    -------
    Array
        Variance of `on_fraction` (no unit); NaN where nothing ever switches.

    Raises
    ------
    SpinlearnValueError
        If a probability is out of range, or there is no junction.

    Examples
    --------
    >>> [round(float(stdp_variance(0.5, 0.1, 0.1, k)), 4) for k in (1, 10, 100)]
    [0.25, 0.0368, 0.0155]
    """
    k = as_count(junctions, "junctions", 1, "an integer >= 1", "Pass the number of junctions.")
    q, up, down = _as_probabilities(active, potentiation, depression)
    on = _stationary(q, up, down)
    # The variance of the probability that all junctions share, given the inputs so far.
    jump = up * (1 - on) + down * on
    shared = q * (1 - q) * jump**2 / (q * up * (2 - up) + (1 - q) * down * (2 - down))
    return on * (1 - on) / k + (1 - 1 / k) * shared


def _stationary(q: Array, up: Array, down: Array) -> Array:
    return q * up / _rate(q, up, down)


def _rate(q: Array, up: Array, down: Array) -> Array:
    return q * up + (1 - q) * down


def _as_probabilities(active: Any, up: Any, down: Any) -> tuple[Array, Array, Array]:
    """The three of one precision, the highest among them."""
    q = as_probability(active, "active")
    known = (q, as_probability(up, "potentiation"), as_probability(down, "depression"))
    kind = np.result_type(*(value.dtype for value in known))
    q, up, down = (value.astype(kind) for value in known)
    return q, up, down
