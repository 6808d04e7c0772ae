"""One crossbar that learns images, and what it answers; other classifiers beside it."""

from __future__ import annotations

from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.datasets import Images, binarize, digit_images, fashion_mnist, mnist
from spinlearn.experiments.experiment import Rows, in_precision
from spinlearn.experiments.specs.zhou2025 import DataTable, Zhou2025Spec
from spinlearn.junctions import MTJ, named_junction
from spinlearn.networks import SpikingState, SpikingWTA, count_labels, vote
from spinlearn.rng import stream
from spinlearn.substrates import Crossbar
from spinlearn.typing import Key


def binary_images(data: DataTable) -> Images:
    """Images of a specification with pixels on or off."""
    return _binary_images(data.name, data.folder, data.level, data.images)


@cache
def _binary_images(name: str, folder: str, level: float, count: int) -> Images:
    if name == "digits":
        grey = digit_images()
    else:
        grey = {"mnist": mnist, "fashion-mnist": fashion_mnist}[name](folder or None)
    found = binarize(grey, level)
    return Images(
        found.train[:count],
        found.train_labels[:count],
        found.test,
        found.test_labels,
        found.name,
        found.white,
    )


def junction_of(spec: Zhou2025Spec, spread: float | None = None) -> MTJ:
    """The mean junction with its spreads, or with one for all."""
    table = spec.junction
    own = (table.resistance_spread, table.tmr_spread, table.critical_voltage_spread)
    values = (table.tmr, *(own if spread is None else (spread,) * 3))
    return eqx.tree_at(
        lambda j: (j.tmr, j.resistance_spread, j.tmr_spread, j.critical_voltage_spread),
        named_junction(table.device),
        tuple(jnp.asarray(v, float) for v in values),
    )


def network_of(
    spec: Zhou2025Spec, inputs: int, neurons: int, *, bias: float, spread: float | None = None
) -> SpikingWTA:
    """Neurons on a crossbar, in the specification's precision."""
    array = spec.array
    crossbar = Crossbar(
        junction_of(spec, spread),
        neurons,
        inputs,
        junctions=array.junctions,
        pulse_lengths=(0.9 * array.pulse, 1.1 * array.pulse),
        stuck_on=array.stuck_on,
        stuck_off=array.stuck_off,
    )
    network = SpikingWTA(
        crossbar,
        read_voltage=array.read_voltage,
        clock=array.clock,
        pulse=array.pulse,
        threshold=array.threshold,
        kept=array.kept,
        bias=bias,
        steps=array.steps,
    )
    return in_precision(network, spec.precision)


class HebbianBench:
    """Trains one array and asks it after every epoch."""

    def __init__(self, spec: Zhou2025Spec, key: Key) -> None:
        self.spec, self.key = spec, key
        self.images = binary_images(spec.data)
        self.train, self.test = (
            jnp.asarray(part.reshape(len(part), -1))
            for part in (self.images.train, self.images.test)
        )
        self.classes = 1 + int(max(self.images.train_labels.max(), self.images.test_labels.max()))
        self.network = network_of(
            spec, self.train.shape[1], spec.array.neurons, bias=spec.array.bias
        )

    def rows(self) -> Rows:
        """Accuracy, energy and time of every epoch, and the answers after the last."""
        learning, network = self.spec.learning, self.network
        state = in_precision(network.init(key=stream(self.key, "cells")), self.spec.precision)
        found: dict[str, list[float]] = {name: [] for name in _COURSE}
        predicted, counts = self._asked(state, found)
        for epoch in range(learning.epochs):
            order = jax.random.permutation(stream(self.key, "order", epoch), len(self.train))
            weakened = learning.annealing**epoch
            state, lessons = network.train(
                state,
                self.train[order],
                learning.potentiation * weakened,
                learning.depression * weakened,
                adaptation=learning.adaptation * learning.adaptation_annealing**epoch,
                batch=min(learning.batch, len(self.train)),
                key=stream(self.key, "epoch", epoch),
            )
            found["read_energy"].append(float(jnp.mean(lessons.read_energy)))
            found["write_energy"].append(float(jnp.mean(lessons.write_energy)))
            found["clocks"].append(float(jnp.mean(lessons.clocks)))
            found["silent"].append(float(jnp.mean(lessons.neurons < 0)))
            found["used"].append(float(len(np.unique(np.maximum(lessons.neurons, 0)))))
            predicted, counts = self._asked(state, found)
        confusion = np.zeros((self.classes, self.classes))
        np.add.at(confusion, (self.images.test_labels, predicted), 1)
        cells = state.crossbar.cells.on
        return {
            **{name: np.asarray(values) for name, values in found.items()},
            "confusion": confusion,
            "fields": np.asarray(jnp.mean(cells.astype(float), axis=-1)),
            "classes": np.where(counts.any(axis=1), counts.argmax(axis=1), -1),
        }

    def _asked(
        self, state: SpikingState, found: dict[str, list[float]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Classes of the test images, and how often neurons fired for training images of each."""
        learning, neurons = self.spec.learning, self.spec.array.neurons
        count = min(learning.spikes, neurons)
        shown = slice(learning.labelled)
        known = self.network.respond(state, self.train[shown], spikes=count)
        asked = self.network.respond(state, self.test, spikes=count)
        labels, truth = self.images.train_labels[shown], self.images.test_labels
        counts = {
            n: count_labels(np.asarray(known.neurons[:, :n]), labels, neurons, self.classes)
            for n in {1, count}
        }
        guesses = {n: vote(np.asarray(asked.neurons[:, :n]), counts[n]) for n in counts}
        found["accuracy_first"].append(float(np.mean(guesses[1] == truth)))
        found["accuracy"].append(float(np.mean(guesses[count] == truth)))
        return guesses[count], counts[1]

    def softmax(self) -> float:
        """Accuracy of a softmax on the same binary images, trained by its gradient."""
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=0.1, max_iter=200)
        model.fit(np.asarray(self.train, np.float32), self.images.train_labels)
        return float(model.score(np.asarray(self.test, np.float32), self.images.test_labels))


_COURSE = (
    "accuracy",
    "accuracy_first",
    "read_energy",
    "write_energy",
    "clocks",
    "silent",
    "used",
)
