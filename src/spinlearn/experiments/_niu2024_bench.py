"""One device of an associative memory: its training and recall, and rules beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from spinlearn.datasets import characters, corrupt, similar_patterns
from spinlearn.experiments._niu2024_descent import descent_cosines, relative_objective
from spinlearn.experiments._niu2024_hardware import HARDWARE, LINKS, NODES, Taught, taught
from spinlearn.experiments.experiment import Rows
from spinlearn.experiments.specs.niu2024 import Niu2024Spec
from spinlearn.networks import recall_asynchronous
from spinlearn.rng import stream
from spinlearn.rules import (
    covariance,
    hebb,
    oja_clamped,
    oja_neuron,
    oja_subspace,
    pseudo_inverse,
    storkey,
)
from spinlearn.typing import Key

Array = jax.Array

RULES: dict[str, Callable[..., Any]] = {
    "hebb": hebb,
    "covariance": covariance,
    "storkey": storkey,
    "pseudo_inverse": pseudo_inverse,
    # The mean outer product and a mean of many orders; what is left of both is small.
    "oja_clamped": partial(oja_clamped, together=True, tolerance=1e-6),
    "oja_neuron": partial(oja_neuron, together=True, tolerance=1e-6),
    "oja_subspace": oja_subspace,
}
METHODS = (*RULES, *HARDWARE)
# A network whose weights are not symmetric need not come to rest; it is asked this often.
_SWEEPS = 30


class MemoryBench:
    """One device, new for every set of patterns, and everything that is done with it."""

    def __init__(self, spec: Niu2024Spec, key: Key) -> None:
        self.spec, self.key = spec, key
        self.dtype = jnp.dtype(spec.precision)

    def main(self) -> Rows:
        """The letters whose curves are drawn: flips, learning, gradient, energy."""
        memory, x = self.spec.memory, self._characters(self.spec.memory.letters)
        courses = [self._taught(name, x) for name in HARDWARE]
        steps = jnp.stack([course.weights for course in courses])
        after = jnp.concatenate([_by_rules(x), steps[:, -1]])
        learning = self._rates(steps.reshape(-1, NODES, NODES), x, self._flips)
        cosines = [descent_cosines(course.weights, course.whole, x) for course in courses]
        self.final, self.patterns = after, x
        rows: Rows = {
            "by_flips": self._rates(after, x, jnp.arange(memory.most_flips + 1)),
            "by_epoch": learning[:, 0].reshape(steps.shape[:2]),
            "objective": jnp.stack([relative_objective(c.whole, x) for c in courses]),
            "energy": jnp.stack([course.energy for course in courses]),
            "read_energy": jnp.stack([course.read_energy for course in courses]),
            "epoch_time": jnp.stack([course.duration for course in courses]),
            "written": jnp.stack([course.written for course in courses[: len(LINKS)]]),
        }
        return rows | {name: jnp.stack([c[name] for c in cosines]) for name in cosines[0]}

    def others(self) -> Rows:
        """Other letters, random patterns of several similarities and loads, several spreads."""
        memory = self.spec.memory
        similar = [self._random(memory.patterns, c) for c in memory.similarities]
        loaded = [self._random(p, memory.similarity) for p in memory.loads]
        main = self._characters(memory.letters)
        spread = [
            jnp.stack([self._taught(name, main, s).weights[-1] for name in LINKS])
            for s in memory.spreads
        ]
        found: Rows = {
            "by_similarity": self._compared(similar),
            "by_load": self._compared(loaded),
            "by_spread": jnp.stack([self._rates(w, main, self._flips)[:, 0] for w in spread], 1),
        }
        if memory.sets:
            found["by_set"] = self._compared([self._characters(s) for s in memory.sets])
        return found

    def pictures(self) -> Rows:
        """One corrupted probe of every pattern, where every method leads it, and weights."""
        probes = corrupt(self.patterns, self._flips[0], key=stream(self.key, "picture"))
        ends = [
            recall_asynchronous(_hollow(w), probes, key=self.key, sweeps=_SWEEPS).states
            for w in self.final
        ]
        return {"probes": probes, "recalls": jnp.stack(ends), "weights": self.final}

    @property
    def _flips(self) -> Array:
        return jnp.asarray([self.spec.memory.flips])

    def _characters(self, names: str) -> Array:
        return characters(names).astype(self.dtype)

    def _random(self, patterns: int, overlap: float) -> Array:
        key = stream(self.key, "patterns", patterns)
        return similar_patterns(patterns, NODES, overlap, key=key).astype(self.dtype)

    def _taught(self, name: str, x: Array, spread: float | None = None) -> Taught:
        return taught(self.spec, name, x, stream(self.key, "device"), spread)

    def _compared(self, sets: list[Array]) -> Array:
        """Recall of every set by every method, ``(methods, sets)``."""
        columns = []
        for x in sets:
            hardware = [self._taught(name, x).weights[-1] for name in HARDWARE]
            after = jnp.concatenate([_by_rules(x), jnp.stack(hardware)])
            columns.append(self._rates(after, x, self._flips)[:, 0])
        return jnp.stack(columns, axis=1)

    def _rates(self, weights: Array, x: Array, flips: Array) -> Array:
        """As `recall_rates`, so many networks at a time that one program is for all calls."""
        key, trials = stream(self.key, "recall"), self.spec.memory.trials
        columns = [
            jnp.concatenate(
                [
                    recall_rates(some, x, number[None], key, trials=trials)[:, 0]
                    for some in in_parts(weights)
                ]
            )
            for number in flips
        ]
        return jnp.stack(columns, axis=1)[: len(weights)]


def in_parts(weights: Array) -> list[Array]:
    """Networks, so many at a time that one program is for all calls; the last of them are empty."""
    size = len(METHODS)
    padded = jnp.pad(weights, ((0, -len(weights) % size), (0, 0), (0, 0)))
    return [padded[k : k + size] for k in range(0, len(padded), size)]


def recall_rates(weights: Array, x: Array, flips: Array, key: Key, *, trials: int) -> Array:
    """Part of the probes that come back exactly, ``(networks, flips)``.

    Weights are ``(networks, n, n)``, their diagonal is left out; patterns x ``(p, n)``; flips the
    numbers of flipped nodes.
    """
    kept = probe_ends(weights, x, flips, key, trials=trials)
    return jnp.mean(kept.astype(weights.dtype), axis=2)


@partial(jax.jit, static_argnames="trials")
def probe_ends(weights: Array, x: Array, flips: Array, key: Key, *, trials: int) -> Array:
    """Which probes come back exactly, ``(networks, flips, p · trials)``, pattern by pattern."""
    wanted = jnp.repeat(x, trials, axis=0)

    def probes(number: Array) -> Array:
        return corrupt(wanted, number, key=stream(key, "flips", number))

    shown = jax.vmap(probes)(flips).reshape(-1, x.shape[1])

    def one(network: Array) -> Array:
        found = recall_asynchronous(_hollow(network), shown, key=key, sweeps=_SWEEPS)
        states = found.states.reshape(len(flips), *wanted.shape)
        whole = jnp.all(states == wanted[None], axis=2)
        return whole & found.converged.reshape(whole.shape)

    return jax.lax.map(one, weights)


def _by_rules(x: Array) -> Array:
    return jnp.stack([jnp.asarray(rule(x)) for rule in RULES.values()]).astype(x.dtype)


def _hollow(weights: Array) -> Array:
    return weights * (1 - jnp.eye(weights.shape[0], dtype=weights.dtype))
