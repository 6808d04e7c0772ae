"""Magnetic tunnel junctions at the crossings of lines, written by chance."""

from __future__ import annotations

from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_array, as_count, as_leaf, is_known, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions import MTJ, SwitchingLookup
from spinlearn.rng import stream
from spinlearn.substrates._pulses import table_of_pulses, voltage_of_pulse
from spinlearn.substrates.crossbar_cells import Cells, new_cells
from spinlearn.substrates.substrate import AbstractSubstrate, Record
from spinlearn.transport import (
    attenuated_conductance,
    crossbar_currents,
    crossbar_matrix,
    selected_voltages,
)
from spinlearn.typing import Key

Array = jax.Array

_LINES = ("ideal", "exact", "attenuated")
# Means over a normal distribution.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(20)
_GAUSS = (_NODES, _WEIGHTS / _WEIGHTS.sum())


class CrossbarState(eqx.Module):
    """State of a crossbar.

    Parameters
    ----------
    cells
        The junctions, ``(post, pre, k)``.
    time
        Since the device was new, s.

    Examples
    --------
    >>> from spinlearn.junctions import named_junction
    >>> from spinlearn.substrates.crossbar_cells import new_cells
    >>> cells = new_cells(named_junction("ikeda2010"), (2, 3, 1), key=jax.random.key(0))
    >>> CrossbarState(cells, jnp.zeros(())).cells.on.shape
    (2, 3, 1)
    """

    cells: Cells
    time: Array


class CrossbarReading(eqx.Module):
    """What a read of a crossbar gave and took.

    Parameters
    ----------
    currents
        Of every neuron, less that of the mean conductance, ``(post,)``, A.
    energy
        In devices, lines and the line of mean conductance, J.
    duration
        s.

    Examples
    --------
    >>> CrossbarReading(jnp.zeros(3), jnp.asarray(1e-15), jnp.asarray(1e-9)).currents.shape
    (3,)
    """

    currents: Float[Array, " post"]
    energy: Array
    duration: Array


@final
class Crossbar(AbstractSubstrate):
    """Junctions at the crossings of word lines, the inputs, and bit lines, the neurons.

    Every crossing holds k junctions side by side, each behind a transistor of its own, which is
    taken as ideal: no current flows where nothing is selected. A read puts voltages on the word
    lines and takes from every bit line the current that reference junctions would give, half of
    them on, with the spread of all: the mean conductance. So a synapse weighs plus or minus. A
    write pulse,
    negative towards the parallel state and positive away from it as everywhere here, switches a
    junction with the probability of the Fokker–Planck equation at the voltage that it sees: that of
    the mean device at a voltage scaled with its critical one. (Spread of the thermal stability is
    left out.)

    Parameters
    ----------
    junction
        The mean device; its spreads are those from cell to cell. Its easy axis is perpendicular.
    post, pre
        Numbers of neurons and of inputs.
    junctions
        k, junctions of one synapse.
    pulse_lengths
        Shortest and longest pulse or read that will be asked for, s.
    stuck_on, stuck_off
        Parts of the junctions that stay on, or off, whatever is written (no unit).
    endurance
        Write pulses after which 63 % of the barriers are broken, Weibull's scale (no unit).
    endurance_shape
        Weibull's shape (no unit); assumed.
    word_resistance, bit_resistance
        Of the line between two devices, Ω.
    lines
        How lines are taken into account in `conductance`: "ideal" leaves them out, in writes too,
        and is the default where they have no resistance; "exact" is the default where they have;
        "attenuated" is fast, see `spinlearn.transport.attenuated_conductance`.
    activity
        Part of the inputs that is active at a time, for attenuated lines, where silent inputs are
        cut off; 1 where they are held at a voltage (no unit).
    table
        Of switching probabilities, from `tabulate_switching`, in place of one made here, which
        reaches twice the critical voltage (four times if pulses are below 5 relaxation times).
        Junctions that see more are taken at its end.

    Raises
    ------
    SpinlearnValueError
        If a number is out of range, the easy axis is in the plane, or the junction is a batch.

    References
    ----------
    After Zhou et al., Commun. Eng. 4, 142 (2025): binary junctions, inference by subtraction of
    the mean, learning by the probability of switching.

    Examples
    --------
    >>> from spinlearn.junctions import named_junction
    >>> array = Crossbar(named_junction("ikeda2010"), 2, 4, pulse_lengths=(5e-9, 10e-9))
    >>> state = array.init(key=jax.random.key(0))
    >>> state, record = array.apply(state, jnp.full((2, 4), -1.5), 10e-9, key=jax.random.key(1))
    >>> bool(state.cells.on.all()), bool(1e-12 < record.energy < 1e-10)
    (True, True)
    """

    junction: MTJ
    table: SwitchingLookup
    stuck_on: Array
    stuck_off: Array
    endurance: Array
    endurance_shape: Array
    word_resistance: Array
    bit_resistance: Array
    activity: Array
    shape: tuple[int, int, int] = eqx.field(static=True)
    lines: str = eqx.field(static=True)

    def __init__(
        self,
        junction: MTJ,
        post: int,
        pre: int,
        *,
        junctions: int = 1,
        pulse_lengths: tuple[float, float] = (1e-9, 1e-7),
        stuck_on: Any = 0.0,
        stuck_off: Any = 0.0,
        endurance: Any = jnp.inf,
        endurance_shape: Any = 1.0,
        word_resistance: Any = 0.0,
        bit_resistance: Any = 0.0,
        lines: str | None = None,
        activity: Any = 1.0,
        table: SwitchingLookup | None = None,
    ) -> None:
        self.shape = tuple(  # pyright: ignore[reportAttributeAccessIssue]
            as_count(n, name, 1, "an integer >= 1", what)
            for n, name, what in (
                (post, "post", "Pass the number of neurons."),
                (pre, "pre", "Pass the number of inputs."),
                (junctions, "junctions", "Pass how many junctions a synapse has."),
            )
        )
        self.junction = junction
        self.table = table or table_of_pulses(junction, pulse_lengths)
        self.stuck_on, self.stuck_off = _part(stuck_on, "stuck_on"), _part(stuck_off, "stuck_off")
        require_values(
            lambda v: v <= 1,
            "stuck_on",
            self.stuck_on + self.stuck_off,
            "stuck_on + stuck_off up to 1 (no unit)",
            "A junction is stuck one way or the other.",
        )
        self.endurance = _positive(endurance, "endurance", "pulses", finite=False)
        self.endurance_shape = _positive(endurance_shape, "endurance_shape", "no unit")
        self.word_resistance = _resistance(word_resistance, "word_resistance")
        self.bit_resistance = _resistance(bit_resistance, "bit_resistance")
        if lines is None:
            lines = "ideal" if _none(self.word_resistance, self.bit_resistance) else "exact"
        if lines not in _LINES:
            raise SpinlearnValueError("lines", lines, " or ".join(map(repr, _LINES)), "Choose one.")
        self.lines = lines
        self.activity = _part(activity, "activity")

    def extremes(self, voltage: Any = 0.0) -> tuple[Array, Array]:
        """Conductance of a synapse that is on, and off, at a voltage (V), S: means over devices.

        Of as many as there might be: of resistances that differ the mean conductance is above that
        of the mean resistance.
        """
        junction, volts = self.junction, as_leaf(voltage, "voltage", "V")
        on = self.shape[2] * (1 + junction.resistance_spread**2) / junction.resistance_parallel
        sigma = jnp.sqrt(jnp.log1p(junction.tmr_spread**2)).astype(on.dtype)
        nodes, weights = (jnp.asarray(part, on.dtype) for part in _GAUSS)
        tmr = junction.tmr * jnp.exp(sigma * nodes - 0.5 * sigma**2)
        low = tmr / (1 + (volts / junction.half_voltage) ** 2)
        return on, on * jnp.sum(weights / (1 + low))

    def references(self, state: CrossbarState, voltage: Any = 0.0) -> Float[Array, " pre"]:
        """What a read takes off for every input, at a voltage (V): the mean of on and off, S.

        Less what lines take, in the mean over bit lines: the reference line lies in the middle.
        """
        on, off = self.extremes(voltage)
        mean = jnp.broadcast_to(0.5 * (on + off), self.shape[1:2])
        return mean * jnp.mean(self.losses(state, voltage), axis=0).astype(mean.dtype)

    def losses(self, state: CrossbarState, voltage: Any = 0.0) -> Float[Array, "post pre"]:
        """Conductance with the lines over that of devices alone, at a voltage (V) (no unit)."""
        if self.lines == "ideal":
            return jnp.ones(self.shape[:2])
        return self.conductance(state, voltage) / self.devices(state, voltage)

    def init(self, *, key: Key) -> CrossbarState:
        """New cells, on or off as likely as not (SI units)."""
        cells = new_cells(
            self.junction,
            self.shape,
            stuck_on=self.stuck_on,
            stuck_off=self.stuck_off,
            endurance=self.endurance,
            endurance_shape=self.endurance_shape,
            key=key,
        )
        return CrossbarState(cells, jnp.zeros(()))

    def devices(self, state: CrossbarState, voltage: Any = 0.0) -> Float[Array, "post pre"]:
        """Conductance of the synapses themselves at a voltage across them (V), S."""
        return jnp.sum(state.cells.conductance(self.junction, as_leaf(voltage, "voltage", "V")), -1)

    def conductance(self, state: CrossbarState, voltage: Any = 0.0) -> Float[Array, "post pre"]:
        """Current of a bit line per volt on a word line, with the lines between, S.

        At a voltage (V) that sets the TMR of all junctions alike.
        """
        g = self.devices(state, voltage)
        if self.lines == "ideal":
            return g
        segments = (self.word_resistance.astype(g.dtype), self.bit_resistance.astype(g.dtype))
        if self.lines == "exact":
            return crossbar_matrix(g, *segments)
        return attenuated_conductance(g, *segments, self.activity)

    def apply(
        self, state: CrossbarState, voltages: Any, duration: Any, *, key: Key
    ) -> tuple[CrossbarState, Record]:
        """Cells after one write pulse each (V, ``(post, pre)``), of one length (s).

        Bit lines are written one after the other: the act takes as many pulses as have any voltage.

        Raises
        ------
        SpinlearnValueError
            If the shape is another, or voltages or length are outside of the table.
        """
        volts = as_array(voltages, "voltages")
        if volts.shape != self.shape[:2]:
            raise SpinlearnValueError(
                "voltages", f"shape {volts.shape}", f"{self.shape[:2]}, V", "One for every synapse."
            )
        cells, energy, charge = self._pulse(state.cells, volts, duration, key)
        seconds = as_leaf(duration, "duration", "s")
        took = seconds * jnp.sum(jnp.any(volts != 0, axis=1)).astype(seconds.dtype)
        return CrossbarState(cells, state.time + took), Record(energy, took, charge, {})

    def write_row(
        self, state: CrossbarState, row: Any, voltages: Any, duration: Any, *, key: Key
    ) -> tuple[CrossbarState, Record]:
        """Cells after a write pulse on one neuron's synapses (V, ``(pre,)``), of a length (s).

        Two pulses if both signs are there: positive ones first, then negative ones.

        Parameters
        ----------
        state
            The state before.
        row
            Index of the neuron; may be traced. −1 for none: then nothing happens.
        voltages
            Across its synapses, V; 0 for none.
        duration
            Of a pulse, s.
        key
            Random key; another one for every write.
        """
        volts = as_array(voltages, "voltages")
        if volts.shape != self.shape[1:2]:
            raise SpinlearnValueError(
                "voltages", f"shape {volts.shape}", f"({self.shape[1]},), V", "One for every input."
            )
        index = jnp.asarray(row)
        volts = jnp.where(index >= 0, volts, 0)
        at = jnp.maximum(index, 0)
        own = jax.tree.map(lambda leaf: leaf[at][None], state.cells)
        own, energy, charge = self._pulse(own, volts[None], duration, key, first=at)
        cells = jax.tree.map(lambda leaf, new: leaf.at[at].set(new[0]), state.cells, own)
        pulses = jnp.any(volts > 0).astype(int) + jnp.any(volts < 0).astype(int)
        took = as_leaf(duration, "duration", "s") * pulses
        return CrossbarState(cells, state.time + took), Record(energy, took, charge, {})

    def read(
        self, state: CrossbarState, voltages: Any, duration: Any, *, key: Key
    ) -> tuple[CrossbarState, CrossbarReading]:
        """Currents of all neurons at voltages on the word lines, and the cells that this disturbed.

        Parameters
        ----------
        state
            The state before.
        voltages
            Of the word lines, ``(pre,)``, V: all that are not 0 are taken as one voltage for the
            TMR's bias. Positive ones push towards the antiparallel state.
        duration
            s.
        key
            Random key; another one for every read.
        """
        volts = as_array(voltages, "voltages")
        largest = jnp.max(jnp.abs(volts))
        g = self.conductance(state, largest)
        raw = g @ volts
        reference = self.references(state, largest)
        taken = reference @ volts
        seconds = as_leaf(duration, "duration", "s")
        energy = (self._power(state, g, volts, largest) + reference @ volts**2) * seconds
        across = jnp.broadcast_to(volts, self.shape[:2])
        cells = self._switched(state.cells, across[..., None], seconds, key)
        reading = CrossbarReading(raw - taken, energy, seconds)
        return CrossbarState(cells, state.time + seconds), reading

    def pulse_probability(
        self, state: CrossbarState, voltages: Any, duration: Any
    ) -> Float[Array, "post pre k"]:
        """Probability of junctions to switch by a pulse that pushes them out of their state.

        Of voltages (V, that broadcast to ``(post, pre)``) on the word lines, their magnitude, for a
        duration (s); 0 for junctions that are stuck or broken (no unit).
        """
        push, seconds = self.push(state, voltages), as_leaf(duration, "duration", "s")
        return jnp.where(push > 0, self._chance_of(push, seconds), 0)

    def push(self, state: CrossbarState, voltages: Any) -> Float[Array, "post pre k"]:
        """What the mean device would need in place of a pulse that a junction gets, V.

        Of voltages (V, that broadcast to ``(post, pre)``) on the word lines: the magnitude behind
        the lines times the mean critical voltage over the junction's own; 0 for junctions that are
        stuck or broken.
        """
        volts = jnp.broadcast_to(as_leaf(voltages, "voltages", "V"), self.shape[:2])
        across = self._behind_lines(state.cells, volts, 0)[..., None]
        able = state.cells.writable & state.cells.alive
        return jnp.where(able, jnp.abs(across) * state.cells.weakness, 0)

    def pulse_voltage(self, probability: Any, duration: Any) -> Array:
        """Voltage (V) of a pulse that switches the mean device with a probability, without lines.

        Parameters
        ----------
        probability
            One number above 0 and below 1 (no unit).
        duration
            Of the pulse, s.

        Raises
        ------
        SpinlearnValueError
            If no voltage of the table has this probability.
        """
        return voltage_of_pulse(self.table, probability, duration)

    def _power(self, state: CrossbarState, g: Array, volts: Array, largest: Array) -> Array:
        """What the word lines' sources deliver, W."""
        if self.lines != "exact":
            return jnp.sum(g, axis=0) @ volts**2
        devices = self.devices(state, largest)
        segments = self.word_resistance.astype(g.dtype), self.bit_resistance.astype(g.dtype)
        return crossbar_currents(devices, volts.astype(g.dtype), *segments).power

    def _pulse(
        self, cells: Cells, volts: Array, duration: Any, key: Key, *, first: Any = 0
    ) -> tuple[Cells, Array, Array]:
        """Cells after pulses, the energy, and the charge into the word lines."""
        across = self._behind_lines(cells, volts, first)
        seconds = as_leaf(duration, "duration", "s")
        pulsed = (across != 0)[..., None]
        new = self._switched(cells, across[..., None], seconds, key)
        new = eqx.tree_at(lambda c: c.life, new, new.life - pulsed.astype(new.life.dtype))
        # It switches somewhere within the pulse: half of it before, half after.
        before, after = (
            jnp.sum(c.conductance(self.junction, across[..., None]), -1) for c in (cells, new)
        )
        charge = 0.5 * (before + after) * across * seconds
        return new, jnp.sum(charge * volts), jnp.sum(charge, axis=0)

    def _switched(self, cells: Cells, across: Array, seconds: Array, key: Key) -> Cells:
        """Cells after a voltage, on those that it pushes out of their state."""
        target = across < 0  # the parallel state
        chance = self._chance(cells, across, seconds)
        drawn = jax.random.uniform(stream(key, "switching"), cells.on.shape, chance.dtype)
        turns = (drawn < chance) & (across != 0) & (cells.on != target)
        turns = turns & cells.writable & cells.alive
        return eqx.tree_at(lambda c: c.on, cells, cells.on ^ turns)

    def _chance(self, cells: Cells, across: Array, seconds: Array) -> Array:
        """Probability to leave the state out of which a voltage pushes."""
        return self._chance_of(jnp.abs(across) * cells.weakness, seconds)

    def _chance_of(self, push: Array, seconds: Array) -> Array:
        return self.table.switching_probability(
            jnp.clip(push, *self.table.voltages), jnp.broadcast_to(seconds, push.shape)
        )

    def _behind_lines(self, cells: Cells, volts: Array, first: Any) -> Array:
        """Voltages across the synapses, bit line after bit line."""
        if self.lines == "ideal":
            return volts
        g = jnp.sum(cells.conductance(self.junction, volts[..., None]), -1)
        lines = first + jnp.arange(volts.shape[0])

        def behind(g: Array, volts: Array, line: Array) -> Array:
            return selected_voltages(g, volts, line, self.word_resistance, self.bit_resistance)

        return jax.vmap(behind)(g, volts, lines)


def _none(*resistances: Array) -> bool:
    """Whether lines are known to be ideal."""
    return is_known(*resistances) and all(float(r) == 0 for r in resistances)


def _part(value: Any, field: str) -> Array:
    leaf = as_leaf(value, field, "no unit")
    require_values(
        lambda v: (v >= 0) & (v <= 1), field, value, "a part from 0 to 1 (no unit)", "1 % is 0.01."
    )
    return leaf


def _positive(value: Any, field: str, unit: str, *, finite: bool = True) -> Array:
    leaf = as_leaf(value, field, unit)
    require_values(
        lambda v: (v > 0) & (np.isfinite(v) | (not finite)),
        field,
        value,
        f"a number above 0, {unit}",
        "Leave it out for no limit." if not finite else "Pass a positive number.",
    )
    return leaf


def _resistance(value: Any, field: str) -> Array:
    leaf = as_leaf(value, field, "Ω")
    require_values(
        lambda v: (v >= 0) & np.isfinite(v),
        field,
        value,
        "a finite number >= 0, Ω",
        "Resistance of the line between two neighbouring devices.",
    )
    return leaf
