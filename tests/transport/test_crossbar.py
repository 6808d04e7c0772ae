"""Crossbars with resistance along their lines, against Kirchhoff's laws at every node."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn.errors import SpinlearnValueError
from spinlearn.transport import attenuated_conductance, crossbar_currents, crossbar_matrix

POST, PRE = 6, 9
SEGMENTS = [(1.0, 3.0), (50.0, 20.0), (0.0, 5.0), (5.0, 0.0), (0.0, 0.0)]


def _devices(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    g = np.where(rng.random((POST, PRE)) < 0.5, 1 / 2e3, 1 / 5e3)
    return g, rng.uniform(-0.3, 0.3, PRE)


def _nodal(
    g: np.ndarray, volts: np.ndarray, word: float, bit: float, ends: np.ndarray
) -> tuple[np.ndarray, float]:
    """Device currents and the heat of all resistors, by the potentials of all 2·post·pre nodes."""
    post, pre = g.shape
    matrix, right = np.zeros((2, post, pre, 2, post, pre)), np.zeros((2, post, pre))
    resistors: list[tuple[float, Any, Any]] = []
    for j in range(post):
        for i in range(pre):
            resistors.append((g[j, i], (0, j, i), (1, j, i)))
            before = (0, j - 1, i) if j else float(volts[i])
            behind = (1, j, i + 1) if i + 1 < pre else float(ends[j])
            resistors += [(1 / word, (0, j, i), before), (1 / bit, (1, j, i), behind)]
    for conducts, a, b in resistors:
        matrix[a + a] += conducts
        if isinstance(b, float):
            right[a] += conducts * b
        else:
            matrix[b + b] += conducts
            matrix[a + b] -= conducts
            matrix[b + a] -= conducts
    n = right.size
    found = np.linalg.solve(matrix.reshape(n, n), right.ravel()).reshape(right.shape)
    heat = sum(
        c * (found[a] - (b if isinstance(b, float) else found[b])) ** 2 for c, a, b in resistors
    )
    return g * (found[0] - found[1]), float(heat)


@pytest.mark.parametrize("segments", SEGMENTS)
def test_currents_are_those_of_kirchhoffs_laws(segments, double):
    g, volts = _devices()
    ends = np.linspace(-0.05, 0.1, POST)
    found = crossbar_currents(g, volts, *segments, bit_voltages=ends)
    # The nodes' equations know no 0 Ω.
    word, bit = (max(r, 1e-7) for r in segments)
    wanted, heat = _nodal(g, volts, word, bit, ends)
    close: dict[str, Any] = {"rtol": 0, "atol": (1e-8 if double else 2e-5) * np.abs(wanted).max()}
    np.testing.assert_allclose(found.device_currents, wanted, **close)
    np.testing.assert_allclose(found.currents, wanted.sum(axis=1), **close)
    assert float(found.power) == pytest.approx(heat, rel=1e-8 if double else 1e-4)


def test_one_line_of_equal_devices_is_a_cable():
    """In the limit of small segments that of telegraph cables: I = √(g/r) tanh(n √(r g))."""
    n, r, g = 2000, 1e-2, 1e-4
    found = crossbar_currents(np.full((n, 1), g), [1.0], r, 0.0)
    wanted = np.sqrt(g / r) * np.tanh(n * np.sqrt(r * g))
    assert float(found.currents.sum()) == pytest.approx(wanted, rel=1e-3)
    assert int(found.iterations) == 0


def test_the_matrix_is_linear_and_exact(double):
    g, volts = _devices(1)
    matrix = crossbar_matrix(g, 10.0, 20.0)
    wanted = crossbar_currents(g, volts, 10.0, 20.0).currents
    np.testing.assert_allclose(
        matrix @ jnp.asarray(volts), wanted, rtol=0, atol=(1e-8 if double else 1e-5) * 1e-3
    )


@pytest.mark.once
@pytest.mark.parametrize(
    ("silent", "activity", "bound"),
    [("grounded", 1.0, 1e-3), ("opposite", 1.0, 1e-3), ("cut off", 0.2, 6e-3)],
)
def test_attenuated_conductances_are_near_whatever_the_inputs(silent, activity, bound):
    """Binary junctions, a fifth of the inputs active, lines that take about a tenth."""
    rng, n = np.random.default_rng(0), 64
    on = rng.random(n) < 0.2
    g = np.where(rng.random((n, n)) < 0.5, 7e-5, 3.1e-5)
    volts = np.where(on, 0.1, -0.1 if silent == "opposite" else 0.0)
    devices = g * on if silent == "cut off" else g
    exact = np.asarray(crossbar_currents(devices, volts, 1.0, 1.0).currents)
    near = np.asarray(attenuated_conductance(g, 1.0, 1.0, activity)) @ volts
    assert np.abs(1 - exact / (g @ volts)).mean() > 0.07
    assert np.abs(near - exact).mean() < bound * np.abs(exact).mean()


def test_attenuated_conductances_are_exact_where_inputs_are_alike(double):
    g, _ = _devices(2)
    exact = crossbar_currents(g, np.full(PRE, 0.1), 10.0, 20.0).currents
    found = attenuated_conductance(g, 10.0, 20.0) @ jnp.full(PRE, 0.1)
    np.testing.assert_allclose(found, exact, rtol=1e-8 if double else 1e-4)


def test_open_devices_and_ideal_lines(double):
    g, volts = _devices(3)
    g[2] = 0.0
    ideal = crossbar_currents(g, volts, 0.0, 0.0)
    np.testing.assert_allclose(ideal.device_currents, g * volts, rtol=1e-12 if double else 1e-6)
    lines = crossbar_currents(g, volts, 10.0, 10.0)
    assert float(lines.currents[2]) == 0
    assert np.all(np.isfinite(np.asarray(lines.device_currents)))


@pytest.mark.once
def test_gradients_are_those_of_differences():
    g, volts = _devices(4)

    def total(*given: Any) -> Any:
        g, volts, word, bit = given
        return jnp.sum(jnp.sin(2e3 * crossbar_currents(g, volts, word, bit).currents))

    at: list[Any] = [jnp.asarray(g), jnp.asarray(volts), jnp.asarray(30.0), jnp.asarray(0.0)]
    slopes = jax.grad(total, (0, 1, 2, 3))(*at)
    directions = [
        1e-9 * np.random.default_rng(k).normal(size=np.shape(a)) for k, a in enumerate(at)
    ]
    scale = [1.0, 1e4, 1e6, 1e6]
    for k, (slope, direction) in enumerate(zip(slopes, directions, strict=True)):
        step = np.abs(direction) * scale[k]
        ahead, behind = list(at), list(at)
        ahead[k], behind[k] = at[k] + step, at[k] - step
        if k == 3:  # a resistance is not below zero
            behind[k] = at[k]
        change = float(total(*ahead) - total(*behind)) / (1 if k == 3 else 2)
        assert float(jnp.sum(slope * step)) == pytest.approx(change, rel=1e-3)


@pytest.mark.once
def test_solutions_of_many_inputs_at_once_are_those_one_by_one():
    g, _ = _devices(5)
    volts = jnp.asarray(np.random.default_rng(5).normal(size=(4, PRE)))
    many = jax.vmap(lambda v: crossbar_currents(g, v, 10.0, 10.0).currents)(volts)
    for v, found in zip(volts, many, strict=True):
        np.testing.assert_allclose(found, crossbar_currents(g, v, 10.0, 10.0).currents, rtol=1e-9)


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"conductance": [1.0, 2.0]}, ("conductance", "(post, pre)")),
        ({"conductance": [[-1.0, 2.0]]}, ("conductance", "-1", ">= 0")),
        ({"conductance": [[np.inf, 2.0]]}, ("conductance", "finite")),
        ({"voltages": [1.0]}, ("voltages", "(2,)")),
        ({"voltages": 1.0}, ("voltages", "(2,)")),
        ({"voltages": [np.nan, 1.0]}, ("voltages", "finite")),
        ({"word_resistance": -1.0}, ("word_resistance", "-1", "Ω")),
        ({"bit_resistance": [1.0, 2.0]}, ("bit_resistance", "one number")),
        ({"bit_voltages": [1.0, 2.0]}, ("bit_voltages", "(1,)")),
        ({"tolerance": 0.0}, ("tolerance",)),
    ],
)
def test_bad_input_is_named(changes, says):
    good = {"conductance": [[1e-3, 1e-3]], "voltages": [0.1, 0.2]}
    arguments: dict[str, Any] = good | {"word_resistance": 1.0, "bit_resistance": 1.0} | changes
    with pytest.raises(SpinlearnValueError) as error:
        crossbar_currents(**arguments)
    for word in says:
        assert word in str(error.value)


@pytest.mark.once
@pytest.mark.parametrize("activity", [0.0, 1.5, np.nan])
def test_bad_activity_is_named(activity):
    with pytest.raises(SpinlearnValueError, match="activity"):
        attenuated_conductance([[1e-3]], 1.0, 1.0, activity)
