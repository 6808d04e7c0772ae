"""Spiking neurons on a crossbar, beside a simulation of every clock and exact statistics."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import lognorm

from spinlearn import SpinlearnValueError, key_from_seed
from spinlearn.junctions import MTJ, SwitchingLookup, tabulate_switching
from spinlearn.networks import SpikingWTA, count_labels, vote
from spinlearn.networks._first_spike import clock_of_spike, gathered_charges
from spinlearn.rules import stdp_stationary
from spinlearn.substrates import Crossbar, IdealCrossbar
from spinlearn.transport import crossbar_currents

KEY = key_from_seed(3)
JUNCTION: dict[str, Any] = {
    "resistance_parallel": 5e3,
    "area": 1e-15,
    "tmr": 1.0,
    "half_voltage": 0.5,
    "thermal_stability": 40.0,
    "critical_voltage": 0.5,
    "damping": 0.02,
    "anisotropy_field": 3e5,
}


@pytest.fixture(scope="module")
def table() -> SwitchingLookup:
    return tabulate_switching(
        MTJ(**JUNCTION), (0.0, 1.0), (8e-9, 1.25e-8), shape=(12, 12), tolerance=0.1
    )


def _network(
    table: SwitchingLookup,
    post: int,
    pre: int,
    spreads: dict[str, Any] | None = None,
    **options: Any,
) -> SpikingWTA:
    of_crossbar = {
        name: options.pop(name)
        for name in ("junctions", "stuck_on", "endurance", "word_resistance", "bit_resistance")
        if name in options
    }
    array = Crossbar(MTJ(**JUNCTION, **(spreads or {})), post, pre, table=table, **of_crossbar)
    return SpikingWTA(array, read_voltage=0.1, clock=1e-8, pulse=1e-8, **options)


def _images(count: int, pre: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, pre)) < 0.4


@pytest.mark.parametrize("kept", [0.5, 0.97, 1.0])
def test_the_first_spike_is_that_of_a_simulation_clock_by_clock(kept: float) -> None:
    needed = np.random.default_rng(1).gamma(2.0, 4.0, 400)
    found = np.asarray(clock_of_spike(jnp.asarray(needed), jnp.asarray(kept)))
    for want, clock in zip(needed, found, strict=True):
        charge, n = 0.0, 0
        while charge < want and n < 3000:
            charge, n = kept * charge + 1, n + 1
        assert clock == (n if charge >= want else np.inf)
    clocks = np.arange(1, 20)
    kept_charges = np.array([sum(kept**k for k in range(n)) for n in clocks])
    whole = gathered_charges(jnp.asarray(clocks, float), jnp.asarray(kept))
    np.testing.assert_allclose(whole, kept_charges, rtol=1e-5)
    # Exactly reached is reached.
    np.testing.assert_array_equal(clock_of_spike(whole, jnp.asarray(kept)), clocks)


def _means(junction: MTJ) -> tuple[float, float]:
    """Mean conductances of one junction on and off at 0.1 V, by integrals over its spreads."""

    def devices(mean: float, spread: float) -> Any:
        sigma = np.sqrt(np.log1p(spread**2)) + 1e-9
        return lognorm(sigma, scale=mean * np.exp(-0.5 * sigma**2))

    on = devices(5e3, float(junction.resistance_spread)).expect(lambda r: 1 / r)
    tmr = devices(1.0, float(junction.tmr_spread))
    return on, on * tmr.expect(lambda t: 1 / (1 + t / (1 + (0.1 / 0.5) ** 2)))


def _by_clocks(
    network: SpikingWTA, g: np.ndarray, thresholds: np.ndarray, image: np.ndarray, steps: int
) -> tuple[int, int]:
    """First neuron and clock, with the instant within the clock, from conductances alone."""
    on, off = _means(network.crossbar.junction)
    half = 0.5 * (on + off)
    volts = np.where(image, 0.1, -0.1 if network.bipolar else 0.0)
    k = network.crossbar.shape[2]
    full = 0.1 * g.shape[1] * k * (on - half)
    currents = (g - k * half) @ volts + float(network.bias) * full
    charge, kept = np.zeros(len(g)), float(network.kept)
    for n in range(1, steps + 1):
        before = kept * charge
        charge = before + currents * 1e-8
        reached = np.where(charge >= thresholds, (thresholds - before) / (currents * 1e-8), np.inf)
        if np.isfinite(reached).any():
            return int(np.argmin(reached)), n
    return -1, steps


@pytest.mark.once
@pytest.mark.parametrize("bipolar", [True, False])
def test_training_is_what_a_loop_over_clocks_and_rows_does(
    table: SwitchingLookup, bipolar: bool
) -> None:
    """Writes that are certain leave nothing to chance: every number must agree."""
    spreads = {"resistance_spread": 0.1, "tmr_spread": 0.1, "critical_voltage_spread": 0.02}
    network = _network(
        table, 5, 24, spreads, junctions=2, steps=40, bipolar=bipolar, stuck_on=0.1, bias=0.1
    )
    state, images = network.init(key=KEY), _images(60, 24)
    high = 1 - 1e-6
    after, lessons = network.train(state, images, high, high, adaptation=0.1, key=KEY)
    cells, array = state.crossbar.cells, network.crossbar
    on, theta = np.asarray(cells.on).copy(), np.asarray(state.thresholds).copy()
    parallel = np.asarray(cells.parallel)

    def antiparallel(volts: float) -> np.ndarray:
        return parallel / (1 + np.asarray(cells.tmr) / (1 + (volts / 0.5) ** 2))

    pulse = float(array.pulse_voltage(high, 1e-8))
    assert float(table.switching_probability(pulse, 1e-8)) == pytest.approx(high, abs=1e-8)
    for k, image in enumerate(images):
        g = np.where(on, parallel, antiparallel(0.1)).sum(axis=-1)
        neuron, clocks = _by_clocks(network, g, theta, image, 40)
        assert (neuron, clocks) == (int(lessons.neurons[k]), float(lessons.clocks[k]))
        mean = sum(_means(array.junction))
        squared = np.where(image | bipolar, 0.1**2, 0.0)
        read = squared @ (g.sum(axis=0) + mean) * clocks * 1e-8
        assert float(lessons.read_energy[k]) == pytest.approx(read, rel=1e-9)
        if k == 0:
            asked = network.read_energy(state, images[:1], lessons.clocks[:1])
            assert float(asked[0]) == pytest.approx(read, rel=1e-9)
        write = 0.0
        if neuron >= 0:
            powers = np.where(on[neuron], parallel[neuron], antiparallel(pulse)[neuron])
            on[neuron] = np.where(np.asarray(cells.writable)[neuron], image[:, None], on[neuron])
            later = np.where(on[neuron], parallel[neuron], antiparallel(pulse)[neuron])
            write = 0.5 * (powers + later).sum() * pulse**2 * 1e-8
            theta[neuron] *= np.exp(0.1)
            theta *= np.exp(-0.1 / 5)
        assert float(lessons.write_energy[k]) == pytest.approx(write, rel=1e-9, abs=1e-30)
    assert (np.asarray(lessons.neurons) >= 0).any()
    np.testing.assert_array_equal(after.crossbar.cells.on, on)
    np.testing.assert_allclose(after.thresholds, theta, rtol=1e-12)
    assert np.prod(theta) == pytest.approx(np.prod(np.asarray(state.thresholds)), rel=1e-9)
    time = 1e-8 * float(lessons.clocks.sum()) + 2e-8 * int((lessons.neurons >= 0).sum())
    assert float(after.crossbar.time) == pytest.approx(time)


def test_synapses_have_the_exact_stationary_probability(table: SwitchingLookup) -> None:
    """One neuron that always fires; inputs that are active with probability q."""
    network = _network(table, 1, 4000, kept=1.0, threshold=1e-9, steps=1, bias=1.0)
    q, up, down = 0.3, 0.4, 0.15
    images = np.random.default_rng(5).random((60, 4000)) < q
    state = network.init(key=KEY)
    state, lessons = network.train(state, images, up, down, key=KEY)
    fired = float(jnp.mean(lessons.neurons >= 0))
    on = np.asarray(state.crossbar.cells.on).mean()
    exact = float(stdp_stationary(q, up, down))
    assert fired == 1
    # Synapses are independent: a chance of 7 in a million.
    assert abs(on - exact) < 4.5 * np.sqrt(exact * (1 - exact) / 4000)
    assert abs(exact - 0.5) > 0.02


def test_batches_see_the_weights_before_them(table: SwitchingLookup) -> None:
    # Spread, so that no two neurons have the same charge but for rounding.
    network = _network(table, 6, 16, {"resistance_spread": 0.1}, threshold=1.0)
    state, images = network.init(key=KEY), _images(40, 16)
    options: dict[str, Any] = {"key": KEY}
    alone, one = network.train(state, images, 1e-9, 1e-9, batch=1, **options)
    together, ten = network.train(state, images, 1e-9, 1e-9, batch=10, **options)
    # Nothing is written and no threshold moves: batches make no difference.
    np.testing.assert_array_equal(one.neurons, ten.neurons)
    np.testing.assert_array_equal(alone.crossbar.cells.on, together.crossbar.cells.on)
    # Whole, all examples go to those that won before anything was learned.
    _, whole = network.train(state, images, 0.5, 0.5, batch=40, adaptation=0.5, **options)
    first = network.respond(state, images)
    np.testing.assert_array_equal(whole.neurons, first.neurons[:, 0])
    _, single = network.train(state, images, 0.5, 0.5, batch=1, adaptation=0.5, **options)
    assert (np.asarray(single.neurons) != np.asarray(whole.neurons)).any()


@pytest.mark.once
def test_it_learns_two_patterns_and_says_which_is_which(table: SwitchingLookup) -> None:
    network = _network(table, 2, 4, bias=1.0)
    images = np.array([[1, 1, 0, 0], [0, 1, 0, 1]], bool)[np.arange(200) % 2]
    state, _ = network.train(network.init(key=KEY), images, 0.3, 0.3, adaptation=0.2, key=KEY)
    answers = network.respond(state, images[:2], spikes=2)
    counts = count_labels(answers.neurons[:, :1], [0, 1], 2, 2)
    assert sorted(counts.argmax(axis=1)) == [0, 1]
    assert vote(answers.neurons[:, :1], counts).tolist() == [0, 1]
    # A neuron's junctions are on where its pattern is.
    for k, neuron in enumerate(np.asarray(answers.neurons[:, 0])):
        np.testing.assert_array_equal(state.crossbar.cells.on[neuron, :, 0], images[k])
    assert bool(jnp.all(jnp.diff(answers.clocks, axis=1) >= 0))


@pytest.mark.once
def test_arrays_side_by_side_are_as_one_after_another(table: SwitchingLookup) -> None:
    network = _network(table, 2, 4, {"critical_voltage_spread": 0.1}, bias=1.0, junctions=2)
    keys = jax.random.split(KEY, 3)
    states = jax.vmap(lambda k: network.init(key=k))(keys)
    images = _images(20, 4)
    found, lessons = network.train_many(states, images, 0.3, 0.2, adaptation=0.1, key=KEY)
    for k, own in enumerate(keys):
        state = jax.tree.map(lambda leaf, k=k: leaf[k], states)
        alone, taken = network.train(state, images, 0.3, 0.2, adaptation=0.1, key=own)
        np.testing.assert_array_equal(found.crossbar.cells.on[k], alone.crossbar.cells.on)
        np.testing.assert_array_equal(lessons.neurons[k], taken.neurons)
        np.testing.assert_allclose(lessons.write_energy[k], taken.write_energy, rtol=1e-9)


@pytest.mark.once
def test_barriers_that_break_conduct_and_learn_no_more(table: SwitchingLookup) -> None:
    network = _network(table, 1, 50, threshold=1e-9, kept=1.0, bias=1.0, endurance=3.0)
    state = network.init(key=KEY)
    images = np.ones((60, 50), bool)
    images[::2, 25:] = False
    state, lessons = network.train(state, images, 0.5, 0.5, key=KEY)
    fired = int((lessons.neurons >= 0).sum())
    cells = state.crossbar.cells
    lives = np.asarray(network.init(key=KEY).crossbar.cells.life)
    np.testing.assert_allclose(cells.life, lives - fired)
    assert fired > 20
    broken = ~np.asarray(cells.alive)
    assert broken.mean() > 0.9
    g = np.asarray(cells.conductance(network.crossbar.junction, 0.1))
    np.testing.assert_allclose(g[broken], 1 / 5e3, rtol=1e-6)


@pytest.mark.once
def test_lines_with_resistance_weaken_far_synapses(table: SwitchingLookup) -> None:
    ideal = _network(table, 4, 30, bias=1.0)
    lossy = _network(table, 4, 30, bias=1.0, word_resistance=5.0, bit_resistance=5.0)
    state = lossy.init(key=KEY)
    strong, weak = (np.asarray(network.weights(state)) for network in (ideal, lossy))
    # Weights shrink, and stay about as much above zero as below.
    assert np.abs(weak).mean() < 0.97 * np.abs(strong).mean()
    assert abs(weak.mean() - strong.mean()) < 0.1 * np.abs(strong).mean()
    # A line of reference junctions between the others loses what they lose.
    array, volts = lossy.crossbar, np.where(_images(1, 30)[0], 0.1, -0.1)
    devices = np.asarray(array.devices(state.crossbar, 0.1))
    mean = 0.5 * (devices.max() + devices.min())
    more = np.insert(devices, 2, mean, axis=0)
    exact = float(crossbar_currents(more, volts, 5.0, 5.0).currents[2])
    taken = float(array.references(state.crossbar, 0.1) @ volts)
    assert abs(taken - exact) < 0.15 * abs(mean * volts.sum() - exact)
    # Write pulses lose voltage too: fewer junctions follow.
    images = np.ones((40, 30), bool)
    images[:, ::2] = False
    wrote = []
    for network in (ideal, lossy):
        after, lessons = network.train(state, images, 0.3, 0.3, key=KEY)
        assert bool((lessons.neurons >= 0).any())
        wrote.append(int((after.crossbar.cells.on != state.crossbar.cells.on).sum()))
    assert 0 <= wrote[1] < wrote[0]


@pytest.mark.once
def test_heights_of_pulses_that_differ_are_felt_by_all_junctions_of_a_spike(
    table: SwitchingLookup,
) -> None:
    """Mean and spread of what a spike writes, by Gauss's quadrature over the height."""
    noise, wanted, arrays, pre = 0.04, 0.3, 600, 200
    network = _network(
        table, 1, pre, kept=1.0, threshold=1e-9, steps=1, bias=1.0, pulse_noise=noise
    )
    one = network.init(key=KEY)
    states = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (arrays, *leaf.shape)), one)
    images = np.ones((1, pre), bool)
    after, lessons = network.train_many(states, images, wanted, wanted, key=KEY)
    off = ~np.asarray(one.crossbar.cells.on).ravel()
    parts = np.asarray(after.crossbar.cells.on).reshape(arrays, pre)[:, off].mean(axis=1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    volts = float(network.crossbar.pulse_voltage(wanted, 1e-8))
    chances = np.asarray(table.switching_probability(volts * (1 + noise * nodes), 1e-8))
    mean = weights @ chances
    common = weights @ (chances - mean) ** 2
    variance = common + (mean * (1 - mean) - common) / off.sum()
    # Far more than independent junctions would differ by.
    assert common > 3 * mean * (1 - mean) / off.sum()
    assert parts.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / arrays))
    # The standard error of a variance is within a factor of its normal one, 6 %.
    assert parts.var() == pytest.approx(variance, rel=0.25)
    # Energies go with the square of the height, (1 + ε)², whose mean is 1 + σ².
    steady = _network(table, 1, pre, kept=1.0, threshold=1e-9, steps=1, bias=1.0)
    _, plain = steady.train_many(states, images, wanted, wanted, key=KEY)
    ratio = float(lessons.write_energy.mean() / plain.write_energy.mean())
    assert ratio == pytest.approx(1 + noise**2, abs=5 * 2 * noise / np.sqrt(arrays))


def test_analog_synapses_move_by_the_mean_of_what_junctions_do() -> None:
    """Beside a loop over clocks, and beside the mean of many junctions that see the same."""
    array = IdealCrossbar(3, 12, conductance_on=2e-4, conductance_off=1e-4)
    network = SpikingWTA(array, read_voltage=0.1, clock=1e-8, pulse=1e-8, bias=0.3, steps=30)
    state, images = network.init(key=KEY), _images(40, 12)
    up, down, rise = 0.3, 0.2, 0.1
    after, lessons = network.train(state, images, up, down, adaptation=rise, key=KEY)
    w, theta = np.array(state.crossbar.weights, float), np.array(state.thresholds, float)
    full = 0.1 * 1e-8 * 12 * 0.5e-4
    for k, image in enumerate(images):
        charges = (1e-4 * (w - 0.5)) @ np.where(image, 0.1, -0.1) * 1e-8 + 0.3 * full
        gathered = np.array([(1 - 0.99**n) / 0.01 for n in range(31)])
        clocks = np.array(
            [np.argmax(gathered * c >= t) for c, t in zip(charges, theta, strict=True)]
        )
        neuron = int(np.argmin(np.where(charges > 0, theta / charges, np.inf)))
        if clocks[neuron] == 0:
            neuron = -1
        assert int(lessons.neurons[k]) == neuron
        if neuron >= 0:
            w[neuron] += np.where(image, up * (1 - w[neuron]), -down * w[neuron])
            theta[neuron] *= np.exp(rise)
            theta = theta * np.exp(-rise / 3)
    assert (np.asarray(lessons.neurons) >= 0).sum() > 20
    np.testing.assert_allclose(after.crossbar.weights, w, atol=2e-6)
    np.testing.assert_allclose(after.thresholds, theta, rtol=1e-5)


def test_counts_and_votes() -> None:
    counts = count_labels([[0, 1], [1, 1], [0, 2], [-1, -1]], [0, 1, 0, 0], 4, 2)
    assert counts.tolist() == [[2, 0], [1, 2], [1, 0], [0, 0]]
    # A neuron that never fired says nothing; the frequent class is left.
    assert vote([[3], [-1], [1]], counts).tolist() == [0, 0, 1]
    # Two spikes that agree outvote one.
    assert vote([[1, 0, 2]], counts).tolist() == [0]
    assert vote([[1, 1, 0]], counts).tolist() == [0]


@pytest.mark.once
def test_bad_input_is_named(table: SwitchingLookup) -> None:
    network = _network(table, 2, 4)
    state = network.init(key=KEY)
    images = np.zeros((3, 4), bool)
    for call, field in (
        (lambda: network.train(state, images.astype(int), 0.5, 0.5, key=KEY), "images"),
        (lambda: network.train(state, images[:, :3], 0.5, 0.5, key=KEY), "images"),
        (lambda: network.train(state, images, 0.5, 0.5, batch=4, key=KEY), "images"),
        (lambda: network.train(state, images, 0.5, 0.5, batch=0, key=KEY), "batch"),
        (lambda: network.train(state, images, 1.0, 0.5, key=KEY), "probability"),
        (lambda: network.train(state, images, 0.5, 0.5, adaptation=-1.0, key=KEY), "adaptation"),
        (lambda: network.respond(state, images, spikes=0), "spikes"),
        (lambda: _network(table, 2, 4, kept=1.1), "kept"),
        (lambda: _network(table, 2, 4, steps=0), "steps"),
        (lambda: _network(table, 2, 4, pulse_noise=0.5), "pulse_noise"),
        (lambda: _network(table, 2, 4, threshold=-1.0), "threshold"),
        (lambda: count_labels([[0]], [3], 2, 2), "labels"),
        (lambda: count_labels([[5]], [0], 2, 2), "spikes"),
    ):
        with pytest.raises(SpinlearnValueError) as found:
            call()
        assert found.value.field == field
