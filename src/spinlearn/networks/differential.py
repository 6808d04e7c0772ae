"""A network of which every weight is the difference of two magnetic links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, final, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_amount, as_count, require_values
from spinlearn.constants import K_B
from spinlearn.errors import SpinlearnValueError
from spinlearn.networks._states import as_states
from spinlearn.rng import stream
from spinlearn.substrates import LinkModel, Links, LinksState, Record
from spinlearn.typing import Key

Array = jax.Array
Protocol = Literal["hebbian", "residual", "subspace"]


class Course(eqx.Module):
    """What training did, epoch by epoch.

    Parameters
    ----------
    state
        State of the links after the last epoch.
    weights
        Weights before the first epoch and after each, ``(epochs + 1, n, n)`` (no unit).
    energy
        Dissipated in every epoch, reads included, ``(epochs,)``, J.
    read_energy
        The part of it that reads took, ``(epochs,)``, J.
    duration
        Of every epoch, ``(epochs,)``, s.
    written
        Mean part of a link that is written after every epoch, ``(epochs,)`` (no unit).

    Examples
    --------
    >>> Course.__annotations__["energy"]
    "Float[Array, ' epochs']"
    """

    state: LinksState
    weights: Float[Array, "steps n n"]
    energy: Float[Array, " epochs"]
    read_energy: Float[Array, " epochs"]
    duration: Float[Array, " epochs"]
    written: Float[Array, " epochs"]


@final
class DifferentialLinks(eqx.Module):
    """n rows and 2n columns of wire, a magnetic link at every crossing.

    Column j has two wires, at voltages c_j and −c_j. Row i at r_i drives its two links of column
    j by r_i − c_j and r_i + c_j. A link is written whatever the sign of its voltage, by a
    function f of its size, so that the difference of the two changes by

        f(r_i + c_j) − f(r_i − c_j),

    which is 4 r_i c_j where f is a square, and has the sign of r_i c_j for every f that grows:
    weights go up and down, though links are only ever written. What both links get alike cancels,
    but for their own spread. The weight is that difference, of conductances against those of the
    new device, over the change of a link that is written whole:

        W_ij = a (Δg⁻_ij − Δg⁺_ij) / (g c).

    With rows grounded the current of row i is ``Σ_j (g⁻_ij − g⁺_ij) c_j``: one read gives W c.

    Parameters
    ----------
    model
        What the mean link does.
    nodes
        Number of nodes n.
    gain
        a, the weight of a whole link (no unit). A pulse changes all n weights that give a node
        its field: a step that suits 35 nodes at a gain of 1 overshoots in a network of 1000, and
        nothing converges. Take 35/n, or pulses shorter by as much.
    device_spread, cycle_spread
        As of `Links` (no unit).
    read_voltage, read_time
        Largest voltage of a column when W c is read, V, and for how long, s. Reading is a pulse
        like any other: it costs energy, and writes what such a voltage writes.
    temperature
        Of the links when they are read, K: the mean of a row's current over the read time t has
        Johnson noise of variance ``2 k_B T G / t``, G all conductances of the row. Amplifiers are
        taken to add none.

    Raises
    ------
    SpinlearnValueError
        If a number is out of range.

    Examples
    --------
    >>> network = DifferentialLinks(LinkModel(1e-3, 0.005, 0.1, 2.0, 1e9, 2.0), 4)
    >>> course = network.train([[1, 1, -1, 1]], "hebbian", epochs=2, row_voltage=0.05,
    ...     column_voltage=0.05, pulse=1e-10, key=jax.random.key(0))
    >>> jnp.sign(course.weights[-1][0]).tolist()
    [1.0, 1.0, -1.0, 1.0]
    """

    links: Links
    gain: Array
    read_voltage: Array
    read_time: Array
    temperature: Array
    nodes: int = eqx.field(static=True)

    def __init__(
        self,
        model: LinkModel,
        nodes: int,
        *,
        gain: Any = 1.0,
        device_spread: Any = 0.0,
        cycle_spread: Any = 0.0,
        read_voltage: Any = 2e-3,
        read_time: Any = 1e-4,
        temperature: Any = 0.0,
    ) -> None:
        require_values(
            lambda c: c != 0,
            "model.change",
            model.change,
            "any other relative change (no unit): weights are read over it",
            "A film of 480 nm has 5.27e-3.",
        )
        n = as_count(nodes, "nodes", 2, "an integer of at least 2", "Pass the number of nodes.")
        row, column = np.divmod(np.arange(n * n), n)
        pairs = np.concatenate([np.stack([row, column + (1 + k) * n], 1) for k in range(2)])
        self.nodes = n
        self.links = Links(
            model, 3 * n, pairs, device_spread=device_spread, cycle_spread=cycle_spread
        )
        self.gain = as_amount(gain, "gain", "no unit", zero=False)
        self.read_voltage = as_amount(read_voltage, "read_voltage", "V", zero=False)
        self.read_time = as_amount(read_time, "read_time", "s", zero=False)
        self.temperature = as_amount(temperature, "temperature", "K", zero=True)

    def init(self, *, key: Key) -> LinksState:
        """A new device: all weights are zero (no unit)."""
        return self.links.init(key=key)

    def weights(self, state: LinksState) -> Float[Array, "n n"]:
        """Weights of a device, ``(n, n)``, diagonal included (no unit); not disturbed by this."""
        written = self._difference(state) - self._difference(_new(state))
        return self.gain.astype(written.dtype) * written / self._whole(written.dtype)

    def read(
        self, state: LinksState, columns: Any, *, key: Key
    ) -> tuple[LinksState, Float[Array, " n"], Record]:
        """The device after a read, W c as its rows' currents say, and what the read took.

        Parameters
        ----------
        state
            State of the links.
        columns
            c, ``(n,)`` (no unit); the largest is at the read voltage.
        key
            Of the noise of the read, and of the links' own.
        """
        n = self.nodes

        def voltages(on: Array) -> Array:
            return jnp.concatenate([jnp.zeros_like(on), on, -on])

        # What the new device would give is known from its calibration.
        state, current, record, scale = self._measured(state, columns, voltages, key)
        expected = jnp.einsum(
            "ij,j->i", self._difference(_new(state)), scale[1], precision="highest"
        )
        noise = self._johnson(state)[:n]
        return state, self._as_weights(current[:n] - expected, noise, scale[0], key), record

    def read_back(
        self, state: LinksState, rows: Any, *, key: Key
    ) -> tuple[LinksState, Float[Array, " n"], Record]:
        """The device after a read the other way, Wᵀ r, and what the read took.

        Rows are at voltages, columns are grounded, and each pair of columns says the difference of
        its two currents.

        Parameters
        ----------
        state
            State of the links.
        rows
            r, ``(n,)`` (no unit); the largest is at the read voltage.
        key
            Of the noise of the read, and of the links' own.
        """
        n = self.nodes

        def voltages(on: Array) -> Array:
            return jnp.concatenate([on, jnp.zeros_like(on), jnp.zeros_like(on)])

        state, current, record, scale = self._measured(state, rows, voltages, key)
        expected = jnp.einsum(
            "ij,i->j", self._difference(_new(state)), scale[1], precision="highest"
        )
        noise = self._johnson(state)
        found = current[n : 2 * n] - current[2 * n :] - expected
        both = jnp.hypot(noise[n : 2 * n], noise[2 * n :])
        return state, self._as_weights(found, both, scale[0], key), record

    def train(
        self,
        patterns: Any,
        protocol: Protocol,
        *,
        epochs: int,
        row_voltage: Any,
        column_voltage: Any,
        pulse: Any,
        state: LinksState | None = None,
        key: Key,
    ) -> Course:
        """Show the patterns, in a new order in every epoch.

        Every pattern x is one pulse, rows at r times the row voltage and columns at c times the
        column voltage, each at most at that voltage, after the reads that the protocol asks for:

        ==========  =============  ===========  ===============================================
        protocol    r              c            where it leads if links were linear
        ==========  =============  ===========  ===============================================
        hebbian     x              x            nowhere: a sum of outer products
        residual    x − W x        x            W = P, the projector on the patterns' span
        subspace    x − W y        y = Wᵀ x     W Wᵀ = P: Oja's subspace rule for V = Wᵀ
        ==========  =============  ===========  ===============================================

        The first epoch of "subspace" is hebbian, since y = 0 on a new device.

        Parameters
        ----------
        patterns
            Patterns, ``(p, n)``, −1 or 1 (no unit).
        protocol
            "hebbian", "residual" or "subspace".
        epochs
            How often the set is shown.
        row_voltage, column_voltage
            Voltages of r = 1 and of c = 1, V.
        pulse
            Length of a pulse, s.
        state
            Device to go on with; by default a new one.
        key
            Of a new device, of orders and of all noise. Map over keys for many devices.

        Returns
        -------
        Course
            Weights and energy epoch by epoch (SI units, as it says).

        Raises
        ------
        SpinlearnValueError
            If patterns do not fit, the protocol is not known, or numbers are not positive.
        """
        known = as_states(patterns, "patterns", self.nodes, "(p, n)")
        if protocol not in get_args(Protocol):
            raise SpinlearnValueError(
                "protocol", protocol, f"one of {', '.join(get_args(Protocol))}", "Choose one."
            )
        count = as_count(epochs, "epochs", 1, "an integer >= 1", "Pass the number of epochs.")
        volts = (
            as_amount(row_voltage, "row_voltage", "V", zero=False),
            as_amount(column_voltage, "column_voltage", "V", zero=False),
        )
        span = as_amount(pulse, "pulse", "s", zero=False)
        if state is None:
            state = self.init(key=stream(key, "new device"))
        return _train(self, state, known, protocol, count, volts, span, key)

    def _difference(self, state: LinksState) -> Array:
        """g⁻ − g⁺, ``(n, n)``, S."""
        n, matrix = self.nodes, self.links.conductance(state)
        return matrix[:n, n : 2 * n] - matrix[:n, 2 * n :]

    def _measured(
        self, state: LinksState, given: Any, voltages: Callable[[Array], Array], key: Key
    ) -> tuple[LinksState, Array, Record, tuple[Array, Array]]:
        """State, mean currents into all contacts, record, the largest number and the voltages."""
        dtype = state.written.dtype
        numbers = jnp.asarray(given, dtype)
        largest = jnp.maximum(jnp.max(jnp.abs(numbers)), jnp.finfo(dtype).tiny)
        on = numbers * (self.read_voltage.astype(dtype) / largest)
        time = self.read_time.astype(dtype)
        state, record = self.links.apply(state, voltages(on), time, key=key)
        return state, record.charge / time, record, (largest, on)

    def _as_weights(self, current: Array, noise: Array, largest: Array, key: Key) -> Array:
        """Currents with their noise (A) over that of a link written whole, times the gain."""
        dtype = current.dtype
        unit = self._whole(dtype) * self.read_voltage.astype(dtype)
        drawn = jax.random.normal(stream(key, "read"), current.shape, dtype)
        return self.gain.astype(dtype) * (current / unit + noise / unit * drawn) * largest

    def _johnson(self, state: LinksState) -> Array:
        """Standard deviation of the mean currents into all contacts, ``(3n,)``, A."""
        own = jnp.diag(self.links.conductance(state))
        # In float32 k_B T is no number: voltages of noise are.
        heat = jnp.sqrt(self.temperature * (2 * K_B * 1e20)).astype(own.dtype)
        return 1e-10 * heat * jnp.sqrt(own / self.read_time.astype(own.dtype))

    def _whole(self, dtype: Any) -> Array:
        """Change of the mean link's conductance when it is written whole, S."""
        model = self.links.model
        return (model.conductance * model.change).astype(dtype)


@eqx.filter_jit
def _train(
    network: DifferentialLinks,
    state: LinksState,
    patterns: Array,
    protocol: Protocol,
    epochs: int,
    volts: tuple[Array, Array],
    pulse: Array,
    key: Key,
) -> Course:
    dtype = state.written.dtype
    shown = patterns.astype(dtype)
    row, column = (v.astype(dtype) for v in volts)

    def drive(state: LinksState, x: Array, first: Any, key: Key) -> tuple[Any, Array, Array, Any]:
        """State, r, c and records of the reads."""
        if protocol == "hebbian":
            return state, x, x, []
        if protocol == "residual":
            state, given, read = network.read(state, x, key=stream(key, "read"))
            return state, x - given, x, [read]
        state, y, read = network.read_back(state, x, key=stream(key, "read"))
        state, back, again = network.read(state, y, key=stream(key, "read back"))
        return state, jnp.where(first, x, x - back), jnp.where(first, x, y), [read, again]

    def show(now: tuple[LinksState, Array], given: Any) -> tuple[Any, tuple[Array, Array, Array]]:
        state, epoch = now
        x, key = given
        state, r, c, records = drive(state, x, epoch == 0, key)
        rows, columns = row * jnp.clip(r, -1, 1), column * jnp.clip(c, -1, 1)
        voltages = jnp.concatenate([rows, columns, -columns])
        state, record = network.links.apply(state, voltages, pulse, key=stream(key, "pulse"))
        zero = jnp.zeros((), dtype)
        reads = sum((jnp.asarray(r.energy) for r in records), zero)
        time = sum((jnp.asarray(r.duration) for r in [*records, record]), zero)
        return (state, epoch), (reads + record.energy, reads, time)

    def once(state: LinksState, epoch: Array) -> tuple[LinksState, Any]:
        own = stream(key, "epoch", epoch)
        order = jax.random.permutation(stream(own, "order"), len(shown))
        keys = jax.vmap(lambda k: stream(own, "pattern", k))(jnp.arange(len(shown)))
        (state, _), spent = jax.lax.scan(show, (state, epoch), (shown[order], keys))
        totals = [jnp.sum(each) for each in spent]
        return state, (network.weights(state), *totals, jnp.mean(state.written))

    before = network.weights(state)
    state, (weights, *rest) = jax.lax.scan(once, state, jnp.arange(epochs))
    return Course(state, jnp.concatenate([before[None], weights]), *rest)


def _new(state: LinksState) -> LinksState:
    """The device before anything was written."""
    return eqx.tree_at(lambda s: s.written, state, jnp.zeros_like(state.written))
