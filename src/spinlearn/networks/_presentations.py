"""Examples shown one after another, compiled whole: the first neuron to fire learns each."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Bool, Float, Int

from spinlearn.networks._first_spike import clock_of_spike, gathered_charges, needed_charges
from spinlearn.typing import Key

Array = jax.Array


class Circuit(eqx.Module):
    """What neurons do in one clock.

    Parameters
    ----------
    charge_per_conductance
        Read voltage times the length of a clock, V s.
    read_voltage
        V.
    bias
        Charge that comes into every neuron with a clock besides, C.
    kept
        Part of the charge that is kept from clock to clock (no unit).
    silent
        What a silent input is, over the read voltage: −1 or 0 (no unit).
    steps
        Clocks of an example.
    """

    charge_per_conductance: Array
    read_voltage: Array
    bias: Array
    kept: Array
    silent: float = eqx.field(static=True)
    steps: int = eqx.field(static=True)

    def inputs(self, images: Bool[Array, "n pre"]) -> Float[Array, "n pre"]:
        """Voltages of the inputs over the read voltage."""
        return jnp.where(images, 1.0, self.silent).astype(self.kept.dtype)

    def needed(self, weights: Array, thresholds: Array, inputs: Array) -> Float[Array, "n post"]:
        """Charges of a clock that every neuron needs to fire (no unit)."""
        # In this order XLA need not transpose the weights, which takes longer than the product.
        charges = (weights @ inputs.T).T * self.charge_per_conductance + self.bias
        return needed_charges(jnp.broadcast_to(thresholds, charges.shape), charges)

    def spikes(self, needed: Array) -> tuple[Int[Array, " n"], Float[Array, " n"]]:
        """Neuron that fires first of each example, −1 for none, and the clocks that it took."""
        first = jnp.argmin(needed, axis=-1)
        least = jnp.min(needed, axis=-1)
        limit = gathered_charges(jnp.asarray(self.steps, self.kept.dtype), self.kept)
        fires = least <= limit
        clocks = jnp.where(fires, clock_of_spike(least, self.kept), self.steps)
        return jnp.where(fires, first, -1), clocks


class Shown(NamedTuple):
    """What examples did, one after another: neuron, clocks, energies of reads and writes (J)."""

    neuron: Int[Array, " n"]
    clocks: Float[Array, " n"]
    read: Float[Array, " n"]
    write: Float[Array, " n"]


class Course(NamedTuple):
    """What examples change: cells, their weights (S), thresholds (C), and weights by input (S)."""

    cells: Any
    weights: Float[Array, "post pre"]
    thresholds: Float[Array, " post"]
    columns: Float[Array, " pre"]


@partial(jax.jit, static_argnames="batch", donate_argnums=3)
def show(
    circuit: Circuit,
    synapses: Any,
    images: Bool[Array, "n pre"],
    course: Course,
    adaptation: Array,
    key: Key,
    batch: int,
) -> tuple[Course, Shown]:
    """Show examples, of which the first neuron to fire learns each.

    Examples of a batch see the weights as they were before the first of them; what they write
    is written one after another.
    """
    neurons, pre = course.weights.shape

    def together(course: Course, given: tuple[Array, Array]) -> tuple[Course, Shown]:
        bits, first = given
        inputs = circuit.inputs(bits)
        winner, clocks = circuit.spikes(circuit.needed(course.weights, course.thresholds, inputs))
        squared = inputs**2
        total = squared @ (course.columns + synapses.reference.reshape(-1) * (neurons + 1))
        read = total * circuit.charge_per_conductance * circuit.read_voltage * clocks

        def one(course: Course, example: tuple[Array, Array, Array]) -> tuple[Course, Array]:
            active, won, number = example
            return _learned(
                synapses, course, active, won, adaptation, jax.random.fold_in(key, number)
            )

        examples = bits, winner, first + jnp.arange(batch)
        if batch == 1:
            # A loop within the loop would copy the weights.
            course, energy = one(course, jax.tree.map(lambda part: part[0], examples))
            write = energy[None]
        else:
            course, write = jax.lax.scan(one, course, examples)
        fired = jnp.sum(winner >= 0).astype(adaptation.dtype)
        course = course._replace(
            thresholds=course.thresholds * jnp.exp(-adaptation * fired / neurons)
        )
        return course, Shown(winner, clocks, read, write)

    rounds = images.shape[0] // batch
    grouped = images.reshape(rounds, batch, pre)
    course, shown = jax.lax.scan(together, course, (grouped, batch * jnp.arange(rounds)))
    return course, Shown(*(leaf.reshape(-1) for leaf in shown))


def _learned(
    synapses: Any, course: Course, active: Array, winner: Array, adaptation: Array, key: Key
) -> tuple[Course, Array]:
    """What one spike writes; its neuron's threshold rises."""
    at, fires = jnp.maximum(winner, 0), winner >= 0
    old = jax.tree.map(lambda leaf: leaf[at], course.cells)
    row, before = synapses.row(at), course.weights[at]

    def write() -> tuple[Any, Array, Array, Array]:
        new, weights, energy = row.written(old, active, fires, key)
        return new, weights, weights - before, energy

    def keep() -> tuple[Any, Array, Array, Array]:
        return old, before, jnp.zeros_like(before), jnp.zeros((), before.dtype)

    # A branch is computed once and on its own. Without it XLA fuses it into each of the updates
    # below, which then read what the others write, and copies every array in every step.
    new, weights, change, energy = jax.lax.cond(fires, write, keep)
    cells = jax.tree.map(lambda leaf, row: _with_row(leaf, row, at), course.cells, new)
    rise = jnp.where(fires, jnp.exp(adaptation), 1)
    return Course(
        cells,
        _with_row(course.weights, weights, at),
        course.thresholds.at[at].multiply(rise),
        course.columns + change,
    ), energy


def _with_row(array: Array, row: Array, at: Array) -> Array:
    return jax.lax.dynamic_update_index_in_dim(array, row, at, 0)


@partial(jax.jit, static_argnames="spikes")
def answer(
    circuit: Circuit, weights: Array, thresholds: Array, images: Array, spikes: int
) -> tuple[Int[Array, "n m"], Float[Array, "n m"]]:
    """Neurons that fire first, in order, −1 for none, and the clocks in which they do."""
    needed = circuit.needed(weights, thresholds, circuit.inputs(images))
    least, order = jax.lax.top_k(-needed, spikes)
    limit = gathered_charges(jnp.asarray(circuit.steps, circuit.kept.dtype), circuit.kept)
    fires = -least <= limit
    clocks = jnp.where(fires, clock_of_spike(-least, circuit.kept), jnp.inf)
    return jnp.where(fires, order, -1), clocks
