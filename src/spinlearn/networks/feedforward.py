"""Layers of neurons that are fed forward, each perturbed by noise of its own."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn._checks import as_amount, as_array, as_count, as_leaf, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array


class FeedforwardState(eqx.Module):
    """Weights of a feedforward network (no unit).

    Parameters
    ----------
    weights
        Of every layer, ``(post, pre)``.
    biases
        Of every layer, ``(post,)``.
    mixing
        R of every layer, ``(pre, pre)``, which decorrelates what goes into it; empty for none.

    Examples
    --------
    >>> state = Feedforward((4, 3, 2)).init(key=jax.random.key(0))
    >>> [w.shape for w in state.weights], len(state.mixing)
    ([(3, 4), (2, 3)], 0)
    """

    weights: tuple[Float[Array, "post pre"], ...]
    biases: tuple[Float[Array, " post"], ...]
    mixing: tuple[Float[Array, "pre pre"], ...]


class Activity(eqx.Module):
    """What the layers of a network did in one pass, or in several side by side (no unit).

    Parameters
    ----------
    inputs
        Of every layer, decorrelated, ``(*passes, batch, pre)``; the first, which all passes share,
        ``(batch, pre)``.
    currents
        Weighted sums with bias and noise, before the nonlinearity, ``(*passes, batch, post)``; the
        last ones are the network's output.

    Examples
    --------
    >>> network = Feedforward((4, 3, 2))
    >>> state = network.init(key=jax.random.key(0))
    >>> [a.shape for a in network.forward(state, jnp.ones((5, 4))).currents]
    [(5, 3), (5, 2)]
    """

    inputs: tuple[Float[Array, "... batch pre"], ...]
    currents: tuple[Float[Array, "... batch post"], ...]

    @property
    def output(self) -> Float[Array, "... batch classes"]:
        """Weighted sums of the last layer (no unit)."""
        return self.currents[-1]


@final
class Feedforward(eqx.Module):
    r"""Dense layers with leaky rectifiers between them (no unit).

    .. math:: a_l = W_l R_l x_{l-1} + b_l + \varepsilon_l, \qquad x_l = \max(a_l, s a_l),

    where R decorrelates what goes into a layer (the images too), ε is the noise of its units, and
    the weighted sums of the last layer are the output.

    Parameters
    ----------
    sizes
        Units of every layer, inputs first: ``(784, 500, 500, 500, 10)``.
    slope
        s, of the rectifiers below zero, from 0 to 1.
    decorrelated
        Whether layers have an R, which is 1 in the beginning.
    input_mean, input_deviation
        Taken off the inputs, and what they are divided by then.

    Raises
    ------
    SpinlearnValueError
        If a number is out of range.

    Examples
    --------
    >>> network = Feedforward((784, 500, 10))
    >>> network.units
    510
    """

    slope: Array
    input_mean: Array
    input_deviation: Array
    sizes: tuple[int, ...] = eqx.field(static=True)
    decorrelated: bool = eqx.field(static=True)

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        slope: Any = 0.01,
        decorrelated: bool = False,
        input_mean: Any = 0.0,
        input_deviation: Any = 1.0,
    ) -> None:
        whole = "two or more integers >= 1, inputs first"
        if isinstance(sizes, str) or len(sizes) < 2:
            raise SpinlearnValueError("sizes", sizes, whole, "Pass (784, 500, 10), say.")
        self.sizes = tuple(as_count(n, "sizes", 1, whole, "Pass (784, 500, 10).") for n in sizes)
        self.slope = as_leaf(slope, "slope", "no unit")
        require_values(
            lambda s: (s >= 0) & (s <= 1), "slope", slope, "from 0 to 1 (no unit)", "Try 0.01."
        )
        self.decorrelated = bool(decorrelated)
        self.input_mean = as_leaf(input_mean, "input_mean", "no unit")
        self.input_deviation = as_amount(input_deviation, "input_deviation", "no unit", zero=False)

    @property
    def units(self) -> int:
        """Units of all layers, inputs apart: as many sources of noise (no unit)."""
        return sum(self.sizes[1:])

    @property
    def weights(self) -> int:
        """Weights and biases of all layers (no unit)."""
        return sum((pre + 1) * post for pre, post in itertools.pairwise(self.sizes))

    def split(self, values: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """Numbers ``(*passes, weights)`` as those of weights and those of biases (no unit)."""
        parts, first = ([], []), 0
        for pre, post in itertools.pairwise(self.sizes):
            for found, shape in zip(parts, ((post, pre), (post,)), strict=True):
                count = math.prod(shape)
                own = values[..., first : first + count]
                found.append(own.reshape(*values.shape[:-1], *shape))
                first += count
        return tuple(parts[0]), tuple(parts[1])

    def init(self, *, key: Key) -> FeedforwardState:
        """New weights and biases, evenly within ±1/√pre; every R is 1 (no unit)."""
        dtype = self.slope.dtype
        weights, biases = [], []
        for layer, (pre, post) in enumerate(itertools.pairwise(self.sizes)):
            most = pre**-0.5
            for found, name, shape in (
                (weights, "weights", (post, pre)),
                (biases, "biases", (post,)),
            ):
                own = stream(key, name, layer)
                found.append(jax.random.uniform(own, shape, dtype, -most, most))
        mixing = tuple(jnp.eye(n, dtype=dtype) for n in self.sizes[:-1] if self.decorrelated)
        return FeedforwardState(tuple(weights), tuple(biases), mixing)

    def normalize(self, images: Any) -> Float[Array, "batch pre"]:
        """Images ``(batch, pre)`` of any number type, less their mean, in deviations (no unit)."""
        given = as_array(images, "images")
        if given.ndim != 2 or given.shape[1] != self.sizes[0]:
            raise SpinlearnValueError(
                "images", f"shape {given.shape}", f"(n, {self.sizes[0]})", "Flatten the images."
            )
        return (given.astype(self.slope.dtype) - self.input_mean) / self.input_deviation

    def forward(
        self, state: FeedforwardState, inputs: Array, noise: Array | None = None
    ) -> Activity:
        """What all layers do (no unit).

        Parameters
        ----------
        state
            Weights.
        inputs
            Normalized, ``(batch, pre)``.
        noise
            Added to the weighted sums of all units, layer after layer, ``(*passes, batch, units)``;
            None for none.
        """
        mixed, currents, x, first = [], [], inputs, 0
        for layer, (w, b) in enumerate(zip(state.weights, state.biases, strict=True)):
            if state.mixing:
                x = x @ state.mixing[layer].T
            mixed.append(x)
            a = x @ w.T
            a = a + jnp.expand_dims(b, tuple(range(a.ndim - 1)))
            if noise is not None:
                own = noise[..., first : first + len(b)]
                a = own + jnp.expand_dims(a, tuple(range(own.ndim - a.ndim)))
                first += len(b)
            currents.append(a)
            x = self.rectify(a)
        return Activity(tuple(mixed), tuple(currents))

    def rectify(self, currents: Array) -> Array:
        """What units give for weighted sums (no unit)."""
        return jnp.where(currents > 0, currents, self.slope * currents)

    def gain(self, currents: Array) -> Array:
        """Derivative of what units give (no unit)."""
        return jnp.where(currents > 0, 1.0, self.slope)

    def accuracy(self, state: FeedforwardState, images: Any, labels: Any) -> Array:
        """Part of the images ``(n, pre)`` whose largest output is that of their label (no unit)."""
        return _accuracy(self, state, as_array(images, "images"), as_array(labels, "labels"))


@eqx.filter_jit
def _accuracy(network: Feedforward, state: FeedforwardState, images: Array, labels: Array) -> Array:
    told = network.forward(state, network.normalize(images)).output
    return jnp.mean((jnp.argmax(told, axis=-1) == labels).astype(network.slope.dtype))
