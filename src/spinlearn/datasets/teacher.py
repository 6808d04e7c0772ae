"""Examples of which a network knows the answers: what a student is to learn."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn._checks import as_count
from spinlearn.networks import Feedforward
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array


def teacher_examples(
    sizes: Sequence[int], examples: int, *, key: Key
) -> tuple[Float[Array, "examples inputs"], Float[Array, "examples outputs"]]:
    """Inputs, evenly from -1 to 1, and what a network of these sizes makes of them (no unit).

    The teacher's weights are normal with variance 2/pre, 1 where two inputs go into a unit, and its
    biases with variance 1; rectifiers have the slope 0.01. Answers of small teachers differ by
    orders of magnitude from one to the next.

    Parameters
    ----------
    sizes
        Units of every layer, inputs first.
    examples
        Number of examples.
    key
        Typed key.

    Raises
    ------
    SpinlearnValueError
        If a number is no integer >= 1.

    Examples
    --------
    >>> x, y = teacher_examples((2, 2, 2, 1), 100, key=jax.random.key(0))
    >>> x.shape, y.shape
    ((100, 2), (100, 1))
    """
    count = as_count(examples, "examples", 1, "an integer >= 1", "Ask for one or more.")
    network = Feedforward(sizes)
    state = network.init(key=key)
    weights = tuple(
        jnp.sqrt(2 / w.shape[1]) * jax.random.normal(stream(key, "teacher", k), w.shape, w.dtype)
        for k, w in enumerate(state.weights)
    )
    biases = tuple(
        jax.random.normal(stream(key, "teacher bias", k), b.shape, b.dtype)
        for k, b in enumerate(state.biases)
    )
    teacher = type(state)(weights, biases, ())
    shape, dtype = (count, network.sizes[0]), network.slope.dtype
    x = jax.random.uniform(stream(key, "inputs"), shape, dtype, -1.0, 1.0)
    return x, network.forward(teacher, x).output
