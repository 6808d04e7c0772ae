"""Recorded noise: from files larger than memory, or from an array on the device."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, UInt

from spinlearn._checks import as_count, as_float_array, as_number, is_known, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._trace import Trace
from spinlearn.junctions.noise import AbstractNoise
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array

# Of a sample time, between what is given and what the times tell.
_SAME = 1e-3
_STEPS = "an integer >= 1, known when compiled"


class RecordingState(eqx.Module):
    """Where recorded noise is.

    Parameters
    ----------
    start
        Where in the recording the first unit begins, modulo its length (no unit).
    step
        Samples of every unit so far, modulo 2**32 (no unit).
    shape
        Of the units.

    Examples
    --------
    >>> state = RecordedNoise([0.01, 0.02, 0.03]).init((3,), key=None)
    >>> int(state.step), state.shape
    (0, (3,))
    """

    start: UInt[Array, ""]
    step: UInt[Array, ""]
    shape: tuple[int, ...] = eqx.field(static=True)


class RecordedNoise(AbstractNoise):
    """A recorded trace as a source of noise, on the device.

    Unit j of m reads the recording of N samples from its place ⌊j N/m⌋ on, so that every unit
    sees samples in the order in which they were recorded, and units are far apart. The recording
    begins anew at its end. After N/m samples a unit goes on with what the next one had at the
    beginning: the units together have then played all of it once, which `passes` counts.

    Parameters
    ----------
    trace
        ``(N,)``, V.

    Raises
    ------
    SpinlearnValueError
        If there is no sample, or one is not finite.

    Examples
    --------
    >>> noise = RecordedNoise([0.0, 0.25, 0.5, 0.75])
    >>> state, volts = noise.sample(noise.init((2,), key=None), 3, key=None)
    >>> volts.T.tolist()
    [[0.0, 0.25, 0.5], [0.5, 0.75, 0.0]]
    >>> float(noise.passes(state))
    1.5
    """

    trace: Float[Array, " samples"]

    def __init__(self, trace: Any) -> None:
        self.trace = as_float_array(np.asarray(trace, float) if _is_list(trace) else trace, "trace")
        if self.trace.ndim != 1 or not 0 < self.trace.size < 2**31:
            raise SpinlearnValueError(
                "trace", f"shape {self.trace.shape}", "(N,), N from 1 to 2**31 - 1", "Cut it."
            )
        require_values(np.isfinite, "trace", self.trace, "finite voltages, V", "Cut it there.")

    @property
    def samples(self) -> int:
        """Length N of the recording, in samples (no unit)."""
        return self.trace.shape[0]

    @property
    def mean(self) -> Array:
        """Mean of the recording, V."""
        return jnp.mean(self.trace)

    @property
    def standard_deviation(self) -> Array:
        """Standard deviation of the recording, V."""
        return jnp.std(self.trace)

    def init(self, shape: tuple[int, ...] = (), *, key: Key | None = None) -> RecordingState:
        """State of units of this shape (no unit).

        Parameters
        ----------
        shape
            Of the units; at most N of them.
        key
            Draws where in the recording the first unit begins; None for its first sample.

        Raises
        ------
        SpinlearnValueError
            If there are more units than samples.
        """
        return _begin(shape, self.samples, key)

    def sample(
        self, state: RecordingState, steps: int, *, key: Key | None = None
    ) -> tuple[RecordingState, Float[Array, "steps ..."]]:
        """State after so many samples of every unit, and the samples, V.

        Parameters
        ----------
        state
            From `init`, or what the sample before returned.
        steps
            Samples of every unit, an integer >= 1, known when compiled.
        key
            Not used: what was recorded is not drawn.
        """
        count = as_count(steps, "steps", 1, _STEPS, "Ask for one or more.")
        length = jnp.uint32(self.samples)
        places = jnp.asarray(_places(state.shape, self.samples), jnp.uint32)
        along = jnp.arange(count, dtype=jnp.uint32) % length
        # Remainders after every sum: nothing passes 2**32.
        at = (state.start % length + state.step % length) % length
        at = (at + along) % length
        at = (at.reshape(count, 1) + places.reshape(1, -1)) % length
        return _after(state, count), self.trace[at].reshape(count, *state.shape)

    def passes(self, state: RecordingState) -> Array:
        """How often the whole recording has been played by all units together (no unit)."""
        return _passes(state, self.samples)


class MeasuredNoise(AbstractNoise):
    r"""A recorded trace in files as a source of noise, streamed: it may be larger than memory.

    One CSV or Parquet file, a list of files in their order, or a folder of chunks and nothing else,
    which follow one another in the order of their names (2 before 10), numbered without a gap. All
    files are read and checked once at construction: what is wrong is an error that names file and
    row before anything is computed. Afterwards only windows of the trace are in memory, and the
    next one is read ahead in a thread.

    Units read the recording as in `RecordedNoise`, to the same numbers; the recording begins anew
    at its end, which `passes` counts. Inside `jax.jit` and `jax.lax.scan` samples come through a
    callback to the host. Give several seeds one state of shape ``(seeds, units)``: under
    `jax.vmap` they would read the files in turns. `load` puts a trace that fits on the device.

    Parameters
    ----------
    path
        File, folder, or list of files.
    column
        Of the voltages, with or without its unit in brackets: "V" finds ``V (mV)`` and
        ``voltage [mV]`` too.
    unit
        Of that column: V, mV or µV; None for what the header says, V where it says nothing.
    time_column
        Of the times, s unless the header names ms, µs, ns or ps: checked if there is one, and then
        the sample time is known. "t" also finds ``time``; None ignores them.
    sample_time
        Between samples, s, where no column tells it; where one does, both agree within 0.1 %.
    largest
        Largest voltage that is believed, V: junctions break down above 1 V or so, and 4 mV without
        its unit would be 4 V.
    memory
        For windows of the trace, bytes; decoding needs some 100 MB besides.

    Raises
    ------
    SpinlearnValueError
        If a file is missing, empty, damaged, lacks a column or is no chunk of the trace; if a
        voltage is no number, not finite or too large; if times do not grow evenly, some chunks
        have none, or they disagree with ``sample_time``; if a line within the trace is cut off (at
        its end that is a warning).
    SpinlearnError
        If Parquet is to be read and pyarrow is not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "trace.csv"
    ...     _ = file.write_text("V\n0.041\n0.043\n0.048\n0.036\n")
    ...     noise = MeasuredNoise(file, sample_time=25e-6)
    ...     state, volts = noise.sample(noise.init((2,)), 3)
    >>> noise.samples, volts.shape, round(float(volts[0, 1]), 3)
    (4, (3, 2), 0.048)
    """

    _trace: Trace = eqx.field(static=True)
    sample_time: float | None = eqx.field(static=True)

    def __init__(
        self,
        path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        column: str = "V",
        *,
        unit: str | None = None,
        time_column: str | None = "t",
        sample_time: float | None = None,
        largest: float = 1.0,
        memory: int = 256_000_000,
    ) -> None:
        limit = as_number(
            largest, "largest", lambda v: v > 0, "a positive number, V", "Pass volts."
        )
        room = as_count(memory, "memory", 1, "a number of bytes", "Pass 256_000_000, or so.")
        self._trace = Trace(path, column, unit, time_column, limit, room)
        self.sample_time = self._trace.sample_time
        if sample_time is not None:
            given = as_number(
                sample_time,
                "sample_time",
                lambda v: 0 < v < np.inf,
                "a positive number, s",
                "Pass 1 over the sampling rate.",
            )
            self.sample_time = _agreed(given, self._trace.sample_time)

    @property
    def samples(self) -> int:
        """Length N of the recording, in samples (no unit)."""
        return self._trace.samples

    @property
    def mean(self) -> float:
        """Mean of the recording, V."""
        return self._trace.mean

    @property
    def standard_deviation(self) -> float:
        """Standard deviation of the recording, V."""
        return self._trace.standard_deviation

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest sample, V."""
        return self._trace.lowest, self._trace.highest

    def read(self, first: int, count: int) -> np.ndarray:
        """Samples in a row as numpy array, ``(count,)``, V; for `fit_telegraph`, say.

        Parameters
        ----------
        first
            The first sample, from 0.
        count
            How many; past its end the recording begins anew.
        """
        start = as_count(first, "first", 0, "an integer >= 0", "Count from zero.")
        number = as_count(count, "count", 1, "an integer >= 1", "Ask for one or more.")
        return self._trace.rows(start, number)

    def load(self) -> RecordedNoise:
        """The whole recording on the device, V: faster, and the same numbers."""
        return RecordedNoise(self.read(0, self.samples).astype(_dtype()))

    def init(self, shape: tuple[int, ...] = (), *, key: Key | None = None) -> RecordingState:
        """State of units of this shape (no unit).

        Parameters
        ----------
        shape
            Of the units; at most N of them.
        key
            Draws where in the recording the first unit begins; None for its first sample.

        Raises
        ------
        SpinlearnValueError
            If there are more units than samples.
        """
        return _begin(shape, self.samples, key)

    def sample(
        self, state: RecordingState, steps: int, *, key: Key | None = None
    ) -> tuple[RecordingState, Float[Array, "steps ..."]]:
        """State after so many samples of every unit, and the samples, V.

        Parameters
        ----------
        state
            From `init`, or what the sample before returned.
        steps
            Samples of every unit, an integer >= 1, known when compiled.
        key
            Not used: what was recorded is not drawn.

        Raises
        ------
        SpinlearnValueError
            If a file was changed or removed since it was checked.
        """
        count = as_count(steps, "steps", 1, _STEPS, "Ask for one or more.")
        places = _places(state.shape, self.samples)
        kind = jax.ShapeDtypeStruct((count, *state.shape), _dtype())

        def read(start: Any, step: Any) -> np.ndarray:
            found = self._trace.sample(int(start), int(step), count, places, kind.dtype)
            return found.reshape(kind.shape)

        if is_known(state.start, state.step):
            volts = jnp.asarray(read(state.start, state.step))
        else:
            volts = jax.pure_callback(read, kind, state.start, state.step, vmap_method="sequential")
        return _after(state, count), volts

    def passes(self, state: RecordingState) -> Array:
        """How often the whole recording has been played by all units together (no unit)."""
        return _passes(state, self.samples)


def _agreed(given: float, found: float | None) -> float:
    """The sample time (s) of the times, if there are any; a given one agrees with it."""
    if found is None or abs(given - found) <= _SAME * found:
        return given if found is None else found
    raise SpinlearnValueError(
        "sample_time",
        f"{given:g} s",
        f"{found:.6g} s within {_SAME:.1%}, as the column of times says",
        "Leave it out, name the unit of the times in the header, or pass time_column=None.",
    )


def _begin(shape: tuple[int, ...], samples: int, key: Key | None) -> RecordingState:
    units = math.prod(shape)
    if not 1 <= units <= samples:
        raise SpinlearnValueError(
            "shape", shape, f"1 to {samples} units, the samples there are", "Record more."
        )
    zero = jnp.zeros((), jnp.uint32)
    start = zero if key is None else jax.random.bits(stream(key, "recording start"), (), jnp.uint32)
    return RecordingState(start, zero, tuple(shape))


def _after(state: RecordingState, steps: int) -> RecordingState:
    return RecordingState(state.start, state.step + jnp.uint32(steps), state.shape)


def _places(shape: tuple[int, ...], samples: int) -> np.ndarray:
    units = math.prod(shape)
    return np.arange(units, dtype=np.int64) * samples // units


def _passes(state: RecordingState, samples: int) -> Array:
    return state.step.astype(_dtype()) * (math.prod(state.shape) / samples)


def _dtype() -> Any:
    return jnp.result_type(float)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)
