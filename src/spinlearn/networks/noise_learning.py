"""Learning from noise: what a change of the loss between two noisy passes teaches every unit."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Literal, final, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Float

from spinlearn._checks import as_amount, as_array, as_count, as_leaf, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions.noise import AbstractNoise
from spinlearn.networks._credits import (
    FIRST,
    SECOND,
    backpropagated,
    by_activity,
    by_feedback,
    by_noise,
    by_weights,
    learned_feedback,
)
from spinlearn.networks._learning_state import Batch, NoiseLearningState
from spinlearn.networks._losses import Loss, loss_of
from spinlearn.networks.feedforward import Activity, Feedforward, FeedforwardState
from spinlearn.networks.layer_weights import AbstractLayerWeights, values_of, written
from spinlearn.rng import stream
from spinlearn.rules.decorrelation import decorrelation_step
from spinlearn.typing import Key

Array = jax.Array

Rule = Literal["backpropagation", "node", "activity", "layer", "feedback", "weight"]
Passes = Literal["noisy", "clean", "antithetic"]
Order = Literal["batch", "example"]
_ADAM = optax.scale_by_adam()
# Of a difference of two passes, over that of one source.
_SPREAD = {"noisy": 2**0.5, "clean": 1.0, "antithetic": 2.0}


@final
class NoiseLearning(eqx.Module):
    r"""Trains a feedforward network by noise of junctions, one source a unit (no unit).

    Every example goes through the network twice, with other noise. The changes of the loss, told to
    all units alike, and those of a unit's own weighted sum give its credit, an estimate of ∂L/∂a:

    - ``"activity"``: activity-based node perturbation, N ΔL δa/\|δa\|² over all units;
    - ``"layer"``: the same for every layer by itself;
    - ``"node"``: node perturbation, ΔL ε/σ², for which the noise itself must be known;
    - ``"feedback"``: δa teaches every unit what it does to each output, and the errors of the
      outputs come back through that: noise is averaged over all examples rather than over one;
    - ``"weight"``: weight perturbation, ΔL ξ/σ², of the loss of a whole batch: noise is added to
      weights and biases, each with a source of its own, in place of weighted sums;
    - ``"backpropagation"``: the chain rule, without noise, to compare with.

    A weight follows the product of its unit's credit and its input, summed over a batch, by an
    optimizer. Inputs are means over the passes.

    Parameters
    ----------
    network
        What is trained.
    noise
        Source of every unit's noise; None for back-propagation alone.
    rule
        One of those above.
    passes
        ``"noisy"``: two noisy passes; ``"clean"``: one noisy pass beside one without noise;
        ``"antithetic"``: the same noise added and taken off.
    pairs
        Pairs of passes an example, over which credits are averaged.
    order
        How noise is told out: ``"batch"``, all examples of a pass after each other, then those of
        the next pass, as published; ``"example"``, all passes of an example after each other.
    gain
        What noise of 1 V adds to a weighted sum, 1/V.
    offset
        Taken off the noise, as a capacitor does, V. Clean and antithetic passes need its mean, and
        perturbed weights.
    loss
        ``"cross-entropy"`` of labels, or ``"squares"`` of what outputs miss, summed over them.
    decorrelation_rate
        Of every R of the network, see `decorrelation_step`.
    decorrelation_examples
        Of every batch, from which R learns, 0 for all: fewer are faster, and noisier.
    feedback_rate
        Of the feedback, see `feedback_step`.
    readout_noise
        Standard deviation of the noise in every reading of the loss, or of the outputs where they
        are read (unit of the loss, or of the outputs).
    optimizer
        An `optax.GradientTransformation` that makes steps of gradients, without learning rate; Adam
        by default.
    hardware
        `CrossbarWeights` or `LinkWeights` of every layer, on which the weights live; None for
        numbers. Biases, R and feedback are numbers.

    Raises
    ------
    SpinlearnValueError
        If a number is out of range, a name unknown, or hardware has not the shape of its layer.

    References
    ----------
    Phys. Rev. Applied 23, 054035 (2025); `activity_node_perturbation`, `decorrelation_step`,
    `feedback_step`.

    Examples
    --------
    >>> from spinlearn.junctions import named_noise
    >>> learning = NoiseLearning(Feedforward((4, 8, 2)), named_noise("koenders2025"))
    >>> key = jax.random.key(0)
    >>> images, labels = jax.random.normal(key, (64, 4)), jnp.arange(64) % 2
    >>> state, losses = learning.train(
    ...     learning.init(key=key), images, labels, learning_rate=1e-3, batch=16, key=key
    ... )
    >>> losses.shape
    (4,)
    """

    network: Feedforward
    noise: AbstractNoise | None
    gain: Array
    offset: Array
    decorrelation_rate: Array
    feedback_rate: Array
    readout_noise: Array
    rule: Rule = eqx.field(static=True)
    passes: Passes = eqx.field(static=True)
    order: Order = eqx.field(static=True)
    loss: Loss = eqx.field(static=True)
    pairs: int = eqx.field(static=True)
    decorrelation_examples: int = eqx.field(static=True)
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    hardware: tuple[AbstractLayerWeights, ...]

    def __init__(
        self,
        network: Feedforward,
        noise: AbstractNoise | None = None,
        *,
        rule: Rule = "activity",
        passes: Passes = "noisy",
        pairs: int = 1,
        order: Order = "batch",
        gain: Any = 1.0,
        offset: Any = 0.0,
        loss: Loss = "cross-entropy",
        decorrelation_rate: Any = 0.0,
        decorrelation_examples: int = 0,
        feedback_rate: Any = 0.1,
        readout_noise: Any = 0.0,
        optimizer: optax.GradientTransformation = _ADAM,
        hardware: Sequence[AbstractLayerWeights] | None = None,
    ) -> None:
        for name, value, kinds in (
            ("rule", rule, Rule),
            ("passes", passes, Passes),
            ("order", order, Order),
            ("loss", loss, Loss),
        ):
            if value not in get_args(kinds):
                allowed = ", ".join(map(repr, get_args(kinds)))
                raise SpinlearnValueError(name, repr(value), f"one of {allowed}", "Choose one.")
            setattr(self, name, value)
        if noise is None and rule != "backpropagation":
            raise SpinlearnValueError(
                "noise", None, "a source of noise", "Pass named_noise('koenders2025'), say."
            )
        self.network, self.noise = network, noise
        self.gain = as_amount(gain, "gain", "1/V", zero=False)
        self.offset = as_leaf(offset, "offset", "V")
        require_values(lambda v: np.isfinite(v), "offset", offset, "a finite number, V", "Pass it.")
        for name, value, unit in (
            ("decorrelation_rate", decorrelation_rate, "no unit"),
            ("feedback_rate", feedback_rate, "no unit"),
            ("readout_noise", readout_noise, "unit of the loss"),
        ):
            setattr(self, name, as_amount(value, name, unit, zero=True))
        whole = "an integer >= 1"
        self.pairs = as_count(pairs, "pairs", 1, whole, "One pair is two passes.")
        self.decorrelation_examples = as_count(
            decorrelation_examples, "decorrelation_examples", 0, "an integer >= 0", "0 is all."
        )
        self.optimizer = optimizer
        self.hardware = tuple(hardware or ())
        shapes = [own.shape for own in self.hardware]
        wanted = [(post, pre) for pre, post in itertools.pairwise(network.sizes)]
        if shapes and shapes != wanted:
            raise SpinlearnValueError("hardware", shapes, f"{wanted}", "Pass one for every layer.")

    @property
    def samples(self) -> int:
        """Samples of a source for an example; for a batch where weights are perturbed (no unit)."""
        if self.rule == "backpropagation":
            return 0
        return 2 * self.pairs if self.passes == "noisy" else self.pairs

    def init(self, *, key: Key) -> NoiseLearningState:
        """A new network and its sources of noise (no unit)."""
        own, sizes = self.network.init(key=stream(key, "network")), self.network.sizes
        feedback = ()
        if self.rule == "feedback":
            dtype = self.network.slope.dtype
            feedback = tuple(jnp.zeros((n, sizes[-1]), dtype) for n in sizes[1:-1])
        noise = None
        if self.noise is not None and self.rule != "backpropagation":
            sources = self.network.weights if self.rule == "weight" else self.network.units
            noise = self.noise.init((sources,), key=stream(key, "noise"))
        optimizer = self.optimizer.init((own.weights, own.biases))
        devices = tuple(
            part.init(key=stream(key, "devices", k)) for k, part in enumerate(self.hardware)
        )
        if devices:
            own = FeedforwardState(
                values_of(self.hardware, devices, self.network.slope.dtype), own.biases, own.mixing
            )
        zero = jnp.zeros((), self.network.slope.dtype)
        step = jnp.zeros((), jnp.uint32)
        return NoiseLearningState(own, optimizer, noise, feedback, step, devices, zero)

    def train(
        self,
        state: NoiseLearningState,
        images: Any,
        targets: Any,
        *,
        learning_rate: Any,
        batch: int = 64,
        key: Key,
    ) -> tuple[NoiseLearningState, Float[Array, " batches"]]:
        """State after all images were shown once, in a new order, and the mean loss of each batch.

        Parameters
        ----------
        state
            Before.
        images
            ``(n, inputs)``, of any number type; a rest that fills no batch waits for another order.
        targets
            Labels ``(n,)``, or numbers ``(n, outputs)`` for squares.
        learning_rate
            Factor of the optimizer's steps (no unit).
        batch
            Examples of a step.
        key
            Typed key of the run, the same for every call.

        Raises
        ------
        SpinlearnValueError
            If there are fewer images than a batch, or as many targets as images there are not.
        """
        shown, told = as_array(images, "images"), as_array(targets, "targets")
        size = as_count(batch, "batch", 1, "an integer >= 1", "64 is usual.")
        if len(shown) != len(told):
            raise SpinlearnValueError(
                "targets", f"{len(told)} targets", f"{len(shown)}, one an image", "Pass as many."
            )
        if len(shown) < size:
            raise SpinlearnValueError(
                "images", f"{len(shown)} images", f"at least a batch, {size}", "Pass more."
            )
        rate = as_amount(learning_rate, "learning_rate", "no unit", zero=True)
        return _train(self, state, shown, told, rate, size, key)

    def gradient(
        self, state: NoiseLearningState, images: Any, targets: Any, *, key: Key
    ) -> tuple[Float[Array, "post pre"], ...]:
        """What one batch says of the weights, summed over its examples, before the optimizer.

        Parameters
        ----------
        state
            Of the network and its sources, which is left as it is.
        images, targets
            As in `train`.
        key
            Typed key; another one draws other noise.

        Returns
        -------
        tuple
            One matrix for every layer, an estimate of the derivatives of the summed loss (no unit).
        """
        return _gradient(self, state, as_array(images, "images"), as_array(targets, "targets"), key)

    def _learned(self, state: NoiseLearningState, images: Array, targets: Array, key: Key) -> Batch:
        """What a batch says of weights and biases, and what it leaves behind."""
        if self.rule == "weight":
            return self._weighed(state, images, targets, key)
        inputs, sources, noise = self.network.normalize(images), state.noise, None
        if self.rule != "backpropagation":
            sources, noise = self._noise(state.noise, len(images), stream(key, "noise"))
        activity = self.network.forward(state.network, inputs, noise)
        losses, error = loss_of(self.loss, activity.output, targets)
        read = stream(key, "readout noise", state.step)
        credits, feedback = self._credits(state, activity, noise, losses, error, read)
        shared = activity.inputs
        if noise is not None:
            shared = (shared[0], *(jnp.mean(x, axis=0) for x in shared[1:]))
        weights = tuple(c.T @ x for c, x in zip(credits, shared, strict=True))
        biases = tuple(jnp.sum(c, axis=0) for c in credits)
        return Batch((weights, biases), shared, sources, feedback, jnp.mean(losses))

    def _weighed(self, state: NoiseLearningState, images: Array, targets: Array, key: Key) -> Batch:
        """The same where weights are perturbed, by one sample each for all examples of a pass."""
        sources, drawn = self._noise(state.noise, 1, stream(key, "noise"))
        own, noise = state.network, self.network.split(drawn[:, 0])
        inputs = self.network.normalize(images)

        def one(weights: tuple[Array, ...], biases: tuple[Array, ...]) -> tuple[Array, Any]:
            w = tuple(a + b for a, b in zip(own.weights, weights, strict=True))
            b = tuple(a + b for a, b in zip(own.biases, biases, strict=True))
            activity = self.network.forward(FeedforwardState(w, b, own.mixing), inputs)
            losses = loss_of(self.loss, activity.output, targets)[0]
            return jnp.sum(losses), activity.inputs

        losses, shared = jax.vmap(one)(*noise)
        told = self._read(losses, stream(key, "readout noise", state.step))
        gradient = by_weights(noise, told, self._deviation())
        shared = tuple(jnp.mean(x, axis=0) for x in shared)
        return Batch(gradient, shared, sources, (), jnp.mean(losses) / len(images))

    def _step(
        self, state: NoiseLearningState, images: Array, targets: Array, rate: Array, key: Key
    ) -> tuple[NoiseLearningState, Array]:
        """State after one batch, and its mean loss."""
        found, own = self._learned(state, images, targets, key), state.network
        # optax mixes kinds of numbers, whatever a user has asked of JAX.
        with jax.numpy_dtype_promotion("standard"):
            steps, optimizer = self.optimizer.update(found.gradient, state.optimizer)
        changes = jax.tree.map(lambda d: -rate.astype(d.dtype) * d, steps)
        biases = tuple(b + d for b, d in zip(own.biases, changes[1], strict=True))
        devices, energy = state.devices, state.energy
        if self.hardware:
            own_key = stream(key, "write", state.step)
            devices, taken = written(self.hardware, devices, changes[0], key=own_key)
            weights, energy = (
                values_of(self.hardware, devices, self.network.slope.dtype),
                energy + taken.astype(energy.dtype),
            )
        else:
            weights = tuple(w + d for w, d in zip(own.weights, changes[0], strict=True))
        after = FeedforwardState(weights, biases, self._mixing(own, found.shared))
        new = NoiseLearningState(
            after,
            optimizer,
            found.noise,
            found.feedback,
            state.step + jnp.uint32(1),
            devices,
            energy,
        )
        return new, found.loss

    def _noise(self, sources: Any, size: int, key: Key) -> tuple[Any, Array]:
        """Sources after a batch, and what all passes add, ``(2 pairs, batch, units)``."""
        assert self.noise is not None
        count = self.samples
        sources, volts = self.noise.sample(sources, count * size, key=key)
        own = (self.gain * (volts - self.offset)).astype(self.network.slope.dtype)
        if self.order == "batch":
            own = own.reshape(count, size, -1)
        else:
            own = jnp.moveaxis(own.reshape(size, count, -1), 1, 0)
        if self.passes == "noisy":
            return sources, own
        other = -own if self.passes == "antithetic" else jnp.zeros_like(own)
        return sources, jnp.stack([own, other], axis=1).reshape(2 * count, size, -1)

    def _credits(
        self,
        state: NoiseLearningState,
        activity: Activity,
        noise: Array | None,
        losses: Array,
        error: Array,
        key: Key,
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """Credits of all units ``(batch, post)``, and the feedback as it is known now."""
        if noise is None:
            return backpropagated(self.network, state.network, activity, error), ()
        if self.rule == "feedback":
            told = self._read(activity.output, key)
            credits = by_feedback(self.network, state.feedback, activity, error)
            return credits, learned_feedback(
                self.network, state.feedback, activity, told, self.feedback_rate
            )
        told = self._read(losses, key)
        change = told[FIRST] - told[SECOND]
        if self.rule != "node":
            return by_activity(activity, change, layers=self.rule == "layer"), ()
        return by_noise(self.network, noise, change, self._deviation()), ()

    def _read(self, values: Array, key: Key) -> Array:
        """Values as they are read, with the noise of the readout."""
        drawn = jax.random.normal(key, values.shape, values.dtype)
        return values + self.readout_noise.astype(values.dtype) * drawn

    def _deviation(self) -> Array:
        """Standard deviation of the difference of two passes' noise."""
        assert self.noise is not None
        return _SPREAD[self.passes] * self.gain * self.noise.standard_deviation

    def _mixing(self, own: FeedforwardState, shared: tuple[Array, ...]) -> tuple[Array, ...]:
        """R of all layers after a batch."""
        few = slice(self.decorrelation_examples or None)
        return tuple(
            decorrelation_step(r, x[few], self.decorrelation_rate)
            for r, x in zip(own.mixing, shared, strict=False)
        )


@eqx.filter_jit
def _train(
    learning: NoiseLearning,
    state: NoiseLearningState,
    images: Array,
    targets: Array,
    rate: Array,
    batch: int,
    key: Key,
) -> tuple[NoiseLearningState, Array]:
    count = len(images) // batch
    order = jax.random.permutation(stream(key, "order", state.step), len(images))

    def one(state: NoiseLearningState, at: Array) -> tuple[NoiseLearningState, Array]:
        return learning._step(state, images[at], targets[at], rate, key)

    return jax.lax.scan(one, state, order[: count * batch].reshape(count, batch))


@eqx.filter_jit
def _gradient(
    learning: NoiseLearning, state: NoiseLearningState, images: Array, targets: Array, key: Key
) -> tuple[Array, ...]:
    return learning._learned(state, images, targets, key).gradient[0]
