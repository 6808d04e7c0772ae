"""Synapses as a network in a hurry needs them: currents, chances and energies of both states.

Everything that does not change while examples are shown is computed once. What all cells share is
kept once, too.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from spinlearn._checks import is_known
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


class BinarySynapses(eqx.Module):
    """Junctions read at one voltage and written by two kinds of pulses.

    Leaves have the shape of the cells, or 1 along all axes where cells are alike.

    Parameters
    ----------
    parallel, antiparallel
        Conductance behind the lines at the read voltage, S.
    reference
        Conductance that is taken off for every synapse, S.
    up, down
        Probability to switch by a pulse towards the parallel state, and away from it (no unit).
    write_energy
        Energy of a pulse up on a junction that is on, and off, then of a pulse down, four of them,
        J.
    """

    parallel: Array
    antiparallel: Array
    reference: Array
    up: Array
    down: Array
    write_energy: tuple[Array, Array, Array, Array]

    def weights(self, cells: Junctions) -> Float[Array, "post pre"]:
        """Conductance less the reference, S."""
        found = jnp.where(_conducts(cells), self.parallel, self.antiparallel)
        return jnp.sum(found, axis=-1) - self.reference

    def row(self, index: Array) -> BinarySynapses:
        """The same of one neuron, ``(pre, k)``."""
        return jax.tree.map(
            lambda leaf: leaf if leaf.ndim == 0 else leaf[index if leaf.shape[0] > 1 else 0], self
        )

    def written(
        self, row: Junctions, active: Bool[Array, " pre"], fires: Array, key: Key
    ) -> tuple[Junctions, Array, Array]:
        """Cells of one neuron after its spike, their weights (S), and the energy (J).

        Junctions of active inputs get a pulse up, the others one down: the rule of
        `spinlearn.rules.stdp_step`. ``self`` is that neuron's `row`.
        """
        wanted = active[:, None]
        chance = jnp.where(wanted, self.up, self.down).astype(jnp.float32)
        limit = (jnp.minimum(chance, np.float32(1 - 2**-24)) * np.float32(2**32)).astype(jnp.uint32)
        happens = (jax.random.bits(key, row.on.shape, jnp.uint32) < limit) | (chance >= 1)
        happens = happens & fires
        if row.life is not None:
            happens = happens & (row.life > 0)
        new = Junctions(jnp.where(happens, wanted, row.on), row.life)
        energy = 0.5 * (self._energy(row, wanted) + self._energy(new, wanted))
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


def _conducts(cells: Junctions) -> Array:
    """Whether junctions are as in the parallel state: on, or broken."""
    return cells.on if cells.life is None else cells.on | (cells.life <= 0)


def synapses_of(
    crossbar: Crossbar,
    state: CrossbarState,
    read_voltage: Array,
    pulses: tuple[Array, Array],
    duration: Array,
) -> BinarySynapses:
    """Synapses of a crossbar at a read voltage and pulses up and down (V, their magnitudes; s).

    Losses along lines are taken from the state as it is now.
    """
    cells, junction = state.cells, crossbar.junction
    loss = jnp.ones((1, 1, 1))
    if crossbar.lines != "ideal":
        loss = (crossbar.conductance(state, read_voltage) / crossbar.devices(state, read_voltage))[
            ..., None
        ]
    parallel = shared(cells.parallel)
    energies = []
    for volts in pulses:
        off = cells.antiparallel(junction, volts)
        energies += [shared(g * volts**2 * duration) for g in (cells.parallel, off)]
    return BinarySynapses(
        parallel * loss,
        shared(cells.antiparallel(junction, read_voltage)) * loss,
        crossbar.shape[2] * junction.conductance(0.0, read_voltage),
        shared(crossbar.pulse_probability(state, pulses[0], duration)),
        shared(crossbar.pulse_probability(state, pulses[1], duration)),
        (energies[0], energies[1], energies[2], energies[3]),
    )


def shared(leaf: Any) -> Array:
    """One element in place of many that are known to be equal."""
    array = jnp.asarray(leaf)
    if is_known(array) and array.size and bool(jnp.all(array == array.ravel()[0])):
        return array[:1, :1, :1]
    return array
