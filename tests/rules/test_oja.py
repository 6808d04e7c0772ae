"""The three rules of Oja, each at its own fixed point; and the objective of the third."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import SpinlearnValueError
from spinlearn.rules import (
    oja_clamped,
    oja_clamped_step,
    oja_gradient,
    oja_neuron,
    oja_neuron_step,
    oja_objective,
    oja_subspace,
    oja_subspace_step,
)


def _array(value: Any) -> jax.Array:
    return jnp.asarray(value, jnp.result_type(float))


def _signs(p: int, n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1.0, 1.0], (p, n))


def _projector(x: np.ndarray) -> np.ndarray:
    return np.linalg.pinv(x) @ x


def test_clamped_outputs_end_at_the_mean_outer_product(rtol: float) -> None:
    x = _signs(4, 7)
    found = oja_clamped(_array(x), rate=0.3, together=True, diagonal=True)
    np.testing.assert_allclose(found, x.T @ x / 4, atol=10 * rtol)


def test_clamped_outputs_one_after_the_other_weigh_the_last_most(rtol: float) -> None:
    x, rate = _signs(4, 7), 0.2
    shares = rate * (1 - rate) ** np.arange(4)[::-1] / (1 - (1 - rate) ** 4)
    wanted = np.einsum("k,ki,kj->ij", shares, x, x)
    found = oja_clamped(_array(x), rate=rate, diagonal=True)
    np.testing.assert_allclose(found, wanted, atol=10 * rtol)
    slow = oja_clamped(_array(x), rate=1e-3, epochs=20000, diagonal=True)
    np.testing.assert_allclose(slow, x.T @ x / 4, atol=3e-3)


def test_clamped_step_is_minus_the_gradient_of_its_own_objective(rtol: float) -> None:
    w, x = _array(np.random.default_rng(1).normal(size=(5, 5))), _array(_signs(1, 5)[0])
    outer = x[:, None] * x[None, :]
    downhill = -jax.grad(lambda m: 0.5 * jnp.sum((outer - m) ** 2))(w)
    np.testing.assert_allclose(oja_clamped_step(w, x, 1.0) - w, downhill, atol=10 * rtol)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_neuron_finds_the_leading_eigenvector(seed: int, double: bool) -> None:
    x = _signs(5, 12, seed) * np.linspace(1, 2, 5)[:, None]  # eigenvalues well apart
    values, vectors = np.linalg.eigh(x.T @ x / 5)
    assert values[-1] > 1.2 * values[-2]
    rows = np.asarray(oja_neuron(_array(x), epochs=5000))
    wanted = np.sign(rows @ vectors[:, -1])[:, None] * vectors[None, :, -1]
    assert np.max(np.abs(rows - wanted)) < (1e-6 if double else 1e-4)
    assert np.all(rows[np.arange(12), np.arange(12)] > 0)


def test_a_neuron_follows_its_ordinary_differential_equation() -> None:
    """Small steps: the ratio of two components grows as exp((λ₁ − λ₂) t), exactly."""
    x = np.array([[2.0, 0.0], [0.0, 1.0]])  # eigenvalues 2 and ½ of the mean outer product
    w, rate, steps = _array([[0.1, 0.4], [0.4, 0.1]]), 1e-3, 1000
    found = oja_neuron(_array(x), rate=rate, epochs=steps, initial=w)
    ratio = np.asarray(found)[0, 0] / np.asarray(found)[0, 1]
    assert ratio == pytest.approx(0.25 * np.exp(1.5 * rate * steps), rel=5e-3)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("together", [False, True])
def test_the_subspace_rule_ends_at_the_projector(
    symmetric: bool, together: bool, double: bool
) -> None:
    x = _signs(4, 12)
    found = np.asarray(
        oja_subspace(_array(x), epochs=4000, together=together, symmetric=symmetric, diagonal=True)
    )
    projector, tolerance = _projector(x), 1e-6 if double else 1e-4
    wanted = projector + 0.1 * (np.eye(12) - projector)
    if together or symmetric:
        np.testing.assert_allclose(found, wanted, atol=tolerance)
    # What acts on the patterns: the rest, ε (1 − P), is what no pattern has reached.
    inside = found @ projector
    np.testing.assert_allclose(inside.T @ inside, projector, atol=tolerance)
    np.testing.assert_allclose(inside, projector, atol=0.2)


def test_the_projector_of_dependent_patterns_is_found_too(double: bool) -> None:
    x = _signs(3, 10)
    x = np.concatenate([x, -x[:1], x[1:2]])
    start = 1e-3 * jnp.eye(10, dtype=jnp.result_type(float))
    found = oja_subspace(_array(x), epochs=3000, initial=start, together=True, diagonal=True)
    np.testing.assert_allclose(found, _projector(x), atol=1.1e-3 if double else 2e-3)


def test_similar_patterns_do_not_turn_a_symmetric_network_over() -> None:
    """At the default rate; at five times this rate some of these sets end at eigenvalues −1."""
    random = np.random.default_rng(0)
    template = random.choice([-1.0, 1.0], (30, 1, 35))
    x = _array(template * np.where(random.random((30, 5, 35)) < (1 + np.sqrt(0.5)) / 2, 1.0, -1.0))

    def least(rate: Any) -> np.ndarray:
        train = lambda a: oja_subspace(a, rate=rate, symmetric=True, diagonal=True)  # noqa: E731
        return np.linalg.eigvalsh(np.asarray(jax.jit(jax.vmap(train))(x)))[:, 0]

    assert np.all(least(None) > 0)
    assert np.any(least(0.5 / 35) < -0.5)


@pytest.mark.parametrize("step", [oja_clamped_step, oja_neuron_step, oja_subspace_step])
def test_steps_of_several_patterns_are_the_mean_of_their_steps(step: Any, rtol: float) -> None:
    x = _array(_signs(3, 6))
    w = _array(np.random.default_rng(2).normal(size=(6, 6)))
    alone = np.mean([np.asarray(step(w, row, 0.1) - w) for row in x], axis=0)
    np.testing.assert_allclose(step(w, x, 0.1) - w, alone, atol=100 * rtol)


def test_the_steps_are_their_equations(rtol: float) -> None:
    x, w = _signs(1, 4)[0], np.random.default_rng(2).normal(size=(4, 4))
    y = w @ x
    neuron, subspace = np.zeros((4, 4)), np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            neuron[i, j] = y[i] * (x[j] - y[i] * w[i, j])
            subspace[i, j] = y[i] * x[j] - sum(y[i] * y[k] * w[k, j] for k in range(4))
    for step, change in ((oja_neuron_step, neuron), (oja_subspace_step, subspace)):
        found = step(_array(w), _array(x), 0.1)
        np.testing.assert_allclose(found, w + 0.1 * change, atol=100 * rtol)
    even = (w + w.T) / 2
    y = even @ x
    change = np.outer(y, x) - np.outer(y, y) @ even
    found = oja_subspace_step(_array(even), _array(x), 0.1, symmetric=True)
    np.testing.assert_allclose(found, even + 0.05 * (change + change.T), atol=100 * rtol)


def test_epochs_go_on_where_they_stopped(rtol: float) -> None:
    x = _array(_signs(3, 6))
    whole = oja_subspace(x, epochs=7, diagonal=True)
    half = oja_subspace(x, epochs=4, diagonal=True)
    np.testing.assert_allclose(
        oja_subspace(x, epochs=3, initial=half, diagonal=True), whole, atol=10 * rtol
    )
    assert np.all(np.asarray(oja_subspace(x, epochs=0, initial=half, diagonal=True)) == half)


def test_training_ends_once_nothing_changes_by_more_than_the_tolerance(rtol: float) -> None:
    x = _array(_signs(3, 6))
    rough = oja_clamped(x, rate=0.5, together=True, tolerance=0.1, diagonal=True)
    # Halved at each step: the change of the last one is what is still missing.
    missing = np.max(np.abs(np.asarray(rough - x.T @ x / 3)))
    assert 0.01 < missing <= 0.1


def test_other_numbers_of_epochs_and_rates_need_no_new_program() -> None:
    from spinlearn.rules._epochs import _train

    x = _array(_signs(3, 6))
    oja_subspace(x, epochs=1, rate=0.01)
    known = _train._cache_size()  # type: ignore[attr-defined]
    oja_subspace(x, epochs=5, rate=0.02, tolerance=0.1)
    assert _train._cache_size() == known  # type: ignore[attr-defined]


@pytest.mark.parametrize("symmetric", [False, True])
def test_the_gradient_is_that_of_automatic_differentiation(symmetric: bool, rtol: float) -> None:
    x = _array(_signs(3, 6))
    w = _array(np.random.default_rng(2).normal(size=(6, 6)))
    wanted = np.asarray(jax.grad(lambda m: oja_objective(m, x))(w))
    if symmetric:
        wanted = (wanted + wanted.T) / 2
    found = oja_gradient(w, x, symmetric=symmetric)
    np.testing.assert_allclose(found, wanted, atol=1000 * rtol)


def test_the_objective_is_the_error_of_reconstruction(rtol: float) -> None:
    x, w = _signs(3, 6), np.random.default_rng(2).normal(size=(6, 6))
    wanted = np.mean([0.5 * np.sum((row - w.T @ w @ row) ** 2) for row in x])
    assert float(oja_objective(_array(w), _array(x))) == pytest.approx(wanted, rel=100 * rtol)


def test_the_objective_falls_along_the_subspace_rule_to_zero(double: bool) -> None:
    x = _array(_signs(4, 12))
    w = 0.1 * jnp.eye(12, dtype=x.dtype)
    values = []
    for _ in range(60):
        values.append(float(oja_objective(w, x)))
        w = oja_subspace(x, epochs=1, initial=w, together=True, diagonal=True)
    assert np.all(np.diff(values) < 0)
    w = oja_subspace(x, epochs=3000, initial=w, together=True, diagonal=True)
    assert float(oja_objective(w, x)) < (1e-12 if double else 1e-6)


@pytest.mark.parametrize("rule", [oja_clamped, oja_neuron, oja_subspace])
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("epochs", -1),
        ("epochs", 1.5),
        ("rate", -1.0),
        ("tolerance", -1.0),
        ("initial", jnp.zeros((3, 3))),
    ],
)
def test_bad_options_are_named(rule: Any, option: str, value: Any) -> None:
    with pytest.raises(SpinlearnValueError, match=option):
        rule([[1, -1]], **{option: value})
