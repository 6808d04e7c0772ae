"""Synapses as a network in a hurry needs them: currents, chances and energies of both states.

Everything that does not change while examples are shown is computed once. What all cells share is
kept once, too.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Bool, Float

from spinlearn._chance import happens
from spinlearn._checks import is_known
from spinlearn.junctions import SwitchingLookup
from spinlearn.rng import stream
from spinlearn.substrates.crossbar import Crossbar, CrossbarState
from spinlearn.typing import Key

Array = jax.Array


class Junctions(eqx.Module):
    """What the cells of a crossbar have, ``(post, pre, k)`` or 1 in place of what is shared.

    Parameters
    ----------
    on
        Whether a junction is in its parallel state (no unit).
    life
        Pulses that are left (no unit); None where barriers live for ever.
    """

    on: Bool[Array, "post pre k"]
    life: Float[Array, "post pre k"] | None


class Unsteady(eqx.Module):
    """Pulses whose height differs from spike to spike, alike for all junctions of a spike.

    Parameters
    ----------
    up, down
        What a pulse of mean height is to the mean device, V; 0 for junctions that cannot switch.
        Of the shape of the cells, or 1.
    spread
        Relative standard deviation of the height (no unit).
    table
        Of the mean device.
    duration
        Of a pulse, s.
    """

    up: Array
    down: Array
    spread: Array
    table: SwitchingLookup
    duration: Array

    def row(self, index: Array) -> Unsteady:
        """The same of one neuron, ``(pre, k)``."""
        rows = _row(self.up, index), _row(self.down, index)
        return eqx.tree_at(lambda u: (u.up, u.down), self, rows)

    def chances(self, key: Key) -> tuple[Array, Array, Array]:
        """Probabilities to switch by this spike's pulses up and down, and its height over the mean.

        No unit.
        """
        height = 1 + self.spread * jax.random.normal(key, (), self.spread.dtype)

        def chance(push: Array) -> Array:
            felt = jnp.clip(push * height, *self.table.voltages.astype(push.dtype))
            return jnp.where(push > 0, self.table.switching_probability(felt, self.duration), 0)

        return chance(self.up), chance(self.down), height


class BinarySynapses(eqx.Module):
    """Junctions read at one voltage and written by two kinds of pulses.

    Leaves have the shape of the cells, or 1 along all axes where cells are alike.

    Parameters
    ----------
    parallel, antiparallel
        Conductance behind the lines at the read voltage, S.
    reference
        Conductance that is taken off for every synapse, ``(1, pre)`` or ``(1, 1)``, S.
    up, down
        Probability to switch by a pulse towards the parallel state, and away from it (no unit).
    write_energy
        Energy of a pulse up on a junction that is on, and off, then of a pulse down, four of them,
        J.
    unsteady
        Where heights of pulses differ from spike to spike: it replaces `up` and `down`.
    """

    parallel: Array
    antiparallel: Array
    reference: Array
    up: Array
    down: Array
    write_energy: tuple[Array, Array, Array, Array]
    unsteady: Unsteady | None = None

    def weights(self, cells: Junctions) -> Float[Array, "post pre"]:
        """Conductance less the reference, S."""
        found = jnp.where(_conducts(cells), self.parallel, self.antiparallel)
        return jnp.sum(found, axis=-1) - self.reference

    def row(self, index: Array) -> BinarySynapses:
        """The same of one neuron, ``(pre, k)``."""
        found = jax.tree.map(lambda leaf: _row(leaf, index), eqx.tree_at(_unsteady, self, None))
        own = None if self.unsteady is None else self.unsteady.row(index)
        return eqx.tree_at(_unsteady, found, own, is_leaf=lambda leaf: leaf is None)

    def written(
        self, row: Junctions, active: Bool[Array, " pre"], fires: Array, key: Key
    ) -> tuple[Junctions, Array, Array]:
        """Cells of one neuron after its spike, their weights (S), and the energy (J).

        Junctions of active inputs get a pulse up, the others one down: the rule of
        `spinlearn.rules.stdp_step`. ``self`` is that neuron's `row`.
        """
        wanted = active[:, None]
        up, down, height = self.up, self.down, jnp.ones(())
        if self.unsteady is not None:
            up, down, height = self.unsteady.chances(stream(key, "height"))
        chance = jnp.where(wanted, up, down).astype(jnp.float32)
        turns = happens(chance, row.on.shape, key) & fires
        if row.life is not None:
            turns = turns & (row.life > 0)
        new = Junctions(jnp.where(turns, wanted, row.on), row.life)
        energy = 0.5 * height**2 * (self._energy(row, wanted) + self._energy(new, wanted))
        if row.life is not None:
            life = row.life - fires.astype(row.life.dtype)
            new = eqx.tree_at(lambda c: c.life, new, life)
        conductance = jnp.where(_conducts(new), self.parallel, self.antiparallel)
        weights = jnp.sum(conductance, axis=-1) - self.reference
        return new, weights, jnp.where(fires, energy, 0)

    def _energy(self, row: Junctions, wanted: Array) -> Array:
        up_on, up_off, down_on, down_off = self.write_energy
        conducts = _conducts(row)
        up, down = jnp.where(conducts, up_on, up_off), jnp.where(conducts, down_on, down_off)
        return jnp.sum(jnp.where(wanted, up, down))


def _unsteady(synapses: BinarySynapses) -> Unsteady | None:
    return synapses.unsteady


def _row(leaf: Array, index: Array) -> Array:
    return leaf if leaf.ndim == 0 else leaf[index if leaf.shape[0] > 1 else 0]


def _conducts(cells: Junctions) -> Array:
    """Whether junctions are as in the parallel state: on, or broken."""
    return cells.on if cells.life is None else cells.on | (cells.life <= 0)


def synapses_of(
    crossbar: Crossbar,
    state: CrossbarState,
    read_voltage: Array,
    pulses: tuple[Array, Array],
    duration: Array,
    spread: Array | None = None,
) -> BinarySynapses:
    """Synapses of a crossbar at a read voltage and pulses up and down (V, their magnitudes; s).

    Losses along lines are taken from the state as it is now. With a spread, heights of pulses
    differ from spike to spike by this relative standard deviation (no unit).
    """
    cells, junction = state.cells, crossbar.junction
    loss, reference = jnp.ones((1, 1, 1)), crossbar.references(state, read_voltage)[None, :]
    if crossbar.lines == "ideal":
        reference = reference[:, :1]
    else:
        loss = crossbar.losses(state, read_voltage)[..., None]
    parallel = shared(cells.parallel)
    energies = []
    for volts in pulses:
        off = cells.antiparallel(junction, volts)
        energies += [shared(g * volts**2 * duration) for g in (cells.parallel, off)]
    return BinarySynapses(
        parallel * loss,
        shared(cells.antiparallel(junction, read_voltage)) * loss,
        reference,
        shared(crossbar.pulse_probability(state, pulses[0], duration)),
        shared(crossbar.pulse_probability(state, pulses[1], duration)),
        (energies[0], energies[1], energies[2], energies[3]),
        None if spread is None else _unsteady_pulses(crossbar, state, pulses, duration, spread),
    )


def _unsteady_pulses(
    crossbar: Crossbar,
    state: CrossbarState,
    pulses: tuple[Array, Array],
    duration: Array,
    spread: Array,
) -> Unsteady:
    up, down = (shared(crossbar.push(state, volts)) for volts in pulses)
    return Unsteady(up, down, spread, crossbar.table, duration)


def shared(leaf: Any) -> Array:
    """One element in place of many that are known to be equal."""
    array = jnp.asarray(leaf)
    if is_known(array) and array.size and bool(jnp.all(array == array.ravel()[0])):
        return array[:1, :1, :1]
    return array
