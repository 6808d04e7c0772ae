"""Random telegraph noise of junctions that flip between two levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, UInt

from spinlearn._checks import as_count, as_leaf, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._carrying import carrying
from spinlearn.junctions._threshold import Threshold
from spinlearn.junctions._unit_shapes import beside, for_units, outer
from spinlearn.junctions.noise import AbstractNoise
from spinlearn.junctions.thermal_barrier import ThermalBarrier
from spinlearn.rng import normal, stream, words
from spinlearn.typing import Key

if TYPE_CHECKING:
    from spinlearn.junctions.mtj import MTJ

Array = jax.Array

_DWELL_FIX = "Lower the barrier or raise the bias: a junction that never flips makes no noise."


class TelegraphState(eqx.Module):
    """Where telegraph noise is.

    Parameters
    ----------
    up
        Which junctions are in their high state, ``(junctions, ...)`` (no unit).
    step
        Samples so far, modulo 2**32 (no unit).

    Examples
    --------
    >>> noise = TelegraphNoise(1e-3, 1e-3, 0.0, 0.01, sample_time=1e-4)
    >>> state = noise.init((3,), key=jax.random.key(0))
    >>> state.up.shape, int(state.step)
    ((1, 3), 0)
    """

    up: Bool[Array, "junctions ..."]
    step: UInt[Array, ""]


class TelegraphNoise(AbstractNoise):
    """Noise of one junction that flips between two levels, or of several in series.

    Every junction is a continuous-time chain of two states, left at the rates 1/τ_low and
    1/τ_high; the voltages of those in series add up, and the readout adds white noise. Sampling is
    exact for any sample time. Over dt, with κ = 1/τ_low + 1/τ_high, a junction forgets its state
    with probability 1 - exp(-κ dt) and then is high with the stationary probability
    τ_high/(τ_low + τ_high): flips that come back between two samples are accounted for.

    Sample k is drawn from the key and k alone, whatever the pieces that are asked for, until k
    passes 2**32 and the random numbers begin anew. Bias may change from piece to piece: give the
    state to a source with other dwell times.

    Parameters
    ----------
    dwell_low, dwell_high
        Mean times τ in the low and the high state, s: one number, ``(junctions,)``, or
        ``(junctions, *shape)`` where the units of a network differ.
    low, high
        Levels of one junction, V, of such a shape.
    sample_time
        dt between samples, s.
    readout_noise
        Standard deviation of the readout's white noise, V; None for none.

    Raises
    ------
    SpinlearnValueError
        If a time is not positive and finite, a level not finite, or shapes do not fit.

    References
    ----------
    S. Machlup, J. Appl. Phys. 25, 341 (1954), for the spectrum.

    Examples
    --------
    >>> noise = TelegraphNoise(2e-3, 1e-3, low=0.0, high=0.01, sample_time=1e-4)
    >>> noise.mean.shape, round(float(noise.mean), 6)
    ((), 0.003333)
    >>> state = noise.init(key=jax.random.key(0))
    >>> state, volts = noise.sample(state, 1000, key=jax.random.key(0))
    >>> sorted(set(volts.round(3).tolist()))[0], volts.shape
    (0.0, (1000,))
    """

    dwell_low: Array
    dwell_high: Array
    low: Array
    high: Array
    sample_time: Array
    readout_noise: Array | None

    def __init__(
        self,
        dwell_low: Any,
        dwell_high: Any,
        low: Any,
        high: Any,
        sample_time: Any,
        readout_noise: Any = None,
    ) -> None:
        given = {
            "dwell_low": (dwell_low, "s"),
            "dwell_high": (dwell_high, "s"),
            "low": (low, "V"),
            "high": (high, "V"),
        }
        leaves = {name: as_leaf(value, name, unit) for name, (value, unit) in given.items()}
        try:
            shape = np.broadcast_shapes((1,), *(leaf.shape for leaf in leaves.values()))
        except ValueError:
            shapes = {name: leaf.shape for name, leaf in leaves.items()}
            raise SpinlearnValueError(
                "dwell_low, dwell_high, low, high",
                shapes,
                "shapes that broadcast, junctions first",
                "Pass one number, or one for every junction.",
            ) from None
        for name in ("dwell_low", "dwell_high"):
            require_values(
                lambda v: np.isfinite(v) & (v > 0),
                name,
                leaves[name],
                "a positive, finite number, s",
                _DWELL_FIX,
            )
        for name in ("low", "high"):
            require_values(np.isfinite, name, leaves[name], "a finite number, V", "Pass volts.")
        for name, leaf in leaves.items():
            setattr(self, name, jnp.broadcast_to(leaf, shape))
        self.sample_time = as_leaf(sample_time, "sample_time", "s")
        require_values(
            lambda v: np.isfinite(v) & (v > 0),
            "sample_time",
            self.sample_time,
            "a positive, finite number, s",
            "Pass the time between samples, 1 over the sampling rate.",
        )
        self.readout_noise = None
        if readout_noise is not None:
            self.readout_noise = as_leaf(readout_noise, "readout_noise", "V")
            require_values(
                lambda v: np.isfinite(v) & (v >= 0),
                "readout_noise",
                self.readout_noise,
                "a number >= 0, V",
                "Pass the standard deviation.",
            )

    @classmethod
    def from_barrier(
        cls,
        junction: ThermalBarrier,
        low: Any,
        high: Any,
        sample_time: Any,
        *,
        voltage: Any = 0.0,
        field: Any = 0.0,
        temperature: Any = None,
        readout_noise: Any = None,
    ) -> TelegraphNoise:
        """The noise of a junction at a bias: voltage (V), field (A/m) and temperature (K).

        Parameters
        ----------
        junction
            Barrier and attempt time; its parameters may be ``(junctions,)`` arrays.
        low, high, sample_time, readout_noise
            As in the class, V and s.
        voltage, field, temperature
            As in `ThermalBarrier.dwell_times`.
        """
        dwell = junction.dwell_times(voltage, field, temperature)
        return cls(*dwell, low, high, sample_time, readout_noise)

    @classmethod
    def from_junction(
        cls,
        junction: MTJ,
        sample_time: Any,
        *,
        current: Any,
        field: Any = 0.0,
        readout_noise: Any = None,
    ) -> TelegraphNoise:
        """The voltage (V) over a junction through which a current flows: low is P, high is AP.

        Levels follow from the resistances at their own voltages, and so does what the voltage does
        to the dwell time in each state: a positive current leaves P.

        Parameters
        ----------
        junction
            At its temperature; of a batch ``(n,)`` the devices are in series.
        sample_time, readout_noise
            As in the class, s and V.
        current
            A.
        field
            Along the easy axis, against the fixed layer, A/m.

        Raises
        ------
        SpinlearnValueError
            If the current holds the junction in a state for longer than a number can say.

        Examples
        --------
        >>> from spinlearn.junctions import named_junction
        >>> device = named_junction("koenders2025")
        >>> noise = TelegraphNoise.from_junction(device, 25e-6, current=1e-6)
        >>> round(float(1e3 * noise.low[0])), round(float(1e3 * noise.high[0]))  # mV
        (3, 6)
        """
        volts, dwell = carrying(junction, current, field)
        return cls(*dwell, *volts, sample_time, readout_noise)

    @property
    def occupation(self) -> Float[Array, " junctions ..."]:
        """Stationary probability of the high state (no unit)."""
        return self.dwell_high / (self.dwell_low + self.dwell_high)

    @property
    def correlation_time(self) -> Float[Array, " junctions ..."]:
        """1/(1/τ_low + 1/τ_high) of every junction, s."""
        return 1 / (1 / self.dwell_low + 1 / self.dwell_high)

    @property
    def flip_probability(self) -> tuple[Array, Array]:
        """Probabilities to be found in the other state one sample later, from low, high (no unit).

        Their inverses are the mean dwell times as counted in samples.
        """
        forget = -jnp.expm1(-self.sample_time / self.correlation_time)
        return self.occupation * forget, (1 - self.occupation) * forget

    @property
    def mean_dwell(self) -> tuple[Array, Array]:
        """Mean number of samples in a row that show the low and the high state (no unit).

        Longer than τ/dt: a short visit to the other state between two samples is not seen.
        """
        up, down = self.flip_probability
        return 1 / up, 1 / down

    @property
    def mean(self) -> Float[Array, "*shape"]:
        """Mean voltage, V."""
        return jnp.sum(self.low + (self.high - self.low) * self.occupation, axis=0)

    @property
    def standard_deviation(self) -> Float[Array, "*shape"]:
        """Standard deviation of a sample, readout included, V."""
        total = jnp.sum(self._spread, axis=0)
        if self.readout_noise is not None:
            total = total + self.readout_noise * self.readout_noise
        return jnp.sqrt(total)

    @property
    def _spread(self) -> Array:
        """Variance of every junction, V²."""
        step = self.high - self.low
        return self.occupation * (1 - self.occupation) * step * step

    def autocorrelation(self, lag: Any) -> Float[Array, "*lags *shape"]:
        """Correlation of the telegraph signal, without readout noise, with itself (no unit).

        Parameters
        ----------
        lag
            Time in between, of any shape, s; one sample later is ``noise.sample_time``.

        Raises
        ------
        SpinlearnValueError
            If both levels are equal, where there is no telegraph signal; NaN where they are traced.
        """
        require_values(
            lambda v: np.any(v != 0, axis=0),
            "low, high",
            self.high - self.low,
            "levels that differ, V",
            "Without a telegraph signal there is nothing to correlate.",
        )
        later = outer(as_leaf(lag, "lag", "s"), self.dwell_low)
        spread = self._spread
        decay = jnp.exp(-jnp.abs(later) / beside(self.correlation_time, later))
        total = jnp.sum(beside(spread, later) * decay, axis=-spread.ndim)
        return total / beside(jnp.sum(spread, axis=0), total)

    def spectrum(self, frequency: Any) -> Float[Array, "*frequencies *shape"]:
        """One-sided power spectral density, V²/Hz: Lorentzians, and the readout's white noise.

        ``S(f) = Σ 4 σ² τ_c/(1 + (2π f τ_c)²) + 2 dt σ_r²``, σ² the variance of a junction, whose
        integral over f is the variance. A periodogram of samples adds what is folded back from
        above half the sampling rate.

        Parameters
        ----------
        frequency
            Of any shape, Hz.
        """
        at = outer(as_leaf(frequency, "frequency", "Hz"), self.dwell_low)
        time, spread = self.correlation_time, self._spread
        turned = 2 * np.pi * at * beside(time, at)
        power = beside(4 * spread * time, at) / (1 + turned * turned)
        total = jnp.sum(power, axis=-spread.ndim)
        if self.readout_noise is not None:
            total = total + 2 * self.sample_time * self.readout_noise * self.readout_noise
        return total

    def init(self, shape: tuple[int, ...] = (), *, key: Key) -> TelegraphState:
        """State of units of this shape, drawn from the stationary distribution (no unit).

        Parameters
        ----------
        shape
            Of the units, each with junctions of its own; ``()`` for one.
        key
            Typed key of the run.

        Raises
        ------
        SpinlearnValueError
            If units have parameters of their own and another shape.
        """
        occupation = for_units(self.occupation, tuple(shape))
        drawn = jax.random.uniform(
            stream(key, "telegraph start"), occupation.shape, occupation.dtype
        )
        return TelegraphState(drawn < occupation, jnp.zeros((), jnp.uint32))

    def sample(
        self, state: TelegraphState, steps: int, *, key: Key
    ) -> tuple[TelegraphState, Float[Array, "steps ..."]]:
        """State after so many samples of every unit, and the samples, V.

        Parameters
        ----------
        state
            From `init`, or what the sample before returned.
        steps
            Samples of every unit, an integer >= 1, known when compiled.
        key
            Typed key of the run, the same for all pieces.

        Raises
        ------
        SpinlearnValueError
            If steps is no such integer.
        """
        count = as_count(
            steps, "steps", 1, "an integer >= 1, known when compiled", "Ask for one or more."
        )
        return _sample(self, state, count, key)


@eqx.filter_jit
def _sample(
    noise: TelegraphNoise, state: TelegraphState, steps: int, key: Key
) -> tuple[TelegraphState, Array]:
    # As constants of a larger program parameters would be folded into it, and round otherwise.
    noise = jax.lax.optimization_barrier(noise)
    shape = state.up.shape[1:]
    at = state.step + jnp.arange(steps, dtype=jnp.uint32)
    keys = jax.vmap(lambda k: stream(key, "telegraph", k))(at)
    size = state.up.size
    drawn = jax.vmap(lambda k: words(k, (size + 1,)))(keys)
    # One word more decides where a word falls on a threshold: probabilities are exact to 2**-64.
    ties, own = drawn[:, -1], drawn[:, :-1].reshape(steps, *state.up.shape)
    up, down = (Threshold(for_units(p, shape)) for p in noise.flip_probability)

    def step(high: Array, drawn: tuple[Array, Array]) -> tuple[Array, Array]:
        word, tie = drawn
        high = up.passed(word, tie) | (high & ~down.passed(~word, tie))
        return high, high

    last, highs = jax.lax.scan(step, state.up, (own, ties))
    low, high = for_units(noise.low, shape), for_units(noise.high, shape)
    volts = jnp.sum(jnp.where(highs, high[None], low[None]), axis=1)
    if noise.readout_noise is not None:
        keys = jax.vmap(lambda k: stream(key, "readout noise", k))(at)
        drawn = jax.vmap(lambda k: normal(k, shape, volts.dtype))(keys)
        volts = volts + noise.readout_noise.astype(volts.dtype) * drawn
    return TelegraphState(last, state.step + jnp.uint32(steps)), volts
