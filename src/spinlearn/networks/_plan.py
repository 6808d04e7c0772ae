"""In which order nodes are updated, how often, and with what noise."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn._checks import as_amount, as_count
from spinlearn.errors import SpinlearnValueError
from spinlearn.networks._states import as_order
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array


class Plan(eqx.Module):
    """Which node comes when, and the noise."""

    order: Array | None
    key: Key | None
    noise: Array | None
    sweeps: Array

    def nodes(self, sweep: Array, n: int) -> Array:
        if self.order is not None:
            return self.order
        if self.key is None:
            return jnp.arange(n)
        return jax.random.permutation(stream(self.key, "recall order", sweep), n)

    def disturbed(self, field: Array, step: Array) -> Array:
        if self.noise is None:
            return field
        assert self.key is not None
        drawn = jax.random.normal(stream(self.key, "read noise", step), (), field.dtype)
        return field + self.noise * drawn


def as_plan(order: Any, key: Key | None, noise: Any, sweeps: Any, weights: Array) -> Plan:
    if noise is not None and key is None:
        raise SpinlearnValueError("key", None, "a random key for the read noise", "Pass key=...")
    if noise is not None:
        noise = as_amount(noise, "read_noise", "A", zero=True).astype(weights.dtype)
    order = None if order is None else as_order(order, weights.shape[0])
    return Plan(order, key, noise, as_sweeps(sweeps))


def as_sweeps(value: Any, least: int = 1) -> Array:
    """Number of sweeps, as an array: another one needs no new program."""
    allowed = f"an integer >= {least}"
    count = as_count(value, "sweeps", least, allowed, "A few are enough for most probes.")
    return jnp.asarray(min(count, 2**31 - 1), jnp.int32)


def one_of_two() -> SpinlearnValueError:
    return SpinlearnValueError(
        "order", "order and key", "one of them: a key draws an order of its own", "Leave one out."
    )
