"""Ideal hardware: its conductances, its energy, and the network that it is."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import SpinlearnValueError, key_from_seed
from spinlearn.datasets import similar_patterns
from spinlearn.networks import Hopfield, Readout, recall_asynchronous, recall_by_currents
from spinlearn.rules import (
    hebb,
    hebb_step,
    oja_clamped_step,
    oja_neuron_step,
    oja_subspace,
    oja_subspace_step,
)
from spinlearn.substrates import Ideal

KEY = key_from_seed(0)


def _new(n: int = 5, rule: Any = hebb_step, **options: Any) -> Ideal:
    options = {"initial": jnp.zeros((n, n)), "spread": 0.0} | options
    return Ideal(n, rule, **options)


@pytest.mark.parametrize("rule", [hebb_step, oja_clamped_step, oja_neuron_step, oja_subspace_step])
def test_conductances_are_those_of_a_passive_network(rule: Any, rtol: float) -> None:
    device = Ideal(6, rule, spread=30.0)  # links that the spread would make negative are open
    g = np.asarray(device.conductance(device.init(key=KEY)))
    np.testing.assert_array_equal(g, g.T)
    np.testing.assert_allclose(g.sum(axis=1), 0, atol=10 * rtol * np.max(g))
    off = g[~np.eye(6, dtype=bool)]
    assert np.max(off) == 0
    assert np.min(off) < 0
    assert np.min(np.linalg.eigvalsh(g)) > -10 * rtol * np.max(g)


def test_the_readout_gives_the_weights_back(rtol: float) -> None:
    device, x = _new(), jnp.array([1.0, -1.0, 1.0, 1.0, -1.0])
    state, _ = device.apply(device.init(key=KEY), 0.2 * x, 3e-10, key=KEY)
    np.testing.assert_allclose(state.weights, 0.3 * np.outer(x, x), atol=10 * rtol)
    readout = Readout(device.uniform_conductance, 1, name="uniform")
    found = readout.weights(device.conductance(state))
    wanted = 0.1 * 0.3 * np.outer(x, x) * (1 - np.eye(5))
    np.testing.assert_allclose(found, wanted, atol=100 * rtol)


def test_the_energy_is_the_heat_of_the_links(rtol: float) -> None:
    """In many short steps and in one: Hebb's weights grow evenly, so that both are exact."""
    device, volts = _new(), np.array([0.1, -0.2, 0.3, 0.1, -0.1])
    begin = device.init(key=KEY)
    _, once = device.apply(begin, volts, 1e-9, key=KEY)
    state, energy, charge = begin, 0.0, np.zeros(5)
    for _ in range(10):
        state, record = device.apply(state, volts, 1e-10, key=KEY)
        energy, charge = energy + float(record.energy), charge + np.asarray(record.charge)
    assert float(once.energy) == pytest.approx(energy, rel=100 * rtol)
    np.testing.assert_allclose(once.charge, charge, rtol=1000 * rtol)
    assert float(once.energy) == pytest.approx(float(volts @ charge), rel=1000 * rtol)
    links = 1e-3 * (1 + 0.1 * 0.5 * np.outer(np.sign(volts), np.sign(volts)))  # in the middle
    wanted = sum(links[i, j] * (volts[i] - volts[j]) ** 2 for i in range(5) for j in range(i))
    assert float(once.energy) == pytest.approx(1e-9 * wanted, rel=100 * rtol)


def test_contacts_without_voltage_learn_nothing() -> None:
    device = _new()
    state, _ = device.apply(device.init(key=KEY), [0.1, 0.0, -0.1, 0.0, 0.0], 1e-9, key=KEY)
    assert np.all(np.asarray(state.weights)[[1, 3, 4]] == 0)


def test_a_network_on_it_learns_what_the_rule_learns(rtol: float) -> None:
    n, p = 35, 5
    x = similar_patterns(p, n, 0.5, key=key_from_seed(3))
    rule = lambda w, s, rate: oja_subspace_step(w, s, rate, symmetric=True)  # noqa: E731
    device = Ideal(n, rule, spread=0.0)
    readout = Readout(device.uniform_conductance, 1, name="uniform")
    untrained = Hopfield(device, readout)
    trained = untrained.train(x, 0.1, 1e-10 / n, epochs=20, key=KEY)
    wanted = oja_subspace(x, rate=0.1 / n, epochs=20, symmetric=True)
    np.testing.assert_allclose(trained.weights, 0.1 * wanted, atol=1000 * rtol)
    assert float(trained.trained_for) == pytest.approx(20 * p * 1e-10 / n, rel=1000 * rtol)
    again = untrained.train(x, 0.1, 1e-10 / n, epochs=12, key=KEY)
    again = again.train(x, 0.1, 1e-10 / n, epochs=8, key=KEY)
    np.testing.assert_allclose(again.weights, trained.weights, atol=1000 * rtol)
    assert float(again.dissipated) == pytest.approx(float(trained.dissipated), rel=1e-4)
    assert float(trained.dissipated) > 0
    assert untrained.state is None


def test_it_recalls_by_its_own_currents_as_by_its_weights() -> None:
    x = similar_patterns(3, 10, 0.0, key=key_from_seed(3))  # three patterns of ten: no ties
    device = _new(10)
    readout = Readout(device.uniform_conductance, 1, name="uniform")
    network = Hopfield(device, readout).train(x, 0.1, 1e-10, key=KEY)
    probes = np.random.default_rng(0).choice([-1, 1], (6, 10))
    found = network.recall(probes)
    same = recall_asynchronous(hebb(x), probes)
    np.testing.assert_array_equal(found.states, same.states)
    for k in (0, 1):
        alone = recall_by_currents(device, network.state, readout, x[k], 0.01)
        np.testing.assert_array_equal(alone.states, network.recall(x[k : k + 1]).states[0])


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("nodes", {"nodes": 1}),
        ("rule", {"rule": "hebb"}),
        ("initial", {"initial": jnp.zeros((2, 2))}),
        ("spread", {"spread": -1.0}),
        ("link_conductance", {"link_conductance": 0.0}),
        ("contrast", {"contrast": [0.1, 0.2]}),
        ("learning_time", {"learning_time": np.inf}),
    ],
)
def test_bad_parameters_are_named(field: str, options: dict[str, Any]) -> None:
    with pytest.raises(SpinlearnValueError, match=field):
        Ideal(**({"nodes": 3} | options))


def test_voltages_that_do_not_fit_are_named() -> None:
    device = _new()
    with pytest.raises(SpinlearnValueError, match="voltages"):
        device.apply(device.init(key=KEY), [0.1, 0.2], 1e-9, key=KEY)


def test_three_values_of_a_parameter_are_one_program() -> None:
    traced = 0

    @jax.jit
    def read(device: Any, weights: jax.Array) -> jax.Array:
        nonlocal traced
        traced += 1
        return device._matrix(weights)

    import equinox as eqx

    for contrast in (0.1, 0.2, 0.3):
        arrays, rest = eqx.partition(_new(contrast=contrast), eqx.is_array)
        del rest
        read(eqx.tree_at(lambda d: d.rule, arrays, None, is_leaf=lambda v: v is None), jnp.eye(5))
    assert traced == 1
