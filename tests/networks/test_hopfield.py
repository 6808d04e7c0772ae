"""The network as an object, and how often it recalls."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import SpinlearnValueError, key_from_seed
from spinlearn.datasets import similar_patterns
from spinlearn.networks import (
    Hopfield,
    LoadCurve,
    Readout,
    energy,
    recall_asynchronous,
    recall_curve,
    recall_synchronous,
    recall_thermal,
)
from spinlearn.rules import hebb, pseudo_inverse
from tests.fixed_hardware import Fixed

KEY = key_from_seed(0)


def _patterns(p: int = 3, n: int = 35, similarity: float = 0.0) -> jax.Array:
    return similar_patterns(p, n, similarity, key=key_from_seed(9))


def test_a_network_of_weights_recalls_as_the_functions_do() -> None:
    w, probes = hebb(_patterns(6)), np.random.default_rng(0).choice([-1, 1], (20, 35))
    network = Hopfield.from_weights(w)
    for found, wanted in (
        (network.recall(probes), recall_asynchronous(w, probes)),
        (network.recall(probes, key=KEY), recall_asynchronous(w, probes, key=KEY)),
        (network.recall(probes, synchronous=True), recall_synchronous(w, probes)),
        (
            network.recall_thermal(probes, 0.3, key=KEY),
            recall_thermal(w, probes, 0.3, key=KEY),
        ),
    ):
        np.testing.assert_array_equal(found.states, wanted.states)
    np.testing.assert_array_equal(network.energy(probes), energy(w, probes))


def test_weights_of_hardware_are_those_of_its_readout() -> None:
    reference = -jnp.ones((4, 4))
    g = reference * (1 + 0.1 * jnp.arange(16.0).reshape(4, 4))
    readout = Readout(reference, -1, name="untrained")
    network = Hopfield(Fixed(), readout, g)
    np.testing.assert_array_equal(network.weights, readout.weights(g))
    absolute = Hopfield(Fixed(), readout, g, relative=False)
    np.testing.assert_array_equal(absolute.weights, readout.weights(g, relative=False))


def test_recall_falls_with_the_number_of_flipped_nodes() -> None:
    x = _patterns(4)
    curve = recall_curve(hebb(x), x, [0, 3, 8, 17], trials=60, key=KEY)
    rate = np.mean(np.asarray(curve.rate), axis=1)
    assert curve.rate.shape == curve.overlap.shape == (4, 4)
    assert rate[0] == 1
    assert np.all(np.diff(rate) <= 0)
    assert rate[-1] < 0.5 < rate[-2] < 1
    assert np.all(np.abs(curve.overlap) <= 1)
    wide = recall_curve(pseudo_inverse(x), x, [8], trials=60, key=KEY)
    assert float(jnp.mean(wide.rate)) > rate[2]  # basins of the projection are wider


def test_a_recall_curve_of_a_function_is_that_of_its_weights() -> None:
    x, w = _patterns(4), hebb(_patterns(4))
    of_weights = recall_curve(w, x, [3, 8], trials=20, key=KEY)
    of_function = recall_curve(
        lambda probes, key: recall_asynchronous(w, probes, key=key), x, [3, 8], trials=20, key=KEY
    )
    np.testing.assert_array_equal(of_weights.rate, of_function.rate)
    near = recall_curve(w, x, [3, 8], trials=20, least_overlap=0.5, key=KEY)
    assert np.all(np.asarray(near.rate) >= np.asarray(of_weights.rate))
    assert np.any(np.asarray(near.rate) > np.asarray(of_weights.rate))


def test_a_recall_that_has_not_converged_does_not_count() -> None:
    x, w = _patterns(1), hebb(_patterns(1))
    hurried = recall_curve(
        lambda probes, key: recall_asynchronous(w, probes, key=key, sweeps=1), x, [3], key=KEY
    )
    assert np.all(np.asarray(hurried.rate) == 0)
    assert np.all(np.asarray(hurried.overlap) == 1)


def test_the_capacity_is_where_half_is_kept() -> None:
    array = lambda *v: jnp.asarray(v, jnp.result_type(float))  # noqa: E731
    curve = LoadCurve(
        array(0.1, 0.2, 0.4), jnp.array([1, 2, 4]), array(1, 1, 1), array(1, 0.9, 0.1)
    )
    assert curve.capacity() == pytest.approx(0.3, rel=1e-5)
    assert curve.capacity(0.9) == pytest.approx(0.2, rel=1e-5)
    assert np.isnan(curve.capacity(0.05))


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("substrate", lambda: Hopfield(None, None)),
        ("substrate", lambda: Hopfield(Fixed(), None)),
        ("network.state", lambda: Hopfield(Fixed(), READOUT).weights),
        ("network.substrate", lambda: Hopfield.from_weights(jnp.eye(2)).train(X, 1, 1, key=KEY)),
        ("weights", lambda: Hopfield.from_weights(jnp.zeros((2, 3)))),
        ("order", lambda: Hopfield.from_weights(W).recall(X, synchronous=True, key=KEY)),
        ("patterns", lambda: Hopfield(Fixed(), READOUT, W).train([[1, 1, 1]], 1, 1, key=KEY)),
        ("voltage", lambda: Hopfield(Fixed(), READOUT, W).train(X, 0, 1, key=KEY)),
        ("duration", lambda: Hopfield(Fixed(), READOUT, W).train(X, 1, -1, key=KEY)),
        ("epochs", lambda: Hopfield(Fixed(), READOUT, W).train(X, 1, 1, epochs=-1, key=KEY)),
        ("flips", lambda: recall_curve(W, X, [3], key=KEY)),
        ("flips", lambda: recall_curve(W, X, 1, key=KEY)),
        ("trials", lambda: recall_curve(W, X, [1], trials=0, key=KEY)),
        ("network", lambda: recall_curve(lambda probes, key: probes, X, [1], key=KEY)),
    ],
)
def test_bad_input_is_named(field: str, call: Any) -> None:
    with pytest.raises(SpinlearnValueError, match=field):
        call()


W, X = np.ones((2, 2)) - np.eye(2), [[1, 1]]
READOUT = Readout(-np.ones((2, 2)), 1, name="uniform")
