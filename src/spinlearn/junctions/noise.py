"""What every source of noise is to the network that it drives."""

from __future__ import annotations

import abc
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Float

from spinlearn.typing import Key

Array = jax.Array


class AbstractNoise(eqx.Module):
    """A source of noise voltages (V), one of its own for every unit of a network.

    Two pure functions: `init` makes the state, `sample` takes the next numbers and returns the
    state after them. Sampling in pieces, with one key, gives what sampling at once gives, to the
    bit; the state belongs in checkpoints, and in the carry of `jax.lax.scan`.

    Examples
    --------
    >>> from spinlearn.junctions import named_noise
    >>> noise, key = named_noise("koenders2025"), jax.random.key(0)
    >>> state = noise.init((500,), key=key)
    >>> state, volts = noise.sample(state, 64, key=key)
    >>> volts.shape
    (64, 500)
    """

    #: Mean of a sample, V.
    mean: eqx.AbstractVar[Any]
    #: Standard deviation of a sample, V.
    standard_deviation: eqx.AbstractVar[Any]

    @abc.abstractmethod
    def init(self, shape: tuple[int, ...] = (), *, key: Key) -> Any:
        """State of the sources of units of this shape, before their first sample (no unit)."""

    @abc.abstractmethod
    def sample(self, state: Any, steps: int, *, key: Key) -> tuple[Any, Float[Array, "steps ..."]]:
        """State after so many samples of every unit, and the samples, V.

        Parameters
        ----------
        state
            From `init`, or what the sample before returned.
        steps
            Samples of every unit, an integer >= 1, known when compiled.
        key
            Typed key of the run, the same for all pieces.
        """
