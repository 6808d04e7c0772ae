"""Recall by Hebb's rule without its matrix: fields are sums over patterns, not over nodes."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from spinlearn.networks._plan import Plan, as_plan, one_of_two
from spinlearn.networks._probes import Recalls, settle
from spinlearn.networks._states import as_states
from spinlearn.networks._sweep import BLOCK, one_by_one
from spinlearn.typing import Key

Array = jax.Array

# Sweeps near the capacity are many, and few probes take most of them: small groups wait least.
_TOGETHER = 32


def recall_hebbian(
    patterns: Any, probes: Any, *, order: Any = None, key: Key | None = None, sweeps: int = 100
) -> Recalls:
    """States that a network of Hebb's rule goes to, from the patterns it has stored.

    It is `recall_asynchronous` with the weights of `spinlearn.rules.hebb`, without ever making
    them: the field of node i is ``Σ_μ ξ_i^μ m^μ − p s_i`` with ``m^μ = Σ_j ξ_j^μ s_j``, kept up to
    date as nodes change. That takes p n numbers of memory in place of n², and 4 p n operations a
    sweep and probe in place of 2 n²: at the capacity, p = 0.14 n, a quarter of them. All sums are
    of integers, exact as long as they are below 2²⁴ in float32, so that a tie is a tie.

    Parameters
    ----------
    patterns
        Stored patterns ξ, ``(p, n)``, −1 or 1 (no unit). They set the precision; integers get the
        default one.
    probes
        States to start from, ``(m, n)``, −1 or 1 (no unit).
    order
        The nodes in the order of their updates, ``(n,)``; 0, 1, ... by default.
    key
        Random key of a new random order for every sweep, in place of `order`.
    sweeps
        Largest number of sweeps.

    Returns
    -------
    Recalls
        Final states, and how they were reached (no unit).

    Raises
    ------
    SpinlearnValueError
        If the shapes differ, patterns or probes are not ±1, the order does not hold every node
        once, or order and key are both given.

    References
    ----------
    J. J. Hopfield, Proc. Natl. Acad. Sci. USA 79, 2554 (1982).

    Examples
    --------
    >>> recall_hebbian([[1, -1, 1, 1]], [[1, 1, 1, 1], [-1, 1, 1, -1]]).states.tolist()
    [[1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, -1.0, -1.0]]
    """
    stored = as_states(patterns, "patterns", None, "(p, n)")
    if not jnp.issubdtype(stored.dtype, jnp.floating):
        stored = stored.astype(jnp.result_type(float))
    start = as_states(probes, "probes", stored.shape[1], "(p, n)").astype(stored.dtype)
    if order is not None and key is not None:
        raise one_of_two()
    return _recall(stored, start, as_plan(order, key, None, sweeps, jnp.empty(stored.shape[1:])))


@eqx.filter_jit
def _recall(patterns: Array, start: Array, plan: Plan) -> Recalls:
    by_node = patterns.T

    def once(states: Array, index: Array) -> Array:
        return _sweep(by_node, states, plan.nodes(index, states.shape[0]))

    return settle(once, start, plan.sweeps, _TOGETHER)


def _sweep(by_node: Array, states: Array, nodes: Array) -> Array:
    """States ``(n, m)`` of m probes after every node was updated once; `by_node` is ``(n, p)``."""
    n, p = by_node.shape
    blocks = -(-n // BLOCK)
    # Places that fill up the last block hold a node that is not there: it is read as zero.
    padded = jnp.concatenate([nodes, jnp.full(blocks * BLOCK - n, n, nodes.dtype)])
    ties = jnp.zeros(BLOCK, states.dtype)

    def update_block(block: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
        states, overlaps = now
        members = jax.lax.dynamic_slice_in_dim(padded, block * BLOCK, BLOCK)
        rows = by_node.at[members].get(mode="fill", fill_value=0)
        before = states.at[members].get(mode="fill", fill_value=0)
        fields = _product(rows, overlaps) - p * before
        after = one_by_one(fields, _product(rows, rows.T), ties, before)
        overlaps = overlaps + _product(rows.T, after - before)
        return states.at[members].set(after, mode="drop"), overlaps

    overlaps = _product(by_node.T, states)
    return jax.lax.fori_loop(0, blocks, update_block, (states, overlaps))[0]


def _product(left: Array, right: Array) -> Array:
    return jnp.matmul(left, right, precision="highest")
