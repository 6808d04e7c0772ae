"""How well patterns are remembered: errors that are corrected, and basins of attraction."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Bool, Float, Int

from spinlearn.errors import SpinlearnValueError
from spinlearn.networks._states import as_square, as_states
from spinlearn.networks.recall import Recall, recall
from spinlearn.typing import Key

Array = jax.Array

_MOST_NODES = 16


class Recovery(eqx.Module):
    """What part of the one-bit errors of every pattern is corrected.

    Parameters
    ----------
    fraction
        Part of the one-bit errors of every pattern that returns to it or, up to sign, to its
        negative, ``(p,)`` (no unit).
    strict
        Part that returns to the pattern itself, ``(p,)`` (no unit).

    Examples
    --------
    >>> result = recovered(jnp.ones((4, 4)) - jnp.eye(4), [[1, 1, 1, 1], [1, 1, 1, -1]])
    >>> result.fraction.tolist(), result.strict.tolist()
    ([1.0, 0.0], [1.0, 0.0])
    """

    fraction: Float[Array, " p"]
    strict: Float[Array, " p"]


class RecallTable(eqx.Module):
    """Where every state of a network goes.

    Parameters
    ----------
    patterns
        Patterns, ``(p, n)``, −1 or 1 (no unit).
    probes
        All states, ``(2**n, n)``: node i of probe k is up where bit i of k is set (no unit).
    states
        Final states, ``(2**n, n)`` (no unit).
    converged
        Whether they changed no more, ``(2**n,)`` (no unit).

    Examples
    --------
    >>> table = recall_table(jnp.ones((3, 3)) - jnp.eye(3), [[1, 1, 1]])
    >>> table.states[3].tolist(), table.basins().tolist(), table.basins(up_to_sign=False).tolist()
    ([1.0, 1.0, 1.0], [8], [4])
    """

    patterns: Float[Array, "p n"]
    probes: Float[Array, "m n"]
    states: Float[Array, "m n"]
    converged: Bool[Array, " m"]

    def basins(self, *, up_to_sign: bool = True) -> Int[Array, " p"]:
        """Sizes of the basins of the patterns: numbers of probes that end there.

        Parameters
        ----------
        up_to_sign
            Whether probes that end at the negative of a pattern count.

        Returns
        -------
        Array
            Counts, ``(p,)`` (no unit). Every pattern that stays as it is counts itself.
        """
        return _basins(self.states, self.converged, self.patterns, up_to_sign)


def recall_table(network: Any, patterns: Any, *, key: Key | None = None) -> RecallTable:
    """Final states from all ``2**n`` probes of a small network.

    Parameters
    ----------
    network
        Weights, ``(n, n)`` (S or no unit), for `recall`; or a function of a probe, and of a
        random key if there is one here, that returns a `Recall`.
    patterns
        Patterns, ``(p, n)``, −1 or 1 (no unit), for the basins; n is at most 16.
    key
        Random key, of which every probe is given its own; None for nodes in their order.

    Returns
    -------
    RecallTable
        Probes and where they go (no unit).

    Raises
    ------
    SpinlearnValueError
        If the network has fewer than 2 nodes or more than 16, patterns are not ±1, or shapes
        differ.

    Examples
    --------
    >>> table = recall_table(jnp.zeros((2, 2)), [[1, -1]])
    >>> table.states.tolist()  # without weights every state stays
    [[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]
    """
    function, known = _as_network(network, patterns)
    n = known.shape[1]
    if n > _MOST_NODES:
        raise SpinlearnValueError(
            "patterns",
            f"{n} nodes",
            f"at most {_MOST_NODES} nodes",
            "Use recovered, which tries one-bit errors alone.",
        )
    bits = (jnp.arange(2**n)[:, None] >> jnp.arange(n)[None, :]) & 1
    probes = (2 * bits - 1).astype(known.dtype)
    found = _recall_all(function, probes, key)
    return RecallTable(known, probes, found.states, found.converged)


def recovered(
    network: Any, patterns: Any, *, key: Key | None = None, up_to_sign: bool = True
) -> Recovery:
    """What part of the one-bit errors of every pattern is corrected.

    An error counts as corrected if recall converges to the pattern or, as the energy is the same
    there, to its negative. Where there are no weights, nothing moves and nothing is corrected.

    Parameters
    ----------
    network
        As in `recall_table`; of any size.
    patterns
        Patterns, ``(p, n)``, −1 or 1 (no unit).
    key
        Random key, of which every probe is given its own; None for nodes in their order.
    up_to_sign
        Whether `Recovery.fraction` counts negatives; `Recovery.strict` never does.

    Returns
    -------
    Recovery
        Parts from 0 to 1 (no unit).

    Raises
    ------
    SpinlearnValueError
        If the network has fewer than 2 nodes, patterns are not ±1, or shapes differ.

    Examples
    --------
    >>> pattern = jnp.array([1.0, -1.0, 1.0, 1.0])
    >>> recovered(jnp.outer(pattern, pattern) - jnp.eye(4), pattern[None]).fraction.tolist()
    [1.0]
    """
    function, known = _as_network(network, patterns)
    p, n = known.shape
    flips = 1 - 2 * jnp.eye(n, dtype=known.dtype)
    probes = (known[:, None, :] * flips[None, :, :]).reshape(p * n, n)
    found = _recall_all(function, probes, key)
    wanted = jnp.repeat(known, n, axis=0)

    strict = _corrected(found.states, found.converged, wanted, False)
    either = _corrected(found.states, found.converged, wanted, True) if up_to_sign else strict
    return Recovery(*(jnp.mean(hits.reshape(p, n), axis=1) for hits in (either, strict)))


def _as_network(network: Any, patterns: Any) -> tuple[Callable[..., Any], Array]:
    """The network as a function of a probe, and the patterns in its precision."""
    if callable(network):
        function: Callable[..., Any] = network
        known = as_states(patterns, "patterns", None, "(p, n)")
        floating = jnp.issubdtype(known.dtype, jnp.floating)
        dtype = known.dtype if floating else jnp.result_type(float)
    else:
        matrix = as_square(network, "weights", "S or no unit")
        function = partial(_recall, matrix)
        known, dtype = as_states(patterns, "patterns", matrix.shape[0], "(p, n)"), matrix.dtype
    if known.shape[1] < 2:
        raise SpinlearnValueError(
            "patterns",
            f"shape {known.shape}",
            "at least 2 nodes",
            "One node alone is either right or the negative.",
        )
    return function, known.astype(dtype)


def _recall(weights: Array, probe: Array, key: Key | None = None) -> Recall:
    return recall(weights, probe, key=key)


def _recall_all(function: Callable[..., Any], probes: Array, key: Key | None) -> Recall:
    if key is None:
        found = jax.vmap(function)(probes)
    else:
        found = jax.vmap(function)(probes, jax.random.split(key, len(probes)))
    if not isinstance(found, Recall):
        raise SpinlearnValueError(
            "network", type(found).__name__, "a function that returns a Recall", "Return recall()."
        )
    return found


@partial(jax.jit, static_argnums=3)
def _corrected(states: Array, converged: Array, wanted: Array, up_to_sign: bool) -> Array:
    """1 for every recall, ``(m,)``, that settled at what was wanted, 0 for the others."""
    there = jnp.all(states == wanted.astype(states.dtype), axis=1)
    if up_to_sign:
        there = there | jnp.all(states == -wanted.astype(states.dtype), axis=1)
    return (there & converged).astype(states.dtype)


@partial(jax.jit, static_argnums=3)
def _basins(states: Array, converged: Array, patterns: Array, up_to_sign: bool) -> Array:
    def size(pattern: Array) -> Array:
        here = _corrected(states, converged, jnp.broadcast_to(pattern, states.shape), up_to_sign)
        return jnp.sum(here > 0, dtype=jnp.int32)

    return jax.vmap(size)(patterns)
