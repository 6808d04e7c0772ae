"""Layers with noise, and what they learn from it, against derivatives by JAX."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions import (
    BernoulliNoise,
    GaussianNoise,
    RecordedNoise,
    TelegraphNoise,
    named_noise,
)
from spinlearn.networks import Feedforward, FeedforwardState, NoiseLearning

KEY = jax.random.key(5)
SIZES = (6, 8, 7, 3)
IMAGES = jax.random.normal(jax.random.key(1), (4, 6))
LABELS = jnp.array([0, 2, 1, 2])


def network(**options):
    return Feedforward(SIZES, slope=0.1, **options)


def mixed(state):
    """A state whose R mix something."""
    own = tuple(
        r + 0.1 * jax.random.normal(jax.random.fold_in(KEY, k), r.shape, r.dtype)
        for k, r in enumerate(state.mixing)
    )
    return FeedforwardState(state.weights, state.biases, own)


def plain_loss(net, weights, state, images, labels, noise=None):
    """Cross-entropy in other words than the package's."""
    x, first = images, 0
    for k, (w, b) in enumerate(zip(weights, state.biases, strict=True)):
        x = jnp.einsum("ij,bj->bi", state.mixing[k], x) if state.mixing else x
        x = jnp.einsum("ij,bj->bi", w, x) + b[None]
        if noise is not None:
            x = x + noise[:, first : first + len(b)]
            first += len(b)
        if k < len(weights) - 1:
            x = jax.nn.leaky_relu(x, 0.1)
    return jnp.sum(jax.nn.logsumexp(x, axis=1) - x[jnp.arange(len(x)), labels])


def flat(layers):
    return np.concatenate([np.asarray(part).ravel() for part in layers])


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("decorrelated", [False, True])
def test_backpropagation_is_the_derivative(decorrelated):
    learning = NoiseLearning(network(decorrelated=decorrelated), rule="backpropagation")
    state = learning.init(key=KEY)
    own = mixed(state.network)
    found = learning.gradient(eqx.tree_at(lambda s: s.network, state, own), IMAGES, LABELS, key=KEY)
    true = jax.grad(lambda w: plain_loss(learning.network, w, own, IMAGES, LABELS))(own.weights)
    for a, b in zip(found, true, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_noise_goes_where_it_belongs():
    net = network()
    state = net.init(key=KEY)
    noise = jax.random.normal(KEY, (2, 4, net.units))
    activity = net.forward(state, net.normalize(IMAGES), noise)
    assert activity.output.shape == (2, 4, 3)
    for k in range(2):
        total = jnp.sum(
            jax.nn.logsumexp(activity.output[k], axis=1) - activity.output[k][jnp.arange(4), LABELS]
        )
        other = plain_loss(net, state.weights, state, IMAGES, LABELS, noise[k])
        assert float(total) == pytest.approx(float(other), rel=1e-5)


@pytest.mark.once
class TestUnbiased:
    """Means over many samples of the noise, of one example."""

    COPIES = 20_000

    def means(self, rule, *, repeats=4, noise=None, **options):
        source = noise or GaussianNoise(1e-3)
        learning = NoiseLearning(network(), source, rule=rule, **options)
        state = learning.init(key=KEY)
        shown = jnp.broadcast_to(IMAGES[:1], (self.COPIES, 6))
        labels = jnp.broadcast_to(LABELS[:1], (self.COPIES,))
        found = [
            flat(learning.gradient(state, shown, labels, key=jax.random.key(k)))
            for k in range(repeats)
        ]
        exact = NoiseLearning(network(), rule="backpropagation")
        own = exact.init(key=KEY)
        true = exact.gradient(own, IMAGES[:1], LABELS[:1], key=KEY)
        return np.mean(found, axis=0) / self.COPIES, true, state.network

    @pytest.mark.parametrize("passes", ["noisy", "clean", "antithetic"])
    def test_node_perturbation(self, passes):
        found, true, _ = self.means("node", passes=passes)
        size = np.linalg.norm(flat(true))
        assert cosine(found, flat(true)) > 0.998
        assert np.linalg.norm(found) == pytest.approx(size, rel=0.03)

    @pytest.mark.parametrize(
        "noise", [BernoulliNoise(1e-3), TelegraphNoise(1e-4, 2e-4, 0.0, 2e-3, 1e-4)]
    )
    def test_other_noise(self, noise):
        found, true, _ = self.means("node", noise=noise)
        assert cosine(found, flat(true)) > 0.99
        assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(flat(true)), rel=0.05)

    def test_weight_perturbation(self):
        # One sample a batch: many batches of one example.
        learning = NoiseLearning(network(), GaussianNoise(1e-3), rule="weight")
        state = learning.init(key=KEY)

        def one(key):
            return learning.gradient(state, IMAGES[:1], LABELS[:1], key=key)

        drawn = jax.vmap(one)(jax.random.split(KEY, self.COPIES))
        found = flat([jnp.mean(part, axis=0) for part in drawn])
        own = state.network

        def loss(weights, biases):
            moved = FeedforwardState(weights, biases, ())
            return plain_loss(learning.network, weights, moved, IMAGES[:1], LABELS[:1])

        true, others = map(flat, jax.grad(loss, (0, 1))(own.weights, own.biases))
        # Noise of biases changes the loss too.
        share = true @ true / (true @ true + others @ others)
        expected = 1 / np.sqrt(1 + len(true) / share / self.COPIES)
        assert expected > 0.97
        assert cosine(found, true) == pytest.approx(expected, abs=0.006)

    def test_activity_goes_along_what_theory_says(self):
        found, true, own = self.means("activity", repeats=12)
        predicted, first = self.predicted(own, IMAGES[:1])
        assert cosine(found, predicted) > 0.9995
        # Near enough to the gradient to descend; in the first layer they are one.
        assert cosine(found, predicted) > cosine(found, flat(true)) > 0.95
        assert cosine(found[:first], flat(true[:1])) > 0.998
        assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(predicted), rel=0.01)

    def test_layers_by_themselves_point_down(self):
        found, true, own = self.means("layer", repeats=4)
        ends = np.cumsum([0, *(w.size for w in own.weights)])
        for k in range(3):
            part = slice(ends[k], ends[k + 1])
            assert cosine(found[part], flat(true[k : k + 1])) > 0.97

    def predicted(self, own, image):
        """Mean of N ΔL δa/|δa|² for Gaussian noise, by JAX's derivatives of sums and loss by it."""
        net = network()

        def sums(noise):
            activity = net.forward(own, net.normalize(image), noise[None, None])
            return jnp.concatenate([a.reshape(-1) for a in activity.currents])

        def loss(noise):
            return plain_loss(net, own.weights, own, image, LABELS[:1], noise[None])

        zero = jnp.zeros(net.units)
        reach, slope = np.asarray(jax.jacobian(sums)(zero)), np.asarray(jax.grad(loss)(zero))
        noise = np.random.default_rng(0).normal(size=(200_000, net.units))
        moved = noise @ reach.T
        credit = net.units * np.mean(
            (noise @ slope / np.sum(moved**2, axis=1))[:, None] * moved, axis=0
        )
        inputs = net.forward(own, net.normalize(image)).inputs
        parts, at = [], 0
        for x in inputs:
            post = SIZES[1 + len(parts)]
            parts.append(np.outer(credit[at : at + post], np.asarray(x)[0]))
            at += post
        return flat(parts), parts[0].size


@pytest.mark.once
def test_feedback_of_linear_layers_is_the_product_of_weights():
    net = Feedforward(SIZES, slope=1.0)
    learning = NoiseLearning(net, GaussianNoise(1e-3), rule="feedback", feedback_rate=0.002)
    state = learning.init(key=KEY)
    shown = jax.random.normal(KEY, (20_000, 6))
    labels = jnp.zeros(20_000, int)
    for _ in range(2):
        state, _ = learning.train(state, shown, labels, learning_rate=0.0, batch=50, key=KEY)
    w = [np.asarray(part) for part in state.network.weights]
    np.testing.assert_allclose(state.feedback[1], w[2].T, atol=0.06)
    through = (w[2] @ w[1]).T
    assert cosine(np.asarray(state.feedback[0]).ravel(), through.ravel()) > 0.98
    # So credit is the derivative.
    exact = NoiseLearning(net, rule="backpropagation")
    own = exact.init(key=KEY)
    true = exact.gradient(own, IMAGES, LABELS, key=KEY)
    found = learning.gradient(state, IMAGES, LABELS, key=KEY)
    for a, b in zip(found, true, strict=True):
        assert cosine(flat([a]), flat([b])) > 0.98


@pytest.mark.as_installed
class TestTraining:
    IMAGES = jax.random.normal(jax.random.key(2), (256, 6))
    LABELS = (jnp.abs(IMAGES[:, 0]) + IMAGES[:, 1] > 0.8).astype(int)

    @pytest.mark.parametrize("rule", ["activity", "layer", "node", "feedback", "backpropagation"])
    def test_every_rule_learns(self, rule):
        net = Feedforward((6, 16, 16, 2), decorrelated=rule == "activity")
        learning = NoiseLearning(
            net, named_noise("koenders2025"), rule=rule, decorrelation_rate=1e-4
        )
        state = learning.init(key=KEY)
        before = float(net.accuracy(state.network, self.IMAGES, self.LABELS))
        for _ in range(40):
            state, losses = learning.train(
                state, self.IMAGES, self.LABELS, learning_rate=0.01, batch=16, key=KEY
            )
        assert float(jnp.mean(losses)) < 0.3
        after = float(net.accuracy(state.network, self.IMAGES, self.LABELS))
        assert after > max(before, 0.85)

    def test_weights_learn_from_noise_of_their_own(self):
        net = Feedforward((6, 2))
        learning = NoiseLearning(
            net, GaussianNoise(0.01), rule="weight", optimizer=optax.identity()
        )
        state = learning.init(key=KEY)
        labels = (self.IMAGES[:, 0] > 0).astype(int)
        for _ in range(30):
            state, _ = learning.train(
                state, self.IMAGES, labels, learning_rate=0.003, batch=16, key=KEY
            )
        assert float(net.accuracy(state.network, self.IMAGES, labels)) > 0.9

    def test_many_seeds_side_by_side(self):
        learning = NoiseLearning(network(), named_noise("koenders2025"))
        keys = jax.random.split(KEY, 3)
        states = jax.vmap(lambda k: learning.init(key=k))(keys)

        def epoch(state, key):
            return learning.train(state, IMAGES, LABELS, learning_rate=0.01, batch=2, key=key)

        many, _ = jax.vmap(epoch)(states, keys)
        one, _ = epoch(jax.tree.map(lambda leaf: leaf[1], states), keys[1])
        for a, b in zip(many.network.weights, one.network.weights, strict=True):
            np.testing.assert_allclose(a[1], b, rtol=1e-3, atol=1e-5)

    def test_noise_that_stands_still_changes_nothing(self):
        still = TelegraphNoise(1e12, 1e12, 0.0, 1.0, 1e-9)
        learning = NoiseLearning(network(), still, optimizer=optax.identity())
        state = learning.init(key=KEY)
        after, _ = learning.train(state, IMAGES, LABELS, learning_rate=1.0, batch=2, key=KEY)
        for a, b in zip(after.network.weights, state.network.weights, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_the_order_of_samples(self):
        # Sample k of every unit is k: passes differ by the batch, or by one.
        found = {}
        for order in ("batch", "example"):
            noise = RecordedNoise(jnp.arange(1000.0))
            learning = NoiseLearning(network(), noise, order=order)
            state = noise.init((), key=None)
            _, own = learning._noise(state, 4, KEY)
            found[order] = np.asarray(own)[..., 0]
        np.testing.assert_array_equal(found["batch"], [[0, 1, 2, 3], [4, 5, 6, 7]])
        np.testing.assert_array_equal(found["example"], [[0, 2, 4, 6], [1, 3, 5, 7]])

    def test_readout_noise_spoils_credit(self):
        found = {}
        for spread in (0.0, 1.0):
            learning = NoiseLearning(network(), GaussianNoise(1e-3), readout_noise=spread)
            state = learning.init(key=KEY)
            grads = learning.gradient(state, IMAGES, LABELS, key=KEY)
            found[spread] = np.linalg.norm(flat(grads))
        assert found[1.0] > 30 * found[0.0]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"rule": "magic"}, "rule"),
        ({"passes": "three"}, "passes"),
        ({"order": "none"}, "order"),
        ({"loss": "hinge"}, "loss"),
        ({"noise": None}, "noise"),
        ({"gain": 0.0}, "gain"),
        ({"pairs": 0}, "pairs"),
        ({"decorrelation_rate": -1.0}, "decorrelation_rate"),
        ({"decorrelation_examples": -1}, "decorrelation_examples"),
        ({"readout_noise": float("nan")}, "readout_noise"),
        ({"offset": float("inf")}, "offset"),
    ],
)
def test_wrong_options_are_named(options, name):
    given = {"noise": GaussianNoise(1e-3)} | options
    with pytest.raises(SpinlearnValueError, match=name):
        NoiseLearning(network(), **given)


@pytest.mark.parametrize(
    ("sizes", "options"),
    [((6,), {}), ((6, 0), {}), ("ab", {}), ((2, 2), {"slope": 2.0}), ((2, 2.5), {})],
)
def test_wrong_networks_are_named(sizes, options):
    with pytest.raises(SpinlearnValueError):
        Feedforward(sizes, **options)


def test_wrong_examples_are_named():
    learning = NoiseLearning(network(), GaussianNoise(1e-3))
    state = learning.init(key=KEY)
    with pytest.raises(SpinlearnValueError, match="targets"):
        learning.train(state, IMAGES, LABELS[:3], learning_rate=0.1, batch=2, key=KEY)
    with pytest.raises(SpinlearnValueError, match="batch"):
        learning.train(state, IMAGES, LABELS, learning_rate=0.1, batch=8, key=KEY)
    with pytest.raises(SpinlearnValueError, match="images"):
        learning.train(state, IMAGES[:, :5], LABELS, learning_rate=0.1, batch=2, key=KEY)
