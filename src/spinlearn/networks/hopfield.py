"""A Hopfield network on hardware: it is trained by voltages, and recalls by its conductances."""

from __future__ import annotations

from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn._checks import as_amount, as_count
from spinlearn.errors import SpinlearnValueError
from spinlearn.networks._probes import Recalls
from spinlearn.networks._states import as_square, as_states
from spinlearn.networks.asynchronous import recall_asynchronous
from spinlearn.networks.energy import energy
from spinlearn.networks.heat_bath import ThermalRecalls, recall_thermal
from spinlearn.networks.readout import Readout
from spinlearn.networks.synchronous import recall_synchronous
from spinlearn.rng import stream
from spinlearn.substrates import AbstractSubstrate
from spinlearn.typing import Key

Array = jax.Array


@final
class Hopfield(eqx.Module):
    """A Hopfield network: weights are read from hardware that learned them, or are given.

    Parameters
    ----------
    substrate
        Hardware with one contact for every node.
    readout
        How weights are made of its conductances.
    state
        State of the hardware (SI units); by default `train` begins with a new device.
    relative
        Whether weights are changes divided by the reference (no unit), or in S.

    Raises
    ------
    SpinlearnValueError
        If weights are asked of a network that has neither a state nor given weights.

    References
    ----------
    J. J. Hopfield, Proc. Natl. Acad. Sci. USA 79, 2554 (1982).

    Examples
    --------
    >>> from spinlearn.rules import hebb
    >>> network = Hopfield.from_weights(hebb([[1, -1, 1, 1]]))
    >>> network.recall([[1, 1, 1, 1]]).states.tolist()
    [[1.0, -1.0, 1.0, 1.0]]
    """

    substrate: AbstractSubstrate | None
    readout: Readout | None
    state: Any
    given: Float[Array, "n n"] | None
    dissipated: Array
    trained_for: Array
    relative: bool = eqx.field(static=True)

    def __init__(
        self,
        substrate: AbstractSubstrate | None,
        readout: Readout | None,
        state: Any = None,
        *,
        relative: bool = True,
        given: Any = None,
        dissipated: Any = None,
        trained_for: Any = None,
    ) -> None:
        zero = jnp.zeros((), jnp.result_type(float))
        self.substrate, self.readout, self.state = substrate, readout, state
        self.given = None if given is None else as_square(given, "weights", "S or no unit")
        self.dissipated = zero if dissipated is None else dissipated
        self.trained_for = zero if trained_for is None else trained_for
        self.relative = relative
        if (self.given is None) == (substrate is None or readout is None):
            raise SpinlearnValueError(
                "substrate", substrate, "a substrate and its readout", "Or use from_weights."
            )

    @classmethod
    def from_weights(cls, weights: Any) -> Hopfield:
        """A network with given weights, ``(n, n)`` (S or no unit), which does not learn."""
        return cls(None, None, given=weights)

    @property
    def weights(self) -> Float[Array, "n n"]:
        """Weights, ``(n, n)`` (S or no unit), zero on the diagonal if they are of hardware."""
        if self.given is not None:
            return self.given
        assert self.substrate is not None
        assert self.readout is not None
        if self.state is None:
            raise SpinlearnValueError(
                "network.state", None, "the state of a device", "Train the network, or pass one."
            )
        conductance = self.substrate.conductance(self.state)
        return self.readout.weights(conductance, relative=self.relative)

    def train(
        self, patterns: Any, voltage: Any, duration: Any, *, epochs: int = 1, key: Key
    ) -> Hopfield:
        """The network after its hardware was shown the patterns.

        Every pattern in its turn is applied as voltages V ξ, and that in every epoch. What it took
        is added to `dissipated`, J, and `trained_for`, s.

        Parameters
        ----------
        patterns
            Patterns ξ, ``(p, n)``, −1 or 1 (no unit).
        voltage
            Voltage V of a node that is up, V.
        duration
            How long each pattern is applied, s.
        epochs
            How often the set is shown.
        key
            Random key of a new device and of the noise in learning.

        Returns
        -------
        Hopfield
            The trained network; the one before is as it was.

        Raises
        ------
        SpinlearnValueError
            If patterns do not fit, numbers are not positive, or the network has no hardware.
        """
        if self.substrate is None:
            raise SpinlearnValueError(
                "network.substrate",
                None,
                "hardware that learns",
                "Make weights by a rule of spinlearn.rules, and a new network of them.",
            )
        state = self.state
        if state is None:
            state = self.substrate.init(key=stream(key, "new device"))
        n = jax.eval_shape(self.substrate.conductance, state).shape[1]
        known = as_states(patterns, "patterns", n, "(p, n)")
        volts = as_amount(voltage, "voltage", "V", zero=False)
        span = as_amount(duration, "duration", "s", zero=False)
        count = as_count(epochs, "epochs", 0, "an integer >= 0", "Pass the number of epochs.")
        steps = jnp.asarray(min(count * len(known), 2**31 - 1), jnp.int32)
        state, energy_, time = _teach(self.substrate, state, known, volts, span, steps, key)
        return Hopfield(
            self.substrate,
            self.readout,
            state,
            relative=self.relative,
            dissipated=self.dissipated + energy_.astype(self.dissipated.dtype),
            trained_for=self.trained_for + time.astype(self.trained_for.dtype),
        )

    def recall(
        self,
        probes: Any,
        *,
        synchronous: bool = False,
        order: Any = None,
        key: Key | None = None,
        sweeps: int = 100,
    ) -> Recalls:
        """States that the network goes to from probes, ``(m, n)``, −1 or 1 (no unit).

        As `recall_asynchronous`, or `recall_synchronous`, in which there is no order.
        """
        if not synchronous:
            return recall_asynchronous(self.weights, probes, order=order, key=key, sweeps=sweeps)
        if order is not None or key is not None:
            raise SpinlearnValueError(
                "order", "order or key", "none: all nodes are updated at once", "Leave it out."
            )
        return recall_synchronous(self.weights, probes, sweeps=sweeps)

    def recall_thermal(
        self, probes: Any, temperature: Any, *, key: Key, sweeps: int = 100, discard: int = 0
    ) -> ThermalRecalls:
        """States at a temperature, k_B T in the unit of the weights, as `recall_thermal` (S or
        no unit).
        """
        return recall_thermal(
            self.weights, probes, temperature, key=key, sweeps=sweeps, discard=discard
        )

    def energy(self, states: Any) -> Float[Array, ...]:
        """Energy −½ sᵀWs of states, ``(..., n)``, in the unit of the weights (S or no unit)."""
        return energy(self.weights, states)


@eqx.filter_jit
def _teach(
    substrate: AbstractSubstrate,
    state: Any,
    patterns: Array,
    voltage: Array,
    duration: Array,
    steps: Array,
    key: Key,
) -> tuple[Any, Array, Array]:
    """State, energy (J) and time (s) after patterns were applied in turn."""

    def show(step: Array, now: tuple[Any, Array, Array]) -> tuple[Any, Array, Array]:
        state, spent, time = now
        volts = voltage * patterns[step % len(patterns)].astype(voltage.dtype)
        state, record = substrate.apply(state, volts, duration, key=stream(key, "training", step))
        spent = spent + jnp.asarray(record.energy).astype(spent.dtype)
        return state, spent, time + jnp.asarray(record.duration).astype(time.dtype)

    zero = jnp.zeros((), voltage.dtype)
    return jax.lax.fori_loop(0, steps, show, (state, zero, zero))
