"""Whether a substrate keeps what networks, tasks and runs rely on."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.errors import SpinlearnValueError
from spinlearn.substrates.substrate import AbstractSubstrate, Record
from spinlearn.typing import Key

Array = jax.Array


def check_substrate(
    substrate: AbstractSubstrate, voltages: Any, duration: Any, *, key: Key
) -> None:
    """Refuse a substrate that does not keep what networks rely on; for its own tests.

    New devices and acts of learning depend on their key alone; conductances are finite, and
    reading does not disturb; learning changes them, keeps the kind of the state, costs energy and
    time, and no energy without voltage; and `jax.jit`, `jax.vmap` and `jax.lax.scan` change
    nothing. The tests of spinlearn do the same with every substrate that it brings.

    Parameters
    ----------
    substrate
        Hardware that conducts and learns.
    voltages
        Voltages that teach it something, as its `apply` takes them, V.
    duration
        How long they are applied, s.
    key
        Random key of the devices and of the noise in learning.

    Raises
    ------
    SpinlearnValueError
        That names the first promise that is not kept, what was found, and the remedy.

    Examples
    --------
    >>> from spinlearn.substrates import Ideal
    >>> check_substrate(Ideal(4), [0.1, -0.1, 0.1, 0.1], 1e-10, key=jax.random.key(0))
    """
    volts = jnp.asarray(voltages, jnp.result_type(float))
    state = substrate.init(key=key)
    _check_new(substrate, state, key)
    conductance = _check_reading(substrate, state)
    after = _check_learning(substrate, state, conductance, volts, duration, key)
    _check_rest(substrate, state, volts, duration, key)
    again, _ = substrate.apply(state, volts, duration, key=key)
    _demand(
        _same(after, again), "apply", "another state of the same key", "Draw from the key alone."
    )
    _check_compiled(substrate, volts, duration, key)


def _check_new(substrate: AbstractSubstrate, state: Any, key: Key) -> None:
    arrays = all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(state))
    _demand(arrays, "init", "a state of other things than arrays", "Return a tree of JAX arrays.")
    _demand(
        _same(state, substrate.init(key=key)),
        "init",
        "another state of the same key",
        "Draw from the key alone.",
    )


def _check_reading(substrate: AbstractSubstrate, state: Any) -> Array:
    before = jax.tree.map(np.array, state)
    g = substrate.conductance(state)
    _demand(g.ndim == 2, "conductance", f"shape {g.shape}", "Return a matrix, (post, pre), S.")
    _demand(bool(jnp.all(jnp.isfinite(g))), "conductance", "not finite", "Look for 0/0.")
    _demand(
        _same(before, state) and bool(jnp.all(g == substrate.conductance(state))),
        "conductance",
        "something else at the second read",
        "Leave the state as it is.",
    )
    return g


def _check_learning(
    substrate: AbstractSubstrate, state: Any, g: Array, volts: Array, duration: Any, key: Key
) -> Any:
    after, record = substrate.apply(state, volts, duration, key=key)
    _demand(isinstance(record, Record), "apply", type(record), "Return a state and a Record.")
    kinds = [_kind(tree) for tree in (state, after)]
    _demand(
        kinds[0] == kinds[1],
        "apply",
        f"{kinds[1]} from {kinds[0]}",
        "Keep structure, shapes and precision: compute in the dtype of the state.",
    )
    energy, time = float(record.energy), float(record.duration)
    _demand(0 < energy < np.inf, "record.energy", f"{energy} J", "Return what is dissipated.")
    _demand(time >= (1 - 1e-5) * float(duration), "record.duration", f"{time} s", "Count it all.")
    shape = jnp.shape(record.charge)
    _demand(
        shape == g.shape[1:], "record.charge", f"shape {shape}", f"One for each of {g.shape[1]}, C."
    )
    learned = bool(jnp.any(substrate.conductance(after) != g))
    _demand(learned, "apply", "no change of conductance", "Pass voltages that teach.")
    return after


def _check_rest(
    substrate: AbstractSubstrate, state: Any, volts: Array, duration: Any, key: Key
) -> None:
    _, record = substrate.apply(state, jnp.zeros_like(volts), duration, key=key)
    spent = float(record.energy), float(jnp.max(jnp.abs(record.charge)))
    _demand(
        spent == (0.0, 0.0), "apply without voltage", spent, "Dissipate nothing and move no charge."
    )


def _check_compiled(substrate: AbstractSubstrate, volts: Array, duration: Any, key: Key) -> None:
    """Two devices side by side that learn twice, and the second of them alone."""
    keys = jax.random.split(key, 2)

    def learn(state: Any, key: Key) -> tuple[Any, Array]:
        state, record = substrate.apply(state, volts, duration, key=key)
        return state, record.energy

    states = jax.vmap(lambda key: substrate.init(key=key))(keys)
    _, together = jax.jit(jax.vmap(lambda s: jax.lax.scan(learn, s, keys)))(states)
    state, alone = jax.tree.map(lambda leaf: leaf[1], states), []
    for one in keys:
        state, energy = learn(state, one)
        alone.append(float(energy))
    _demand(
        np.allclose(together[1], alone, rtol=1e-4, atol=0),
        "apply under jit, vmap and scan",
        f"{np.asarray(together[1])} J, and {alone} J without",
        "Keep apply a pure function of its arrays.",
    )


def _kind(tree: Any) -> str:
    return str(jax.tree.map(lambda leaf: f"{jnp.result_type(leaf)}{jnp.shape(leaf)}", tree))


def _same(one: Any, other: Any) -> bool:
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(bool(jnp.all(a == b)) for a, b in pairs)


def _demand(kept: bool, part: str, found: Any, fix: str) -> None:
    if not kept:
        allowed = {
            "apply": "a pure function that learns, of one kind of state",
            "init": "a tree of arrays, a function of the key",
            "conductance": "a finite matrix, S, that reading does not disturb",
            "record.energy": "above 0 and finite, J",
            "record.duration": "the given duration or longer, s",
            "record.charge": "one for each column of the conductance, C",
            "apply without voltage": "no energy, J, and no charge, C",
        }.get(part, "the same as without, to 1e-4")
        raise SpinlearnValueError(f"substrate.{part}", found, allowed, fix)
