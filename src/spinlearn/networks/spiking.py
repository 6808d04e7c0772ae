"""Spiking neurons on a crossbar of junctions: the first that fires takes all, and learns."""

from __future__ import annotations

from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float, Int

from spinlearn._checks import as_amount, as_array, as_count, as_leaf, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.networks._any_synapses import (
    Acts,
    AnyCrossbar,
    Kinds,
    kinds_of,
    plan,
    rewritten,
)
from spinlearn.networks._presentations import Circuit, Course, answer, show
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array

# Examples that are answered together.
_TOGETHER = 1000
# Heights of pulses stay positive: three standard deviations.
_LARGEST_NOISE = 0.3


class SpikingState(eqx.Module):
    """State of a network of spiking neurons (SI units).

    Parameters
    ----------
    crossbar
        Of the synapses.
    thresholds
        Of the neurons, ``(post,)``, C.

    Examples
    --------
    >>> SpikingState.__annotations__["thresholds"]
    "Float[Array, ' post']"
    """

    crossbar: Any
    thresholds: Float[Array, " post"]


class Lessons(eqx.Module):
    """What examples did that were shown to learn from, one after another.

    Parameters
    ----------
    neurons
        The one that fired and learned, −1 for none, ``(n,)`` (no unit).
    clocks
        Until it fired, or of the whole example, ``(n,)`` (no unit).
    read_energy, write_energy
        Dissipated by the currents that were integrated, and by the pulses that wrote, ``(n,)``, J.

    Examples
    --------
    >>> sorted(Lessons.__annotations__)
    ['clocks', 'neurons', 'read_energy', 'write_energy']
    """

    neurons: Int[Array, " n"]
    clocks: Float[Array, " n"]
    read_energy: Float[Array, " n"]
    write_energy: Float[Array, " n"]


class Answers(eqx.Module):
    """Which neurons fired first, without inhibition and without learning.

    Parameters
    ----------
    neurons
        In the order of their spikes, −1 where no further one fired, ``(n, spikes)`` (no unit).
    clocks
        In which they fired, infinite for none, ``(n, spikes)`` (no unit).

    Examples
    --------
    >>> sorted(Answers.__annotations__)
    ['clocks', 'neurons']
    """

    neurons: Int[Array, "n spikes"]
    clocks: Float[Array, "n spikes"]


@final
class SpikingWTA(eqx.Module):
    r"""Leaky integrate-and-fire neurons on the bit lines of a crossbar; the winner takes all.

    An example puts the same binary pulses on the word lines clock after clock: the read voltage
    for active inputs, its opposite (or nothing) for silent ones. Every neuron integrates the
    current of its bit line, less that of the mean conductance, and a constant one, and keeps a part
    of its charge from clock to clock:

    .. math:: Q_j \leftarrow \lambda Q_j + T \Bigl(I_b + \sum_i v_i (G_{ij} - \bar G)\Bigr).

    The first one whose charge reaches its threshold fires, at the instant within the clock when it
    does. That inhibits all others and ends the example; all charges return to zero. If it is to
    learn, its junctions of active inputs get a pulse towards the parallel state, the others one
    away from it, and each switches by chance. Its threshold rises by a factor, and those of all
    neurons fall so that their geometric mean stays: who fires often fires less. As currents are
    constant during an example, the first spike is known in closed form; no clock is simulated.

    Parameters
    ----------
    crossbar
        Of the synapses: a `Crossbar` of junctions, or an `IdealCrossbar` of analog devices.
    read_voltage
        Of active inputs, V.
    clock
        T, length of a clock, s.
    pulse
        Length of a write pulse, s, within the crossbar's `pulse_lengths`.
    threshold
        Of new neurons: clocks in which one fires without leak all of whose mean junctions match
        (no unit).
    kept
        λ, part of the charge that is kept from clock to clock, above 0 and up to 1 (no unit).
    bias
        Constant current into every neuron, over that of one all of whose mean junctions match (no
        unit). Above 1 no neuron is ever left without a charge, and adaptation brings all to learn.
    steps
        Longest example, in clocks.
    bipolar
        Whether silent inputs get the opposite voltage, rather than none (no unit).
    pulse_noise
        Relative standard deviation of the height of write pulses from spike to spike, alike for
        all junctions of a spike (no unit). Junctions follow, analog devices do not.

    Raises
    ------
    SpinlearnValueError
        If a number is out of range.

    References
    ----------
    After Zhou et al., Commun. Eng. 4, 142 (2025), whose circuit was known from its abstract alone:
    leak, inhibition and adaptive thresholds are assumed, those after P. U. Diehl and M. Cook,
    Front. Comput. Neurosci. 9, 99 (2015).

    Examples
    --------
    >>> from spinlearn.junctions import named_junction
    >>> from spinlearn.substrates import Crossbar
    >>> array = Crossbar(named_junction("ikeda2010"), 2, 4, pulse_lengths=(1e-8, 2e-8))
    >>> network = SpikingWTA(array, read_voltage=0.1, clock=1e-8, pulse=1e-8)
    >>> state = network.init(key=jax.random.key(0))
    >>> images = jnp.asarray([[1, 1, 0, 0], [0, 0, 1, 1]] * 20, bool)
    >>> state, lessons = network.train(state, images, 0.5, 0.5, key=jax.random.key(1))
    >>> lessons.neurons.shape
    (40,)
    """

    crossbar: AnyCrossbar
    read_voltage: Array
    clock: Array
    pulse: Array
    threshold: Array
    kept: Array
    bias: Array
    pulse_noise: Array
    steps: int = eqx.field(static=True)
    bipolar: bool = eqx.field(static=True)

    def __init__(
        self,
        crossbar: AnyCrossbar,
        *,
        read_voltage: Any,
        clock: Any,
        pulse: Any,
        threshold: Any = 2.0,
        kept: Any = 0.99,
        bias: Any = 0.0,
        steps: int = 100,
        bipolar: bool = True,
        pulse_noise: Any = 0.0,
    ) -> None:
        self.crossbar = crossbar
        self.read_voltage = as_amount(read_voltage, "read_voltage", "V", zero=False)
        self.clock = as_amount(clock, "clock", "s", zero=False)
        self.pulse = as_amount(pulse, "pulse", "s", zero=False)
        self.threshold = as_amount(threshold, "threshold", "no unit", zero=False)
        self.kept = as_leaf(kept, "kept", "no unit")
        require_values(
            lambda k: (k > 0) & (k <= 1), "kept", kept, "above 0 and up to 1 (no unit)", "Try 0.99."
        )
        self.bias = as_amount(bias, "bias", "no unit", zero=True)
        self.steps = as_count(steps, "steps", 1, "an integer >= 1", "Pass a number of clocks.")
        self.bipolar = bool(bipolar)
        self.pulse_noise = as_leaf(pulse_noise, "pulse_noise", "no unit")
        require_values(
            lambda v: (v >= 0) & (v <= _LARGEST_NOISE),
            "pulse_noise",
            pulse_noise,
            f"from 0 to {_LARGEST_NOISE} (no unit)",
            "5 % is 0.05.",
        )

    def init(self, *, key: Key) -> SpikingState:
        """New junctions, all thresholds alike (SI units)."""
        thresholds = jnp.full(self.crossbar.shape[0], self.threshold * self._largest_charge())
        return SpikingState(self.crossbar.init(key=key), thresholds)

    def train(
        self,
        state: SpikingState,
        images: Any,
        potentiation: Any,
        depression: Any,
        *,
        adaptation: Any = 0.0,
        batch: int = 1,
        key: Key,
    ) -> tuple[SpikingState, Lessons]:
        """State after examples that were learned one by one, and what they took.

        Parameters
        ----------
        state
            Before the first one.
        images
            Active inputs, ``(n, pre)``, booleans.
        potentiation, depression
            Probability of the mean junction to switch by a pulse towards the parallel state, and
            away from it (no unit): the pulses have the voltages that this takes.
        adaptation
            Logarithm of the factor by which a spike raises its neuron's threshold (no unit).
        batch
            Examples that see the same weights: 1 is what hardware does, more are faster. A rest of
            examples that fills no batch is left out.
        key
            Random key; another one for every call.

        Raises
        ------
        SpinlearnValueError
            If images are no booleans of the crossbar's inputs, or fewer than a batch; or a number
            is out of range.
        """
        shown, size = self._images(images), _batch(batch)
        if len(shown) < size:
            raise SpinlearnValueError(
                "images", f"{len(shown)} images", f"at least a batch, {size}", "Pass more."
            )
        rise = as_amount(adaptation, "adaptation", "no unit", zero=True)
        pulses = self._pulses(potentiation, depression)
        whole = shown[: len(shown) - len(shown) % size]
        return self._learned(state, whole, pulses, rise, size, self._kinds(state), key)

    def train_many(
        self,
        states: SpikingState,
        images: Any,
        potentiation: Any,
        depression: Any,
        *,
        adaptation: Any = 0.0,
        key: Key,
    ) -> tuple[SpikingState, Lessons]:
        """The same of many arrays side by side, each with devices and chances of its own.

        Parameters
        ----------
        states
            Stacked along a first axis, as ``jax.vmap(lambda k: network.init(key=k))(keys)`` makes
            them.
        images
            As in `train`, of which all arrays see the same; or ``(arrays, n, pre)``, their own.
        potentiation, depression, adaptation
            As in `train` (no unit).
        key
            Random key; every array draws numbers of its own.
        """
        count, array = len(states.thresholds), as_array(images, "images")
        own = array.ndim == 3
        if own and len(array) != count:
            raise SpinlearnValueError(
                "images",
                f"shape {array.shape}",
                f"({count}, n, {self.crossbar.shape[1]}), or the same images for all",
                "Pass one set of images for every array.",
            )
        # Arrays one after the other, to be checked as one long list.
        shown = self._images(array.reshape(-1, array.shape[-1]) if own else array)
        shown = shown.reshape(array.shape)
        rise = as_amount(adaptation, "adaptation", "no unit", zero=True)
        pulses, kinds = self._pulses(potentiation, depression), self._kinds(states)

        return _learned_by_all(self, states, shown, pulses, rise, kinds, key)

    def _learned(
        self,
        state: SpikingState,
        images: Array,
        pulses: tuple[Array, Array],
        rise: Array,
        batch: int,
        kinds: Kinds,
        key: Key,
    ) -> tuple[SpikingState, Lessons]:
        acts = Acts(self.read_voltage, pulses, self.pulse, self.pulse_noise)
        synapses, held = plan(self.crossbar, state.crossbar, acts, kinds)
        weights = synapses.weights(held)
        course = Course(held, weights, jnp.array(state.thresholds), jnp.sum(weights, axis=0))
        course, taken = show(
            self._circuit(), synapses, images, course, rise, stream(key, "writes"), batch
        )
        fired = jnp.sum(taken.neuron >= 0).astype(self.pulse.dtype)
        passed = self.clock * jnp.sum(taken.clocks) + 2 * self.pulse * fired
        after = rewritten(state.crossbar, course.cells, passed)
        return SpikingState(after, course.thresholds), Lessons(*taken)

    def _kinds(self, state: SpikingState) -> Kinds:
        return kinds_of(state.crossbar, self.pulse_noise)

    def _pulses(self, potentiation: Any, depression: Any) -> tuple[Array, Array]:
        """Voltages of the two kinds of pulses, V."""
        up, down = (self.crossbar.pulse_voltage(p, self.pulse) for p in (potentiation, depression))
        return up, down

    def respond(self, state: SpikingState, images: Any, *, spikes: int = 1) -> Answers:
        """The neurons that fire first for every image, without learning (no unit).

        Parameters
        ----------
        state
            Of the network.
        images
            Active inputs, ``(n, pre)``, booleans.
        spikes
            How many neurons, at most.
        """
        shown = self._images(images)
        count = as_count(spikes, "spikes", 1, "an integer >= 1", "Ask for one or more.")
        weights = self.weights(state)
        parts = [
            answer(
                self._circuit(),
                weights,
                state.thresholds,
                shown[k : k + _TOGETHER],
                min(count, self.crossbar.shape[0]),
            )
            for k in range(0, len(shown), _TOGETHER)
        ]
        return Answers(*(jnp.concatenate(part) for part in zip(*parts, strict=True)))

    def read_energy(self, state: SpikingState, images: Any, clocks: Any) -> Float[Array, " n"]:
        """Energy of reading images for so many clocks, J: of all synapses and one reference line.

        Neurons, amplifiers and drivers are not counted; behind lines with resistance neither are
        currents that return through other word lines (5 % of all where lines take a tenth).

        Parameters
        ----------
        state
            Of the network.
        images
            Active inputs, ``(n, pre)``, booleans.
        clocks
            How long each is read, ``(n,)``, or one number for all.
        """
        shown = self._images(images)
        total = self.crossbar.conductance(state.crossbar, self.read_voltage)
        reference = self.crossbar.references(state.crossbar, self.read_voltage)
        squared = self._circuit().inputs(shown) ** 2
        power = self.read_voltage**2 * (squared @ (jnp.sum(total, axis=0) + reference))
        return power * self.clock * as_leaf(clocks, "clocks", "clocks").astype(power.dtype)

    def weights(self, state: SpikingState) -> Float[Array, "post pre"]:
        """Conductance of the synapses at the read voltage less that of the mean junctions, S."""
        reference = self.crossbar.references(state.crossbar, self.read_voltage)
        return self.crossbar.conductance(state.crossbar, self.read_voltage) - reference[None, :]

    def _largest_charge(self) -> Array:
        """Of a clock, into a neuron all of whose inputs are active and mean junctions on, C."""
        on, off = self.crossbar.extremes(self.read_voltage)
        return self.read_voltage * self.clock * self.crossbar.shape[1] * 0.5 * (on - off)

    def _circuit(self) -> Circuit:
        return Circuit(
            self.read_voltage * self.clock,
            self.read_voltage,
            self.bias * self._largest_charge(),
            self.kept,
            -1.0 if self.bipolar else 0.0,
            self.steps,
        )

    def _images(self, images: Any) -> Array:
        array = as_array(images, "images")
        pre = self.crossbar.shape[1]
        if array.ndim != 2 or array.shape[1] != pre or array.dtype != bool:
            raise SpinlearnValueError(
                "images",
                f"shape {array.shape}, {array.dtype}",
                f"booleans (n, {pre})",
                "Flatten images, and compare them with a grey level.",
            )
        return array


@eqx.filter_jit
def _learned_by_all(
    network: SpikingWTA,
    states: SpikingState,
    images: Array,
    pulses: tuple[Array, Array],
    rise: Array,
    kinds: Kinds,
    key: Key,
) -> tuple[SpikingState, Lessons]:
    def one(state: SpikingState, seen: Array, key: Key) -> tuple[SpikingState, Lessons]:
        return network._learned(state, seen, pulses, rise, 1, kinds, key)

    keys = jax.random.split(key, len(states.thresholds))
    return jax.vmap(one, (0, 0 if images.ndim == 3 else None, 0))(states, images, keys)


def _batch(value: Any) -> int:
    return as_count(value, "batch", 1, "an integer >= 1", "1 learns example after example.")
