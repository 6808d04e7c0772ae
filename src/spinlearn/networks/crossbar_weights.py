"""Weights of a layer that live on a crossbar, and are changed by write pulses alone."""

from __future__ import annotations

from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_amount
from spinlearn.errors import SpinlearnValueError
from spinlearn.networks._any_synapses import AnyCrossbar, AnyState
from spinlearn.networks.layer_weights import AbstractLayerWeights
from spinlearn.rng import stream
from spinlearn.substrates.crossbar import Crossbar
from spinlearn.substrates.substrate import Record
from spinlearn.typing import Key

Array = jax.Array

# Voltages at which probabilities of switching are tabulated.
_POINTS = 400


@final
class CrossbarWeights(AbstractLayerWeights):
    r"""A crossbar as the weights of a layer: conductances less the mean of on and off.

    .. math:: w_{ij} = w_\mathrm{max} \frac{G_{ij} - \bar G_j}{(G_\mathrm{on} - G_\mathrm{off})/2}

    A wanted change of a weight becomes one pulse on its synapse, with the probability of switching
    that has this mean when half of the synapse's junctions can still go that way,
    p = \|Δw\|/w_max, at most the largest there is. Binary junctions follow by chance, analog
    devices in the mean; both the less the nearer they are to their end. Wanted probabilities below
    the smallest that a pulse has are met by pulses on as many synapses fewer.

    Parameters
    ----------
    crossbar
        A `Crossbar` of junctions, or an `IdealCrossbar` of analog devices; (post, pre) is that of
        the layer.
    largest
        w_max, weight of a mean synapse that is on (no unit).
    pulse
        Length of a write pulse, s.
    read_voltage
        At which weights are read, V.

    Raises
    ------
    SpinlearnValueError
        If a number is not positive.

    Examples
    --------
    >>> from spinlearn.substrates import IdealCrossbar
    >>> array = IdealCrossbar(3, 4, conductance_on=1e-4, conductance_off=5e-5)
    >>> weights = CrossbarWeights(array, largest=0.5, pulse=1e-8)
    >>> state = weights.init(key=jax.random.key(0))
    >>> state, record = weights.write(state, jnp.full((3, 4), 0.1), key=jax.random.key(1))
    >>> weights.values(state).shape, bool(record.energy > 0)
    ((3, 4), True)
    """

    crossbar: AnyCrossbar
    largest: Array
    pulse: Array
    read_voltage: Array
    voltages: Float[Array, " k"]
    chances: Float[Array, " k"]

    def __init__(
        self, crossbar: AnyCrossbar, *, largest: Any, pulse: Any, read_voltage: Any = 0.1
    ) -> None:
        self.crossbar = crossbar
        self.largest = as_amount(largest, "largest", "no unit", zero=False)
        self.pulse = as_amount(pulse, "pulse", "s", zero=False)
        self.read_voltage = as_amount(read_voltage, "read_voltage", "V", zero=True)
        self.voltages, self.chances = _pulses(crossbar, self.pulse)

    @property
    def shape(self) -> tuple[int, int]:
        """Units of the layer, and what goes into it: (post, pre) (no unit)."""
        return self.crossbar.shape[:2]

    def init(self, *, key: Key) -> AnyState:
        """New devices (SI units)."""
        return self.crossbar.init(key=key)

    def values(self, state: AnyState) -> Float[Array, "post pre"]:
        """The weights (no unit)."""
        on, off = self.crossbar.extremes(self.read_voltage)
        g = self.crossbar.conductance(state, self.read_voltage)  # pyright: ignore[reportArgumentType]
        mean = self.crossbar.references(state, self.read_voltage)  # pyright: ignore[reportArgumentType]
        return self.largest * (g - mean[None, :]) / (0.5 * (on - off))

    def write(self, state: AnyState, changes: Array, *, key: Key) -> tuple[AnyState, Record]:
        """Devices after a pulse each, and what it took (SI units).

        Parameters
        ----------
        state
            Before.
        changes
            Wanted changes of the weights, ``(post, pre)`` (no unit).
        key
            Typed key, another one for every act.
        """
        wanted = jnp.abs(changes) / self.largest
        least, most = self.chances[0], self.chances[-1]
        part = jnp.minimum(wanted / least, 1.0)
        drawn = jax.random.uniform(stream(key, "selection"), changes.shape, wanted.dtype)
        chance = jnp.clip(wanted, least, most)
        volts = jnp.interp(jnp.log(chance), jnp.log(self.chances), self.voltages)
        volts = jnp.where(drawn < part, -jnp.sign(changes) * volts, 0.0)
        return self.crossbar.apply(state, volts, self.pulse, key=stream(key, "pulses"))  # pyright: ignore[reportArgumentType]


def _pulses(crossbar: AnyCrossbar, pulse: Array) -> tuple[Array, Array]:
    """Voltages that rise, and the probabilities of switching that they have."""
    if not isinstance(crossbar, Crossbar):
        # Analog devices are moved by any part of their way.
        parts = jnp.asarray(np.geomspace(1e-12, 0.999, _POINTS), pulse.dtype)
        return -jnp.log1p(-parts) * crossbar.flux / pulse, parts
    low, high = crossbar.table.voltages
    volts = jnp.linspace(low, high, _POINTS)
    found = np.asarray(
        crossbar.table.switching_probability(volts, jnp.broadcast_to(pulse, volts.shape)), float
    )
    # Where they still rise: at the ends tables are flat.
    rising = np.concatenate([[True], found[1:] > np.maximum.accumulate(found)[:-1]]) & (found > 0)
    if rising.sum() < 2:
        raise SpinlearnValueError(
            "pulse",
            f"{float(pulse):g} s",
            "a length at which switching can be chosen",
            "Pass 1e-8.",
        )
    return volts[rising], jnp.asarray(found[rising], volts.dtype)
