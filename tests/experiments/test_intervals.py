"""Intervals hold the truth as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from spinlearn._intervals import interval_of, interval_of_smooth
from spinlearn.experiments._conductance_changes import balanced_patterns, correlation, pair_products

pytestmark = pytest.mark.once

ALIKE = pair_products(balanced_patterns())


def of_mean(films: np.ndarray) -> float:
    return correlation(films.mean(axis=0), ALIKE)


@pytest.mark.parametrize(("films", "noise"), [(4, 0.5), (12, 1.0), (48, 1.0)])
def test_the_correlation_of_a_mean_is_freed_of_what_noise_takes_from_it(
    films: int, noise: float
) -> None:
    """300 ensembles: the binomial's 99.9 % limits about 95 % are 90.3 and 98.7 %."""
    random, held = np.random.default_rng(films), 0
    for _ in range(300):
        truth = -ALIKE + 0.15 * random.standard_normal((1, 6))
        scatter = random.standard_normal((films, 3, 6)) + random.standard_normal((films, 1, 6)) / 2
        found = interval_of_smooth(truth + noise * scatter, of_mean, (-1.0, 1.0))
        assert found is not None
        held += found[0] <= correlation(truth, ALIKE) <= found[1]
    assert 0.9 < held / 300 < 0.99


@pytest.mark.parametrize("films", [5, 40])
def test_the_interval_of_a_mean(films: int) -> None:
    random = np.random.default_rng(films)
    ends = [interval_of(random.standard_normal((films, 50))) for _ in range(20)]
    held = np.mean([(low <= 0) & (high >= 0) for low, high in (e for e in ends if e is not None)])
    assert 0.92 < held < 0.975


def test_limits_and_too_few_films() -> None:
    films = -ALIKE + 0.05 * np.random.default_rng(0).standard_normal((5, 3, 6))
    found = interval_of_smooth(films, of_mean, (-1.0, 1.0))
    assert found is not None
    assert found[0] == -1.0
    assert -1.0 < found[1] < -0.98
    assert interval_of_smooth(films[:2], of_mean) is None
