"""Crossbars of junctions: switching by chance, reads less the mean, cells that fail, lines."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import binom

from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions import MTJ, SwitchingLookup, named_junction, tabulate_switching
from spinlearn.substrates import Crossbar
from spinlearn.transport import crossbar_currents, selected_voltages

pytestmark = pytest.mark.as_installed

PULSE = 1e-8
SHAPE = (60, 50)

# One program each for all tests.
_apply = eqx.filter_jit(lambda array, state, volts, t, key: array.apply(state, volts, t, key=key))
_read = eqx.filter_jit(lambda array, state, volts, t, key: array.read(state, volts, t, key=key))
_write = eqx.filter_jit(
    lambda array, state, row, volts, t, key: array.write_row(state, row, volts, t, key=key)
)
_init = eqx.filter_jit(lambda array, key: array.init(key=key))


@pytest.fixture(scope="module")
def junction() -> MTJ:
    return named_junction("ikeda2010")


@pytest.fixture(scope="module")
def table(junction: MTJ) -> SwitchingLookup:
    return tabulate_switching(junction, (0.0, 1.5), (5e-9, 2e-8), shape=(24, 8), tolerance=0.1)


def _spread(junction: MTJ, **spreads: float) -> MTJ:
    names = tuple(f"{name}_spread" for name in spreads)
    return eqx.tree_at(
        lambda tree: tuple(getattr(tree, name) for name in names),
        junction,
        tuple(jnp.asarray(v) for v in spreads.values()),
    )


def test_a_pulse_switches_with_the_junctions_probability(junction, table):
    array = Crossbar(junction, *SHAPE, table=table)
    state = _init(array, jax.random.key(0))
    for k, voltage in enumerate((-0.65, 0.6)):
        volts = jnp.full(SHAPE, voltage)
        new, _ = _apply(array, state, volts, PULSE, jax.random.key(k + 1))
        before, after = np.asarray(state.cells.on), np.asarray(new.cells.on)
        away = before != (voltage < 0)
        chance = float(table.switching_probability(abs(voltage), PULSE))
        low, high = binom.interval(0.999, away.sum(), chance)
        assert 0.1 < chance < 0.9
        assert low <= (away & (after != before)).sum() <= high
        # None of those that are where the pulse pushes to.
        assert not (~away & (after != before)).any()


def test_the_spread_of_critical_voltages_is_that_of_chances(junction, table):
    """A device of a critical voltage f times the mean at V switches like the mean one at V/f."""
    array = Crossbar(_spread(junction, critical_voltage=0.2), *SHAPE, table=table)
    state = _init(array, jax.random.key(0))
    weakness = np.asarray(state.cells.weakness)
    assert np.mean(1 / weakness) == pytest.approx(1, abs=0.015)
    assert np.std(1 / weakness) == pytest.approx(0.2, rel=0.06)
    new, _ = _apply(array, state, jnp.full(SHAPE, -0.66), PULSE, jax.random.key(1))
    off = ~np.asarray(state.cells.on)
    chances = table.switching_probability(jnp.asarray(np.clip(0.66 * weakness, 0, 1.5)), PULSE)
    wanted = np.asarray(chances)[off]
    error = np.sqrt(np.sum(wanted * (1 - wanted)))
    assert abs(np.asarray(new.cells.on)[off].sum() - wanted.sum()) < 3.3 * error


def test_a_read_is_the_sum_less_the_mean(junction, table):
    array = Crossbar(junction, *SHAPE, table=table)
    state = _init(array, jax.random.key(3))
    volts = jnp.where(jnp.arange(SHAPE[1]) < 8, 0.1, 0.0)
    same, reading = _read(array, state, volts, 5e-9, jax.random.key(4))
    parallel = 1 / float(junction.resistance_parallel)
    anti = parallel / (1 + 1.24 / (1 + (0.1 / 0.5) ** 2))
    on = np.asarray(state.cells.on)[:, :8].sum(axis=(1, 2))
    one = on * parallel + (8 - on) * anti
    mean = 8 * (parallel + anti) / 2
    np.testing.assert_allclose(reading.currents, 0.1 * (one - mean), rtol=1e-4, atol=1e-9)
    heat = 0.01 * 5e-9 * (one.sum() + mean)
    assert float(reading.energy) == pytest.approx(heat, rel=1e-4)
    # At a seventh of the critical voltage nothing is disturbed.
    np.testing.assert_array_equal(same.cells.on, state.cells.on)


def test_reads_at_high_voltages_disturb_towards_the_antiparallel_state(junction, table):
    array = Crossbar(junction, *SHAPE, table=table)
    state = _init(array, jax.random.key(3))
    after, _ = _read(array, state, jnp.full(SHAPE[1], 0.7), PULSE, jax.random.key(4))
    before, now = np.asarray(state.cells.on), np.asarray(after.cells.on)
    assert (before & ~now).sum() > 300
    assert not (now & ~before).any()


def test_one_row_is_written_in_two_pulses(junction, table):
    array = Crossbar(junction, *SHAPE, table=table)
    state = _init(array, jax.random.key(0))
    volts = np.zeros(SHAPE[1])
    volts[:3], volts[3:6] = -1.4, 1.4
    new, record = _write(array, state, 2, jnp.asarray(volts), 2e-8, jax.random.key(1))
    before, after = np.asarray(state.cells.on), np.asarray(new.cells.on)
    assert after[2, :6, 0].tolist() == [True] * 3 + [False] * 3
    before = before.copy()
    before[2, :6] = after[2, :6]
    np.testing.assert_array_equal(after, before)
    assert float(record.duration) == pytest.approx(4e-8)
    g = [np.asarray(array.devices(s, 1.4))[2] for s in (state, new)]
    wanted = np.sum(volts**2 * (g[0] + g[1]) / 2) * 2e-8
    assert float(record.energy) == pytest.approx(wanted, rel=1e-4)
    none, record = _write(array, state, -1, jnp.asarray(volts), 2e-8, jax.random.key(1))
    np.testing.assert_array_equal(none.cells.on, state.cells.on)
    assert float(record.energy) == 0


def test_stuck_cells_stay(junction, table):
    array = Crossbar(junction, *SHAPE, stuck_on=0.1, stuck_off=0.2, table=table)
    state = _init(array, jax.random.key(0))
    for voltage, stay, part in ((-1.4, False, 0.2), (1.4, True, 0.1)):
        new, _ = _apply(array, state, jnp.full(SHAPE, voltage), 2e-8, jax.random.key(1))
        low, high = binom.interval(0.999, 3000, part)
        assert low <= (np.asarray(new.cells.on) == stay).sum() <= high


def test_barriers_break_down_after_their_endurance(junction, table):
    """Weibull's law of shape 1: exp(−n/N) are left after n pulses; broken ones conduct as P."""
    array = Crossbar(junction, *SHAPE, endurance=20.0, table=table)
    state = _init(array, jax.random.key(0))
    for k in range(10):
        state, _ = _apply(array, state, jnp.full(SHAPE, 1.4), 2e-8, jax.random.key(k))
    alive = np.asarray(state.cells.alive)
    low, high = binom.interval(0.999, 3000, np.exp(-10 / 20))
    assert low <= alive.sum() <= high
    g = np.asarray(array.devices(state))[~alive[..., 0]]
    np.testing.assert_allclose(g, 1 / float(junction.resistance_parallel), rtol=1e-5)


def test_lines_take_from_reads_and_writes(junction, table):
    array = Crossbar(junction, 5, 7, table=table, word_resistance=20.0, bit_resistance=10.0)
    state = array.init(key=jax.random.key(0))
    volts = jnp.full(7, 0.1)
    found = array.conductance(state, 0.1) @ volts
    wanted = crossbar_currents(array.devices(state, 0.1), volts, 20.0, 10.0)
    np.testing.assert_allclose(found, wanted.currents, rtol=1e-4)
    # Written alone, a bit line sees its own devices, by Kirchhoff's laws with the others cut off.
    g = np.zeros((5, 7))
    g[3] = np.asarray(array.devices(state))[3]
    apart = crossbar_currents(g, np.full(7, 1.0), 20.0, 10.0).device_currents[3] / g[3]
    behind = selected_voltages(g[3], np.ones(7), 3, 20.0, 10.0)
    np.testing.assert_allclose(behind, apart, rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"post": 0}, ("post", "0")),
        ({"junctions": 1.5}, ("junctions", "1.5")),
        ({"stuck_on": 1.2}, ("stuck_on", "1.2")),
        ({"stuck_on": 0.7, "stuck_off": 0.7}, ("stuck_on", "1.4")),
        ({"endurance": 0.0}, ("endurance", "0")),
        ({"word_resistance": -1.0}, ("word_resistance", "Ω")),
        ({"lines": "some"}, ("lines", "'exact'")),
    ],
)
def test_bad_input_is_named(junction, table, changes, says):
    given = {"post": 2, "pre": 2, "table": table} | changes
    with pytest.raises(SpinlearnValueError) as error:
        Crossbar(junction, given.pop("post"), given.pop("pre"), **given)
    for word in says:
        assert word in str(error.value)
