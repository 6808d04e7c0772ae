"""Telegraph noise against statistics that are counted, and against physics that it does not use."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import SpinlearnValueError
from spinlearn.constants import K_B, MU_0
from spinlearn.junctions import TelegraphNoise, ThermalBarrier, named_noise

KEY = jax.random.key(11)


def _sampled(
    noise: TelegraphNoise, steps: int = 2000, shape: tuple[int, ...] = (400,), key: Any = KEY
) -> Any:
    """Samples in float64; tests that keep to one size share what is compiled."""
    return np.asarray(noise.sample(noise.init(shape, key=key), steps, key=key)[1], np.float64)


def _close(found: np.ndarray, wanted: float, sigmas: float = 4.0) -> None:
    """Mean over independent units, within standard errors taken from those units."""
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert abs(found.mean() - wanted) < sigmas * error, (found.mean(), wanted, error)


def test_the_published_model_has_the_published_numbers() -> None:
    noise = named_noise("koenders2025")
    # As derived in the publication's terms: 1/p, 1 - 2p, and the root of the sum of squares.
    assert float(noise.mean_dwell[0][0]) == pytest.approx(1 / 0.0809, rel=1e-5)
    assert float(noise.autocorrelation(noise.sample_time)) == pytest.approx(0.8382, rel=1e-5)
    wanted = np.hypot(0.0059316154, 0.00090841466)
    assert float(noise.standard_deviation) == pytest.approx(wanted, rel=1e-5)
    assert float(noise.mean) == pytest.approx(0.042092104, rel=1e-5)

    # As counted. Levels are 13 readout deviations apart: the sign tells the state without error.
    trace = _sampled(noise)
    up = trace > 0.042092104
    flips = up[1:] != up[:-1]
    lengths = np.concatenate([np.diff(np.flatnonzero(column)) for column in flips.T])
    # Complete visits only: those the ends cut are longer than the mean.
    assert abs(lengths.mean() - 12.36) < 4 * lengths.std() / np.sqrt(len(lengths)) + 0.13
    signs = np.where(up, 1.0, -1.0)
    _close((signs[1:] * signs[:-1]).mean(axis=0), 0.8382)
    _close(((trace - 0.042092104) ** 2).mean(axis=0), 0.0059316154**2 + 0.00090841466**2)
    # Dwell times are geometric: as many last k + 1 samples as last k, times 1 - p.
    for k in (1, 5, 20):
        at_risk = np.sum(lengths >= k)
        ended = np.sum(lengths == k)
        assert abs(ended / at_risk - 0.0809) < 4.5 * np.sqrt(0.0809 / at_risk)


def test_any_pieces_give_the_same_bits_and_keys_differ() -> None:
    noise = TelegraphNoise([3e-5, 1e-4], [8e-5, 2e-5], [0.0, 0.1], [1.0, 1.5], 2e-5, 0.01)
    whole = _sampled(noise, 61, (3, 2))
    state = noise.init((3, 2), key=KEY)

    @jax.jit
    def five(state: Any) -> Any:
        return jax.lax.scan(lambda s, _: noise.sample(s, 5, key=KEY), state, length=4)

    state, first = five(state)
    parts = [np.asarray(first).reshape(20, 3, 2)]
    for steps in (1, 40):
        state, part = noise.sample(state, steps, key=KEY)
        parts.append(np.asarray(part))
    assert np.array_equal(np.concatenate(parts), whole.astype(parts[0].dtype))
    assert int(state.step) == 61
    assert not np.array_equal(_sampled(noise, 61, (3, 2), jax.random.key(12)), whole)


def test_mean_variance_and_correlation_of_junctions_in_series() -> None:
    # Dwell times of half a sample to ten: flips between samples count.
    low, high = np.array([1e-5, 5e-5]), np.array([2e-4, 3e-5])
    noise = TelegraphNoise(low, high, [0.0, 0.0], [1.0, 0.7], 2e-5, 0.2)
    trace = _sampled(noise)
    share = high / (low + high)
    mean = float(share @ [1.0, 0.7])
    variances = share * (1 - share) * np.array([1.0, 0.49])
    _close(trace.mean(axis=0), mean)
    _close(((trace - mean) ** 2).mean(axis=0), variances.sum() + 0.04)
    for lag in (1, 2, 5):
        wanted = variances @ np.exp(-lag * 2e-5 * (1 / low + 1 / high))
        _close(((trace[lag:] - mean) * (trace[:-lag] - mean)).mean(axis=0), float(wanted))
        found = float(noise.autocorrelation(lag * 2e-5))
        assert found == pytest.approx(wanted / variances.sum(), rel=1e-4)
    assert float(noise.standard_deviation) == pytest.approx(np.sqrt(variances.sum() + 0.04), 1e-5)


def test_time_has_no_direction() -> None:
    """Detailed balance: ⟨x(t)² x(t+τ)⟩ is ⟨x(t) x(t+τ)²⟩, which a cycle of states would break."""
    noise = TelegraphNoise([2e-5, 9e-5], [6e-5, 2e-5], [0.0, 0.0], [1.0, 3.0], 2e-5, 0.01)
    x = _sampled(noise)
    x = x - x.mean()
    forward, backward = x[:-1] ** 2 * x[1:], x[:-1] * x[1:] ** 2
    _close((forward - backward).mean(axis=0), 0.0)
    # The check can fail: the same levels visited in a cycle, 0 → 1 → 3 → 0 in unequal times.
    rng = np.random.default_rng(0)
    cycle = np.resize([0.0, 0.0, 0.0, 1.0, 3.0], (1500, 1)) + 0.1 * rng.normal(size=(1500, 400))
    cycle = cycle - cycle.mean()
    apart = (cycle[:-1] ** 2 * cycle[1:] - cycle[:-1] * cycle[1:] ** 2).mean(axis=0)
    with pytest.raises(AssertionError):
        _close(apart, 0.0)


def test_occupation_in_a_field_is_that_of_boltzmann() -> None:
    """Only the Zeeman energy of the moment enters, no barrier and no attempt time."""
    moment, temperature = 2e-19, 350.0  # A m², K
    anisotropy_field = 6e4  # A/m
    barrier = 0.5 * MU_0 * moment * anisotropy_field
    junction = ThermalBarrier(
        barrier, 3e-10, anisotropy_field=anisotropy_field, offset_field=-1.5e3
    )
    for field in (-5e3, 0.0, 4e3):
        noise = TelegraphNoise.from_barrier(
            junction, 0.0, 1.0, 1e-7, field=field, temperature=temperature, readout_noise=0.01
        )
        energy = -2 * MU_0 * moment * (field + 1.5e3)
        wanted = 1 / (1 + np.exp(energy / (K_B * temperature)))
        assert float(noise.occupation[0]) == pytest.approx(wanted, rel=2e-4)
        _close(_sampled(noise).mean(axis=0), wanted)


def test_barrier_voltage_and_temperature_set_the_dwell_times() -> None:
    junction = ThermalBarrier.from_thermal_stability(
        14.0, 2e-10, critical_voltage=0.4, exponent=1.0
    )
    low, high = junction.dwell_times()
    assert float(low) == float(high) == pytest.approx(2e-10 * np.exp(14.0), rel=1e-4)
    # Arrhenius: ln τ is a line in 1/T, whose slope is the barrier; its end is the attempt time.
    hot, cold = (float(junction.dwell_times(temperature=t)[0]) for t in (400.0, 250.0))
    slope = (np.log(cold) - np.log(hot)) / (1 / 250 - 1 / 400)
    assert slope == pytest.approx(14.0 * 300, rel=1e-4)
    # A linear law: the voltage moves ln τ_high up and ln τ_low down by Δ V/V_c.
    low_v, high_v = junction.dwell_times(voltage=0.1)
    assert float(high_v / high) == pytest.approx(np.exp(14 * 0.25), rel=1e-3)
    assert float(low_v / low) == pytest.approx(np.exp(-14 * 0.25), rel=1e-3)
    # Beyond the critical voltage nothing holds the state that is not favoured.
    assert float(junction.dwell_times(voltage=0.5)[0]) == pytest.approx(2e-10, rel=1e-5)


def test_spectrum_integrates_to_the_variance_and_is_that_of_the_samples() -> None:
    noise = TelegraphNoise([2e-4, 2e-3], [6e-4, 1e-3], [0.0, 0.0], [0.01, 0.02], 1e-5, 0.002)
    f = np.logspace(-1, 7, 4001)
    white = 2 * 1e-5 * 0.002**2
    total = np.trapezoid(np.asarray(noise.spectrum(f), np.float64) - white, f)
    assert total + 0.002**2 == pytest.approx(float(noise.standard_deviation) ** 2, rel=3e-3)
    # A periodogram by hand, where the sampling rate is far above: twenty samples in a dwell time.
    trace = _sampled(noise)
    line = np.fft.rfft(trace - float(noise.mean), axis=0)
    power = 2 * 1e-5 / len(trace) * np.abs(line) ** 2
    at = np.fft.rfftfreq(len(trace), 1e-5)
    for low, high in ((1, 4), (4, 20), (20, 60)):
        wanted = float(np.mean(np.asarray(noise.spectrum(at[low:high]))))
        found = power[low:high].mean(axis=0)
        assert abs(found.mean() / wanted - 1) < 0.02 + 4 * found.std() / wanted / 20


@pytest.mark.once
def test_rare_flips_are_not_rounded_away() -> None:
    """Probabilities far below 2**-32 are exact in the mean: decided by a second word."""
    from spinlearn.junctions._threshold import Threshold

    for p in (0.3, 1e-9, 2.0**-40, 1 - 2.0**-30):
        threshold = Threshold(jnp.asarray(p))
        found = int(threshold.word) * 2.0**-32 + int(threshold.rest) * 2.0**-64
        assert found == pytest.approx(p, rel=1e-6)
    tie = Threshold(jnp.asarray(2.0**-33))
    words = [jnp.uint32(0), jnp.uint32(2**31 - 1)], [jnp.uint32(0), jnp.uint32(2**31)]
    assert [bool(tie.passed(*pair)) for pair in words] == [True, False]


@pytest.mark.once
def test_units_may_differ_and_parameters_never_compile_twice() -> None:
    dwell = np.array([[1e-5, 1e-3, 1e-2]])
    noise = TelegraphNoise(dwell, dwell, 0.0, 1.0, 1e-4)
    trace = _sampled(noise, 3000, (3,))
    flips = (trace[1:] != trace[:-1]).mean(axis=0)
    wanted = 0.5 * -np.expm1(-2 * 1e-4 / dwell[0])
    assert np.all(np.abs(flips - wanted) < 5 * np.sqrt(wanted / 3000))
    with pytest.raises(SpinlearnValueError, match="shape"):
        noise.init((2,), key=KEY)

    traced = 0

    @jax.jit
    def spread(stability: jax.Array) -> jax.Array:
        nonlocal traced
        traced += 1
        junction = ThermalBarrier.from_thermal_stability(stability, 1e-9)
        own = TelegraphNoise.from_barrier(junction, 0.0, 1.0, 1e-4)
        return own.sample(own.init((2,), key=KEY), 8, key=KEY)[1].sum()

    for stability in (10.0, 11.0, 12.0):
        spread(jnp.asarray(stability))
    assert traced == 1


@pytest.mark.once
def test_what_cannot_be_is_named() -> None:
    good = {"dwell_low": 1e-3, "dwell_high": 1e-3, "low": 0.0, "high": 1.0, "sample_time": 1e-4}
    for name, value in (
        ("dwell_low", 0.0),
        ("dwell_high", np.inf),
        ("low", np.nan),
        ("sample_time", -1.0),
        ("readout_noise", -1.0),
    ):
        with pytest.raises(SpinlearnValueError, match=f"^{name} "):
            TelegraphNoise(**{**good, name: value})
    with pytest.raises(SpinlearnValueError, match="broadcast"):
        TelegraphNoise(**{**good, "low": [0.0, 1.0], "high": [1.0, 1.0, 1.0]})
    noise = TelegraphNoise(**good)
    state = noise.init(key=KEY)
    with pytest.raises(SpinlearnValueError, match="steps"):
        noise.sample(state, 0, key=KEY)
    with pytest.raises(SpinlearnValueError, match="koenders2025"):
        named_noise("white")
    with pytest.raises(SpinlearnValueError, match="levels that differ"):
        TelegraphNoise(**{**good, "high": 0.0}).autocorrelation(1e-4)
    for call in (
        lambda: ThermalBarrier(-1e-20, 1e-9),
        lambda: ThermalBarrier(1e-20, np.inf),
        lambda: ThermalBarrier(1e-20, 1e-9, offset_field=np.nan),
        lambda: ThermalBarrier(1e-20, 1e-9).dwell_times(temperature=0.0),
        lambda: ThermalBarrier.from_thermal_stability(0.0, 1e-9),
    ):
        with pytest.raises(SpinlearnValueError):
            call()
