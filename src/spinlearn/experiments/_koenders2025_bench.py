"""Networks that learn from noise, and by back-propagation beside, on what a specification says."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from spinlearn.datasets import Images, digit_images, fashion_mnist, mnist, teacher_examples
from spinlearn.experiments._koenders2025_hardware import hardware_of
from spinlearn.experiments._koenders2025_source import noise_of
from spinlearn.experiments.experiment import in_precision
from spinlearn.experiments.specs.koenders2025 import Koenders2025Spec
from spinlearn.networks import Feedforward, NoiseLearning, NoiseLearningState
from spinlearn.rng import key_from_seed, stream
from spinlearn.typing import Key

Array = jax.Array

CLASSES = 10
_PIXELS = {"digits": 64, "mnist": 784, "fashion-mnist": 784}
_OPTIMIZERS = {"adam": optax.scale_by_adam(), "sgd": optax.identity()}
# Of the training images, for validation.
_KEPT_BACK = 6
# Weights of a network up to which many are faster side by side than one after the other.
_SMALL = 20_000


class Examples(NamedTuple):
    """What is learned, and what is asked: flat images in whole grey levels, or numbers."""

    train: Array
    targets: Array
    test: Array
    test_targets: Array


class NoiseBench:
    """Learners of a specification and their examples, on the device."""

    def __init__(self, spec: Koenders2025Spec) -> None:
        self.spec, key = spec, key_from_seed(spec.seed)
        self.keys = [stream(key, "network", k) for k in range(spec.seeds)]
        self.teacher = spec.data.name == "teacher"
        self.examples = self._examples()
        network = self._network()
        learning = spec.learning
        loss = "squares" if self.teacher else "cross-entropy"
        noise = noise_of(spec.noise, units=self._sources(network), key=stream(key, "noise of all"))
        # Two noisy passes take off the mean by themselves, not where it is added to weights.
        centred = learning.passes != "noisy" or learning.rule == "weight"
        self.learner = in_precision(
            NoiseLearning(
                network,
                noise,
                rule=learning.rule,
                passes=learning.passes,
                pairs=learning.pairs,
                order=spec.noise.order,
                gain=spec.noise.gain,
                offset=noise.mean if centred else 0.0,
                loss=loss,
                decorrelation_rate=learning.decorrelation_rate,
                decorrelation_examples=learning.decorrelation_examples,
                feedback_rate=learning.feedback_rate,
                readout_noise=learning.readout_noise,
                optimizer=_OPTIMIZERS[learning.optimizer],
                hardware=hardware_of(spec, network.sizes),
            ),
            spec.precision,
        )
        plain = Feedforward(
            network.sizes,
            slope=network.slope,
            input_mean=network.input_mean,
            input_deviation=network.input_deviation,
        )
        self.baseline = in_precision(
            NoiseLearning(
                plain,
                rule="backpropagation",
                loss=loss,
                optimizer=_OPTIMIZERS[learning.optimizer],
            ),
            spec.precision,
        )

    @property
    def counts(self) -> np.ndarray:
        """Numbers of examples that are learned, and asked."""
        own = self.examples
        return np.array([own.train.shape[-2], own.test.shape[-2]], float)

    def start(self, learner: NoiseLearning) -> NoiseLearningState:
        """States of all seeds, stacked."""
        states = [
            in_precision(learner.init(key=stream(key, "start")), self.spec.precision)
            for key in self.keys
        ]
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)

    def mixing_at(self, factor: float) -> NoiseLearning:
        """The learner whose decorrelation has a factor of its rate."""
        eta = self.learner.decorrelation_rate
        return eqx.tree_at(lambda n: n.decorrelation_rate, self.learner, eta * factor)

    def train(
        self, learner: NoiseLearning, states: NoiseLearningState, rate: float
    ) -> tuple[NoiseLearningState, np.ndarray]:
        """States of all seeds after an epoch, and their mean losses in it."""
        batch = min(self.spec.learning.batch, self.examples.train.shape[-2])
        dtype = learner.network.slope.dtype

        def one(state: Any, key: Key, train: Array, targets: Array) -> tuple[Any, Array]:
            state, losses = learner.train(
                state, train, targets, learning_rate=jnp.asarray(rate, dtype), batch=batch, key=key
            )
            return state, jnp.mean(losses)

        own = self.examples
        return self._for_all(one, states, own.train, own.targets)

    def ask(self, learner: NoiseLearning, states: NoiseLearningState) -> np.ndarray:
        """Accuracy on held-out images of all seeds; for teachers, the mean loss after the epoch."""
        own, network = self.examples, learner.network

        def one(state: Any, key: Key, test: Array, targets: Array) -> tuple[Any, Array]:
            del key
            if self.teacher:
                told = network.forward(state.network, network.normalize(test)).output
                return state, jnp.mean(jnp.sum((told - targets) ** 2, axis=-1))
            return state, network.accuracy(state.network, test, targets)

        return self._for_all(one, states, own.test, own.test_targets)[1]

    def alignment(self, states: NoiseLearningState, epoch: int) -> np.ndarray:
        """Cosine of a batch's gradient from noise with the exact one, of all seeds."""
        own, learner, exact = self.examples, self.learner, self.baseline
        batch = min(self.spec.learning.batch, own.train.shape[-2])

        def one(state: Any, key: Key, train: Array, targets: Array) -> tuple[Any, Array]:
            shown = train[:batch], targets[:batch]
            own = stream(key, "alignment", epoch)
            found = learner.gradient(state, *shown, key=own)
            true = exact.gradient(state, *shown, key=own)
            return state, cosine(found, true)

        return self._for_all(one, states, own.train, own.targets)[1]

    def energy(self, states: NoiseLearningState) -> np.ndarray:
        """Of all write pulses so far, of all seeds, J."""
        return np.asarray(states.energy, np.float64)

    def _for_all(
        self, act: Any, states: NoiseLearningState, shown: Array, targets: Array
    ) -> tuple[NoiseLearningState, np.ndarray]:
        """An act for all seeds: side by side where that is faster, or one after the other."""
        own = 0 if self.teacher else None
        if self._side_by_side():
            keys = jnp.stack(self.keys)
            states, told = jax.vmap(act, (0, 0, own, own))(states, keys, shown, targets)
            return states, np.asarray(told, np.float64)
        found = []
        for k, key in enumerate(self.keys):
            state = jax.tree.map(lambda leaf, k=k: leaf[k], states)
            part = (shown[k], targets[k]) if self.teacher else (shown, targets)
            found.append(act(state, key, *part))
        states = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(state for state, _ in found))
        return states, np.array([float(value) for _, value in found])

    def _sources(self, network: Feedforward) -> int:
        """Sources of noise: one a unit, or one a weight and bias."""
        return network.weights if self.spec.learning.rule == "weight" else network.units

    def _side_by_side(self) -> bool:
        sizes = self.learner.network.sizes
        small = sum(a * b for a, b in itertools.pairwise(sizes)) <= _SMALL
        return len(self.keys) > 1 and (small or jax.default_backend() != "cpu")

    def _network(self) -> Feedforward:
        spec, own = self.spec, self.examples
        mean, deviation = 0.0, 1.0
        if not self.teacher:
            shown = np.asarray(own.train, np.float64)
            mean, deviation = shown.mean(), shown.std()
        return Feedforward(
            sizes_of(spec),
            slope=spec.network.slope,
            decorrelated=spec.learning.decorrelation_rate > 0,
            input_mean=mean,
            input_deviation=deviation,
        )

    def _examples(self) -> Examples:
        if not self.teacher:
            data = self.spec.data
            return _image_examples(data.name, data.folder, data.held_out, data.images)
        sizes, count = sizes_of(self.spec), self.spec.data.teacher_examples
        parts = [teacher_examples(sizes, count, key=stream(key, "teacher")) for key in self.keys]
        x, y = (jnp.stack(part).astype(self.spec.precision) for part in zip(*parts, strict=True))
        return Examples(x, y, x, y)


def sizes_of(spec: Koenders2025Spec) -> tuple[int, ...]:
    """Units of every layer, inputs first."""
    data = spec.data
    if data.name == "teacher":
        return (data.teacher_inputs, *spec.network.hidden, data.teacher_outputs)
    return (_PIXELS[data.name], *spec.network.hidden, CLASSES)


def cosine(found: tuple[Array, ...], true: tuple[Array, ...]) -> Array:
    """Of the angle between two gradients; zero where one of them is."""
    product, a, b = (
        sum(jnp.sum(x * y) for x, y in zip(first, second, strict=True))
        for first, second in ((found, true), (found, found), (true, true))
    )
    return jnp.asarray(product) / jnp.maximum(jnp.sqrt(a) * jnp.sqrt(b), 1e-30)


@cache
def _image_examples(name: str, folder: str, held_out: str, count: int) -> Examples:
    found = _images(name, folder)
    train, labels = _flat(found.train), found.train_labels
    test, told = _flat(found.test), found.test_labels
    if held_out == "validation":
        kept = len(train) - len(train) // _KEPT_BACK
        train, test = train[:kept], train[kept:]
        labels, told = labels[:kept], labels[kept:]
    shown = slice(count)
    return Examples(*map(jnp.asarray, (train[shown], labels[shown], test, told)))


def _images(name: str, folder: str) -> Images:
    if name == "digits":
        return digit_images()
    return {"mnist": mnist, "fashion-mnist": fashion_mnist}[name](folder or None)


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)
