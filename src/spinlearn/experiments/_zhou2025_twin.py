"""Many arrays of 4 inputs and 2 neurons on patterns of 2×2 pixels: what fraction of them learns."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.errors import SpinlearnError
from spinlearn.experiments._zhou2025_bench import crossbar_of, network_of
from spinlearn.experiments._zhou2025_device import junction_of
from spinlearn.experiments.experiment import Rows, in_precision
from spinlearn.experiments.specs.zhou2025 import Zhou2025Spec
from spinlearn.networks import SpikingState, SpikingWTA
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array

#: Diagonals of 2×2 pixels, row after row.
PATTERNS = ((True, False, False, True), (False, True, True, False))
# Above 1 no neuron is left without a charge, even by the opposite of the pattern that it holds.
_BIAS = 1.2
# A lone neuron must fire for every input.
_BIAS_OF_ONE = 2.0
#: Over potentiation, for the stationary state: with both alike it would be the inputs' own.
DEPRESSION = 0.5
# Part of the start that is left, by 1 - q p_pot - (1 - q) p_dep a presentation.
_FORGOTTEN = 1e-6


def twin(spec: Zhou2025Spec, key: Key) -> Rows:
    """Learning and stationary state, for every probability and spread (no unit)."""
    table, shape = spec.twin, (len(spec.twin.probabilities), len(spec.twin.spreads))
    stored = np.zeros((*shape, table.presentations // table.every + 1, table.arrays), bool)
    told = np.zeros_like(stored)
    on = np.zeros((shape[0], 4, table.arrays), bool)
    for s, spread in enumerate(table.spreads):
        network = network_of(spec, crossbar_of(spec, junction_of(spec, spread), 2, 4), _BIAS)
        own = stream(key, "twin", s)
        for p, chance in enumerate(table.probabilities):
            stored[p, s], told[p, s] = _learn(spec, network, chance, stream(own, "learn", p))
    # The exact state is that of junctions that all can switch, by the same pulses.
    alike = {"stuck_on": 0.0, "stuck_off": 0.0, "pulse_noise": 0.0}
    clean = spec.model_copy(update={"array": spec.array.model_copy(update=alike)})
    alone = network_of(clean, crossbar_of(clean, junction_of(spec, 0.0), 1, 4), _BIAS_OF_ONE)
    for p, chance in enumerate(table.probabilities):
        on[p] = _settle(spec, alone, chance, stream(key, "settled", p))
    return {
        "twin_stored": stored.mean(axis=-1)[None],
        "twin_told_apart": told.mean(axis=-1)[None],
        "twin_on": on.mean(axis=-1)[None],
    }


def stationary(active: np.ndarray, potentiation: float, depression: float) -> np.ndarray:
    """Exact probability of a junction to be on, of an input that is active so often (no unit)."""
    up, down = active * potentiation, (1 - active) * depression
    return up / (up + down)


def _new(network: SpikingWTA, spec: Zhou2025Spec, key: Key) -> SpikingState:
    keys = jax.random.split(key, spec.twin.arrays)
    states = jax.vmap(lambda k: network.init(key=k))(keys)
    return in_precision(states, spec.precision)


def _learn(
    spec: Zhou2025Spec, network: SpikingWTA, chance: float, key: Key
) -> tuple[np.ndarray, np.ndarray]:
    """Which arrays hold both patterns, and tell them apart, after every so many presentations."""
    table = spec.twin
    states = _new(network, spec, stream(key, "cells"))
    patterns = jnp.asarray(PATTERNS)
    which = jax.random.bernoulli(stream(key, "order"), 0.5, (table.arrays, table.presentations))
    shown = patterns[which.astype(int)]
    found = [_judged(network, states, patterns)]
    for k in range(0, table.presentations, table.every):
        states, _ = network.train_many(
            states,
            shown[:, k : k + table.every],
            chance,
            chance,
            adaptation=spec.learning.adaptation,
            key=stream(key, "presentation", k),
        )
        found.append(_judged(network, states, patterns))
    stored, told = (np.stack(part) for part in zip(*found, strict=True))
    return stored, told


def _judged(
    network: SpikingWTA, states: SpikingState, patterns: Array
) -> tuple[np.ndarray, np.ndarray]:
    """Arrays whose two neurons show the patterns exactly, and those in which each fires for one."""
    first = _first(network, states, patterns)
    held = jnp.all(states.crossbar.cells.on, axis=-1)  # (arrays, 2, 4)
    same = jnp.all(held[:, :, None] == patterns[None, None], axis=-1)  # (arrays, neuron, pattern)
    stored = jnp.all(jnp.any(same, axis=1), axis=1)
    told = (first[:, 0] >= 0) & (first[:, 1] >= 0) & (first[:, 0] != first[:, 1])
    return np.asarray(stored), np.asarray(told)


@eqx.filter_jit
def _first(network: SpikingWTA, states: SpikingState, patterns: Array) -> Array:
    return jax.vmap(lambda state: network.respond(state, patterns).neurons[:, 0])(states)


def _settle(spec: Zhou2025Spec, network: SpikingWTA, chance: float, key: Key) -> np.ndarray:
    """Which junctions are on in the end, of a lone neuron with inputs of their own chances."""
    table = spec.twin
    # So many for all: the smallest probability takes longest, and one length is compiled once.
    slowest = min(table.probabilities)
    steps = int(np.ceil(np.log(_FORGOTTEN) / np.log1p(-DEPRESSION * slowest)))
    states = _new(network, spec, stream(key, "cells"))
    shape = (table.arrays, steps, 4)
    shown = jax.random.bernoulli(stream(key, "inputs"), jnp.asarray(table.active), shape)
    states, lessons = network.train_many(
        states, shown, chance, DEPRESSION * chance, key=stream(key, "presentations")
    )
    if not bool(jnp.all(lessons.neurons == 0)):
        raise SpinlearnError(
            f"a lone neuron does not fire within array.steps = {spec.array.steps} clocks, so that "
            "nothing is learned. Allow more clocks, or lower array.threshold."
        )
    return np.asarray(states.crossbar.cells.on[:, 0, :, 0]).T
