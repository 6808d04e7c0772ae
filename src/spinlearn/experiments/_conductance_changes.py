"""Changes of conductance by training, and how they agree with Hebb's rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinlearn.substrates import sign_patterns


def balanced_patterns() -> np.ndarray:
    """The patterns that are trained, ``(3, 4)``, ±1."""
    return np.asarray(sign_patterns(4, balanced=True, up_to_sign=True), float)


def pair_products(patterns: np.ndarray) -> np.ndarray:
    """s_i s_j of all pairs i < j, ``(patterns, pairs)``."""
    i, j = np.triu_indices(patterns.shape[-1], 1)
    return patterns[:, i] * patterns[:, j]


def relative_change(after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """(|G| − |R|)/|R| of all pairs i < j, ``(..., pairs)``, no unit."""
    i, j = np.triu_indices(after.shape[-1], 1)
    size = np.abs(before[..., i, j])
    return (np.abs(after[..., i, j]) - size) / size


def orthogonal_mean(trained: Any, waited: Any) -> Any:
    """Mean over three orthogonal patterns and a film that waited, ``(films, n, n)``, S.

    The fourth orthogonal pattern has all nodes alike, so that no current flows. In the four, every
    pair is alike as often as not: their mean lies halfway between the two.
    """
    return (trained.sum(axis=1) + waited) / (trained.shape[1] + 1)


def correlation(change: np.ndarray, alike: np.ndarray) -> float:
    """Pearson's r of changes with s_i s_j, over patterns and pairs; zero without variance."""
    x, y = change.ravel() - change.mean(), alike.ravel() - alike.mean()
    size = np.sqrt((x @ x) * (y @ y))
    # What varies by rounding alone does not vary.
    return float(x @ y / size) if np.sqrt(np.mean(x**2)) > 1e-12 else 0.0


def contrast(change: np.ndarray, alike: np.ndarray) -> float:
    """Unlike less like pairs, mean over films (no unit)."""
    return float(change[..., alike < 0].mean() - change[..., alike > 0].mean())
