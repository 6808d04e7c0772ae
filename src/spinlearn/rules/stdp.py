"""The stochastic binary rule: a neuron that fires writes its junctions by chance."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Shaped

from spinlearn._chance import happens
from spinlearn._checks import as_array, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.rules._inputs import as_bits, as_probability
from spinlearn.typing import Key

Array = jax.Array


def stdp_step(
    states: Any, inputs: Any, fired: Any, potentiation: Any, depression: Any, *, key: Key
) -> Shaped[Array, "post pre *junctions"]:
    """States of binary junctions after the spikes of one instant, by the stochastic rule.

    Every junction of a neuron that fired gets one pulse: where the input was active it goes to
    the parallel state, on, with the probability of potentiation; where it was silent it goes to
    the antiparallel state, off, with the probability of depression. The junctions of one
    synapse are written independently of one another. Where one neuron fires at most,
    `stdp_winner_step` draws fewer numbers.

    Parameters
    ----------
    states
        States, ``(post, pre)``, or ``(post, pre, k)`` for k junctions a synapse: true where on,
        or ±1 (no unit).
    inputs
        Which inputs count as active, ``(pre,)``, booleans or 0 and 1 (no unit).
    fired
        Which neurons fired, ``(post,)``, booleans or 0 and 1 (no unit).
    potentiation, depression
        Switching probabilities of one pulse, from 0 to 1 (no unit): one number, or one for every
        junction, of the shape of the states. They are met to 2e-10, or the rounding of float32.
    key
        Random key; another one for every step. Equal keys draw equal numbers, in either precision.

    Returns
    -------
    Array
        States, of the shape and type of those before (no unit).

    Raises
    ------
    SpinlearnValueError
        If shapes differ, states are neither booleans nor ±1, or a probability is out of range.

    References
    ----------
    The hypothesis "on fire, x = 1 goes to P with p_pot and x = 0 to AP with p_dep" is assumed for
    the experiment of Zhou et al., Commun. Eng. 4, 142 (2025).

    Examples
    --------
    >>> off = jnp.zeros((2, 3), bool)
    >>> stdp_step(off, [1, 0, 1], [True, False], 1.0, 1.0, key=jax.random.key(0)).tolist()
    [[True, False, True], [False, False, False]]
    """
    before = _as_states(states)
    active = as_bits(inputs, before.shape[1], "inputs")
    spikes = as_bits(fired, before.shape[0], "fired")
    up, down = _as_chances(potentiation, depression, before.shape)
    return _step(before, active, spikes, up, down, key)


def stdp_winner_step(
    states: Any, inputs: Any, winner: Any, potentiation: Any, depression: Any, *, key: Key
) -> Shaped[Array, "post pre *junctions"]:
    """States of binary junctions after a spike of one neuron: only its row is drawn and written.

    The rule of `stdp_step`, for winner-take-all networks. The numbers drawn are not those of
    `stdp_step` with the same key.

    Parameters
    ----------
    states
        States, ``(post, pre)`` or ``(post, pre, k)``: true where on, or ±1 (no unit).
    inputs
        Which inputs count as active, ``(pre,)``, booleans or 0 and 1 (no unit).
    winner
        Index of the neuron that fired, −1 where none did (no unit); may be traced.
    potentiation, depression
        Switching probabilities of one pulse, as in `stdp_step` (no unit).
    key
        Random key; another one for every step.

    Returns
    -------
    Array
        States, of the shape and type of those before (no unit).

    Raises
    ------
    SpinlearnValueError
        If shapes differ, states are neither booleans nor ±1, there is no such neuron, or a
        probability is out of range.

    Examples
    --------
    >>> off = -jnp.ones((2, 3))
    >>> stdp_winner_step(off, [1, 0, 1], 1, 1.0, 1.0, key=jax.random.key(0)).tolist()
    [[-1.0, -1.0, -1.0], [1.0, -1.0, 1.0]]
    """
    before = _as_states(states)
    active = as_bits(inputs, before.shape[1], "inputs")
    row = _as_winner(winner, before.shape[0])
    up, down = _as_chances(potentiation, depression, before.shape)
    return _winner_step(before, active, row, up, down, key)


def on_fraction(states: Any) -> Float[Array, "post pre"]:
    """Weights of synapses: the part of their junctions that is on, the mean of the k.

    With the conductances of the two states, a synapse has ``k (G_AP + w (G_P − G_AP))``.

    Parameters
    ----------
    states
        States, ``(post, pre)`` or ``(post, pre, k)``: true where on, or ±1 (no unit).

    Returns
    -------
    Array
        Weights w, ``(post, pre)``, from 0 to 1 (no unit); their variance is `stdp_variance`.

    Raises
    ------
    SpinlearnValueError
        If the shape is another, or states are neither booleans nor ±1.

    Examples
    --------
    >>> on_fraction([[[True, False, False, True]]]).tolist()
    [[0.5]]
    """
    known = _as_states(states)
    on = (known if known.dtype == bool else known > 0).astype(jnp.result_type(float))
    return jnp.mean(on, axis=2) if on.ndim == 3 else on


@jax.jit
def _step(
    states: Array, inputs: Array, fired: Array, up: Array, down: Array, key: Key
) -> Shaped[Array, "post pre *junctions"]:
    spiked = fired.reshape(-1, *(1,) * (states.ndim - 1))
    return _written(states, inputs.reshape(1, -1, *(1,) * (states.ndim - 2)), spiked, up, down, key)


@jax.jit
def _winner_step(
    states: Array, inputs: Array, winner: Array, up: Array, down: Array, key: Key
) -> Shaped[Array, "post pre *junctions"]:
    row = jnp.maximum(winner, 0)
    up, down = (chance[row] if chance.ndim else chance for chance in (up, down))
    active = inputs.reshape(-1, *(1,) * (states.ndim - 2))
    return states.at[row].set(_written(states[row], active, winner >= 0, up, down, key))


def _written(
    states: Array, inputs: Array, fired: Array, up: Array, down: Array, key: Key
) -> Bool[Array, "*shape"]:
    """What one pulse makes of every junction; inputs and spikes broadcast to the states."""
    switched = happens(jnp.where(inputs, up, down), states.shape, key) & fired
    wanted = inputs if states.dtype == bool else jnp.where(inputs, 1, -1).astype(states.dtype)
    return jnp.where(switched, wanted, states)


def _as_states(value: Any) -> Array:
    states = as_array(value, "states")
    if states.ndim not in (2, 3) or 0 in states.shape:
        raise SpinlearnValueError(
            "states",
            f"shape {states.shape}",
            "shape (post, pre), or (post, pre, k) for k junctions a synapse",
            "Pass one row for every neuron.",
        )
    if states.dtype != bool:
        require_values(
            lambda s: np.abs(s) == 1,
            "states",
            value,
            "booleans, true where on, or ±1",
            "Convert 0 and 1 with .astype(bool).",
        )
    return states


def _as_chances(up: Any, down: Any, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Probabilities of switching on and off, one number or one a junction, in float32."""
    found = []
    for value, field in ((up, "potentiation"), (down, "depression")):
        chance = as_probability(value, field)
        if chance.shape not in ((), shape):
            raise SpinlearnValueError(
                field,
                f"shape {chance.shape}",
                f"one number, or shape {shape}",
                "Pass one probability for every junction, or one for all.",
            )
        found.append(chance.astype(jnp.float32))
    return found[0], found[1]


def _as_winner(value: Any, neurons: int) -> Array:
    winner = as_array(value, "winner")
    allowed, fix = f"one integer from -1 to {neurons - 1}", "Pass -1 where no neuron fired."
    if winner.shape != () or not jnp.issubdtype(winner.dtype, jnp.integer):
        raise SpinlearnValueError("winner", value, allowed, fix)
    require_values(lambda w: (w >= -1) & (w < neurons), "winner", winner, allowed, fix)
    return winner
