"""Noise without memory: moments, pieces, units."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions import BernoulliNoise, GaussianNoise, RecordedNoise, named_noise

pytestmark = pytest.mark.once
KEY = jax.random.key(11)


@pytest.mark.parametrize("noise", [GaussianNoise(6e-3, 0.04), BernoulliNoise(6e-3, 0.04)])
def test_moments_and_independence(noise):
    state = noise.init((50,), key=KEY)
    _, volts = noise.sample(state, 4000, key=KEY)
    volts = (np.asarray(volts) - 0.04) / 6e-3
    count = volts.size
    assert abs(volts.mean()) < 4 / np.sqrt(count)
    assert volts.var() == pytest.approx(1, abs=4 * np.sqrt(2 / count))
    for shifted in (volts[1:] * volts[:-1], volts[:, 1:] * volts[:, :-1]):
        assert abs(shifted.mean()) < 4 / np.sqrt(shifted.size)
    assert float(noise.mean) == pytest.approx(0.04)
    assert float(noise.standard_deviation) == pytest.approx(6e-3)


@pytest.mark.parametrize("noise", [GaussianNoise(1.0), BernoulliNoise(1.0)])
def test_pieces_are_the_whole(noise):
    state = noise.init((3, 11), key=KEY)
    _, whole = noise.sample(state, 7, key=KEY)
    state, first = noise.sample(state, 3, key=KEY)
    _, rest = noise.sample(state, 4, key=KEY)
    np.testing.assert_array_equal(np.concatenate([first, rest]), whole)
    _, other = noise.sample(noise.init((3, 11), key=KEY), 7, key=jax.random.key(12))
    assert np.any(np.asarray(other) != np.asarray(whole))


def test_recordings_know_their_moments():
    trace = np.random.default_rng(0).normal(0.02, 0.005, 1000)
    noise = RecordedNoise(trace)
    assert float(noise.mean) == pytest.approx(trace.mean(), rel=1e-5)
    assert float(noise.standard_deviation) == pytest.approx(trace.std(), rel=1e-5)
    assert float(named_noise("koenders2025").mean) == pytest.approx(0.042092104, rel=1e-6)


@pytest.mark.parametrize("kind", [GaussianNoise, BernoulliNoise])
def test_wrong_numbers_are_named(kind):
    for bad in (-1.0, float("nan"), "1 mV", None):
        with pytest.raises(SpinlearnValueError, match=r"standard_deviation|amplitude"):
            kind(bad)
    with pytest.raises(SpinlearnValueError, match="steps"):
        kind(1.0).sample(kind(1.0).init((), key=KEY), 0, key=KEY)
