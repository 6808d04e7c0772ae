"""Weights of two links each: what pulses and reads do to them, and where protocols lead."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import SpinlearnValueError, key_from_seed, stream
from spinlearn.datasets import corrupt, letters, similar_patterns
from spinlearn.networks import DifferentialLinks, recall_asynchronous
from spinlearn.rules import hebb, pseudo_inverse
from spinlearn.substrates import LinkModel

KEY = key_from_seed(4)
# Far above its threshold a link is written by the square of the voltage, almost whole.
SQUARE = LinkModel(1e-3, 0.005, 1e-4, 2.0, 1e4, 2.0)
PATTERNS = similar_patterns(3, 12, 0.5, key=key_from_seed(3))
PULSES: dict[str, Any] = {"row_voltage": 0.05, "column_voltage": 0.05, "pulse": 1e-10}


def _network(model: LinkModel = SQUARE, nodes: int = 12, **options: Any) -> DifferentialLinks:
    return DifferentialLinks(model, nodes, **({"read_voltage": 1e-6, "read_time": 1e-9} | options))


def test_a_pulse_writes_the_product():
    network, r, c = _network(gain=3.0), np.linspace(-1, 0.8, 12), np.linspace(0.3, -0.9, 12)
    volts = 0.05 * jnp.asarray(np.concatenate([r, c, -c]), jnp.result_type(float))
    time = 1e-12
    new = network.init(key=KEY)
    state, _ = network.links.apply(new, volts, time, key=KEY)
    speed = 1e4 * (0.05 / 1e-4) ** 2  # k(v) of the row voltage, 1/s
    wanted = 3.0 * 4 * speed * time * np.outer(r, c)
    # What is left to write is one, less what the threshold keeps.
    np.testing.assert_allclose(network.weights(state), wanted, rtol=0.1, atol=0.02 * wanted.max())
    assert float(jnp.abs(network.weights(new)).max()) == 0


def test_steeper_links_keep_the_sign_of_the_product():
    steep = LinkModel(1e-3, 0.005, 0.1, 3.0, 1e9, 3.0)
    network, r, c = _network(steep, 5), jnp.linspace(-1, 1, 5), jnp.linspace(0.7, -0.9, 5)
    volts = 0.05 * jnp.concatenate([r, c, -c])
    state, _ = network.links.apply(network.init(key=KEY), volts, 1e-10, key=KEY)
    w, wanted = np.asarray(network.weights(state)), np.outer(r, c)
    large = np.abs(wanted) > 1e-3
    np.testing.assert_array_equal(np.sign(w)[large], np.sign(wanted)[large])


def test_a_read_gives_weights_times_columns(double):
    network = _network(device_spread=0.1)
    course = network.train(PATTERNS, "hebbian", epochs=1, **PULSES, key=KEY)
    c = jnp.linspace(-0.4, 0.5, 12)
    state, found, record = network.read(course.state, c, key=KEY)
    scale = float(jnp.abs(course.weights[-1]).max())
    wanted = np.asarray(course.weights[-1]) @ np.asarray(c)
    np.testing.assert_allclose(found, wanted, atol=scale * (1e-3 if double else 0.1))
    on = np.asarray(c) / 0.5 * 1e-6
    g = -np.asarray(network.links.conductance(course.state))[:12, 12:]
    assert float(record.energy) == pytest.approx(
        float(g.sum(0) @ np.tile(on**2, 2)) * 1e-9, rel=1e-3
    )
    np.testing.assert_allclose(state.written, course.state.written, atol=1e-3)


def test_noise_of_reads_is_johnsons():
    network = _network(temperature=300.0, gain=2.0)
    state, keys = network.init(key=KEY), jax.random.split(KEY, 400)
    c = 0.5 * jnp.ones(12)
    found = jax.vmap(lambda key: network.read(state, c, key=key)[1])(keys)
    # 24 links of 1 mS for 1 ns: current noise, over that of a whole link at 1 µV.
    current = np.sqrt(2 * 1.380649e-23 * 300 * 24e-3 / 1e-9)
    assert float(found.std()) == pytest.approx(2.0 * 0.5 * current / (5e-6 * 1e-6), rel=0.05)


@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_the_residual_leads_to_the_projector(spread):
    network = _network(device_spread=spread, gain=10.0)
    pulses: dict[str, Any] = PULSES | {"pulse": 1e-12, "column_voltage": 0.01}
    course = network.train(PATTERNS, "residual", epochs=200, **pulses, key=KEY)
    projector = np.asarray(pseudo_inverse(PATTERNS, diagonal=True))
    w, x = np.asarray(course.weights[-1]), np.asarray(PATTERNS)
    assert np.abs(x @ w.T - x).max() < (0.03 if not spread else 0.1)
    if not spread:
        np.testing.assert_allclose(w, projector, atol=0.03)


def test_hebb_on_single_polarity_is_the_sum(double):
    network = _network(gain=10.0)
    pulses: dict[str, Any] = PULSES | {"pulse": 1e-14 if double else 1e-13}
    course = network.train(PATTERNS, "hebbian", epochs=2, **pulses, key=KEY)
    x, w = np.asarray(PATTERNS), np.asarray(course.weights[-1])
    wanted = x.T @ x
    assert np.corrcoef(w.ravel(), wanted.ravel())[0, 1] > 0.99
    np.testing.assert_allclose(w / w[0, 0], wanted / wanted[0, 0], atol=0.05)


def test_the_subspace_rule_gives_patterns_back_by_the_way_they_came():
    """Its fixed points are W Wᵀ = P on the patterns' span: Oja's subspace rule for V = Wᵀ."""
    network = _network(gain=10.0)
    pulses: dict[str, Any] = PULSES | {"pulse": 1e-13}
    course = network.train(PATTERNS[:2], "subspace", epochs=400, **pulses, key=KEY)
    x, w = np.asarray(PATTERNS[:2]), np.asarray(course.weights[-1])
    assert np.abs(x @ w @ w.T - x).max() < 0.1


@pytest.mark.once
def test_a_step_of_the_subspace_protocol_is_ojas_with_weights_that_are_not_symmetric():
    """dW along (x − W y) yᵀ with y = Wᵀ x; with y = W x it would point elsewhere.

    In float64: a step of so short a pulse is within ten roundings of float32, since a weight is
    ten times a small difference of two conductances.
    """
    network = _network(gain=10.0)
    pulses: dict[str, Any] = PULSES | {"pulse": 1e-12, "column_voltage": 0.01}
    start = network.train(PATTERNS, "residual", epochs=5, **pulses, key=KEY)
    pulses |= {"pulse": 1e-14, "column_voltage": 0.05}
    # A pulse of other rows than columns: W is far from symmetric.
    r, c = np.linspace(-1, 1, 12), np.cos(np.arange(12.0))
    volts = 0.05 * jnp.asarray(np.concatenate([r, c, -c]), jnp.result_type(float))
    state, _ = network.links.apply(start.state, volts, 2e-12, key=KEY)
    course = network.train(PATTERNS[:1], "subspace", epochs=2, **pulses, state=state, key=KEY)
    w, x = np.asarray(course.weights[1]), np.asarray(PATTERNS[0])
    step = np.asarray(course.weights[2]) - w

    def along(y: np.ndarray) -> float:
        # Pulses write by the sign and roughly the product of r and c, each cut at one.
        wanted = np.outer(np.clip(x - w @ y, -1, 1), np.clip(y, -1, 1))
        return float((step * wanted).sum() / np.sqrt((step**2).sum() * (wanted**2).sum()))

    assert along(w.T @ x) > 0.97
    assert along(w @ x) < along(w.T @ x) - 0.05


def test_reading_back_gives_the_transpose():
    network = _network(gain=10.0)
    course = network.train(PATTERNS, "residual", epochs=5, **PULSES, key=KEY)
    w = np.asarray(course.weights[-1])
    r = jnp.linspace(-0.5, 0.7, 12)
    _, forth, _ = network.read(course.state, r, key=KEY)
    _, back, record = network.read_back(course.state, r, key=KEY)
    np.testing.assert_allclose(back, w.T @ np.asarray(r), atol=2e-3)
    np.testing.assert_allclose(forth, w @ np.asarray(r), atol=2e-3)
    # Rows at r, columns grounded: the heat of all links of a row.
    g = -np.asarray(network.links.conductance(course.state))[:12, 12:]
    volts = np.asarray(r) / 0.7 * 1e-6
    assert float(record.energy) == pytest.approx(float(g.sum(1) @ volts**2) * 1e-9, rel=1e-3)


def test_large_networks_learn_at_a_gain_that_falls_with_their_size():
    """140 nodes, pulses of the presets: at too high a gain the residual grows past the start."""
    link = LinkModel(14.9e-3, 5.27e-3, 79.3e-3, 1.53, 0.772e9, 1.9)
    x = similar_patterns(3, 140, 0.5, key=KEY)
    pulses: dict[str, Any] = {"row_voltage": 0.05, "column_voltage": 0.025, "pulse": 6e-11}

    def left(gain: float) -> float:
        network = DifferentialLinks(link, 140, gain=gain)
        course = network.train(x, "residual", epochs=8, **pulses, key=KEY)
        return float(jnp.abs(x - x @ course.weights[-1].T).mean())

    assert left(35 / 140) < 0.3
    assert left(4.0) > 1


def test_energy_and_time_are_those_of_pulses_and_reads():
    network = _network()
    course = network.train(PATTERNS, "residual", epochs=2, **PULSES, key=KEY)
    assert course.weights.shape == (3, 12, 12)
    np.testing.assert_allclose(course.duration, 3 * (1e-10 + 1e-9), rtol=1e-5)
    # Every pulse drives 288 links by r ± c: Σ g 2 (r² + c²), c = ±1 and |r| <= 1, in volts.
    least = 3 * 288 * 1e-3 * 0.05**2 * 1e-10
    assert np.all(np.asarray(course.energy) > least)
    assert np.all(np.asarray(course.energy) < 2.1 * least)
    # Reads at 1 µV take next to nothing, for ten times as long.
    assert np.all(np.asarray(course.read_energy) < 1e-6 * least)
    assert np.all(np.asarray(course.read_energy) > 0)


def test_devices_can_be_mapped():
    network = _network(nodes=6, device_spread=0.1, cycle_spread=0.02)
    x = PATTERNS[:, :6]
    keys = jax.random.split(KEY, 3)

    def trained(key: Any) -> Any:
        return network.train(x, "residual", epochs=3, **PULSES, key=key).weights

    together = jax.vmap(trained)(keys)
    np.testing.assert_allclose(together[1], trained(keys[1]), atol=2e-3)
    assert float(jnp.abs(together[0] - together[1]).max()) > 1e-3


def test_training_can_go_on_with_a_device():
    network = _network(nodes=6)
    x = PATTERNS[:, :6]
    first = network.train(x, "hebbian", epochs=1, **PULSES, key=KEY)
    second = network.train(x, "hebbian", epochs=1, **PULSES, state=first.state, key=KEY)
    np.testing.assert_array_equal(second.weights[0], first.weights[-1])


def test_letters_on_the_fitted_link():
    """Three letters that the outer product never recalls are fixed points after 20 epochs."""
    model = LinkModel(0.01489, 0.00527, 0.0793, 1.53, 7.72e8, 1.90)
    network = DifferentialLinks(model, 35, device_spread=0.1, cycle_spread=0.02, temperature=300.0)
    x = letters("CLU")
    course = network.train(
        x,
        "residual",
        epochs=20,
        row_voltage=0.05,
        column_voltage=0.025,
        pulse=1e-10,
        key=stream(KEY, "device"),
    )
    w = np.asarray(course.weights[-1]) * (1 - np.eye(35))
    np.testing.assert_array_equal(np.sign(np.asarray(x) @ w.T), np.asarray(x))


@pytest.mark.as_installed
def test_letters_come_back_from_three_flips_in_nearly_all_trials():
    """The pulses of the presets, eight devices: a goal, beside the outer product's."""
    model = LinkModel(0.01489, 0.00527, 0.0793, 1.53, 7.72e8, 1.90)
    network = DifferentialLinks(model, 35, device_spread=0.1, cycle_spread=0.02, temperature=300.0)
    x = letters("CLU")
    wanted = jnp.repeat(x, 60, axis=0)

    def recall(weights: Any, key: Any) -> float:
        start = corrupt(wanted, 3, key=key)
        found = recall_asynchronous(weights * (1 - jnp.eye(35)), start, key=stream(key, "order"))
        return float(jnp.mean(jnp.all(found.states == wanted, axis=1)))

    pulses: dict[str, Any] = {"row_voltage": 0.05, "column_voltage": 0.025, "pulse": 6e-11}
    keys = [stream(KEY, "goal", k) for k in range(8)]
    courses = [network.train(x, "residual", epochs=20, **pulses, key=key) for key in keys]
    rates = [recall(c.weights[-1], key) for c, key in zip(courses, keys, strict=True)]
    # Over devices: three standard errors of the mean below it.
    assert np.mean(rates) - 3 * np.std(rates, ddof=1) / 8**0.5 > 0.95
    assert recall(hebb(x), KEY) < 0.5


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"protocol": "oja"}, "protocol"),
        ({"epochs": 0}, "epochs"),
        ({"row_voltage": -0.1}, "row_voltage"),
        ({"pulse": 0.0}, "pulse"),
        ({"patterns": [[1, 1]]}, "patterns"),
    ],
)
def test_bad_training_is_named(changes, name):
    given: dict[str, Any] = {"patterns": PATTERNS, "protocol": "residual", "epochs": 1}
    given |= PULSES | changes
    with pytest.raises(SpinlearnValueError, match=name):
        _network().train(given.pop("patterns"), given.pop("protocol"), **given, key=KEY)


@pytest.mark.parametrize("name", ["gain", "read_voltage", "read_time", "temperature"])
def test_bad_networks_are_named(name):
    given: dict[str, Any] = {name: -1.0}
    with pytest.raises(SpinlearnValueError, match=name):
        DifferentialLinks(SQUARE, 12, **given)
