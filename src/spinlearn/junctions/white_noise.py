"""Noise without memory, to compare that of junctions with."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float, UInt

from spinlearn._checks import as_amount, as_count, as_leaf
from spinlearn.junctions.noise import AbstractNoise
from spinlearn.rng import normal, stream, words
from spinlearn.typing import Key

Array = jax.Array

_STEPS = "an integer >= 1, known when compiled"


class WhiteNoiseState(eqx.Module):
    """Where noise without memory is.

    Parameters
    ----------
    step
        Samples of every unit so far, modulo 2**32 (no unit).
    shape
        Of the units.

    Examples
    --------
    >>> GaussianNoise(1e-3).init((3,), key=None).shape
    (3,)
    """

    step: UInt[Array, ""]
    shape: tuple[int, ...] = eqx.field(static=True)


class GaussianNoise(AbstractNoise):
    """Normal numbers, each independent of all others (V).

    Parameters
    ----------
    standard_deviation
        V.
    mean
        V.

    Raises
    ------
    SpinlearnValueError
        If the deviation is negative or not finite.

    Examples
    --------
    >>> noise, key = GaussianNoise(6e-3), jax.random.key(0)
    >>> state, volts = noise.sample(noise.init((500,), key=key), 64, key=key)
    >>> volts.shape, round(float(1e3 * volts.std()), 1)
    ((64, 500), 6.0)
    """

    standard_deviation: Array
    mean: Array

    def __init__(self, standard_deviation: Any, mean: Any = 0.0) -> None:
        self.standard_deviation = as_amount(
            standard_deviation, "standard_deviation", "V", zero=True
        )
        self.mean = as_leaf(mean, "mean", "V")

    def init(self, shape: tuple[int, ...] = (), *, key: Key | None = None) -> WhiteNoiseState:
        """State of units of this shape; nothing is drawn (no unit)."""
        del key
        return WhiteNoiseState(jnp.zeros((), jnp.uint32), tuple(shape))

    def sample(
        self, state: WhiteNoiseState, steps: int, *, key: Key
    ) -> tuple[WhiteNoiseState, Float[Array, "steps ..."]]:
        """State after so many samples of every unit, and the samples, V: see `AbstractNoise`."""
        count = as_count(steps, "steps", 1, _STEPS, "Ask for one or more.")
        dtype = self.standard_deviation.dtype

        def draw(key: Key) -> Array:
            return normal(key, state.shape, dtype)

        drawn = jax.vmap(draw)(_keys(state, count, key, "gaussian noise"))
        return _after(state, count), self.mean + self.standard_deviation * drawn


class BernoulliNoise(AbstractNoise):
    """One of two levels, each as likely, independent of all others (V).

    What a junction gives that has flipped often enough since the last sample.

    Parameters
    ----------
    amplitude
        Half the distance of the levels, which is the standard deviation, V.
    mean
        V.

    Raises
    ------
    SpinlearnValueError
        If the amplitude is negative or not finite.

    Examples
    --------
    >>> noise, key = BernoulliNoise(0.25, mean=1.0), jax.random.key(0)
    >>> state, volts = noise.sample(noise.init((500,), key=key), 64, key=key)
    >>> sorted(set(volts.ravel().tolist()))
    [0.75, 1.25]
    """

    amplitude: Array
    mean: Array

    def __init__(self, amplitude: Any, mean: Any = 0.0) -> None:
        self.amplitude = as_amount(amplitude, "amplitude", "V", zero=True)
        self.mean = as_leaf(mean, "mean", "V")

    @property
    def standard_deviation(self) -> Array:
        """The amplitude, V."""
        return self.amplitude

    def init(self, shape: tuple[int, ...] = (), *, key: Key | None = None) -> WhiteNoiseState:
        """State of units of this shape; nothing is drawn (no unit)."""
        del key
        return WhiteNoiseState(jnp.zeros((), jnp.uint32), tuple(shape))

    def sample(
        self, state: WhiteNoiseState, steps: int, *, key: Key
    ) -> tuple[WhiteNoiseState, Float[Array, "steps ..."]]:
        """State after so many samples of every unit, and the samples, V: see `AbstractNoise`."""
        count = as_count(steps, "steps", 1, _STEPS, "Ask for one or more.")
        units = math.prod(state.shape)

        def draw(key: Key) -> Array:
            # A word is 32 coins.
            own = words(key, (-(-units // 32), 1))
            coins = (own >> jnp.arange(32, dtype=jnp.uint32)[None, :]) & jnp.uint32(1)
            return coins.reshape(-1)[:units].reshape(state.shape)

        drawn = jax.vmap(draw)(_keys(state, count, key, "bernoulli noise"))
        volts = jnp.where(drawn == 1, self.mean + self.amplitude, self.mean - self.amplitude)
        return _after(state, count), volts


def _keys(state: WhiteNoiseState, count: int, key: Key, name: str) -> Array:
    at = state.step + jnp.arange(count, dtype=jnp.uint32)
    return jax.vmap(lambda k: stream(key, name, k))(at)


def _after(state: WhiteNoiseState, steps: int) -> WhiteNoiseState:
    return WhiteNoiseState(state.step + jnp.uint32(steps), state.shape)
