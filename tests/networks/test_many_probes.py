"""Recall of many probes: against a loop over nodes, and what it must never do."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import SpinlearnValueError, key_from_seed
from spinlearn.datasets import corrupt, letters
from spinlearn.networks import (
    energy,
    overlap,
    recall,
    recall_asynchronous,
    recall_hebbian,
    recall_synchronous,
    recall_thermal,
)
from spinlearn.rules import hebb, pseudo_inverse

pytestmark = pytest.mark.once


def _array(value: Any) -> jax.Array:
    return jnp.asarray(value, jnp.result_type(float))


def _signs(p: int, n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1, 1], (p, n))


def _symmetric(n: int, seed: int = 0) -> np.ndarray:
    w = np.random.default_rng(seed).normal(size=(n, n))
    return (w + w.T) / 2 * (1 - np.eye(n))


def _one_by_one(
    w: np.ndarray, probe: np.ndarray, order: Any, sweeps: int = 100
) -> tuple[np.ndarray, int, bool]:
    """The definition: a node at a time, every sum over all nodes, ties stay."""
    s = probe.astype(w.dtype).copy()
    for done in range(1, sweeps + 1):
        before = s.copy()
        for i in order:
            field = w[i] @ s
            if field != 0:
                s[i] = np.sign(field)
        if np.all(s == before):
            return s, done, True
    return s, sweeps, False


@pytest.mark.parametrize("n", [1, 7, 32, 33, 100])
@pytest.mark.parametrize("symmetric", [True, False])
def test_blocks_are_exactly_the_sequence_node_by_node(n: int, symmetric: bool) -> None:
    w = _symmetric(n) if symmetric else np.random.default_rng(1).normal(size=(n, n))
    probes, order = _signs(20, n, 2), np.random.default_rng(3).permutation(n)
    found = recall_asynchronous(_array(w), probes, order=order, sweeps=30)
    for k, probe in enumerate(probes):
        states, sweeps, converged = _one_by_one(w, probe, order, 30)
        np.testing.assert_array_equal(found.states[k], states)
        assert int(found.sweeps[k]) == sweeps
        assert bool(found.converged[k]) == converged


@pytest.mark.parametrize(("p", "n"), [(2, 35), (4, 35), (7, 36), (20, 101)])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_ties_stay_whatever_the_order_of_the_sum(p: int, n: int, dtype: Any, double: bool) -> None:
    """Hebb's sums cancel often. In integers they do so exactly, divided by n only nearly."""
    if dtype == jnp.float64 and not double:
        pytest.skip("float64 is off")
    x, probes = _signs(p, n), _signs(60, n, 5)
    exact = (x.T @ x) * (1 - np.eye(n, dtype=int))
    fields = probes @ exact
    assert p % 2 * (n - 1) % 2 or np.any(fields == 0)
    found = recall_asynchronous(hebb(_array(x).astype(dtype)), probes)
    assert found.states.dtype == dtype
    for k, probe in enumerate(probes):
        states, _, _ = _one_by_one(exact, probe, range(n))
        np.testing.assert_array_equal(found.states[k], states)


def test_recall_from_the_patterns_is_recall_by_the_weights() -> None:
    n = 35
    x, probes = _signs(4, n), _signs(70, n, 5)  # more probes than are updated together
    exact = (x.T @ x) * (1 - np.eye(n, dtype=int))
    assert np.any(probes @ exact == 0)
    order = np.random.default_rng(3).permutation(n)
    found = recall_hebbian(x, probes, order=order, sweeps=2)
    assert 0 < int(jnp.sum(found.converged)) < 70
    for k, probe in enumerate(probes):
        states, sweeps, converged = _one_by_one(exact, probe, order, 2)
        np.testing.assert_array_equal(found.states[k], states)
        assert int(found.sweeps[k]) == sweeps
        assert bool(found.converged[k]) == converged


def test_more_probes_than_a_chunk_go_where_each_goes_alone() -> None:
    x = _array(_signs(6, 40))
    w, probes = hebb(x), _signs(600, 40, 1)
    found = recall_asynchronous(w, probes, key=key_from_seed(0))
    assert len(np.unique(np.asarray(found.sweeps))) > 2  # some settle late
    for k in (0, 17, 255, 256, 511, 599):
        alone = recall_asynchronous(w, probes[k : k + 1], key=key_from_seed(0))
        np.testing.assert_array_equal(found.states[k], alone.states[0])
        assert int(found.sweeps[k]) == int(alone.sweeps[0])


def test_one_probe_goes_where_recall_takes_it() -> None:
    w, probes = _array(_symmetric(30)), _signs(10, 30)
    for options in ({"key": key_from_seed(4)}, {"order": np.arange(30)[::-1]}, {}):
        found = recall_asynchronous(w, probes, **options)
        for k, probe in enumerate(probes):
            alone = recall(w, probe, **options)
            np.testing.assert_array_equal(found.states[k], alone.states)
            assert int(found.sweeps[k]) == int(alone.sweeps)


def test_the_energy_never_rises_from_sweep_to_sweep(rtol: float) -> None:
    w, s = _array(_symmetric(60)), _signs(50, 60)
    energies = [np.asarray(energy(w, s))]
    for sweep in range(12):
        found = recall_asynchronous(w, s, key=key_from_seed(sweep), sweeps=1)
        s = np.asarray(found.states)
        energies.append(np.asarray(energy(w, s)))
    rises = np.diff(energies, axis=0)
    assert np.max(rises) <= 100 * rtol * np.max(np.abs(energies))
    assert np.mean(energies[-1]) < 2 * np.mean(energies[1]) / 1.9 < 0
    assert bool(jnp.all(recall_asynchronous(w, s, sweeps=100).converged))


def test_a_settled_state_is_stable_under_every_single_flip_of_its_field() -> None:
    w = _symmetric(60)
    found = recall_asynchronous(_array(w), _signs(50, 60))
    assert bool(jnp.all(found.converged))
    assert np.all((np.asarray(found.states) @ w) * np.asarray(found.states) >= 0)


def test_too_few_sweeps_say_so() -> None:
    found = recall_asynchronous(_array(_symmetric(60)), _signs(50, 60), sweeps=1)
    assert not bool(jnp.any(found.converged))
    assert np.all(np.asarray(found.sweeps) == 1)


def test_synchronous_recall_is_the_sign_of_all_fields() -> None:
    w, probes = _symmetric(40), _signs(80, 40)
    found = recall_synchronous(_array(w), probes)
    cycles = 0
    for k, probe in enumerate(probes):
        states = [probe.astype(float)]
        while True:
            states.append(np.sign(w @ states[-1]))
            if np.all(states[-1] == states[-2]):
                break
            if len(states) > 2 and np.all(states[-1] == states[-3]):
                cycles += 1
                break
        assert bool(found.converged[k]) == bool(np.all(states[-1] == states[-2]))
        assert int(found.sweeps[k]) == len(states) - 1
        np.testing.assert_array_equal(found.states[k], states[-1])
    assert 0 < cycles < 80


def test_recall_can_be_compiled_and_mapped_over_weights() -> None:
    many = _array(np.stack([_symmetric(12, seed) for seed in range(3)]))
    probes = _array(_signs(5, 12))
    found = jax.jit(jax.vmap(recall_asynchronous, in_axes=(0, None)))(many, probes)
    both = jax.jit(jax.vmap(recall_synchronous, in_axes=(0, None)))(many, probes)
    for k in range(3):
        np.testing.assert_array_equal(found.states[k], recall_asynchronous(many[k], probes).states)
        np.testing.assert_array_equal(both.states[k], recall_synchronous(many[k], probes).states)


def test_without_temperature_the_heat_bath_is_asynchronous_recall() -> None:
    w, probes = _array(_symmetric(20)), _signs(9, 20)
    cold = recall_thermal(w, probes, 0.0, key=key_from_seed(1), sweeps=50)
    alone = recall_asynchronous(w, probes, key=key_from_seed(1), sweeps=50)
    np.testing.assert_array_equal(cold.states, alone.states)
    own = w + 7 * jnp.eye(20, dtype=w.dtype)  # no part of the field
    kept = recall_thermal(own, probes, 0.0, key=key_from_seed(1), sweeps=50)
    np.testing.assert_array_equal(cold.states, kept.states)


def test_every_probe_may_have_its_temperature() -> None:
    w = _array((np.ones((30, 30)) - np.eye(30)) / 30)
    probes = np.ones((2, 30))
    found = recall_thermal(w, probes, [0.05, 50.0], key=key_from_seed(1), sweeps=200, discard=20)
    assert float(jnp.mean(found.mean[0])) > 0.99
    assert abs(float(jnp.mean(found.mean[1]))) < 0.1


def test_the_mean_is_over_the_sweeps_that_count(rtol: float) -> None:
    w, probes = _array(_symmetric(6)), _signs(4, 6)
    options: dict[str, Any] = {"key": key_from_seed(2), "order": np.arange(6)}
    states = [recall_thermal(w, probes, 1.0, sweeps=k, **options).states for k in range(1, 6)]
    found = recall_thermal(w, probes, 1.0, sweeps=5, discard=2, **options)
    np.testing.assert_allclose(found.mean, np.mean(states[2:], axis=0), atol=10 * rtol)


def test_energy_and_overlap_are_their_sums(rtol: float) -> None:
    w, s, x = np.random.default_rng(0).normal(size=(7, 7)), _signs(6, 7), _signs(3, 7, 1)
    batch = s.reshape(2, 3, 7)
    wanted = [
        [-0.5 * sum(w[i, j] * a[i] * a[j] for i in range(7) for j in range(7)) for a in b]
        for b in batch
    ]
    np.testing.assert_allclose(energy(_array(w), batch), wanted, rtol=1000 * rtol)
    np.testing.assert_allclose(overlap(batch, x), np.einsum("abi,pi->abp", batch, x) / 7, rtol=rtol)
    assert overlap(batch, x).dtype == jnp.result_type(float)
    assert overlap(_array(batch).astype(jnp.float32), x).dtype == jnp.float32


def test_the_projection_recalls_similar_letters_that_the_outer_product_cannot() -> None:
    x = letters("HMN")  # pairwise overlaps of 0.66 to 0.77
    probes = corrupt(jnp.repeat(x, 200, axis=0), 3, key=key_from_seed(0))

    def part(weights: jax.Array) -> float:
        found = recall_asynchronous(weights, probes, key=key_from_seed(1))
        return float(jnp.mean(jnp.all(found.states == jnp.repeat(x, 200, axis=0), axis=1)))

    assert part(pseudo_inverse(x)) > 0.9
    assert part(hebb(x)) < 0.1


WEIGHTS = np.ones((3, 3)) - np.eye(3)


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("probes", lambda w: recall_asynchronous(w, [1, 1, 1])),
        ("probes", lambda w: recall_asynchronous(w, [[1, 0, 1]])),
        ("probes", lambda w: recall_synchronous(w, [[1, 1]])),
        ("weights", lambda w: recall_synchronous(w[:2], [[1, 1]])),
        ("weights", lambda w: recall_asynchronous(w * jnp.nan, [[1, 1, 1]])),
        ("order", lambda w: recall_asynchronous(w, [[1, 1, 1]], order=[0, 1, 1])),
        ("patterns", lambda w: recall_hebbian([[1, 0, 1]], [[1, 1, 1]])),
        ("probes", lambda w: recall_hebbian([[1, 1, 1]], [[1, 1]])),
        ("order", lambda w: recall_hebbian([[1, 1, 1]], [[1, 1, 1]], order=[0, 1, 2], key=KEY)),
        ("order", lambda w: recall_asynchronous(w, [[1, 1, 1]], order=[0, 1, 2], key=KEY)),
        ("sweeps", lambda w: recall_asynchronous(w, [[1, 1, 1]], sweeps=0)),
        ("temperature", lambda w: recall_thermal(w, [[1, 1, 1]], -1.0, key=KEY)),
        ("temperature", lambda w: recall_thermal(w, [[1, 1, 1]], [1.0, 2.0], key=KEY)),
        ("discard", lambda w: recall_thermal(w, [[1, 1, 1]], 1.0, key=KEY, sweeps=3, discard=3)),
        ("states", lambda w: energy(w, [1, 1])),
        ("patterns", lambda w: overlap([1, 1], [1, 1])),
    ],
)
def test_bad_input_is_named(field: str, call: Any) -> None:
    with pytest.raises(SpinlearnValueError, match=field):
        call(_array(WEIGHTS))


KEY = key_from_seed(0)
