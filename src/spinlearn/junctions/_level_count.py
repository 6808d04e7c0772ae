"""How many levels a trace has: a mixture of Gaussians of one width against the two of the fit."""

from __future__ import annotations

import numpy as np

_MOST_LEVELS = 5
_BINS = 400
_LEAST_SHARE = 0.02
# Between neighbouring levels, in their width: uniform samples cut in pieces have less.
_APART = 2.5
# Width beside the noise from sample to sample: a drift makes levels wider.
_WIDEST = 1.25
# Samples after which the next one is at the same level: fewer on the way through a filter.
_STAYING = 0.5


def more_levels(point: np.ndarray, volts: np.ndarray) -> np.ndarray | None:
    """Three to five levels, if they describe a trace better than the two of a fit; None if not.

    Compared by the likelihood of the histogram with Schwarz's penalty. The levels are separate, no
    wider than the noise from one sample to the next, and last.
    """
    values, counts = _histogram(volts)
    rates = np.exp(point[4:])
    share = rates[::-1] / rates.sum()
    pair = _mixture(values, counts, point[:2], np.exp(point[2:4]), share, one_width=False)[0]
    noise = float(np.median(np.abs(np.diff(volts)))) / (0.6745 * np.sqrt(2))
    best, gain = None, 0.0
    for number in range(3, _MOST_LEVELS + 1):
        low, high = np.quantile(volts, [0.02, 0.98])
        width = min(noise, 0.5 * (high - low) / number)
        likely, levels, widths, share = _mixture(
            values,
            counts,
            np.linspace(low, high, number),
            np.full(number, width),
            np.full(number, 1 / number),
            one_width=True,
        )
        order = np.argsort(levels)
        levels, share = levels[order], share[order]
        found = 2 * (likely - pair) - (2 * number - 5) * np.log(len(volts))
        separate = np.diff(levels).min() > _APART * widths[0]
        sharp = widths[0] < _WIDEST * noise
        good = found > gain and separate and sharp and share.min() > _LEAST_SHARE
        if good and _staying(volts, levels).min() > _STAYING:
            best, gain = levels, found
    return best


def _histogram(volts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    counts, edges = np.histogram(volts, _BINS, tuple(np.quantile(volts, [5e-4, 1 - 5e-4])))
    return (0.5 * (edges[1:] + edges[:-1]))[counts > 0], counts[counts > 0].astype(float)


def _mixture(
    values: np.ndarray,
    counts: np.ndarray,
    levels: np.ndarray,
    widths: np.ndarray,
    share: np.ndarray,
    *,
    one_width: bool,
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Log-likelihood, levels, widths and shares after rounds of expectation and maximisation."""
    total = np.ones((len(values), 1))
    for _ in range(200):
        scores = (values[:, None] - levels) / widths
        density = share / widths * np.exp(-0.5 * scores**2) + 1e-300
        total = density.sum(axis=1, keepdims=True)
        weight = density / total * counts[:, None]
        sums = weight.sum(axis=0) + 1e-9
        share, levels = sums / sums.sum(), (weight * values[:, None]).sum(axis=0) / sums
        spread = (weight * (values[:, None] - levels) ** 2).sum(axis=0)
        spread = np.full(len(levels), spread.sum() / sums.sum()) if one_width else spread / sums
        widths = np.sqrt(np.maximum(spread, 1e-6))
    return float(counts @ np.log(total[:, 0] / np.sqrt(2 * np.pi))), levels, widths, share


def _staying(volts: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Share of samples next to each level that are followed by one there."""
    at = np.searchsorted(0.5 * (levels[1:] + levels[:-1]), volts)
    same = at[1:] == at[:-1]
    return np.array([same[at[:-1] == k].mean() for k in range(len(levels))])
