"""Films of a ``yu2021`` run that are computed, and statistics over them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spinlearn.experiments._conductance_changes import (
    balanced_patterns,
    correlation,
    orthogonal_mean,
    pair_products,
    relative_change,
)
from spinlearn.report.experiments._samples import finished

#: What s_i s_j = +1 (like) and −1 (unlike) look like, and contacts up and down.
LIKE, UNLIKE = "#d55e00", "#0072b2"
#: Marker of each pattern.
MARKERS = ("o", "s", "^")


class Learned(NamedTuple):
    """Changes of the conductance of every pair, relative to two references (no unit).

    Parameters
    ----------
    against_mean, against_untrained
        ``(films, patterns, repetitions, pairs)``.
    alike
        s_i s_j, ``(patterns, pairs)``.
    """

    against_mean: np.ndarray
    against_untrained: np.ndarray
    alike: np.ndarray


def learned(dataset: Any) -> Learned | None:
    """What all computed films learned, after every repetition."""
    found = finished(dataset, "untrained", "waited", "trained")
    if found is None:
        return None
    untrained, waited, trained = found
    steps = range(trained.shape[2])
    means = np.stack([orthogonal_mean(trained[:, :, k], waited) for k in steps], axis=1)
    return Learned(
        relative_change(trained, means[:, None]),
        relative_change(trained, untrained[:, None, None]),
        pair_products(balanced_patterns()),
    )


def correlations(changes: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """Pearson's r with s_i s_j in each film, ``(films,)``."""
    return np.array([correlation(change, alike) for change in changes])


def contrasts(changes: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """Change of unlike less that of like pairs in each film, ``(films,)``."""
    return changes[:, alike < 0].mean(axis=1) - changes[:, alike > 0].mean(axis=1)


def signs(pattern: Any) -> str:
    """A pattern as text, in the order of the contacts."""
    return " ".join("+" if s > 0 else "−" for s in pattern)
