"""Pairs of 35 contacts: how far apart they are, and what their conductances learned.

Weights are what conductances gained less a reference, in S, with the sign that favours like
nodes: what carried current conducts more, and current flows between unlike nodes.
"""

from __future__ import annotations

import numpy as np

from spinlearn.experiments._conductance_changes import correlation, pair_products
from spinlearn.experiments.specs.niu2024_film import COLUMNS, ROWS

NODES = ROWS * COLUMNS
_NEAR = 1.01
# Pairs without a bridge: what they conduct over the most is less.
_NOTHING = 1e-5


def contact_distances(contacts: str) -> np.ndarray:
    """Distances ``(n, n)`` in pitches of the grid, or in contacts along the edge (no unit)."""
    nodes = np.arange(NODES)
    if contacts == "edge":
        apart = np.abs(nodes[:, None] - nodes)
        return np.minimum(apart, NODES - apart).astype(float)
    row, col = np.divmod(nodes, COLUMNS)
    return np.hypot(row[:, None] - row, col[:, None] - col)


def neighbours(contacts: str) -> np.ndarray:
    """Which pairs are nearest neighbours, ``(n, n)``."""
    apart = contact_distances(contacts)
    return (apart > 0) & (apart < _NEAR)


def calibration_patterns(contacts: str) -> np.ndarray:
    """Four patterns in which neighbours are alike as often as not, ``(4, n)``, ±1.

    Those of four nodes, laid as tiles of 2 × 2 on the grid, or around the edge. The first drives
    no current. Pairs on the same place of a tile are never unlike.
    """
    four = np.array([[1.0, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
    nodes = np.arange(NODES)
    if contacts == "edge":
        return four[:, nodes % 4]
    row, col = np.divmod(nodes, COLUMNS)
    return four[:, 2 * (row % 2) + col % 2]


def reference_of(untrained: np.ndarray, mean: np.ndarray, patterns: int) -> np.ndarray:
    """What a film would have after so many patterns if it knew nothing of them, ``(n, n)``, S.

    Where one random pattern writes a half, and what is written stays, p of them write 1 − 2⁻ᵖ.
    """
    return untrained + 2 * (1 - 0.5**patterns) * (mean - untrained)


def gains(after: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """|G| less the reference's, ``(..., n, n)``, S; nothing on the diagonal."""
    return (np.abs(after) - np.abs(reference)) * (1 - np.eye(NODES))


def weight_per_siemens(alone: np.ndarray, contacts: str) -> float:
    """What makes neighbours of one pattern 1/n in the rms, as Hebb's rule has them; 1/S.

    The gains are those of patterns alone, ``(p, n, n)``, S.
    """
    size = float(np.sqrt(np.mean(alone[:, neighbours(contacts)] ** 2)))
    return 1 / (NODES * size) if size > 0 else 0.0


class PairChanges:
    """Gains of patterns alone, pair by pair, of one film.

    Parameters
    ----------
    alone
        Conductances after every pattern, ``(p, n, n)``, S.
    reference
        The mean over the calibration, ``(n, n)``, S.
    patterns
        ``(p, n)``, ±1.
    contacts
        Their arrangement.
    """

    def __init__(
        self, alone: np.ndarray, reference: np.ndarray, patterns: np.ndarray, contacts: str
    ) -> None:
        i, j = np.triu_indices(NODES, 1)
        self.size = np.abs(reference[i, j])
        self.apart = contact_distances(contacts)[i, j]
        self.used = self.size > _NOTHING * self.size.max()
        self.gain = gains(alone, reference)[:, i, j]
        self.relative = self.gain / np.where(self.used, self.size, 1)
        self.alike = pair_products(patterns)

    def agreement(self, which: np.ndarray | None = None, *, relative: bool = True) -> float:
        """Correlation of gains with s_i s_j over patterns and conducting pairs."""
        pairs = self.used if which is None else self.used & which
        gain = self.relative if relative else self.gain / self.size.max()
        return correlation(gain[:, pairs], self.alike[:, pairs])

    @property
    def near(self) -> np.ndarray:
        """Which pairs are neighbours."""
        return self.apart < _NEAR

    def at(self, far: float) -> np.ndarray:
        """Which pairs are so far apart."""
        return np.abs(self.apart - far) < 1e-3

    def distances(self) -> np.ndarray:
        """Distances of conducting pairs, each once, the nearest first (pitches or contacts)."""
        return np.unique(np.round(self.apart[self.used], 6))

    def contrast(self) -> float:
        """Unlike less like neighbours, of G (no unit)."""
        pairs = self.used & self.near
        gain, alike = self.relative[:, pairs], self.alike[:, pairs]
        if not ((alike < 0).any() and (alike > 0).any()):
            return 0.0
        return float(gain[alike < 0].mean() - gain[alike > 0].mean())
