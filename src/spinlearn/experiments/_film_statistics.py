"""95 % intervals of what was measured on several films."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_SAMPLES, _SEED = 4000, 2021
# With fewer films than these no interval; with fewer than those a bootstrap's is too narrow.
FEWEST, BOOTSTRAP_FEWEST = 3, 8


def film_interval(
    values: np.ndarray, statistic: Callable[[np.ndarray], Any] | None = None
) -> tuple[Any, Any] | None:
    """95 % interval over films of their mean, or of another statistic of a sample.

    Bootstrap (quantiles of 4000 samples); for fewer than eight films Student's, with the standard
    error of the jackknife: for a mean the usual one. None for fewer than three films.

    Parameters
    ----------
    values
        ``(films, ...)``.
    statistic
        Of a sample of films; its result may be an array.
    """
    films = len(values)
    if films < FEWEST:
        return None
    if films < BOOTSTRAP_FEWEST:
        return _student(values, statistic or _mean)
    draws = np.random.default_rng(_SEED).integers(0, films, (_SAMPLES, films))
    if statistic is None:
        # How often every film is drawn, over the number of films.
        weights = np.stack([np.bincount(draw, minlength=films) for draw in draws]) / films
        samples = np.tensordot(weights, values, 1)
    else:
        samples = np.stack([statistic(values[draw]) for draw in draws])
    low, high = np.quantile(samples, [0.025, 0.975], axis=0)
    return low, high


def wilson(true: np.ndarray) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of films."""
    n, p, z = len(true), float(np.mean(true)), 1.959964
    centre, scale = p + z**2 / (2 * n), 1 + z**2 / n
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return float((centre - half) / scale), float((centre + half) / scale)


def _student(values: np.ndarray, statistic: Callable[[np.ndarray], Any]) -> tuple[Any, Any]:
    from scipy.stats import t

    films = len(values)
    without = np.stack([statistic(np.delete(values, k, axis=0)) for k in range(films)])
    error = np.sqrt((films - 1) * np.mean((without - without.mean(axis=0)) ** 2, axis=0))
    half, middle = t.ppf(0.975, films - 1) * error, statistic(values)
    return middle - half, middle + half


def _mean(values: np.ndarray) -> Any:
    return values.mean(axis=0)
