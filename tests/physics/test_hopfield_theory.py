"""Networks against exact enumeration and mean-field theory."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize, special, stats

from spinlearn import SpinlearnValueError, key_from_seed
from spinlearn.networks import (
    load_curve,
    mean_field_capacity,
    mean_field_overlap,
    recall_thermal,
)
from spinlearn.rules import hebb

pytestmark = pytest.mark.once


def _array(value: Any) -> jax.Array:
    return jnp.asarray(value, jnp.result_type(float))


@pytest.mark.parametrize("temperature", [0.5, 1.5])
@pytest.mark.parametrize("in_order", [True, False])
def test_the_heat_bath_has_the_statistics_of_boltzmann(temperature: float, in_order: bool) -> None:
    """Six nodes, 64 states, 20 000 independent chains: a chi-square test of all frequencies."""
    n, chains = 6, 20000
    random = np.random.default_rng(7)
    w = random.normal(size=(n, n))
    w = (w + w.T) / 2 + np.diag(random.normal(size=n))  # the diagonal must not matter
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    every = 2 * bits - 1
    factors = np.exp(0.5 * np.einsum("ki,ij,kj->k", every, w, every) / temperature)
    exact = factors / factors.sum()

    start = random.choice([-1, 1], (chains, n))
    order = np.arange(n) if in_order else None
    found = recall_thermal(
        _array(w), start, temperature, key=key_from_seed(3), order=order, sweeps=100
    )
    index = (np.asarray(found.states) > 0) @ (2 ** np.arange(n))
    counts = np.bincount(index, minlength=2**n)
    common = exact * chains >= 5
    observed = np.append(counts[common], counts[~common].sum())
    expected = np.append(exact[common], exact[~common].sum()) * chains
    kept = expected > 0
    p_value = stats.chisquare(observed[kept], expected[kept]).pvalue
    assert p_value > 1e-3
    # A temperature that is off by a tenth would be seen.
    wrong = factors**1.1 / np.sum(factors**1.1)
    expected = np.append(wrong[common], wrong[~common].sum()) * chains
    assert stats.chisquare(observed[kept], expected[kept]).pvalue < 1e-6


def test_a_ferromagnet_has_the_magnetization_of_mean_field() -> None:
    """m = tanh(m/T) for couplings 1/n, to order 1/n."""
    n, temperature = 400, 0.6
    w = _array((np.ones((n, n)) - np.eye(n)) / n)
    found = recall_thermal(
        w, np.ones((20, n)), temperature, key=key_from_seed(0), sweeps=120, discard=20
    )
    wanted = optimize.brentq(lambda m: m - np.tanh(m / temperature), 0.1, 1.0)
    assert float(jnp.mean(found.mean)) == pytest.approx(wanted, abs=0.01)


def test_the_mean_field_overlap_solves_the_equations_of_amit() -> None:
    """Amit, Gutfreund and Sompolinsky: m, r and C, three equations, at temperature zero."""
    # Not at small loads: 1 − m is lost in rounding there.
    loads = np.array([0.08, 0.1, 0.13])
    for alpha, m in zip(loads, np.asarray(mean_field_overlap(loads), float), strict=True):
        root = m / special.erfinv(m)  # √(2αr), of m = erf(m / √(2αr))
        r = root**2 / (2 * alpha)
        c = 2 / np.sqrt(np.pi) / root * np.exp(-((m / root) ** 2))
        assert r * (1 - c) ** 2 == pytest.approx(1, abs=2e-3)


def test_the_mean_field_capacity_is_the_published_one() -> None:
    capacity = mean_field_capacity()
    assert capacity == pytest.approx(0.1379, abs=1e-4)
    g = lambda y: (special.erf(y) / y - 2 / np.sqrt(np.pi) * np.exp(-y * y)) ** 2 / 2  # noqa: E731
    best = optimize.minimize_scalar(lambda y: -g(y), bounds=(1, 2), method="bounded")
    assert capacity == pytest.approx(-best.fun, rel=1e-6)
    just_below, just_above = np.asarray(mean_field_overlap([capacity - 1e-5, capacity + 1e-5]))
    assert just_below > 0.96
    assert just_above == 0
    with pytest.raises(SpinlearnValueError, match="load"):
        mean_field_overlap(0.0)


def test_hebb_keeps_random_patterns_as_mean_field_says() -> None:
    """n = 1000, 3 sets of patterns at each load; what is left is of order 1/n and noise."""
    loads = [0.06, 0.09, 0.12]
    found = load_curve(hebb, 1000, loads, key=key_from_seed(0), probes=120, trials=3)
    wanted = np.asarray(mean_field_overlap(np.asarray(found.load)))
    assert np.max(np.abs(np.asarray(found.overlap) - wanted)[:2]) < 2e-3
    # Close to the capacity some patterns of a small network are lost already.
    assert np.asarray(found.overlap)[2] == pytest.approx(wanted[2], abs=0.05)
    assert np.all(np.asarray(found.kept)[:2] == 1)


def test_hebb_forgets_random_patterns_beyond_its_capacity() -> None:
    loads = [0.1, 0.13, 0.16, 0.25]
    found = load_curve(hebb, 600, loads, key=key_from_seed(1), probes=80, trials=2)
    kept = np.asarray(found.kept)
    assert kept[0] > 0.9
    assert kept[-1] < 0.15
    # Half of the patterns are kept somewhat beyond it in a small network (0.156 at n = 2000).
    assert mean_field_capacity() < found.capacity() < 0.2
    # Beyond it memories are not at zero overlap but at the remanent one, about 0.35.
    assert 0.2 < float(found.overlap[-1]) < 0.6


@pytest.mark.parametrize("loads", [[], [0.2, 0.1], [0.0, 0.1], [np.nan], "many"])
def test_bad_loads_are_named(loads: Any) -> None:
    with pytest.raises(SpinlearnValueError, match="loads"):
        load_curve(hebb, 10, loads, key=key_from_seed(0))
