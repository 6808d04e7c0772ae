"""Analog synapses as a network in a hurry needs them: every pulse moves a weight a part of its way.

The interface is that of `spinlearn.networks._synapses.BinarySynapses`.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Bool, Float

from spinlearn.substrates.ideal_crossbar import IdealCrossbar
from spinlearn.typing import Key

Array = jax.Array


class AnalogSynapses(eqx.Module):
    """Ideal devices read at one voltage and written by two kinds of pulses; all are alike.

    Parameters
    ----------
    off, span
        Conductance of a weight of 0, and what a weight of 1 has over it, S.
    reference
        Conductance that is taken off for every synapse, S.
    up, down
        Part of its way that a weight goes by a pulse towards 1, and towards 0 (no unit).
    heat
        Voltage squared times length of these pulses, V² s.
    """

    off: Array
    span: Array
    reference: Array
    up: Array
    down: Array
    heat: tuple[Array, Array]

    def weights(self, cells: Float[Array, "post pre"]) -> Float[Array, "post pre"]:
        """Conductance less the reference, S."""
        return self.off + cells * self.span - self.reference

    def row(self, index: Array) -> AnalogSynapses:
        """The same of one neuron: devices are alike."""
        return self

    def written(
        self, row: Float[Array, " pre"], active: Bool[Array, " pre"], fires: Array, key: Key
    ) -> tuple[Array, Array, Array]:
        """Weights of one neuron after its spike, less the reference (S), and the energy (J)."""
        part = jnp.where(fires, jnp.where(active, self.up, self.down), 0)
        new = row + part * (active.astype(row.dtype) - row)
        mean = self.off + 0.5 * (row + new) * self.span
        energy = jnp.sum(mean * jnp.where(active, *self.heat))
        return new, self.weights(new), jnp.where(fires, energy, 0)


def analog_synapses_of(
    crossbar: IdealCrossbar,
    read_voltage: Array,
    pulses: tuple[Array, Array],
    duration: Array,
) -> AnalogSynapses:
    """Synapses at a read voltage and pulses up and down (V, their magnitudes; s)."""
    on, off = crossbar.extremes(read_voltage)
    up, down = (-jnp.expm1(-volts * duration / crossbar.flux) for volts in pulses)
    heat = (pulses[0] ** 2 * duration, pulses[1] ** 2 * duration)
    return AnalogSynapses(off, on - off, 0.5 * (on + off), up, down, heat)
