"""Weights from conductances: reference, sign, and what drives a node."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import SpinlearnValueError
from spinlearn.networks import Readout, recall_table


def _conductances(seed: int, n: int, *batch: int) -> np.ndarray:
    """Not symmetric, as with the Hall effect; rows and columns of each add up to zero."""
    random = np.random.default_rng(seed)
    g = -1e-3 * random.uniform(0.5, 1.5, (*batch, n, n))
    g[..., 0, 1] *= 2.0
    g *= 1 - np.eye(n)
    return g - np.eye(n) * g.sum(axis=-1, keepdims=True)


def _array(value: Any) -> jax.Array:
    return jnp.asarray(value, jnp.result_type(float))


G, R = _conductances(0, 4), _conductances(1, 4)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("relative", [True, False])
def test_weights_are_signed_changes_without_diagonal(
    sign: int, relative: bool, rtol: float
) -> None:
    found = Readout(R, sign, name="mean").weights(_array(G), relative)
    for i in range(4):
        for j in range(4):
            change = sign * (abs(G[i, j]) - abs(R[i, j])) * (i != j)
            wanted = change / abs(R[i, j]) if relative else change
            assert float(found[i, j]) == pytest.approx(wanted, rel=100 * rtol, abs=0)


def test_more_conductance_between_unlike_nodes_is_hebbs_rule() -> None:
    """What carried current conducts more: with sign −1 the pattern's outer product is learned."""
    pattern = np.array([1, -1, -1, 1])
    trained = R * (1 + 0.01 * (np.outer(pattern, pattern) < 0))
    mean = R * 1.005  # over patterns in which every pair is unlike half the time
    weights = Readout(mean, -1, name="mean").weights(_array(trained))
    off = ~np.eye(4, dtype=bool)
    assert np.all(np.sign(weights)[off] == np.outer(pattern, pattern)[off])


def test_weights_and_fields_have_batches(rtol: float) -> None:
    readout = Readout(R, -1, name="untrained")
    many = _array(_conductances(2, 4, 2, 3))
    states = _array(np.sign(np.random.default_rng(3).normal(size=(2, 3, 4))))
    weights = readout.weights(many)
    field = readout.local_field(many, states, 2, 0.1)
    assert weights.shape == (2, 3, 4, 4)
    assert field.shape == (2, 3)
    for k in np.ndindex(2, 3):
        np.testing.assert_allclose(weights[k], readout.weights(many[k]), rtol=rtol)
        alone = readout.local_field(many[k], states[k], 2, 0.1)
        np.testing.assert_allclose(field[k], alone, rtol=100 * rtol)
    shared = readout.local_field(many[0, 0], states, 2, 0.1)
    np.testing.assert_allclose(shared[0, 0], field[0, 0], rtol=100 * rtol)


def test_compiled_and_mapped_weights_are_the_same(rtol: float) -> None:
    many, references = _array(_conductances(2, 4, 3)), _array(_conductances(5, 4, 3))

    @jax.jit
    def weights(reference: jax.Array, sign: jax.Array, g: jax.Array) -> jax.Array:
        return Readout(reference, sign, name="twin").weights(g)

    found = jax.vmap(weights, in_axes=(0, None, 0))(references, _array(-1.0), many)
    for k in range(3):
        wanted = Readout(references[k], -1, name="twin").weights(many[k])
        np.testing.assert_allclose(found[k], wanted, rtol=100 * rtol)
    gradient = jax.grad(lambda g: weights(references[0], _array(-1.0), g)[0, 1])(many[0])
    assert float(gradient[0, 1]) == pytest.approx(1 / abs(float(references[0, 0, 1])), rel=1e-5)
    mapped = eqx.filter_vmap(lambda r: Readout(r, -1, name="twin"))(references)
    assert mapped.reference.shape == (3, 4, 4)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("shift", [0.0, 0.7, -12.0])
def test_field_is_the_difference_of_currents_at_any_common_voltage(
    sign: int, shift: float, double: bool
) -> None:
    """Rows add up to zero: a constant on all contacts, the node's included, changes nothing."""
    states = np.array([1.0, -1.0, -1.0, 1.0])
    readout = Readout(R, sign, name="uniform")
    for node in range(4):
        volts = 0.2 * states
        volts[node] = 0.0
        leaving, reference = -(G @ (volts + shift))[node], -(R @ (volts + shift))[node]
        found = readout.local_field(_array(G), states, node, 0.2)
        wanted = sign * (leaving - reference)
        assert float(found) == pytest.approx(wanted, rel=1e-9 if double else 1e-4)


def test_field_may_have_a_traced_node_and_does_not_see_its_own_state() -> None:
    readout, states = Readout(R, -1, name="untrained"), _array([1, -1, 1, 1])
    fields = jax.jit(jax.vmap(lambda i: readout.local_field(_array(G), states, i, 0.1)))
    for node, found in enumerate(fields(jnp.arange(4))):
        flipped = states.at[node].multiply(-1)
        wanted = readout.local_field(_array(G), flipped, node, 0.1)
        assert float(found) == pytest.approx(float(wanted), rel=1e-5)


def test_magnitudes_without_reference_are_a_ferromagnet() -> None:
    readout = Readout(np.zeros((5, 5)), 1, name="untrained")
    weights = readout.weights(_array(_conductances(4, 5)), relative=False)
    table = recall_table(weights, [[1] * 5])
    assert np.all(table.converged)
    assert np.all(np.abs(np.sum(table.states, axis=1)) == 5)
    assert table.basins().tolist() == [32]


def _readout(**changes: Any) -> Readout:
    given: dict[str, Any] = {"reference": R, "sign": -1, "name": "mean"} | changes
    return Readout(given["reference"], given["sign"], name=given["name"])


_HOLE = R * (1 - np.eye(4)[[1, 0, 2, 3]])


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: _readout(reference=R[:3]), "readout.reference"),
        (lambda: _readout(reference=R[0]), "readout.reference"),
        (lambda: _readout(reference=None), "readout.reference"),
        (lambda: _readout(reference=R * np.nan), "readout.reference"),
        (lambda: _readout(reference=np.ones((2, 2), int)), "readout.reference"),
        (lambda: _readout(sign=0), "readout.sign"),
        (lambda: _readout(sign=-2.0), "readout.sign"),
        (lambda: _readout(sign=[1, 1]), "readout.sign"),
        (lambda: _readout(sign="-"), "readout.sign"),
        (lambda: _readout(name="before"), "readout.name"),
        (lambda: _readout(name=None), "readout.name"),
        (lambda: _readout().weights(G[:3, :3]), "conductance"),
        (lambda: _readout().weights(G[0]), "conductance"),
        (lambda: _readout().weights(np.inf * G), "conductance"),
        (lambda: _readout(reference=_HOLE).weights(G), "readout.reference"),
        (lambda: _readout().local_field(G, [1, -1, 1], 0, 0.1), "states"),
        (lambda: _readout().local_field(G, [1, 0, 1, 1], 0, 0.1), "states"),
        (lambda: _readout().local_field(G, [1, -1, 1, 1], 4, 0.1), "node"),
        (lambda: _readout().local_field(G, [1, -1, 1, 1], -1, 0.1), "node"),
        (lambda: _readout().local_field(G, [1, -1, 1, 1], 0.5, 0.1), "node"),
        (lambda: _readout().local_field(G, [1, -1, 1, 1], 0, None), "voltage"),
    ],
)
def test_bad_input_is_named(call: Any, field: str) -> None:
    with pytest.raises(SpinlearnValueError) as caught:
        call()
    assert caught.value.field == field


def test_a_reference_that_is_zero_somewhere_serves_absolute_weights_and_its_diagonal() -> None:
    """The film's own contacts are not compared: what the diagonal holds, zero too, is left out."""
    assert np.all(np.isfinite(_readout(reference=_HOLE).weights(_array(G), relative=False)))
    assert np.all(np.isfinite(_readout(reference=R * (1 - np.eye(4))).weights(_array(G))))
