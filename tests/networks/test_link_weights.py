"""Weights on pairs of links: what is wanted happens, in the mean, and refreshing keeps it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions import GaussianNoise
from spinlearn.networks import Feedforward, LinkWeights, NoiseLearning
from spinlearn.substrates import LinkModel

pytestmark = pytest.mark.once
KEY = jax.random.key(3)
MODEL = LinkModel(1e-3, 0.005, 0.1, 2.0, 1e9, 2.0)


def weights(post=40, pre=50, **changes):
    return LinkWeights(MODEL, post, pre, largest=0.5, **changes)


def erased(own):
    """A device all whose links are new."""
    state = own.init(key=KEY)
    return type(state)(
        jnp.zeros_like(state.written), state.conductance, state.change, state.threshold
    )


def test_new_weights_are_drawn_evenly():
    own = weights()
    values = np.asarray(own.values(own.init(key=KEY)))
    bound = 50**-0.5
    assert np.abs(values).max() < 1.05 * bound
    assert values.std() == pytest.approx(bound / 3**0.5, rel=0.05)
    assert abs(values.mean()) < 4 * values.std() / 2000**0.5


@pytest.mark.parametrize("wanted", [0.1, -0.1, 0.2, 1e-3])
def test_changes_of_new_links_are_met_in_the_mean(wanted):
    own = weights()
    after, record = own.write(erased(own), jnp.full((40, 50), wanted), key=KEY)
    change = np.asarray(own.values(after))
    # From 0.1 ns on, 4.8 % of the half that this voltage writes: less is drawn by lot.
    spread = 4 * change.std() / 2000**0.5
    assert change.mean() == pytest.approx(wanted, abs=spread + 1e-5)
    assert np.all(change[change != 0] * np.sign(wanted) > 0)
    if abs(wanted) > 0.02:
        np.testing.assert_allclose(change, wanted, rtol=1e-4)
    # One pulse each at the threshold of 0.1 V.
    own_length = -np.log1p(-abs(wanted) / 0.5 / 0.5) / 1e9 if abs(wanted) > 0.02 else None
    if own_length is not None:
        part = abs(wanted) / 0.5 / 2
        assert float(record.energy) == pytest.approx(
            2000 * 1e-3 * (1 + 0.005 * part) * 0.1**2 * own_length, rel=1e-3
        )
    assert float(record.duration) == pytest.approx(40 * 1e-8)


def test_more_and_less_cancel_until_links_are_full():
    own = weights(refresh=1.0)
    state = erased(own)
    for _ in range(3):
        for sign in (1, -1):
            state, _ = own.write(state, jnp.full((40, 50), 0.1 * sign), key=KEY)
    up, down = np.asarray(state.written).reshape(2, -1)
    # Three times 40 % of the way to one half that is left, both alike.
    np.testing.assert_allclose(up, 0.5 * (1 - 0.6**3), rtol=1e-4)
    np.testing.assert_allclose(down, up, rtol=1e-5)
    np.testing.assert_allclose(own.values(state), 0, atol=1e-6)


def test_refreshing_keeps_the_weights_and_frees_the_links():
    own = weights(refresh=0.12)
    state = erased(own)
    aims = 0.15 * jnp.sign(jax.random.normal(KEY, (40, 50)))
    state, _ = own.write(state, aims, key=KEY)
    state, _ = own.write(state, jnp.full((40, 50), 0.1), key=KEY)
    # Half of the weights have written both links by now, a tenth in the mean: not yet enough.
    before, filled = np.asarray(own.values(state)), np.asarray(state.written).mean()
    state, _ = own.write(state, jnp.full((40, 50), -0.1), key=KEY)
    lowest = np.asarray(state.written).reshape(2, -1).min(axis=0)
    assert np.all(lowest == 0)
    assert np.asarray(state.written).mean() < filled
    moved = np.asarray(own.values(state)) - before
    assert np.all((moved < 0) & (moved > -0.11))


def test_links_differ_from_each_other_and_wear_off():
    own = LinkWeights(MODEL, 40, 50, largest=0.5, device_spread=0.1, cycle_spread=0.02)
    after, _ = own.write(erased(own), jnp.full((40, 50), 0.1), key=KEY)
    values = np.asarray(own.values(after))
    # Of g c, and of the rate through the threshold: some 20 % of them all.
    assert 0.1 < values.std() / values.mean() < 0.4
    short = LinkModel(1e-3, 0.005, 0.1, 2.0, 1e9, 2.0, retention=4e-7)
    leaky = LinkWeights(short, 40, 50, largest=0.5)
    kept, _ = leaky.write(erased(leaky), jnp.full((40, 50), 0.1), key=KEY)
    # The act takes 40 pulses of 10 ns, one retention time.
    np.testing.assert_allclose(leaky.values(kept), 0.1 * np.exp(-1), rtol=2e-3)


def test_a_network_learns_on_links():
    images = jax.random.normal(jax.random.key(2), (256, 6))
    labels = (images[:, 0] > 0).astype(int)
    net = Feedforward((6, 12, 2))
    hardware = [LinkWeights(MODEL, 12, 6, largest=1.5), LinkWeights(MODEL, 2, 12, largest=1.5)]
    learning = NoiseLearning(net, GaussianNoise(0.01), rule="feedback", hardware=hardware)
    state = learning.init(key=KEY)
    for _ in range(20):
        state, _ = learning.train(state, images, labels, learning_rate=0.01, batch=16, key=KEY)
    assert float(net.accuracy(state.network, images, labels)) > 0.9
    assert float(state.energy) > 0


def test_bad_numbers_are_named():
    with pytest.raises(SpinlearnValueError, match="largest"):
        LinkWeights(MODEL, 3, 4, largest=0.0)
    with pytest.raises(SpinlearnValueError, match="shortest"):
        weights(shortest=1e-7)
    with pytest.raises(SpinlearnValueError, match=r"model\.change"):
        LinkWeights(LinkModel(1e-3, 0.0, 0.1, 2.0, 1e9, 2.0), 3, 4, largest=1.0)
    with pytest.raises(SpinlearnValueError, match="hardware"):
        NoiseLearning(Feedforward((6, 2)), GaussianNoise(0.01), hardware=[weights(3, 6)])
    state = erased(weights())
    with pytest.raises(SpinlearnValueError, match="durations"):
        weights().links.write(state, jnp.zeros(4000), jnp.ones(4000), slot=0.5, key=KEY)
    with pytest.raises(SpinlearnValueError, match="across"):
        weights().links.write(state, jnp.zeros(3), jnp.zeros(4000), slot=0.5, key=KEY)
