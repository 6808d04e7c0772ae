"""Recall, from weights and through the currents of a film; what is recovered."""

from __future__ import annotations

from itertools import pairwise
from math import erf, sqrt
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinlearn import Mesh, SpinlearnValueError, key_from_seed, named_material
from spinlearn.magnetics import Exchange, random_state
from spinlearn.networks import (
    Readout,
    Recall,
    recall,
    recall_by_currents,
    recall_table,
    recovered,
)
from spinlearn.substrates import Film, FilmState
from spinlearn.transport import AMR, edge_electrodes
from tests.fixed_hardware import Fixed

KEY = key_from_seed(0)


def _array(value: Any) -> jax.Array:
    return jnp.asarray(value, jnp.result_type(float))


def _hebb(*patterns: Any) -> jax.Array:
    p = np.array(patterns)
    return _array(p.T @ p * (1 - np.eye(p.shape[1])))


def _random_weights(seed: int, n: int, symmetric: bool = True) -> jax.Array:
    w = np.random.default_rng(seed).normal(size=(n, n))
    return _array((w + w.T if symmetric else w) * (1 - np.eye(n)))


def _all_states(n: int) -> np.ndarray:
    return 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)


# Weights


@pytest.mark.parametrize("n", [4, 7])
def test_hebbs_weights_of_one_pattern_correct_every_one_bit_error(n: int) -> None:
    pattern = np.random.default_rng(n).choice([-1, 1], n)
    result = recovered(_hebb(pattern), [pattern])
    assert result.strict.tolist() == result.fraction.tolist() == [1.0]
    for node in range(n):
        probe = np.where(np.arange(n) == node, -pattern, pattern)
        found = recall(_hebb(pattern), probe)
        np.testing.assert_array_equal(found.states, pattern)
        assert bool(found.converged)
        assert int(found.sweeps) == 2
        # Σ_{i≠j} W_ij s_i s_j is n(n−1) at the pattern, and every pair of the node is wrong.
        assert float(found.energy_after) == -n * (n - 1) / 2
        assert float(found.energy_before) == -n * (n - 1) / 2 + 2 * (n - 1)


def _by_hand(weights: np.ndarray, probe: np.ndarray, order: list[int]) -> np.ndarray:
    states = probe.astype(float)
    for _ in range(50):
        for i in order:
            field = sum(weights[i, j] * states[j] for j in range(len(states)))
            states[i] = states[i] if field == 0 else (1.0 if field > 0 else -1.0)
    return states


@pytest.mark.parametrize("order", [None, [0, 1, 2, 3, 4], [4, 2, 0, 3, 1]])
@pytest.mark.parametrize("symmetric", [True, False])
def test_nodes_are_updated_one_after_the_other_in_the_order(
    order: list[int] | None, symmetric: bool
) -> None:
    """Against plain loops, from every probe; also where W is not symmetric, but settles."""
    weights = _hebb([1, 1, 1, 1, 1], [1, 1, 1, -1, -1]) + _random_weights(1, 5, symmetric)
    found = jax.vmap(lambda probe: recall(weights, probe, order=order))(_array(_all_states(5)))
    assert np.all(found.converged)
    for probe, states in zip(_all_states(5), found.states, strict=True):
        wanted = _by_hand(np.asarray(weights), probe, order or [0, 1, 2, 3, 4])
        np.testing.assert_array_equal(states, wanted)
    assert len({tuple(s) for s in found.states.tolist()}) > 2


def test_the_order_can_decide() -> None:
    weights, probe = _hebb([1, 1, 1]), [1, -1]
    weights = weights[:2, :2]
    assert recall(weights, probe, order=[0, 1]).states.tolist() == [-1, -1]
    assert recall(weights, probe, order=[1, 0]).states.tolist() == [1, 1]
    ends = jax.vmap(lambda key: recall(weights, probe, key=key).states[0])(
        jax.random.split(KEY, 200)
    )
    assert abs(float(jnp.mean(ends))) < 4 / sqrt(200)


def test_random_orders_hold_every_node_once() -> None:
    """Nodes that flip at every update have all flipped after a sweep."""
    found = jax.vmap(lambda key: recall(-jnp.eye(6), [1] * 6, key=key, sweeps=1).states)(
        jax.random.split(KEY, 20)
    )
    assert np.all(found == -1)


def test_every_sweep_has_an_order_of_its_own() -> None:
    """Node i follows node i − 1: in a chain of four, three sweeps move something if node 2 comes
    before 1 in the first and 3 before 2 in the second: 1/4 of all; 1/6 were it the same order.
    """
    chain, keys = _array(np.eye(4, k=-1)), jax.random.split(KEY, 2000)
    found = jax.vmap(lambda key: recall(chain, [1, -1, -1, -1], key=key))(keys)
    assert np.all(found.states == 1)
    share = np.mean(np.asarray(found.sweeps) == 4)
    assert share == pytest.approx(1 / 4, abs=4 * sqrt(3 / 16 / len(keys)))


@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 8]))
@settings(max_examples=20)
def test_energy_never_rises(seed: int, n: int) -> None:
    weights = _random_weights(seed, n)
    probe = np.random.default_rng(seed).choice([-1, 1], n)
    energies = []
    for sweeps in range(1, 6):
        found = recall(weights, probe, key=key_from_seed(seed), sweeps=sweeps)
        energies += [float(found.energy_before), float(found.energy_after)]
    s = np.asarray(found.states, float)
    assert energies[-1] == pytest.approx(-0.5 * s @ np.asarray(weights, float) @ s, abs=1e-4)
    after = [energies[0], *energies[1::2]]
    assert all(b <= a + 1e-4 for a, b in pairwise(after))


def test_every_end_is_stable() -> None:
    weights = _random_weights(5, 6)
    found = jax.vmap(lambda probe: recall(weights, probe))(_array(_all_states(6)))
    assert np.all(found.converged)
    assert np.all(found.states * (found.states @ weights) > 0)


def test_nodes_without_field_stay() -> None:
    found = jax.vmap(lambda probe: recall(jnp.zeros((3, 3)), probe))(_array(_all_states(3)))
    np.testing.assert_array_equal(found.states, _all_states(3))
    assert found.sweeps.tolist() == [1] * 8
    assert np.all(found.converged)


def test_what_does_not_settle_says_so() -> None:
    """Node 0 follows node 1, which does the opposite of node 0."""
    found = recall(_array([[0, 1], [-1, 0]]), [1, 1], sweeps=7)
    assert not bool(found.converged)
    assert int(found.sweeps) == 7


def test_recall_is_compiled_once_for_all_weights() -> None:
    compiled = jax.jit(lambda w, s, k: recall(w, s, key=k))
    weights, probe = _random_weights(0, 5), _array([1, -1, 1, 1, -1])
    for seed in range(3):
        found = compiled(weights, probe, key_from_seed(seed))
        wanted = recall(weights, probe, key=key_from_seed(seed))
        np.testing.assert_array_equal(found.states, wanted.states)


def test_weights_that_are_not_numbers_show_in_the_result() -> None:
    found = jax.jit(lambda w: recall(w, [1, 1]))(_array([[0, np.nan], [np.nan, 0]]))
    assert not bool(found.converged)
    assert not np.isfinite(found.energy_after)


# Currents


def _film() -> Film:
    mesh, material = Mesh((16, 16, 1), (4e-9, 4e-9, 5e-9)), named_material("permalloy")
    return Film(
        Exchange(mesh, material),
        material,
        AMR(material.conductivity, 0.3),
        edge_electrodes(4, mesh),
        lambda key: random_state(mesh, key=key),
    )


@pytest.fixture(scope="module")
def film() -> Film:
    return _film()


@pytest.fixture(scope="module")
def state(film: Film) -> FilmState:
    return film.init(key=key_from_seed(3))


@pytest.fixture(scope="module")
def conductance(film: Film, state: FilmState) -> jax.Array:
    return film.conductance(state)


@pytest.fixture(scope="module")
def readout(film: Film, conductance: jax.Array) -> Readout:
    """Reference: the mean of this film and another, so that signs of changes are mixed."""
    other = film.conductance(film.init(key=key_from_seed(4)))
    return Readout(0.5 * (other + conductance), -1, name="mean")


def test_field_is_what_the_contacts_of_a_film_measure(
    film: Film, state: FilmState, conductance: jax.Array, readout: Readout, double: bool
) -> None:
    """One current at the actual voltages, also where all contacts are lifted by a constant."""
    mixed = readout.weights(conductance)[np.triu_indices(4, 1)]
    assert float(mixed.min()) < 0 < float(mixed.max())
    volts, cases = 0.1, [(s, i, c) for s in _all_states(4)[1:8:3] for i in range(4) for c in (0, 2)]
    at = [volts * (np.where(np.arange(4) == i, 0, s) + c) for s, i, c in cases]
    currents = jax.vmap(lambda v: film.potential(state, v).currents)(_array(at))
    for (states, node, _), voltages, into in zip(cases, at, currents, strict=True):
        # The reference at the same voltages; its rows add up to zero as well.
        wanted = -(-into[node] - -(readout.reference[node] @ _array(voltages)))
        found = readout.local_field(conductance, states, node, volts)
        size = float(volts * conductance[node, node])
        assert float(found - wanted) == pytest.approx(0, abs=size * (1e-6 if double else 1e-2))


@pytest.mark.parametrize("sign", [-1, 1])
def test_recall_through_currents_is_recall_with_absolute_weights(
    conductance: jax.Array, readout: Readout, sign: int, rtol: float
) -> None:
    signed = Readout(readout.reference, sign, name="mean")
    weights = signed.weights(conductance, relative=False)
    probes = _array(_all_states(4))
    for options in ({"order": [2, 0, 3, 1]}, {"key": KEY}):
        wanted = jax.vmap(lambda s, o=options: recall(weights, s, **o))(probes)
        found = jax.vmap(
            lambda s, o=options: recall_by_currents(Fixed(), conductance, signed, s, 0.1, **o)
        )(probes)
        assert np.any(wanted.states != probes)
        np.testing.assert_array_equal(found.states, wanted.states)
        np.testing.assert_array_equal(found.sweeps, wanted.sweeps)
        np.testing.assert_allclose(found.energy_after, wanted.energy_after, rtol=rtol)


@pytest.mark.parametrize("relative", [False, True])
def test_recall_that_solves_for_every_current_is_the_same(
    film: Film,
    state: FilmState,
    conductance: jax.Array,
    readout: Readout,
    double: bool,
    relative: bool,
) -> None:
    """On a real film, with no matrix between the voltages and the currents."""
    # In float32 the solver's tolerance is too coarse for fields that nearly cancel.
    if not double:
        readout = Readout(0.9 * conductance, -1, name="uniform")
    wanted = recall_table(readout.weights(conductance, relative=relative), [[1] * 4])

    def ends(probe: jax.Array) -> jax.Array:
        return recall_by_currents(
            film, state, readout, probe, 0.1, relative=relative, solve=True
        ).states

    probes = wanted.probes[1::5]
    found = jax.lax.map(ends, probes)
    np.testing.assert_array_equal(found, wanted.states[1::5])
    assert np.any(found != probes)


def test_relative_weights_are_currents_at_scaled_voltages() -> None:
    """Σ_j |G_ij| V_ij s_j less that of the reference, written out."""
    g, s = -jnp.asarray([[0, 1, 2, 4], [1, 0, 3, 1], [2, 3, 0, 5], [4, 1, 5, 0.0]]), [1, -1, 1, -1]
    known = -jnp.asarray([[0, 2, 1, 3], [2, 0, 4, 1], [1, 4, 0, 6], [3, 1, 6, 0.0]])
    plan = Readout(known, -1, name="mean")
    for i in range(4):
        others = [j for j in range(4) if j != i]
        least = min(abs(float(known[i, j])) for j in others)
        volts = {j: 0.2 * least / abs(float(known[i, j])) for j in others}
        wanted = -sum((abs(g[i, j]) - abs(known[i, j])) * volts[j] * s[j] for j in others)
        found = plan.local_field(g, s, i, 0.2, relative=True)
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)
        voltages = plan.read_voltages(i, 0.2)
        np.testing.assert_allclose([voltages[j] for j in others], list(volts.values()), rtol=1e-5)
        assert voltages[i] == 0


def test_ends_swap_with_the_sign(conductance: jax.Array, readout: Readout) -> None:
    """Where one sign ends the other one begins with the opposite energy, and leaves."""
    one = recall_by_currents(Fixed(), conductance, readout, [1, 1, 1, -1], 0.1)
    turned = Readout(readout.reference, 1, name="mean")
    other = recall_by_currents(Fixed(), conductance, turned, one.states, 0.1)
    assert float(other.energy_before) == -float(one.energy_after)
    assert float(other.energy_after) < float(other.energy_before)
    assert np.any(other.states != one.states)


def _pair(field: float, other: float = 1.0) -> tuple[jax.Array, Readout]:
    """Two contacts: at 1 V and states up, node 0 has this field in A, node 1 another."""
    g = _array([[2.0, -1.0 - field], [-1.0 - other, 2.0]])
    return g, Readout(_array([[0.0, -1.0], [-1.0, 0.0]]), 1, name="untrained")


@pytest.mark.parametrize(
    ("field", "voltage", "noise"), [(0.25, 1.0, 0.5), (0.25, 2.0, 0.5), (-0.1, 1.0, 0.3)]
)
def test_read_noise_turns_nodes_as_often_as_a_normal_distribution(
    field: float, voltage: float, noise: float
) -> None:
    """P(up) = Φ(V h / σ), with V h the current of a node at voltage V."""
    g, readout = _pair(field)
    keys = jax.random.split(KEY, 4000)
    found = jax.vmap(
        lambda key: recall_by_currents(
            Fixed(), g, readout, [-1, 1], voltage, key=key, order=[0, 1], sweeps=1, read_noise=noise
        ).states[0]
    )(keys)
    p = 0.5 * (1 + erf(voltage * field / noise / sqrt(2)))
    assert float(jnp.mean((found > 0).astype(found.dtype))) == pytest.approx(
        p, abs=4 * sqrt(p * (1 - p) / len(keys))
    )


def test_noise_of_different_updates_is_independent() -> None:
    """Without field, the four updates of two sweeps are four coins."""
    g, readout = _pair(0.0, 0.0)
    keys = jax.random.split(KEY, 4000)

    def after(sweeps: int) -> np.ndarray:
        def states(key: jax.Array) -> jax.Array:
            return recall_by_currents(
                Fixed(), g, readout, [1, 1], 1.0, key=key, order=[0, 1], sweeps=sweeps,
                read_noise=0.1,
            ).states  # fmt: skip

        return np.asarray(jax.vmap(states)(keys))

    first, second = after(1), after(2)
    moved = np.any(first != 1, axis=1)  # the others had settled by chance, and ended
    assert moved.mean() == pytest.approx(0.75, abs=0.03)
    coins = np.concatenate([first, second], axis=1)
    assert abs(np.mean(first[:, 0] * first[:, 1])) < 4 / sqrt(len(keys))
    correlations = coins[moved].T @ coins[moved] / moved.sum()
    np.testing.assert_allclose(correlations[:2, 2:], 0, atol=4 / sqrt(moved.sum()))
    np.testing.assert_allclose(correlations[2, 3], 0, atol=4 / sqrt(moved.sum()))


def test_noise_zero_is_no_noise(conductance: jax.Array, readout: Readout) -> None:
    probe = [1, -1, 1, 1]
    quiet = recall_by_currents(Fixed(), conductance, readout, probe, 0.1, key=KEY)
    noise = recall_by_currents(Fixed(), conductance, readout, probe, 0.1, key=KEY, read_noise=0.0)
    np.testing.assert_array_equal(quiet.states, noise.states)
    assert int(quiet.sweeps) == int(noise.sweeps)


# What is recovered


def test_untrained_weights_recover_nothing() -> None:
    patterns = [[1, 1, 1, 1], [1, -1, 1, -1]]
    found = recovered(jnp.zeros((4, 4)), patterns)
    assert found.fraction.tolist() == found.strict.tolist() == [0.0, 0.0]
    table = recall_table(jnp.zeros((4, 4)), patterns)
    assert table.basins(up_to_sign=False).tolist() == [1, 1]
    assert table.basins().tolist() == [2, 2]


def test_recovery_up_to_sign_and_strict() -> None:
    """Node 0 leads its two followers: an error of it ends at the negative."""
    leader = _array([[0, 0, 0], [1, 0, 0], [1, 0, 0]])
    found = recovered(leader, [[1, 1, 1]])
    assert found.fraction.tolist() == [1.0]
    assert found.strict.tolist() == pytest.approx([2 / 3])
    strict = recovered(leader, [[1, 1, 1]], up_to_sign=False)
    assert strict.fraction.tolist() == strict.strict.tolist() == pytest.approx([2 / 3])
    table = recall_table(leader, [[1, 1, 1], [1, -1, 1]])
    assert table.basins().tolist() == [8, 0]
    assert table.basins(up_to_sign=False).tolist() == [4, 0]


def test_what_has_not_settled_is_not_recovered() -> None:
    """Node 1 alone is right, and node 0 flips for ever."""
    restless = _array([[-1, 0], [0, 0]])
    table = recall_table(restless, [[1, 1]])
    assert not np.any(table.converged)
    assert table.basins().tolist() == [0]
    assert recovered(restless, [[1, 1]]).fraction.tolist() == [0.0]


def test_table_holds_every_probe_once_and_where_it_goes() -> None:
    weights = _random_weights(7, 6)
    table = recall_table(weights, [[1] * 6])
    assert len({tuple(p) for p in table.probes.tolist()}) == 64
    assert table.probes[5].tolist() == [1, -1, 1, -1, -1, -1]
    for k in range(0, 64, 7):
        np.testing.assert_array_equal(table.states[k], recall(weights, table.probes[k]).states)
    total = {tuple(s) for s in table.states.tolist()}
    basins = recall_table(weights, [list(s) for s in total]).basins(up_to_sign=False)
    assert int(np.sum(np.asarray(basins))) == 64


@pytest.mark.parametrize("key", [None, KEY])
def test_functions_and_weights_are_the_same_network(
    conductance: jax.Array, readout: Readout, key: Any
) -> None:
    patterns = [[1, 1, -1, -1], [1, -1, 1, -1], [1, 1, 1, -1]]
    weights = readout.weights(conductance, relative=False)

    def currents(probe: jax.Array, key: Any = None) -> Recall:
        return recall_by_currents(Fixed(), conductance, readout, probe, 0.1, key=key)

    table, wanted = (recall_table(w, patterns, key=key) for w in (currents, weights))
    np.testing.assert_array_equal(table.states, wanted.states)
    np.testing.assert_array_equal(table.basins(), wanted.basins())
    found, other = (recovered(w, patterns, key=key) for w in (currents, weights))
    np.testing.assert_array_equal(found.fraction, other.fraction)


def test_every_probe_has_random_numbers_of_its_own() -> None:
    """Both errors of a pair of nodes: with a common order, both would go the same way."""
    keys = jax.random.split(KEY, 12)
    ends = jax.vmap(lambda k: recall_table(_hebb([1, 1]), [[1, 1]], key=k).states[1:3, 0])(keys)
    assert {tuple(e) for e in ends.tolist()} == {(1, 1), (1, -1), (-1, 1), (-1, -1)}


def test_recovery_of_networks_too_large_for_a_table() -> None:
    pattern = np.random.default_rng(0).choice([-1, 1], 35)
    assert recovered(_hebb(pattern), [pattern]).strict.tolist() == [1.0]
    with pytest.raises(SpinlearnValueError, match="at most 16"):
        recall_table(_hebb(pattern), [pattern])


W3 = np.ones((3, 3)) - np.eye(3)
G3 = 3 * np.eye(3) - 1.0
READ3 = Readout(G3, 1, name="untrained")


def _currents(**changes: Any) -> Recall:
    given: dict[str, Any] = {"g": G3, "probe": [1, 1, -1], "voltage": 0.1} | changes
    g, probe, voltage = (given.pop(name) for name in ("g", "probe", "voltage"))
    return recall_by_currents(Fixed(), _array(g), READ3, probe, voltage, **given)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: recall(W3[:2], [1, 1, 1]), "weights"),
        (lambda: recall(W3 * np.nan, [1, 1, 1]), "weights"),
        (lambda: recall(W3.astype(int), [1, 1, 1]), "weights"),
        (lambda: recall(W3, [1, 1]), "probe"),
        (lambda: recall(W3, [[1, 1, 1]]), "probe"),
        (lambda: recall(W3, [1, 0, 1]), "probe"),
        (lambda: recall(W3, [True, True, True]), "probe"),
        (lambda: recall(W3, [1, 1, 1], order=[0, 1]), "order"),
        (lambda: recall(W3, [1, 1, 1], order=[0, 1, 1]), "order"),
        (lambda: recall(W3, [1, 1, 1], order=[1, 2, 3]), "order"),
        (lambda: recall(W3, [1, 1, 1], order=[0.0, 1.0, 2.0]), "order"),
        (lambda: recall(W3, [1, 1, 1], order=[0, 1, 2], key=KEY), "order"),
        (lambda: recall(W3, [1, 1, 1], sweeps=0), "sweeps"),
        (lambda: recall(W3, [1, 1, 1], sweeps=1.5), "sweeps"),  # pyright: ignore
        (lambda: _currents(g=np.eye(2)), "conductance"),
        (lambda: _currents(g=W3), "substrate.conductance"),
        (lambda: _currents(probe=[1, 1]), "probe"),
        (lambda: _currents(voltage=0.0), "voltage"),
        (lambda: _currents(voltage=-0.1), "voltage"),
        (lambda: _currents(voltage=[0.1, 0.1, 0.1]), "voltage"),
        (lambda: _currents(read_noise=1e-6), "key"),
        (lambda: _currents(read_noise=-1e-6, key=KEY), "read_noise"),
        (lambda: _currents(order=[0, 1, 2], key=KEY), "order"),
        (lambda: _currents(solve=True), "solve"),
        (lambda: recall_table(W3, [1, 1, 1]), "patterns"),
        (lambda: recall_table(W3, [[1, 1]]), "patterns"),
        (lambda: recall_table(W3, np.ones((0, 3))), "patterns"),
        (lambda: recovered(W3, [[1, 1, 2]]), "patterns"),
        (lambda: recovered(np.zeros((1, 1)), [[1]]), "patterns"),
        (lambda: recovered(lambda probe: probe, [[1, 1]]), "network"),
    ],
)
def test_bad_input_is_named(call: Any, field: str) -> None:
    with pytest.raises(SpinlearnValueError) as caught:
        call()
    assert caught.value.field == field
