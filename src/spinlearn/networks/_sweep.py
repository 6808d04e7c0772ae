"""One asynchronous sweep of many probes: the sequence node by node, its sums block by block.

The fields of a block of nodes are one product of matrices. Inside the block nodes are updated one
after the other, and what one of them changes is added to the fields of its block. So every node
sees all updates before its own, exactly as if it had summed over all nodes itself.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

Array = jax.Array

# Nodes of a block. The updates inside cost as much per node as the block is long, the product of
# matrices is slow for a short one: 16 to 32 are best on a CPU with 1000 probes.
BLOCK = 32


def sweep(
    weights: Array,
    states: Array,
    nodes: Array,
    ties: Array,
    own: Array | None = None,
    noise: Array | None = None,
) -> Array:
    """States ``(n, m)`` of m probes, one a column, after every node was updated once in its turn.

    Fields smaller than `ties`, ``(n,)``, leave a node as it is. `own`, ``(n,)``, is the part of
    the weight of a node to itself that is left out; `noise`, ``(n, m)``, is added to the fields in
    the order of the updates.
    """
    n = states.shape[0]
    blocks = -(-n // BLOCK)
    # Places that fill up the last block hold a node that is not there: it is read as zero.
    padded = jnp.concatenate([nodes, jnp.full(blocks * BLOCK - n, n, nodes.dtype)])
    if noise is not None:
        noise = jnp.concatenate(
            [noise, jnp.zeros((blocks * BLOCK - n, noise.shape[1]), noise.dtype)]
        )

    def update_block(block: Array, now: Array) -> Array:
        members = jax.lax.dynamic_slice_in_dim(padded, block * BLOCK, BLOCK)
        rows = weights.at[members].get(mode="fill", fill_value=0)
        fields = jnp.matmul(rows, now, precision="highest")
        if noise is not None:
            fields = fields + jax.lax.dynamic_slice_in_dim(noise, block * BLOCK, BLOCK)
        among = rows.at[:, members].get(mode="fill", fill_value=0)
        if own is not None:
            left_out = own.at[members].get(mode="fill", fill_value=0)
            fields = fields - left_out[:, None] * now.at[members].get(mode="fill", fill_value=0)
        least = ties.at[members].get(mode="fill", fill_value=0)
        before = now.at[members].get(mode="fill", fill_value=0)
        after = one_by_one(fields, among, least, before)
        return now.at[members].set(after, mode="drop")

    return jax.lax.fori_loop(0, blocks, update_block, states)


def follow(fields: Array, ties: Array, states: Array) -> Array:
    """The signs of the fields; where a field is a tie, the state as it was."""
    return jnp.where(jnp.abs(fields) <= ties, states, jnp.sign(fields))


def rounding(weights: Array) -> Array:
    """Fields, ``(n,)``, that rounding cannot tell from zero: 2 eps Σ_j |W_ij|.

    Without it sums that cancel exactly would be decided by the order of their terms.
    """
    return 2 * jnp.finfo(weights.dtype).eps * jnp.sum(jnp.abs(weights), axis=1)


def one_by_one(fields: Array, among: Array, ties: Array, before: Array) -> Array:
    """States of a block, ``(b, m)``, from their fields and the weights among them."""

    def update(place: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
        fields, states = now
        old = states[place]
        new = follow(fields[place], ties[place], old)
        return fields + among[:, place][:, None] * (new - old)[None, :], states.at[place].set(new)

    return jax.lax.fori_loop(0, before.shape[0], update, (fields, before))[1]
