"""What hardware of any kind becomes when patterns are shown to it, epoch by epoch."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn._checks import as_amount, as_count, is_known
from spinlearn.networks._states import as_states
from spinlearn.rng import stream
from spinlearn.substrates import AbstractSubstrate
from spinlearn.typing import Key

Array = jax.Array


class Lesson(eqx.Module):
    """What showing patterns did, epoch by epoch.

    Parameters
    ----------
    states
        States of the hardware before the first epoch and after each, stacked (SI units).
    conductance
        Its conductance matrices then, ``(epochs + 1, n, n)``, S.
    energy
        Dissipated in every epoch, ``(epochs,)``, J.
    duration
        Of every epoch, ``(epochs,)``, s.

    Examples
    --------
    >>> Lesson.__annotations__["energy"]
    "Float[Array, ' epochs']"
    """

    states: Any
    conductance: Float[Array, "steps n n"]
    energy: Float[Array, " epochs"]
    duration: Float[Array, " epochs"]


def teach(
    substrate: AbstractSubstrate,
    patterns: Any,
    voltage: Any,
    duration: Any,
    *,
    epochs: int,
    rest: Any = 0.0,
    state: Any = None,
    key: Key,
) -> Lesson:
    """Show patterns to hardware as voltages V ξ, in a new order in every epoch.

    What the substrate does of itself is the learning; `Readout` makes weights of its conductances.

    Parameters
    ----------
    substrate
        Hardware with one contact for every node.
    patterns
        Patterns ξ, ``(p, n)``, −1 or 1 (no unit).
    voltage
        Voltage V of a node that is up, V.
    duration
        How long each pattern is applied, s.
    epochs
        How often the set is shown.
    rest
        Time without voltage after every pattern, s, in which memories wear off.
    state
        Device to go on with; by default a new one.
    key
        Of a new device, of orders and of all noise. Map over keys for many devices.

    Returns
    -------
    Lesson
        States, conductances and energy epoch by epoch (SI units, as it says).

    Raises
    ------
    SpinlearnValueError
        If patterns do not fit, or numbers are not positive (the rest: negative).

    Examples
    --------
    >>> from spinlearn.rules import hebb_step
    >>> from spinlearn.substrates import Ideal
    >>> lesson = teach(Ideal(3, hebb_step, spread=0.0), [[1, -1, 1]], 0.1, 1e-10, epochs=2,
    ...     key=jax.random.key(0))
    >>> (-1e3 * lesson.conductance[:, 0, 1:]).round(3).tolist()  # mS
    [[1.0, 1.0], [0.99, 1.01], [0.98, 1.02]]
    """
    if state is None:
        state = substrate.init(key=stream(key, "new device"))
    n = jax.eval_shape(substrate.conductance, state).shape[1]
    known = as_states(patterns, "patterns", n, "(p, n)")
    volts = as_amount(voltage, "voltage", "V", zero=False)
    span = as_amount(duration, "duration", "s", zero=False)
    pause = as_amount(rest, "rest", "s", zero=True)
    count = as_count(epochs, "epochs", 1, "an integer >= 1", "Pass the number of epochs.")
    rests = not is_known(pause) or bool(pause > 0)
    return _teach(substrate, state, known, volts, span, pause, count, rests, key)


@eqx.filter_jit
def _teach(
    substrate: AbstractSubstrate,
    state: Any,
    patterns: Array,
    voltage: Array,
    duration: Array,
    rest: Array,
    epochs: int,
    rests: bool,
    key: Key,
) -> Lesson:
    first = substrate.conductance(state)
    dtype = first.dtype
    volts, span, pause = (given.astype(dtype) for given in (voltage, duration, rest))
    shown = patterns.astype(dtype)

    def show(state: Any, given: tuple[Array, Key]) -> tuple[Any, tuple[Array, Array]]:
        pattern, key = given
        state, record = substrate.apply(state, volts * pattern, span, key=stream(key, "pulse"))
        took = record.energy, record.duration
        if rests:
            still = jnp.zeros_like(pattern)
            state, record = substrate.apply(state, still, pause, key=stream(key, "rest"))
            took = took[0] + record.energy, took[1] + record.duration
        return state, (jnp.asarray(took[0], dtype), jnp.asarray(took[1], dtype))

    def once(state: Any, epoch: Array) -> tuple[Any, Any]:
        own = stream(key, "epoch", epoch)
        order = jax.random.permutation(stream(own, "order"), len(shown))
        keys = jax.vmap(lambda k: stream(own, "pattern", k))(jnp.arange(len(shown)))
        state, (energy, time) = jax.lax.scan(show, state, (shown[order], keys))
        return state, (state, jnp.sum(energy), jnp.sum(time))

    _, (states, energy, time) = jax.lax.scan(once, state, jnp.arange(epochs))
    states = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), state, states)
    conductance = jax.lax.map(substrate.conductance, states)
    return Lesson(states, conductance, energy, time)
