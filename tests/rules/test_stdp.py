"""The stochastic binary rule: one pulse, many pulses, and the exact chain behind them."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from spinlearn import SpinlearnValueError, key_from_seed, stream
from spinlearn.rules import (
    count_inputs,
    count_probability,
    on_fraction,
    recent_inputs,
    spike_ages,
    stdp_probability,
    stdp_relaxation,
    stdp_stationary,
    stdp_step,
    stdp_variance,
    stdp_winner_step,
    window_probability,
)

Array = jax.Array

SYNAPSES = 20_000


def _within_99_percent(hits: Any, trials: int, chance: float) -> bool:
    low, high = stats.binom.interval(0.99, trials, chance)
    return bool(low <= int(hits) <= high)


@partial(jax.jit, static_argnames=("spikes", "junctions"))
def _trained(active: Any, up: Any, down: Any, key: Array, spikes: int, junctions: int = 1) -> Array:
    """Weights after every spike of one neuron, ``(spikes, synapses)``, all off before.

    Each synapse has inputs of its own, so that they are as many independent trials.
    """

    def spike(states: Array, step: Array) -> tuple[Array, Array]:
        shown = jax.random.bernoulli(stream(key, "inputs", step), active, (SYNAPSES,))
        after = stdp_step(states, shown, [True], up, down, key=stream(key, "switching", step))
        return after, on_fraction(after)[0]

    off = jnp.zeros((1, SYNAPSES, junctions), bool)
    return jax.lax.scan(spike, off, jnp.arange(spikes))[1]


@pytest.mark.once
@pytest.mark.parametrize("seed", [0, 1])
def test_one_pulse_switches_as_often_as_it_should(seed: int) -> None:
    up, down = 0.3, 0.05
    shown = jnp.arange(SYNAPSES) % 2 == 0
    for on, chance, active in [(False, up, True), (True, down, False)]:
        before = jnp.full((1, SYNAPSES), on)
        after = stdp_step(before, shown, [True], up, down, key=key_from_seed(seed))
        switched = np.asarray(after != before)[0]
        assert not switched[np.asarray(shown) != active].any()
        assert _within_99_percent(switched.sum(), SYNAPSES // 2, chance)


@pytest.mark.once
@pytest.mark.parametrize("chance", [1e-4, 0.75, 1 - 1e-4])
def test_probabilities_near_their_ends_are_met(chance: float) -> None:
    off = jnp.zeros((50, SYNAPSES), bool)
    shown, fired = jnp.ones(SYNAPSES, bool), jnp.ones(50, bool)
    after = stdp_step(off, shown, fired, chance, 0.0, key=key_from_seed(3))
    assert _within_99_percent(jnp.sum(after), off.size, chance)


@pytest.mark.once
@pytest.mark.parametrize(
    ("active", "up", "down"), [(0.2, 0.1, 0.02), (0.5, 0.3, 0.3), (0.1, 1.0, 0.05)]
)
def test_chain_follows_its_closed_form_to_the_stationary_state(
    active: float, up: float, down: float
) -> None:
    course = np.asarray(_trained(active, up, down, key_from_seed(5), 150)).sum(axis=1)
    exact = np.asarray(stdp_probability(np.arange(1, 151), 0.0, active, up, down))
    for n in (1, 2, 5, 20, 150):
        assert _within_99_percent(round(float(course[n - 1])), SYNAPSES, exact[n - 1]), n
    stationary = float(stdp_stationary(active, up, down))
    assert exact[-1] == pytest.approx(stationary, rel=0.02)
    # Not so wide that its neighbours would do as well.
    assert not _within_99_percent(round(float(course[-1])), SYNAPSES, 1.1 * stationary)


def test_closed_form_is_the_power_of_the_transition_matrix(rtol: float) -> None:
    q, up, down, start = 0.3, 0.2, 0.07, 0.4
    matrix = np.array([[1 - q * up, (1 - q) * down], [q * up, 1 - (1 - q) * down]])
    for n in (0, 1, 7, 40):
        wanted = (np.linalg.matrix_power(matrix, n) @ [1 - start, start])[1]
        assert float(stdp_probability(n, start, q, up, down)) == pytest.approx(wanted, rel=rtol)
    values = np.linalg.eigvals(matrix)
    assert float(stdp_relaxation(q, up, down)) == pytest.approx(values.min(), rel=rtol)
    stationary = float(stdp_stationary(q, up, down))
    np.testing.assert_allclose(
        matrix @ [1 - stationary, stationary], [1 - stationary, stationary], rtol=rtol
    )


def test_closed_form_holds_at_its_ends(rtol: float) -> None:
    # One shot: the first spike copies the input. Rare switching: nothing is lost to rounding.
    assert stdp_probability(np.arange(3), 1.0, 0.25, 1.0, 1.0).tolist() == [1.0, 0.25, 0.25]
    rare = float(stdp_probability(10, 0.0, 0.5, 1e-9, 1e-9))
    assert rare == pytest.approx(5e-9, rel=max(rtol, 1e-7))
    assert stdp_probability(7, 0.3, 0.5, 0.0, 0.0) == pytest.approx(0.3)
    assert np.isnan(stdp_stationary(0.5, 0.0, 0.0))


@pytest.mark.once
@pytest.mark.parametrize(("active", "up", "down"), [(0.3, 0.4, 0.1), (0.5, 1.0, 1.0)])
def test_junctions_of_a_synapse_share_what_their_inputs_do(
    active: float, up: float, down: float
) -> None:
    weights = np.asarray(_trained(active, up, down, key_from_seed(7), 60, 4)[-1], float)
    exact = float(stdp_variance(active, up, down, 4))
    mean = float(stdp_stationary(active, up, down))
    error = stats.norm.ppf(0.995) * np.std((weights - mean) ** 2) / np.sqrt(SYNAPSES)
    assert abs(np.mean((weights - mean) ** 2) - exact) <= error
    independent = mean * (1 - mean) / 4
    assert exact > independent + 5 * error  # four junctions are not four independent ones


def test_variance_is_that_of_the_enumerated_chain(rtol: float) -> None:
    q, up, down = 0.3, 0.4, 0.1
    # Two junctions: states off-off, off-on, on-off, on-on, which are written independently.
    on, off = np.array([[1 - up, 0], [up, 1]]), np.array([[1, down], [0, 1 - down]])
    pair = q * np.kron(on, on) + (1 - q) * np.kron(off, off)
    law = np.linalg.matrix_power(pair, 2000) @ [1.0, 0, 0, 0]
    weights = np.array([0, 0.5, 0.5, 1])
    wanted = law @ weights**2 - (law @ weights) ** 2
    assert float(stdp_variance(q, up, down, 2)) == pytest.approx(wanted, rel=100 * rtol)
    p = float(stdp_stationary(q, up, down))
    assert float(stdp_variance(q, up, down)) == pytest.approx(p * (1 - p), rel=10 * rtol)


@pytest.mark.once
@pytest.mark.parametrize(("kind", "junctions"), [(bool, (3,)), (np.float32, ())])
def test_certain_pulses_copy_the_input_and_impossible_ones_nothing(
    kind: type, junctions: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(0)
    on = rng.random((4, 9, *junctions)) < 0.5
    states = jnp.asarray(on if kind is bool else np.where(on, 1, -1).astype(kind))
    shown = rng.random(9) < 0.5
    fired = np.array([True, False, True, False])
    neurons, inputs = (4, *(1,) * (on.ndim - 1)), (1, 9, *(1,) * len(junctions))
    copied = np.where(fired.reshape(neurons), shown.reshape(inputs), on)
    key, others = key_from_seed(1), np.array([0, 1, 3])
    after = stdp_step(states, shown, fired, 1.0, 1.0, key=key)
    assert after.dtype == states.dtype
    np.testing.assert_array_equal(np.asarray(after) > 0, copied)
    np.testing.assert_array_equal(stdp_step(states, shown, fired, 0.0, 0.0, key=key), states)
    row = stdp_winner_step(states, shown, 2, 1.0, 1.0, key=key)
    assert row.dtype == states.dtype
    np.testing.assert_array_equal(np.asarray(row)[2] > 0, copied[2])
    np.testing.assert_array_equal(np.asarray(row)[others], np.asarray(states)[others])
    np.testing.assert_array_equal(stdp_winner_step(states, shown, -1, 1.0, 1.0, key=key), states)
    every = np.arange(4.0).reshape(neurons) == 1
    chances = jnp.asarray(np.broadcast_to(every, on.shape), jnp.result_type(float))
    np.testing.assert_array_equal(
        stdp_step(states, shown, np.ones(4, bool), chances, chances, key=key)[1],
        stdp_winner_step(states, shown, 1, chances, chances, key=key)[1],
    )
    np.testing.assert_array_equal(
        stdp_winner_step(states, shown, 2, chances, chances, key=key), states
    )


@pytest.mark.once
def test_the_winners_row_is_drawn_with_the_same_odds() -> None:
    off = jnp.zeros((3, SYNAPSES), bool)
    after = jax.jit(partial(stdp_winner_step, potentiation=0.2, depression=0.0))(
        off, jnp.ones(SYNAPSES, bool), jnp.int32(1), key=key_from_seed(11)
    )
    assert _within_99_percent(jnp.sum(after[1]), SYNAPSES, 0.2)
    assert not np.asarray(after)[[0, 2]].any()


def test_equal_keys_draw_equal_numbers_in_either_precision() -> None:
    def drawn(key: Array) -> list[int]:
        off = jnp.zeros((2, 40), bool)
        after = stdp_step(off, jnp.ones(40, bool), [1, 1], 0.1, 0.1, key=key)
        return np.flatnonzero(np.asarray(after)).tolist()

    # Written out: the float64 job and the float32 job must both find them.
    assert drawn(key_from_seed(2)) == [2, 22, 25, 31, 37, 61]
    assert drawn(key_from_seed(2)) != drawn(key_from_seed(3))


@pytest.mark.parametrize(("rate", "steps", "least"), [(0.2, 1, 1), (0.1, 8, 1), (0.3, 10, 4)])
def test_counts_of_spikes_are_binomial(rate: float, steps: int, least: int, rtol: float) -> None:
    exact = float(count_probability(rate, steps, least))
    assert exact == pytest.approx(stats.binom.sf(least - 1, steps, rate), rel=20 * rtol)
    spikes = np.random.default_rng(0).random((steps, SYNAPSES)) < rate
    assert _within_99_percent(jnp.sum(count_inputs(spikes, least)), SYNAPSES, exact)


def test_rates_at_their_ends_are_certain() -> None:
    assert count_probability(np.array([0.0, 1.0]), 5, 2).tolist() == [0.0, 1.0]
    assert window_probability(0.0, 0.01) == 0


@jax.jit
def _ages(spikes: Array, elapsed: Array) -> Array:
    def step(ages: Array, now: tuple[Array, Array]) -> tuple[Array, None]:
        return spike_ages(ages, *now), None

    start = jnp.full(spikes.shape[1], jnp.inf, elapsed.dtype)
    return jax.lax.scan(step, start, (spikes, elapsed))[0]


@pytest.mark.once
def test_clocked_window_holds_as_many_steps_as_it_is_long() -> None:
    spikes = np.random.default_rng(4).random((12, SYNAPSES)) < 0.1
    ages = _ages(jnp.asarray(spikes), jnp.ones(12))
    active = recent_inputs(ages, 5)
    np.testing.assert_array_equal(active, count_inputs(spikes[-5:]))
    assert _within_99_percent(jnp.sum(active), SYNAPSES, float(count_probability(0.1, 5)))


@pytest.mark.once
def test_poisson_inputs_are_active_as_often_as_the_exponential_says() -> None:
    # Events of all inputs together in continuous time: each belongs to one of 50 inputs.
    rate, window, inputs, trials = 40.0, 0.02, 50, 400
    rng = np.random.default_rng(9)
    events = 600
    hits = 0
    for _ in range(trials // 40):
        waits = rng.exponential(1 / (rate * inputs), (40, events))
        belongs = rng.integers(inputs, size=(40, events))
        spikes = jnp.asarray(belongs[..., None] == np.arange(inputs))
        # The neuron fires at a time of its own, after the last event within the horizon.
        times = np.cumsum(waits, axis=1)
        assert times[:, -1].min() > 0.2
        counted = np.where(times < 0.2, waits, 0)
        spikes = spikes & jnp.asarray(times < 0.2)[..., None]
        last = np.where(times < 0.2, times, 0).max(axis=1)
        ages = jax.vmap(_ages)(spikes, jnp.asarray(counted, jnp.result_type(float)))
        ages = np.asarray(ages) + (0.2 - last)[:, None]
        hits += sum(int(jnp.sum(recent_inputs(row, window))) for row in ages)
    assert _within_99_percent(hits, trials * inputs, float(window_probability(rate, window)))


@pytest.mark.once
@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: stdp_step([1, -1], [1], [1], 1, 1, key=key_from_seed(0)), "states"),
        (lambda: stdp_step([[1, 0]], [1, 0], [1], 1, 1, key=key_from_seed(0)), "states"),
        (lambda: stdp_step([[1, -1]], [1], [1], 1, 1, key=key_from_seed(0)), "inputs"),
        (lambda: stdp_step([[1, -1]], [1, 2], [1], 1, 1, key=key_from_seed(0)), "inputs"),
        (lambda: stdp_step([[1, -1]], [1, 0], [1, 0], 1, 1, key=key_from_seed(0)), "fired"),
        (lambda: stdp_step([[1, -1]], [1, 0], [1], 1.1, 1, key=key_from_seed(0)), "potentiation"),
        (lambda: stdp_step([[1, -1]], [1, 0], [1], 1, -0.1, key=key_from_seed(0)), "depression"),
        (lambda: stdp_step([[1, -1]], [1, 0], [1], 1, [1, 1], key=key_from_seed(0)), "depression"),
        (lambda: stdp_winner_step([[1, -1]], [1, 0], 1, 1, 1, key=key_from_seed(0)), "winner"),
        (lambda: stdp_winner_step([[1, -1]], [1, 0], 0.0, 1, 1, key=key_from_seed(0)), "winner"),
        (lambda: on_fraction([0.5]), "states"),
        (lambda: stdp_stationary(float("nan"), 0.1, 0.1), "active"),
        (lambda: stdp_probability(-1, 0.0, 0.1, 0.1, 0.1), "spikes"),
        (lambda: stdp_probability(1, 2.0, 0.1, 0.1, 0.1), "initial"),
        (lambda: stdp_variance(0.1, 0.1, 0.1, 0), "junctions"),
        (lambda: count_inputs([1, 0]), "spikes"),
        (lambda: count_inputs([[1, 0]], 2), "least"),
        (lambda: count_probability(0.1, 0), "steps"),
        (lambda: count_probability(1.5, 3), "rate"),
        (lambda: spike_ages([[1.0]], [1], 0.1), "ages"),
        (lambda: spike_ages([-1.0], [1], 0.1), "ages"),
        (lambda: spike_ages([1.0], [1], -0.1), "elapsed"),
        (lambda: recent_inputs([1.0], 0.0), "window"),
        (lambda: window_probability(-1.0, 0.1), "rate"),
    ],
)
def test_bad_numbers_are_named(call: Any, field: str) -> None:
    with pytest.raises(SpinlearnValueError) as caught:
        call()
    assert caught.value.field == field
