"""Shapes of parameters: junctions first, then units, behind what is asked about them."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from spinlearn.errors import SpinlearnValueError

Array = jax.Array


def for_units(value: Array, shape: tuple[int, ...]) -> Array:
    """Parameters ``(junctions,)`` or ``(junctions, *shape)`` as ``(junctions, *shape)``."""
    if value.ndim > 1 and value.shape[1:] != shape:
        raise SpinlearnValueError(
            "shape",
            shape,
            f"{value.shape[1:]}, which the parameters have",
            "Give every unit its parameters, or one number for all.",
        )
    own = value.reshape(value.shape[:1] + (1,) * len(shape)) if value.ndim == 1 else value
    return jnp.broadcast_to(own, value.shape[:1] + shape)


def outer(value: Array, parameters: Array) -> Array:
    """A value of any shape, in front of the parameters' axes."""
    return value.reshape(value.shape + (1,) * parameters.ndim)


def beside(parameters: Array, value: Array) -> Array:
    """Parameters as the last axes of a value."""
    return parameters.reshape((1,) * (value.ndim - parameters.ndim) + parameters.shape)
