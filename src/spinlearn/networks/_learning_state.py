"""What a network that learns from noise keeps, from batch to batch and within one."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
from jaxtyping import Float, UInt

from spinlearn.networks.feedforward import FeedforwardState

Array = jax.Array


class Batch(NamedTuple):
    """What a batch leaves behind."""

    gradient: tuple[tuple[Array, ...], tuple[Array, ...]]
    shared: tuple[Array, ...]
    noise: Any
    feedback: tuple[Array, ...]
    loss: Array


class NoiseLearningState(eqx.Module):
    """State of a network that learns from noise (no unit).

    Parameters
    ----------
    network
        Weights.
    optimizer
        Of optax.
    noise
        Of the sources, one a unit; None without any.
    feedback
        What units of every hidden layer do to the outputs as far as they know, ``(post, classes)``;
        empty where no rule learns it.
    step
        Batches so far.
    devices
        Of every layer whose weights live on a crossbar; empty for numbers.
    energy
        Of all write pulses so far, J.

    Examples
    --------
    >>> sorted(NoiseLearningState.__annotations__)
    ['devices', 'energy', 'feedback', 'network', 'noise', 'optimizer', 'step']
    """

    network: FeedforwardState
    optimizer: Any
    noise: Any
    feedback: tuple[Float[Array, "post classes"], ...]
    step: UInt[Array, ""]
    devices: tuple[Any, ...]
    energy: Float[Array, ""]
