"""Rules that sum or project: against their formulas, written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import SpinlearnValueError
from spinlearn.rules import (
    covariance,
    covariance_step,
    hebb,
    hebb_step,
    oja_clamped,
    oja_clamped_step,
    oja_neuron,
    oja_neuron_step,
    oja_subspace,
    oja_subspace_step,
    pseudo_inverse,
    pseudo_inverse_step,
    storkey,
    storkey_step,
)

RULES: dict[str, Callable[..., jax.Array]] = {
    "hebb": hebb,
    "covariance": covariance,
    "storkey": storkey,
    "pseudo-inverse": pseudo_inverse,
    "clamped": oja_clamped,
    "neuron": oja_neuron,
    "subspace": oja_subspace,
}
STEPS: dict[str, Callable[..., jax.Array]] = {
    "hebb": hebb_step,
    "covariance": lambda w, x, rate: covariance_step(w, x, rate, 0.1),
    "storkey": lambda w, x, rate: storkey_step(w, x),
    "pseudo-inverse": lambda w, x, rate: pseudo_inverse_step(w, x),
    "clamped": oja_clamped_step,
    "neuron": oja_neuron_step,
    "subspace": oja_subspace_step,
}


def _array(value: Any) -> jax.Array:
    return jnp.asarray(value, jnp.result_type(float))


def _signs(p: int, n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1.0, 1.0], (p, n))


def _close(found: Any, wanted: Any, rtol: float) -> None:
    np.testing.assert_allclose(found, wanted, rtol=0, atol=30 * rtol * np.max(np.abs(wanted)))


@pytest.mark.parametrize("diagonal", [True, False])
def test_hebb_is_the_sum_of_outer_products(diagonal: bool, rtol: float) -> None:
    x = _signs(4, 6)
    wanted = np.zeros((6, 6))
    for i in range(6):
        for j in range(6):
            if i != j or diagonal:
                wanted[i, j] = sum(x[k, i] * x[k, j] for k in range(4)) / 6
    _close(hebb(_array(x), diagonal=diagonal), wanted, rtol)


def test_steps_of_hebb_and_covariance_add_up(rtol: float) -> None:
    x = _array(_signs(5, 7))
    summed, apart = jnp.zeros((7, 7), x.dtype), jnp.zeros((7, 7), x.dtype)
    mean = jnp.mean(x, axis=0)
    for row in x:
        summed = hebb_step(summed, row, 1 / 7)
        apart = covariance_step(apart, row, 1 / 7, mean)
    _close(summed, hebb(x, diagonal=True), rtol)
    _close(apart, covariance(x, diagonal=True), rtol)


def test_covariance_is_that_of_numpy_and_of_hebb_at_zero_mean(rtol: float) -> None:
    x = _signs(5, 7)
    _close(covariance(_array(x), diagonal=True), np.cov(x.T, bias=True) * 5 / 7, rtol)
    _close(covariance(_array(x), mean=0.0), hebb(_array(x)), rtol)
    shifted = np.random.default_rng(3).normal(size=7)
    _close(
        covariance(_array(x), mean=_array(shifted), diagonal=True),
        (x - shifted).T @ (x - shifted) / 7,
        rtol,
    )


def _storkey_literally(x: np.ndarray) -> np.ndarray:
    """Storkey and Valabregue (1999), equations (1) and (2), index by index."""
    p, n = x.shape
    w = np.zeros((n, n))
    for mu in range(p):
        h = np.zeros((n, n))
        for i in range(n):
            for j in range(n):
                h[i, j] = sum(w[i, k] * x[mu, k] for k in range(n) if k not in (i, j))
        before = w.copy()
        for i in range(n):
            for j in range(n):
                w[i, j] = before[i, j] + x[mu, i] * x[mu, j] / n
                w[i, j] -= x[mu, i] * h[j, i] / n
                w[i, j] -= h[i, j] * x[mu, j] / n
    return w


def test_storkey_is_the_loop_of_its_paper(rtol: float) -> None:
    x = _signs(6, 9)
    wanted = _storkey_literally(x)
    _close(storkey(_array(x), diagonal=True), wanted, rtol)
    _close(storkey(_array(x)), wanted * (1 - np.eye(9)), rtol)
    assert np.max(np.abs(wanted - x.T @ x / 9)) > 0.1  # and not Hebb's


def test_storkey_steps_leave_asymmetric_weights_to_their_formula(rtol: float) -> None:
    x, w = _signs(1, 5)[0], np.random.default_rng(1).normal(size=(5, 5))
    h = np.array(
        [
            [sum(w[i, k] * x[k] for k in range(5) if k not in (i, j)) for j in range(5)]
            for i in range(5)
        ]
    )
    wanted = w + (np.outer(x, x) - x[:, None] * h.T - h * x[None, :]) / 5
    _close(storkey_step(_array(w), _array(x)), wanted, rtol)


@pytest.mark.parametrize("copies", [1, 2])
def test_pseudo_inverse_is_the_projector_for_dependent_patterns_too(
    copies: int, rtol: float
) -> None:
    x = np.concatenate([_signs(4, 9)] * copies)
    found = np.asarray(pseudo_inverse(_array(x), diagonal=True))
    _close(found, np.linalg.pinv(x) @ x, rtol)
    _close(found @ found, found, rtol)
    assert np.trace(found) == pytest.approx(4, rel=1e3 * rtol)


def test_pseudo_inverse_steps_end_at_the_projector(rtol: float) -> None:
    x = _array(_signs(5, 9))
    w = jnp.zeros((9, 9), x.dtype)
    for row in [*x, x[2], x[0]]:  # two are known already
        w = pseudo_inverse_step(w, row)
    _close(w, pseudo_inverse(x, diagonal=True), 10 * rtol)


def test_pseudo_inverse_makes_all_independent_patterns_fixed_points() -> None:
    x = _signs(20, 35)
    assert np.linalg.matrix_rank(x) == 20
    field = np.asarray(pseudo_inverse(_array(x))) @ x.T
    assert np.min(field * x.T) > 0
    outer = np.asarray(hebb(_array(x))) @ x.T
    assert np.min(outer * x.T) < 0  # which the outer product does not do


def test_without_a_smallest_singular_value_nothing_is_divided_by_zero() -> None:
    found = pseudo_inverse(jnp.zeros((2, 3)), diagonal=True)
    assert np.all(np.asarray(found) == 0)


@pytest.mark.parametrize("name", RULES)
def test_rules_have_the_precision_of_the_patterns_and_map(name: str, rtol: float) -> None:
    rule = RULES[name]
    many = _array(np.stack([_signs(3, 6, seed) for seed in range(3)]))
    found = jax.jit(jax.vmap(rule))(many)
    assert found.dtype == many.dtype
    for k in range(3):
        _close(found[k], rule(many[k]), 100 * rtol)
    assert rule(many[0].astype(jnp.float32)).dtype == jnp.float32
    assert rule(jnp.sign(many[0]).astype(jnp.int32)).dtype == jnp.result_type(float)


@pytest.mark.parametrize("name", [name for name in RULES if name != "neuron"])
def test_the_diagonal_is_zero_unless_it_is_wanted(name: str, rtol: float) -> None:
    x = _array(_signs(3, 6))
    kept, left = RULES[name](x, diagonal=True), RULES[name](x)
    assert np.all(np.diagonal(left) == 0)
    assert np.any(np.diagonal(kept) != 0)
    off = ~np.eye(6, dtype=bool)
    np.testing.assert_array_equal(np.asarray(kept)[off], np.asarray(left)[off])


@pytest.mark.parametrize("name", STEPS)
def test_steps_compile_and_map_over_weights_and_rates(name: str, rtol: float) -> None:
    step, x = STEPS[name], _array(_signs(1, 6)[0])
    weights = _array(np.random.default_rng(4).normal(size=(3, 6, 6)))
    rates = _array([0.01, 0.02, 0.03])
    found = jax.jit(jax.vmap(step, in_axes=(0, None, 0)))(weights, x, rates)
    for k in range(3):
        _close(found[k], step(weights[k], x, rates[k]), 10 * rtol)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(
    "patterns", [[1, -1], np.zeros((0, 3)), [[1.0, np.nan]], [[1 + 1j, 1]], [[1, -1], [1]]]
)
def test_what_is_no_set_of_patterns_is_refused(name: str, patterns: Any) -> None:
    with pytest.raises(SpinlearnValueError, match="patterns"):
        RULES[name](patterns)


def test_storkey_refuses_what_is_not_a_sign() -> None:
    with pytest.raises(SpinlearnValueError, match="-1 or 1"):
        storkey([[1, 0, 1]])
    with pytest.raises(SpinlearnValueError, match="pattern"):
        storkey_step(jnp.zeros((2, 2)), [1, 0])


@pytest.mark.parametrize("name", STEPS)
def test_steps_refuse_weights_and_patterns_that_do_not_fit(name: str) -> None:
    step = STEPS[name]
    for weights, pattern in (
        (jnp.zeros((2, 3)), [1, -1]),
        (jnp.zeros((2, 2)), [1, -1, 1]),
        (jnp.full((2, 2), jnp.nan), [1, -1]),
    ):
        with pytest.raises(SpinlearnValueError):
            step(weights, pattern, 0.1)


@pytest.mark.parametrize("rate", [-0.1, np.nan, [0.1, 0.2], None, "fast"])
@pytest.mark.parametrize("name", ["hebb", "covariance", "clamped", "neuron", "subspace"])
def test_bad_rates_are_named(name: str, rate: Any) -> None:
    with pytest.raises(SpinlearnValueError, match="rate"):
        STEPS[name](jnp.zeros((2, 2)), [1, -1], rate)


def test_bad_means_are_named() -> None:
    with pytest.raises(SpinlearnValueError, match="mean"):
        covariance([[1, -1]], mean=jnp.zeros(3))
