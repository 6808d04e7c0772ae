"""Networks on a lattice: Hebb's rule, and laws of one sign, for the pairs there are.

A part of film_contacts, without any film; rows are (figure, size, value, unit).
"""

from __future__ import annotations

import numpy as np

from benchmarks._many_contacts import (
    FLIPS,
    NODES,
    Line,
    as_matrix,
    grid_distance,
    products,
    random_patterns,
    recalled,
)
from spinlearn.transport import bridged_pairs

# Fields that cancel are decided by noise, in hardware: this much of a weight.
TIES = 1e-3


def networks(quick: bool) -> list[Line]:
    """Networks that lack pairs, with Hebb's rule and with what links of one sign learn."""
    apart = grid_distance()
    ranges = {
        "58 pairs, nearest neighbours": bridged_pairs(7, 5),
        "82 pairs, and one diagonal": bridged_pairs(7, 5, links="triangular"),
        "106 pairs, and both diagonals": (apart > 0) & (apart < 1.5),
    }
    ranges |= {
        f"{int(np.sum((apart > 0) & (apart < far))) // 2} pairs, up to {far - 0.01:.3g} pitches": (
            apart > 0
        )
        & (apart < far)
        for far in (2.01, 2.25, 3.01, 4.01)
    }
    ranges["595 pairs, all"] = apart > 0
    lines: list[Line] = []
    sets = 3 if quick else 20
    for size, linked in ranges.items():
        for law in LAWS:
            for count in (1, 2, 3) if quick else (1, 2, 3, 5):
                for flips in FLIPS:
                    found = [_network(linked, law, count, flips, seed) for seed in range(sets)]
                    figure = f"recall, {count} pattern(s), {flips} flipped, {law}"
                    lines.append((figure, size, float(np.mean(found)), "1"))
        for r in (0.7, 0.8, 0.9, 0.95):
            for flips in FLIPS:
                found = [_scattered(linked, r, flips, seed) for seed in range(sets)]
                figure = f"recall, 1 pattern, {flips} flipped, links that scatter to |r| = {r:g}"
                lines.append((figure, size, float(np.mean(found)), "1"))
    return lines


def _scattered(linked: np.ndarray, r: float, flips: int, seed: int) -> float:
    """Hebb's rule for one pattern, with so much scatter from link to link."""
    pattern = random_patterns(1, seed=seed)
    alike = products(pattern)[0]
    scatter = np.random.default_rng(seed).normal(size=alike.shape) * np.sqrt(1 / r**2 - 1)
    i, j = np.triu_indices(NODES, 1)
    matrix = as_matrix((alike + scatter) * linked[i, j], NODES)
    return recalled(matrix, pattern, flips, probes=20)


LAWS = ("Hebb", "unsigned", "twins")


def _network(linked: np.ndarray, law: str, count: int, flips: int, seed: int) -> float:
    patterns = random_patterns(count, seed=seed)
    alike = products(patterns)
    unlike, like = (alike < 0).any(axis=0), (alike > 0).any(axis=0)
    weights = {
        "Hebb": alike.sum(axis=0),
        # What is unlike once is written for good; the reference is the mean over patterns.
        "unsigned": 1.0 - 2.0**-count - unlike,
        # Less what a second film learned of the checkerboard's negative (or of -x_i x_j).
        "twins": 1.0 * like - unlike,
    }[law]
    noise = np.random.default_rng(seed).normal(size=weights.shape) * TIES
    i, j = np.triu_indices(NODES, 1)
    matrix = as_matrix((weights + noise) * linked[i, j], NODES)
    return recalled(matrix, patterns, flips, probes=20)
