"""Which inputs count as active when a neuron fires: by their number of spikes, or by their age."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import betainc
from jaxtyping import Bool, Float

from spinlearn._checks import as_amount, as_array, as_count, as_leaf, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.rules._inputs import as_bits, as_probability

Array = jax.Array


def count_inputs(spikes: Any, least: int = 1) -> Bool[Array, " pre"]:
    """The rate variant: an input counts as active if it spiked often enough in a window of steps.

    Parameters
    ----------
    spikes
        Spikes of the inputs in the steps of the window, ``(steps, pre)``, booleans or 0 and 1
        (no unit).
    least
        Number of spikes in the window from which on an input counts as active.

    Returns
    -------
    Array
        Which inputs count as active, ``(pre,)``, booleans (no unit), for `stdp_step`.

    Raises
    ------
    SpinlearnValueError
        If the shape is another, values are not 0 or 1, or no window has as many spikes.

    Examples
    --------
    >>> count_inputs([[1, 0, 1], [1, 0, 0]], least=2).tolist()
    [True, False, False]
    """
    array = as_array(spikes, "spikes")
    if array.ndim != 2 or 0 in array.shape:
        raise SpinlearnValueError(
            "spikes", f"shape {array.shape}", "shape (steps, pre)", "Pass one row for every step."
        )
    enough = _as_least(least, array.shape[0])
    return jnp.sum(as_bits(spikes, array.shape, "spikes"), axis=0) >= enough


def count_probability(rate: Any, steps: int, least: int = 1) -> Float[Array, "*shape"]:
    """Probability that `count_inputs` calls an input active that spikes by chance in every step.

    The number of spikes is binomial; with one step, or with ``least=1`` of n steps, this is the
    rate r itself, or ``1 − (1 − r)ⁿ``.

    Parameters
    ----------
    rate
        Probability r of a spike in a step, independent from step to step (no unit).
    steps
        Number of steps of the window.
    least
        Number of spikes from which on an input counts as active.

    Returns
    -------
    Array
        Probability q of `stdp_stationary`, of the shape of the rate (no unit).

    Raises
    ------
    SpinlearnValueError
        If the rate is out of range, or no window has as many spikes.

    Examples
    --------
    >>> round(float(count_probability(0.1, 3)), 6), round(float(count_probability(0.5, 3, 2)), 6)
    (0.271, 0.5)
    """
    chance = as_probability(rate, "rate")
    window = as_count(steps, "steps", 1, "an integer >= 1", "Pass the number of steps.")
    enough = _as_least(least, window)
    first, second = (jnp.asarray(n, chance.dtype) for n in (enough, window - enough + 1))
    return betainc(first, second, chance)


def spike_ages(ages: Any, spikes: Any, elapsed: Any) -> Float[Array, " pre"]:
    """Time since the last spike of every input, one step or event later.

    Parameters
    ----------
    ages
        Times since the last spikes, ``(pre,)``, s; infinite before the first.
    spikes
        Which inputs spike now, ``(pre,)``, booleans or 0 and 1 (no unit).
    elapsed
        Time since the ages were taken, s. For clocked pulses 1, with windows in steps: sums of
        whole numbers do not round.

    Returns
    -------
    Array
        Times since the last spikes now, ``(pre,)``, s; zero for inputs that spike.

    Raises
    ------
    SpinlearnValueError
        If shapes differ, or a time is negative.

    Examples
    --------
    >>> spike_ages([jnp.inf, 0.001, 0.002], [0, 0, 1], 0.001).tolist()
    [inf, 0.002, 0.0]
    """
    before = _as_ages(ages)
    now = as_bits(spikes, before.shape[0], "spikes")
    step = as_amount(elapsed, "elapsed", "s", zero=True, fix="Pass the time since the last call.")
    return jnp.where(now, 0, before + step.astype(before.dtype))


def recent_inputs(ages: Any, window: Any) -> Bool[Array, " pre"]:
    """The time-window variant: an input counts as active if its last spike is recent.

    Parameters
    ----------
    ages
        Times since the last spikes, ``(pre,)``, s, of `spike_ages`.
    window
        Length of the window before the neuron's spike, s. A spike exactly as old is too old, so
        that a window of n clocked steps holds n.

    Returns
    -------
    Array
        Which inputs count as active, ``(pre,)``, booleans (no unit), for `stdp_step`.

    Raises
    ------
    SpinlearnValueError
        If a time is negative, or the window not positive.

    Examples
    --------
    >>> recent_inputs([0.0, 0.01, jnp.inf], 0.02).tolist()
    [True, True, False]
    """
    before = _as_ages(ages)
    span = as_amount(window, "window", "s", zero=False, fix="Pass its length.")
    return before < span.astype(before.dtype)


def window_probability(rate: Any, window: Any) -> Float[Array, "*shape"]:
    """Probability that `recent_inputs` calls a Poisson input active, ``1 − exp(−r τ)``.

    Parameters
    ----------
    rate
        Mean number r of spikes a time of the input, 1/s.
    window
        Length τ of the window, s.

    Returns
    -------
    Array
        Probability q of `stdp_stationary`, of the shape of the rate (no unit).

    Raises
    ------
    SpinlearnValueError
        If a rate is negative, or the window not positive.

    Examples
    --------
    >>> round(float(window_probability(50.0, 0.02)), 6)
    0.632121
    """
    often = as_leaf(rate, "rate", "1/s")
    allowed = "finite numbers >= 0, 1/s"
    require_values(
        lambda r: np.isfinite(r) & (r >= 0), "rate", rate, allowed, "Pass spikes a second."
    )
    span = as_amount(window, "window", "s", zero=False, fix="Pass its length.")
    return -jnp.expm1(-often * span.astype(often.dtype))


def _as_least(value: Any, steps: int) -> int:
    allowed = f"an integer from 1 to {steps}, the number of steps"
    fix = "Ask for no more spikes than there are steps."
    enough = as_count(value, "least", 1, allowed, fix)
    if enough > steps:
        raise SpinlearnValueError("least", value, allowed, fix)
    return enough


def _as_ages(value: Any) -> Array:
    ages = as_leaf(value, "ages", "s")
    if ages.ndim != 1 or ages.shape[0] == 0:
        raise SpinlearnValueError(
            "ages", f"shape {ages.shape}", "shape (pre,)", "Pass one time for every input."
        )
    require_values(
        lambda t: t >= 0, "ages", ages, "times >= 0, s", "Pass infinity before the first spike."
    )
    return ages
