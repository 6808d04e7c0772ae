"""One crossbar that learns images, and what it answers; other classifiers beside it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.datasets import Images, binarize, digit_images, fashion_mnist, mnist
from spinlearn.experiments._zhou2025_device import junction_of, possible_junction
from spinlearn.experiments.experiment import Rows, in_precision
from spinlearn.experiments.specs.zhou2025 import DataTable, Zhou2025Spec
from spinlearn.junctions import MTJ, SwitchingLookup, switching_probability
from spinlearn.networks import SpikingState, SpikingWTA, count_labels, vote
from spinlearn.rng import stream
from spinlearn.substrates import Crossbar, IdealCrossbar
from spinlearn.typing import Key


def binary_images(data: DataTable) -> Images:
    """Images of a specification with pixels on or off."""
    return _binary_images(data.name, data.folder, data.level, data.images)


#: Of all image sets.
CLASSES = 10
#: Pixels of a side, by the name of the set.
SIDES = {"digits": 8, "mnist": 28, "fashion-mnist": 28}
# Of switching probabilities, which take a second to make, by the length of a pulse and the mean
# junction: small arrays and large ones share them.
_TABLES: dict[tuple[float, ...], SwitchingLookup] = {}
_MOST_TABLES = 4
#: Switches of a junction by reads in all of training; above, accuracies do not hold.
MOST_DISTURBED = 0.01
# Just above the smallest probability of a table, whatever the precision.
_WHOLE = 1.001
# Certain pulses have no voltage.
_RAREST = 1e-6


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


def crossbar_of(spec: Zhou2025Spec, junction: MTJ, neurons: int, inputs: int) -> Crossbar:
    """Crossbar of a mean junction, as large as asked."""
    array = spec.array
    switching = junction.thermal_stability, junction.critical_voltage, junction.relaxation_time
    key = (array.pulse, *map(float, switching))
    found = Crossbar(
        junction,
        neurons,
        inputs,
        junctions=array.junctions,
        pulse_lengths=(0.9 * array.pulse, 1.1 * array.pulse),
        stuck_on=array.stuck_on,
        stuck_off=array.stuck_off,
        table=_TABLES.get(key),
    )
    if len(_TABLES) >= _MOST_TABLES:
        _TABLES.pop(next(iter(_TABLES)))
    _TABLES[key] = found.table
    return found


def network_of(spec: Zhou2025Spec, crossbar: Crossbar | IdealCrossbar, bias: float) -> SpikingWTA:
    """Neurons on a crossbar, in the specification's precision."""
    array = spec.array
    network = SpikingWTA(
        crossbar,
        read_voltage=array.read_voltage,
        clock=array.clock,
        pulse=array.pulse,
        threshold=array.threshold,
        kept=array.kept,
        bias=bias,
        steps=array.steps,
        pulse_noise=array.pulse_noise,
    )
    return in_precision(network, spec.precision)


class HebbianBench:
    """Trains one array and asks it after every epoch."""

    def __init__(self, spec: Zhou2025Spec, number: int, key: Key) -> None:
        self.spec, self.key = spec, key
        self.images = binary_images(spec.data)
        self.train, self.test = (
            jnp.asarray(part.reshape(len(part), -1))
            for part in (self.images.train, self.images.test)
        )
        sizes = (spec.array.neurons, self.train.shape[1])
        self.crossbar = crossbar_of(spec, possible_junction(spec, number), *sizes)
        # Pulses are made for the junction as it is best known.
        self.known = crossbar_of(spec, junction_of(spec), *sizes) if spec.junction.counts else None
        self.network = network_of(spec, self.crossbar, spec.array.bias)

    def rows(self) -> Rows:
        """Accuracy, energy and time of every epoch, and the answers after the last."""
        found: dict[str, list[float]] = {name: [] for name in _COURSE}
        state, predicted, counts = self._taught(self.network, self._chances, found)
        confusion = np.zeros((CLASSES, CLASSES))
        np.add.at(confusion, (self.images.test_labels, predicted), 1)
        cells = state.crossbar.cells.on
        return {
            **{name: np.asarray(values) for name, values in found.items()},
            "switching": np.array(self._chances(0)),
            "disturbed": np.array(self._disturbed(found["clocks"])),
            "confusion": confusion,
            "fields": np.asarray(jnp.mean(cells.astype(float), axis=-1)),
            "classes": np.where(counts.any(axis=1), counts.argmax(axis=1), -1),
        }

    def _disturbed(self, clocks: list[float]) -> float:
        """How often reads switch a junction in training, which is left out; told if often."""
        array = self.spec.array
        chance = float(
            switching_probability(self.crossbar.junction, array.read_voltage, array.clock)
        )
        times = chance * len(self.train) * sum(clocks)
        if times > MOST_DISTURBED:
            warnings.warn(
                f"reads of {array.read_voltage:g} V switch each junction {times:.2g} times (more "
                f"than {MOST_DISTURBED:g}) while the array learns, which is left out: a real one "
                "forgets what it is taught. Lower array.read_voltage or array.clock, or take a "
                "junction of a higher barrier.",
                stacklevel=2,
            )
        return times

    def analog(self) -> float:
        """Accuracy of ideal analog devices that get the same pulses."""
        on, off = self.crossbar.extremes(self.spec.array.read_voltage)
        post, pre, _ = self.crossbar.shape
        ideal = IdealCrossbar(post, pre, conductance_on=on, conductance_off=off)
        network = network_of(self.spec, ideal, self.spec.array.bias)
        found: dict[str, list[float]] = {name: [] for name in _COURSE}
        self._taught(network, self._wanted, found)
        return found["accuracy"][-1]

    def softmax(self) -> float:
        """Accuracy of a softmax on the same binary images, trained by its gradient."""
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=0.1, max_iter=200)
        model.fit(np.asarray(self.train, np.float32), self.images.train_labels)
        return float(model.score(np.asarray(self.test, np.float32), self.images.test_labels))

    def _wanted(self, epoch: int) -> tuple[float, float]:
        """Probabilities of switching that pulses of an epoch are made for."""
        learning = self.spec.learning
        weakened = learning.annealing**epoch
        crossbar = self.known or self.crossbar
        # What no voltage does either: low barriers are not written more seldom.
        least = _WHOLE * float(
            crossbar.table.switching_probability(crossbar.table.voltages[0], self.spec.array.pulse)
        )
        up, down = learning.potentiation * weakened, learning.depression * weakened
        return max(up, least), max(down, least)

    def _chances(self, epoch: int) -> tuple[float, float]:
        """Probabilities of the mean junction that is there: pulses were made for the known one."""
        up, down = self._wanted(epoch)
        if self.known is None:
            return up, down
        return self._true_chance(up, self.known), self._true_chance(down, self.known)

    def _true_chance(self, wanted: float, known: Crossbar) -> float:
        length, table = self.spec.array.pulse, self.crossbar.table
        volts = jnp.clip(known.pulse_voltage(wanted, length), *table.voltages)
        return float(np.clip(table.switching_probability(volts, length), _RAREST, 1 - _RAREST))

    def _taught(
        self,
        network: SpikingWTA,
        chances: Callable[[int], tuple[float, float]],
        found: dict[str, list[float]],
    ) -> tuple[SpikingState, np.ndarray, np.ndarray]:
        """Train for all epochs, with answers after each."""
        learning = self.spec.learning
        state = in_precision(network.init(key=stream(self.key, "cells")), self.spec.precision)
        predicted, counts = self._asked(network, state, found)
        for epoch in range(learning.epochs):
            order = jax.random.permutation(stream(self.key, "order", epoch), len(self.train))
            state, lessons = network.train(
                state,
                self.train[order],
                *chances(epoch),
                adaptation=learning.adaptation * learning.adaptation_annealing**epoch,
                batch=min(learning.batch, len(self.train)),
                key=stream(self.key, "epoch", epoch),
            )
            found["read_energy"].append(float(jnp.mean(lessons.read_energy)))
            found["write_energy"].append(float(jnp.mean(lessons.write_energy)))
            found["clocks"].append(float(jnp.mean(lessons.clocks)))
            found["silent"].append(float(jnp.mean(lessons.neurons < 0)))
            fired = np.asarray(lessons.neurons)
            found["used"].append(float(len(np.unique(fired[fired >= 0]))))
            predicted, counts = self._asked(network, state, found)
        return state, predicted, counts

    def _asked(
        self, network: SpikingWTA, state: SpikingState, found: dict[str, list[float]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Classes of the test images, and how often neurons fired for training images of each."""
        learning, neurons = self.spec.learning, self.spec.array.neurons
        count = min(learning.spikes, neurons)
        shown = slice(learning.labelled)
        known = network.respond(state, self.train[shown], spikes=count)
        asked = network.respond(state, self.test, spikes=count)
        # Asked until the last spike that votes, or for as long as an example may take.
        last = jnp.minimum(asked.clocks[:, -1], self.spec.array.steps)
        energy = network.read_energy(state, self.test, last)
        found["inference_energy"].append(float(jnp.mean(energy)))
        labels, truth = self.images.train_labels[shown], self.images.test_labels
        counts = {
            n: count_labels(np.asarray(known.neurons[:, :n]), labels, neurons, CLASSES)
            for n in {1, count}
        }
        guesses = {n: vote(np.asarray(asked.neurons[:, :n]), counts[n]) for n in counts}
        found["accuracy_first"].append(float(np.mean(guesses[1] == truth)))
        found["accuracy"].append(float(np.mean(guesses[count] == truth)))
        return guesses[count], counts[1]


_COURSE = (
    "accuracy",
    "accuracy_first",
    "inference_energy",
    "read_energy",
    "write_energy",
    "clocks",
    "silent",
    "used",
)
