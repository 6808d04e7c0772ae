"""What films recall: of the states that currents led to, and of weights in numbers."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.experiments._conductance_changes import (
    balanced_patterns,
    orthogonal_mean,
    pair_products,
    relative_change,
)
from spinlearn.networks import recovered


def one_bit_recall(
    states: np.ndarray, patterns: np.ndarray, probes: np.ndarray, *, up_to_sign: bool = False
) -> np.ndarray:
    """Whether a pattern came back from each flipped bit.

    Parameters
    ----------
    states
        Final states, ``(films, patterns, probes, n)``.
    patterns, probes
        ``(patterns, n)`` and ``(probes, n)``, ±1.
    up_to_sign
        Whether its negative, of the same energy, counts as well.

    Returns
    -------
    numpy.ndarray
        Booleans, ``(films, patterns, n)``.
    """
    n = patterns.shape[-1]
    found = []
    for k, pattern in enumerate(patterns):
        for bit in range(n):
            probe = np.where(np.arange(n) == bit, -pattern, pattern)
            row = int(np.flatnonzero((probes == probe).all(axis=1))[0])
            overlap = states[:, k, row] @ pattern
            found.append((np.abs(overlap) if up_to_sign else overlap) == n)
    return np.stack(found, axis=1).reshape(len(states), len(patterns), n)


def recall_of_changes(after: np.ndarray, reference: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Share of a pattern's one-bit errors that relative changes correct, taken as weights.

    What a film's currents do with the same reference, in numbers: so that other references and
    other patterns can be asked after the run.

    Parameters
    ----------
    after, reference
        Conductances, ``(..., n, n)``, S; of one shape after broadcasting.
    patterns
        ``(..., n)``, ±1.

    Returns
    -------
    numpy.ndarray
        Shares, ``(...)``, no unit; negatives do not count.
    """
    weights = -relative_change(after, np.broadcast_to(reference, after.shape))
    return recall_of_weights(
        weights, np.broadcast_to(patterns, (*after.shape[:-2], after.shape[-1]))
    )


def recall_of_weights(weights: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Share of one-bit errors corrected, ``(...)``, by weights of pairs i < j, ``(..., pairs)``."""
    n = patterns.shape[-1]
    i, j = np.triu_indices(n, 1)
    matrix = np.zeros((*weights.shape[:-1], n, n))
    matrix[..., i, j] = matrix[..., j, i] = weights
    flat, wanted = matrix.reshape(-1, n, n), patterns.reshape(-1, n)
    return np.asarray(_recover(jnp.asarray(flat), jnp.asarray(wanted))).reshape(weights.shape[:-1])


def chance_of_recall(trained: np.ndarray, waited: np.ndarray) -> np.ndarray:
    """Share of one-bit errors that weights of the same size on the wrong pairs correct.

    An untrained film against the mean of trained ones has all weights of one sign, and never
    recalls: as a control it could not succeed. Shuffled pairs can. Of the 720 orders those count
    that move a weight of like pairs to unlike ones; by the other 48 a pattern is no less learned.

    Parameters
    ----------
    trained, waited
        Conductances, ``(films, patterns, n, n)`` and ``(films, n, n)``, S.

    Returns
    -------
    numpy.ndarray
        Shares, ``(films,)``, no unit.
    """
    patterns = balanced_patterns()
    mean = orthogonal_mean(trained, waited)
    weights = -relative_change(trained, mean[:, None])
    every = np.array(list(itertools.permutations(range(weights.shape[-1]))))
    alike = pair_products(patterns)
    orders = np.stack([every[np.any(own[every] != own, axis=1)] for own in alike])
    moved = np.take_along_axis(weights[:, :, None], orders[None], axis=-1)
    wanted = np.broadcast_to(patterns[:, None], (*moved.shape[:3], patterns.shape[-1]))
    return recall_of_weights(moved, wanted).mean(axis=(1, 2))


@jax.jit
def _recover(weights: jax.Array, patterns: jax.Array) -> jax.Array:
    return jax.vmap(lambda w, pattern: recovered(w, pattern[None]).strict[0])(weights, patterns)
