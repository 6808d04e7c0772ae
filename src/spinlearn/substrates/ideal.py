"""Ideal hardware: a link between every two contacts, which learns by a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_amount, as_array, as_count, as_float_array, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.rng import stream
from spinlearn.rules import oja_subspace_step
from spinlearn.substrates.substrate import AbstractSubstrate, Record
from spinlearn.typing import Key

Array = jax.Array
Rule = Callable[[Array, Array, Array], Array]


class IdealState(eqx.Module):
    """State of ideal hardware.

    Parameters
    ----------
    weights
        Weights of the rule, ``(n, n)`` (no unit).
    time
        Time since the device was new, s.

    Examples
    --------
    >>> IdealState(jnp.zeros((3, 3)), jnp.zeros(())).weights.shape
    (3, 3)
    """

    weights: Float[Array, "n n"]
    time: Array


@final
class Ideal(AbstractSubstrate):
    """A link between every two contacts, whose conductance holds a weight that a rule changes.

    ``G_ij = −g_ij`` and ``G_ii = Σ_j g_ij``, with ``g_ij = g₀ max(0, 1 + κ (W_ij + W_ji) / 2)``:
    links have no direction, none conducts less than nothing, and the diagonal of W is not seen
    from outside. Voltages V for a time t are one step of the rule with the pattern sign(V) and
    the rate t/τ. What they dissipate is the Joule heat of the links. A `Readout` with the
    reference `uniform_conductance` and the sign 1 gives back the weights times κ.

    Parameters
    ----------
    nodes
        Number of contacts n.
    rule
        Function of weights ``(n, n)``, a pattern ``(n,)`` and a rate (no units) that returns
        weights, such as `spinlearn.rules.oja_subspace_step`.
    initial
        Weights of a new device, ``(n, n)`` (no unit); a tenth of the identity by default.
    spread
        Standard deviation of the weights of new devices (no unit); assumed.
    link_conductance
        Conductance g₀ of a link of weight zero, S; assumed.
    contrast
        Relative change κ of a link's conductance per weight (no unit); assumed.
    learning_time
        Time τ at which the rate is one, s; assumed. For one step of the rule to be small, apply
        voltages for much less than that.

    Raises
    ------
    SpinlearnValueError
        If a number is out of range, or the initial weights do not fit.

    Examples
    --------
    >>> from spinlearn.rules import hebb_step
    >>> device = Ideal(3, hebb_step, initial=jnp.zeros((3, 3)), spread=0.0)
    >>> state, record = device.apply(device.init(key=jax.random.key(0)), [0.1, -0.1, 0.1], 1e-9,
    ...     key=jax.random.key(1))
    >>> device.conductance(state)[0].round(5).tolist()
    [0.002, -0.0009, -0.0011]
    """

    rule: Rule
    initial: Float[Array, "n n"]
    spread: Array
    link_conductance: Array
    contrast: Array
    learning_time: Array

    def __init__(
        self,
        nodes: int,
        rule: Rule = oja_subspace_step,
        *,
        initial: Any = None,
        spread: Any = 1e-3,
        link_conductance: Any = 1e-3,
        contrast: Any = 0.1,
        learning_time: Any = 1e-9,
    ) -> None:
        n = as_count(nodes, "nodes", 2, "an integer >= 2", "Pass the number of contacts.")
        if not callable(rule):
            raise SpinlearnValueError(
                "rule", rule, "a function of weights, pattern and rate", "See spinlearn.rules."
            )
        self.rule = rule
        self.initial = _as_initial(initial, n)
        self.spread = as_amount(spread, "spread", "no unit", zero=True)
        self.link_conductance = as_amount(link_conductance, "link_conductance", "S", zero=False)
        self.contrast = as_amount(contrast, "contrast", "no unit", zero=False)
        self.learning_time = as_amount(learning_time, "learning_time", "s", zero=False)

    @property
    def uniform_conductance(self) -> Float[Array, "n n"]:
        """Conductance matrix of a device all whose weights are zero, ``(n, n)``, S."""
        return self._matrix(jnp.zeros_like(self.initial))

    def init(self, *, key: Key) -> IdealState:
        """A new device: the initial weights, and the spread drawn by the key (no unit)."""
        start = self.initial
        drawn = jax.random.normal(stream(key, "device spread"), start.shape, start.dtype)
        even = jnp.triu(drawn, 1)
        weights = start + self.spread.astype(start.dtype) * (even + even.T)
        return IdealState(weights, jnp.zeros((), start.dtype))

    def conductance(self, state: IdealState) -> Float[Array, "n n"]:
        """Conductance matrix, ``(n, n)``, S: symmetric, its rows add up to zero."""
        return self._matrix(state.weights)

    def apply(
        self, state: IdealState, voltages: Any, duration: Any, *, key: Key
    ) -> tuple[IdealState, Record]:
        """The device after voltages (V) for a duration (s), and what that took.

        The weights move at a constant rate in that time, and so do power and currents (unless a
        link reaches zero). The key is not used: the rule has no noise.

        Raises
        ------
        SpinlearnValueError
            If there is not one voltage for every contact.
        """
        del key
        dtype, n = state.weights.dtype, state.weights.shape[0]
        volts = as_array(voltages, "voltages").astype(dtype)
        if volts.shape != (n,):
            raise SpinlearnValueError(
                "voltages", f"shape {volts.shape}", f"shape ({n},), V", "Pass one for each contact."
            )
        span = jnp.asarray(duration, dtype)
        rate = span / self.learning_time.astype(dtype)
        after = self.rule(state.weights, jnp.sign(volts), rate)
        mean = 0.5 * (self._matrix(state.weights) + self._matrix(after))
        currents = jnp.einsum("ij,j->i", mean, volts, precision="highest")
        # Σ V I as a sum over links, in which nothing cancels.
        across = volts[:, None] - volts[None, :]
        power = -0.5 * jnp.sum(jnp.where(jnp.eye(n, dtype=bool), 0, mean) * across**2)
        record = Record(power * span, span, currents * span, {"rate": rate})
        return IdealState(after, state.time + span), record

    def _matrix(self, weights: Array) -> Array:
        """Conductance matrix of weights, S."""
        n, dtype = weights.shape[0], weights.dtype
        even = 0.5 * (weights + weights.T)
        links = self.link_conductance.astype(dtype) * jnp.maximum(
            0, 1 + self.contrast.astype(dtype) * even
        )
        links = jnp.where(jnp.eye(n, dtype=bool), 0, links)
        return jnp.diag(jnp.sum(links, axis=1)) - links


def _as_initial(value: Any, n: int) -> Array:
    if value is None:
        return jnp.eye(n, dtype=jnp.result_type(float)) / 10
    weights = as_float_array(value, "initial")
    if weights.shape != (n, n):
        raise SpinlearnValueError(
            "initial", f"shape {weights.shape}", f"shape ({n}, {n})", "Pass one row for each node."
        )
    require_values(np.isfinite, "initial", value, "finite numbers", "Look for NaN in it.")
    return weights
