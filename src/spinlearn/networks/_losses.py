"""Losses of examples, and their derivatives by the output."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp

Array = jax.Array
Loss = Literal["cross-entropy", "squares"]


def loss_of(kind: Loss, output: Array, targets: Array) -> tuple[Array, Array]:
    """Loss ``(*passes, batch)``, and its derivative by the output, of the output's shape.

    Targets are labels ``(batch,)`` for cross-entropy, in nats; numbers ``(batch, outputs)`` for
    squares, which are summed over outputs.
    """
    if kind == "cross-entropy":
        log = jax.nn.log_softmax(output, axis=-1)
        truth = jax.nn.one_hot(targets, output.shape[-1], dtype=output.dtype)
        truth = jnp.broadcast_to(truth, output.shape)
        return -jnp.sum(log * truth, axis=-1), jnp.exp(log) - truth
    missed = output - jnp.broadcast_to(targets.astype(output.dtype), output.shape)
    return jnp.sum(missed * missed, axis=-1), 2 * missed
