"""Weights on a crossbar: what is wanted is what happens, in the mean."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions import GaussianNoise, named_junction
from spinlearn.networks import CrossbarWeights, Feedforward, NoiseLearning
from spinlearn.substrates import Crossbar, IdealCrossbar

pytestmark = pytest.mark.once
KEY = jax.random.key(2)


@pytest.fixture(scope="module")
def junctions():
    array = Crossbar(named_junction("ikeda2010"), 40, 50, junctions=8, pulse_lengths=(9e-9, 1.1e-8))
    return CrossbarWeights(array, largest=0.5, pulse=1e-8)


def analog(post=40, pre=50):
    array = IdealCrossbar(post, pre, conductance_on=1e-4, conductance_off=4e-5)
    return CrossbarWeights(array, largest=0.5, pulse=1e-8)


def test_levels_are_those_of_junctions(junctions):
    state = junctions.init(key=KEY)
    values = np.asarray(junctions.values(state))
    levels = np.linspace(-0.5, 0.5, 9)
    assert len(np.unique(values.round(4))) <= 9
    assert np.abs(values[..., None] - levels).min(axis=-1).max() < 0.01
    # Half of eight junctions on, give or take.
    assert values.mean() == pytest.approx(0, abs=4 * 0.5 / np.sqrt(8 * 2000))


@pytest.mark.parametrize("wanted", [0.05, -0.05, 1e-3, -0.3])
def test_changes_are_met_in_the_mean(junctions, wanted):
    state = junctions.init(key=KEY)
    before = junctions.values(state)
    after, record = junctions.write(state, jnp.full((40, 50), wanted), key=KEY)
    change = np.asarray(junctions.values(after) - before)
    assert change.mean() == pytest.approx(wanted, abs=4 * change.std() / np.sqrt(2000))
    assert np.all(np.sign(change[change != 0]) == np.sign(wanted))
    assert float(record.energy) > 0


def test_analog_devices_follow_without_chance():
    weights = analog()
    state = weights.init(key=KEY)
    before = np.asarray(weights.values(state))
    after, _ = weights.write(state, jnp.full((40, 50), 0.05), key=KEY)
    # A tenth of the way that is left.
    np.testing.assert_allclose(
        weights.values(after), before + 0.1 * (0.5 - before), rtol=2e-3, atol=2e-4
    )


def test_nothing_wanted_is_no_pulse(junctions):
    state = junctions.init(key=KEY)
    after, record = junctions.write(state, jnp.zeros((40, 50)), key=KEY)
    np.testing.assert_array_equal(after.cells.on, state.cells.on)
    assert float(record.energy) == 0


def test_a_network_learns_on_devices():
    images = jax.random.normal(jax.random.key(2), (256, 6))
    labels = (images[:, 0] > 0).astype(int)
    net = Feedforward((6, 12, 2))
    hardware = [analog(12, 6), analog(2, 12)]
    learning = NoiseLearning(net, GaussianNoise(0.01), rule="feedback", hardware=hardware)
    state = learning.init(key=KEY)
    np.testing.assert_array_equal(state.network.weights[0], hardware[0].values(state.devices[0]))
    for _ in range(20):
        state, _ = learning.train(state, images, labels, learning_rate=0.003, batch=16, key=KEY)
    assert float(net.accuracy(state.network, images, labels)) > 0.9
    assert float(state.energy) > 0


def test_hardware_has_the_shape_of_layers():
    with pytest.raises(SpinlearnValueError, match="hardware"):
        NoiseLearning(Feedforward((6, 2)), GaussianNoise(0.01), hardware=[analog(3, 6)])
    with pytest.raises(SpinlearnValueError, match="largest"):
        CrossbarWeights(analog().crossbar, largest=0.0, pulse=1e-8)
