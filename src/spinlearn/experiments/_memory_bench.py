"""One device of an associative memory: its training and recall, and rules beside it."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from spinlearn.datasets import corrupt, letters, similar_patterns
from spinlearn.experiments.experiment import Rows
from spinlearn.experiments.specs.niu2024 import Niu2024Spec
from spinlearn.networks import Course, DifferentialLinks, recall_asynchronous
from spinlearn.networks.differential import Protocol
from spinlearn.rng import stream
from spinlearn.rules import (
    covariance,
    hebb,
    oja_gradient,
    oja_subspace,
    pseudo_inverse,
    storkey,
)
from spinlearn.substrates import LinkModel
from spinlearn.typing import Key

Array = jax.Array

NODES = 35
RULES = {
    "hebb": hebb,
    "covariance": covariance,
    "storkey": storkey,
    "pseudo_inverse": pseudo_inverse,
    "oja_subspace": oja_subspace,
}
PROTOCOLS: tuple[Protocol, ...] = ("hebbian", "residual", "subspace")
METHODS = (*RULES, *(f"links, {protocol}" for protocol in PROTOCOLS))
# A network whose weights are not symmetric need not come to rest; it is asked this often.
_SWEEPS = 30


class MemoryBench:
    """One device, new for every set of patterns, and everything that is done with it."""

    def __init__(self, spec: Niu2024Spec, key: Key) -> None:
        self.spec, self.key = spec, key
        self.dtype = jnp.dtype(spec.precision)
        self.network = new_network(spec, spec.link.device_spread)

    def main(self) -> Rows:
        """The letters whose curves are drawn: flips, learning, gradient, energy."""
        memory, x = self.spec.memory, self._letters(self.spec.memory.letters)
        courses = [self._course(self.network, x, protocol) for protocol in PROTOCOLS]
        steps = jnp.stack([course.weights for course in courses])
        after = jnp.concatenate([_by_rules(x), steps[:, -1]])
        flips = jnp.arange(memory.most_flips + 1)
        learning = self._rates(steps.reshape(-1, NODES, NODES), x, self._flips)
        cosines = jax.vmap(partial(_cosines, patterns=x))(steps)
        self.final, self.patterns = after, x
        return {
            "by_flips": self._rates(after, x, flips),
            "by_epoch": learning[:, 0].reshape(steps.shape[:2]),
            "cosine_objective": cosines[0],
            "cosine_residual": cosines[1],
            "energy": jnp.stack([course.energy for course in courses]),
            "read_energy": jnp.stack([course.read_energy for course in courses]),
            "epoch_time": jnp.stack([course.duration for course in courses]),
            "written": jnp.stack([course.written for course in courses]),
        }

    def others(self) -> Rows:
        """Other letters, random patterns of several similarities and loads, several spreads."""
        memory = self.spec.memory
        similar = [self._random(memory.patterns, c) for c in memory.similarities]
        loaded = [self._random(p, memory.similarity) for p in memory.loads]
        main = self._letters(memory.letters)
        spread = [
            jnp.stack(
                [self._course(new_network(self.spec, s), main, p).weights[-1] for p in PROTOCOLS]
            )
            for s in memory.spreads
        ]
        found: Rows = {
            "by_similarity": self._compared(similar),
            "by_load": self._compared(loaded),
            "by_spread": jnp.stack([self._rates(w, main, self._flips)[:, 0] for w in spread], 1),
        }
        if memory.sets:
            found["by_set"] = self._compared([self._letters(s) for s in memory.sets])
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

    def _letters(self, names: str) -> Array:
        return letters(names).astype(self.dtype)

    def _random(self, patterns: int, overlap: float) -> Array:
        key = stream(self.key, "patterns", patterns)
        return similar_patterns(patterns, NODES, overlap, key=key).astype(self.dtype)

    def _course(self, network: DifferentialLinks, x: Array, protocol: Protocol) -> Course:
        training = self.spec.training
        volts = (training.row_voltage, training.column_voltage)
        if protocol == "hebbian":
            volts = (training.hebbian_voltage,) * 2
        return network.train(
            x,
            protocol,
            epochs=training.epochs,
            row_voltage=volts[0],
            column_voltage=volts[1],
            pulse=training.pulse,
            key=stream(self.key, "device"),
        )

    def _compared(self, sets: list[Array]) -> Array:
        """Recall of every set by every method, ``(methods, sets)``."""
        columns = []
        for x in sets:
            links = [self._course(self.network, x, p).weights[-1] for p in PROTOCOLS]
            after = jnp.concatenate([_by_rules(x), jnp.stack(links)])
            columns.append(self._rates(after, x, self._flips)[:, 0])
        return jnp.stack(columns, axis=1)

    def _rates(self, weights: Array, x: Array, flips: Array) -> Array:
        key = stream(self.key, "recall")
        return recall_rates(weights, x, flips, key, trials=self.spec.memory.trials)


def new_network(spec: Niu2024Spec, spread: float) -> DifferentialLinks:
    """The network of a specification, with a spread of devices."""
    link, training = spec.link, spec.training
    dtype = jnp.dtype(spec.precision)
    values = (link.conductance, link.change, link.threshold, link.steepness, link.rate)
    values += (link.acceleration, link.retention)
    return DifferentialLinks(
        LinkModel(*(jnp.asarray(v, dtype) for v in values)),
        NODES,
        gain=training.gain,
        device_spread=jnp.asarray(spread, dtype),
        cycle_spread=jnp.asarray(link.cycle_spread, dtype),
        read_voltage=training.read_voltage,
        read_time=training.read_time,
        temperature=training.temperature,
    )


@partial(jax.jit, static_argnames="trials")
def recall_rates(weights: Array, x: Array, flips: Array, key: Key, *, trials: int) -> Array:
    """Part of the probes that come back exactly, ``(networks, flips)``.

    Weights are ``(networks, n, n)``, their diagonal is left out; patterns x ``(p, n)``; flips the
    numbers of flipped nodes.
    """
    wanted = jnp.repeat(x, trials, axis=0)

    def probes(number: Array) -> Array:
        return corrupt(wanted, number, key=stream(key, "flips", number))

    shown = jax.vmap(probes)(flips).reshape(-1, x.shape[1])

    def one(network: Array) -> Array:
        found = recall_asynchronous(_hollow(network), shown, key=key, sweeps=_SWEEPS)
        states = found.states.reshape(len(flips), *wanted.shape)
        whole = jnp.all(states == wanted[None], axis=2)
        kept = whole & found.converged.reshape(whole.shape)
        return jnp.mean(kept.astype(weights.dtype), axis=1)

    return jax.lax.map(one, weights)


def _by_rules(x: Array) -> Array:
    return jnp.stack([jnp.asarray(rule(x)) for rule in RULES.values()]).astype(x.dtype)


def _cosines(steps: Array, patterns: Array) -> tuple[Array, Array]:
    """Of the changes of an epoch with −∇J, and with −∇ of ½⟨‖x − W x‖²⟩, ``(epochs,)`` each.

    The gradients are taken halfway: at W = 0 that of Oja's objective vanishes.
    """

    def one(before: Array, after: Array) -> tuple[Array, Array]:
        middle = 0.5 * (before + after)
        oja = -oja_gradient(middle, patterns, symmetric=True)
        errors = patterns - jnp.einsum("ij,pj->pi", middle, patterns)
        delta = jnp.einsum("pi,pj->ij", errors, patterns)
        return _cosine(after - before, oja), _cosine(after - before, delta)

    return jax.vmap(one)(steps[:-1], steps[1:])


def _cosine(a: Array, b: Array) -> Array:
    size = jnp.sqrt(jnp.sum(a * a) * jnp.sum(b * b))
    return jnp.where(size > 0, jnp.sum(a * b) / jnp.where(size > 0, size, 1), 0)


def _hollow(weights: Array) -> Array:
    return weights * (1 - jnp.eye(weights.shape[0], dtype=weights.dtype))
