"""Credit from noise against its exact mean and variance, for a loss that is linear in the noise."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn.rules import (
    activity_node_perturbation,
    decorrelation_step,
    feedback_step,
    layer_perturbation,
    node_perturbation,
    off_diagonal_correlation,
    weight_perturbation,
)

pytestmark = pytest.mark.once
KEY = jax.random.key(3)
SIGMA = 0.1
SAMPLES = 4000


def gradient(units):
    return jax.random.normal(jax.random.key(units), (units,), jnp.result_type(float))


def normal(shape):
    return SIGMA * jax.random.normal(KEY, shape, jnp.result_type(float))


def coins(shape):
    return SIGMA * jax.random.rademacher(KEY, shape, jnp.result_type(float))


def by_node(noise, change):
    return node_perturbation([noise], change, jnp.asarray(SIGMA))[0]


def by_weight(noise, change):
    one = jax.vmap(lambda n, c: weight_perturbation([n[None]], c, jnp.asarray(SIGMA))[0][0])
    return one(noise, change)


def by_activity(noise, change):
    return activity_node_perturbation([noise], change)[0]


@pytest.mark.parametrize("units", [8, 128])
@pytest.mark.parametrize(
    ("rule", "draw", "variance"),
    [
        (by_node, normal, lambda n: n + 1),
        (by_node, coins, lambda n: n - 1),
        (by_weight, normal, lambda n: n + 1),
        (by_activity, normal, lambda n: n - 1),
        (by_activity, coins, lambda n: n - 1),
    ],
)
def test_mean_and_variance_are_those_of_theory(rule, draw, variance, units):
    g = gradient(units)
    noise = draw((SAMPLES, units))
    found = np.asarray(rule(noise, noise @ g))
    true = np.asarray(g)
    size = float(true @ true)
    # Of the mean, along the gradient and over all units, in standard errors.
    along = found @ true / size
    assert abs(along.mean() - 1) < 4 * along.std() / np.sqrt(SAMPLES)
    spread = np.sum((found - true) ** 2, axis=1) / size
    expected = variance(units)
    assert abs(spread.mean() - expected) < 4 * spread.std() / np.sqrt(SAMPLES)
    # So the mean of K samples is at this angle, and 0.99 takes 49 samples a unit.
    mean = found.mean(axis=0)
    cosine = mean @ true / np.linalg.norm(mean) / np.sqrt(size)
    assert cosine == pytest.approx(1 / np.sqrt(1 + expected / SAMPLES), abs=0.01 + 0.1 / units)
    assert cosine > 0.98


def test_layers_are_normalized_by_themselves():
    a, b = normal((5, 3)), 10 * normal((5, 4))
    change = jnp.arange(5.0)
    first, second = layer_perturbation([a, b], change)
    np.testing.assert_allclose(first, activity_node_perturbation([a], change)[0])
    np.testing.assert_allclose(second, activity_node_perturbation([b], change)[0])
    together = activity_node_perturbation([a, b], change)
    # Of all units: |δa|² of both layers.
    squared = jnp.sum(a * a, axis=1) + jnp.sum(b * b, axis=1)
    np.testing.assert_allclose(together[0], (7 * change / squared)[:, None] * a, rtol=1e-5)


def test_examples_in_which_nothing_changed_say_nothing():
    still = jnp.zeros((2, 3))
    moved = jnp.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    found = activity_node_perturbation([still, moved], jnp.array([0.5, 0.5]))
    assert np.all(np.isfinite(found[1]))
    np.testing.assert_array_equal(found[1][0], 0)
    assert found[1][1, 0] > 0
    b = feedback_step(jnp.ones((3, 2)), still, jnp.ones((2, 2)), 0.1)
    np.testing.assert_array_equal(b, 1)


class TestDecorrelation:
    def correlated(self, count=400, units=6):
        x = jax.random.normal(KEY, (count, units), jnp.result_type(float))
        return x @ jnp.tril(jnp.ones((units, units)))

    def test_one_step_is_that_of_its_definition(self):
        x = self.correlated()
        mixing = jnp.eye(6) + 0.1 * gradient(36).reshape(6, 6)
        mixed = x @ mixing.T
        products = mixed.T @ mixed / len(x)
        wanted = mixing - 0.01 * (products - jnp.diag(jnp.diag(products))) @ mixing
        np.testing.assert_allclose(
            decorrelation_step(mixing, mixed, 0.01), wanted, rtol=1e-4, atol=1e-5
        )

    def test_at_rest_nothing_is_correlated(self):
        x = self.correlated()

        def step(mixing, _):
            return decorrelation_step(mixing, x @ mixing.T, 0.02), None

        start = float(off_diagonal_correlation(x))
        mixing = jax.jit(lambda: jax.lax.scan(step, jnp.eye(6), None, length=6000)[0])()
        mixed = np.asarray(x @ mixing.T)
        products = mixed.T @ mixed / len(x)
        off = products - np.diag(np.diag(products))
        assert start > 0.1
        assert np.abs(off).max() < 1e-5 * np.diag(products).min()
        assert float(off_diagonal_correlation(jnp.asarray(mixed))) < 1e-9
        # Inputs are mixed, none is lost.
        assert np.linalg.matrix_rank(np.asarray(mixing)) == 6

    def test_correlation_is_that_of_numpy_for_centred_inputs(self):
        x = self.correlated()
        x = x - jnp.mean(x, axis=0)[None]
        known = np.corrcoef(np.asarray(x).T)
        off = known[~np.eye(6, dtype=bool)]
        assert float(off_diagonal_correlation(x)) == pytest.approx(np.mean(off**2), rel=1e-4)

    def test_inputs_that_are_always_zero_are_left_out(self):
        x = jnp.concatenate([self.correlated(), jnp.zeros((400, 1))], axis=1)
        assert float(off_diagonal_correlation(x)) == pytest.approx(
            float(off_diagonal_correlation(x[:, :6])), rel=1e-5
        )


def test_feedback_is_the_regression_of_outputs_on_the_layer():
    truth = gradient(24).reshape(8, 3)
    changes = normal((64, 50, 8))
    disturbed = changes @ truth + normal((64, 50, 3))

    def step(b, shown):
        return feedback_step(b, *shown, 0.1), None

    # Without disturbance the truth is at rest, and reached.
    exact = jax.jit(lambda: jax.lax.scan(step, jnp.zeros((8, 3)), (changes, changes @ truth))[0])()
    np.testing.assert_allclose(exact, truth, rtol=1e-3, atol=1e-3)
    rough, _ = jax.lax.scan(step, jnp.zeros((8, 3)), (changes, disturbed))
    # A disturbance as large as the changes is averaged over some 8/(50 η) batches.
    assert float(jnp.max(jnp.abs(rough - truth))) < 0.8
    assert float(jnp.mean(rough * truth)) == pytest.approx(float(jnp.mean(truth**2)), rel=0.15)
