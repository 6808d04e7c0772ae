"""What spikes mean: labels of neurons from training examples, and what they say of others."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinlearn._checks import as_count, as_numbers
from spinlearn.errors import SpinlearnValueError


def count_labels(spikes: Any, labels: Any, neurons: int, classes: int) -> np.ndarray:
    """How often every neuron fired for examples of every class, ``(neurons, classes)`` (no unit).

    Parameters
    ----------
    spikes
        Neurons that fired for each example, −1 for none, ``(n, m)`` (no unit).
    labels
        Classes of the examples, ``(n,)``, from 0 on (no unit).
    neurons, classes
        How many there are.

    Raises
    ------
    SpinlearnValueError
        If there are not as many labels as examples, or a number is out of range.

    Examples
    --------
    >>> count_labels([[0], [1], [0]], [2, 1, 2], 2, 3).tolist()
    [[0.0, 0.0, 2.0], [0.0, 1.0, 0.0]]
    """
    fired = _as_spikes(spikes, neurons)
    kinds = as_numbers(labels, "labels", f"{len(fired)} classes", "One label for every example.")
    if kinds.shape != fired.shape[:1] or np.any((kinds < 0) | (kinds >= classes)):
        raise SpinlearnValueError(
            "labels",
            f"shape {kinds.shape}",
            f"({len(fired)},), from 0 to {classes - 1}",
            "Pass one label for every example.",
        )
    counts = np.zeros((neurons, classes))
    rows = np.repeat(kinds.astype(int)[:, None], fired.shape[1], axis=1)
    known = fired >= 0
    np.add.at(counts, (fired[known], rows[known]), 1)
    return counts


def vote(spikes: Any, counts: Any, *, prior: float = 0.1) -> np.ndarray:
    """Classes of examples by the neurons that fired for them, ``(n,)`` (no unit).

    Every spike votes for the classes as its neuron's examples had them, by the logarithm of their
    shares: the most probable class if spikes were independent. A spike of one neuron chooses the
    class for which it fired most. Examples without a spike get the class that is most frequent.

    Parameters
    ----------
    spikes
        Neurons that fired for each example, −1 for none, ``(n, m)`` (no unit).
    counts
        How often every neuron fired for every class, ``(neurons, classes)``, of `count_labels`.
    prior
        Added to every count, above 0: a neuron that never fired says nothing (no unit).

    Examples
    --------
    >>> counts = count_labels([[0], [1], [0]], [2, 1, 2], 2, 3)
    >>> vote([[1], [0], [-1]], counts).tolist()
    [1, 2, 2]
    """
    seen = as_numbers(counts, "counts", "(neurons, classes)", "Pass what count_labels returned.")
    fired = _as_spikes(spikes, len(seen))
    shares = np.log((seen + prior) / np.sum(seen + prior, axis=1, keepdims=True))
    overall = np.log((seen.sum(axis=0) + prior) / np.sum(seen + prior))
    padded = np.concatenate([shares - overall, np.zeros((1, seen.shape[1]))])
    return np.argmax(padded[fired].sum(axis=1) + overall, axis=1)


def _as_spikes(value: Any, neurons: int) -> np.ndarray:
    count = as_count(neurons, "neurons", 1, "an integer >= 1", "Pass the number of neurons.")
    fired = as_numbers(value, "spikes", "(n, m)", "Pass `Answers.neurons`.").astype(int)
    if fired.ndim != 2 or np.any((fired < -1) | (fired >= count)):
        raise SpinlearnValueError(
            "spikes",
            f"shape {fired.shape}",
            f"(n, m), neurons from 0 to {count - 1}, or -1",
            "Pass `Answers.neurons`.",
        )
    return fired
