"""A crossbar of ideal analog devices: every pulse moves a weight a part of the way."""

from __future__ import annotations

from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn._checks import as_amount, as_array, as_count, as_leaf, as_number, require
from spinlearn.errors import SpinlearnValueError
from spinlearn.rng import stream
from spinlearn.substrates.substrate import AbstractSubstrate, Record
from spinlearn.typing import Key

Array = jax.Array


class IdealCrossbarState(eqx.Module):
    """State of a crossbar of analog devices.

    Parameters
    ----------
    weights
        From 0, off, to 1, on, ``(post, pre)`` (no unit).
    time
        Since the device was new, s.

    Examples
    --------
    >>> IdealCrossbarState(jnp.zeros((2, 4)), jnp.zeros(())).weights.shape
    (2, 4)
    """

    weights: Float[Array, "post pre"]
    time: Array


@final
class IdealCrossbar(AbstractSubstrate):
    r"""Analog devices without spread, noise or lines, to hold a `Crossbar` of junctions against.

    A pulse of the voltage V for a time t moves a weight towards 1 (negative voltages, as towards
    the parallel state of junctions) or towards 0, by the part :math:`p = 1 - e^{-|V| t/\Phi}` of
    the way that is left. That is the mean of what binary junctions do that switch with the
    probability p: the analog rule without its chance.

    Parameters
    ----------
    post, pre
        Numbers of neurons and of inputs.
    conductance_on, conductance_off
        Conductance of weights 1 and 0, S.
    flux
        Φ, voltage times time that moves a weight by 63 % of its way, V s; assumed.

    Raises
    ------
    SpinlearnValueError
        If a number is out of range, or on conducts no better than off.

    Examples
    --------
    >>> array = IdealCrossbar(2, 4, conductance_on=1e-4, conductance_off=5e-5)
    >>> state = array.init(key=jax.random.key(0))
    >>> voltage = float(array.pulse_voltage(0.9, 1e-8))
    >>> new, _ = array.apply(state, jnp.full((2, 4), -voltage), 1e-8, key=jax.random.key(1))
    >>> bool(jnp.allclose(1 - new.weights, 0.1 * (1 - state.weights), atol=1e-6))
    True
    """

    conductance_on: Array
    conductance_off: Array
    flux: Array
    shape: tuple[int, int, int] = eqx.field(static=True)

    def __init__(
        self,
        post: int,
        pre: int,
        *,
        conductance_on: Any,
        conductance_off: Any,
        flux: Any = 1e-8,
    ) -> None:
        fix = "Pass the number of neurons, and of inputs."
        sizes = [
            as_count(n, name, 1, "an integer >= 1", fix)
            for n, name in ((post, "post"), (pre, "pre"))
        ]
        self.shape = (sizes[0], sizes[1], 1)
        self.conductance_on = as_amount(conductance_on, "conductance_on", "S", zero=False)
        self.conductance_off = as_amount(conductance_off, "conductance_off", "S", zero=True)
        require(
            self.conductance_off < self.conductance_on,
            "conductance_off",
            conductance_off,
            f"below conductance_on = {conductance_on} S",
            "Swap them.",
        )
        self.flux = as_amount(flux, "flux", "V s", zero=False)

    def init(self, *, key: Key) -> IdealCrossbarState:
        """New devices, with weights from 0 to 1 as likely as one another (SI units)."""
        weights = jax.random.uniform(stream(key, "first state"), self.shape[:2])
        return IdealCrossbarState(weights, jnp.zeros(()))

    def extremes(self, voltage: Any = 0.0) -> tuple[Array, Array]:
        """Conductance of synapses that are on, and off, S; whatever the voltage (V) is."""
        return self.conductance_on, self.conductance_off

    def references(self, state: IdealCrossbarState, voltage: Any = 0.0) -> Float[Array, " pre"]:
        """What a read takes off for every input, S: the mean of on and off, at any voltage (V)."""
        mean = 0.5 * (self.conductance_on + self.conductance_off)
        return jnp.broadcast_to(mean, self.shape[1:2])

    def conductance(
        self, state: IdealCrossbarState, voltage: Any = 0.0
    ) -> Float[Array, "post pre"]:
        """Current of a bit line per volt on a word line, S; whatever the voltage (V) is."""
        span = self.conductance_on - self.conductance_off
        return self.conductance_off + state.weights * span

    def apply(
        self, state: IdealCrossbarState, voltages: Any, duration: Any, *, key: Key
    ) -> tuple[IdealCrossbarState, Record]:
        """Devices after one pulse each (V, ``(post, pre)``), of one length (s); nothing is drawn.

        Bit lines are written one after the other: the act takes as many pulses as have any voltage.

        Raises
        ------
        SpinlearnValueError
            If the shape is another.
        """
        volts = as_array(voltages, "voltages")
        if volts.shape != self.shape[:2]:
            raise SpinlearnValueError(
                "voltages", f"shape {volts.shape}", f"{self.shape[:2]}, V", "One for every synapse."
            )
        seconds = as_leaf(duration, "duration", "s")
        part = -jnp.expm1(-jnp.abs(volts) * seconds / self.flux)
        weights = state.weights + part * (jnp.where(volts < 0, 1.0, 0.0) - state.weights)
        took = seconds * jnp.sum(jnp.any(volts != 0, axis=1)).astype(seconds.dtype)
        new = IdealCrossbarState(weights, state.time + took)
        charge = 0.5 * (self.conductance(state) + self.conductance(new)) * volts * seconds
        return new, Record(jnp.sum(charge * volts), took, jnp.sum(charge, axis=0), {})

    def pulse_voltage(self, probability: Any, duration: Any) -> Array:
        """Voltage (V) of a pulse that moves weights a part of their way (no unit), in a time (s).

        Raises
        ------
        SpinlearnValueError
            If the part, the mean of junctions that switch with this probability, is not above 0
            and below 1.
        """
        part = as_number(
            probability,
            "probability",
            lambda p: 0 < p < 1,
            "a number above 0 and below 1 (no unit)",
            "Pass the part of its way that a weight goes.",
        )
        return -jnp.log1p(-part) * self.flux / as_leaf(duration, "duration", "s")
